// The gradient through Gram matrices of a small batch: one launch of one block, whose matrices stay in shared memory.
#ifndef KIB_CUDA_GRAM_ONE_BLOCK_CUH
#define KIB_CUDA_GRAM_ONE_BLOCK_CUH
#include "gram_codes.cuh"
#include "meter.cuh"

namespace kib::cuda {

// What one block can do: B codes of G entries, and perhaps of M of target vectors, in the shared memory that it asks
// for. Rows of matrices are an odd number of 16 bytes long, so that eight lanes that read neighbouring rows meet in no
// bank.
struct OneBlock {
  static constexpr int kMostSamples = 128;
  static constexpr int kMostEntries = 256;  // of a code: their products are added up in single precision
  static constexpr int kMostThreads = 544;  // one for each 4 x 4 entries of K on and below the diagonal
  static constexpr int kLanes = 8;          // that work on a row together

  kib_objective_spec spec;
  kib_teaching teaching;
  Widths of_codes, of_targets;
  int batch, code_row, target_row, gram_row;  // of numbers; batch: the next multiple of 4
  int threads, bytes;

  static int odd_row(int64_t numbers) {
    int quads = static_cast<int>(divided_up(numbers, 4));
    return 4 * (quads % 2 == 0 ? quads + 1 : quads);
  }

  static OneBlock of(const kib_objective_spec& spec, const kib_teaching& teaching) {
    OneBlock block{spec, teaching, Widths::of(spec.widths), Widths::of(teaching.widths), 0, 0, 0, 0, 0, 0};
    bool targets = teaching.targets != nullptr;
    if (spec.batch > kMostSamples || spec.width > kMostEntries || (targets && teaching.outputs > kMostEntries))
      return block;
    block.batch = static_cast<int>(divided_up(spec.batch, 4) * 4);
    block.code_row = odd_row(spec.width);
    block.gram_row = odd_row(block.batch);
    block.target_row = targets ? odd_row(teaching.outputs) : 0;
    int side = block.batch / 4, pairs = side * (side + 1) / 2;
    block.threads = pairs < 256 ? 256 : (pairs + kWarp - 1) / kWarp * kWarp;
    int floats = block.batch * (block.code_row + block.target_row + block.gram_row * (targets ? 2 : 1));
    floats += block.code_row + block.target_row + 4 * block.batch;  // c, p, labels, and what rows sum up to
    block.bytes = 4 * floats + static_cast<int>(sizeof(RowFactors)) * block.batch + 8 * (3 * block.batch + kWarp);
    return block;
  }

  // Whether the card lets a block have so much shared memory: 163 KB on 8.0, 227 on 9.0 and 10.0, 99 on others.
  bool fits() const {
    int device = 0, most = 0;
    return bytes > 0 && cudaGetDevice(&device) == cudaSuccess &&
           cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device) == cudaSuccess &&
           bytes <= most;
  }
};

// Codes in shared memory: first u, then vc.
struct SmallCodes {
  float *v, *c;  // [batch, row], [row]
  int width, row, kernel;
  const Widths& widths;
};

// The block's threads as groups of 8 lanes, each of which works on a row; all rows are worked on by all threads alike.
template <class Work>
__device__ void each_row(int rows, Work work) {
  int lane = static_cast<int>(threadIdx.x) % OneBlock::kLanes;
  int group = static_cast<int>(threadIdx.x) / OneBlock::kLanes;
  int groups = static_cast<int>(blockDim.x) / OneBlock::kLanes;
  for (int base = 0; base < rows; base += groups) work(base + group, lane, base + group < rows);
}

// A warp for each row, a lane for each of its entries: no entry's place needs a division.
template <class Work>
__device__ void each_entry(int rows, int columns, Work work) {
  int lane = static_cast<int>(threadIdx.x) % kWarp, warps = static_cast<int>(blockDim.x) / kWarp;
  for (int b = static_cast<int>(threadIdx.x) / kWarp; b < rows; b += warps)
    for (int g = lane; g < columns; g += kWarp) work(b, g);
}

// What is kept of each code while it is centred: its mean, its length, and what the kernel multiplies it by.
struct SmallSizes {
  double *means, *norms, *scales;  // [batch]
};

