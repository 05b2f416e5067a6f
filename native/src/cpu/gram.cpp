// HSIC and pHSIC, and the gradient of local objectives through Gram matrices (docs/mathematics.md, sections 4 and 6).
//
// Gram matrices are formed less a constant, which estimators do not see, of codes less the batch's mean m: where codes
// are alike nothing is lost. With vc_i = vh_i - m,
//   linear    v_i.v_j - m.m    = vc_i.vc_j + p_i + p_j    p_i = m.vc_i (0 for HSIC, which does not see it)
//   cosine    vh_i.vh_j - 1    = vc_i.vc_j + p_i + p_j    p_i = -|vc_i|^2 / 2; -1 where a code is dead
//   Gaussian  exp(...) - 1     = expm1(-|vc_i - vc_j|^2 / (2 sigma^2)), or the mean over several sigma
// The gradient takes codes in single precision, centred and normalized in double; products of them are single-precision
// sums over blocks of kBlock entries, added up in double. Dependence of two variables is in double throughout.
#include "kib/gram.h"

#include <algorithm>

#include "codes.h"
#include "elementary.h"
#include "meter.h"
#include "products.h"
#include "threads.h"

namespace kib::KIB_LEVEL {
namespace {

constexpr int64_t kBlock = 256;   // entries whose products are summed in single precision
constexpr int64_t kPanel = 4096;  // entries of all codes that are transposed at a time
constexpr int64_t kRowsAtOnce = 32;
constexpr int64_t kMeansAtOnce = 256;    // columns of codes that are centred at a time
constexpr int64_t kColumnsAtOnce = 256;  // entries of a Gram matrix that several widths add up
constexpr int64_t kColumns = kTileColumns<float>;

int64_t panel_size(int64_t batch, int64_t width) {
  return std::min(width, kPanel) * ((batch + kColumns - 1) / kColumns * kColumns);
}

// Writes columns start... of vc = (u - row mean) scale - m and of m, the mean over the batch.
template <class T, class Number>
void centre_columns(Number* vc, double* m, const T* u, const double* row_means, const double* scales, int64_t batch,
                    int64_t width, int64_t start) {
  int64_t count = std::min(kMeansAtOnce, width - start);
  double means[kMeansAtOnce] = {};
  for (int64_t b = 0; b < batch; b++) {
    const T* row = u + b * width + start;
#pragma omp simd
    for (int64_t g = 0; g < count; g++) means[g] += (load(row[g]) - row_means[b]) * scales[b];
  }
  for (int64_t g = 0; g < count; g++) m[start + g] = means[g] /= static_cast<double>(batch);
  for (int64_t b = 0; b < batch; b++) {
    const T* row = u + b * width + start;
    Number* target = vc + b * width + start;
#pragma omp simd
    for (int64_t g = 0; g < count; g++)
      target[g] = static_cast<Number>((load(row[g]) - row_means[b]) * scales[b] - means[g]);
  }
}

// Codes less the batch's mean, in units of a power of two near the longest, so that products neither overflow nor
// vanish.
struct Codes {
  float *vc, *panel;
  double *m, *norm, *scale, *p;  // p: first the means of rows, then what the entries of a row and a column gain
  double unit;                   // v = unit (vc + m)

  static Codes take(Arena& arena, int64_t batch, int64_t width) {
    return {arena.take<float>(batch * width),
            arena.take<float>(panel_size(batch, width)),
            arena.take<double>(width),
            arena.take<double>(batch),
            arena.take<double>(batch),
            arena.take<double>(batch),
            1};
  }

  static int64_t bytes(int64_t batch, int64_t width) {
    return padded(4 * batch * width) + padded(4 * panel_size(batch, width)) + padded(8 * width) + 3 * padded(8 * batch);
  }

