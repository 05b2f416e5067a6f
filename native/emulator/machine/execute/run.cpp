// A launch: its blocks on the host's threads.
#include <algorithm>
#include <cstring>
#include <thread>

#include "machine/counting.h"
#include "machine/execute/residents.h"
#include "machine/execute/warp.h"

namespace kib::emulator {
namespace ptx {
namespace {

// Zeroed words for the grid-wide barrier of cooperative groups.
class Workspace {
 public:
  explicit Workspace(bool wanted) {
    if (!wanted) return;
    address_ = Memory::instance().allocate(256, "workspace of a cooperative launch");
    if (address_ == 0) return;
    Memory::instance().keep(address_);
    std::memset(Memory::instance().view(address_, 256, Memory::Access::kWrite, "launch"), 0, 256);
  }
  ~Workspace() {
    if (address_ != 0) Memory::instance().release(address_);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  uint64_t address() const { return address_; }

 private:
  uint64_t address_ = 0;
};

uint32_t host_threads(const LaunchState& state) {
  const uint64_t blocks = state.launch->grid.count();
  const int wanted =
      state.options.threads > 0 ? state.options.threads : static_cast<int>(std::thread::hardware_concurrency());
  return static_cast<uint32_t>(std::clamp<uint64_t>(blocks, 1, static_cast<uint64_t>(std::max(wanted, 1))));
}

void merge(LaunchState& state, const Worker& worker) {
  std::lock_guard<std::mutex> lock(state.mutex);
  for (size_t pc = 0; pc < state.counts.size(); ++pc) {
    state.counts[pc].warps += worker.counts[pc].warps;
    state.counts[pc].lanes += worker.counts[pc].lanes;
  }
  for (size_t pc = 0; pc < worker.spans.size(); ++pc) {
    const Span& s = worker.spans[pc];
    if (s.end != 0) state.spans[pc].add(s.begin, s.end - s.begin, s.writes);
  }
  Traffic& t = state.traffic;
  const Traffic& w = worker.traffic;
  t.read_bytes += w.read_bytes;
  t.write_bytes += w.write_bytes;
  t.read_sectors += w.read_sectors;
  t.write_sectors += w.write_sectors;
  t.shared_requests += w.shared_requests;
  t.shared_conflicts += w.shared_conflicts;
  t.atomics += w.atomics;
}

// One block after the other, in the launch's order.
void run_blocks(LaunchState& state, const std::vector<uint32_t>& order, std::atomic<uint64_t>& next) {
  Worker worker(state);
  Block block(worker);
  for (uint64_t n = next++; n < order.size() && !state.stopped(); n = next++) {
    block.start(order[n]);
    while (block.run_slice(kBudget) == Block::Slice::kRunning) {
    }
  }
  merge(state, worker);
  if (!state.footprint->add(worker.marks->take())) state.abandon();
}

// Runs the blocks on several host threads; false where that was undone.
bool attempt(LaunchState& state, const std::vector<uint32_t>& order, uint32_t threads) {
  Footprint footprint(state.granule_global);
  state.footprint = &footprint;
  std::atomic<uint64_t> next{0};
  std::vector<std::thread> helpers;
  for (uint32_t t = 1; t < threads; ++t) helpers.emplace_back([&] { run_blocks(state, order, next); });
  run_blocks(state, order, next);
  for (std::thread& t : helpers) t.join();
  state.footprint = nullptr;
  if (!state.stopped()) return true;
  footprint.undo();
  state.start_anew();
  state.kernel->set_repeated();
  return false;
}

void run_all(LaunchState& state) {
  const KernelImage& kernel = *state.kernel;
  std::vector<uint32_t> order = order_of_blocks(state);
  const uint32_t threads = host_threads(state);
  const bool apart =
      threads > 1 && kernel.talk() == Talk::kNone && !state.launch->cooperative && state.cluster.count() == 0;
  if (apart && !kernel.was_repeated() && attempt(state, order, threads)) return;
  Worker worker(state);
  Residents residents(worker, std::move(order));
  residents.run();
  merge(state, worker);
}

// A sentence on what is wrong with a launch; empty where nothing is.
std::string refusal(const Launch& launch, const KernelImage& kernel) {
  const auto n = [](uint64_t v) { return std::to_string(v); };
  if (!kernel.refusal().empty()) return kernel.refusal();
  if (launch.parameters.size() != kernel.parameter_bytes()) {
    return "the launch passes " + n(launch.parameters.size()) + " bytes of parameters where the kernel takes " +
           n(kernel.parameter_bytes()) + "; pass the parameters that it declares";
  }
  const uint64_t threads = launch.block.count();
  if (threads == 0 || launch.grid.count() == 0) return "the launch has no threads; make grid and block at least 1";
  if (threads > kernel.max_threads()) {
    return "the block has " + n(threads) + " threads where the kernel allows " + n(kernel.max_threads()) +
           "; launch smaller blocks";
  }
  if (const std::string why = cluster_refusal(launch, kernel); !why.empty()) return why;
  if (launch.grid.count() > uint64_t{1} << 31) return "the grid has more than 2^31 blocks; launch fewer";
  if (uint64_t{kernel.static_shared_bytes()} + launch.dynamic_shared_bytes > uint64_t{227} << 10) {
    return "the launch wants " + n(uint64_t{kernel.static_shared_bytes()} + launch.dynamic_shared_bytes) +
           " bytes of shared memory where a block has at most 232448; ask for less";
  }
  return {};
}

// Reports what is wrong with a launch; true where nothing is.
bool accepted(const Launch& launch) {
  const auto& kernel = static_cast<const KernelImage&>(*launch.kernel);
  const std::string why = refusal(launch, kernel);
  if (why.empty()) return true;
  Report r;
  r.finding = kernel.refusal().empty() ? Finding::kBadArgument : Finding::kUnsupported;
  r.kernel = kernel.name();
  r.file = kernel.image().file;
  r.detail = why;
  Reports::instance().add(std::move(r));
  return false;
}

void prepare(LaunchState& state, const Launch& launch) {
  const auto& kernel = static_cast<const KernelImage&>(*launch.kernel);
  state.kernel = &kernel;
  state.image = &kernel.image();
  state.launch = &launch;
  state.options = Options::current();
  state.warps_in_block = static_cast<uint32_t>((launch.block.count() + 31) / 32);
  state.cluster = cluster_of(launch, kernel);
  state.stack = stack_of(kernel, launch);
  state.granule_shared = kernel.granule(Space::kShared);
  state.granule_global = kernel.granule(Space::kGlobal);
  state.global_races = state.options.races && launch.grid.count() <= kBlockLimit;
  state.notes = state.global_races && kernel.notes();
  state.counts.resize(state.image->code.size());
  if (state.options.races) state.number = GlobalRecords::instance().begin_launch();
  static std::atomic<uint64_t> launches{0};
  state.grid_id = ++launches;
}

TurnPtr lone_turn(const std::string& name) {
  Order& order = Order::instance();
  if (order.exhausted()) {
    order.start_anew();
    Memory::instance().order().clear_all();
  }
  order.waited_for(nullptr);
  return order.begin(name, "no stream", {}, true);
}

// The turn in which a launch runs; one that no stream carries out comes after all before it.
class Carried {
 public:
  explicit Carried(LaunchState& state) : own_(lone(state)), carry_out_(own_ != nullptr ? own_.get() : current_turn()) {
    if (state.options.order && current_turn()->number != 0) state.turn = current_turn();
    if (state.turn != nullptr) state.spans.assign(state.counts.size(), {});
  }
  Carried(const Carried&) = delete;

