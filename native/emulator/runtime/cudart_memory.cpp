// Memory: allocation on the device and pinned on the host, copies, fills.
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

#include "machine/memory.h"
#include "runtime/copies.h"
#include "runtime/cudart.h"
#include "runtime/host_memory.h"
#include "runtime/kernels.h"
#include "runtime/pools.h"

using namespace kib::emulator;

namespace kib::emulator {

std::string caller_of(const void* return_address) {
  Dl_info info;
  if (::dladdr(return_address, &info) == 0 || info.dli_fname == nullptr) return "unknown code";
  const char* slash = std::strrchr(info.dli_fname, '/');
  const std::string library = slash != nullptr ? slash + 1 : info.dli_fname;
  if (info.dli_sname != nullptr) {
    return readable(info.dli_sname) + " in " + library;
  }
  char offset[32];
  std::snprintf(
      offset, sizeof offset, "+0x%lx",
      static_cast<unsigned long>(static_cast<const char*>(return_address) - static_cast<const char*>(info.dli_fbase)));
  return library + offset;
}

std::string owner_of(const char* function, const void* return_address) {
  static uint64_t count = 0;
  return std::string(function) + " " + std::to_string(++count) + " by " + caller_of(return_address);
}

}  // namespace kib::emulator

namespace {

uint64_t number(const void* p) { return reinterpret_cast<uint64_t>(p); }

int allocate(Device& device, const char* name, void** pointer, size_t bytes, const void* return_address) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (const int error = device.check_no_capture(name)) return error;
  if (bytes == 0) return cudaSuccess;
  const uint64_t address = Memory::instance().allocate(bytes, owner_of(name, return_address));
  *pointer = reinterpret_cast<void*>(address);
  return address != 0 ? cudaSuccess : cudaErrorMemoryAllocation;
}

int pinned(Device& device, const char* name, void** pointer, size_t bytes, unsigned flags, const void* return_address) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (const int error = device.check_no_capture(name)) return error;
  if (bytes == 0) return cudaSuccess;
  *pointer = HostMemory::instance().allocate(bytes, flags, owner_of(name, return_address));
  return *pointer != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}

int blocking_copy(Copy copy) {
  return call(copy.caller.c_str(), [&](Device& device, Lock& lock) {
    if (const int error = device.check_no_capture(copy.caller)) return error;
    return kib::emulator::copy(lock, device, *device.stream(nullptr, copy.caller), copy, true);
  });
}

int late_copy(Copy copy, void* handle) {
  return on_stream(copy.caller.c_str(), handle, [&](Device& device, Lock& lock, Stream& stream) {
    return kib::emulator::copy(lock, device, stream, copy, false);
  });
}

int late_fill(Fill fill, void* handle) {
  return on_stream(fill.caller.c_str(), handle, [&](Device& device, Lock& lock, Stream& stream) {
    return kib::emulator::fill(lock, device, stream, fill);
  });
}

// The address of `bytes` at `offset` of a symbol, under the device's mutex.
int in_symbol(const void* symbol, size_t offset, size_t bytes, const char* name, void** address) {
  return call(name, [&](Device&, Lock&) -> int {
    uint64_t start = 0, size = 0;
    if (const int error = Kernels::instance().variable(symbol, &start, &size, name)) return error;
    if (offset > size || bytes > size - offset) {
      report(Finding::kOutOfBounds, name,
             std::to_string(bytes) + " bytes at offset " + std::to_string(offset) + " of a symbol of " +
                 std::to_string(size) + " bytes");
      return cudaErrorInvalidValue;
    }
    *address = reinterpret_cast<void*>(start + offset);
    return cudaSuccess;
  });
}

Copy line(const char* name, void* to, const void* from, size_t bytes, int kind) {
  return {name, to, from, bytes, 1, bytes, bytes, kind};
}

}  // namespace

KIB_EXPORT int cudaMalloc(void** pointer, size_t bytes) {
  const void* from = __builtin_return_address(0);
  return call("cudaMalloc", [&](Device& d, Lock&) { return allocate(d, "cudaMalloc", pointer, bytes, from); });
}

KIB_EXPORT int cudaMallocPitch(void** pointer, size_t* pitch, size_t width, size_t height) {
  const void* from = __builtin_return_address(0);
  return call("cudaMallocPitch", [&](Device& d, Lock&) -> int {
    if (pitch == nullptr) return cudaErrorInvalidValue;
    *pitch = (width + 511) / 512 * 512;
    return allocate(d, "cudaMallocPitch", pointer, *pitch * height, from);
  });
}

