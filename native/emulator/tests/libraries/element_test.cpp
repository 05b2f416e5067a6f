// Rounding and conversion of element types, against the compiler's own f16 and arithmetic in double.
#include "libraries/element.h"

#include <random>

#include "check.h"

using namespace kib::emulator;

namespace {

// The nearest number with `digits` significant bits, in double; ties to even, or away from zero.
double nearest(double value, int digits, bool away) {
  int exponent;
  const double fraction = std::ldexp(std::frexp(value, &exponent), digits);
  const double whole = away ? std::round(fraction) : std::nearbyint(fraction);
  return std::ldexp(whole, exponent - digits);
}

void halves() {
  for (uint32_t i = 0; i < 0x10000; ++i) {
    const uint16_t half = static_cast<uint16_t>(i);
    _Float16 wanted;
    std::memcpy(&wanted, &half, 2);
    const float got = from_f16(half);
    if (std::isnan(got)) {
      CHECK((half & 0x7C00) == 0x7C00 && (half & 0x3FF) != 0);
      continue;
    }
    CHECK_EQUAL(got, static_cast<float>(wanted));
    CHECK_EQUAL(to_f16(got), half);
  }
}

void narrowing(uint64_t seed) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200000; ++i) {
    const float value = from_bits(static_cast<uint32_t>(random()));
    if (std::isnan(value)) {
      CHECK(std::isnan(from_f16(to_f16(value))) && std::isnan(from_bf16(to_bf16(value))));
      continue;
    }
    const _Float16 half = static_cast<_Float16>(value);
    uint16_t wanted;
    std::memcpy(&wanted, &half, 2);
    CHECK_EQUAL(to_f16(value), wanted);
    if (std::fabs(value) < 1e-30f || std::fabs(value) > 1e38f) continue;
    CHECK_EQUAL(static_cast<double>(from_bf16(to_bf16(value))), nearest(value, 8, false));
    CHECK_EQUAL(static_cast<double>(rounded(value, Rounding::kTF32)), nearest(value, 11, true));
    CHECK_EQUAL(rounded(value, Rounding::kNone), value);
  }
}

void edges() {
  CHECK_EQUAL(to_f16(65504.0f), 0x7BFF);
  CHECK_EQUAL(to_f16(65520.0f), 0x7C00);
  CHECK_EQUAL(to_f16(-INFINITY), 0xFC00);
  CHECK_EQUAL(to_f16(-0.0f), 0x8000);
  CHECK_EQUAL(to_bf16(INFINITY), 0x7F80);
  CHECK_EQUAL(to_bf16(3.4e38f), 0x7F80);                                    // past the largest bf16
  CHECK_EQUAL(rounded(1.0f + 0x1p-11f, Rounding::kTF32), 1.0f + 0x1p-10f);  // a tie, away from zero
  CHECK_EQUAL(rounded(-INFINITY, Rounding::kTF32), -INFINITY);
}

}  // namespace

int main() {
  constexpr uint64_t kSeed = 20;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  halves();
  narrowing(kSeed);
  edges();
  return kib::test::result();
}
