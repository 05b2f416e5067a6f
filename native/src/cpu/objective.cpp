// Gram matrices, HSIC and pHSIC, and the gradient of local objectives, in the two forms of design.md, section 4.
//
// Codes are centred and normalized in double and kept in single precision; products of them are single-precision sums
// over blocks of kBlock entries, added up in double. The Gram-free form keeps everything in double.
#include "kib/objective.h"

#include <algorithm>

#include "level.h"

namespace kib::KIB_LEVEL {
namespace {

constexpr int64_t kBlock = 256;  // entries whose products are summed in single precision
constexpr int64_t kTile = 4;     // rows of each operand in one register tile

int64_t padded(int64_t bytes) { return (bytes + 63) / 64 * 64; }

// Hands out pieces of a workspace.
class Arena {
 public:
  explicit Arena(void* memory) : next_(static_cast<char*>(memory)) {}
  template <class Number>
  Number* take(int64_t count) {
    Number* piece = reinterpret_cast<Number*>(next_);
    next_ += padded(count * static_cast<int64_t>(sizeof(Number)));
    return piece;
  }

 private:
  char* next_;
};

// Row b of v = u - mean(u) (or u), its norm; a code that is zero but for rounding counts as zero.
template <class T, class Number>
double centre_row(Number* v, const T* u, int64_t width, bool centred, double epsilon) {
  double mean = 0, u_squares = 0, squares = 0;
  for (int64_t g = 0; g < width; g++) {
    double x = load(u[g]);
    mean += x;
    u_squares += x * x;
  }
  mean = centred ? mean / static_cast<double>(width) : 0;
  for (int64_t g = 0; g < width; g++) {
    double x = load(u[g]) - mean;
    squares += x * x;
    v[g] = static_cast<Number>(x);
  }
  bool dead = std::sqrt(squares) <= 8 * epsilon * std::sqrt(static_cast<double>(width)) * std::sqrt(u_squares);
  return dead ? 0 : std::sqrt(squares);
}

// vh: v / |v| with the cosine kernel; v minus the batch's mean with the Gaussian one, whose distances that leaves
// alone; else v.
template <class T>
void prepare(float* vh, double* norm, const T* u, int64_t batch, int64_t width, int kernel, bool centred, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t b = 0; b < batch; b++) {
    float* row = vh + b * width;
    norm[b] = centre_row(row, u + b * width, width, centred, 0x1p-23);
    if (kernel != KIB_COSINE) continue;
    float inverse = norm[b] > 0 ? static_cast<float>(1 / norm[b]) : 0.0f;
#pragma omp simd
    for (int64_t g = 0; g < width; g++) row[g] *= inverse;
  }
  if (kernel != KIB_GAUSSIAN) return;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t start = 0; start < width; start += kBlock) {
    for (int64_t g = start; g < std::min(start + kBlock, width); g++) {
      double mean = 0;
      for (int64_t b = 0; b < batch; b++) mean += vh[b * width + g];
      mean /= static_cast<double>(batch);
      for (int64_t b = 0; b < batch; b++) vh[b * width + g] = static_cast<float>(vh[b * width + g] - mean);
    }
  }
}

// sums[i][j] += x_i.y_j, or |x_i - y_j|^2, over one block of entries.
template <bool Distance>
void tile(double (*sums)[kTile], const float* const* x, const float* const* y, int64_t start, int64_t end) {
  float s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  float s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
  const float *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3], *y0 = y[0], *y1 = y[1], *y2 = y[2], *y3 = y[3];
#define KIB_TERM(a, b) (Distance ? ((a) - (b)) * ((a) - (b)) : (a) * (b))
#pragma omp simd reduction(+ : s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33)
  for (int64_t g = start; g < end; g++) {
    float a0 = x0[g], a1 = x1[g], a2 = x2[g], a3 = x3[g], b0 = y0[g], b1 = y1[g], b2 = y2[g], b3 = y3[g];
    s00 += KIB_TERM(a0, b0), s01 += KIB_TERM(a0, b1), s02 += KIB_TERM(a0, b2), s03 += KIB_TERM(a0, b3);
    s10 += KIB_TERM(a1, b0), s11 += KIB_TERM(a1, b1), s12 += KIB_TERM(a1, b2), s13 += KIB_TERM(a1, b3);
    s20 += KIB_TERM(a2, b0), s21 += KIB_TERM(a2, b1), s22 += KIB_TERM(a2, b2), s23 += KIB_TERM(a2, b3);
    s30 += KIB_TERM(a3, b0), s31 += KIB_TERM(a3, b1), s32 += KIB_TERM(a3, b2), s33 += KIB_TERM(a3, b3);
  }
