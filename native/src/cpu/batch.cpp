// The batch of a step: images are moved, mirrored and normalized.
#include "kib/batch.h"

#include <algorithm>

#include "columns.h"
#include "kib/constants.h"
#include "level.h"
#include "philox.h"
#include "threads.h"

namespace kib::KIB_LEVEL {
namespace {

constexpr int64_t kAhead = 2;  // images between the one that is copied and the one that is asked for

// Where a sample of the batch lies in the data set, and which of its views it is.
struct Entry {
  int64_t row, view;
  Entry(const int32_t* order, int64_t count, const int64_t* now, int64_t j) {
    int64_t at = now[KIB_CLOCK_POSITION] + j;
    int64_t entry = order == nullptr ? at : order[at];
    row = entry % count;
    view = entry / count;
  }
};

// How an image is moved.
struct Move {
  int64_t dy = 0, dx = 0;
  bool mirrored = false;
  bool stays() const { return dy == 0 && dx == 0 && !mirrored; }
  Move(int64_t padding, int flip, uint64_t seed, Entry entry, int64_t epoch) {
    if (padding == 0 && !flip) return;
    uint32_t words[4];
    philox(static_cast<uint32_t>(entry.row), static_cast<uint32_t>(epoch), static_cast<uint32_t>(entry.view),
           KIB_PURPOSE_AUGMENTATION, seed, words);
    uint64_t range = static_cast<uint64_t>(2 * padding + 1);
    dy = static_cast<int64_t>((words[0] * range) >> 32) - padding;
    dx = static_cast<int64_t>((words[1] * range) >> 32) - padding;
    mirrored = flip == 2 || (flip == 1 && (words[2] & 1));
  }
};

// A byte's number is one of its channel's 256.
template <class T>
struct Bytes {
  const T* table;
  void put(T* x, uint8_t byte, int64_t channel) const { *x = table[channel * 256 + byte]; }
};
struct Floats {
  const double *mean, *deviation;
  template <class T>
  void put(T* x, float value, int64_t channel) const {
    store(x, static_cast<float>((value - mean[channel]) / deviation[channel]));
  }
};

template <class T, class S, class Numbers>
void copy_image(T* x, const S* image, int64_t channels, int64_t height, int64_t width, const Move& move,
                const Numbers& numbers) {
  if (channels == 1 && move.stays()) {
    constexpr int64_t kAtOnce = 8;
    int64_t i = 0;
    for (; i + kAtOnce <= height * width; i += kAtOnce) {
      T pixels[kAtOnce];
      for (int64_t j = 0; j < kAtOnce; j++) numbers.put(pixels + j, image[i + j], 0);
      std::copy_n(pixels, kAtOnce, x + i);
    }
    for (; i < height * width; i++) numbers.put(x + i, image[i], 0);
    return;
  }
  for (int64_t h = 0; h < height; h++) {
    for (int64_t w = 0; w < width; w++) {
      int64_t row = h + move.dy, column = (move.mirrored ? width - 1 - w : w) + move.dx;
      bool inside = row >= 0 && row < height && column >= 0 && column < width;
      const S* pixel = image + (row * width + column) * channels;
      for (int64_t c = 0; c < channels; c++) numbers.put(x++, inside ? pixel[c] : S(0), c);
    }
  }
}

// How much of a sample is its own in this step.
double part_of(const double* parts, int64_t count, const int64_t* now) {
  return parts[std::min(now[KIB_CLOCK_EPOCH_STEP], count - 1)];
}

}  // namespace

kib_status kib_batch_mix(void* x, int type, int64_t batch, int64_t size, const double* parts, int64_t count,
                         const int64_t* now, const kib_queue* queue) {
  double part = part_of(parts, count, now);
  auto own = static_cast<float>(part), other = static_cast<float>(1 - part);
  int team = threads_for(batch * size, queue->threads);
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
#pragma omp parallel for num_threads(team) schedule(static)
    for (int64_t j = 0; j < batch / 2; j++) {
      T* first = static_cast<T*>(x) + j * size;
      T* second = static_cast<T*>(x) + (batch - 1 - j) * size;
#pragma omp simd
      for (int64_t i = 0; i < size; i++) {
        float a = load(first[i]), b = load(second[i]);
        store(first + i, own * a + other * b);
        store(second + i, own * b + other * a);
      }
    }
  });
}

kib_status kib_batch_mix_labels(float* out, const int32_t* labels, int64_t batch, int64_t outputs, const double* parts,
                                int64_t count, const int64_t* now, const kib_queue*) {
  double part = part_of(parts, count, now);
  for (int64_t j = 0; j < batch; j++)
    for (int64_t m = 0; m < outputs; m++)
      out[j * outputs + m] = static_cast<float>(part * (m == labels[j]) + (1 - part) * (m == labels[batch - 1 - j]));
  return KIB_OK;
}

kib_status kib_batch_rows(float* out, const float* all, const int32_t* order, int64_t count, int64_t batch, int64_t m,
                          int64_t row_stride, const int64_t* now, const kib_queue* queue) {
  int team = threads_for(batch * m, queue->threads);
#pragma omp parallel for num_threads(team) schedule(static)
  for (int64_t j = 0; j < batch; j++) std::copy_n(all + Entry(order, count, now, j).row * row_stride, m, out + j * m);
  return KIB_OK;
}

int64_t kib_augmentation_workspace(int64_t channels) { return channels * 256 * static_cast<int64_t>(sizeof(float)); }

kib_status kib_augmentation_batch(void* x, int32_t* labels, const void* images, int source, const int32_t* all_labels,
                                  const int32_t* order, int64_t count, int type, int64_t batch, int64_t channels,
                                  int64_t height, int64_t width, int64_t padding, int flip, const double* mean,
                                  const double* deviation, uint64_t seed, const int64_t* now, void* workspace,
                                  const kib_queue* queue) {
  auto copy = [&](auto* to, const auto* from, const auto& numbers) {
    int64_t size = channels * height * width;
    int team = threads_for(batch * size, queue->threads);
#pragma omp parallel for num_threads(team) schedule(static)
    for (int64_t j = 0; j < batch; j++) {
      Entry entry(order, count, now, j);
      if (j + kAhead < batch) fetch_ahead(from + Entry(order, count, now, j + kAhead).row * size, size);
      Move move(padding, flip, seed, entry, now[KIB_CLOCK_EPOCH]);
      labels[j] = all_labels[entry.row];
      copy_image(to + j * size, from + entry.row * size, channels, height, width, move, numbers);
    }
  };
  if (source != KIB_U8 && source != KIB_F32)
    return refuse(KIB_UNSUPPORTED_TYPE, "read no images of type %d; bytes (%d) and F32 (%d) they do", source, KIB_U8,
                  KIB_F32);
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    if (source == KIB_F32) return copy(static_cast<T*>(x), static_cast<const float*>(images), Floats{mean, deviation});
    T* table = static_cast<T*>(workspace);  // [channels, 256]
    for (int64_t c = 0; c < channels; c++)
      for (int pixel = 0; pixel < 256; pixel++)
        store(table + c * 256 + pixel, static_cast<float>((pixel / 255.0 - mean[c]) / deviation[c]));
    copy(static_cast<T*>(x), static_cast<const uint8_t*>(images), Bytes<T>{table});
  });
}

}  // namespace kib::KIB_LEVEL
