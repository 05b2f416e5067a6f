// cuBLAS's functions as these tests call them.
#ifndef KIB_EMULATOR_TESTS_CUBLAS_CALLS_H
#define KIB_EMULATOR_TESTS_CUBLAS_CALLS_H
#include "device_array.h"

extern "C" {
int cublasCreate_v2(void**);
int cublasDestroy_v2(void*);
int cublasSetStream_v2(void*, void*);
int cublasGetStream_v2(void*, void**);
int cublasSetWorkspace_v2(void*, void*, size_t);
int cublasSetPointerMode_v2(void*, int);
int cublasSetMathMode(void*, int);
int cublasGetMathMode(void*, int*);
int cublasGetVersion_v2(void*, int*);
int cublasGetProperty(int, int*);
const char* cublasGetStatusName(int);
const char* cublasGetStatusString(int);
int cublasSgemm_v2(void*, int, int, int, int, int, const float*, const float*, int, const float*, int, const float*,
                   float*, int);
int cublasDgemm_v2_64(void*, int, int, int64_t, int64_t, int64_t, const double*, const double*, int64_t, const double*,
                      int64_t, const double*, double*, int64_t);
int cublasGemmEx(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int, const void*,
                 void*, int, int, int, int);
int cublasGemmStridedBatchedEx(void*, int, int, int, int, int, const void*, const void*, int, int, long long,
                               const void*, int, int, long long, const void*, void*, int, int, long long, int, int,
                               int);
int cublasGemmBatchedEx(void*, int, int, int, int, int, const void*, const void* const*, int, int, const void* const*,
                        int, int, const void*, void* const*, int, int, int, int, int);
int cublasSgemmStridedBatched(void*, int, int, int, int, int, const float*, const float*, int, long long, const float*,
                              int, long long, const float*, float*, int, long long, int);
int cublasSgemv_v2(void*, int, int, int, const float*, const float*, int, const float*, int, const float*, float*, int);
int cublasSger_v2(void*, int, int, const float*, const float*, int, const float*, int, float*, int);
int cublasSgeam(void*, int, int, int, int, const float*, const float*, int, const float*, const float*, int, float*,
                int);
int cublasSdgmm(void*, int, int, int, const float*, int, const float*, int, float*, int);
int cublasSsyrk_v2(void*, int, int, int, int, const float*, const float*, int, const float*, float*, int);
int cublasSsyrkx(void*, int, int, int, int, const float*, const float*, int, const float*, int, const float*, float*,
                 int);
int cublasSscal_v2(void*, int, const float*, float*, int);
int cublasSaxpy_v2(void*, int, const float*, const float*, int, float*, int);
int cublasScopy_v2(void*, int, const float*, int, float*, int);
int cublasSdot_v2(void*, int, const float*, int, const float*, int, float*);
int cublasDdot_v2(void*, int, const double*, int, const double*, int, double*);
int cublasSnrm2_v2(void*, int, const float*, int, float*);
int cublasSasum_v2(void*, int, const float*, int, float*);
int cublasIsamax_v2(void*, int, const float*, int, int*);
int cublasIsamin_v2(void*, int, const float*, int, int*);
int cublasStrsm_v2();
}

namespace kib::test {

enum : int { kSuccess = 0, kNotInitialized = 1, kInvalid = 7, kNotSupported = 15 };
enum : int { kR32F = 0, kR64F = 1, kR16F = 2, kR16BF = 14 };
enum : int { kCompute32F = 68, kCompute64F = 70, kComputeFastTF32 = 77 };
enum : int { kN = 0, kT = 1 };

inline int data_type(Element type) {
  return type == Element::kF32 ? kR32F : type == Element::kF64 ? kR64F : type == Element::kF16 ? kR16F : kR16BF;
}

struct Blas {
  void* handle = nullptr;
  Blas() { CHECK_EQUAL(cublasCreate_v2(&handle), 0); }
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;
  ~Blas() { CHECK_EQUAL(cublasDestroy_v2(handle), 0); }
};

// A problem of random sizes with what is wanted in double: column-major, padded leading dimensions.
struct GemmCase {
  int ta, tb, m, n, k, lda, ldb, ldc;
  double alpha, beta;
  std::vector<double> a, b, c, wanted, bounds;  // c before; bounds in units of the sum's type and the result's

  int a_rows() const { return ta == kN ? m : k; }
  int b_rows() const { return tb == kN ? k : n; }

  GemmCase(Element in, Element out, Random& random) {
    const auto size = [&](int most) { return 1 + static_cast<int>(random() % static_cast<unsigned>(most)); };
    ta = static_cast<int>(random() % 2), tb = static_cast<int>(random() % 2);
    m = size(40), n = size(40), k = size(90);
    lda = a_rows() + size(5) - 1, ldb = b_rows() + size(5) - 1, ldc = m + size(5) - 1;
    alpha = 0.5, beta = random() % 3 == 0 ? 0 : -1.5;
    a = uniform(static_cast<size_t>(m) * static_cast<size_t>(k), in, random);
    b = uniform(static_cast<size_t>(k) * static_cast<size_t>(n), in, random);
    c = uniform(static_cast<size_t>(m) * static_cast<size_t>(n), out, random);
    expect(in, out);
  }

  void expect(Element in, Element out) {
    const double sum_unit = in == Element::kF64 ? unit(Element::kF64) : unit(Element::kF32);
    wanted.assign(c.size(), 0);
    bounds = wanted;
    for (int j = 0; j < n; ++j) {
      for (int i = 0; i < m; ++i) {
        double sum = 0, size = 0;
        for (int p = 0; p < k; ++p) {
          const double left = a[static_cast<size_t>(ta == kN ? p * m + i : i * k + p)];
          const double right = b[static_cast<size_t>(tb == kN ? j * k + p : p * n + j)];
          sum += left * right;
          size += std::abs(left * right);
        }
        const size_t at = static_cast<size_t>(j * m + i);
        wanted[at] = alpha * sum + beta * c[at];
        // The usual bound of a sum of k products in any order, two more roundings, and the result's own.
        bounds[at] =
            (k + 3) * sum_unit * (std::abs(alpha) * size + std::abs(beta * c[at])) + unit(out) * std::abs(wanted[at]);
      }
    }
  }
};

}  // namespace kib::test
#endif
