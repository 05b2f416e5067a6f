// The gradient of local objectives without Gram matrices (design.md, section 4), all in double.
#include <algorithm>

#include "codes.h"
#include "products.h"

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
      norm[b] = centre_row(row, u + b * width, width, centred);
      double inverse = kernel != KIB_COSINE ? 1 : norm[b] > 0 ? 1 / norm[b] : 0;
#pragma omp simd
      for (int64_t g = 0; g < width; g++) row[g] *= inverse;
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

  static Statistics take(Arena& arena, int64_t width, int64_t outputs) {
    return {arena.take<double>(1),
            arena.take<double>(width),
            arena.take<double>(width * width),
            arena.take<double>(outputs * width),
            arena.take<double>(outputs),
            nullptr};
  }

  Sums sums() const { return {count, code_sum, code_products, teaching_products, teaching_sum}; }

  static int64_t bytes(int64_t width, int64_t outputs) {
    return 64 + padded(8 * width) + padded(8 * width * width) + padded(8 * outputs * width) + padded(8 * outputs);
  }
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

void code_statistics(const Statistics& out, const Vectors& all, const kib_teaching& teaching,
                     const kib_objective_spec& spec, int threads) {
  int64_t batch = spec.batch, width = spec.width, outputs = teaching.outputs;
  out.count[0] = static_cast<double>(batch);
  sum_of_rows(out.code_sum, all.vh, batch, width);
  products_of(out.code_products, all.vh, width, all.vh, width, batch, threads);
  if (all.y != nullptr) {
    products_of(out.teaching_products, all.y, outputs, all.vh, width, batch, threads);
    if (out.teaching_squares != nullptr)
      products_of(out.teaching_squares, all.y, outputs, all.y, outputs, batch, threads);
    return sum_of_rows(out.teaching_sum, all.y, batch, outputs);
  }
  std::fill(out.teaching_sum, out.teaching_sum + outputs, 0.0);
  std::fill(out.teaching_products, out.teaching_products + outputs * width, 0.0);
  for (int64_t i = 0; i < batch; i++) {
    int64_t label = teaching.labels[i];
    double* row = out.teaching_products + label * width;
    out.teaching_sum[label] += 1;
#pragma omp simd
    for (int64_t g = 0; g < width; g++) row[g] += all.vh[i * width + g];
  }
}

// What the gradient keeps in its workspace beside the vectors.
struct Centred {
  double *m, *cc, *tc, *weights, *products;

  static Centred take(Arena& arena, int64_t batch, int64_t width, int64_t outputs) {
    return {arena.take<double>(width), arena.take<double>(width * width), arena.take<double>(outputs * width),
            arena.take<double>(batch * width), arena.take<double>(batch * width)};
  }

  static int64_t bytes(int64_t batch, int64_t width, int64_t outputs) {
    return padded(8 * width) + padded(8 * width * width) + padded(8 * outputs * width) + 2 * padded(8 * batch * width);
  }

