// A launch's accesses to global memory against those of other launches, copies and calls (machine/order.h).
#ifndef KIB_EMULATOR_EXECUTE_CHECK_ORDER_H
#define KIB_EMULATOR_EXECUTE_CHECK_ORDER_H
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "machine/order.h"

namespace kib::emulator::ptx {

struct LaunchState;
struct Touch;
struct Worker;

// The bytes between which an instruction touched global memory.
struct Span {
  uint64_t begin = ~uint64_t{0}, end = 0;
  bool writes = false;

  void add(uint64_t address, uint64_t bytes, bool write) {
    begin = begin < address ? begin : address;
    end = end > address + bytes ? end : address + bytes;
    writes = writes || write;
  }
};

// What a launch did without an order: of each of its instructions and each other turn one conflict, found by the thread
// that touched the first of the bytes. Kept until the launch has ended, so that what is reported does not depend on
// which host thread came first.
class Unordered {
 public:
  void add(uint32_t pc, const Conflict& conflict, uint32_t block, uint32_t thread);
  void report(const LaunchState& launch) const;
  void clear() { found_.clear(); }

 private:
  struct Found {
    Conflict conflict;
    uint32_t block, thread;
  };
  std::mutex mutex_;
  std::map<std::tuple<uint32_t, TurnNumber, bool>, Found> found_;
};

void check_order(Touch& t);
// Keeps what the launch touched for the reports of later turns.
void remember_spans(LaunchState& launch, const std::vector<Span>& spans);

}  // namespace kib::emulator::ptx
#endif
