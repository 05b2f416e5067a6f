// f32 and f64 arithmetic. f32 results that are NaNs are the canonical one, as PTX defines; f64 keeps payloads.
#include <cmath>

#include "machine/forms/lanes.h"
#include "machine/forms/level.h"
#include "machine/forms/rounding.h"

namespace kib::emulator::ptx {
namespace {

template <class T>
struct Bits;
template <>
struct Bits<float> {
  using type = uint32_t;
  static constexpr uint32_t sign = 0x80000000, infinity = 0x7f800000, canonical = 0x7fffffff;
};
template <>
struct Bits<double> {
  using type = uint64_t;
  static constexpr uint64_t sign = uint64_t{1} << 63, infinity = uint64_t{0x7ff} << 52, canonical = 0x7fffffffffffffff;
};
template <class T>
using B = typename Bits<T>::type;
template <class T>
inline B<T> raw(T v) {
  return bits_as<B<T>>(v);
}
template <class T>
inline T real(B<T> v) {
  return bits_as<T>(v);
}

template <class T, bool ftz>
inline T flush(T v) {
  if constexpr (ftz) {
    const B<T> b = raw(v);
    return (b & Bits<T>::infinity) == 0 ? real<T>(b & Bits<T>::sign) : v;
  } else {
    return v;
  }
}

inline float canonical(float v) { return v != v ? real<float>(Bits<float>::canonical) : v; }
inline double canonical(double v) { return v; }

template <bool sat, class T>
inline T saturate(T v) {
  if constexpr (sat) {
    v = v > T{0} ? v : T{0};
    return v < T{1} ? v : T{1};
  } else {
    return canonical(v);
  }
}

struct Add {
  template <class T>
  static T of(T a, T b) {
    return a + b;
  }
};
struct Sub {
  template <class T>
  static T of(T a, T b) {
    return a - b;
  }
};
struct Mul {
  template <class T>
  static T of(T a, T b) {
    return a * b;
  }
};
struct Div {
  template <class T>
  static T of(T a, T b) {
    return a / b;
  }
};
struct Fma {
  static float of(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
  static double of(double a, double b, double c) { return __builtin_fma(a, b, c); }
};
struct Rcp {
  template <class T>
  static T of(T a) {
    return T{1} / a;
  }
};
struct Sqrt {
  static float of(float a) { return __builtin_sqrtf(a); }
  static double of(double a) { return __builtin_sqrt(a); }
};

template <class T, class F, bool ftz, bool sat>
void near2(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  map(w.at<T>(i.d), w.mask,
      [=](uint32_t l) { return saturate<sat>(flush<T, ftz>(F::of(flush<T, ftz>(a[l]), flush<T, ftz>(b[l])))); });
}
template <class T, class F, bool ftz, bool sat>
void near3(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b), *c = w.at<T>(i.c);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) {
    return saturate<sat>(flush<T, ftz>(F::of(flush<T, ftz>(a[l]), flush<T, ftz>(b[l]), flush<T, ftz>(c[l]))));
  });
}
// x negates: 1 the product, 2 the addend.
template <class T, bool ftz, bool sat>
void signed_fma(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b), *c = w.at<T>(i.c);
  const B<T> product = (i.x & 1) != 0 ? Bits<T>::sign : 0, addend = (i.x & 2) != 0 ? Bits<T>::sign : 0;
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) {
    return saturate<sat>(flush<T, ftz>(Fma::of(real<T>(raw(flush<T, ftz>(a[l])) ^ product), flush<T, ftz>(b[l]),
                                               real<T>(raw(flush<T, ftz>(c[l])) ^ addend))));
  });
}
template <class T>
Form signed_fma_form(const Key& k) {
  if constexpr (sizeof(T) == 8) {
    return signed_fma<T, false, false>;
  } else {
    if (k.ftz) return k.sat ? signed_fma<T, true, true> : signed_fma<T, true, false>;
    return k.sat ? signed_fma<T, false, true> : signed_fma<T, false, false>;
  }
}
// Pairs of f32: 64 lanes. x: the rounding from bit 2 on, signs as above.
template <class F, bool ftz>
void pair2(const I& i, Lanes& w) {
  const float *a = w.at<float>(i.a), *b = w.at<float>(i.b);
  float* d = w.at<float>(i.d);
  RoundingScope scope(static_cast<Round>(i.x >> 2));
  for (uint32_t n = 0; n < 64; ++n) {
    if (((w.mask >> (n / 2)) & 1) == 0) continue;
    d[n] =
        canonical(flush<float, ftz>(pinned(F::of(pinned(flush<float, ftz>(a[n])), pinned(flush<float, ftz>(b[n]))))));
  }
}
template <bool ftz>
void pair3(const I& i, Lanes& w) {
  const float *a = w.at<float>(i.a), *b = w.at<float>(i.b), *c = w.at<float>(i.c);
  const uint32_t product = (i.x & 1) << 31, addend = (i.x >> 1 & 1) << 31;
  float* d = w.at<float>(i.d);
  RoundingScope scope(static_cast<Round>(i.x >> 2));
  for (uint32_t n = 0; n < 64; ++n) {
    if (((w.mask >> (n / 2)) & 1) == 0) continue;
    const float x = real<float>(raw(flush<float, ftz>(a[n])) ^ product);
    const float z = real<float>(raw(flush<float, ftz>(c[n])) ^ addend);
    d[n] = canonical(flush<float, ftz>(pinned(Fma::of(pinned(x), pinned(flush<float, ftz>(b[n])), pinned(z)))));
  }
}
Form pair_form(const Key& k) {
  if (k.sat || k.round == Round::kAway) return nullptr;
  switch (k.op) {
    case Op::kAdd:
      return k.ftz ? pair2<Add, true> : pair2<Add, false>;
    case Op::kSub:
      return k.ftz ? pair2<Sub, true> : pair2<Sub, false>;
    case Op::kMul:
      return k.ftz ? pair2<Mul, true> : pair2<Mul, false>;
    case Op::kFma:
      return k.ftz ? pair3<true> : pair3<false>;
    default:
      return nullptr;
  }
}
template <class T, class F, bool ftz, bool sat>
void near1(const I& i, Lanes& w) {
  const T* a = w.at<T>(i.a);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) { return saturate<sat>(flush<T, ftz>(F::of(flush<T, ftz>(a[l])))); });
}

