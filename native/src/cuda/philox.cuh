// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): four random words of a counter
// and a key.
#ifndef KIB_CUDA_PHILOX_CUH
#define KIB_CUDA_PHILOX_CUH
#include <cstdint>

namespace kib::cuda {

// The keys of a seed's rounds, which a kernel takes as an argument: there they cost no instructions.
struct PhiloxKeys {
  uint32_t first[10], second[10];
};

inline PhiloxKeys philox_keys(uint64_t seed) {
  PhiloxKeys keys;
  for (uint32_t round = 0; round < 10; round++) {
    keys.first[round] = static_cast<uint32_t>(seed) + round * 0x9E3779B9u;
    keys.second[round] = static_cast<uint32_t>(seed >> 32) + round * 0xBB67AE85u;
  }
  return keys;
}

__device__ inline uint4 philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, const PhiloxKeys& keys) {
#pragma unroll
  for (int round = 0; round < 10; round++) {
    uint64_t product0 = static_cast<uint64_t>(c0) * 0xD2511F53u, product1 = static_cast<uint64_t>(c2) * 0xCD9E8D57u;
    c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ keys.first[round];
    c1 = static_cast<uint32_t>(product1);
    c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ keys.second[round];
    c3 = static_cast<uint32_t>(product0);
  }
  return make_uint4(c0, c1, c2, c3);
}

// The same of a seed.
__device__ inline uint4 philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint64_t seed) {
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    uint32_t high0 = __umulhi(c0, 0xD2511F53u), low0 = c0 * 0xD2511F53u;
    uint32_t high1 = __umulhi(c2, 0xCD9E8D57u), low1 = c2 * 0xCD9E8D57u;
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return make_uint4(c0, c1, c2, c3);
}

// Word number i, 0 to 3.
__device__ inline uint32_t word(const uint4& words, unsigned i) {
  return i == 0 ? words.x : i == 1 ? words.y : i == 2 ? words.z : words.w;
}

}  // namespace kib::cuda
#endif
