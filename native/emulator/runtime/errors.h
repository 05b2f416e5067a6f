// CUDA's error codes.
#ifndef KIB_EMULATOR_ERRORS_H
#define KIB_EMULATOR_ERRORS_H

namespace kib::emulator {

enum Error : int {
#define KIB_CUDA_ERROR(number, name, text) name = number,
#include "runtime/errors.inc"
#undef KIB_CUDA_ERROR
};

const char* error_name(int error);
const char* error_text(int error);

}  // namespace kib::emulator
#endif
