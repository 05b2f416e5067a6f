// The executor's way to the bytes of global memory: the allocations of the last accesses are remembered, so that an
// access to the one before costs two comparisons. One Window for each host thread and launch: memory that a launch uses
// is not released before the launch has ended.
#ifndef KIB_EMULATOR_MEMORY_ACCESS_H
#define KIB_EMULATOR_MEMORY_ACCESS_H
#include "machine/memory.h"

namespace kib::emulator {

class Window {
 public:
  explicit Window(Memory& memory) : memory_(memory) {}

  // Whether [address, address + bytes) lies in one live allocation; host() and written() are for its bytes then. Where
  // it does not, Memory::explain() says why.
  bool reach(uint64_t address, uint64_t bytes) {
    return holds(ranges_[last_], address, bytes) || search(address, bytes);
  }
  std::byte* host(uint64_t address) const { return range().host + (address - range().start); }
  uint8_t* written(uint64_t address) const { return range().written + (address - range().start); }
  const Range& range() const { return ranges_[last_]; }

 private:
  static constexpr unsigned kRanges = 8;

  static bool holds(const Range& range, uint64_t address, uint64_t bytes) {
    return address >= range.start && address < range.end && bytes <= range.end - address;
  }

  bool search(uint64_t address, uint64_t bytes) {
    for (unsigned i = 0; i < kRanges; ++i) {
      if (holds(ranges_[i], address, bytes)) {
        last_ = i;
        return true;
      }
    }
    if (!memory_.locate(address, bytes, &ranges_[next_])) return false;
    last_ = next_;
    next_ = (next_ + 1) % kRanges;
    return true;
  }

  Memory& memory_;
  Range ranges_[kRanges];
  unsigned last_ = 0, next_ = 0;
};

}  // namespace kib::emulator
#endif
