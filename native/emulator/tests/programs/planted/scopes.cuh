// What holds within a block and not on the whole device, what is stale, and what atomics do not promise.
#include "planted.h"

// EXPECT block_fence: race in global memory | block_fence | \([0-7],0,0\) thread \([0-9]+,0,0\).*use __threadfence\(\)
// The last block to finish adds up what the others left.
__global__ void block_fence(int* parts, unsigned* finished, int* y) {
  if (threadIdx.x != 0) return;
  parts[blockIdx.x] = int(blockIdx.x);
  __threadfence_block();
  if (atomicAdd(finished, 1u) != gridDim.x - 1) return;
  int sum = 0;
  for (unsigned b = 0; b < gridDim.x; ++b) sum += parts[b];  // BUG block_fence
  *y = sum;
}
__global__ void block_fence_repaired(int* parts, unsigned* finished, int* y) {
  if (threadIdx.x != 0) return;
  parts[blockIdx.x] = int(blockIdx.x);
  __threadfence();
  if (atomicAdd(finished, 1u) != gridDim.x - 1) return;
  int sum = 0;
  for (unsigned b = 0; b < gridDim.x; ++b) sum += parts[b];
  *y = sum;
}
PLANTED(block_fence) {
  Device<int> parts(8), y(1);
  Device<unsigned> finished(std::vector<unsigned>(1, 0));
  (repaired ? block_fence_repaired : block_fence)<<<8, kBlock>>>(parts, finished, y);
  finish();
}

// EXPECT block_atomic: scope too narrow | block_atomic | \([0-7],0,0\) thread \([0-9]+,0,0\)
__global__ void block_atomic(int* count, bool own) {
  atomicAdd_block(&count[own ? blockIdx.x : 0], 1);  // BUG block_atomic
}
PLANTED(block_atomic) {
  Device<int> count(std::vector<int>(8, 0));
  block_atomic<<<8, kBlock>>>(count, repaired);
  finish();
}

// EXPECT block_flag: scope too narrow | block_flag | \([01],0,0\) thread \(0,0,0\)
// EXPECT block_flag: race in global memory | block_flag | \([01],0,0\) thread \(0,0,0\)
// One block says so when its value is there; the other one waits.
__global__ void block_flag(int* value, int* flag, int* y) {
  if (threadIdx.x != 0) return;
  if (blockIdx.x == 0) {
    *value = 5;
    __threadfence();
    atomicExch_block(flag, 1);  // BUG block_flag
  } else {
    while (atomicAdd(flag, 0) == 0) {  // BUG block_flag
    }
    __threadfence();
    *y = *value;  // BUG block_flag
  }
}
__global__ void block_flag_repaired(int* value, int* flag, int* y) {
  if (threadIdx.x != 0) return;
  if (blockIdx.x == 0) {
    *value = 5;
    __threadfence();
    atomicExch(flag, 1);
  } else {
    while (atomicAdd(flag, 0) == 0) {
    }
    __threadfence();
    *y = *value;
  }
}
PLANTED(block_flag) {
  Device<int> value(1), flag(std::vector<int>(1, 0)), y(1);
  int *v = value, *f = flag, *to = y;
  void* parameters[] = {&v, &f, &to};
  CUDA(cudaLaunchCooperativeKernel(reinterpret_cast<const void*>(repaired ? block_flag_repaired : block_flag), dim3(2),
                                   dim3(32), parameters, 0, nullptr));
  finish();
}

// EXPECT read_only_of_written: non-coherent read | read_only_of_written | \(0,0,0\) thread \([0-9]+,0,0\).* reads
__global__ void read_only_of_written(float* x, float* y, bool plain) {
  int t = threadIdx.x;
  x[t] = float(t);
  __syncthreads();
  const float* from = x + kBlock - 1 - t;
  y[t] = plain ? *from : __ldg(from);  // BUG read_only_of_written
}
PLANTED(read_only_of_written) {
  Device<float> x(kBlock), y(kBlock);
  read_only_of_written<<<1, kBlock>>>(x, y, repaired);
  finish();
}

