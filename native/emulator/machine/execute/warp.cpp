#include <algorithm>
#include <cstring>

#include "machine/execute/cluster.h"

namespace kib::emulator::ptx {
namespace {

size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

// Spreads a number's bits over all (the finalizer of splitmix64).
uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

constexpr uint32_t kDeepest = 65536;  // calls within calls
constexpr uint32_t kSlice = 2048;     // instructions after which a divergent warp runs another group

}  // namespace

Warp::Warp(Block& block, Worker& worker, uint32_t index)
    : block_(block), worker_(worker), index_(index), specials_(new Buffer(kSpecialCount * 128)) {
  base[kConstants] = const_cast<std::byte*>(worker.launch.image->constants.data());
  base[kSpecials] = specials_->data();
  base[3] = nullptr;
  const Launch& launch = *worker.launch.launch;
  known.resize(worker.launch.warps_in_block);
  local_bytes_ = worker.launch.stack.local_bytes;
  auto* s = reinterpret_cast<uint32_t(*)[32]>(specials_->data());
  const Dim3 size = launch.block, grid = launch.grid;
  const uint32_t threads = static_cast<uint32_t>(size.count());
  const uint64_t shared =
      round_up(worker.launch.kernel->static_shared_bytes() + uint64_t{launch.dynamic_shared_bytes}, kSharedUnit);
  const bool clusters = worker.launch.cluster.count() != 0;
  const Dim3 c = clusters ? worker.launch.cluster : Dim3{1, 1, 1};
  const bool said = worker.launch.kernel->function().explicit_cluster || launch.cluster.count() != 0;
  for (uint32_t l = 0; l < 32; ++l) {
    const uint32_t t = index * 32 + l;
    if (t < threads) initial_ |= uint32_t{1} << l;
    s[kTidX][l] = t % size.x;
    s[kTidY][l] = t / size.x % size.y;
    s[kTidZ][l] = t / size.x / size.y;
    s[kLaneId][l] = l;
    s[kMaskEq][l] = uint32_t{1} << l;
    s[kMaskLt][l] = (uint32_t{1} << l) - 1;
    s[kMaskLe][l] = s[kMaskLt][l] | s[kMaskEq][l];
    s[kMaskGt][l] = ~s[kMaskLe][l];
    s[kMaskGe][l] = ~s[kMaskLt][l];
    const std::pair<Special, uint64_t> same[] = {{kNtidX, size.x},
                                                 {kNtidY, size.y},
                                                 {kNtidZ, size.z},
                                                 {kNctaidX, grid.x},
                                                 {kNctaidY, grid.y},
                                                 {kNctaidZ, grid.z},
                                                 {kWarpId, index},
                                                 {kNwarpId, worker.launch.warps_in_block},
                                                 {kNsmId, worker.launch.options.multiprocessors},
                                                 {kDynamicBytes, launch.dynamic_shared_bytes},
                                                 {kTotalBytes, shared},
                                                 {kAllBytes, shared + kReservedBytes},
                                                 {kEnvironment1, worker.launch.environment >> 32},
                                                 {kEnvironment2, worker.launch.environment & 0xffffffff},
                                                 {kClusterCtaidX, 0},
                                                 {kClusterCtaidY, 0},
                                                 {kClusterCtaidZ, 0},
                                                 {kClusterRank, 0},
                                                 {kClusterNctaidX, c.x},
                                                 {kClusterNctaidY, c.y},
                                                 {kClusterNctaidZ, c.z},
                                                 {kClusterSize, c.count()},
                                                 {kNclusterIdX, grid.x / c.x},
                                                 {kNclusterIdY, grid.y / c.y},
                                                 {kNclusterIdZ, grid.z / c.z},
                                                 {kExplicitCluster, clusters && said ? kAllLanes : 0},
                                                 {kZeros, 0}};
    for (const auto& [which, value] : same) s[which][l] = static_cast<uint32_t>(value);
  }
}

void Warp::start() {
  auto* s = reinterpret_cast<uint32_t(*)[32]>(specials_->data());
  const Dim3 at = block_.coordinates(), c = launch().cluster;
  const bool clusters = block_.cluster() != nullptr;
  cluster = {};
  for (uint32_t l = 0; l < 32; ++l) {
    s[kClusterIdX][l] = clusters ? at.x / c.x : at.x;
    s[kClusterIdY][l] = clusters ? at.y / c.y : at.y;
    s[kClusterIdZ][l] = clusters ? at.z / c.z : at.z;
    if (clusters) {
      s[kClusterCtaidX][l] = at.x % c.x;
      s[kClusterCtaidY][l] = at.y % c.y;
      s[kClusterCtaidZ][l] = at.z % c.z;
      s[kClusterRank][l] = block_.rank();
    }
    s[kCtaidX][l] = at.x;
    s[kCtaidY][l] = at.y;
    s[kCtaidZ][l] = at.z;
    s[kSmId][l] = block_.index() % static_cast<uint32_t>(launch().options.multiprocessors);
  }
  live_ = initial_;
  waited_for_grids_ = 0;
  random_ = mixed(launch().options.seed ^ mixed(uint64_t{block_.index()} << 10 | index_)) | 1;
  std::fill(std::begin(exit_effects_), std::end(exit_effects_), 0);
  std::fill(known.begin(), known.end(), 0);
  clock = 1;
  fence_clock = block_fence_clock = floor = 0;
  part_met_ = false;
  std::fill(std::begin(volatile_stores_), std::end(volatile_stores_), VolatileStore{});
  open_copies.clear();
  open_batches.clear();
  yielded_ = false;
  committed.clear();
  const Function& f = launch().kernel->function();
  Group g;
  g.mask = initial_;
  g.pc = f.first;
  parts_ = launch().options.lanes && launch().options.counters.empty() && (random() & 1) != 0;
  std::fill(std::begin(rank_), std::end(rank_), 0);
  g.frame = new_frame(static_cast<uint32_t>(&f - launch().image->functions.data()));
  g.frame->lanes = initial_;
  if (const auto& frames = launch().stack.frames; !frames.empty()) g.frame->stack = frames[g.frame->function];
  forget_local(*g.frame, initial_);
  groups_.assign(1, g);
}

std::byte* Warp::local(uint32_t lane) {
  if (!local_) local_.reset(new Buffer(size_t{32} * local_bytes_));
  return local_->data() + size_t{lane} * local_bytes_;
}

uint8_t* Warp::local_written(uint32_t lane) {
  if (!local_written_) local_written_.reset(new Buffer(size_t{32} * local_bytes_));
  return reinterpret_cast<uint8_t*>(local_written_->data()) + size_t{lane} * local_bytes_;
}

// The variables of a function that is entered have never been written.
void Warp::forget_local(const Frame& frame, uint32_t lanes) {
  const uint32_t bytes = launch().image->functions[frame.function].local_bytes;
  if ((!local_ && !local_written_) || bytes == 0) return;
  for (uint32_t l = 0; l < 32; ++l) {
    if (((lanes >> l) & 1) == 0) continue;
    if (local_written_) std::memset(local_written(l) + frame.local_base, 0, bytes);
    if (local_) std::memset(local(l) + frame.local_base, 0, bytes);  // not what another block left there
  }
}

Frame* Warp::new_frame(uint32_t function) {
  auto& pool = worker_.frames[function];
  std::unique_ptr<Frame> frame;
  if (!pool.empty()) {
    frame = std::move(pool.back());
    pool.pop_back();
  } else {
    const Function& f = launch().image->functions[function];
    frame.reset(new Frame);
    frame->stride = static_cast<uint32_t>(round_up(f.parameter_area, 16));
    frame->storage.reset(new Buffer(f.frame_bytes + size_t{32} * frame->stride));
    frame->registers = frame->storage->data();
    frame->parameters = frame->registers + f.frame_bytes;
    frame->function = function;
  }
  frame->local_base = frame->stack = frame->depth = frame->return_pc = frame->lanes = 0;
  frame->caller = nullptr;
  frame->call = nullptr;
  for (const Function::Zeros& z : launch().image->functions[function].begin_as_zeros) {
    std::memset(frame->registers + z.at, 0, z.bytes);
  }
  used_frames_.push_back(std::move(frame));
  return used_frames_.back().get();
}

void Warp::free_frame(Frame* frame) {
  const auto found =
      std::find_if(used_frames_.begin(), used_frames_.end(), [=](const auto& f) { return f.get() == frame; });
  worker_.frames[frame->function].push_back(std::move(*found));
  *found = std::move(used_frames_.back());
  used_frames_.pop_back();
}

// Chooses the group that runs next, and merges groups that met. False where none can run.
bool Warp::schedule() {
  if (groups_.size() == 1) {
    set_current(0);
    limit_ = ~uint32_t{0};
    return groups_[0].state == Group::State::kReady;
  }
  for (size_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i].state != Group::State::kReady) continue;
    for (size_t j = i + 1; j < groups_.size();) {
      Group &a = groups_[i], &b = groups_[j];
      if (b.state != Group::State::kReady || b.pc != a.pc || b.frame != a.frame || b.part != a.part) {
        ++j;
        continue;
      }
      a.mask |= b.mask;
      a.last_effect = std::max(a.last_effect, b.last_effect);
      groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(j));
    }
  }
  const std::vector<Instruction>& code = launch().image->code;
  size_t best = groups_.size();
  for (size_t i = 0; i < groups_.size(); ++i) {
    const Group& g = groups_[i];
    if (g.state != Group::State::kReady) continue;
    // Threads that end do so at once: exited threads are no part of barriers.
    if (code[g.pc].kind == Kind::kExit && code[g.pc].guard == kNoOperand) {
      best = i;
      break;
    }
    if (best == groups_.size() || before(g, groups_[best])) best = i;
  }
  if (best == groups_.size()) return false;
  if (favour_ > 0) {
    size_t first = groups_.size();
    for (size_t i = 0; i < groups_.size(); ++i) {
      const Group& g = groups_[i];
      if (g.state != Group::State::kReady || g.part != favoured_) continue;
      if (first == groups_.size() || before(g, groups_[first])) first = i;
    }
    if (first != groups_.size()) {
      best = first;
    } else {
      favour_ = 0;
    }
  }
  if (rotate_) {  // the first ready group behind the one that ran
    rotate_ = false;
    for (size_t n = 1; n <= groups_.size(); ++n) {
      const size_t i = (current_ + n) % groups_.size();
      if (groups_[i].state == Group::State::kReady) {
        best = i;
        favoured_ = groups_[i].part;  // the others let it get on: it may hold the lock that they spin for
        favour_ = kSlice;
        break;
      }
    }
  }
  set_current(best);
  limit_ = ~uint32_t{0};
  for (size_t i = 0; i < groups_.size(); ++i) {
    const Group& g = groups_[i];
    if (i != best && g.state == Group::State::kReady && g.part == groups_[best].part &&
        g.frame->depth == frame_->depth && g.pc > groups_[best].pc) {
      limit_ = std::min(limit_, g.pc);
    }
  }
  return true;
}

