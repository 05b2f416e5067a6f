// Registration of device code, attributes of kernels, launches.
#include <algorithm>
#include <cstring>

#include "runtime/attributes.h"
#include "runtime/cudart.h"
#include "runtime/kernels.h"
#include "runtime/launch_limits.h"

using namespace kib::emulator;

namespace {

constexpr int kMaxDynamicShared = 8, kCarveout = 9, kLargeClusters = 14, kClusterSpread = 15;

struct Configuration {
  Dim3 grid, block;
  size_t shared;
  void* stream;
};

std::vector<Configuration>& configurations() {
  thread_local std::vector<Configuration> stack;
  return stack;
}

FatBinary* binary(void** handle) { return reinterpret_cast<FatBinary*>(handle); }

int launch(const void* function, void* handle, LaunchCall launched) {
  return call(launched.caller.c_str(), [&](Device& device, Lock& lock) -> int {
    Stream* stream = device.stream(handle, launched.caller);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    Function* kernel = Kernels::instance().function(function, launched.caller);
    if (kernel == nullptr) return cudaErrorInvalidDeviceFunction;
    return Kernels::instance().launch(lock, device, *stream, *kernel, launched);
  });
}

// With a kernel whose module is parsed.
template <class Body>
int on_kernel(const char* name, const void* function, Body body) {
  return call(name, [&](Device&, Lock&) -> int {
    Function* kernel = Kernels::instance().function(function, name);
    if (kernel == nullptr) return cudaErrorInvalidDeviceFunction;
    if (const int error = Kernels::instance().prepare(*kernel)) return error;
    return body(*kernel);
  });
}

// Calls a body that no device state of CUDA guards: registration runs before main().
template <class Body>
void registering(Body body) {
  Lock lock(Device::instance().mutex());
  body(Kernels::instance());
}

}  // namespace

KIB_EXPORT void** __cudaRegisterFatBinary(void* wrapper) {
  FatBinary* added = nullptr;
  registering([&](Kernels& kernels) { added = kernels.add_binary(wrapper); });
  return reinterpret_cast<void**>(added);
}

KIB_EXPORT void __cudaRegisterFatBinaryEnd(void**) {}

KIB_EXPORT void __cudaUnregisterFatBinary(void** handle) {
  registering([&](Kernels& kernels) { kernels.remove_binary(binary(handle)); });
}

KIB_EXPORT char __cudaInitModule(void**) { return 1; }

KIB_EXPORT void __cudaRegisterFunction(void** handle, const char* host, char*, const char* name, int, void*, void*,
                                       void*, void*, int*) {
  registering([&](Kernels& kernels) {
    if (handle != nullptr) kernels.add_function(binary(handle), host, name);
  });
}

KIB_EXPORT void __cudaRegisterVar(void** handle, char* host, char*, const char* name, int, size_t, int, int) {
  registering([&](Kernels& kernels) {
    if (handle != nullptr) kernels.add_variable(binary(handle), host, name);
  });
}

KIB_EXPORT void __cudaRegisterManagedVar(void** handle, void**, char*, const char* name, int, size_t, int, int) {
  report(Finding::kUnsupported, handle != nullptr ? binary(handle)->library() : "a library",
         std::string("has the __managed__ variable ") + name + "; the emulated device has no managed memory");
}

KIB_EXPORT unsigned __cudaPushCallConfiguration(Dim3 grid, Dim3 block, size_t shared, void* stream) {
  configurations().push_back({grid, block, shared, stream});
  return 0;
}

KIB_EXPORT int __cudaPopCallConfiguration(Dim3* grid, Dim3* block, size_t* shared, void* stream) {
  if (configurations().empty()) return remember(cudaErrorMissingConfiguration);
  const Configuration last = configurations().back();
  configurations().pop_back();
  *grid = last.grid;
  *block = last.block;
  *shared = last.shared;
  std::memcpy(stream, &last.stream, sizeof last.stream);
  return cudaSuccess;
}

// Called once for each kernel and process, so that not even a fault may make it fail.
KIB_EXPORT int __cudaGetKernel(void** kernel, const void* function) {
  registering([&](Kernels& kernels) { *kernel = kernels.function(function, "__cudaGetKernel"); });
  return remember(*kernel != nullptr ? cudaSuccess : cudaErrorInvalidDeviceFunction);
}

KIB_EXPORT int cudaGetKernel(void** kernel, const void* function) { return __cudaGetKernel(kernel, function); }
KIB_EXPORT int cudaGetFuncBySymbol(void** kernel, const void* function) { return __cudaGetKernel(kernel, function); }

KIB_EXPORT int __cudaLaunchKernel(void* kernel, Dim3 grid, Dim3 block, void** arguments, size_t shared, void* stream) {
  return launch(kernel, stream, {"a launch", grid, block, shared, arguments, false});
}

