// Layers of networks: convolutions, poolings, embeddings, attention; and what a training loop does besides.
#include "../program.h"

constexpr unsigned kAll = 0xffffffffu;

// x of channels x h x w, 3 x 3 weights, padded by zeros: direct, whole numbers.
std::vector<float> convolution_of(const std::vector<float>& x, const std::vector<float>& f, int in, int out, int h,
                                  int w) {
  std::vector<float> y(out * h * w);
  for (int o = 0; o < out; ++o)
    for (int i = 0; i < in; ++i)
      for (int p = 0; p < h * w; ++p)
        for (int k = 0; k < 9; ++k) {
          int r = p / w + k / 3 - 1, c = p % w + k % 3 - 1;
          if (r >= 0 && r < h && c >= 0 && c < w) y[o * h * w + p] += f[(o * in + i) * 9 + k] * x[(i * h + r) * w + c];
        }
  return y;
}
__constant__ float filter[2 * 3 * 9];
__global__ void direct_convolution(const float* x, float* y, int in, int h, int w) {
  int p = blockIdx.x * blockDim.x + threadIdx.x, o = blockIdx.y;
  if (p >= h * w) return;
  float sum = 0;
  for (int i = 0; i < in; ++i)
    for (int k = 0; k < 9; ++k) {
      int r = p / w + k / 3 - 1, c = p % w + k % 3 - 1;
      if (r >= 0 && r < h && c >= 0 && c < w) sum = fmaf(filter[(o * in + i) * 9 + k], x[(i * h + r) * w + c], sum);
    }
  y[o * h * w + p] = sum;
}
PROGRAM(convolution_with_constant_weights) {
  int in = 3, out = 2, h = 13, w = 11;
  std::vector<float> x = whole<float>(in * h * w, random, -9, 9), f = whole<float>(out * in * 9, random, -9, 9);
  CUDA(cudaMemcpyToSymbol(filter, f.data(), f.size() * sizeof(float)));
  Device<float> input(x), output(out * h * w);
  direct_convolution<<<dim3(3, out), 64>>>(input, output, in, h, w);
  LAUNCHED();
  equal("a convolution", output.get(), convolution_of(x, f, in, out, h, w));
}

// By a matrix of patches, and a product.
__global__ void patches(const float* x, float* columns, int in, int h, int w) {
  int p = blockIdx.x * blockDim.x + threadIdx.x;
  if (p >= h * w) return;
  for (int q = 0; q < 9 * in; ++q) {
    int k = q % 9, r = p / w + k / 3 - 1, c = p % w + k % 3 - 1;
    columns[q * h * w + p] = r >= 0 && r < h && c >= 0 && c < w ? x[(q / 9 * h + r) * w + c] : 0.0f;
  }
}
__global__ void times_patches(const float* f, const float* columns, float* y, int inner, int size) {
  int p = blockIdx.x * blockDim.x + threadIdx.x;
  if (p >= size) return;
  float sum = 0;
  for (int q = 0; q < inner; ++q) sum = fmaf(f[blockIdx.y * inner + q], columns[q * size + p], sum);
  y[blockIdx.y * size + p] = sum;
}
PROGRAM(convolution_by_patches) {
  int in = 2, out = 3, h = 9, w = 12;
  std::vector<float> x = whole<float>(in * h * w, random, -9, 9), f = whole<float>(out * in * 9, random, -9, 9);
  Device<float> input(x), weights(f), columns(9 * in * h * w), output(out * h * w);
  patches<<<2, 64>>>(input, columns, in, h, w);
  times_patches<<<dim3(2, out), 64>>>(weights, columns, output, 9 * in, h * w);
  LAUNCHED();
  equal("a convolution", output.get(), convolution_of(x, f, in, out, h, w));
}

