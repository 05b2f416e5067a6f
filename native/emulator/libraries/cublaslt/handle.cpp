#include "libraries/cublaslt/handle.h"

#include <set>

#include "libraries/cublas/cublas.h"
#include "machine/shortage.h"

namespace kib::emulator::cublas::lt {
namespace {

struct LtHandle {};

Handles<LtHandle>& handles() {
  static Handles<LtHandle>* instance = new Handles<LtHandle>("cublasLtHandle_t");
  return *instance;
}

struct Adopted {
  std::mutex mutex;
  std::set<const void*> handles;
};
Adopted& adopted() {
  static Adopted* instance = new Adopted;
  return *instance;
}

}  // namespace

bool check_handle(const void* handle, const char* caller) {
  {
    std::lock_guard<std::mutex> lock(adopted().mutex);
    if (adopted().handles.count(handle) != 0) return true;
  }
  return handles().get(handle, caller) != nullptr;
}

}  // namespace kib::emulator::cublas::lt

using namespace kib::emulator::cublas;

extern "C" {

void kib_emulator_cublaslt_adopt(const void* handle, int alive) {
  std::lock_guard<std::mutex> lock(lt::adopted().mutex);
  if (alive != 0) {
    lt::adopted().handles.insert(handle);
  } else {
    lt::adopted().handles.erase(handle);
  }
}

int cublasLtCreate(void** handle) {
  if (handle == nullptr) return refuse(kInvalidValue, "cublasLtCreate", "the place for the handle is a null pointer");
  if (const int error = kib::emulator::check_no_capture("cublasLtCreate")) return status_of(error);
  if (kib::emulator::finds_no_memory("cublasLtCreate")) return kAllocFailed;
  *handle = lt::handles().create();
  return kSuccess;
}

int cublasLtDestroy(void* handle) {
  if (lt::handles().get(handle, "cublasLtDestroy") == nullptr) return kNotInitialized;
  if (const int error = kib::emulator::check_no_capture("cublasLtDestroy")) return status_of(error);
  lt::handles().destroy(handle, "cublasLtDestroy");
  return kSuccess;
}

size_t cublasLtGetVersion() { return static_cast<size_t>(version_of("cublaslt")); }
size_t cublasLtGetCudartVersion() { return 13000; }
const char* cublasLtGetStatusName(int status) { return status_name(status); }
const char* cublasLtGetStatusString(int status) { return status_text(status); }

int cublasLtGetProperty(int property, int* value) {
  const int version = version_of("cublaslt"), parts[3] = {version / 10000, version / 100 % 100, version % 100};
  if (value == nullptr || property < 0 || property > 2) {
    return refuse(kInvalidValue, "cublasLtGetProperty", "there is no such property, or no place for it");
  }
  *value = parts[property];
  return kSuccess;
}

}  // extern "C"