// fma of the math library is right in every rounding mode, and so is the processor's.
template <class T, class F, Round round, bool ftz, bool sat>
void directed2(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  T* d = w.at<T>(i.d);
  RoundingScope scope(round);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    const T value = pinned(F::of(pinned(flush<T, ftz>(a[l])), pinned(flush<T, ftz>(b[l]))));
    d[l] = saturate<sat>(flush<T, ftz>(value));
  }
}
template <class T, class F, Round round, bool ftz, bool sat>
void directed3(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b), *c = w.at<T>(i.c);
  T* d = w.at<T>(i.d);
  RoundingScope scope(round);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    const T value =
        pinned(F::of(pinned(flush<T, ftz>(a[l])), pinned(flush<T, ftz>(b[l])), pinned(flush<T, ftz>(c[l]))));
    d[l] = saturate<sat>(flush<T, ftz>(value));
  }
}
template <class T, class F, Round round, bool ftz, bool sat>
void directed1(const I& i, Lanes& w) {
  const T* a = w.at<T>(i.a);
  T* d = w.at<T>(i.d);
  RoundingScope scope(round);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    d[l] = saturate<sat>(flush<T, ftz>(pinned(F::of(pinned(flush<T, ftz>(a[l]))))));
  }
}

// The form for an arity, rounding and flags; f64 has neither ftz nor sat.
#define KIB_ROUNDED(arity)                                                                   \
  template <class T, class F, bool ftz, bool sat>                                            \
  Form rounded##arity##_flags(Round round) {                                                 \
    switch (round) {                                                                         \
      case Round::kZero:                                                                     \
        return directed##arity<T, F, Round::kZero, ftz, sat>;                                \
      case Round::kDown:                                                                     \
        return directed##arity<T, F, Round::kDown, ftz, sat>;                                \
      case Round::kUp:                                                                       \
        return directed##arity<T, F, Round::kUp, ftz, sat>;                                  \
      case Round::kAway:                                                                     \
        return nullptr;                                                                      \
      default:                                                                               \
        return near##arity<T, F, ftz, sat>;                                                  \
    }                                                                                        \
  }                                                                                          \
  template <class T, class F>                                                                \
  Form rounded##arity(const Key& k) {                                                        \
    if constexpr (sizeof(T) == 8) {                                                          \
      return k.ftz || k.sat ? nullptr : rounded##arity##_flags<T, F, false, false>(k.round); \
    } else {                                                                                 \
      if (k.ftz)                                                                             \
        return k.sat ? rounded##arity##_flags<T, F, true, true>(k.round)                     \
                     : rounded##arity##_flags<T, F, true, false>(k.round);                   \
      return k.sat ? rounded##arity##_flags<T, F, false, true>(k.round)                      \
                   : rounded##arity##_flags<T, F, false, false>(k.round);                    \
    }                                                                                        \
  }
