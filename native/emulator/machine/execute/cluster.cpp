#include "machine/execute/cluster.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace kib::emulator::ptx {
namespace {

std::string n(uint64_t value) { return std::to_string(value); }

std::string name_of(const Block& block) {
  const Dim3 at = block.coordinates();
  return "block (" + n(at.x) + "," + n(at.y) + "," + n(at.z) + ")";
}

std::string access_of(bool write, uint32_t bytes, const Block& owner) {
  return std::string(write ? "writes " : "reads ") + n(bytes) + " bytes of the shared memory of " + name_of(owner) +
         " of its cluster";
}

}  // namespace

Dim3 cluster_of(const Launch& launch, const KernelImage& kernel) {
  if (kernel.cluster().count() != 0) return kernel.cluster();
  if (launch.cluster.count() != 0) return launch.cluster;
  return kernel.uses_clusters() ? Dim3{1, 1, 1} : Dim3{0, 0, 0};
}

std::string cluster_refusal(const Launch& launch, const KernelImage& kernel) {
  const Dim3 c = cluster_of(launch, kernel), g = launch.grid;
  if (c.count() == 0) return {};
  const auto text = [](const Dim3& d) { return n(d.x) + "x" + n(d.y) + "x" + n(d.z); };
  if (kernel.cluster().count() != 0 && launch.cluster.count() != 0 &&
      (c.x != launch.cluster.x || c.y != launch.cluster.y || c.z != launch.cluster.z)) {
    return "the launch has clusters of " + text(launch.cluster) + " blocks where the kernel was compiled for " +
           text(c) + " (__cluster_dims__); leave the attribute out";
  }
  if (c.count() > kMostInCluster) {
    return "a cluster of " + n(c.count()) + " blocks is beyond the device, which has at most " + n(kMostInCluster);
  }
  if (g.x % c.x != 0 || g.y % c.y != 0 || g.z % c.z != 0) {
    return "a grid of " + text(g) + " blocks is no multiple of the clusters of " + text(c) +
           " blocks; round the grid up, and let blocks without work take part in the barriers";
  }
  return {};
}

std::vector<uint32_t> order_of_clusters(const LaunchState& state) {
  const Dim3 grid = state.launch->grid, c = state.cluster;
  const Dim3 clusters{grid.x / c.x, grid.y / c.y, grid.z / c.z};
  std::vector<uint32_t> numbers(clusters.count()), order;
  std::iota(numbers.begin(), numbers.end(), 0);
  std::mt19937_64 random(state.options.seed);
  if (!state.options.ascending) std::shuffle(numbers.begin(), numbers.end(), random);
  order.reserve(grid.count());
  for (const uint32_t number : numbers) {
    const uint32_t x = number % clusters.x * c.x, y = number / clusters.x % clusters.y * c.y,
                   z = number / clusters.x / clusters.y * c.z;
    for (uint32_t rank = 0; rank < c.count(); ++rank) {
      const uint64_t row = uint64_t{z + rank / c.x / c.y} * grid.y + y + rank / c.x % c.y;
      order.push_back(static_cast<uint32_t>(row * grid.x + x + rank % c.x));
    }
  }
  return order;
}

void Cluster::add(Block& block) {
  blocks_.push_back({&block, false, {}});
  live_ += static_cast<uint32_t>(block.launch().launch->block.count());
  arriving_.resize(blocks_.size() * warps_);
  for (auto& clocks : released_) clocks.resize(arriving_.size());
}

int Cluster::rank_of(uint32_t index) const {
  for (size_t rank = 0; rank < blocks_.size(); ++rank) {
    if (((blocks_[rank].block->index() ^ index) & (kBlockLimit - 1)) == 0) return static_cast<int>(rank);
  }
  return -1;
}

