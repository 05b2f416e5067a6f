// A block's barriers, and the order in which its warps run.
#include <algorithm>
#include <cstring>
#include <random>

#include "machine/execute/async_proxy.h"
#include "machine/execute/cluster.h"

namespace kib::emulator::ptx {
namespace {

// Instructions of a function that can run behind one of its instructions.
std::vector<bool> reachable(const Image& image, uint32_t pc) {
  std::vector<bool> seen(image.code.size());
  std::vector<uint32_t> todo{pc + 1};
  while (!todo.empty()) {
    const uint32_t at = todo.back();
    todo.pop_back();
    if (at >= image.code.size() || seen[at]) continue;
    seen[at] = true;
    const Instruction& i = image.code[at];
    const bool always = i.guard == kNoOperand;
    if (i.kind == Kind::kBranch) todo.push_back(i.target);
    if (i.kind == Kind::kIndexed) {
      for (uint32_t target : image.branch_targets[i.target]) todo.push_back(target);
    }
    const bool ends =
        i.kind == Kind::kBranch || i.kind == Kind::kIndexed || i.kind == Kind::kExit || i.kind == Kind::kReturn;
    if (!ends || !always) todo.push_back(at + 1);
  }
  return seen;
}

}  // namespace

Block::Block(Worker& worker) : worker_(worker) {
  const LaunchState& launch = worker.launch;
  const KernelImage& kernel = *launch.kernel;
  module_end_ = launch.image->module_shared_bytes;
  kernel_end_ = kKernelShared + kernel.function().shared_bytes;
  dynamic_end_ = kDynamicShared + launch.launch->dynamic_shared_bytes;
  reserved_end_ = kReservedShared + (launch.image->reserved_shared ? kReservedBytes : 0);
  const size_t bytes = dynamic_end_ + 64;
  shared_.reset(new Buffer(bytes));
  shared_written_.reset(new Buffer(bytes));
  shared_granules_ = bytes / launch.granule_shared + 1;
  if (launch.options.races) shared_records_.reset(new Buffer(2 * shared_granules_ * sizeof(Stamp)));
  for (uint32_t w = 0; w < launch.warps_in_block; ++w) warps_.emplace_back(new Warp(*this, worker, w));
  order_.resize(warps_.size());
  for (Barrier& b : barriers_) {
    b.arrived.resize(warps_.size());
    b.clocks.resize(warps_.size());
  }
}

Block::~Block() = default;

AsyncProxy& Block::async_proxy() {
  if (!async_proxy_) async_proxy_.reset(new AsyncProxy(*this));
  return *async_proxy_;
}

void Block::start(uint64_t index, Cluster* cluster, uint32_t rank) {
  cluster_ = cluster;
  rank_ = rank;
  const Dim3 grid = launch().launch->grid;
  index_ = static_cast<uint32_t>(index);
  coordinates_ = {static_cast<uint32_t>(index % grid.x), static_cast<uint32_t>(index / grid.x % grid.y),
                  static_cast<uint32_t>(index / grid.x / grid.y)};
  std::memset(shared_written(), 0, module_end_);
  std::memset(shared_written() + kKernelShared, 0, kernel_end_ - kKernelShared);
  std::memset(shared_written() + kDynamicShared, 0, dynamic_end_ - kDynamicShared);
  // Who runs here may find what others left, and takes it for nothing else.
  std::memset(shared_written() + kReservedShared, 0xff, reserved_end_ - kReservedShared);
  // No block sees what another left: which one that was depends on the threads of the host.
  std::memset(shared(), 0xff, module_end_);
  std::memset(shared() + kKernelShared, 0xff, kernel_end_ - kKernelShared);
  std::memset(shared() + kDynamicShared, 0xff, dynamic_end_ - kDynamicShared);
  std::memset(shared() + kReservedShared, 0, reserved_end_ - kReservedShared);
  for (Barrier& b : barriers_) {
    std::fill(b.arrived.begin(), b.arrived.end(), 0);
    std::fill(b.clocks.begin(), b.clocks.end(), 0);
    b.lanes = b.popc = 0;
    b.all = true;
    b.any = false;
  }
  if (async_proxy_) async_proxy_->start();
  known.clear();
  idle_ = clock_ = 0;
  live_ = static_cast<uint32_t>(launch().launch->block.count());
  for (size_t w = 0; w < warps_.size(); ++w) {
    warps_[w]->start();
    order_[w] = static_cast<uint32_t>(w);
  }
  std::mt19937_64 random(launch().options.seed * 0x9e3779b97f4a7c15 + index + 1);
  std::shuffle(order_.begin(), order_.end(), random);
}

Dim3 Block::thread(uint32_t linear) const {
  const Dim3 size = worker_.launch.launch->block;
  return {linear % size.x, linear / size.x % size.y, linear / size.x / size.y};
}

Block::Slice Block::run_slice(uint32_t budget) {
  bool waiting = true, done = true;
  for (uint32_t w : order_) {
    const Warp::Status status = warps_[w]->run(budget);
    if (launch().stopped()) return Slice::kEnded;
    done &= status == Warp::Status::kDone;
    waiting &= status != Warp::Status::kRunning;
  }
  if (done) {
    if (async_proxy_) async_proxy_->ended();
    if (cluster_ != nullptr) cluster_->block_ended(*this);
    return Slice::kEnded;
  }
  if (waiting) {
    bool ready = false, suspended = false;
    for (const auto& w : warps_) {
      for (const Group& g : w->groups()) {
        ready |= g.state == Group::State::kReady;
        suspended |= g.state == Group::State::kGrids || g.state == Group::State::kCluster;
      }
    }
    if (!ready && suspended) {
      clock_ += worker_.executed;
      launch().executed += worker_.executed;
      if (worker_.progressed) launch().idle = 0;
      worker_.executed = 0;
      worker_.progressed = false;
      return Slice::kSuspended;
    }
    if (!ready) {
      deadlock();
      return Slice::kEnded;
    }
  }
  return go_on();
}

bool Block::ready() const {
  return std::any_of(warps_.begin(), warps_.end(), [](const auto& w) {
    return std::any_of(w->groups().begin(), w->groups().end(),
                       [](const Group& g) { return g.state == Group::State::kReady; });
  });
}

bool Block::is_complete(const Barrier& b) const {
  if (!b.counted) return b.lanes == live_;
  uint32_t lanes = 0;
  for (size_t w = 0; w < warps_.size(); ++w) {
    const uint32_t arrived = b.arrived[w];
    const bool whole = arrived != 0 && (arrived & warps_[w]->live()) == warps_[w]->live();
    lanes += whole ? 32 : static_cast<uint32_t>(__builtin_popcount(arrived));
  }
  return lanes >= b.count;
}

bool Block::arrive(Warp& warp, const Arrival& a) {
  Barrier& b = barriers_[a.id];
  b.counted = a.counted;
  b.count = a.count;
  b.pc = a.pc;
  b.arrived[warp.index()] |= a.lanes;
  b.lanes += static_cast<uint32_t>(__builtin_popcount(a.lanes));
  b.popc += static_cast<uint32_t>(__builtin_popcount(a.predicate & a.lanes));
  b.all &= (a.predicate & a.lanes) == a.lanes;
  b.any |= (a.predicate & a.lanes) != 0;
  for (size_t w = 0; w < warps_.size(); ++w) b.clocks[w] = std::max(b.clocks[w], warp.known[w]);
  b.clocks[warp.index()] = std::max(b.clocks[warp.index()], warp.clock);
  if (!is_complete(b)) return false;
  complete(a.id);
  return true;
}

void Block::complete(uint32_t id) {
  Barrier& b = barriers_[id];
  if (launch().options.barriers) check_skipped(id);
  order_accesses(b);
  const std::vector<Instruction>& code = launch().image->code;
  for (const auto& w : warps_) {
    if (b.arrived[w->index()] == 0) continue;
    std::byte* const frame = w->base[kFrame];
    uint8_t part = kParts;
    for (const Group& g : w->groups()) {
      if (g.state == Group::State::kBarrier && g.wait == id) part = std::min(part, g.part);
    }
    for (Group& g : w->groups()) {
      if (g.state != Group::State::kBarrier || g.wait != id) continue;
      g.part = part;
      const Instruction& i = code[g.pc];
      w->base[kFrame] = g.frame->registers;
      w->mask = g.mask;
      if (static_cast<BarrierOp>(i.x) == BarrierOp::kPopc) {
        for (uint32_t l = 0; l < 32; ++l) {
          if (((g.mask >> l) & 1) != 0) w->at<uint32_t>(i.d)[l] = b.popc;
        }
      } else if (static_cast<BarrierOp>(i.x) == BarrierOp::kAnd) {
        w->set_predicate(i.d, b.all ? kAllLanes : 0);
      } else if (static_cast<BarrierOp>(i.x) == BarrierOp::kOr) {
        w->set_predicate(i.d, b.any ? kAllLanes : 0);
      }
      g.state = Group::State::kReady;
      ++g.pc;
    }
    w->base[kFrame] = frame;
  }
  std::fill(b.arrived.begin(), b.arrived.end(), 0);
  std::fill(b.clocks.begin(), b.clocks.end(), 0);
  b.lanes = b.popc = 0;
  b.all = true;
  b.any = false;
}

// What the warps did before a barrier is ordered before what those that waited do behind it.
void Block::order_accesses(Barrier& b) {
  if (cluster_ != nullptr) {  // what one knows of the cluster, all do now
    uint32_t phases = 0;
    for (const auto& w : warps_) phases = std::max(phases, w->cluster.phases);
    for (const auto& w : warps_) w->cluster.phases = phases;
  }
  if (!b.counted) {
    uint32_t last = 0;
    for (const auto& w : warps_) last = std::max(last, w->clock);
    for (const auto& w : warps_) {
      std::fill(w->known.begin(), w->known.end(), last);
      w->floor = last;
      w->clock = last + 1;
    }
    return;
  }
  for (const auto& w : warps_) {
    const bool waits = std::any_of(w->groups().begin(), w->groups().end(), [&](const Group& g) {
      return g.state == Group::State::kBarrier && &barriers_[g.wait] == &b;
    });
    if (!waits) continue;
    for (size_t o = 0; o < warps_.size(); ++o) w->known[o] = std::max(w->known[o], b.clocks[o]);
    w->advance();
  }
}

// Threads that went past a barrier that others wait at, did something behind it, and ended: the barrier was skipped.
// Threads that returned early are none of its threads.
void Block::check_skipped(uint32_t id) {
  const Barrier& b = barriers_[id];
  for (const auto& w : warps_) {
    uint32_t pc = 0;
    for (const Group& g : w->groups()) {
      if (g.state != Group::State::kBarrier || g.wait != id || launch().image->code[g.pc].target == 0) continue;
      if (pc != 0 && pc != g.pc) {
        w->report_at(g.pc, Finding::kDivergentBarrier, static_cast<uint32_t>(__builtin_ctz(g.mask)), 0,
                     "threads of one warp wait at different barriers, here and at line " +
                         std::to_string(launch().image->lines[pc].line) + "; let them reach the same one",
                     true);
      }
      pc = g.pc;
    }
  }
  if (b.counted || live_ == launch().launch->block.count()) return;
  const Function& f = launch().kernel->function();
  if (b.pc < f.first || b.pc >= f.first + f.count) return;
  std::vector<bool> behind;
  for (const auto& w : warps_) {
    const uint32_t ended = w->initial() & ~w->live();
    for (uint32_t l = 0; l < 32; ++l) {
      if (((ended >> l) & 1) == 0 || w->exit_effect(l) <= b.pc) continue;
      if (behind.empty()) behind = reachable(*launch().image, b.pc);
      if (!behind[w->exit_effect(l)]) continue;
      w->report_at(b.pc, Finding::kDivergentBarrier, l, 0,
                   "the thread ended without reaching the barrier that other threads of its block wait at; let all "
                   "threads reach it",
                   true);
      return;
    }
  }
}

void Block::lanes_ended(uint32_t count) {
  live_ -= count;
  for (uint32_t id = 0; id < kBarriers; ++id) {
    Barrier& b = barriers_[id];
    if (b.lanes != 0 && live_ != 0 && is_complete(b)) complete(id);
  }
}

std::string Block::shared_extent() const {
  return std::to_string(module_end_ + kernel_end_ - kKernelShared) + " bytes of static and " +
         std::to_string(dynamic_end_ - kDynamicShared) + " bytes of dynamic shared memory";
}

}  // namespace kib::emulator::ptx