void Warp::set_current(size_t group) {
  current_ = group;
  frame_ = groups_[group].frame;
  base[kFrame] = frame_->registers;
}

Warp::Status Warp::run(uint32_t budget) {
  uint32_t left = budget;
  const Status status = run_groups(&left);
  worker_.executed += budget - left;
  return status;
}

Warp::Status Warp::run_groups(uint32_t* budget) {
  size_t yields = 0;  // of groups, one after the other
  while (!launch().stopped()) {
    if (groups_.empty()) return Status::kDone;
    if (!schedule()) return Status::kWaiting;
    if (*budget == 0 || yields >= groups_.size()) return Status::kRunning;
    if (groups_.size() == 1) {
      run_group(budget);
    } else {
      uint32_t slice = std::min(*budget, kSlice);
      *budget -= slice;
      const uint32_t given = slice;
      run_group(&slice);
      rotate_ = slice == 0 || yielded_;
      favour_ -= std::min(favour_, given - slice);
      *budget += slice;
    }
    yields = yielded_ ? yields + 1 : 0;
    yielded_ = false;
  }
  return Status::kDone;
}

// Runs the current group until it meets another, waits, ends, or its budget does.
void Warp::run_group(uint32_t* budget) {
  const Instruction* code = launch().image->code.data();
  PerInstruction* counts = worker_.counts.data();
  const size_t group = current_;
  uint32_t pc = groups_[group].pc;
  const uint32_t lanes = groups_[group].mask;
  uint32_t left = *budget;
  bool running = true;
  while (running && left > 0) {
    const Instruction& i = code[pc];
    uint32_t active = lanes;
    if (i.guard != kNoOperand) active &= predicate(i.guard);
    ++counts[pc].warps;
    counts[pc].lanes += static_cast<uint32_t>(__builtin_popcount(active));
    --left;
    switch (i.kind) {
      case Kind::kPlain:
        mask = active;
        if (active != 0) i.form(i, *this);
        ++pc;
        break;
      case Kind::kWarp:
        mask = active;
        pc_ = pc;
        if (active != 0) {
          if (i.effect && frame_->depth == 0) groups_[group].last_effect = pc;
          i.warp_form(i, *this);
          running = !launch().stopped();
        }
        ++pc;
        break;
      case Kind::kBranch:
        if (active == lanes) {
          pc = i.target;
        } else if (active == 0) {
          ++pc;
        } else {
          groups_[group].pc = pc;
          diverge(active, i.target, pc + 1);
          if (parts_) part();
          *budget = left;
          return;
        }
        break;
      default: {
        pc_ = pc;
        if (active == 0) {
          ++pc;
          break;
        }
        groups_[group].pc = pc;
        if (i.effect && frame_->depth == 0) groups_[group].last_effect = pc;
        switch (i.kind) {
          case Kind::kTogether:
            if (together(i, active)) {
              ++pc;
              continue;
            }
            break;
          case Kind::kBarrier:
            if (barrier(i, active)) {
              ++pc;
              continue;
            }
            break;
          case Kind::kWaitForGrids:
            wait_for_grids(active);
            break;
          case Kind::kClusterWait:
            wait_for_cluster(active);
            break;
          case Kind::kMbarrier:
            mask = active;
            i.warp_form(i, *this);
            ++pc;
            if (!yielded_ && groups_.size() == 1 && !launch().stopped()) continue;
            groups_[group].pc = pc;
            break;
          case Kind::kTrigger:
            groups_[group].pc = pc + 1;
            break;
          case Kind::kIndexed:
            branch_indexed(i, active);
            break;
          case Kind::kCall:
            call(i, active);
            break;
          case Kind::kReturn:
            leave(active);
            break;
          case Kind::kExit:
            end(active);
            break;
          default:
            trap(active);
        }
        *budget = left;
        return;
      }
    }
    if (pc >= limit_) break;
  }
  groups_[group].pc = pc;
  *budget = left;
}