#undef KIB_TERM
  float block[kTile][kTile] = {{s00, s01, s02, s03}, {s10, s11, s12, s13}, {s20, s21, s22, s23}, {s30, s31, s32, s33}};
  for (int i = 0; i < kTile; i++)
    for (int j = 0; j < kTile; j++) sums[i][j] += block[i][j];
}

// k [B, B]: products of the rows of vh, or squared distances; symmetric, each pair once.
template <bool Distance>
void pairs(double* k, const float* vh, int64_t batch, int64_t width, int threads) {
  int64_t tiles = (batch + kTile - 1) / kTile;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (int64_t ti = 0; ti < tiles; ti++) {
    for (int64_t tj = 0; tj <= ti; tj++) {
      const float *x[kTile], *y[kTile];
      for (int64_t r = 0; r < kTile; r++) {
        x[r] = vh + std::min(ti * kTile + r, batch - 1) * width;
        y[r] = vh + std::min(tj * kTile + r, batch - 1) * width;
      }
      double sums[kTile][kTile] = {};
      for (int64_t start = 0; start < width; start += kBlock)
        tile<Distance>(sums, x, y, start, std::min(start + kBlock, width));
      for (int64_t i = ti * kTile; i < std::min((ti + 1) * kTile, batch); i++)
        for (int64_t j = tj * kTile; j < std::min((tj + 1) * kTile, batch); j++)
          k[i * batch + j] = k[j * batch + i] = sums[i - ti * kTile][j - tj * kTile];
    }
  }
}

// K, less 1 for the Gaussian kernel, which then loses nothing where codes are alike.
void gram_less_one(double* k, const float* vh, int64_t batch, int64_t width, int kernel, double sigma, int threads) {
  if (kernel != KIB_GAUSSIAN) return pairs<false>(k, vh, batch, width, threads);
  pairs<true>(k, vh, batch, width, threads);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++) {
    for (int64_t j = 0; j < batch; j++) k[i * batch + j] = std::expm1(-k[i * batch + j] / (2 * sigma * sigma));
    k[i * batch + i] = 0;
  }
}

// What an estimator does to a Gram matrix: entries less their mean (pHSIC), or less row and column means (HSIC).
struct Centring {
  const double* row_means;
  double mean;
  bool phsic;
  double at(double entry, int64_t i, int64_t j) const {
    return phsic ? entry - mean : (entry - row_means[i]) - (row_means[j] - mean);
  }
};

template <class Entry>
Centring centring(double* row_means, int64_t batch, int estimator, Entry entry) {
  double total = 0;
  for (int64_t i = 0; i < batch; i++) {
    double sum = 0;
    for (int64_t j = 0; j < batch; j++) sum += entry(i, j);
    row_means[i] = sum / static_cast<double>(batch);
    total += row_means[i];
  }
  return {row_means, total / static_cast<double>(batch), estimator == KIB_PHSIC};
}

void set_value(double* value, double zz, double yz, double gamma) {
  value[0] = zz - gamma * yz;
  value[1] = zz;
  value[2] = yz;
}

void add_up(const kib_meter* meter, double loss) {
  if (meter == nullptr || meter->sums == nullptr) return;
  meter->sums[meter->slot] += loss;
  if (!std::isfinite(loss) && meter->fault[0] == 0) {
    meter->fault[0] = meter->now[0] + 1;
    meter->fault[1] = meter->slot;
  }
}

// Row i of du from the products (S vh)_i: the kernel's factor, then what centring leaves of it.
template <class T, class Number>
void finish_row(T* du, Number* product, const Number* vh, double norm, double projection, int64_t width, int kernel,
                double sigma, bool centred) {
  double factor = kernel == KIB_GAUSSIAN ? 2 / (sigma * sigma) : 2.0;
  if (kernel == KIB_COSINE) factor = norm > 0 ? 2 / norm : 0;
  double mean = 0;
  for (int64_t g = 0; g < width; g++) {
    double dv = factor * (product[g] - projection * vh[g]);
    mean += dv;
    product[g] = static_cast<Number>(dv);
  }
  mean = centred ? mean / static_cast<double>(width) : 0;
  for (int64_t g = 0; g < width; g++) store(du + g, static_cast<float>(product[g] - mean));
}

