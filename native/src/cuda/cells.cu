// Codes of groups in spatial cells, and their gradient (docs/mathematics.md, section 3.9).
#include <algorithm>

#include "../cells.h"
#include "kib/cells.h"
#include "power.cuh"
#include "reduce.cuh"

namespace kib::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;

// Which numbers of z a code's entry is of.
struct Cell {
  uint32_t top, left, columns, positions, group;
};

__device__ Cell cell_of(const kib_cells_spec& spec, uint32_t entry) {
  Cell cell{};
  uint32_t groups = static_cast<uint32_t>(spec.groups);
  for_scales<uint32_t>(spec, [&](const Scale<uint32_t>& scale) {
    if (entry < scale.first) return;  // the last scale that does not begin behind it
    uint32_t n = (entry - scale.first) / groups;
    if (n >= scale.cells()) return;
    uint32_t i = n / scale.columns.count, j = n - i * scale.columns.count;
    cell = {scale.rows.first(i), scale.columns.first(j), scale.columns.end(j) - scale.columns.first(j),
            scale.positions(i, j), entry - scale.first - n * groups};
  });
  return cell;
}

// A warp has an entry of a code, 2^fold lanes the neighbouring channels of a position: reads z twice for each scale
// (the second time it is near), writes u, mean and scale once. Neighbouring warps have neighbouring groups of a cell,
// so that a block reads whole lines. Two operations in double for each number.
template <class T>
__global__ void __launch_bounds__(kThreads) codes(float* u, double* mean, float* scale, const T* z, int64_t entries,
                                                  uint32_t width, int fold, kib_cells_spec spec) {
  int64_t n = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp;
  if (n >= entries) return;
  int64_t b = n / width;
  Cell cell = cell_of(spec, static_cast<uint32_t>(n - b * width));
  uint32_t channels = static_cast<uint32_t>(spec.channels / spec.groups), lane = threadIdx.x % kWarp;
  uint32_t first = lane & ((1u << fold) - 1), across = 1u << fold;
  const T* group = z + b * spec.height * spec.width * spec.channels + cell.group * channels;
  auto sum = [&](auto term) {
    double x = 0;
    for (uint32_t p = lane >> fold; p < cell.positions; p += kWarp >> fold) {
      uint32_t row = p / cell.columns, column = p - row * cell.columns;
      const T* position = group + ((cell.top + row) * spec.width + cell.left + column) * spec.channels;
      for (uint32_t c = first; c < channels; c += across) x += term(static_cast<double>(load(position[c])));
    }
    return warp_sum(x);
  };
  double size = static_cast<double>(cell.positions) * channels, m = sum([](double x) { return x; }) / size;
  double s = (spec.delta + sum([=](double x) { return (x - m) * (x - m); })) / size;
  if (lane != 0) return;
  mean[n] = m;
  scale[n] = static_cast<float>(s);
  u[n] = static_cast<float>(power_or_zero(s, spec.power));
}

// A thread has an entry: its factor du (2p/n) s^(p-1). Reads du and scale, writes factors.
__global__ void __launch_bounds__(kThreads) factors_of(float* factors, const float* scale, const float* du,
                                                       int64_t entries, uint32_t width, kib_cells_spec spec) {
  for (int64_t n = first_item(); n < entries; n += item_stride()) {
    Cell cell = cell_of(spec, static_cast<uint32_t>(n % width));
    double size = static_cast<double>(cell.positions) * static_cast<double>(spec.channels / spec.groups), s = scale[n];
    double factor = 2 * spec.power / size * power_or_zero(s, spec.power - 1) * static_cast<double>(du[n]);
    factors[n] = s == 0 ? 0 : static_cast<float>(factor);
  }
}

