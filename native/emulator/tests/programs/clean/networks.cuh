// Kernels of network training: forward, backward and the optimizer's step. Bounds of errors are a few roundings (6e-8
// of the largest intermediate value each).
#include "../program.h"

constexpr unsigned kAll = 0xffffffffu;
constexpr double kRounding = 6e-8;

__device__ float warp_sum(float v) {
  for (int offset = 16; offset > 0; offset /= 2) v += __shfl_xor_sync(kAll, v, offset);
  return v;
}
__device__ float warp_max(float v) {
  for (int offset = 16; offset > 0; offset /= 2) v = fmaxf(v, __shfl_xor_sync(kAll, v, offset));
  return v;
}

// A row of three floats in vectors of four: what stands in the fourth nobody wrote and nothing uses.
__global__ void lengths(const float4* x, float* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float4 v = x[i];
  y[i] = fmaf(v.x, v.x, fmaf(v.y, v.y, v.z * v.z));
}
PROGRAM(padded_vectors) {
  int n = 70;
  std::vector<float> x = whole<float>(3 * n, random, -9, 9), wanted(n);
  for (int i = 0; i < 3 * n; ++i) wanted[i / 3] += x[i] * x[i];
  Device<float> input(4 * n), output(n);
  CUDA(cudaMemcpy2D(input, 4 * sizeof(float), x.data(), 3 * sizeof(float), 3 * sizeof(float), n,
                    cudaMemcpyHostToDevice));
  lengths<<<2, 64>>>(reinterpret_cast<const float4*>(input.data()), output, n);
  LAUNCHED();
  equal("squares of lengths", output.get(), wanted);
}

// Layer norm of rows that begin at multiples of `stride` floats; a warp a row, four floats a lane. The last vector of a
// row reaches into its padding, whose values are dropped, but only after they were computed with: it is zero.
__global__ void padded_layer_norm(const float* x, float* y, int n, int stride) {
  const float* row = x + blockIdx.x * stride;
  int i = 4 * threadIdx.x;
  float v[4] = {};
  if (i < n) *reinterpret_cast<float4*>(v) = *reinterpret_cast<const float4*>(row + i);
  float sum = 0, squares = 0;
  for (int k = 0; k < 4; ++k) sum += i + k < n ? v[k] : 0.0f;
  float mean = warp_sum(sum) / float(n);
  for (int k = 0; k < 4; ++k) squares += i + k < n ? (v[k] - mean) * (v[k] - mean) : 0.0f;
  float scale = 1.0f / sqrtf(warp_sum(squares) / float(n) + 1e-5f);
  for (int k = 0; k < 4; ++k)
    if (i + k < n) y[blockIdx.x * n + i + k] = (v[k] - mean) * scale;
}
PROGRAM(layer_norm_of_padded_rows) {
  int rows = 6, n = 90, stride = 92;
  std::vector<float> x = random_values<float>(rows * n, random, -2, 2);
  std::vector<double> wanted(rows * n);
  for (int r = 0; r < rows; ++r) {
    double mean = 0, variance = 0;
    for (int i = 0; i < n; ++i) mean += double(x[r * n + i]) / n;
    for (int i = 0; i < n; ++i) variance += (x[r * n + i] - mean) * (x[r * n + i] - mean) / n;
    for (int i = 0; i < n; ++i) wanted[r * n + i] = (x[r * n + i] - mean) / std::sqrt(variance + 1e-5);
  }
  Device<float> input(rows * stride), output(rows * n);
  input.zero();
  CUDA(cudaMemcpy2D(input, stride * sizeof(float), x.data(), n * sizeof(float), n * sizeof(float), rows,
                    cudaMemcpyHostToDevice));
  padded_layer_norm<<<rows, 32>>>(input, output, n, stride);
  LAUNCHED();
  near("layer norm", output.get(), wanted, 40 * kRounding);
}