  template <class T>
  void prepare(const T* u, int64_t batch, int64_t width, int kernel, bool centred, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t b = 0; b < batch; b++) {
      RowSize size = measure_row(u + b * width, width, centred);
      norm[b] = size.norm;
      p[b] = size.mean;
    }
    double longest = *std::max_element(norm, norm + batch);
    unit = kernel == KIB_COSINE || !(longest > 0) || !std::isfinite(longest) ? 1 : std::ldexp(1.0, std::ilogb(longest));
    for (int64_t b = 0; b < batch; b++) scale[b] = kernel == KIB_COSINE ? kernel_scale(kernel, norm[b]) : 1 / unit;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t start = 0; start < width; start += kMeansAtOnce)
      centre_columns(vc, m, u, p, scale, batch, width, start);
  }
};

// panel [count, columns]: entries start... of all codes, one code below the other's; columns past the batch are 0.
void transpose_panel(float* panel, int64_t columns, const float* vh, int64_t batch, int64_t width, int64_t start,
                     int64_t count, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t first = 0; first < count; first += kColumns) {
    for (int64_t b = 0; b < columns; b++)
      for (int64_t g = first; g < std::min(first + kColumns, count); g++)
        panel[g * columns + b] = b < batch ? vh[b * width + start + g] : 0.0f;
  }
}

// Adds the block's terms to row i and its few successors of k, up to the diagonal.
template <bool Distance, int64_t Rows>
void add_rows(double* k, int64_t i, int64_t batch, const float* rows, int64_t width, const float* panel,
              int64_t columns, int64_t count) {
  for (int64_t j = 0; j < i + Rows; j += kColumns) {
    float sums[Rows * kColumns] = {};
    product_tile<Distance, Rows, kTileVectors>(sums, kColumns, Factor<float>{rows, width, 1}, panel + j, columns,
                                               count);
    int64_t end = std::min(kColumns, batch - j);
    for (int64_t r = 0; r < Rows; r++) {
      double* row = k + (i + r) * batch + j;
#pragma omp simd
      for (int64_t c = 0; c < end; c++) row[c] += sums[r * kColumns + c];
    }
  }
}

// k [B, B]: products of the rows of vh, or squared distances; symmetric, each pair once.
template <bool Distance>
void pairs(double* k, const float* vh, float* panel, int64_t batch, int64_t width, int threads) {
  int64_t columns = (batch + kColumns - 1) / kColumns * kColumns, tiles = (batch + kTileRows - 1) / kTileRows;
  std::fill(k, k + batch * batch, 0.0);
  for (int64_t start = 0; start < width; start += kPanel) {
    int64_t panel_end = std::min(start + kPanel, width);
    transpose_panel(panel, columns, vh, batch, width, start, panel_end - start, threads);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int64_t tile = 0; tile < tiles; tile++) {
      for (int64_t block = start; block < panel_end; block += kBlock) {
        const float *part = panel + (block - start) * columns, *rows = vh + block;
        int64_t i = tile * kTileRows, count = std::min(kBlock, panel_end - block);
        if (i + kTileRows <= batch) {
          add_rows<Distance, kTileRows>(k, i, batch, rows + i * width, width, part, columns, count);
        } else {
          for (; i < batch; i++) add_rows<Distance, 1>(k, i, batch, rows + i * width, width, part, columns, count);
        }
      }
    }
  }
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int64_t i = 0; i < batch; i++)
    for (int64_t j = i + 1; j < batch; j++) k[i * batch + j] = k[j * batch + i];
}

