// Sums over pairs of samples (docs/mathematics.md, section 11).
//
// Gram matrices come in tiles of 4 rows and a few vectors of columns: sums of products or of squared differences of
// samples in single precision, then the kernel of them. Differences are of samples as they are, in units of a power of
// two, so that equal and near ones are right however far from zero they lie; the cosine kernel is 1 - |x - y|^2 / 2 of
// samples of length 1. What is summed over pairs is in double, or in single precision over 256 columns and then in
// double.
#include "kib/pairs.h"

#include <algorithm>
#include <limits>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "codes.h"
#include "elementary.h"
#include "products.h"
#include "threads.h"

namespace kib::KIB_LEVEL {
namespace {

constexpr int64_t kColumns = kTileColumns<float>;  // of a tile
constexpr int64_t kTile = kTileRows * kColumns;    // its entries
constexpr int64_t kRows = 32;                      // rows that a thread does at a time
constexpr int64_t kChunk = 256;    // columns whose terms, and entries of samples whose terms, are summed in single
constexpr int64_t kPitch = 16;     // rows of samples are as long as a multiple of this
constexpr int64_t kTable = 32768;  // bytes of rows that permutations gather from, which the nearest cache holds
static_assert(kRows % kColumns == 0 || kColumns % kRows == 0, "padded samples fill tiles");
static_assert(kChunk % kColumns == 0 && kRows % kTileRows == 0, "tiles fill chunks");

int64_t rounded_up(int64_t count, int64_t to) { return (count + to - 1) / to * to; }
int64_t padded_samples(int64_t n) { return rounded_up(n, std::max(kRows, kColumns)); }

// A power of two near x, 1 where there is none.
double power_of_two(double x) { return x > 0 && std::isfinite(x) ? std::ldexp(1.0, std::ilogb(x)) : 1; }

float to_single(double x) {
  constexpr double kMost = std::numeric_limits<float>::max();
  return static_cast<float>(x > kMost ? kMost : x < -kMost ? -kMost : x);
}

// What a kernel of the distance is, and what it falls by with half the squared distance.
struct Pair {
  float k, slope;
};

// One variable's samples in units: all padded to whole tiles with samples that weigh 0.
struct Variable {
  kib_variable spec;
  int64_t n, padded_n, pitch;
  float *z, *panel;  // [padded_n, pitch], and [tiles of columns, width, kColumns]
  float* weight;     // [padded_n]: 1; 0 of what pads, and of a zero sample with the cosine kernel
  double* norm;      // [padded_n]
  double unit;       // samples are unit z
  float a[KIB_MOST_WIDTHS], b[KIB_MOST_WIDTHS];

  static Variable take(Arena& arena, const kib_variable& spec, int64_t n) {
    int64_t padded_n = padded_samples(n), pitch = rounded_up(spec.width, kPitch);
    return {spec,
            n,
            padded_n,
            pitch,
            arena.take<float>(padded_n * pitch),
            arena.take<float>(padded_n * spec.width),
            arena.take<float>(padded_n),
            arena.take<double>(padded_n),
            1,
            {},
            {}};
  }

  static int64_t bytes(const kib_variable& spec, int64_t n) {
    int64_t padded_n = padded_samples(n), pitch = rounded_up(spec.width, kPitch);
    return padded(4 * padded_n * pitch) + padded(4 * padded_n * spec.width) + padded(4 * padded_n) +
           padded(8 * padded_n);
  }

  bool linear() const { return spec.kernel == KIB_LINEAR; }
  bool cosine() const { return spec.kernel == KIB_COSINE; }
  // What entries of tiles are to be multiplied by.
  double scale() const { return linear() ? unit * unit : 1; }
  const float* samples() const { return static_cast<const float*>(spec.rows); }

  double diagonal(int64_t i) const { return linear() ? norm[i] * norm[i] : cosine() && norm[i] == 0 ? 0 : 1; }

  // Measures samples; returns the largest length, or with kernels of the distance the largest number.
  double measure(int threads) {
    int64_t width = spec.width;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < padded_n; i++) {
      const float* row = samples() + i * width;
      norm[i] = i >= n ? 0 : std::sqrt(sum(width, [=](int64_t g) { return static_cast<double>(row[g]) * row[g]; }));
    }
    return *std::max_element(norm, norm + n);
  }

