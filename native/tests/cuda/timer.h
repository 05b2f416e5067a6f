// How long kernels take on the device, beside what its memory or its arithmetic allows.
#ifndef KIB_TESTS_CUDA_TIMER_H
#define KIB_TESTS_CUDA_TIMER_H
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "device.h"

namespace test {

// What a call must at least do: its contract.
struct Need {
  double bytes;           // read and written, each byte once
  double operations = 0;  // additions and multiplications in single precision
};

// A call that is to be timed.
struct Timed {
  std::string name, shape;
  Need need;
  double microseconds = 0, spread = 0;  // the median of 9 blocks of calls, and (largest - smallest) / median
  double bound = 0;                     // microseconds that the copy bandwidth measured here, and the peak, allow
};

class Timer {
 public:
  // Measures the bandwidth of a copy; with small, a call is made twice and no figure means anything: a rehearsal.
  explicit Timer(bool small);

  // Times calls, prints a line, and keeps it.
  void time(const std::string& name, const std::string& shape, Need need, const std::function<kib_status()>& call);

  bool small() const { return small_; }

  // Writes all that was timed as JSON. Returns whether the file could be written.
  bool write(const char* file) const;

 private:
  // Milliseconds that a number of calls take.
  float block(int calls, const std::function<kib_status()>& call) const;

  bool small_;
  double bytes_per_second_ = 0, operations_per_second_ = 0;
  std::vector<Timed> timed_;
};

}  // namespace test
#endif
