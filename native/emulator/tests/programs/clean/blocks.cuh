// Kernels whose threads work together through shared memory, beside the same sums on the host in the same order.
#include <cuda_pipeline.h>

#include "../program.h"

constexpr int kBlock = 256;

// Sum of a block's elements by a tree in shared memory.
__global__ void reduce(const float* x, float* sums, int n) {
  __shared__ float part[kBlock];
  int t = threadIdx.x, i = blockIdx.x * kBlock + t;
  part[t] = i < n ? x[i] : 0.0f;
  __syncthreads();
  for (int half = kBlock / 2; half > 0; half /= 2) {
    if (t < half) part[t] += part[t + half];
    __syncthreads();
  }
  if (t == 0) sums[blockIdx.x] = part[0];
}

float tree_sum(std::vector<float> part) {
  for (size_t half = part.size() / 2; half > 0; half /= 2)
    for (size_t t = 0; t < half; ++t) part[t] += part[t + half];
  return part[0];
}

// The same by shuffles within warps, then of the warps' sums.
__global__ void reduce_by_shuffles(const float* x, float* sums, int n) {
  __shared__ float part[32];
  int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;
  float sum = i < n ? x[i] : 0.0f;
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffffu, sum, offset);
  if (t % 32 == 0) part[t / 32] = sum;
  __syncthreads();
  if (t >= 32) return;
  sum = t < int(blockDim.x) / 32 ? part[t] : 0.0f;
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffffu, sum, offset);
  if (t == 0) sums[blockIdx.x] = sum;
}

PROGRAM(reductions) {
  int n = 20000, blocks = (n + kBlock - 1) / kBlock;
  std::vector<float> x = random_values<float>(n, random, -1, 1), trees(blocks), shuffles(blocks);
  for (int b = 0; b < blocks; ++b) {
    std::vector<float> part(kBlock), warps(32);
    for (int t = 0; t < kBlock && b * kBlock + t < n; ++t) part[t] = x[b * kBlock + t];
    trees[b] = tree_sum(part);
    for (int w = 0; w < kBlock / 32; ++w) warps[w] = tree_sum({part.begin() + 32 * w, part.begin() + 32 * w + 32});
    shuffles[b] = tree_sum(warps);
  }
  Device<float> input(x), sums(blocks);
  reduce<<<blocks, kBlock>>>(input, sums, n);
  LAUNCHED();
  equal("sums by trees", sums.get(), trees);
  reduce_by_shuffles<<<blocks, kBlock>>>(input, sums, n);
  LAUNCHED();
  equal("sums by shuffles", sums.get(), shuffles);
}

// Inclusive prefix sums of each block, by doubling distances, in memory of the launch's choice.
template <class T>
__global__ void scan(const T* x, T* y) {
  extern __shared__ __align__(8) unsigned char memory[];
  T *from = reinterpret_cast<T*>(memory), *to = from + blockDim.x;
  int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;
  from[t] = x[i];
  __syncthreads();
  for (int distance = 1; distance < int(blockDim.x); distance *= 2) {
    to[t] = t >= distance ? from[t] + from[t - distance] : from[t];
    __syncthreads();
    T* swap = from;
    from = to;
    to = swap;
  }
  y[i] = from[t];
}

template <class T>
void scan_of(const char* name, std::mt19937_64& random, double low, double high) {
  int block = 512, blocks = 6;
  std::vector<T> x = random_values<T>(block * blocks, random, low, high), y = x;
  for (int b = 0; b < blocks; ++b)
    for (int distance = 1; distance < block; distance *= 2)
      for (int t = block - 1; t >= distance; --t) y[b * block + t] = y[b * block + t] + y[b * block + t - distance];
  Device<T> input(x), output(x.size());
  scan<T><<<blocks, block, 2 * block * sizeof(T)>>>(input, output);
  LAUNCHED();
  equal(name, output.get(), y);
}

PROGRAM(scans) {
  scan_of<int>("prefix sums of int", random, -1e6, 1e6);
  scan_of<float>("prefix sums of float", random, -1, 1);
  scan_of<double>("prefix sums of double", random, -1, 1);
  scan_of<unsigned long long>("prefix sums of 64 bits", random, 0, 1e19);
}

// A tile of 32 x 32 through shared memory; with a row of 32 its columns lie in one bank, with 33 in all.
template <int kRow>
__device__ void transpose(const float* x, float* y, int rows, int columns) {
  __shared__ float tile[32][kRow];
  int column = blockIdx.x * 32 + threadIdx.x;
  for (int k = threadIdx.y; k < 32; k += 8) {
    int row = blockIdx.y * 32 + k;
    if (row < rows && column < columns) tile[k][threadIdx.x] = x[row * columns + column];
  }
  __syncthreads();
  int row = blockIdx.y * 32 + threadIdx.x;
  for (int k = threadIdx.y; k < 32; k += 8) {
    int c = blockIdx.x * 32 + k;
    if (row < rows && c < columns) y[c * rows + row] = tile[threadIdx.x][k];
  }
}
__global__ void transpose_with_conflicts(const float* x, float* y, int rows, int columns) {
  transpose<32>(x, y, rows, columns);
}
__global__ void transpose_without_conflicts(const float* x, float* y, int rows, int columns) {
  transpose<33>(x, y, rows, columns);
}

