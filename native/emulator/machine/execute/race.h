// Who touched memory last, and whether what one thread did is ordered before what another does.
//
// A stamp names the access of a thread: launch, block, thread, whether it was atomic, and its warp's clock. A warp's
// clock advances at its barriers, at bar.warp.sync and at fences; a barrier of the block brings all clocks to one
// value. An access is ordered before another thread's if its clock is at most what the other's warp knows of that
// warp's clock: from barriers, and from atomics or volatile accesses that follow a fence (a release) and were read (an
// acquire). A fence of block scope, or an access of that scope, passes nothing on to other blocks.
#ifndef KIB_EMULATOR_EXECUTE_RACE_H
#define KIB_EMULATOR_EXECUTE_RACE_H
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "machine/execute/buffer.h"

namespace kib::emulator::ptx {

// launch 12 | block 20 | thread 10 | atomic 1 | clock 21
using Stamp = uint64_t;
constexpr uint32_t kClockBits = 21;
constexpr uint64_t kClockMask = (uint64_t{1} << kClockBits) - 1;
constexpr Stamp kAtomicStamp = Stamp{1} << kClockBits;
constexpr uint32_t kThreadShift = kClockBits + 1, kBlockShift = kThreadShift + 10, kLaunchShift = kBlockShift + 20;
constexpr uint64_t kBlockLimit = uint64_t{1} << 20;
constexpr uint32_t kLaunchLimit = 1 << 12;

inline uint32_t clock_of(Stamp s) { return static_cast<uint32_t>(s & kClockMask); }
inline uint32_t thread_of(Stamp s) { return static_cast<uint32_t>(s >> kThreadShift) & 1023; }
inline uint32_t block_of(Stamp s) { return static_cast<uint32_t>(s >> kBlockShift) & (kBlockLimit - 1); }
inline uint32_t launch_of(Stamp s) { return static_cast<uint32_t>(s >> kLaunchShift); }

// What a launch did with a granule of global memory that later accesses of it must know: the launch's number, and
// these. Only kernels that read through the non-coherent path or whose accesses have block scope keep notes.
using Note = uint16_t;
constexpr Note kNoteLaunch = kLaunchLimit - 1, kNonCoherentNote = 1 << 12, kBlockScopeNote = 1 << 13;

// Who wrote and who read the granules of some bytes last; notes only of global memory.
struct Records {
  Stamp *writers = nullptr, *readers = nullptr;
  Note* notes = nullptr;
};

// Records of global memory, a page at a time; pages are never freed.
class GlobalRecords {
 public:
  static constexpr uint64_t kPage = 1 << 16;  // bytes of device memory

  static GlobalRecords& instance();
  Records page(uint64_t address);  // of the page that holds `address`
  uint32_t begin_launch();         // its number

 private:
  std::shared_mutex mutex_;
  std::unordered_map<uint64_t, std::unique_ptr<Buffer>> pages_;
  uint32_t launch_ = 0;
};

// A host thread's way to the records.
class RecordWindow {
 public:
  explicit RecordWindow(uint32_t granule) : granule_(granule) {}
  // The records from the granule at `address` on, and how many bytes behind it lie in the same page.
  Records at(uint64_t address, uint64_t* bytes) {
    const uint64_t number = address / GlobalRecords::kPage;
    Entry& e = entries_[number % kEntries];
    if (e.number != number) e = {number, GlobalRecords::instance().page(address)};
    const uint64_t within = address % GlobalRecords::kPage;
    *bytes = GlobalRecords::kPage - within;
    const uint64_t n = within / granule_;
    return {e.records.writers + n, e.records.readers + n, e.records.notes + n};
  }

 private:
  static constexpr uint64_t kEntries = 64;
  struct Entry {
    uint64_t number = ~uint64_t{0};
    Records records;
  };
  uint32_t granule_;
  Entry entries_[kEntries];
};

// What blocks know of other blocks' clocks, passed on by released variables.
using Knowledge = std::unordered_map<uint32_t, uint32_t>;

class ReleasedVariables {
 public:
  bool any() const { return any_.load(std::memory_order_acquire); }
  void clear();
  // A block passes on its accesses up to `clock` to all blocks (0: none), and up to `own_clock` to its own threads.
  void release(uint64_t address, uint32_t block, uint32_t clock, uint32_t own_clock, const Knowledge& known);
  // Adds what the variable passes on to a block, by an access of its own scope only where `own_only`; false where it
  // passes nothing on.
  bool acquire(uint64_t address, uint32_t block, bool own_only, Knowledge* known);
  // Up to which of its clocks a block released its accesses, but only to its own threads.
  uint32_t narrow(uint32_t block);

 private:
  struct Variable {
    Knowledge all, own;
  };
  std::atomic<bool> any_{false};
  std::mutex mutex_;
  std::unordered_map<uint64_t, Variable> variables_;
  Knowledge narrow_;
};

}  // namespace kib::emulator::ptx
#endif
