#include "libraries/cudnn/convolution.h"

#include <atomic>
#include <numeric>

#include "libraries/product.h"
#include "machine/options.h"

namespace kib::emulator::cudnn {

Order::Order(bool deterministic) : ascending_(deterministic), state_(Options::current().seed) {
  static std::atomic<uint64_t> calls{0};
  if (!ascending_) state_ = state_ * 0x9E3779B97F4A7C15 + ++calls;
}

std::vector<int64_t> Order::indices(int64_t count) {
  std::vector<int64_t> all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), int64_t{0});
  if (ascending_) return all;
  for (size_t i = all.size(); i > 1; --i) {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    std::swap(all[i - 1], all[static_cast<size_t>(state_ >> 33) % i]);
  }
  return all;
}

namespace {

// Calls body(row of columns, place in the image's channel or -1 in the padding) over a group's channels and the filter.
// Rows are (channel, r, s); columns are (p, q).
template <class Body>
void each_column(const Geometry& g, Body body) {
  const int64_t channels = g.c / g.groups;
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t r = 0; r < g.r; ++r) {
      for (int64_t s = 0; s < g.s; ++s) {
        const int64_t fr = g.flipped ? g.r - 1 - r : r, fs = g.flipped ? g.s - 1 - s : s;
        const int64_t row = (c * g.r + fr) * g.s + fs;
        for (int64_t p = 0; p < g.p; ++p) {
          const int64_t y = p * g.stride[0] - g.pad[0] + r * g.dilation[0];
          if (y < 0 || y >= g.h) continue;
          for (int64_t q = 0; q < g.q; ++q) {
            const int64_t x = q * g.stride[1] - g.pad[1] + s * g.dilation[1];
            if (x >= 0 && x < g.w) body((row * g.p + p) * g.q + q, (c * g.h + y) * g.w + x);
          }
        }
      }
    }
  }
}

template <class T>
std::vector<T> columns_of(const Geometry& g, const T* image) {
  std::vector<T> columns(static_cast<size_t>(g.inner() * g.p * g.q));
  each_column(g, [&](int64_t column, int64_t at) { columns[static_cast<size_t>(column)] = image[at]; });
  return columns;
}

// Where a group's part of an image and of an output begin, in elements.
int64_t image_at(const Geometry& g, int64_t n, int64_t group) {
  return (n * g.c + group * (g.c / g.groups)) * g.h * g.w;
}
int64_t output_at(const Geometry& g, int64_t n, int64_t group) {
  return (n * g.k + group * (g.k / g.groups)) * g.p * g.q;
}
int64_t filter_at(const Geometry& g, int64_t group) { return group * (g.k / g.groups) * g.inner(); }

}  // namespace

template <class T>
void forward(const Geometry& g, const T* x, const T* w, T* y) {
  for (int64_t n = 0; n < g.n; ++n) {
    for (int64_t group = 0; group < g.groups; ++group) {
      const std::vector<T> columns = columns_of(g, x + image_at(g, n, group));
      accumulate(g.k / g.groups, g.p * g.q, g.inner(), w + filter_at(g, group), columns.data(),
                 y + output_at(g, n, group));
    }
  }
}

template <class T>
void backward_data(const Geometry& g, const T* w, const T* dy, T* dx, Order& order) {
  const int64_t filters = g.k / g.groups;
  for (int64_t group = 0; group < g.groups; ++group) {
    const std::vector<T> turned = transposed(filters, g.inner(), w + filter_at(g, group));
    for (int64_t n = 0; n < g.n; ++n) {
      std::vector<T> columns(static_cast<size_t>(g.inner() * g.p * g.q));
      const std::vector<int64_t> sum = order.indices(filters);
      accumulate(g.inner(), g.p * g.q, filters, turned.data(), dy + output_at(g, n, group), columns.data(), sum.data());
      T* image = dx + image_at(g, n, group);
      each_column(g, [&](int64_t column, int64_t at) { image[at] += columns[static_cast<size_t>(column)]; });
    }
  }
}

template <class T>
void backward_filter(const Geometry& g, const T* x, const T* dy, T* dw, Order& order) {
  const int64_t filters = g.k / g.groups, places = g.p * g.q;
  for (const int64_t n : order.indices(g.n)) {
    for (int64_t group = 0; group < g.groups; ++group) {
      const std::vector<T> columns = columns_of(g, x + image_at(g, n, group));
      const std::vector<T> turned = transposed(g.inner(), places, columns.data());
      const std::vector<int64_t> sum = order.indices(places);
      accumulate(filters, g.inner(), places, dy + output_at(g, n, group), turned.data(), dw + filter_at(g, group),
                 sum.data());
    }
  }
}

#define KIB_INSTANTIATE(T)                                                      \
  template void forward(const Geometry&, const T*, const T*, T*);               \
  template void backward_data(const Geometry&, const T*, const T*, T*, Order&); \
  template void backward_filter(const Geometry&, const T*, const T*, T*, Order&);
KIB_INSTANTIATE(float)
KIB_INSTANTIATE(double)
#undef KIB_INSTANTIATE

}  // namespace kib::emulator::cudnn