// Reads codes, measures and centres them: x.v holds vc. Returns their units.
template <class T>
__device__ Units prepare_small(const SmallCodes& x, const T* u, bool centred, int samples, int batch,
                               const SmallSizes& sizes) {
  each_entry(batch, x.row,
             [&](int b, int g) { x.v[b * x.row + g] = b < samples && g < x.width ? load(u[b * x.width + g]) : 0; });
  __syncthreads();
  each_row(samples, [&](int b, int lane, bool is_row) {
    RowSize size = measure_row(x.v + (is_row ? b : 0) * x.row, x.width, centred, lane, OneBlock::kLanes,
                               [](double sum) { return group_sum<OneBlock::kLanes>(sum); });
    if (!is_row || lane != 0) return;
    sizes.means[b] = size.mean;
    sizes.norms[b] = size.norm;
    sizes.scales[b] = kernel_scale(x.kernel, size.norm);
  });
  __syncthreads();
  double longest = 0;
  if (x.kernel != KIB_COSINE)
    for (int b = 0; b < samples; b++) longest = fmax(longest, sizes.norms[b]);
  Units units = Units::of(x.kernel, x.widths.sigma, longest);
  double inverse = 1 / units.unit;
  auto normalized = [&](int b, int g) {
    double scale = x.kernel == KIB_COSINE ? sizes.scales[b] : inverse;
    return (static_cast<double>(x.v[b * x.row + g]) - sizes.means[b]) * scale;
  };
  int count = samples < kPointSamples ? samples : kPointSamples;
  each_row(x.row, [&](int g, int lane, bool is_column) {
    double sum = 0;
    for (int s = lane; s < count && is_column && g < x.width; s += OneBlock::kLanes)
      sum += normalized(s * samples / count, g);
    sum = group_sum<OneBlock::kLanes>(sum);
    if (is_column && lane == 0) x.c[g] = static_cast<float>(sum / count);
  });
  __syncthreads();
  each_entry(samples, x.width, [&](int b, int g) {
    x.v[b * x.row + g] = static_cast<float>(normalized(b, g) - static_cast<double>(x.c[g]));
  });
  __syncthreads();
  return units;
}

// sums[r][c] = products (or squared distances) of the codes ti + r side and tj + c side.
template <bool Distance>
__device__ void small_tile(float (&sums)[4][4], const SmallCodes& x, int ti, int tj, int side) {
  for (int g = 0; g < x.row; g += 4) {
    float4 left[4], right[4];
#pragma unroll
    for (int r = 0; r < 4; r++) {
      left[r] = *reinterpret_cast<const float4*>(x.v + (ti + r * side) * x.row + g);
      right[r] = *reinterpret_cast<const float4*>(x.v + (tj + r * side) * x.row + g);
    }
#pragma unroll
    for (int r = 0; r < 4; r++) {
#pragma unroll
      for (int c = 0; c < 4; c++) {
        const float a[4] = {left[r].x, left[r].y, left[r].z, left[r].w};
        const float b[4] = {right[c].x, right[c].y, right[c].z, right[c].w};
#pragma unroll
        for (int e = 0; e < 4; e++) {
          float factor = Distance ? a[e] - b[e] : a[e];
          sums[r][c] = fmaf(factor, Distance ? factor : b[e], sums[r][c]);
        }
      }
    }
  }
}

// k [batch, gram_row]: the Gram matrix less a constant, over its unit; each pair of codes once. row_sums, p [batch].
// KeepsDistances: of a Gaussian kernel k stays squared distances.
template <bool KeepsDistances>
__device__ void small_gram(float* k, float* row_sums, float* p, const SmallCodes& x, const Units& units,
                           const double* norms, const OneBlock& block) {
  int side = block.batch / 4, pairs = side * (side + 1) / 2, row = block.gram_row;
  for (int n = static_cast<int>(threadIdx.x); n < pairs; n += static_cast<int>(blockDim.x)) {
    int ti = static_cast<int>((sqrtf(8 * static_cast<float>(n) + 1) - 1) / 2);
    while (ti * (ti + 1) / 2 > n) ti--;
    while ((ti + 1) * (ti + 2) / 2 <= n) ti++;
    int tj = n - ti * (ti + 1) / 2;
    float sums[4][4] = {};
    if (x.kernel == KIB_GAUSSIAN)
      small_tile<true>(sums, x, ti, tj, side);
    else
      small_tile<false>(sums, x, ti, tj, side);
#pragma unroll
    for (int e = 0; e < 16; e++) {
      int i = ti + e / 4 * side, j = tj + e % 4 * side;
      k[i * row + j] = sums[e / 4][e % 4];
      if (ti != tj) k[j * row + i] = sums[e / 4][e % 4];
    }
  }
  __syncthreads();
  bool along = x.kernel == KIB_LINEAR && block.spec.estimator == KIB_PHSIC, cosine = x.kernel == KIB_COSINE;
  if (along) {
    each_row(block.batch, [&](int i, int lane, bool is_row) {
      float sum = 0;
      for (int g = lane; g < x.row && is_row; g += OneBlock::kLanes) sum += x.c[g] * x.v[i * x.row + g];
      sum = group_sum<OneBlock::kLanes>(sum);
      if (is_row && lane == 0) p[i] = sum;
    });
  } else {
    for (int i = static_cast<int>(threadIdx.x); i < block.batch; i += static_cast<int>(blockDim.x)) {
      bool dead = cosine && i < block.spec.batch && norms[i] == 0;
      p[i] = dead ? kDead : cosine ? -0.5f * k[i * row + i] : 0;
    }
  }
  __syncthreads();
  int samples = static_cast<int>(block.spec.batch);
  each_row(samples, [&](int i, int lane, bool is_row) {
    float sum = 0, p_row = is_row ? p[i] : 0;
    for (int j = lane; j < samples && is_row; j += OneBlock::kLanes) {
      float entry = k[i * row + j], p_column = p[j];
      if (x.kernel == KIB_GAUSSIAN)
        entry = i == j ? 0 : units.gaussian(entry, x.widths);
      else
        entry = cosine && (p_row == kDead || p_column == kDead) ? -1 : entry + (p_row + p_column);
      if (!KeepsDistances) k[i * row + j] = entry;
      sum += entry;
    }
    sum = group_sum<OneBlock::kLanes>(sum);
    if (is_row && lane == 0) row_sums[i] = sum;
  });
  __syncthreads();
}

