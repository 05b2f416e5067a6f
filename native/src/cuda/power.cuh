// Powers of positive numbers, in few instructions of double precision.
#ifndef KIB_CUDA_POWER_CUH
#define KIB_CUDA_POWER_CUH
#include <cstdint>

namespace kib::cuda {

// s^exponent for s > 0, normal, by log2 and exp2; relative error below 1e-10 where |exponent| <= 2.
__device__ inline double positive_power(double s, double exponent) {
  constexpr double kShift = 0x1.8p52;  // adding it leaves an integer in the low bits
  uint64_t bits = static_cast<uint64_t>(__double_as_longlong(s));
  // exponent + 1023 of s / sqrt(1/2)
  uint64_t biased = (bits + (0x3FF0000000000000ull - 0x3FE6A09E667F3BCDull)) >> 52;
  double mantissa = __longlong_as_double(static_cast<int64_t>(bits - ((biased - 1023) << 52)));  // about 1
  double t = (mantissa - 1) / (mantissa + 1), t2 = t * t;
  double series = 1.0 / 13;
  series = 1.0 / 11 + t2 * series;
  series = 1.0 / 9 + t2 * series;
  series = 1.0 / 7 + t2 * series;
  series = 1.0 / 5 + t2 * series;
  series = 1.0 / 3 + t2 * series;
  series = 1.0 + t2 * series;
  double whole = static_cast<double>(static_cast<int>(biased) - 1023);
  double power = exponent * (whole + 2 * 1.4426950408889634 * t * series);
  power = power < -1000 ? -1000 : power > 1000 ? 1000 : power;
  double shifted = power + kShift;
  double rest = (power - (shifted - kShift)) * 0.6931471805599453;
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
  uint64_t scale = static_cast<uint64_t>(__double_as_longlong(shifted)) << 52;
  return __longlong_as_double(static_cast<int64_t>(static_cast<uint64_t>(__double_as_longlong(e)) + scale));
}

// s^exponent; 0 where s is 0 (a group without delta whose activities are equal), NaN where it is NaN.
__device__ inline double power_or_zero(double s, double exponent) {
  if (s >= 0x1p-500 && s <= 0x1p500) return positive_power(s, exponent);
  return s != s || (s > 0 && exponent > 0) ? s : s > 0 && exponent == 0 ? 1.0 : 0.0;
}

}  // namespace kib::cuda
#endif
