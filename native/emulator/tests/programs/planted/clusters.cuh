// Blocks of a cluster that reach each other's shared memory. Compiled for 9.0 alone.
#include <cooperative_groups.h>

#include "planted.h"

namespace cg = cooperative_groups;

constexpr int kBlocks = 8, kCluster = 4;

enum class Missing { kNone, kBetween, kEnd, kStart };

// Each block reads what its neighbour wrote.
__global__ void __cluster_dims__(kCluster) neighbours(const int* x, int* y, Missing missing) {
  __shared__ int mine[kBlock];
  auto cluster = cg::this_cluster();
  int t = threadIdx.x;
  mine[t] = 0;
  cluster.sync();
  mine[t] = x[blockIdx.x * kBlock + t];  // BUG cluster_sync
  if (missing != Missing::kBetween) cluster.sync();
  int* other = cluster.map_shared_rank(mine, (cluster.block_rank() + 1) % kCluster);
  y[blockIdx.x * kBlock + t] = other[t];  // BUG cluster_sync BUG cluster_end
  if (missing != Missing::kEnd) cluster.sync();
}

inline void run_neighbours(Missing missing) {
  std::vector<int> values(kBlocks * kBlock), wanted(values.size());
  std::iota(values.begin(), values.end(), 7);
  for (int b = 0; b < kBlocks; ++b) {
    int other = b / kCluster * kCluster + (b + 1) % kCluster;
    for (int t = 0; t < kBlock; ++t) wanted[b * kBlock + t] = values[other * kBlock + t];
  }
  Device<int> x(values), y(values.size());
  neighbours<<<kBlocks, kBlock>>>(x, y, missing);
  bool done = cudaDeviceSynchronize() == cudaSuccess;
  correct(missing != Missing::kNone || (done && y.get() == wanted));
}

// EXPECT cluster_sync: race in shared memory | neighbours | .*of block .*no barrier of the cluster between; call
// cluster.sync
PLANTED(cluster_sync) { run_neighbours(repaired ? Missing::kNone : Missing::kBetween); }

// EXPECT cluster_end: use after free | neighbours | .*which may have ended: .* call cluster.sync\(\) behind
PLANTED(cluster_end) { run_neighbours(repaired ? Missing::kNone : Missing::kEnd); }

// A block adds to a counter of the first block, which may not have started.
__global__ void __cluster_dims__(kCluster) count(int* y, bool started) {
  __shared__ int counter;
  auto cluster = cg::this_cluster();
  if (threadIdx.x == 0 && cluster.block_rank() == 0) counter = 0;
  if (started) cluster.sync();
  if (threadIdx.x == 0) atomicAdd(cluster.map_shared_rank(&counter, 0), 1);  // BUG cluster_start
  cluster.sync();
  if (threadIdx.x == 0 && cluster.block_rank() == 0) y[blockIdx.x / kCluster] = counter;
}

// EXPECT cluster_start: race in shared memory | count | .*which may not have started
// EXPECT cluster_start: (uninitialised read|race in shared memory) | count | .*
PLANTED(cluster_start) {
  Device<int> y(kBlocks / kCluster);
  count<<<kBlocks, kBlock>>>(y, repaired);
  bool done = cudaDeviceSynchronize() == cudaSuccess;
  correct(!repaired || (done && y.get() == std::vector<int>(kBlocks / kCluster, kCluster)));
}

template <class... Formal, class... Actual>
cudaError_t launch_in_clusters(int size, int blocks, void (*kernel)(Formal...), Actual... arguments) {
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = size;
  attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
  cudaLaunchConfig_t configuration = {};
  configuration.gridDim = dim3(blocks);
  configuration.blockDim = dim3(kBlock);
  configuration.attrs = &attribute;
  configuration.numAttrs = 1;
  return cudaLaunchKernelEx(&configuration, kernel, arguments...);
}

__global__ void ranks(int* y) {
  if (threadIdx.x == 0) y[blockIdx.x] = cg::this_cluster().block_rank();
}

inline void run_refused(int size, int blocks, bool large, bool fits) {
  Device<int> y(blocks);
  if (large) CUDA(cudaFuncSetAttribute(ranks, cudaFuncAttributeNonPortableClusterSizeAllowed, 1));
  cudaError_t error = launch_in_clusters(size, blocks, ranks, (int*)y);
  cudaGetLastError();
  std::vector<int> wanted(blocks);
  for (int b = 0; b < blocks; ++b) wanted[b] = b % size;
  correct(fits ? error == cudaSuccess && y.get() == wanted : error == cudaErrorInvalidClusterSize);
}

// EXPECT cluster_of_16: bad argument: .*clusters of 16 blocks are more than the 8 that each card has
PLANTED(cluster_of_16) { run_refused(16, 32, repaired, repaired); }

// EXPECT cluster_grid: bad argument: .*a grid of 10x1x1 blocks is no multiple of clusters of 3x1x1
PLANTED(cluster_grid) { run_refused(3, repaired ? 9 : 10, false, repaired); }