// products = s vh for one block of columns: rows of s four at a time.
void weighted_rows(float* products, const float* s, const float* vh, int64_t batch, int64_t width, int64_t start,
                   int64_t end) {
  float sum[kTile][kBlock];
  int64_t count = end - start;
  for (int64_t i = 0; i < batch; i += kTile) {
    for (auto& row : sum) std::fill(row, row + count, 0.0f);
    const float* weights[kTile];
    for (int64_t r = 0; r < kTile; r++) weights[r] = s + std::min(i + r, batch - 1) * batch;
    for (int64_t j = 0; j < batch; j++) {
      const float* v = vh + j * width + start;
      float w0 = weights[0][j], w1 = weights[1][j], w2 = weights[2][j], w3 = weights[3][j];
#pragma omp simd
      for (int64_t g = 0; g < count; g++) {
        sum[0][g] += w0 * v[g];
        sum[1][g] += w1 * v[g];
        sum[2][g] += w2 * v[g];
        sum[3][g] += w3 * v[g];
      }
    }
    for (int64_t r = 0; r < std::min(kTile, batch - i); r++)
      std::copy(sum[r], sum[r] + count, products + (i + r) * width + start);
  }
}

// The teaching signal's Gram matrix entry by entry; targets must be turned into a matrix before.
struct Similarity {
  const kib_teaching* teaching;
  const double* targets;  // Gram matrix of target vectors, less one for the Gaussian kernel (estimators do not see it)
  int64_t batch;
  double operator()(int64_t i, int64_t j) const {
    if (targets != nullptr) return targets[i * batch + j];
    if (teaching->similarity != nullptr) return teaching->similarity[i * batch + j];
    return teaching->labels[i] == teaching->labels[j] ? teaching->same : teaching->different;
  }
};

template <class T>
void gradient_gram(T* du, double* value, const T* u, const kib_teaching& teaching, const kib_objective_spec& spec,
                   const kib_meter* meter, void* workspace, int threads) {
  int64_t batch = spec.batch, width = spec.width;
  Arena arena(workspace);
  float* vh = arena.take<float>(batch * width);
  float* products = arena.take<float>(batch * width);
  double* norm = arena.take<double>(batch);
  double* k = arena.take<double>(batch * batch);
  float* s = arena.take<float>(batch * batch);
  double* k_means = arena.take<double>(batch);
  double* l_means = arena.take<double>(batch);
  double* projections = arena.take<double>(batch);
  double* zz = arena.take<double>(batch);
  double* yz = arena.take<double>(batch);
  double* target_gram = nullptr;
  if (teaching.targets != nullptr) {
    target_gram = arena.take<double>(batch * batch);
    float* y = arena.take<float>(batch * teaching.outputs);
    prepare(y, norm, teaching.targets, batch, teaching.outputs, teaching.kernel, teaching.centred != 0, threads);
    gram_less_one(target_gram, y, batch, teaching.outputs, teaching.kernel, teaching.sigma, threads);
  }
  prepare(vh, norm, u, batch, width, spec.kernel, spec.centred != 0, threads);
  gram_less_one(k, vh, batch, width, spec.kernel, spec.sigma, threads);
  Similarity l{&teaching, target_gram, batch};
  Centring kc = centring(k_means, batch, spec.estimator, [&](int64_t i, int64_t j) { return k[i * batch + j]; });
  Centring lc = centring(l_means, batch, spec.estimator, l);
  double squared = static_cast<double>(batch) * static_cast<double>(batch);
  bool gaussian = spec.kernel == KIB_GAUSSIAN;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++) {
    double row_zz = 0, row_yz = 0, projection = 0;
    for (int64_t j = 0; j < batch; j++) {
      double entry = k[i * batch + j], ke = kc.at(entry, i, j), le = lc.at(l(i, j), i, j);
      row_zz += ke * entry;
      row_yz += le * entry;
      double weight = (2 * ke - spec.gamma * le) / squared;
      if (gaussian) weight = i == j ? 0 : weight * (entry + 1);  // a code pulls nothing towards itself
      projection += gaussian ? weight : weight * entry;
      s[i * batch + j] = static_cast<float>(weight);
    }
    projections[i] = spec.kernel == KIB_LINEAR ? 0 : projection;
    zz[i] = row_zz;
    yz[i] = row_yz;
  }
  double total_zz = 0, total_yz = 0;
  for (int64_t i = 0; i < batch; i++) total_zz += zz[i], total_yz += yz[i];
  set_value(value, total_zz / squared, total_yz / squared, spec.gamma);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t start = 0; start < width; start += kBlock)
    weighted_rows(products, s, vh, batch, width, start, std::min(start + kBlock, width));
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++)
    finish_row(du + i * width, products + i * width, vh + i * width, norm[i], projections[i], width, spec.kernel,
               spec.sigma, spec.centred != 0);
  add_up(meter, static_cast<double>(batch) * value[0]);
}