// The sum over rows' sums, and in their place by what rows' means differ from the mean of all: 0 for pHSIC.
__device__ inline double small_means(float* row_sums, int samples, bool phsic, double* parts) {
  double total = 0, n = samples;
  for (int i = static_cast<int>(threadIdx.x); i < samples; i += static_cast<int>(blockDim.x)) total += row_sums[i];
  total = block_sum(total, parts) / n / n;
  for (int i = static_cast<int>(threadIdx.x); i < samples; i += static_cast<int>(blockDim.x))
    row_sums[i] = phsic ? 0 : static_cast<float>(row_sums[i] / n - total);
  __syncthreads();
  return total;
}

// The block: reads u (and target vectors, or a similarity twice) once, writes du once; B^2 G / 2 fused multiply-adds
// for K and B^2 G for S vc, of which 16 share two reads of 16 bytes, so that arithmetic is the bound; about 12
// operations in double for each number of u.
// Several: of widths of the codes' Gaussian kernel, as in gradient.
template <class T, bool Several>
__global__ void __launch_bounds__(OneBlock::kMostThreads)
    gradient_of_small(OneBlock block, T* du, double* value, const T* u, kib_meter meter) {
  extern __shared__ double shared[];
  const kib_objective_spec& spec = block.spec;
  const kib_teaching& teaching = block.teaching;
  int batch = block.batch, samples = static_cast<int>(spec.batch), row = block.gram_row;
  bool targets = teaching.targets != nullptr, given = teaching.similarity != nullptr;
  bool gaussian = spec.kernel == KIB_GAUSSIAN, phsic = spec.estimator == KIB_PHSIC;
  double* parts = shared;
  SmallSizes sizes{parts + kWarp, parts + kWarp + batch, parts + kWarp + 2 * batch};
  RowFactors* row_factors = reinterpret_cast<RowFactors*>(sizes.scales + batch);
  float* next = reinterpret_cast<float*>(row_factors + batch);
  auto take = [&](int numbers) {
    float* part = next;
    next += numbers;
    return part;
  };
  SmallCodes y{take(batch * block.target_row),
               take(block.target_row),
               static_cast<int>(teaching.outputs),
               block.target_row,
               teaching.kernel,
               block.of_targets};
  SmallCodes x{take(batch * block.code_row),
               take(block.code_row),
               static_cast<int>(spec.width),
               block.code_row,
               spec.kernel,
               block.of_codes};
  float *l = take(targets ? batch * row : 0), *k = take(batch * row), *p = take(batch);
  float *k_rows = take(batch), *l_rows = take(batch);
  int32_t* labels = reinterpret_cast<int32_t*>(take(batch));

  float same = static_cast<float>(teaching.same - teaching.different), first = given ? teaching.similarity[0] : 0;
  auto similarity = [&](int i, int j) -> float {
    if (targets) return l[i * row + j];
    if (given) return teaching.similarity[i * samples + j] - first;
    return labels[i] == labels[j] ? same : 0;
  };
  double l_gram = 1;
  if (targets) {
    Units of_targets = prepare_small(y, teaching.targets, teaching.centred != 0, samples, batch, sizes);
    small_gram<false>(l, l_rows, p, y, of_targets, sizes.norms, block);
    l_gram = of_targets.gram;
  } else {
    for (int i = static_cast<int>(threadIdx.x); i < samples && !given; i += static_cast<int>(blockDim.x))
      labels[i] = teaching.labels[i];
    __syncthreads();
    each_row(samples, [&](int i, int lane, bool is_row) {
      float sum = 0;
      for (int j = lane; j < samples && is_row; j += OneBlock::kLanes) sum += similarity(i, j);
      sum = group_sum<OneBlock::kLanes>(sum);
      if (is_row && lane == 0) l_rows[i] = sum;
    });
  }
  Units units = prepare_small(x, u, spec.centred != 0, samples, batch, sizes);
  small_gram<Several>(k, k_rows, p, x, units, sizes.norms, block);
  float k_mean = static_cast<float>(small_means(k_rows, samples, phsic, parts));
  float l_mean = static_cast<float>(small_means(l_rows, samples, phsic, parts));

  float gram = static_cast<float>(units.gram);
  Factors factors = Factors::of(spec, units, l_gram);
  double zz = 0, yz = 0;
  each_row(samples, [&](int i, int lane, bool is_row) {
    float row_zz = 0, row_yz = 0, row_sum = 0, k_sum = 0, k_row = 0, l_row = 0;
    if (is_row) k_row = k_mean + k_rows[i], l_row = l_mean + l_rows[i];
    for (int j = lane; j < samples && is_row; j += OneBlock::kLanes) {
      float entry = k[i * row + j], pull = 0;
      if (Several) {
        Gaussian both = units.gaussian_and_pull(entry, block.of_codes);
        entry = i == j ? 0 : both.entry, pull = both.pull;
      }
      float ke = (entry - k_row) - k_rows[j], le = (similarity(i, j) - l_row) - l_rows[j];
      row_zz += ke * ke;
      row_yz += le * ke;
      float weight = factors.of_k * ke + factors.of_l * le;
      if (!Several) pull = gram * entry + 1;
      if (gaussian) weight = i == j ? 0 : weight * pull;  // a code pulls nothing towards itself
      row_sum += weight;
      k_sum += weight * entry;
      k[i * row + j] = weight;
    }
    zz += row_zz, yz += row_yz;
    row_sum = group_sum<OneBlock::kLanes>(row_sum);
    k_sum = group_sum<OneBlock::kLanes>(k_sum);
    if (is_row && lane == 0)
      row_factors[i] = RowFactors::of(spec, units, factors.s_unit, sizes.norms[i], row_sum, k_sum);
  });
  double n = samples;
  zz = block_sum(zz, parts) / n / n * units.gram * units.gram;
  yz = block_sum(yz, parts) / n / n * units.gram * l_gram;
  __syncthreads();
  if (threadIdx.x == 0) {
    set_value(value, zz, yz, spec.gamma);
    add_loss(meter, n * value[0]);
  }

  int quads = (x.width + 3) / 4, tiles = batch / 4 * quads;
  bool whole = in_quads(du, x.width);
  for (int tile = static_cast<int>(threadIdx.x); tile < tiles; tile += static_cast<int>(blockDim.x)) {
    int i0 = tile / quads * 4, g0 = tile % quads * 4;
    float product[4][4] = {};
#pragma unroll 4
    for (int j = 0; j < samples; j++) {  // S = S'
      float4 s = *reinterpret_cast<const float4*>(k + j * row + i0);
      float4 v = *reinterpret_cast<const float4*>(x.v + j * x.row + g0);
      const float rows[4] = {s.x, s.y, s.z, s.w}, columns[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
      for (int e = 0; e < 16; e++) product[e / 4][e % 4] = fmaf(rows[e / 4], columns[e % 4], product[e / 4][e % 4]);
    }
    float4 c = *reinterpret_cast<const float4*>(x.c + g0);
#pragma unroll
    for (int r = 0; r < 4; r++) {
      int i = i0 + r;
      if (i >= samples) continue;
      float4 vc = *reinterpret_cast<const float4*>(x.v + i * x.row + g0);
      row_factors[i].write(du + i * x.width + g0, whole, x.width - g0, product[r], c, vc);
    }
  }
}

template <class T>
kib_status one_block(T* du, double* value, const T* u, const OneBlock& block, const kib_meter& meter,
                     const kib_queue* queue) {
  Grid grid{dim3(1), static_cast<unsigned>(block.threads), static_cast<size_t>(block.bytes)};
  bool several = block.spec.kernel == KIB_GAUSSIAN && block.spec.widths.count > 1;
  return launch("gram.gradient_of_small", several ? gradient_of_small<T, true> : gradient_of_small<T, false>, grid,
                queue, block, du, value, u, meter);
}

}  // namespace kib::cuda
#endif
