// A cublasLtHandle_t; a cublasHandle_t may stand for one.
#ifndef KIB_EMULATOR_CUBLASLT_HANDLE_H
#define KIB_EMULATOR_CUBLASLT_HANDLE_H

// Called by libcublas for each of its handles, when it is created and destroyed.
extern "C" void kib_emulator_cublaslt_adopt(const void* handle, int alive);

namespace kib::emulator::cublas::lt {

// Whether a live handle was passed; reports otherwise.
bool check_handle(const void* handle, const char* caller);

}  // namespace kib::emulator::cublas::lt
#endif
