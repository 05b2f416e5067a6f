// The gradient through Gram matrices, tiled: codes are measured and centred.
#ifndef KIB_CUDA_GRAM_PREPARE_CUH
#define KIB_CUDA_GRAM_PREPARE_CUH
#include "gram_tiles.cuh"

namespace kib::cuda {
namespace {

constexpr int kRowsOfStrip = 256;  // codes of which a block of centre takes 32 entries

// A warp (or, for long codes, a block) measures one code: reads each of B G numbers once, 5 operations in double and a
// conversion for each.
template <class T, bool WholeBlock>
__global__ void __launch_bounds__(kTileThreads) measure(Codes codes, const T* u, bool centred) {
  __shared__ double parts[kWarp];
  unsigned lane = WholeBlock ? threadIdx.x : threadIdx.x % kWarp;
  int64_t b = WholeBlock ? blockIdx.x : static_cast<int64_t>(blockIdx.x) * (kTileThreads / kWarp) + threadIdx.x / kWarp;
  if (b >= codes.batch) return;
  RowSize size = measure_row(u + b * codes.width, codes.width, centred, lane, WholeBlock ? kTileThreads : kWarp,
                             [&](double x) { return WholeBlock ? block_sum(x, parts) : warp_sum(x); });
  if (lane == 0) {
    codes.mean[b] = size.mean;
    codes.norm[b] = size.norm;
    codes.scale[b] = kernel_scale(codes.kernel, size.norm);
  }
}

// A block centres 32 entries of 256 codes, a warp every eighth: reads u once, and 32 codes, whose mean is c, once more;
// writes vc; 3 operations in double and 2 conversions for each. The first block notes the units.
template <class T>
__global__ void __launch_bounds__(kTileThreads, 2) centre(Codes codes, const T* u) {
  constexpr int kWarps = kTileThreads / kWarp;
  __shared__ double parts[kWarps][kWarp + 1], longest[kWarps];
  int lane = static_cast<int>(threadIdx.x % kWarp), warp = static_cast<int>(threadIdx.x / kWarp);
  bool cosine = codes.kernel == KIB_COSINE;
  double most = 0;
  for (int64_t b = threadIdx.x; b < codes.batch && !cosine; b += kTileThreads) most = fmax(most, codes.norm[b]);
#pragma unroll
  for (int distance = kWarp / 2; distance > 0; distance /= 2)
    most = fmax(most, __shfl_xor_sync(0xFFFFFFFFu, most, distance));
  if (lane == 0) longest[warp] = most;
  __syncthreads();
  for (int i = 0; i < kWarps; i++) most = fmax(most, longest[i]);
  Units units = Units::of(codes.kernel, codes.widths.sigma, most);
  if (blockIdx.x == 0 && blockIdx.y == 0 && threadIdx.x == 0) *codes.units = units;

  int64_t g = static_cast<int64_t>(blockIdx.x) * kWarp + lane;
  double inverse = 1 / units.unit;
  int64_t count = codes.batch < kPointSamples ? codes.batch : kPointSamples;
  double sum = 0;  // a lane reads means and scales of one of a warp's codes, for all lanes
  int64_t sampled = warp + lane * kWarps < count ? (warp + lane * kWarps) * codes.batch / count : 0;
  double means = codes.mean[sampled], scales = cosine ? codes.scale[sampled] : inverse;
  for (int64_t s = warp, r = 0; s < count; s += kWarps, r++) {
    double mean = __shfl_sync(0xFFFFFFFFu, means, r), scale = __shfl_sync(0xFFFFFFFFu, scales, r);
    if (g < codes.width) sum += (load(u[s * codes.batch / count * codes.width + g]) - mean) * scale;
  }
  parts[warp][lane] = sum;
  __syncthreads();
  sum = 0;
  for (int i = 0; i < kWarps; i++) sum += parts[i][lane];
  float c = static_cast<float>(sum / static_cast<double>(count));
  if (blockIdx.y == 0 && warp == 0 && g < codes.pitch) codes.c[g] = c;

  static_assert(kRowsOfStrip == kWarps * kWarp, "a lane for each code");
  int64_t first = static_cast<int64_t>(blockIdx.y) * kRowsOfStrip + warp, own = first + lane * kWarps;
  means = own < codes.batch ? codes.mean[own] : 0;
  scales = cosine && own < codes.batch ? codes.scale[own] : inverse;
  int rows = codes.batch - first < kRowsOfStrip ? static_cast<int>(codes.batch - first) : kRowsOfStrip;
  const T* from = u + first * codes.width + g;
  float* to = codes.vc + first * codes.pitch + g;
  for (int r = 0; r * kWarps < rows; r++, from += kWarps * codes.width, to += kWarps * codes.pitch) {
    double mean = __shfl_sync(0xFFFFFFFFu, means, r), scale = __shfl_sync(0xFFFFFFFFu, scales, r);
    double v = g < codes.width ? (load(*from) - mean) * scale - static_cast<double>(c) : 0;
    if (g < codes.pitch) *to = static_cast<float>(v);
  }
}

}  // namespace
}  // namespace kib::cuda
#endif
