// A warp: its lanes' registers, where each lane is, and the block and launch it belongs to.
#ifndef KIB_EMULATOR_EXECUTE_WARP_H
#define KIB_EMULATOR_EXECUTE_WARP_H
#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "machine/execute/check_order.h"
#include "machine/execute/footprint.h"
#include "machine/execute/race.h"
#include "machine/execute/stack.h"
#include "machine/execute/warp_forms.h"
#include "machine/memory_access.h"
#include "machine/ptx/ir.h"

namespace kib::emulator::ptx {

constexpr uint32_t kAllLanes = ~uint32_t{0};
constexpr uint32_t kBarriers = 16;
constexpr uint32_t kParts = 4;  // of a warp that run apart

// Registers and parameters of a function that lanes of a warp are in.
struct Frame {
  std::unique_ptr<Buffer> storage;
  std::byte *registers = nullptr, *parameters = nullptr;
  uint32_t stride = 0;      // of a lane's parameters
  uint32_t local_base = 0;  // where its local variables begin in a thread's local memory
  uint32_t stack = 0;       // a GPU's bytes of it and of those below, where Stack::frames are known
  uint32_t function = 0, depth = 0;
  Frame* caller = nullptr;
  uint32_t return_pc = 0, lanes = 0;
  const Call* call = nullptr;
  Operand passed = kNoOperand;
  uint8_t part = 0;  // of the lanes that called
};

// Lanes that are at the same instruction of the same frame.
struct Group {
  enum class State : uint8_t { kReady, kTogether, kBarrier, kGrids, kCluster };
  uint32_t mask = 0, pc = 0;
  Frame* frame = nullptr;
  State state = State::kReady;
  uint8_t part = 0;          // groups of one part become one again where they meet, others where they must wait
  uint32_t wait = 0;         // kTogether: the mask; kBarrier: its number
  uint32_t last_effect = 0;  // the last instruction of the kernel's own that wrote memory
};

struct PerInstruction {
  uint64_t warps = 0, lanes = 0;
};

// Counts of memory traffic; instructions are counted by PerInstruction.
struct Traffic {
  uint64_t read_bytes = 0, write_bytes = 0, read_sectors = 0, write_sectors = 0;
  uint64_t shared_requests = 0, shared_conflicts = 0, atomics = 0;
};

// What all host threads of a launch share. A launch is first attempted on several host threads where its blocks may not
// talk to each other. An attempt that finds anything, or whose threads touched the same bytes after all, is undone and
// repeated on one thread: so findings, results and counters do not depend on how many threads there are.
struct LaunchState {
  const KernelImage* kernel = nullptr;
  const Image* image = nullptr;
  const Launch* launch = nullptr;
  Options options;
  uint32_t number = 0;  // of the launch, for stamps
  uint64_t grid_id = 0;
  Footprint* footprint = nullptr;  // of an attempt
  uint64_t not_started = 0;        // blocks, on one thread
  bool grids_before_ended = true;  // those that griddepcontrol.wait waits for
  uint64_t environment = 0;        // address of the workspace of grid-wide barriers
  uint32_t warps_in_block = 0;
  Dim3 cluster{0, 0, 0};  // where blocks form none
  Stack stack;
  uint32_t granule_shared = 4, granule_global = 4;  // bytes that a record of the last accesses stands for
  bool global_races = false, notes = false;
  std::atomic<int> outcome{0};                 // Outcome; not kDone stops all
  std::atomic<uint64_t> executed{0}, idle{0};  // warp instructions, in all and since the last progress
  std::mutex mutex;
  std::set<std::pair<int, uint32_t>> reported;  // finding and instruction
  std::vector<PerInstruction> counts;
  Traffic traffic;
  ReleasedVariables released;
  const Turn* turn = nullptr;  // null where the order of launches is not watched
  Unordered unordered;
  std::vector<Span> spans;

  static constexpr int kAbandoned = -1;
  // Whether this is what stopped it. An attempt is only abandoned.
  bool stop(Outcome why) {
    int done = 0;
    return outcome.compare_exchange_strong(done, footprint != nullptr ? kAbandoned : static_cast<int>(why));
  }
  bool attempt() const { return footprint != nullptr; }
  void abandon() { stop(Outcome::kDone); }
  void start_anew();              // as if nothing had run
  uint64_t longest_idle() const;  // more looks like waiting for a block that has not started
  bool stopped() const { return outcome.load(std::memory_order_relaxed) != 0; }
};

// A host thread that runs blocks.
struct Worker {
  explicit Worker(LaunchState& l)
      : launch(l), window(Memory::instance()), records(l.granule_global), counts(l.image->code.size()) {
    if (l.turn != nullptr) spans.resize(counts.size());
    if (l.footprint != nullptr) marks.reset(new Marks(*l.footprint));
  }
  LaunchState& launch;
  Window window;
  RecordWindow records;
  std::unique_ptr<Marks> marks;  // of an attempt
  std::vector<PerInstruction> counts;
  std::vector<Span> spans;  // beside the code: what each instruction touched of global memory
  Traffic traffic;
  std::unordered_map<uint32_t, std::vector<std::unique_ptr<Frame>>> frames;  // by function
  // Since Block::go_on() looked: warp instructions, and whether a thread ended or memory of others changed.
  uint64_t executed = 0;
  bool progressed = false;
};

class AsyncProxy;
class Block;
class Cluster;

class Warp final : public Lanes {
 public:
  Warp(Block& block, Worker& worker, uint32_t index);
  void start();  // at the kernel's first instruction, for the block's coordinates

