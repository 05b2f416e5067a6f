// Matrices: transposes and products in further ways than blocks.cuh has. Whole numbers, so that the order is free.
#include <cuda_bf16.h>

#include "../program.h"

constexpr unsigned kAll = 0xffffffffu;

// c = a b, a of m x k, b of k x n, row by row.
std::vector<float> product_of(const std::vector<float>& a, const std::vector<float>& b, int m, int n, int k) {
  std::vector<float> c(m * n);
  for (int i = 0; i < m; ++i)
    for (int l = 0; l < k; ++l)
      for (int j = 0; j < n; ++j) c[i * n + j] += a[i * k + l] * b[l * n + j];
  return c;
}
std::vector<float> transposed(const std::vector<float>& x, int rows, int columns) {
  std::vector<float> y(x.size());
  for (int i = 0; i < rows * columns; ++i) y[i % columns * rows + i / columns] = x[i];
  return y;
}

// A tile without padding: the column of a word is its own, exclusive or its row.
__global__ void swizzled(const float* x, float* y, int n) {
  __shared__ float tile[32][32];
  int tx = threadIdx.x, column = blockIdx.x * 32, row = blockIdx.y * 32;
  for (int k = threadIdx.y; k < 32; k += 8) tile[k][tx ^ k] = x[(row + k) * n + column + tx];
  __syncthreads();
  for (int k = threadIdx.y; k < 32; k += 8) y[(column + k) * n + row + tx] = tile[tx][k ^ tx];
}
PROGRAM(swizzled_transpose) {
  int n = 96;
  std::vector<float> x = whole<float>(n * n, random, -999, 999);
  Device<float> input(x), output(n * n);
  swizzled<<<dim3(3, 3), dim3(32, 8)>>>(input, output, n);
  LAUNCHED();
  equal("a transpose", output.get(), transposed(x, n, n));
}

// In place: a block takes a tile and its mirror image.
__global__ void mirror(float* x, int n) {
  __shared__ float one[16][17], other[16][17];
  if (blockIdx.x > blockIdx.y) return;
  int tx = threadIdx.x, ty = threadIdx.y, a = (blockIdx.y * 16 + ty) * n + blockIdx.x * 16 + tx,
      b = (blockIdx.x * 16 + ty) * n + blockIdx.y * 16 + tx;
  one[ty][tx] = x[a];
  other[ty][tx] = x[b];
  __syncthreads();
  x[b] = one[tx][ty];
  if (blockIdx.x != blockIdx.y) x[a] = other[tx][ty];
}
PROGRAM(transpose_in_place) {
  int n = 64;
  std::vector<float> x = whole<float>(n * n, random, -999, 999);
  Device<float> data(x);
  mirror<<<dim3(4, 4), dim3(16, 16)>>>(data, n);
  LAUNCHED();
  equal("a transpose", data.get(), transposed(x, n, n));
}

__global__ void naive(const float* a, const float* b, float* c, int m, int n, int k) {
  int column = blockIdx.x * 16 + threadIdx.x, row = blockIdx.y * 16 + threadIdx.y;
  if (row >= m || column >= n) return;
  float sum = 0;
  for (int l = 0; l < k; ++l) sum += a[row * k + l] * b[l * n + column];
  c[row * n + column] = sum;
}
PROGRAM(naive_product) {
  int m = 37, n = 45, k = 29;
  std::vector<float> a = whole<float>(m * k, random, -9, 9), b = whole<float>(k * n, random, -9, 9);
  Device<float> left(a), right(b), c(m * n);
  naive<<<dim3(3, 3), dim3(16, 16)>>>(left, right, c, m, n, k);
  LAUNCHED();
  equal("a product", c.get(), product_of(a, b, m, n, k));
}

// 32 x 32 of the product by a block of 64 threads, 4 x 4 a thread in registers, edges filled up with zeros.
__global__ void register_tiles(const float* a, const float* b, float* c, int m, int n, int k) {
  __shared__ float ta[8][33], tb[8][33];
  int t = threadIdx.x, ty = t / 8, tx = t % 8, row = blockIdx.y * 32, column = blockIdx.x * 32;
  float sum[4][4] = {};
  for (int l0 = 0; l0 < k; l0 += 8) {
    for (int i = t; i < 256; i += 64) {
      int r = row + i / 8, l = l0 + i % 8, lb = l0 + i / 32, q = column + i % 32;
      ta[i % 8][i / 8] = r < m && l < k ? a[r * k + l] : 0.0f;
      tb[i / 32][i % 32] = lb < k && q < n ? b[lb * n + q] : 0.0f;
    }
    __syncthreads();
#pragma unroll
    for (int l = 0; l < 8; ++l)
      for (int i = 0; i < 4; ++i)
        for (int j = 0; j < 4; ++j) sum[i][j] = fmaf(ta[l][ty + 8 * i], tb[l][tx + 8 * j], sum[i][j]);
    __syncthreads();
  }
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) {
      int r = row + ty + 8 * i, q = column + tx + 8 * j;
      if (r < m && q < n) c[r * n + q] = sum[i][j];
    }
}
PROGRAM(product_in_registers) {
  int m = 50, n = 41, k = 27;
  std::vector<float> a = whole<float>(m * k, random, -9, 9), b = whole<float>(k * n, random, -9, 9);
  Device<float> left(a), right(b), c(m * n);
  register_tiles<<<dim3(2, 2), 64>>>(left, right, c, m, n, k);
  LAUNCHED();
  equal("a product", c.get(), product_of(a, b, m, n, k));
}

