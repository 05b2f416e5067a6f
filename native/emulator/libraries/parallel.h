// Work of a library call on the host's threads (KIB_EMULATOR_THREADS). Helpers compute on host memory only: device
// memory is viewed by the thread that runs the call, whose accesses the instruments attribute to it.
#ifndef KIB_EMULATOR_PARALLEL_H
#define KIB_EMULATOR_PARALLEL_H
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "machine/options.h"

namespace kib::emulator {

inline int64_t host_threads() {
  const int wanted = Options::current().threads;
  return wanted > 0 ? wanted : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// Calls body(i) for each i below `count`, in no order and at the same time: what one i writes, no other touches, so
// that the result does not depend on the number of threads.
template <class Body>
void parallel(int64_t count, const Body& body) {
  std::atomic<int64_t> next{0};
  const auto work = [&]() {
    for (int64_t i = next++; i < count; i = next++) body(i);
  };
  std::vector<std::thread> helpers;
  for (int64_t t = std::min(count, host_threads()); t > 1; --t) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
}

}  // namespace kib::emulator
#endif
