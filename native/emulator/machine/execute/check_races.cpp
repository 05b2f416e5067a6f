// Races: the records of what was touched, and what orders accesses.
#include <algorithm>
#include <cstring>

#include "machine/execute/cluster.h"

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

bool of_block(const View& v, Stamp s) { return s >> kBlockShift == v.launch_and_block; }

// Whether barriers, fences and what was read order an access before what thread `thread` of the warp does now, or it is
// another launch's.
bool ordered(const View& v, Stamp s, uint32_t thread) {
  if (s == 0) return true;
  if (of_block(v, s)) {
    const uint32_t other = thread_of(s), clock = clock_of(s);
    return other == thread || clock <= v.warp.known[other / 32] ||
           (other / 32 == v.warp.index() && v.warp.met_since(thread % 32, other % 32, clock));
  }
  if (launch_of(s) != v.launch) return true;
  const Cluster* cluster = v.block.cluster();
  const int rank = cluster == nullptr ? -1 : cluster->rank_of(block_of(s));
  if (rank >= 0 && cluster->orders(v.warp, rank, thread_of(s), clock_of(s))) return true;
  if (v.shared && rank < 0) return true;
  const auto known = v.block.known.find(block_of(s));
  return known != v.block.known.end() && clock_of(s) <= known->second;
}

std::string who(const View& v, Stamp s) {
  const Dim3 thread = v.block.thread(thread_of(s));
  std::string text =
      "thread (" + std::to_string(thread.x) + "," + std::to_string(thread.y) + "," + std::to_string(thread.z) + ")";
  if (of_block(v, s)) return text + " of the same block";
  const Dim3 grid = const_cast<Block&>(v.block).launch().launch->grid;
  const uint64_t b = block_of(s);
  return text + " of block (" + std::to_string(b % grid.x) + "," + std::to_string(b / grid.x % grid.y) + "," +
         std::to_string(b / grid.x / grid.y) + ")";
}

std::string bytes_of(const Touch& t) { return std::to_string(t.bytes) + " bytes"; }

Finding race(const View& v) { return v.shared ? Finding::kSharedRace : Finding::kGlobalRace; }

void found_race(const Touch& t, const View& v, uint32_t lane, Stamp other, const char* did) {
  std::string what = std::string(t.write ? "writes " : "reads ") + bytes_of(t) + " that " + who(v, other) + " " + did +
                     " with " +
                     (!v.shared            ? "neither a barrier nor a fence and an atomic between; order them"
                      : of_block(v, other) ? "no barrier between; order them"
                                           : "no barrier of the cluster between; call cluster.sync()");
  if (!of_block(v, other) && t.warp.launch().released.narrow(block_of(other)) >= clock_of(other)) {
    what += ": a fence or release of block scope orders nothing for other blocks, use __threadfence()";
  }
  t.warp.report(race(v), lane, t.address[lane], std::move(what), true);
}

// One side is atomic or volatile, the other is neither, and no update can be lost: at worst the value is old.
void found_mixed(const Touch& t, const View& v, uint32_t lane, Stamp other, const char* did) {
  t.warp.report(Finding::kMixed, lane, t.address[lane],
                std::string(t.strong ? "atomically " : "plainly ") + (t.write ? "writes " : "reads ") + bytes_of(t) +
                    " that " + who(v, other) + " " + did +
                    " with no order between: the value may be old; put a barrier between, or make the plain access " +
                    "volatile or a relaxed atomic",
                true);
}

void found_lockstep(const Touch& t, const View& v, uint32_t lane, Stamp other) {
  t.warp.report(
      race(v), lane, t.address[lane],
      "reads " + bytes_of(t) + " that " + who(v, other) +
          ", a lane of the same warp, stored with no __syncwarp() between: volatile does not keep lanes in step; put "
          "__syncwarp() between",
      true);
}

void found_scope(const Touch& t, const View& v, uint32_t lane, Stamp other) {
  const bool mine = t.access != nullptr && t.access->block_scope;
  t.warp.report(Finding::kScope, lane, t.address[lane],
                std::string(mine ? "accesses " : "accesses atomically ") + bytes_of(t) +
                    (mine ? " atomically, but of block scope, that " : " that ") + who(v, other) +
                    (mine ? " accesses atomically, too" : " or its block accesses with block scope") +
                    ": the two are not atomic towards each other; use device scope, atomicAdd() and not "
                    "atomicAdd_block(), cuda::thread_scope_device",
                true);
}