// Codes and teaching vectors of the Gram-free form, in double.
struct Vectors {
  double *vh, *norm, *y;
  double factor;  // L_ij = factor y_i.y_j + a constant

  template <class T>
  static Vectors prepare(Arena& arena, const T* u, const kib_teaching& teaching, const kib_objective_spec& spec,
                         int threads) {
    int64_t batch = spec.batch, width = spec.width;
    Vectors all{arena.take<double>(batch * width), arena.take<double>(batch), nullptr,
                teaching.targets != nullptr ? 1.0 : teaching.same - teaching.different};
    rows(all.vh, all.norm, u, batch, width, spec.kernel, spec.centred != 0, threads);
    if (teaching.targets != nullptr) {
      all.y = arena.take<double>(batch * teaching.outputs);
      double* norms = arena.take<double>(batch);
      rows(all.y, norms, teaching.targets, batch, teaching.outputs, teaching.kernel, teaching.centred != 0, threads);
    }
    return all;
  }

 private:
  template <class T>
  static void rows(double* vh, double* norm, const T* u, int64_t batch, int64_t width, int kernel, bool centred,
                   int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t b = 0; b < batch; b++) {
      norm[b] = centre_row(vh + b * width, u + b * width, width, centred, 0x1p-23);
      double inverse = kernel != KIB_COSINE ? 1 : norm[b] > 0 ? 1 / norm[b] : 0;
#pragma omp simd
      for (int64_t g = 0; g < width; g++) vh[b * width + g] *= inverse;
    }
  }
};

// sums [G, G] = vh' vh: each thread some rows, each row over all samples in order.
void products_of(double* sums, const double* a, int64_t rows, const double* b, int64_t width, int64_t batch,
                 int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t g = 0; g < rows; g++) {
    double* row = sums + g * width;
    std::fill(row, row + width, 0.0);
    for (int64_t i = 0; i < batch; i++) {
      double weight = a[i * rows + g];
#pragma omp simd
      for (int64_t h = 0; h < width; h++) row[h] += weight * b[i * width + h];
    }
  }
}

template <class T>
void code_statistics(double* count, double* code_sum, double* code_products, double* teaching_products,
                     double* teaching_sum, double* teaching_squares, const T* u, const kib_teaching& teaching,
                     const kib_objective_spec& spec, void* workspace, int threads) {
  int64_t batch = spec.batch, width = spec.width, outputs = teaching.outputs;
  Arena arena(workspace);
  Vectors all = Vectors::prepare(arena, u, teaching, spec, threads);
  count[0] = static_cast<double>(batch);
  std::fill(code_sum, code_sum + width, 0.0);
  for (int64_t i = 0; i < batch; i++)
    for (int64_t g = 0; g < width; g++) code_sum[g] += all.vh[i * width + g];
  products_of(code_products, all.vh, width, all.vh, width, batch, threads);
  std::fill(teaching_sum, teaching_sum + outputs, 0.0);
  if (all.y != nullptr) {
    products_of(teaching_products, all.y, outputs, all.vh, width, batch, threads);
    if (teaching_squares != nullptr) products_of(teaching_squares, all.y, outputs, all.y, outputs, batch, threads);
    for (int64_t i = 0; i < batch; i++)
      for (int64_t m = 0; m < outputs; m++) teaching_sum[m] += all.y[i * outputs + m];
    return;
  }
  std::fill(teaching_products, teaching_products + outputs * width, 0.0);
  for (int64_t i = 0; i < batch; i++) {
    int64_t label = teaching.labels[i];
    teaching_sum[label] += 1;
#pragma omp simd
    for (int64_t g = 0; g < width; g++) teaching_products[label * width + g] += all.vh[i * width + g];
  }
}

