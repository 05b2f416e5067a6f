#include <cooperative_groups.h>
#include <cuda_runtime.h>

#include "kernels.h"

namespace {

__constant__ float constant[4];
__device__ int launches;

template <typename T>
__global__ void scale_kernel(T* to, const T* from, T by, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) to[i] = from[i] * by;
}

__global__ void block_sums_kernel(float* sums, const float* from, int n) {
  extern __shared__ float shared[];
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  shared[threadIdx.x] = i < n ? from[i] : 0.0f;
  __syncthreads();
  for (int half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) shared[threadIdx.x] += shared[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) sums[blockIdx.x] = shared[0];
}

__global__ void shape_kernel(float* to, Shape shape) {
  to[0] = shape.letter;
  to[1] = shape.rows;
  to[2] = shape.scale;
}

__global__ void constant_kernel(float* to, int n) {
  const int i = threadIdx.x;
  if (i < n) to[i] += constant[i % 4];
}

__global__ void count_kernel() { atomicAdd(&launches, 1); }

__global__ void __launch_bounds__(64) bounded_kernel(float* to) { to[threadIdx.x] = 1; }

__global__ void big_kernel(float* to) {
  extern __shared__ float shared[];
  shared[threadIdx.x] = threadIdx.x;
  __syncthreads();
  to[threadIdx.x] = shared[31 - threadIdx.x];
}

__global__ void all_blocks_kernel(int* to) {
  if (threadIdx.x == 0) atomicAdd(to, 1);
  cooperative_groups::this_grid().sync();
  if (threadIdx.x == 0) to[1 + blockIdx.x] = *(volatile int*)to;
}

__global__ void wide_kernel(volatile float* to) {
  float all[112];
#pragma unroll
  for (int i = 0; i < 112; ++i) all[i] = to[i * 1024 + threadIdx.x];
#pragma unroll
  for (int i = 0; i < 112; ++i) to[i * 1024 + threadIdx.x] = all[111 - i];
}

__global__ void behind_kernel(float* to, int n) {
  to[threadIdx.x + (threadIdx.x == 31 ? n : 0)] = 0;  // thread 31 writes behind the end
}

cudaStream_t of(void* stream) { return static_cast<cudaStream_t>(stream); }

}  // namespace

int scale(float* to, const float* from, float by, int n, void* stream) {
  scale_kernel<float><<<(n + 63) / 64, 64, 0, of(stream)>>>(to, from, by, n);
  return cudaGetLastError();
}

int block_sums(float* sums, const float* from, int n, int threads, void* stream) {
  block_sums_kernel<<<(n + threads - 1) / threads, threads, threads * sizeof(float), of(stream)>>>(sums, from, n);
  return cudaGetLastError();
}

int fill_shape(float* to, Shape shape, void* stream) {
  shape_kernel<<<1, 1, 0, of(stream)>>>(to, shape);
  return cudaGetLastError();
}

int set_constant(float value) {
  const float values[2] = {value, value + 1};
  if (const int error = cudaMemcpyToSymbol(constant, values, sizeof values)) return error;
  return cudaMemcpyToSymbol(constant, values, sizeof values, sizeof values);
}

int add_constant(float* to, int n, void* stream) {
  constant_kernel<<<1, 32, 0, of(stream)>>>(to, n);
  return cudaGetLastError();
}

int count_launches(void* stream) {
  count_kernel<<<2, 32, 0, of(stream)>>>();
  return cudaGetLastError();
}

int counted() {
  int value = -1;
  if (cudaMemcpyFromSymbol(&value, launches, sizeof value) != cudaSuccess) return -2;
  return value;
}

int bad_block(float* to, void* stream) {
  bounded_kernel<<<1, 128, 0, of(stream)>>>(to);
  return cudaGetLastError();
}

int big_shared(float* to, size_t bytes, bool raise, void* stream) {
  if (raise) {
    const int error = cudaFuncSetAttribute(big_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(bytes));
    if (error != cudaSuccess) return cudaGetLastError();
  }
  big_kernel<<<1, 32, bytes, of(stream)>>>(to);
  return cudaGetLastError();
}

int all_blocks(int* to, int blocks, void* stream) {
  void* arguments[] = {&to};
  cudaLaunchCooperativeKernel((const void*)all_blocks_kernel, dim3(blocks), dim3(32), arguments, 0, of(stream));
  return cudaGetLastError();
}