// Makes of count squared distances the entries of a Gaussian kernel of several widths, less 1, and, unless pulls is
// NULL, what it falls by with the distance, in units of the smallest width sigma: the mean of exp(...) (sigma /
// sigma_s)^2.
void several_widths(double* row, double* pulls, int64_t count, double unit, const kib_widths& widths) {
  double entries[kColumnsAtOnce], falls[kColumnsAtOnce], part = 1 / static_cast<double>(widths.count);
  for (int64_t start = 0; start < count; start += kColumnsAtOnce) {
    int64_t columns = std::min(kColumnsAtOnce, count - start);
    double* squares = row + start;
    std::fill_n(entries, columns, 0.0);
    std::fill_n(falls, columns, 0.0);
    for (int s = 0; s < widths.count; s++) {
      double factor = unit / widths.sigma[s], ratio = widths.sigma[0] / widths.sigma[s], square = ratio * ratio;
#pragma omp simd
      for (int64_t j = 0; j < columns; j++) {
        double entry = expm1_negative(squares[j] * factor * factor * -0.5);
        entries[j] += entry;
        falls[j] += square * (entry + 1);
      }
    }
#pragma omp simd
    for (int64_t j = 0; j < columns; j++) squares[j] = entries[j] * part;
    for (int64_t j = 0; j < columns && pulls != nullptr; j++) pulls[start + j] = falls[j] * part;
  }
}

// k [B, B]: the Gram matrix less a constant. pulls [B, B], of several widths alone: see several_widths; may be NULL.
void gram_less_constant(double* k, double* pulls, const Codes& codes, int64_t batch, int64_t width, int kernel,
                        const kib_widths& widths, int estimator, int threads) {
  if (kernel == KIB_GAUSSIAN) {
    pairs<true>(k, codes.vc, codes.panel, batch, width, threads);
    double factor = codes.unit / widths.sigma[0];
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < batch; i++) {
      double* row = k + i * batch;
      if (widths.count > 1) {
        several_widths(row, pulls == nullptr ? nullptr : pulls + i * batch, batch, codes.unit, widths);
      } else {
#pragma omp simd
        for (int64_t j = 0; j < batch; j++) row[j] = expm1_negative(row[j] * factor * factor * -0.5);
      }
      row[i] = 0;
    }
    return;
  }
  pairs<false>(k, codes.vc, codes.panel, batch, width, threads);
  bool cosine = kernel == KIB_COSINE;
  const double *m = codes.m, *norm = codes.norm, *p = codes.p;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++) {
    const float* vc = codes.vc + i * width;
    double along = !cosine && estimator == KIB_PHSIC ? sum(width, [=](int64_t g) { return m[g] * vc[g]; }) : 0;
    codes.p[i] = cosine ? -0.5 * k[i * batch + i] : along;
  }
  double squared_unit = codes.unit * codes.unit;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++) {
    double *row = k + i * batch, p_i = p[i], norm_i = norm[i];
#pragma omp simd
    for (int64_t j = 0; j < batch; j++) {
      double entry = (row[j] + p_i + p[j]) * squared_unit;
      row[j] = cosine && (norm_i == 0 || norm[j] == 0) ? -1 : entry;
    }
  }
}

// What an estimator does to a Gram matrix: entries less their mean (pHSIC), or less row and column means (HSIC).
struct Centring {
  const double* row_means;
  double mean;
  double phsic;  // 1 or 0: no branch for each entry
  double at(double entry, int64_t i, int64_t j) const {
    return (entry - mean) - (1 - phsic) * ((row_means[i] - mean) + (row_means[j] - mean));
  }
};

template <class Entry>
Centring centring(double* row_means, int64_t batch, int estimator, int threads, Entry entry) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++)
    row_means[i] = sum(batch, [=](int64_t j) { return entry(i, j); }) / static_cast<double>(batch);
  double total = sum(batch, [=](int64_t i) { return row_means[i]; });
  return {row_means, total / static_cast<double>(batch), estimator == KIB_PHSIC ? 1.0 : 0.0};
}

// Calls function with the teaching signal's Gram matrix, entry by entry; of target vectors it is given, less a
// constant.
template <class Function>
void with_similarity(const kib_teaching& teaching, const double* targets, int64_t batch, Function function) {
  if (targets != nullptr) return function([=](int64_t i, int64_t j) { return targets[i * batch + j]; });
  if (teaching.similarity != nullptr) {
    const float* given = teaching.similarity;
    return function([=](int64_t i, int64_t j) -> double { return given[i * batch + j]; });
  }
  const int32_t* labels = teaching.labels;
  double same = teaching.same, different = teaching.different;
  function([=](int64_t i, int64_t j) { return labels[i] == labels[j] ? same : different; });
}

