// Codes and what both forms of a local objective do with them (docs/mathematics.md, sections 3 and 4).
#ifndef KIB_CUDA_CODES_CUH
#define KIB_CUDA_CODES_CUH
#include <cfloat>

#include "kib/constants.h"
#include "kib/specs.h"
#include "launch.cuh"
#include "reduce.cuh"

namespace kib::cuda {

// The mean of a code (0 if codes are not centred), and the length of what is left of it: 0 of a code that is zero but
// for rounding, NaN of one that is not a number.
struct RowSize {
  double mean, norm;
};

// The code u, measured by threads that all call this: each takes the entries lane, lane + lanes, ... and
// sum(x) adds up over them. Sums are of differences from a thread's first entry, which for entries that are alike
// loses nothing in one pass. An entry costs a conversion and five operations in double.
template <class T, class Sum>
__device__ RowSize measure_row(const T* u, int64_t width, bool centred, int64_t lane, int64_t lanes, Sum sum) {
  double first = lane < width ? load(u[lane]) : 0, count = lane < width ? 1 : 0;
  double moved = 0, squares = 0, u_squares = first * first;
#pragma unroll 4
  for (int64_t g = lane + lanes; g < width; g += lanes) {
    double x = load(u[g]), d = x - first;
    count += 1;
    moved += d;
    squares += d * d;
    u_squares += x * x;
  }
  double n = static_cast<double>(width), mean = centred ? sum(count * first + moved) / n : 0, away = mean - first;
  u_squares = sum(u_squares);
  squares = centred ? sum(squares + away * (count * away - 2 * moved)) : u_squares;
  double norm = squares > 0 ? sqrt(squares) : squares != squares ? squares : 0;
  bool dead = norm <= KIB_DEAD_FACTOR * FLT_EPSILON * sqrt(n) * sqrt(u_squares);
  return {mean, dead ? 0 : norm};
}

// What a code is multiplied by: 1 / |v| with the cosine kernel (0 for a dead code, NaN for one that is not a number).
__device__ inline double kernel_scale(int kernel, double norm) {
  if (kernel != KIB_COSINE) return 1;
  return norm == 0 ? 0 : 1 / norm;
}

// The factor of a code's gradient; sigma is the smallest of several widths.
__device__ inline double gradient_factor(int kernel, double sigma, double norm) {
  return kernel == KIB_GAUSSIAN ? 2 / (sigma * sigma) : 2 * kernel_scale(kernel, norm);
}

__device__ inline void set_value(double* value, double zz, double yz, double gamma) {
  value[0] = zz - gamma * yz;
  value[1] = zz;
  value[2] = yz;
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

// The sum over each Lanes neighbouring lanes of a warp, in all of them. All 32 lanes call it.
template <int Lanes, class Number>
__device__ Number group_sum(Number x) {
#pragma unroll
  for (int distance = Lanes / 2; distance > 0; distance /= 2) x += __shfl_xor_sync(0xFFFFFFFFu, x, distance);
  return x;
}

}  // namespace kib::cuda
#endif