// A channel a block of z, a tile of 8 x 8 with its rim in shared memory.
__global__ void depthwise(const float* x, const float* f, float* y, int h, int w) {
  __shared__ float tile[10][10];
  const float* plane = x + blockIdx.z * h * w;
  int tx = threadIdx.x, ty = threadIdx.y, r0 = blockIdx.y * 8 - 1, c0 = blockIdx.x * 8 - 1;
  for (int i = ty * 8 + tx; i < 100; i += 64) {
    int r = r0 + i / 10, c = c0 + i % 10;
    tile[i / 10][i % 10] = r >= 0 && r < h && c >= 0 && c < w ? plane[r * w + c] : 0.0f;
  }
  __syncthreads();
  int r = blockIdx.y * 8 + ty, c = blockIdx.x * 8 + tx;
  if (r >= h || c >= w) return;
  float sum = 0;
  for (int k = 0; k < 9; ++k) sum = fmaf(f[blockIdx.z * 9 + k], tile[ty + k / 3][tx + k % 3], sum);
  y[blockIdx.z * h * w + r * w + c] = sum;
}
PROGRAM(depthwise_convolution) {
  int channels = 3, h = 13, w = 18;
  std::vector<float> x = whole<float>(channels * h * w, random, -9, 9), f = whole<float>(channels * 9, random, -9, 9),
                     wanted;
  for (int c = 0; c < channels; ++c) {
    std::vector<float> plane(x.begin() + c * h * w, x.begin() + (c + 1) * h * w),
        weights(f.begin() + 9 * c, f.begin() + 9 * c + 9), y = convolution_of(plane, weights, 1, 1, h, w);
    wanted.insert(wanted.end(), y.begin(), y.end());
  }
  Device<float> input(x), weights(f), output(x.size());
  depthwise<<<dim3(3, 2, channels), dim3(8, 8)>>>(input, weights, output, h, w);
  LAUNCHED();
  equal("a convolution", output.get(), wanted);
}

// Greatest of 2 x 2 with its place; the gradient goes back to that place.
__global__ void pool(const float* x, float* y, int* place, int h, int w) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= h / 2 * (w / 2)) return;
  int best = i / (w / 2) * 2 * w + i % (w / 2) * 2, first = best;
  for (int k = 1; k < 4; ++k)
    if (x[first + k / 2 * w + k % 2] > x[best]) best = first + k / 2 * w + k % 2;
  y[i] = x[best];
  place[i] = best;
}
__global__ void pool_gradient(const float* dy, const int* place, float* dx, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) dx[place[i]] = dy[i];
}
PROGRAM(max_pooling) {
  int h = 12, w = 14, n = h / 2 * (w / 2);
  std::vector<float> x = whole<float>(h * w, random, -99, 99), dy = whole<float>(n, random, 1, 9), y(n), dx(h * w);
  for (int i = 0; i < n; ++i) {
    int first = i / (w / 2) * 2 * w + i % (w / 2) * 2, best = first;
    for (int k : {1, w, w + 1})
      if (x[first + k] > x[best]) best = first + k;
    y[i] = x[best], dx[best] = dy[i];
  }
  Device<float> input(x), output(n), above(dy), below(h * w);
  Device<int> place(n);
  below.zero();
  pool<<<1, 64>>>(input, output, place, h, w);
  pool_gradient<<<1, 64>>>(above, place, below, n);
  LAUNCHED();
  equal("the greatest", output.get(), y);
  equal("the gradient", below.get(), dx);
}

