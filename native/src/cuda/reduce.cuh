// Sums over the threads of a warp and of a block, always added in the same order.
#ifndef KIB_CUDA_REDUCE_CUH
#define KIB_CUDA_REDUCE_CUH
#include "launch.cuh"

namespace kib::cuda {

// The sum over a warp's 32 lanes, in all of them. All lanes call it.
template <class Number>
__device__ Number warp_sum(Number x) {
#pragma unroll
  for (int distance = kWarp / 2; distance > 0; distance /= 2) x += __shfl_xor_sync(0xFFFFFFFFu, x, distance);
  return x;
}

// The sum over a block's threads (a multiple of 32, at most 1024), in all of them. All threads call it; parts [32] is
// shared memory that a call leaves free again.
template <class Number>
__device__ Number block_sum(Number x, Number* parts) {
  unsigned lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp, warps = blockDim.x / kWarp;
  x = warp_sum(x);
  if (warps == 1) return x;
  if (lane == 0) parts[warp] = x;
  __syncthreads();
  Number sum = warp_sum(lane < warps ? parts[lane] : Number(0));
  __syncthreads();
  return sum;
}

}  // namespace kib::cuda
#endif
