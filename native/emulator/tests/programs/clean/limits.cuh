// Programs that ask the device how large it is, and take all of it.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

#include "../program.h"

namespace cg = cooperative_groups;

constexpr int kBlock = 64;

int attribute(cudaDeviceAttr which) {
  int value = 0;
  CUDA(cudaDeviceGetAttribute(&value, which, 0));
  return value;
}

// As many cooperating blocks as there can be: each multiprocessor full of shared memory, or of threads.
__global__ void __launch_bounds__(1024) meet(int* arrived, int* seen) {
  extern __shared__ int mine[];
  mine[threadIdx.x] = 1;
  __syncthreads();
  if (threadIdx.x == 0) atomicAdd(arrived, mine[blockDim.x - 1]);
  cg::this_grid().sync();
  if (threadIdx.x == 0) seen[blockIdx.x] = *arrived;
}
void meet_in(int threads, int shared) {
  int fit = 0;
  CUDA(cudaFuncSetAttribute(meet, cudaFuncAttributeMaxDynamicSharedMemorySize, shared));
  CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&fit, meet, threads, shared));
  if (fit != 1 + (shared == 4096 && attribute(cudaDevAttrMaxThreadsPerMultiProcessor) == 2048)) {
    throw std::runtime_error(std::to_string(fit) + " blocks fit");
  }
  int blocks = fit * attribute(cudaDevAttrMultiProcessorCount);
  Device<int> arrived(1), seen(blocks);
  arrived.zero();
  int *a = arrived, *s = seen;
  void* parameters[] = {&a, &s};
  CUDA(cudaLaunchCooperativeKernel(reinterpret_cast<const void*>(meet), dim3(blocks), dim3(threads), parameters, shared,
                                   nullptr));
  equal("blocks that met", seen.get(), std::vector<int>(blocks, blocks));
}
PROGRAM(full_of_shared_memory) { meet_in(kBlock, attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin)); }
PROGRAM(full_of_threads) { meet_in(1024, 4096); }

// Groups of more than a warp talk through shared memory that the device reserves.
template <int kSize>
__global__ void wide_groups(const int* x, int* y) {
  __shared__ int all[256];
  auto group = cg::tiled_partition<kSize>(cg::this_thread_block());
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int first = group.shfl(x[i], 0);
  int sum = cg::reduce(group, x[i], cg::plus<int>());
  bool any = group.any(x[i] == 7);
  int rank = int(group.thread_rank());
  all[threadIdx.x] = x[i];
  group.sync();
  int other = all[threadIdx.x - rank + (rank + 33) % kSize];
  y[5 * i] = first;
  y[5 * i + 1] = sum;
  y[5 * i + 2] = any;
  y[5 * i + 3] = int(group.meta_group_rank()) * 1000 + rank;
  y[5 * i + 4] = other;
}
template <int kSize>
void wide(const std::vector<int>& x) {
  std::vector<int> wanted;
  for (size_t i = 0; i < x.size(); ++i) {
    const int* group = &x[i / kSize * kSize];
    int sum = 0, any = 0;
    for (int j = 0; j < kSize; ++j) sum += group[j], any |= group[j] == 7;
    int rank = int(i % kSize);
    wanted.insert(wanted.end(), {group[0], sum, any, int(i % 256 / kSize) * 1000 + rank, group[(rank + 33) % kSize]});
  }
  Device<int> input(x), output(5 * x.size());
  wide_groups<kSize><<<x.size() / 256, 256>>>(input, output);
  LAUNCHED();
  equal("groups of " + std::to_string(kSize), output.get(), wanted);
}
PROGRAM(groups_of_warps) {
  std::vector<int> x(768);
  for (int& value : x) value = int(random() % 100);
  wide<64>(x);
  wide<128>(x);
  wide<256>(x);
}

// A grid of four blocks for each multiprocessor, and room for a sum of each.
__global__ void block_sums(const int* x, int* sums, int n) {
  __shared__ int sum;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  for (int i = blockIdx.x * kBlock + threadIdx.x; i < n; i += gridDim.x * kBlock) atomicAdd(&sum, x[i]);
  __syncthreads();
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}
PROGRAM(sums_by_multiprocessors) {
  int n = 20000, blocks = 4 * attribute(cudaDevAttrMultiProcessorCount), sum = 0;
  Device<int> x(std::vector<int>(n, 1)), sums(blocks);
  block_sums<<<blocks, kBlock>>>(x, sums, n);
  LAUNCHED();
  for (int s : sums.get()) sum += s;
  equal("sum", std::vector<int>{sum}, std::vector<int>{n});
}

// A place of its own for each multiprocessor.
__global__ void count_by_multiprocessor(int* counts) {
  unsigned where = 0, all = 0;
  asm("mov.u32 %0, %%smid;" : "=r"(where));
  asm("mov.u32 %0, %%nsmid;" : "=r"(all));
  if (threadIdx.x == 0 && where < all) atomicAdd(&counts[where], 1);
}
PROGRAM(multiprocessors_count) {
  int all = attribute(cudaDevAttrMultiProcessorCount), sum = 0;
  Device<int> counts(all);
  counts.zero();
  count_by_multiprocessor<<<500, 32>>>(counts);
  LAUNCHED();
  for (int c : counts.get()) sum += c;
  equal("blocks", std::vector<int>{sum}, std::vector<int>{500});
}

// Recursion within a kilobyte of stack, and a frame of more, known before the launch, that the driver gives in any
// case.
__device__ __noinline__ int ways(int rows, int columns) {
  return rows == 0 || columns == 0 ? 1 : ways(rows - 1, columns) + ways(rows, columns - 1);
}
__global__ void count_ways(int* y) { y[threadIdx.x] = ways(threadIdx.x % 4, threadIdx.x / 4); }
__global__ void large_frame(const int* order, int* y, int n) {
  int part[600];
  for (int i = 0; i < n; ++i) part[order[i]] = i;
  int sum = 0;
  for (int i = 0; i < n; ++i) sum += part[order[n - 1 - i]] * (i + 1);
  y[threadIdx.x] = sum;
}
PROGRAM(stacks) {
  Device<int> found(16), y(32);
  count_ways<<<1, 16>>>(found);
  LAUNCHED();
  std::vector<int> got = found.get();
  equal("ways", std::vector<int>{got[5], got[15]}, std::vector<int>{2, 20});
  int n = 600, wanted = 0;
  std::vector<int> order(n);
  for (int i = 0; i < n; ++i) order[i] = i, wanted += (n - 1 - i) * (i + 1);
  Device<int> places(order);
  large_frame<<<1, 32>>>(places, y, n);
  LAUNCHED();
  equal("sum", std::vector<int>{y.get()[31]}, std::vector<int>{wanted});
  cudaFuncAttributes a;
  CUDA(cudaFuncGetAttributes(&a, large_frame));
  if (a.localSizeBytes != 2400) throw std::runtime_error(std::to_string(a.localSizeBytes) + " bytes of local memory");
}