// Rows of a table by their numbers; its gradient by a block for each row, which looks for its own: no atomics.
__global__ void gather(const float* table, const int* index, float* y, int width) {
  y[blockIdx.x * width + threadIdx.x] = table[index[blockIdx.x] * width + threadIdx.x];
}
__global__ void gather_gradient(const float* dy, const int* index, float* dtable, int count, int width) {
  float sum = 0;
  for (int i = 0; i < count; ++i)
    if (index[i] == int(blockIdx.x)) sum += dy[i * width + threadIdx.x];
  dtable[blockIdx.x * width + threadIdx.x] = sum;
}
PROGRAM(embeddings) {
  int rows = 12, width = 40, count = 30;
  std::vector<float> table = whole<float>(rows * width, random, -99, 99),
                     dy = whole<float>(count * width, random, -9, 9), y(count * width), dtable(rows * width);
  std::vector<int> index = whole<int>(count, random, 0, rows - 1);
  for (int i = 0; i < count * width; ++i) {
    int at = index[i / width] * width + i % width;
    y[i] = table[at], dtable[at] += dy[i];
  }
  Device<float> weights(table), output(count * width), above(dy), below(rows * width);
  Device<int> numbers(index);
  gather<<<count, width>>>(weights, numbers, output, width);
  gather_gradient<<<rows, width>>>(above, numbers, below, count, width);
  LAUNCHED();
  equal("rows", output.get(), y);
  equal("the gradient", below.get(), dtable);
}

// Attention of one head, causal: a warp a query, softmax on the way, the head's width two floats a lane.
__global__ void attention(const float* q, const float* k, const float* v, float* y, int width) {
  int t = blockIdx.x, lane = threadIdx.x;
  float2 query = reinterpret_cast<const float2*>(q + t * width)[lane], sum = make_float2(0, 0);
  float most = -INFINITY, total = 0;
  for (int s = 0; s <= t; ++s) {
    float2 key = reinterpret_cast<const float2*>(k + s * width)[lane];
    float score = fmaf(query.x, key.x, query.y * key.y);
    for (int offset = 16; offset > 0; offset /= 2) score += __shfl_xor_sync(kAll, score, offset);
    score /= sqrtf(float(width));
    float next = fmaxf(most, score), old = expf(most - next), own = expf(score - next);
    float2 value = reinterpret_cast<const float2*>(v + s * width)[lane];
    sum = make_float2(fmaf(sum.x, old, own * value.x), fmaf(sum.y, old, own * value.y));
    total = fmaf(total, old, own);
    most = next;
  }
  reinterpret_cast<float2*>(y + t * width)[lane] = make_float2(sum.x / total, sum.y / total);
}
PROGRAM(causal_attention) {
  int n = 20, width = 64;
  std::vector<float> q = random_values<float>(n * width, random, -1, 1),
                     k = random_values<float>(n * width, random, -1, 1),
                     v = random_values<float>(n * width, random, -1, 1);
  std::vector<double> wanted(n * width);
  for (int t = 0; t < n; ++t) {
    double total = 0;
    for (int s = 0; s <= t; ++s) {
      double score = 0;
      for (int i = 0; i < width; ++i) score += double(q[t * width + i]) * k[s * width + i];
      score = std::exp(score / 8);
      total += score;
      for (int i = 0; i < width; ++i) wanted[t * width + i] += score * v[s * width + i];
    }
    for (int i = 0; i < width; ++i) wanted[t * width + i] /= total;
  }
  Device<float> queries(q), keys(k), values(v), output(n * width);
  attention<<<n, 32>>>(queries, keys, values, output, width);
  LAUNCHED();
  near("attention", output.get(), wanted, 60 * 6e-8);  // some 60 roundings of values up to 1
}

// The sum of squares by blocks, then by one; the scale stays on the device.
__global__ void squares(const float* g, float* parts, int n) {
  __shared__ float part[64];
  int t = threadIdx.x;
  part[t] = 0;
  for (int i = blockIdx.x * 64 + t; i < n; i += gridDim.x * 64) part[t] = fmaf(g[i], g[i], part[t]);
  for (int half = 32; half > 0; half /= 2) {
    __syncthreads();
    if (t < half) part[t] += part[t + half];
  }
  if (t == 0) parts[blockIdx.x] = part[0];
}
__global__ void clip_scale(const float* parts, float* scale, int count, float limit) {
  float sum = 0;
  for (int p = 0; p < count; ++p) sum += parts[p];
  *scale = fminf(1.0f, __fdiv_rn(limit, __fsqrt_rn(sum)));
}
__global__ void apply_scale(float* g, const float* scale, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) g[i] *= *scale;
}
PROGRAM(gradient_clipping) {
  int n = 300;
  std::vector<float> g = whole<float>(n, random, -9, 9), wanted = g;
  float sum = 0;
  for (float v : g) sum += v * v;
  for (float& v : wanted) v *= std::fmin(1.0f, 5.0f / std::sqrt(sum));
  Device<float> gradient(g), parts(3), scale(1);
  squares<<<3, 64>>>(gradient, parts, n);
  clip_scale<<<1, 1>>>(parts, scale, 3, 5.0f);
  apply_scale<<<5, 64>>>(gradient, scale, n);
  LAUNCHED();
  equal("the clipped gradient", gradient.get(), wanted);
}

