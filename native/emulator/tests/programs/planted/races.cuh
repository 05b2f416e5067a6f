// Two threads of one launch on the same bytes without a barrier or an atomic between.
#include "planted.h"

// EXPECT shared_race: race in shared memory | shared_race | \(0,0,0\) thread \([0-9]+,0,0\)
__global__ void shared_race(float* y) {
  __shared__ float part[kBlock];
  part[threadIdx.x] = 0.0f;
  __syncthreads();
  part[threadIdx.x] = float(threadIdx.x);              // BUG shared_race
  y[threadIdx.x] = part[(threadIdx.x + 32) % kBlock];  // BUG shared_race
}
__global__ void shared_race_repaired(float* y) {
  __shared__ float part[kBlock];
  part[threadIdx.x] = float(threadIdx.x);
  __syncthreads();
  y[threadIdx.x] = part[(threadIdx.x + 32) % kBlock];
}
PLANTED(shared_race) {
  Device<float> y(kBlock);
  (repaired ? shared_race_repaired : shared_race)<<<1, kBlock>>>(y);
  finish();
}

// EXPECT global_race: race in global memory | global_race | \(0,0,0\) thread \([0-9]+,0,0\)
__global__ void global_race(int* sum) {
  *sum += int(threadIdx.x);  // BUG global_race
}
__global__ void global_race_repaired(int* sum) { atomicAdd(sum, int(threadIdx.x)); }
PLANTED(global_race) {
  Device<int> sum(1);
  sum.zero();
  (repaired ? global_race_repaired : global_race)<<<1, kBlock>>>(sum);
  finish();
}

// EXPECT blocks_race: race in global memory | blocks_race | \([0-7],0,0\) thread \(0,0,0\)
__global__ void blocks_race(int* x) {
  if (threadIdx.x == 0) x[0] = int(blockIdx.x);  // BUG blocks_race
}
__global__ void blocks_race_repaired(int* x) {
  if (threadIdx.x == 0) x[blockIdx.x] = int(blockIdx.x);
}
PLANTED(blocks_race) {
  Device<int> x(8);
  (repaired ? blocks_race_repaired : blocks_race)<<<8, kBlock>>>(x);
  finish();
}
