// How many threads an operation is worth.
#ifndef KIB_CPU_THREADS_H
#define KIB_CPU_THREADS_H
#include <cstdint>

namespace kib {

// Numbers that an operation reads or writes; an operation below this runs on one thread. (Tens of microseconds: to wake
// the others takes as long, and milliseconds on a host whose processors are busy.)
constexpr int64_t kSmallWork = 65536;
constexpr int64_t kMultiplicationsAtOnce = 16;  // multiplications of a product that take the time of one number

// One or all: OpenMP libraries end threads and start new ones for teams of another size.
inline int threads_for(int64_t work, int threads) { return work < kSmallWork ? 1 : threads; }

inline int threads_for_product(int64_t multiplications, int threads) {
  return threads_for(multiplications / kMultiplicationsAtOnce, threads);
}

}  // namespace kib
#endif
