// Variables whose samples are compared pair by pair, and tiles of 64 x 64 entries of their Gram matrices by blocks of
// 256 threads, 4 x 4 entries a thread.
#ifndef KIB_CUDA_PAIRS_VARIABLES_CUH
#define KIB_CUDA_PAIRS_VARIABLES_CUH
#include <cfloat>

#include "codes.cuh"
#include "kib/pairs.h"

namespace kib::cuda {
namespace {

constexpr int kSide = 64;      // samples on a side of a tile
constexpr int kThreads = 256;  // threads (tx, ty): columns 4 tx ..., rows 4 ty ...
constexpr int kWarps = kThreads / kWarp;
constexpr int kDepth = 32;          // entries of samples at a time
constexpr int kRow = kSide + 4;     // of shared memory, so that no two rows of a warp's accesses meet in a bank
constexpr int64_t kBlockSum = 256;  // entries whose terms are added before they join a sum

// One variable. The kernels read it in the device's memory, where settle has put it.
struct Variable {
  kib_variable spec;
  int64_t n, pitch;
  float *z, *weight;  // [n, pitch], samples over unit; [n]: 1, or 0 of a zero sample with the cosine kernel
  double* norm;       // [n]
  double unit;
  float a[KIB_MOST_WIDTHS], b[KIB_MOST_WIDTHS];

  static Variable take(Arena& arena, const kib_variable& spec, int64_t n) {
    int64_t pitch = divided_up(spec.width, 8) * 8;
    return {spec, n, pitch, arena.take<float>(n * pitch), arena.take<float>(n), arena.take<double>(n), 1, {}, {}};
  }

  __host__ __device__ bool linear() const { return spec.kernel == KIB_LINEAR; }
  __host__ __device__ bool cosine() const { return spec.kernel == KIB_COSINE; }
  // What entries of tiles are to be multiplied by.
  __device__ double scale() const { return linear() ? unit * unit : 1; }
  __device__ double diagonal(int64_t i) const {
    return linear() ? norm[i] * norm[i] : cosine() && norm[i] == 0 ? 0 : 1;
  }
};

// The product of the scales of variables first...
__device__ double scale_of(const Variable* all, int first, int count) {
  double scale = 1;
  for (int v = first; v < count; v++) scale *= all[v].scale();
  return scale;
}

// A power of two near x, 1 where there is none.
__device__ double power_of_two(double x) {
  if (!(x >= DBL_MIN && x <= DBL_MAX)) return 1;
  return __longlong_as_double(__double_as_longlong(x) & 0x7FF0000000000000LL);
}

__device__ float to_single(double x) { return static_cast<float>(x > FLT_MAX ? FLT_MAX : x < -FLT_MAX ? -FLT_MAX : x); }

// The largest of a block's numbers, in all threads. All threads call it; parts [8] is shared memory.
__device__ double block_max(double x, double* parts) {
#pragma unroll
  for (int distance = kWarp / 2; distance > 0; distance /= 2) x = fmax(x, __shfl_xor_sync(0xFFFFFFFFu, x, distance));
  if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = x;
  __syncthreads();
  for (int i = 0; i < kWarps; i++) x = fmax(x, parts[i]);
  return x;
}

// A warp measures a sample.
__global__ void __launch_bounds__(kThreads) measure(Variable x) {
  int64_t i = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp, width = x.spec.width;
  if (i >= x.n) return;
  const float* row = static_cast<const float*>(x.spec.rows) + i * width;
  double squares = 0;
  for (int64_t g = threadIdx.x % kWarp; g < width; g += kWarp) {
    double number = row[g];
    squares += number * number;
  }
  squares = warp_sum(squares);
  if (threadIdx.x % kWarp == 0) x.norm[i] = sqrt(squares);
}

// One block puts a variable into the device's memory, with a unit for samples as long as the longest of norm and of
// other_norm. (Differences do not overflow then; squares of those that are huge beside sigma may.)
__global__ void __launch_bounds__(kThreads) settle(Variable* to, Variable x, const double* other_norm, int64_t others) {
  __shared__ double parts[kWarps];
  double longest = 0;
  for (int64_t i = threadIdx.x; i < x.n; i += kThreads) longest = fmax(longest, x.norm[i]);
  for (int64_t i = threadIdx.x; i < others; i += kThreads) longest = fmax(longest, other_norm[i]);
  longest = block_max(longest, parts);
  if (threadIdx.x != 0) return;
  *to = x;
  if (x.linear()) to->unit = power_of_two(longest);
  if (x.linear() || x.cosine() || x.spec.kernel == KIB_DELTA) return;
  double unit = fmax(power_of_two(x.spec.widths.sigma[0]), power_of_two(longest) * 0x1p-125);
  to->unit = unit;
#pragma unroll 1
  for (int s = 0; s < x.spec.widths.count; s++) {
    double inverse = unit / x.spec.widths.sigma[s];
    float once = to_single(inverse), twice = to_single(inverse * inverse);
    bool laplace = x.spec.kernel == KIB_LAPLACE;
    to->b[s] = laplace ? once : twice;
    to->a[s] = laplace ? -once : x.spec.kernel == KIB_GAUSSIAN ? to_single(-0.5 * inverse * inverse) : twice;
  }
}

// A warp writes a sample over its unit, or of length 1 with the cosine kernel, padded with zeros.
__global__ void __launch_bounds__(kThreads) prepare(const Variable* variable) {
  const Variable& x = *variable;
  int64_t i = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp, width = x.spec.width;
  if (i >= x.n) return;
  const float* row = static_cast<const float*>(x.spec.rows) + i * width;
  double factor = x.cosine() ? kernel_scale(KIB_COSINE, x.norm[i]) : 1 / x.unit;
  for (int64_t g = threadIdx.x % kWarp; g < x.pitch; g += kWarp)
    x.z[i * x.pitch + g] = g < width ? static_cast<float>(row[g] * factor) : 0;
  if (threadIdx.x % kWarp == 0) x.weight[i] = x.cosine() && x.norm[i] == 0 ? 0 : 1;
}

// Where a thread's 4 x 4 entries are: rows i0 ... and columns j0 ... of a matrix [n, m].
struct Place {
  int64_t i0, j0, n, m;
  int tx, ty;