int attributes(int* max_threads, int* shared_bytes, int* blocks_256) {
  cudaFuncAttributes of_kernel;
  if (const int error = cudaFuncGetAttributes(&of_kernel, bounded_kernel)) return error;
  *max_threads = of_kernel.maxThreadsPerBlock;
  *shared_bytes = int(of_kernel.sharedSizeBytes);
  return cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks_256, block_sums_kernel, 256, 0);
}

int wide_registers() {
  cudaFuncAttributes of_kernel;
  return cudaFuncGetAttributes(&of_kernel, wide_kernel) == cudaSuccess ? of_kernel.numRegs : -1;
}

int wide_launch(float* to, void* stream) {
  wide_kernel<<<1, 1024, 0, of(stream)>>>(to);
  return cudaGetLastError();
}

int write_behind(float* to, int n, void* stream) {
  behind_kernel<<<1, 32, 0, of(stream)>>>(to, n);
  return cudaGetLastError();
}

int differing_properties() {
  cudaDeviceProp p;
  if (cudaGetDeviceProperties(&p, 0) != cudaSuccess) return -1;
  const struct {
    cudaDeviceAttr attribute;
    long long value;
  } pairs[] = {{cudaDevAttrMaxThreadsPerBlock, p.maxThreadsPerBlock},
               {cudaDevAttrMaxBlockDimX, p.maxThreadsDim[0]},
               {cudaDevAttrMaxBlockDimZ, p.maxThreadsDim[2]},
               {cudaDevAttrMaxGridDimX, p.maxGridSize[0]},
               {cudaDevAttrMaxGridDimZ, p.maxGridSize[2]},
               {cudaDevAttrMaxSharedMemoryPerBlock, (long long)p.sharedMemPerBlock},
               {cudaDevAttrTotalConstantMemory, (long long)p.totalConstMem},
               {cudaDevAttrWarpSize, p.warpSize},
               {cudaDevAttrMaxPitch, (long long)p.memPitch},
               {cudaDevAttrMaxRegistersPerBlock, p.regsPerBlock},
               {cudaDevAttrTextureAlignment, (long long)p.textureAlignment},
               {cudaDevAttrMultiProcessorCount, p.multiProcessorCount},
               {cudaDevAttrIntegrated, p.integrated},
               {cudaDevAttrCanMapHostMemory, p.canMapHostMemory},
               {cudaDevAttrConcurrentKernels, p.concurrentKernels},
               {cudaDevAttrEccEnabled, p.ECCEnabled},
               {cudaDevAttrGlobalMemoryBusWidth, p.memoryBusWidth},
               {cudaDevAttrL2CacheSize, p.l2CacheSize},
               {cudaDevAttrMaxThreadsPerMultiProcessor, p.maxThreadsPerMultiProcessor},
               {cudaDevAttrAsyncEngineCount, p.asyncEngineCount},
               {cudaDevAttrUnifiedAddressing, p.unifiedAddressing},
               {cudaDevAttrComputeCapabilityMajor, p.major},
               {cudaDevAttrComputeCapabilityMinor, p.minor},
               {cudaDevAttrStreamPrioritiesSupported, p.streamPrioritiesSupported},
               {cudaDevAttrGlobalL1CacheSupported, p.globalL1CacheSupported},
               {cudaDevAttrMaxSharedMemoryPerMultiprocessor, (long long)p.sharedMemPerMultiprocessor},
               {cudaDevAttrMaxRegistersPerMultiprocessor, p.regsPerMultiprocessor},
               {cudaDevAttrManagedMemory, p.managedMemory},
               {cudaDevAttrCooperativeLaunch, p.cooperativeLaunch},
               {cudaDevAttrMaxSharedMemoryPerBlockOptin, (long long)p.sharedMemPerBlockOptin},
               {cudaDevAttrHostRegisterSupported, p.hostRegisterSupported},
               {cudaDevAttrMaxBlocksPerMultiprocessor, p.maxBlocksPerMultiProcessor},
               {cudaDevAttrReservedSharedMemoryPerBlock, (long long)p.reservedSharedMemPerBlock},
               {cudaDevAttrMemoryPoolsSupported, p.memoryPoolsSupported},
               {cudaDevAttrClusterLaunch, p.clusterLaunch},
               {cudaDevAttrHostNumaId, p.hostNumaId}};
  int different = 0;
  for (const auto& pair : pairs) {
    int value = -7;
    different += cudaDeviceGetAttribute(&value, pair.attribute, 0) != cudaSuccess || value != pair.value;
  }
  return different;
}
