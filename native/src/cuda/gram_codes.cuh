// Codes as Gram matrices take them: less a point c among them, and in units of a power of two.
//
// Gram matrices are formed less a constant, which estimators do not see, of codes less a point c that lies among them:
// where codes are alike nothing is lost (docs/mathematics.md, section 6). With vc_i = vh_i - c,
//   linear    v_i.v_j - c.c    = vc_i.vc_j + p_i + p_j    p_i = c.vc_i (0 for HSIC, which does not see it)
//   cosine    vh_i.vh_j - 1    = vc_i.vc_j + p_i + p_j    p_i = -|vc_i|^2 / 2; -1 where a code is dead
//   Gaussian  exp(...) - 1     = expm1(-|vc_i - vc_j|^2 / (2 sigma^2)), or the mean over several sigma
// for any c: it is the mean of at most 32 samples that are spread over the batch, so that no block waits for all of it.
// Rows are measured and centred in double; from there all is in single precision, in units in which it neither
// overflows nor vanishes.
#ifndef KIB_CUDA_GRAM_CODES_CUH
#define KIB_CUDA_GRAM_CODES_CUH
#include "codes.cuh"

namespace kib::cuda {

constexpr int kPointSamples = 32;
constexpr float kDead = 2;  // in place of p: of a dead code (with the cosine kernel p is at most 0)

// Widths of a Gaussian kernel: the smallest, and (smallest / sigma)^2 of each.
struct Widths {
  int count;
  float ratios[KIB_MOST_WIDTHS];
  double sigma;

  static Widths of(const kib_widths& widths) {
    Widths all{widths.count, {}, widths.sigma[0]};
    for (int s = 0; s < widths.count; s++) {
      double ratio = widths.sigma[0] / widths.sigma[s];
      all.ratios[s] = static_cast<float>(ratio * ratio);
    }
    return all;
  }
};

// An entry of a Gaussian Gram matrix less 1, over gram; and what it falls by with the distance, in units of the
// smallest width: the entry itself, not less 1, where there is no other.
struct Gaussian {
  float entry, pull;
};

// What numbers are multiples of: codes of unit, entries of a Gram matrix less a constant of gram.
struct Units {
  double unit, gram;
  float reach;  // Gaussian: (unit / smallest sigma)^2 over gram's square root twice, of squared distances

  // Of codes the longest of which has this length.
  __device__ static Units of(int kernel, double sigma, double longest) {
    Units units{1, 1, 0};
    if (kernel == KIB_COSINE) return units;
    if (longest > 0 && isfinite(longest)) units.unit = ldexp(1.0, ilogb(longest));
    if (kernel == KIB_LINEAR) {
      units.gram = units.unit * units.unit;
      return units;
    }
    double reach = units.unit / sigma;
    if (reach < 0x1p-12) {  // expm1(x) is x (1 + x/2) in single precision
      double scale = ldexp(1.0, ilogb(reach));
      units.gram = scale * scale;
      reach /= scale;
    }
    units.reach = static_cast<float>(fmin(reach, static_cast<double>(FLT_MAX)));
    return units;
  }

  // exp(-distance^2 / (2 sigma^2)) - 1, over gram, of what is over the smallest sigma; or the mean over all.
  __device__ float gaussian(float squared_distance, const Widths& widths) const {
    float x = -0.5f * (squared_distance * reach * reach);
    if (widths.count == 1) return less_one(x);
    float sum = 0;
#pragma unroll 1
    for (int s = 0; s < widths.count; s++) sum += less_one(x * widths.ratios[s]);
    return sum / static_cast<float>(widths.count);
  }
  __device__ Gaussian gaussian_and_pull(float squared_distance, const Widths& widths) const {
    float x = -0.5f * (squared_distance * reach * reach), sum = 0, pull = 0;
#pragma unroll 1
    for (int s = 0; s < widths.count; s++) {
      float ratio = widths.ratios[s], entry = less_one(x * ratio);
      sum += entry;
      pull += ratio * (static_cast<float>(gram) * entry + 1);
    }
    float part = 1 / static_cast<float>(widths.count);
    return {sum * part, pull * part};
  }