KIB_EXPORT int cudaFree(void* pointer) {
  return call("cudaFree", [&](Device& device, Lock& lock) -> int {
    if (pointer == nullptr) return cudaSuccess;
    if (const int error = device.check_no_capture("cudaFree")) return error;
    if (Pools::instance().owns(number(pointer))) {
      return Pools::instance().free_now(device, lock, number(pointer), "cudaFree");
    }
    device.scheduler().wait(lock, nullptr);
    if (const int fault = device.scheduler().fault()) return fault;
    return Memory::instance().release(number(pointer)) ? cudaSuccess : cudaErrorInvalidValue;
  });
}

KIB_EXPORT int cudaMallocManaged(void** pointer, size_t, unsigned) {
  return call("cudaMallocManaged", [&](Device&, Lock&) -> int {
    if (pointer != nullptr) *pointer = nullptr;
    report(Finding::kUnsupported, "cudaMallocManaged",
           "the emulated device has no managed memory; use cudaMalloc and cudaMemcpy");
    return cudaErrorNotSupported;
  });
}

KIB_EXPORT int cudaMallocHost(void** pointer, size_t bytes) {
  const void* from = __builtin_return_address(0);
  return call("cudaMallocHost", [&](Device& d, Lock&) { return pinned(d, "cudaMallocHost", pointer, bytes, 0, from); });
}

KIB_EXPORT int cudaHostAlloc(void** pointer, size_t bytes, unsigned flags) {
  const void* from = __builtin_return_address(0);
  return call("cudaHostAlloc",
              [&](Device& d, Lock&) { return pinned(d, "cudaHostAlloc", pointer, bytes, flags, from); });
}

KIB_EXPORT int cudaFreeHost(void* pointer) {
  return call("cudaFreeHost", [&](Device& device, Lock&) -> int {
    if (pointer == nullptr) return cudaSuccess;
    if (const int error = device.check_no_capture("cudaFreeHost")) return error;
    return HostMemory::instance().release(pointer, "cudaFreeHost");
  });
}

KIB_EXPORT int cudaHostRegister(void* pointer, size_t bytes, unsigned flags) {
  return call("cudaHostRegister", [&](Device& device, Lock&) -> int {
    if (const int error = device.check_no_capture("cudaHostRegister")) return error;
    return HostMemory::instance().lock(pointer, bytes, flags);
  });
}

KIB_EXPORT int cudaHostUnregister(void* pointer) {
  return call("cudaHostUnregister", [&](Device& device, Lock&) -> int {
    if (const int error = device.check_no_capture("cudaHostUnregister")) return error;
    return HostMemory::instance().unlock(pointer, "cudaHostUnregister");
  });
}

KIB_EXPORT int cudaHostGetFlags(unsigned* flags, void* pointer) {
  return call("cudaHostGetFlags", [&](Device&, Lock&) { return HostMemory::instance().flags(pointer, flags); });
}

KIB_EXPORT int cudaHostGetDevicePointer(void** pointer, void*, unsigned) {
  return call("cudaHostGetDevicePointer", [&](Device&, Lock&) -> int {
    if (pointer != nullptr) *pointer = nullptr;
    report(Finding::kUnsupported, "cudaHostGetDevicePointer",
           "kernels of the emulated device do not reach host memory; copy with cudaMemcpyAsync");
    return cudaErrorNotSupported;
  });
}

KIB_EXPORT int cudaMemcpy(void* to, const void* from, size_t bytes, int kind) {
  return blocking_copy(line("cudaMemcpy", to, from, bytes, kind));
}

KIB_EXPORT int cudaMemcpyAsync(void* to, const void* from, size_t bytes, int kind, void* stream) {
  return late_copy(line("cudaMemcpyAsync", to, from, bytes, kind), stream);
}

KIB_EXPORT int cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height,
                            int kind) {
  return blocking_copy({"cudaMemcpy2D", to, from, width, height, to_pitch, from_pitch, kind});
}

KIB_EXPORT int cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                                 size_t height, int kind, void* stream) {
  return late_copy({"cudaMemcpy2DAsync", to, from, width, height, to_pitch, from_pitch, kind}, stream);
}

