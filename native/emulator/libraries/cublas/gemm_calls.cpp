// cublas*gemm*: each with int and (_64) with int64_t sizes.
#include "libraries/cublas/gemm.h"

using namespace kib::emulator::cublas;

namespace {

// In the order of cuBLAS's own arguments. `batch` matrices are `stride` elements apart.
int product(void* handle, const char* call, int ta, int tb, int64_t m, int64_t n, int64_t k, const void* alpha,
            const Operand& a, const Operand& b, const void* beta, const Operand& c, int compute, int64_t batch = 1) {
  return gemm(handle, call, {ta, tb, m, n, k, alpha, beta, a, b, c, batch, false, compute});
}

// As above, of `batch` matrices by arrays of pointers.
int pointed_product(void* handle, const char* call, int ta, int tb, int64_t m, int64_t n, int64_t k, const void* alpha,
                    const Operand& a, const Operand& b, const void* beta, const Operand& c, int compute,
                    int64_t batch) {
  return gemm(handle, call, {ta, tb, m, n, k, alpha, beta, a, b, c, batch, true, compute});
}

}  // namespace

#define KIB_TYPED_GEMM(SUFFIX, INT, LETTER, TYPE, DATA, COMPUTE)                                                       \
  int cublas##LETTER##gemm_v2##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const TYPE* alpha,            \
                                      const TYPE* a, INT lda, const TYPE* b, INT ldb, const TYPE* beta, TYPE* c,       \
                                      INT ldc) {                                                                       \
    return product(handle, "cublas" #LETTER "gemm" #SUFFIX, ta, tb, m, n, k, alpha, Operand{a, DATA, lda},             \
                   Operand{b, DATA, ldb}, beta, Operand{c, DATA, ldc}, COMPUTE);                                       \
  }                                                                                                                    \
  int cublas##LETTER##gemmStridedBatched##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const TYPE* alpha, \
                                                 const TYPE* a, INT lda, long long stride_a, const TYPE* b, INT ldb,   \
                                                 long long stride_b, const TYPE* beta, TYPE* c, INT ldc,               \
                                                 long long stride_c, INT batch) {                                      \
    return product(handle, "cublas" #LETTER "gemmStridedBatched" #SUFFIX, ta, tb, m, n, k, alpha,                      \
                   Operand{a, DATA, lda, stride_a}, Operand{b, DATA, ldb, stride_b}, beta,                             \
                   Operand{c, DATA, ldc, stride_c}, COMPUTE, batch);                                                   \
  }                                                                                                                    \
  int cublas##LETTER##gemmBatched##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const TYPE* alpha,        \
                                          const TYPE* const a[], INT lda, const TYPE* const b[], INT ldb,              \
                                          const TYPE* beta, TYPE* const c[], INT ldc, INT batch) {                     \
    return pointed_product(handle, "cublas" #LETTER "gemmBatched" #SUFFIX, ta, tb, m, n, k, alpha,                     \
                           Operand{a, DATA, lda}, Operand{b, DATA, ldb}, beta, Operand{c, DATA, ldc}, COMPUTE, batch); \
  }

#define KIB_GEMM_EX(SUFFIX, INT)                                                                                   \
  int cublasGemmEx##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const void* alpha, const void* a,    \
                           int a_type, INT lda, const void* b, int b_type, INT ldb, const void* beta, void* c,     \
                           int c_type, INT ldc, int compute, int) {                                                \
    return product(handle, "cublasGemmEx" #SUFFIX, ta, tb, m, n, k, alpha, Operand{a, a_type, lda},                \
                   Operand{b, b_type, ldb}, beta, Operand{c, c_type, ldc}, compute);                               \
  }                                                                                                                \
  int cublasGemmStridedBatchedEx##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const void* alpha,     \
                                         const void* a, int a_type, INT lda, long long stride_a, const void* b,    \
                                         int b_type, INT ldb, long long stride_b, const void* beta, void* c,       \
                                         int c_type, INT ldc, long long stride_c, INT batch, int compute, int) {   \
    return product(handle, "cublasGemmStridedBatchedEx" #SUFFIX, ta, tb, m, n, k, alpha,                           \
                   Operand{a, a_type, lda, stride_a}, Operand{b, b_type, ldb, stride_b}, beta,                     \
                   Operand{c, c_type, ldc, stride_c}, compute, batch);                                             \
  }                                                                                                                \
  int cublasGemmBatchedEx##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const void* alpha,            \
                                  const void* const a[], int a_type, INT lda, const void* const b[], int b_type,   \
                                  INT ldb, const void* beta, void* const c[], int c_type, INT ldc, INT batch,      \
                                  int compute, int) {                                                              \
    return pointed_product(handle, "cublasGemmBatchedEx" #SUFFIX, ta, tb, m, n, k, alpha, Operand{a, a_type, lda}, \
                           Operand{b, b_type, ldb}, beta, Operand{c, c_type, ldc}, compute, batch);                \
  }

extern "C" {
KIB_TYPED_GEMM(, int, S, float, kR32F, kCompute32F)
KIB_TYPED_GEMM(_64, int64_t, S, float, kR32F, kCompute32F)
KIB_TYPED_GEMM(, int, D, double, kR64F, kCompute64F)
KIB_TYPED_GEMM(_64, int64_t, D, double, kR64F, kCompute64F)
KIB_GEMM_EX(, int)
KIB_GEMM_EX(_64, int64_t)

int cublasSgemmEx(void* handle, int ta, int tb, int m, int n, int k, const float* alpha, const void* a, int a_type,
                  int lda, const void* b, int b_type, int ldb, const float* beta, void* c, int c_type, int ldc) {
  return product(handle, "cublasSgemmEx", ta, tb, m, n, k, alpha, Operand{a, a_type, lda}, Operand{b, b_type, ldb},
                 beta, Operand{c, c_type, ldc}, kCompute32F);
}
}  // extern "C"
