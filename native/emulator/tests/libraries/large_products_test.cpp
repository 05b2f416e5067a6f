// Products at the sizes of a weight gradient: the inner dimension is every position of a batch, operands are bf16 or
// f32, sums and results f32. The reference is in double, on a sample of the elements.
#include <functional>

#include "cublaslt_calls.h"

using namespace kib::test;

namespace {

constexpr uint64_t kSeed = 1977;

size_t z(int64_t value) { return static_cast<size_t>(value); }

// Checks a sample of elements: `term(element, p)` are the products that an element sums, `start` what it was before.
// The bound is twice the largest error that plain f32 sums in ascending order have on the sample, and the rounding of
// the result to its type.
void sampled(const std::vector<double>& got, const std::vector<double>& start, int64_t terms, Element out,
             const std::function<double(size_t, int64_t)>& term, Random& random, const std::string& what) {
  constexpr int kSample = 12;
  std::vector<double> values, wanted, bounds;
  double error = 0;
  for (int i = 0; i < kSample; ++i) {
    const size_t at = i == 0 ? 0 : i == 1 ? got.size() - 1 : random() % got.size();
    double sum = start[at];
    float plain = static_cast<float>(start[at]);
    for (int64_t p = 0; p < terms; ++p) {
      const double each = term(at, p);
      sum += each;
      plain += static_cast<float>(each);
    }
    values.push_back(got[at]);
    wanted.push_back(sum);
    error = std::max(error, std::abs(static_cast<double>(plain) - sum));
  }
  for (const double value : wanted) bounds.push_back(2 * error + 1.01 * unit(out) * std::abs(value));
  near(values, wanted, bounds, what);
  silent(what);
}

double tf32(double value) {
  int exponent;
  const double fraction = std::frexp(value, &exponent);
  return std::ldexp(std::round(std::ldexp(fraction, 11)), exponent - 11);
}

// D = A B' with 64 x 64 results and k = 131,072, by cublasLt with each of its heuristic's algorithms and by cuBLAS.
void long_sums(Element in, Element out, int compute, Random& random) {
  constexpr int64_t m = 64, n = 64, k = 131072;
  std::vector<double> a = uniform(m * k, in, random), b = uniform(n * k, in, random);
  DeviceArray da(in, a), db(in, b), d(out, m * n);
  if (compute == kComputeFastTF32) {
    for (double& value : a) value = tf32(value);
    for (double& value : b) value = tf32(value);
  }
  const auto term = [&](size_t at, int64_t p) { return a[z(p * m) + at % m] * b[z(p * n) + at / m]; };
  const std::vector<double> nothing(m * n);
  const std::string what = std::string(kib::emulator::name(in)) + " to " + kib::emulator::name(out) +
                           ", compute type " + std::to_string(compute) + ", k = 131072";
  const float one = 1, zero = 0;

  Lt lt(compute);
  lt.set(kTransB, int{kT});
  const LtLayout la(in, m, k, m), lb(in, n, k, n), ld(out, m, n, m);
  lt.prefer(kWorkspace, uint64_t{1} << 22);
  HeuristicResult found_algorithms[4];
  int count = 0;
  CHECK_EQUAL(cublasLtMatmulAlgoGetHeuristic(lt.handle, lt.desc, la.desc, lb.desc, ld.desc, ld.desc, lt.preference, 4,
                                             found_algorithms, &count),
              0);
  CHECK_EQUAL(count, 2);
  std::vector<double> first;
  for (int i = 0; i < count; ++i) {
    Buffer workspace(std::max<size_t>(found_algorithms[i].workspace, 16));
    CHECK_EQUAL(cublasLtMatmul(lt.handle, lt.desc, &one, da.pointer(), la.desc, db.pointer(), lb.desc, &zero,
                               d.pointer(), ld.desc, d.pointer(), ld.desc, &found_algorithms[i], workspace.get(),
                               found_algorithms[i].workspace, nullptr),
                0);
    sampled(d.get(), nothing, k, out, term, random, "cublasLtMatmul " + what);
  }
  Blas blas;
  CHECK_EQUAL(cublasGemmEx(blas.handle, kN, kT, m, n, k, &one, da.pointer(), data_type(in), m, db.pointer(),
                           data_type(in), n, &zero, d.pointer(), data_type(out), m, compute, -1),
              0);
  sampled(d.get(), nothing, k, out, term, random, "cublasGemmEx " + what);
}

// The weight gradient of a 3x3 convolution as nine products: x and dy channels-last in bf16, with a border of zeros one
// pixel wide, so that a tap is the same memory moved; f32 sums straight into the momentum, added to what is there.
// Three calls, one for each row of the filter; the three taps of a row are a batch whose operands overlap and whose
// results lie between each other's columns.
void nine_taps(Random& random) {
  constexpr int64_t images = 16, size = 32, channels = 64, filters = 64, wide = size + 2;
  constexpr int64_t positions = images * wide * wide, margin = wide + 1, inner = positions - 2 * margin;
  const Element bf16 = Element::kBF16;
  std::vector<double> x = uniform(positions * channels, bf16, random), dy = uniform(positions * filters, bf16, random);
  for (int64_t p = 0; p < positions; ++p) {
    const int64_t row = p / wide % wide, column = p % wide;
    if (row != 0 && row != wide - 1 && column != 0 && column != wide - 1) continue;
    std::fill_n(x.begin() + p * channels, channels, 0.0);
    std::fill_n(dy.begin() + p * filters, filters, 0.0);
  }
  const std::vector<double> momentum = uniform(filters * 9 * channels, Element::kF32, random);
  DeviceArray dx(bf16, x), ddy(bf16, dy), dw(Element::kF32, momentum);

  Lt lt;
  lt.set(kTransB, int{kT});
  lt.prefer(kWorkspace, uint64_t{1} << 20);
  for (const int attribute : {kAlignmentA, kAlignmentB, kAlignmentC, kAlignmentD}) lt.prefer(attribute, uint32_t{16});
  const LtLayout lx(bf16, channels, inner, channels, 3, channels), ldy(bf16, filters, inner, filters, 3, 0);
  const LtLayout lw(Element::kF32, channels, filters, 9 * channels, 3, channels);
  HeuristicResult algorithm;
  int count = 0;
  CHECK_EQUAL(cublasLtMatmulAlgoGetHeuristic(lt.handle, lt.desc, lx.desc, ldy.desc, lw.desc, lw.desc, lt.preference, 1,
                                             &algorithm, &count),
              0);
  CHECK_EQUAL(count, 1);
  Buffer workspace(algorithm.workspace);
  const float one = 1;
  for (int64_t r = 0; r < 3; ++r) {
    float* tap = dw.as<float>() + r * 3 * channels;
    CHECK_EQUAL(cublasLtMatmul(lt.handle, lt.desc, &one, dx.as<uint16_t>() + r * wide * channels, lx.desc,
                               ddy.as<uint16_t>() + margin * filters, ldy.desc, &one, tap, lw.desc, tap, lw.desc,
                               &algorithm, workspace.get(), algorithm.workspace, nullptr),
                0);
  }
  const auto term = [&](size_t at, int64_t p) {  // of dw[filter][r][s][channel]
    const int64_t i = static_cast<int64_t>(at), c = i % channels, tap = i / channels % 9, f = i / channels / 9;
    const int64_t moved = p + margin + (tap / 3 - 1) * wide + tap % 3 - 1;
    return x[z(moved * channels + c)] * dy[z((p + margin) * filters + f)];
  };
  sampled(dw.get(), momentum, inner, Element::kF32, term, random, "nine taps by cublasLtMatmul");

  // The same by cuBLAS, into zeros that are never read.
  Blas blas;
  DeviceArray again(Element::kF32, filters * 9 * channels);
  const float zero = 0;
  for (int64_t r = 0; r < 3; ++r) {
    CHECK_EQUAL(cublasGemmStridedBatchedEx(
                    blas.handle, kN, kT, channels, filters, inner, &one, dx.as<uint16_t>() + r * wide * channels,
                    kR16BF, channels, channels, ddy.as<uint16_t>() + margin * filters, kR16BF, filters, 0, &zero,
                    again.as<float>() + r * 3 * channels, kR32F, 9 * channels, channels, 3, kCompute32F, -1),
                0);
  }
  sampled(again.get(), std::vector<double>(momentum.size()), inner, Element::kF32, term, random,
          "nine taps by cublasGemmStridedBatchedEx");

  // A tap begins at any multiple of 128 bytes: less than the 256 that the heuristic takes for granted unless told.
  lt.prefer(kAlignmentA, uint32_t{256});
  CHECK_EQUAL(cublasLtMatmulAlgoGetHeuristic(lt.handle, lt.desc, lx.desc, ldy.desc, lw.desc, lw.desc, lt.preference, 1,
                                             &algorithm, &count),
              0);
  CHECK_REFUSED(cublasLtMatmul(lt.handle, lt.desc, &one, dx.as<uint16_t>() + channels, lx.desc, ddy.pointer(), ldy.desc,
                               &one, dw.pointer(), lw.desc, dw.pointer(), lw.desc, &algorithm, workspace.get(),
                               algorithm.workspace, nullptr),
                kNotSupported, "bad argument", "CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES");
}

}  // namespace

int main() {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  Random random(kSeed);
  long_sums(Element::kBF16, Element::kF32, kCompute32F, random);
  long_sums(Element::kBF16, Element::kBF16, kCompute32F, random);
  long_sums(Element::kF32, Element::kF32, kComputeFastTF32, random);
  nine_taps(random);
  return result();
}
