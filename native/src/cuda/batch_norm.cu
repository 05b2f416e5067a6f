// Batch normalization: a pass that adds chunks of rows, a small kernel that adds the chunks, and a pass that writes, in
// the other order, since what was read last is nearest.
//
// What is summed is summed in double: a mean enters sums over all rows, and the gradient's sums may be small beside
// their terms. Only the variance is added in single precision, a few numbers at once and relative to what they vary
// around; it is off by some 1e-7 of itself, for any mean. On cards with few units for doubles the passes that add take
// some times longer than their memory does.
#include "columns.cuh"
#include "kib/batch_norm.h"
#include "kib/constants.h"

namespace kib::cuda {
namespace {

constexpr unsigned kThreads = Columns::kThreads;
constexpr unsigned kAtOnce = 2;  // blocks of a multiprocessor: a thread holds sums of eight channels

constexpr int kRowsOfDoubles = 4;  // of a thread at once, where it holds doubles or reads two arrays

// What a pass that writes needs of each channel: doubles in two floats each.
struct Coefficients {
  float *mean_high, *mean_low, *factor, *upstream_high, *upstream_low, *slope;
};

// The workspace: two sums of each chunk and channel, and the coefficients.
struct Scratch {
  double *first, *second;  // [chunks, channels]
  Coefficients coefficients;

  Scratch(void* workspace, const Columns& shape) {
    Arena arena(workspace);
    first = arena.take<double>(shape.chunks * shape.columns);
    second = arena.take<double>(shape.chunks * shape.columns);
    auto* floats = arena.take<float>(6 * shape.columns);
    float** parts[] = {&coefficients.mean_high,     &coefficients.mean_low,     &coefficients.factor,
                       &coefficients.upstream_high, &coefficients.upstream_low, &coefficients.slope};
    for (float** part : parts) *part = floats, floats += shape.columns;
  }

