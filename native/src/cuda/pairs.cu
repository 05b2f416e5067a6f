// Sums over pairs of samples (docs/mathematics.md, section 11): entries of Gram matrices in single precision, tile by
// tile, and sums of them in double and of an order that shapes fix alone. Launches of each function:
//   measure, settle, prepare   of each variable: norms [n], its unit, samples over it [n, width]
//   sums, gradient, forms      tiles of 64 rows; where rows are few, columns are split among blocks
//   matrix, shuffled           a Gram matrix in memory, and what permutations take from it
//   finish                     what blocks have summed is added up
#include "pairs_variables.cuh"

namespace kib::cuda {
namespace {

constexpr int64_t kBlocks = 256;    // that a launch should have
constexpr int64_t kMostSplits = 8;  // each of which has sums of its own
constexpr int kMostProducts = 1 + KIB_MOST_VARIABLES;
constexpr int kOrders = 64;  // permutations of a block at a time

int64_t splits_of(int64_t tiles) {
  int64_t wanted = divided_up(kBlocks, tiles), most = tiles < kMostSplits ? tiles : kMostSplits;
  return wanted < most ? wanted : most;
}

// A block adds 64 rows over a split of the columns: n / 64 tiles of all variables. of_products [blocks, 9], of_rows
// [splits, V, n].
__global__ void __launch_bounds__(kThreads, 2)
    pair_sums(double* of_products, double* of_rows, const Variable* all, int count, int64_t n) {
  __shared__ TileMemory memory;
  __shared__ double products[kMostProducts][kThreads], rows[KIB_MOST_VARIABLES][kSide], parts[kWarp];
  int64_t tiles = gridDim.x, splits = gridDim.y, split = blockIdx.y;
  for (int a = 0; a <= count; a++) products[a][threadIdx.x] = 0;
  for (unsigned e = threadIdx.x; e < KIB_MOST_VARIABLES * kSide; e += kThreads) rows[e / kSide][e % kSide] = 0;
  for (int64_t tile = tiles * split / splits; tile < tiles * (split + 1) / splits; tile++) {
    Place at(blockIdx.x, tile, n, n);
    float product[4][4];
#pragma unroll
    for (int e = 0; e < 16; e++) product[e / 4][e % 4] = at.on_diagonal(e / 4, e % 4) ? 0 : 1;
#pragma unroll 1
    for (int v = 0; v < count; v++) {
      float k[4][4], squares = 0;
      entries<false>(k, k, memory, all[v], all[v], at);
#pragma unroll
      for (int r = 0; r < 4; r++) {
        float row = 0;
#pragma unroll
        for (int c = 0; c < 4; c++) {
          float entry = at.on_diagonal(r, c) ? 0 : k[r][c];
          row += entry;
          squares = fmaf(entry, entry, squares);
          product[r][c] *= entry;
        }
        double of_row = group_sum<16>(static_cast<double>(row));
        if (at.tx == 0) rows[v][4 * at.ty + r] += of_row;
      }
      products[1 + v][threadIdx.x] += static_cast<double>(squares);
    }
    float sum = 0;
#pragma unroll
    for (int e = 0; e < 16; e++) sum += product[e / 4][e % 4];
    products[0][threadIdx.x] += static_cast<double>(sum);
  }
  __syncthreads();
  for (int a = 0; a <= count; a++) {
    double sum = block_sum(products[a][threadIdx.x], parts);
    if (threadIdx.x == 0) of_products[(split * tiles + blockIdx.x) * kMostProducts + a] = sum;
  }
  for (unsigned e = threadIdx.x; e < static_cast<unsigned>(count) * kSide; e += kThreads) {
    int64_t i = static_cast<int64_t>(blockIdx.x) * kSide + e % kSide;
    if (i < n) of_rows[(split * count + e / kSide) * n + i] = rows[e / kSide][e % kSide];
  }
}

// The first block adds up products, the others rows.
__global__ void __launch_bounds__(kThreads)
    finish_sums(double* products, double* rows, double* diagonals, const double* of_products, const double* of_rows,
                const Variable* all, int count, int64_t n, int64_t blocks, int64_t splits) {
  __shared__ double parts[kWarp];
  if (blockIdx.x == 0) {
    for (int a = 0; a <= count; a++) {
      double sum = 0;
      for (int64_t b = threadIdx.x; b < blocks; b += kThreads) sum += of_products[b * kMostProducts + a];
      sum = block_sum(sum, parts);
      double scale = a == 0 ? scale_of(all, 0, count) : all[a - 1].scale() * all[a - 1].scale();
      if (threadIdx.x == 0) products[a] = scale * sum;
    }
    return;
  }
  int64_t e = static_cast<int64_t>(blockIdx.x - 1) * kThreads + threadIdx.x;
  if (e >= count * n) return;
  double sum = 0;
  for (int64_t split = 0; split < splits; split++) sum += of_rows[split * count * n + e];
  rows[e] = sum * all[e / n].scale();
  diagonals[e] = all[e / n].diagonal(e % n);
}

// A gradient's settings in single precision: dF/dK = unit (product L + own K + w_i + w_j), in units of entries.
struct Pulls {
  double unit;
  float product, own;
};

// One block. w [n].
__global__ void __launch_bounds__(kThreads) settle_pulls(Pulls* pulls, float* w, const Variable* all, int count,
                                                         const double* scales, const double* weights, int64_t n) {
  __shared__ double parts[kWarps];
  double product = scales[0] * scale_of(all, 1, count), own = scales[1] * all->scale();
  double most = fmax(fabs(product), fabs(own));
  for (int64_t i = threadIdx.x; i < n; i += kThreads) most = fmax(most, fabs(weights[i]));
  double unit = power_of_two(block_max(most, parts));
  for (int64_t i = threadIdx.x; i < n; i += kThreads) w[i] = static_cast<float>(weights[i] / unit);
  if (threadIdx.x == 0) *pulls = {unit, static_cast<float>(product / unit), static_cast<float>(own / unit)};
}

// to[sample][g]: entries g0 ... g0 + 63 of 64 rows of numbers [n, pitch], 0 outside.
__device__ void load_rows(float (&to)[kSide][kRow], const float* numbers, int64_t first, int64_t n, int64_t g0,
                          int64_t width) {
  for (unsigned e = threadIdx.x; e < kSide * kSide; e += kThreads) {
    int64_t row = first + e / kSide, g = g0 + e % kSide;
    to[e / kSide][e % kSide] = row < n && g < width ? numbers[row * width + g] : 0;
  }
}

// A block computes P = dF/dK slope of 64 rows and a split of the columns, and adds sum_j P_ij (z_j - z_i), or P_ij z_j
// with the linear kernel: 64 terms in single precision, then in double. to [splits, n, pitch].
__global__ void __launch_bounds__(kThreads, 2)
    pair_gradient(double* to, const Variable* all, int count, const Pulls* pulls, const float* w, int64_t n) {
  __shared__ TileMemory memory;
  __shared__ float p[kSide][kRow];  // one column below the other
  const Variable& x = *all;
  int64_t tiles = gridDim.x, splits = gridDim.y, split = blockIdx.y, first = tiles * split / splits;
  bool difference = !x.linear();
  to += split * n * x.pitch;
  for (int64_t tile = first; tile < tiles * (split + 1) / splits; tile++) {
    Place at(blockIdx.x, tile, n, n);
    // Each thread keeps the product of the others' entries where its part of P will be: registers are short.
    auto own_part = [&](int e) -> float& { return p[4 * at.tx + e % 4][4 * at.ty + e / 4]; };
#pragma unroll
    for (int e = 0; e < 16; e++) own_part(e) = pulls->product;
#pragma unroll 1
    for (int v = 1; v < count; v++) {
      float l[4][4];
      entries<false>(l, l, memory, all[v], all[v], at);
#pragma unroll
      for (int e = 0; e < 16; e++) own_part(e) *= l[e / 4][e % 4];
    }
    float k[4][4], slope[4][4];
    entries<true>(k, slope, memory, x, x, at);
#pragma unroll
    for (int e = 0; e < 16; e++) {
      int r = e / 4, c = e % 4;
      bool counts = at.inside(r, c) && !at.on_diagonal(r, c);
      float both = counts ? w[at.row(r)] + w[at.column(c)] : 0;
      float s = (fmaf(pulls->own, k[r][c], own_part(e)) + both) * slope[r][c];
      own_part(e) = counts ? s : 0;
    }
    for (int64_t g0 = 0; g0 < x.pitch; g0 += kSide) {
      __syncthreads();
      load_rows(memory.rows, x.z, at.j0, n, g0, x.pitch);
      __syncthreads();
      float sum[4][4] = {}, own[4][4];
#pragma unroll
      for (int e = 0; e < 16; e++) {
        int64_t i = at.row(e / 4), g = g0 + 4 * at.tx + e % 4;
        own[e / 4][e % 4] = difference && i < n && g < x.pitch ? x.z[i * x.pitch + g] : 0;
      }
#pragma unroll 4
      for (int j = 0; j < kSide; j++) {
        float4 left = *reinterpret_cast<const float4*>(&p[j][4 * at.ty]);
        float4 right = *reinterpret_cast<const float4*>(&memory.rows[j][4 * at.tx]);
        const float weight[4] = {left.x, left.y, left.z, left.w}, other[4] = {right.x, right.y, right.z, right.w};
#pragma unroll
        for (int e = 0; e < 16; e++)
          sum[e / 4][e % 4] = fmaf(weight[e / 4], other[e % 4] - own[e / 4][e % 4], sum[e / 4][e % 4]);
      }
#pragma unroll
      for (int e = 0; e < 16; e++) {
        int64_t i = at.row(e / 4), g = g0 + 4 * at.tx + e % 4;
        if (i >= n || g >= x.pitch) continue;
        double* target = to + i * x.pitch + g;
        *target = (tile == first ? 0 : *target) + static_cast<double>(sum[e / 4][e % 4]);
      }
    }
    __syncthreads();
  }
}

// A warp finishes a sample: the sums of splits, what is not along a sample of the cosine kernel, and units.
__global__ void __launch_bounds__(kThreads) finish_gradient(float* dx, const double* sums, const Variable* variable,
                                                            const Pulls* pulls, const double* own, int64_t splits) {
  const Variable& x = *variable;
  int64_t i = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp, width = x.spec.width;
  if (i >= x.n) return;
  const float *z = x.z + i * x.pitch, *row = static_cast<const float*>(x.spec.rows) + i * width;
  auto total = [&](int64_t g) {
    double sum = 0;
    for (int64_t split = 0; split < splits; split++) sum += sums[(split * x.n + i) * x.pitch + g];
    return sum;
  };
  double along = 0, factor = 2 * pulls->unit / x.unit, itself = 0;
  if (x.linear()) factor = 2 * pulls->unit * x.unit, itself = 2 * own[i];
  if (x.cosine()) {
    factor = 2 * pulls->unit * kernel_scale(KIB_COSINE, x.norm[i]);
    for (int64_t g = threadIdx.x % kWarp; g < width; g += kWarp) along += total(g) * static_cast<double>(z[g]);
    along = warp_sum(along);
  }
  for (int64_t g = threadIdx.x % kWarp; g < width; g += kWarp)
    dx[i * width + g] = static_cast<float>(factor * (total(g) - along * static_cast<double>(z[g])) +
                                           (itself == 0 ? 0 : itself * static_cast<double>(row[g])));
}

// A block multiplies M, the product of entries less shifts, of 64 rows and of every splits'th tile of columns up to the
// diagonal, by the weights of columns and of rows. to [blocks, forms]. Half of what lies on the diagonal counts.
__global__ void __launch_bounds__(kThreads, 2)
    pair_forms(double* to, const Variable* all, int count, const double* shifts, const float* w, int64_t forms,
               int diagonal, int64_t n) {
  __shared__ TileMemory memory;
  __shared__ float m[kSide][kRow];  // one column below the other
  __shared__ double parts[kWarps][kSide];
  to += (static_cast<int64_t>(blockIdx.y) * gridDim.x + blockIdx.x) * forms;
  for (int64_t f = threadIdx.x; f < forms; f += kThreads) to[f] = 0;
  for (int64_t tile = blockIdx.y; tile <= blockIdx.x; tile += gridDim.y) {
    Place at(blockIdx.x, tile, n, n);
    auto own_part = [&](int e) -> float& { return m[4 * at.tx + e % 4][4 * at.ty + e / 4]; };
#pragma unroll
    for (int e = 0; e < 16; e++) {
      bool on = at.on_diagonal(e / 4, e % 4), below = at.column(e % 4) < at.row(e / 4);
      own_part(e) = !at.inside(e / 4, e % 4) ? 0 : below ? 1 : on && diagonal != 0 ? 0.5f : 0;
    }
#pragma unroll 1
    for (int v = 0; v < count; v++) {
      float k[4][4], rows[4], columns[4];
      entries<false>(k, k, memory, all[v], all[v], at);
      double inverse = 1 / all[v].scale();
#pragma unroll
      for (int e = 0; e < 4; e++) {
        rows[e] = at.row(e) < n ? static_cast<float>(shifts[v * n + at.row(e)] * inverse) : 0;
        columns[e] = at.column(e) < n ? static_cast<float>(shifts[v * n + at.column(e)] * inverse) : 0;
      }
#pragma unroll
      for (int e = 0; e < 16; e++) own_part(e) *= k[e / 4][e % 4] - rows[e / 4] - columns[e % 4];
    }
    for (int64_t f0 = 0; f0 < forms; f0 += kSide) {
      __syncthreads();
      load_rows(memory.rows, w, at.j0, n, f0, forms);
      __syncthreads();
      float sum[4][4] = {};
#pragma unroll 4
      for (int j = 0; j < kSide; j++) {
        float4 left = *reinterpret_cast<const float4*>(&m[j][4 * at.ty]);
        float4 right = *reinterpret_cast<const float4*>(&memory.rows[j][4 * at.tx]);
        const float rows[4] = {left.x, left.y, left.z, left.w}, others[4] = {right.x, right.y, right.z, right.w};
#pragma unroll
        for (int e = 0; e < 16; e++) sum[e / 4][e % 4] = fmaf(rows[e / 4], others[e % 4], sum[e / 4][e % 4]);
      }
#pragma unroll
      for (int c = 0; c < 4; c++) {
        int64_t f = f0 + 4 * at.tx + c;
        double form = 0;
#pragma unroll
        for (int r = 0; r < 4; r++)
          if (at.row(r) < n && f < forms)
            form += static_cast<double>(w[at.row(r) * forms + f]) * static_cast<double>(sum[r][c]);
        form += __shfl_xor_sync(0xFFFFFFFFu, form, 16);
        if (threadIdx.x % kWarp < 16) parts[threadIdx.x / kWarp][4 * at.tx + c] = form;
      }
      __syncthreads();
      if (threadIdx.x < kSide && f0 + threadIdx.x < forms) {
        double sum_of_warps = 0;
        for (int warp = 0; warp < kWarps; warp++) sum_of_warps += parts[warp][threadIdx.x];
        to[f0 + threadIdx.x] += sum_of_warps;
      }
    }
    __syncthreads();
  }
}

// values[f] = 2 scale times the sum over blocks of of_blocks[b, f]; NaN where permutes says that f is no permutation.
__global__ void __launch_bounds__(kThreads)
    finish_values(double* values, const double* of_blocks, const Variable* all, int count, const int32_t* permutes,
                  int64_t size, int64_t blocks) {
  int64_t f = first_item();
  if (f >= size) return;
  double sum = 0, scale = 2 * scale_of(all, 0, count);
  for (int64_t b = 0; b < blocks; b++) sum += of_blocks[b * size + f];
  values[f] = permutes == nullptr || permutes[f] != 0 ? scale * sum : nan("");
}

// A block writes 64 x 64 entries of rows and columns: to [n, m], scaled or as tiles have them.
__global__ void __launch_bounds__(kThreads, 2)
    pair_matrix(float* to, const Variable* rows, const Variable* columns, bool scaled) {
  __shared__ TileMemory memory;
  Place at(blockIdx.x, blockIdx.y, rows->n, columns->n);
  float k[4][4];
  entries<false>(k, k, memory, *rows, *columns, at);
  double scale = scaled ? rows->scale() : 1;
#pragma unroll
  for (int e = 0; e < 16; e++)
    if (at.inside(e / 4, e % 4))
      to[at.row(e / 4) * at.m + at.column(e % 4)] = static_cast<float>(scale * static_cast<double>(k[e / 4][e % 4]));
}

// A block looks whether a row of orders [count, n] has each number once. seen [count, n].
__global__ void __launch_bounds__(kThreads)
    check_orders(int32_t* permutes, int32_t* seen, const int32_t* orders, int64_t n) {
  orders += blockIdx.x * n;
  seen += blockIdx.x * n;
  for (int64_t i = threadIdx.x; i < n; i += kThreads) seen[i] = 0;
  __syncthreads();
  int wrong = 0;
  for (int64_t i = threadIdx.x; i < n; i += kThreads) {
    int32_t to = orders[i];
    if (to < 0 || to >= n || atomicAdd(seen + to, 1) != 0) wrong = 1;
  }
  wrong = __syncthreads_or(wrong);
  if (threadIdx.x == 0) permutes[blockIdx.x] = wrong == 0;
}

// A block has 64 x 64 entries of K, j < i, in registers, and adds what 64 permutations put beside them: 4 bytes of L,
// anywhere in its rows, for each entry and permutation. to [tiles (tiles + 1) / 2, count].
__global__ void __launch_bounds__(kThreads, 2)
    pair_shuffled(double* to, const Variable* x, const float* l, const int32_t* orders, const int32_t* permutes,
                  int64_t count, int64_t n) {
  __shared__ TileMemory memory;
  __shared__ double parts[kOrders][kWarps];
  if (blockIdx.y > blockIdx.x) return;
  Place at(blockIdx.x, blockIdx.y, n, n);
  float k[4][4];
  entries<false>(k, k, memory, *x, *x, at);
  for (int64_t p0 = 0; p0 < count; p0 += kOrders) {
    int some = count - p0 < kOrders ? static_cast<int>(count - p0) : kOrders;
    for (int p = 0; p < some; p++) {
      const int32_t* order = orders + (p0 + p) * n;
      float sum = 0;
      if (permutes[p0 + p] != 0) {
#pragma unroll
        for (int r = 0; r < 4; r++) {
          if (at.row(r) >= n) continue;
          const float* row = l + order[at.row(r)] * n;
#pragma unroll
          for (int c = 0; c < 4; c++)
            if (at.column(c) < at.row(r)) sum = fmaf(k[r][c], row[order[at.column(c)]], sum);
        }
      }
      double of_warp = warp_sum(static_cast<double>(sum));
      if (threadIdx.x % kWarp == 0) parts[p][threadIdx.x / kWarp] = of_warp;
    }
    __syncthreads();
    if (threadIdx.x < some) {
      double sum = 0;
      for (int warp = 0; warp < kWarps; warp++) sum += parts[threadIdx.x][warp];
      int64_t i = blockIdx.x, block = i * (i + 1) / 2 + blockIdx.y;
      to[block * count + p0 + threadIdx.x] = sum;
    }
    __syncthreads();
  }
}

// Memory of each function.
struct SumsMemory {
  Variables variables;
  int64_t splits;
  double *products, *rows;

