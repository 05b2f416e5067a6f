// Copies of images that convolutions as matrix products read, and the bias that they leave out.
//
// All three are bound by memory: a thread writes 16 bytes where rows of channels are whole multiples of that, one
// number elsewhere. Bytes read and written are those of the arrays: each number of `in` that is kept once from memory
// (windows overlap in the cache), each of `out` once; y is read and written.
#include <cstdint>

#include "kib/convolution.h"
#include "launch.cuh"

namespace kib::cuda {
namespace {

using Images = kib_convolution_images;

// Places are counted in 32 bits, which are divided in a fifth of the time of 64.
struct Sizes {
  uint32_t height, width, channels;
  explicit Sizes(const Images& images)
      : height(static_cast<uint32_t>(images.height)),
        width(static_cast<uint32_t>(images.width)),
        channels(static_cast<uint32_t>(images.channels)) {}
};

template <class T, int n>
struct alignas(sizeof(T) * n) Numbers {
  T number[n];
};

// A thread writes n neighbouring channels of one position, which it reads at once where `whole`: then both rows of
// channels are multiples of n.
template <class T, int n, bool whole>
__global__ void fit_images(T* out, const T* in, Sizes to, Sizes from, uint32_t lead, uint32_t count) {
  const uint32_t parts = to.channels / n;
  for (uint32_t i = static_cast<uint32_t>(first_item()); i < count; i += static_cast<uint32_t>(item_stride())) {
    const uint32_t first = i % parts * n, position = i / parts;
    const uint32_t place = position - lead, w = place % to.width, row = place / to.width;
    const uint32_t h = row % to.height, b = row / to.height;
    Numbers<T, n> numbers{};
    if (position >= lead && w < from.width && h < from.height) {
      const T* source = in + (static_cast<int64_t>(b * from.height + h) * from.width + w) * from.channels + first;
      if (whole) {
        if (first < from.channels) numbers = *reinterpret_cast<const Numbers<T, n>*>(source);
      } else {
#pragma unroll
        for (int c = 0; c < n; c++) {
          if (first + c < from.channels) numbers.number[c] = source[c];
        }
      }
    }
    reinterpret_cast<Numbers<T, n>*>(out)[i] = numbers;
  }
}

// A thread writes n neighbouring columns of one window.
template <class T, int n>
__global__ void window_rows(T* out, const T* in, Sizes from, uint32_t kernel, uint32_t row, uint32_t count) {
  const uint32_t parts = row / n, columns = kernel * kernel * from.channels, padding = kernel / 2;
  for (uint32_t i = static_cast<uint32_t>(first_item()); i < count; i += static_cast<uint32_t>(item_stride())) {
    const uint32_t position = i / parts, w = position % from.width, above = position / from.width,
                   h = above % from.height;
    const T* image = in + static_cast<int64_t>(above - h) * from.width * from.channels;
    Numbers<T, n> numbers{};
#pragma unroll
    for (int e = 0; e < n; e++) {
      const uint32_t column = i % parts * n + e, c = column % from.channels, tap = column / from.channels;
      const uint32_t y = h + tap / kernel - padding, x = w + tap % kernel - padding;  // unsigned: below 0 is too large
      if (column < columns && y < from.height && x < from.width) {
        numbers.number[e] = image[(static_cast<int64_t>(y) * from.width + x) * from.channels + c];
      }
    }
    reinterpret_cast<Numbers<T, n>*>(out)[i] = numbers;
  }
}

// A thread adds to n neighbouring channels of one row; a bias is read 16 bytes at a time, by all blocks from the cache.
template <class T, int n>
__global__ void bias_rows(T* y, const float* bias, uint32_t channels, uint32_t count) {
  constexpr int wide = n < kWide<float> ? n : kWide<float>;
  using Biases = Numbers<float, wide>;
  const uint32_t parts = channels / n;
  for (uint32_t i = static_cast<uint32_t>(first_item()); i < count; i += static_cast<uint32_t>(item_stride())) {
    Numbers<T, n> numbers = reinterpret_cast<Numbers<T, n>*>(y)[i];
    const Biases* biases = reinterpret_cast<const Biases*>(bias + i % parts * n);
#pragma unroll
    for (int c = 0; c < n; c += wide) {
      const Biases some = biases[c / wide];
#pragma unroll
      for (int e = 0; e < wide; e++) store(&numbers.number[c + e], load(numbers.number[c + e]) + some.number[e]);
    }
    reinterpret_cast<Numbers<T, n>*>(y)[i] = numbers;
  }
}

constexpr int64_t kMostParts = int64_t{1} << 31;  // and a stride behind them is still a number of 32 bits

// Launches a kernel with a thread for each of so many parts, its last argument.
template <class... Parameters, class... Arguments>
kib_status run(const char* name, void (*kernel)(Parameters...), int64_t parts, const kib_queue* queue,
               Arguments... arguments) {
  if (parts >= kMostParts) {
    return refuse(KIB_BAD_ARGUMENT, "cannot count %lld parts in %s; it may have 2^31: take a smaller batch",
                  static_cast<long long>(parts), name);
  }
  return launch(name, kernel, grid_for(parts), queue, arguments..., parts);
}

int64_t positions(const Images& images) { return images.count * images.height * images.width; }

template <class T>
kib_status fit(T* out, const T* in, const Images& to, const Images& from, int64_t lead, const kib_queue* queue) {
  constexpr int n = kWide<T>;
  const int64_t numbers = (lead + positions(to)) * to.channels;
  const bool wide = is_wide<T>(out, to.channels), whole = is_wide<T>(in, from.channels);
  return run("convolution.fit",
             !wide   ? fit_images<T, 1, true>
             : whole ? fit_images<T, n, true>
                     : fit_images<T, n, false>,
             numbers / (wide ? n : 1), queue, out, in, Sizes(to), Sizes(from), lead);
}

template <class T>
kib_status windows(T* out, const T* in, const Images& from, int64_t kernel, int64_t row, const kib_queue* queue) {
  constexpr int n = kWide<T>;
  const bool wide = is_wide<T>(out, row);
  return run("convolution.windows", wide ? window_rows<T, n> : window_rows<T, 1>,
             positions(from) * row / (wide ? n : 1), queue, out, in, Sizes(from), kernel, row);
}

template <class T>
kib_status add_bias(T* y, const float* bias, int64_t rows, int64_t channels, const kib_queue* queue) {
  constexpr int n = kWide<T>;
  const bool wide = is_wide<T>(y, channels) && is_wide<float>(bias, channels);
  return run("convolution.add_bias", wide ? bias_rows<T, n> : bias_rows<T, 1>, rows * channels / (wide ? n : 1), queue,
             y, bias, channels);
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

kib_status kib_convolution_fit(void* out, const void* in, int type, const kib_convolution_images* to,
                               const kib_convolution_images* from, int64_t lead, const kib_queue* queue) {
  return with_type(type, [&](auto number) {
    using T = decltype(number);
    return fit(static_cast<T*>(out), static_cast<const T*>(in), *to, *from, lead, queue);
  });
}

kib_status kib_convolution_windows(void* out, const void* in, int type, const kib_convolution_images* from,
                                   int64_t kernel, int64_t row, const kib_queue* queue) {
  return with_type(type, [&](auto number) {
    using T = decltype(number);
    return windows(static_cast<T*>(out), static_cast<const T*>(in), *from, kernel, row, queue);
  });
}

kib_status kib_convolution_add_bias(void* y, const float* bias, int type, int64_t rows, int64_t channels,
                                    const kib_queue* queue) {
  return with_type(
      type, [&](auto number) { return add_bias(static_cast<decltype(number)*>(y), bias, rows, channels, queue); });
}