double dot(const double* a, const double* b, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

// With m = t/B, Cc = Vh'Vh - B m m', Tc = Y'Vh - ySum m':
//   pHSIC  S Vh = (2/B^2) (Vh Cc + B (Vc m) m') - (gamma al/B^2) (Y Tc + (y_i.ySum - |ySum|^2/B) m')
//   HSIC   S Vh = (2/B^2) Vc Cc - (gamma al/B^2) (Y - 1 ySum'/B) Tc
template <class T>
void gradient_from_statistics(T* du, double* value, const T* u, const kib_teaching& teaching, double count,
                              const double* code_sum, const double* code_products, const double* teaching_products,
                              const double* teaching_sum, const kib_objective_spec& spec, const kib_meter* meter,
                              void* workspace, int threads) {
  int64_t batch = spec.batch, width = spec.width, outputs = teaching.outputs;
  bool phsic = spec.estimator == KIB_PHSIC;
  Arena arena(workspace);
  Vectors all = Vectors::prepare(arena, u, teaching, spec, threads);
  double* m = arena.take<double>(width);
  double* cc = arena.take<double>(width * width);
  double* tc = arena.take<double>(outputs * width);
  double* products = arena.take<double>(batch * width);
  for (int64_t g = 0; g < width; g++) m[g] = code_sum[g] / count;
  for (int64_t g = 0; g < width; g++)
    for (int64_t h = 0; h < width; h++) cc[g * width + h] = code_products[g * width + h] - count * m[g] * m[h];
  for (int64_t c = 0; c < outputs; c++)
    for (int64_t g = 0; g < width; g++) tc[c * width + g] = teaching_products[c * width + g] - teaching_sum[c] * m[g];
  double m_squared = dot(m, m, width), y_squared = dot(teaching_sum, teaching_sum, outputs);
  double code_factor = 2 / (count * count), teaching_factor = spec.gamma * all.factor / (count * count);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i++) {
    const double* v = all.vh + i * width;
    double* sv = products + i * width;
    const double* y = all.y != nullptr ? all.y + i * outputs : nullptr;
    double vm = dot(v, m, width) - m_squared;
    double ym = (y != nullptr ? dot(y, teaching_sum, outputs) : teaching_sum[teaching.labels[i]]) - y_squared / count;
    double along = phsic ? code_factor * count * vm - teaching_factor * ym : 0;
    for (int64_t g = 0; g < width; g++) sv[g] = along * m[g];
    for (int64_t h = 0; h < width; h++) {
      double weight = code_factor * (phsic ? v[h] : v[h] - m[h]);
#pragma omp simd
      for (int64_t g = 0; g < width; g++) sv[g] += weight * cc[h * width + g];
    }
    for (int64_t c = 0; c < outputs; c++) {
      double entry = y != nullptr ? y[c] : (c == teaching.labels[i] ? 1.0 : 0.0);
      double weight = -teaching_factor * (phsic ? entry : entry - teaching_sum[c] / count);
      if (weight == 0) continue;
#pragma omp simd
      for (int64_t g = 0; g < width; g++) sv[g] += weight * tc[c * width + g];
    }
    double projection = spec.kernel == KIB_COSINE ? dot(sv, v, width) : 0;
    finish_row(du + i * width, sv, v, all.norm[i], projection, width, spec.kernel, spec.sigma, spec.centred != 0);
  }
  double zz = dot(cc, cc, width * width), yz = dot(tc, tc, outputs * width);
  for (int64_t g = 0; phsic && g < width; g++) zz += 2 * count * m[g] * dot(cc + g * width, m, width);
  for (int64_t c = 0; phsic && c < outputs; c++) yz += 2 * teaching_sum[c] * dot(tc + c * width, m, width);
  set_value(value, zz / (count * count), all.factor * yz / (count * count), spec.gamma);
  add_up(meter, static_cast<double>(batch) * value[0]);
}

}  // namespace

