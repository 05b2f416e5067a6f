// Softmax cross-entropy, and adaptive average pooling.
#include <algorithm>
#include <cstdint>

#include "../windows.h"
#include "kib/readout.h"
#include "meter.cuh"
#include "reduce.cuh"

namespace kib::cuda {
namespace {

constexpr unsigned kThreads = 512;
constexpr int64_t kRowsAtMost = 4;  // of a team, which takes them one after the other

// How rows are split: a team of neighbouring lanes has a row, a block several teams.
struct Teams {
  unsigned team = 1;  // lanes, a power of two, at most a warp
  int64_t rows;       // of a block
  int64_t blocks;

  Teams(int64_t batch, int64_t outputs) {
    while (team < kWarp && team < outputs) team *= 2;
    rows = kThreads / team * (outputs <= kWarp ? kRowsAtMost : 1);
    blocks = divided_up(batch, rows);
  }
};

// The sum over a team's lanes, in all of them.
__device__ double team_sum(double x, unsigned team) {
  for (unsigned distance = team / 2; distance > 0; distance /= 2) x += __shfl_xor_sync(0xFFFFFFFFu, x, distance);
  return x;
}

// The largest logit of a team's row and its place, the first of equal ones. Those that are not numbers are passed over,
// but for the first of the row.
struct Largest {
  float value = -INFINITY;
  int64_t at = INT64_MAX;

  __device__ void consider(float x, int64_t i) {
    if (x > value || (x == value && i < at)) value = x, at = i;
  }

  __device__ void of_team(unsigned team, float first) {
    for (unsigned distance = team / 2; distance > 0; distance /= 2) {
      float x = __shfl_xor_sync(0xFFFFFFFFu, value, distance);
      int64_t i = __shfl_xor_sync(0xFFFFFFFFu, at, distance);
      consider(x, i);
    }
    first = __shfl_sync(0xFFFFFFFFu, first, 0, static_cast<int>(team));
    if (isnan(first)) value = first, at = 0;
  }
};

// The shares of classes that logits are to have: kept p + spread, of labels or of shares, and weighted.
struct Wanted {
  const int32_t* labels;
  const float *shares, *weights;
  double kept, spread;

  // Of class m of the row that begins at number `row`, of sample b.
  __device__ double share(int64_t b, int64_t row, int64_t m, double scale) const {
    double share = kept * (shares == nullptr ? m == labels[b] : shares[row + m]) + spread;
    // The product is rounded by itself: with the subtraction of it in one step, no gradient would be zero.
    return weights == nullptr ? share : __dmul_rn(share * weights[m], scale);
  }