  static SumsMemory take(Arena& arena, const kib_variables& specs, int64_t n) {
    Variables all = Variables::take(arena, specs, n);
    int64_t splits = splits_of(all.tiles);
    return {all, splits, arena.take<double>(all.tiles * splits * kMostProducts),
            arena.take<double>(splits * all.count * n)};
  }
};

struct GradientMemory {
  Variables variables;
  int64_t splits;
  double* sums;
  Pulls* pulls;
  float* w;

  static GradientMemory take(Arena& arena, const kib_variables& specs, int64_t n) {
    Variables all = Variables::take(arena, specs, n);
    int64_t splits = splits_of(all.tiles);
    return {all, splits, arena.take<double>(splits * n * all.of[0].pitch), arena.take<Pulls>(1), arena.take<float>(n)};
  }
};

struct FormsMemory {
  Variables variables;
  int64_t splits;
  double* blocks;

  static FormsMemory take(Arena& arena, const kib_variables& specs, int64_t forms, int64_t n) {
    Variables all = Variables::take(arena, specs, n);
    int64_t splits = splits_of(all.tiles);
    return {all, splits, arena.take<double>(all.tiles * splits * forms)};
  }
};

struct ShuffledMemory {
  Variables variables;
  float* l;
  double* blocks;
  int32_t *permutes, *seen;