// A thread has kMany neighbouring channels of a group at a position: reads z, and each scale's factor and mean; writes
// dz.
template <int kMany, class T>
__global__ void __launch_bounds__(kThreads) gradient(T* dz, const T* z, const double* mean, const float* factors,
                                                     uint32_t items, uint32_t width, kib_cells_spec spec) {
  uint32_t item = blockIdx.x * kThreads + threadIdx.x;
  if (item >= items) return;
  uint32_t groups = static_cast<uint32_t>(spec.groups), channels = static_cast<uint32_t>(spec.channels);
  uint32_t across = channels / kMany, line = static_cast<uint32_t>(spec.width);
  uint32_t position = item / across, c = (item - position * across) * kMany, group = c / (channels / groups);
  uint32_t row = position / line, w = position - row * line, b = row / static_cast<uint32_t>(spec.height);
  uint32_t h = row - b * static_cast<uint32_t>(spec.height);
  int64_t at = static_cast<int64_t>(position) * channels + c, code = static_cast<int64_t>(b) * width + group;
  float x[kMany], sums[kMany] = {};
  load_many(x, z + at);
  for_scales<uint32_t>(spec, [&](const Scale<uint32_t>& scale) {
    uint32_t cell = scale.rows.of(h) * scale.columns.count + scale.columns.of(w);
    int64_t entry = code + scale.first + cell * groups;
    double m = mean[entry];
    float factor = factors[entry];
#pragma unroll
    for (int k = 0; k < kMany; k++) sums[k] += factor * static_cast<float>(static_cast<double>(x[k]) - m);
  });
  store_many(dz + at, sums);
}

template <class T>
kib_status gradient_of(T* dz, const T* z, const double* mean, const float* scale, const float* du, float* factors,
                       const kib_cells_spec& spec, const kib_queue* queue) {
  int64_t width = code_width(spec), entries = spec.batch * width;
  kib_status status = launch("cells.gradient: factors", factors_of, grid_for(entries), queue, factors, scale, du,
                             entries, static_cast<uint32_t>(width), spec);
  bool many =
      is_wide<T>(z, spec.channels) && is_wide<T>(dz, spec.channels) && spec.channels / spec.groups % kWide<T> == 0;
  int64_t sample = spec.height * spec.width * spec.channels;
  int64_t part = std::max<int64_t>(INT32_MAX / std::max<int64_t>(sample, 1), 1);  // that 31 bits count the numbers of
  for (int64_t first = 0; first < spec.batch && status == KIB_OK; first += part) {
    int64_t items = std::min(part, spec.batch - first) * sample / (many ? kWide<T> : 1);
    status = launch("cells.gradient", many ? gradient<kWide<T>, T> : gradient<1, T>,
                    {dim3(static_cast<unsigned>(divided_up(items, kThreads))), kThreads}, queue, dz + first * sample,
                    z + first * sample, mean + first * width, factors + first * width, static_cast<uint32_t>(items),
                    static_cast<uint32_t>(width), spec);
  }
  return status;
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

kib_status kib_cells_codes(float* u, double* mean, float* scale, const void* z, const kib_cells_spec* spec,
                           const kib_queue* queue) {
  kib_status refused = kib::check_cells(*spec);
  if (refused != KIB_OK) return refused;
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    int64_t width = kib::code_width(*spec), entries = spec->batch * width, channels = spec->channels / spec->groups;
    int fold = 0;
    while (fold < 5 && (1 << fold) < channels) fold++;
    return launch("cells.codes", codes<T>, {dim3(static_cast<unsigned>(divided_up(entries, kWarps))), kThreads}, queue,
                  u, mean, scale, static_cast<const T*>(z), entries, static_cast<uint32_t>(width), fold, *spec);
  });
}

kib_status kib_cells_gradient(void* dz, const void* z, const double* mean, const float* scale, const float* du,
                              const kib_cells_spec* spec, void* workspace, const kib_queue* queue) {
  kib_status refused = kib::check_cells(*spec);
  if (refused != KIB_OK) return refused;
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    return gradient_of(static_cast<T*>(dz), static_cast<const T*>(z), mean, scale, du, static_cast<float*>(workspace),
                       *spec, queue);
  });
}

int64_t kib_cells_workspace(const kib_cells_spec* spec) {
  return Arena::bytes<float>(spec->batch * kib::code_width(*spec));
}