KIB_ROUNDED(1)
KIB_ROUNDED(2)
KIB_ROUNDED(3)
#undef KIB_ROUNDED

template <class T, bool ftz>
void absolute(const I& i, Lanes& w) {
  const T* a = w.at<T>(i.a);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) { return canonical(real<T>(raw(flush<T, ftz>(a[l])) & ~Bits<T>::sign)); });
}
template <class T, bool ftz>
void negative(const I& i, Lanes& w) {
  const T* a = w.at<T>(i.a);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) { return canonical(real<T>(raw(flush<T, ftz>(a[l])) ^ Bits<T>::sign)); });
}

// -0 < +0; a NaN yields the other operand, or with .NaN the canonical NaN.
template <class T, bool largest, bool nan, bool ftz, bool xorsign>
void extremum(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) {
    T x = flush<T, ftz>(a[l]), y = flush<T, ftz>(b[l]);
    const B<T> sign = (raw(x) ^ raw(y)) & Bits<T>::sign;
    if constexpr (xorsign) {
      x = real<T>(raw(x) & ~Bits<T>::sign);
      y = real<T>(raw(y) & ~Bits<T>::sign);
    }
    const bool less = x < y || (x == y && (raw(x) & Bits<T>::sign) > (raw(y) & Bits<T>::sign));
    T r = less != largest ? x : y;
    r = x != x ? y : r;
    r = y != y ? x : r;
    if constexpr (nan) r = x != x || y != y ? real<T>(Bits<T>::canonical) : r;
    if constexpr (xorsign) r = r != r ? r : real<T>(raw(r) | sign);
    return r != r ? real<T>(Bits<T>::canonical) : r;
  });
}
template <class T, bool largest>
Form extremum_form(const Key& k) {
  if constexpr (sizeof(T) == 8) {
    return k.nan || k.ftz || k.xorsign_abs ? nullptr : extremum<T, largest, false, false, false>;
  } else {
    if (k.xorsign_abs) {
      if (k.nan) return k.ftz ? extremum<T, largest, true, true, true> : extremum<T, largest, true, false, true>;
      return k.ftz ? extremum<T, largest, false, true, true> : extremum<T, largest, false, false, true>;
    }
    if (k.nan) return k.ftz ? extremum<T, largest, true, true, false> : extremum<T, largest, true, false, false>;
    return k.ftz ? extremum<T, largest, false, true, false> : extremum<T, largest, false, false, false>;
  }
}

template <Compare relation, class T, bool ftz>
bool holds(T a, T b) {
  const T x = flush<T, ftz>(a), y = flush<T, ftz>(b);
  switch (relation) {
    case Compare::kEq:
      return x == y;
    case Compare::kNe:
      return x < y || x > y;
    case Compare::kLt:
      return x < y;
    case Compare::kLe:
      return x <= y;
    case Compare::kGt:
      return x > y;
    case Compare::kGe:
      return x >= y;
    case Compare::kEqu:
      return !(x < y || x > y);
    case Compare::kNeu:
      return !(x == y);
    case Compare::kLtu:
      return !(x >= y);
    case Compare::kLeu:
      return !(x > y);
    case Compare::kGtu:
      return !(x <= y);
    case Compare::kGeu:
      return !(x < y);
    case Compare::kNum:
      return x == x && y == y;
    default:
      return x != x || y != y;
  }
}

struct SetpMaker {
  template <class T, bool (*F)(T, T)>
  static Form make(const Key&) {
    return set_predicates<T, F>;
  }
};
struct SetMaker {
  template <class T, bool (*F)(T, T)>
  static Form make(const Key& k) {
    return k.type == Type::kF32 ? set_value<uint32_t, T, F, 0x3f800000> : set_value<uint32_t, T, F, 0xffffffff>;
  }
};