// The current group's `taken` lanes go to `target`, the others to `next`.
void Warp::diverge(uint32_t taken, uint32_t target, uint32_t next) {
  Group other = groups_[current_];
  groups_[current_].pc = next;
  if (taken == 0) return;
  groups_[current_].mask &= ~taken;
  if (groups_[current_].mask == 0) {
    groups_[current_].mask = taken;
    groups_[current_].pc = target;
    return;
  }
  other.mask = taken;
  other.pc = target;
  groups_.push_back(other);
}

void Warp::branch_indexed(const Instruction& i, uint32_t active) {
  const std::vector<uint32_t>& targets = launch().image->branch_targets[i.target];
  const uint32_t* index = at<uint32_t>(i.a);
  const uint32_t next = groups_[current_].pc + 1;
  while (active != 0) {
    const uint32_t lane = static_cast<uint32_t>(__builtin_ctz(active));
    uint32_t same = 0;
    for (uint32_t l = lane; l < 32; ++l)
      same |= ((active >> l) & 1) != 0 && index[l] == index[lane] ? uint32_t{1} << l : 0;
    if (index[lane] >= targets.size()) {
      report(Finding::kTrap, lane, 0, "the index of brx.idx lies outside its list of labels");
      stop(Outcome::kTrap);
      return;
    }
    if (same != groups_[current_].mask) {
      diverge(same, targets[index[lane]], next);
      if (parts_) part();
    } else {
      diverge(same, targets[index[lane]], next);
    }
    active &= ~same;
  }
}

