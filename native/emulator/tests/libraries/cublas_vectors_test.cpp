// cuBLAS's sums over vectors and small matrix operations, against double.
#include "cublas_calls.h"

using namespace kib::test;

namespace {

constexpr uint64_t kSeed = 77;
constexpr Element kF32 = Element::kF32;

size_t z(int value) { return static_cast<size_t>(value); }

std::vector<double> bounds(const std::vector<double>& wanted, double terms) {
  std::vector<double> result;
  for (const double value : wanted) result.push_back((terms + 3) * unit(kF32) * (std::abs(value) + terms));
  return result;
}

void vectors(Random& random) {
  Blas blas;
  constexpr int n = 37;
  const std::vector<double> x = uniform(n, kF32, random), y = uniform(n, kF32, random);
  DeviceArray dx(kF32, x, 1, 2), dy(kF32, y);  // a stride of 2, with gaps that were never written
  const float alpha = 1.5f;
  std::vector<double> sum(n), scaled(n), turned(x.rbegin(), x.rend());
  double dot = 0, norm = 0, sizes = 0;
  int largest = 0, smallest = 0;
  for (int i = 0; i < n; ++i) {
    sum[z(i)] = y[z(i)] + 1.5 * x[z(i)];
    scaled[z(i)] = 1.5 * sum[z(i)];
    dot += x[z(i)] * y[z(i)];
    norm += x[z(i)] * x[z(i)];
    sizes += std::abs(x[z(i)]);
    if (std::abs(x[z(i)]) > std::abs(x[z(largest)])) largest = i;
    if (std::abs(x[z(i)]) < std::abs(x[z(smallest)])) smallest = i;
  }
  float result = 0;
  int index = 0;
  CHECK_EQUAL(cublasSdot_v2(blas.handle, n, dx.as<float>(), 2, dy.as<float>(), 1, &result), 0);
  near({result}, {dot}, bounds({dot}, n), "cublasSdot");
  CHECK_EQUAL(cublasSnrm2_v2(blas.handle, n, dx.as<float>(), 2, &result), 0);
  near({result}, {std::sqrt(norm)}, bounds({std::sqrt(norm)}, n), "cublasSnrm2");
  CHECK_EQUAL(cublasSasum_v2(blas.handle, n, dx.as<float>(), 2, &result), 0);
  near({result}, {sizes}, bounds({sizes}, n), "cublasSasum");
  CHECK_EQUAL(cublasIsamax_v2(blas.handle, n, dx.as<float>(), 2, &index), 0);
  CHECK_EQUAL(index, largest + 1);
  CHECK_EQUAL(cublasIsamin_v2(blas.handle, n, dx.as<float>(), 2, &index), 0);
  CHECK_EQUAL(index, smallest + 1);
  CHECK_EQUAL(cublasSaxpy_v2(blas.handle, n, &alpha, dx.as<float>(), 2, dy.as<float>(), 1), 0);
  near(dy.get(), sum, bounds(sum, 1), "cublasSaxpy");
  CHECK_EQUAL(cublasSscal_v2(blas.handle, n, &alpha, dy.as<float>(), 1), 0);
  near(dy.get(), scaled, bounds(scaled, 2), "cublasSscal");
  CHECK_EQUAL(cublasScopy_v2(blas.handle, n, dx.as<float>(), -2, dy.as<float>(), 1), 0);
  near(dy.get(), turned, std::vector<double>(n, 0.0), "cublasScopy with a negative stride");
  silent("vectors");
}

void wide_and_on_device(Random& random) {
  Blas blas;
  const std::vector<double> x = uniform(50, Element::kF64, random);
  DeviceArray dx(Element::kF64, x), result(Element::kF64, 1);
  double wanted = 0, got = 0;
  for (const double value : x) wanted += value * value;
  CHECK_EQUAL(cublasDdot_v2(blas.handle, 50, dx.as<double>(), 1, dx.as<double>(), 1, &got), 0);
  near({got}, {wanted}, {50 * unit(Element::kF64) * wanted}, "cublasDdot");
  CHECK_REFUSED(cublasDdot_v2(blas.handle, 50, dx.as<double>(), 1, dx.as<double>(), 1, result.as<double>()), kInvalid,
                "bad argument", "the result is a device pointer");
  CHECK_EQUAL(cublasSetPointerMode_v2(blas.handle, 1), 0);
  CHECK_EQUAL(cublasDdot_v2(blas.handle, 50, dx.as<double>(), 1, dx.as<double>(), 1, result.as<double>()), 0);
  CHECK_EQUAL(result.get()[0], got);
  silent("a result on the device");
}

// A result on the host needs a synchronization, which a capture forbids.
void forbidden_in_capture() {
  Blas blas;
  StreamHandle stream = nullptr;
  GraphHandle graph = nullptr;
  DeviceArray x(kF32, {1, 2, 3});
  float result = 0;
  cudaStreamCreateWithFlags(&stream, kNonBlocking);
  cublasSetStream_v2(blas.handle, stream);
  CHECK_EQUAL(cudaStreamBeginCapture(stream, 0), 0);
  CHECK(cublasSnrm2_v2(blas.handle, 3, x.as<float>(), 1, &result) != 0);
  CHECK_EQUAL(found("forbidden in capture"), 1);
  CHECK_CONTAINS(last_report(), "cublasSnrm2");
  CHECK(cudaStreamEndCapture(stream, &graph) != 0);
  kib_emulator_clear();
  cudaGetLastError();
  cudaStreamDestroy(stream);
}

void small_matrices(Random& random) {
  Blas blas;
  constexpr int m = 6, n = 4, ld = 8;
  const std::vector<double> a = uniform(m * n, kF32, random), x = uniform(m, kF32, random);
  const std::vector<double> y = uniform(n, kF32, random), b = uniform(m * n, kF32, random);
  DeviceArray da(kF32, a, m, ld), dx(kF32, x), dy(kF32, y), db(kF32, b, n, n + 1);
  const float alpha = 2, beta = -1, zero = 0;
  std::vector<double> product(m), turned(n), outer(m * n), sum(m * n), diagonal(m * n);
  for (int j = 0; j < n; ++j) {
    turned[z(j)] = -y[z(j)];
    for (int i = 0; i < m; ++i) {
      const size_t at = z(j * m + i);
      product[z(i)] += 2 * a[at] * y[z(j)];
      turned[z(j)] += 2 * a[at] * x[z(i)];
      outer[at] = a[at] + 2 * x[z(i)] * y[z(j)];
      sum[at] = 2 * a[at] - b[z(i * n + j)];  // b is stored as its transpose
      diagonal[at] = a[at] * y[z(j)];
    }
  }
  DeviceArray dp(kF32, m), dt(kF32, y), dc(kF32, m, n, ld), de(kF32, m, n, ld);
  CHECK_EQUAL(
      cublasSgemv_v2(blas.handle, kN, m, n, &alpha, da.as<float>(), ld, dy.as<float>(), 1, &zero, dp.as<float>(), 1),
      0);
  near(dp.get(), product, bounds(product, n), "cublasSgemv");
  CHECK_EQUAL(
      cublasSgemv_v2(blas.handle, kT, m, n, &alpha, da.as<float>(), ld, dx.as<float>(), 1, &beta, dt.as<float>(), 1),
      0);
  near(dt.get(), turned, bounds(turned, m), "cublasSgemv transposed");
  CHECK_EQUAL(cublasSgeam(blas.handle, kN, kT, m, n, &alpha, da.as<float>(), ld, &beta, db.as<float>(), n + 1,
                          dc.as<float>(), ld),
              0);
  near(dc.get(), sum, bounds(sum, 2), "cublasSgeam");
  CHECK_EQUAL(cublasSdgmm(blas.handle, 1, m, n, da.as<float>(), ld, dy.as<float>(), 1, de.as<float>(), ld), 0);
  near(de.get(), diagonal, bounds(diagonal, 1), "cublasSdgmm");
  CHECK_EQUAL(cublasSger_v2(blas.handle, m, n, &alpha, dx.as<float>(), 1, dy.as<float>(), 1, da.as<float>(), ld), 0);
  near(da.get(), outer, bounds(outer, 2), "cublasSger");
  silent("small matrices");
}

// Only one triangle is written: the other one stays as it is.
void rank_k(Random& random) {
  Blas blas;
  constexpr int n = 7, k = 5;
  const std::vector<double> a = uniform(n * k, kF32, random), b = uniform(n * k, kF32, random);
  DeviceArray da(kF32, a), db(kF32, b), dc(kF32, std::vector<double>(n * n, 9.0));
  const float one = 1, zero = 0;
  for (const bool both : {false, true}) {
    for (const int uplo : {0, 1}) {
      std::vector<double> wanted(n * n, 9.0);
      for (int j = 0; j < n; ++j) {
        for (int i = 0; i < n; ++i) {
          if (uplo == 0 ? i < j : i > j) continue;
          double sum = 0;
          for (int p = 0; p < k; ++p) sum += a[z(p * n + i)] * (both ? b : a)[z(p * n + j)];
          wanted[z(j * n + i)] = sum;
        }
      }
      dc.set(std::vector<double>(n * n, 9.0));
      if (both) {
        CHECK_EQUAL(cublasSsyrkx(blas.handle, uplo, kN, n, k, &one, da.as<float>(), n, db.as<float>(), n, &zero,
                                 dc.as<float>(), n),
                    0);
      } else {
        CHECK_EQUAL(cublasSsyrk_v2(blas.handle, uplo, kN, n, k, &one, da.as<float>(), n, &zero, dc.as<float>(), n), 0);
      }
      near(dc.get(), wanted, bounds(wanted, k), both ? "cublasSsyrkx" : "cublasSsyrk");
    }
  }
  CHECK_REFUSED(cublasSsyrk_v2(blas.handle, 3, kN, n, k, &one, da.as<float>(), n, &zero, dc.as<float>(), n), kInvalid,
                "bad argument", "triangle");
  silent("rank-k updates");
}

void refusals() {
  Blas blas;
  DeviceArray x(kF32, {1, 2});
  float result = 0;
  const float alpha = 1;
  CHECK_REFUSED(cublasSdot_v2(nullptr, 2, x.as<float>(), 1, x.as<float>(), 1, &result), kNotInitialized, "bad handle",
                "cublasSdot");
  CHECK_REFUSED(cublasSnrm2_v2(blas.handle, 2, nullptr, 1, &result), kInvalid, "bad argument", "null pointer");
  CHECK_REFUSED(cublasSasum_v2(blas.handle, 2, x.as<float>(), 1, nullptr), kInvalid, "bad argument", "result");
  CHECK_REFUSED(cublasSscal_v2(blas.handle, 2, nullptr, x.as<float>(), 1), kInvalid, "bad argument", "alpha");
  CHECK_REFUSED(
      cublasSgemv_v2(blas.handle, kN, 2, 2, &alpha, x.as<float>(), 1, x.as<float>(), 1, &alpha, x.as<float>(), 1),
      kInvalid, "bad argument", "leading dimension");
  CHECK_EQUAL(cublasSnrm2_v2(blas.handle, 0, nullptr, 1, &result), 0);  // nothing is read of an empty vector
  CHECK_EQUAL(result, 0.0f);
}

}  // namespace

int main() {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  Random random(kSeed);
  vectors(random);
  wide_and_on_device(random);
  small_matrices(random);
  rank_k(random);
  refusals();
  forbidden_in_capture();
  return result();
}
