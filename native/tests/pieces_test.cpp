// What kernels are made of: random words, elementary functions, small products; compiled for each instruction set.
#include <algorithm>
#include <cstdio>
#include <random>
#include <vector>

#include "../src/cpu/codes.h"
#include "../src/cpu/elementary.h"
#include "../src/cpu/philox.h"
#include "../src/cpu/processor.h"
#include "../src/cpu/products.h"

using namespace kib::KIB_LEVEL;

namespace {

constexpr unsigned kSeed = 21;
int failures = 0;

void check(bool holds, const char* what, double at) {
  if (holds) return;
  std::printf("FAILED: %s at %.17g\n", what, at);
  failures++;
}

// The published known answers of Philox4x32-10: all bits 0, all bits 1, digits of pi.
void test_known_words() {
  struct Case {
    uint32_t counter[4];
    uint64_t key;
    uint32_t words[4];
  };
  const Case cases[] = {
      {{0, 0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{~0u, ~0u, ~0u, ~0u}, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       0x299f31d0a4093822,
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Case& c : cases) {
    uint32_t words[4];
    philox(c.counter[0], c.counter[1], c.counter[2], c.counter[3], c.key, words);
    check(std::equal(words, words + 4, c.words), "known words", c.counter[0]);
  }
}

// Many counters at once hold the words of each alone, in both orders, for every rest, also where counters wrap around.
void test_many_words() {
  for (int64_t count = 1; count <= 40; count++) {
    for (int64_t stride : {1, 9}) {
      for (uint64_t first : {uint64_t{5}, uint64_t{0xFFFFFFF9}}) {
        std::vector<uint32_t> planes(4 * count + 1, 77), interleaved(4 * count + 1, 77);
        philox_words(planes.data(), false, first, stride, count, 1, 2, 3, 0x123456789abcdef);
        philox_words(interleaved.data(), true, first, stride, count, 1, 2, 3, 0x123456789abcdef);
        for (int64_t i = 0; i < count; i++) {
          uint32_t words[4];
          philox(static_cast<uint32_t>(first + static_cast<uint64_t>(i * stride)), 1, 2, 3, 0x123456789abcdef, words);
          for (int64_t j = 0; j < 4; j++) {
            check(planes[j * count + i] == words[j], "words in planes", count);
            check(interleaved[4 * i + j] == words[j], "words interleaved", count);
          }
        }
        check(planes.back() == 77 && interleaved.back() == 77, "words past the end", count);
      }
    }
  }
}

void test_elementary() {
  std::mt19937_64 generator(kSeed);
  std::uniform_real_distribution<double> exponent(-40, 9.4), power(-2, 2);
  for (int i = 0; i < 100000; i++) {
    double x = -std::exp2(exponent(generator)), expected = std::expm1(x);
    check(std::fabs(expm1_negative(x) - expected) <= 1e-14 * std::fabs(expected), "expm1 in double", x);
    double single = std::expm1(static_cast<double>(static_cast<float>(x)));
    check(std::fabs(expm1_negative(static_cast<float>(x)) - single) <= 5e-7 * std::fabs(single), "expm1", x);
    double whole = x > -87 ? std::exp(static_cast<double>(static_cast<float>(x))) : 0;
    check(std::fabs(exp_negative(static_cast<float>(x)) - whole) <= 5e-7 * whole, "exp", x);
    double s = std::exp2(exponent(generator)), q = power(generator);
    check(std::fabs(power_or_zero(s, q) - std::pow(s, q)) <= 1e-10 * std::pow(s, q), "power", s);
  }
  check(expm1_negative(0.0) == 0 && expm1_negative(-1e300) == -1 && expm1_negative(-INFINITY) == -1, "expm1's ends", 0);
  check(std::isnan(expm1_negative(std::nan(""))), "expm1 of NaN", 0);
  check(exp_negative(0.0f) == 1 && exp_negative(-INFINITY) == 0 && exp_negative(-1e30f) == 0, "exp's ends", 0);
  check(std::isnan(exp_negative(std::nanf(""))), "exp of NaN", 0);
}

template <class Number>
void test_products(double tolerance) {
  std::mt19937 generator(kSeed);
  std::uniform_real_distribution<Number> uniform(-1, 1);
  auto random = [&](int64_t count) {
    std::vector<Number> numbers(count);
    for (Number& x : numbers) x = uniform(generator);
    return numbers;
  };
  for (int64_t columns = 1; columns <= 70; columns++) {
    int64_t rows = 1 + columns % 7, inner = 1 + columns % 11, c_row = columns + 1, b_row = columns + 3;
    auto a = random(rows * inner), b = random(inner * b_row), c = random(rows * c_row);
    for (bool transposed : {false, true}) {
      Factor<Number> left{a.data(), transposed ? 1 : inner, transposed ? rows : 1};
      auto sums = c;
      add_product(sums.data(), c_row, rows, columns, left, b.data(), b_row, inner);
      for (int64_t r = 0; r < rows; r++) {
        for (int64_t j = 0; j < c_row; j++) {
          double expected = c[r * c_row + j];
          for (int64_t k = 0; k < inner && j < columns; k++)
            expected += static_cast<double>(left.at(r, k)) * b[k * b_row + j];
          check(std::fabs(sums[r * c_row + j] - expected) <= tolerance, "product", columns);
        }
      }
    }
  }
}

void test_sums() {
  for (int64_t n = 0; n < 40; n++)
    check(sum(n, [](int64_t i) { return static_cast<double>(i); }) == n * (n - 1) / 2, "sum", n);
}

}  // namespace

int main() {
#if defined(__AVX512F__)
  if (!KIB_PROCESSOR_HAS_V4) return std::printf("not run: no AVX-512 here\n"), 0;
#endif
  test_known_words();
  test_many_words();
  test_elementary();
  test_products<float>(1e-5);
  test_products<double>(1e-13);
  test_sums();
  std::printf(failures == 0 ? "all pieces pass (seed %u)\n" : "FAILED with seed %u\n", kSeed);
  return failures == 0 ? 0 : 1;
}
