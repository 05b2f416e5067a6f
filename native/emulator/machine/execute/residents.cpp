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
}

void Residents::start_some() {
  while (live_.size() < wanted_ && next_ < order_.size()) {
    std::unique_ptr<Block> block;
    if (ended_.empty()) {
      block.reset(new Block(worker_));
    } else {
      block = std::move(ended_.back());
      ended_.pop_back();
    }
    block->start(order_[next_++]);
    live_.push_back(std::move(block));
  }
  worker_.launch.not_started = order_.size() - next_;
}

bool Residents::take_turns() {
  bool suspended = true;
  for (size_t n = 0; n < live_.size() && !worker_.launch.stopped();) {
    const uint32_t budget = live_.size() == 1 ? kBudget : kBudgets[random_() % std::size(kBudgets)];
    const Block::Slice slice = live_[n]->run_slice(budget);
    if (slice == Block::Slice::kEnded) {
      ended_.push_back(std::move(live_[n]));
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
    take_turns();
    if (wanted_ == most_ || launch.idle <= launch.longest_idle()) continue;
    wanted_ = std::min(2 * wanted_, most_);
    launch.idle = 0;
  }
}

void Residents::run_ahead() {
  LaunchState& launch = worker_.launch;
  const size_t wanted = wanted_;
  wanted_ = std::min(most_, kAhead);
  for (start_some(); !live_.empty() && !launch.stopped(); start_some()) {
    if (take_turns() && (live_.size() == wanted_ || next_ == order_.size())) break;
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
