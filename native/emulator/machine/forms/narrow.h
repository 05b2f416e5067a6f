// Narrow floating-point formats: exact widening, rounding to them in every mode.
#ifndef KIB_EMULATOR_FORMS_NARROW_H
#define KIB_EMULATOR_FORMS_NARROW_H
#include <cstdint>

#include "machine/forms/lanes.h"

namespace kib::emulator::ptx {
namespace {

struct F16 {
  static constexpr int mantissa = 10, least = -14;
  static constexpr uint32_t infinity = 0x7c00, canonical = 0x7fff, sign = 0x8000;
};
struct Bf16 {
  static constexpr int mantissa = 7, least = -126;
  static constexpr uint32_t infinity = 0x7f80, canonical = 0x7fff, sign = 0x8000;
};
struct F32 {
  static constexpr int mantissa = 23, least = -126;
  static constexpr uint32_t infinity = 0x7f800000, canonical = 0x7fffffff, sign = 0x80000000;
};

// A double as the format H, rounded once.
template <class H>
inline uint32_t narrow(double v, Round round) {
  if (v != v) return H::canonical;
  const uint64_t u = bits_as<uint64_t>(v);
  const bool negative = (u >> 63) != 0;
  const uint32_t sign = negative ? H::sign : 0;
  const int field = static_cast<int>((u >> 52) & 0x7ff);
  const uint64_t fraction = u & ((uint64_t{1} << 52) - 1);
  if (field == 0x7ff) return sign | H::infinity;
  if (field == 0 && fraction == 0) return sign;
  const int exponent = (field == 0 ? 1 : field) - 1023;
  const uint64_t significand = field == 0 ? fraction : fraction | uint64_t{1} << 52;
  const int below = exponent < H::least ? H::least - exponent : 0;
  const int drop = 52 - H::mantissa + below;
  const int shift = drop > 60 ? 60 : drop;
  const uint64_t rest = significand & ((uint64_t{1} << shift) - 1), half = uint64_t{1} << (shift - 1);
  uint64_t kept = significand >> shift;
  switch (round) {
    case Round::kZero:
      break;
    case Round::kDown:
      kept += negative && rest != 0;
      break;
    case Round::kUp:
      kept += !negative && rest != 0;
      break;
    case Round::kAway:
      kept += rest >= half;
      break;
    default:
      kept += rest > half || (rest == half && (kept & 1) != 0);
  }
  const uint64_t scaled = below > 0 ? kept : (static_cast<uint64_t>(exponent - H::least) << H::mantissa) + kept;
  if (scaled < H::infinity) return sign | static_cast<uint32_t>(scaled);
  const bool to_infinity = round == Round::kUp ? !negative : round == Round::kDown ? negative : round != Round::kZero;
  return sign | (to_infinity ? H::infinity : H::infinity - 1);
}

inline float widen(Bf16, uint16_t h) { return bits_as<float>(uint32_t{h} << 16); }
inline float widen(F16, uint16_t h) {
  const uint32_t magnitude = h & 0x7fff, sign = uint32_t{h} >> 15 << 31;
  const float normal = bits_as<float>((magnitude << 13) + (uint32_t{112} << 23));
  const float special = bits_as<float>((magnitude << 13) | 0x7f800000);
  const float subnormal = static_cast<float>(static_cast<int32_t>(magnitude)) * 0x1p-24f;
  const float v = magnitude >= 0x7c00 ? special : magnitude < 0x400 ? subnormal : normal;
  return bits_as<float>(bits_as<uint32_t>(v) | sign);
}

// A float to the nearest, without branches.
inline uint16_t nearest(Bf16, float v) {
  const uint32_t u = bits_as<uint32_t>(v);
  const uint32_t rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
  return static_cast<uint16_t>(v != v ? 0x7fff : rounded);
}
inline uint16_t nearest(F16, float v) {
  const uint32_t u = bits_as<uint32_t>(v), sign = u >> 16 & 0x8000, magnitude = u & 0x7fffffff;
  const uint32_t normal = (magnitude - (uint32_t{112} << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  const uint32_t small = magnitude < 0x38800000 ? magnitude : 0;
  const uint32_t subnormal = bits_as<uint32_t>(bits_as<float>(small) + 0.5f) - 0x3f000000;
  uint32_t r = magnitude < 0x38800000 ? subnormal : normal;
  r = magnitude >= 0x477ff000 ? 0x7c00 : r;
  return static_cast<uint16_t>(magnitude > 0x7f800000 ? 0x7fff : sign | r);
}

// a + b rounded to odd: rounding it again to at most 51 bits is rounding the sum once.
inline double sum_to_odd(double a, double b) {
  const double s = a + b, t = s - a, error = (a - (s - t)) + (b - t);
  const uint64_t u = bits_as<uint64_t>(s);
  const bool inexact = error == error && error != 0.0 && (u & 1) == 0 && s - s == 0.0;
  const uint64_t step = (error > 0.0) == (s > 0.0) ? 1 : ~uint64_t{0};
  return bits_as<double>(inexact ? u + step : u);
}

}  // namespace
}  // namespace kib::emulator::ptx
#endif
