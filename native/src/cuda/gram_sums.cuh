// The gradient through Gram matrices, tiled: K and L, tile by tile, and the means of their rows.
#ifndef KIB_CUDA_GRAM_SUMS_CUH
#define KIB_CUDA_GRAM_SUMS_CUH
#include "gram_problem.cuh"

namespace kib::cuda {
namespace {

// Tile number n of those on and above the diagonal.
__device__ Place pair_place(int64_t n, int64_t batch) {
  int64_t i = static_cast<int64_t>((sqrt(8 * static_cast<double>(n) + 1) - 1) / 2);
  while (i * (i + 1) / 2 > n) i--;
  while ((i + 1) * (i + 2) / 2 <= n) i++;
  return Place((n - i * (i + 1) / 2) * kTile, i * kTile, batch);
}

// A block multiplies a piece of 64 codes by that of 64 others: of B^2 G / 2 products, by tiles that are read B / 64
// times; writes pieces B^2 / 2 sums.
__global__ void __launch_bounds__(kTileThreads, 2) products(Problem all) {
  __shared__ TileMemory memory;
  Place at = pair_place(blockIdx.x, all.spec.batch);
  int64_t begin = blockIdx.y * all.piece, end = begin + all.piece;
  if (end > all.codes.pitch) end = all.codes.pitch;
  float k[4][4];
  if (all.codes.kernel == KIB_GAUSSIAN)
    raw_tile<true>(k, memory, all.codes, at, begin, end);
  else
    raw_tile<false>(k, memory, all.codes, at, begin, end);
  float* tile = all.partials + (blockIdx.y * all.pairs + blockIdx.x) * kTile * kTile;
#pragma unroll
  for (int r = 0; r < 4; r++) store_wide(tile + at.row(r) * kTile + at.column(0), k[r]);
  int code = static_cast<int>(threadIdx.x);
  if (all.codes.kernel != KIB_GAUSSIAN && at.j0 == at.i0 && code < at.rows)
    all.p[blockIdx.y * all.spec.batch + at.j0 + code] = memory.p[code];
}

// A tile of K from what products left, but for finish_entries.
__device__ void add_pieces(float (&k)[4][4], TileMemory& memory, const Problem& all, const Place& at) {
  float p = 0;
  int code = static_cast<int>(threadIdx.x) % kTile;
  bool of_rows = threadIdx.x < kTile;
  bool has_p = all.codes.kernel != KIB_GAUSSIAN && threadIdx.x < 2 * kTile && code < (of_rows ? at.rows : at.columns);
  const float* p_piece = all.p + (of_rows ? at.j0 : at.i0) + code;
  const float* tile = all.partials + static_cast<int64_t>(blockIdx.x) * kTile * kTile;
#pragma unroll
  for (int e = 0; e < 16; e++) k[e / 4][e % 4] = 0;
  for (int64_t piece = 0; piece < all.pieces; piece++) {
#pragma unroll
    for (int r = 0; r < 4; r++) {
      float4 v = *reinterpret_cast<const float4*>(tile + at.row(r) * kTile + at.column(0));
      k[r][0] += v.x, k[r][1] += v.y, k[r][2] += v.z, k[r][3] += v.w;
    }
    tile += all.pairs * kTile * kTile;
    if (has_p) p += p_piece[piece * all.spec.batch];
  }
  if (threadIdx.x < 2 * kTile) memory.p[threadIdx.x] = p;
  __syncthreads();
  finish_p(memory, all.codes, at, all.phsic());
}

// Writes the sums of a tile's columns to rows[j tile] and, off the diagonal, those of its rows to rows[i tile].
__device__ void write_sums(double* rows, const float (&k)[4][4], TileMemory& memory, const Problem& all,
                           const Place& at) {
  auto parts = memory.rows();
#pragma unroll
  for (int e = 0; e < 4; e++) {
    float column = 0, row = 0;
#pragma unroll
    for (int f = 0; f < 4; f++) {
      column += at.row(f) < at.rows ? k[f][e] : 0;
      row += at.column(f) < at.columns ? k[e][f] : 0;
    }
    parts[at.ty][at.column(e)] = column;
    row = group_sum<16>(row);
    if (at.tx == 0 && at.j0 != at.i0) rows[at.i0 / kTile * all.spec.batch + at.j0 + at.row(e)] = row;
  }
  __syncthreads();
  int i = static_cast<int>(threadIdx.x);
  if (i < at.columns) {
    float sum = 0;
    for (int t = 0; t < 16; t++) sum += parts[t][i];
    rows[at.j0 / kTile * all.spec.batch + at.i0 + i] = sum;
  }
  __syncthreads();
}

// A block forms a tile of K and of L on or above the diagonal: reads vc B / 64 times (or the pieces' sums once), and
// writes B^2 / 64 sums twice, and wide codes' K; B^2 G / 2 fused multiply-adds where there are no pieces.
__global__ void __launch_bounds__(kTileThreads, 2) sums(Problem all) {
  __shared__ TileMemory memory;
  Place at = pair_place(blockIdx.x, all.spec.batch);
  float k[4][4];
  if (all.pieces > 1)
    add_pieces(k, memory, all, at);
  else
    unfinished_tile(k, memory, all.codes, at, all.phsic());
  bool several = all.several();
  if (all.kept() && several) keep(all.kept_k, k, all, at);
  finish_entries(k, memory, all.codes, at);
  __syncthreads();
  if (all.kept() && !several) keep(all.kept_k, k, all, at);
  write_sums(all.k_rows, k, memory, all, at);
  teaching_tile(k, memory, all, at);
  if (all.kept() && all.teaching.targets != nullptr) keep(all.kept_l, k, all, at);
  write_sums(all.l_rows, k, memory, all, at);
}

// A thread adds up a row's sums: reads B^2 / 64 numbers twice. A block adds up those of 256 rows.
__global__ void __launch_bounds__(kTileThreads) means(Problem all) {
  __shared__ double parts[kWarp];
  int64_t i = first_item(), batch = all.spec.batch;
  double n = static_cast<double>(batch), k = 0, l = 0;
  for (int64_t tile = 0; tile < all.tiles && i < batch; tile++) {
    k += all.k_rows[tile * batch + i];
    l += all.l_rows[tile * batch + i];
  }
  if (i < batch) {
    all.k_means[i] = k / n;
    all.l_means[i] = l / n;
  }
  k = block_sum(k, parts);
  l = block_sum(l, parts);
  if (threadIdx.x == 0) {
    all.k_total[blockIdx.x] = k / n / n;
    all.l_total[blockIdx.x] = l / n / n;
  }
}

}  // namespace
}  // namespace kib::cuda
#endif
