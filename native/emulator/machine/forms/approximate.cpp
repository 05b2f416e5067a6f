// Approximate instructions: the exact value with an error that the seed draws within the PTX manual's bound, rounded. A
// function, as on a GPU: one seed gives one result for an instruction and its operands. What the manual fixes is exact.
#include <cmath>

#include "machine/forms/lanes.h"
#include "machine/forms/level.h"
#include "machine/forms/narrow.h"
#include "machine/options.h"

namespace kib::emulator::ptx {
namespace {

constexpr double kPi = 3.14159265358979323846;

// From -1 to 1, by seed, instruction and operands.
inline double draw(uint64_t instruction, uint64_t operands) {
  static const uint64_t seed = Options::current().seed;
  uint64_t x = operands + (seed * 64 + instruction) * 0x9e3779b97f4a7c15;
  for (const uint64_t factor : {0xbf58476d1ce4e5b9, 0x94d049bb133111eb}) x = (x ^ (x >> 29)) * factor;
  return static_cast<double>(static_cast<int64_t>(x ^ (x >> 32))) * 0x1p-63;
}

inline double power_of_two(int exponent) { return bits_as<double>(static_cast<uint64_t>(exponent + 1023) << 52); }

// Half a unit in the last place of a value of the format; by as much rounding is off.
template <class F>
double half_ulp(double value) {
  const int exponent = static_cast<int>((bits_as<uint64_t>(value) >> 52) & 0x7ff) - 1023;
  return power_of_two((exponent < F::least ? F::least : exponent) - F::mantissa - 1);
}

template <class F>
double largest_power() {
  return power_of_two(static_cast<int>(F::infinity >> F::mantissa) - 1 + F::least - 1);
}

// Each instruction: its number in the draw, its function, its bound where the exact value is v at x (half: half a unit
// in the last place of v), and whether the manual fixes the value.
struct Ex2 {
  static constexpr uint64_t number = 1;
  static double exact(double x) { return std::exp2(x); }
  static bool fixed(double x) { return std::fabs(x) < 0x1p-126; }
};
struct Ex2F32 : Ex2 {
  static double bound(double, double, double half) { return 4 * half; }
};
struct Ex2F16 : Ex2 {
  static double bound(double, double v, double) { return 0x1.125fbep-10 * v; }  // 2^-9.9
};
struct Ex2Bf16 : Ex2 {
  static double bound(double, double v, double) { return 0x1p-7 * v; }
};
struct Lg2 {
  static constexpr uint64_t number = 2;
  static double exact(double x) { return std::log2(x); }
  static double bound(double x, double v, double) { return x > 0.5 && x < 2 ? 0x1p-22 : 0x1p-22 * std::fabs(v); }
  static bool fixed(double) { return false; }
};
struct Sine {
  static constexpr uint64_t number = 3;
  static double exact(double x) { return std::sin(x); }
  static double bound(double x, double, double) {
    return std::fabs(x) <= 2 * kPi ? 0x1.6a09e6p-21 : 0x1.3b2c47p-15;  // 2^-20.5; 2^-14.7
  }
  static bool fixed(double x) { return std::fabs(x) < 0x1p-126; }
};
struct Cosine : Sine {
  static constexpr uint64_t number = 4;
  static double exact(double x) { return std::cos(x); }
};
struct Tanh {
  static constexpr uint64_t number = 5;
  static double exact(double x) { return std::tanh(x); }
  static bool fixed(double x) { return x == 0 || std::isinf(x); }
};
struct TanhF32 : Tanh {
  static double bound(double, double v, double) { return 0x1p-11 * std::fabs(v); }
};
struct TanhF16 : Tanh {
  static double bound(double, double, double) { return 0x1.0251p-11; }  // 2^-10.987
};
struct TanhBf16 : Tanh {
  static double bound(double, double, double) { return 0x1p-8; }
};
struct Reciprocal {
  static constexpr uint64_t number = 6;
  static double exact(double x) { return 1 / x; }
  static double bound(double, double, double half) { return 2 * half; }
  static bool fixed(double) { return false; }
};
struct Root {
  static constexpr uint64_t number = 7;
  static double exact(double x) { return std::sqrt(x); }
  static double bound(double, double v, double) { return 0x1p-23 * v; }
  static bool fixed(double) { return false; }
};
struct InverseRoot {
  static constexpr uint64_t number = 8;
  static double exact(double x) { return 1 / std::sqrt(x); }
  static double bound(double, double v, double) { return 0x1.125fbep-23 * v; }  // 2^-22.9
  static bool fixed(double) { return false; }
};

// The exact value v moved by at most what rounding leaves of the bound. Sines and hyperbolic tangents stay within
// [-1, 1], values keep their sign.
template <class What, class F>
double moved(double x, double v, uint64_t bits) {
  if (v == 0 || v - v != 0 || What::fixed(x)) return v;
  // What overflows, or is subnormal or flushed, is not moved there or back.
  if (std::fabs(v) >= largest_power<F>() || std::fabs(v) < power_of_two(F::least + 1)) return v;
  const double half = half_ulp<F>(v), most = What::bound(x, v, half) - half;
  if (!(most > 0)) return v;
  const double m = v + draw(What::number, bits) * most;
  if (What::number >= 3 && What::number <= 5) {
    if (std::fabs(m) > 1) return std::copysign(1.0, m);
    if ((m < 0) != (v < 0)) return std::copysign(0.0, v);
  }
  return m;
}

inline float flushed(bool ftz, float v) { return ftz && std::fabs(v) < 0x1p-126f ? std::copysign(0.0f, v) : v; }
inline float canonical(float v) { return v != v ? bits_as<float>(F32::canonical) : v; }

template <class What, bool ftz>
void single(const I& i, Lanes& w) {
  const float* a = w.at<float>(i.a);
  float* d = w.at<float>(i.d);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    const float x = flushed(ftz, a[l]);
    const double v = moved<What, F32>(x, What::exact(x), bits_as<uint32_t>(x));
    d[l] = canonical(flushed(ftz, static_cast<float>(v)));
  }
}
template <class What>
Form single_form(const Key& k) {
  return k.ftz ? single<What, true> : single<What, false>;
}

// Two units in the last place; div.approx gives 0 (of an infinity: NaN) for divisors beyond 2^126.
struct Quotient : Reciprocal {
  static constexpr uint64_t number = 9;
  static double bound(double, double, double half) { return 4 * half; }
};
template <bool ftz, bool full>
void quotient(const I& i, Lanes& w) {
  const float *a = w.at<float>(i.a), *b = w.at<float>(i.b);
  float* d = w.at<float>(i.d);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    const float x = flushed(ftz, a[l]), y = flushed(ftz, b[l]);
    const uint64_t operands = uint64_t{bits_as<uint32_t>(x)} << 32 | bits_as<uint32_t>(y);
    double v = static_cast<double>(x) / static_cast<double>(y);
    if (!full && std::fabs(y) > 0x1p126f && std::fabs(y) < HUGE_VALF) v = x * std::copysign(0.0f, y);
    d[l] = canonical(flushed(ftz, static_cast<float>(moved<Quotient, F32>(1, v, operands))));
  }
}

