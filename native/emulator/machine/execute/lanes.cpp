// Lanes of one warp that part and meet: which run first, where they become one group again, and what they then know of
// each other.
//
// A GPU may run lanes that parted at a branch one after the other for as long as it likes; only what waits for them
// (bar.warp.sync and the other _sync instructions, barriers of the block) brings them together. Here they meet again
// where they come to the same instruction, in half of the warps; in the others, as the seed has it, some of them become
// a part of their own, which goes its way alone until such an instruction, and late.
#include <algorithm>
#include <cstring>

#include "machine/execute/warp.h"

namespace kib::emulator::ptx {

// Which groups run first: of the part whose turn it is; those deeper in calls, so that they return to the others; then
// those further behind.
bool Warp::before(const Group& a, const Group& b) const {
  if (rank_[a.part] != rank_[b.part]) return rank_[a.part] < rank_[b.part];
  if (a.frame->depth != b.frame->depth) return a.frame->depth > b.frame->depth;
  return a.pc < b.pc;
}

// Of the group that has just parted in two, the new one (the last) becomes a part of its own, or not.
void Warp::part() {
  if ((random() & 1) == 0) return;
  uint32_t used = 0;
  for (const Group& g : groups_) used |= uint32_t{1} << g.part;
  const uint32_t own = static_cast<uint32_t>(__builtin_ctz(~used));
  if (own >= kParts) return;
  groups_.back().part = static_cast<uint8_t>(own);
  rank_[own] = random() & 15;
  rank_[groups_[current_].part] = random() & 15;
}

uint32_t Warp::place(uint32_t pc) const {
  const Image& image = *worker_.launch.image;
  const auto within = [&](const Frame* f) {
    const Function& function = image.functions[f->function];
    return pc >= function.first && pc < function.first + function.count;
  };
  const Frame* frame = nullptr;
  for (const Group& g : groups_) frame = g.pc == pc && within(g.frame) ? g.frame : frame;
  if (frame == nullptr && frame_ != nullptr && within(frame_)) frame = frame_;
  for (uint32_t at = pc; frame != nullptr; frame = frame->caller) {
    if (!image.of_toolkit(at)) return at;
    if (frame->caller == nullptr) break;
    at = frame->return_pc - 1;
  }
  return pc;
}

// What the lanes did is ordered before what each of them does behind it; where not all of the warp meet, only for
// those.
void Warp::meet(uint32_t lanes) {
  if (lanes == live_) {
    advance();
    return;
  }
  if (!part_met_) {
    if (!lane_clocks_) lane_clocks_.reset(new LaneClocks);
    std::memset(lane_clocks_->of, 0, sizeof lane_clocks_->of);
    part_met_ = true;
  }
  uint32_t all[32] = {};
  for (uint32_t m = 0; m < 32; ++m) {
    if (((lanes >> m) & 1) == 0) continue;
    for (uint32_t l = 0; l < 32; ++l) all[l] = std::max(all[l], lane_clocks_->of[m][l]);
    all[m] = clock;
  }
  for (uint32_t m = 0; m < 32; ++m) {
    if (((lanes >> m) & 1) != 0) std::memcpy(lane_clocks_->of[m], all, sizeof all);
  }
  ++clock;
}

void Warp::note_volatile_store(uint32_t lanes, uint64_t lowest, uint64_t highest) {
  volatile_stores_[next_volatile_store_] = {lanes, clock, lowest, highest};
  next_volatile_store_ = (next_volatile_store_ + 1) % kVolatileStores;
}

bool Warp::stored_together(uint32_t lane, uint32_t other, uint64_t address, uint32_t clock_then) const {
  const uint32_t both = uint32_t{1} << lane | uint32_t{1} << other;
  return std::any_of(std::begin(volatile_stores_), std::end(volatile_stores_), [&](const VolatileStore& s) {
    return (s.lanes & both) == both && s.clock == clock_then && s.lowest <= address && address <= s.highest;
  });
}

}  // namespace kib::emulator::ptx