void Cluster::arrive(Warp& warp, uint32_t lanes, bool releases) {
  if (const uint32_t again = lanes & warp.cluster.arrived; again != 0) {
    warp.report(Finding::kDivergentBarrier, static_cast<uint32_t>(__builtin_ctz(again)), 0,
                "arrives at the barrier of the cluster again without having waited for it; wait between "
                "(barrier.cluster.wait)");
    return warp.stop(Outcome::kBarrier);
  }
  warp.cluster.arrived |= lanes;
  arrived_ += static_cast<uint32_t>(__builtin_popcount(lanes));
  uint32_t& clock = arriving_[warp.block().rank() * warps_ + warp.index()];
  clock = std::max(clock, releases ? warp.clock : warp.fence_clock);
  warp.advance();
  if (arrived_ == live_) complete();
}

bool Cluster::wait(Warp& warp, uint32_t lanes, uint32_t* pending) {
  const uint32_t over = lanes & warp.cluster.over;
  if (const uint32_t missing = lanes & ~warp.cluster.arrived; missing != 0) {
    warp.report(Finding::kDivergentBarrier, static_cast<uint32_t>(__builtin_ctz(missing)), 0,
                "waits for the barrier of the cluster without having arrived at it; arrive first "
                "(barrier.cluster.arrive)");
    warp.stop(Outcome::kBarrier);
    return false;
  }
  *pending = lanes & ~over;
  if (over == 0) return true;
  warp.cluster.arrived &= ~over;
  warp.cluster.over &= ~over;
  warp.cluster.phases = phase_;
  const uint32_t* own = &released_[phase_ % 2][warp.block().rank() * warps_];
  for (uint32_t w = 0; w < warps_; ++w) warp.known[w] = std::max(warp.known[w], own[w]);
  warp.set_floor();
  return true;
}

// A thread that has ended is none that others wait for.
void Cluster::lanes_ended(Warp& warp, uint32_t lanes) {
  const uint32_t count = static_cast<uint32_t>(__builtin_popcount(lanes));
  arrived_ -= static_cast<uint32_t>(__builtin_popcount(lanes & warp.cluster.arrived & ~warp.cluster.over));
  warp.cluster.arrived &= ~lanes;
  warp.cluster.over &= ~lanes;
  live_ -= count;
  if (warp.live() == 0) arriving_[warp.block().rank() * warps_ + warp.index()] = warp.clock;
  if (live_ != 0 && arrived_ == live_) complete();
}

void Cluster::complete() {
  const auto& before = released_[phase_ % 2];
  auto& now = released_[++phase_ % 2];
  for (size_t k = 0; k < now.size(); ++k) now[k] = std::max(before[k], arriving_[k]);
  std::fill(arriving_.begin(), arriving_.end(), 0);
  arrived_ = 0;
  Knowledge all;
  for (const Member& m : blocks_) {
    for (const auto& [other, clock] : m.block->known) all[other] = std::max(all[other], clock);
  }
  for (const Member& m : blocks_) {
    if (m.ended) continue;
    if (!all.empty()) m.block->known = all;
    m.block->worker().progressed = true;
    for (const auto& w : m.block->warps()) {
      w->cluster.over |= w->cluster.arrived;
      uint8_t part = kParts;
      for (const Group& g : w->groups()) {
        if (g.state == Group::State::kCluster) part = std::min(part, g.part);
      }
      for (Group& g : w->groups()) {
        if (g.state != Group::State::kCluster) continue;
        g.part = part;
        g.state = Group::State::kReady;
        ++g.pc;
        uint32_t pending = 0;
        wait(*w, g.mask, &pending);
      }
    }
  }
}

bool Cluster::reach(Touch& t, uint32_t rank) {
  Member& member = blocks_[rank];
  Warp& w = t.warp;
  Block& own = w.block();
  t.owner = member.block;
  if (member.block == &own) return true;
  const uint32_t lane = static_cast<uint32_t>(__builtin_ctz(t.mask));
  const Options& options = w.launch().options;
  if (options.races && w.cluster.phases == 0 && own.known.find(member.block->index()) == own.known.end()) {
    w.report(Finding::kSharedRace, lane, t.address[lane],
             access_of(t.write, t.bytes, *member.block) +
                 ", which may not have started: nothing orders its start before; call cluster.sync() first",
             true);
  }
  if (!options.bounds) return true;
  const Remote access{&w, w.pc(), lane, w.clock, t.address[lane], t.write, t.bytes};
  if (member.ended) {
    behind_end(member, access);
    w.stop(Outcome::kIllegalAddress);
    return false;
  }
  for (Remote& known : member.accesses) {
    if (known.warp != &w || known.pc != access.pc) continue;
    known = access;
    return true;
  }
  member.accesses.push_back(access);
  return true;
}