  __device__ Place(int64_t row_tile, int64_t column_tile, int64_t rows, int64_t columns)
      : i0(row_tile * kSide),
        j0(column_tile * kSide),
        n(rows),
        m(columns),
        tx(static_cast<int>(threadIdx.x % 16)),
        ty(static_cast<int>(threadIdx.x / 16)) {}

  __device__ int64_t row(int r) const { return i0 + 4 * ty + r; }
  __device__ int64_t column(int c) const { return j0 + 4 * tx + c; }
  __device__ bool inside(int r, int c) const { return row(r) < n && column(c) < m; }
  __device__ bool on_diagonal(int r, int c) const { return row(r) == column(c); }
};

// Entries of 64 samples of rows and of columns, one sample beside the other; or 64 rows of 64 numbers.
union TileMemory {
  struct {
    float a[kDepth][kRow], b[kDepth][kRow];
  };
  float rows[kSide][kRow];
};

// Entries g0 ... g0 + 31 of the samples first ... to to[entry][sample], 0 past the end.
__device__ void load_transposed(float (&to)[kDepth][kRow], const Variable& x, int64_t first, int64_t g0) {
  unsigned lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  int sample = static_cast<int>(warp % 4 * 16 + lane / 2);
#pragma unroll
  for (int part = 0; part < 2; part++) {
    int g = static_cast<int>(warp / 4 * 16 + part * 8 + lane % 2 * 4);
    float4 v = make_float4(0, 0, 0, 0);
    if (first + sample < x.n && g0 + g < x.pitch)
      v = *reinterpret_cast<const float4*>(x.z + (first + sample) * x.pitch + g0 + g);
    to[g][sample] = v.x;
    to[g + 1][sample] = v.y;
    to[g + 2][sample] = v.z;
    to[g + 3][sample] = v.w;
  }
}

// k[r][c]: the sum over the entries of two samples of term(sum so far, entry, entry).
template <class Term>
__device__ void sum_terms(float (&k)[4][4], TileMemory& memory, const Variable& rows, const Variable& columns,
                          const Place& at, Term term) {
#pragma unroll
  for (int e = 0; e < 16; e++) k[e / 4][e % 4] = 0;
  for (int64_t block = 0; block < rows.pitch; block += kBlockSum) {
    float sums[4][4] = {};
    for (int64_t g0 = block; g0 < block + kBlockSum && g0 < rows.pitch; g0 += kDepth) {
      load_transposed(memory.a, rows, at.i0, g0);
      load_transposed(memory.b, columns, at.j0, g0);
      __syncthreads();
#pragma unroll 4
      for (int g = 0; g < kDepth; g++) {
        float4 left = *reinterpret_cast<const float4*>(&memory.a[g][4 * at.ty]);
        float4 right = *reinterpret_cast<const float4*>(&memory.b[g][4 * at.tx]);
        const float x[4] = {left.x, left.y, left.z, left.w}, y[4] = {right.x, right.y, right.z, right.w};
#pragma unroll
        for (int e = 0; e < 16; e++) sums[e / 4][e % 4] = term(sums[e / 4][e % 4], x[e / 4], y[e % 4]);
      }
      __syncthreads();
    }
#pragma unroll
    for (int e = 0; e < 16; e++) k[e / 4][e % 4] += sums[e / 4][e % 4];
  }
}

// A kernel of the distance, and what it falls by with half the squared distance.
struct Pair {
  float k, slope;
};

// The mean over widths of of_width(squared distance, a, b), in place of squared distances.
template <bool Slopes, class OfWidth>
__device__ void mean_of_widths(float (&k)[4][4], float (&slope)[4][4], const Variable& x, OfWidth of_width) {
  float squares[4][4];
#pragma unroll
  for (int e = 0; e < 16; e++) squares[e / 4][e % 4] = k[e / 4][e % 4], k[e / 4][e % 4] = 0;
  int count = x.spec.widths.count;
#pragma unroll 1
  for (int s = 0; s < count; s++) {
    float a = x.a[s], b = x.b[s];
#pragma unroll
    for (int e = 0; e < 16; e++) {
      Pair pair = of_width(squares[e / 4][e % 4], a, b);
      k[e / 4][e % 4] += pair.k;
      if (Slopes) slope[e / 4][e % 4] += pair.slope;
    }
  }
  float share = 1.0f / static_cast<float>(count);
#pragma unroll
  for (int e = 0; e < 16; e++) {
    k[e / 4][e % 4] *= share;
    if (Slopes) slope[e / 4][e % 4] *= share;
  }
}

// k[r][c]: entries in units of scale(), and with Slopes what they fall by with half the squared distance of z (1 with
// the linear and the cosine kernel). Both are 0 where a sample weighs 0, and outside.
template <bool Slopes>
__device__ void entries(float (&k)[4][4], float (&slope)[4][4], TileMemory& memory, const Variable& rows,
                        const Variable& columns, const Place& at) {
  int kernel = rows.spec.kernel;
  if (kernel == KIB_LINEAR)
    sum_terms(k, memory, rows, columns, at, [](float sum, float x, float y) { return fmaf(x, y, sum); });
  else if (kernel == KIB_DELTA)
    sum_terms(k, memory, rows, columns, at, [](float sum, float x, float y) { return x == y ? sum : sum + 1; });
  else
    sum_terms(k, memory, rows, columns, at, [](float sum, float x, float y) { return fmaf(x - y, x - y, sum); });
  if (Slopes) {
    float start = kernel == KIB_LINEAR || kernel == KIB_COSINE ? 1 : 0;
#pragma unroll
    for (int e = 0; e < 16; e++) slope[e / 4][e % 4] = start;
  }
  if (kernel == KIB_GAUSSIAN) {
    mean_of_widths<Slopes>(k, slope, rows, [](float squares, float a, float b) -> Pair {
      float power = expf(squares * a);
      return {power, power * b};
    });
  } else if (kernel == KIB_LAPLACE) {
    mean_of_widths<Slopes>(k, slope, rows, [](float squares, float a, float b) -> Pair {
      float distance = sqrtf(squares), power = expf(distance * a);
      return {power, distance > 0 ? power * b / distance : 0};
    });
  } else if (kernel == KIB_INVERSE_MULTIQUADRIC) {
    mean_of_widths<Slopes>(k, slope, rows, [](float squares, float a, float b) -> Pair {
      float q = 1 / sqrtf(1 + squares * a);
      return {q, q * q * q * b};
    });
  }
#pragma unroll
  for (int r = 0; r < 4; r++) {
    float own = at.row(r) < at.n ? rows.weight[at.row(r)] : 0;
#pragma unroll
    for (int c = 0; c < 4; c++) {
      float weight = own * (at.column(c) < at.m ? columns.weight[at.column(c)] : 0), entry = k[r][c];
      if (kernel == KIB_COSINE) entry = 1 - 0.5f * entry;
      if (kernel == KIB_DELTA) entry = entry == 0 ? 1 : 0;
      k[r][c] = entry * weight;
      if (Slopes) slope[r][c] *= weight;
    }
  }
}

// The variables of a call, prepared on the device.
struct Variables {
  Variable* all;  // [count], in the device's memory
  int count;
  int64_t n, tiles;
  Variable of[KIB_MOST_VARIABLES];

