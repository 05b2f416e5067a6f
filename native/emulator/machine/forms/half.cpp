// f16 and bf16 arithmetic, alone and in pairs. NaN results are the canonical one.
#include <cmath>

#include "machine/forms/lanes.h"
#include "machine/forms/level.h"
#include "machine/forms/narrow.h"

namespace kib::emulator::ptx {
namespace {

using H1 = uint16_t (*)(uint16_t);
using H2 = uint16_t (*)(uint16_t, uint16_t);
using H3 = uint16_t (*)(uint16_t, uint16_t, uint16_t);

template <class F, bool ftz>
inline uint16_t flush(uint16_t h) {
  if constexpr (ftz) return (h & F::infinity) == 0 ? h & F::sign : h;
  return h;
}
template <class F>
inline bool is_nan(uint16_t h) {
  return (h & 0x7fff) > F::infinity;
}

enum class Clamp { kNone, kSat, kRelu };

template <class F, bool ftz, Clamp clamp>
inline uint16_t finish(uint16_t h) {
  h = flush<F, ftz>(h);
  if constexpr (clamp == Clamp::kSat) {
    const uint16_t one = F::mantissa == 10 ? 0x3c00 : 0x3f80;
    return is_nan<F>(h) || (h & F::sign) != 0 ? 0 : h > one ? one : h;
  } else if constexpr (clamp == Clamp::kRelu) {
    return is_nan<F>(h) ? 0x7fff : (h & F::sign) != 0 ? 0 : h;
  } else {
    return h;
  }
}

template <class F, bool ftz>
inline float in(uint16_t h) {
  return widen(F{}, flush<F, ftz>(h));
}

template <class F, bool ftz, Clamp clamp>
uint16_t add(uint16_t a, uint16_t b) {
  return finish<F, ftz, clamp>(nearest(F{}, in<F, ftz>(a) + in<F, ftz>(b)));
}
template <class F, bool ftz, Clamp clamp>
uint16_t sub(uint16_t a, uint16_t b) {
  return finish<F, ftz, clamp>(nearest(F{}, in<F, ftz>(a) - in<F, ftz>(b)));
}
// A product of bf16s may lie among f32's subnormals, where rounding twice shows: they are multiplied in f64.
template <class F, bool ftz, Clamp clamp>
uint16_t mul(uint16_t a, uint16_t b) {
  if constexpr (F::mantissa == 7) {
    const double p = static_cast<double>(in<F, ftz>(a)) * in<F, ftz>(b);
    return finish<F, ftz, clamp>(static_cast<uint16_t>(narrow<F>(p, Round::kNearest)));
  } else {
    return finish<F, ftz, clamp>(nearest(F{}, in<F, ftz>(a) * in<F, ftz>(b)));
  }
}
template <class F, bool ftz, Clamp clamp>
uint16_t fma(uint16_t a, uint16_t b, uint16_t c) {
  const double s = sum_to_odd(static_cast<double>(in<F, ftz>(a)) * in<F, ftz>(b), in<F, ftz>(c));
  return finish<F, ftz, clamp>(static_cast<uint16_t>(narrow<F>(s, Round::kNearest)));
}

template <class F, bool ftz>
uint16_t absolute(uint16_t a) {
  return is_nan<F>(a) ? 0x7fff : flush<F, ftz>(a) & 0x7fff;
}
template <class F, bool ftz>
uint16_t negative(uint16_t a) {
  return is_nan<F>(a) ? 0x7fff : flush<F, ftz>(a) ^ 0x8000;
}

template <class F, bool largest, bool nan, bool ftz, bool xorsign>
uint16_t extremum(uint16_t a, uint16_t b) {
  a = flush<F, ftz>(a);
  b = flush<F, ftz>(b);
  const uint16_t sign = (a ^ b) & 0x8000;
  if (xorsign) {
    a &= 0x7fff;
    b &= 0x7fff;
  }
  uint16_t r;
  if (is_nan<F>(a) || is_nan<F>(b)) {
    r = nan || (is_nan<F>(a) && is_nan<F>(b)) ? 0x7fff : is_nan<F>(a) ? b : a;
  } else {
    // The order of the bits, with -0 below +0.
    const int x = (a & 0x8000) != 0 ? -1 - (a & 0x7fff) : a, y = (b & 0x8000) != 0 ? -1 - (b & 0x7fff) : b;
    r = (x < y) != largest ? a : b;
  }
  return xorsign && !is_nan<F>(r) ? r | sign : r;
}

template <H1 f>
void alone1(const I& i, Lanes& w) {
  const uint16_t* a = w.at<uint16_t>(i.a);
  map(w.at<uint16_t>(i.d), w.mask, [=](uint32_t l) { return f(a[l]); });
}
template <H2 f>
void alone2(const I& i, Lanes& w) {
  const uint16_t *a = w.at<uint16_t>(i.a), *b = w.at<uint16_t>(i.b);
  map(w.at<uint16_t>(i.d), w.mask, [=](uint32_t l) { return f(a[l], b[l]); });
}
template <H3 f>
void alone3(const I& i, Lanes& w) {
  const uint16_t *a = w.at<uint16_t>(i.a), *b = w.at<uint16_t>(i.b), *c = w.at<uint16_t>(i.c);
  map(w.at<uint16_t>(i.d), w.mask, [=](uint32_t l) { return f(a[l], b[l], c[l]); });
}
// A pair's lanes are the halves of its words: 64 lanes of 16 bits.
template <class F>
void halves(const I& i, Lanes& w, F f) {
  uint16_t* d = w.at<uint16_t>(i.d);
  for (uint32_t n = 0; n < 64; ++n) {
    const uint16_t value = f(n);
    d[n] = ((w.mask >> (n / 2)) & 1) != 0 ? value : d[n];
  }
}
template <H1 f>
void pair1(const I& i, Lanes& w) {
  const uint16_t* a = w.at<uint16_t>(i.a);
  halves(i, w, [=](uint32_t n) { return f(a[n]); });
}
template <H2 f>
void pair2(const I& i, Lanes& w) {
  const uint16_t *a = w.at<uint16_t>(i.a), *b = w.at<uint16_t>(i.b);
  halves(i, w, [=](uint32_t n) { return f(a[n], b[n]); });
}
template <H3 f>
void pair3(const I& i, Lanes& w) {
  const uint16_t *a = w.at<uint16_t>(i.a), *b = w.at<uint16_t>(i.b), *c = w.at<uint16_t>(i.c);
  halves(i, w, [=](uint32_t n) { return f(a[n], b[n], c[n]); });
}

// x negates: 1 the product, 2 the addend.
template <class F, bool ftz, Clamp clamp, bool pair>
void signed_fma(const I& i, Lanes& w) {
  const uint16_t *a = w.at<uint16_t>(i.a), *b = w.at<uint16_t>(i.b), *c = w.at<uint16_t>(i.c);
  const uint16_t product = (i.x & 1) != 0 ? F::sign : 0, addend = (i.x & 2) != 0 ? F::sign : 0;
  const auto of = [=](uint32_t n) {
    return fma<F, ftz, clamp>(static_cast<uint16_t>(a[n] ^ product), b[n], static_cast<uint16_t>(c[n] ^ addend));
  };
  if constexpr (pair) {
    halves(i, w, of);
  } else {
    map(w.at<uint16_t>(i.d), w.mask, of);
  }
}

template <H1 f>
Form either1(bool pair) {
  return pair ? pair1<f> : alone1<f>;
}
template <H2 f>
Form either2(bool pair) {
  return pair ? pair2<f> : alone2<f>;
}
template <H3 f>
Form either3(bool pair) {
  return pair ? pair3<f> : alone3<f>;
}

template <class F, bool largest>
Form extremum_form(const Key& k, bool pair) {
  if (k.xorsign_abs) {
    if (k.nan)
      return k.ftz ? either2<extremum<F, largest, true, true, true>>(pair)
                   : either2<extremum<F, largest, true, false, true>>(pair);
    return k.ftz ? either2<extremum<F, largest, false, true, true>>(pair)
                 : either2<extremum<F, largest, false, false, true>>(pair);
  }
  if (k.nan)
    return k.ftz ? either2<extremum<F, largest, true, true, false>>(pair)
                 : either2<extremum<F, largest, true, false, false>>(pair);
  return k.ftz ? either2<extremum<F, largest, false, true, false>>(pair)
               : either2<extremum<F, largest, false, false, false>>(pair);
}

template <class F, bool ftz, Clamp clamp>
Form clamped(const Key& k, bool pair) {
  switch (k.op) {
    case Op::kAdd:
      return either2<add<F, ftz, clamp>>(pair);
    case Op::kSub:
      return either2<sub<F, ftz, clamp>>(pair);
    case Op::kMul:
      return either2<mul<F, ftz, clamp>>(pair);
    default:
      if (k.signs) return pair ? signed_fma<F, ftz, clamp, true> : signed_fma<F, ftz, clamp, false>;
      return either3<fma<F, ftz, clamp>>(pair);
  }
}
template <class F>
Form rounded(const Key& k, bool pair) {
  if (k.round != Round::kNone && k.round != Round::kNearest) return nullptr;
  if (k.relu)
    return k.op != Op::kFma ? nullptr
           : k.ftz          ? clamped<F, true, Clamp::kRelu>(k, pair)
                            : clamped<F, false, Clamp::kRelu>(k, pair);
  if (k.sat) return k.ftz ? clamped<F, true, Clamp::kSat>(k, pair) : clamped<F, false, Clamp::kSat>(k, pair);
  return k.ftz ? clamped<F, true, Clamp::kNone>(k, pair) : clamped<F, false, Clamp::kNone>(k, pair);
}

// Comparisons of up to 64 lanes as floats; x: Combine | Compare << 8 | ftz << 16.
struct Bits64 {
  uint64_t less = 0, equal = 0, unordered = 0;
};

template <class F>
Bits64 compare_lanes(const uint16_t* a, const uint16_t* b, uint32_t lanes, bool ftz) {
  Bits64 r;
  for (uint32_t n = 0; n < lanes; ++n) {
    const float x = ftz ? in<F, true>(a[n]) : in<F, false>(a[n]), y = ftz ? in<F, true>(b[n]) : in<F, false>(b[n]);
    r.less |= uint64_t{x < y} << n;
    r.equal |= uint64_t{x == y} << n;
    r.unordered |= uint64_t{x != x || y != y} << n;
  }
  return r;
}

uint64_t compared(Compare how, const Bits64& c) {
  const uint64_t greater = ~(c.less | c.equal | c.unordered);
  switch (how) {
    case Compare::kEq:
      return c.equal;
    case Compare::kNe:
      return c.less | greater;
    case Compare::kLt:
      return c.less;
    case Compare::kLe:
      return c.less | c.equal;
    case Compare::kGt:
      return greater;
    case Compare::kGe:
      return greater | c.equal;
    case Compare::kEqu:
      return c.equal | c.unordered;
    case Compare::kNeu:
      return ~c.equal;
    case Compare::kLtu:
      return c.less | c.unordered;
    case Compare::kLeu:
      return ~greater;
    case Compare::kGtu:
      return greater | c.unordered;
    case Compare::kGeu:
      return ~c.less;
    case Compare::kNum:
      return ~c.unordered;
    default:
      return c.unordered;
  }
}

template <class F>
uint64_t comparison(const I& i, const Lanes& w, uint32_t lanes) {
  const Bits64 c = compare_lanes<F>(w.at<uint16_t>(i.a), w.at<uint16_t>(i.b), lanes, (i.x >> 16) != 0);
  return compared(static_cast<Compare>((i.x >> 8) & 0xff), c);
}

template <class F>
void setp_alone(const I& i, Lanes& w) {
  const uint32_t bits = static_cast<uint32_t>(comparison<F>(i, w, 32));
  I plain = i;
  plain.x &= 0xff;
  set_both(plain, w, bits, ~bits);
}

// setp.cmp.f16x2 p|q: p of the lower halves, q of the upper.
template <class F>
void setp_pair(const I& i, Lanes& w) {
  const uint64_t bits = comparison<F>(i, w, 64);
  uint32_t low = 0, high = 0;
  for (uint32_t l = 0; l < 32; ++l) {
    low |= static_cast<uint32_t>((bits >> (2 * l)) & 1) << l;
    high |= static_cast<uint32_t>((bits >> (2 * l + 1)) & 1) << l;
  }
  I plain = i;
  plain.x &= 0xff;
  set_both(plain, w, low, high);
}

// set: `one` where the comparison holds; D as wide as the sources, or 32 bits of a scalar.
template <class F, class D, bool pair, D one>
void set_halves(const I& i, Lanes& w) {
  uint64_t bits = comparison<F>(i, w, pair ? 64 : 32);
  if (i.c != kNoOperand) {
    uint64_t p = w.predicate(i.c), both = p;
    if (pair) {
      both = 0;
      for (uint32_t n = 0; n < 64; ++n) both |= ((p >> (n / 2)) & 1) << n;
    }
    const Combine how = static_cast<Combine>(i.x & 0xff);
    bits = how == Combine::kAnd ? bits & both : how == Combine::kOr ? bits | both : bits ^ both;
  }
  D* d = w.at<D>(i.d);
  for (uint32_t n = 0; n < (pair ? 64 : 32); ++n) {
    if (((w.mask >> (pair ? n / 2 : n)) & 1) != 0) d[n] = ((bits >> n) & 1) != 0 ? one : D{0};
  }
}

template <class F>
Form set_form(const Key& k) {
  constexpr uint16_t one = F::mantissa == 10 ? 0x3c00 : 0x3f80;
  const bool pair = bytes_of(k.source) == 4;
  if (k.type == k.source) return pair ? set_halves<F, uint16_t, true, one> : set_halves<F, uint16_t, false, one>;
  if (!is_integer(k.type)) return nullptr;
  if (pair) return bytes_of(k.type) == 4 ? set_halves<F, uint16_t, true, 0xffff> : nullptr;
  if (bytes_of(k.type) == 2) return set_halves<F, uint16_t, false, 0xffff>;
  return bytes_of(k.type) == 4 ? set_halves<F, uint32_t, false, 0xffffffff> : nullptr;
}

template <class F>
Form format(const Key& k) {
  const bool pair = bytes_of(k.type) == 4;
  switch (k.op) {
    case Op::kAdd:
    case Op::kSub:
    case Op::kMul:
    case Op::kFma:
      return rounded<F>(k, pair);
    case Op::kAbs:
      return k.ftz ? either1<absolute<F, true>>(pair) : either1<absolute<F, false>>(pair);
    case Op::kNeg:
      return k.ftz ? either1<negative<F, true>>(pair) : either1<negative<F, false>>(pair);
    case Op::kMin:
      return extremum_form<F, false>(k, pair);
    case Op::kMax:
      return extremum_form<F, true>(k, pair);
    case Op::kSet:
      return set_form<F>(k);
    case Op::kSetp:
      return pair ? setp_pair<F> : setp_alone<F>;
    default:
      return nullptr;
  }
}

}  // namespace

namespace KIB_LEVEL {

Form half_form(const Key& k) {
  const Type t = k.op == Op::kSet ? k.source : k.type;
  return t == Type::kF16 || t == Type::kF16x2 ? format<F16>(k) : format<Bf16>(k);
}

}  // namespace KIB_LEVEL
}  // namespace kib::emulator::ptx