template <class Maker, class T, bool ftz>
Form comparison(const Key& k) {
  switch (k.compare) {
    case Compare::kEq:
      return Maker::template make<T, holds<Compare::kEq, T, ftz>>(k);
    case Compare::kNe:
      return Maker::template make<T, holds<Compare::kNe, T, ftz>>(k);
    case Compare::kLt:
      return Maker::template make<T, holds<Compare::kLt, T, ftz>>(k);
    case Compare::kLe:
      return Maker::template make<T, holds<Compare::kLe, T, ftz>>(k);
    case Compare::kGt:
      return Maker::template make<T, holds<Compare::kGt, T, ftz>>(k);
    case Compare::kGe:
      return Maker::template make<T, holds<Compare::kGe, T, ftz>>(k);
    case Compare::kEqu:
      return Maker::template make<T, holds<Compare::kEqu, T, ftz>>(k);
    case Compare::kNeu:
      return Maker::template make<T, holds<Compare::kNeu, T, ftz>>(k);
    case Compare::kLtu:
      return Maker::template make<T, holds<Compare::kLtu, T, ftz>>(k);
    case Compare::kLeu:
      return Maker::template make<T, holds<Compare::kLeu, T, ftz>>(k);
    case Compare::kGtu:
      return Maker::template make<T, holds<Compare::kGtu, T, ftz>>(k);
    case Compare::kGeu:
      return Maker::template make<T, holds<Compare::kGeu, T, ftz>>(k);
    case Compare::kNum:
      return Maker::template make<T, holds<Compare::kNum, T, ftz>>(k);
    case Compare::kNan:
      return Maker::template make<T, holds<Compare::kNan, T, ftz>>(k);
    default:
      return nullptr;
  }
}

template <class T>
void copysign(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  map(w.at<T>(i.d), w.mask,
      [=](uint32_t l) { return real<T>((raw(a[l]) & Bits<T>::sign) | (raw(b[l]) & ~Bits<T>::sign)); });
}

template <class T, Test test>
void testp(const I& i, Lanes& w) {
  const T* a = w.at<T>(i.a);
  w.set_predicate(i.d, gather_bits([=](uint32_t l) {
                    const B<T> magnitude = raw(a[l]) & ~Bits<T>::sign, exponent = magnitude & Bits<T>::infinity;
                    switch (test) {
                      case Test::kFinite:
                        return magnitude < Bits<T>::infinity;
                      case Test::kInfinite:
                        return magnitude == Bits<T>::infinity;
                      case Test::kNumber:
                        return magnitude <= Bits<T>::infinity;
                      case Test::kNotANumber:
                        return magnitude > Bits<T>::infinity;
                      case Test::kNormal:
                        return (exponent != 0 && exponent != Bits<T>::infinity) ||
                               magnitude == 0;  // zeros count as normal
                      default:
                        return exponent == 0 && magnitude != 0;
                    }
                  }));
}

template <class T>
Form testp_form(const Key& k) {
  switch (k.test) {
    case Test::kFinite:
      return testp<T, Test::kFinite>;
    case Test::kInfinite:
      return testp<T, Test::kInfinite>;
    case Test::kNumber:
      return testp<T, Test::kNumber>;
    case Test::kNotANumber:
      return testp<T, Test::kNotANumber>;
    case Test::kNormal:
      return testp<T, Test::kNormal>;
    default:
      return testp<T, Test::kSubnormal>;
  }
}

template <class T>
Form common(const Key& k) {
  switch (k.op) {
    case Op::kAdd:
      return rounded2<T, Add>(k);
    case Op::kSub:
      return rounded2<T, Sub>(k);
    case Op::kMul:
      return rounded2<T, Mul>(k);
    case Op::kDiv:
      return rounded2<T, Div>(k);
    case Op::kFma:
    case Op::kMad:
      return k.signs ? signed_fma_form<T>(k) : rounded3<T, Fma>(k);
    case Op::kSqrt:
      return rounded1<T, Sqrt>(k);
    case Op::kAbs:
      return k.ftz ? absolute<T, true> : absolute<T, false>;
    case Op::kNeg:
      return k.ftz ? negative<T, true> : negative<T, false>;
    case Op::kMin:
      return extremum_form<T, false>(k);
    case Op::kMax:
      return extremum_form<T, true>(k);
    case Op::kCopysign:
      return copysign<T>;
    case Op::kTestp:
      return testp_form<T>(k);
    case Op::kSetp:
      return k.ftz ? comparison<SetpMaker, T, true>(k) : comparison<SetpMaker, T, false>(k);
    default:
      return nullptr;
  }
}

}  // namespace

namespace KIB_LEVEL {

Form real_form(const Key& k) {
  if (k.op == Op::kSet) {
    if (k.type != Type::kF32 && k.type != Type::kU32 && k.type != Type::kS32) return nullptr;
    if (k.source == Type::kF64) return comparison<SetMaker, double, false>(k);
    return k.ftz ? comparison<SetMaker, float, true>(k) : comparison<SetMaker, float, false>(k);
  }
  if (k.type == Type::kF32x2) return pair_form(k);
  if (k.type == Type::kF64) {
    if (k.op == Op::kRcp) return rounded1<double, Rcp>(k);
    return common<double>(k);
  }
  if (k.op == Op::kRcp) return rounded1<float, Rcp>(k);
  return common<float>(k);
}

}  // namespace KIB_LEVEL
}  // namespace kib::emulator::ptx