  // The unit of samples none of which is longer.
  void choose_unit(double longest) {
    if (linear()) unit = power_of_two(longest);
    if (linear() || cosine() || spec.kernel == KIB_DELTA) return;
    // Differences do not overflow; squares of those that are huge beside sigma may.
    unit = std::max(power_of_two(spec.widths.sigma[0]), std::ldexp(power_of_two(longest), -125));
    for (int s = 0; s < spec.widths.count; s++) {
      double inverse = unit / spec.widths.sigma[s];
      bool laplace = spec.kernel == KIB_LAPLACE;
      b[s] = to_single(laplace ? inverse : inverse * inverse);
      a[s] = laplace ? -b[s] : spec.kernel == KIB_GAUSSIAN ? to_single(-0.5 * inverse * inverse) : b[s];
    }
  }

  void prepare(int threads) {
    int64_t width = spec.width;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t first = 0; first < padded_n; first += kColumns) {
      for (int64_t i = first; i < first + kColumns; i++) {
        const float* row = samples() + i * width;
        float* target = z + i * pitch;
        bool is_sample = i < n;
        double factor = cosine() ? kernel_scale(KIB_COSINE, norm[i]) : 1 / unit;
        weight[i] = is_sample && !(cosine() && norm[i] == 0) ? 1.0f : 0.0f;
        for (int64_t g = 0; g < width; g++) target[g] = is_sample ? static_cast<float>(row[g] * factor) : 0.0f;
        std::fill(target + width, target + pitch, 0.0f);
      }
      for (int64_t g = 0; g < width; g++)
        for (int64_t c = 0; c < kColumns; c++) panel[first * width + g * kColumns + c] = z[(first + c) * pitch + g];
    }
  }

  // sums [4, kColumns]: of products of rows i... and columns j..., or of squared differences.
  template <bool Distance>
  void sum_terms(float* sums, int64_t i, const Variable& columns, int64_t j) const {
    int64_t width = spec.width;
    std::fill(sums, sums + kTile, 0.0f);
    const float *rows = z + i * pitch, *panels = columns.panel + j * width;
    int64_t first = std::min(width, kChunk);
    product_tile<Distance, kTileRows, kTileVectors>(sums, kColumns, Factor<float>{rows, pitch, 1}, panels, kColumns,
                                                    first);
    for (int64_t g = first; g < width; g += kChunk) {
      float part[kTile] = {};
      product_tile<Distance, kTileRows, kTileVectors>(part, kColumns, Factor<float>{rows + g, pitch, 1},
                                                      panels + g * kColumns, kColumns, std::min(kChunk, width - g));
#pragma omp simd
      for (int64_t e = 0; e < kTile; e++) sums[e] += part[e];
    }
  }

  // k [4, kColumns]: in how many numbers they differ.
  void count_differences(float* k, int64_t i, const Variable& columns, int64_t j) const {
    std::fill(k, k + kTile, 0.0f);
    for (int64_t g = 0; g < spec.width; g++) {
      const float* others = columns.panel + j * spec.width + g * kColumns;
      for (int64_t r = 0; r < kTileRows; r++) {
        float own = z[(i + r) * pitch + g];
#pragma omp simd
        for (int64_t c = 0; c < kColumns; c++) k[r * kColumns + c] += own == others[c] ? 0.0f : 1.0f;
      }
    }
  }

  // The mean over widths of of_width(squared distance, width), in place of squared distances.
  template <bool Slopes, class OfWidth>
  void mean_of_widths(float* k, float* slope, OfWidth of_width) const {
    int count = spec.widths.count;
    float squares[kTile], share = 1.0f / static_cast<float>(count);
    std::memcpy(squares, k, sizeof squares);
    for (int s = 0; s < count; s++) {
      float first = a[s], second = b[s];
#pragma omp simd
      for (int64_t e = 0; e < kTile; e++) {
        Pair pair = of_width(squares[e], first, second);
        k[e] = s == 0 ? pair.k : k[e] + pair.k;
        if (Slopes) slope[e] = s == 0 ? pair.slope : slope[e] + pair.slope;
      }
    }
    for (int64_t e = 0; e < kTile && count > 1; e++) {
      k[e] *= share;
      if (Slopes) slope[e] *= share;
    }
  }

