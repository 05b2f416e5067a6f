// Cooperative groups.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

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
