// Cooperative groups.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

#include "../program.h"

namespace cg = cooperative_groups;

constexpr int kBlock = 128;

// Sums of tiles, rank within them, a shuffle and a vote of each.
__global__ void tiles(const int* x, int* y) {
  auto block = cg::this_thread_block();
  auto tile = cg::tiled_partition<16>(block);
  int i = blockIdx.x * kBlock + block.thread_rank(), v = x[i], sum = v;
  for (int offset = tile.size() / 2; offset > 0; offset /= 2) sum += tile.shfl_xor(sum, offset);
  y[5 * i] = sum;
  y[5 * i + 1] = tile.shfl(v, tile.thread_rank() / 2);
  y[5 * i + 2] = tile.ballot(v > 0);
  y[5 * i + 3] = cg::reduce(tile, v, cg::greater<int>());
  // Those lanes of a warp that are here now.
  y[5 * i + 4] = -1;
  if (v > 0) {
    auto active = cg::coalesced_threads();
    y[5 * i + 4] = active.thread_rank() * 100 + active.size() + 10000 * active.shfl(v, 0);
  }
}

PROGRAM(tile_groups) {
  int n = 3 * kBlock;
  std::vector<int> x(n), wanted;
  for (int& value : x) value = int(random() % 100) - 50;
  for (int i = 0; i < n; ++i) {
    const int *tile = &x[i / 16 * 16], *warp = &x[i / 32 * 32];
    int sum = 0, ballot = 0, most = tile[0], before = 0, active = 0, first = 0;
    for (int j = 0; j < 16; ++j) sum += tile[j], ballot |= (tile[j] > 0) << j, most = std::max(most, tile[j]);
    for (int j = 31; j >= 0; --j)
      if (warp[j] > 0) ++active, first = warp[j], before += j < i % 32;
    wanted.insert(wanted.end(),
                  {sum, tile[i % 16 / 2], ballot, most, x[i] > 0 ? before * 100 + active + 10000 * first : -1});
  }
  Device<int> input(x), output(wanted.size());
  tiles<<<n / kBlock, kBlock>>>(input, output);
  LAUNCHED();
  equal("tiles", output.get(), wanted);
}

// Each round, every element becomes the sum of its neighbours: all blocks wait for all.
__global__ void diffuse(int* x, int* y, int n, int rounds) {
  auto grid = cg::this_grid();
  for (int round = 0; round < rounds; ++round) {
    for (int i = int(grid.thread_rank()); i < n; i += int(grid.size()))
      y[i] = x[(i + n - 1) % n] + 2 * x[i] + x[(i + 1) % n];
    grid.sync();
    int* swap = x;
    x = y;
    y = swap;
  }
}

PROGRAM(grid_groups) {
  int n = 1000, rounds = 5;
  std::vector<int> x(n);
  for (int& value : x) value = int(random() % 100);
  std::vector<int> wanted = x, next = x;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < n; ++i) next[i] = wanted[(i + n - 1) % n] + 2 * wanted[i] + wanted[(i + 1) % n];
    wanted.swap(next);
  }
  Device<int> a(x), b(x);
  int *from = a, *to = b;
  void* parameters[] = {&from, &to, &n, &rounds};
  CUDA(cudaLaunchCooperativeKernel(reinterpret_cast<const void*>(diffuse), dim3(4), dim3(kBlock), parameters, 0,
                                   nullptr));
  equal("diffusion", b.get(), wanted);
}

// Tiles of every size: their sums, scans and shapes.
template <int kTile>
__global__ void tile_sums(const int* x, int* y) {
  auto tile = cg::tiled_partition<kTile>(cg::this_thread_block());
  int i = blockIdx.x * kBlock + threadIdx.x, v = x[i];
  y[3 * i] = cg::reduce(tile, v, cg::plus<int>());
  y[3 * i + 1] = cg::inclusive_scan(tile, v);
  y[3 * i + 2] = int(tile.meta_group_rank()) * 100 + int(tile.thread_rank());
}
template <int kTile>
void tiles_of(std::mt19937_64& random) {
  int n = 2 * kBlock;
  std::vector<int> x = whole<int>(n, random, -99, 99), wanted;
  for (int i = 0; i < n; ++i) {
    int sum = 0, before = 0;
    for (int j = i / kTile * kTile; j < i / kTile * kTile + kTile; ++j) sum += x[j], before += j <= i ? x[j] : 0;
    wanted.insert(wanted.end(), {sum, before, i % kBlock / kTile * 100 + i % kTile});
  }
  Device<int> input(x), output(3 * n);
  tile_sums<kTile><<<2, kBlock>>>(input, output);
  LAUNCHED();
  equal("tiles", output.get(), wanted);
}
PROGRAM(tiles_of_2_to_32) {
  tiles_of<2>(random);
  tiles_of<4>(random);
  tiles_of<8>(random);
  tiles_of<16>(random);
  tiles_of<32>(random);
}

// Groups by value: lanes of the same label, and two groups by a condition.
__global__ void labelled(const int* x, int* y) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  auto same = cg::labeled_partition(warp, x[i] % 3);
  y[2 * i] = cg::reduce(same, x[i], cg::plus<int>());
  auto half = cg::binary_partition(warp, x[i] > 50);
  y[2 * i + 1] = int(half.size()) * 100 + int(half.thread_rank());
}
PROGRAM(groups_by_value) {
  int n = 2 * kBlock;
  std::vector<int> x = whole<int>(n, random, 0, 99), wanted;
  for (int i = 0; i < n; ++i) {
    int sum = 0, size = 0, rank = 0;
    for (int j = i / 32 * 32; j < i / 32 * 32 + 32; ++j) {
      if (x[j] % 3 == x[i] % 3) sum += x[j];
      if ((x[j] > 50) == (x[i] > 50)) ++size, rank += j < i;
    }
    wanted.insert(wanted.end(), {sum, size * 100 + rank});
  }
  Device<int> input(x), output(2 * n);
  labelled<<<2, kBlock>>>(input, output);
  LAUNCHED();
  equal("groups", output.get(), wanted);
}