// products = s vh: each thread some rows and columns.
void weighted_rows(float* products, const float* s, const float* vh, int64_t batch, int64_t width, int threads) {
#pragma omp parallel for collapse(2) num_threads(threads) schedule(static)
  for (int64_t start = 0; start < width; start += kBlock) {
    for (int64_t i = 0; i < batch; i += kRowsAtOnce) {
      int64_t columns = std::min(kBlock, width - start), rows = std::min(kRowsAtOnce, batch - i);
      float* target = products + i * width + start;
      for (int64_t r = 0; r < rows; r++) std::fill_n(target + r * width, columns, 0.0f);
      add_product(target, width, rows, columns, Factor<float>{s + i * batch, batch, 1}, vh + start, width, batch);
    }
  }
}

// What the gradient keeps in its workspace.
struct Gram {
  Codes codes;
  float *products, *s;  // s: S (or P = S o K) over s_unit
  double *k, *pulls;    // pulls: NULL but for several widths
  double *k_means, *l_means, *row_sums, *projections, *zz, *yz;
  double s_unit;  // a power of two, where S may not fit single precision

  static bool has_pulls(const kib_objective_spec& spec) { return spec.kernel == KIB_GAUSSIAN && spec.widths.count > 1; }

  static Gram take(Arena& arena, const kib_objective_spec& spec) {
    int64_t batch = spec.batch, width = spec.width;
    return {Codes::take(arena, batch, width),
            arena.take<float>(batch * width),
            arena.take<float>(batch * batch),
            arena.take<double>(batch * batch),
            has_pulls(spec) ? arena.take<double>(batch * batch) : nullptr,
            arena.take<double>(batch),
            arena.take<double>(batch),
            arena.take<double>(batch),
            arena.take<double>(batch),
            arena.take<double>(batch),
            arena.take<double>(batch),
            1};
  }

  static int64_t bytes(const kib_objective_spec& spec) {
    int64_t batch = spec.batch, width = spec.width;
    return Codes::bytes(batch, width) + padded(4 * batch * width) + padded(4 * batch * batch) +
           (has_pulls(spec) ? 2 : 1) * padded(8 * batch * batch) + 6 * padded(8 * batch);
  }
};

// S (or P = S o K), its rows' sums, their sums with K less a constant, and both dependences' rows.
template <bool Pulls, class Similarity>
void third_factors(const Gram& g, const kib_objective_spec& spec, int threads, Similarity l) {
  int64_t batch = spec.batch;
  const double *k = g.k, *pulls = g.pulls;
  Centring kc =
      centring(g.k_means, batch, spec.estimator, threads, [=](int64_t i, int64_t j) { return k[i * batch + j]; });
  Centring lc = centring(g.l_means, batch, spec.estimator, threads, l);
  double squared = static_cast<double>(batch) * static_cast<double>(batch), gamma = spec.gamma;
  double scale = 1 / (squared * g.s_unit);
  bool gaussian = spec.kernel == KIB_GAUSSIAN;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++) {
    const double* row = k + i * batch;
    float* weights = g.s + i * batch;
    double row_zz = 0, row_yz = 0, row_sum = 0, projection = 0;
#pragma omp simd reduction(+ : row_zz, row_yz, row_sum, projection)
    for (int64_t j = 0; j < batch; j++) {
      double entry = row[j], ke = kc.at(entry, i, j), le = lc.at(l(i, j), i, j);
      row_zz += ke * ke;
      row_yz += le * ke;
      double weight = (2 * ke - gamma * le) * scale;
      double pull = Pulls ? pulls[i * batch + j] : entry + 1;
      if (gaussian) weight = i == j ? 0 : weight * pull;  // a code pulls nothing towards itself
      row_sum += weight;
      projection += weight * entry;
      weights[j] = static_cast<float>(weight);
    }
    g.row_sums[i] = row_sum;
    g.projections[i] = projection;
    g.zz[i] = row_zz;
    g.yz[i] = row_yz;
  }
}

