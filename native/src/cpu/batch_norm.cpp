// Batch normalization: one pass for the statistics, one that writes, which begins where the first one ended.
#include "kib/batch_norm.h"

#include "arena.h"
#include "columns.h"
#include "kib/constants.h"

namespace kib::KIB_LEVEL {
namespace {

// A double for each channel, in two floats.
struct Halves {
  float *high, *low;

  void set(int64_t c, double value) const {
    high[c] = high_half(value);
    low[c] = low_half(value);
  }
};

// The workspace: partial sums, and a few numbers for each channel.
struct Scratch {
  double *partials, *sums, *more;
  Halves mean, upstream;
  float *factor, *offset;

  Scratch(void* workspace, const Chunks& chunks) {
    Arena arena(workspace);
    int64_t channels = chunks.columns;
    partials = arena.take<double>(2 * chunks.count * channels);
    sums = arena.take<double>(2 * channels);
    more = sums + channels;
    mean = {arena.take<float>(channels), arena.take<float>(channels)};
    upstream = {arena.take<float>(channels), arena.take<float>(channels)};
    factor = arena.take<float>(channels);
    offset = arena.take<float>(channels);
  }

  static int64_t bytes(const Chunks& chunks) {
    int64_t channels = chunks.columns;
    return padded(8 * 2 * chunks.count * channels) + padded(8 * 2 * channels) + 6 * padded(4 * channels);
  }
};

double inverse_deviation(double variance) { return 1 / std::sqrt(variance + KIB_BATCH_NORM_EPSILON); }

// The batch's mean and variance, from sums of what remains of the numbers when the first row is taken off. (Of all
// numbers no one is farther from the mean than sqrt(rows) deviations: cancellation takes at most rows eps.)
template <class T>
void statistics(double* mean, double* variance, const T* a, const Scratch& t, const Chunks& chunks, int threads) {
  double rows = static_cast<double>(chunks.rows);
  for (int64_t c = 0; c < chunks.columns; c++) mean[c] = load(a[c]);
  sum_columns(
      t.sums, t.partials, chunks, threads, [=](int64_t at, int64_t count) { fetch_ahead(a + at, count); },
      [=](int64_t at, int64_t c) { return load(a[at]) - mean[c]; },
      [=](int64_t, int64_t, double rest) { return rest * rest; });
  for (int64_t c = 0; c < chunks.columns; c++) {
    double offset = t.sums[c] / rows, rest = t.more[c] / rows - offset * offset;
    mean[c] += offset;
    variance[c] = rest < 0 ? 0 : rest;  // NaN stays NaN
  }
}

// y = (a - mean) factor + shift.
template <class T>
void normalize(T* y, const T* a, const float* shift, const Scratch& t, const Chunks& chunks, int threads) {
  int64_t channels = chunks.columns;
  const float *high = t.mean.high, *low = t.mean.low, *factor = t.factor;
  chunks.each(threads, true, [=](int64_t, int64_t first, int64_t end) {
    for (int64_t row = first; row < end; row++) {
      const T* from = a + row * channels;
      T* to = y + row * channels;
#pragma omp simd
      for (int64_t c = 0; c < channels; c++) store(to + c, ((load(from[c]) - high[c]) - low[c]) * factor[c] + shift[c]);
    }
  });
}

void blend(float* running, double value) {
  *running = static_cast<float>((1 - KIB_BATCH_NORM_MOMENTUM) * *running + KIB_BATCH_NORM_MOMENTUM * value);
}

}  // namespace

int64_t kib_batch_norm_workspace(int64_t rows, int64_t channels) { return Scratch::bytes(Chunks(rows, channels)); }

kib_status kib_batch_norm_forward(void* y, double* mean, double* variance, float* running_mean, float* running_variance,
                                  const void* a, const float* scale, const float* shift, int type, int64_t rows,
                                  int64_t channels, void* workspace, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    if (rows == 0) return;
    Chunks chunks(rows, channels);
    Scratch t(workspace, chunks);
    statistics(mean, variance, static_cast<const T*>(a), t, chunks, queue->threads);
    double m = static_cast<double>(rows);
    for (int64_t c = 0; c < channels; c++) {
      t.mean.set(c, mean[c]);
      t.factor[c] = static_cast<float>(scale[c] * inverse_deviation(variance[c]));
      blend(running_mean + c, mean[c]);
      if (rows > 1) blend(running_variance + c, variance[c] * (m / (m - 1)));
    }
    normalize(static_cast<T*>(y), static_cast<const T*>(a), shift, t, chunks, queue->threads);
  });
}

kib_status kib_batch_norm_inference(void* y, const void* a, const float* scale, const float* shift,
                                    const float* running_mean, const float* running_variance, int type, int64_t rows,
                                    int64_t channels, void* workspace, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    if (rows == 0) return;
    Chunks chunks(rows, channels);
    Scratch t(workspace, chunks);
    for (int64_t c = 0; c < channels; c++) {
      t.mean.set(c, running_mean[c]);
      t.factor[c] = static_cast<float>(scale[c] * inverse_deviation(running_variance[c]));
    }
    normalize(static_cast<T*>(y), static_cast<const T*>(a), shift, t, chunks, queue->threads);
  });
}

kib_status kib_batch_norm_gradient(void* da, float* dscale, float* dshift, const void* dy, const void* a,
                                   const double* mean, const double* variance, const float* scale, int type,
                                   int64_t rows, int64_t channels, void* workspace, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    const T *up = static_cast<const T*>(dy), *in = static_cast<const T*>(a);
    T* out = static_cast<T*>(da);
    if (rows == 0) return;
    Chunks chunks(rows, channels);
    Scratch t(workspace, chunks);
    sum_columns(
        t.sums, t.partials, chunks, queue->threads,
        [=](int64_t at, int64_t count) {
          fetch_ahead(up + at, count);
          fetch_ahead(in + at, count);
        },
        [=](int64_t at, int64_t) -> double { return load(up[at]); },
        [=](int64_t at, int64_t c, double upstream) { return upstream * (load(in[at]) - mean[c]); });
    double m = static_cast<double>(rows);
    for (int64_t c = 0; c < channels; c++) {
      double inverse = inverse_deviation(variance[c]);
      dshift[c] = static_cast<float>(t.sums[c]);
      dscale[c] = static_cast<float>(t.more[c] * inverse);
      t.mean.set(c, mean[c]);
      t.upstream.set(c, t.sums[c] / m);
      t.factor[c] = static_cast<float>(scale[c] * inverse);
      t.offset[c] = static_cast<float>(t.more[c] * inverse * inverse / m);
    }
    const float *mean_high = t.mean.high, *mean_low = t.mean.low, *factor = t.factor;
    const float *up_high = t.upstream.high, *up_low = t.upstream.low, *slope = t.offset;
    chunks.each(queue->threads, true, [=](int64_t, int64_t first, int64_t end) {
      for (int64_t row = first; row < end; row++) {
        int64_t at = row * channels;
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) {
          float centred = (load(in[at + c]) - mean_high[c]) - mean_low[c];
          float rest = (load(up[at + c]) - up_high[c]) - up_low[c];
          store(out + at + c, factor[c] * (rest - slope[c] * centred));
        }
      }
    });
  });
}

}  // namespace kib::KIB_LEVEL
