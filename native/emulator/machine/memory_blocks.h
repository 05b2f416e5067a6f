// The blocks of device memory: what is live, freed and free, and their state. Internal to Memory, whose functions stand
// in memory.cpp and memory_parts.cpp.
#ifndef KIB_EMULATOR_MEMORY_BLOCKS_H
#define KIB_EMULATOR_MEMORY_BLOCKS_H
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>

#include "machine/memory.h"
#include "machine/shortage.h"

namespace kib::emulator {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kPoisoned = uint64_t{1} << 20;  // allocations up to this size start as NaNs, larger ones as zeros

enum class Phase { kLive, kReserved, kEnded };

struct Block {
  uint64_t bytes = 0, capacity = 0;
  std::string what;
  bool kept = false;
  Phase phase = Phase::kLive;
  uint64_t promises = 0, promised_bytes = 0;  // of begin(), which are enqueued
  std::unique_ptr<Parts> parts;               // once one was carved
};

using Blocks = std::map<uint64_t, Block>;

// The addresses that a block of `bytes` takes, with those behind it that nobody may touch.
uint64_t footprint(uint64_t bytes);
// The block whose bytes or whose red zone behind it hold the address.
Blocks::const_iterator around(const Blocks& blocks, uint64_t address);
std::string quoted(const Block& block);

constexpr const char* kNotYet =
    "memory whose cudaMallocAsync has not run yet; let the stream wait for the one that allocates";

struct Memory::State {
  Options options;
  uint64_t total = 0, span = 0, used = 0;
  int file = -1;
  std::byte *device = nullptr, *host = nullptr;
  uint8_t* written = nullptr;
  std::unique_ptr<OrderRecords> order;
  mutable std::shared_mutex mutex;
  Blocks live, freed;
  std::deque<uint64_t> graves;        // of `freed`, oldest first
  std::map<uint64_t, uint64_t> gaps;  // start and size of what is neither live nor freed
  uint64_t cursor = 0;                // the next search for a gap begins here

  uint64_t free() const {
    const uint64_t held = used + std::min(taken_bytes(), total);
    return total - std::min(held, total);
  }
  uint64_t base() const { return reinterpret_cast<uint64_t>(device); }
  bool inside(uint64_t address, uint64_t bytes) const {
    return address >= base() && address - base() < span && bytes <= span - (address - base());
  }
  std::byte* host_of(uint64_t address) const { return host + (address - base()); }
  uint8_t* written_of(uint64_t address) const { return written + (address - base()); }

  uint64_t take(uint64_t bytes);
  void bury(Blocks::iterator block);
  bool exhume();
  Blocks::const_iterator holder(uint64_t address, uint64_t bytes) const;
  bool locate(uint64_t address, uint64_t bytes, Range* range) const;
  Fault explain(uint64_t address, uint64_t bytes) const;
  void unwrite(uint64_t address, uint64_t bytes);
};

// A finding that concerns an address, without a kernel.
void report(Finding finding, uint64_t address, std::string detail);

}  // namespace kib::emulator
#endif