  // k [4, kColumns]: entries of rows i... and columns j... in units of scale(), and with Slopes what they fall by with
  // half the squared distance of z (1 with the linear and the cosine kernel). Both are 0 where a sample weighs 0.
  template <bool Slopes>
  void entries(float* k, float* slope, int64_t i, const Variable& columns, int64_t j) const {
    switch (spec.kernel) {
      case KIB_LINEAR:
        sum_terms<false>(k, i, columns, j);
        break;
      case KIB_DELTA:
        count_differences(k, i, columns, j);
        for (int64_t e = 0; e < kTile; e++) k[e] = k[e] == 0 ? 1.0f : 0.0f;
        break;
      default:
        sum_terms<true>(k, i, columns, j);
    }
    if (cosine()) {
#pragma omp simd
      for (int64_t e = 0; e < kTile; e++) k[e] = 1 - 0.5f * k[e];
    } else if (spec.kernel == KIB_GAUSSIAN) {
      mean_of_widths<Slopes>(k, slope, [](float squares, float first, float second) -> Pair {
        float e = exp_negative(squares * first);
        return {e, e * second};
      });
    } else if (spec.kernel == KIB_LAPLACE) {
      mean_of_widths<Slopes>(k, slope, [](float squares, float first, float second) -> Pair {
        float distance = std::sqrt(squares), e = exp_negative(distance * first);
        return {e, distance > 0 ? e * second / distance : 0.0f};
      });
    } else if (spec.kernel == KIB_INVERSE_MULTIQUADRIC) {
      mean_of_widths<Slopes>(k, slope, [](float squares, float first, float second) -> Pair {
        float q = 1 / std::sqrt(1 + squares * first);
        return {q, q * q * q * second};
      });
    }
    bool has_slopes = !linear() && !cosine();
    for (int64_t r = 0; r < kTileRows; r++) {
      float own = weight[i + r];
      float *row = k + r * kColumns, *slopes = slope + (Slopes ? r * kColumns : 0);
      const float* others = columns.weight + j;
#pragma omp simd
      for (int64_t c = 0; c < kColumns; c++) {
        row[c] *= own * others[c];
        if (Slopes) slopes[c] = (has_slopes ? slopes[c] : 1.0f) * (own * others[c]);
      }
    }
  }

  template <bool Slopes>
  void entries(float* k, float* slope, int64_t i, int64_t j) const {
    entries<Slopes>(k, slope, i, *this, j);
  }
};

// Sets what a tile of rows i... and columns j... has of the diagonal.
void set_diagonal(float* k, int64_t i, int64_t j, float value) {
  for (int64_t r = 0; r < kTileRows; r++)
    if (i + r >= j && i + r < j + kColumns) k[r * kColumns + i + r - j] = value;
}

kib_status check_variable(const kib_variable& x) {
  if (x.type != KIB_F32)
    return refuse(KIB_UNSUPPORTED_TYPE, "compare pairs of samples of F32 (%d), not of type %d", KIB_F32, x.type);
  kib_status status = check_setting("kernel", x.kernel, KIB_DELTA + 1);
  bool has_widths = x.kernel >= KIB_GAUSSIAN && x.kernel <= KIB_INVERSE_MULTIQUADRIC;
  if (status != KIB_OK || !has_widths || (x.widths.count > 0 && x.widths.count <= KIB_MOST_WIDTHS)) return status;
  return refuse(KIB_BAD_ARGUMENT, "take a kernel of 1 to %d widths, not of %d", KIB_MOST_WIDTHS, x.widths.count);
}

kib_status check_variables(const kib_variables& variables) {
  if (variables.count < 1 || variables.count > KIB_MOST_VARIABLES)
    return refuse(KIB_BAD_ARGUMENT, "take 1 to %d variables, not %d", KIB_MOST_VARIABLES, variables.count);
  kib_status status = KIB_OK;
  for (int v = 0; v < variables.count && status == KIB_OK; v++) status = check_variable(variables.of[v]);
  return status;
}

// All variables of a call.
struct Variables {
  int count;
  int64_t n, padded_n;
  int threads;
  Variable of[KIB_MOST_VARIABLES];

  static Variables prepared(Arena& arena, const kib_variables& specs, int64_t n, int threads) {
    int64_t width = 0;
    for (int v = 0; v < specs.count; v++) width += specs.of[v].width + kMultiplicationsAtOnce;
    Variables all = {specs.count, n, padded_samples(n), threads_for_product(n * n * width, threads), {}};
    for (int v = 0; v < specs.count; v++) {
      all.of[v] = Variable::take(arena, specs.of[v], n);
      all.of[v].choose_unit(all.of[v].measure(all.threads));
      all.of[v].prepare(all.threads);
    }
    return all;
  }

  static int64_t bytes(const kib_variables& specs, int64_t n) {
    int64_t all = 0;
    for (int v = 0; v < specs.count; v++) all += Variable::bytes(specs.of[v], n);
    return all;
  }

  int64_t tiles() const { return padded_n / kRows; }

