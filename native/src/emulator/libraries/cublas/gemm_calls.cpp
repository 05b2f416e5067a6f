// cublas*gemm*: each with int and (_64) with int64_t sizes.
#include "libraries/cublas/gemm.h"

using namespace kib::emulator::cublas;

namespace {

template <class Array>
const void* array(Array pointers) {
  return reinterpret_cast<const void*>(pointers);
}

}  // namespace

#define KIB_TYPED_GEMM(SUFFIX, INT, LETTER, TYPE, DATA, COMPUTE)                                                       \
  int cublas##LETTER##gemm_v2##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const TYPE* alpha,            \
                                      const TYPE* a, INT lda, const TYPE* b, INT ldb, const TYPE* beta, TYPE* c,       \
                                      INT ldc) {                                                                       \
    return gemm(handle, "cublas" #LETTER "gemm" #SUFFIX,                                                               \
                {ta, tb, m, n, k, alpha, beta, {a, DATA, lda}, {b, DATA, ldb}, {c, DATA, ldc}, 1, false, COMPUTE});    \
  }                                                                                                                    \
  int cublas##LETTER##gemmStridedBatched##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const TYPE* alpha, \
                                                 const TYPE* a, INT lda, long long stride_a, const TYPE* b, INT ldb,   \
                                                 long long stride_b, const TYPE* beta, TYPE* c, INT ldc,               \
                                                 long long stride_c, INT batch) {                                      \
    return gemm(handle, "cublas" #LETTER "gemmStridedBatched" #SUFFIX,                                                 \
                {ta,                                                                                                   \
                 tb,                                                                                                   \
                 m,                                                                                                    \
                 n,                                                                                                    \
                 k,                                                                                                    \
                 alpha,                                                                                                \
                 beta,                                                                                                 \
                 {a, DATA, lda, stride_a},                                                                             \
                 {b, DATA, ldb, stride_b},                                                                             \
                 {c, DATA, ldc, stride_c},                                                                             \
                 batch,                                                                                                \
                 false,                                                                                                \
                 COMPUTE});                                                                                            \
  }                                                                                                                    \
  int cublas##LETTER##gemmBatched##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const TYPE* alpha,        \
                                          const TYPE* const a[], INT lda, const TYPE* const b[], INT ldb,              \
                                          const TYPE* beta, TYPE* const c[], INT ldc, INT batch) {                     \
    return gemm(handle, "cublas" #LETTER "gemmBatched" #SUFFIX,                                                        \
                {ta,                                                                                                   \
                 tb,                                                                                                   \
                 m,                                                                                                    \
                 n,                                                                                                    \
                 k,                                                                                                    \
                 alpha,                                                                                                \
                 beta,                                                                                                 \
                 {array(a), DATA, lda},                                                                                \
                 {array(b), DATA, ldb},                                                                                \
                 {array(c), DATA, ldc},                                                                                \
                 batch,                                                                                                \
                 true,                                                                                                 \
                 COMPUTE});                                                                                            \
  }

#define KIB_GEMM_EX(SUFFIX, INT)                                                                                  \
  int cublasGemmEx##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const void* alpha, const void* a,   \
                           int a_type, INT lda, const void* b, int b_type, INT ldb, const void* beta, void* c,    \
                           int c_type, INT ldc, int compute, int) {                                               \
    return gemm(                                                                                                  \
        handle, "cublasGemmEx" #SUFFIX,                                                                           \
        {ta, tb, m, n, k, alpha, beta, {a, a_type, lda}, {b, b_type, ldb}, {c, c_type, ldc}, 1, false, compute}); \
  }                                                                                                               \
  int cublasGemmStridedBatchedEx##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const void* alpha,    \
                                         const void* a, int a_type, INT lda, long long stride_a, const void* b,   \
                                         int b_type, INT ldb, long long stride_b, const void* beta, void* c,      \
                                         int c_type, INT ldc, long long stride_c, INT batch, int compute, int) {  \
    return gemm(handle, "cublasGemmStridedBatchedEx" #SUFFIX,                                                     \
                {ta,                                                                                              \
                 tb,                                                                                              \
                 m,                                                                                               \
                 n,                                                                                               \
                 k,                                                                                               \
                 alpha,                                                                                           \
                 beta,                                                                                            \
                 {a, a_type, lda, stride_a},                                                                      \
                 {b, b_type, ldb, stride_b},                                                                      \
                 {c, c_type, ldc, stride_c},                                                                      \
                 batch,                                                                                           \
                 false,                                                                                           \
                 compute});                                                                                       \
  }                                                                                                               \
  int cublasGemmBatchedEx##SUFFIX(void* handle, int ta, int tb, INT m, INT n, INT k, const void* alpha,           \
                                  const void* const a[], int a_type, INT lda, const void* const b[], int b_type,  \
                                  INT ldb, const void* beta, void* const c[], int c_type, INT ldc, INT batch,     \
                                  int compute, int) {                                                             \
    return gemm(handle, "cublasGemmBatchedEx" #SUFFIX,                                                            \
                {ta,                                                                                              \
                 tb,                                                                                              \
                 m,                                                                                               \
                 n,                                                                                               \
                 k,                                                                                               \
                 alpha,                                                                                           \
                 beta,                                                                                            \
                 {array(a), a_type, lda},                                                                         \
                 {array(b), b_type, ldb},                                                                         \
                 {array(c), c_type, ldc},                                                                         \
                 batch,                                                                                           \
                 true,                                                                                            \
                 compute});                                                                                       \
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
  return gemm(
      handle, "cublasSgemmEx",
      {ta, tb, m, n, k, alpha, beta, {a, a_type, lda}, {b, b_type, ldb}, {c, c_type, ldc}, 1, false, kCompute32F});
}
}  // extern "C"