// bf16 operands, sums in f32, read in pairs.
__global__ void brain_floats(const __nv_bfloat162* a, const __nv_bfloat162* b, float* c, int n, int pairs) {
  int row = blockIdx.y * 8 + threadIdx.y, column = blockIdx.x * 8 + threadIdx.x;
  float sum = 0;
  for (int l = 0; l < pairs; ++l) {
    float2 x = __bfloat1622float2(a[row * pairs + l]), y = __bfloat1622float2(b[column * pairs + l]);
    sum = fmaf(x.x, y.x, fmaf(x.y, y.y, sum));
  }
  c[row * n + column] = sum;
}
PROGRAM(product_of_bf16) {
  int n = 32, k = 24;
  std::vector<float> a = whole<float>(n * k, random, -99, 99), b = whole<float>(n * k, random, -99, 99);
  std::vector<__nv_bfloat16> x, y;
  for (float v : a) x.push_back(__float2bfloat16(v));  // exact: 8 bits
  for (float v : b) y.push_back(__float2bfloat16(v));
  Device<__nv_bfloat16> left(x), right(y);
  Device<float> c(n * n);
  brain_floats<<<dim3(4, 4), dim3(8, 8)>>>(reinterpret_cast<const __nv_bfloat162*>(left.data()),
                                           reinterpret_cast<const __nv_bfloat162*>(right.data()), c, n, k / 2);
  LAUNCHED();
  equal("a product", c.get(), product_of(a, transposed(b, n, k), n, n, k));
}

// Matrix times vector, a warp a row; and its transpose times vector, a thread a column.
__global__ void rows_times_vector(const float* a, const float* x, float* y, int m, int n) {
  int row = blockIdx.x * blockDim.y + threadIdx.y;
  if (row >= m) return;
  float sum = 0;
  for (int j = threadIdx.x; j < n; j += 32) sum = fmaf(a[row * n + j], x[j], sum);
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(kAll, sum, offset);
  if (threadIdx.x == 0) y[row] = sum;
}
__global__ void columns_times_vector(const float* a, const float* x, float* y, int m, int n) {
  int column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column >= n) return;
  float sum = 0;
  for (int i = 0; i < m; ++i) sum = fmaf(a[i * n + column], x[i], sum);
  y[column] = sum;
}
PROGRAM(matrix_times_vector) {
  int m = 43, n = 75;
  std::vector<float> a = whole<float>(m * n, random, -9, 9), x = whole<float>(n, random, -9, 9),
                     z = whole<float>(m, random, -9, 9);
  Device<float> matrix(a), right(x), left(z), y(m), w(n);
  rows_times_vector<<<11, dim3(32, 4)>>>(matrix, right, y, m, n);
  columns_times_vector<<<2, 64>>>(matrix, left, w, m, n);
  LAUNCHED();
  equal("rows", y.get(), product_of(a, x, m, 1, n));
  equal("columns", w.get(), product_of(z, a, 1, n, m));
}

// g = x x^T: only the blocks on and below the diagonal compute, and write both halves.
__global__ void gram(const float* x, float* g, int n, int k) {
  __shared__ float a[16][17], b[16][17];
  if (blockIdx.x > blockIdx.y) return;
  int tx = threadIdx.x, ty = threadIdx.y, row = blockIdx.y * 16, column = blockIdx.x * 16;
  float sum = 0;
  for (int l = 0; l < k; l += 16) {
    bool in = l + tx < k;
    a[ty][tx] = in && row + ty < n ? x[(row + ty) * k + l + tx] : 0.0f;
    b[ty][tx] = in && column + ty < n ? x[(column + ty) * k + l + tx] : 0.0f;
    __syncthreads();
    for (int i = 0; i < 16; ++i) sum = fmaf(a[ty][i], b[tx][i], sum);
    __syncthreads();
  }
  int i = row + ty, j = column + tx;
  if (i >= n || j > i) return;
  g[i * n + j] = sum;
  g[j * n + i] = sum;
}
PROGRAM(gram_matrix) {
  int n = 40, k = 23;
  std::vector<float> x = whole<float>(n * k, random, -9, 9);
  Device<float> input(x), g(n * n);
  gram<<<dim3(3, 3), dim3(16, 16)>>>(input, g, n, k);
  LAUNCHED();
  equal("a Gram matrix", g.get(), product_of(x, transposed(x, n, k), n, n, k));
}

