// What the emulated device says that it is: the limits of a real card of the chosen capability.
#ifndef KIB_EMULATOR_PROPERTIES_H
#define KIB_EMULATOR_PROPERTIES_H
#include <cstddef>
#include <cstdint>

namespace kib::emulator {

constexpr int kCudaVersion = 13000;

// The version that one of CUDA's parts ("driver", "runtime", "cudnn-runtime") says it is.
int cuda_version(const char* part);

struct Limits {
  int major = 9, minor = 0;
  int multiprocessors = 132;
  int threads_block = 1024, threads_multiprocessor = 2048, blocks_multiprocessor = 32;
  int registers = 65536;        // of a block, and of a multiprocessor
  int shared_block = 48 << 10;  // without cudaFuncAttributeMaxDynamicSharedMemorySize
  int shared_optin = 0;         // with it
  int shared_multiprocessor = 0;
  int shared_reserved = 1 << 10;
  int barriers_multiprocessor = 64;  // for __syncthreads and its like
  int l2_bytes = 0, bus_bits = 0, kilohertz = 0, memory_kilohertz = 0, single_to_double = 2;
  uint64_t memory = 0;
};

struct Card;
Limits limits_of(const Card& card);
const Limits& limits();  // of this device

// cudaDeviceProp of CUDA 13.
struct DeviceProperties {
  char name[256];
  char uuid[16];
  char luid[8];
  unsigned luid_device_node_mask;
  size_t total_global_mem, shared_mem_per_block;
  int regs_per_block, warp_size;
  size_t mem_pitch;
  int max_threads_per_block, max_threads_dim[3], max_grid_size[3];
  size_t total_const_mem;
  int major, minor;
  size_t texture_alignment, texture_pitch_alignment;
  int multi_processor_count, integrated, can_map_host_memory;
  int textures[39];  // maxTexture1D to maxSurfaceCubemapLayered
  size_t surface_alignment;
  int concurrent_kernels, ecc_enabled, pci_bus_id, pci_device_id, pci_domain_id, tcc_driver, async_engine_count;
  int unified_addressing, memory_bus_width, l2_cache_size, persisting_l2_cache_max_size;
  int max_threads_per_multi_processor, stream_priorities_supported, global_l1_cache_supported;
  int local_l1_cache_supported;
  size_t shared_mem_per_multiprocessor;
  int regs_per_multiprocessor, managed_memory, is_multi_gpu_board, multi_gpu_board_group_id;
  int host_native_atomic_supported, pageable_memory_access, concurrent_managed_access, compute_preemption_supported;
  int can_use_host_pointer_for_registered_mem, cooperative_launch;
  size_t shared_mem_per_block_optin;
  int pageable_memory_access_uses_host_page_tables, direct_managed_mem_access_from_host;
  int max_blocks_per_multi_processor, access_policy_max_window_size;
  size_t reserved_shared_mem_per_block;
  int host_register_supported, sparse_cuda_array_supported, host_register_read_only_supported;
  int timeline_semaphore_interop_supported, memory_pools_supported, gpu_direct_rdma_supported;
  unsigned gpu_direct_rdma_flush_writes_options;
  int gpu_direct_rdma_writes_ordering;
  unsigned memory_pool_supported_handle_types;
  int deferred_mapping_cuda_array_supported, ipc_event_supported, cluster_launch, unified_function_pointers;
  int device_numa_config, device_numa_id, mps_enabled, host_numa_id;
  unsigned gpu_pci_device_id, gpu_pci_subsystem_id;
  int host_numa_multinode_ipc_supported, reserved[56];
};
static_assert(sizeof(DeviceProperties) == 1008 && offsetof(DeviceProperties, total_global_mem) == 288 &&
                  offsetof(DeviceProperties, shared_mem_per_block_optin) == 672 &&
                  offsetof(DeviceProperties, reserved) == 784,
              "the layout of CUDA 13");

// Bytes of the L2 cache that may be set aside for persisting accesses, and of the largest window of an access policy.
size_t most_persisting_bytes();
size_t most_window_bytes();

void fill_properties(DeviceProperties* properties);
// A cudaDeviceAttr; false for a number that is none.
bool attribute(int number, int* value);

}  // namespace kib::emulator
#endif