void Warp::call(const Instruction& i, uint32_t active) {
  const Call& c = launch().image->calls[i.target];
  diverge(groups_[current_].mask & ~active, groups_[current_].pc + 1, groups_[current_].pc);
  if (c.indirect == kNoOperand) {
    if (c.function == kBuiltin || !launch().image->functions[c.function].defined) {
      if (builtin(c, active)) ++groups_[current_].pc;
      return;
    }
    enter(c, c.function, active);
    return;
  }
  const uint64_t* pointers = at<uint64_t>(c.indirect);
  const uint32_t lane = static_cast<uint32_t>(__builtin_ctz(active));
  uint32_t same = 0;
  for (uint32_t l = 0; l < 32; ++l)
    same |= ((active >> l) & 1) != 0 && pointers[l] == pointers[lane] ? uint32_t{1} << l : 0;
  const uint64_t function = pointers[lane] - kFunctionWindow;
  if (function >= launch().image->functions.size() || !launch().image->functions[function].defined) {
    report(Finding::kOutOfBounds, lane, pointers[lane], "a call through a pointer that points to no function");
    stop(Outcome::kIllegalAddress);
    return;
  }
  if (const std::string& why = launch().image->functions[function].refusal; !why.empty()) {
    report(Finding::kUnsupported, lane, pointers[lane], "calls, through a pointer, a function that cannot run: " + why);
    stop(Outcome::kUnsupported);
    return;
  }
  if (same != active) diverge(active & ~same, groups_[current_].pc, groups_[current_].pc);
  enter(c, static_cast<uint32_t>(function), same);
}

