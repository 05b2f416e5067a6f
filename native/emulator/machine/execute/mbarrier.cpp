// mbarriers: phases that end when all arrivals and all bytes that are expected have come.
#include <algorithm>
#include <cstring>

#include "machine/execute/access.h"
#include "machine/execute/async_proxy.h"

namespace kib::emulator::ptx {
namespace {

// The 64 bits: arrivals of each phase, arrivals that are missing, bytes that are missing, phase, mark.
constexpr uint32_t kPendingShift = 20, kBytesShift = 40, kPhaseShift = 61, kMarkShift = 62;
constexpr uint64_t kCount = (1 << 20) - 1, kBytesMask = (1 << 21) - 1, kNoBytes = 1 << 20, kMark = 1;

struct Fields {
  uint64_t expected, pending;
  int64_t bytes;
  uint64_t phase;
};

Fields fields(uint64_t word) {
  return {word & kCount, word >> kPendingShift & kCount,
          static_cast<int64_t>(word >> kBytesShift & kBytesMask) - static_cast<int64_t>(kNoBytes),
          word >> kPhaseShift & 1};
}

uint64_t packed(const Fields& f) {
  return f.expected | f.pending << kPendingShift |
         (static_cast<uint64_t>(f.bytes + static_cast<int64_t>(kNoBytes)) & kBytesMask) << kBytesShift |
         f.phase << kPhaseShift | kMark << kMarkShift;
}

void shared_addresses(const Access& a, const Warp& w, uint64_t* out) {
  addresses(a, w, out);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) != 0 && space_of(out[l]) == Space::kShared) out[l] -= kSharedWindow;
    if (out[l] >> kClusterShift == uint64_t{const_cast<Warp&>(w).block().rank()} + 1) {
      out[l] &= (uint64_t{1} << kClusterShift) - 1;
    }
  }
}

}  // namespace

void AsyncProxy::start() {
  mbarriers_.clear();
  stores_.clear();
  fenced_.clear();
  by_copies_.clear();
}

// The mbarrier's word; null after a report.
uint64_t* AsyncProxy::word(Warp& warp, uint32_t lane, uint64_t address, bool initialised) {
  if (address % 8 != 0) {
    warp.report(Finding::kMisaligned, lane, address, "an mbarrier at an address that is no multiple of 8; align it");
    warp.stop(Outcome::kMisaligned);
    return nullptr;
  }
  if (address >> kClusterShift != 0) {
    warp.report(Finding::kUnsupported, lane, address,
                "an mbarrier of another block of the cluster is not emulated; use cluster.sync()");
    warp.stop(Outcome::kUnsupported);
    return nullptr;
  }
  if (!block_.in_shared(address, 8)) {
    warp.report(Finding::kOutOfBounds, lane, address,
                "an mbarrier outside the " + block_.shared_extent() + "; check its address");
    warp.stop(Outcome::kIllegalAddress);
    return nullptr;
  }
  auto* word = reinterpret_cast<uint64_t*>(block_.shared() + address);
  if (initialised && *word >> kMarkShift != kMark) {
    warp.report(Finding::kUninitialised, lane, address,
                "no mbarrier was initialised there, or something else was written over it; let one thread execute "
                "mbarrier.init, and all wait for that at a barrier");
    warp.stop(Outcome::kTrap);
    return nullptr;
  }
  return word;
}

AsyncProxy::Mbarrier& AsyncProxy::state(uint64_t address) {
  Mbarrier& m = mbarriers_[address];
  m.arriving.resize(block_.warps().size());
  m.completed.resize(block_.warps().size());
  return m;
}

// What the warp did so far is ordered before what those that wait for the phase do behind it.
void AsyncProxy::release(Mbarrier& m, Warp& warp) {
  for (size_t o = 0; o < m.arriving.size(); ++o) m.arriving[o] = std::max(m.arriving[o], warp.known[o]);
  m.arriving[warp.index()] = std::max(m.arriving[warp.index()], warp.clock);
}

// Ends the phase where nothing is missing.
bool AsyncProxy::complete(Mbarrier& m, uint64_t* word) {
  Fields f = fields(*word);
  if (f.pending != 0 || f.bytes != 0) return false;
  f.phase ^= 1;
  f.pending = f.expected;
  *word = packed(f);
  m.completed = m.arriving;
  block_.worker().progressed = true;
  return true;
}

// Lets the bytes on their way arrive, where they are all that the phase still waits for.
bool AsyncProxy::deliver(Mbarrier& m, uint64_t* word) {
  Fields f = fields(*word);
  int64_t bytes = 0;
  for (const Transfer& t : m.transfers) bytes += t.bytes;
  if (f.pending != m.async_arrivals || f.bytes != bytes || (m.transfers.empty() && m.async_arrivals == 0)) return false;
  for (Transfer& t : m.transfers) {
    std::memcpy(t.to, t.from, t.bytes);
    std::memcpy(t.to_written, t.from_written, t.bytes);
  }
  for (const auto& batch : m.batches) batch->arrive(block_.worker());
  m.transfers.clear();
  m.batches.clear();
  m.async_arrivals = 0;
  f.pending = 0;
  f.bytes = 0;
  *word = packed(f);
  return complete(m, word);
}

