#include "runtime/scheduler.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "runtime/host_guard.h"

namespace kib::emulator {
namespace {

constexpr size_t kQueue = 1024;  // enqueueing more makes the host wait, as a full launch queue does
constexpr auto kIdle = std::chrono::seconds(1);

thread_local bool calling_back = false;

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

}  // namespace

bool Scheduler::in_callback() { return calling_back; }

uint64_t Scheduler::random() { return mix(state_ += 0x9e3779b97f4a7c15ull); }

NodePtr Scheduler::add(Lock& lock, Node node, const std::vector<NodePtr>& predecessors) {
  const auto added = std::make_shared<Node>(std::move(node));
  added->sequence = ++sequence_;
  for (const NodePtr& before : predecessors) {
    if (before == nullptr || before->done) continue;
    before->next.push_back(added);
    ++added->waits;
  }
  ++pending_;
  if (added->host_sees) ++watched_for_;
  ++activity_;
  if (added->waits == 0) ready_.push_back(added);
  if (!late_) {
    run_until(lock, added);
  } else {
    while (pending_ > kQueue && !calling_back && run_one(lock, nullptr)) {
    }
    watch();
  }
  return added;
}

// Which of the ready nodes runs next. No single rule shows every missing wait, so the rules take turns.
size_t Scheduler::choose(const NodePtr& target) {
  std::vector<size_t> all;
  for (size_t i = 0; i < ready_.size(); ++i) {
    if (runnable(*ready_[i])) all.push_back(i);
  }
  if (!late_) return all.front();
  if (turns_ == 0) {
    strategy_ = static_cast<unsigned>(random() % 5);
    turns_ = 1 + static_cast<unsigned>(random() % 64);
    priorities_ = random();
  }
  --turns_;
  const auto best = [&](auto key) {
    return *std::max_element(all.begin(), all.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
  };
  switch (strategy_) {
    case 0:  // the newest
      return best([&](size_t i) { return ready_[i]->sequence; });
    case 1: {  // one stream as far as it goes
      const auto same = std::find_if(all.begin(), all.end(), [&](size_t i) { return ready_[i]->lane == lane_; });
      return same != all.end() ? *same : all[random() % all.size()];
    }
    case 2:  // streams by priorities that change from time to time
      return best([&](size_t i) { return mix(ready_[i]->lane ^ priorities_); });
    case 3:  // what is waited for
      if (target != nullptr) return best([&](size_t i) { return ready_[i]->lane == target->lane ? 1 : 0; });
      [[fallthrough]];
    default:
      return all[random() % all.size()];
  }
}

// Runs a node; false where none can run now.
bool Scheduler::run_one(Lock& lock, const NodePtr& target) {
  if (std::none_of(ready_.begin(), ready_.end(), [&](const NodePtr& n) { return runnable(*n); })) return false;
  const size_t index = choose(target);
  const NodePtr node = ready_[index];
  lane_ = node->lane;
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(index));
  ++activity_;
  if (node->work && !dropping_ && fault_ == 0) {
    if (!node->host) busy_ = true;
    ++running_;
    lock.unlock();
    calling_back = node->host;
    const CarryOut carry_out(node->turn.get());
    const int error = node->work();
    calling_back = false;
    lock.lock();
    --running_;
    if (!node->host) busy_ = false;
    // What the function tells the program by other ways than CUDA's is not seen; that it ran is taken as known.
    if (node->host) {
      Order::instance().waited_for(node->turn);
      HostGuard::instance().waited();
    }
    HostGuard::instance().after_work();
    if (error != 0) set_fault(error, node->name);
  }
  finish(node);
  return true;
}

void Scheduler::finish(const NodePtr& node) {
  if (node->done) return;  // reset() has forgotten it meanwhile
  node->done = true;
  node->work = nullptr;
  --pending_;
  if (node->host_sees) --watched_for_;
  for (const NodePtr& next : node->next) {
    if (--next->waits == 0) ready_.push_back(next);
  }
  node->next.clear();
  node->before_next.clear();
  changed_.notify_all();
}

void Scheduler::wait(Lock& lock, const NodePtr& node) {
  run_until(lock, node);
  Order::instance().waited_for(node != nullptr ? node->turn : nullptr);
  HostGuard::instance().waited();
}

void Scheduler::run_until(Lock& lock, const NodePtr& node) {
  ++activity_;
  const auto over = [&] { return node == nullptr ? pending_ == 0 : node->done; };
  while (!over()) {
    if (!run_one(lock, node)) changed_.wait(lock);  // another thread runs what is missing
  }
}

void Scheduler::poke(Lock& lock) {
  ++activity_;
  for (uint64_t i = random() % 3; i > 0; --i) run_one(lock, nullptr);
}

void Scheduler::set_fault(int fault, const std::string& name) {
  if (fault_ != 0) return;
  fault_ = fault;
  fault_name_ = name;
}

void Scheduler::reset(Lock& lock, uint64_t seed) {
  changed_.wait(lock, [&] { return running_ == 0; });
  dropping_ = true;
  wait(lock, nullptr);
  dropping_ = false;
  fault_ = 0;
  fault_name_.clear();
  state_ = seed;
  turns_ = 0;
  lane_ = 0;
}

// A program may wait for a function that it enqueued, or for a copy to pinned memory, without ever calling CUDA again;
// so, after a second without a call, enqueued work goes on by itself. Where nothing of that kind is enqueued the clock
// has no say, and a seed repeats a run.
void Scheduler::watch() {
  enqueued_.notify_one();
  if (watched_) return;
  watched_ = true;
  std::thread([this] {
    for (Lock lock(mutex_);;) {
      enqueued_.wait(lock, [&] { return watched_for_ > 0; });
      const uint64_t seen = activity_;
      lock.unlock();
      std::this_thread::sleep_for(kIdle);
      lock.lock();
      while (activity_ == seen && running_ == 0 && watched_for_ > 0 && run_one(lock, nullptr)) activity_ = seen;
    }
  }).detach();
}

}  // namespace kib::emulator
