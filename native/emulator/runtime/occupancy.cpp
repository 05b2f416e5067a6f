#include "runtime/occupancy.h"

#include <algorithm>

namespace kib::emulator {
namespace {

constexpr uint32_t kWarp = 32, kRegisterUnit = 256, kPartitions = 4, kSharedUnit = 128;

uint64_t round_up(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }
uint32_t warps_of(uint32_t threads) { return (threads + kWarp - 1) / kWarp; }
uint32_t registers_of_warp(uint32_t registers) {
  return static_cast<uint32_t>(round_up(uint64_t{registers} * kWarp, kRegisterUnit));
}

}  // namespace

uint32_t registers_of_block(uint32_t registers, uint32_t threads) {
  return registers_of_warp(registers) * static_cast<uint32_t>(round_up(warps_of(threads), kPartitions));
}

uint32_t most_threads(const Limits& limits, uint32_t registers, uint32_t limit) {
  if (registers == 0) return limit;
  const uint32_t warps = static_cast<uint32_t>(limits.registers) / registers_of_warp(registers);
  return std::min(limit, warps / kPartitions * kPartitions * kWarp);
}

Occupancy occupancy_of(const Limits& limits, const KernelResources& kernel, uint32_t threads, size_t dynamic_shared) {
  if (threads == 0 || threads > static_cast<uint32_t>(limits.threads_block)) return {0, "threads"};
  const int warps = static_cast<int>(warps_of(threads));
  Occupancy most{limits.threads_multiprocessor / static_cast<int>(kWarp) / warps, "threads"};
  const auto at_most = [&](int blocks, const char* bound) {
    if (blocks < most.blocks) most = {blocks, bound};
  };
  at_most(limits.blocks_multiprocessor, "blocks");
  if (kernel.registers > 0) {
    const uint32_t of_partition = static_cast<uint32_t>(limits.registers) / kPartitions;
    const auto resident = static_cast<int>(of_partition / registers_of_warp(kernel.registers) * kPartitions);
    const bool fits = registers_of_block(kernel.registers, threads) <= static_cast<uint32_t>(limits.registers);
    at_most(fits ? resident / warps : 0, "registers");
  }
  const uint64_t shared = kernel.shared + uint64_t{dynamic_shared};
  const uint64_t allocated = round_up(shared + static_cast<uint64_t>(limits.shared_reserved), kSharedUnit);
  const bool fits = shared <= static_cast<uint64_t>(limits.shared_optin);
  at_most(fits ? static_cast<int>(static_cast<uint64_t>(limits.shared_multiprocessor) / allocated) : 0,
          "shared memory");
  if (kernel.barriers > 0) at_most(limits.barriers_multiprocessor / static_cast<int>(kernel.barriers), "barriers");
  return most;
}

size_t dynamic_shared_for(const Limits& limits, const KernelResources& kernel, int blocks) {
  const uint64_t each = static_cast<uint64_t>(limits.shared_multiprocessor / blocks) / kSharedUnit * kSharedUnit;
  const uint64_t taken = uint64_t{kernel.shared} + static_cast<uint64_t>(limits.shared_reserved);
  const uint64_t most =
      static_cast<uint64_t>(limits.shared_optin) - std::min<uint64_t>(limits.shared_optin, kernel.shared);
  return each <= taken ? 0 : static_cast<size_t>(std::min(each - taken, most));
}

}  // namespace kib::emulator
