// Launches that a card refuses, and programs that take one device's size for another's.
#include "planted.h"

// 110 values that live at once, whatever the compiler's level.
#define TEN(BODY, n) \
  BODY(n##0) BODY(n##1) BODY(n##2) BODY(n##3) BODY(n##4) BODY(n##5) BODY(n##6) BODY(n##7) BODY(n##8) BODY(n##9)
#define ALL(BODY) \
  TEN(BODY, 1)    \
  TEN(BODY, 2)    \
  TEN(BODY, 3) TEN(BODY, 4) TEN(BODY, 5) TEN(BODY, 6) TEN(BODY, 7) TEN(BODY, 8) TEN(BODY, 9) TEN(BODY, 10) TEN(BODY, 11)
#define DECLARE(n) ".reg .f32 v" #n ";"
#define LOAD(n) "ld.volatile.global.f32 v" #n ", [%0];"
#define STORE(n) "st.volatile.global.f32 [%1], v" #n ";"
#define COPY(to, from) asm volatile("{" ALL(DECLARE) ALL(LOAD) ALL(STORE) "}" ::"l"(from), "l"(to) : "memory")

// EXPECT registers: 1024 threads with 1[1-3][0-9] registers each takes 1[0-9]{5} registers, where.*__launch_bounds__
__global__ void registers(float* y, const float* x) { COPY(y + threadIdx.x, x + threadIdx.x); }
__global__ void __launch_bounds__(1024) registers_repaired(float* y, const float* x) {
  COPY(y + threadIdx.x, x + threadIdx.x);
}
PLANTED(registers) {
  Device<float> x(std::vector<float>(1024, 1.0f)), y(1024);
  (repaired ? registers_repaired : registers)<<<1, 1024>>>(y, x);
  correct((cudaGetLastError() == cudaErrorLaunchOutOfResources) != repaired);
  if (!repaired) return;
  finish();
  correct(y.get()[1023] == 1.0f);
}

// EXPECT smaller_blocks: bad argument: .*a block of 768 threads with 1[1-3][0-9] registers each
PLANTED(smaller_blocks) {
  Device<float> x(std::vector<float>(1024, 1.0f)), y(1024);
  cudaFuncAttributes attributes;
  CUDA(cudaFuncGetAttributes(&attributes, registers));
  registers<<<1, repaired ? attributes.maxThreadsPerBlock : 768>>>(y, x);
  correct((cudaGetLastError() == cudaSuccess) == repaired);
  finish();
}

// EXPECT partial_sums: out of bounds | partial_sums | \([0-9]+,0,0\) thread \(0,0,0\)
__global__ void partial_sums(const float* x, float* partial, int n) {
  __shared__ float sum;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  float mine = 0;
  for (int i = blockIdx.x * kBlock + threadIdx.x; i < n; i += gridDim.x * kBlock) mine += x[i];
  for (int turn = 0; turn < kBlock; ++turn) {
    if (int(threadIdx.x) == turn) sum += mine;
    __syncthreads();
  }
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;  // BUG partial_sums
}
PLANTED(partial_sums) {
  int n = 20000, multiprocessors = 0;
  CUDA(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, 0));
  int blocks = 4 * multiprocessors;
  Device<float> x(std::vector<float>(n, 1.0f)), partial(repaired ? blocks : 128);
  partial_sums<<<blocks, kBlock>>>(x, partial, n);
  finish();
  if (!repaired) return;
  float sum = 0;
  for (float value : partial.get()) sum += value;
  correct(sum == n);
}

