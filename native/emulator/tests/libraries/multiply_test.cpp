// The blocked product under all others: every remainder of its tiles, strides and orders against double; the same bits
// at each processor level, and however it is split.
#include <cstring>
#include <numeric>

#include "device_array.h"
#include "libraries/product.h"

#define KIB_DECLARE(level)                                                                                      \
  namespace kib::emulator::level {                                                                              \
  void multiply(int64_t, int64_t, int64_t, Strides<float>, Strides<float>, float*, int64_t, const int64_t*);    \
  void multiply(int64_t, int64_t, int64_t, Strides<double>, Strides<double>, double*, int64_t, const int64_t*); \
  }
KIB_DECLARE(baseline)
#if defined(KIB_LEVELS)
KIB_DECLARE(avx2)
#endif
#undef KIB_DECLARE

using namespace kib::test;
using kib::emulator::Strides;

namespace {

constexpr uint64_t kSeed = 90210;

size_t z(int64_t value) { return static_cast<size_t>(value); }

template <class T>
std::vector<T> values(int64_t count, Random& random) {
  const std::vector<double> wide = uniform(z(count), sizeof(T) == 8 ? Element::kF64 : Element::kF32, random);
  return std::vector<T>(wide.begin(), wide.end());
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class T>
void one_product(int64_t m, int64_t n, int64_t k, bool shuffled, Random& random) {
  const int64_t gap = static_cast<int64_t>(random() % 4), ld = n + gap;
  const bool turn_a = random() % 2 == 0, turn_b = random() % 2 == 0;
  const std::vector<T> a = values<T>(m * k, random), b = values<T>(k * n, random), c = values<T>(m * ld, random);
  const Strides<T> left = turn_a ? Strides<T>{a.data(), 1, m} : Strides<T>{a.data(), k, 1};
  const Strides<T> right = turn_b ? Strides<T>{b.data(), 1, k} : Strides<T>{b.data(), n, 1};
  std::vector<int64_t> order(z(k));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::shuffle(order.begin(), order.end(), random);
  const int64_t* terms = shuffled ? order.data() : nullptr;

  std::vector<double> got, wanted, bounds;
  std::vector<T> result = c;
  kib::emulator::multiply(m, n, k, left, right, result.data(), ld, terms);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < ld; ++j) {
      const size_t at = z(i * ld + j);
      double sum = static_cast<double>(c[at]), size = std::abs(sum);
      for (int64_t p = 0; p < k && j < n; ++p) {
        const double term = static_cast<double>(left.data[i * left.row + p * left.column]) *
                            static_cast<double>(right.data[p * right.row + j * right.column]);
        sum += term;
        size += std::abs(term);
      }
      got.push_back(static_cast<double>(result[at]));
      wanted.push_back(sum);
      // A term is rounded once, and passes at most so many additions: those of its block, and those of the blocks.
      const double additions = static_cast<double>(std::min(k, kib::emulator::kStep) + k / kib::emulator::kStep + 2);
      bounds.push_back(j < n ? additions * unit(sizeof(T) == 8 ? Element::kF64 : Element::kF32) * 1.01 * size : 0);
    }
  }
  const std::string what = std::to_string(m) + " x " + std::to_string(n) + " x " + std::to_string(k);
  near(got, wanted, bounds, what);

  std::vector<T> low = c;
  kib::emulator::baseline::multiply(m, n, k, left, right, low.data(), ld, terms);
  CHECK(same_bits(low, result));
#if defined(KIB_LEVELS)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) {
    std::vector<T> high = c;
    kib::emulator::avx2::multiply(m, n, k, left, right, high.data(), ld, terms);
    CHECK(same_bits(low, high));
  }
#endif
  if (shuffled) return;
  std::vector<T> together = c;
  kib::emulator::multiply_together(m, n, k, left, right, together.data(), ld);
  CHECK(same_bits(low, together));
}

template <class T>
void products(Random& random) {
  const auto draw = [&](int64_t most) { return 1 + static_cast<int64_t>(random() % static_cast<uint64_t>(most)); };
  for (int64_t m = 1; m <= 13; ++m) {
    for (const int64_t n : {1, 7, 8, 15, 16, 17, 33}) one_product<T>(m, n, draw(20), m % 2 == 0, random);
  }
  for (int i = 0; i < 12; ++i) one_product<T>(draw(120), draw(300), draw(600), i % 2 == 0, random);
  one_product<T>(100, 270, 255 + draw(3), false, random);
  one_product<T>(70, 90, 1100, false, random);  // more than one thread's
}

}  // namespace

int main() {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  Random random(kSeed);
  products<float>(random);
  products<double>(random);
  return result();
}