// The current group, whose lanes are `lanes`, enters a function.
void Warp::enter(const Call& c, uint32_t function, uint32_t lanes) {
  Frame* from = frame_;
  const uint32_t return_pc = groups_[current_].pc + 1;
  Frame* to = new_frame(function);
  const Function& f = launch().image->functions[from->function];
  to->caller = from;
  to->call = &c;
  to->depth = from->depth + 1;
  to->return_pc = return_pc;
  to->lanes = lanes;
  to->part = groups_[current_].part;
  to->local_base = static_cast<uint32_t>(round_up(from->local_base + f.local_bytes, 16));
  const Function& callee = launch().image->functions[function];
  const Stack& stack = launch().stack;
  const uint32_t bytes = stack.frames.empty() ? 0 : stack.frames[function];
  to->stack = from->stack + bytes;
  if (to->stack > stack.limit || to->local_base + callee.local_bytes > local_bytes_ || to->depth > kDeepest) {
    report(Finding::kOutOfBounds, static_cast<uint32_t>(__builtin_ctz(lanes)), 0,
           stack_overflow(*launch().launch, stack, to->stack, to->depth, callee.name, bytes));
    stop(Outcome::kIllegalAddress);
    return;
  }
  for (const Copy& copy : c.arguments) {
    if (copy.to + copy.bytes > to->stride) continue;
    for (uint32_t l = 0; l < 32; ++l) {
      if (((lanes >> l) & 1) == 0) continue;
      std::memcpy(to->parameters + l * to->stride + copy.to, from->parameters + l * from->stride + copy.from,
                  copy.bytes);
    }
  }
  forget_local(*to, lanes);
  Group& g = groups_[current_];
  g.frame = to;
  g.pc = callee.first;
}

void Warp::leave(uint32_t active) {
  Frame* from = frame_;
  Frame* to = from->caller;
  for (const Copy& copy : from->call->results) {
    for (uint32_t l = 0; l < 32; ++l) {
      if (((active >> l) & 1) == 0) continue;
      std::memcpy(to->parameters + l * to->stride + copy.from, from->parameters + l * from->stride + copy.to,
                  copy.bytes);
    }
  }
  const uint32_t rest = groups_[current_].mask & ~active;
  if (rest != 0) diverge(rest, groups_[current_].pc + 1, groups_[current_].pc);
  Group& g = groups_[current_];
  g.frame = to;
  g.pc = from->return_pc;
  g.part = from->part;
  from->lanes &= ~active;
  if (from->lanes == 0) free_frame(from);
}

void Warp::end(uint32_t active) {
  Group& g = groups_[current_];
  for (uint32_t l = 0; l < 32; ++l) {
    if (((active >> l) & 1) != 0) exit_effects_[l] = g.last_effect;
  }
  for (Frame* f = g.frame; f != nullptr;) {
    Frame* caller = f->caller;
    f->lanes &= ~active;
    if (f->lanes == 0) free_frame(f);
    f = caller;
  }
  g.mask &= ~active;
  ++g.pc;
  if (g.mask == 0) groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(current_));
  live_ &= ~active;
  worker_.progressed = true;
  complete_together();
  block_.lanes_ended(static_cast<uint32_t>(__builtin_popcount(active)));
  if (block_.cluster() != nullptr) block_.cluster()->lanes_ended(*this, active);
}

