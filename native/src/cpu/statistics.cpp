// The gradient of local objectives without Gram matrices (docs/mathematics.md, section 5), all in double.
#include "kib/statistics.h"

#include <algorithm>

#include "codes.h"
#include "meter.h"
#include "products.h"
#include "threads.h"

namespace kib::KIB_LEVEL {
namespace {

constexpr int64_t kRowsAtOnce = 16;

// Codes and teaching vectors.
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

  static int64_t bytes(int64_t batch, int64_t width, int64_t outputs) {
    return padded(8 * batch * width) + 2 * padded(8 * batch) + padded(8 * batch * outputs);
  }

 private:
  template <class T>
  static void rows(double* vh, double* norm, const T* u, int64_t batch, int64_t width, int kernel, bool centred,
                   int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t b = 0; b < batch; b++) {
      double* row = vh + b * width;
      const T* code = u + b * width;
      RowSize size = measure_row(code, width, centred);
      norm[b] = size.norm;
      double scale = kernel_scale(kernel, size.norm);
#pragma omp simd
      for (int64_t g = 0; g < width; g++) row[g] = (load(code[g]) - size.mean) * scale;
    }
  }
};

// Sums over the batch, to be read.
struct Sums {
  const double *count, *code_sum, *code_products, *teaching_products, *teaching_sum;
};

// Sums over the batch, to be written; teaching_squares may be NULL.
struct Statistics {
  double *count, *code_sum, *code_products, *teaching_products, *teaching_sum, *teaching_squares;
};

// sums [rows, width] = a' b: each thread some rows, each entry over all samples in order.
void products_of(double* sums, const double* a, int64_t rows, const double* b, int64_t width, int64_t batch,
                 int threads) {
  std::fill(sums, sums + rows * width, 0.0);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t g = 0; g < rows; g += kRowsAtOnce)
    add_product(sums + g * width, width, std::min(kRowsAtOnce, rows - g), width, Factor<double>{a + g, 1, rows}, b,
                width, batch);
}

// sums [width] = the sum of the rows of a.
void sum_of_rows(double* sums, const double* a, int64_t rows, int64_t width) {
  std::fill(sums, sums + width, 0.0);
  for (int64_t i = 0; i < rows; i++) {
#pragma omp simd
    for (int64_t g = 0; g < width; g++) sums[g] += a[i * width + g];
  }
}

// sums [M] = Y'1 and products [M, width] = Y'v.
void teaching_statistics(double* sums, double* products, const Vectors& all, const double* v,
                         const kib_teaching& teaching, const kib_objective_spec& spec, int threads) {
  int64_t batch = spec.batch, width = spec.width, outputs = teaching.outputs;
  if (all.y != nullptr) {
    products_of(products, all.y, outputs, v, width, batch, threads);
    return sum_of_rows(sums, all.y, batch, outputs);
  }
  std::fill(sums, sums + outputs, 0.0);
  std::fill(products, products + outputs * width, 0.0);
  for (int64_t i = 0; i < batch; i++) {
    int64_t label = teaching.labels[i];
    double* row = products + label * width;
    sums[label] += 1;
#pragma omp simd
    for (int64_t g = 0; g < width; g++) row[g] += v[i * width + g];
  }
}

void code_statistics(const Statistics& out, const Vectors& all, const kib_teaching& teaching,
                     const kib_objective_spec& spec, int threads) {
  int64_t batch = spec.batch, width = spec.width, outputs = teaching.outputs;
  out.count[0] = static_cast<double>(batch);
  sum_of_rows(out.code_sum, all.vh, batch, width);
  products_of(out.code_products, all.vh, width, all.vh, width, batch, threads);
  teaching_statistics(out.teaching_sum, out.teaching_products, all, all.vh, teaching, spec, threads);
  if (all.y != nullptr && out.teaching_squares != nullptr)
    products_of(out.teaching_squares, all.y, outputs, all.y, outputs, batch, threads);
}

// What the gradient keeps in its workspace beside the vectors: m = t / B, Cc = Vc'Vc, Tc = Y'Vc with Vc = Vh - 1m', and
// ySum = Y'1.
struct Centred {
  double *m, *cc, *tc, *teaching_sum, *weights, *products;
  double count;

  static Centred take(Arena& arena, int64_t batch, int64_t width, int64_t outputs) {
    return {arena.take<double>(width),
            arena.take<double>(width * width),
            arena.take<double>(outputs * width),
            arena.take<double>(outputs),
            arena.take<double>(batch * width),
            arena.take<double>(batch * width),
            0};
  }

  static int64_t bytes(int64_t batch, int64_t width, int64_t outputs) {
    return padded(8 * width) + padded(8 * width * width) + padded(8 * outputs * width) + padded(8 * outputs) +
           2 * padded(8 * batch * width);
  }