KIB_EXPORT int cudaLaunchKernel(const void* function, Dim3 grid, Dim3 block, void** arguments, size_t shared,
                                void* stream) {
  return launch(function, stream, {"cudaLaunchKernel", grid, block, shared, arguments, false});
}

KIB_EXPORT int cudaLaunchCooperativeKernel(const void* function, Dim3 grid, Dim3 block, void** arguments, size_t shared,
                                           void* stream) {
  return launch(function, stream, {"cudaLaunchCooperativeKernel", grid, block, shared, arguments, true});
}

struct LaunchAttribute {
  int id;
  char padding[4];
  union {
    int cooperative;
    int programmatic;
    Dim3 cluster;
    char bytes[64];
  };
};

struct LaunchConfiguration {
  Dim3 grid, block;
  size_t shared;
  void* stream;
  const LaunchAttribute* attributes;
  unsigned count;
};
static_assert(sizeof(LaunchConfiguration) == 56 && sizeof(LaunchAttribute) == 72, "the layout of CUDA 13");

KIB_EXPORT int cudaLaunchKernelExC(const LaunchConfiguration* configuration, const void* function, void** arguments) {
  if (configuration == nullptr) return remember(cudaErrorInvalidValue);
  const LaunchConfiguration& c = *configuration;
  LaunchCall launched{"cudaLaunchKernelExC", c.grid, c.block, c.shared, arguments, false};
  for (unsigned i = 0; i < c.count; ++i) {
    const LaunchAttribute& a = c.attributes[i];
    // Hints: access policy, synchronization policy, how clusters are spread, priority, carveout.
    const bool hint = a.id == 0 || a.id == 1 || a.id == 3 || a.id == 5 || a.id == 8 || a.id == 14;
    if (a.id == kAccessPolicy) {
      if (const int error = check_access_policy(a.bytes, launched.caller)) return remember(error);
    }
    if (a.id == 2) {
      launched.cooperative = a.cooperative != 0;
    } else if (a.id == 6) {
      launched.programmatic = a.programmatic != 0;
    } else if (a.id == 4) {
      launched.cluster = a.cluster;
      if (a.cluster.count() == 0) {
        report(Finding::kBadArgument, launched.caller, "a cluster of no blocks; make each of its sizes at least 1");
        return remember(cudaErrorInvalidClusterSize);
      }
    } else if (!hint) {
      report(Finding::kUnsupported, launched.caller, "launch attribute " + std::to_string(a.id) + " is not emulated");
      return remember(cudaErrorNotSupported);
    }
  }
  return launch(function, c.stream, launched);
}

struct FunctionAttributes {
  size_t shared_bytes, constant_bytes, local_bytes;
  int max_threads, registers, ptx_version, binary_version, cache_mode, max_dynamic_shared, carveout;
  int cluster[6], reserved[16];  // must be set; width, height, depth; how they are spread; more than 8 blocks
};
static_assert(sizeof(FunctionAttributes) == 144, "the layout of CUDA 13");

