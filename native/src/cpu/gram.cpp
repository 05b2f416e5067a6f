// Gram matrices, HSIC and pHSIC, and the gradient of local objectives through Gram matrices (design.md, section 4).
//
// Codes are centred and normalized in double and kept in single precision; products of them are single-precision sums
// over blocks of kBlock entries, added up in double.
#include <algorithm>

#include "codes.h"
#include "elementary.h"
#include "products.h"

namespace kib::KIB_LEVEL {
namespace {

constexpr int64_t kBlock = 256;   // entries whose products are summed in single precision
constexpr int64_t kPanel = 4096;  // entries of all codes that are transposed at a time
constexpr int64_t kRowsAtOnce = 32;
constexpr int64_t kColumns = kTileColumns<float>;

int64_t panel_size(int64_t batch, int64_t width) {
  return std::min(width, kPanel) * ((batch + kColumns - 1) / kColumns * kColumns);
}

// vh: v / |v| with the cosine kernel; v minus the batch's mean with the Gaussian one, whose distances that leaves
// alone; else v.
template <class T>
void prepare(float* vh, double* norm, const T* u, int64_t batch, int64_t width, int kernel, bool centred, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t b = 0; b < batch; b++) {
    float* row = vh + b * width;
    norm[b] = centre_row(row, u + b * width, width, centred);
    if (kernel != KIB_COSINE) continue;
    float inverse = norm[b] > 0 ? static_cast<float>(1 / norm[b]) : 0.0f;
#pragma omp simd
    for (int64_t g = 0; g < width; g++) row[g] *= inverse;
  }
  if (kernel != KIB_GAUSSIAN) return;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t start = 0; start < width; start += kColumns) {
    int64_t count = std::min(kColumns, width - start);
    double means[kColumns] = {};
    for (int64_t b = 0; b < batch; b++)
      for (int64_t g = 0; g < count; g++) means[g] += vh[b * width + start + g];
    for (double& mean : means) mean /= static_cast<double>(batch);
    for (int64_t b = 0; b < batch; b++) {
      float* row = vh + b * width + start;
      for (int64_t g = 0; g < count; g++) row[g] = static_cast<float>(row[g] - means[g]);
    }
  }
}

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

// K, less 1 for the Gaussian kernel, which then loses nothing where codes are alike.
void gram_less_one(double* k, const float* vh, float* panel, int64_t batch, int64_t width, int kernel, double sigma,
                   int threads) {
  if (kernel != KIB_GAUSSIAN) return pairs<false>(k, vh, panel, batch, width, threads);
  pairs<true>(k, vh, panel, batch, width, threads);
  double factor = -1 / (2 * sigma * sigma);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++) {
    double* row = k + i * batch;
#pragma omp simd
    for (int64_t j = 0; j < batch; j++) row[j] = expm1_negative(row[j] * factor);
    row[i] = 0;
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

// Calls function with the teaching signal's Gram matrix, entry by entry. Of target vectors it is given, less one for
// the Gaussian kernel (estimators do not see it).
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
  float *vh, *panel, *products, *s;
  double *norm, *k, *k_means, *l_means, *projections, *zz, *yz;

  static Gram take(Arena& arena, int64_t batch, int64_t width) {
    return {arena.take<float>(batch * width), arena.take<float>(panel_size(batch, width)),
            arena.take<float>(batch * width), arena.take<float>(batch * batch),
            arena.take<double>(batch),        arena.take<double>(batch * batch),
            arena.take<double>(batch),        arena.take<double>(batch),
            arena.take<double>(batch),        arena.take<double>(batch),
            arena.take<double>(batch)};
  }

  static int64_t bytes(int64_t batch, int64_t width) {
    return 2 * padded(4 * batch * width) + padded(4 * panel_size(batch, width)) + padded(4 * batch * batch) +
           padded(8 * batch * batch) + 6 * padded(8 * batch);
  }
};

// S (or P = S o K), its rows' sums with K, and both dependences' rows.
template <class Similarity>
void third_factors(const Gram& g, const kib_objective_spec& spec, int threads, Similarity l) {
  int64_t batch = spec.batch;
  const double* k = g.k;
  Centring kc =
      centring(g.k_means, batch, spec.estimator, threads, [=](int64_t i, int64_t j) { return k[i * batch + j]; });
  Centring lc = centring(g.l_means, batch, spec.estimator, threads, l);
  double squared = static_cast<double>(batch) * static_cast<double>(batch), gamma = spec.gamma;
  bool gaussian = spec.kernel == KIB_GAUSSIAN;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++) {
    const double* row = k + i * batch;
    float* weights = g.s + i * batch;
    double row_zz = 0, row_yz = 0, projection = 0;
#pragma omp simd reduction(+ : row_zz, row_yz, projection)
    for (int64_t j = 0; j < batch; j++) {
      double entry = row[j], ke = kc.at(entry, i, j), le = lc.at(l(i, j), i, j);
      row_zz += ke * entry;
      row_yz += le * entry;
      double weight = (2 * ke - gamma * le) / squared;
      if (gaussian) weight = i == j ? 0 : weight * (entry + 1);  // a code pulls nothing towards itself
      projection += gaussian ? weight : weight * entry;
      weights[j] = static_cast<float>(weight);
    }
    g.projections[i] = spec.kernel == KIB_LINEAR ? 0 : projection;
    g.zz[i] = row_zz;
    g.yz[i] = row_yz;
  }
}