// Many small products, their matrices by a table of pointers; a matrix a block.
__global__ void batched(const float* const* a, const float* const* b, float* const* c, int n) {
  extern __shared__ float memory[];
  float *ta = memory, *tb = memory + n * n;
  int t = threadIdx.x;
  ta[t] = a[blockIdx.x][t];
  tb[t] = b[blockIdx.x][t];
  __syncthreads();
  float sum = 0;
  for (int l = 0; l < n; ++l) sum = fmaf(ta[t / n * n + l], tb[l * n + t % n], sum);
  c[blockIdx.x][t] = sum;
}
PROGRAM(batched_products) {
  int n = 9, count = 7;
  std::vector<float> a = whole<float>(count * n * n, random, -9, 9), b = whole<float>(count * n * n, random, -9, 9), c;
  Device<float> left(a), right(b), out(a.size());
  std::vector<const float*> pa, pb;
  std::vector<float*> pc;
  for (int i = 0; i < count; ++i) {
    pa.push_back(left + i * n * n), pb.push_back(right + (count - 1 - i) * n * n), pc.push_back(out + i * n * n);
    std::vector<float> one(a.begin() + i * n * n, a.begin() + (i + 1) * n * n),
        two(b.begin() + (count - 1 - i) * n * n, b.begin() + (count - i) * n * n), p = product_of(one, two, n, n, n);
    c.insert(c.end(), p.begin(), p.end());
  }
  Device<const float*> ta(pa), tb(pb);
  Device<float*> tc(pc);
  batched<<<count, n * n, 2 * n * n * sizeof(float)>>>(ta, tb, tc, n);
  LAUNCHED();
  equal("products", out.get(), c);
}

// Bytes by __dp4a.
__global__ void bytes(const int* a, const int* b, int* c, int n, int words) {
  int column = threadIdx.x, row = blockIdx.x, sum = 0;
  for (int l = 0; l < words; ++l) sum = __dp4a(a[row * words + l], b[column * words + l], sum);
  c[row * n + column] = sum;
}
PROGRAM(product_of_bytes) {
  int n = 33, words = 5;
  std::vector<signed char> a = whole<signed char>(n * 4 * words, random, -128, 127),
                           b = whole<signed char>(n * 4 * words, random, -128, 127);
  std::vector<int> wanted(n * n);
  for (int i = 0; i < n * n; ++i)
    for (int l = 0; l < 4 * words; ++l) wanted[i] += a[i / n * 4 * words + l] * b[i % n * 4 * words + l];
  Device<signed char> left(a), right(b);
  Device<int> c(n * n);
  bytes<<<n, n>>>(reinterpret_cast<const int*>(left.data()), reinterpret_cast<const int*>(right.data()), c, n, words);
  LAUNCHED();
  equal("a product", c.get(), wanted);
}

// x of l x = b, l lower triangular with ones on its diagonal: one block, a barrier a column.
__global__ void forward_substitution(const float* l, float* x, int n) {
  extern __shared__ float known[];
  int t = threadIdx.x;
  known[t] = x[t];
  for (int j = 0; j < n; ++j) {
    __syncthreads();
    if (t > j) known[t] = fmaf(-l[t * n + j], known[j], known[t]);
  }
  x[t] = known[t];
}
PROGRAM(triangular_solve) {
  int n = 48;
  std::vector<float> l = whole<float>(n * n, random, -1, 1), x = whole<float>(n, random, -9, 9);
  for (int i = 0; i < n * n; ++i) l[i] = i % n > i / n ? 0.0f : i % n == i / n ? 1.0f : l[i];
  Device<float> matrix(l), data(product_of(l, x, n, 1, n));
  forward_substitution<<<1, n, n * sizeof(float)>>>(matrix, data, n);
  LAUNCHED();
  equal("a solution", data.get(), x);
}

// Split over k: each z takes its part, a second launch adds the parts in their order.
__global__ void part_of_k(const float* a, const float* b, float* parts, int n, int k, int each) {
  int row = blockIdx.x, column = threadIdx.x;
  float sum = 0;
  for (int l = blockIdx.z * each; l < min(k, int(blockIdx.z + 1) * each); ++l)
    sum = fmaf(a[row * k + l], b[l * n + column], sum);
  parts[(blockIdx.z * gridDim.x + row) * n + column] = sum;
}
__global__ void add_parts(const float* parts, float* c, int count, int size) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= size) return;
  float sum = 0;
  for (int p = 0; p < count; ++p) sum += parts[p * size + i];
  c[i] = sum;
}
PROGRAM(product_split_over_k) {
  int m = 10, n = 40, k = 90, each = 32;
  std::vector<float> a = whole<float>(m * k, random, -9, 9), b = whole<float>(k * n, random, -9, 9);
  Device<float> left(a), right(b), parts(3 * m * n), c(m * n);
  part_of_k<<<dim3(m, 1, 3), n>>>(left, right, parts, n, k, each);
  add_parts<<<4, 100>>>(parts, c, 3, m * n);
  LAUNCHED();
  equal("a product", c.get(), product_of(a, b, m, n, k));
}
