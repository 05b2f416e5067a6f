// Sorting, ranking, counting and looking up.
#include "../program.h"

constexpr int kBlock = 128;
constexpr unsigned kAll = 0xffffffffu;

__device__ int block_scan(int v, int& total) {  // inclusive, by doubling distances
  __shared__ int part[2][kBlock];
  int t = threadIdx.x, from = 0;
  __syncthreads();
  part[0][t] = v;
  for (int distance = 1; distance < kBlock; distance *= 2, from ^= 1) {
    __syncthreads();
    part[from ^ 1][t] = part[from][t] + (t >= distance ? part[from][t - distance] : 0);
  }
  __syncthreads();
  total = part[from][kBlock - 1];
  return part[from][t];
}

// A block sorts its keys bit by bit: zeros before ones, each kind in its order.
__global__ void radix_of_block(unsigned* x, int bits) {
  __shared__ unsigned keys[kBlock];
  int t = threadIdx.x, ones;
  unsigned key = x[blockIdx.x * kBlock + t];
  for (int bit = 0; bit < bits; ++bit) {
    int one = key >> bit & 1, before = block_scan(one, ones) - one;
    keys[one ? kBlock - ones + before : t - before] = key;
    __syncthreads();
    key = keys[t];
  }
  x[blockIdx.x * kBlock + t] = key;
}
PROGRAM(radix_sort_of_blocks) {
  std::vector<unsigned> x = whole<unsigned>(3 * kBlock, random, 0, 4095);
  Device<unsigned> data(x);
  radix_of_block<<<3, kBlock>>>(data, 12);
  LAUNCHED();
  for (int b = 0; b < 3; ++b) std::sort(x.begin() + b * kBlock, x.begin() + (b + 1) * kBlock);
  equal("keys", data.get(), x);
}

// All keys, four bits a pass: counts of digits a block, their sums by digit and block, and the keys to their places.
__global__ void count_digits(const unsigned* x, int* counts, int shift, int n) {
  __shared__ int local[16];
  int t = threadIdx.x, i = blockIdx.x * kBlock + t;
  if (t < 16) local[t] = 0;
  __syncthreads();
  if (i < n) atomicAdd(&local[x[i] >> shift & 15], 1);
  __syncthreads();
  if (t < 16) counts[t * gridDim.x + blockIdx.x] = local[t];
}
__global__ void exclusive(int* counts, int n) {
  int carry = 0, total;
  for (int base = 0; base < n; base += kBlock) {
    int i = base + int(threadIdx.x), v = i < n ? counts[i] : 0, sum = block_scan(v, total);
    if (i < n) counts[i] = carry + sum - v;
    carry += total;
  }
}
__global__ void to_places(const unsigned* x, unsigned* y, const int* places, int shift, int n) {
  int t = threadIdx.x, i = blockIdx.x * kBlock + t, total;
  unsigned key = i < n ? x[i] : 0, digit = i < n ? key >> shift & 15 : 16;
  for (unsigned d = 0; d < 16; ++d) {
    int rank = block_scan(digit == d, total) - 1;
    if (digit == d) y[places[d * gridDim.x + blockIdx.x] + rank] = key;
  }
}
PROGRAM(radix_sort) {
  int n = 700, blocks = (n + kBlock - 1) / kBlock;
  std::vector<unsigned> x = whole<unsigned>(n, random, 0, 65535);
  Device<unsigned> a(x), b(n);
  Device<int> counts(16 * blocks);
  unsigned *from = a, *to = b;
  for (int shift = 0; shift < 16; shift += 4) {
    count_digits<<<blocks, kBlock>>>(from, counts, shift, n);
    exclusive<<<1, kBlock>>>(counts, 16 * blocks);
    to_places<<<blocks, kBlock>>>(from, to, counts, shift, n);
    std::swap(from, to);
  }
  LAUNCHED();
  std::sort(x.begin(), x.end());
  equal("keys", a.get(), x);
}