template <class T>
void gradient_gram(T* du, double* value, const T* u, const kib_teaching& teaching, const kib_objective_spec& spec,
                   const kib_meter* meter, void* workspace, int threads) {
  int64_t batch = spec.batch, width = spec.width;
  Arena arena(workspace);
  Gram g = Gram::take(arena, batch, width);
  double* target_gram = nullptr;
  if (teaching.targets != nullptr) {
    target_gram = arena.take<double>(batch * batch);
    float* y = arena.take<float>(batch * teaching.outputs);
    float* panel = arena.take<float>(panel_size(batch, teaching.outputs));
    prepare(y, g.norm, teaching.targets, batch, teaching.outputs, teaching.kernel, teaching.centred != 0, threads);
    gram_less_one(target_gram, y, panel, batch, teaching.outputs, teaching.kernel, teaching.sigma, threads);
  }
  prepare(g.vh, g.norm, u, batch, width, spec.kernel, spec.centred != 0, threads);
  gram_less_one(g.k, g.vh, g.panel, batch, width, spec.kernel, spec.sigma, threads);
  with_similarity(teaching, target_gram, batch, [&](auto l) { third_factors(g, spec, threads, l); });
  double squared = static_cast<double>(batch) * static_cast<double>(batch);
  double zz = sum(batch, [&](int64_t i) { return g.zz[i]; }), yz = sum(batch, [&](int64_t i) { return g.yz[i]; });
  set_value(value, zz / squared, yz / squared, spec.gamma);
  weighted_rows(g.products, g.s, g.vh, batch, width, threads);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++)
    finish_row(du + i * width, g.products + i * width, g.vh + i * width, g.norm[i], g.projections[i], spec);
  add_up(meter, static_cast<double>(batch) * value[0]);
}

}  // namespace

int64_t kib_gram_workspace(int64_t batch, int64_t width) {
  return padded(4 * batch * width) + padded(4 * panel_size(batch, width)) + padded(8 * batch) +
         padded(8 * batch * batch);
}

kib_status kib_gram_matrix(float* k, const void* u, int type, int64_t batch, int64_t width, int kernel, double sigma,
                           int centred, void* workspace, int threads) {
  Arena arena(workspace);
  float* vh = arena.take<float>(batch * width);
  float* panel = arena.take<float>(panel_size(batch, width));
  double* norm = arena.take<double>(batch);
  double* gram = arena.take<double>(batch * batch);
  return with_type(type, [&](auto tag) {
    prepare(vh, norm, static_cast<const decltype(tag)*>(u), batch, width, kernel, centred != 0, threads);
    gram_less_one(gram, vh, panel, batch, width, kernel, sigma, threads);
    double offset = kernel == KIB_GAUSSIAN ? 1 : 0;
#pragma omp simd
    for (int64_t i = 0; i < batch * batch; i++) k[i] = static_cast<float>(gram[i] + offset);
  });
}

kib_status kib_gram_dependence(double* value, const float* a, const float* b, int64_t batch, int estimator) {
  double squared = static_cast<double>(batch) * static_cast<double>(batch);
  double mean = sum(batch * batch, [=](int64_t i) -> double { return a[i]; }) / squared;
  double b_mean = sum(batch * batch, [=](int64_t i) -> double { return b[i]; }) / squared;
  double total = 0, between = 0;  // between: what row means of both contribute, which H A H takes away
  for (int64_t i = 0; i < batch; i++) {
    const float *a_row = a + i * batch, *b_row = b + i * batch;
    total += sum(batch, [=](int64_t j) { return (a_row[j] - mean) * (b_row[j] - b_mean); });
    double a_sum = sum(batch, [=](int64_t j) { return a_row[j] - mean; });
    between += a_sum * sum(batch, [=](int64_t j) { return b_row[j] - b_mean; }) / static_cast<double>(batch);
  }
  if (estimator == KIB_HSIC) total -= 2 * between;
  value[0] = total / squared;
  return KIB_OK;
}

int64_t kib_objective_gram_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) {
  int64_t batch = spec->batch, outputs = std::max<int64_t>(teaching->outputs, 1);
  return Gram::bytes(batch, spec->width) + padded(8 * batch * batch) + padded(4 * batch * outputs) +
         padded(4 * panel_size(batch, outputs));
}

kib_status kib_objective_gradient_gram(void* du, double* value, const void* u, const kib_teaching* teaching,
                                       const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                       int threads) {
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    gradient_gram(static_cast<T*>(du), value, static_cast<const T*>(u), *teaching, *spec, meter, workspace, threads);
  });
}

}  // namespace kib::KIB_LEVEL
