#include "kib/optimizer.h"

#include <algorithm>
#include <cmath>

#include "kernels.h"
#include "kib/constants.h"

namespace {

void test_sgd() {
  auto w = random_numbers(100, -1, 1), g = random_numbers(100, -1, 1), m = random_numbers(100, -1, 1);
  auto before = w, momentum = m;
  std::vector<uint16_t> halves(100);
  void* rounded = halves.data();
  float *wp = w.data(), *mp = m.data();
  const float* gp = g.data();
  int64_t size = 100, now[4] = {7, 1, 0, 1}, fault[2] = {0, 0};
  double rates[2] = {0.3, 0.1};
  kib_optimizer_sgd(&wp, &rounded, &gp, &mp, &size, 1, 0.9, 0.01, rates, 2, now, fault, on(2));
  for (int i = 0; i < 100; i++)
    near(w[i], before[i] - 0.1 * (0.9 * momentum[i] + g[i] + 0.01 * before[i]), 1e-6, "SGD");
  check(halves == narrowed(w), "rounded weights");
  before = w;
  fault[0] = 1;
  kib_optimizer_sgd(&wp, &rounded, &gp, &mp, &size, 1, 0.9, 0.01, rates, 2, now, fault, on(2));
  check(w == before, "nothing is updated after a fault");
}

// Two arrays at once, the second of one weight.
void test_adam() {
  auto w = random_numbers(100, -1, 1), g = random_numbers(100, -1, 1), m = random_numbers(100, -1, 1),
       v = random_numbers(100, 0, 1);
  auto first = m, second = v;
  for (int decoupled : {0, 1}) {
    auto before = w;
    m = first, v = second;
    float *ws[2] = {w.data(), w.data() + 99}, *ms[2] = {m.data(), m.data() + 99}, *vs[2] = {v.data(), v.data() + 99};
    const float* gs[2] = {g.data(), g.data() + 99};
    void* rounded[2] = {nullptr, nullptr};
    int64_t sizes[2] = {99, 1}, now[4] = {4, 0, 0, 0}, fault[2] = {0, 0};
    double rate = 0.1;
    kib_optimizer_adam(ws, rounded, gs, ms, vs, sizes, 2, 0.9, 0.999, 1e-8, 0.01, decoupled, &rate, 1, now, fault,
                       on(2));
    for (int i = 0; i < 100; i++) {
      double gradient = g[i] + (decoupled ? 0 : 0.01 * before[i]);
      double mean = 0.9 * first[i] + 0.1 * gradient, square = 0.999 * second[i] + 0.001 * gradient * gradient;
      double step = mean / (1 - std::pow(0.9, 5)) / (std::sqrt(square / (1 - std::pow(0.999, 5))) + 1e-8);
      near(w[i], before[i] * (decoupled ? 1 - 0.1 * 0.01 : 1) - 0.1 * step, 1e-6, "Adam");
    }
  }
}

// The rate is that of the step in the epoch, and the last one's after the table's end.
void test_rates() {
  const double rates[3] = {0.5, 0.25, 0.125}, expected[4] = {0.5, 0.25, 0.125, 0.125};
  int64_t now[4] = {}, size = 1, fault[2] = {0, 0};
  for (double rate : expected) {
    float w = 1, g = 1, m = 0, v = 0, *wp = &w, *mp = &m, *vp = &v;
    const float* gp = &g;
    void* rounded = nullptr;
    kib_optimizer_sgd(&wp, &rounded, &gp, &mp, &size, 1, 0, 0, rates, 3, now, fault, on(1));
    check(w == 1 - static_cast<float>(rate), "SGD's rate of the step in the epoch");
    w = 1;
    kib_optimizer_adam(&wp, &rounded, &gp, &mp, &vp, &size, 1, 0, 0, 1e-30, 0, 0, rates, 3, now, fault, on(1));
    near(w, 1 - rate, 1e-6, "Adam's rate of the step in the epoch");
    now[KIB_CLOCK_EPOCH_STEP]++;
  }
}

// Of zeros of both signs and of what is not a number that itself; in place and rounded.
void test_sign() {
  std::vector<float> value = {-2, 3e-40f, 0, -0.0f, NAN, 1e30f, -1e-30f};
  const float expected[] = {-1, 1, 0, 0, NAN, 1, -1};
  auto size = static_cast<int64_t>(value.size());
  std::vector<uint16_t> rounded(value.size());
  check(kib_optimizer_sign(rounded.data(), KIB_BF16, value.data(), size, on(1)) == KIB_OK, "sign");
  kib_optimizer_sign(value.data(), KIB_F32, value.data(), size, on(1));
  for (size_t i = 0; i < value.size(); i++) {
    bool same = std::isnan(expected[i]) ? std::isnan(value[i]) : value[i] == expected[i];
    check(same, "signs");
    check(std::isnan(expected[i]) ? (rounded[i] & 0x7FFF) > 0x7F80 : widened(rounded)[i] == expected[i],
          "rounded signs");
  }
  check(kib_optimizer_sign(nullptr, 9, nullptr, 0, on(1)) == KIB_UNSUPPORTED_TYPE, "no type 9");
}

// The bias-corrected mean of three values, and the first to the bit; nothing after a fault.
void test_average() {
  const double decay = 0.75;
  std::vector<float> average(101, NAN);
  std::fill(average.begin(), average.end(), 1e9f);
  std::vector<double> sum(101);
  int64_t sizes[2] = {100, 1}, now[4] = {}, fault[2] = {};
  float* averages[2] = {average.data(), average.data() + 100};
  double weight = 0;
  for (int t = 1; t <= 3; t++, now[KIB_CLOCK_STEP]++) {
    auto value = random_numbers(101, -1, 1);
    const float* values[2] = {value.data(), value.data() + 100};
    check(kib_optimizer_average(averages, values, sizes, 2, decay, now, fault, on(2)) == KIB_OK, "average");
    if (t == 1) check(average == value, "the average of one value");
    weight = decay * weight + 1;
    for (size_t i = 0; i < sum.size(); i++) {
      sum[i] = decay * sum[i] + value[i];
      near(average[i], sum[i] / weight, 3e-7, "average");
    }
  }
  auto before = average;
  auto value = random_numbers(101, -1, 1);
  const float* values[2] = {value.data(), value.data() + 100};
  fault[0] = 1;
  kib_optimizer_average(averages, values, sizes, 2, decay, now, fault, on(2));
  check(average == before, "nothing is averaged after a fault");
}

void test_combine() {
  auto x = random_numbers(1001, -1, 1), y = random_numbers(1001, -1, 1);
  auto n = static_cast<int64_t>(x.size());
  int64_t fault[2] = {2, 0};
  auto out = x;
  kib_optimizer_combine(out.data(), 3, out.data(), -2, y.data(), n, fault, on(2));
  check(out == x, "nothing is combined after a fault");
  kib_optimizer_combine(out.data(), 3, out.data(), -2, y.data(), n, nullptr, on(2));
  for (size_t i = 0; i < x.size(); i++) near(out[i], 3.0 * x[i] - 2.0 * y[i], 6e-7, "combined");
}

// Squares that single precision has not; of nothing but zeros zeros.
void test_normalize() {
  for (int64_t n : {1, 3, 16384, 40001}) {
    auto x = random_numbers(static_cast<size_t>(n), 1e-30, 2e-30);
    std::vector<double> workspace(static_cast<size_t>(kib_optimizer_normalize_workspace(n)) / 8);
    double squares = 0;
    for (float number : x) squares += static_cast<double>(number) * number;
    std::vector<float> out(x.size());
    kib_optimizer_normalize(out.data(), x.data(), 1e-31, n, workspace.data(), on(2));
    for (size_t i = 0; i < x.size(); i++) near(out[i], x[i] / (std::sqrt(squares) + 1e-31), 2e-7, "normalized");
  }
  std::vector<float> zeros(5);
  double workspace = 0;
  kib_optimizer_normalize(zeros.data(), zeros.data(), 1e-7, 5, &workspace, on(1));
  check(zeros == std::vector<float>(5), "zeros normalized");
}

}  // namespace

void test_optimizer() {
  test_average();
  test_combine();
  test_normalize();
  test_sign();
  test_sgd();
  test_adam();
  test_rates();
}
