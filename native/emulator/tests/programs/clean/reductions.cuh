// Sums, extremes and votes over many elements, in the ways that public code has them.
#include "../program.h"

constexpr int kBlock = 128, kWarps = kBlock / 32;
constexpr unsigned kAll = 0xffffffffu;

template <class T>
__device__ T warp_sum(T value) {
  for (int offset = 16; offset > 0; offset /= 2) value += __shfl_down_sync(kAll, value, offset);
  return value;
}
// The block's sum, in thread 0.
template <class T>
__device__ T block_sum(T value) {
  __shared__ T part[kWarps];
  value = warp_sum(value);
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = value;
  __syncthreads();
  value = threadIdx.x < kWarps ? part[threadIdx.x] : T(0);
  return threadIdx.x < 32 ? warp_sum(value) : value;
}

template <class T>
T sum_of(const std::vector<T>& x) {
  T sum = 0;
  for (T value : x) sum += value;
  return sum;
}

// Each thread strides over the grid; the blocks' sums meet in one integer.
__global__ void grid_stride(const int* x, int* sum, int n) {
  int own = 0;
  for (int i = blockIdx.x * kBlock + threadIdx.x; i < n; i += gridDim.x * kBlock) own += x[i];
  own = block_sum(own);
  if (threadIdx.x == 0) atomicAdd(sum, own);
}
PROGRAM(grid_stride_sum) {
  std::vector<int> x = whole<int>(5001, random, -1000, 1000);
  Device<int> input(x), sum(1);
  sum.zero();
  grid_stride<<<5, kBlock>>>(input, sum, int(x.size()));
  LAUNCHED();
  equal("a sum", sum.get(), {sum_of(x)});
}

// The grid as large as the device can hold at once.
PROGRAM(sum_by_resident_blocks) {
  int blocks = 0, device = 0, multiprocessors = 0;
  CUDA(cudaGetDevice(&device));
  CUDA(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device));
  CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, grid_stride, kBlock, 0));
  if (blocks < 1) throw std::runtime_error("no block fits");
  std::vector<int> x = whole<int>(3000, random, -1000, 1000);
  Device<int> input(x), sum(1);
  sum.zero();
  grid_stride<<<blocks * multiprocessors, kBlock>>>(input, sum, int(x.size()));
  LAUNCHED();
  equal("a sum", sum.get(), {sum_of(x)});
}

template <class T>
__global__ void partial(const T* x, T* sums, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  T own = block_sum(i < n ? x[i] : T(0));
  if (threadIdx.x == 0) sums[blockIdx.x] = own;
}
template <class T>
void two_passes(std::mt19937_64& random) {
  std::vector<T> x = whole<T>(6000, random, -50, 50);
  int blocks = (int(x.size()) + kBlock - 1) / kBlock;
  Device<T> input(x), sums(blocks), sum(1);
  partial<T><<<blocks, kBlock>>>(input, sums, int(x.size()));
  LAUNCHED();
  partial<T><<<1, kBlock>>>(sums, sum, blocks);
  LAUNCHED();
  equal("a sum", sum.get(), {sum_of(x)});
}
PROGRAM(two_pass_sum_of_float) { two_passes<float>(random); }
PROGRAM(two_pass_sum_of_double) { two_passes<double>(random); }
PROGRAM(two_pass_sum_of_64_bits) { two_passes<long long>(random); }

