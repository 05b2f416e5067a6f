#include "kib/sum_rows.h"

#include "kernels.h"

void test_sum_rows() {
  for (int64_t rows : {1, 7, 8, 33}) {
    for (int64_t n : {1, 5, 16, 21}) {
      auto values = random_numbers(static_cast<size_t>(rows * n), -1, 1);
      auto halves = narrowed(values);
      auto rounded = widened(halves);
      std::vector<float> sum(static_cast<size_t>(n)), sum_of_halves(static_cast<size_t>(n));
      std::vector<char> workspace(static_cast<size_t>(kib_sum_rows_workspace(rows, n)));
      kib_sum_rows(sum.data(), values.data(), KIB_F32, rows, n, workspace.data(), on(2));
      kib_sum_rows(sum_of_halves.data(), halves.data(), KIB_BF16, rows, n, workspace.data(), on(2));
      for (int64_t k = 0; k < n; k++) {
        double expected = 0, of_halves = 0;
        for (int64_t r = 0; r < rows; r++) expected += values[r * n + k], of_halves += rounded[r * n + k];
        near(sum[k], expected, 1e-7, "sum of rows");
        near(sum_of_halves[k], of_halves, 1e-7, "sum of rows in bfloat16");
      }
    }
  }
  check(kib_sum_rows_workspace(5, 0) == 0, "scratch memory for no columns");
  check(kib_sum_rows(nullptr, nullptr, KIB_F32, 5, 0, nullptr, on(2)) == KIB_OK, "no columns");
  std::vector<float> zeros(3, 1.0f);
  std::vector<char> workspace(static_cast<size_t>(kib_sum_rows_workspace(0, 3)));
  check(kib_sum_rows(zeros.data(), nullptr, KIB_F32, 0, 3, workspace.data(), on(2)) == KIB_OK, "no rows");
  check(zeros == std::vector<float>(3), "the sums of no rows");
}
