#include "launches.h"

#include <cxxabi.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <tuple>

#include "device.h"

namespace {

struct Launch {
  unsigned threads;
  size_t shared;
};

std::map<const void*, Launch>& launches() {
  static std::map<const void*, Launch> all;
  return all;
}

unsigned size(dim3 threads) { return threads.x * threads.y * threads.z; }

// A kernel's name without namespaces and parameters.
std::string plain(const char* mangled) {
  int status = 0;
  char* demangled = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  std::string name = demangled == nullptr ? mangled : demangled;
  std::free(demangled);
  for (const char* part : {"void ", "kib::cuda::", "(anonymous namespace)::"})
    for (size_t at; (at = name.find(part)) != std::string::npos;) name.erase(at, std::string(part).size());
  int depth = 0;
  for (size_t i = 0; i < name.size(); i++) {
    depth += name[i] == '<' ? 1 : name[i] == '>' ? -1 : 0;
    if (depth == 0 && name[i] == '(') return name.substr(0, i);
  }
  return name;
}

}  // namespace

// Stands before CUDA's: the library's launches come here, are noted, and go on.
extern "C" cudaError_t cudaLaunchKernel(const void* kernel, dim3 blocks, dim3 threads, void** arguments, size_t shared,
                                        cudaStream_t stream) {
  using Call = cudaError_t (*)(const void*, dim3, dim3, void**, size_t, cudaStream_t);
  static const auto launch = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "cudaLaunchKernel"));
  Launch& largest = launches()[kernel];
  if (std::make_tuple(size(threads), shared) > std::make_tuple(largest.threads, largest.shared))
    largest = {size(threads), shared};
  return launch(kernel, blocks, threads, arguments, shared, stream);
}

namespace test {

void print_launches() {
  int device = 0, threads = 0;
  require(cudaGetDevice(&device), "cudaGetDevice");
  require(cudaDeviceGetAttribute(&threads, cudaDevAttrMaxThreadsPerMultiProcessor, device), "cudaDeviceGetAttribute");
  std::map<std::string, std::string> rows;
  for (const auto& [kernel, launch] : launches()) {
    cudaFuncAttributes attributes = {};
    const char* name = nullptr;
    int blocks = 0;
    require(cudaFuncGetAttributes(&attributes, kernel), "cudaFuncGetAttributes");
    require(cudaFuncGetName(&name, kernel), "cudaFuncGetName");
    require(
        cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, static_cast<int>(launch.threads), launch.shared),
        "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
    char row[120];
    std::snprintf(row, sizeof(row), "%u | %d | %zu | %d | %.0f %%", launch.threads, attributes.numRegs,
                  attributes.sharedSizeBytes + launch.shared, blocks,
                  100.0 * blocks * static_cast<int>(launch.threads) / threads);
    rows["`" + plain(name) + "`"] = row;
  }
  std::printf("| kernel | threads | registers | shared bytes | blocks at once | occupancy |\n");
  std::printf("| --- | --: | --: | --: | --: | --: |\n");
  for (const auto& [name, row] : rows) std::printf("| %s | %s |\n", name.c_str(), row.c_str());
}

}  // namespace test