void found_non_coherent(const Touch& t, uint32_t lane) {
  t.warp.report(Finding::kNonCoherent, lane, t.address[lane],
                t.write
                    ? "writes " + bytes_of(t) +
                          " that the same launch read through the non-coherent path (ld.global.nc: __ldg() or const "
                          "__restrict__), which must stay as they are until it ends; write elsewhere, or read plainly"
                    : "reads through the non-coherent path (ld.global.nc: __ldg() or const __restrict__) " +
                          bytes_of(t) + " that the same launch wrote, and may get old ones; read them plainly",
                true);
}

bool strong(Stamp s) { return (s & kAtomicStamp) != 0; }

// An access that what was recorded is not ordered before, and that touches the same granule. `other_wrote`: what is
// recorded is a write.
void conflict(const Touch& t, const View& v, uint32_t lane, Stamp other, bool other_wrote, Note note) {
  const char* did =
      strong(other) ? (other_wrote ? "changed atomically" : "read atomically") : (other_wrote ? "wrote" : "read");
  if (t.strong && strong(other)) {
    const bool narrow = (t.access != nullptr && t.access->block_scope) || (note & kBlockScopeNote) != 0;
    if (!of_block(v, other)) {
      if (narrow) found_scope(t, v, lane, other);
      return;
    }
    const uint32_t from = thread_of(other);
    if (!t.write && t.access != nullptr && t.access->is_volatile && from / 32 == v.warp.index() &&
        v.warp.stored_together(lane, from % 32, t.address[lane], clock_of(other)))
      found_lockstep(t, v, lane, other);
    return;
  }
  if (t.strong == strong(other) || (t.write && other_wrote)) {
    found_race(t, v, lane, other, did);
  } else if (t.warp.launch().options.mixed) {
    found_mixed(t, v, lane, other, did);
  }
}

// What the launch has noted of a granule; and what it must know from now on.
Note noted(const Touch& t, const View& v, Note* note) {
  if ((*note & kNoteLaunch) != v.launch) *note = static_cast<Note>(v.launch);
  const Note before = *note;
  if (t.access != nullptr && t.access->non_coherent) *note |= kNonCoherentNote;
  if (t.access != nullptr && t.access->strong && t.access->block_scope) *note |= kBlockScopeNote;
  return before;
}

