#include "machine/order.h"

#include <algorithm>
#include <iterator>

namespace kib::emulator {
namespace {

thread_local const Turn* carried_out = nullptr;

constexpr size_t kMostLines = 3;  // of another kernel, named in a report

}  // namespace

const Turn* current_turn() { return carried_out; }

CarryOut::CarryOut(const Turn* turn) : before_(std::exchange(carried_out, turn)) {}
CarryOut::~CarryOut() { carried_out = before_; }

void TurnSet::add(TurnNumber n) {
  if (n < base_) return;
  const size_t word = (n - base_) / 64u;
  if (word >= words_.size()) words_.resize(word + 1);
  words_[word] |= uint64_t{1} << ((n - base_) % 64u);
  normalize();
}

void TurnSet::add(const TurnSet& other) {
  // Bases are multiples of 64 apart.
  if (other.base_ > base_) {
    const size_t less = std::min<size_t>((other.base_ - base_) / 64u, words_.size());
    words_.erase(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(less));
    base_ = other.base_;
  }
  const size_t skip = (base_ - other.base_) / 64u;
  if (other.words_.size() > skip) {
    words_.resize(std::max(words_.size(), other.words_.size() - skip));
    for (size_t i = skip; i < other.words_.size(); ++i) words_[i - skip] |= other.words_[i];
  }
  normalize();
}

void TurnSet::add_all_up_to(TurnNumber n) {
  TurnSet all;
  all.base_ = 1 + n / 64u * 64u;
  for (uint32_t rest = all.base_; rest <= n; ++rest) all.add(static_cast<TurnNumber>(rest));
  add(all);
}

void TurnSet::normalize() {
  const auto gap = std::find_if(words_.begin(), words_.end(), [](uint64_t word) { return ~word != 0; });
  base_ += 64u * static_cast<uint32_t>(gap - words_.begin());
  words_.erase(words_.begin(), gap);
}

TurnNumber TurnSet::floor() const {
  const uint32_t ones = words_.empty() ? 0 : static_cast<uint32_t>(__builtin_ctzll(~words_[0]));
  return static_cast<TurnNumber>(base_ - 1 + ones);
}

Order& Order::instance() {
  static Order* order = new Order;  // outlives every destructor that may still run work
  return *order;
}

TurnPtr Order::begin(std::string name, std::string where, const std::vector<TurnPtr>& after, bool touches) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto turn = std::make_shared<Turn>();
  turn->epoch = epoch_;
  turn->before = waited_;
  for (const TurnPtr& other : after) {
    if (other == nullptr || other->epoch != epoch_) continue;
    turn->before.add(other->before);
    if (other->number != 0) turn->before.add(other->number);
  }
  turn->floor = turn->before.floor();
  turn->name = std::move(name);
  turn->where = std::move(where);
  if (touches && turns_.size() < kLastTurn) {
    turns_.push_back({turn->name, turn->where, {}});
    turn->number = static_cast<TurnNumber>(turns_.size());
  }
  return turn;
}

bool Order::exhausted() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return turns_.size() >= kLastTurn;
}

void Order::start_anew() {
  std::lock_guard<std::mutex> lock(mutex_);
  ++epoch_;
  turns_.clear();
  host_.clear();
  reported_.clear();
  waited_ = TurnSet();
}

bool Order::has_waited(const Turn& turn) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return turn.epoch != epoch_ || waited_.has(turn.number);
}

void Order::waited_for(const TurnPtr& turn) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (turn == nullptr) {
    waited_.add_all_up_to(static_cast<TurnNumber>(turns_.size()));
  } else if (turn->epoch == epoch_) {
    waited_.add(turn->before);
    if (turn->number != 0) waited_.add(turn->number);
  }
}

void Order::remember(const Turn& turn, std::vector<TouchedBy> touched) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (turn.number == 0 || turn.epoch != epoch_) return;
  turns_[turn.number - 1u].touched = std::move(touched);
}

std::string Order::explain(const Turn& turn, const Conflict& c) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const Known& other = turns_[c.other - 1u];
  std::string lines;
  size_t n = 0;
  int last = 0;
  for (const TouchedBy& t : other.touched) {
    if (t.writes != c.other_wrote || t.begin >= c.end || t.end <= c.begin || t.line == last) continue;
    if (++n > kMostLines) break;
    last = t.line;
    lines += (n == 1 ? " at " + t.file + ":" : " or ") + std::to_string(t.line);
  }
  const bool same = other.where == turn.where;
  const std::string again = other.name != turn.name              ? other.name
                            : other.name.rfind("kernel", 0) == 0 ? "another launch of " + other.name
                                                                 : "another " + other.name;
  std::string text =
      "that " + again + lines + (c.other_wrote ? " writes" : " reads") + ", and nothing orders the two: ";
  text += same ? "both run in branches of " + turn.where : "this runs on " + turn.where + ", that on " + other.where;
  return text +
         "; record an event behind the one that is to be first and let the stream of the other wait for it "
         "(cudaStreamWaitEvent), or synchronize between them";
}

void Order::report(const Turn& turn, const Conflict& c, const std::string& caller, const std::string& what) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!reported_.emplace(std::make_pair(turn.number, c.other), true).second) return;
  }
  Report r;
  r.finding = Finding::kUnordered;
  r.address = c.begin;
  r.detail = caller + (c.writes ? " writes " : " reads ") + std::to_string(c.end - c.begin) + " bytes " + what + " " +
             explain(turn, c);
  Reports::instance().add(std::move(r));
}

void Order::host_access(const Turn& turn, uint64_t begin, uint64_t bytes, bool writes, const std::string& caller) {
  std::vector<Conflict> conflicts;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (turn.number == 0 || turn.epoch != epoch_) return;
    const TurnNumber known = waited_.floor();
    host_.erase(std::remove_if(host_.begin(), host_.end(), [&](const HostAccess& a) { return a.turn <= known; }),
                host_.end());
    for (const HostAccess& a : host_) {
      if (a.begin >= begin + bytes || a.end <= begin || (!a.writes && !writes) || turn.follows(a.turn)) continue;
      conflicts.push_back({a.turn, writes, a.writes, std::max(a.begin, begin), std::min(a.end, begin + bytes)});
    }
    host_.push_back({begin, begin + bytes, writes, turn.number});
  }
  for (const Conflict& c : conflicts) report(turn, c, caller, "of host memory");
}

}  // namespace kib::emulator