  enum class Status { kRunning, kWaiting, kDone };
  // Runs up to `budget` instructions.
  Status run(uint32_t budget);

  uint32_t index() const { return index_; }
  uint32_t live() const { return live_; }
  uint32_t initial() const { return initial_; }
  std::vector<Group>& groups() { return groups_; }
  Block& block() { return block_; }
  Worker& worker() { return worker_; }
  LaunchState& launch() { return worker_.launch; }
  uint32_t pc() const { return pc_; }
  Frame& frame() { return *frame_; }
  uint32_t waited_for_grids() const { return waited_for_grids_; }  // lanes
  void grids_ended();
  uint32_t exit_effect(uint32_t lane) const { return exit_effects_[lane]; }

  // A finding of the current instruction; once for each kind of finding and instruction where `once`.
  void report(Finding finding, uint32_t lane, uint64_t address, std::string detail, bool once = false);
  void report_at(uint32_t pc, Finding finding, uint32_t lane, uint64_t address, std::string detail, bool once);
  // Where a function of the toolkit's headers that was not inlined is called from; else the instruction itself.
  uint32_t place(uint32_t pc) const;
  void stop(Outcome outcome) { launch().stop(outcome); }

  // The next of a sequence that seed, block and warp determine.
  uint32_t random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<uint32_t>(random_ >> 32);
  }

  std::byte* local(uint32_t lane);  // a thread's local memory
  uint8_t* local_written(uint32_t lane);
  uint32_t local_bytes() const { return local_bytes_; }

  // Asynchronous copies: what commit_group has not seen yet, and groups that were not waited for.
  struct Copy16 {
    std::byte *to, *from;
    uint8_t *to_written, *from_written;
    uint8_t bytes, valid;
  };
  // Copies that arrive together, by whichever comes first of what waits for them.
  struct Batch {
    std::vector<Copy16> copies;
    bool arrived = false;
    void arrive(Worker& worker);
  };
  using Group16 = std::vector<std::shared_ptr<Batch>>;
  std::vector<Copy16> open_copies;  // of the batch that is open
  Group16 open_batches;
  std::vector<Group16> committed;
  void close_batch();
  Group16 batches() const;  // all, but the open one

  void yield() { yielded_ = true; }  // lets others run: what it waits for is not there yet

  // The barrier of the cluster: lanes that arrived and have not waited, those of them whose phase is over, and how many
  // phases the warp has waited for.
  struct {
    uint32_t arrived = 0, over = 0, phases = 0;
  } cluster;

  // Clocks of race detection.
  uint32_t clock = 1, fence_clock = 0, block_fence_clock = 0;  // of the last fence of device and of any scope
  std::vector<uint32_t> known;                                 // of the warps of the block
  uint32_t floor = 0;                                          // the least of `known`
  void advance() {
    known[index_] = clock++;
    set_floor();
  }
  void set_floor();
  void meet(uint32_t lanes);  // at bar.warp.sync
  // Whether a lane's accesses at that clock came before where it met the other.
  bool met_since(uint32_t lane, uint32_t other, uint32_t clock_then) const {
    return part_met_ && lane_clocks_->of[lane][other] >= clock_then;
  }
  // Volatile stores since the warp's lanes last met: lanes that stored together and read one another's values behind it
  // take for granted that they run in step.
  void note_volatile_store(uint32_t lanes, uint64_t lowest, uint64_t highest);
  bool stored_together(uint32_t lane, uint32_t other, uint64_t address, uint32_t clock_then) const;

 private:
  Status run_groups(uint32_t* budget);
  bool schedule();
  void run_group(uint32_t* budget);
  void diverge(uint32_t taken, uint32_t target, uint32_t next);
  void part();
  bool before(const Group& a, const Group& b) const;
  void branch_indexed(const Instruction& i, uint32_t active);
  void call(const Instruction& i, uint32_t active);
  void enter(const Call& call, uint32_t function, uint32_t lanes);
  void leave(uint32_t active);
  void end(uint32_t active);
  bool together(const Instruction& i, uint32_t active);
  bool barrier(const Instruction& i, uint32_t active);
  void wait_for_grids(uint32_t active);
  void wait_for_cluster(uint32_t active);
  void trap(uint32_t active);
  bool builtin(const Call& call, uint32_t active);
  Frame* new_frame(uint32_t function);
  void free_frame(Frame* frame);
  void set_current(size_t group);
  void complete_together();
  void report_absent(const Group& group, uint32_t lane, uint32_t source);
  void execute_matrix(const Instruction& i, const std::vector<size_t>& groups);
  void execute_together(const Instruction& i, const std::vector<size_t>& groups);

