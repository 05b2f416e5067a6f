// cvt: every pair of types, rounding, saturation and flushing. Common pairs have loops of their own.
#include <cmath>

#include "machine/forms/lanes.h"
#include "machine/forms/level.h"
#include "machine/forms/narrow.h"
#include "machine/forms/rounding.h"

namespace kib::emulator::ptx {
namespace {

template <class D, class S, D (*F)(S)>
void direct(const I& i, Lanes& w) {
  const S* a = w.at<S>(i.a);
  map(w.at<D>(i.d), w.mask, [=](uint32_t l) { return F(a[l]); });
}
// Where source and destination overlap in slots of different widths the loops above would read what they wrote; slots
// of different registers never overlap, and a register has one width.

template <class D, class S>
D as(S a) {
  return static_cast<D>(a);
}
inline uint16_t to_bf16(float a) { return nearest(Bf16{}, a); }
inline uint16_t to_f16(float a) { return nearest(F16{}, a); }
inline float from_bf16(uint16_t a) {
  const float v = widen(Bf16{}, a);
  return v != v ? bits_as<float>(uint32_t{0x7fffffff}) : v;
}
inline float from_f16(uint16_t a) {
  const float v = widen(F16{}, a);
  return v != v ? bits_as<float>(uint32_t{0x7fffffff}) : v;
}

// Flags in Instruction::x, as parse_cvt() packs them.
struct Flags {
  Type to, from;
  Round round;
  bool integral, ftz, sat, finite, relu;
  uint32_t width, source_width;
};

inline Flags unpack(uint32_t x) {
  Flags f;
  f.to = static_cast<Type>(x & 0x1f);
  f.from = static_cast<Type>((x >> 5) & 0x1f);
  f.round = static_cast<Round>((x >> 10) & 7);
  f.integral = (x >> 13) & 1;
  f.ftz = (x >> 14) & 1;
  f.sat = (x >> 15) & 1;
  f.relu = (x >> 16) & 1;
  f.width = 1u << ((x >> 17) & 3);
  f.source_width = 1u << ((x >> 19) & 3);
  f.finite = (x >> 21) & 1;
  return f;
}

inline bool floating(Type t) {
  return t == Type::kF16 || t == Type::kBf16 || t == Type::kF32 || t == Type::kF64 || t == Type::kTf32;
}

inline double round_to_integer(double v, Round round) {
  switch (round) {
    case Round::kZero:
      return std::trunc(v);
    case Round::kDown:
      return std::floor(v);
    case Round::kUp:
      return std::ceil(v);
    default:
      return std::nearbyint(v);
  }
}

// The value of a floating-point source as a double; exact.
inline double value_of(uint64_t bits, const Flags& f) {
  switch (f.from) {
    case Type::kF16:
      return widen(F16{}, static_cast<uint16_t>(bits));
    case Type::kBf16:
      return widen(Bf16{}, static_cast<uint16_t>(bits));
    case Type::kF32: {
      uint32_t b = static_cast<uint32_t>(bits);
      if (f.ftz && (b & 0x7f800000) == 0) b &= 0x80000000;
      return bits_as<float>(b);
    }
    default:
      return bits_as<double>(bits);
  }
}

template <class H>
inline uint64_t to_narrow(double v, const Flags& f) {
  uint32_t b = narrow<H>(v, f.integral ? Round::kNearest : f.round);
  if (f.finite && (b & ~H::sign) == H::infinity) b -= 1;
  if (f.ftz && f.to == Type::kF32 && (b & H::infinity) == 0) b &= H::sign;
  return b;
}

inline double saturated(double v) { return v > 0.0 ? (v < 1.0 ? v : 1.0) : 0.0; }

inline uint64_t from_real(double v, const Flags& f) {
  if (f.integral && floating(f.to)) v = round_to_integer(v, f.round);
  if (f.sat) v = saturated(v);
  if (f.relu && v == v) v = v > 0.0 ? v : 0.0;
  switch (f.to) {
    case Type::kF16:
      return to_narrow<F16>(v, f);
    case Type::kBf16:
      return to_narrow<Bf16>(v, f);
    case Type::kF32:
      return to_narrow<F32>(v, f);
    case Type::kTf32: {  // 10 bits of fraction in an f32
      const uint32_t b = bits_as<uint32_t>(static_cast<float>(v));
      if (v != v) return 0x7fffffff;
      if ((b & 0x7f800000) == 0x7f800000) return b;
      return f.round == Round::kAway ? (b + 0x1000) & ~uint32_t{0x1fff}
                                     : (b + 0xfff + ((b >> 13) & 1)) & ~uint32_t{0x1fff};
    }
    default:
      return bits_as<uint64_t>(v);
  }
}

// To an integer: rounded, clamped to the type's range; NaN is 0, or the upper bit where 64 bits are involved.
inline uint64_t to_integer(double v, const Flags& f) {
  if (v != v) return f.from != Type::kF64 && bytes_of(f.to) != 8 ? 0 : uint64_t{1} << (8 * bytes_of(f.to) - 1);
  v = round_to_integer(v, f.round == Round::kNone ? Round::kZero : f.round);
  const int bits = static_cast<int>(8 * bytes_of(f.to));
  if (is_signed(f.to)) {
    const double limit = std::ldexp(1.0, bits - 1);
    const int64_t most = static_cast<int64_t>((uint64_t{1} << (bits - 1)) - 1);
    if (v >= limit) return static_cast<uint64_t>(most);
    if (v < -limit) return static_cast<uint64_t>(-most - 1);
    return static_cast<uint64_t>(static_cast<int64_t>(v));
  }
  if (v >= std::ldexp(1.0, bits)) return bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  return v <= 0.0 ? 0 : static_cast<uint64_t>(v);
}

inline uint64_t extended(uint64_t bits, Type t) {
  const uint32_t drop = 64 - 8 * bytes_of(t);
  if (is_signed(t)) return static_cast<uint64_t>(static_cast<int64_t>(bits << drop) >> drop);
  return bits << drop >> drop;
}

// An integer to a float in any mode: more than 53 bits are first rounded to odd.
inline uint64_t integer_to_real(uint64_t bits, const Flags& f) {
  const bool negative = is_signed(f.from) && static_cast<int64_t>(bits) < 0;
  const uint64_t magnitude = negative ? ~bits + 1 : bits;
  if (f.to == Type::kF64 && f.sat) return bits_as<uint64_t>(bits == 0 || negative ? 0.0 : 1.0);
  if (f.to == Type::kF64) {
    RoundingScope scope(f.round);
    const double high = pinned(static_cast<double>(static_cast<int64_t>(magnitude >> 32))) * 0x1p32;
    const double low = pinned(static_cast<double>(static_cast<int64_t>(magnitude & 0xffffffff)));
    return bits_as<uint64_t>(negative ? pinned(pinned(-high) - pinned(low)) : pinned(pinned(high) + pinned(low)));
  }
  const int excess = magnitude >> 53 == 0 ? 0 : 11 - __builtin_clzll(magnitude);
  const uint64_t kept = magnitude >> excess;
  const uint64_t odd = kept | ((kept << excess) != magnitude ? 1 : 0);
  const double v = std::ldexp(static_cast<double>(odd), excess);
  return from_real(negative ? -v : v, f);
}

// An integer to an integer; .sat clamps.
inline uint64_t integer_to_integer(uint64_t bits, const Flags& f) {
  if (!f.sat) return bits;
  const int to = static_cast<int>(8 * bytes_of(f.to));
  const bool negative = is_signed(f.from) && static_cast<int64_t>(bits) < 0;
  if (is_signed(f.to)) {
    const uint64_t most = (uint64_t{1} << (to - 1)) - 1;
    if (negative) return static_cast<int64_t>(bits) < -static_cast<int64_t>(most) - 1 ? ~most : bits;
    return bits > most ? most : bits;
  }
  const uint64_t most = to == 64 ? ~uint64_t{0} : (uint64_t{1} << to) - 1;
  return negative ? 0 : bits > most ? most : bits;
}

inline uint64_t convert(uint64_t bits, const Flags& f) {
  if (floating(f.from)) {
    const double v = value_of(bits, f);
    return floating(f.to) ? from_real(v, f) : to_integer(v, f);
  }
  const uint64_t value = extended(bits, f.from);
  return floating(f.to) ? integer_to_real(value, f) : integer_to_integer(value, f);
}

inline uint64_t read(const Lanes& w, Operand o, uint32_t width, uint32_t l) {
  switch (width) {
    case 2:
      return w.at<uint16_t>(o)[l];
    case 4:
      return w.at<uint32_t>(o)[l];
    default:
      return w.at<uint64_t>(o)[l];
  }
}
inline void write(const Lanes& w, Operand o, uint32_t width, uint32_t l, uint64_t value) {
  switch (width) {
    case 2:
      w.at<uint16_t>(o)[l] = static_cast<uint16_t>(value);
      break;
    case 4:
      w.at<uint32_t>(o)[l] = static_cast<uint32_t>(value);
      break;
    default:
      w.at<uint64_t>(o)[l] = value;
  }
}

void general(const I& i, Lanes& w) {
  const Flags f = unpack(i.x);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    uint64_t value = convert(read(w, i.a, f.source_width, l), f);
    if (!floating(f.to)) value = extended(value, f.to);
    write(w, i.d, f.width, l, value);
  }
}

// cvt.rn.bf16x2.f32 d, a, b: a is the upper half.
void packed(const I& i, Lanes& w) {
  Flags f = unpack(i.x);
  f.to = f.to == Type::kF16x2 ? Type::kF16 : Type::kBf16;
  const uint32_t *a = w.at<uint32_t>(i.a), *b = w.at<uint32_t>(i.b);
  uint32_t* d = w.at<uint32_t>(i.d);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    d[l] = static_cast<uint32_t>(convert(a[l], f) << 16 | convert(b[l], f));
  }
}
template <uint16_t (*F)(float)>
void packed_nearest(const I& i, Lanes& w) {
  const float *a = w.at<float>(i.a), *b = w.at<float>(i.b);
  map(w.at<uint32_t>(i.d), w.mask, [=](uint32_t l) { return uint32_t{F(a[l])} << 16 | F(b[l]); });
}

