// Reads of bytes that nobody wrote.
#include "planted.h"

// EXPECT uninitialised: uninitialised read | read_all | \(1,0,0\) thread \(35,0,0\)
__global__ void fill(float* x, int n, float value) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) x[i] = value;
}
__global__ void read_all(const float* x, float* y, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) y[i] = x[i] * 2;  // BUG uninitialised
}
PLANTED(uninitialised) {
  int n = 100;
  Device<float> x(n), y(n);
  fill<<<2, kBlock>>>(x, repaired ? n : n - 1, 1.0f);
  read_all<<<2, kBlock>>>(x, y, n);
  finish();
}

// EXPECT uninitialised_shared: uninitialised read | uninitialised_shared | \(0,0,0\) thread \(5,0,0\)
__global__ void uninitialised_shared(float* y) {
  __shared__ float part[kBlock];
  if (threadIdx.x != 5) part[threadIdx.x] = 1.0f;
  __syncthreads();
  y[threadIdx.x] = part[threadIdx.x];  // BUG uninitialised_shared
}
__global__ void uninitialised_shared_repaired(float* y) {
  __shared__ float part[kBlock];
  part[threadIdx.x] = threadIdx.x == 5 ? 0.0f : 1.0f;
  __syncthreads();
  y[threadIdx.x] = part[threadIdx.x];
}
PLANTED(uninitialised_shared) {
  Device<float> y(kBlock);
  (repaired ? uninitialised_shared_repaired : uninitialised_shared)<<<1, kBlock>>>(y);
  finish();
}

// EXPECT uninitialised_local: uninitialised read | uninitialised_local | \(0,0,0\) thread \([0-9]+,0,0\)
__global__ void uninitialised_local(const int* order, float* y, int n) {
  float part[8];
  for (int i = 0; i < n; ++i) part[order[i]] = float(i);
  float sum = 0;
  for (int i = 0; i < 8; ++i) sum += part[order[i]];  // BUG uninitialised_local
  y[threadIdx.x] = sum;
}
PLANTED(uninitialised_local) {
  Device<int> order(std::vector<int>{3, 1, 4, 7, 5, 0, 2, 6});
  Device<float> y(kBlock);
  uninitialised_local<<<1, kBlock>>>(order, y, repaired ? 8 : 7);
  finish();
}

// EXPECT padding: uninitialised read | padding | \(0,0,0\) thread \([0-9]+,0,0\)
// Rows of three, padded to four that are read at once; the fourth was never written.
__global__ void rows_of_three(float* rows) {
  if (threadIdx.x % 4 != 3) rows[threadIdx.x] = 1.0f;
}
__global__ void padding(const float4* rows, float* y) {
  float4 row = rows[threadIdx.x];                      // BUG padding
  y[threadIdx.x] = row.x * row.y + row.z + 2 * row.w;  // BUG padding
}
__global__ void padding_repaired(const float4* rows, float* y) {
  float4 row = rows[threadIdx.x];
  y[threadIdx.x] = row.x * row.y + row.z;
}
PLANTED(padding) {
  Device<float> rows(kBlock), y(kBlock / 4);
  rows_of_three<<<1, kBlock>>>(rows);
  const float4* vectors = reinterpret_cast<const float4*>(static_cast<float*>(rows));
  (repaired ? padding_repaired : padding)<<<1, kBlock / 4>>>(vectors, y);
  finish();
}