  // Of x = -distance^2 / (2 sigma^2) over gram.
  __device__ float less_one(float x) const {
    return gram == 1 ? expm1f(x) : x * (1 + 0.5f * (x * static_cast<float>(gram)));
  }
};

// What the objective's S is made of: S over s_unit = of_k (K - mean K) + of_l (L - mean L), K and L in their units.
// (Of long codes with the linear kernel S would not fit single precision.)
struct Factors {
  double s_unit;
  float of_k, of_l;

  __device__ static Factors of(const kib_objective_spec& spec, const Units& k, double l_gram) {
    double squared = static_cast<double>(spec.batch) * static_cast<double>(spec.batch);
    double s_unit = k.gram > 1 ? k.gram : 1;
    return {s_unit, static_cast<float>(2 * k.gram / s_unit / squared),
            static_cast<float>(-spec.gamma * l_gram / s_unit / squared)};
  }
};

// The third factor of one entry, dv_i = factor (S v)_i less what the kernel's length takes. With s_i the row's sum of
// S (or of P = S o K) and q_i that of S (K - 1):
//   linear    dv_i = 2 ((S vc)_i + s_i c)                                    s_i = 0 for HSIC
//   cosine    dv_i = (2/|v_i|) ((S vc)_i - q_i c - (s_i + q_i) vc_i)         of sum_j S_ij (vh_j - K_ij vh_i)
//   Gaussian  dv_i = (2/sigma^2) ((P vc)_i - s_i vc_i)                       with the smallest sigma, and its P
// Centring takes nothing off it but rounding: it is a sum of centred codes.
struct RowFactors {
  float along, projection;
  float factor, power;  // their product may be what single precision does not hold: power is one of two

  __device__ static RowFactors of(const kib_objective_spec& spec, const Units& units, double s_unit, double norm,
                                  float row_sum, float k_sum) {
    double factor = gradient_factor(spec.kernel, spec.widths.sigma[0], norm) * units.unit * s_unit, power = 1;
    if (factor > 0x1p100) power = 0x1p127;
    if (factor < 0x1p-100) power = 0x1p-126;
    factor = factor / power > FLT_MAX ? FLT_MAX : factor / power;  // which NaN passes
    RowFactors row{0, 0, static_cast<float>(factor), static_cast<float>(power)};
    if (spec.kernel == KIB_LINEAR && spec.estimator == KIB_PHSIC) row.along = row_sum;
    if (spec.kernel == KIB_COSINE) row.along = -k_sum, row.projection = row_sum + k_sum;
    if (spec.kernel == KIB_GAUSSIAN) row.projection = row_sum;
    return row;
  }

  __device__ float entry(float product, float c, float vc) const {
    return (product + along * c - projection * vc) * factor * power;
  }

  // Writes the four entries of du at numbers g ... of a sample, all at once where they lie on a multiple of their size.
  template <class T>
  __device__ void write(T* du, bool whole, int64_t left, const float (&product)[4], float4 c, float4 vc) const {
    const float x[4] = {entry(product[0], c.x, vc.x), entry(product[1], c.y, vc.y), entry(product[2], c.z, vc.z),
                        entry(product[3], c.w, vc.w)};
    if (whole) return store_wide(du, x);
#pragma unroll
    for (int e = 0; e < 4; e++)
      if (e < left) store(du + e, x[e]);
  }
};

// Whether rows of du are written four numbers at once.
template <class T>
__device__ bool in_quads(const T* du, int64_t width) {
  return width % 4 == 0 && reinterpret_cast<uintptr_t>(du) % (4 * sizeof(T)) == 0;
}

}  // namespace kib::cuda
#endif
