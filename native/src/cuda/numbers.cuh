// Types of activations, read and written 16 bytes at a time.
#ifndef KIB_CUDA_NUMBERS_CUH
#define KIB_CUDA_NUMBERS_CUH
#include <cmath>
#include <cstdint>

#include "kib/types.h"

namespace kib::cuda {

// The upper half of a float, rounded to nearest even.
struct bf16 {
  uint16_t bits;
};

__device__ inline float load(double x) { return static_cast<float>(x); }
__device__ inline float load(float x) { return x; }
__device__ inline float load(bf16 x) { return __uint_as_float(static_cast<uint32_t>(x.bits) << 16); }

__device__ inline void store(float* target, float x) { *target = x; }
__device__ inline void store(bf16* target, float x) { asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(target->bits) : "f"(x)); }

// What storing leaves of a number.
__device__ inline float rounded(float x, float) { return x; }
__device__ inline float rounded(float x, bf16) {
  bf16 half;
  store(&half, x);
  return load(half);
}

// A double in two floats: x - high - low, in single precision, is x - value but for a rounding of the result.
__host__ __device__ inline float high_half(double value) { return static_cast<float>(value); }
__host__ __device__ inline float low_half(double value) {
  float high = high_half(value);
  return isfinite(high) ? static_cast<float>(value - static_cast<double>(high)) : 0.0f;
}

// Two numbers as neighbouring bfloat16, the first in the lower half.
__device__ inline uint32_t pair(float first, float second) {
  uint32_t both;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(second), "f"(first));
  return both;
}

// How many numbers are 16 bytes, which one access of a thread moves at most.
template <class T>
constexpr int kWide = 16 / static_cast<int>(sizeof(T));

// Reads and writes kWide<T> numbers at an address that is a multiple of 16 bytes.
__device__ inline void load_wide(float (&x)[4], const float* source) {
  float4 v = *reinterpret_cast<const float4*>(source);
  x[0] = v.x, x[1] = v.y, x[2] = v.z, x[3] = v.w;
}
__device__ inline void load_wide(float (&x)[8], const bf16* source) {
  uint4 v = *reinterpret_cast<const uint4*>(source);
  const uint32_t words[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    x[2 * i] = __uint_as_float(words[i] << 16);
    x[2 * i + 1] = __uint_as_float(words[i] & 0xFFFF0000u);
  }
}
// By an instruction, and so to global memory alone: nvcc 13.0 takes a store of a vector apart and joins the parts where
// it sees that they are neighbours, which in the optimizers' kernels it did not. (ptxas joined those of 16 bytes after
// all, but not those of 8.)
__device__ inline void store_16(void* target, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(target)), "r"(a), "r"(b),
               "r"(c), "r"(d)
               : "memory");
}
__device__ inline void store_wide(float* target, const float (&x)[4]) {
  store_16(target, __float_as_uint(x[0]), __float_as_uint(x[1]), __float_as_uint(x[2]), __float_as_uint(x[3]));
}
__device__ inline void store_wide(bf16* target, const float (&x)[8]) {
  store_16(target, pair(x[0], x[1]), pair(x[2], x[3]), pair(x[4], x[5]), pair(x[6], x[7]));
}

// The same of four numbers at a multiple of 8 bytes, beside four floats.
__device__ inline void load_wide(float (&x)[4], const bf16* source) {
  uint2 v = *reinterpret_cast<const uint2*>(source);
  x[0] = __uint_as_float(v.x << 16), x[1] = __uint_as_float(v.x & 0xFFFF0000u);
  x[2] = __uint_as_float(v.y << 16), x[3] = __uint_as_float(v.y & 0xFFFF0000u);
}
__device__ inline void store_wide(bf16* target, const float (&x)[4]) {
  asm volatile("st.global.v2.u32 [%0], {%1, %2};" ::"l"(__cvta_generic_to_global(target)), "r"(pair(x[0], x[1])),
               "r"(pair(x[2], x[3]))
               : "memory");
}

// The same of a multiple of kWide<T> numbers; or of one, anywhere.
template <int kCount, class T>
__device__ inline void load_many(float (&x)[kCount], const T* source) {
  if constexpr (kCount == 1) {
    x[0] = load(*source);
  } else {
    static_assert(kCount % kWide<T> == 0, "not a multiple of 16 bytes");
#pragma unroll
    for (int i = 0; i < kCount; i += kWide<T>) {
      float part[kWide<T>];
      load_wide(part, source + i);
#pragma unroll
      for (int j = 0; j < kWide<T>; j++) x[i + j] = part[j];
    }
  }
}
template <int kCount, class T>
__device__ inline void store_many(T* target, const float (&x)[kCount]) {
  if constexpr (kCount == 1) {
    store(target, x[0]);
  } else {
    static_assert(kCount % kWide<T> == 0, "not a multiple of 16 bytes");
#pragma unroll
    for (int i = 0; i < kCount; i += kWide<T>) {
      float part[kWide<T>];
#pragma unroll
      for (int j = 0; j < kWide<T>; j++) part[j] = x[i + j];
      store_wide(target + i, part);
    }
  }
}

// Whether an array of rows can be read so: it begins at a multiple of 16 bytes, as do all its rows.
template <class T>
bool is_wide(const void* array, int64_t row) {
  return reinterpret_cast<uintptr_t>(array) % 16 == 0 && row % kWide<T> == 0;
}

}  // namespace kib::cuda
#endif