// Softmax with one pass over the row: greatest value and sum together (Milakov and Gimelshein, 2018).
__global__ void online_softmax(const float* x, float* y, int n) {
  const float* row = x + blockIdx.x * n;
  float most = -INFINITY, sum = 0;
  for (int i = threadIdx.x; i < n; i += 32) {
    float next = fmaxf(most, row[i]);
    sum = fmaf(sum, expf(most - next), expf(row[i] - next));
    most = next;
  }
  float all = warp_max(most);
  sum = warp_sum(most == -INFINITY ? 0.0f : sum * expf(most - all));
  for (int i = threadIdx.x; i < n; i += 32) y[blockIdx.x * n + i] = expf(row[i] - all) / sum;
}
std::vector<double> softmax_of(const std::vector<float>& x, int n) {
  std::vector<double> y(x.size());
  for (size_t r = 0; r < x.size(); r += n) {
    double sum = 0;
    for (int i = 0; i < n; ++i) sum += y[r + i] = std::exp(double(x[r + i]));
    for (int i = 0; i < n; ++i) y[r + i] /= sum;
  }
  return y;
}
PROGRAM(softmax_in_one_pass) {
  for (int n : {20, 70}) {
    std::vector<float> x = random_values<float>(5 * n, random, -5, 5);
    Device<float> input(x), output(x.size());
    online_softmax<<<5, 32>>>(input, output, n);
    LAUNCHED();
    near("softmax", output.get(), softmax_of(x, n), 40 * kRounding);
  }
}

// Losses and gradients of rows of logits, a thread a row.
__global__ void cross_entropy(const float* x, const int* label, float* loss, float* dx, int rows, int n) {
  int r = blockIdx.x * blockDim.x + threadIdx.x;
  if (r >= rows) return;
  float most = x[r * n], sum = 0;
  for (int i = 1; i < n; ++i) most = fmaxf(most, x[r * n + i]);
  for (int i = 0; i < n; ++i) sum += expf(x[r * n + i] - most);
  loss[r] = logf(sum) - (x[r * n + label[r]] - most);
  for (int i = 0; i < n; ++i) dx[r * n + i] = (expf(x[r * n + i] - most) / sum - float(i == label[r])) / float(rows);
}
PROGRAM(cross_entropies) {
  int rows = 70, n = 10;
  std::vector<float> x = random_values<float>(rows * n, random, -5, 5);
  std::vector<int> label = whole<int>(rows, random, 0, n - 1);
  std::vector<double> loss(rows), dx = softmax_of(x, n);
  for (int r = 0; r < rows; ++r) loss[r] = -std::log(dx[r * n + label[r]]), dx[r * n + label[r]] -= 1;
  for (double& d : dx) d /= rows;
  Device<float> logits(x), losses(rows), gradient(rows * n);
  Device<int> labels(label);
  cross_entropy<<<2, 64>>>(logits, labels, losses, gradient, rows, n);
  LAUNCHED();
  near("losses", losses.get(), loss, 12 * 20 * kRounding);
  near("gradients", gradient.get(), dx, 20 * kRounding);
}

