#include "machine/execute/residents.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kib::emulator::ptx {
namespace {

constexpr uint64_t kUnknown = 1024;                 // blocks that fit on a device of which nothing is known
constexpr uint32_t kBudgets[] = {100, 1000, 2000};  // of a warp where blocks take turns
constexpr size_t kAhead = 64;                       // blocks that start before the grids before have ended, at most
constexpr size_t kFirst = 4;                        // blocks that may wait for each other start at once, at most

}  // namespace

std::vector<uint32_t> order_of_blocks(const LaunchState& state) {
  if (state.cluster.count() != 0) return order_of_clusters(state);
  std::vector<uint32_t> order(state.launch->grid.count());
  std::iota(order.begin(), order.end(), 0);
  if (state.options.ascending) return order;
  std::mt19937_64 random(state.options.seed);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

Residents::Residents(Worker& worker, std::vector<uint32_t> order)
    : worker_(worker), order_(std::move(order)), random_(~worker.launch.options.seed) {
  const Launch& launch = *worker.launch.launch;
  most_ = std::min<uint64_t>(launch.resident != 0 ? launch.resident : kUnknown, order_.size());
  if (launch.cooperative) {
    wanted_ = most_ = order_.size();
  } else if (worker.launch.kernel->talk() == Talk::kWait) {
    wanted_ = std::min<size_t>(1 + random_() % kFirst, most_);
  }
  if (const uint64_t cluster = worker.launch.cluster.count(); cluster != 0) {
    most_ = std::max<size_t>(most_ / cluster * cluster, cluster);
    wanted_ = std::min((wanted_ + cluster - 1) / cluster * cluster, most_);
  }
}

void Residents::start_some() {
  const auto in_cluster = static_cast<uint32_t>(worker_.launch.cluster.count());
  while (live_.size() < wanted_ && next_ < order_.size()) {
    Cluster* cluster = nullptr;
    if (in_cluster != 0) {
      clusters_.emplace_back(new Cluster(worker_.launch.warps_in_block));
      cluster = clusters_.back().get();
    }
    for (uint32_t rank = 0; rank < std::max(in_cluster, 1u); ++rank) {
      std::unique_ptr<Block> block;
      if (ended_.empty()) {
        block.reset(new Block(worker_));
      } else {
        block = std::move(ended_.back());
        ended_.pop_back();
      }
      block->start(order_[next_++], cluster, rank);
      if (cluster != nullptr) cluster->add(*block);
      live_.push_back(std::move(block));
    }
  }
  worker_.launch.not_started = order_.size() - next_;
}

// Who looks at an ended block's memory is told so: it is not used again before all of its cluster have ended.
void Residents::end(std::unique_ptr<Block> block) {
  Cluster* const cluster = block->cluster();
  if (cluster == nullptr) return ended_.push_back(std::move(block));
  if (!cluster->keep(std::move(block), &ended_)) return;
  const auto at = std::find_if(clusters_.begin(), clusters_.end(), [=](const auto& c) { return c.get() == cluster; });
  clusters_.erase(at);
}

bool Residents::nobody_ready() const {
  return std::none_of(live_.begin(), live_.end(), [](const auto& block) { return block->ready(); });
}

bool Residents::take_turns() {
  bool suspended = true;
  for (size_t n = 0; n < live_.size() && !worker_.launch.stopped();) {
    const uint32_t budget = live_.size() == 1 ? kBudget : kBudgets[random_() % std::size(kBudgets)];
    const Block::Slice slice = live_[n]->run_slice(budget);
    if (slice == Block::Slice::kEnded) {
      end(std::move(live_[n]));
      live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(n));
      continue;
    }
    suspended &= slice == Block::Slice::kSuspended;
    ++n;
  }
  return suspended;
}

void Residents::run() {
  LaunchState& launch = worker_.launch;
  for (start_some(); !live_.empty() && !launch.stopped(); start_some()) {
    if (take_turns() && !live_.empty() && !launch.stopped() && nobody_ready()) return live_.front()->deadlock();
    if (wanted_ == most_ || launch.idle <= launch.longest_idle()) continue;
    wanted_ = std::min(2 * wanted_, most_);
    launch.idle = 0;
  }
}

void Residents::run_ahead() {
  LaunchState& launch = worker_.launch;
  const size_t wanted = wanted_;
  wanted_ = std::min(most_, std::max(kAhead, wanted));
  for (start_some(); !live_.empty() && !launch.stopped(); start_some()) {
    if (take_turns() && nobody_ready() && (live_.size() >= wanted_ || next_ == order_.size())) break;
  }
  wanted_ = wanted;
}

void Residents::grids_ended() {
  worker_.launch.grids_before_ended = true;
  for (const auto& block : live_) {
    for (const auto& warp : block->warps()) warp->grids_ended();
  }
}

}  // namespace kib::emulator::ptx
