// Statistics of groups of whole channels, in a block: sums over a tile's rows of threads, and what becomes of them.
#ifndef KIB_CUDA_ACTIVITY_GROUPS_CUH
#define KIB_CUDA_ACTIVITY_GROUPS_CUH
#include "activity.cuh"
#include "power.cuh"

namespace kib::cuda {

constexpr int kGroupTables = 6;  // numbers that a block keeps for each group, at most

// The groups of a block's tile: runs of so many channels at all positions.
struct Groups {
  int count;     // of a sample; 0 for none
  int channels;  // of a group
  int in_tile;   // of a tile, at most
  int fold;      // 2^fold neighbouring channels of a thread are of one group, and added by it
  int width;     // lanes that add a group's parts up: a power of two
  double size;   // n
  double power, divisive_power, delta;
  bool divisive;
  bool powers_cancel;  // p + q = 1
};

// Adds x[v], the thread's channel v, up over rows and a group's channels: the sum of group i of the tile is in
// sums[i], for all threads. In a fixed order: a thread's channels, then every width-th part, then by halves of a warp.
// Rows of parts have an odd number of entries, so that the lanes of a group read from different banks.
template <class Number, int V>
__device__ void sum_groups(Number* sums, Number* parts, Number (&x)[V], const Place<V>& place, const Geometry& g,
                           const Groups& groups, int in_tile) {
  if constexpr (V > 1) {
#pragma unroll
    for (int fold = 0, n = V / 2; n >= 1; fold++, n /= 2) {
      if (fold >= groups.fold) break;
#pragma unroll
      for (int v = 0; v < n; v++) x[v] = x[2 * v] + x[2 * v + 1];
    }
  }
  int columns = V >> groups.fold, stride = g.lanes | 1, size = g.rows * stride;
  if (place.row < g.rows) {
#pragma unroll
    for (int v = 0; v < V; v++)
      if (v < columns) parts[v * size + place.row * stride + place.lane] = x[v];
  }
  __syncthreads();
  int channels = groups.channels >> groups.fold, terms = channels * g.rows, width = groups.width;
  int thread = static_cast<int>(threadIdx.x), together = static_cast<int>(blockDim.x) / width;
  for (int first = 0; first < in_tile; first += together) {
    int group = first + thread / width;
    Number sum = 0;
    if (group < in_tile) {
      for (int i = thread % width; i < terms; i += width) {
        int row = i / channels, column = group * channels + (i - row * channels);
        sum += parts[column % columns * size + row * stride + column / columns];
      }
    }
    for (int distance = width / 2; distance > 0; distance /= 2) sum += __shfl_xor_sync(0xFFFFFFFFu, sum, distance);
    if (group < in_tile && thread % width == 0) sums[group] = sum;
  }
  __syncthreads();
}

// x[v] = table[group of channel + v], channels counted from the table's first group.
template <int V>
__device__ void of_groups(float (&x)[V], const float* table, int channel, const Groups& groups) {
  int group = channel / groups.channels, rest = channel - group * groups.channels;
#pragma unroll
  for (int v = 0; v < V; v++) {
    x[v] = table[group];
    if (++rest == groups.channels) rest = 0, group++;
  }
}

// A running sum of a thread's numbers of one channel, as their distance from the mean of the first ones: equal numbers
// leave 0, and few others leave more than their own rounding.
struct Spread {
  float reference, sum, squares;

  __device__ void begin(float mean) {
    reference = fabsf(mean) < INFINITY ? mean : 0.0f;  // else infinity's distance from infinity would be NaN
    sum = squares = 0.0f;
  }
  __device__ void add(float x) {
    float distance = x - reference;
    sum += distance;
    squares += distance * distance;
  }
  // The sum of count numbers.
  __device__ double total(int count) const {
    return static_cast<double>(count) * static_cast<double>(reference) + static_cast<double>(sum);
  }
  // The sum of squared distances from a mean in two floats.
  __device__ float variation(int count, float high, float low) const {
    if (count == 0) return 0.0f;
    float mean = sum / static_cast<float>(count);
    float own = squares - sum * mean, distance = ((reference - high) - low) + mean;
    return (own < 0 ? 0.0f : own) + static_cast<float>(count) * distance * distance;
  }
};

}  // namespace kib::cuda
#endif