int64_t kib_gram_workspace(int64_t batch, int64_t width) {
  return padded(4 * batch * width) + padded(8 * batch) + padded(8 * batch * batch);
}

kib_status kib_gram_matrix(float* k, const void* u, int type, int64_t batch, int64_t width, int kernel, double sigma,
                           int centred, void* workspace, int threads) {
  Arena arena(workspace);
  float* vh = arena.take<float>(batch * width);
  double* norm = arena.take<double>(batch);
  double* gram = arena.take<double>(batch * batch);
  return with_type(type, [&](auto tag) {
    prepare(vh, norm, static_cast<const decltype(tag)*>(u), batch, width, kernel, centred != 0, threads);
    gram_less_one(gram, vh, batch, width, kernel, sigma, threads);
    double offset = kernel == KIB_GAUSSIAN ? 1 : 0;
    for (int64_t i = 0; i < batch * batch; i++) k[i] = static_cast<float>(gram[i] + offset);
  });
}

kib_status kib_gram_dependence(double* value, const float* a, const float* b, int64_t batch, int estimator) {
  double total = 0, mean = 0, b_mean = 0;
  double squared = static_cast<double>(batch) * static_cast<double>(batch);
  for (int64_t i = 0; i < batch * batch; i++) mean += a[i], b_mean += b[i];
  mean /= squared, b_mean /= squared;
  double between = 0;  // what row means of both contribute, which H A H takes away
  for (int64_t i = 0; i < batch; i++) {
    double a_row = 0, b_row = 0, row = 0;
    for (int64_t j = 0; j < batch; j++) {
      row += (a[i * batch + j] - mean) * (b[i * batch + j] - b_mean);
      a_row += a[i * batch + j] - mean;
      b_row += b[i * batch + j] - b_mean;
    }
    total += row;
    between += a_row * b_row / static_cast<double>(batch);
  }
  if (estimator == KIB_HSIC) total -= 2 * between;
  value[0] = total / squared;
  return KIB_OK;
}

int64_t kib_objective_gram_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) {
  int64_t batch = spec->batch;
  return 2 * padded(4 * batch * spec->width) + 2 * padded(8 * batch * batch) + padded(4 * batch * batch) +
         6 * padded(8 * batch) + padded(4 * batch * std::max<int64_t>(teaching->outputs, 1));
}

kib_status kib_objective_gradient_gram(void* du, double* value, const void* u, const kib_teaching* teaching,
                                       const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                       int threads) {
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    gradient_gram(static_cast<T*>(du), value, static_cast<const T*>(u), *teaching, *spec, meter, workspace, threads);
  });
}

int64_t kib_objective_statistics_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) {
  int64_t batch = spec->batch, width = spec->width, outputs = teaching->outputs;
  return 2 * padded(8 * batch * width) + 2 * padded(8 * batch) + padded(8 * batch * outputs) + padded(8 * width) +
         padded(8 * width * width) + padded(8 * outputs * width);
}

kib_status kib_objective_code_statistics(double* count, double* code_sum, double* code_products,
                                         double* teaching_products, double* teaching_sum, double* teaching_squares,
                                         const void* u, const kib_teaching* teaching, const kib_objective_spec* spec,
                                         void* workspace, int threads) {
  return with_type(spec->type, [&](auto tag) {
    code_statistics(count, code_sum, code_products, teaching_products, teaching_sum, teaching_squares,
                    static_cast<const decltype(tag)*>(u), *teaching, *spec, workspace, threads);
  });
}

kib_status kib_objective_gradient_from_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                                  const double* count, const double* code_sum,
                                                  const double* code_products, const double* teaching_products,
                                                  const double* teaching_sum, const kib_objective_spec* spec,
                                                  const kib_meter* meter, void* workspace, int threads) {
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    gradient_from_statistics(static_cast<T*>(du), value, static_cast<const T*>(u), *teaching, count[0], code_sum,
                             code_products, teaching_products, teaching_sum, *spec, meter, workspace, threads);
  });
}

}  // namespace kib::KIB_LEVEL