  // The product of the entries of variables first... in units of scale(first).
  void product(float* k, int first, int64_t i, int64_t j) const {
    std::fill(k, k + kTile, 1.0f);
    for (int v = first; v < count; v++) {
      float other[kTile];
      of[v].entries<false>(other, nullptr, i, j);
#pragma omp simd
      for (int64_t e = 0; e < kTile; e++) k[e] *= other[e];
    }
  }

  double scale(int first) const {
    double product = 1;
    for (int v = first; v < count; v++) product *= of[v].scale();
    return product;
  }
};

// Eight numbers, and sums of eight lanes in double.
constexpr int64_t kLanes = 8;
typedef float Eight __attribute__((vector_size(4 * kLanes)));
typedef double Sums __attribute__((vector_size(8 * kLanes)));

Sums widened(const float* numbers) {
  Eight eight;
  std::memcpy(&eight, numbers, sizeof eight);
  return __builtin_convertvector(eight, Sums);
}

double total(const Sums& lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

constexpr int kMostProducts = 1 + KIB_MOST_VARIABLES;

// What one tile of rows adds to the sums of all; rows [V, padded_n] are its own.
void sum_rows(double* products, double* rows, const Variables& all, int64_t start) {
  Sums of_products[kMostProducts] = {}, of_rows[KIB_MOST_VARIABLES][kRows] = {};
  for (int64_t j = 0; j < all.padded_n; j += kColumns) {
    for (int64_t row = 0; row < kRows; row += kTileRows) {
      float k[KIB_MOST_VARIABLES][kTile];
      for (int v = 0; v < all.count; v++) {
        all.of[v].entries<false>(k[v], nullptr, start + row, j);
        set_diagonal(k[v], start + row, j, 0);
      }
      for (int64_t e = 0; e < kTile; e += kLanes) {
        Sums product = widened(k[0] + e);
        of_rows[0][row + e / kColumns] += product;
        of_products[1] += product * product;
        for (int v = 1; v < all.count; v++) {
          Sums entries = widened(k[v] + e);
          product *= entries;
          of_rows[v][row + e / kColumns] += entries;
          of_products[1 + v] += entries * entries;
        }
        of_products[0] += product;
      }
    }
  }
  for (int a = 0; a <= all.count; a++) products[a] = total(of_products[a]);
  for (int v = 0; v < all.count; v++)
    for (int64_t r = 0; r < kRows; r++) rows[v * all.padded_n + start + r] = total(of_rows[v][r]) * all.of[v].scale();
}

// sums [Rows, Vectors of columns] += p [Rows, count] (z_j - z_i), or p z_j without Difference.
template <bool Difference, int64_t Vectors>
void add_pulls(double* sums, const float* p, const float* own, const float* others, int64_t count, int64_t pitch) {
  using V = Vector<float>::Type;
  constexpr int64_t kWide = Vector<float>::kLanes;
  V pulls[kTileRows][Vectors] = {}, at[kTileRows][Vectors];
  for (int64_t r = 0; r < kTileRows; r++)
    for (int64_t v = 0; v < Vectors; v++) std::memcpy(&at[r][v], own + r * pitch + v * kWide, sizeof(V));
  for (int64_t c = 0; c < count; c++) {
    for (int64_t v = 0; v < Vectors; v++) {
      V other;
      std::memcpy(&other, others + c * pitch + v * kWide, sizeof(V));
      for (int64_t r = 0; r < kTileRows; r++)
        pulls[r][v] += (V{} + p[r * kChunk + c]) * (Difference ? other - at[r][v] : other);
    }
  }
  for (int64_t r = 0; r < kTileRows; r++)
    for (int64_t v = 0; v < Vectors; v++)
      for (int64_t l = 0; l < kWide; l++) sums[r * pitch + v * kWide + l] += static_cast<double>(pulls[r][v][l]);
}

// A gradient's settings in single precision: dF/dK = unit (product L scale + K own + w_i + w_j), in units of entries.
struct Pulls {
  double unit;
  float product, own;
  float* w;  // [padded_n]
};

template <bool Difference>
void add_tile(double* sums, const Variables& all, const Pulls& s, int64_t start) {
  const Variable& x = all.of[0];
  constexpr int64_t kWide = Vector<float>::kLanes;
  float p[kRows * kChunk];
  for (int64_t first = 0; first < all.padded_n; first += kChunk) {
    int64_t count = std::min(kChunk, all.padded_n - first);
    for (int64_t j = first; j < first + count; j += kColumns) {
      for (int64_t row = 0; row < kRows; row += kTileRows) {
        float k[kTile], slope[kTile], l[kTile];
        int64_t i = start + row;
        x.entries<true>(k, slope, i, j);
        all.product(l, 1, i, j);
        set_diagonal(slope, i, j, 0);
        for (int64_t r = 0; r < kTileRows; r++) {
          float *target = p + (row + r) * kChunk + j - first, w = s.w[i + r];
          const float *entries = k + r * kColumns, *others = l + r * kColumns, *slopes = slope + r * kColumns;
#pragma omp simd
          for (int64_t c = 0; c < kColumns; c++)
            target[c] = (s.product * others[c] + s.own * entries[c] + (w + s.w[j + c])) * slopes[c];
        }
      }
    }
    for (int64_t row = 0; row < kRows; row += kTileRows) {
      double* to = sums + (start + row) * x.pitch;
      const float *own = x.z + (start + row) * x.pitch, *others = x.z + first * x.pitch, *pulls = p + row * kChunk;
      int64_t g = 0;
      for (; g + 2 * kWide <= x.pitch; g += 2 * kWide)
        add_pulls<Difference, 2>(to + g, pulls, own + g, others + g, count, x.pitch);
      for (; g < x.pitch; g += kWide) add_pulls<Difference, 1>(to + g, pulls, own + g, others + g, count, x.pitch);
    }
  }
}

// dx_i of the sum over j of dF/dK_ij slope_ij (z_j - z_i).
void finish_sample(float* dx, const double* sums, const Variable& x, double unit, double own, int64_t i) {
  const float *z = x.z + i * x.pitch, *row = x.samples() + i * x.spec.width;
  double along = 0, factor = 2 * unit / x.unit, itself = 0;
  if (x.linear()) factor = 2 * unit * x.unit, itself = 2 * own;
  if (x.cosine()) {
    factor = 2 * unit * kernel_scale(KIB_COSINE, x.norm[i]);
    along = sum(x.spec.width, [=](int64_t g) { return sums[g] * z[g]; });
  }
  for (int64_t g = 0; g < x.spec.width; g++)
    dx[g] = static_cast<float>(factor * (sums[g] - along * z[g]) + (itself == 0 ? 0 : itself * row[g]));
}

// m [kRows, kChunk]: products of the variables' entries less shifts, of columns first... up to the diagonal; half of
// what lies on it, if it counts.
void shifted_products(float* m, const Variables& all, const float* shifts, int64_t start, int64_t first, int64_t count,
                      bool diagonal) {
  for (int64_t j = first; j < first + count; j += kColumns) {
    for (int64_t row = 0; row < kRows; row += kTileRows) {
      float product[kTile];
      std::fill(product, product + kTile, 1.0f);
      for (int v = 0; v < all.count; v++) {
        float k[kTile];
        const float* shift = shifts + v * all.padded_n;
        all.of[v].entries<false>(k, nullptr, start + row, j);
        for (int64_t r = 0; r < kTileRows; r++) {
          float own = shift[start + row + r];
#pragma omp simd
          for (int64_t c = 0; c < kColumns; c++) product[r * kColumns + c] *= k[r * kColumns + c] - own - shift[j + c];
        }
      }
      for (int64_t r = 0; r < kTileRows; r++) {
        int64_t i = start + row + r;
#pragma omp simd
        for (int64_t c = 0; c < kColumns; c++)
          m[(row + r) * kChunk + j - first + c] = product[r * kColumns + c] * (j + c < i                ? 1.0f
                                                                               : j + c == i && diagonal ? 0.5f
                                                                                                        : 0.0f);
      }
    }
  }
}

// partial [count_p]: what one tile of rows adds to half of the forms.
void add_forms(double* partial, const Variables& all, const float* shifts, const float* w, int64_t count_p,
               int64_t start, bool diagonal) {
  std::fill(partial, partial + count_p, 0.0);
  float m[kRows * kChunk];
  for (int64_t first = 0; first < start + kRows; first += kChunk) {
    int64_t count = std::min(kChunk, rounded_up(start + kRows - first, kColumns));
    shifted_products(m, all, shifts, start, first, count, diagonal);
    for (int64_t p = 0; p < count_p; p += kColumns) {
      for (int64_t row = 0; row < kRows; row += kTileRows) {
        float y[kTile] = {};
        product_tile<false, kTileRows, kTileVectors>(y, kColumns, Factor<float>{m + row * kChunk, kChunk, 1},
                                                     w + first * count_p + p, count_p, count);
        for (int64_t r = 0; r < kTileRows; r++) {
          const float* own = w + (start + row + r) * count_p + p;
#pragma omp simd
          for (int64_t c = 0; c < kColumns; c++)
            partial[p + c] += static_cast<double>(own[c]) * static_cast<double>(y[r * kColumns + c]);
        }
      }
    }
  }
}

// from [order[i]] = i; returns whether order is a permutation.
bool invert(int32_t* from, const int32_t* order, int64_t n) {
  std::fill(from, from + n, -1);
  bool permutes = true;
  for (int64_t i = 0; i < n && permutes; i++) {
    int32_t to = order[i];
    permutes = to >= 0 && to < n && from[to] < 0;
    if (permutes) from[to] = static_cast<int32_t>(i);
  }
  return permutes;
}

// table[order[0]], table[order[1]], ...: a vector of them.
Vector<float>::Type gather(const float* table, const int32_t* order) {
#if defined(__AVX512F__)
  return _mm512_mask_i32gather_ps(_mm512_setzero_ps(), 0xFFFF, _mm512_loadu_si512(order), table, sizeof(float));
#elif defined(__AVX2__)
  return _mm256_i32gather_ps(table, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(order)), sizeof(float));
#else
  Vector<float>::Type gathered;
  for (int64_t l = 0; l < Vector<float>::kLanes; l++) gathered[l] = table[order[l]];
  return gathered;
#endif
}