PROGRAM(transposes) {
  int rows = 70, columns = 101;
  std::vector<float> x = random_values<float>(rows * columns, random, -1, 1), y(x.size());
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) y[j * rows + i] = x[i * columns + j];
  for (auto kernel : {transpose_with_conflicts, transpose_without_conflicts}) {
    Device<float> input(x), output(x.size());
    kernel<<<dim3((columns + 31) / 32, (rows + 31) / 32), dim3(32, 8)>>>(input, output, rows, columns);
    LAUNCHED();
    equal("a transpose", output.get(), y);
  }
}

constexpr int kTile = 16;

// c = a b, n x n, n a multiple of the tile; each element is summed in the order of k.
__global__ void multiply(const float* a, const float* b, float* c, int n) {
  __shared__ float ta[kTile][kTile], tb[kTile][kTile];
  int tx = threadIdx.x, ty = threadIdx.y, row = blockIdx.y * kTile + ty, column = blockIdx.x * kTile + tx;
  float sum = 0;
  for (int k = 0; k < n; k += kTile) {
    ta[ty][tx] = a[row * n + k + tx];
    tb[ty][tx] = b[(k + ty) * n + column];
    __syncthreads();
#pragma unroll
    for (int j = 0; j < kTile; ++j) sum = fmaf(ta[ty][j], tb[j][tx], sum);
    __syncthreads();
  }
  c[row * n + column] = sum;
}

// The same with four columns a thread, read and written as vectors.
__global__ void multiply_by_vectors(const float* a, const float* b, float* c, int n) {
  __shared__ float4 ta[kTile][kTile / 4], tb[kTile][kTile / 4];
  int tx = threadIdx.x, ty = threadIdx.y, row = blockIdx.y * kTile + ty, column = blockIdx.x * kTile + 4 * tx;
  float4 sum = make_float4(0, 0, 0, 0);
  for (int k = 0; k < n; k += kTile) {
    ta[ty][tx] = *reinterpret_cast<const float4*>(a + row * n + k + 4 * tx);
    tb[ty][tx] = *reinterpret_cast<const float4*>(b + (k + ty) * n + column);
    __syncthreads();
    for (int j = 0; j < kTile; ++j) {
      float x = reinterpret_cast<const float*>(ta[ty])[j];
      float4 y = tb[j][tx];
      sum = make_float4(fmaf(x, y.x, sum.x), fmaf(x, y.y, sum.y), fmaf(x, y.z, sum.z), fmaf(x, y.w, sum.w));
    }
    __syncthreads();
  }
  *reinterpret_cast<float4*>(c + row * n + column) = sum;
}

// The same with the next tile on its way while this one is multiplied (cp.async).
__global__ void multiply_by_asynchronous_copies(const float* a, const float* b, float* c, int n) {
  __shared__ __align__(16) float ta[2][kTile][kTile], tb[2][kTile][kTile];
  int tx = threadIdx.x, ty = threadIdx.y, row = blockIdx.y * kTile + ty, column = blockIdx.x * kTile + 4 * tx;
  auto fetch = [&](int stage, int k) {
    __pipeline_memcpy_async(&ta[stage][ty][4 * tx], a + row * n + k + 4 * tx, 16);
    __pipeline_memcpy_async(&tb[stage][ty][4 * tx], b + (k + ty) * n + column, 16);
    __pipeline_commit();
  };
  float sum[4] = {};
  fetch(0, 0);
  for (int k = 0, stage = 0; k < n; k += kTile, stage ^= 1) {
    if (k + kTile < n) {
      fetch(stage ^ 1, k + kTile);
      __pipeline_wait_prior(1);
    } else {
      __pipeline_wait_prior(0);
    }
    __syncthreads();
    for (int j = 0; j < kTile; ++j)
      for (int i = 0; i < 4; ++i) sum[i] = fmaf(ta[stage][ty][j], tb[stage][j][4 * tx + i], sum[i]);
    __syncthreads();
  }
  for (int i = 0; i < 4; ++i) c[row * n + column + i] = sum[i];
}