  // By what weights are multiplied: the same in each block, which reads all labels.
  __device__ double scale(int64_t batch, double* parts) const {
    if (weights == nullptr || labels == nullptr) return 1;
    double sum = 0;
    for (int64_t b = threadIdx.x; b < batch; b += kThreads) sum += weights[labels[b]];
    return static_cast<double>(batch) / block_sum(sum, parts);
  }
};

// dy [batch, outputs] or none; sums [2 blocks] of the losses and of the right answers, or the meter's where there is
// one block. A block has some rows, each in a team's registers where it is no longer than a warp, else read again (it
// is near). Reads y and what is wanted (where that is labels as they are, kPlain), writes dy.
template <bool kPlain, bool kHeld, class T>
__global__ void __launch_bounds__(kThreads, kPlain ? 2 : 1)
    cross_entropy(T* dy, double* sums, const float* y, Wanted wanted, int64_t batch, int64_t outputs, Teams teams,
                  kib_meter meter) {
  __shared__ double parts[kWarp];
  unsigned lane = threadIdx.x % teams.team, count = kThreads / teams.team;
  double losses = 0, right = 0, scale = 1;
  if constexpr (!kPlain) scale = wanted.scale(batch, parts);
  for (int64_t first = blockIdx.x * teams.rows; first < min((blockIdx.x + 1) * teams.rows, batch); first += count) {
    int64_t b = first + threadIdx.x / teams.team;
    bool is_row = b < batch;  // all lanes stay, for the others' sums
    const float* row = y + b * outputs;
    int64_t end = is_row ? outputs : 0;
    float held = kHeld && lane < end ? row[lane] : 0;
    auto logit = [&](int64_t m) { return kHeld ? held : row[m]; };
    Largest largest;
    for (int64_t m = lane; m < end; m += teams.team) largest.consider(logit(m), m);
    largest.of_team(teams.team, is_row ? logit(lane) : 0);
    double sum = 0, e = 0;
    for (int64_t m = lane; m < end; m += teams.team) {
      e = exp(static_cast<double>(logit(m)) - largest.value);
      sum += e;
    }
    sum = team_sum(sum, teams.team);
    int64_t label = is_row && (kPlain || wanted.shares == nullptr) ? wanted.labels[b] : 0;
    double below = 0, all = 1;  // how far the wanted logits are below the largest; the sum of shares
    if constexpr (!kPlain) {
      double whole = 0;
      for (int64_t m = lane; m < end; m += teams.team) {
        double share = wanted.share(b, b * outputs, m, scale);
        whole += share;
        if (share != 0) below += share * (static_cast<double>(largest.value) - logit(m));
      }
      below = team_sum(below, teams.team);
      if (wanted.weights != nullptr) all = team_sum(whole, teams.team);
      if (wanted.shares != nullptr) {
        const float* shares = wanted.shares + b * outputs;
        Largest heaviest;
        for (int64_t m = lane; m < end; m += teams.team) heaviest.consider(shares[m], m);
        heaviest.of_team(teams.team, lane < end ? shares[lane] : 0);
        label = heaviest.at;
      }
    }
    if (!is_row) continue;
    if (lane == 0) {
      losses += all * log(sum) + (kPlain ? static_cast<double>(largest.value) - row[label] : below);
      right += largest.at == label;
    }
    if (dy == nullptr) continue;
    for (int64_t m = lane; m < outputs; m += teams.team) {
      if (!kHeld) e = exp(static_cast<double>(row[m]) - largest.value);
      double share = kPlain ? m == label : wanted.share(b, b * outputs, m, scale);
      store(dy + b * outputs + m, static_cast<float>((all * (e / sum) - share) / static_cast<double>(batch)));
    }
  }
  losses = block_sum(losses, parts);
  right = block_sum(right, parts);
  if (threadIdx.x != 0) return;
  if (gridDim.x > 1) {
    sums[2 * blockIdx.x] = losses;
    sums[2 * blockIdx.x + 1] = right;
  } else {
    add_loss(meter, losses);
    if (meter.sums != nullptr && meter.correct >= 0) meter.sums[meter.correct] += right;
  }
}

// Adds the blocks' sums to the meter's: one block.
__global__ void __launch_bounds__(kThreads) add_blocks(const double* sums, int64_t blocks, kib_meter meter) {
  __shared__ double parts[kWarp];
  double losses = 0, right = 0;
  for (int64_t i = threadIdx.x; i < blocks; i += kThreads) losses += sums[2 * i], right += sums[2 * i + 1];
  losses = block_sum(losses, parts);
  right = block_sum(right, parts);
  if (threadIdx.x != 0) return;
  add_loss(meter, losses);
  if (meter.sums != nullptr && meter.correct >= 0) meter.sums[meter.correct] += right;
}

constexpr unsigned kPoolThreads = 256;

// Images [B, H, W, C] and their windows [B, rows, columns, C], counted in 32 bits: in 64 a division takes as long as
// tens of reads.
struct Pooled {
  uint32_t channels;
  Windows<uint32_t> rows, columns;

