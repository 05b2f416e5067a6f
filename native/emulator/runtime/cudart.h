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
// The name of a new allocation, for reports: "cudaMalloc 3 by f in program". Under the device's mutex.
std::string owner_of(const char* function, const void* return_address);

// call() with the stream of a handle; `body(device, lock, stream)`.
template <class Body>
int on_stream(const char* name, const void* handle, Body body) {
  return call(name, [&](Device& device, Lock& lock) -> int {
    Stream* stream = device.stream(handle, name);
    return stream == nullptr ? static_cast<int>(cudaErrorInvalidResourceHandle) : body(device, lock, *stream);
  });
}

}  // namespace kib::emulator
#endif
