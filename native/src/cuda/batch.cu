// The batch of a step: images are moved, mirrored and normalized.
#include <algorithm>

#include "kib/batch.h"
#include "kib/constants.h"
#include "kib/cuda.h"
#include "launch.cuh"
#include "philox.cuh"

namespace kib::cuda {
namespace {

constexpr unsigned kThreads = 256;
constexpr int kMostChannels = 128;  // whose means are a kernel's parameters; those of more lie in a table
constexpr int64_t kStaged = 2048;   // bytes of an image that a block moves, if a row of it has no more

// Which images, of bytes or floats, and how they are moved.
template <class S>
struct Source {
  const S* images;  // [count, height, width, channels]
  const int32_t *labels, *order;
  const int64_t* now;
  int64_t count, batch, channels, height, width, padding;
  int flip;  // 0: never, 1: at random, 2: always
  uint64_t seed;
};

// Where a sample of the batch lies in the data set, and which of its views it is.
struct Entry {
  int64_t row, view;

  static __device__ Entry of(const int32_t* order, int64_t count, const int64_t* now, int64_t j) {
    int64_t at = now[KIB_CLOCK_POSITION] + j;
    int64_t entry = order == nullptr ? at : order[at];
    return entry < count ? Entry{entry, 0} : Entry{entry % count, entry / count};  // mostly there is one view
  }
};

// Of each channel; inverse is 1 / deviation.
struct Channel {
  double mean, deviation, inverse;
};
struct Normalization {
  Channel of[kMostChannels];

  // That of channels from first on.
  Normalization(const double* mean, const double* deviation, int64_t first, int64_t channels) {
    for (int64_t c = 0; c < kMostChannels; c++) {
      bool is = first + c < channels;
      double width = is ? deviation[first + c] : 1;
      of[c] = {is ? mean[first + c] : 0, width, 1 / width};
    }
  }
};

__global__ void fill_table(Channel* table, const __grid_constant__ Normalization normalization, int64_t count) {
  if (threadIdx.x < count) table[threadIdx.x] = normalization.of[threadIdx.x];
}

// x / y as it is rounded, for the nearest double of 1 / y (Markstein 1990): a division of doubles is slow on many
// cards.
__device__ double quotient(double x, double y, double inverse) {
  double near = x * inverse;
  return fma(fma(-y, near, x), inverse, near);
}

struct Move {
  int64_t image, dy, dx;
  bool mirrored;

