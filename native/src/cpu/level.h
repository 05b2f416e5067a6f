// What every kernel file needs: its namespace, which is that of the instruction set it is compiled for, and number
// types.
#ifndef KIB_CPU_LEVEL_H
#define KIB_CPU_LEVEL_H
#include <cmath>
#include <cstdint>
#include <cstring>

#include "../status.h"
#include "kib/types.h"

#ifndef KIB_LEVEL
#define KIB_LEVEL portable
#endif

namespace kib::KIB_LEVEL {

// The upper half of a float, rounded to nearest even. A scalar type, so that loops over it vectorize.
enum class bf16 : uint16_t {};

inline double load(double x) { return x; }
inline float load(float x) { return x; }
inline float load(bf16 x) {
  uint32_t bits = static_cast<uint32_t>(x) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline void store(float* target, float x) { *target = x; }
inline void store(bf16* target, float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  *target = static_cast<bf16>(x == x ? rounded : (bits >> 16) | 0x40);
}

// A double in two floats: x - high - low, in single precision, is x - value but for a rounding of the result.
inline float high_half(double value) { return static_cast<float>(value); }
inline float low_half(double value) {
  float high = high_half(value);
  return std::isfinite(high) ? static_cast<float>(value - high) : 0.0f;
}

// Calls function(T()) with the type of activations.
template <class Function>
kib_status with_type(int type, Function function) {
  switch (type) {
    case KIB_F32:
      function(float());
      return KIB_OK;
    case KIB_BF16:
      function(bf16());
      return KIB_OK;
    default:
      return refuse(KIB_UNSUPPORTED_TYPE, "do not compute with numbers of type %d; F32 (%d) and BF16 (%d) they do",
                    type, KIB_F32, KIB_BF16);
  }
}

// Refuses a setting that is none of count, which begin at 0.
inline kib_status check_setting(const char* what, int setting, int count) {
  if (setting >= 0 && setting < count) return KIB_OK;
  return refuse(KIB_BAD_ARGUMENT, "have no %s %d; there are %d, from 0", what, setting, count);
}

// The sum of n terms in double, in a fixed order that suits vectors.
template <class Term>
double sum(int64_t n, Term term) {
  constexpr int64_t kLanes = 8;
  double lanes[kLanes] = {}, rest = 0;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int64_t j = 0; j < kLanes; j++) lanes[j] += term(i + j);
  for (; i < n; i++) rest += term(i);
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7])) + rest;
}

}  // namespace kib::KIB_LEVEL
#endif