// Lanes that are here together add once for all of them.
__device__ int add_together(int* counter) {
  auto here = cg::coalesced_threads();
  int base = 0;
  if (here.thread_rank() == 0) base = atomicAdd(counter, int(here.size()));
  return here.shfl(base, 0) + int(here.thread_rank());
}
__global__ void keep_even(const int* x, int* y, int* counter) {
  int v = x[blockIdx.x * kBlock + threadIdx.x];
  if (v % 2 == 0) y[add_together(counter)] = v;
}
PROGRAM(additions_of_those_here) {
  int n = 3 * kBlock;
  std::vector<int> x = whole<int>(n, random, 0, 99), wanted, got;
  for (int v : x)
    if (v % 2 == 0) wanted.push_back(v);
  Device<int> input(x), output(wanted.size()), counter(1);
  counter.zero();
  keep_even<<<3, kBlock>>>(input, output, counter);
  LAUNCHED();
  got = output.get();
  std::sort(got.begin(), got.end());
  std::sort(wanted.begin(), wanted.end());
  equal("those kept", got, wanted);
}

// A tile of the input comes into shared memory by a collective copy.
__global__ void copied(const int* x, int* y) {
  __shared__ int tile[kBlock];
  auto block = cg::this_thread_block();
  cg::memcpy_async(block, tile, x + blockIdx.x * kBlock, sizeof tile);
  cg::wait(block);
  y[blockIdx.x * kBlock + threadIdx.x] = tile[kBlock - 1 - threadIdx.x];
}
PROGRAM(collective_copies) {
  std::vector<int> x = whole<int>(3 * kBlock, random, -99, 99), wanted = x;
  for (int b = 0; b < 3; ++b) std::reverse(wanted.begin() + b * kBlock, wanted.begin() + (b + 1) * kBlock);
  Device<int> input(x), output(x.size());
  copied<<<3, kBlock>>>(input, output);
  LAUNCHED();
  equal("copies", output.get(), wanted);
}

// A sum in one cooperative launch of as many blocks as fit: the grid waits between the two passes.
__global__ void grid_sum(const int* x, int* parts, int* sum, int n) {
  __shared__ int warps[kBlock / 32];
  auto grid = cg::this_grid();
  auto block = cg::this_thread_block();
  auto warp = cg::tiled_partition<32>(block);
  auto over_block = [&](int v) {
    v = cg::reduce(warp, v, cg::plus<int>());
    block.sync();
    if (warp.thread_rank() == 0) warps[warp.meta_group_rank()] = v;
    block.sync();
    int all = 0;
    for (int part : warps) all += part;
    return all;
  };
  int own = 0;
  for (int i = int(grid.thread_rank()); i < n; i += int(grid.size())) own += x[i];
  own = over_block(own);
  if (block.thread_rank() == 0) parts[blockIdx.x] = own;
  grid.sync();
  if (blockIdx.x != 0) return;
  own = 0;
  for (int b = int(block.thread_rank()); b < int(gridDim.x); b += kBlock) own += parts[b];
  own = over_block(own);
  if (block.thread_rank() == 0) *sum = own;
}
PROGRAM(cooperative_launch_that_fits) {
  int n = 5000, blocks = 0, multiprocessors = 0, wanted = 0;
  CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, grid_sum, kBlock, 0));
  CUDA(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, 0));
  if (blocks < 1) throw std::runtime_error("no block fits");
  int grid = std::min(blocks * multiprocessors, 40);
  std::vector<int> x = whole<int>(n, random, -99, 99);
  for (int v : x) wanted += v;
  Device<int> input(x), parts(grid), sum(1);
  int* pointers[3] = {input, parts, sum};
  void* parameters[] = {&pointers[0], &pointers[1], &pointers[2], &n};
  CUDA(cudaLaunchCooperativeKernel(reinterpret_cast<const void*>(grid_sum), dim3(unsigned(grid)), dim3(kBlock),
                                   parameters, 0, nullptr));
  equal("the sum", sum.get(), {wanted});
}

// Tiles of several warps, which meet in shared memory that the runtime keeps for itself.
template <int kTile>
__global__ void wide_tiles(const int* x, int* y) {
  __shared__ cg::block_tile_memory<kBlock> memory;
  auto block = cg::this_thread_block(memory);
  auto tile = cg::tiled_partition<kTile>(block);
  int i = blockIdx.x * kBlock + threadIdx.x;
  y[2 * i] = cg::reduce(tile, x[i], cg::plus<int>());
  tile.sync();
  y[2 * i + 1] = int(tile.any(x[i] == 99)) + 2 * int(tile.thread_rank());
}
template <int kTile>
void wide(std::mt19937_64& random) {
  int n = 2 * kBlock;
  std::vector<int> x = whole<int>(n, random, -99, 99), wanted;
  for (int i = 0; i < n; ++i) {
    auto from = x.begin() + i / kTile * kTile, to = from + kTile;
    wanted.insert(wanted.end(), {std::accumulate(from, to, 0), (std::find(from, to, 99) != to) + 2 * (i % kTile)});
  }
  Device<int> input(x), output(2 * n);
  wide_tiles<kTile><<<2, kBlock>>>(input, output);
  LAUNCHED();
  equal("tiles", output.get(), wanted);
}
PROGRAM(tiles_over_32) {
  wide<64>(random);
  wide<128>(random);
}
