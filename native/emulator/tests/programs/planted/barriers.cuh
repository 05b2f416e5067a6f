// Threads that wait for what never comes.
#include "planted.h"

// EXPECT divergent_barrier: divergent barrier | divergent_barrier | \(0,0,0\) thread \([0-9]+,0,0\)
__global__ void divergent_barrier(float* y, int n) {
  __shared__ float part[kBlock];
  if (int(threadIdx.x) < n) {
    part[threadIdx.x] = 1.0f;
    __syncthreads();  // BUG divergent_barrier
    y[threadIdx.x] = part[n - 1 - threadIdx.x];
  } else {
    part[threadIdx.x] = 0.0f;
    __syncthreads();  // BUG divergent_barrier
  }
}
__global__ void divergent_barrier_repaired(float* y, int n) {
  __shared__ float part[kBlock];
  part[threadIdx.x] = 1.0f;
  __syncthreads();
  if (int(threadIdx.x) < n) y[threadIdx.x] = part[n - 1 - threadIdx.x];
}
PLANTED(divergent_barrier) {
  Device<float> y(kBlock);
  (repaired ? divergent_barrier_repaired : divergent_barrier)<<<1, kBlock>>>(y, 40);
  finish();
}

// EXPECT no_progress: no progress | wait_for_flag | \([01],0,0\) thread \([0-9]+,0,0\): [0-9]+ warp instr.*running at
__global__ void wait_for_flag(const volatile int* flag, float* y) {
  while (*flag == 0) {  // BUG no_progress
  }
  y[threadIdx.x] = 1.0f;
}
PLANTED(no_progress) {
  Device<int> flag(std::vector<int>(1, repaired ? 1 : 0));
  Device<float> y(kBlock);
  wait_for_flag<<<2, kBlock>>>(flag, y);
  correct((cudaDeviceSynchronize() == cudaErrorLaunchTimeout) != repaired);
}
