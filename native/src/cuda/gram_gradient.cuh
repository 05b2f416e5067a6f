// The gradient through Gram matrices, tiled: S, its product with the codes, and the objective.
#ifndef KIB_CUDA_GRAM_GRADIENT_CUH
#define KIB_CUDA_GRAM_GRADIENT_CUH
#include "gram_problem.cuh"
#include "meter.cuh"

namespace kib::cuda {
namespace {

// What gradient keeps beside a tile's codes.
struct GradientMemory {
  float s[kTile][kRow];
  float k_rows[kTile], l_rows[kTile];    // of a tile's rows: by what their means differ from the whole's
  float row_sums[kTile], k_sums[kTile];  // of the block's columns: of S, and of S K less a constant
  RowFactors factors[kTile];
  double parts[kWarp];
  Units units;  // in registers they would be spilled
};

// By what a sample's mean differs from the whole's, which HSIC takes off: 0 for pHSIC.
__device__ float moved_mean(const double* means, double total, int64_t sample, const Problem& all) {
  return all.phsic() || sample >= all.spec.batch ? 0 : static_cast<float>(means[sample] - total);
}

// to [64] = the sum over ty of four numbers for each of 64 columns.
__device__ void add_up_columns(float* to, const float (&x)[4], TileMemory& memory, const Place& at) {
  auto parts = memory.rows();
#pragma unroll
  for (int c = 0; c < 4; c++) parts[at.ty][at.column(c)] = x[c];
  __syncthreads();
  if (threadIdx.x < kTile) {
    float sum = 0;
    for (int t = 0; t < 16; t++) sum += parts[t][threadIdx.x];
    to[threadIdx.x] = sum;
  }
  __syncthreads();
}

// The sums over K and L, of all their entries, that a block adds up by itself.
struct Totals {
  double k = 0, l = 0;

