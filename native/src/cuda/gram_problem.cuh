// The gradient through Gram matrices, tiled: what its launches know, how a batch is cut, and tiles of matrices.
#ifndef KIB_CUDA_GRAM_PROBLEM_CUH
#define KIB_CUDA_GRAM_PROBLEM_CUH
#include <algorithm>

#include "gram_tiles.cuh"

namespace kib::cuda {
namespace {

constexpr int64_t kNarrow = 128;       // entries of codes whose Gram matrix is computed twice
constexpr int64_t kBlocks = 256;       // that a launch should have: about two for each multiprocessor of a large card
constexpr int64_t kShortest = 1024;    // entries of a piece
constexpr int64_t kTilesOfSplit = 16;  // whose products are added up in single precision

// What all launches of a gradient know.
struct Problem {
  kib_objective_spec spec;
  kib_teaching teaching;
  Codes codes, targets;
  int64_t tiles, pairs, pieces, piece, splits, kept_pitch;
  float *kept_k, *kept_l;     // [B, kept_pitch] of wide codes; of K with several widths squared distances
  float *partials, *p;        // [pieces, pairs, 64, 64] and [pieces, B], of more than one piece
  double *k_rows, *l_rows;    // [tiles, B]
  double *k_means, *l_means;  // [B]
  double *k_total, *l_total;  // [blocks of means]
  float* products;            // [splits, B, pitch], of more than one split
  float *row_sums, *k_sums;   // [splits, B]
  double *zz, *yz;            // [splits, tiles]

  __host__ __device__ bool kept() const { return codes.width > kNarrow; }
  __host__ __device__ int64_t mean_blocks() const { return (spec.batch + kTileThreads - 1) / kTileThreads; }
  // Whether what a code pulls another by is not to be had from K.
  __host__ __device__ bool several() const { return spec.kernel == KIB_GAUSSIAN && spec.widths.count > 1; }
  __device__ bool phsic() const { return spec.estimator == KIB_PHSIC; }
  __device__ double l_gram() const { return teaching.targets != nullptr ? targets.units->gram : 1; }

  // Memory for target vectors and a kept L is always taken: sizes do not say whether there are any.
  static Problem take(Arena& arena, const kib_objective_spec& spec, const kib_teaching& teaching) {
    Problem all{};
    int64_t batch = spec.batch, width = spec.width;
    all.spec = spec;
    all.teaching = teaching;
    all.codes = Codes::take(arena, batch, width, spec.kernel, spec.widths);
    all.targets = Codes::take(arena, batch, std::max<int64_t>(teaching.outputs, 1), teaching.kernel, teaching.widths);
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
__device__ float4 quad(const float (&x)[4]) { return make_float4(x[0], x[1], x[2], x[3]); }

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

}  // namespace
}  // namespace kib::cuda
#endif