// A warp's keys in registers, partners by shuffles.
__global__ void bitonic_of_warp(int* x) {
  int lane = threadIdx.x, key = x[blockIdx.x * 32 + lane];
  for (int size = 2; size <= 32; size *= 2)
    for (int stride = size / 2; stride > 0; stride /= 2) {
      int other = __shfl_xor_sync(kAll, key, stride);
      bool low = (lane & stride) == 0, up = (lane & size) == 0;
      key = low == up ? min(key, other) : max(key, other);
    }
  x[blockIdx.x * 32 + lane] = key;
}
PROGRAM(bitonic_sort_by_shuffles) {
  std::vector<int> x = whole<int>(6 * 32, random, -500, 500);
  Device<int> data(x);
  bitonic_of_warp<<<6, 32>>>(data);
  LAUNCHED();
  for (int w = 0; w < 6; ++w) std::sort(x.begin() + 32 * w, x.begin() + 32 * w + 32);
  equal("keys", data.get(), x);
}

// A bitonic network over global memory, a launch a step.
__global__ void bitonic_step(int* x, int size, int stride) {
  int i = blockIdx.x * kBlock + threadIdx.x, low = i / stride * 2 * stride + i % stride, high = low + stride;
  int a = x[low], b = x[high];
  if ((a > b) == ((low & size) == 0)) x[low] = b, x[high] = a;
}
PROGRAM(bitonic_sort_by_launches) {
  int n = 512;
  std::vector<int> x = whole<int>(n, random, -500, 500);
  Device<int> data(x);
  for (int size = 2; size <= n; size *= 2)
    for (int stride = size / 2; stride > 0; stride /= 2) bitonic_step<<<n / 2 / kBlock, kBlock>>>(data, size, stride);
  LAUNCHED();
  std::sort(x.begin(), x.end());
  equal("keys", data.get(), x);
}

__global__ void odd_even(int* x, int n) {
  extern __shared__ int keys[];
  int t = threadIdx.x;
  keys[t] = x[t];
  __syncthreads();
  for (int round = 0; round < n; ++round) {
    if (t % 2 == round % 2 && t + 1 < n && keys[t] > keys[t + 1]) {
      int key = keys[t];
      keys[t] = keys[t + 1];
      keys[t + 1] = key;
    }
    __syncthreads();
  }
  x[t] = keys[t];
}
PROGRAM(odd_even_sort) {
  std::vector<int> x = whole<int>(90, random, -500, 500);
  Device<int> data(x);
  odd_even<<<1, 90, 90 * sizeof(int)>>>(data, 90);
  LAUNCHED();
  std::sort(x.begin(), x.end());
  equal("keys", data.get(), x);
}

// Sorted halves become one: each key's place is its own plus how many of the other half come before it.
__global__ void merge(const int* x, int* y, int width, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i >= n) return;
  int half = i / width, other = half ^ 1, low = min(n, other * width), high = min(n, low + width), begin = low;
  while (low < high) {
    int middle = (low + high) / 2;
    bool before = half % 2 ? x[middle] <= x[i] : x[middle] < x[i];
    if (before)
      low = middle + 1;
    else
      high = middle;
  }
  y[half / 2 * 2 * width + i % width + (low - begin)] = x[i];
}
PROGRAM(merge_sort) {
  int n = 450;
  std::vector<int> x = whole<int>(n, random, -200, 200);
  Device<int> a(x), b(n);
  int *from = a, *to = b;
  for (int width = 1; width < n; width *= 2) {
    merge<<<(n + kBlock - 1) / kBlock, kBlock>>>(from, to, width, n);
    std::swap(from, to);
  }
  LAUNCHED();
  std::sort(x.begin(), x.end());
  std::vector<int> got(n);
  CUDA(cudaMemcpy(got.data(), from, n * sizeof(int), cudaMemcpyDeviceToHost));
  equal("keys", got, x);
}

