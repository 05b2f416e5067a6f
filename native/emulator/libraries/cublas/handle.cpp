#include "libraries/cublas/handle.h"

#include "libraries/cublaslt/handle.h"

namespace kib::emulator::cublas {

Handles<Handle>& handles() {
  static Handles<Handle>* instance = new Handles<Handle>("cublasHandle_t");
  return *instance;
}

int begin(const void* handle, const char* name, Call* call) {
  const Handle* live = handles().get(handle, name);
  if (live == nullptr) return kNotInitialized;
  *call = {name, *live};
  return kSuccess;
}

namespace {

// Sets a member of a live handle.
template <class Body>
int with(void* handle, const char* name, Body body) {
  Handle* live = handles().get(handle, name);
  return live == nullptr ? kNotInitialized : body(*live);
}

int no_place(const char* name) { return refuse(kInvalidValue, name, "the place for the result is a null pointer"); }

template <class T>
int get(void* handle, const char* name, T Handle::*member, T* out) {
  return with(handle, name, [&](Handle& live) {
    if (out == nullptr) return no_place(name);
    *out = live.*member;
    return static_cast<int>(kSuccess);
  });
}

template <class Valid>
int set(void* handle, const char* name, int Handle::*member, int value, Valid valid) {
  return with(handle, name, [&](Handle& live) {
    if (!valid(value)) return refuse(kInvalidValue, name, std::to_string(value) + " is no value of this mode");
    live.*member = value;
    return static_cast<int>(kSuccess);
  });
}

}  // namespace
}  // namespace kib::emulator::cublas

using namespace kib::emulator::cublas;

extern "C" {

int cublasCreate_v2(void** handle) {
  if (handle == nullptr) return no_place("cublasCreate");
  if (const int error = kib::emulator::check_no_capture("cublasCreate")) return status_of(error);
  *handle = handles().create();
  kib_emulator_cublaslt_adopt(*handle, 1);
  return kSuccess;
}

int cublasDestroy_v2(void* handle) {
  if (handles().get(handle, "cublasDestroy") == nullptr) return kNotInitialized;
  if (const int error = kib::emulator::check_no_capture("cublasDestroy")) return status_of(error);
  const int error = kib::emulator::synchronize(nullptr, "cublasDestroy");
  handles().destroy(handle, "cublasDestroy");
  kib_emulator_cublaslt_adopt(handle, 0);
  return status_of(error);
}

int cublasSetStream_v2(void* handle, void* stream) {
  return with(handle, "cublasSetStream", [&](Handle& live) {
    if (const int error = kib::emulator::check_stream(stream, "cublasSetStream")) return status_of(error);
    live.stream = stream;
    live.workspace = live.workspace_bytes = 0;  // back to the library's own, as cuBLAS does
    return static_cast<int>(kSuccess);
  });
}

int cublasGetStream_v2(void* handle, void** stream) { return get(handle, "cublasGetStream", &Handle::stream, stream); }

int cublasSetWorkspace_v2(void* handle, void* workspace, size_t bytes) {
  const char* name = "cublasSetWorkspace";
  return with(handle, name, [&](Handle& live) {
    const uint64_t address = reinterpret_cast<uint64_t>(workspace);
    if (address % 256 != 0) return refuse(kInvalidValue, name, "the workspace is not aligned to 256 bytes");
    if (workspace == nullptr && bytes != 0) return refuse(kInvalidValue, name, "the workspace is a null pointer");
    if (bytes != 0 && !kib::emulator::Memory::instance().contains(address)) {
      return refuse(kInvalidValue, name, "the workspace is no device memory");
    }
    live.workspace = bytes == 0 ? 0 : address;
    live.workspace_bytes = bytes;
    return static_cast<int>(kSuccess);
  });
}

int cublasSetPointerMode_v2(void* handle, int mode) {
  return set(handle, "cublasSetPointerMode", &Handle::pointer_mode, mode,
             [](int value) { return value == kHost || value == kDevice; });
}
int cublasGetPointerMode_v2(void* handle, int* mode) {
  return get(handle, "cublasGetPointerMode", &Handle::pointer_mode, mode);
}

int cublasSetMathMode(void* handle, int mode) {
  constexpr int kDisallowReducedPrecisionReduction = 16;
  return set(handle, "cublasSetMathMode", &Handle::math_mode, mode, [](int value) {
    const int base = value & kMathMask;
    return base <= kTF32Math && (value & ~(kMathMask | kDisallowReducedPrecisionReduction)) == 0;
  });
}
int cublasGetMathMode(void* handle, int* mode) { return get(handle, "cublasGetMathMode", &Handle::math_mode, mode); }

int cublasSetAtomicsMode(void* handle, int mode) {
  return set(handle, "cublasSetAtomicsMode", &Handle::atomics_mode, mode,
             [](int value) { return value == 0 || value == 1; });
}
int cublasGetAtomicsMode(void* handle, int* mode) {
  return get(handle, "cublasGetAtomicsMode", &Handle::atomics_mode, mode);
}

int cublasSetSmCountTarget(void* handle, int count) {
  return set(handle, "cublasSetSmCountTarget", &Handle::sm_count_target, count, [](int value) { return value >= 0; });
}
int cublasGetSmCountTarget(void* handle, int* count) {
  return get(handle, "cublasGetSmCountTarget", &Handle::sm_count_target, count);
}

int cublasGetVersion_v2(void* handle, int* version) {
  return with(handle, "cublasGetVersion", [&](Handle&) {
    if (version == nullptr) return no_place("cublasGetVersion");
    *version = version_of("cublas");
    return static_cast<int>(kSuccess);
  });
}

int cublasGetProperty(int property, int* value) {
  const int version = version_of("cublas"), parts[3] = {version / 10000, version / 100 % 100, version % 100};
  if (value == nullptr) return no_place("cublasGetProperty");
  if (property < 0 || property > 2) return refuse(kInvalidValue, "cublasGetProperty", "there is no such property");
  *value = parts[property];
  return kSuccess;
}

size_t cublasGetCudartVersion() { return 13000; }
const char* cublasGetStatusName(int status) { return status_name(status); }
const char* cublasGetStatusString(int status) { return status_text(status); }

}  // extern "C"
