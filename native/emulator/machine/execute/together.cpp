// What the lanes of a mask do together. A group waits until all lanes of its mask that have not exited are there.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "machine/execute/matrix.h"
#include "machine/execute/warp.h"

namespace kib::emulator::ptx {
namespace {

// Operands and results of the lanes that take part, out of and into the frames they are in.
struct Words {
  alignas(64) uint32_t a[32], b[32], c[32], d[32];
  alignas(64) uint64_t wide[32];
};

bool has(uint32_t mask, uint32_t lane) { return ((mask >> lane) & 1) != 0; }

// Where lane l of a shuffle reads, and whether that is within its segment.
uint32_t shuffle_source(Together mode, uint32_t l, uint32_t b, uint32_t c, bool* valid) {
  const int lane = static_cast<int>(l), offset = static_cast<int>(b & 31), clamp = static_cast<int>(c & 31);
  const int segment = static_cast<int>((c >> 8) & 31);
  const int most = (lane & segment) | (clamp & ~segment), least = lane & segment;
  int j = lane;
  switch (mode) {
    case Together::kShflUp:
      j = lane - offset;
      *valid = j >= most;
      break;
    case Together::kShflDown:
      j = lane + offset;
      *valid = j <= most;
      break;
    case Together::kShflBfly:
      j = lane ^ offset;
      *valid = j <= most;
      break;
    default:
      j = least | (offset & ~segment);
      *valid = j <= most;
  }
  return static_cast<uint32_t>(*valid ? j : lane);
}

uint32_t reduce(Together mode, bool is_signed, const uint32_t* a, uint32_t lanes) {
  bool first = true;
  uint32_t r = 0;
  for (uint32_t l = 0; l < 32; ++l) {
    if (!has(lanes, l)) continue;
    if (first) {
      r = a[l];
      first = false;
      continue;
    }
    const bool less = is_signed ? static_cast<int32_t>(a[l]) < static_cast<int32_t>(r) : a[l] < r;
    switch (mode) {
      case Together::kReduxAdd:
        r += a[l];
        break;
      case Together::kReduxMin:
        r = less ? a[l] : r;
        break;
      case Together::kReduxMax:
        r = less ? r : a[l];
        break;
      case Together::kReduxAnd:
        r &= a[l];
        break;
      case Together::kReduxOr:
        r |= a[l];
        break;
      default:
        r ^= a[l];
    }
  }
  return r;
}

}  // namespace

// True where the current group goes on with the next instruction.
bool Warp::together(const Instruction& i, uint32_t active) {
  const uint32_t* masks = at<uint32_t>(i.f);
  const uint32_t first = static_cast<uint32_t>(__builtin_ctz(active));
  const uint32_t wait = masks[first];
  uint32_t same = active;
  if ((i.f & kBaseMask) != kConstants) {
    same = 0;
    for (uint32_t l = 0; l < 32; ++l) same |= has(active, l) && masks[l] == wait ? uint32_t{1} << l : 0;
  }
  const uint32_t outside = same & ~wait;
  if (outside != 0) {
    report(Finding::kDivergentBarrier, static_cast<uint32_t>(__builtin_ctz(outside)), 0,
           "the thread is not in the mask of the warp-wide instruction that it executes; put it in");
    stop(Outcome::kBarrier);
    return false;
  }
  Group& g = groups_[current_];
  if (same != g.mask) {  // others are elsewhere in the frame, or have another mask
    const uint32_t guarded = g.mask & ~active, other = active & ~same;
    if (guarded != 0) diverge(guarded, pc_ + 1, pc_);
    if (other != 0) diverge(other, pc_, pc_);
  }
  Group& here = groups_[current_];
  if (here.mask == (wait & live_)) {
    execute_together(i, {current_});
    if (groups_.size() == 1) return true;
    ++here.pc;
    return false;
  }
  here.state = Group::State::kTogether;
  here.wait = wait;
  complete_together();
  return false;
}

// A lane reads the register of one that does not execute the shuffle: on a GPU any value.
void Warp::report_absent(const Group& g, uint32_t lane, uint32_t source) {
  if (!launch().options.lanes) return;
  base[kFrame] = g.frame->registers;
  const std::string from = "reads the register of lane " + std::to_string(source);
  char mask[16];
  std::snprintf(mask, sizeof mask, "0x%08x", at<uint32_t>(launch().image->code[g.pc].f)[lane]);
  const bool in_mask = has(at<uint32_t>(launch().image->code[g.pc].f)[lane], source);
  const std::string why = !in_mask                 ? std::string(", which is not in the mask ") + mask
                          : !has(initial_, source) ? ", but the warp has no such thread"
                                                   : ", which has returned";
  report_at(g.pc, Finding::kAbsentLane, lane, 0,
            from + why + ": the value is undefined; let all lanes that are read execute the shuffle and be in its mask",
            true);
}

// Executes what all lanes of some mask wait at.
void Warp::complete_together() {
  const std::vector<Instruction>& code = launch().image->code;
  for (size_t n = 0; n < groups_.size(); ++n) {
    if (groups_[n].state != Group::State::kTogether) continue;
    const Group& g = groups_[n];
    const Instruction& i = code[g.pc];
    const bool sync = static_cast<Together>(i.x) == Together::kSync;
    std::vector<size_t> all;
    uint32_t lanes = 0;
    for (size_t m = 0; m < groups_.size(); ++m) {
      const Group& o = groups_[m];
      if (o.state != Group::State::kTogether || o.wait != g.wait) continue;
      const bool other_sync = static_cast<Together>(code[o.pc].x) == Together::kSync;
      if (o.pc != g.pc && !(sync && other_sync)) continue;
      all.push_back(m);
      lanes |= o.mask;
    }
    if (lanes != (g.wait & live_)) continue;
    execute_together(i, all);
    uint32_t part = kParts;
    for (size_t m : all) part = std::min<uint32_t>(part, groups_[m].part);
    for (size_t m : all) {
      groups_[m].part = static_cast<uint8_t>(part);
      groups_[m].state = Group::State::kReady;
      ++groups_[m].pc;
    }
  }
}

// All lanes of the warp, in one frame: nothing else can be done with matrices.
void Warp::execute_matrix(const Instruction& i, const std::vector<size_t>& groups) {
  const MatrixOperation& m = launch().image->matrices[i.target];
  Frame* const frame = groups_[groups[0]].frame;
  uint32_t lanes = 0;
  bool same = true;
  for (size_t n : groups) {
    lanes |= groups_[n].mask;
    same &= groups_[n].frame == frame;
  }
  const uint32_t before_pc = pc_;
  Frame* const before_frame = frame_;
  pc_ = groups_[groups[0]].pc;
  if (lanes != kAllLanes || !same) {
    report(Finding::kDivergentBarrier, static_cast<uint32_t>(__builtin_ctz(lanes)), 0,
           std::string(name(m)) + " is executed by " +
               (same ? std::to_string(__builtin_popcount(lanes)) + " lanes" : std::string("lanes of different calls")) +
               " of the warp where all 32 must do it together; launch whole warps and keep them together");
    stop(Outcome::kBarrier);
  } else {
    frame_ = frame;
    base[kFrame] = frame->registers;
    mask = lanes;
    matrix(i, *this);
  }
  pc_ = before_pc;
  frame_ = before_frame;
  base[kFrame] = before_frame->registers;
}

void Warp::execute_together(const Instruction& i, const std::vector<size_t>& groups) {
  const Together mode = static_cast<Together>(i.x);
  if (mode == Together::kSync) {
    uint32_t met = 0;
    for (size_t n : groups) met |= groups_[n].mask;
    meet(met);
    return;
  }
  if (mode == Together::kMatrix) return execute_matrix(i, groups);
  Words w;
  uint32_t lanes = 0, predicates = 0;
  std::byte* const frame = base[kFrame];
  for (size_t n : groups) {
    const Group& g = groups_[n];
    base[kFrame] = g.frame->registers;
    lanes |= g.mask;
    const auto gather = [&](Operand o, uint32_t* to) {
      if (o == kNoOperand) return;
      const uint32_t* from = at<uint32_t>(o);
      if (groups.size() == 1) {
        std::memcpy(to, from, 128);
      } else {
        for (uint32_t l = 0; l < 32; ++l) to[l] = has(g.mask, l) ? from[l] : to[l];
      }
    };
    switch (mode) {
      case Together::kVoteAll:
      case Together::kVoteAny:
      case Together::kVoteUni:
      case Together::kVoteBallot:
        predicates |= predicate(i.a) & g.mask;
        break;
      case Together::kMatchAll:
      case Together::kMatchAny:
        for (uint32_t l = 0; l < 32; ++l) {
          if (has(g.mask, l)) w.wide[l] = i.target == 8 ? at<uint64_t>(i.a)[l] : at<uint32_t>(i.a)[l];
        }
        break;
      case Together::kElect:
        break;
      default:
        gather(i.a, w.a);
        gather(i.b, w.b);
        gather(i.c, w.c);
    }
  }
  uint32_t p = 0, absent = 0;  // of the predicate result; lanes that read one that does not take part
  bool to_predicate = false;
  const auto all = [&](uint32_t value) { std::fill(std::begin(w.d), std::end(w.d), value); };
  const uint32_t leader = static_cast<uint32_t>(__builtin_ctz(lanes));
  switch (mode) {
    case Together::kShflUp:
    case Together::kShflDown:
    case Together::kShflBfly:
    case Together::kShflIdx:
      for (uint32_t l = 0; l < 32; ++l) {
        bool valid;
        const uint32_t from = shuffle_source(mode, l, w.b[l], w.c[l], &valid);
        // A lane that does not take part has no value to give: the reader keeps its own.
        w.d[l] = has(lanes, from) ? w.a[from] : w.a[l];
        absent |= has(lanes, l) && !has(lanes, from) ? uint32_t{1} << l : 0;
        p |= uint32_t{valid} << l;
      }
      break;
    case Together::kVoteAll:
      p = predicates == lanes ? lanes : 0;
      to_predicate = true;
      break;
    case Together::kVoteAny:
      p = predicates != 0 ? lanes : 0;
      to_predicate = true;
      break;
    case Together::kVoteUni:
      p = predicates == 0 || predicates == lanes ? lanes : 0;
      to_predicate = true;
      break;
    case Together::kVoteBallot:
      all(predicates);
      break;
    case Together::kMatchAny:
    case Together::kMatchAll:
      for (uint32_t l = 0; l < 32; ++l) {
        w.d[l] = 0;
        for (uint32_t m = 0; has(lanes, l) && m < 32; ++m) {
          if (has(lanes, m) && w.wide[m] == w.wide[l]) w.d[l] |= uint32_t{1} << m;
        }
      }
      if (mode == Together::kMatchAll) {
        const bool equal = w.d[leader] == lanes;
        all(equal ? lanes : 0);
        p = equal ? lanes : 0;
      }
      break;
    case Together::kElect:
      all(leader);
      p = uint32_t{1} << leader;
      break;
    default:
      all(reduce(mode, i.target != 0, w.a, lanes));
  }
  if (absent != 0) {
    const uint32_t l = static_cast<uint32_t>(__builtin_ctz(absent));
    bool valid;
    report_absent(groups_[groups[0]], l, shuffle_source(mode, l, w.b[l], w.c[l], &valid));
  }
  for (size_t n : groups) {
    const Group& g = groups_[n];
    base[kFrame] = g.frame->registers;
    mask = g.mask;
    if (to_predicate) {
      set_predicate(i.d, p);
      continue;
    }
    uint32_t* d = at<uint32_t>(i.d);
    for (uint32_t l = 0; l < 32; ++l) d[l] = has(g.mask, l) ? w.d[l] : d[l];
    if (i.e != kNoOperand) set_predicate(i.e, p);
  }
  base[kFrame] = frame;
}

// True where the current group goes on with the next instruction.
bool Warp::barrier(const Instruction& i, uint32_t active) {
  const uint32_t lane = static_cast<uint32_t>(__builtin_ctz(active));
  const uint32_t id = at<uint32_t>(i.a)[lane];
  const bool counted = i.b != kNoOperand;
  const uint32_t count = counted ? at<uint32_t>(i.b)[lane] : 0;
  if (id >= kBarriers || (counted && (count == 0 || count % 32 != 0))) {
    report(Finding::kDivergentBarrier, lane, 0,
           id >= kBarriers ? "barrier " + std::to_string(id) + " does not exist; there are 16"
                           : "a barrier of " + std::to_string(count) + " threads; the number must be a multiple of 32");
    stop(Outcome::kBarrier);
    return false;
  }
  uint32_t same = 0;
  const uint32_t* ids = at<uint32_t>(i.a);
  for (uint32_t l = 0; l < 32; ++l) same |= has(active, l) && ids[l] == id ? uint32_t{1} << l : 0;
  const uint32_t guarded = groups_[current_].mask & ~active, other = active & ~same;
  if (guarded != 0) diverge(guarded, pc_ + 1, pc_);
  if (other != 0) diverge(other, pc_, pc_);
  const bool arrive_only = static_cast<BarrierOp>(i.x) == BarrierOp::kArrive;
  Group& g = groups_[current_];
  Block::Arrival a{pc_, g.mask, id, count, i.c == kNoOperand ? 0 : predicate(i.c), counted};
  if (arrive_only) {
    ++g.pc;
    block_.arrive(*this, a);
    advance();
    return false;
  }
  g.state = Group::State::kBarrier;
  g.wait = id;
  block_.arrive(*this, a);
  return false;
}

}  // namespace kib::emulator::ptx