  static Variables take(Arena& arena, const kib_variables& specs, int64_t n) {
    Variables variables{arena.take<Variable>(KIB_MOST_VARIABLES), specs.count, n, divided_up(n, kSide), {}};
    for (int v = 0; v < specs.count; v++) variables.of[v] = Variable::take(arena, specs.of[v], n);
    return variables;
  }
};

inline unsigned count(int64_t blocks) { return static_cast<unsigned>(blocks); }

// Launches one after the other, until one fails.
class Launches {
 public:
  explicit Launches(const kib_queue* queue) : queue_(queue) {}

  template <class... Parameters, class... Arguments>
  void run(const char* name, void (*kernel)(Parameters...), dim3 blocks, Arguments... arguments) {
    if (status_ == KIB_OK) status_ = launch(name, kernel, {blocks, kThreads}, queue_, arguments...);
  }

  void prepare(const Variables& variables) {
    for (int v = 0; v < variables.count; v++) {
      const Variable& x = variables.of[v];
      dim3 warps(count(divided_up(x.n, kWarps)));
      run("pairs.measure", measure, warps, x);
      run("pairs.settle", settle, dim3(1), variables.all + v, x, nullptr, 0);
      run("pairs.prepare", cuda::prepare, warps, variables.all + v);
    }
  }