// The sum of k[j] table[order[j]].
double shuffled_row(const float* k, const float* table, const int32_t* order, int64_t count) {
  using V = Vector<float>::Type;
  constexpr int64_t kWide = Vector<float>::kLanes;
  Sums sums = {};
  int64_t j = 0;
  while (j + kWide <= count) {
    int64_t end = std::min(count - kWide + 1, j + kChunk);
    V chunk = {};
    for (; j < end; j += kWide) {
      V entries;
      std::memcpy(&entries, k + j, sizeof entries);
      chunk += entries * gather(table, order + j);
    }
    float lanes[kWide];
    std::memcpy(lanes, &chunk, sizeof lanes);
    for (int64_t l = 0; l < kWide; l += kLanes) sums += widened(lanes + l);
  }
  double rest = 0;
  for (; j < count; j++) rest += static_cast<double>(k[j]) * static_cast<double>(table[order[j]]);
  return total(sums) + rest;
}

// Two variables' matrices: x's whole below the diagonal, of y 32 rows at a time.
struct Shuffle {
  float *k, *table;               // [n, n], [kRows, padded_n]
  int32_t* from;                  // [count, n]: inverse permutations
  unsigned char* is_permutation;  // [count]

  static Shuffle take(Arena& arena, int64_t count, int64_t n) {
    return {arena.take<float>(n * n), arena.take<float>(kRows * padded_samples(n)), arena.take<int32_t>(count * n),
            arena.take<unsigned char>(count)};
  }
  static int64_t bytes(int64_t count, int64_t n) {
    return padded(4 * n * n) + padded(4 * kRows * padded_samples(n)) + padded(4 * count * n) + padded(count);
  }