// du of sample i from its products (S vc)_i. With s_i the row's sum of S (or P) and q_i that of S (K - 1):
//   linear    dv_i = 2 ((S vc)_i + s_i m)                                    s_i = 0 for HSIC
//   cosine    dv_i = (2/|v_i|) ((S vc)_i - q_i m - (s_i + q_i) vc_i)         of sum_j S_ij (vh_j - K_ij vh_i)
//   Gaussian  dv_i = (2/sigma^2) ((P vc)_i - s_i vc_i)                       with the smallest sigma
template <class T>
void finish_code(T* du, const Gram& g, int64_t i, const kib_objective_spec& spec) {
  double along = 0, projection = 0;
  if (spec.kernel == KIB_LINEAR && spec.estimator == KIB_PHSIC) along = g.row_sums[i];
  if (spec.kernel == KIB_COSINE) along = -g.projections[i], projection = g.row_sums[i] + g.projections[i];
  if (spec.kernel == KIB_GAUSSIAN) projection = g.row_sums[i];
  double factor = gradient_factor(spec, g.codes.norm[i]) * g.codes.unit * g.s_unit;
  int64_t at = i * spec.width;
  finish_row(du + at, g.products + at, g.codes.m, along, g.codes.vc + at, projection, factor, spec);
}

template <class T>
void gradient_gram(T* du, double* value, const T* u, const kib_teaching& teaching, const kib_objective_spec& spec,
                   const kib_meter* meter, void* workspace, int threads) {
  int64_t batch = spec.batch, width = spec.width;
  threads = threads_for_product((batch + kMultiplicationsAtOnce) * batch * (width + teaching.outputs), threads);
  Arena arena(workspace);
  Gram g = Gram::take(arena, spec);
  double* target_gram = nullptr;
  if (teaching.targets != nullptr) {
    target_gram = arena.take<double>(batch * batch);
    Codes y = Codes::take(arena, batch, teaching.outputs);
    y.prepare(teaching.targets, batch, teaching.outputs, teaching.kernel, teaching.centred != 0, threads);
    gram_less_constant(target_gram, nullptr, y, batch, teaching.outputs, teaching.kernel, teaching.widths,
                       spec.estimator, threads);
  }
  g.codes.prepare(u, batch, width, spec.kernel, spec.centred != 0, threads);
  gram_less_constant(g.k, g.pulls, g.codes, batch, width, spec.kernel, spec.widths, spec.estimator, threads);
  if (spec.kernel == KIB_LINEAR && g.codes.unit > 1) g.s_unit = g.codes.unit * g.codes.unit;
  with_similarity(teaching, target_gram, batch, [&](auto l) {
    if (g.pulls != nullptr)
      third_factors<true>(g, spec, threads, l);
    else
      third_factors<false>(g, spec, threads, l);
  });
  double squared = static_cast<double>(batch) * static_cast<double>(batch);
  double zz = sum(batch, [&](int64_t i) { return g.zz[i]; }), yz = sum(batch, [&](int64_t i) { return g.yz[i]; });
  set_value(value, zz / squared, yz / squared, spec.gamma);
  weighted_rows(g.products, g.s, g.codes.vc, batch, width, threads);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++) finish_code(du, g, i, spec);
  add_up(meter, static_cast<double>(batch) * value[0]);
}

// One of two variables, in double: its samples, and those of some columns one below the other.
struct Variable {
  const kib_variable& spec;
  double *v, *panel, *m, *p, *norm, *scale;

  static constexpr int64_t kSamples = 256;  // columns at a time

  static Variable take(Arena& arena, const kib_variable& spec, int64_t batch) {
    return {spec,
            arena.take<double>(batch * spec.width),
            arena.take<double>(kSamples * spec.width),
            arena.take<double>(spec.width),
            arena.take<double>(batch),
            arena.take<double>(batch),
            arena.take<double>(batch)};
  }