// A flag that is raised where a gradient is not finite, and never lowered; the step reads it.
__global__ void look_for_non_finite(const float* g, unsigned* flag, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n && !isfinite(g[i])) atomicOr(flag, 1u);
}
__global__ void step_unless(float* w, const float* g, const unsigned* flag, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n && *flag == 0) w[i] -= g[i];
}
PROGRAM(non_finite_flag) {
  int n = 200;
  std::vector<float> w = whole<float>(n, random, -9, 9), g = whole<float>(n, random, -9, 9), bad = g, next = w;
  for (int k = 0; k < 40; ++k) bad[random() % n] = k % 2 ? INFINITY : NAN;
  for (int i = 0; i < n; ++i) next[i] -= g[i];
  for (bool broken : {true, false}) {
    Device<float> weights(w), gradient(broken ? bad : g);
    Device<unsigned> flag(1);
    flag.zero();
    look_for_non_finite<<<4, 64>>>(gradient, flag, n);
    step_unless<<<4, 64>>>(weights, gradient, flag, n);
    LAUNCHED();
    equal<unsigned>("the flag", flag.get(), {broken});
    equal("weights", weights.get(), broken ? w : next);
  }
}

// Dropout by a hash of seed and place, the same forward and backward; no mask is stored.
__host__ __device__ bool keeps(unsigned seed, unsigned i) {
  unsigned h = seed ^ i * 0x9e3779b9u;
  h = (h ^ h >> 16) * 0x85ebca6bu;
  h = (h ^ h >> 13) * 0xc2b2ae35u;
  return (h ^ h >> 16) >= 0x40000000u;
}
__global__ void dropout(const float* x, float* y, unsigned seed, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    y[i] = keeps(seed, unsigned(i)) ? __fdiv_rn(x[i], 0.75f) : 0.0f;
}
PROGRAM(dropouts) {
  int n = 500;
  unsigned seed = unsigned(random());
  std::vector<float> x = whole<float>(n, random, -9, 9), wanted(n);
  for (int i = 0; i < n; ++i) wanted[i] = keeps(seed, unsigned(i)) ? x[i] / 0.75f : 0.0f;
  Device<float> input(x), output(n);
  dropout<<<3, 64>>>(input, output, seed, n);
  LAUNCHED();
  equal("what is kept", output.get(), wanted);
}

// Biases' gradients: columns of a matrix, 8 rows of threads that meet in shared memory.
__global__ void bias_gradient(const float* dy, float* db, int rows, int width) {
  __shared__ float part[8][33];
  int column = blockIdx.x * 32 + threadIdx.x;
  float sum = 0;
  if (column < width)
    for (int r = threadIdx.y; r < rows; r += 8) sum += dy[r * width + column];
  part[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || column >= width) return;
  for (int k = 1; k < 8; ++k) sum += part[k][threadIdx.x];
  db[column] = sum;
}
PROGRAM(bias_gradients) {
  int rows = 30, width = 50;
  std::vector<float> dy = whole<float>(rows * width, random, -9, 9), wanted(width);
  for (int i = 0; i < rows * width; ++i) wanted[i % width] += dy[i];
  Device<float> above(dy), db(width);
  bias_gradient<<<2, dim3(32, 8)>>>(above, db, rows, width);
  LAUNCHED();
  equal("gradients", db.get(), wanted);
}
