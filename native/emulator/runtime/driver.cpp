// What programs and the JavaCPP presets call of the driver itself, and what happens when it is loaded and unloaded.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "kib/emulator.h"
#include "kib_emulator_build_id.h"
#include "machine/machine.h"
#include "machine/options.h"
#include "machine/shortage.h"
#include "runtime/cudart.h"
#include "runtime/host_memory.h"
#include "runtime/properties.h"

using namespace kib::emulator;

namespace {

constexpr int kNotFound = 500, kMismatch = 803;

std::string file_of(const void* address) {
  Dl_info info;
  return ::dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

// NVIDIA's runtime calls the driver; ours does not.
bool called_by_real_runtime(const void* return_address) {
  const std::string file = file_of(return_address);
  if (file.find("libcudart") == file.npos) return false;
  static bool told = false;
  if (!told) {
    report(Finding::kUnsupported, "libcuda.so.1",
           file +
               " is NVIDIA's runtime, which does not work with the emulated driver; put the emulator's folder first in "
               "LD_LIBRARY_PATH");
  }
  told = true;
  return true;
}

// Added in one piece, so that the processes of a test may share the file.
void write_lines() {
  const std::string& file = Options::current().lines;
  if (file.empty()) return;
  const std::string table = lines_table();
  const int out = file == "-" ? STDERR_FILENO : ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const bool written = out >= 0 && ::write(out, table.data(), table.size()) == static_cast<ssize_t>(table.size());
  if (!written) {
    std::fprintf(stderr, "kib-emulator: KIB_EMULATOR_LINES: cannot write to %s (%s)\n", file.c_str(),
                 std::strerror(errno));
  }
  if (out > STDERR_FILENO) ::close(out);
}

void write_counters() {
  const std::string& file = Options::current().counters;
  if (file.empty()) return;
  const std::string table = counters_table();
  if (file == "-") {
    std::fputs(table.c_str(), stderr);
    return;
  }
  std::FILE* out = std::fopen(file.c_str(), "w");
  const bool written = out != nullptr && std::fputs(table.c_str(), out) >= 0;
  const bool closed = out != nullptr && std::fclose(out) == 0;
  if (!written || !closed) {
    std::fprintf(stderr, "kib-emulator: KIB_EMULATOR_COUNTERS: cannot write to %s (%s)\n", file.c_str(),
                 std::strerror(errno));
  }
}

__attribute__((destructor)) void leave() {
  if (!Device::exists()) return;
  Device::instance().scheduler().stop();
  if (Device::instance().scheduler().fault() == 0) {
    Memory::instance().report_leaks();
    HostMemory::instance().report_leaks();
  }
  write_counters();
  write_lines();
}

}  // namespace

KIB_EXPORT int cuInit(unsigned flags) {
  if (called_by_real_runtime(__builtin_return_address(0))) return kMismatch;
  return flags == 0 ? cudaSuccess : cudaErrorInvalidValue;
}

KIB_EXPORT int cuDriverGetVersion(int* version) {
  if (called_by_real_runtime(__builtin_return_address(0))) return kMismatch;
  if (version == nullptr) return cudaErrorInvalidValue;
  *version = cuda_version("driver");
  return cudaSuccess;
}

KIB_EXPORT int cuDeviceGetCount(int* count) {
  if (count == nullptr) return cudaErrorInvalidValue;
  *count = 1;
  return cudaSuccess;
}

KIB_EXPORT int cuDeviceGet(int* device, int ordinal) {
  if (device == nullptr || ordinal != 0) return device == nullptr ? cudaErrorInvalidValue : cudaErrorInvalidDevice;
  *device = 0;
  return cudaSuccess;
}

KIB_EXPORT int cuDeviceGetName(char* name, int length, int device) {
  if (name == nullptr || length <= 0) return cudaErrorInvalidValue;
  if (device != 0) return cudaErrorInvalidDevice;
  DeviceProperties properties;
  fill_properties(&properties);
  std::snprintf(name, static_cast<size_t>(length), "%s", properties.name);
  return cudaSuccess;
}

KIB_EXPORT int cuDeviceGetAttribute(int* value, int number, int device) {
  if (device != 0) return cudaErrorInvalidDevice;
  return value != nullptr && attribute(number, value) ? cudaSuccess : cudaErrorInvalidValue;
}

KIB_EXPORT int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  if (device != 0) return cudaErrorInvalidDevice;
  if (bytes == nullptr) return cudaErrorInvalidValue;
  *bytes = limits().memory;
  return cudaSuccess;
}

