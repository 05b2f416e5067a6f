// Softmax cross-entropy, and adaptive average pooling.
#include "kib/readout.h"

#include <algorithm>

#include "../windows.h"
#include "level.h"
#include "meter.h"
#include "threads.h"

namespace kib::KIB_LEVEL {
namespace {

constexpr int64_t kChannels = 64;  // whose sums a thread has at once

// Images [B, H, W, C] and their windows [B, rows, columns, C].
struct Pooled {
  int64_t batch, channels;
  Windows<int64_t> rows, columns;

  int64_t at(int64_t b, int64_t h, int64_t w) const { return ((b * rows.size + h) * columns.size + w) * channels; }
  int64_t window(int64_t b, int64_t i, int64_t j) const {
    return ((b * rows.count + i) * columns.count + j) * channels;
  }
  int64_t size(int64_t i, int64_t j) const { return rows.length(i) * columns.length(j); }
  int team(int threads) const { return threads_for(batch * rows.size * columns.size * channels, threads); }
};

// target[c] = sum over all (position, weight) that visit(add) gives to add(position, weight), for all channels.
template <class T, class Visit>
void weighted_sum(T* target, const T* source, int64_t channels, Visit visit) {
  for (int64_t first = 0; first < channels; first += kChannels) {
    int64_t count = std::min(kChannels, channels - first);
    float sums[kChannels] = {};
    visit([&](int64_t at, float weight) {
      const T* numbers = source + at + first;
#pragma omp simd
      for (int64_t c = 0; c < count; c++) sums[c] += weight * load(numbers[c]);
    });
    for (int64_t c = 0; c < count; c++) store(target + first + c, sums[c]);
  }
}

// The shares of classes that logits are to have: kept p + spread, of labels or of shares, and weighted.
struct Wanted {
  const int32_t* labels;
  const float *shares, *weights;
  double kept, spread;
  int64_t outputs;
  double scale = 1;  // of weights

  Wanted(const int32_t* of_labels, const float* of_shares, double smoothing, const float* of_classes, int64_t batch,
         int64_t count)
      : labels(of_labels),
        shares(of_shares),
        weights(of_classes),
        kept(1 - smoothing),
        spread(smoothing / static_cast<double>(count)),
        outputs(count) {
    if (weights == nullptr || labels == nullptr) return;
    double sum = 0;
    for (int64_t b = 0; b < batch; b++) sum += weights[labels[b]];
    scale = static_cast<double>(batch) / sum;
  }

  int64_t label(int64_t b) const {
    if (shares == nullptr) return labels[b];
    const float* row = shares + b * outputs;
    return std::max_element(row, row + outputs) - row;
  }
  double share(int64_t b, int64_t m) const {
    double share = kept * (shares == nullptr ? m == labels[b] : shares[b * outputs + m]) + spread;
    return weights == nullptr ? share : share * weights[m] * scale;
  }
  double all(int64_t b) const {
    if (weights == nullptr) return 1;
    double sum = 0;
    for (int64_t m = 0; m < outputs; m++) sum += share(b, m);
    return sum;
  }
};

}  // namespace

int64_t kib_readout_workspace(int64_t, int64_t) { return 0; }

kib_status kib_readout_cross_entropy(void* dy, int dy_type, const float* y, const int32_t* labels, const float* shares,
                                     double smoothing, const float* weights, int64_t batch, int64_t outputs,
                                     const kib_meter* meter, void*, const kib_queue*) {
  return with_type(dy_type, [&](auto tag) {
    using T = decltype(tag);
    Wanted wanted(labels, shares, smoothing, weights, batch, outputs);
    double loss = 0, correct = 0;
    for (int64_t b = 0; b < batch; b++) {
      const float* row = y + b * outputs;
      int64_t largest = std::max_element(row, row + outputs) - row;
      double sum = 0;
      for (int64_t m = 0; m < outputs; m++) sum += std::exp(static_cast<double>(row[m]) - row[largest]);
      double all = wanted.all(b);
      loss += all * std::log(sum);
      for (int64_t m = 0; m < outputs; m++) {
        double share = wanted.share(b, m);
        if (share != 0) loss += share * (static_cast<double>(row[largest]) - row[m]);
        if (dy == nullptr) continue;
        double softmax = std::exp(static_cast<double>(row[m]) - row[largest]) / sum;
        store(static_cast<T*>(dy) + b * outputs + m,
              static_cast<float>((all * softmax - share) / static_cast<double>(batch)));
      }
      correct += largest == wanted.label(b);
    }
    add_up(meter, loss);
    if (meter != nullptr && meter->sums != nullptr && meter->correct >= 0) meter->sums[meter->correct] += correct;
  });
}

kib_status kib_readout_add(void* y, const void* x, int type, int64_t n, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    T* sums = static_cast<T*>(y);
    const T* terms = static_cast<const T*>(x);
    int team = threads_for(n, queue->threads);
#pragma omp parallel for simd num_threads(team) schedule(static)
    for (int64_t i = 0; i < n; i++) store(sums + i, load(sums[i]) + load(terms[i]));
  });
}

kib_status kib_readout_average_pool(void* y, const void* x, int type, int64_t batch, int64_t channels, int64_t height,
                                    int64_t width, int64_t rows, int64_t columns, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    Pooled p{batch, channels, {height, rows}, {width, columns}};
    int team = p.team(queue->threads);
#pragma omp parallel for num_threads(team) schedule(static)
    for (int64_t row = 0; row < batch * rows; row++) {
      int64_t b = row / rows, i = row % rows;
      for (int64_t j = 0; j < columns; j++)
        weighted_sum(static_cast<T*>(y) + p.window(b, i, j), static_cast<const T*>(x), channels, [&](auto add) {
          float weight = 1 / static_cast<float>(p.size(i, j));
          for (int64_t h = p.rows.first(i); h < p.rows.end(i); h++)
            for (int64_t w = p.columns.first(j); w < p.columns.end(j); w++) add(p.at(b, h, w), weight);
        });
    }
  });
}

kib_status kib_readout_average_pool_gradient(void* dx, const void* dy, int type, int64_t batch, int64_t channels,
                                             int64_t height, int64_t width, int64_t rows, int64_t columns,
                                             const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    Pooled p{batch, channels, {height, rows}, {width, columns}};
    int team = p.team(queue->threads);
#pragma omp parallel for num_threads(team) schedule(static)
    for (int64_t row = 0; row < batch * height; row++) {
      int64_t b = row / height, h = row % height;
      for (int64_t w = 0; w < width; w++)
        weighted_sum(static_cast<T*>(dx) + p.at(b, h, w), static_cast<const T*>(dy), channels, [&](auto add) {
          for (int64_t i = p.rows.first_of(h); i < p.rows.end_of(h); i++)
            for (int64_t j = p.columns.first_of(w); j < p.columns.end_of(w); j++)
              add(p.window(b, i, j), 1 / static_cast<float>(p.size(i, j)));
        });
    }
  });
}

}  // namespace kib::KIB_LEVEL