  static int64_t bytes(const Columns& shape) {
    return 2 * Arena::bytes<double>(shape.chunks * shape.columns) + Arena::bytes<float>(6 * shape.columns);
  }
};

__device__ double inverse_deviation(double variance) { return 1 / sqrt(variance + KIB_BATCH_NORM_EPSILON); }

__device__ void set(float* high, float* low, int64_t c, double value) {
  high[c] = high_half(value);
  low[c] = low_half(value);
}

// A number that the others vary around: the middle one of the first three, for a single odd one would cost digits.
template <int kRows, int kMany>
__device__ float some_middle(const float (&x)[kRows][kMany], int j) {
  if constexpr (kRows < 3) {
    return x[0][j];
  } else {
    return fmaxf(fminf(x[0][j], x[1][j]), fminf(fmaxf(x[0][j], x[1][j]), x[2][j]));
  }
}

// means, squares [chunks, channels]: the mean of a chunk's rows, and their squared distances from it. A block has a
// chunk of a tile's rows; a thread takes its numbers relative to one of them. Reads each number once; bound by memory.
template <int kMany, class T>
__global__ void __launch_bounds__(kThreads, kAtOnce)
    chunk_statistics(double* means, double* squares, const T* a, Columns shape) {
  __shared__ double mean_of[kThreads * kMany], squares_of[kThreads * kMany], parts[kThreads];
  int64_t chunk = blockIdx.y;
  Place<kMany> at(shape, chunk);
  float shift[kMany] = {};
  double sum[kMany] = {}, square[kMany] = {};
  bool begun = false;
  at.template for_groups<kRowsOfDoubles>([&](int64_t row, auto count) {
    constexpr int kRows = decltype(count)::value;
    float x[kRows][kMany];
    load_rows(x, a, shape, at, row);
#pragma unroll
    for (int j = 0; j < kMany; j++) {
      if (!begun) shift[j] = some_middle(x, j);
      float few_squares = 0;
#pragma unroll
      for (int i = 0; i < kRows; i++) {
        sum[j] += x[i][j];
        few_squares = fmaf(x[i][j] - shift[j], x[i][j] - shift[j], few_squares);
      }
      square[j] += few_squares;
    }
    begun = true;
  });
  auto count = static_cast<double>(at.rows_of(at.y));
#pragma unroll
  for (int j = 0; j < kMany; j++) {
    double its_mean = begun ? sum[j] / count : 0, offset = its_mean - shift[j];
    mean_of[at.slot(j)] = its_mean;
    squares_of[at.slot(j)] = square[j] - count * offset * offset;
  }
  __syncthreads();
  double mean = column_sum(shape.width, at.down, parts, [&](unsigned y, unsigned x) {
    return static_cast<double>(at.rows_of(y)) * mean_of[y * shape.width + x];
  });
  mean /= static_cast<double>(shape.rows_of(chunk));
  double distances = column_sum(shape.width, at.down, parts, [&](unsigned y, unsigned x) {
    double distance = mean_of[y * shape.width + x] - mean;
    return squares_of[y * shape.width + x] + static_cast<double>(at.rows_of(y)) * distance * distance;
  });
  write_columns(means + chunk * shape.columns, mean, shape, at, parts);
  write_columns(squares + chunk * shape.columns, distances, shape, at, parts);
}

__device__ void blend(float* running, double value) {
  *running = static_cast<float>((1 - KIB_BATCH_NORM_MOMENTUM) * *running + KIB_BATCH_NORM_MOMENTUM * value);
}

// The batch's mean and variance from the chunks', the running ones, and the coefficients. A block has 8 channels; 16
// bytes read for each channel and chunk, once more from a cache.
__global__ void __launch_bounds__(kFinishers)
    finish_statistics(double* mean, double* variance, float* running_mean, float* running_variance, const float* scale,
                      Scratch t, Columns shape) {
  __shared__ double parts[kFinishers];
  int64_t c = static_cast<int64_t>(blockIdx.x) * kFinished + threadIdx.x % kFinished;
  bool inside = c < shape.columns;
  auto chunks = static_cast<unsigned>(shape.chunks);
  auto rows = static_cast<double>(shape.rows);
  double m = column_sum(kFinished, chunks, parts, [&](unsigned chunk, unsigned) {
    return inside ? static_cast<double>(shape.rows_of(chunk)) * t.first[chunk * shape.columns + c] : 0;
  });
  m /= rows;
  double v = column_sum(kFinished, chunks, parts, [&](unsigned chunk, unsigned) {
    if (!inside) return 0.0;
    double distance = t.first[chunk * shape.columns + c] - m;
    return t.second[chunk * shape.columns + c] + static_cast<double>(shape.rows_of(chunk)) * distance * distance;
  });
  v = v < 0 ? 0 : v / rows;  // NaN stays NaN
  if (threadIdx.x >= kFinished || !inside) return;
  mean[c] = m;
  variance[c] = v;
  blend(running_mean + c, m);
  if (shape.rows > 1) blend(running_variance + c, v * (rows / (rows - 1)));
  set(t.coefficients.mean_high, t.coefficients.mean_low, c, m);
  t.coefficients.factor[c] = static_cast<float>(scale[c] * inverse_deviation(v));
}

// The coefficients of given statistics, a thread for each channel.
__global__ void use_running(Coefficients to, const float* scale, const float* mean, const float* variance,
                            int64_t channels) {
  for (int64_t c = first_item(); c < channels; c += item_stride()) {
    set(to.mean_high, to.mean_low, c, mean[c]);
    to.factor[c] = static_cast<float>(scale[c] * inverse_deviation(variance[c]));
  }
}

// y = (a - mean) factor + shift. Reads and writes each number once; bound by memory.
template <int kMany, class T>
__global__ void __launch_bounds__(kThreads, kAtOnce)
    normalize(T* y, const T* a, const float* shift, Coefficients from, Columns shape) {
  Place<kMany> at(shape, shape.chunks - 1 - blockIdx.y);
  __shared__ float shared[4 * Columns::kMostWidth];
  float of[4][kMany];  // high, low, factor, shift
  load_each(of, {from.mean_high, from.mean_low, from.factor, shift}, shape, at, shared);
  at.for_groups([&](int64_t row, auto count) {
    constexpr int kRows = decltype(count)::value;
    float x[kRows][kMany];
    load_rows(x, a, shape, at, row);
#pragma unroll
    for (int i = 0; i < kRows; i++) {
#pragma unroll
      for (int j = 0; j < kMany; j++) x[i][j] = ((x[i][j] - of[0][j]) - of[1][j]) * of[2][j] + of[3][j];
      store_many(y + (row + i * static_cast<int64_t>(at.down)) * shape.columns + at.column, x[i]);
    }
  });
}

// ups, products [chunks, channels]: the sums over a chunk's rows of dy, and of dy (a - mean), all in double: they may
// be small beside their terms. Blocks and bound as those of chunk_statistics; reads dy and a once.
template <int kMany, class T>
__global__ void __launch_bounds__(kThreads, kAtOnce)
    chunk_products(double* ups, double* products, const T* dy, const T* a, const double* mean, Columns shape) {
  __shared__ double up_of[kThreads * kMany], product_of[kThreads * kMany], parts[kThreads];
  int64_t chunk = blockIdx.y;
  Place<kMany> at(shape, chunk);
  double m[1][kMany], up[kMany] = {}, product[kMany] = {};
  load_each(m, {mean}, shape, at, parts);
  at.template for_groups<kRowsOfDoubles>([&](int64_t row, auto count) {
    constexpr int kRows = decltype(count)::value;
    float d[kRows][kMany], x[kRows][kMany];
    load_rows(d, dy, shape, at, row);
    load_rows(x, a, shape, at, row);
#pragma unroll
    for (int i = 0; i < kRows; i++)
#pragma unroll
      for (int j = 0; j < kMany; j++) {
        double upstream = d[i][j];
        up[j] += upstream;
        product[j] = fma(upstream, x[i][j] - m[0][j], product[j]);
      }
  });
#pragma unroll
  for (int j = 0; j < kMany; j++) up_of[at.slot(j)] = up[j], product_of[at.slot(j)] = product[j];
  __syncthreads();
  auto sum = [&](const double* of) {
    return column_sum(shape.width, at.down, parts, [&](unsigned y, unsigned x) { return of[y * shape.width + x]; });
  };
  double all = sum(up_of), along = sum(product_of);
  write_columns(ups + chunk * shape.columns, all, shape, at, parts);
  write_columns(products + chunk * shape.columns, along, shape, at, parts);
}

// dscale, dshift and the coefficients from the chunks' sums. A block has 8 channels; 16 bytes read for each channel and
// chunk.
__global__ void __launch_bounds__(kFinishers)
    finish_products(float* dscale, float* dshift, const double* mean, const double* variance, const float* scale,
                    Scratch t, Columns shape) {
  __shared__ double parts[kFinishers];
  int64_t c = static_cast<int64_t>(blockIdx.x) * kFinished + threadIdx.x % kFinished;
  bool inside = c < shape.columns;
  auto chunks = static_cast<unsigned>(shape.chunks);
  auto rows = static_cast<double>(shape.rows);
  double up = column_sum(kFinished, chunks, parts,
                         [&](unsigned chunk, unsigned) { return inside ? t.first[chunk * shape.columns + c] : 0; });
  double along = column_sum(kFinished, chunks, parts,
                            [&](unsigned chunk, unsigned) { return inside ? t.second[chunk * shape.columns + c] : 0; });
  if (threadIdx.x >= kFinished || !inside) return;
  double inverse = inverse_deviation(variance[c]);
  dshift[c] = static_cast<float>(up);
  dscale[c] = static_cast<float>(along * inverse);
  set(t.coefficients.mean_high, t.coefficients.mean_low, c, mean[c]);
  set(t.coefficients.upstream_high, t.coefficients.upstream_low, c, up / rows);
  t.coefficients.factor[c] = static_cast<float>(scale[c] * inverse);
  t.coefficients.slope[c] = static_cast<float>(along * inverse * inverse / rows);
}

// da = factor (dy - upstream - slope (a - mean)); da may be dy. Reads both and writes da once; bound by memory.
template <int kMany, class T>
__global__ void __launch_bounds__(kThreads, kAtOnce)
    gradient(T* da, const T* dy, const T* a, Coefficients from, Columns shape) {
  Place<kMany> at(shape, shape.chunks - 1 - blockIdx.y);
  __shared__ float shared[6 * Columns::kMostWidth];
  float of[6][kMany];  // a's mean and dy's, each high and low; factor, slope
  load_each(of, {from.mean_high, from.mean_low, from.upstream_high, from.upstream_low, from.factor, from.slope}, shape,
            at, shared);
  at.template for_groups<kRowsOfDoubles>([&](int64_t row, auto count) {
    constexpr int kRows = decltype(count)::value;
    float d[kRows][kMany], x[kRows][kMany];
    load_rows(d, dy, shape, at, row);
    load_rows(x, a, shape, at, row);
#pragma unroll
    for (int i = 0; i < kRows; i++) {
#pragma unroll
      for (int j = 0; j < kMany; j++) {
        float centred = (x[i][j] - of[0][j]) - of[1][j], rest = (d[i][j] - of[2][j]) - of[3][j];
        d[i][j] = of[4][j] * (rest - of[5][j] * centred);
      }
      store_many(da + (row + i * static_cast<int64_t>(at.down)) * shape.columns + at.column, d[i]);
    }
  });
}

template <class T>
bool all_wide(int64_t channels, const void* first, const void* second, const void* third = nullptr) {
  return is_wide<T>(first, channels) && is_wide<T>(second, channels) && is_wide<T>(third, channels);
}

template <class T>
kib_status launch_normalize(T* y, const T* a, const float* shift, const Scratch& t, const Columns& shape,
                            const kib_queue* queue) {
  auto kernel = all_wide<T>(shape.columns, y, a) ? normalize<kWide<T>, T> : normalize<1, T>;
  return launch("batch_norm.normalize", kernel, shape.grid(), queue, y, a, shift, t.coefficients, shape);
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

int64_t kib_batch_norm_workspace(int64_t rows, int64_t channels) { return Scratch::bytes(Columns(rows, channels)); }

kib_status kib_batch_norm_forward(void* y, double* mean, double* variance, float* running_mean, float* running_variance,
                                  const void* a, const float* scale, const float* shift, int type, int64_t rows,
                                  int64_t channels, void* workspace, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    if (rows == 0) return KIB_OK;
    Columns shape(rows, channels);
    Scratch t(workspace, shape);
    auto* in = static_cast<const T*>(a);
    auto kernel = is_wide<T>(a, channels) ? chunk_statistics<kWide<T>, T> : chunk_statistics<1, T>;
    kib_status status = launch("batch_norm.statistics", kernel, shape.grid(), queue, t.first, t.second, in, shape);
    if (status != KIB_OK) return status;
    status = launch("batch_norm.statistics", finish_statistics, finishing(shape), queue, mean, variance, running_mean,
                    running_variance, scale, t, shape);
    if (status != KIB_OK) return status;
    return launch_normalize(static_cast<T*>(y), in, shift, t, shape, queue);
  });
}

kib_status kib_batch_norm_inference(void* y, const void* a, const float* scale, const float* shift,
                                    const float* running_mean, const float* running_variance, int type, int64_t rows,
                                    int64_t channels, void* workspace, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    if (rows == 0) return KIB_OK;
    Columns shape(rows, channels);
    Scratch t(workspace, shape);
    kib_status status = launch("batch_norm.inference", use_running, grid_for(channels), queue, t.coefficients, scale,
                               running_mean, running_variance, channels);
    if (status != KIB_OK) return status;
    return launch_normalize(static_cast<T*>(y), static_cast<const T*>(a), shift, t, shape, queue);
  });
}

kib_status kib_batch_norm_gradient(void* da, float* dscale, float* dshift, const void* dy, const void* a,
                                   const double* mean, const double* variance, const float* scale, int type,
                                   int64_t rows, int64_t channels, void* workspace, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    if (rows == 0) return KIB_OK;
    Columns shape(rows, channels);
    Scratch t(workspace, shape);
    const T *up = static_cast<const T*>(dy), *in = static_cast<const T*>(a);
    bool wide = all_wide<T>(channels, dy, a, da);
    auto kernel = wide ? chunk_products<kWide<T>, T> : chunk_products<1, T>;
    kib_status status =
        launch("batch_norm.products", kernel, shape.grid(), queue, t.first, t.second, up, in, mean, shape);
    if (status != KIB_OK) return status;
    status = launch("batch_norm.products", finish_products, finishing(shape), queue, dscale, dshift, mean, variance,
                    scale, t, shape);
    if (status != KIB_OK) return status;
    return launch("batch_norm.gradient", wide ? gradient<kWide<T>, T> : gradient<1, T>, shape.grid(), queue,
                  static_cast<T*>(da), up, in, t.coefficients, shape);
  });
}