  __device__ explicit Totals(const Problem& all) {
    for (int64_t t = 0; t < all.mean_blocks(); t++) k += all.k_total[t], l += all.l_total[t];
  }
};

// A block multiplies S of 64 columns and a split of the rows, tile by tile, by 64 entries of the codes: reads vc B / 64
// times (wide codes: K), and writes du where there is one split, else the splits' products; B^2 (G + G) fused
// multiply-adds, B^2 G for wide codes.
// With several widths entries are made of squared distances where they are used, since what pulls is not to be had from
// them.
template <class T, bool Several>
__global__ void __launch_bounds__(kTileThreads, 2) gradient(Problem all, T* du) {
  __shared__ TileMemory memory;
  __shared__ GradientMemory kept;
  int64_t batch = all.spec.batch, pitch = all.codes.pitch, g0 = static_cast<int64_t>(blockIdx.z) * kTile;
  int64_t i0 = static_cast<int64_t>(blockIdx.x) * kTile, split = blockIdx.y;
  Totals totals(all);
  if (Several && threadIdx.x == 0) kept.units = *all.codes.units;
  Factors factors = Factors::of(all.spec, *all.codes.units, all.l_gram());
  float gram = static_cast<float>(all.codes.units->gram);
  float zz = 0, yz = 0, row_sum[4] = {}, k_sum[4] = {}, product[4][4] = {}, k_columns[4], l_columns[4];
  bool gaussian = all.spec.kernel == KIB_GAUSSIAN;
#pragma unroll
  for (int c = 0; c < 4; c++) {
    int64_t i = i0 + threadIdx.x % 16 * 4 + c;
    k_columns[c] = moved_mean(all.k_means, totals.k, i, all) + static_cast<float>(totals.k);
    l_columns[c] = moved_mean(all.l_means, totals.l, i, all) + static_cast<float>(totals.l);
  }
  for (int64_t tile = all.tiles * split / all.splits; tile < all.tiles * (split + 1) / all.splits; tile++) {
    Place at(tile * kTile, i0, batch);
    if (threadIdx.x < kTile) {
      kept.k_rows[threadIdx.x] = moved_mean(all.k_means, totals.k, at.j0 + threadIdx.x, all);
      kept.l_rows[threadIdx.x] = moved_mean(all.l_means, totals.l, at.j0 + threadIdx.x, all);
    }
    __syncthreads();
    float k[4][4], l[4][4];
    if (all.kept())
      load_kept(k, all.kept_k, all, at);
    else if (Several)
      raw_tile<true>(k, memory, all.codes, at, 0, all.codes.pitch);
    else
      gram_tile(k, memory, all.codes, at, all.phsic());
#pragma unroll
    for (int r = 0; r < 4; r++)  // a thread leaves its own entries in S's place: registers are scarce
      *reinterpret_cast<float4*>(&kept.s[at.row(r)][at.column(0)]) = quad(k[r]);
    if (all.kept() && all.teaching.targets != nullptr)
      load_kept(l, all.kept_l, all, at);
    else
      teaching_tile(l, memory, all, at);
#pragma unroll
    for (int r = 0; r < 4; r++) {
      float4 entries = *reinterpret_cast<const float4*>(&kept.s[at.row(r)][at.column(0)]);
      k[r][0] = entries.x, k[r][1] = entries.y, k[r][2] = entries.z, k[r][3] = entries.w;
      float k_row = kept.k_rows[at.row(r)], l_row = kept.l_rows[at.row(r)], weights[4];
#pragma unroll
      for (int c = 0; c < 4; c++) {
        float entry = k[r][c], pull = 0;
        if (Several) {
          Gaussian both = kept.units.gaussian_and_pull(entry, all.codes.widths);
          entry = at.on_diagonal(r, c) ? 0 : both.entry, pull = both.pull;
        }
        float ke = (entry - k_columns[c]) - k_row, le = (l[r][c] - l_columns[c]) - l_row;
        float weight = factors.of_k * ke + factors.of_l * le;
        if (!Several) pull = gram * entry + 1;
        if (gaussian) weight = at.on_diagonal(r, c) ? 0 : weight * pull;  // none pulls itself
        bool inside = at.inside(r, c);
        weight = inside ? weight : 0;
        zz += inside ? ke * ke : 0;
        yz += inside ? le * ke : 0;
        row_sum[c] += weight;
        k_sum[c] += weight * entry;
        weights[c] = weight;
      }
      *reinterpret_cast<float4*>(&kept.s[at.row(r)][at.column(0)]) = quad(weights);
    }
    for (unsigned e = threadIdx.x; e < kTile * kTile / 4; e += kTileThreads) {
      int64_t j = at.j0 + e / 16, g = g0 + e % 16 * 4;
      float4 v = make_float4(0, 0, 0, 0);
      if (j < batch && g < pitch) v = *reinterpret_cast<const float4*>(all.codes.vc + j * pitch + g);
      *reinterpret_cast<float4*>(&memory.rows()[e / 16][e % 16 * 4]) = v;
    }
    __syncthreads();
    add_products<false>(product, kept.s, memory.rows(), kTile);
    __syncthreads();
  }

  Place at(0, i0, batch);
  add_up_columns(kept.row_sums, row_sum, memory, at);
  add_up_columns(kept.k_sums, k_sum, memory, at);
  int column = static_cast<int>(threadIdx.x);
  if (blockIdx.z == 0) {
    double all_zz = block_sum<double>(zz, kept.parts), all_yz = block_sum<double>(yz, kept.parts);
    if (column == 0) {
      all.zz[split * all.tiles + blockIdx.x] = all_zz;
      all.yz[split * all.tiles + blockIdx.x] = all_yz;
    }
    if (all.splits > 1 && column < at.columns) {
      all.row_sums[split * batch + i0 + column] = kept.row_sums[column];
      all.k_sums[split * batch + i0 + column] = kept.k_sums[column];
    }
  }
  float* products = all.products + (split * batch + i0) * pitch + g0 + at.column(0);
  if (all.splits > 1) {
#pragma unroll
    for (int r = 0; r < 4; r++)
      if (at.row(r) < at.columns && g0 + at.column(0) < pitch) store_wide(products + at.row(r) * pitch, product[r]);
    return;
  }
  if (column < at.columns)
    kept.factors[column] = RowFactors::of(all.spec, *all.codes.units, factors.s_unit, all.codes.norm[i0 + column],
                                          kept.row_sums[column], kept.k_sums[column]);
  __syncthreads();
  int64_t g = g0 + at.column(0), width = all.spec.width;
  if (g >= width) return;
  float4 c = *reinterpret_cast<const float4*>(all.codes.c + g);
  bool whole = in_quads(du, width);
#pragma unroll
  for (int r = 0; r < 4; r++) {
    int64_t i = i0 + at.row(r);
    if (i >= batch) continue;
    float4 vc = *reinterpret_cast<const float4*>(all.codes.vc + i * pitch + g);
    kept.factors[at.row(r)].write(du + i * width + g, whole, width - g, product[r], c, vc);
  }
}

// The last block adds up the objective; a warp of the others finishes a sample: reads the splits' products and vc
// once, writes du.
template <class T>
__global__ void __launch_bounds__(kTileThreads) finish(Problem all, T* du, double* value, kib_meter meter) {
  __shared__ double parts[kWarp];
  Units units = *all.codes.units;
  int64_t batch = all.spec.batch, pitch = all.codes.pitch;
  if (blockIdx.x == gridDim.x - 1) {
    double zz = 0, yz = 0, n = static_cast<double>(batch);
    for (int64_t t = threadIdx.x; t < all.splits * all.tiles; t += kTileThreads) zz += all.zz[t], yz += all.yz[t];
    zz = block_sum(zz, parts);
    yz = block_sum(yz, parts);
    if (threadIdx.x != 0) return;
    set_value(value, zz / n / n * units.gram * units.gram, yz / n / n * units.gram * all.l_gram(), all.spec.gamma);
    add_loss(meter, n * value[0]);
    return;
  }
  int64_t i = static_cast<int64_t>(blockIdx.x) * (kTileThreads / kWarp) + threadIdx.x / kWarp;
  if (i >= batch) return;
  float row_sum = 0, k_sum = 0;
  for (int64_t split = 0; split < all.splits; split++) {
    row_sum += all.row_sums[split * batch + i];
    k_sum += all.k_sums[split * batch + i];
  }
  Factors factors = Factors::of(all.spec, units, all.l_gram());
  RowFactors row = RowFactors::of(all.spec, units, factors.s_unit, all.codes.norm[i], row_sum, k_sum);
  int64_t width = all.spec.width, splits = all.splits, stride = batch * pitch;
  bool whole = in_quads(du, width);
  for (int64_t g = threadIdx.x % kWarp * 4; g < width; g += kWarp * 4) {
    const float* from = all.products + i * pitch + g;
    float product[4] = {};
    for (int64_t split = 0; split < splits; split++, from += stride) {
      float4 x = *reinterpret_cast<const float4*>(from);
      product[0] += x.x, product[1] += x.y, product[2] += x.z, product[3] += x.w;
    }
    float4 c = *reinterpret_cast<const float4*>(all.codes.c + g);
    float4 vc = *reinterpret_cast<const float4*>(all.codes.vc + i * pitch + g);
    row.write(du + i * width + g, whole, width - g, product, c, vc);
  }
}

}  // namespace
}  // namespace kib::cuda
#endif
