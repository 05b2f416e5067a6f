// The batch, the readout's loss, initial weights, sums of rows, storage orders.
#include "kib/step.h"

#include <algorithm>

#include "arena.h"
#include "columns.h"
#include "philox.h"
#include "threads.h"

namespace kib::KIB_LEVEL {
namespace {

// How an image is moved.
struct Move {
  int64_t dy = 0, dx = 0;
  bool mirrored = false;
  bool stays() const { return dy == 0 && dx == 0 && !mirrored; }
  Move(int64_t padding, int flip, uint64_t seed, int64_t image, int64_t epoch) {
    if (padding == 0 && !flip) return;
    uint32_t words[4];
    philox(static_cast<uint32_t>(image), static_cast<uint32_t>(epoch), 0, kAugmentation, seed, words);
    uint64_t range = static_cast<uint64_t>(2 * padding + 1);
    dy = static_cast<int64_t>((words[0] * range) >> 32) - padding;
    dx = static_cast<int64_t>((words[1] * range) >> 32) - padding;
    mirrored = flip && (words[2] & 1);
  }
};

template <class T>
void copy_image(T* x, const uint8_t* image, int64_t channels, int64_t height, int64_t width, const Move& move,
                const T* table) {
  if (channels == 1 && move.stays()) {
#pragma omp simd
    for (int64_t i = 0; i < height * width; i++) x[i] = table[image[i]];
    return;
  }
  for (int64_t h = 0; h < height; h++) {
    for (int64_t w = 0; w < width; w++) {
      int64_t row = h + move.dy, column = (move.mirrored ? width - 1 - w : w) + move.dx;
      bool inside = row >= 0 && row < height && column >= 0 && column < width;
      const uint8_t* pixel = image + (row * width + column) * channels;
      for (int64_t c = 0; c < channels; c++) *x++ = table[c * 256 + (inside ? pixel[c] : 0)];
    }
  }
}

// Zero of the same sign for a subnormal number, else the number.
inline float without_subnormal(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  bits &= (bits & 0x7F800000u) == 0 ? 0x80000000u : 0xFFFFFFFFu;
  std::memcpy(&x, &bits, 4);
  return x;
}

// Between [outer, C, P] and [outer, P, C].
template <class Target, class Source>
void transpose(Target* target, const Source* source, int64_t outer, int64_t rows, int64_t columns) {
  for (int64_t o = 0; o < outer; o++) {
    Target* t = target + o * rows * columns;
    const Source* s = source + o * rows * columns;
    for (int64_t c = 0; c < columns; c++)
      for (int64_t r = 0; r < rows; r++) {
        if constexpr (sizeof(Target) == 1) {
          t[c * rows + r] = s[r * columns + c];
        } else if constexpr (sizeof(Target) == 8) {
          t[c * rows + r] = load(s[r * columns + c]);
        } else {
          store(t + c * rows + r, static_cast<float>(load(s[r * columns + c])));
        }
      }
  }
}

}  // namespace

int64_t kib_augmentation_workspace(int64_t channels) { return channels * 256 * static_cast<int64_t>(sizeof(float)); }

kib_status kib_augmentation_batch(void* x, int32_t* labels, const uint8_t* images, const int32_t* all_labels,
                                  const int32_t* order, int type, int64_t batch, int64_t channels, int64_t height,
                                  int64_t width, int64_t padding, int flip, const double* mean, const double* deviation,
                                  uint64_t seed, const int64_t* now, void* workspace, int threads) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    T* table = static_cast<T*>(workspace);  // [channels, 256]
    for (int64_t c = 0; c < channels; c++)
      for (int pixel = 0; pixel < 256; pixel++)
        store(table + c * 256 + pixel, static_cast<float>((pixel / 255.0 - mean[c]) / deviation[c]));
    int64_t size = channels * height * width;
    int team = threads_for(batch * size, threads);
#pragma omp parallel for num_threads(team) schedule(static)
    for (int64_t j = 0; j < batch; j++) {
      int64_t image = order == nullptr ? now[2] + j : order[now[2] + j];
      Move move(padding, flip, seed, image, now[1]);
      labels[j] = all_labels[image];
      copy_image(static_cast<T*>(x) + j * size, images + image * size, channels, height, width, move, table);
    }
  });
}

kib_status kib_readout_cross_entropy(void* dy, int dy_type, const float* y, const int32_t* labels, int64_t batch,
                                     int64_t outputs, const kib_meter* meter) {
  return with_type(dy_type, [&](auto tag) {
    using T = decltype(tag);
    double loss = 0, correct = 0;
    for (int64_t b = 0; b < batch; b++) {
      const float* row = y + b * outputs;
      int64_t largest = std::max_element(row, row + outputs) - row;
      double sum = 0;
      for (int64_t m = 0; m < outputs; m++) sum += std::exp(static_cast<double>(row[m]) - row[largest]);
      loss += std::log(sum) + static_cast<double>(row[largest]) - row[labels[b]];
      correct += largest == labels[b];
      for (int64_t m = 0; m < outputs && dy != nullptr; m++) {
        double softmax = std::exp(static_cast<double>(row[m]) - row[largest]) / sum;
        store(static_cast<T*>(dy) + b * outputs + m,
              static_cast<float>((softmax - (m == labels[b])) / static_cast<double>(batch)));
      }
    }
    meter->sums[meter->slot] += loss;
    meter->sums[meter->slot + 1] += correct;
    if (!std::isfinite(loss) && meter->fault[0] == 0) {
      meter->fault[0] = meter->now[0] + 1;
      meter->fault[1] = meter->slot;
    }
  });
}

