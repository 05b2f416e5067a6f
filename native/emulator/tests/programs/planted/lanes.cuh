// Lanes of a warp that are presumed to take part, to run in step, or to have met.
#include "planted.h"

// Sums of warps, each in its first lane.
__device__ int warp_sum(int v) {
  for (int offset = 16; offset > 0; offset /= 2) v += __shfl_down_sync(0xffffffffu, v, offset);  // BUG returned_lanes
  return v;
}

// EXPECT returned_lanes: shuffle from an absent lane | returned_lanes | \(0,0,0\) thread \([0-9]+,0,0\): reads the
// register of lane [0-9]+, which has returned
__global__ void returned_lanes(const int* x, int* y, int n) {
  int i = threadIdx.x;
  if (i >= n) return;
  int sum = warp_sum(x[i]);
  if (i % 32 == 0) y[i / 32] = sum;
}
__global__ void returned_lanes_repaired(const int* x, int* y, int n) {
  int i = threadIdx.x, sum = warp_sum(i < n ? x[i] : 0);
  if (i % 32 == 0) y[i / 32] = sum;
}
PLANTED(returned_lanes) {
  int n = 50;
  Device<int> x(std::vector<int>(n, 1)), y(2);
  (repaired ? returned_lanes_repaired : returned_lanes)<<<1, kBlock>>>(x, y, n);
  finish();
}

// EXPECT outside_mask: shuffle from an absent lane | outside_mask | \(0,0,0\) thread \([0-9]+,0,0\): reads the register
// of lane [0-9]+, which is not in the mask
__global__ void outside_mask(const int* x, int* y, unsigned few) {
  int i = threadIdx.x, v = x[i];
  if (few >> i % 32 & 1) y[i] = __shfl_xor_sync(few, v, 16);  // BUG outside_mask
  __syncthreads();
}
PLANTED(outside_mask) {
  Device<int> x(std::vector<int>(kBlock, 1)), y(kBlock);
  outside_mask<<<1, kBlock>>>(x, y, repaired ? 0xffffffffu : 0xfffffu);
  finish();
}

// EXPECT no_such_lane: shuffle from an absent lane | no_such_lane | \(0,0,0\) thread \([0-9]+,0,0\): reads the register
// of lane [0-9]+, but the warp has no such thread
__global__ void no_such_lane(const int* x, int* y) {
  y[threadIdx.x] = __shfl_xor_sync(0xffffffffu, x[threadIdx.x], 16);  // BUG no_such_lane
}
PLANTED(no_such_lane) {
  Device<int> x(std::vector<int>(kBlock, 1)), y(kBlock);
  no_such_lane<<<1, repaired ? kBlock : kBlock - 16>>>(x, y);
  finish();
}

// EXPECT not_in_mask: divergent barrier | not_in_mask | \(0,0,0\) thread \([0-9]+,0,0\): the thread is not in the mask
__global__ void not_in_mask(const int* x, int* y, unsigned mask) {
  y[threadIdx.x] = __shfl_sync(mask, x[threadIdx.x], 0);  // BUG not_in_mask
}
PLANTED(not_in_mask) {
  Device<int> x(std::vector<int>(kBlock, 1)), y(kBlock);
  not_in_mask<<<1, kBlock>>>(x, y, repaired ? 0xffffffffu : 0xffffu);
  finish();
}

// As many rounds as the lane says: lanes leave the loop one after the other.
__device__ int rounds(const int* x, int n) {
  int v = 0;
  for (int k = 0; k < n; ++k) v = v * 3 + x[(v + k) & 31];  // BUG met_again
  return v;
}

// EXPECT active_mask: shuffle from an absent lane | active_mask | \([0-9]+,0,0\) thread \([0-9]+,0,0\) | seeds=20
__global__ void active_mask(const int* x, int* y) {
  int i = blockIdx.x * kBlock + threadIdx.x, v = rounds(x, x[threadIdx.x % 32]);
  y[i] = __shfl_xor_sync(__activemask(), v, 1);  // BUG active_mask
}
__global__ void active_mask_repaired(const int* x, int* y) {
  int i = blockIdx.x * kBlock + threadIdx.x, v = rounds(x, x[threadIdx.x % 32]);
  y[i] = __shfl_xor_sync(0xffffffffu, v, 1);
}
std::vector<int> numbers() {
  std::vector<int> x(32);
  for (int i = 0; i < 32; ++i) x[i] = i * 7 % 13;
  return x;
}
PLANTED(active_mask) {
  Device<int> x(numbers()), y(4 * kBlock);
  (repaired ? active_mask_repaired : active_mask)<<<4, kBlock>>>(x, y);
  finish();
}