  // Of the batch itself: codes are centred before they are multiplied, which loses nothing where they are alike.
  void centre(const Vectors& all, const kib_teaching& teaching, const kib_objective_spec& spec, int threads) {
    int64_t batch = spec.batch, width = spec.width;
    count = static_cast<double>(batch);
    sum_of_rows(m, all.vh, batch, width);
    for (int64_t g = 0; g < width; g++) m[g] /= count;
    double* vc = weights;  // not in use yet
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < batch; i++) {
#pragma omp simd
      for (int64_t g = 0; g < width; g++) vc[i * width + g] = all.vh[i * width + g] - m[g];
    }
    products_of(cc, vc, width, vc, width, batch, threads);
    teaching_statistics(teaching_sum, tc, all, vc, teaching, spec, threads);
    double* rest = products;  // of vc's sum, since m is rounded: large targets would multiply it
    sum_of_rows(rest, vc, batch, width);
    for (int64_t t = 0; t < teaching.outputs; t++) {
      double mean = teaching_sum[t] / count;
#pragma omp simd
      for (int64_t g = 0; g < width; g++) tc[t * width + g] -= mean * rest[g];
    }
  }

  // Of given sums: Cc = Vh'Vh - B m m', Tc = Y'Vh - ySum m'.
  void centre(const Sums& sums, int64_t width, int64_t outputs) {
    count = sums.count[0];
    std::copy_n(sums.teaching_sum, outputs, teaching_sum);
    for (int64_t g = 0; g < width; g++) m[g] = sums.code_sum[g] / count;
    for (int64_t g = 0; g < width; g++) {
#pragma omp simd
      for (int64_t h = 0; h < width; h++) cc[g * width + h] = sums.code_products[g * width + h] - count * m[g] * m[h];
    }
    for (int64_t c = 0; c < outputs; c++) {
#pragma omp simd
      for (int64_t g = 0; g < width; g++)
        tc[c * width + g] = sums.teaching_products[c * width + g] - teaching_sum[c] * m[g];
    }
  }
};

// The gradient of some samples:
//   pHSIC  S Vh = (2/B^2) (Vh Cc + B (Vc m) m') - (gamma al/B^2) (Y Tc + (y_i.ySum - |ySum|^2/B) m')
//   HSIC   S Vh = (2/B^2) Vc Cc - (gamma al/B^2) (Y - 1 ySum'/B) Tc
template <class T>
struct Gradient {
  T* du;
  const Vectors& all;
  const Centred& c;
  const kib_teaching& teaching;
  const kib_objective_spec& spec;
  double code_factor, teaching_factor, y_squared;
  bool phsic;

  Gradient(T* out, const Vectors& vectors, const Centred& centred, const kib_teaching& signal,
           const kib_objective_spec& settings)
      : du(out), all(vectors), c(centred), teaching(signal), spec(settings) {
    double squared = c.count * c.count;
    code_factor = 2 / squared;
    teaching_factor = spec.gamma * all.factor / squared;
    y_squared = dot(c.teaching_sum, c.teaching_sum, teaching.outputs);
    phsic = spec.estimator == KIB_PHSIC;
  }

  void rows(int64_t first, int64_t count) const {
    int64_t width = spec.width;
    for (int64_t i = first; i < first + count; i++) begin(i);
    add_product(c.products + first * width, width, count, width, Factor<double>{c.weights + first * width, width, 1},
                c.cc, width, width);
    for (int64_t i = first; i < first + count; i++) end(i);
  }

 private:
  // What goes along m, and the weights of the rows of Cc.
  void begin(int64_t i) const {
    int64_t width = spec.width;
    const double *v = all.vh + i * width, *m = c.m;
    double along = 0;
    if (phsic) {
      double ym = all.y != nullptr ? dot(all.y + i * teaching.outputs, c.teaching_sum, teaching.outputs)
                                   : c.teaching_sum[teaching.labels[i]];
      double vm = sum(width, [=](int64_t g) { return (v[g] - m[g]) * m[g]; });
      along = code_factor * c.count * vm - teaching_factor * (ym - y_squared / c.count);
    }
    double *weights = c.weights + i * width, *product = c.products + i * width, shift = phsic ? 0 : 1;
#pragma omp simd
    for (int64_t g = 0; g < width; g++) {
      weights[g] = code_factor * (v[g] - shift * m[g]);
      product[g] = along * m[g];
    }
  }

  // The rows of Tc, then du.
  void end(int64_t i) const {
    int64_t width = spec.width;
    double* product = c.products + i * width;
    for (int64_t t = 0; t < teaching.outputs; t++) {
      double entry = all.y != nullptr ? all.y[i * teaching.outputs + t] : (t == teaching.labels[i] ? 1.0 : 0.0);
      double weight = -teaching_factor * (phsic ? entry : entry - c.teaching_sum[t] / c.count);
      if (weight == 0) continue;
      const double* row = c.tc + t * width;
#pragma omp simd
      for (int64_t g = 0; g < width; g++) product[g] += weight * row[g];
    }
    const double* v = all.vh + i * width;
    double projection = spec.kernel == KIB_COSINE ? dot(product, v, width) : 0;
    finish_row(du + i * width, product, c.m, 0, v, projection, gradient_factor(spec, all.norm[i]), spec);
  }
};

