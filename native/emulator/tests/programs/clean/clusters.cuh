// Clusters of blocks: distributed shared memory. Compiled for 9.0 alone.
#include <cooperative_groups.h>

#include "../program.h"

namespace cg = cooperative_groups;

constexpr int kBlock = 96;

// Sums of whole clusters: each block sums its part, the first one adds what the others left in their shared memory.
__global__ void cluster_sums(const int* x, int* y) {
  __shared__ int part[kBlock], total;
  auto cluster = cg::this_cluster();
  int t = threadIdx.x;
  part[t] = x[blockIdx.x * kBlock + t];
  if (t == 0) total = 0;
  __syncthreads();
  atomicAdd(&total, part[t]);
  cluster.sync();
  if (cluster.block_rank() == 0 && t < cluster.num_blocks()) {
    int of_block = *cluster.map_shared_rank(&total, t);
    atomicAdd(&y[blockIdx.x / cluster.num_blocks()], of_block);
  }
  cluster.sync();
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

PROGRAM(sums_of_clusters) {
  CUDA(cudaFuncSetAttribute(cluster_sums, cudaFuncAttributeNonPortableClusterSizeAllowed, 1));
  for (int size : {1, 2, 3, 8, 16}) {
    int clusters = 5;
    std::vector<int> x = whole<int>(size * clusters * kBlock, random, -100, 100), sums(clusters);
    for (size_t i = 0; i < x.size(); ++i) sums[i / (size * kBlock)] += x[i];
    Device<int> input(x), output(clusters);
    output.zero();
    CUDA(launch_in_clusters(size, size * clusters, cluster_sums, (const int*)input, (int*)output));
    equal("sums of clusters", output.get(), sums);
  }
}

// A histogram whose counters are spread over the blocks of a cluster of 2 x 2, by atomics on one another's memory.
constexpr int kBins = 64;
__global__ void __cluster_dims__(2, 2, 1) histogram(const int* x, int* y, int n) {
  __shared__ int bins[kBins / 4];
  auto cluster = cg::this_cluster();
  int t = threadIdx.x, blocks = gridDim.x * gridDim.y, block = blockIdx.y * gridDim.x + blockIdx.x;
  if (t < kBins / 4) bins[t] = 0;
  cluster.sync();
  for (int i = block * kBlock + t; i < n; i += blocks * kBlock) {
    int bin = x[i];
    atomicAdd(cluster.map_shared_rank(&bins[bin % (kBins / 4)], bin / (kBins / 4)), 1);
  }
  cluster.sync();
  if (t < kBins / 4) atomicAdd(&y[cluster.block_rank() * (kBins / 4) + t], bins[t]);
}

PROGRAM(histogram_of_clusters) {
  std::vector<int> x = whole<int>(5000, random, 0, kBins - 1), counts(kBins);
  for (int value : x) ++counts[value];
  Device<int> input(x), output(kBins);
  output.zero();
  histogram<<<dim3(4, 2), kBlock>>>(input, output, int(x.size()));
  LAUNCHED();
  equal("a histogram", output.get(), counts);
}

// Rows pass through the blocks of a cluster as through a ring: while a row is worked on, the next one arrives.
constexpr int kRounds = 6;
__global__ void __cluster_dims__(4) ring(const int* x, int* y) {
  __shared__ int row[2][kBlock];
  auto cluster = cg::this_cluster();
  int t = threadIdx.x, rank = cluster.block_rank();
  row[0][t] = x[blockIdx.x * kBlock + t];
  cluster.sync();
  int sum = 0;
  for (int round = 0; round < kRounds; ++round) {
    int* next = cluster.map_shared_rank(row[(round + 1) % 2], (rank + 1) % cluster.num_blocks());
    next[t] = row[round % 2][t] + rank;
    auto token = cluster.barrier_arrive();
    sum += row[round % 2][kBlock - 1 - t];
    cluster.barrier_wait(std::move(token));
    cluster.sync();
  }
  y[blockIdx.x * kBlock + t] = sum;
}

PROGRAM(ring_of_clusters) {
  int blocks = 8;
  std::vector<int> x = whole<int>(blocks * kBlock, random, -50, 50), wanted(x.size());
  for (int b = 0; b < blocks; ++b) {
    for (int t = 0; t < kBlock; ++t) {
      for (int round = 0; round < kRounds; ++round) {
        int rank = b % 4, at = kBlock - 1 - t, value = 0, from = ((rank - round) % 4 + 4) % 4;
        value = x[(b - rank + from) * kBlock + at];
        for (int passed = 0; passed < round; ++passed) value += (from + passed) % 4;
        wanted[b * kBlock + t] += value;
      }
    }
  }
  Device<int> input(x), output(x.size());
  ring<<<blocks, kBlock>>>(input, output);
  LAUNCHED();
  equal("a ring", output.get(), wanted);
}

PROGRAM(occupancy_of_clusters) {
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = 4;
  attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
  cudaLaunchConfig_t configuration = {};
  configuration.gridDim = dim3(8);
  configuration.blockDim = dim3(1024);
  configuration.attrs = &attribute;
  configuration.numAttrs = 1;
  int clusters = 0, size = 0, blocks = 0, multiprocessors = 0;
  CUDA(cudaOccupancyMaxActiveClusters(&clusters, ring, &configuration));
  CUDA(cudaOccupancyMaxPotentialClusterSize(&size, ring, &configuration));
  CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, ring, 1024, 0));
  CUDA(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, 0));
  equal<int>("clusters at once, blocks of a cluster", {clusters, size}, {blocks * multiprocessors / 4, 8});
}

PROGRAM(attributes_of_clusters) {
  cudaFuncAttributes attributes;
  CUDA(cudaFuncGetAttributes(&attributes, histogram));
  equal<int>("cluster sizes",
             {attributes.clusterDimMustBeSet, attributes.requiredClusterWidth, attributes.requiredClusterHeight,
              attributes.requiredClusterDepth, attributes.nonPortableClusterSizeAllowed},
             {1, 2, 2, 1, 0});
}
