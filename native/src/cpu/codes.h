// Codes and what both forms of a local objective do with them.
#ifndef KIB_CPU_CODES_H
#define KIB_CPU_CODES_H
#include <limits>

#include "arena.h"
#include "kib/constants.h"
#include "kib/specs.h"
#include "level.h"

namespace kib::KIB_LEVEL {

inline double dot(const double* a, const double* b, int64_t count) {
  return sum(count, [=](int64_t i) { return a[i] * b[i]; });
}

// The mean of a code (0 if codes are not centred), and the length of what is left of it: 0 of a code that is zero but
// for rounding.
struct RowSize {
  double mean, norm;
};

template <class T>
RowSize measure_row(const T* u, int64_t width, bool centred) {
  constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
  double n = static_cast<double>(width);
  double mean = centred ? sum(width, [=](int64_t g) -> double { return load(u[g]); }) / n : 0;
  double u_squares = sum(width, [=](int64_t g) {
    double x = load(u[g]);
    return x * x;
  });
  double squares = sum(width, [=](int64_t g) {
    double x = load(u[g]) - mean;
    return x * x;
  });
  bool dead = std::sqrt(squares) <= KIB_DEAD_FACTOR * kEpsilon * std::sqrt(n) * std::sqrt(u_squares);
  return {mean, dead ? 0 : std::sqrt(squares)};
}

// What a code is multiplied by: 1 / |v| with the cosine kernel (0 for a dead code, NaN for one that is not a number).
inline double kernel_scale(int kernel, double norm) {
  if (kernel != KIB_COSINE) return 1;
  return norm == 0 ? 0 : 1 / norm;
}

// Refuses a kernel or an estimator that there is not.
inline kib_status check_kernel(int kernel, const kib_widths& widths) {
  kib_status status = check_setting("kernel", kernel, KIB_GAUSSIAN + 1);
  if (status != KIB_OK || kernel != KIB_GAUSSIAN || (widths.count > 0 && widths.count <= KIB_MOST_WIDTHS))
    return status;
  return refuse(KIB_BAD_ARGUMENT, "take a Gaussian kernel of 1 to %d widths, not of %d", KIB_MOST_WIDTHS, widths.count);
}
template <class One, class Other>
kib_status check_dependence(int estimator, const One& one, const Other& other) {
  kib_status status = check_setting("estimator", estimator, KIB_HSIC + 1);
  if (status == KIB_OK) status = check_kernel(one.kernel, one.widths);
  return status == KIB_OK ? check_kernel(other.kernel, other.widths) : status;
}

// The factor of a code's gradient; of a Gaussian kernel with several widths that of the smallest.
inline double gradient_factor(const kib_objective_spec& spec, double norm) {
  if (spec.kernel == KIB_GAUSSIAN) return 2 / (spec.widths.sigma[0] * spec.widths.sigma[0]);
  return 2 * kernel_scale(spec.kernel, norm);
}

// One sample's du: dv = factor (product + along m - projection v), then what centring leaves of it.
template <class T, class Number>
void finish_row(T* du, const Number* product, const double* m, double along, const Number* v, double projection,
                double factor, const kib_objective_spec& spec) {
  int64_t width = spec.width;
  auto entry = [=](int64_t g) -> double { return factor * (product[g] + along * m[g] - projection * v[g]); };
  double mean = spec.centred ? sum(width, entry) / static_cast<double>(width) : 0;
#pragma omp simd
  for (int64_t g = 0; g < width; g++) store(du + g, static_cast<float>(entry(g) - mean));
}

inline void set_value(double* value, double zz, double yz, double gamma) {
  value[0] = zz - gamma * yz;
  value[1] = zz;
  value[2] = yz;
}

}  // namespace kib::KIB_LEVEL
#endif