// Batch norm in training, x of batch x channels x size: a block a channel; and its gradient.
__device__ float2 block_sums(float2 v) {
  __shared__ float2 part[4];
  __syncthreads();
  v = make_float2(warp_sum(v.x), warp_sum(v.y));
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
  __syncthreads();
  return make_float2(part[0].x + part[1].x + part[2].x + part[3].x, part[0].y + part[1].y + part[2].y + part[3].y);
}
__global__ void batch_norm(const float* x, float* y, float* means, float* scales, int batch, int size) {
  int c = blockIdx.x, channels = gridDim.x, n = batch * size;
  auto at = [=](int i) { return (i / size * channels + c) * size + i % size; };
  float sum = 0, squares = 0;
  for (int i = threadIdx.x; i < n; i += 128) sum += x[at(i)];
  float mean = block_sums(make_float2(sum, 0)).x / float(n);
  for (int i = threadIdx.x; i < n; i += 128) squares += (x[at(i)] - mean) * (x[at(i)] - mean);
  float scale = 1.0f / sqrtf(block_sums(make_float2(squares, 0)).x / float(n) + 1e-5f);
  for (int i = threadIdx.x; i < n; i += 128) y[at(i)] = (x[at(i)] - mean) * scale;
  if (threadIdx.x == 0) means[c] = mean, scales[c] = scale;
}
__global__ void batch_norm_gradient(const float* y, const float* dy, const float* scales, float* dx, int batch,
                                    int size) {
  int c = blockIdx.x, channels = gridDim.x, n = batch * size;
  auto at = [=](int i) { return (i / size * channels + c) * size + i % size; };
  float2 sums = make_float2(0, 0);
  for (int i = threadIdx.x; i < n; i += 128) sums.x += dy[at(i)], sums.y += dy[at(i)] * y[at(i)];
  sums = block_sums(sums);
  for (int i = threadIdx.x; i < n; i += 128)
    dx[at(i)] = scales[c] * (dy[at(i)] - sums.x / float(n) - y[at(i)] * sums.y / float(n));
}
PROGRAM(batch_norms) {
  int batch = 3, channels = 4, size = 50, n = batch * size, all = n * channels;
  std::vector<float> x = random_values<float>(all, random, -2, 2), dy = random_values<float>(all, random, -1, 1);
  std::vector<double> y(all), dx(all);
  for (int c = 0; c < channels; ++c) {
    auto at = [=](int i) { return (i / size * channels + c) * size + i % size; };
    double mean = 0, variance = 0, g = 0, gy = 0;
    for (int i = 0; i < n; ++i) mean += double(x[at(i)]) / n;
    for (int i = 0; i < n; ++i) variance += (x[at(i)] - mean) * (x[at(i)] - mean) / n;
    double scale = 1 / std::sqrt(variance + 1e-5);
    for (int i = 0; i < n; ++i) y[at(i)] = (x[at(i)] - mean) * scale;
    for (int i = 0; i < n; ++i) g += double(dy[at(i)]) / n, gy += dy[at(i)] * y[at(i)] / n;
    for (int i = 0; i < n; ++i) dx[at(i)] = scale * (dy[at(i)] - g - y[at(i)] * gy);
  }
  Device<float> input(x), output(all), means(channels), scales(channels), above(dy), below(all);
  batch_norm<<<channels, 128>>>(input, output, means, scales, batch, size);
  batch_norm_gradient<<<channels, 128>>>(output, above, scales, below, batch, size);
  LAUNCHED();
  near("batch norm", output.get(), y, 60 * kRounding);
  near("its gradient", below.get(), dx, 200 * kRounding);
}

// Four elements a thread and a tail: y = x + residual, then GELU by tanh and its gradient.
__device__ __host__ double gelu_of(double x) {
  return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
}
__global__ void residual_gelu(const float* x, const float* residual, float* y, int n) {
  int i = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
  float v[4];
  if (i + 3 < n) {
    float4 a = *reinterpret_cast<const float4*>(x + i), b = *reinterpret_cast<const float4*>(residual + i);
    v[0] = a.x + b.x, v[1] = a.y + b.y, v[2] = a.z + b.z, v[3] = a.w + b.w;
  } else {
    for (int k = 0; i + k < n; ++k) v[k] = x[i + k] + residual[i + k];
  }
  for (int k = 0; k < 4 && i + k < n; ++k) {
    float u = v[k], inner = 0.79788456f * fmaf(0.044715f * u * u, u, u);
    y[i + k] = 0.5f * u * (1 + tanhf(inner));
  }
}
PROGRAM(gelu_of_a_residual) {
  int n = 501;
  std::vector<float> x = random_values<float>(n, random, -2, 2), r = random_values<float>(n, random, -2, 2);
  std::vector<double> wanted;
  for (int i = 0; i < n; ++i) wanted.push_back(gelu_of(double(x[i]) + r[i]));
  Device<float> input(x), residual(r), output(n);
  residual_gelu<<<2, 64>>>(input, residual, output, n);
  LAUNCHED();
  near("GELU", output.get(), wanted, 4 * 20 * kRounding);
}