void Cluster::behind_end(const Member& member, const Remote& a) {
  a.warp->report_at(a.pc, Finding::kUseAfterFree, a.lane, a.address,
                    access_of(a.write, a.bytes, *member.block) +
                        ", which may have ended: nothing orders the access before its end; call cluster.sync() behind "
                        "the last access, in all blocks",
                    true);
}

void Cluster::block_ended(Block& block) {
  Member& member = blocks_[block.rank()];
  member.ended = true;
  for (const Remote& a : member.accesses) {
    Block& other = a.warp->block();
    const auto known = block.known.find(other.index());
    bool ordered = known != block.known.end() && a.clock <= known->second;
    for (const auto& w : block.warps()) {
      ordered |= orders(*w, static_cast<int>(other.rank()), a.warp->index() * 32, a.clock);
    }
    if (!ordered) behind_end(member, a);
  }
}

bool Cluster::keep(std::unique_ptr<Block> block, std::vector<std::unique_ptr<Block>>* blocks) {
  kept_.push_back(std::move(block));
  if (kept_.size() < blocks_.size()) return false;
  for (auto& b : kept_) blocks->push_back(std::move(b));
  return true;
}

bool aim_at_block(Touch& t) {
  const uint32_t first = static_cast<uint32_t>(__builtin_ctz(t.mask));
  const uint64_t number = t.address[first] >> kClusterShift;
  Cluster* cluster = t.warp.block().cluster();
  const uint64_t size = cluster == nullptr ? 1 : cluster->size();
  if (number > size) {
    t.warp.report(Finding::kOutOfBounds, first, t.address[first],
                  std::string(t.write ? "writes " : "reads ") + n(t.bytes) + " bytes of the shared memory of block " +
                      n(number - 1) + " of a cluster of " + n(size) + "; check the rank");
    t.warp.stop(Outcome::kIllegalAddress);
    return false;
  }
  for (uint32_t l = 0; l < 32; ++l) {
    if (((t.mask >> l) & 1) != 0) t.address[l] &= (uint64_t{1} << kClusterShift) - 1;
  }
  return cluster == nullptr || cluster->reach(t, static_cast<uint32_t>(number) - 1);
}

void cluster_arrive(const Instruction& i, Warp& w) { w.block().cluster()->arrive(w, w.mask, i.x != 0); }

// d: the address, of a.bytes given by target, in the block whose rank is b.
void map_to_block(const Instruction& i, Warp& w) {
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    const uint32_t rank = std::min<uint32_t>(w.at<uint32_t>(i.b)[l], kRanks - 1);
    const uint64_t a = i.target == 8 ? w.at<uint64_t>(i.a)[l] : w.at<uint32_t>(i.a)[l];
    const uint64_t low = a & ((uint64_t{1} << kClusterShift) - 1), high = i.x != 0 ? kSharedWindow : 0;
    const uint64_t d = high | uint64_t{rank + 1} << kClusterShift | low;
    if (i.target == 8) {
      w.at<uint64_t>(i.d)[l] = d;
    } else {
      w.at<uint32_t>(i.d)[l] = static_cast<uint32_t>(d);
    }
  }
}

void rank_of_block(const Instruction& i, Warp& w) {
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    const uint64_t a = i.target == 8 ? w.at<uint64_t>(i.a)[l] : w.at<uint32_t>(i.a)[l];
    const uint32_t number = static_cast<uint32_t>(a) >> kClusterShift;
    const bool elsewhere = i.x != 0 && space_of(a) != Space::kShared;
    w.at<uint32_t>(i.d)[l] = elsewhere ? ~uint32_t{0} : number == 0 ? w.block().rank() : number - 1;
  }
}

}  // namespace kib::emulator::ptx