template <class What, class F, bool ftz>
inline uint16_t half_value(uint16_t h) {
  if (ftz && (h & F::infinity) == 0) h &= F::sign;
  const double x = widen(F{}, h), v = moved<What, F>(x, What::exact(x), h);
  const uint16_t result = static_cast<uint16_t>(narrow<F>(v, Round::kNearest));
  return ftz && (result & F::infinity) == 0 ? result & F::sign : result;
}
template <class What, class F, bool ftz, bool pair>
void halves(const I& i, Lanes& w) {
  constexpr uint32_t parts = pair ? 2 : 1;
  const uint16_t* a = w.at<uint16_t>(i.a);
  uint16_t* d = w.at<uint16_t>(i.d);
  for (uint32_t n = 0; n < 32 * parts; ++n) {
    if (((w.mask >> (n / parts)) & 1) != 0) d[n] = half_value<What, F, ftz>(a[n]);
  }
}
template <class What, class F>
Form narrow_form(const Key& k) {
  if (bytes_of(k.type) == 4) return k.ftz ? halves<What, F, true, true> : halves<What, F, false, true>;
  return k.ftz ? halves<What, F, true, false> : halves<What, F, false, false>;
}

// rcp.approx.ftz.f64 and rsqrt.approx.ftz.f64: of the upper words of operand and result, the result's off by at most a
// unit; the manual states no bound. NaN and infinity are told apart by the upper word.
template <class What>
void upper_word(const I& i, Lanes& w) {
  const auto flush = [](double v) { return std::fabs(v) < 0x1p-1022 ? std::copysign(0.0, v) : v; };
  constexpr uint64_t upper = ~uint64_t{0xffffffff};
  const double* a = w.at<double>(i.a);
  double* d = w.at<double>(i.d);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    const double x = bits_as<double>(bits_as<uint64_t>(flush(a[l])) & upper);
    const double v = flush(What::exact(x));
    uint64_t bits = bits_as<uint64_t>(v) & upper;
    const double drawn = draw(What::number + 32, bits_as<uint64_t>(x));
    // Not across the largest and the smallest numbers.
    const bool inner = std::fabs(v) > 0x1p-1021 && std::fabs(v) < 0x1p1022;
    if (inner && std::fabs(drawn) > 0.5) bits += drawn > 0 ? uint64_t{1} << 32 : -(uint64_t{1} << 32);
    d[l] = bits_as<double>(bits);
  }
}

