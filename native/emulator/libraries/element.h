// Element types of the library stand-ins, and rounding as tensor cores and stores do it.
#ifndef KIB_EMULATOR_ELEMENT_H
#define KIB_EMULATOR_ELEMENT_H
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace kib::emulator {

enum class Element { kF32, kF64, kF16, kBF16 };

inline size_t bytes(Element type) { return type == Element::kF64 ? 8 : type == Element::kF32 ? 4 : 2; }

inline const char* name(Element type) {
  switch (type) {
    case Element::kF32:
      return "f32";
    case Element::kF64:
      return "f64";
    case Element::kF16:
      return "f16";
    default:
      return "bf16";
  }
}

inline uint32_t bits(float value) {
  uint32_t word;
  std::memcpy(&word, &value, 4);
  return word;
}

inline float from_bits(uint32_t word) {
  float value;
  std::memcpy(&value, &word, 4);
  return value;
}

inline float from_bf16(uint16_t half) { return from_bits(uint32_t{half} << 16); }

inline uint16_t to_bf16(float value) {  // to nearest, ties to even
  const uint32_t word = bits(value);
  if (std::isnan(value)) return 0x7FFF;
  return static_cast<uint16_t>((word + 0x7FFF + (word >> 16 & 1)) >> 16);
}

inline float from_f16(uint16_t half) {
  const uint32_t sign = uint32_t{half & 0x8000u} << 16, exponent = half >> 10 & 31, fraction = half & 0x3FF;
  if (exponent == 31) return from_bits(sign | 0x7F800000 | fraction << 13);
  if (exponent != 0) return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
  const float small = std::ldexp(static_cast<float>(fraction), -24);
  return sign != 0 ? -small : small;
}

inline uint16_t to_f16(float value) {  // to nearest, ties to even
  const uint16_t sign = static_cast<uint16_t>(bits(value) >> 16 & 0x8000);
  const float size = std::fabs(value);
  if (std::isnan(value)) return 0x7FFF;
  if (size >= 65520.0f) return sign | 0x7C00;
  if (size < 6.103515625e-05f) return sign | static_cast<uint16_t>(std::nearbyint(std::ldexp(size, 24)));
  const uint32_t word = bits(size) - (112u << 23);
  return sign | static_cast<uint16_t>((word + 0xFFF + (word >> 13 & 1)) >> 13);
}

// What a tensor core makes of an f32 operand.
enum class Rounding { kNone, kTF32, kF16, kBF16 };

// NVIDIA_TF32_OVERRIDE=0 forbids TF32 in every library.
inline bool tf32_allowed() {
  const char* value = std::getenv("NVIDIA_TF32_OVERRIDE");
  return value == nullptr || value[0] != '0';
}

inline float rounded(float value, Rounding rounding) {
  switch (rounding) {
    case Rounding::kTF32:  // to nearest, ties away from zero
      return std::isfinite(value) ? from_bits((bits(value) + 0x1000) & 0xFFFFE000) : value;
    case Rounding::kF16:
      return from_f16(to_f16(value));
    case Rounding::kBF16:
      return from_bf16(to_bf16(value));
    default:
      return value;
  }
}

template <class T>
T load(const std::byte* from, Element type) {
  if (type == Element::kF64) {
    double value;
    std::memcpy(&value, from, 8);
    return static_cast<T>(value);
  }
  if (type == Element::kF32) {
    float value;
    std::memcpy(&value, from, 4);
    return static_cast<T>(value);
  }
  uint16_t half;
  std::memcpy(&half, from, 2);
  return static_cast<T>(type == Element::kF16 ? from_f16(half) : from_bf16(half));
}

template <class T>
void store(std::byte* to, Element type, T value) {
  if (type == Element::kF64) {
    const double wide = static_cast<double>(value);
    std::memcpy(to, &wide, 8);
  } else if (type == Element::kF32) {
    const float single = static_cast<float>(value);
    std::memcpy(to, &single, 4);
  } else {
    const float single = static_cast<float>(value);
    const uint16_t half = type == Element::kF16 ? to_f16(single) : to_bf16(single);
    std::memcpy(to, &half, 2);
  }
}

}  // namespace kib::emulator
#endif