void Warp::wait_for_grids(uint32_t active) {
  waited_for_grids_ |= active;
  if (launch().grids_before_ended) {
    ++groups_[current_].pc;
    return;
  }
  const uint32_t guarded = groups_[current_].mask & ~active;
  if (guarded != 0) diverge(guarded, pc_ + 1, pc_);
  groups_[current_].state = Group::State::kGrids;
}

void Warp::wait_for_cluster(uint32_t active) {
  uint32_t pending = 0;
  if (!block_.cluster()->wait(*this, active, &pending)) return;
  if (pending == 0) {
    ++groups_[current_].pc;
    return;
  }
  const uint32_t others = groups_[current_].mask & ~pending;
  if (others != 0) diverge(others, pc_ + 1, pc_);
  groups_[current_].state = Group::State::kCluster;
}

void Warp::grids_ended() {
  for (Group& g : groups_) {
    if (g.state != Group::State::kGrids) continue;
    g.state = Group::State::kReady;
    ++g.pc;
  }
}

void Warp::trap(uint32_t active) {
  report(Finding::kTrap, static_cast<uint32_t>(__builtin_ctz(active)), 0,
         "the kernel executed trap; look at what it asserts there");
  stop(Outcome::kTrap);
}

// Functions that the device's runtime brings along. False where the launch ends.
bool Warp::builtin(const Call& c, uint32_t active) {
  if (c.name == "vprintf" || (c.function != kBuiltin && launch().image->functions[c.function].name == "vprintf"))
    return true;
  report(Finding::kTrap, static_cast<uint32_t>(__builtin_ctz(active)), 0, "an assertion of the kernel does not hold");
  stop(Outcome::kTrap);
  return false;
}

void Warp::set_floor() { floor = *std::min_element(known.begin(), known.end()); }

void Warp::report(Finding finding, uint32_t lane, uint64_t address, std::string detail, bool once) {
  report_at(pc_, finding, lane, address, std::move(detail), once);
}

void Warp::report_at(uint32_t pc, Finding finding, uint32_t lane, uint64_t address, std::string detail, bool once) {
  if (launch().attempt()) return launch().abandon();  // it is found again on one thread
  if (once) {
    std::lock_guard<std::mutex> lock(launch().mutex);
    if (!launch().reported.emplace(static_cast<int>(finding), pc).second) return;
  }
  const Image& image = *launch().image;
  pc = place(pc);
  Report r;
  r.finding = finding;
  r.kernel = launch().kernel->name();
  r.file = image.source(pc);
  r.line = image.lines[pc].line;
  r.has_thread = true;
  r.block = block_.coordinates();
  r.thread = block_.thread(index_ * 32 + lane);
  r.address = address;
  r.detail = std::move(detail);
  Reports::instance().add(std::move(r));
}

namespace {

// One value to all active lanes, 4 or 8 bytes of it by the instruction's target.
void broadcast(const Instruction& i, Warp& w, uint64_t value) {
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    if (i.target == 8) {
      w.at<uint64_t>(i.d)[l] = value;
    } else {
      w.at<uint32_t>(i.d)[l] = static_cast<uint32_t>(value);
    }
  }
}

}  // namespace

// What a clock advances by when it is read; what runs between, too: there is no time here, and a seed repeats a run.
constexpr uint32_t kTick = 256;

void read_special(const Instruction& i, Warp& w) {
  uint64_t value = 0;
  const uint64_t clock = w.block().clock(kTick);
  switch (static_cast<Changing>(i.x)) {
    case kClockHigh:
    case kTimerHigh:
      value = clock >> 32;
      break;
    case kGridId:
      value = w.launch().grid_id;
      break;
    default:
      value = clock;
  }
  broadcast(i, w, value);
}

void local_address(const Instruction& i, Warp& w) { broadcast(i, w, uint64_t{w.frame().local_base} + i.x); }

void is_constant(const Instruction& i, Warp& w) {
  const uint64_t* a = w.at<uint64_t>(i.a);
  uint32_t bits = 0;
  for (const auto& [name, v] : w.launch().image->variables) {
    for (uint32_t l = 0; v.constant && l < 32; ++l) bits |= a[l] - v.address < v.bytes ? uint32_t{1} << l : 0;
  }
  w.set_predicate(i.d, bits);
}

void active_mask(const Instruction& i, Warp& w) {
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) != 0) w.at<uint32_t>(i.d)[l] = w.mask;
  }
}

}  // namespace kib::emulator::ptx
