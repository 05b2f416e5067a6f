#include "kib/optimizer.h"

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

}  // namespace

void test_optimizer() {
  test_sign();
  test_sgd();
  test_adam();
  test_rates();
}