  void fill_k(const Variable& x, int threads) const {
    int64_t n = x.n;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int64_t i = 0; i < x.padded_n; i += kTileRows) {
      for (int64_t j = 0; j < std::min(i + kTileRows, n); j += kColumns) {
        float tile[kTile];
        x.entries<false>(tile, nullptr, i, j);
        for (int64_t r = 0; r < std::min(kTileRows, n - i); r++)
          std::copy_n(tile + r * kColumns, std::min(kColumns, n - j), k + (i + r) * n + j);
      }
    }
  }

  void fill_table(const Variable& y, int64_t first, int threads) const {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t j = 0; j < y.padded_n; j += kColumns) {
      for (int64_t row = 0; row < kRows; row += kTileRows) {
        float tile[kTile];
        y.entries<false>(tile, nullptr, first + row, j);
        for (int64_t r = 0; r < kTileRows; r++)
          std::copy_n(tile + r * kColumns, kColumns, table + (row + r) * y.padded_n + j);
      }
    }
  }

  // Adds what rows first... of L, which are in the table, give some permutations: few rows at a time.
  void add(double* values, const int32_t* permutations, int64_t begin, int64_t end, int64_t first, int64_t n) const {
    int64_t padded_n = padded_samples(n), rows = std::min(kRows, n - first);
    int64_t near = std::max<int64_t>(1, kTable / 4 / padded_n);
    for (int64_t row = 0; row < rows; row += near) {
      for (int64_t p = begin; p < end; p++) {
        for (int64_t r = row; r < std::min(row + near, rows) && is_permutation[p]; r++) {
          int64_t i = from[p * n + first + r];
          values[p] += shuffled_row(k + i * n, table + r * padded_n, permutations + p * n, i);
        }
      }
    }
  }
};

}  // namespace