kib_status kib_random_uniform(float* w, int64_t outer, int64_t channels, int64_t positions, double bound, uint64_t seed,
                              uint32_t layer) {
  int64_t size = outer * channels * positions;
  for (int64_t first = 0; first < size; first += 4) {
    uint32_t words[4];
    philox(static_cast<uint32_t>(first / 4), 0, layer, kWeights, seed, words);
    for (int64_t e = first; e < std::min(first + 4, size); e++) {
      int64_t o = e / (channels * positions), c = e / positions % channels, p = e % positions;
      double uniform = (words[e % 4] + 0.5) * 0x1p-32;
      w[(o * positions + p) * channels + c] = static_cast<float>(bound * (2 * uniform - 1));
    }
  }
  return KIB_OK;
}

kib_status kib_random_advance(int64_t* now, int64_t batch) {
  now[0] += 1;
  now[2] += batch;
  return KIB_OK;
}

int64_t kib_sum_rows_workspace(int64_t rows, int64_t n) {
  return padded(8 * 2 * n) + padded(8 * 2 * n * Chunks(rows, n).count);
}

kib_status kib_sum_rows(float* sum, const void* values, int type, int64_t rows, int64_t n, void* workspace,
                        int threads) {
  return with_type(type, [&](auto tag) {
    const auto* v = static_cast<const decltype(tag)*>(values);
    Chunks chunks(rows, n);
    Arena arena(workspace);
    double *totals = arena.take<double>(2 * n), *partials = arena.take<double>(2 * n * chunks.count);
    sum_columns(
        totals, partials, chunks, threads, [=](int64_t at, int64_t count) { fetch_ahead(v + at, count); },
        [=](int64_t at, int64_t) -> double { return load(v[at]); }, [](int64_t, int64_t, double) { return 0.0; });
    for (int64_t k = 0; k < n; k++) sum[k] = static_cast<float>(totals[k]);
  });
}

kib_status kib_layout_widen(float* wide, const void* narrow, int type, int64_t n, int threads) {
  return with_type(type, [&](auto tag) {
    const auto* from = static_cast<const decltype(tag)*>(narrow);
    int team = threads_for(n, threads);
#pragma omp parallel for simd num_threads(team) schedule(static)
    for (int64_t i = 0; i < n; i++) wide[i] = without_subnormal(load(from[i]));
  });
}

kib_status kib_layout_narrow(void* narrow, const float* wide, int type, int64_t n, int threads) {
  return with_type(type, [&](auto tag) {
    auto* to = static_cast<decltype(tag)*>(narrow);
    int team = threads_for(n, threads);
#pragma omp parallel for simd num_threads(team) schedule(static)
    for (int64_t i = 0; i < n; i++) store(to + i, without_subnormal(wide[i]));
  });
}

kib_status kib_layout_flush(float* numbers, int64_t n, int threads) {
  threads = threads_for(n, threads);
#pragma omp parallel for simd num_threads(threads) schedule(static)
  for (int64_t i = 0; i < n; i++) numbers[i] = without_subnormal(numbers[i]);
  return KIB_OK;
}

kib_status kib_layout_write_f64(void* target, const double* source, int type, int64_t outer, int64_t channels,
                                int64_t positions) {
  return with_type(
      type, [&](auto tag) { transpose(static_cast<decltype(tag)*>(target), source, outer, channels, positions); });
}

kib_status kib_layout_write_f32(void* target, const float* source, int type, int64_t outer, int64_t channels,
                                int64_t positions) {
  return with_type(
      type, [&](auto tag) { transpose(static_cast<decltype(tag)*>(target), source, outer, channels, positions); });
}

kib_status kib_layout_read_f64(double* target, const void* source, int type, int64_t outer, int64_t channels,
                               int64_t positions) {
  return with_type(type, [&](auto tag) {
    transpose(target, static_cast<const decltype(tag)*>(source), outer, positions, channels);
  });
}

kib_status kib_layout_read_f32(float* target, const void* source, int type, int64_t outer, int64_t channels,
                               int64_t positions) {
  return with_type(type, [&](auto tag) {
    transpose(target, static_cast<const decltype(tag)*>(source), outer, positions, channels);
  });
}

kib_status kib_layout_write_u8(void* target, const uint8_t* source, int64_t outer, int64_t channels,
                               int64_t positions) {
  transpose(static_cast<uint8_t*>(target), source, outer, channels, positions);
  return KIB_OK;
}

kib_status kib_layout_read_u8(uint8_t* target, const void* source, int64_t outer, int64_t channels, int64_t positions) {
  transpose(target, static_cast<const uint8_t*>(source), outer, positions, channels);
  return KIB_OK;
}

}  // namespace kib::KIB_LEVEL