// Loops for what kernels do most; registers as wide as the types.
Form common(const Key& k) {
  if (k.sat || k.finite || k.relu || k.ftz || k.integer_rounding || k.width != bytes_of(k.type) ||
      k.source_width != bytes_of(k.source)) {
    return nullptr;
  }
  const Type d = k.type, s = k.source;
  const bool nearest = k.round == Round::kNearest;
  if (is_integer(d) && is_integer(s)) {
    const uint32_t to = bytes_of(d), from = bytes_of(s);
    if (to == 8 && from == 4) return is_signed(s) ? direct<int64_t, int32_t, as> : direct<uint64_t, uint32_t, as>;
    if (to == 4 && from == 8) return direct<uint32_t, uint64_t, as>;
    if (to == 4 && from == 2) return is_signed(s) ? direct<int32_t, int16_t, as> : direct<uint32_t, uint16_t, as>;
    if (to == 2 && from == 4) return direct<uint16_t, uint32_t, as>;
  }
  if (d == Type::kF32 && s == Type::kS32 && nearest) return direct<float, int32_t, as>;
  if (d == Type::kF32 && s == Type::kU32 && nearest) return direct<float, uint32_t, as>;
  if (d == Type::kF64 && s == Type::kS32 && nearest) return direct<double, int32_t, as>;
  if (d == Type::kF64 && s == Type::kU32 && nearest) return direct<double, uint32_t, as>;
  if (d == Type::kF32 && s == Type::kBf16) return direct<float, uint16_t, from_bf16>;
  if (d == Type::kF32 && s == Type::kF16) return direct<float, uint16_t, from_f16>;
  if (d == Type::kBf16 && s == Type::kF32 && nearest) return direct<uint16_t, float, to_bf16>;
  if (d == Type::kF16 && s == Type::kF32 && nearest) return direct<uint16_t, float, to_f16>;
  return nullptr;
}

}  // namespace

namespace KIB_LEVEL {

Form convert_form(const Key& k) {
  const bool pair = k.type == Type::kF16x2 || k.type == Type::kBf16x2;
  if (pair) {
    if (k.source != Type::kF32) return nullptr;
    if (k.round == Round::kNearest && !k.relu && !k.sat && !k.finite) {
      return k.type == Type::kF16x2 ? packed_nearest<to_f16> : packed_nearest<to_bf16>;
    }
    return packed;
  }
  const auto known = [](Type t) { return floating(t) || is_integer(t); };
  if (!known(k.type) || !known(k.source) || k.source == Type::kTf32) return nullptr;
  if (const Form form = common(k)) return form;
  return general;
}

}  // namespace KIB_LEVEL
}  // namespace kib::emulator::ptx
