// Blocks that wait for other blocks, and what the order of blocks decides.
#include "planted.h"

__device__ int tickets;

// An inclusive scan of one pass: each block looks back at the sums of the blocks before it. Blocks are numbered by
// blockIdx, which nothing orders: the bug where not all of them fit; or by tickets in the order in which they start.
__global__ void __launch_bounds__(1024)
    scan(const int* x, volatile int* sums, volatile int* ready, int* y, bool by_ticket) {
  extern __shared__ int part[];
  __shared__ int block;
  if (threadIdx.x == 0) block = by_ticket ? atomicAdd(&tickets, 1) : blockIdx.x;
  __syncthreads();
  int i = block * blockDim.x + threadIdx.x;
  part[threadIdx.x] = x[i];
  __syncthreads();
  for (int d = 1; d < blockDim.x; d *= 2) {
    int before = int(threadIdx.x) >= d ? part[threadIdx.x - d] : 0;
    __syncthreads();
    part[threadIdx.x] += before;
    __syncthreads();
  }
  __shared__ int offset;
  if (threadIdx.x == 0) {
    offset = 0;
    if (block > 0) {
      while (ready[block - 1] == 0) {  // BUG scan_by_block
      }
      __threadfence();
      offset = sums[block - 1];
    }
    sums[block] = offset + part[blockDim.x - 1];
    __threadfence();
    ready[block] = 1;
  }
  __syncthreads();
  y[i] = part[threadIdx.x] + offset;
}

inline bool scans(int blocks, int threads, bool by_ticket) {
  int n = blocks * threads, zero = 0;
  std::vector<int> values(n), wanted(n);
  for (int i = 0, sum = 0; i < n; ++i) wanted[i] = sum += values[i] = i % 7;
  CUDA(cudaMemcpyToSymbol(tickets, &zero, sizeof zero));
  Device<int> x(values), sums(blocks), ready(blocks), y(n);
  ready.zero();
  scan<<<blocks, threads, threads * sizeof(int)>>>(x, sums, ready, y, by_ticket);
  return cudaDeviceSynchronize() != cudaSuccess || y.get() == wanted;  // an error is reported
}

// EXPECT scan_by_block: no progress | scan | .*blocks have not started, as those that run fill the device; the order
PLANTED(scan_by_block) {
  cudaDeviceProp device;
  CUDA(cudaGetDeviceProperties(&device, 0));
  int resident = 0;
  CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, scan, 1024, 4096));
  int fit = resident * device.multiProcessorCount;
  bool right = scans(fit + fit / 2, 1024, repaired);
  correct(right);
}