// Adam over many tensors in one launch: pointers and sizes in a table that is the kernel's argument.
struct Tensors {
  float *w[4], *g[4], *m[4], *v[4];
  int n[4];
};
__global__ void adam(Tensors all, float rate, float correction1, float correction2) {
  int k = blockIdx.y;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < all.n[k]; i += gridDim.x * blockDim.x) {
    float g = all.g[k][i], m = fmaf(0.9f, all.m[k][i], 0.1f * g), v = fmaf(0.999f, all.v[k][i], 0.001f * g * g);
    all.m[k][i] = m;
    all.v[k][i] = v;
    all.w[k][i] -= rate * (m / correction1) / (sqrtf(v / correction2) + 1e-8f);
  }
}
PROGRAM(adam_of_many_tensors) {
  int sizes[4] = {300, 7, 64, 129}, most = 300;
  Device<float> memory(16 * most);
  memory.zero();
  Tensors all;
  std::vector<float> w[4], g[4];
  for (int k = 0; k < 4; ++k) {
    all.n[k] = sizes[k];
    float** parts[4] = {&all.w[k], &all.g[k], &all.m[k], &all.v[k]};
    for (int p = 0; p < 4; ++p) *parts[p] = memory + (4 * k + p) * most;
    w[k] = random_values<float>(sizes[k], random, -1, 1);
    g[k] = random_values<float>(sizes[k], random, 0.1, 1);
    CUDA(cudaMemcpy(all.w[k], w[k].data(), sizes[k] * sizeof(float), cudaMemcpyHostToDevice));
    CUDA(cudaMemcpy(all.g[k], g[k].data(), sizes[k] * sizeof(float), cudaMemcpyHostToDevice));
  }
  for (int step = 1; step <= 3; ++step)
    adam<<<dim3(2, 4), 64>>>(all, 0.01f, 1 - std::pow(0.9f, step), 1 - std::pow(0.999f, step));
  LAUNCHED();
  for (int k = 0; k < 4; ++k) {
    std::vector<double> wanted;
    for (float value : w[k]) wanted.push_back(value - 3 * 0.01);  // equal gradients: each step is the rate
    std::vector<float> got(sizes[k]);
    CUDA(cudaMemcpy(got.data(), all.w[k], sizes[k] * sizeof(float), cudaMemcpyDeviceToHost));
    near("weights", got, wanted, 3e-6);  // 1 - 0.999^step has few digits in f32
  }
}

// Momentum with weight decay: v = 0.9 v + g + decay w, w -= rate v, in doubles' order on the host.
__global__ void momentum(float* w, const float* g, float* v, int n, float rate) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float velocity = fmaf(0.9f, v[i], fmaf(5e-4f, w[i], g[i]));
  v[i] = velocity;
  w[i] = fmaf(-rate, velocity, w[i]);
}
PROGRAM(momentum_steps) {
  int n = 100;
  std::vector<float> w = random_values<float>(n, random, -1, 1), g = random_values<float>(n, random, -1, 1), v(n);
  Device<float> weights(w), gradient(g), velocity(v);
  for (int step = 0; step < 3; ++step) {
    momentum<<<2, 64>>>(weights, gradient, velocity, n, 0.1f);
    for (int i = 0; i < n; ++i) {
      v[i] = std::fma(0.9f, v[i], std::fma(5e-4f, w[i], g[i]));
      w[i] = std::fma(-0.1f, v[i], w[i]);
    }
  }
  LAUNCHED();
  equal("weights", weights.get(), w);
}
