#include "kib/readout.h"

#include <cmath>

#include "kernels.h"

// Loss, count and gradient against the formula; a loss that is not finite is noted once.
void test_readout() {
  constexpr int64_t B = 5, M = 3;
  auto y = random_numbers(B * M, -2, 2);
  std::vector<int32_t> labels = {0, 2, 1, 1, 0};
  std::vector<float> dy(B * M);
  double sums[4] = {1, 2, 3, 4};
  int64_t now[4] = {6, 0, 0, 0}, fault[2] = {0, 0};
  kib_meter meter = {sums, 1, now, fault};
  check(kib_readout_cross_entropy(dy.data(), KIB_F32, y.data(), labels.data(), B, M, &meter, nullptr, on(1)) == KIB_OK,
        "readout");
  double loss = 0, correct = 0;
  for (int64_t b = 0; b < B; b++) {
    const float* row = y.data() + b * M;
    double sum = 0;
    bool largest = true;
    for (int64_t m = 0; m < M; m++) sum += std::exp(row[m]), largest &= row[m] <= row[labels[b]];
    loss += std::log(sum) - row[labels[b]];
    correct += largest;
    for (int64_t m = 0; m < M; m++)
      near(dy[b * M + m], (std::exp(row[m]) / sum - (m == labels[b])) / B, 1e-6, "readout's gradient");
  }
  near(sums[1], 2 + loss, 1e-6, "readout's loss");
  check(sums[2] == 3 + correct && sums[0] == 1 && sums[3] == 4, "readout's count");
  check(fault[0] == 0, "a finite loss is no fault");
  y[4] = NAN;
  kib_readout_cross_entropy(nullptr, KIB_F32, y.data(), labels.data(), B, M, &meter, nullptr, on(1));
  check(fault[0] == 7 && fault[1] == 1, "a loss that is not a number is a fault");
}