  Block& block_;
  Worker& worker_;
  uint32_t index_;
  std::unique_ptr<Buffer> specials_;
  uint32_t initial_ = 0, live_ = 0;
  std::vector<Group> groups_;
  size_t current_ = 0;
  uint64_t random_ = 1;
  bool parts_ = false;          // whether lanes that parted may stay apart
  uint32_t rank_[kParts] = {};  // of the parts: those of the lowest rank run first
  bool rotate_ = false, yielded_ = false;
  uint32_t waited_for_grids_ = 0;
  uint32_t favoured_ = 0, favour_ = 0;  // the part that runs first now, and for how many instructions more
  uint32_t pc_ = 0;
  Frame* frame_ = nullptr;
  uint32_t limit_ = ~uint32_t{0};
  // What lanes know of each other's clocks where not all of the warp met.
  struct LaneClocks {
    uint32_t of[32][32];
  };
  std::unique_ptr<LaneClocks> lane_clocks_;
  bool part_met_ = false;  // in this block
  struct VolatileStore {
    uint32_t lanes = 0, clock = 0;
    uint64_t lowest = 0, highest = 0;
  };
  static constexpr uint32_t kVolatileStores = 8;
  VolatileStore volatile_stores_[kVolatileStores];
  uint32_t next_volatile_store_ = 0;
  uint32_t exit_effects_[32];
  void forget_local(const Frame& frame, uint32_t lanes);

  std::unique_ptr<Buffer> local_, local_written_;
  uint32_t local_bytes_ = 0;
  std::vector<std::unique_ptr<Frame>> used_frames_;
};

struct Barrier {
  std::vector<uint32_t> arrived;  // lanes, by warp
  std::vector<uint32_t> clocks;   // of warps, as far as those that arrived know them
  uint32_t lanes = 0, count = 0, pc = 0;
  bool counted = false;
  uint32_t popc = 0;
  bool all = true, any = false;
};

// A block: its warps, shared memory and barriers.
class Block {
 public:
  explicit Block(Worker& worker);
  ~Block();
  // By its linear index within the grid, and where it has one its cluster.
  void start(uint64_t index, Cluster* cluster = nullptr, uint32_t rank = 0);
  enum class Slice { kEnded, kRunning, kSuspended };  // kSuspended: waits for the grids before, or its cluster
  Slice run_slice(uint32_t budget);
  uint64_t clock(uint32_t step) { return clock_ += step; }  // for the registers that count time

  Dim3 coordinates() const { return coordinates_; }
  Cluster* cluster() const { return cluster_; }
  uint32_t rank() const { return rank_; }  // in its cluster
  bool ready() const;                      // whether a thread of it can go on
  void deadlock();                         // reports that none can, and stops the launch
  uint32_t index() const { return index_; }
  Worker& worker() { return worker_; }
  LaunchState& launch() { return worker_.launch; }
  std::vector<std::unique_ptr<Warp>>& warps() { return warps_; }
  Dim3 thread(uint32_t linear) const;

  // Arrival of a warp's lanes at a barrier; true where it completed.
  struct Arrival {
    uint32_t pc, lanes, id, count, predicate;
    bool counted;
  };
  bool arrive(Warp& warp, const Arrival& a);
  void lanes_ended(uint32_t count);

  std::byte* shared() const { return shared_->data(); }
  uint8_t* shared_written() const { return reinterpret_cast<uint8_t*>(shared_written_->data()); }
  bool in_shared(uint64_t address, uint64_t bytes) const {
    return (address >= kDynamicShared && address + bytes <= dynamic_end_) ||
           (address >= kKernelShared && address + bytes <= kernel_end_) || address + bytes <= module_end_ ||
           (address >= kReservedShared && address + bytes <= reserved_end_);
  }
  std::string shared_extent() const;
  Records shared_records(uint64_t address) const {
    const uint64_t at = address / worker_.launch.granule_shared;
    auto* stamps = reinterpret_cast<Stamp*>(shared_records_->data());
    return {stamps + at, stamps + shared_granules_ + at};
  }
  Knowledge known;  // of other blocks
  AsyncProxy& async_proxy();

 private:
  bool is_complete(const Barrier& b) const;
  void complete(uint32_t id);
  void order_accesses(Barrier& b);
  Slice go_on();
  void no_progress(const std::string& what);
  void check_skipped(uint32_t id);

  Worker& worker_;
  uint32_t index_ = 0, rank_ = 0;
  Cluster* cluster_ = nullptr;
  Dim3 coordinates_;
  std::vector<std::unique_ptr<Warp>> warps_;
  std::vector<uint32_t> order_;
  uint64_t module_end_ = 0, kernel_end_ = 0, dynamic_end_ = 0, reserved_end_ = 0;
  std::unique_ptr<Buffer> shared_, shared_written_, shared_records_;
  size_t shared_granules_ = 0;
  Barrier barriers_[kBarriers];
  std::unique_ptr<AsyncProxy> async_proxy_;
  uint32_t live_ = 0;
  uint64_t idle_ = 0;  // warp instructions since a thread ended or something in shared or global memory changed
  uint64_t clock_ = 0;
};

}  // namespace kib::emulator::ptx
#endif