// EXPECT deep_recursion: out of bounds | recursive_sum | .*stack of 1024 bytes overflows.*frames take 10[0-9][0-9]
__device__ __noinline__ int sum_to(int n, const int* x) {
  return n <= 0 ? x[0] : sum_to(n - 1, x) * 3 + x[n];  // BUG deep_recursion
}
__global__ void recursive_sum(int* y, const int* x, int n) { y[threadIdx.x] = sum_to(n, x); }
PLANTED(deep_recursion) {
  int n = 99;
  Device<int> x(std::vector<int>(n + 1, 1)), y(32);
  size_t before = 0;
  CUDA(cudaDeviceGetLimit(&before, cudaLimitStackSize));
  if (repaired) CUDA(cudaDeviceSetLimit(cudaLimitStackSize, 8192));
  recursive_sum<<<1, 32>>>(y, x, n);
  cudaError_t ended = cudaDeviceSynchronize();
  correct(before == 1024 && ended == (repaired ? cudaSuccess : cudaErrorIllegalAddress));
}

// Shared memory that an H100 has, and that these have not.
__global__ void wide_tile(float* y, int n) {
  extern __shared__ float tile[];
  for (int i = threadIdx.x; i < n; i += kBlock) tile[i] = float(i);
  __syncthreads();
  if (threadIdx.x < 4) y[threadIdx.x] = tile[n - 1 - threadIdx.x];
}
inline void wide_tiles(bool repaired) {
  int bytes = 100 << 10, most = 0;
  CUDA(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0));
  if (repaired) bytes = std::min(bytes, most);
  Device<float> y(4);
  cudaError_t set = cudaFuncSetAttribute(wide_tile, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
  correct((set == cudaSuccess) == repaired);
  cudaGetLastError();
  if (!repaired) return;
  wide_tile<<<1, kBlock, bytes>>>(y, bytes / 4);
  finish();
  correct(y.get()[0] == bytes / 4 - 1);
}
// EXPECT wide_tile_8_6: 102400 bytes of dynamic shared.*than the 101376 | | | KIB_EMULATOR_CAPABILITY=8.6
PLANTED(wide_tile_8_6) { wide_tiles(repaired); }
// EXPECT wide_tile_8_9: 102400 bytes of dynamic shared.*than the 101376 | | | KIB_EMULATOR_CAPABILITY=8.9
PLANTED(wide_tile_8_9) { wide_tiles(repaired); }
// EXPECT wide_tile_12_0: 102400 bytes of dynamic shared.*than the 101376 | | | KIB_EMULATOR_CAPABILITY=12.0
PLANTED(wide_tile_12_0) { wide_tiles(repaired); }

// EXPECT too_many_cooperate: more than the 336 that fit at once: 16 on each of 21 | | | KIB_EMULATOR_MULTIPROCESSORS=21
__global__ void cooperate(int* y) { y[blockIdx.x * 128 + threadIdx.x] = 1; }
PLANTED(too_many_cooperate) {
  int multiprocessors = 0, fit = 0;
  CUDA(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, 0));
  CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&fit, cooperate, 128, 0));
  int blocks = fit * multiprocessors + !repaired;
  Device<int> y(blocks * 128);
  int* pointer = y;
  void* arguments[] = {&pointer};
  cudaError_t launched = cudaLaunchCooperativeKernel(reinterpret_cast<const void*>(cooperate), dim3(blocks), dim3(128),
                                                     arguments, 0, nullptr);
  correct(launched == (repaired ? cudaSuccess : cudaErrorCooperativeLaunchTooLarge));
  cudaGetLastError();
  finish();
}

// EXPECT clusters_8_6: need capability 9.0 or later, the device has 8.6 | | | KIB_EMULATOR_CAPABILITY=8.6
PLANTED(clusters_8_6) {
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = repaired ? 1 : 2;
  attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
  cudaLaunchConfig_t configuration = {};
  configuration.gridDim = dim3(4);
  configuration.blockDim = dim3(128);
  configuration.attrs = &attribute;
  configuration.numAttrs = 1;
  Device<int> y(4 * 128);
  cudaError_t launched = cudaLaunchKernelEx(&configuration, cooperate, (int*)y);
  correct(launched == (repaired ? cudaSuccess : cudaErrorInvalidClusterSize));
  cudaGetLastError();
  finish();
}