  // m = t / B, Cc = Vh'Vh - B m m', Tc = Y'Vh - ySum m'.
  void centre(const Sums& sums, int64_t width, int64_t outputs) const {
    double count = sums.count[0];
    for (int64_t g = 0; g < width; g++) m[g] = sums.code_sum[g] / count;
    for (int64_t g = 0; g < width; g++) {
#pragma omp simd
      for (int64_t h = 0; h < width; h++) cc[g * width + h] = sums.code_products[g * width + h] - count * m[g] * m[h];
    }
    for (int64_t c = 0; c < outputs; c++) {
#pragma omp simd
      for (int64_t g = 0; g < width; g++)
        tc[c * width + g] = sums.teaching_products[c * width + g] - sums.teaching_sum[c] * m[g];
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
  const Sums& sums;
  const Centred& c;
  const kib_teaching& teaching;
  const kib_objective_spec& spec;
  double code_factor, teaching_factor, m_squared, y_squared;
  bool phsic;

  Gradient(T* out, const Vectors& vectors, const Sums& statistics, const Centred& centred, const kib_teaching& signal,
           const kib_objective_spec& settings)
      : du(out), all(vectors), sums(statistics), c(centred), teaching(signal), spec(settings) {
    double squared = sums.count[0] * sums.count[0];
    code_factor = 2 / squared;
    teaching_factor = spec.gamma * all.factor / squared;
    m_squared = dot(c.m, c.m, spec.width);
    y_squared = dot(sums.teaching_sum, sums.teaching_sum, teaching.outputs);
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
    const double* v = all.vh + i * width;
    double along = 0;
    if (phsic) {
      double ym = all.y != nullptr ? dot(all.y + i * teaching.outputs, sums.teaching_sum, teaching.outputs)
                                   : sums.teaching_sum[teaching.labels[i]];
      along = code_factor * sums.count[0] * (dot(v, c.m, width) - m_squared) -
              teaching_factor * (ym - y_squared / sums.count[0]);
    }
    double *weights = c.weights + i * width, *product = c.products + i * width, shift = phsic ? 0 : 1;
#pragma omp simd
    for (int64_t g = 0; g < width; g++) {
      weights[g] = code_factor * (v[g] - shift * c.m[g]);
      product[g] = along * c.m[g];
    }
  }

  // The rows of Tc, then du.
  void end(int64_t i) const {
    int64_t width = spec.width;
    double* product = c.products + i * width;
    for (int64_t t = 0; t < teaching.outputs; t++) {
      double entry = all.y != nullptr ? all.y[i * teaching.outputs + t] : (t == teaching.labels[i] ? 1.0 : 0.0);
      double weight = -teaching_factor * (phsic ? entry : entry - sums.teaching_sum[t] / sums.count[0]);
      if (weight == 0) continue;
      const double* row = c.tc + t * width;
#pragma omp simd
      for (int64_t g = 0; g < width; g++) product[g] += weight * row[g];
    }
    const double* v = all.vh + i * width;
    double projection = spec.kernel == KIB_COSINE ? dot(product, v, width) : 0;
    finish_row(du + i * width, product, v, all.norm[i], projection, spec);
  }
};

template <class T>
void gradient_from_statistics(T* du, double* value, const Vectors& all, const Sums& sums, const kib_teaching& teaching,
                              const kib_objective_spec& spec, const kib_meter* meter, Arena& arena, int threads) {
  int64_t batch = spec.batch, width = spec.width, outputs = teaching.outputs;
  Centred c = Centred::take(arena, batch, width, outputs);
  c.centre(sums, width, outputs);
  Gradient<T> gradient(du, all, sums, c, teaching, spec);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < batch; i += kRowsAtOnce) gradient.rows(i, std::min(kRowsAtOnce, batch - i));
  double count = sums.count[0];
  double zz = dot(c.cc, c.cc, width * width), yz = dot(c.tc, c.tc, outputs * width);
  for (int64_t g = 0; gradient.phsic && g < width; g++) zz += 2 * count * c.m[g] * dot(c.cc + g * width, c.m, width);
  for (int64_t t = 0; gradient.phsic && t < outputs; t++)
    yz += 2 * sums.teaching_sum[t] * dot(c.tc + t * width, c.m, width);
  set_value(value, zz / (count * count), all.factor * yz / (count * count), spec.gamma);
  add_up(meter, static_cast<double>(batch) * value[0]);
}

}  // namespace

int64_t kib_objective_statistics_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) {
  int64_t batch = spec->batch, width = spec->width, outputs = teaching->outputs;
  return Vectors::bytes(batch, width, outputs) + Statistics::bytes(width, outputs) +
         Centred::bytes(batch, width, outputs);
}

kib_status kib_objective_gradient_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                             const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                             int threads) {
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    Arena arena(workspace);
    Vectors all = Vectors::prepare(arena, static_cast<const T*>(u), *teaching, *spec, threads);
    Statistics sums = Statistics::take(arena, spec->width, teaching->outputs);
    code_statistics(sums, all, *teaching, *spec, threads);
    gradient_from_statistics(static_cast<T*>(du), value, all, sums.sums(), *teaching, *spec, meter, arena, threads);
  });
}

kib_status kib_objective_code_statistics(double* count, double* code_sum, double* code_products,
                                         double* teaching_products, double* teaching_sum, double* teaching_squares,
                                         const void* u, const kib_teaching* teaching, const kib_objective_spec* spec,
                                         void* workspace, int threads) {
  Statistics out{count, code_sum, code_products, teaching_products, teaching_sum, teaching_squares};
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
                                                  const kib_meter* meter, void* workspace, int threads) {
  Sums sums{count, code_sum, code_products, teaching_products, teaching_sum};
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    Arena arena(workspace);
    Vectors all = Vectors::prepare(arena, static_cast<const T*>(u), *teaching, *spec, threads);
    gradient_from_statistics(static_cast<T*>(du), value, all, sums, *teaching, *spec, meter, arena, threads);
  });
}

}  // namespace kib::KIB_LEVEL