bool AsyncProxy::arrive(const Instruction& i, Warp& warp, uint32_t lane, Mbarrier& m, uint64_t* word) {
  const auto op = static_cast<MbarrierOp>(i.x);
  const bool expects = op == MbarrierOp::kArriveExpect || op == MbarrierOp::kDropExpect;
  const bool drops = op == MbarrierOp::kDrop || op == MbarrierOp::kDropExpect;
  const uint64_t operand = i.a == kNoOperand ? 1 : warp.at<uint32_t>(i.a)[lane], count = expects ? 1 : operand;
  Fields f = fields(*word);
  if (i.d != kNoOperand) warp.at<uint64_t>(i.d)[lane] = *word;
  if (f.pending < count + m.async_arrivals) {
    warp.report(Finding::kDivergentBarrier, lane, 0,
                "arrives at an mbarrier more often than the " + std::to_string(f.expected) +
                    " times that its phase expects; give mbarrier.init the number of arrivals");
    warp.stop(Outcome::kBarrier);
    return false;
  }
  if (expects) f.bytes += static_cast<int64_t>(operand);
  f.pending -= count;
  if (drops) f.expected -= std::min(f.expected, count);
  *word = packed(f);
  release(m, warp);
  block_.worker().progressed = true;
  complete(m, word);
  return true;
}

bool AsyncProxy::mbarrier(const Instruction& i, Warp& warp, uint32_t lane, uint64_t address) {
  const auto op = static_cast<MbarrierOp>(i.x);
  uint64_t* const at = word(warp, lane, address, op != MbarrierOp::kInit);
  if (at == nullptr) return false;
  if (op == MbarrierOp::kInit) {
    const uint64_t count = warp.at<uint32_t>(i.a)[lane];
    if (count == 0 || count > kCount) {
      warp.report(Finding::kBadArgument, lane, address,
                  "an mbarrier for " + std::to_string(count) + " arrivals; give it 1 to 1048575");
      warp.stop(Outcome::kTrap);
      return false;
    }
    mbarriers_.erase(address);
    *at = packed({count, count, 0, 0});
    std::memset(block_.shared_written() + address, 0xff, 8);
    block_.worker().progressed = true;
    return true;
  }
  Mbarrier& m = state(address);
  Fields f = fields(*at);
  switch (op) {
    case MbarrierOp::kInvalidate:
      *at = 0;
      mbarriers_.erase(address);
      return true;
    case MbarrierOp::kExpect:
    case MbarrierOp::kComplete: {
      const auto bytes = static_cast<int64_t>(warp.at<uint32_t>(i.a)[lane]);
      f.bytes += op == MbarrierOp::kExpect ? bytes : -bytes;
      *at = packed(f);
      block_.worker().progressed = true;
      complete(m, at);
      return true;
    }
    case MbarrierOp::kAsyncArrive:
      ++f.pending;
      *at = packed(f);
      [[fallthrough]];
    case MbarrierOp::kAsyncArriveNoIncrement:
      if (f.pending < m.async_arrivals + 1) {
        warp.report(Finding::kDivergentBarrier, lane, address, "arrives at an mbarrier more often than it expects");
        warp.stop(Outcome::kBarrier);
        return false;
      }
      ++m.async_arrivals;
      release(m, warp);
      for (const auto& batch : warp.batches()) m.batches.push_back(batch);
      return true;
    case MbarrierOp::kTest: {
      const uint64_t waited =
          i.e != kNoOperand ? warp.at<uint32_t>(i.a)[lane] & 1 : warp.at<uint64_t>(i.a)[lane] >> kPhaseShift & 1;
      bool over = f.phase != waited;
      if (!over && deliver(m, at)) over = fields(*at).phase != waited;
      uint32_t& p = *warp.at<uint32_t>(i.d);
      p = (p & ~(uint32_t{1} << lane)) | uint32_t{over} << lane;
      if (!over) {
        warp.yield();
        return true;
      }
      for (size_t o = 0; o < m.completed.size(); ++o) {
        if (o != warp.index()) warp.known[o] = std::max(warp.known[o], m.completed[o]);
      }
      warp.set_floor();
      return true;
    }
    default:
      return arrive(i, warp, lane, m, at);
  }
}

void mbarrier(const Instruction& i, Warp& w) {
  uint64_t address[32];
  shared_addresses(w.launch().image->accesses[i.target], w, address);
  const auto op = static_cast<MbarrierOp>(i.x);
  if (op == MbarrierOp::kAsyncArrive || op == MbarrierOp::kAsyncArriveNoIncrement) w.close_batch();
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) != 0 && !w.block().async_proxy().mbarrier(i, w, l, address[l])) return;
  }
  if (op != MbarrierOp::kTest) w.advance();
}

void pending_count(const Instruction& i, Warp& w) {
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    w.at<uint32_t>(i.d)[l] = static_cast<uint32_t>(fields(w.at<uint64_t>(i.a)[l]).pending);
  }
}

// d: no register. Three accesses: to, from, mbarrier; a: bytes.
void bulk_load(const Instruction& i, Warp& w) {
  const Access* a = &w.launch().image->accesses[i.target];
  uint64_t to[32], from[32], mbarrier[32];
  shared_addresses(a[0], w, to);
  addresses(a[1], w, from);
  shared_addresses(a[2], w, mbarrier);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    if (!w.block().async_proxy().load(w, l, to[l], from[l], w.at<uint32_t>(i.a)[l], mbarrier[l])) return;
  }
  w.advance();
}

void bulk_store(const Instruction& i, Warp& w) {
  const Access* a = &w.launch().image->accesses[i.target];
  uint64_t to[32], from[32];
  addresses(a[0], w, to);
  shared_addresses(a[1], w, from);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    if (!w.block().async_proxy().store(w, l, to[l], from[l], w.at<uint32_t>(i.a)[l])) return;
  }
  w.advance();
}

void bulk_commit(const Instruction&, Warp& w) {
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) != 0) w.block().async_proxy().commit(w, l);
  }
}

void bulk_wait(const Instruction& i, Warp& w) {
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) != 0) w.block().async_proxy().wait(w, l, i.x, i.target != 0);
  }
}

void proxy_fence(const Instruction&, Warp& w) { w.block().async_proxy().fence(w); }

}  // namespace kib::emulator::ptx
