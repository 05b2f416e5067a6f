// What the files of libcudart.so.13's functions share. Names, arguments and layouts are CUDA 13's; the declarations are
// our own, so that the device builds where CUDA is not installed.
#ifndef KIB_EMULATOR_CUDART_H
#define KIB_EMULATOR_CUDART_H
#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/call.h"

#define KIB_EXPORT extern "C" __attribute__((visibility("default")))

namespace kib::emulator {

// The code that called, for reports: its function, or its library and offset.
std::string caller_of(const void* return_address);

}  // namespace kib::emulator
#endif