  kib_status status() const { return status_; }

 private:
  const kib_queue* queue_;
  kib_status status_ = KIB_OK;
};

inline kib_status check_variable(const kib_variable& x) {
  if (x.type != KIB_F32)
    return refuse(KIB_UNSUPPORTED_TYPE, "compare pairs of samples of F32 (%d), not of type %d", KIB_F32, x.type);
  kib_status status = check_setting("kernel", x.kernel, KIB_DELTA + 1);
  bool has_widths = x.kernel >= KIB_GAUSSIAN && x.kernel <= KIB_INVERSE_MULTIQUADRIC;
  if (status != KIB_OK || !has_widths || (x.widths.count > 0 && x.widths.count <= KIB_MOST_WIDTHS)) return status;
  return refuse(KIB_BAD_ARGUMENT, "take a kernel of 1 to %d widths, not of %d", KIB_MOST_WIDTHS, x.widths.count);
}

inline kib_status check_variables(const kib_variables& variables) {
  if (variables.count < 1 || variables.count > KIB_MOST_VARIABLES)
    return refuse(KIB_BAD_ARGUMENT, "take 1 to %d variables, not %d", KIB_MOST_VARIABLES, variables.count);
  kib_status status = KIB_OK;
  for (int v = 0; v < variables.count && status == KIB_OK; v++) status = check_variable(variables.of[v]);
  return status;
}

}  // namespace
}  // namespace kib::cuda
#endif