  static int64_t bytes(const kib_variable& spec, int64_t batch) {
    return padded(8 * batch * spec.width) + padded(8 * kSamples * spec.width) + padded(8 * spec.width) +
           3 * padded(8 * batch);
  }

  // v: less the batch's mean with the linear kernel, of length 1 with the cosine kernel.
  template <class T>
  void prepare(const T* rows, int64_t batch, int estimator, int threads) {
    int64_t width = spec.width;
    bool linear = spec.kernel == KIB_LINEAR;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t b = 0; b < batch; b++) {
      norm[b] = measure_row(rows + b * width, width, false).norm;
      scale[b] = kernel_scale(spec.kernel, norm[b]);
      p[b] = 0;
      if (linear) continue;
#pragma omp simd
      for (int64_t g = 0; g < width; g++) v[b * width + g] = load(rows[b * width + g]) * scale[b];
    }
    if (!linear) return;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t start = 0; start < width; start += kMeansAtOnce)
      centre_columns(v, m, rows, p, scale, batch, width, start);
    for (int64_t b = 0; b < batch && estimator == KIB_PHSIC; b++) p[b] = dot(m, v + b * width, width);
  }

  // panel [width, kSamples]: samples first..., then zeros.
  void transpose(int64_t first, int64_t batch, int threads) const {
    int64_t width = spec.width;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t g = 0; g < width; g++)
      for (int64_t j = 0; j < kSamples; j++)
        panel[g * kSamples + j] = first + j < batch ? v[(first + j) * width + g] : 0;
  }

  // entries [Rows, kTileColumns]: of the Gram matrix less a constant, rows i... and columns first + j...
  template <int64_t Rows>
  void entries(double* entries, int64_t i, int64_t first, int64_t j, int64_t count) const {
    constexpr int64_t kTile = kTileColumns<double>;
    std::fill_n(entries, Rows * kTile, 0.0);
    Factor<double> rows{v + i * spec.width, spec.width, 1};
    bool linear = spec.kernel == KIB_LINEAR, cosine = spec.kernel == KIB_COSINE;
    if (linear)
      product_tile<false, Rows, kTileVectors>(entries, kTile, rows, panel + j, kSamples, spec.width);
    else
      product_tile<true, Rows, kTileVectors>(entries, kTile, rows, panel + j, kSamples, spec.width);
    double inverse = 1 / spec.widths.sigma[0];
    for (int64_t r = 0; r < Rows; r++) {
      double *row = entries + r * kTile, p_i = p[i + r];
      const double *columns = p + first + j, *norms = norm + first + j;
      bool dead = norm[i + r] == 0;
      if (linear) {
#pragma omp simd
        for (int64_t c = 0; c < count; c++) row[c] += p_i + columns[c];
      } else if (cosine) {
#pragma omp simd
        for (int64_t c = 0; c < count; c++) row[c] = dead || norms[c] == 0 ? -1 : -0.5 * row[c];
      } else if (spec.widths.count > 1) {
        several_widths(row, nullptr, count, 1, spec.widths);
      } else {
#pragma omp simd
        for (int64_t c = 0; c < count; c++) row[c] = expm1_negative(row[c] * inverse * inverse * -0.5);
      }
    }
  }
};

// Row sums of both Gram matrices and of their product, over the columns added so far.
struct RowSums {
  double *a, *b, *ab;