// rsqrt.approx.f64: the manual states no bound; CUDA's rsqrt, which is this instruction, is off by at most a unit in
// the last place.
void inverse_root(const I& i, Lanes& w) {
  const double* a = w.at<double>(i.a);
  double* d = w.at<double>(i.d);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    const long double v = 1 / std::sqrt(static_cast<long double>(a[l]));
    const double drawn = draw(InverseRoot::number + 64, bits_as<uint64_t>(a[l]));
    d[l] = static_cast<double>(v - v != 0 ? v : v + v * static_cast<long double>(drawn * 0x1p-54));
  }
}

Form single_precision(const Key& k) {
  switch (k.op) {
    case Op::kEx2:
      return single_form<Ex2F32>(k);
    case Op::kLg2:
      return single_form<Lg2>(k);
    case Op::kSin:
      return single_form<Sine>(k);
    case Op::kCos:
      return single_form<Cosine>(k);
    case Op::kTanh:
      return single_form<TanhF32>(k);
    case Op::kRcp:
      return single_form<Reciprocal>(k);
    case Op::kSqrt:
      return single_form<Root>(k);
    case Op::kRsqrt:
      return single_form<InverseRoot>(k);
    case Op::kDiv:
      if (k.full) return k.ftz ? quotient<true, true> : quotient<false, true>;
      return k.ftz ? quotient<true, false> : quotient<false, false>;
    default:
      return nullptr;
  }
}

}  // namespace

namespace KIB_LEVEL {

Form approximate_form(const Key& k) {
  switch (k.type) {
    case Type::kF32:
      return single_precision(k);
    case Type::kF64:
      if (k.op == Op::kRcp) return k.ftz ? upper_word<Reciprocal> : nullptr;
      if (k.op == Op::kRsqrt) return k.ftz ? upper_word<InverseRoot> : inverse_root;
      return nullptr;
    case Type::kF16:
    case Type::kF16x2:
      return k.op == Op::kEx2    ? narrow_form<Ex2F16, F16>(k)
             : k.op == Op::kTanh ? narrow_form<TanhF16, F16>(k)
                                 : nullptr;
    case Type::kBf16:
    case Type::kBf16x2:
      return k.op == Op::kEx2    ? narrow_form<Ex2Bf16, Bf16>(k)
             : k.op == Op::kTanh ? narrow_form<TanhBf16, Bf16>(k)
                                 : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace KIB_LEVEL
}  // namespace kib::emulator::ptx
