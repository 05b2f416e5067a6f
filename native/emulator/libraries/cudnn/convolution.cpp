#include "libraries/cudnn/convolution.h"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "libraries/parallel.h"
#include "libraries/product.h"
#include "machine/options.h"

namespace kib::emulator::cudnn {

Order::Order(bool deterministic) : ascending_(deterministic), state_(Options::current().seed) {
  static std::atomic<uint64_t> calls{0};
  if (!ascending_) state_ = state_ * 0x9E3779B97F4A7C15 + ++calls;
}

std::vector<int64_t> Order::indices(int64_t count) {
  std::vector<int64_t> all;
  if (ascending_) return all;
  all.resize(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), int64_t{0});
  for (size_t i = all.size(); i > 1; --i) {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    std::swap(all[i - 1], all[static_cast<size_t>(state_ >> 33) % i]);
  }
  return all;
}

namespace {

constexpr int64_t kCached = 1 << 16;  // elements of a piece's columns, which stay in the second cache

// Some channels of an image and some rows of the output: what is worked on at once.
struct Piece {
  int64_t first_channel, channels;
  int64_t first_row, rows;
};

int64_t up(int64_t value, int64_t by) { return (value + by - 1) / by; }

// Calls body(row of the columns, first and last column with an image behind it, place of the first one in the image,
// begin and end of the row's part) for each row of the columns and each row of the output. Rows of the columns are
// (channel, r, s); their elements are (p, q). Outside [first, last) lies the padding.
template <class Body>
void each_run(const Geometry& g, const Piece& piece, Body body) {
  for (int64_t c = 0; c < piece.channels; ++c) {
    for (int64_t r = 0; r < g.r; ++r) {
      for (int64_t s = 0; s < g.s; ++s) {
        const int64_t fr = g.flipped ? g.r - 1 - r : r, fs = g.flipped ? g.s - 1 - s : s;
        const int64_t row = (c * g.r + fr) * g.s + fs, shift = s * g.dilation[1] - g.pad[1];
        const int64_t first = std::clamp<int64_t>(up(std::max<int64_t>(-shift, 0), g.stride[1]), 0, g.q);
        const int64_t last = std::clamp<int64_t>(g.w > shift ? up(g.w - shift, g.stride[1]) : 0, first, g.q);
        for (int64_t p = 0; p < piece.rows; ++p) {
          const int64_t y = (piece.first_row + p) * g.stride[0] - g.pad[0] + r * g.dilation[0];
          const int64_t to = (row * piece.rows + p) * g.q;
          const bool inside = y >= 0 && y < g.h;
          const int64_t from = ((piece.first_channel + c) * g.h + y) * g.w + first * g.stride[1] + shift;
          body(to, inside ? first : 0, inside ? last : 0, from);
        }
      }
    }
  }
}

template <class T>
void to_columns(const Geometry& g, const Piece& piece, const T* image, T* columns) {
  each_run(g, piece, [&](int64_t to, int64_t first, int64_t last, int64_t from) {
    std::fill(columns + to, columns + to + first, T(0));
    for (int64_t q = first; q < last; ++q) columns[to + q] = image[from + (q - first) * g.stride[1]];
    std::fill(columns + to + last, columns + to + g.q, T(0));
  });
}

template <class T>
void add_columns(const Geometry& g, const Piece& piece, const T* columns, T* image) {
  each_run(g, piece, [&](int64_t to, int64_t first, int64_t last, int64_t from) {
    for (int64_t q = first; q < last; ++q) image[from + (q - first) * g.stride[1]] += columns[to + q];
  });
}

// Where a group's part of an image and of an output begin, in elements.
int64_t image_at(const Geometry& g, int64_t n, int64_t group) {
  return (n * g.c + group * (g.c / g.groups)) * g.h * g.w;
}
int64_t output_at(const Geometry& g, int64_t n, int64_t group) {
  return (n * g.k + group * (g.k / g.groups)) * g.p * g.q;
}
int64_t filter_at(const Geometry& g, int64_t group) { return group * (g.k / g.groups) * g.inner(); }

// Channels of a piece that has all rows of the output: as many as stay in the cache, but enough pieces for all threads.
int64_t channels_at_once(const Geometry& g, int64_t others) {
  const int64_t channels = g.c / g.groups, cached = kCached / (g.r * g.s * g.p * g.q);
  const int64_t shared = up(channels * others, 4 * host_threads());
  return std::clamp<int64_t>(std::min(cached, shared), std::min<int64_t>(channels, 4), channels);
}

const int64_t* pointer(const std::vector<int64_t>& order) { return order.empty() ? nullptr : order.data(); }

}  // namespace