// The block that takes the last ticket adds up what the others left; it leaves the ticket as it was for the next
// launch.
template <class Sums>
__global__ void last_block(const float* x, Sums sums, unsigned* ticket, float* sum, int n) {
  __shared__ bool last;
  int i = blockIdx.x * kBlock + threadIdx.x;
  float own = block_sum(i < n ? x[i] : 0.0f);
  if (threadIdx.x == 0) {
    sums[blockIdx.x] = own;
    __threadfence();
    last = atomicInc(ticket, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!last) return;
  __threadfence();
  own = 0;
  for (int b = threadIdx.x; b < int(gridDim.x); b += kBlock) own += sums[b];
  own = block_sum(own);
  if (threadIdx.x == 0) *sum = own;
}
template <class Sums>
void by_tickets(std::mt19937_64& random) {
  std::vector<float> x = whole<float>(3000, random, -50, 50);
  int blocks = (int(x.size()) + kBlock - 1) / kBlock;
  Device<float> input(x), sums(blocks), sum(1);
  Device<unsigned> ticket(1);
  ticket.zero();
  for (int round = 0; round < 2; ++round) {
    last_block<Sums><<<blocks, kBlock>>>(input, sums, ticket, sum, int(x.size()));
    LAUNCHED();
    equal("a sum", sum.get(), {sum_of(x)});
  }
}
PROGRAM(last_block_by_ticket) { by_tickets<float*>(random); }
PROGRAM(last_block_reads_volatile) { by_tickets<volatile float*>(random); }

// A block whose last warp has fewer lanes: the masks name only those that are there.
__global__ void uneven(const int* x, int* sums) {
  __shared__ int part[32];
  int t = threadIdx.x, lane = t % 32, lanes = min(32, int(blockDim.x) - (t - lane));
  unsigned mask = lanes == 32 ? kAll : (1u << lanes) - 1;
  int sum = x[blockIdx.x * blockDim.x + t];
  for (int offset = 16; offset > 0; offset /= 2) {
    int other = __shfl_sync(mask, sum, min(lane + offset, lanes - 1));
    if (lane + offset < lanes) sum += other;
  }
  if (lane == 0) part[t / 32] = sum;
  __syncthreads();
  if (t > 0) return;
  for (int w = 1; w < int(blockDim.x + 31) / 32; ++w) sum += part[w];
  sums[blockIdx.x] = sum;
}
PROGRAM(uneven_blocks) {
  for (int block : {40, 77, 96}) {
    std::vector<int> x = whole<int>(3 * block, random, -100, 100), wanted(3);
    for (int i = 0; i < 3 * block; ++i) wanted[i / block] += x[i];
    Device<int> input(x), sums(3);
    uneven<<<3, block>>>(input, sums);
    LAUNCHED();
    equal("sums", sums.get(), wanted);
  }
}

// Least, greatest, and where the greatest first is: value and place in one word.
__global__ void extremes(const int* x, int* least, int* greatest, unsigned long long* first, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i >= n) return;
  atomicMin(least, x[i]);
  atomicMax(greatest, x[i]);
  atomicMax(first, (unsigned long long)(unsigned(x[i]) ^ 0x80000000u) << 32 | (0xffffffffu - unsigned(i)));
}
PROGRAM(least_and_greatest) {
  std::vector<int> x = whole<int>(700, random, -300, 300);
  Device<int> input(x), least(std::vector<int>{INT32_MAX}), greatest(std::vector<int>{INT32_MIN});
  Device<unsigned long long> first(1);
  first.zero();
  extremes<<<6, kBlock>>>(input, least, greatest, first, int(x.size()));
  LAUNCHED();
  auto most = std::max_element(x.begin(), x.end());
  equal("the least", least.get(), {*std::min_element(x.begin(), x.end())});
  equal("the greatest", greatest.get(), {*most});
  equal<unsigned>("its place", {0xffffffffu - unsigned(first.get()[0])}, {unsigned(most - x.begin())});
}

// Mean and sum of squared deviations of a row by a warp, joined pairwise (Chan, Golub and LeVeque, 1983).
__global__ void moments(const float* x, float* mean, float* deviations, int n) {
  const float* row = x + blockIdx.x * n;
  float count = 0, m = 0, s = 0;
  for (int i = threadIdx.x; i < n; i += 32) {
    count += 1;
    float distance = row[i] - m;
    m += distance / count;
    s = fmaf(distance, row[i] - m, s);
  }
  for (int offset = 16; offset > 0; offset /= 2) {
    float other = __shfl_xor_sync(kAll, count, offset), om = __shfl_xor_sync(kAll, m, offset),
          os = __shfl_xor_sync(kAll, s, offset), all = count + other, distance = om - m;
    m = fmaf(distance, other / all, m);
    s += fmaf(distance * distance, count * other / all, os);
    count = all;
  }
  if (threadIdx.x == 0) mean[blockIdx.x] = m, deviations[blockIdx.x] = s;
}
PROGRAM(mean_and_variance) {
  int rows = 7, n = 200;
  std::vector<float> x = random_values<float>(rows * n, random, -1, 3);
  std::vector<double> mean(rows), deviations(rows);
  for (int i = 0; i < rows * n; ++i) mean[i / n] += double(x[i]) / n;
  for (int i = 0; i < rows * n; ++i) deviations[i / n] += (x[i] - mean[i / n]) * (x[i] - mean[i / n]);
  Device<float> input(x), m(rows), s(rows);
  moments<<<rows, 32>>>(input, m, s, n);
  LAUNCHED();
  near("means", m.get(), mean, 3 * 20 * 6e-8);                // some 20 roundings of numbers up to 3
  near("deviations", s.get(), deviations, 1600 * 40 * 6e-8);  // of sums up to 200 times 8
}