// EXPECT read_only_then_written: non-coherent read | read_only_then_written | \(0,0,0\) thread \([0-9]+,0,0\).* writes
__global__ void read_only_then_written(const float* x, float* y) {
  int t = threadIdx.x;
  float v = __ldg(x + kBlock - 1 - t);
  __syncthreads();
  y[t] = v + 1;  // BUG read_only_then_written
}
PLANTED(read_only_then_written) {
  Device<float> x(std::vector<float>(kBlock, 1.0f)), y(kBlock);
  read_only_then_written<<<1, kBlock>>>(x, repaired ? y : x);
  finish();
}

// EXPECT float_sum: float atomic | float_sum | \([0-9]+,0,0\) thread \([0-9]+,0,0\)
__global__ void float_sum(const float* x, float* y) {
  atomicAdd(y, x[threadIdx.x]);  // BUG float_sum
}
__global__ void float_sum_repaired(const float* x, float* y) {
  if (threadIdx.x != 0) return;
  float sum = 0;
  for (int i = 0; i < kBlock; ++i) sum += x[i];
  *y = sum;
}
PLANTED(float_sum) {
  Device<float> x(std::vector<float>(kBlock, 0.1f)), y(std::vector<float>(1, 0.0f));
  (repaired ? float_sum_repaired : float_sum)<<<1, kBlock>>>(x, y);
  finish();
}

// EXPECT float_order: wrong result | | | seeds=20 KIB_EMULATOR_CHECK=all,-float-atomics
__global__ void float_order(const float* x, float* y, bool whole) {
  if (whole) {
    atomicAdd(reinterpret_cast<int*>(y), int(x[threadIdx.x]));
  } else {
    atomicAdd(y, x[threadIdx.x]);
  }
}
PLANTED(float_order) {
  std::vector<float> values(kBlock);
  for (int i = 0; i < kBlock; ++i) values[i] = i % 7 == 3 ? 3e7f : float(i) + 0.25f;
  float in_turn = 0, got;
  int whole = 0;
  for (float value : values) in_turn += value, whole += int(value);
  {
    Device<float> x(values), y(std::vector<float>(1, 0.0f));
    float_order<<<1, kBlock>>>(x, y, repaired);
    finish();
    got = y.get()[0];
  }
  int bits;
  std::memcpy(&bits, &got, 4);
  correct(repaired ? bits == whole : got == in_turn);
}

// EXPECT swap_after_plain_read: mixed plain and atomic access | swap_after_plain_read | \([0-9]+,0,0\) thread
// \([0-9]+,0,0\)
__device__ void swap_until_most(int* most, int seen, float v) {
  int old;
  do {
    old = seen;
    seen = atomicCAS(most, old, __float_as_int(fmaxf(v, __int_as_float(old))));  // BUG swap_after_plain_read
  } while (seen != old);
}
__global__ void swap_after_plain_read(int* most, const float* x) {
  swap_until_most(most, *most, x[threadIdx.x]);  // BUG swap_after_plain_read
}
__global__ void swap_after_plain_read_repaired(int* most, const float* x) {
  swap_until_most(most, *(volatile int*)most, x[threadIdx.x]);
}
PLANTED(swap_after_plain_read) {
  Device<float> x(std::vector<float>(kBlock, 3.0f));
  Device<int> most(std::vector<int>(1, 0));
  (repaired ? swap_after_plain_read_repaired : swap_after_plain_read)<<<4, kBlock>>>(most, x);
  finish();
}

// EXPECT plain_flag: mixed plain and atomic access | plain_flag | \([0-9]+,0,0\) thread \([0-9]+,0,0\)
// Threads that find what they look for say so, and the others need not go on. Repaired: nobody looks, and all write one
// value, which is no race.
__global__ void plain_flag(const float* x, int* flag) {
  if (*flag == 0 && isinf(x[threadIdx.x])) atomicExch(flag, 1);  // BUG plain_flag
}
__global__ void plain_flag_repaired(const float* x, int* flag) {
  if (isinf(x[threadIdx.x])) *flag = 1;
}
PLANTED(plain_flag) {
  Device<float> x(std::vector<float>(kBlock, INFINITY));
  Device<int> flag(std::vector<int>(1, 0));
  (repaired ? plain_flag_repaired : plain_flag)<<<4, kBlock>>>(x, flag);
  finish();
}