template <class T>
void forward(const Geometry& g, const T* x, const T* w, T* y) {
  const int64_t rows = std::clamp<int64_t>(kCached / (g.inner() * g.q), 1, g.p), pieces = up(g.p, rows);
  parallel(g.n * g.groups * pieces, [&](int64_t index) {
    const int64_t n = index / pieces / g.groups, group = index / pieces % g.groups, first = index % pieces * rows;
    const Piece piece{0, g.c / g.groups, first, std::min(rows, g.p - first)};
    const int64_t places = piece.rows * g.q;
    std::vector<T> columns(static_cast<size_t>(g.inner() * places));
    to_columns(g, piece, x + image_at(g, n, group), columns.data());
    multiply(g.k / g.groups, places, g.inner(), Strides<T>{w + filter_at(g, group), g.inner(), 1},
             Strides<T>{columns.data(), places, 1}, y + output_at(g, n, group) + first * g.q, g.p * g.q);
  });
}

template <class T>
void backward_data(const Geometry& g, const T* w, const T* dy, T* dx, Order& order) {
  const int64_t filters = g.k / g.groups, channels = g.c / g.groups, places = g.p * g.q;
  const int64_t at_once = channels_at_once(g, g.n * g.groups), pieces = up(channels, at_once);
  std::vector<std::vector<int64_t>> sums;  // drawn before, so that they do not depend on the threads
  for (int64_t i = 0; i < g.n * g.groups; ++i) sums.push_back(order.indices(filters));
  parallel(g.n * g.groups * pieces, [&](int64_t index) {
    const int64_t n = index / pieces / g.groups, group = index / pieces % g.groups, first = index % pieces * at_once;
    const Piece piece{first, std::min(at_once, channels - first), 0, g.p};
    const int64_t inner = piece.channels * g.r * g.s;
    std::vector<T> columns(static_cast<size_t>(inner * places));
    multiply(inner, places, filters, Strides<T>{w + filter_at(g, group) + first * g.r * g.s, 1, g.inner()},
             Strides<T>{dy + output_at(g, n, group), places, 1}, columns.data(), places,
             pointer(sums[static_cast<size_t>(index / pieces)]));
    add_columns(g, piece, columns.data(), dx + image_at(g, n, group));
  });
}

template <class T>
void backward_filter(const Geometry& g, const T* x, const T* dy, T* dw, Order& order) {
  const int64_t filters = g.k / g.groups, channels = g.c / g.groups, places = g.p * g.q;
  const int64_t at_once = channels_at_once(g, g.groups), pieces = up(channels, at_once);
  std::vector<int64_t> images = order.indices(g.n);
  std::vector<std::vector<int64_t>> sums;
  for (int64_t i = 0; i < g.n * g.groups; ++i) sums.push_back(order.indices(places));
  parallel(g.groups * pieces, [&](int64_t index) {
    const int64_t group = index / pieces, first = index % pieces * at_once;
    const Piece piece{first, std::min(at_once, channels - first), 0, g.p};
    const int64_t inner = piece.channels * g.r * g.s;
    std::vector<T> columns(static_cast<size_t>(inner * places));
    for (int64_t i = 0; i < g.n; ++i) {
      const int64_t n = images.empty() ? i : images[static_cast<size_t>(i)];
      to_columns(g, piece, x + image_at(g, n, group), columns.data());
      multiply(filters, inner, places, Strides<T>{dy + output_at(g, n, group), places, 1},
               Strides<T>{columns.data(), 1, places}, dw + filter_at(g, group) + first * g.r * g.s, g.inner(),
               pointer(sums[static_cast<size_t>(n * g.groups + group)]));
    }
  });
}

#define KIB_INSTANTIATE(T)                                                      \
  template void forward(const Geometry&, const T*, const T*, T*);               \
  template void backward_data(const Geometry&, const T*, const T*, T*, Order&); \
  template void backward_filter(const Geometry&, const T*, const T*, T*, Order&);
KIB_INSTANTIATE(float)
KIB_INSTANTIATE(double)
#undef KIB_INSTANTIATE

}  // namespace kib::emulator::cudnn
