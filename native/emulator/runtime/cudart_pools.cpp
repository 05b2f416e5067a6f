// Memory in the order of streams: pools, allocation, and what graphs allocate.
#include "machine/memory.h"
#include "runtime/cudart.h"
#include "runtime/graphs.h"
#include "runtime/node_details.h"
#include "runtime/pools.h"

using namespace kib::emulator;

namespace {

struct Location {
  int type, id;  // 1: a device
};

struct PoolProperties {
  int allocation, handles;  // 1: pinned; 0: not shared with other processes
  Location location;
  void* security;
  size_t most;
  unsigned short usage;
  unsigned char reserved[54];
};
static_assert(sizeof(PoolProperties) == 88, "the layout of CUDA 13");

struct AccessDescription {
  Location location;
  int flags;
};

struct AllocationParameters {
  PoolProperties pool;
  const AccessDescription* access;
  size_t access_count, bytes;
  void* pointer;  // out
};
static_assert(sizeof(AllocationParameters) == 120, "the layout of CUDA 13");

int refuse(const char* name, const std::string& why, int error = cudaErrorInvalidValue) {
  report(Finding::kBadArgument, name, why);
  return error;
}

template <class Body>
int on_pool(const char* name, const void* handle, Body body) {
  return call(name, [&](Device&, Lock&) -> int {
    Pool* pool = Pools::instance().find(handle, name);
    return pool == nullptr ? static_cast<int>(cudaErrorInvalidValue) : body(*pool);
  });
}

int allocate(const char* name, void** pointer, size_t bytes, const void* pool_handle, void* handle,
             const void* return_address) {
  return on_stream(name, handle, [&](Device& device, Lock& lock, Stream& stream) -> int {
    if (pointer == nullptr) return cudaErrorInvalidValue;
    *pointer = nullptr;
    Pools& pools = Pools::instance();
    Pool* pool = pool_handle == nullptr ? pools.current() : pools.find(pool_handle, name);
    if (pool == nullptr) return cudaErrorInvalidValue;
    return pools.allocate(device, lock, stream, *pool, bytes, owner_of(name, return_address), name, pointer);
  });
}

bool device_zero(const char* name, const Location* location, int allocation) {
  if (location != nullptr && location->type == 1 && location->id == 0 && allocation == 1) return true;
  refuse(name, "only memory of device 0 has pools here (cudaMemLocationTypeDevice, cudaMemAllocationTypePinned)");
  return false;
}

// The memory of a graph's node that allocates or frees; null after a report.
template <class Details>
const GraphMemory* memory_of(Device& device, const void* handle, const char* name) {
  const GraphNode* node = device.graph_node(handle, name);
  if (node == nullptr) return nullptr;
  const auto* details = node->task.details == nullptr ? nullptr : std::get_if<Details>(&node->task.details->value);
  if (details != nullptr) return details->memory.get();
  refuse(name, "the node is of another kind");
  return nullptr;
}

// Numbers of cudaMemPoolAttr.
constexpr int kReuseFirst = 1, kReuseLast = 3, kThreshold = 4, kReserved = 5, kReservedHigh = 6, kUsed = 7,
              kUsedHigh = 8;

}  // namespace

KIB_EXPORT int cudaMallocAsync(void** pointer, size_t bytes, void* stream) {
  return allocate("cudaMallocAsync", pointer, bytes, nullptr, stream, __builtin_return_address(0));
}

KIB_EXPORT int cudaMallocFromPoolAsync(void** pointer, size_t bytes, void* pool, void* stream) {
  if (pool == nullptr) return remember(refuse("cudaMallocFromPoolAsync", "the pool is null"));
  return allocate("cudaMallocFromPoolAsync", pointer, bytes, pool, stream, __builtin_return_address(0));
}

KIB_EXPORT int cudaFreeAsync(void* pointer, void* handle) {
  return on_stream("cudaFreeAsync", handle, [&](Device& device, Lock& lock, Stream& stream) -> int {
    if (pointer == nullptr) return cudaSuccess;
    return Pools::instance().free(device, lock, stream, reinterpret_cast<uint64_t>(pointer), "cudaFreeAsync");
  });
}

