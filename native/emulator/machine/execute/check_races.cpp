// Races: the records of what was touched, and what orders accesses.
#include <algorithm>
#include <cstring>

#include "machine/execute/access.h"

namespace kib::emulator::ptx {
namespace {

// What a warp's accesses are compared with.
struct View {
  const Warp& warp;
  const Block& block;
  uint64_t launch_and_block;  // a stamp's upper part
  uint32_t launch;
  bool shared;
};

// Whether an access is ordered before what thread `thread` of the warp does now, or does not matter.
bool ordered(const View& v, Stamp s, uint32_t thread, bool strong) {
  if (s == 0) return true;
  if (s >> kBlockShift == v.launch_and_block) {
    const uint32_t other = thread_of(s);
    return other == thread || clock_of(s) <= v.warp.known[other / 32] || (strong && (s & kAtomicStamp) != 0);
  }
  if (v.shared || launch_of(s) != v.launch) return true;
  if (strong && (s & kAtomicStamp) != 0) return true;
  const auto known = v.block.known.find(block_of(s));
  return known != v.block.known.end() && clock_of(s) <= known->second;
}

std::string who(const View& v, Stamp s) {
  const Dim3 thread = v.block.thread(thread_of(s));
  std::string text =
      "thread (" + std::to_string(thread.x) + "," + std::to_string(thread.y) + "," + std::to_string(thread.z) + ")";
  if (s >> kBlockShift == v.launch_and_block) return text + " of the same block";
  const Dim3 grid = const_cast<Block&>(v.block).launch().launch->grid;
  const uint64_t b = block_of(s);
  return text + " of block (" + std::to_string(b % grid.x) + "," + std::to_string(b / grid.x % grid.y) + "," +
         std::to_string(b / grid.x / grid.y) + ")";
}

void found(const Touch& t, const View& v, uint32_t lane, Stamp other, const char* did) {
  t.warp.report(v.shared ? Finding::kSharedRace : Finding::kGlobalRace, lane, t.address[lane],
                std::string(t.write ? "writes " : "reads ") + std::to_string(t.bytes) + " bytes that " + who(v, other) +
                    " " + did + " with " + (v.shared ? "no barrier" : "neither a barrier nor a fence and an atomic") +
                    " between; order them",
                true);
}

// One lane's granules. A write of what is there already changes nothing and is no finding.
void check_lane(Touch& t, const View& v, uint32_t lane, const Records& r, uint32_t granules, Stamp stamp) {
  const uint32_t thread = t.warp.index() * 32 + lane;
  for (uint32_t g = 0; g < granules; ++g) {
    const Stamp writer = r.writers[g], reader = r.readers[g];
    const bool same_value =
        t.data != nullptr && std::memcmp(t.host[lane], t.data + size_t{lane} * t.bytes, t.bytes) == 0;
    if (!ordered(v, writer, thread, t.strong) && !(t.write && same_value)) found(t, v, lane, writer, "wrote");
    if (t.write) {
      if (!ordered(v, reader, thread, t.strong) && !same_value) found(t, v, lane, reader, "read");
      r.writers[g] = stamp;
    } else {
      r.readers[g] = stamp;
    }
  }
  // The next lane compares what it writes with what this one did.
  if (t.data != nullptr) std::memcpy(t.host[lane], t.data + size_t{lane} * t.bytes, t.bytes);
}

// All 32 lanes, one behind the other: whether no granule needs a closer look; then they are stamped.
__attribute__((target_clones("avx512f", "avx2", "default"))) bool stamp_all(const Stamp* writers, const Stamp* readers,
                                                                            Stamp* to, uint32_t granules,
                                                                            uint32_t log_granules, Stamp first,
                                                                            uint64_t floor) {
  const uint64_t block = first >> kBlockShift, launch = first >> kLaunchShift;
  uint64_t bad = 0;
  for (uint32_t g = 0; g < granules; ++g) {
    const Stamp mine = first + (Stamp{g >> log_granules} << kThreadShift);
    const Stamp w = writers[g], r = readers[g];
    const uint64_t w_block = (w >> kBlockShift) ^ block, r_block = (r >> kBlockShift) ^ block;
    const uint64_t w_ok =
        ((w >> kLaunchShift) != launch) |
        ((w_block == 0) & (((w & kClockMask) <= floor) | ((w >> kThreadShift) == (mine >> kThreadShift))));
    const uint64_t r_ok =
        ((r >> kLaunchShift) != launch) |
        ((r_block == 0) & (((r & kClockMask) <= floor) | ((r >> kThreadShift) == (mine >> kThreadShift))));
    bad |= (w_ok & r_ok) ^ 1;
  }
  if (bad != 0) return false;
  for (uint32_t g = 0; g < granules; ++g) to[g] = first + (Stamp{g >> log_granules} << kThreadShift);
  return true;
}

}  // namespace

void check_races(Touch& t) {
  Warp& w = t.warp;
  Block& block = w.block();
  const LaunchState& launch = w.launch();
  const bool shared = t.space == Space::kShared;
  const uint32_t granule = shared ? launch.granule_shared : launch.granule_global;
  const uint64_t upper = uint64_t{launch.number} << 20 | (block.index() & (kBlockLimit - 1));
  const View v{w, block, upper, launch.number, shared};
  const Stamp base = upper << kBlockShift | (t.strong ? kAtomicStamp : 0) | w.clock;
  const uint32_t granules = std::max<uint32_t>(t.bytes / granule, 1);
  if (t.contiguous && !t.strong) {
    uint64_t left = ~uint64_t{0};
    const Records r = shared ? block.shared_records(t.address[0]) : w.worker().records.at(t.address[0], &left);
    const Stamp first = base | Stamp{w.index()} * 32 << kThreadShift;
    const uint32_t log_granules = static_cast<uint32_t>(__builtin_ctz(granules));
    if (left >= 32 * uint64_t{t.bytes} &&
        stamp_all(r.writers, t.write ? r.readers : r.writers, t.write ? r.writers : r.readers, 32 * granules,
                  log_granules, first, w.floor)) {
      return;
    }
  }
  for (uint32_t l = 0; l < 32; ++l) {
    if (((t.mask >> l) & 1) == 0) continue;
    uint64_t left;
    const Records r = shared ? block.shared_records(t.address[l]) : w.worker().records.at(t.address[l], &left);
    check_lane(t, v, l, r, granules, base | Stamp{w.index() * 32 + l} << kThreadShift);
  }
}

void release(Warp& warp, uint64_t address, bool fenced_here) {
  if (fenced_here) {
    warp.fence_clock = warp.clock;
    warp.advance();
  }
  if (warp.fence_clock == 0) return;
  warp.launch().released.release(address, warp.block().index(), warp.fence_clock, warp.block().known);
}

void acquire(Warp& warp, uint64_t address) {
  LaunchState& launch = warp.launch();
  if (!launch.released.any()) return;
  Block& block = warp.block();
  if (!launch.released.acquire(address, &block.known)) return;
  const auto own = block.known.find(block.index());
  if (own == block.known.end()) return;
  for (uint32_t& clock : warp.known) clock = std::max(clock, own->second);
  warp.known[warp.index()] = std::min(warp.known[warp.index()], warp.clock - 1);
  warp.set_floor();
}

void fence(const Instruction&, Warp& w) {
  if (!w.launch().options.races) return;
  w.fence_clock = w.clock;
  w.advance();
}

}  // namespace kib::emulator::ptx
