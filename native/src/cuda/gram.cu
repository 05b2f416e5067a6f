// The gradient of local objectives through Gram matrices (docs/mathematics.md, sections 3, 4 and 6).
//
// Small batches take one launch, gram_one_block.cuh. Others are tiled, a launch each:
//   measure   each code's mean and length (in double)                        [B]
//   centre    vc = (u - mean) / length - c                                   [B, G]
//   products  (wide codes) sums over pieces of the codes                     [pieces, tiles]
//   sums      row sums of K and L, tile by tile; wide codes' K is kept       [tiles, B]
//   means     of rows, and of all                                            [B]
//   gradient  S of 64 columns by all rows, times vc; narrow codes' K is computed again, since that costs less than
//             to keep B x B numbers: (S vc) of a split of the rows           [splits, B, G]
//   finish    the splits added up: du, the objective, the meter
// Sums have an order that shapes fix alone. Each contract counts what a launch moves and computes, in all.
#include <algorithm>

#include "gram_one_block.cuh"
#include "gram_tiles.cuh"
#include "kib/gram.h"
#include "meter.cuh"

namespace kib::cuda {
namespace {

constexpr int64_t kNarrow = 128;       // entries of codes whose Gram matrix is computed twice
constexpr int64_t kBlocks = 256;       // that a launch should have: about two for each multiprocessor of a large card
constexpr int64_t kShortest = 1024;    // entries of a piece
constexpr int64_t kTilesOfSplit = 16;  // whose products are added up in single precision
constexpr int kRowsOfStrip = 256;      // codes of which a block of centre takes 32 entries

// What all launches of a gradient know.
struct Problem {
  kib_objective_spec spec;
  kib_teaching teaching;
  Codes codes, targets;
  int64_t tiles, pairs, pieces, piece, splits, kept_pitch;
  float *kept_k, *kept_l;     // [B, kept_pitch] of wide codes
  float *partials, *p;        // [pieces, pairs, 64, 64] and [pieces, B], of more than one piece
  double *k_rows, *l_rows;    // [tiles, B]
  double *k_means, *l_means;  // [B]
  double *k_total, *l_total;  // [blocks of means]
  float* products;            // [splits, B, pitch], of more than one split
  float *row_sums, *k_sums;   // [splits, B]
  double *zz, *yz;            // [splits, tiles]

  __host__ __device__ bool kept() const { return codes.width > kNarrow; }
  __host__ __device__ int64_t mean_blocks() const { return (spec.batch + kTileThreads - 1) / kTileThreads; }
  __device__ bool phsic() const { return spec.estimator == KIB_PHSIC; }
  __device__ double l_gram() const { return teaching.targets != nullptr ? targets.units->gram : 1; }