// Counts: by a histogram a warp; by one addition for all lanes of the same value.
__global__ void count_by_warps(const int* x, int* counts, int n) {
  __shared__ int local[kBlock / 32][20];
  int t = threadIdx.x;
  for (int i = t; i < kBlock / 32 * 20; i += kBlock) (&local[0][0])[i] = 0;
  __syncthreads();
  for (int i = blockIdx.x * kBlock + t; i < n; i += gridDim.x * kBlock) atomicAdd(&local[t / 32][x[i]], 1);
  __syncthreads();
  if (t >= 20) return;
  int sum = 0;
  for (int w = 0; w < kBlock / 32; ++w) sum += local[w][t];
  atomicAdd(&counts[t], sum);
}
__global__ void count_by_matches(const int* x, int* counts, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x, value = i < n ? x[i] : -1;
  unsigned same = __match_any_sync(kAll, value);
  if (value >= 0 && __ffs(same) - 1 == int(threadIdx.x % 32)) atomicAdd(&counts[value], __popc(same));
}
PROGRAM(histograms_of_warps) {
  int n = 1000;
  std::vector<int> x = whole<int>(n, random, 0, 19), wanted(20);
  for (int v : x) ++wanted[v];
  Device<int> input(x), counts(20), matches(20);
  counts.zero();
  matches.zero();
  count_by_warps<<<3, kBlock>>>(input, counts, n);
  count_by_matches<<<8, kBlock>>>(input, matches, n);
  LAUNCHED();
  equal("counts", counts.get(), wanted);
  equal("counts by matches", matches.get(), wanted);
}

// The k greatest of a row: k times the greatest that is left, by a warp.
__global__ void greatest(const int* x, int* y, int n, int k) {
  int before = INT32_MAX;  // keys are different: value * n + place
  for (int round = 0; round < k; ++round) {
    int best = INT32_MIN;
    for (int i = threadIdx.x; i < n; i += 32) {
      int key = x[blockIdx.x * n + i] * n + i;
      if (key < before) best = max(best, key);
    }
    before = __reduce_max_sync(kAll, best);
    if (threadIdx.x == 0) y[blockIdx.x * k + round] = before / n;
  }
}
PROGRAM(top_k) {
  int rows = 4, n = 70, k = 5;
  std::vector<int> x = whole<int>(rows * n, random, 0, 999), wanted;
  for (int r = 0; r < rows; ++r) {
    std::vector<int> row(x.begin() + r * n, x.begin() + (r + 1) * n);
    std::sort(row.rbegin(), row.rend());
    wanted.insert(wanted.end(), row.begin(), row.begin() + k);
  }
  Device<int> input(x), output(rows * k);
  greatest<<<rows, 32>>>(input, output, n, k);
  LAUNCHED();
  equal("the greatest", output.get(), wanted);
}

// Places of many values in a sorted table.
__global__ void look_up(const int* table, const int* x, int* y, int count, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i >= n) return;
  int low = 0, high = count;
  while (low < high) {
    int middle = (low + high) / 2;
    if (table[middle] < x[i])
      low = middle + 1;
    else
      high = middle;
  }
  y[i] = low;
}
PROGRAM(binary_searches) {
  std::vector<int> table = whole<int>(77, random, 0, 500), x = whole<int>(300, random, -5, 505), wanted;
  std::sort(table.begin(), table.end());
  for (int v : x) wanted.push_back(int(std::lower_bound(table.begin(), table.end(), v) - table.begin()));
  Device<int> sorted(table), input(x), output(x.size());
  look_up<<<3, kBlock>>>(sorted, input, output, 77, 300);
  LAUNCHED();
  equal("places", output.get(), wanted);
}

// A permutation: out by scatter, and back by gather.
__global__ void scatter(const int* x, const int* place, int* y, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) y[place[i]] = x[i];
}
__global__ void gather(const int* x, const int* place, int* y, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) y[i] = x[place[i]];
}
PROGRAM(permutations) {
  int n = 333;
  std::vector<int> x = whole<int>(n, random, -999, 999), place(n);
  for (int i = 0; i < n; ++i) place[i] = i;
  std::shuffle(place.begin(), place.end(), random);
  Device<int> input(x), places(place), away(n), back(n);
  scatter<<<3, kBlock>>>(input, places, away, n);
  gather<<<3, kBlock>>>(away, places, back, n);
  LAUNCHED();
  equal("elements", back.get(), x);
}
