// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): four random words of a counter
// and a key.
#ifndef KIB_CPU_PHILOX_H
#define KIB_CPU_PHILOX_H
#include "level.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace kib::KIB_LEVEL {

#if defined(__AVX512F__)
constexpr int64_t kPhiloxLanes = 8;
#else
constexpr int64_t kPhiloxLanes = 4;
#endif

// Counters side by side, each in the lower half of a 64-bit lane: a product of halves is then one instruction.
using PhiloxLanes = uint64_t __attribute__((vector_size(8 * kPhiloxLanes)));
using PhiloxWords = uint32_t __attribute__((vector_size(4 * kPhiloxLanes)));

// The products of the lower halves with a constant.
inline PhiloxLanes philox_product(PhiloxLanes x, uint64_t constant) {
#if defined(__AVX512F__)
  return reinterpret_cast<PhiloxLanes>(
      _mm512_maskz_mul_epu32(0xFF, reinterpret_cast<__m512i>(x), _mm512_set1_epi64(static_cast<long long>(constant))));
#elif defined(__AVX2__)
  return reinterpret_cast<PhiloxLanes>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(x), _mm256_set1_epi64x(static_cast<long long>(constant))));
#else
  return (x & 0xFFFFFFFFu) * constant;
#endif
}

// The state c[0..3] becomes the random words; upper halves are of no meaning.
inline void philox_rounds(PhiloxLanes* c, uint64_t seed) {
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; round++) {
    PhiloxLanes p0 = philox_product(c[0], 0xD2511F53u), p1 = philox_product(c[2], 0xCD9E8D57u);
    c[0] = (p1 >> 32) ^ c[1] ^ k0;
    c[1] = p1;
    c[2] = (p0 >> 32) ^ c[3] ^ k1;
    c[3] = p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

// The words of the counters (first + i stride, c1, c2, c3), i < count: word j of counter i goes to words[j count + i],
// or, interleaved, to words[4 i + j].
inline void philox_words(uint32_t* words, bool interleaved, uint64_t first, int64_t stride, int64_t count, uint32_t c1,
                         uint32_t c2, uint32_t c3, uint64_t seed) {
  PhiloxLanes index, even;
  for (int64_t lane = 0; lane < kPhiloxLanes; lane++) {
    index[lane] = static_cast<uint64_t>(lane * stride);
    even[lane] = static_cast<uint64_t>(lane / 2 + lane % 2 * kPhiloxLanes);
  }
  for (int64_t i = 0; i < count; i += kPhiloxLanes) {
    PhiloxLanes c[4] = {index + (first + static_cast<uint64_t>(i * stride)), PhiloxLanes{} + c1, PhiloxLanes{} + c2,
                        PhiloxLanes{} + c3};
    philox_rounds(c, seed);
    uint32_t rest[4 * kPhiloxLanes];
    bool whole = i + kPhiloxLanes <= count;
    uint32_t* target = whole ? words + (interleaved ? 4 * i : i) : rest;
    int64_t distance = whole ? count : kPhiloxLanes;
    if (interleaved) {
      PhiloxLanes w01 = (c[0] & 0xFFFFFFFFu) | c[1] << 32, w23 = (c[2] & 0xFFFFFFFFu) | c[3] << 32;
      PhiloxLanes pairs[2] = {__builtin_shuffle(w01, w23, even),
                              __builtin_shuffle(w01, w23, even + static_cast<uint64_t>(kPhiloxLanes / 2))};
      std::memcpy(target, pairs, sizeof(pairs));
    } else {
      for (int64_t j = 0; j < 4; j++) {
        PhiloxWords word = __builtin_convertvector(c[j], PhiloxWords);
        std::memcpy(target + j * distance, &word, sizeof(word));
      }
    }
    if (whole) continue;
    for (int64_t lane = 0; i + lane < count; lane++)
      for (int64_t j = 0; j < 4; j++)
        words[interleaved ? 4 * (i + lane) + j : j * count + i + lane] =
            rest[interleaved ? 4 * lane + j : j * kPhiloxLanes + lane];
  }
}

// The four words of one counter.
inline void philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint64_t seed, uint32_t* words) {
  philox_words(words, true, c0, 0, 1, c1, c2, c3, seed);
}

}  // namespace kib::KIB_LEVEL
#endif
