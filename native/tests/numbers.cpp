#include "numbers.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>

namespace {

int failures = 0;

}  // namespace

void check(bool holds, const char* what) {
  if (!holds) {
    std::printf("FAILED: %s\n", what);
    failures++;
  }
}

void near(double actual, double expected, double tolerance, const char* what) {
  if (!(std::fabs(actual - expected) <= tolerance * std::fmax(1.0, std::fabs(expected)))) {
    std::printf("FAILED: %s: %.9g, not %.9g\n", what, actual, expected);
    failures++;
  }
}

std::vector<float> random_numbers(size_t count, float low, float high) {
  static std::mt19937 generator(kSeed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> numbers(count);
  for (float& x : numbers) x = uniform(generator);
  return numbers;
}

std::vector<uint16_t> narrowed(const std::vector<float>& numbers) {
  std::vector<uint16_t> halves;
  for (float x : numbers) {
    uint32_t bits;
    std::memcpy(&bits, &x, 4);
    halves.push_back(static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
  }
  return halves;
}

std::vector<float> widened(const std::vector<uint16_t>& numbers) {
  std::vector<float> wide;
  for (uint16_t half : numbers) {
    uint32_t bits = static_cast<uint32_t>(half) << 16;
    float x;
    std::memcpy(&x, &bits, 4);
    wide.push_back(x);
  }
  return wide;
}

int finish() {
  std::printf(failures == 0 ? "all passed\n" : "%d failed\n", failures);
  return failures == 0 ? 0 : 1;
}
