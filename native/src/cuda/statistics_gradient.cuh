// The gradient without Gram matrices: rows of S Vh from C and T, and the objective.
#ifndef KIB_CUDA_STATISTICS_GRADIENT_CUH
#define KIB_CUDA_STATISTICS_GRADIENT_CUH
#include "meter.cuh"
#include "statistics_sums.cuh"

namespace kib::cuda {
namespace {

// The objective, by one block: pHSIC(K,K) = (|C|^2 + 2 B m'Cm) / B^2, pHSIC(L,K) = factor (|T|^2 + 2 eta'Tm) / B^2;
// HSIC without the second terms. Reads C and T once.
__device__ void write_value(double* value, const Vectors& all, const Sums& sums, double n,
                            const kib_objective_spec& spec, const kib_meter& meter, double* parts) {
  int64_t width = all.width;
  double twice = spec.estimator == KIB_PHSIC ? 2 : 0, zz = 0, yz = 0;
  for (int64_t e = threadIdx.x; e < width * width; e += kThreads)
    zz += sums.codes[e] * (sums.codes[e] + twice * n * sums.code[e / width] * sums.code[e % width]);
  for (int64_t e = threadIdx.x; e < all.outputs * width; e += kThreads)
    yz += sums.teaching[e] * (sums.teaching[e] + twice * sums.eta[e / width] * sums.code[e % width]);
  zz = block_sum(zz, parts);
  yz = block_sum(yz, parts);
  if (threadIdx.x != 0) return;
  set_value(value, zz / (n * n), all.factor * yz / (n * n), spec.gamma);
  add_loss(meter, static_cast<double>(all.batch) * value[0]);
}

struct alignas(16) GradientMemory {
  double weights[kTerms][kRows + 2];       // of rows of C and T, for each sample; two more keep lanes in other banks
  double parts[kGroups][kRows][kColumns];  // of products, by groups of threads
  double along[kRows], projections[kRows];
};

// Rows of S Vh, by a block of 8 samples; the last block writes the objective.
//   pHSIC  S Vh = (2/B^2) (Vh C + B (Vc m) m') - (gamma al/B^2) (Y T + (y_i.eta - |eta|^2/B) m')
//   HSIC   S Vh = (2/B^2) Vc C - (gamma al/B^2) (Y - 1 eta'/B) T
// Reads vh twice, and C and T B / 8 times (all from the cache), writes du once; B G (G + M) fused multiply-adds in
// double, 8 for each number of C. Centring takes nothing off du but rounding: it is a sum of centred codes.
template <class T>
__global__ void __launch_bounds__(kThreads, 2)
    gradient(T* du, double* value, Vectors all, Sums sums, double* products, const double* given_count,
             kib_objective_spec spec, kib_meter meter) {
  __shared__ GradientMemory memory;
  double n = given_count != nullptr ? given_count[0] : static_cast<double>(all.batch);
  if (blockIdx.x == gridDim.x - 1) return write_value(value, all, sums, n, spec, meter, &memory.parts[0][0][0]);
  int64_t width = all.width, outputs = all.outputs, terms = width + outputs;
  int64_t i0 = static_cast<int64_t>(blockIdx.x) * kRows;
  int rows = all.batch - i0 < kRows ? static_cast<int>(all.batch - i0) : kRows;
  bool phsic = spec.estimator == KIB_PHSIC;
  double of_codes = 2 / (n * n), of_teaching = spec.gamma * all.factor / (n * n);
  int thread = static_cast<int>(threadIdx.x), warp = thread / kWarp, lane = thread % kWarp;

  double vm = 0, y_eta = 0, eta_squared = 0;  // a warp for each sample: what goes along m
  if (phsic && warp < rows) {
    const double* v = all.vh + (i0 + warp) * width;
    for (int64_t g = lane; g < width; g += kWarp) vm += (v[g] - sums.code[g]) * sums.code[g];
    for (int64_t c = lane; c < outputs; c += kWarp) {
      y_eta += all.teaching(i0 + warp, c) * sums.eta[c];
      eta_squared += sums.eta[c] * sums.eta[c];
    }
  }
  vm = warp_sum(vm), y_eta = warp_sum(y_eta), eta_squared = warp_sum(eta_squared);
  if (lane == 0) {
    memory.along[warp] = of_codes * n * vm - of_teaching * (y_eta - eta_squared / n);
    memory.projections[warp] = 0;
  }

  int column = thread % kColumns, group = thread / kColumns;
  for (int64_t g0 = 0; g0 < width; g0 += kColumns) {
    double product[kRows] = {};
    for (int64_t h0 = 0; h0 < terms; h0 += kTerms) {
      __syncthreads();
      int count = static_cast<int>(terms - h0 < kTerms ? terms - h0 : kTerms);
      for (int h = lane; h < count; h += kWarp) {  // a warp for each sample
        int64_t term = h0 + h, c = term - width;
        double weight = 0;
        if (warp < rows && term < width)
          weight = of_codes * (all.vh[(i0 + warp) * width + term] - (phsic ? 0 : sums.code[term]));
        else if (warp < rows)
          weight = -of_teaching * (all.teaching(i0 + warp, c) - (phsic ? 0 : sums.eta[c] / n));
        memory.weights[h][warp] = weight;
      }
      __syncthreads();
      const double* from = sums.codes + (h0 + group) * width + g0 + column;  // T lies behind C
      if (g0 + column < width) {
#pragma unroll 2
        for (int h = group; h < count; h += kGroups, from += kGroups * width) {
          double entry = *from;
#pragma unroll
          for (int r = 0; r < kRows; r += 2) {
            double2 weights = *reinterpret_cast<const double2*>(&memory.weights[h][r]);
            product[r] += weights.x * entry;
            product[r + 1] += weights.y * entry;
          }
        }
      }
    }
#pragma unroll
    for (int r = 0; r < kRows; r++) memory.parts[group][r][column] = product[r];
    __syncthreads();
    double projection = 0;  // a warp for each sample again: a lane's products are added up, kept, and read again by it
    for (int64_t g = lane; g < kColumns && g0 + g < width && warp < rows; g += kWarp) {
      double sum = memory.along[warp] * sums.code[g0 + g];
#pragma unroll
      for (int part = 0; part < kGroups; part++) sum += memory.parts[part][warp][g];
      int64_t at = (i0 + warp) * width + g0 + g;
      projection += sum * all.vh[at];
      products[at] = sum;
    }
    projection = warp_sum(projection);
    if (lane == 0) memory.projections[warp] += projection;
  }
  __syncwarp();
  if (warp >= rows) return;
  double projection = spec.kernel == KIB_COSINE ? memory.projections[warp] : 0;
  double factor = gradient_factor(spec.kernel, spec.widths.sigma[0], all.norm[i0 + warp]);
  for (int64_t g = lane; g < width; g += kWarp) {
    int64_t at = (i0 + warp) * width + g;
    store(du + at, static_cast<float>(factor * (products[at] - projection * all.vh[at])));
  }
}

}  // namespace
}  // namespace kib::cuda
#endif
