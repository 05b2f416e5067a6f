#include "kib/random.h"

#include <cmath>

#include "kernels.h"

// Weights count in the order [outer, C, P], however they are stored, and keep to the bound; the clock goes on.
void test_random() {
  std::vector<float> flat(30), stored(30);
  kib_random_uniform(flat.data(), 1, 1, 30, 0.5, 3, 1, on(1));
  kib_random_uniform(stored.data(), 2, 3, 5, 0.5, 3, 1, on(1));
  for (int64_t o = 0; o < 2; o++)
    for (int64_t c = 0; c < 3; c++)
      for (int64_t p = 0; p < 5; p++)
        check(stored[(o * 5 + p) * 3 + c] == flat[(o * 3 + c) * 5 + p], "a weight does not depend on its place");
  double mean = 0;
  std::vector<float> many(4001);
  kib_random_uniform(many.data(), 1, 1, 4001, 0.5, 3, 2, on(1));
  for (float w : many) check(std::fabs(w) <= 0.5, "a weight within its bound"), mean += w / 4001.0;
  near(mean, 0, 4 * 0.5 / std::sqrt(3.0 * 4001), "the mean of weights");
  int64_t now[4] = {3, 1, 64, 0};
  kib_random_advance(now, 32, on(1));
  check(now[0] == 4 && now[1] == 1 && now[2] == 96 && now[3] == 1, "the clock");
}