int64_t kib_pairs_sums_workspace(const kib_variables* variables, int64_t n) {
  int64_t samples = padded_samples(n);
  return Variables::bytes(*variables, n) + padded(8 * samples / kRows * kMostProducts) +
         padded(8 * variables->count * samples);
}

kib_status kib_pairs_sums(double* products, double* rows, double* diagonals, const kib_variables* variables, int64_t n,
                          void* workspace, const kib_queue* queue) {
  kib_status refused = check_variables(*variables);
  if (refused != KIB_OK) return refused;
  Arena arena(workspace);
  Variables all = Variables::prepared(arena, *variables, n, queue->threads);
  double* of_tiles = arena.take<double>(all.tiles() * kMostProducts);
  double* of_rows = arena.take<double>(all.count * all.padded_n);
#pragma omp parallel for num_threads(all.threads) schedule(static)
  for (int64_t tile = 0; tile < all.tiles(); tile++)
    sum_rows(of_tiles + tile * kMostProducts, of_rows, all, tile * kRows);
  for (int a = 0; a <= all.count; a++) {
    double scale = a == 0 ? all.scale(0) : all.of[a - 1].scale() * all.of[a - 1].scale();
    products[a] = scale * sum(all.tiles(), [=](int64_t tile) { return of_tiles[tile * kMostProducts + a]; });
  }
  for (int v = 0; v < all.count; v++) {
    for (int64_t i = 0; i < n; i++) {
      rows[v * n + i] = of_rows[v * all.padded_n + i];
      diagonals[v * n + i] = all.of[v].diagonal(i);
    }
  }
  return KIB_OK;
}

int64_t kib_pairs_gradient_workspace(const kib_variables* variables, int64_t n) {
  int64_t samples = padded_samples(n);
  return Variables::bytes(*variables, n) + padded(4 * samples) +
         padded(8 * samples * rounded_up(variables->of[0].width, kPitch));
}

kib_status kib_pairs_gradient(float* dx, const kib_variables* variables, const double* scales, const double* weights,
                              int64_t n, void* workspace, const kib_queue* queue) {
  kib_status refused = check_variables(*variables);
  if (refused != KIB_OK) return refused;
  if (variables->of[0].kernel == KIB_DELTA)
    return refuse(KIB_BAD_ARGUMENT, "have no gradient of the kernel that is 1 where samples are equal");
  Arena arena(workspace);
  Variables all = Variables::prepared(arena, *variables, n, queue->threads);
  const Variable& x = all.of[0];
  Pulls s{1, 0, 0, arena.take<float>(all.padded_n)};
  double* sums = arena.take<double>(all.padded_n * x.pitch);
  double product = scales[0] * all.scale(1), own = scales[1] * x.scale(), most = std::fabs(product);
  for (double other : {own, *std::max_element(weights, weights + n), *std::min_element(weights, weights + n)})
    most = std::max(most, std::fabs(other));
  s.unit = power_of_two(most);
  s.product = static_cast<float>(product / s.unit);
  s.own = static_cast<float>(own / s.unit);
  for (int64_t i = 0; i < all.padded_n; i++) s.w[i] = i < n ? static_cast<float>(weights[i] / s.unit) : 0.0f;
#pragma omp parallel for num_threads(all.threads) schedule(static)
  for (int64_t start = 0; start < all.padded_n; start += kRows) {
    std::fill(sums + start * x.pitch, sums + (start + kRows) * x.pitch, 0.0);
    if (x.linear())
      add_tile<false>(sums, all, s, start);
    else
      add_tile<true>(sums, all, s, start);
    for (int64_t i = start; i < std::min(start + kRows, n); i++)
      finish_sample(dx + i * x.spec.width, sums + i * x.pitch, x, s.unit, weights[n + i], i);
  }
  return KIB_OK;
}

int64_t kib_pairs_forms_workspace(const kib_variables* variables, int64_t count, int64_t n) {
  int64_t samples = padded_samples(n), count_p = rounded_up(count, kColumns);
  return Variables::bytes(*variables, n) + padded(4 * variables->count * samples) + padded(4 * samples * count_p) +
         padded(8 * samples / kRows * count_p);
}