KIB_EXPORT int cudaFuncGetAttributes(FunctionAttributes* attributes, const void* function) {
  return on_kernel("cudaFuncGetAttributes", function, [&](Function& f) -> int {
    if (attributes == nullptr) return cudaErrorInvalidValue;
    const Limits& l = limits();
    *attributes = {};
    const KernelResources kernel = resources_of(f);
    attributes->shared_bytes = kernel.shared;
    attributes->local_bytes = kernel.stack;
    attributes->max_threads = static_cast<int>(most_threads(l, kernel.registers, f.kernel->max_threads()));
    attributes->registers = static_cast<int>(kernel.registers);
    attributes->ptx_version = f.binary->ptx_target();
    attributes->binary_version = l.major * 10 + l.minor;
    attributes->max_dynamic_shared = static_cast<int>(dynamic_shared_allowed(f));
    attributes->carveout = -1;
    const Dim3 c = f.kernel->cluster();
    attributes->cluster[0] = f.kernel->cluster_needed() || c.count() != 0 ? 1 : 0;
    attributes->cluster[1] = static_cast<int>(c.x);
    attributes->cluster[2] = static_cast<int>(c.y);
    attributes->cluster[3] = static_cast<int>(c.z);
    attributes->cluster[5] = f.large_clusters ? 1 : 0;
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaFuncSetAttribute(const void* function, int attribute, int value) {
  return on_kernel("cudaFuncSetAttribute", function, [&](Function& f) -> int {
    if (attribute == kCarveout) return value >= -1 && value <= 100 ? cudaSuccess : cudaErrorInvalidValue;
    if (attribute == kClusterSpread) return value >= 0 && value <= 2 ? cudaSuccess : cudaErrorInvalidValue;
    if (attribute == kLargeClusters) {
      if (value != 0 && value != 1) return cudaErrorInvalidValue;
      f.large_clusters = value == 1;
      return cudaSuccess;
    }
    if (attribute != kMaxDynamicShared) {
      report(Finding::kUnsupported, "cudaFuncSetAttribute",
             "attribute " + std::to_string(attribute) + " is not emulated");
      return cudaErrorNotSupported;
    }
    int64_t most = static_cast<int64_t>(limits().shared_optin) - f.static_shared();
    if (value > most) most = static_cast<int64_t>(limits().shared_optin) - resources_of(f).shared;
    if (value < 0 || value > most) {
      report(Finding::kBadArgument, "cudaFuncSetAttribute",
             std::to_string(value) + " bytes of dynamic shared memory are more than the " + std::to_string(most) +
                 " that a block of this kernel can have");
      return cudaErrorInvalidValue;
    }
    f.dynamic_shared_limit = static_cast<uint32_t>(value);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaFuncSetCacheConfig(const void* function, int) {
  return on_kernel("cudaFuncSetCacheConfig", function, [](Function&) -> int { return cudaSuccess; });
}

KIB_EXPORT int cudaFuncGetName(const char** name, const void* function) {
  return on_kernel("cudaFuncGetName", function, [&](Function& f) -> int {
    if (name == nullptr) return cudaErrorInvalidValue;
    *name = f.name.c_str();
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void* function, int threads,
                                                                      size_t shared, unsigned) {
  return on_kernel("cudaOccupancyMaxActiveBlocksPerMultiprocessor", function, [&](Function& f) -> int {
    if (blocks == nullptr || threads <= 0) return cudaErrorInvalidValue;
    *blocks = 0;
    if (static_cast<uint32_t>(threads) > f.kernel->max_threads()) return cudaSuccess;
    const KernelResources kernel = resources_of(f);
    if (shared <= dynamic_shared_allowed(f)) {
      *blocks = occupancy_of(limits(), kernel, static_cast<uint32_t>(threads), shared).blocks;
    }
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* function, int threads,
                                                             size_t shared) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, function, threads, shared, 0);
}

KIB_EXPORT int cudaOccupancyAvailableDynamicSMemPerBlock(size_t* bytes, const void* function, int blocks, int) {
  return on_kernel("cudaOccupancyAvailableDynamicSMemPerBlock", function, [&](Function& f) -> int {
    if (bytes == nullptr || blocks <= 0) return cudaErrorInvalidValue;
    *bytes = dynamic_shared_for(limits(), resources_of(f), blocks);
    return cudaSuccess;
  });
}

// Which multiprocessors a cluster may lie on is not known here: clusters fit as their blocks do.
KIB_EXPORT int cudaOccupancyMaxActiveClusters(int* clusters, const void* function, const LaunchConfiguration* c) {
  return on_kernel("cudaOccupancyMaxActiveClusters", function, [&](Function& f) -> int {
    if (clusters == nullptr || c == nullptr || c->block.count() == 0) return cudaErrorInvalidValue;
    Dim3 size = f.kernel->cluster();
    for (unsigned i = 0; i < c->count && size.count() == 0; ++i) {
      if (c->attributes[i].id == 4) size = c->attributes[i].cluster;
    }
    if (size.count() == 0) size = {1, 1, 1};
    if (size.count() > most_in_cluster(f)) return cudaErrorInvalidClusterSize;
    *clusters = 0;
    if (c->block.count() > f.kernel->max_threads() || c->shared > dynamic_shared_allowed(f)) return cudaSuccess;
    const auto threads = static_cast<uint32_t>(c->block.count());
    const int blocks = occupancy_of(limits(), resources_of(f), threads, c->shared).blocks * limits().multiprocessors;
    *clusters = blocks / static_cast<int>(size.count());
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaOccupancyMaxPotentialClusterSize(int* size, const void* function, const LaunchConfiguration* c) {
  return on_kernel("cudaOccupancyMaxPotentialClusterSize", function, [&](Function& f) -> int {
    if (size == nullptr || c == nullptr || c->block.count() == 0) return cudaErrorInvalidValue;
    const auto threads = static_cast<uint32_t>(c->block.count());
    const bool fits = c->block.count() <= f.kernel->max_threads() && c->shared <= dynamic_shared_allowed(f) &&
                      occupancy_of(limits(), resources_of(f), threads, c->shared).blocks > 0;
    const uint32_t most = most_in_cluster(f), own = f.kernel->most_in_cluster();
    *size = !fits ? 0 : static_cast<int>(own != 0 && own < most ? own : most);
    return cudaSuccess;
  });
}
