// What every kernel file needs: its namespace, which is that of the instruction set it is compiled for, and number
// types.
#ifndef KIB_CPU_LEVEL_H
#define KIB_CPU_LEVEL_H
#include <cmath>
#include <cstdint>
#include <cstring>

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
      return KIB_UNSUPPORTED;
  }
}

// Four random words of Philox4x32-10; vectorizes over counters.
inline void philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint64_t seed, uint32_t* w0, uint32_t* w1,
                   uint32_t* w2, uint32_t* w3) {
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = static_cast<uint64_t>(0xD2511F53u) * c0, p1 = static_cast<uint64_t>(0xCD9E8D57u) * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(p0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  *w0 = c0, *w1 = c1, *w2 = c2, *w3 = c3;
}

// The purposes in a random number's counter.
enum Purpose : uint32_t { kWeights = 1, kAugmentation = 3, kDropout = 4 };

}  // namespace kib::KIB_LEVEL
#endif
