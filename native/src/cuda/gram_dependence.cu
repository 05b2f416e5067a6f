// HSIC and pHSIC of two variables, in double throughout: asked for now and then, of samples of any size, and never in a
// training step. As in gram_codes.cuh, entries of Gram matrices are formed less a constant; linear ones of samples less
// a point c among them.
#include "codes.cuh"
#include "kib/gram.h"

namespace kib::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;
constexpr int kSide = 32, kEntries = 16;  // samples on a side of a tile, and entries of them at a time
constexpr int kPointSamples = 32;

// One of two variables: its samples as kernels compare them.
struct Variable {
  kib_variable spec;
  int64_t batch;
  double *v, *c, *norm, *p;  // [B, width], [width], [B], [B]

  static Variable take(Arena& arena, const kib_variable& spec, int64_t batch) {
    return {spec,
            batch,
            arena.take<double>(batch * spec.width),
            arena.take<double>(spec.width),
            arena.take<double>(batch),
            arena.take<double>(batch)};
  }
};

// Sums over rows of both Gram matrices and of their product, entry by entry.
struct RowSums {
  double *a, *b, *ab;  // [B]
};

int64_t blocks_of_rows(int64_t batch) { return divided_up(batch, kWarps); }

// The first blocks: a warp measures a sample. The others, of the linear kernel: a warp takes an entry's mean over at
// most 32 samples.
template <class T>
__global__ void __launch_bounds__(kThreads) measure(Variable x, int64_t row_blocks) {
  const T* rows = static_cast<const T*>(x.spec.rows);
  int64_t width = x.spec.width, n = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp;
  unsigned lane = threadIdx.x % kWarp;
  if (blockIdx.x < row_blocks) {
    if (n >= x.batch) return;
    RowSize size = measure_row(rows + n * width, width, false, lane, kWarp, [](double sum) { return warp_sum(sum); });
    if (lane == 0) x.norm[n] = size.norm;
    return;
  }
  int64_t g = n - row_blocks * kWarps, count = x.batch < kPointSamples ? x.batch : kPointSamples;
  if (g >= width) return;
  double sum = warp_sum<double>(lane < count ? load(rows[lane * x.batch / count * width + g]) : 0);
  if (lane == 0) x.c[g] = sum / static_cast<double>(count);
}

// A warp writes a sample: less c with the linear kernel, of length 1 with the cosine kernel; and p.
template <class T>
__global__ void __launch_bounds__(kThreads) prepare(Variable x, int estimator) {
  int64_t width = x.spec.width, b = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp;
  if (b >= x.batch) return;
  const T* row = static_cast<const T*>(x.spec.rows) + b * width;
  bool linear = x.spec.kernel == KIB_LINEAR;
  double scale = kernel_scale(x.spec.kernel, x.norm[b]), p = 0;
  for (int64_t g = threadIdx.x % kWarp; g < width; g += kWarp) {
    double c = linear ? x.c[g] : 0, v = load(row[g]) * scale - c;
    x.v[b * width + g] = v;
    p += c * v;
  }
  p = warp_sum(p);
  if (threadIdx.x % kWarp == 0) x.p[b] = estimator == KIB_PHSIC ? p : 0;
}

// The mean of exp(-distance^2 / (2 sigma^2)) - 1 over the widths.
__device__ double gaussian_less_one(double squared_distance, const kib_widths& widths) {
  double sum = 0;
#pragma unroll 1
  for (int s = 0; s < widths.count; s++) {
    double inverse = 1 / widths.sigma[s];
    sum += expm1(squared_distance * inverse * inverse * -0.5);
  }
  return sum / widths.count;
}

struct Tile {
  double a[kEntries][kSide + 2], b[kEntries][kSide + 2];
};

