#include "kib/batch_norm.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels.h"

namespace {

// Neither rows that there are not nor channels that there are not are touched.
void test_nothing() {
  auto passes = [](int64_t rows, int64_t channels, const char* what) {
    std::vector<char> workspace(static_cast<size_t>(kib_batch_norm_workspace(rows, channels)));
    check(kib_batch_norm_forward(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, KIB_F32, rows,
                                 channels, workspace.data(), on(2)) == KIB_OK,
          what);
    check(kib_batch_norm_inference(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, KIB_F32, rows, channels,
                                   workspace.data(), on(2)) == KIB_OK,
          what);
    check(kib_batch_norm_gradient(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, KIB_F32, rows,
                                  channels, workspace.data(), on(2)) == KIB_OK,
          what);
  };
  passes(0, 3, "batch norm of no rows");
  passes(5, 0, "batch norm of no channels");
}

}  // namespace

// Channels that are hard to sum, as many numbers as training has: statistics in double, the same bits for any number of
// threads, also where channels do not fill a vector and rows no chunk.
void test_batch_norm() {
  constexpr int64_t rows = 131071, C = 21;
  auto a = random_numbers(rows * C, -1, 1), dy = random_numbers(rows * C, -1, 1);
  for (int64_t i = 0; i < rows; i++) {
    a[i * C] = 5.1f;
    a[i * C + 1] = 1e4f + 0.1f * a[i * C + 1];
    a[i * C + 20] = i == 0 ? 1000.0f : 0.1f;
    dy[i * C + 2] = 5.1f;
  }
  auto scale = random_numbers(C, 0.5, 1.5), shift = random_numbers(C, -1, 1);
  std::vector<char> workspace(kib_batch_norm_workspace(rows, C));
  std::vector<float> y(rows * C), first_y, first_da;
  for (int threads = 1; threads <= 3; threads++) {
    std::vector<double> mean(C), variance(C);
    std::vector<float> running_mean(C, 0.5f), running_variance(C, 2.0f), dscale(C), dshift(C), da = dy;
    kib_batch_norm_forward(y.data(), mean.data(), variance.data(), running_mean.data(), running_variance.data(),
                           a.data(), scale.data(), shift.data(), KIB_F32, rows, C, workspace.data(), on(threads));
    kib_batch_norm_gradient(da.data(), dscale.data(), dshift.data(), da.data(), a.data(), mean.data(), variance.data(),
                            scale.data(), KIB_F32, rows, C, workspace.data(), on(threads));
    if (threads > 1) {
      check(std::memcmp(y.data(), first_y.data(), 4 * y.size()) == 0, "batch norm on several threads");
      check(std::memcmp(da.data(), first_da.data(), 4 * da.size()) == 0, "batch norm's gradient on several threads");
      continue;
    }
    first_y = y, first_da = da;
    for (int64_t c = 0; c < C; c++) {
      double m = 0, v = 0, up = 0, along = 0;
      for (int64_t i = 0; i < rows; i++) m += static_cast<double>(a[i * C + c]) / rows;
      for (int64_t i = 0; i < rows; i++) v += (a[i * C + c] - m) * (a[i * C + c] - m) / rows;
      double inverse = 1 / std::sqrt(v + 1e-5);
      for (int64_t i = 0; i < rows; i++) up += dy[i * C + c], along += dy[i * C + c] * (a[i * C + c] - m) * inverse;
      check(std::fabs(mean[c] - m) <= 1e-6 * std::sqrt(v) + 1e-11 * std::fabs(m), "batch norm's mean");
      near(variance[c], v, 1e-6 * std::min(1.0, v) + 1e-18, "batch norm's variance");
      near(running_mean[c], 0.45 + 0.1 * m, 1e-6, "running mean");
      near(running_variance[c], 1.8 + 0.1 * v * rows / (rows - 1), 1e-6, "running variance");
      near(dshift[c], up, 1e-6, "shift's gradient");
      near(dscale[c], along, 1e-6, "scale's gradient");
      for (int64_t i = 0; i < rows; i += 997) {
        double x = (a[i * C + c] - m) * inverse;
        near(y[i * C + c], x * scale[c] + shift[c], 1e-6, "normalized");
        near(da[i * C + c], scale[c] * inverse * (dy[i * C + c] - up / rows - x * along / rows),
             1e-6 * std::max(1.0, inverse), "batch norm's gradient");
      }
    }
  }
  test_nothing();
}
