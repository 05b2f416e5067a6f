// How many bytes calls move, by the counters of the emulated device, beside what they must move.
#ifndef KIB_TESTS_CUDA_TRAFFIC_H
#define KIB_TESTS_CUDA_TRAFFIC_H
#include "timer.h"

namespace test {

class Traffic {
 public:
  // Most bytes that a call may move, beside its contract's, and least part of its sectors of 32 bytes that it may use.
  static constexpr double kMostBytes = 1.10, kLeastUse = 0.90;

  // Finds the device's counters; without counting, calls are made and no more.
  explicit Traffic(bool counting);

  // Whether there are any: a GPU has none that a program can ask for.
  bool counts() const { return counters_ != nullptr; }

  // Calls once, prints a line, and counts a failure where the call moved too much or in too small pieces. The limits
  // are for calls on arrays much larger than a tile.
  void check(const std::string& name, const std::string& shape, Need need, const std::function<kib_status()>& call);

 private:
  const char* (*counters_)() = nullptr;
  void (*reset_)() = nullptr;
};

}  // namespace test
#endif