// EXPECT active_count: wrong result | | | seeds=20
__global__ void active_count(const int* x, int* counts, bool met) {
  int v = rounds(x, x[threadIdx.x % 32]);
  if (met) __syncwarp();
  if (v != -1) counts[blockIdx.x * kBlock + threadIdx.x] = __popc(__activemask());
}
PLANTED(active_count) {
  bool right = true;
  {
    Device<int> x(numbers()), counts(kBlock);
    active_count<<<1, kBlock>>>(x, counts, repaired);
    finish();
    for (int count : counts.get()) right &= count == 32;
  }
  correct(right);
}

// EXPECT lockstep: race in shared memory | lockstep | \(0,0,0\) thread \([0-9]+,0,0\).* reads .*volatile does not keep
// lanes in step The end of a sum as it was written before lanes had program counters of their own.
__global__ void lockstep(int* y) {
  __shared__ int part[kBlock];
  volatile int* s = part;
  int t = threadIdx.x;
  s[t] = t;
  __syncthreads();
  if (t < 32) {
    s[t] += s[t + 32];
    s[t] += s[(t + 16) % kBlock];  // BUG lockstep
    s[t] += s[(t + 8) % kBlock];   // BUG lockstep
    if (t == 0) *y = s[0] + s[4];  // BUG lockstep
  }
}
__global__ void lockstep_repaired(int* y) {
  __shared__ int part[kBlock];
  volatile int* s = part;
  int t = threadIdx.x;
  s[t] = t;
  __syncthreads();
  for (int half = 32; half > 0; half /= 2) {
    if (t < half) s[t] += s[t + half];
    __syncwarp();
    if (half == 32) __syncthreads();
  }
  if (t == 0) *y = s[0];
}
PLANTED(lockstep) {
  Device<int> y(1);
  (repaired ? lockstep_repaired : lockstep)<<<1, kBlock>>>(y);
  finish();
}

// EXPECT met_again: race in shared memory | met_again | \(0,0,0\) thread \([0-9]+,0,0\)
// The two ways through the branch end at one line, which does not make the lanes meet.
__global__ void met_again(const int* x, int* y) {
  __shared__ int part[kBlock];
  int t = threadIdx.x;
  part[t] = 0;
  __syncthreads();
  if (t % 2) {
    part[t] = rounds(x, 5);  // BUG met_again
  } else {
    part[t] = rounds(x, 3);  // BUG met_again
  }
  y[t] = part[t ^ 1];  // BUG met_again
}
__global__ void met_again_repaired(const int* x, int* y) {
  __shared__ int part[kBlock];
  int t = threadIdx.x;
  if (t % 2) {
    part[t] = rounds(x, 5);
  } else {
    part[t] = rounds(x, 3);
  }
  __syncwarp();
  y[t] = part[t ^ 1];
}
PLANTED(met_again) {
  Device<int> x(numbers()), y(kBlock);
  (repaired ? met_again_repaired : met_again)<<<1, kBlock>>>(x, y);
  finish();
}

// EXPECT halves_met: race in shared memory | halves_met | \(0,0,0\) thread \([0-9]+,0,0\)
// Each half of the warp meets, and reads what the other one wrote.
__global__ void halves_met(int* y, int distance) {
  __shared__ int part[kBlock];
  int t = threadIdx.x;
  part[t] = 0;
  __syncthreads();
  part[t] = t;  // BUG halves_met
  __syncwarp(t % 32 < 16 ? 0xffffu : 0xffff0000u);
  y[t] = part[t ^ distance];  // BUG halves_met
}
PLANTED(halves_met) {
  Device<int> y(kBlock);
  halves_met<<<1, kBlock>>>(y, repaired ? 8 : 16);
  finish();
}