kib_status kib_pairs_forms(double* values, const kib_variables* variables, const double* shifts, const float* weights,
                           int64_t count, int diagonal, int64_t n, void* workspace, const kib_queue* queue) {
  kib_status refused = check_variables(*variables);
  if (refused != KIB_OK) return refused;
  Arena arena(workspace);
  Variables all = Variables::prepared(arena, *variables, n, queue->threads);
  int64_t count_p = rounded_up(count, kColumns);
  float* of_entries = arena.take<float>(all.count * all.padded_n);
  float* w = arena.take<float>(all.padded_n * count_p);
  double* partials = arena.take<double>(all.tiles() * count_p);
  for (int v = 0; v < all.count; v++)
    for (int64_t i = 0; i < all.padded_n; i++)
      of_entries[v * all.padded_n + i] = i < n ? static_cast<float>(shifts[v * n + i] / all.of[v].scale()) : 0.0f;
#pragma omp parallel for num_threads(all.threads) schedule(static)
  for (int64_t i = 0; i < all.padded_n; i++)
    for (int64_t p = 0; p < count_p; p++) w[i * count_p + p] = i < n && p < count ? weights[i * count + p] : 0.0f;
#pragma omp parallel for num_threads(all.threads) schedule(static, 1)
  for (int64_t tile = 0; tile < all.tiles(); tile++)
    add_forms(partials + tile * count_p, all, of_entries, w, count_p, tile * kRows, diagonal != 0);
  double scale = 2 * all.scale(0);
  for (int64_t p = 0; p < count; p++)
    values[p] = scale * sum(all.tiles(), [=](int64_t tile) { return partials[tile * count_p + p]; });
  return KIB_OK;
}

int64_t kib_pairs_shuffled_workspace(const kib_variables* variables, int64_t count, int64_t n) {
  return Variables::bytes(*variables, n) + Shuffle::bytes(count, n);
}

// Of k = pi(i) and l = pi(j) it is the row k of L that stays near while all permutations gather from it: K_ij is read
// in order, j < i alone.
kib_status kib_pairs_shuffled(double* values, const kib_variables* variables, const int32_t* permutations,
                              int64_t count, int64_t n, void* workspace, const kib_queue* queue) {
  kib_status refused = check_variables(*variables);
  if (refused != KIB_OK) return refused;
  if (variables->count != 2)
    return refuse(KIB_BAD_ARGUMENT, "permute one of two variables, not of %d", variables->count);
  Arena arena(workspace);
  Variables all = Variables::prepared(arena, *variables, n, queue->threads);
  Shuffle s = Shuffle::take(arena, count, n);
  int threads = threads_for_product(n * n * count, queue->threads);
  s.fill_k(all.of[0], all.threads);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t p = 0; p < count; p++) {
    s.is_permutation[p] = invert(s.from + p * n, permutations + p * n, n);
    values[p] = s.is_permutation[p] ? 0 : std::numeric_limits<double>::quiet_NaN();
  }
  for (int64_t first = 0; first < n; first += kRows) {
    s.fill_table(all.of[1], first, all.threads);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t part = 0; part < threads; part++)
      s.add(values, permutations, count * part / threads, count * (part + 1) / threads, first, n);
  }
  double scale = 2 * all.scale(0);
  for (int64_t p = 0; p < count; p++) values[p] *= scale;
  return KIB_OK;
}

int64_t kib_pairs_matrix_workspace(const kib_variable* x, int64_t n, int64_t m) {
  return Variable::bytes(*x, n) + Variable::bytes(*x, m);
}

kib_status kib_pairs_matrix(float* matrix, const kib_variable* x, const float* z, int64_t n, int64_t m, void* workspace,
                            const kib_queue* queue) {
  kib_status refused = check_variable(*x);
  if (refused != KIB_OK) return refused;
  int threads = threads_for_product(n * m * (x->width + kMultiplicationsAtOnce), queue->threads);
  Arena arena(workspace);
  kib_variable of_z = *x;
  of_z.rows = z;
  Variable rows = Variable::take(arena, *x, n), columns = Variable::take(arena, of_z, m);
  double longest = std::max(rows.measure(threads), columns.measure(threads));
  rows.choose_unit(longest);
  columns.choose_unit(longest);
  rows.prepare(threads);
  columns.prepare(threads);
  double scale = rows.scale();
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < n; i += kTileRows) {
    for (int64_t j = 0; j < m; j += kColumns) {
      float k[kTile];
      rows.entries<false>(k, nullptr, i, columns, j);
      for (int64_t r = 0; r < std::min(kTileRows, n - i); r++)
        for (int64_t c = 0; c < std::min(kColumns, m - j); c++)
          matrix[(i + r) * m + j + c] = static_cast<float>(scale * k[r * kColumns + c]);
    }
  }
  return KIB_OK;
}

}  // namespace kib::KIB_LEVEL