  template <class S>
  __device__ static Move of(const Source<S>& from, int64_t j) {
    Entry entry = Entry::of(from.order, from.count, from.now, j);
    Move move{entry.row, 0, 0, false};
    if (from.padding == 0 && from.flip == 0) return move;
    uint4 words = philox(static_cast<uint32_t>(entry.row), static_cast<uint32_t>(from.now[KIB_CLOCK_EPOCH]),
                         static_cast<uint32_t>(entry.view), KIB_PURPOSE_AUGMENTATION, from.seed);
    auto range = static_cast<uint64_t>(2 * from.padding + 1);
    move.dy = static_cast<int64_t>((words.x * range) >> 32) - from.padding;
    move.dx = static_cast<int64_t>((words.y * range) >> 32) - from.padding;
    move.mirrored = from.flip == 2 || (from.flip == 1 && (words.z & 1));
    return move;
  }
};

// Copies bytes to shared memory at `staged`, a multiple of 16 bytes, plus what `from` lies behind one; 16 at a time but
// at the ends. Returns where they are.
__device__ const uint8_t* stage(uint8_t* staged, const uint8_t* from, int64_t bytes) {
  auto skew = static_cast<int64_t>(reinterpret_cast<uintptr_t>(from) % 16);
  for (int64_t at = threadIdx.x * 16; at < skew + bytes; at += kThreads * 16) {
    if (at >= skew && at + 16 <= skew + bytes) {
      *reinterpret_cast<uint4*>(staged + at) = *reinterpret_cast<const uint4*>(from + (at - skew));
    } else {
      for (int64_t i = max(at, skew); i < min(at + 16, skew + bytes); i++) staged[i] = from[i - skew];
    }
  }
  return staged + skew;
}

__device__ double value_of(uint8_t byte) { return quotient(byte, 255, 1.0 / 255); }
__device__ double value_of(float value) { return value; }

// x [B, H, W, stored] from images, the channels behind the images' zero; and labels. A block makes `rows` rows of an
// image, out of shared memory where they fit: it reads each byte of the image once, 16 at a time, and writes each
// number once, kMany in one access. Bound by memory.
template <int kMany, class T, class S>
__global__ void __launch_bounds__(kThreads)
    augment(T* x, int32_t* labels, Source<S> from, const __grid_constant__ Normalization normalization,
            const Channel* table, int64_t stored, int64_t parts, int64_t rows) {
  __shared__ Move move;
  __shared__ Channel few[kMostChannels];
  __shared__ __align__(16) uint8_t staged[kStaged + 16];
  int64_t j = blockIdx.x / parts, part = blockIdx.x % parts;
  if (threadIdx.x == 0) move = Move::of(from, j);
  if (table == nullptr) {
    if (threadIdx.x < from.channels) few[threadIdx.x] = normalization.of[threadIdx.x];
    table = few;
  }
  __syncthreads();
  if (threadIdx.x == 0 && part == 0) labels[j] = from.labels[move.image];
  int64_t top = part * rows, height = min(rows, from.height - top), line = from.width * from.channels;
  int64_t zero = 0, first = min(max(top + move.dy, zero), from.height);
  int64_t last = min(max(top + height + move.dy, zero), from.height);
  const S* values = from.images + (move.image * from.height + first) * line;
  auto bytes = (last - first) * line * static_cast<int64_t>(sizeof(S));
  if (bytes <= kStaged) {
    values = reinterpret_cast<const S*>(stage(staged, reinterpret_cast<const uint8_t*>(values), bytes));
    __syncthreads();
  }
  x += (j * from.height + top) * from.width * stored;
  auto numbers = static_cast<unsigned>(height * from.width * stored);
  auto width = static_cast<unsigned>(from.width), depth = static_cast<unsigned>(stored);
  for (unsigned at = threadIdx.x * kMany; at < numbers; at += kThreads * kMany) {
    unsigned c = at % depth, w = at / depth % width, h = at / depth / width;
    float y[kMany];
#pragma unroll
    for (int i = 0; i < kMany; i++) {
      int64_t row = top + h + move.dy, column = (move.mirrored ? width - 1 - w : w) + move.dx;
      bool inside = row >= 0 && row < from.height && column >= 0 && column < from.width;
      y[i] = 0;
      if (c < from.channels) {
        S value = inside ? values[(row - first) * line + column * from.channels + c] : S(0);
        const Channel& of = table[c];
        y[i] = static_cast<float>(quotient(value_of(value) - of.mean, of.deviation, of.inverse));
      }
      if (++c == depth) {
        c = 0;
        if (++w == width) w = 0, h++;
      }
    }
    store_many(x + at, y);
  }
}

template <class S>
kib_status augment_batch(void* x, int32_t* labels, const Source<S>& from, int type, int64_t stored, const double* mean,
                         const double* deviation, void* workspace, const kib_queue* queue) {
  if (stored < from.channels)
    return refuse(KIB_BAD_ARGUMENT, "cannot store %lld channels in %lld", static_cast<long long>(from.channels),
                  static_cast<long long>(stored));
  if (from.batch * from.height * from.width == 0) return KIB_OK;
  Channel* table = from.channels > kMostChannels ? static_cast<Channel*>(workspace) : nullptr;
  for (int64_t c = 0; c < from.channels && table != nullptr; c += kMostChannels) {
    Normalization part(mean, deviation, c, from.channels);
    int64_t count = std::min<int64_t>(kMostChannels, from.channels - c);
    kib_status status =
        launch("augmentation.batch", fill_table, {dim3(1), kMostChannels}, queue, table + c, part, count);
    if (status != KIB_OK) return status;
  }
  Normalization normalization(mean, deviation, 0, from.channels);
  int64_t line = from.width * from.channels * static_cast<int64_t>(sizeof(S));
  int64_t parts = divided_up(from.height, std::max<int64_t>(kStaged / std::max<int64_t>(line, 1), 1));
  int64_t rows = divided_up(from.height, parts);
  parts = divided_up(from.height, rows);
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    auto kernel = is_wide<T>(x, from.width * stored) ? augment<kWide<T>, T, S> : augment<1, T, S>;
    return launch("augmentation.batch", kernel, {dim3(static_cast<unsigned>(parts * from.batch)), kThreads}, queue,
                  static_cast<T*>(x), labels, from, normalization, table, stored, parts, rows);
  });
}

// A thread copies a unit (16 bytes or a number) of a row; each is read and written once.
template <class Unit>
__global__ void copy_rows(Unit* out, const Unit* all, const int32_t* order, const int64_t* now, int64_t count,
                          int64_t batch, int64_t width, int64_t stride) {
  int64_t n = batch * width;
  for (int64_t i = first_item(); i < n; i += item_stride()) {
    int64_t j = i / width;
    out[i] = all[Entry::of(order, count, now, j).row * stride + (i - j * width)];
  }
}

// How much of a sample is its own in each step of an epoch.
struct Parts {
  const double* parts;
  int64_t count;
  const int64_t* now;

  __device__ double now_own() const { return parts[min(now[KIB_CLOCK_EPOCH_STEP], count - 1)]; }
};

