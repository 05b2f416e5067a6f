// What PTX says an arithmetic instruction gives, computed exactly in 113 bits and rounded once. Values are bit
// patterns.
#ifndef KIB_EMULATOR_TESTS_REFERENCE_H
#define KIB_EMULATOR_TESTS_REFERENCE_H
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

namespace kib::emulator::tests {

__extension__ typedef unsigned __int128 Bits128;
__extension__ typedef __int128 Int128;
__extension__ typedef __float128 Wide;

struct Format {
  const char* name;
  int precision, emin, emax, bits;
  uint64_t sign() const { return uint64_t{1} << (bits - 1); }
  uint64_t mask() const { return sign() * 2 - 1; }
  uint64_t infinity() const { return (sign() - 1) & ~((uint64_t{1} << (precision - 1)) - 1); }
  uint64_t largest() const { return infinity() - 1; }
  uint64_t smallest_normal() const { return uint64_t{1} << (precision - 1); }
  uint64_t canonical_nan() const { return bits == 64 ? infinity() | smallest_normal() >> 1 : sign() - 1; }
  uint64_t one() const { return uint64_t(emax) << (precision - 1); }
  uint64_t magnitude(uint64_t x) const { return x & (sign() - 1); }
  bool is_nan(uint64_t x) const { return magnitude(x) > infinity(); }
  bool is_zero(uint64_t x) const { return magnitude(x) == 0; }
  bool is_subnormal(uint64_t x) const { return magnitude(x) && magnitude(x) < smallest_normal(); }
  uint64_t flush(uint64_t x) const { return is_subnormal(x) ? x & sign() : x; }
};
inline constexpr Format kF16{"f16", 11, -14, 15, 16}, kBf16{"bf16", 8, -126, 127, 16};
inline constexpr Format kF32{"f32", 24, -126, 127, 32}, kF64{"f64", 53, -1022, 1023, 64};

enum class Mode { kNearest, kZero, kDown, kUp };
inline const char* suffix(Mode mode) {
  const char* names[] = {"rn", "rz", "rm", "rp"};
  return names[int(mode)];
}

inline Bits128 bits_of(Wide x) {
  Bits128 bits;
  std::memcpy(&bits, &x, sizeof x);
  return bits;
}
inline Wide wide_of(Bits128 bits) {
  Wide x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
inline bool negative(Wide x) { return bits_of(x) >> 127; }
inline Wide magnitude(Wide x) { return wide_of(bits_of(x) << 1 >> 1); }
inline Wide power_of_two(int exponent) { return wide_of(Bits128(exponent + 16383) << 112); }
inline Wide infinite(bool minus) { return wide_of(Bits128(minus ? 0xffff : 0x7fff) << 112); }

inline Wide decode(const Format& f, uint64_t x) {
  uint64_t m = f.magnitude(x), fraction = m & (f.smallest_normal() - 1);
  int exponent = int(m >> (f.precision - 1));
  Wide value;
  if (m > f.infinity()) {
    value = wide_of(Bits128(0x7fff8) << 108);
  } else if (m == f.infinity()) {
    value = infinite(false);
  } else if (exponent == 0) {
    value = Wide(fraction) * power_of_two(f.emin - f.precision + 1);
  } else {
    value = Wide(fraction + f.smallest_normal()) * power_of_two(exponent - f.emax - f.precision + 1);
  }
  return x & f.sign() ? -value : value;
}

inline bool rounds_up(Mode mode, bool minus, bool odd, int below_half) {  // below_half: -1, 0 (tie), 1 (above)
  if (mode == Mode::kNearest) return below_half > 0 || (below_half == 0 && odd);
  return mode == (minus ? Mode::kDown : Mode::kUp);
}

inline uint64_t encode(const Format& f, Wide x, Mode mode) {
  if (x != x) return f.canonical_nan();
  bool minus = negative(x);
  uint64_t sign = minus ? f.sign() : 0;
  if (x == 0) return sign;
  if (magnitude(x) == infinite(false)) return sign | f.infinity();
  Bits128 one = 1, bits = bits_of(magnitude(x));
  int exponent = int(bits >> 112) - 16383;
  Bits128 m = (bits & ((one << 112) - 1)) | one << 112;
  int quantum = std::max(exponent, f.emin) - (f.precision - 1), drop = quantum - (exponent - 112);
  Bits128 kept = drop > 120 ? 0 : m >> drop;
  bool exact = drop <= 120 && (kept << drop) == m;
  int below_half = -1;
  if (drop <= 120) {
    Bits128 rest = m - (kept << drop), half = one << (drop - 1);
    below_half = rest > half ? 1 : rest == half ? 0 : -1;
  }
  if (!exact && rounds_up(mode, minus, kept & 1, below_half)) kept += 1;
  if (kept >> f.precision) {
    kept >>= 1;
    quantum += 1;
  }
  if (kept < f.smallest_normal()) return sign | uint64_t(kept);
  int top = quantum + f.precision - 1;
  if (top > f.emax) {
    bool to_infinity = mode == Mode::kNearest || mode == (minus ? Mode::kDown : Mode::kUp);
    return sign | (to_infinity ? f.infinity() : f.largest());
  }
  return sign | (uint64_t(top + f.emax) << (f.precision - 1)) | (uint64_t(kept) & (f.smallest_normal() - 1));
}

// a + b rounded to odd: rounding the result to fewer bits then gives what rounding the exact sum would.
inline Wide add_to_odd(Wide a, Wide b) {
  Wide sum = a + b, inf = infinite(false);
  if (sum != sum || magnitude(a) == inf || magnitude(b) == inf || sum == 0) return sum;
  Wide part = sum - a, error = (a - (sum - part)) + (b - part);
  if (error == 0) return sum;
  Bits128 bits = bits_of(sum);
  if (negative(error) != negative(sum)) bits -= 1;
  return wide_of(bits | 1);
}

struct Arithmetic {
  const Format* format;
  Mode mode = Mode::kNearest;
  bool ftz = false, saturate = false, relu = false;

  uint64_t in(uint64_t x) const { return ftz ? format->flush(x & format->mask()) : x & format->mask(); }
  Wide value(uint64_t x) const { return decode(*format, in(x)); }
  uint64_t out(Wide x) const {
    uint64_t y = encode(*format, x, mode);
    if (ftz) y = format->flush(y);
    if (saturate) {
      if (format->is_nan(y) || y & format->sign()) return 0;
      if (y > format->one()) return format->one();
    }
    if (relu && !format->is_nan(y) && y & format->sign()) return 0;
    return y;
  }
  uint64_t sum(Wide a, Wide b) const {
    if (a + b == 0 && !(a == 0 && b == 0 && negative(a) == negative(b)))
      return out(mode == Mode::kDown ? -Wide(0) : Wide(0));
    return out(add_to_odd(a, b));
  }
  uint64_t add(uint64_t a, uint64_t b) const { return sum(value(a), value(b)); }
  uint64_t sub(uint64_t a, uint64_t b) const { return sum(value(a), -value(b)); }
  uint64_t mul(uint64_t a, uint64_t b) const { return out(value(a) * value(b)); }
  uint64_t fma(uint64_t a, uint64_t b, uint64_t c) const { return sum(value(a) * value(b), value(c)); }
  uint64_t div(uint64_t a, uint64_t b) const { return out(value(a) / value(b)); }
  uint64_t rcp(uint64_t a) const { return out(Wide(1) / value(a)); }
  uint64_t sqrt(uint64_t a) const { return out(sqrtf128(value(a))); }

  // min and max: NaN gives the other operand, or with .NaN the canonical NaN; -0 is below +0.
  uint64_t extremum(bool maximum, bool nan, bool xorsign, uint64_t a, uint64_t b) const {
    const Format& f = *format;
    a = in(a), b = in(b);
    uint64_t sign = (a ^ b) & f.sign();
    if (xorsign) a = f.magnitude(a), b = f.magnitude(b);
    uint64_t y;
    if (f.is_nan(a) || f.is_nan(b)) {
      y = nan || (f.is_nan(a) && f.is_nan(b)) ? f.canonical_nan() : f.is_nan(a) ? b : a;
      if (f.is_nan(y)) return y;
    } else {
      Wide x = decode(f, a), z = decode(f, b);
      bool first = x == z ? bool(a & f.sign()) : x < z;
      y = first != maximum ? a : b;
    }
    return xorsign ? y | sign : y;
  }
};

// A floating-point value to an integer of `bits` bits: rounded, clamped; NaN as the manual's table says.
inline uint64_t to_integer(const Format& from, uint64_t x, bool is_signed, int bits, Mode mode, bool ftz) {
  x &= from.mask();
  if (ftz) x = from.flush(x);
  uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  if (from.is_nan(x)) return from.bits == 64 || bits == 64 ? uint64_t{1} << (bits - 1) : 0;
  Wide value = decode(from, x), low = is_signed ? -power_of_two(bits - 1) : Wide(0),
       high = power_of_two(is_signed ? bits - 1 : bits) - 1;
  if (value != -infinite(false) && value != infinite(false)) {
    Wide down = floorf128(value), rest = value - down;
    if (rest != 0) {
      bool up = mode == Mode::kUp || (mode == Mode::kZero && value < 0);
      if (mode == Mode::kNearest) {
        bool odd = floorf128(down / 2) * 2 != down;
        up = rest > Wide(0.5) || (rest == Wide(0.5) && odd);
      }
      value = up ? down + 1 : down;
    }
  }
  value = value < low ? low : value > high ? high : value;
  return value < 0 ? uint64_t(int64_t(value)) & mask : uint64_t(value);
}

// A floating-point value rounded to an integral one of the same format (cvt.rni.f32.f32 and its like).
inline uint64_t to_integral(const Format& f, uint64_t x, Mode mode, bool ftz) {
  x &= f.mask();
  if (ftz) x = f.flush(x);
  if (f.is_nan(x)) return f.canonical_nan();
  Wide value = decode(f, x);
  if (magnitude(value) >= power_of_two(f.precision)) return x;
  Wide down = floorf128(value), rest = value - down;
  bool odd = floorf128(down / 2) * 2 != down;
  bool up = mode == Mode::kUp || (mode == Mode::kZero && value < 0);
  if (mode == Mode::kNearest) up = rest > Wide(0.5) || (rest == Wide(0.5) && odd);
  Wide y = rest != 0 && up ? down + 1 : down;
  return f.magnitude(encode(f, y, Mode::kNearest)) | (x & f.sign());
}

}  // namespace kib::emulator::tests
#endif