  int64_t pairs() const { return variables.tiles * (variables.tiles + 1) / 2; }

  static ShuffledMemory take(Arena& arena, const kib_variables& specs, int64_t count, int64_t n) {
    ShuffledMemory all{Variables::take(arena, specs, n), arena.take<float>(n * n), nullptr, nullptr, nullptr};
    all.blocks = arena.take<double>(all.pairs() * count);
    all.permutes = arena.take<int32_t>(count);
    all.seen = arena.take<int32_t>(count * n);
    return all;
  }
};

struct MatrixMemory {
  Variable* all;
  Variable rows, columns;

  static MatrixMemory take(Arena& arena, const kib_variable& x, const float* z, int64_t n, int64_t m) {
    kib_variable of_z = x;
    of_z.rows = z;
    return {arena.take<Variable>(2), Variable::take(arena, x, n), Variable::take(arena, of_z, m)};
  }
};

template <class Memory, class... Sizes>
int64_t workspace_of(const Sizes&... sizes) {
  Arena arena(nullptr);
  Memory::take(arena, sizes...);
  return arena.taken();
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

int64_t kib_pairs_sums_workspace(const kib_variables* variables, int64_t n) {
  return workspace_of<SumsMemory>(*variables, n);
}

kib_status kib_pairs_sums(double* products, double* rows, double* diagonals, const kib_variables* variables, int64_t n,
                          void* workspace, const kib_queue* queue) {
  kib_status refused = check_variables(*variables);
  if (refused != KIB_OK) return refused;
  Arena arena(workspace);
  SumsMemory s = SumsMemory::take(arena, *variables, n);
  const Variables& all = s.variables;
  Launches launches(queue);
  launches.prepare(all);
  launches.run("pairs.sums", pair_sums, dim3(count(all.tiles), count(s.splits)), s.products, s.rows, all.all, all.count,
               n);
  launches.run("pairs.finish", finish_sums, dim3(count(1 + divided_up(all.count * n, kThreads))), products, rows,
               diagonals, s.products, s.rows, all.all, all.count, n, all.tiles * s.splits, s.splits);
  return launches.status();
}

int64_t kib_pairs_gradient_workspace(const kib_variables* variables, int64_t n) {
  return workspace_of<GradientMemory>(*variables, n);
}

kib_status kib_pairs_gradient(float* dx, const kib_variables* variables, const double* scales, const double* weights,
                              int64_t n, void* workspace, const kib_queue* queue) {
  kib_status refused = check_variables(*variables);
  if (refused != KIB_OK) return refused;
  if (variables->of[0].kernel == KIB_DELTA)
    return kib::refuse(KIB_BAD_ARGUMENT, "have no gradient of the kernel that is 1 where samples are equal");
  Arena arena(workspace);
  GradientMemory s = GradientMemory::take(arena, *variables, n);
  const Variables& all = s.variables;
  Launches launches(queue);
  launches.prepare(all);
  launches.run("pairs.settle", settle_pulls, dim3(1), s.pulls, s.w, all.all, all.count, scales, weights, n);
  launches.run("pairs.gradient", pair_gradient, dim3(count(all.tiles), count(s.splits)), s.sums, all.all, all.count,
               s.pulls, s.w, n);
  launches.run("pairs.finish", finish_gradient, dim3(count(divided_up(n, kWarps))), dx, s.sums, all.all, s.pulls,
               weights + n, s.splits);
  return launches.status();
}

int64_t kib_pairs_forms_workspace(const kib_variables* variables, int64_t count, int64_t n) {
  return workspace_of<FormsMemory>(*variables, count, n);
}

kib_status kib_pairs_forms(double* values, const kib_variables* variables, const double* shifts, const float* weights,
                           int64_t count, int diagonal, int64_t n, void* workspace, const kib_queue* queue) {
  kib_status refused = check_variables(*variables);
  if (refused != KIB_OK) return refused;
  Arena arena(workspace);
  FormsMemory s = FormsMemory::take(arena, *variables, count, n);
  const Variables& all = s.variables;
  Launches launches(queue);
  launches.prepare(all);
  launches.run("pairs.forms", pair_forms, dim3(kib::cuda::count(all.tiles), kib::cuda::count(s.splits)), s.blocks,
               all.all, all.count, shifts, weights, count, diagonal, n);
  launches.run("pairs.finish", finish_values, grid_for(count, kThreads).blocks, values, s.blocks, all.all, all.count,
               nullptr, count, all.tiles * s.splits);
  return launches.status();
}

int64_t kib_pairs_shuffled_workspace(const kib_variables* variables, int64_t count, int64_t n) {
  return workspace_of<ShuffledMemory>(*variables, count, n);
}

kib_status kib_pairs_shuffled(double* values, const kib_variables* variables, const int32_t* permutations,
                              int64_t count, int64_t n, void* workspace, const kib_queue* queue) {
  kib_status refused = check_variables(*variables);
  if (refused != KIB_OK) return refused;
  if (variables->count != 2)
    return kib::refuse(KIB_BAD_ARGUMENT, "permute one of two variables, not of %d", variables->count);
  Arena arena(workspace);
  ShuffledMemory s = ShuffledMemory::take(arena, *variables, count, n);
  const Variables& all = s.variables;
  unsigned tiles = kib::cuda::count(all.tiles);
  Launches launches(queue);
  launches.prepare(all);
  launches.run("pairs.check", check_orders, dim3(kib::cuda::count(count)), s.permutes, s.seen, permutations, n);
  launches.run("pairs.matrix", pair_matrix, dim3(tiles, tiles), s.l, all.all + 1, all.all + 1, false);
  launches.run("pairs.shuffled", pair_shuffled, dim3(tiles, tiles), s.blocks, all.all, s.l, permutations, s.permutes,
               count, n);
  launches.run("pairs.finish", finish_values, grid_for(count, kThreads).blocks, values, s.blocks, all.all, all.count,
               s.permutes, count, s.pairs());
  return launches.status();
}

int64_t kib_pairs_matrix_workspace(const kib_variable* x, int64_t n, int64_t m) {
  return workspace_of<MatrixMemory>(*x, nullptr, n, m);
}

kib_status kib_pairs_matrix(float* to, const kib_variable* x, const float* z, int64_t n, int64_t m, void* workspace,
                            const kib_queue* queue) {
  kib_status refused = check_variable(*x);
  if (refused != KIB_OK) return refused;
  Arena arena(workspace);
  MatrixMemory s = MatrixMemory::take(arena, *x, z, n, m);
  dim3 rows(count(divided_up(n, kWarps))), columns(count(divided_up(m, kWarps)));
  Launches launches(queue);
  launches.run("pairs.measure", measure, rows, s.rows);
  launches.run("pairs.measure", measure, columns, s.columns);
  launches.run("pairs.settle", settle, dim3(1), s.all, s.rows, s.columns.norm, m);
  launches.run("pairs.settle", settle, dim3(1), s.all + 1, s.columns, s.rows.norm, n);
  launches.run("pairs.prepare", prepare, rows, s.all);
  launches.run("pairs.prepare", prepare, columns, s.all + 1);
  launches.run("pairs.matrix", pair_matrix, dim3(count(divided_up(n, kSide)), count(divided_up(m, kSide))), to, s.all,
               s.all + 1, true);
  return launches.status();
}