  __device__ int64_t at(uint32_t b, uint32_t h, uint32_t w) const {
    return static_cast<int64_t>((b * rows.size + h) * columns.size + w) * channels;
  }
  __device__ int64_t window(uint32_t b, uint32_t i, uint32_t j) const {
    return static_cast<int64_t>((b * rows.count + i) * columns.count + j) * channels;
  }
  __device__ float weight(uint32_t i, uint32_t j) const {
    return 1 / static_cast<float>(rows.length(i) * columns.length(j));
  }
};

// A thread has kMany neighbouring channels of one window: reads x once (where windows overlap, twice), writes y once.
// Bound by memory.
template <int kMany, class T>
__global__ void __launch_bounds__(kPoolThreads) average_pool(T* y, const T* x, uint32_t items, Pooled p) {
  uint32_t item = blockIdx.x * kPoolThreads + threadIdx.x, across = p.channels / kMany;
  if (item >= items) return;
  uint32_t window = item / across, c = (item - window * across) * kMany;
  uint32_t line = window / p.columns.count, j = window - line * p.columns.count;
  uint32_t b = line / p.rows.count, i = line - b * p.rows.count;
  uint32_t bottom = p.rows.end(i), left = p.columns.first(j), right = p.columns.end(j);
  float weight = p.weight(i, j), sums[kMany] = {};
  for (uint32_t h = p.rows.first(i); h < bottom; h++)
#pragma unroll 4
    for (uint32_t w = left; w < right; w++) {
      float numbers[kMany];
      load_many(numbers, x + p.at(b, h, w) + c);
#pragma unroll
      for (int k = 0; k < kMany; k++) sums[k] += weight * numbers[k];
    }
  store_many(y + static_cast<int64_t>(window) * p.channels + c, sums);
}

// A thread has kMany neighbouring channels of one position: reads dy of the windows that it is in, one where the image
// is a multiple, writes dx once. Bound by memory.
template <int kMany, class T>
__global__ void __launch_bounds__(kPoolThreads) average_pool_gradient(T* dx, const T* dy, uint32_t items, Pooled p) {
  uint32_t item = blockIdx.x * kPoolThreads + threadIdx.x, across = p.channels / kMany;
  if (item >= items) return;
  uint32_t position = item / across, c = (item - position * across) * kMany;
  uint32_t line = position / p.columns.size, w = position - line * p.columns.size;
  uint32_t b = line / p.rows.size, h = line - b * p.rows.size;
  uint32_t bottom = p.rows.end_of(h), left = p.columns.first_of(w), right = p.columns.end_of(w);
  float sums[kMany] = {};
  for (uint32_t i = p.rows.first_of(h); i < bottom; i++)
    for (uint32_t j = left; j < right; j++) {
      float numbers[kMany], weight = p.weight(i, j);
      load_many(numbers, dy + p.window(b, i, j) + c);
#pragma unroll
      for (int k = 0; k < kMany; k++) sums[k] += weight * numbers[k];
    }
  store_many(dx + static_cast<int64_t>(position) * p.channels + c, sums);
}

// y += x: kMany numbers at a time, and the last ones of n alone.
template <int kMany, class T>
__global__ void __launch_bounds__(kPoolThreads) add(T* y, const T* x, int64_t n) {
  int64_t whole = n / kMany;
  for (int64_t i = first_item(); i < whole; i += item_stride()) {
    float sums[kMany], terms[kMany];
    load_many(sums, y + i * kMany);
    load_many(terms, x + i * kMany);
#pragma unroll
    for (int k = 0; k < kMany; k++) sums[k] += terms[k];
    store_many(y + i * kMany, sums);
  }
  for (int64_t i = whole * kMany + first_item(); i < n; i += item_stride()) store(y + i, load(y[i]) + load(x[i]));
}

// Launches a kernel that has a thread for each of `places` positions of an image, 16 bytes of channels or one: in parts
// of so many images as 31 bits count the numbers of.
template <class T, class Kernel>
kib_status pool(const char* name, Kernel wide, Kernel narrow, T* to, const T* from, int64_t batch, int64_t places,
                int64_t sources, const Pooled& p, const kib_queue* queue) {
  bool many = is_wide<T>(to, p.channels) && is_wide<T>(from, p.channels);
  int64_t numbers = places * p.channels, part = std::max<int64_t>(INT32_MAX / std::max<int64_t>(numbers, 1), 1);
  for (int64_t first = 0; first < batch; first += part) {
    int64_t items = std::min(part, batch - first) * numbers / (many ? kWide<T> : 1);
    Grid grid{dim3(static_cast<unsigned>(divided_up(items, kPoolThreads))), kPoolThreads};
    kib_status status = launch(name, many ? wide : narrow, grid, queue, to + first * numbers,
                               from + first * sources * p.channels, static_cast<uint32_t>(items), p);
    if (status != KIB_OK) return status;
  }
  return KIB_OK;
}

Pooled pooled(int64_t channels, int64_t height, int64_t width, int64_t rows, int64_t columns) {
  auto narrow = [](int64_t x) { return static_cast<uint32_t>(x); };
  return {narrow(channels), {narrow(height), narrow(rows)}, {narrow(width), narrow(columns)}};
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

int64_t kib_readout_workspace(int64_t batch, int64_t outputs) {
  int64_t blocks = Teams(batch, outputs).blocks;
  return blocks > 1 ? Arena::bytes<double>(2 * blocks) : 0;
}

kib_status kib_readout_cross_entropy(void* dy, int dy_type, const float* y, const int32_t* labels, const float* shares,
                                     double smoothing, const float* weights, int64_t batch, int64_t outputs,
                                     const kib_meter* meter, void* workspace, const kib_queue* queue) {
  return with_type(dy_type, [&](auto tag) {
    using T = decltype(tag);
    Teams teams(batch, outputs);
    auto* sums = static_cast<double*>(workspace);
    Wanted wanted{labels, shares, weights, 1 - smoothing, smoothing / static_cast<double>(outputs)};
    bool plain = shares == nullptr && smoothing == 0 && weights == nullptr, held = outputs <= kWarp;
    auto kernel = plain ? (held ? cross_entropy<true, true, T> : cross_entropy<true, false, T>)
                        : (held ? cross_entropy<false, true, T> : cross_entropy<false, false, T>);
    kib_status status = launch("readout.cross_entropy", kernel, {dim3(static_cast<unsigned>(teams.blocks)), kThreads},
                               queue, static_cast<T*>(dy), sums, y, wanted, batch, outputs, teams, by_value(meter));
    if (status != KIB_OK || teams.blocks <= 1) return status;
    return launch("readout.cross_entropy", add_blocks, {dim3(1), kThreads}, queue, sums, teams.blocks, by_value(meter));
  });
}

kib_status kib_readout_average_pool(void* y, const void* x, int type, int64_t batch, int64_t channels, int64_t height,
                                    int64_t width, int64_t rows, int64_t columns, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    return pool("readout.average_pool", average_pool<kWide<T>, T>, average_pool<1, T>, static_cast<T*>(y),
                static_cast<const T*>(x), batch, rows * columns, height * width,
                pooled(channels, height, width, rows, columns), queue);
  });
}

kib_status kib_readout_average_pool_gradient(void* dx, const void* dy, int type, int64_t batch, int64_t channels,
                                             int64_t height, int64_t width, int64_t rows, int64_t columns,
                                             const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    return pool("readout.average_pool_gradient", average_pool_gradient<kWide<T>, T>, average_pool_gradient<1, T>,
                static_cast<T*>(dx), static_cast<const T*>(dy), batch, height * width, rows * columns,
                pooled(channels, height, width, rows, columns), queue);
  });
}

kib_status kib_readout_add(void* y, const void* x, int type, int64_t n, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    bool wide = is_wide<T>(y, 0) && is_wide<T>(x, 0);
    return launch("readout.add", wide ? add<kWide<T>, T> : add<1, T>,
                  grid_for(wide ? divided_up(n, kWide<T>) : n, kPoolThreads), queue, static_cast<T*>(y),
                  static_cast<const T*>(x), n);
  });
}