// The driver's numbers are the runtime's.
KIB_EXPORT int cuGetErrorName(int error, const char** text) {
  if (text == nullptr) return cudaErrorInvalidValue;
  *text = error_name(error);
  return cudaSuccess;
}

KIB_EXPORT int cuGetErrorString(int error, const char** text) {
  if (text == nullptr) return cudaErrorInvalidValue;
  *text = error_text(error);
  return cudaSuccess;
}

KIB_EXPORT int cuGetProcAddress_v2(const char* symbol, void** function, int, uint64_t, int* status) {
  if (called_by_real_runtime(__builtin_return_address(0))) return kMismatch;
  const std::string name = symbol != nullptr ? symbol : "";
  void* found = ::dlsym(RTLD_DEFAULT, name.c_str());
  if (found == nullptr) found = ::dlsym(RTLD_DEFAULT, (name + "_v2").c_str());
  const bool ours = found != nullptr && file_of(found) == file_of(reinterpret_cast<void*>(&cuInit));
  if (function != nullptr) *function = ours ? found : nullptr;
  if (status != nullptr) *status = ours ? 0 : 1;
  if (ours) return cudaSuccess;
  static bool told = false;
  if (!told) {
    report(Finding::kUnsupported, file_of(__builtin_return_address(0)),
           (name.empty() ? "asks for the driver's functions, which are"
                         : "asks for the driver's function " + name + ", which is") +
               " not emulated; a program that contains the static CUDA runtime must be built with nvcc -cudart "
               "shared");
  }
  told = true;
  return kNotFound;
}

KIB_EXPORT int cuGetProcAddress(const char* symbol, void** function, int version, uint64_t flags) {
  if (called_by_real_runtime(__builtin_return_address(0))) return kMismatch;
  return cuGetProcAddress_v2(symbol, function, version, flags, nullptr);
}

KIB_EXPORT const char* kib_emulator_build() { return KIB_EMULATOR_BUILD_ID; }

KIB_EXPORT uint64_t kib_emulator_report_count() { return Reports::instance().count(); }

KIB_EXPORT const char* kib_emulator_report(uint64_t i) {
  thread_local std::string sentence;
  const auto all = Reports::instance().all();
  if (i >= all.size()) return nullptr;
  sentence = all[i].sentence();
  return sentence.c_str();
}

KIB_EXPORT const char* kib_emulator_report_kind(uint64_t i) {
  const auto all = Reports::instance().all();
  return i < all.size() ? name(all[i].finding) : nullptr;
}

KIB_EXPORT void kib_emulator_clear() { Reports::instance().clear(); }

KIB_EXPORT uint64_t kib_emulator_seed() { return Device::instance().seed(); }

KIB_EXPORT void kib_emulator_reset(uint64_t seed) {
  Device& device = Device::instance();
  Lock lock(device.mutex());
  device.reset(lock, seed);
  reset_shortage();
  forget_error();
  Reports::instance().clear();
}

KIB_EXPORT uint64_t kib_emulator_used_bytes() { return Memory::instance().used(); }

KIB_EXPORT void kib_emulator_take(uint64_t bytes) { take_bytes(bytes); }

KIB_EXPORT void kib_emulator_let_find_no_memory(const char* names) {
  let_find_no_memory(function_names(names == nullptr ? "" : names));
}

KIB_EXPORT uint64_t kib_emulator_check_leaks() {
  const uint64_t before = Reports::instance().count();
  Memory::instance().report_leaks();
  HostMemory::instance().report_leaks();
  return Reports::instance().count() - before;
}

KIB_EXPORT const char* kib_emulator_counters() {
  thread_local std::string table;
  table = counters_table();
  return table.c_str();
}

KIB_EXPORT void kib_emulator_reset_counters() { reset_counters(); }

KIB_EXPORT const char* kib_emulator_calls() {
  thread_local std::string lines;
  lines = Tally::calls().lines();
  return lines.c_str();
}

KIB_EXPORT const char* kib_emulator_work() {
  thread_local std::string lines;
  lines = Tally::work().lines();
  return lines.c_str();
}

KIB_EXPORT void kib_emulator_reset_calls() {
  Tally::calls().clear();
  Tally::work().clear();
}