// What compute_80 has an instruction for.
__global__ void redux(const int* x, int* y) {
  int v = x[blockIdx.x * 32 + threadIdx.x];
  int results[] = {__reduce_add_sync(kAll, v),
                   __reduce_min_sync(kAll, v),
                   __reduce_max_sync(kAll, v),
                   int(__reduce_and_sync(kAll, unsigned(v))),
                   int(__reduce_or_sync(kAll, unsigned(v))),
                   int(__reduce_xor_sync(kAll, unsigned(v)))};
  if (threadIdx.x == 0)
    for (int k = 0; k < 6; ++k) y[6 * blockIdx.x + k] = results[k];
}
PROGRAM(warp_reductions) {
  int warps = 9;
  std::vector<int> x = whole<int>(32 * warps, random, -5000, 5000), wanted;
  for (int w = 0; w < warps; ++w) {
    int y[6] = {0, INT32_MAX, INT32_MIN, -1, 0, 0};
    for (int i = 32 * w; i < 32 * w + 32; ++i) {
      y[0] += x[i], y[1] = std::min(y[1], x[i]), y[2] = std::max(y[2], x[i]);
      y[3] &= x[i], y[4] |= x[i], y[5] ^= x[i];
    }
    wanted.insert(wanted.end(), y, y + 6);
  }
  Device<int> input(x), output(6 * warps);
  redux<<<warps, 32>>>(input, output);
  LAUNCHED();
  equal("reductions", output.get(), wanted);
}

// Sums of columns: blocks of rows first, then their sums.
__global__ void columns(const float* x, float* sums, int rows, int width, int each) {
  int column = blockIdx.x * kBlock + threadIdx.x;
  if (column >= width) return;
  float sum = 0;
  for (int r = blockIdx.y * each; r < min(rows, int(blockIdx.y + 1) * each); ++r) sum += x[r * width + column];
  sums[blockIdx.y * width + column] = sum;
}
PROGRAM(column_sums) {
  int rows = 45, width = 150, each = 8, parts = (rows + each - 1) / each;
  std::vector<float> x = whole<float>(rows * width, random, -50, 50), wanted(width);
  for (int i = 0; i < rows * width; ++i) wanted[i % width] += x[i];
  Device<float> input(x), sums(parts * width), sum(width);
  columns<<<dim3(2, parts), kBlock>>>(input, sums, rows, width, each);
  LAUNCHED();
  columns<<<dim3(2, 1), kBlock>>>(sums, sum, parts, width, parts);
  LAUNCHED();
  equal("sums of columns", sum.get(), wanted);
}

// Each warp sums one segment of its own length.
__global__ void segments(const int* x, const int* begin, int* sums, int count) {
  int segment = blockIdx.x * kWarps + threadIdx.x / 32;
  if (segment >= count) return;
  int sum = 0;
  for (int i = begin[segment] + int(threadIdx.x % 32); i < begin[segment + 1]; i += 32) sum += x[i];
  sum = warp_sum(sum);
  if (threadIdx.x % 32 == 0) sums[segment] = sum;
}
PROGRAM(segmented_sums) {
  std::vector<int> begin{0}, wanted;
  for (int s = 0; s < 30; ++s) begin.push_back(begin.back() + int(random() % 90));
  std::vector<int> x = whole<int>(begin.back() + 1, random, -9, 9);
  for (int s = 0; s < 30; ++s) wanted.push_back(sum_of(std::vector<int>(&x[begin[s]], &x[begin[s + 1]])));
  Device<int> input(x), bounds(begin), sums(30);
  segments<<<8, kBlock>>>(input, bounds, sums, 30);
  LAUNCHED();
  equal("sums of segments", sums.get(), wanted);
}

// Votes of a whole block, by its barrier.
__global__ void votes(const int* x, int* y) {
  int v = x[blockIdx.x * kBlock + threadIdx.x];
  int count = __syncthreads_count(v > 0), all = __syncthreads_and(v > -10), any = __syncthreads_or(v == 10);
  if (threadIdx.x == 0) y[blockIdx.x] = count + 1000 * all + 2000 * any;
}
PROGRAM(block_votes) {
  std::vector<int> x = whole<int>(5 * kBlock, random, -10, 10), wanted;
  for (int b = 0; b < 5; ++b) {
    auto from = x.begin() + b * kBlock, to = from + kBlock;
    wanted.push_back(int(std::count_if(from, to, [](int v) { return v > 0; })) +
                     1000 * (std::find(from, to, -10) == to) + 2000 * (std::find(from, to, 10) != to));
  }
  Device<int> input(x), output(5);
  votes<<<5, kBlock>>>(input, output);
  LAUNCHED();
  equal("votes", output.get(), wanted);
}
