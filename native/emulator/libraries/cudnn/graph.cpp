// libcudnn_graph.so.9: handles, versions, errors.
#define KIB_LIBRARY "libcudnn_graph.so.9"
#include <algorithm>

#include "libraries/cudnn/cudnn.h"
#include "machine/options.h"
#include "machine/shortage.h"
#include "runtime/build_check.h"
#include "runtime/properties.h"

namespace kib::emulator::cudnn {
namespace {

thread_local std::string last_error;

const char* name_of(int status) {
  switch (status) {
#define KIB_STATUS(number, name) \
  case number:                   \
    return #name;
#include "libraries/cudnn/statuses.inc"
#undef KIB_STATUS
    default:
      return "CUDNN_UNKNOWN_STATUS";
  }
}

// The version that the library says it is.
int version() { return Options::current().claimed("cudnn", 91900, {10000, 100, 1}); }

}  // namespace
}  // namespace kib::emulator::cudnn

using namespace kib::emulator::cudnn;

extern "C" {

Registry* kib_emulator_cudnn_registry() {
  static Registry* instance = new Registry;
  return instance;
}
void kib_emulator_cudnn_keep_error(const char* sentence) { last_error = sentence; }

int cudnnCreate(void** handle) {
  if (handle == nullptr) return refuse("cudnnCreate", "the place for the handle is a null pointer");
  if (const int error = kib::emulator::check_no_capture("cudnnCreate")) return status_of(error);
  if (kib::emulator::finds_no_memory("cudnnCreate")) return kDeviceAllocationFailed;
  *handle = registry().handles.create();
  return kSuccess;
}

int cudnnDestroy(void* handle) {
  if (registry().handles.get(handle, "cudnnDestroy") == nullptr) return kBadParam;
  if (const int error = kib::emulator::check_no_capture("cudnnDestroy")) return status_of(error);
  const int error = kib::emulator::synchronize(nullptr, "cudnnDestroy");
  registry().handles.destroy(handle, "cudnnDestroy");
  return status_of(error);
}

int cudnnSetStream(void* handle, void* stream) {
  Handle* live = registry().handles.get(handle, "cudnnSetStream");
  if (live == nullptr) return kBadParam;
  if (const int error = kib::emulator::check_stream(stream, "cudnnSetStream")) return status_of(error);
  live->stream = stream;
  return kSuccess;
}

int cudnnGetStream(void* handle, void** stream) {
  const Handle* live = registry().handles.get(handle, "cudnnGetStream");
  if (live == nullptr) return kBadParam;
  if (stream == nullptr) return refuse("cudnnGetStream", "the place for the stream is a null pointer");
  *stream = live->stream;
  return kSuccess;
}

size_t cudnnGetVersion() { return static_cast<size_t>(version()); }
size_t cudnnGetMaxDeviceVersion() { return 1210; }
size_t cudnnGetCudartVersion() { return static_cast<size_t>(kib::emulator::cuda_version("cudnn-runtime")); }
const char* cudnnGetErrorString(int status) { return name_of(status); }
int cudnnGraphVersionCheck() { return kSuccess; }

void cudnnGetLastErrorString(char* message, size_t size) {
  if (message == nullptr || size == 0) return;
  const size_t length = std::min(size - 1, last_error.size());
  std::memcpy(message, last_error.data(), length);
  message[length] = '\0';
  last_error.clear();
}

int cudnnGetProperty(int property, int* value) {
  const int parts[3] = {version() / 10000, version() / 100 % 100, version() % 100};
  if (value == nullptr || property < 0 || property > 2) {
    return refuse("cudnnGetProperty", "there is no such property, or no place for it");
  }
  *value = parts[property];
  return kSuccess;
}

}  // extern "C"

#define KIB_NOT_EMULATED(name) \
  extern "C" int name() { return unsupported(#name, "the function is not emulated"); }
#include "libraries/cudnn/not_emulated_graph.inc"