 private:
  static TurnPtr lone(const LaunchState& state) {
    return state.options.order && current_turn() == nullptr ? lone_turn(state.kernel->name()) : nullptr;
  }
  TurnPtr own_;
  CarryOut carry_out_;
};

void report_order(LaunchState& state) {
  if (state.turn == nullptr) return;
  state.unordered.report(state);
  remember_spans(state, state.spans);
  state.unordered.clear();
  state.turn = nullptr;
}

// On one thread, in two parts, each with its own turn.
class Ahead final : public AheadRun {
 public:
  explicit Ahead(Launch launch) : launch_(std::move(launch)) {
    if (!accepted(launch_)) {
      state_.stop(Outcome::kUnsupported);
      return;
    }
    prepare(state_, launch_);
    state_.grids_before_ended = false;
    const Carried carried(state_);
    worker_.reset(new Worker(state_));
    residents_.reset(new Residents(*worker_, order_of_blocks(state_)));
    residents_->run_ahead();
    end_part();
  }
  Outcome outcome() const override { return static_cast<Outcome>(state_.outcome.load()); }
  Outcome finish() override {
    if (!residents_) return outcome();
    const Carried carried(state_);
    residents_->grids_ended();
    residents_->run();
    end_part();
    add_counts(state_);
    return outcome();
  }

 private:
  void end_part() {
    merge(state_, *worker_);
    worker_->counts.assign(worker_->counts.size(), {});
    worker_->spans.assign(worker_->spans.size(), {});
    worker_->traffic = {};
    report_order(state_);
  }

  Launch launch_;
  LaunchState state_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Residents> residents_;
};

}  // namespace

void LaunchState::start_anew() {
  outcome = 0;
  executed = idle = 0;
  reported.clear();
  counts.assign(counts.size(), {});
  traffic = {};
  released.clear();
  spans.assign(spans.size(), {});
  if (options.races) number = GlobalRecords::instance().begin_launch();
}

}  // namespace ptx

std::unique_ptr<AheadRun> AheadRun::begin(Launch launch) { return std::make_unique<ptx::Ahead>(std::move(launch)); }

Outcome run(const Launch& launch) {
  using namespace ptx;
  if (!accepted(launch)) return Outcome::kUnsupported;
  LaunchState state;
  prepare(state, launch);
  const Carried carried(state);
  const Workspace workspace(launch.cooperative);
  state.environment = workspace.address();
  run_all(state);
  add_counts(state);
  report_order(state);
  return static_cast<Outcome>(state.outcome.load());
}

}  // namespace kib::emulator
