// Codes and what both forms of a local objective do with them.
#ifndef KIB_CPU_CODES_H
#define KIB_CPU_CODES_H
#include "arena.h"
#include "kib/objective.h"
#include "level.h"

namespace kib::KIB_LEVEL {

inline double dot(const double* a, const double* b, int64_t count) {
  return sum(count, [=](int64_t i) { return a[i] * b[i]; });
}

// v = u - mean(u) (or u) of one sample; returns |v|, or 0 for a code that is zero but for rounding.
template <class T, class Number>
double centre_row(Number* v, const T* u, int64_t width, bool centred) {
  constexpr double kEpsilon = 0x1p-23;
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
#pragma omp simd
  for (int64_t g = 0; g < width; g++) v[g] = static_cast<Number>(load(u[g]) - mean);
  bool dead = std::sqrt(squares) <= 8 * kEpsilon * std::sqrt(n) * std::sqrt(u_squares);
  return dead ? 0 : std::sqrt(squares);
}

// One sample's du from its products (S vh)_i: the kernel's factor, then what centring leaves of it.
template <class T, class Number>
void finish_row(T* du, Number* product, const Number* vh, double norm, double projection,
                const kib_objective_spec& spec) {
  int64_t width = spec.width;
  double factor = spec.kernel == KIB_GAUSSIAN ? 2 / (spec.sigma * spec.sigma) : 2.0;
  if (spec.kernel == KIB_COSINE) factor = norm > 0 ? 2 / norm : 0;
#pragma omp simd
  for (int64_t g = 0; g < width; g++) product[g] = static_cast<Number>(factor * (product[g] - projection * vh[g]));
  double mean = 0;
  if (spec.centred) mean = sum(width, [=](int64_t g) -> double { return product[g]; }) / static_cast<double>(width);
#pragma omp simd
  for (int64_t g = 0; g < width; g++) store(du + g, static_cast<float>(product[g] - mean));
}

inline void set_value(double* value, double zz, double yz, double gamma) {
  value[0] = zz - gamma * yz;
  value[1] = zz;
  value[2] = yz;
}

inline void add_up(const kib_meter* meter, double loss) {
  if (meter == nullptr || meter->sums == nullptr) return;
  meter->sums[meter->slot] += loss;
  if (!std::isfinite(loss) && meter->fault[0] == 0) {
    meter->fault[0] = meter->now[0] + 1;
    meter->fault[1] = meter->slot;
  }
}

}  // namespace kib::KIB_LEVEL
#endif