KIB_EXPORT int cudaMemset(void* to, int value, size_t bytes) {
  return late_fill({"cudaMemset", to, value, bytes, 1, bytes}, nullptr);
}

KIB_EXPORT int cudaMemsetAsync(void* to, int value, size_t bytes, void* stream) {
  return late_fill({"cudaMemsetAsync", to, value, bytes, 1, bytes}, stream);
}

KIB_EXPORT int cudaMemset2D(void* to, size_t pitch, int value, size_t width, size_t height) {
  return late_fill({"cudaMemset2D", to, value, width, height, pitch}, nullptr);
}

KIB_EXPORT int cudaMemset2DAsync(void* to, size_t pitch, int value, size_t width, size_t height, void* stream) {
  return late_fill({"cudaMemset2DAsync", to, value, width, height, pitch}, stream);
}

KIB_EXPORT int cudaMemGetInfo(size_t* free, size_t* total) {
  return call("cudaMemGetInfo", [&](Device&, Lock&) -> int {
    if (free == nullptr || total == nullptr) return cudaErrorInvalidValue;
    *total = Memory::instance().total();
    *free = Memory::instance().free();
    return cudaSuccess;
  });
}

struct PointerAttributes {
  int type, device;  // 0: not CUDA's, 1: host, 2: device
  void *device_pointer, *host_pointer;
  long reserved[8];
};

KIB_EXPORT int cudaPointerGetAttributes(PointerAttributes* attributes, const void* pointer) {
  return call("cudaPointerGetAttributes", [&](Device&, Lock&) -> int {
    if (attributes == nullptr || pointer == nullptr) return cudaErrorInvalidValue;
    *attributes = {};
    uint64_t start, bytes;
    if (Memory::instance().find(number(pointer), &start, &bytes)) {
      attributes->type = 2;
      attributes->device_pointer = const_cast<void*>(pointer);
    } else if (HostMemory::instance().pin(pointer, 1) != 0) {
      attributes->type = 1;
      attributes->host_pointer = const_cast<void*>(pointer);
    } else {
      attributes->device = -2;  // cudaInvalidDeviceId
      attributes->host_pointer = const_cast<void*>(pointer);
    }
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGetSymbolAddress(void** address, const void* symbol) {
  return in_symbol(symbol, 0, 0, "cudaGetSymbolAddress", address);
}

KIB_EXPORT int cudaGetSymbolSize(size_t* size, const void* symbol) {
  return call("cudaGetSymbolSize", [&](Device&, Lock&) -> int {
    uint64_t start = 0, bytes = 0;
    if (const int error = Kernels::instance().variable(symbol, &start, &bytes, "cudaGetSymbolSize")) return error;
    *size = bytes;
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaMemcpyToSymbol(const void* symbol, const void* from, size_t bytes, size_t offset, int kind) {
  void* to = nullptr;
  if (const int error = in_symbol(symbol, offset, bytes, "cudaMemcpyToSymbol", &to)) return error;
  return blocking_copy(line("cudaMemcpyToSymbol", to, from, bytes, kind));
}

KIB_EXPORT int cudaMemcpyFromSymbol(void* to, const void* symbol, size_t bytes, size_t offset, int kind) {
  void* from = nullptr;
  if (const int error = in_symbol(symbol, offset, bytes, "cudaMemcpyFromSymbol", &from)) return error;
  return blocking_copy(line("cudaMemcpyFromSymbol", to, from, bytes, kind));
}

KIB_EXPORT int cudaMemcpyToSymbolAsync(const void* symbol, const void* from, size_t bytes, size_t offset, int kind,
                                       void* stream) {
  void* to = nullptr;
  if (const int error = in_symbol(symbol, offset, bytes, "cudaMemcpyToSymbolAsync", &to)) return error;
  return late_copy(line("cudaMemcpyToSymbolAsync", to, from, bytes, kind), stream);
}

KIB_EXPORT int cudaMemcpyFromSymbolAsync(void* to, const void* symbol, size_t bytes, size_t offset, int kind,
                                         void* stream) {
  void* from = nullptr;
  if (const int error = in_symbol(symbol, offset, bytes, "cudaMemcpyFromSymbolAsync", &from)) return error;
  return late_copy(line("cudaMemcpyFromSymbolAsync", to, from, bytes, kind), stream);
}
