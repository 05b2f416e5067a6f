// The device: which there are, what it can do, errors.
#include <cstring>

#include "machine/memory.h"
#include "machine/shortage.h"
#include "runtime/attributes.h"
#include "runtime/cudart.h"
#include "runtime/host_memory.h"
#include "runtime/launch_limits.h"

using namespace kib::emulator;

namespace {

constexpr int kLimits = 7, kStackSize = 0, kPersistingLimit = 6;  // of cudaLimit

int set_int(int* to, int value) {
  if (to == nullptr) return remember(cudaErrorInvalidValue);
  *to = value;
  return cudaSuccess;
}

size_t* device_limits() {
  static size_t limits[kLimits] = {0, 1 << 20, 8 << 20, 2, 2048, 64, 0};
  return limits;
}

}  // namespace

KIB_EXPORT int cudaGetDeviceCount(int* count) {
  const int devices = Options::current().claimed("devices", 1, {1, 0, 0});
  const int error = set_int(count, devices);
  return error != cudaSuccess || devices > 0 ? error : remember(cudaErrorNoDevice);
}
KIB_EXPORT int cudaGetDevice(int* device) {
  Tally::calls().add("cudaGetDevice");
  return set_int(device, 0);
}
KIB_EXPORT int cudaDriverGetVersion(int* version) { return set_int(version, cuda_version("driver")); }
KIB_EXPORT int cudaRuntimeGetVersion(int* version) { return set_int(version, cuda_version("runtime")); }

// Since CUDA 12 it makes the device's context, which takes memory.
KIB_EXPORT int cudaSetDevice(int device) {
  Tally::calls().add("cudaSetDevice");
  if (device != 0) return remember(cudaErrorInvalidDevice);
  return remember(finds_no_memory("cudaSetDevice") ? cudaErrorMemoryAllocation : cudaSuccess);
}

KIB_EXPORT int cudaInitDevice(int device, unsigned, unsigned) { return cudaSetDevice(device); }

KIB_EXPORT int cudaSetDeviceFlags(unsigned) { return cudaSuccess; }

KIB_EXPORT int cudaDeviceSetCacheConfig(int) { return cudaSuccess; }

KIB_EXPORT int cudaGetDeviceProperties(DeviceProperties* properties, int device) {
  if (properties == nullptr) return remember(cudaErrorInvalidValue);
  if (device != 0) return remember(cudaErrorInvalidDevice);
  fill_properties(properties);
  return cudaSuccess;
}

KIB_EXPORT int cudaDeviceGetAttribute(int* value, int number, int device) {
  if (device != 0) return remember(cudaErrorInvalidDevice);
  return remember(value != nullptr && attribute(number, value) ? cudaSuccess : cudaErrorInvalidValue);
}

KIB_EXPORT int cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  if (least != nullptr) *least = 0;
  if (greatest != nullptr) *greatest = -5;
  return cudaSuccess;
}

KIB_EXPORT int cudaDeviceGetPCIBusId(char* text, int length, int device) {
  if (device != 0) return remember(cudaErrorInvalidDevice);
  if (text == nullptr || length < 13) return remember(cudaErrorInvalidValue);
  std::strcpy(text, "0000:00:00.0");
  return cudaSuccess;
}

KIB_EXPORT int cudaDeviceSetLimit(int limit, size_t value) {
  return call("cudaDeviceSetLimit", [&](Device&, Lock&) -> int {
    if (limit < 0 || limit >= kLimits) return cudaErrorUnsupportedLimit;
    if (limit == kPersistingLimit && value > most_persisting_bytes()) {
      report(Finding::kBadArgument, "cudaDeviceSetLimit",
             std::to_string(value) + " bytes of L2 for persisting accesses are more than the device's " +
                 std::to_string(most_persisting_bytes()) + " (cudaDevAttrMaxPersistingL2CacheSize)");
      return cudaErrorInvalidValue;
    }
    if (limit == kStackSize) return set_stack_limit(value) ? cudaSuccess : cudaErrorInvalidValue;
    device_limits()[limit] = value;
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaDeviceGetLimit(size_t* value, int limit) {
  return call("cudaDeviceGetLimit", [&](Device&, Lock&) -> int {
    if (value == nullptr) return cudaErrorInvalidValue;
    if (limit < 0 || limit >= kLimits) return cudaErrorUnsupportedLimit;
    *value = limit == kStackSize ? stack_limit() : device_limits()[limit];
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaDeviceSynchronize() {
  return call("cudaDeviceSynchronize",
              [](Device& device, Lock& lock) { return device.synchronize_all(lock, "cudaDeviceSynchronize"); });
}

KIB_EXPORT int cudaDeviceReset() {
  return call("cudaDeviceReset", [](Device& device, Lock& lock) -> int {
    device.scheduler().wait(lock, nullptr);
    Memory::instance().report_leaks();
    HostMemory::instance().report_leaks();
    set_stack_limit(1024);
    device.reset(lock, device.seed());
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGetLastError() {
  Tally::calls().add("cudaGetLastError");
  return last_error(true);
}

KIB_EXPORT int cudaPeekAtLastError() {
  Tally::calls().add("cudaPeekAtLastError");
  return last_error(false);
}

KIB_EXPORT const char* cudaGetErrorName(int error) { return error_name(error); }
KIB_EXPORT const char* cudaGetErrorString(int error) { return error_text(error); }

KIB_EXPORT int cudaProfilerStart() { return cudaSuccess; }
KIB_EXPORT int cudaProfilerStop() { return cudaSuccess; }