template <class T>
void gradient_from(T* du, double* value, const Vectors& all, const Centred& c, const kib_teaching& teaching,
                   const kib_objective_spec& spec, const kib_meter* meter, int threads) {
  int64_t batch = spec.batch, width = spec.width, outputs = teaching.outputs;
  Gradient<T> gradient(du, all, c, teaching, spec);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i += kRowsAtOnce) gradient.rows(i, std::min(kRowsAtOnce, batch - i));
  double count = c.count;
  double zz = dot(c.cc, c.cc, width * width), yz = dot(c.tc, c.tc, outputs * width);
  for (int64_t g = 0; gradient.phsic && g < width; g++) zz += 2 * count * c.m[g] * dot(c.cc + g * width, c.m, width);
  for (int64_t t = 0; gradient.phsic && t < outputs; t++)
    yz += 2 * c.teaching_sum[t] * dot(c.tc + t * width, c.m, width);
  set_value(value, zz / (count * count), all.factor * yz / (count * count), spec.gamma);
  add_up(meter, static_cast<double>(batch) * value[0]);
}

int threads_of(const kib_objective_spec& spec, const kib_teaching& teaching, int threads) {
  int64_t products = spec.width + teaching.outputs + kMultiplicationsAtOnce;
  return threads_for_product(spec.batch * spec.width * products, threads);
}

// Statistics stand for linear similarities, codes of length 1 or not; not for Gaussian ones.
kib_status check(const kib_objective_spec& spec, const kib_teaching& teaching) {
  kib_status status = check_dependence(spec.estimator, spec, teaching);
  if (status != KIB_OK) return status;
  if (spec.kernel == KIB_GAUSSIAN || teaching.kernel == KIB_GAUSSIAN || teaching.similarity != nullptr)
    return refuse(KIB_BAD_ARGUMENT, "take a Gaussian kernel and a given similarity through Gram matrices alone");
  return KIB_OK;
}

}  // namespace

int64_t kib_objective_statistics_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) {
  int64_t batch = spec->batch, width = spec->width, outputs = teaching->outputs;
  return Vectors::bytes(batch, width, outputs) + Centred::bytes(batch, width, outputs);
}

kib_status kib_objective_gradient_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                             const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                             const kib_queue* queue) {
  kib_status refused = check(*spec, *teaching);
  if (refused != KIB_OK) return refused;
  int threads = threads_of(*spec, *teaching, queue->threads);
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    Arena arena(workspace);
    Vectors all = Vectors::prepare(arena, static_cast<const T*>(u), *teaching, *spec, threads);
    Centred c = Centred::take(arena, spec->batch, spec->width, teaching->outputs);
    c.centre(all, *teaching, *spec, threads);
    gradient_from(static_cast<T*>(du), value, all, c, *teaching, *spec, meter, threads);
  });
}

kib_status kib_objective_code_statistics(double* count, double* code_sum, double* code_products,
                                         double* teaching_products, double* teaching_sum, double* teaching_squares,
                                         const void* u, const kib_teaching* teaching, const kib_objective_spec* spec,
                                         void* workspace, const kib_queue* queue) {
  Statistics out{count, code_sum, code_products, teaching_products, teaching_sum, teaching_squares};
  kib_status refused = check(*spec, *teaching);
  if (refused != KIB_OK) return refused;
  int threads = threads_of(*spec, *teaching, queue->threads);
  return with_type(spec->type, [&](auto tag) {
    Arena arena(workspace);
    Vectors all = Vectors::prepare(arena, static_cast<const decltype(tag)*>(u), *teaching, *spec, threads);
    code_statistics(out, all, *teaching, *spec, threads);
  });
}

kib_status kib_objective_gradient_from_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                                  const double* count, const double* code_sum,
                                                  const double* code_products, const double* teaching_products,
                                                  const double* teaching_sum, const kib_objective_spec* spec,
                                                  const kib_meter* meter, void* workspace, const kib_queue* queue) {
  Sums sums{count, code_sum, code_products, teaching_products, teaching_sum};
  kib_status refused = check(*spec, *teaching);
  if (refused != KIB_OK) return refused;
  int threads = threads_of(*spec, *teaching, queue->threads);
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    Arena arena(workspace);
    Vectors all = Vectors::prepare(arena, static_cast<const T*>(u), *teaching, *spec, threads);
    Centred c = Centred::take(arena, spec->batch, spec->width, teaching->outputs);
    c.centre(sums, spec->width, teaching->outputs);
    gradient_from(static_cast<T*>(du), value, all, c, *teaching, *spec, meter, threads);
  });
}

}  // namespace kib::KIB_LEVEL
