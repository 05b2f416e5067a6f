#include "kib/readout.h"

#include <algorithm>
#include <cmath>

#include "kernels.h"

namespace {

// Windows of a side that the windows do not divide, from the definition; and the gradient as its transpose.
void test_pool() {
  const int64_t shapes[][6] = {{2, 3, 6, 5, 3, 2}, {1, 70, 5, 7, 2, 3}, {3, 1, 4, 4, 4, 4}, {1, 5, 3, 3, 1, 1}};
  for (const auto& [batch, channels, height, width, rows, columns] : shapes) {
    auto x = random_numbers(batch * height * width * channels, -1, 1);
    auto dy = random_numbers(batch * rows * columns * channels, -1, 1);
    std::vector<float> y(dy.size()), dx(x.size());
    check(kib_readout_average_pool(y.data(), x.data(), KIB_F32, batch, channels, height, width, rows, columns, on(1)) ==
              KIB_OK,
          "pool");
    kib_readout_average_pool_gradient(dx.data(), dy.data(), KIB_F32, batch, channels, height, width, rows, columns,
                                      on(1));
    std::vector<double> means(y.size()), parts(x.size());
    for (int64_t b = 0; b < batch; b++)
      for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
          for (int64_t c = 0; c < channels; c++) {
            auto top = static_cast<int64_t>(std::floor(static_cast<double>(i * height) / rows));
            auto bottom = static_cast<int64_t>(std::ceil(static_cast<double>((i + 1) * height) / rows));
            auto left = static_cast<int64_t>(std::floor(static_cast<double>(j * width) / columns));
            auto right = static_cast<int64_t>(std::ceil(static_cast<double>((j + 1) * width) / columns));
            int64_t window = ((b * rows + i) * columns + j) * channels + c;
            for (int64_t h = top; h < bottom; h++)
              for (int64_t w = left; w < right; w++) {
                int64_t at = ((b * height + h) * width + w) * channels + c;
                auto size = static_cast<double>((bottom - top) * (right - left));
                means[window] += x[at] / size;
                parts[at] += dy[window] / size;
              }
          }
    for (size_t i = 0; i < y.size(); i++) near(y[i], means[i], 1e-6, "pooled");
    for (size_t i = 0; i < x.size(); i++) near(dx[i], parts[i], 1e-6, "pool's gradient");
  }
  check(kib_readout_average_pool(nullptr, nullptr, 9, 1, 1, 1, 1, 1, 1, on(1)) == KIB_UNSUPPORTED_TYPE, "no type 9");
}

// With smoothed labels and shares of classes, from the definition: the mean over classes of shares times -log softmax.
void test_shares() {
  constexpr int64_t B = 4, M = 3;
  auto y = random_numbers(B * M, -2, 2);
  y[1] = -INFINITY;  // of a class that is not wanted
  const std::vector<int32_t> labels = {0, 2, 1, 1};
  const std::vector<float> shares = {0.75f, 0, 0.25f, 0.125f, 0.25f, 0.625f, 0, 1, 0, 0.5f, 0.5f, 0};
  const float weights[] = {0.5f, 2, 0.25f};
  const float weight_of_labels = 0.5f + 0.25f + 2 + 2;
  for (int i = 0; i < 8; i++) {
    bool shared = i & 1, weighted = i & 4;
    double smoothing = i & 2 ? 0.25 : 0;
    if (smoothing > 0) y[1] = -1;
    std::vector<float> dy(B * M);
    double sums[2] = {0, 0}, loss = 0, right = 0;
    int64_t now[4] = {0, 0, 0, 0}, fault[2] = {0, 0};
    kib_meter meter = {sums, 0, now, fault, 1};
    kib_readout_cross_entropy(dy.data(), KIB_F32, y.data(), shared ? nullptr : labels.data(),
                              shared ? shares.data() : nullptr, smoothing, weighted ? weights : nullptr, B, M, &meter,
                              nullptr, on(1));
    for (int64_t b = 0; b < B; b++) {
      const float *row = y.data() + b * M, *part = shares.data() + b * M;
      double sum = 0;
      for (int64_t m = 0; m < M; m++) sum += std::exp(row[m]);
      int64_t label = shared ? std::max_element(part, part + M) - part : labels[b];
      right += std::max_element(row, row + M) - row == label;
      double wanted[M], all = 0;
      for (int64_t m = 0; m < M; m++) {
        wanted[m] = (1 - smoothing) * (shared ? part[m] : m == label) + smoothing / M;
        if (weighted) wanted[m] *= weights[m] * B / (shared ? B : weight_of_labels);
        if (wanted[m] != 0) loss -= wanted[m] * (row[m] - std::log(sum));
        all += wanted[m];
      }
      for (int64_t m = 0; m < M; m++)
        near(dy[b * M + m], (all * std::exp(row[m]) / sum - wanted[m]) / B, 1e-6, "gradient by shares");
    }
    near(sums[0], loss, 1e-6, "loss by shares");
    check(sums[1] == right && fault[0] == 0, "the heaviest class is the right one");
    y[1] = -INFINITY;
  }
}

void test_add() {
  auto x = random_numbers(70, -1, 1), y = random_numbers(70, -1, 1), sum = y;
  check(kib_readout_add(sum.data(), x.data(), KIB_F32, 70, on(2)) == KIB_OK, "add");
  for (size_t i = 0; i < x.size(); i++) check(sum[i] == x[i] + y[i], "a sum");
  check(kib_readout_add(nullptr, nullptr, 9, 0, on(1)) == KIB_UNSUPPORTED_TYPE, "no type 9");
}

}  // namespace

// Loss, count and gradient against the formula; a loss that is not finite is noted once.
void test_readout() {
  constexpr int64_t B = 5, M = 3;
  auto y = random_numbers(B * M, -2, 2);
  std::vector<int32_t> labels = {0, 2, 1, 1, 0};
  std::vector<float> dy(B * M);
  double sums[4] = {1, 2, 3, 4};
  int64_t now[4] = {6, 0, 0, 0}, fault[2] = {0, 0};
  kib_meter meter = {sums, 1, now, fault, 2};
  check(kib_readout_cross_entropy(dy.data(), KIB_F32, y.data(), labels.data(), nullptr, 0, nullptr, B, M, &meter,
                                  nullptr, on(1)) == KIB_OK,
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
  meter.correct = -1;
  kib_readout_cross_entropy(nullptr, KIB_F32, y.data(), labels.data(), nullptr, 0, nullptr, B, M, &meter, nullptr,
                            on(1));
  check(sums[2] == 3 + correct, "nothing is counted where nothing is asked for");
  y[4] = NAN;
  kib_readout_cross_entropy(nullptr, KIB_F32, y.data(), labels.data(), nullptr, 0, nullptr, B, M, &meter, nullptr,
                            on(1));
  check(fault[0] == 7 && fault[1] == 1, "a loss that is not a number is a fault");
  test_shares();
  test_add();
  test_pool();
}