// k[r][c]: entries of rows i0 + 2 ty + r and columns j0 + 2 tx + c of the Gram matrix, less a constant.
__device__ void gram_tile(double (&k)[2][2], Tile& tile, const Variable& x, int64_t i0, int64_t j0) {
  unsigned tx = threadIdx.x % 16, ty = threadIdx.x / 16;
  int64_t width = x.spec.width;
  bool linear = x.spec.kernel == KIB_LINEAR, cosine = x.spec.kernel == KIB_COSINE;
  k[0][0] = k[0][1] = k[1][0] = k[1][1] = 0;
  for (int64_t g0 = 0; g0 < width; g0 += kEntries) {
    for (unsigned e = threadIdx.x; e < kSide * kEntries; e += kThreads) {
      int64_t sample = e / kEntries, g = e % kEntries;
      bool is_entry = g0 + g < width;
      tile.a[g][sample] = is_entry && i0 + sample < x.batch ? x.v[(i0 + sample) * width + g0 + g] : 0;
      tile.b[g][sample] = is_entry && j0 + sample < x.batch ? x.v[(j0 + sample) * width + g0 + g] : 0;
    }
    __syncthreads();
#pragma unroll 4
    for (int g = 0; g < kEntries; g++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        double a = tile.a[g][2 * ty + e / 2], b = tile.b[g][2 * tx + e % 2], d = a - b;
        k[e / 2][e % 2] += linear ? a * b : d * d;
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int e = 0; e < 4; e++) {
    int64_t i = i0 + 2 * ty + e / 2, j = j0 + 2 * tx + e % 2;
    double& entry = k[e / 2][e % 2];
    if (i >= x.batch || j >= x.batch)
      entry = 0;
    else if (linear)
      entry += x.p[i] + x.p[j];
    else if (cosine)
      entry = x.norm[i] == 0 || x.norm[j] == 0 ? -1 : -0.5 * entry;
    else
      entry = gaussian_less_one(entry, x.spec.widths);
  }
}

// A block sums up 32 rows over all columns: reads both variables B / 32 times; B^2 products in double for each of their
// entries, and no memory of B x B.
__global__ void __launch_bounds__(kThreads, 2) sum_rows(Variable x, Variable y, RowSums sums) {
  __shared__ Tile tile;
  int64_t i0 = static_cast<int64_t>(blockIdx.x) * kSide;
  double a[2] = {}, b[2] = {}, ab[2] = {};
  for (int64_t j0 = 0; j0 < x.batch; j0 += kSide) {
    double k[2][2], l[2][2];
    gram_tile(k, tile, x, i0, j0);
    gram_tile(l, tile, y, i0, j0);
#pragma unroll
    for (int r = 0; r < 2; r++) {
      a[r] += k[r][0] + k[r][1];
      b[r] += l[r][0] + l[r][1];
      ab[r] += k[r][0] * l[r][0] + k[r][1] * l[r][1];
    }
  }
#pragma unroll
  for (int r = 0; r < 2; r++) {
    int64_t i = i0 + 2 * (threadIdx.x / 16) + r;
    double row_a = group_sum<16>(a[r]), row_b = group_sum<16>(b[r]), row_ab = group_sum<16>(ab[r]);
    if (threadIdx.x % 16 == 0 && i < x.batch) sums.a[i] = row_a, sums.b[i] = row_b, sums.ab[i] = row_ab;
  }
}

// One block. pHSIC: mean(A o B) - mean(A) mean(B). HSIC takes off what the means of rows contribute.
__global__ void __launch_bounds__(kThreads) finish(double* value, RowSums sums, int64_t batch, int estimator) {
  __shared__ double parts[kWarp];
  double a = 0, b = 0, ab = 0, rows = 0, n = static_cast<double>(batch);
  for (int64_t i = threadIdx.x; i < batch; i += kThreads) {
    a += sums.a[i];
    b += sums.b[i];
    ab += sums.ab[i];
    rows += sums.a[i] * sums.b[i];
  }
  a = block_sum(a, parts), b = block_sum(b, parts), ab = block_sum(ab, parts), rows = block_sum(rows, parts);
  if (threadIdx.x != 0) return;
  double of_means = a / n * (b / n), dependence = (ab - of_means) / n / n;
  if (estimator == KIB_HSIC) {
    dependence = (ab - 2 * (rows / n) + of_means) / n / n;
    if (dependence < 0) dependence = 0;  // no less in exact arithmetic
  }
  value[0] = dependence;
}

struct All {
  Variable x, y;
  RowSums sums;

  static All take(Arena& arena, const kib_variable& x, const kib_variable& y, int64_t batch) {
    return {Variable::take(arena, x, batch),
            Variable::take(arena, y, batch),
            {arena.take<double>(batch), arena.take<double>(batch), arena.take<double>(batch)}};
  }
};

kib_status compute(double* value, const All& all, int64_t batch, int estimator, const kib_queue* queue) {
  for (const Variable* x : {&all.x, &all.y}) {
    kib_status status = with_type(x->spec.type, [&](auto tag) {
      using T = decltype(tag);
      int64_t rows = blocks_of_rows(batch);
      int64_t columns = x->spec.kernel == KIB_LINEAR ? divided_up(x->spec.width, kWarps) : 0;
      kib_status measured = launch("gram.dependence: measure", measure<T>,
                                   {dim3(static_cast<unsigned>(rows + columns)), kThreads}, queue, *x, rows);
      if (measured != KIB_OK) return measured;
      return launch("gram.dependence: prepare", prepare<T>, {dim3(static_cast<unsigned>(rows)), kThreads}, queue, *x,
                    estimator);
    });
    if (status != KIB_OK) return status;
  }
  kib_status status =
      launch("gram.dependence: sum_rows", sum_rows, {dim3(static_cast<unsigned>(divided_up(batch, kSide))), kThreads},
             queue, all.x, all.y, all.sums);
  if (status != KIB_OK) return status;
  return launch("gram.dependence: finish", finish, {dim3(1), kThreads}, queue, value, all.sums, batch, estimator);
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

int64_t kib_gram_workspace(const kib_variable* x, const kib_variable* y, int64_t batch) {
  Arena arena(nullptr);
  All::take(arena, *x, *y, batch);
  return arena.taken();
}

kib_status kib_gram_dependence(double* value, const kib_variable* x, const kib_variable* y, int64_t batch,
                               int estimator, void* workspace, const kib_queue* queue) {
  kib_status refused = check_dependence(estimator, *x, *y);
  if (refused != KIB_OK) return refused;
  Arena arena(workspace);
  return compute(value, All::take(arena, *x, *y, batch), batch, estimator, queue);
}