// One lane's granules. A write of what is there already changes nothing and is no finding.
void check_lane(Touch& t, const View& v, uint32_t lane, const Records& r, uint32_t granules, Stamp stamp) {
  const uint32_t thread = t.warp.index() * 32 + lane;
  const bool notes = !v.shared && t.warp.launch().notes;
  const bool non_coherent = notes && t.access != nullptr && t.access->non_coherent;
  for (uint32_t g = 0; g < granules; ++g) {
    const Stamp writer = r.writers[g], reader = r.readers[g];
    const bool same_value =
        t.data != nullptr && std::memcmp(t.host[lane], t.data + size_t{lane} * t.bytes, t.bytes) == 0;
    const Note note = notes ? noted(t, v, &r.notes[g]) : Note{0};
    const bool stale = non_coherent ? launch_of(writer) == v.launch : t.write && (note & kNonCoherentNote) != 0;
    if (stale) {
      found_non_coherent(t, lane);
    } else if (!ordered(v, writer, thread) && !(t.write && same_value)) {
      conflict(t, v, lane, writer, true, note);
    }
    if (t.write) {
      if (!stale && !ordered(v, reader, thread) && !same_value) conflict(t, v, lane, reader, false, note);
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

// Notes of a warp's granules, one behind the other, of an access that is not strong: whether none needs a closer look;
// then it is noted what was read through the non-coherent path.
bool note_all(const Touch& t, const Records& r, uint32_t granules, uint32_t launch) {
  uint32_t bad = 0;
  if (t.access != nullptr && t.access->non_coherent) {
    for (uint32_t g = 0; g < granules; ++g) bad |= launch_of(r.writers[g]) == launch ? 1 : 0;
    if (bad != 0) return false;
    for (uint32_t g = 0; g < granules; ++g) {
      const Note n = r.notes[g];
      r.notes[g] = static_cast<Note>(((n & kNoteLaunch) == launch ? n : launch) | kNonCoherentNote);
    }
  } else if (t.write) {
    const Note wrong = static_cast<Note>(launch | kNonCoherentNote);
    for (uint32_t g = 0; g < granules; ++g) bad |= (r.notes[g] & (kNoteLaunch | kNonCoherentNote)) == wrong ? 1 : 0;
  }
  return bad == 0;
}

// A volatile store of several lanes to places of their own.
void note_volatile(const Touch& t) {
  if (t.uniform) return;
  uint64_t lowest = ~uint64_t{0}, highest = 0;
  for (uint32_t l = 0; l < 32; ++l) {
    if (((t.mask >> l) & 1) == 0) continue;
    lowest = std::min(lowest, t.address[l]);
    highest = std::max(highest, t.address[l] + t.bytes - 1);
  }
  t.warp.note_volatile_store(t.mask, lowest, highest);
}

}  // namespace

void check_races(Touch& t) {
  Warp& w = t.warp;
  Block& block = w.block();
  const LaunchState& launch = w.launch();
  const bool shared = t.space == Space::kShared;
  // What the system reserves is for code of the system's, which relies on more than PTX promises.
  if (shared && t.address[__builtin_ctz(t.mask)] - kReservedShared < kReservedBytes) return;
  const uint32_t granule = shared ? launch.granule_shared : launch.granule_global;
  const uint64_t upper = uint64_t{launch.number} << 20 | (block.index() & (kBlockLimit - 1));
  const View v{w, block, upper, launch.number, shared};
  const Stamp base = upper << kBlockShift | (t.strong ? kAtomicStamp : 0) | w.clock;
  const uint32_t granules = std::max<uint32_t>(t.bytes / granule, 1);
  if (t.contiguous && !t.strong) {
    uint64_t left = ~uint64_t{0};
    const Records r = shared ? t.owner->shared_records(t.address[0]) : w.worker().records.at(t.address[0], &left);
    const Stamp first = base | Stamp{w.index()} * 32 << kThreadShift;
    const uint32_t log_granules = static_cast<uint32_t>(__builtin_ctz(granules));
    if (left >= 32 * uint64_t{t.bytes} && (shared || !launch.notes || note_all(t, r, 32 * granules, launch.number)) &&
        stamp_all(r.writers, t.write ? r.readers : r.writers, t.write ? r.writers : r.readers, 32 * granules,
                  log_granules, first, w.floor)) {
      return;
    }
  }
  if (t.write && t.access != nullptr && t.access->is_volatile) note_volatile(t);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((t.mask >> l) & 1) == 0) continue;
    uint64_t left;
    const Records r = shared ? t.owner->shared_records(t.address[l]) : w.worker().records.at(t.address[l], &left);
    check_lane(t, v, l, r, granules, base | Stamp{w.index() * 32 + l} << kThreadShift);
  }
}

void release(Warp& warp, uint64_t address, const Access& access) {
  if (access.release) {
    (access.block_scope ? warp.block_fence_clock : warp.fence_clock) = warp.clock;
    ++warp.clock;
  }
  const uint32_t own = std::max(warp.fence_clock, warp.block_fence_clock);
  if (own == 0) return;
  warp.launch().released.release(address, warp.block().index(), access.block_scope ? 0 : warp.fence_clock, own,
                                 warp.block().known);
}

void acquire(Warp& warp, uint64_t address, const Access& access) {
  LaunchState& launch = warp.launch();
  if (!launch.released.any()) return;
  Block& block = warp.block();
  if (!launch.released.acquire(address, block.index(), access.block_scope, &block.known)) return;
  const auto own = block.known.find(block.index());
  if (own == block.known.end()) return;
  for (uint32_t& clock : warp.known) clock = std::max(clock, own->second);
  warp.known[warp.index()] = std::min(warp.known[warp.index()], warp.clock - 1);
  warp.set_floor();
}

// A fence orders a thread's own accesses; lanes of a warp still have to meet.
void fence(const Instruction& i, Warp& w) {
  if (!w.launch().options.races) return;
  (i.x != 0 ? w.block_fence_clock : w.fence_clock) = w.clock;
  ++w.clock;
}

}  // namespace kib::emulator::ptx
