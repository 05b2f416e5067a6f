// Powers and exponentials in a form that compilers vectorize: no branches, no calls.
#ifndef KIB_CPU_ELEMENTARY_H
#define KIB_CPU_ELEMENTARY_H
#include "level.h"

namespace kib::KIB_LEVEL {

// exp(x) - 1 for x <= 0: 2^n expm1(r) + (2^n - 1) with |r| <= ln2 / 2; relative error a few eps, also near 0.
inline float expm1_negative(float x) {
  x = x > -88.0f ? x : -88.0f;
  float n = std::nearbyint(x * 1.44269504f);
  float r = x - n * 0.693359375f + n * 2.12194440e-4f;
  float q = 1.3981999507e-3f + r * 1.9841270e-4f;
  q = 8.3334519073e-3f + r * q;
  q = 4.1665795894e-2f + r * q;
  q = 1.6666665459e-1f + r * q;
  q = 0.5f + r * q;
  q = r + r * r * q;
  int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
  float scale;
  std::memcpy(&scale, &bits, 4);
  return scale * q + (scale - 1.0f);
}

// exp(x) for x <= 0: relative error a few eps, 1 of 0; 0 below -87, NaN stays NaN.
inline float exp_negative(float x) {
  float limited = x > -87.0f ? x : -87.0f;
  float n = std::nearbyint(limited * 1.44269504f);
  float r = limited - n * 0.693359375f + n * 2.12194440e-4f;
  float q = 1.3981999507e-3f + r * 1.9841270e-4f;
  q = 8.3334519073e-3f + r * q;
  q = 4.1665795894e-2f + r * q;
  q = 1.6666665459e-1f + r * q;
  q = 0.5f + r * q;
  q = r + r * r * q;
  int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
  float scale;
  std::memcpy(&scale, &bits, 4);
  float power = x > -87.0f ? scale * q + scale : 0.0f;
  return x != x ? x : power;
}

// The same in double, relative error below 1e-14; NaN stays NaN.
inline double expm1_negative(double x) {
  constexpr double kShift = 0x1.8p52;  // adding it leaves an integer in the low bits
  double limited = x > -700.0 ? x : -700.0;
  double shifted = limited * 1.4426950408889634 + kShift, n = shifted - kShift;
  double r = (limited - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
  double q = 1.0 / 479001600;
  q = 1.0 / 39916800 + r * q;
  q = 1.0 / 3628800 + r * q;
  q = 1.0 / 362880 + r * q;
  q = 1.0 / 40320 + r * q;
  q = 1.0 / 5040 + r * q;
  q = 1.0 / 720 + r * q;
  q = 1.0 / 120 + r * q;
  q = 1.0 / 24 + r * q;
  q = 1.0 / 6 + r * q;
  q = 0.5 + r * q;
  q = r + r * r * q;
  uint64_t bits;
  std::memcpy(&bits, &shifted, 8);
  bits = (bits + 1023) << 52;
  double scale;
  std::memcpy(&scale, &bits, 8);
  return x != x ? x : scale * q + (scale - 1.0);
}

// s^exponent for s > 0, normal, by log2 and exp2; relative error below 1e-10 where |exponent| <= 2. (No branches and no
// conversions to integers: compilers vectorize it.)
inline double positive_power(double s, double exponent) {
  constexpr double kShift = 0x1.8p52;  // adding it leaves an integer in the low bits
  uint64_t bits;
  std::memcpy(&bits, &s, 8);
  uint64_t biased = (bits + (0x3FF0000000000000ull - 0x3FE6A09E667F3BCDull)) >> 52;  // exponent + 1023 of s / sqrt(1/2)
  uint64_t mantissa_bits = bits - ((biased - 1023) << 52);                           // in [sqrt(1/2), sqrt(2))
  double mantissa;
  std::memcpy(&mantissa, &mantissa_bits, 8);
  uint64_t shifted_bits = biased + 0x4338000000000000ull;
  double shifted;
  std::memcpy(&shifted, &shifted_bits, 8);
  double t = (mantissa - 1) / (mantissa + 1), t2 = t * t;
  double series = 1.0 / 13;
  series = 1.0 / 11 + t2 * series;
  series = 1.0 / 9 + t2 * series;
  series = 1.0 / 7 + t2 * series;
  series = 1.0 / 5 + t2 * series;
  series = 1.0 / 3 + t2 * series;
  series = 1.0 + t2 * series;
  double power = exponent * ((shifted - kShift - 1023) + 2 * 1.4426950408889634 * t * series);
  power = power < -1000 ? -1000 : power > 1000 ? 1000 : power;
  double rounded = power + kShift;
  double rest = (power - (rounded - kShift)) * 0.6931471805599453;
  double e = 1.0 / 3628800;
  e = 1.0 / 362880 + rest * e;
  e = 1.0 / 40320 + rest * e;
  e = 1.0 / 5040 + rest * e;
  e = 1.0 / 720 + rest * e;
  e = 1.0 / 120 + rest * e;
  e = 1.0 / 24 + rest * e;
  e = 1.0 / 6 + rest * e;
  e = 0.5 + rest * e;
  e = 1.0 + rest * e;
  e = 1.0 + rest * e;
  uint64_t result_bits, scale;
  std::memcpy(&result_bits, &e, 8);
  std::memcpy(&scale, &rounded, 8);
  result_bits += scale << 52;
  double result;
  std::memcpy(&result, &result_bits, 8);
  return result;
}

// s^exponent; 0 where s is 0 (a group without delta whose activities are equal), NaN where it is NaN.
inline double power_or_zero(double s, double exponent) {
  bool plain = s >= 0x1p-500 && s <= 0x1p500;
  double power = positive_power(plain ? s : 1.0, exponent);
  double limit = s != s || (s > 0 && exponent > 0) ? s : s > 0 && exponent == 0 ? 1.0 : 0.0;
  return plain ? power : limit;
}

}  // namespace kib::KIB_LEVEL
#endif