  // Adds columns first... to rows i...
  template <int64_t Rows>
  void add(const Variable& x, const Variable& y, int64_t i, int64_t first, int64_t columns) const {
    constexpr int64_t kTile = kTileColumns<double>;
    double x_entries[Rows * kTile], y_entries[Rows * kTile];
    for (int64_t j = 0; j < columns; j += kTile) {
      int64_t count = std::min(kTile, columns - j);
      x.entries<Rows>(x_entries, i, first, j, count);
      y.entries<Rows>(y_entries, i, first, j, count);
      for (int64_t r = 0; r < Rows; r++) {
        const double *k = x_entries + r * kTile, *l = y_entries + r * kTile;
        a[i + r] += sum(count, [=](int64_t c) { return k[c]; });
        b[i + r] += sum(count, [=](int64_t c) { return l[c]; });
        ab[i + r] += sum(count, [=](int64_t c) { return k[c] * l[c]; });
      }
    }
  }
};

}  // namespace

int64_t kib_gram_workspace(const kib_variable* x, const kib_variable* y, int64_t batch) {
  return Variable::bytes(*x, batch) + Variable::bytes(*y, batch) + 3 * padded(8 * batch);
}

// pHSIC: mean(A o B) - mean(A) mean(B). HSIC takes off what the means of rows contribute.
kib_status kib_gram_dependence(double* value, const kib_variable* x, const kib_variable* y, int64_t batch,
                               int estimator, void* workspace, const kib_queue* queue) {
  kib_status refused = check_dependence(estimator, *x, *y);
  if (refused != KIB_OK) return refused;
  int threads = threads_for_product((batch + kMultiplicationsAtOnce) * batch * (x->width + y->width), queue->threads);
  Arena arena(workspace);
  Variable first = Variable::take(arena, *x, batch), second = Variable::take(arena, *y, batch);
  RowSums sums{arena.take<double>(batch), arena.take<double>(batch), arena.take<double>(batch)};
  for (Variable* variable : {&first, &second}) {
    kib_status status = with_type(variable->spec.type, [&](auto tag) {
      variable->prepare(static_cast<const decltype(tag)*>(variable->spec.rows), batch, estimator, threads);
    });
    if (status != KIB_OK) return status;
  }
  for (double* sum : {sums.a, sums.b, sums.ab}) std::fill_n(sum, batch, 0.0);
  for (int64_t start = 0; start < batch; start += Variable::kSamples) {
    int64_t columns = std::min(Variable::kSamples, batch - start);
    first.transpose(start, batch, threads);
    second.transpose(start, batch, threads);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t tile = 0; tile < batch; tile += kTileRows) {
      if (tile + kTileRows <= batch) {
        sums.add<kTileRows>(first, second, tile, start, columns);
      } else {
        for (int64_t i = tile; i < batch; i++) sums.add<1>(first, second, i, start, columns);
      }
    }
  }
  double n = static_cast<double>(batch);
  double a = sum(batch, [&](int64_t i) { return sums.a[i]; }), b = sum(batch, [&](int64_t i) { return sums.b[i]; });
  double ab = sum(batch, [&](int64_t i) { return sums.ab[i]; });
  double of_means = a / n * (b / n);
  double dependence = (ab - of_means) / n / n;
  if (estimator == KIB_HSIC) {
    double rows = dot(sums.a, sums.b, batch) / n;
    dependence = (ab - 2 * rows + of_means) / n / n;
    if (dependence < 0) dependence = 0;  // no less in exact arithmetic
  }
  value[0] = dependence;
  return KIB_OK;
}

int kib_objective_gram_is_small(const kib_objective_spec*, const kib_teaching*) { return 0; }

int64_t kib_objective_gram_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) {
  int64_t batch = spec->batch, outputs = std::max<int64_t>(teaching->outputs, 1);
  return Gram::bytes(*spec) + padded(8 * batch * batch) + Codes::bytes(batch, outputs);
}

kib_status kib_objective_gradient_gram(void* du, double* value, const void* u, const kib_teaching* teaching,
                                       const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                       const kib_queue* queue) {
  kib_status refused = check_dependence(spec->estimator, *spec, *teaching);
  if (refused != KIB_OK) return refused;
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    gradient_gram(static_cast<T*>(du), value, static_cast<const T*>(u), *teaching, *spec, meter, workspace,
                  queue->threads);
  });
}

}  // namespace kib::KIB_LEVEL