  // Memory for target vectors and a kept L is always taken: sizes do not say whether there are any.
  static Problem take(Arena& arena, const kib_objective_spec& spec, const kib_teaching& teaching) {
    Problem all{};
    int64_t batch = spec.batch, width = spec.width;
    all.spec = spec;
    all.teaching = teaching;
    all.codes = Codes::take(arena, batch, width, spec.kernel, spec.sigma);
    all.targets = Codes::take(arena, batch, std::max<int64_t>(teaching.outputs, 1), teaching.kernel, teaching.sigma);
    all.tiles = divided_up(batch, kTile);
    all.pairs = all.tiles * (all.tiles + 1) / 2;
    int64_t pitch = all.codes.pitch, columns = divided_up(pitch, kTile);
    all.splits = std::clamp<int64_t>(kBlocks / (all.tiles * columns), 1, all.tiles);
    all.kept_pitch = padded_width(batch);
    all.piece = pitch;
    if (all.kept()) {
      all.pieces = std::clamp<int64_t>(kBlocks / all.pairs, 1, divided_up(pitch, kShortest));
      all.piece = divided_up(divided_up(pitch, all.pieces), kBlockSum) * kBlockSum;
      all.kept_k = arena.take<float>(batch * all.kept_pitch);
      all.kept_l = arena.take<float>(batch * all.kept_pitch);
    } else {
      all.splits = std::max(all.splits, divided_up(all.tiles, kTilesOfSplit));
    }
    all.pieces = divided_up(pitch, all.piece);
    if (all.pieces > 1) {
      all.partials = arena.take<float>(all.pieces * all.pairs * kTile * kTile);
      all.p = arena.take<float>(all.pieces * batch);
    }
    all.k_rows = arena.take<double>(all.tiles * batch);
    all.l_rows = arena.take<double>(all.tiles * batch);
    all.k_means = arena.take<double>(batch);
    all.l_means = arena.take<double>(batch);
    all.k_total = arena.take<double>(all.mean_blocks());
    all.l_total = arena.take<double>(all.mean_blocks());
    if (all.splits > 1) {
      all.products = arena.take<float>(all.splits * batch * pitch);
      all.row_sums = arena.take<float>(all.splits * batch);
      all.k_sums = arena.take<float>(all.splits * batch);
    }
    all.zz = arena.take<double>(all.splits * all.tiles);
    all.yz = arena.take<double>(all.splits * all.tiles);
    return all;
  }
};

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
  Units units = Units::of(codes.kernel, codes.sigma, most);
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

// Tile number n of those on and above the diagonal.
__device__ Place pair_place(int64_t n, int64_t batch) {
  int64_t i = static_cast<int64_t>((sqrt(8 * static_cast<double>(n) + 1) - 1) / 2);
  while (i * (i + 1) / 2 > n) i--;
  while ((i + 1) * (i + 2) / 2 <= n) i++;
  return Place((n - i * (i + 1) / 2) * kTile, i * kTile, batch);
}

__device__ float4 quad(const float (&x)[4]) { return make_float4(x[0], x[1], x[2], x[3]); }

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

// A tile of K from what products left.
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
  finish_entries(k, memory, all.codes, at);
  __syncthreads();
}

// A tile of a kept matrix.
__device__ void load_kept(float (&k)[4][4], const float* kept, const Problem& all, const Place& at) {
  const float* from = kept + (at.j0 + at.row(0)) * all.kept_pitch + at.i0 + at.column(0);
#pragma unroll
  for (int r = 0; r < 4; r++) {
    float4 v = make_float4(0, 0, 0, 0);
    if (at.inside(r, 0)) v = *reinterpret_cast<const float4*>(from + r * all.kept_pitch);
    k[r][0] = v.x, k[r][1] = v.y, k[r][2] = v.z, k[r][3] = v.w;
  }
}

// Both ways, since K = K'.
__device__ void keep(float* kept, const float (&k)[4][4], const Problem& all, const Place& at) {
  float* to = kept + (at.j0 + at.row(0)) * all.kept_pitch + at.i0 + at.column(0);
#pragma unroll
  for (int r = 0; r < 4; r++)
    if (at.inside(r, 0)) store_wide(to + r * all.kept_pitch, k[r]);
  if (at.j0 == at.i0) return;
  to = kept + (at.i0 + at.column(0)) * all.kept_pitch + at.j0 + at.row(0);
#pragma unroll
  for (int c = 0; c < 4; c++) {
    const float column[4] = {k[0][c], k[1][c], k[2][c], k[3][c]};
    if (at.inside(0, c)) store_wide(to + c * all.kept_pitch, column);
  }
}

// A tile of L less a constant, over its unit.
__device__ void teaching_tile(float (&l)[4][4], TileMemory& memory, const Problem& all, const Place& at) {
  const kib_teaching& teaching = all.teaching;
  if (teaching.targets != nullptr) return gram_tile(l, memory, all.targets, at, all.phsic());
  if (teaching.similarity != nullptr) {
    const float* from = teaching.similarity + (at.j0 + at.row(0)) * all.spec.batch + at.i0 + at.column(0);
    float first = teaching.similarity[0];
#pragma unroll
    for (int e = 0; e < 16; e++)
      l[e / 4][e % 4] = at.inside(e / 4, e % 4) ? from[e / 4 * all.spec.batch + e % 4] - first : 0;
    return;
  }
  if (threadIdx.x < 2 * kTile) {
    int code = static_cast<int>(threadIdx.x) % kTile;
    bool of_rows = threadIdx.x < kTile;
    bool inside = code < (of_rows ? at.rows : at.columns);
    memory.labels[threadIdx.x] = inside ? teaching.labels[(of_rows ? at.j0 : at.i0) + code] : 0;
  }
  __syncthreads();
  float same = static_cast<float>(teaching.same - teaching.different);
#pragma unroll
  for (int e = 0; e < 16; e++) {
    bool is_same = memory.labels[at.row(e / 4)] == memory.labels[kTile + at.column(e % 4)];
    l[e / 4][e % 4] = is_same ? same : 0;
  }
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
    gram_tile(k, memory, all.codes, at, all.phsic());
  if (all.kept()) keep(all.kept_k, k, all, at);
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

// What gradient keeps beside a tile's codes.
struct GradientMemory {
  float s[kTile][kRow];
  float k_rows[kTile], l_rows[kTile];    // of a tile's rows: by what their means differ from the whole's
  float row_sums[kTile], k_sums[kTile];  // of the block's columns: of S, and of S K less a constant
  RowFactors factors[kTile];
  double parts[kWarp];
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
template <class T>
__global__ void __launch_bounds__(kTileThreads, 2) gradient(Problem all, T* du) {
  __shared__ TileMemory memory;
  __shared__ GradientMemory kept;
  int64_t batch = all.spec.batch, pitch = all.codes.pitch, g0 = static_cast<int64_t>(blockIdx.z) * kTile;
  int64_t i0 = static_cast<int64_t>(blockIdx.x) * kTile, split = blockIdx.y;
  Totals totals(all);
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
        float entry = k[r][c], ke = (entry - k_columns[c]) - k_row, le = (l[r][c] - l_columns[c]) - l_row;
        float weight = factors.of_k * ke + factors.of_l * le;
        if (gaussian) weight = at.on_diagonal(r, c) ? 0 : weight * (gram * entry + 1);  // none pulls itself
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

// Launches one after the other, until one fails.
class Launches {
 public:
  explicit Launches(const kib_queue* queue) : queue_(queue) {}

  template <class... Parameters, class... Arguments>
  void run(const char* name, void (*kernel)(Parameters...), const Grid& grid, Arguments... arguments) {
    if (status_ == KIB_OK) status_ = launch(name, kernel, grid, queue_, arguments...);
  }

  kib_status status() const { return status_; }

 private:
  const kib_queue* queue_;
  kib_status status_ = KIB_OK;
};

unsigned count(int64_t blocks) { return static_cast<unsigned>(blocks); }

template <class T>
void prepare(Launches& launches, const Codes& codes, const T* u, bool centred) {
  constexpr int64_t kLong = 2048;
  if (codes.width >= kLong)
    launches.run("gram.measure", measure<T, true>, {count(codes.batch), kTileThreads}, codes, u, centred);
  else
    launches.run("gram.measure", measure<T, false>,
                 {count(divided_up(codes.batch, kTileThreads / kWarp)), kTileThreads}, codes, u, centred);
  dim3 strips(count(divided_up(codes.pitch, kWarp)), count(divided_up(codes.batch, kRowsOfStrip)));
  launches.run("gram.centre", centre<T>, {strips, kTileThreads}, codes, u);
}

template <class T>
kib_status tiled(T* du, double* value, const T* u, const Problem& all, const kib_meter& meter, const kib_queue* queue) {
  Launches launches(queue);
  prepare(launches, all.codes, u, all.spec.centred != 0);
  if (all.teaching.targets != nullptr) prepare(launches, all.targets, all.teaching.targets, all.teaching.centred != 0);
  if (all.pieces > 1)
    launches.run("gram.products", products, {dim3(count(all.pairs), count(all.pieces)), kTileThreads}, all);
  launches.run("gram.sums", sums, {count(all.pairs), kTileThreads}, all);
  launches.run("gram.means", means, {count(all.mean_blocks()), kTileThreads}, all);
  dim3 blocks(count(all.tiles), count(all.splits), count(divided_up(all.codes.pitch, kTile)));
  launches.run("gram.gradient", gradient<T>, {blocks, kTileThreads}, all, du);
  int64_t rows = all.splits > 1 ? divided_up(all.spec.batch, kTileThreads / kWarp) : 0;
  launches.run("gram.finish", finish<T>, {count(rows + 1), kTileThreads}, all, du, value, meter);
  return launches.status();
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

int64_t kib_objective_gram_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) {
  Arena arena(nullptr);
  Problem::take(arena, *spec, *teaching);
  return arena.taken();
}

kib_status kib_objective_gradient_gram(void* du, double* value, const void* u, const kib_teaching* teaching,
                                       const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                       const kib_queue* queue) {
  kib_status refused = check_dependence(spec->estimator, spec->kernel, teaching->kernel);
  if (refused != KIB_OK) return refused;
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    T* out = static_cast<T*>(du);
    const T* codes = static_cast<const T*>(u);
    OneBlock block = OneBlock::of(*spec, *teaching);
    if (block.fits()) return one_block(out, value, codes, block, by_value(meter), queue);
    Arena arena(workspace);
    return tiled(out, value, codes, Problem::take(arena, *spec, *teaching), by_value(meter), queue);
  });
}