PROGRAM(products) {
  int n = 64;
  std::vector<float> a = random_values<float>(n * n, random, -1, 1), b = random_values<float>(n * n, random, -1, 1),
                     c(n * n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      for (int k = 0; k < n; ++k) c[i * n + j] = std::fma(a[i * n + k], b[k * n + j], c[i * n + j]);
  Device<float> left(a), right(b), product(n * n);
  dim3 blocks(n / kTile, n / kTile);
  multiply<<<blocks, dim3(kTile, kTile)>>>(left, right, product, n);
  LAUNCHED();
  equal("a product", product.get(), c);
  product.zero();
  multiply_by_vectors<<<blocks, dim3(kTile / 4, kTile)>>>(left, right, product, n);
  LAUNCHED();
  equal("a product by vectors", product.get(), c);
  product.zero();
  multiply_by_asynchronous_copies<<<blocks, dim3(kTile / 4, kTile)>>>(left, right, product, n);
  LAUNCHED();
  equal("a product by asynchronous copies", product.get(), c);
}

// Counts of 64 values: a block's in shared memory, then added to all.
__global__ void histogram(const unsigned char* x, unsigned* counts, int n) {
  __shared__ unsigned local[64];
  if (threadIdx.x < 64) local[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&local[x[i] % 64], 1u);
  __syncthreads();
  if (threadIdx.x < 64) atomicAdd(&counts[threadIdx.x], local[threadIdx.x]);
}

PROGRAM(histograms) {
  int n = 30000;
  std::vector<unsigned char> x(n);
  std::vector<unsigned> counts(64);
  for (unsigned char& value : x) ++counts[(value = random() % 100) % 64];
  Device<unsigned char> input(x);
  Device<unsigned> output(64);
  output.zero();
  histogram<<<7, 128>>>(input, output, n);
  LAUNCHED();
  equal("a histogram", output.get(), counts);
}

// A bitonic network over a block's elements.
__global__ void sort(int* x) {
  extern __shared__ int keys[];
  int t = threadIdx.x, n = blockDim.x;
  keys[t] = x[blockIdx.x * n + t];
  __syncthreads();
  for (int size = 2; size <= n; size *= 2)
    for (int stride = size / 2; stride > 0; stride /= 2) {
      int other = t ^ stride;
      bool swap = other > t && (keys[t] > keys[other]) == ((t & size) == 0);
      if (swap) {
        int key = keys[t];
        keys[t] = keys[other];
        keys[other] = key;
      }
      __syncthreads();
    }
  x[blockIdx.x * n + t] = keys[t];
}

PROGRAM(sorts) {
  int block = 512, blocks = 3;
  std::vector<int> x(block * blocks);
  for (int& value : x) value = int(random() % 2000) - 1000;
  Device<int> data(x);
  sort<<<blocks, block, block * sizeof(int)>>>(data);
  LAUNCHED();
  std::vector<int> sorted = x;
  for (int b = 0; b < blocks; ++b) std::sort(sorted.begin() + b * block, sorted.begin() + (b + 1) * block);
  equal("a sort", data.get(), sorted);
}

// One block of 128 a row: y = exp(x - max) / sum, and (x - mean) / sqrt(variance + epsilon).
constexpr int kRow = 128;
__device__ float block_fold(float value, bool maximum) {
  __shared__ float part[kRow];
  int t = threadIdx.x;
  __syncthreads();
  part[t] = value;
  __syncthreads();
  for (int half = kRow / 2; half > 0; half /= 2) {
    if (t < half) part[t] = maximum ? fmaxf(part[t], part[t + half]) : part[t] + part[t + half];
    __syncthreads();
  }
  return part[0];
}
__global__ void softmax(const float* x, float* y) {
  int i = blockIdx.x * kRow + threadIdx.x;
  float e = expf(x[i] - block_fold(x[i], true));
  y[i] = __fdiv_rn(e, block_fold(e, false));
}
__global__ void layer_norm(const float* x, float* y) {
  int i = blockIdx.x * kRow + threadIdx.x;
  float mean = __fdiv_rn(block_fold(x[i], false), kRow), centred = x[i] - mean;
  float variance = __fdiv_rn(block_fold(__fmul_rn(centred, centred), false), kRow);
  y[i] = __fdiv_rn(centred, __fsqrt_rn(__fadd_rn(variance, 1e-5f)));
}

PROGRAM(normalizations) {
  int rows = 9;
  std::vector<float> x = random_values<float>(rows * kRow, random, -6, 6), soft(x.size()), norm(x.size());
  for (int r = 0; r < rows; ++r) {
    std::vector<float> row(x.begin() + r * kRow, x.begin() + (r + 1) * kRow), e(row), centred(row), squares(row);
    float most = row[0];
    for (float value : row) most = std::fmax(most, value);
    for (float& value : e) value = std::exp(value - most);
    float sum = tree_sum(e), mean = tree_sum(row) / kRow;
    for (int t = 0; t < kRow; ++t) centred[t] = row[t] - mean, squares[t] = centred[t] * centred[t];
    float deviation = std::sqrt(tree_sum(squares) / kRow + 1e-5f);
    for (int t = 0; t < kRow; ++t) soft[r * kRow + t] = e[t] / sum, norm[r * kRow + t] = centred[t] / deviation;
  }
  Device<float> input(x), output(x.size());
  softmax<<<rows, kRow>>>(input, output);
  LAUNCHED();
  equal("softmax", output.get(), soft, 1e-6);  // a few units in the last place: exp differs by one or two
  layer_norm<<<rows, kRow>>>(input, output);
  LAUNCHED();
  equal("layer norm", output.get(), norm);
}
