// Accesses where no memory is, or no longer, or not at that address.
#include "planted.h"

// EXPECT out_of_bounds: out of bounds | out_of_bounds | \(1,0,0\) thread \(36,0,0\)
__global__ void out_of_bounds(float* x, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i <= n) x[i] = 1.0f;  // BUG out_of_bounds
}
__global__ void out_of_bounds_repaired(float* x, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) x[i] = 1.0f;
}
PLANTED(out_of_bounds) {
  int n = 100;
  Device<float> x(n);
  (repaired ? out_of_bounds_repaired : out_of_bounds)<<<2, kBlock>>>(x, n);
  finish();
}

// EXPECT shared_bounds: out of bounds | shared_bounds | \(0,0,0\) thread \(63,0,0\)
__global__ void shared_bounds(float* y, int far) {
  extern __shared__ float memory[];
  memory[threadIdx.x] = 1.0f;
  __syncthreads();
  y[threadIdx.x] = memory[threadIdx.x + far];  // BUG shared_bounds
}
PLANTED(shared_bounds) {
  Device<float> y(kBlock);
  shared_bounds<<<1, kBlock, kBlock * sizeof(float)>>>(y, repaired ? 0 : 1);
  finish();
}

// EXPECT use_after_free: use after free | read_all | \([0-9]+,0,0\) thread \([0-9]+,0,0\)
__global__ void read_all(const float* x, float* y, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) y[i] = x[i] * 2;  // BUG use_after_free
}
PLANTED(use_after_free) {
  int n = 100;
  Device<float> x(std::vector<float>(n, 3.0f)), y(n);
  float* freed = nullptr;
  CUDA(cudaMalloc(&freed, n * sizeof(float)));
  CUDA(cudaMemcpy(freed, x, n * sizeof(float), cudaMemcpyDeviceToDevice));
  CUDA(cudaFree(freed));
  read_all<<<2, kBlock>>>(repaired ? static_cast<float*>(x) : freed, y, n);
  finish();
}

// EXPECT misaligned: misaligned access | misaligned | \(0,0,0\) thread \([0-9]+,0,0\)
__global__ void misaligned(const float* x, float4* y, int shift) {
  y[threadIdx.x] = *reinterpret_cast<const float4*>(x + 4 * threadIdx.x + shift);  // BUG misaligned
}
PLANTED(misaligned) {
  Device<float> x(std::vector<float>(4 * kBlock + 4, 1.0f));
  Device<float4> y(kBlock);
  misaligned<<<1, kBlock>>>(x, y, repaired ? 4 : 1);
  finish();
}
