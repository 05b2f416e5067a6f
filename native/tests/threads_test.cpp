#include <dirent.h>

#include "kernels.h"
#include "kib/cpu.h"
#include "kib/optimizer.h"

namespace {

int threads_of_process() {
  int count = 0;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* task = readdir(tasks)) count += task->d_name[0] != '.';
  closedir(tasks);
  return count;
}

void sgd(int64_t size, int threads) {
  std::vector<float> w(size), g(size, 1.0f);
  float *wp = w.data(), *m = nullptr;
  void* rounded = nullptr;
  const float* gp = g.data();
  int64_t now[4] = {}, fault[2] = {0, 0};
  double rate = 0.1;
  kib_optimizer_sgd(&wp, &rounded, &gp, &m, &size, 1, 0, 0, &rate, 1, now, fault, on(threads));
}

}  // namespace

// OpenMP keeps the threads that it has started: as long as there is one, all ran on one. Called after small operations.
void test_threads() {
  check(kib_threads_for_product(1, 8) == 1 && kib_threads_for_product(16 * 65536 - 1, 8) == 1, "a small product");
  check(kib_threads_for_product(16 * 65536, 8) == 8 && kib_threads_for_product(1LL << 40, 8) == 8, "a large product");
  check(kib_threads_for_product(1LL << 40, 1) == 1, "one thread is all there is");
  check(threads_of_process() == 1, "small operations run on one thread");
  sgd(65535, 3);
  check(threads_of_process() == 1, "an operation just small enough runs on one thread");
  sgd(65536, 3);
  check(threads_of_process() == 3, "a large operation runs on all threads");
}