// x [batch, size]: a thread mixes kMany numbers of a sample in the first half with those of the one as far from the
// end. Each is read and written once. Bound by memory.
template <int kMany, class T>
__global__ void __launch_bounds__(kThreads) mix(T* x, int64_t batch, int64_t size, Parts parts) {
  double part = parts.now_own();
  auto own = static_cast<float>(part), other = static_cast<float>(1 - part);
  int64_t width = size / kMany, n = batch / 2 * width;
  for (int64_t at = first_item(); at < n; at += item_stride()) {
    int64_t j = at / width, i = (at - j * width) * kMany;
    T *first = x + j * size + i, *second = x + (batch - 1 - j) * size + i;
    float a[kMany], b[kMany];
    load_many(a, first);
    load_many(b, second);
#pragma unroll
    for (int k = 0; k < kMany; k++) {
      float mixed = own * a[k] + other * b[k];
      b[k] = own * b[k] + other * a[k];
      a[k] = mixed;
    }
    store_many(first, a);
    store_many(second, b);
  }
}

// out [batch, outputs], a thread a number.
__global__ void __launch_bounds__(kThreads)
    mix_labels(float* out, const int32_t* labels, int64_t batch, int64_t outputs, Parts parts) {
  double part = parts.now_own();
  for (int64_t at = first_item(); at < batch * outputs; at += item_stride()) {
    int64_t j = at / outputs, m = at - j * outputs;
    out[at] = static_cast<float>(part * (m == labels[j]) + (1 - part) * (m == labels[batch - 1 - j]));
  }
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

int64_t kib_augmentation_workspace(int64_t channels) {
  return channels > kMostChannels ? Arena::bytes<Channel>(channels) : 0;
}

kib_status kib_augmentation_batch(void* x, int32_t* labels, const void* images, int source, const int32_t* all_labels,
                                  const int32_t* order, int64_t count, int type, int64_t batch, int64_t channels,
                                  int64_t height, int64_t width, int64_t padding, int flip, const double* mean,
                                  const double* deviation, uint64_t seed, const int64_t* now, void* workspace,
                                  const kib_queue* queue) {
  return kib_augmentation_padded_batch(x, labels, images, source, all_labels, order, count, type, batch, channels,
                                       channels, height, width, padding, flip, mean, deviation, seed, now, workspace,
                                       queue);
}

kib_status kib_augmentation_padded_batch(void* x, int32_t* labels, const void* images, int source,
                                         const int32_t* all_labels, const int32_t* order, int64_t count, int type,
                                         int64_t batch, int64_t channels, int64_t stored, int64_t height, int64_t width,
                                         int64_t padding, int flip, const double* mean, const double* deviation,
                                         uint64_t seed, const int64_t* now, void* workspace, const kib_queue* queue) {
  auto augment_from = [&](auto tag) {
    using S = decltype(tag);
    Source<S> from{static_cast<const S*>(images),
                   all_labels,
                   order,
                   now,
                   count,
                   batch,
                   channels,
                   height,
                   width,
                   padding,
                   flip,
                   seed};
    return augment_batch(x, labels, from, type, stored, mean, deviation, workspace, queue);
  };
  switch (source) {
    case KIB_U8:
      return augment_from(uint8_t());
    case KIB_F32:
      return augment_from(float());
    default:
      return kib::refuse(KIB_UNSUPPORTED_TYPE, "read no images of type %d; bytes (%d) and F32 (%d) they do", source,
                         KIB_U8, KIB_F32);
  }
}

kib_status kib_batch_rows(float* out, const float* all, const int32_t* order, int64_t count, int64_t batch, int64_t m,
                          int64_t row_stride, const int64_t* now, const kib_queue* queue) {
  if (is_wide<float>(out, m) && is_wide<float>(all, row_stride))
    return launch("batch.rows", copy_rows<uint4>, grid_for(batch * m / 4, kThreads), queue,
                  reinterpret_cast<uint4*>(out), reinterpret_cast<const uint4*>(all), order, now, count, batch, m / 4,
                  row_stride / 4);
  return launch("batch.rows", copy_rows<float>, grid_for(batch * m, kThreads), queue, out, all, order, now, count,
                batch, m, row_stride);
}

kib_status kib_batch_mix(void* x, int type, int64_t batch, int64_t size, const double* parts, int64_t count,
                         const int64_t* now, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    bool wide = is_wide<T>(x, size);
    return launch("batch.mix", wide ? mix<kWide<T>, T> : mix<1, T>,
                  grid_for(batch / 2 * size / (wide ? kWide<T> : 1), kThreads), queue, static_cast<T*>(x), batch, size,
                  Parts{parts, count, now});
  });
}

kib_status kib_batch_mix_labels(float* out, const int32_t* labels, int64_t batch, int64_t outputs, const double* parts,
                                int64_t count, const int64_t* now, const kib_queue* queue) {
  return launch("batch.mix_labels", mix_labels, grid_for(batch * outputs, kThreads), queue, out, labels, batch, outputs,
                Parts{parts, count, now});
}
