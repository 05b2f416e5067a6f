#include "runtime/properties.h"

#include <climits>
#include <cstdio>
#include <cstring>

#include "machine/card.h"
#include "machine/memory.h"
#include "machine/options.h"

namespace kib::emulator {
namespace {

constexpr int kPitch = INT_MAX, kGridX = INT_MAX, kGridYz = 65535, kBlockZ = 64, kConstant = 64 << 10;

}  // namespace

Limits limits_of(const Card& card) {
  Limits l;
  l.major = card.capability / 10;
  l.minor = card.capability % 10;
  l.multiprocessors = card.multiprocessors;
  l.threads_multiprocessor = card.threads;
  l.blocks_multiprocessor = card.blocks;
  l.barriers_multiprocessor = card.barriers;
  l.shared_multiprocessor = card.shared_kilobytes << 10;
  l.shared_optin = l.shared_multiprocessor - l.shared_reserved;
  l.l2_bytes = card.l2_megabytes << 20;
  l.bus_bits = card.bus_bits;
  l.kilohertz = card.megahertz * 1000;
  l.memory_kilohertz = card.memory_megahertz * 1000;
  l.single_to_double = card.single_to_double;
  return l;
}

int cuda_version(const char* part) { return Options::current().claimed(part, kCudaVersion, {1000, 10, 0}); }

const Limits& limits() {
  static const Limits limits = [] {
    const Options& options = Options::current();
    Limits l = limits_of(card_of(options.capability));
    const int capability = options.claimed("capability", options.capability, {10, 1, 0});
    l.major = capability / 10;
    l.minor = capability % 10;
    l.multiprocessors = options.multiprocessors;
    l.memory = options.memory;
    return l;
  }();
  return limits;
}

size_t most_persisting_bytes() { return static_cast<size_t>(limits().l2_bytes) / 4 * 3; }

size_t most_window_bytes() { return size_t{128} << 20; }

void fill_properties(DeviceProperties* p) {
  const Limits& l = limits();
  std::memset(p, 0, sizeof *p);
  std::snprintf(p->name, sizeof p->name, "kib4j emulated device %d.%d", l.major, l.minor);
  std::memcpy(p->uuid, "kib4j-emulator-0", 16);
  p->total_global_mem = l.memory;
  p->shared_mem_per_block = static_cast<size_t>(l.shared_block);
  p->regs_per_block = p->regs_per_multiprocessor = l.registers;
  p->warp_size = 32;
  p->mem_pitch = kPitch;
  p->max_threads_per_block = l.threads_block;
  p->max_threads_dim[0] = p->max_threads_dim[1] = l.threads_block;
  p->max_threads_dim[2] = kBlockZ;
  p->max_grid_size[0] = kGridX;
  p->max_grid_size[1] = p->max_grid_size[2] = kGridYz;
  p->total_const_mem = kConstant;
  p->major = l.major;
  p->minor = l.minor;
  p->texture_alignment = 512;
  p->texture_pitch_alignment = 32;
  p->multi_processor_count = l.multiprocessors;
  p->surface_alignment = 512;
  p->concurrent_kernels = 1;
  p->async_engine_count = 2;
  p->unified_addressing = 1;
  p->memory_bus_width = l.bus_bits;
  p->l2_cache_size = l.l2_bytes;
  p->persisting_l2_cache_max_size = static_cast<int>(most_persisting_bytes());
  p->access_policy_max_window_size = static_cast<int>(most_window_bytes());
  p->max_threads_per_multi_processor = l.threads_multiprocessor;
  p->stream_priorities_supported = 1;
  p->global_l1_cache_supported = p->local_l1_cache_supported = 1;
  p->shared_mem_per_multiprocessor = static_cast<size_t>(l.shared_multiprocessor);
  p->cooperative_launch = 1;
  p->shared_mem_per_block_optin = static_cast<size_t>(l.shared_optin);
  p->max_blocks_per_multi_processor = l.blocks_multiprocessor;
  p->reserved_shared_mem_per_block = static_cast<size_t>(l.shared_reserved);
  p->host_register_supported = 1;
  p->memory_pools_supported = 1;
  p->cluster_launch = l.major >= 9 ? 1 : 0;
  p->host_numa_id = p->device_numa_id = -1;
}

bool attribute(int number, int* value) {
  const Limits& l = limits();
  const auto is = [&](int v) {
    *value = v;
    return true;
  };
  switch (number) {
    case 1:  // MaxThreadsPerBlock, and of the block's x and y
    case 2:
    case 3:
      return is(l.threads_block);
    case 4:
      return is(kBlockZ);
    case 5:
      return is(kGridX);
    case 6:
    case 7:
      return is(kGridYz);
    case 8:
      return is(l.shared_block);
    case 9:
      return is(kConstant);
    case 10:
      return is(32);  // WarpSize
    case 11:
      return is(kPitch);
    case 12:  // MaxRegistersPerBlock, MaxRegistersPerMultiprocessor
    case 82:
      return is(l.registers);
    case 13:
      return is(l.kilohertz);  // ClockRate
    case 14:
      return is(512);  // TextureAlignment
    case 16:
      return is(l.multiprocessors);
    case 31:  // ConcurrentKernels, UnifiedAddressing, StreamPrioritiesSupported, L1 caches, CooperativeLaunch,
    case 41:  // HostRegisterSupported, MemoryPoolsSupported
    case 78:
    case 79:
    case 80:
    case 95:
    case 99:
    case 115:
      return is(1);
    case 120:
      return is(l.major >= 9 ? 1 : 0);  // ClusterLaunch
    case 36:
      return is(l.memory_kilohertz);  // MemoryClockRate
    case 37:
      return is(l.bus_bits);  // GlobalMemoryBusWidth
    case 38:
      return is(l.l2_bytes);
    case 39:
      return is(l.threads_multiprocessor);
    case 40:
      return is(2);  // AsyncEngineCount
    case 75:
      return is(l.major);
    case 76:
      return is(l.minor);
    case 81:
      return is(l.shared_multiprocessor);
    case 87:
      return is(l.single_to_double);  // SingleToDoublePrecisionPerfRatio
    case 97:
      return is(l.shared_optin);
    case 106:
      return is(l.blocks_multiprocessor);
    case 108:
      return is(static_cast<int>(most_persisting_bytes()));
    case 109:
      return is(static_cast<int>(most_window_bytes()));
    case 111:
      return is(l.shared_reserved);
    case 131:  // NumaId, HostNumaId
    case 134:
      return is(-1);
    default:  // what the device does not have
      return number > 0 && number < 148 ? is(0) : false;
  }
}

}  // namespace kib::emulator
