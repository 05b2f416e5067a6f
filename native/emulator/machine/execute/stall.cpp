// Blocks that do not end: no thread can go on, or all of them run without getting anywhere.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "machine/execute/cluster.h"

namespace kib::emulator::ptx {
namespace {

constexpr uint64_t kInAll = 50;    // times the patience, whatever changes meanwhile
constexpr size_t kMostPlaces = 4;  // named in a report
// Warp instructions without progress after which blocks seem to wait for one that has not started.
constexpr uint64_t kWaiting = 40000, kComputing = 4000000;

// Where lanes are, and what they wait for.
std::string place(const Image& image, const Group& g) {
  std::string text = "at " + image.source(g.pc) + ":" + std::to_string(image.lines[g.pc].line);
  if (g.state == Group::State::kTogether) {
    char mask[16];
    std::snprintf(mask, sizeof mask, "0x%08x", g.wait);
    text += std::string(" for the lanes of mask ") + mask;
  } else if (g.state == Group::State::kBarrier) {
    text += " in barrier " + std::to_string(g.wait);
  } else if (g.state == Group::State::kCluster) {
    text += " in the barrier of the cluster";
  }
  return text;
}

uint32_t first_lane(const Group& g) { return static_cast<uint32_t>(__builtin_ctz(g.mask)); }

}  // namespace

// No thread of the block can go on: says where they wait.
void Block::deadlock() {
  std::set<std::string> places;
  Warp* reporter = nullptr;
  const Group* waiting = nullptr;
  for (const auto& w : warps_) {
    for (const Group& g : w->groups()) {
      places.insert(place(*launch().image, g));
      if (waiting == nullptr || (g.state == Group::State::kTogether && waiting->state != Group::State::kTogether)) {
        waiting = &g;
        reporter = w.get();
      }
    }
  }
  std::string detail = cluster_ != nullptr ? "no thread of the cluster can go on; threads of the block wait"
                                           : "no thread of the block can go on; threads wait";
  size_t n = 0;
  for (const std::string& where : places) {
    if (++n > kMostPlaces) break;
    detail += (n > 1 ? ", " : " ") + where;
  }
  if (reporter != nullptr) {
    reporter->report_at(waiting->pc, Finding::kDivergentBarrier, first_lane(*waiting), 0,
                        detail + "; let all of them reach the same one", false);
  }
  launch().stop(Outcome::kBarrier);
}

uint64_t LaunchState::longest_idle() const {
  const bool may_wait = kernel->talk() == Talk::kWait;
  return std::min(may_wait ? kWaiting : kComputing, options.patience / 4);
}

// Whether the launch may run on after what the block has run of it.
Block::Slice Block::go_on() {
  LaunchState& l = launch();
  const uint64_t ran = worker_.executed, patience = l.options.patience;
  const bool progressed = worker_.progressed;
  worker_.executed = 0;
  worker_.progressed = false;
  clock_ += ran;
  idle_ = progressed ? 0 : idle_ + ran;
  const uint64_t in_all = l.executed += ran;
  if (l.attempt()) {  // on one thread others would be started beside it, and what is found is the same each time
    if (idle_ > l.longest_idle() || in_all > patience) l.abandon();
    return l.stopped() ? Slice::kEnded : Slice::kRunning;
  }
  if (progressed) l.idle = 0;
  const uint64_t idle = progressed ? 0 : l.idle += ran;
  if (idle > patience) {
    no_progress(std::to_string(idle) +
                " warp instructions ran while no thread ended and nothing in shared or global memory changed");
  } else if (in_all / kInAll > patience) {
    no_progress(std::to_string(in_all) + " warp instructions ran");
  }
  return l.stopped() ? Slice::kEnded : Slice::kRunning;
}

// Says where the threads of the block are.
void Block::no_progress(const std::string& what) {
  if (!launch().stop(Outcome::kNoProgress)) return;
  std::map<std::string, uint32_t> places;
  Warp* reporter = nullptr;
  const Group* running = nullptr;
  for (const auto& w : warps_) {
    for (const Group& g : w->groups()) {
      const bool ready = g.state == Group::State::kReady;
      places[(ready ? "running " : "waiting ") + place(*launch().image, g)] +=
          static_cast<uint32_t>(__builtin_popcount(g.mask));
      if (running != nullptr || !ready) continue;
      running = &g;
      reporter = w.get();
    }
  }
  std::string detail = what + "; threads of the block:";
  size_t n = 0;
  for (const auto& [where, threads] : places) {
    if (++n > kMostPlaces) break;
    detail += (n > 1 ? ", " : " ") + std::to_string(threads) + " " + where;
  }
  const uint64_t waiting = launch().not_started;
  if (waiting == 0) {
    detail += "; let threads wait only for what others will do, or set KIB_EMULATOR_PATIENCE above " +
              std::to_string(launch().options.patience);
  } else {
    detail += "; " + std::to_string(waiting) + " of " + std::to_string(launch().launch->grid.count()) +
              " blocks have not started, as those that run fill the device; ";
    detail += launch().options.ascending
                  ? "let a block wait only for blocks of lower numbers"
                  : "the order in which blocks start is undefined: let a block wait only for those that took a lower "
                    "ticket from an atomic counter, or set KIB_EMULATOR_BLOCKS to ascending";
  }
  if (reporter != nullptr) {
    reporter->report_at(running->pc, Finding::kNoProgress, first_lane(*running), 0, detail, false);
  }
}

}  // namespace kib::emulator::ptx