KIB_EXPORT int cudaDeviceGetDefaultMemPool(void** pool, int device) {
  return call("cudaDeviceGetDefaultMemPool", [&](Device&, Lock&) -> int {
    if (pool == nullptr || device != 0) return pool == nullptr ? cudaErrorInvalidValue : cudaErrorInvalidDevice;
    *pool = Pools::instance().standard();
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaDeviceGetMemPool(void** pool, int device) {
  return call("cudaDeviceGetMemPool", [&](Device&, Lock&) -> int {
    if (pool == nullptr || device != 0) return pool == nullptr ? cudaErrorInvalidValue : cudaErrorInvalidDevice;
    *pool = Pools::instance().current();
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaDeviceSetMemPool(int device, void* handle) {
  return on_pool("cudaDeviceSetMemPool", handle, [&](Pool& pool) -> int {
    if (device != 0) return cudaErrorInvalidDevice;
    Pools::instance().set_current(&pool);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaMemGetDefaultMemPool(void** pool, const Location* location, int allocation) {
  if (!device_zero("cudaMemGetDefaultMemPool", location, allocation)) return remember(cudaErrorNotSupported);
  return cudaDeviceGetDefaultMemPool(pool, 0);
}

KIB_EXPORT int cudaMemGetMemPool(void** pool, const Location* location, int allocation) {
  if (!device_zero("cudaMemGetMemPool", location, allocation)) return remember(cudaErrorNotSupported);
  return cudaDeviceGetMemPool(pool, 0);
}

KIB_EXPORT int cudaMemSetMemPool(const Location* location, int allocation, void* pool) {
  if (!device_zero("cudaMemSetMemPool", location, allocation)) return remember(cudaErrorNotSupported);
  return cudaDeviceSetMemPool(0, pool);
}

KIB_EXPORT int cudaMemPoolCreate(void** pool, const PoolProperties* properties) {
  const char* name = "cudaMemPoolCreate";
  return call(name, [&](Device& device, Lock&) -> int {
    if (pool == nullptr || properties == nullptr) return cudaErrorInvalidValue;
    if (const int error = device.check_no_capture(name)) return error;
    if (!device_zero(name, &properties->location, properties->allocation)) return cudaErrorNotSupported;
    if (properties->handles != 0) {
      return refuse(name, "pools are not shared with other processes here; handleTypes must be 0",
                    cudaErrorNotSupported);
    }
    for (const unsigned char c : properties->reserved) {
      if (c != 0) return refuse(name, "the reserved bytes of cudaMemPoolProps are not 0; set all of it to 0 first");
    }
    *pool = Pools::instance().create(properties->most);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaMemPoolDestroy(void* handle) {
  return on_pool("cudaMemPoolDestroy", handle,
                 [](Pool& pool) { return Pools::instance().destroy(pool, "cudaMemPoolDestroy"); });
}

KIB_EXPORT int cudaMemPoolTrimTo(void* handle, size_t keep) {
  return on_pool("cudaMemPoolTrimTo", handle, [&](Pool& pool) -> int {
    Pools::instance().trim(pool, keep);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaMemPoolSetAttribute(void* handle, int attribute, void* value) {
  const char* name = "cudaMemPoolSetAttribute";
  return on_pool(name, handle, [&](Pool& pool) -> int {
    if (value == nullptr) return refuse(name, "the value is null");
    const auto number = [&] { return *static_cast<const uint64_t*>(value); };
    if (attribute >= kReuseFirst && attribute <= kReuseLast) {
      pool.reuse[attribute - kReuseFirst] = *static_cast<const int*>(value) != 0;
      return cudaSuccess;
    }
    if (attribute == kThreshold) {
      pool.threshold = number();
      return cudaSuccess;
    }
    if (attribute == kReservedHigh || attribute == kUsedHigh) {
      if (number() != 0) return refuse(name, "a high watermark can only be set to 0, which starts it anew");
      if (attribute == kReservedHigh) pool.reserved_high = pool.reserved;
      if (attribute == kUsedHigh) pool.used_high = pool.used;
      return cudaSuccess;
    }
    return refuse(name, "attribute " + std::to_string(attribute) + " cannot be set");
  });
}

KIB_EXPORT int cudaMemPoolGetAttribute(void* handle, int attribute, void* value) {
  const char* name = "cudaMemPoolGetAttribute";
  return on_pool(name, handle, [&](Pool& pool) -> int {
    if (value == nullptr) return refuse(name, "the value is null");
    if (attribute >= kReuseFirst && attribute <= kReuseLast) {
      *static_cast<int*>(value) = pool.reuse[attribute - kReuseFirst];
      return cudaSuccess;
    }
    if (attribute < kThreshold || attribute > kUsedHigh) {
      return refuse(name, "attribute " + std::to_string(attribute) + " is none");
    }
    const uint64_t values[] = {pool.threshold, pool.reserved, pool.reserved_high, pool.used, pool.used_high};
    static_assert(kReserved == kThreshold + 1 && kUsed == kThreshold + 3);
    *static_cast<uint64_t*>(value) = values[attribute - kThreshold];
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaMemPoolSetAccess(void* handle, const AccessDescription* descriptions, size_t count) {
  const char* name = "cudaMemPoolSetAccess";
  return on_pool(name, handle, [&](Pool&) -> int {
    if (descriptions == nullptr && count > 0) return refuse(name, "the descriptions are null");
    for (size_t i = 0; i < count; ++i) {
      if (!device_zero(name, &descriptions[i].location, 1)) return cudaErrorInvalidValue;
      if (descriptions[i].flags != 3) return refuse(name, "the pool's own device always reads and writes it (flags 3)");
    }
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaMemPoolGetAccess(int* flags, void* handle, const Location* location) {
  const char* name = "cudaMemPoolGetAccess";
  return on_pool(name, handle, [&](Pool&) -> int {
    if (flags == nullptr || !device_zero(name, location, 1)) return cudaErrorInvalidValue;
    *flags = 3;  // reads and writes
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaDeviceGetGraphMemAttribute(int device, int attribute, void* value) {
  return call("cudaDeviceGetGraphMemAttribute", [&](Device&, Lock&) -> int {
    if (device != 0) return cudaErrorInvalidDevice;
    if (value == nullptr || attribute < 0 || attribute > 3) return cudaErrorInvalidValue;
    const Pools& pools = Pools::instance();
    *static_cast<uint64_t*>(value) = attribute < 2 ? pools.graphs_bytes() : pools.graphs_reserved();
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaDeviceGraphMemTrim(int device) {
  return call("cudaDeviceGraphMemTrim", [&](Device&, Lock&) -> int {
    return device == 0 ? cudaSuccess : cudaErrorInvalidDevice;  // graphs hold no more than what they use
  });
}

KIB_EXPORT int cudaGraphAddMemAllocNode(const void** node, void* graph_handle, const void* const* after, size_t count,
                                        AllocationParameters* parameters) {
  const char* name = "cudaGraphAddMemAllocNode";
  const void* from = __builtin_return_address(0);
  return call(name, [&](Device& device, Lock&) -> int {
    Graph* graph = device.graph(graph_handle, name);
    if (graph == nullptr || parameters == nullptr || parameters->bytes == 0) return cudaErrorInvalidValue;
    if (!device_zero(name, &parameters->pool.location, parameters->pool.allocation)) return cudaErrorNotSupported;
    Task task;
    uint64_t address = 0;
    if (const int error =
            Pools::instance().add_allocation(parameters->bytes, owner_of(name, from), name, &task, &address)) {
      return error;
    }
    if (const int error = add_node(*graph, std::move(task), after, count, name, node)) return error;
    parameters->pointer = reinterpret_cast<void*>(address);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphAddMemFreeNode(const void** node, void* graph_handle, const void* const* after, size_t count,
                                       void* pointer) {
  const char* name = "cudaGraphAddMemFreeNode";
  return call(name, [&](Device& device, Lock&) -> int {
    Graph* graph = device.graph(graph_handle, name);
    if (graph == nullptr) return cudaErrorInvalidValue;
    Task task;
    if (const int error = Pools::instance().add_free(*graph, reinterpret_cast<uint64_t>(pointer), name, &task))
      return error;
    return add_node(*graph, std::move(task), after, count, name, node);
  });
}

KIB_EXPORT int cudaGraphMemAllocNodeGetParams(const void* node, AllocationParameters* parameters) {
  const char* name = "cudaGraphMemAllocNodeGetParams";
  return call(name, [&](Device& device, Lock&) -> int {
    const GraphMemory* memory = memory_of<AllocateDetails>(device, node, name);
    if (memory == nullptr || parameters == nullptr) return cudaErrorInvalidValue;
    *parameters = {};
    parameters->pool.allocation = parameters->pool.location.type = 1;
    parameters->bytes = memory->bytes;
    parameters->pointer = reinterpret_cast<void*>(memory->address);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphMemFreeNodeGetParams(const void* node, void** pointer) {
  const char* name = "cudaGraphMemFreeNodeGetParams";
  return call(name, [&](Device& device, Lock&) -> int {
    const GraphMemory* memory = memory_of<FreeDetails>(device, node, name);
    if (memory == nullptr || pointer == nullptr) return cudaErrorInvalidValue;
    *pointer = reinterpret_cast<void*>(memory->address);
    return cudaSuccess;
  });
}
