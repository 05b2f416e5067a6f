// The kernels without Java. The full list of cases is the Java side's.
#include <cstdio>

#include "kernels.h"
#include "kib/cpu.h"

const kib_queue* on(int threads) {
  static kib_queue queues[4];
  queues[threads].threads = threads;
  return queues + threads;
}

int main() {
  std::printf("seed %u, level %d\n", kSeed, kib_cpu_level());
  test_activity();
  test_batch();
  test_layout();
  test_optimizer();
  test_random();
  test_readout();
  test_statistics();
  test_status();
  test_sum_rows();
  test_threads();
  test_gram();
  test_cells();
  test_batch_norm();
  test_pairs();
  return finish();
}
