// cublasLt's functions as these tests call them.
#ifndef KIB_EMULATOR_TESTS_CUBLASLT_CALLS_H
#define KIB_EMULATOR_TESTS_CUBLASLT_CALLS_H
#include "cublas_calls.h"

extern "C" {
int cublasLtCreate(void**);
int cublasLtDestroy(void*);
size_t cublasLtGetVersion();
int cublasLtMatmulDescCreate(void**, int, int);
int cublasLtMatmulDescInit_internal(void*, size_t, int, int);
int cublasLtMatmulDescDestroy(void*);
int cublasLtMatmulDescSetAttribute(void*, int, const void*, size_t);
int cublasLtMatmulDescGetAttribute(const void*, int, void*, size_t, size_t*);
int cublasLtMatrixLayoutCreate(void**, int, uint64_t, uint64_t, int64_t);
int cublasLtMatrixLayoutInit_internal(void*, size_t, int, uint64_t, uint64_t, int64_t);
int cublasLtMatrixLayoutDestroy(void*);
int cublasLtMatrixLayoutSetAttribute(void*, int, const void*, size_t);
int cublasLtMatmulPreferenceCreate(void**);
int cublasLtMatmulPreferenceDestroy(void*);
int cublasLtMatmulPreferenceSetAttribute(void*, int, const void*, size_t);
int cublasLtMatmulAlgoGetHeuristic(void*, const void*, const void*, const void*, const void*, const void*, const void*,
                                   int, void*, int*);
int cublasLtMatmul(void*, const void*, const void*, const void*, const void*, const void*, const void*, const void*,
                   const void*, const void*, void*, const void*, const void*, void*, size_t, StreamHandle);
}

namespace kib::test {

enum Attribute : int { kPointerMode = 2, kTransA = 3, kTransB = 4, kEpilogue = 7, kBiasPointer = 8 };
enum Preference : int { kWorkspace = 1, kAlignmentA = 5, kAlignmentB = 6, kAlignmentC = 7, kAlignmentD = 8 };
enum Epilogue : uint32_t { kPlain = 1, kRelu = 2, kBias = 4, kReluBias = 6, kGelu = 32, kBgradA = 256, kBgradB = 512 };

struct HeuristicResult {
  uint64_t algorithm[8];
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};

struct Lt {
  void *handle = nullptr, *desc = nullptr, *preference = nullptr;
  explicit Lt(int compute = kCompute32F) {
    CHECK_EQUAL(cublasLtCreate(&handle), 0);
    CHECK_EQUAL(cublasLtMatmulDescCreate(&desc, compute, compute == kCompute64F ? kR64F : kR32F), 0);
    CHECK_EQUAL(cublasLtMatmulPreferenceCreate(&preference), 0);
  }
  Lt(const Lt&) = delete;
  Lt& operator=(const Lt&) = delete;
  ~Lt() {
    CHECK_EQUAL(cublasLtMatmulPreferenceDestroy(preference), 0);
    CHECK_EQUAL(cublasLtMatmulDescDestroy(desc), 0);
    CHECK_EQUAL(cublasLtDestroy(handle), 0);
  }
  template <class T>
  void set(int attribute, T value) {
    CHECK_EQUAL(cublasLtMatmulDescSetAttribute(desc, attribute, &value, sizeof value), 0);
  }
  template <class T>
  void prefer(int attribute, T value) const {
    CHECK_EQUAL(cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value), 0);
  }
};

// A layout by columns; of a batch where that is above 1.
struct LtLayout {
  void* desc = nullptr;
  LtLayout(Element type, int64_t rows, int64_t columns, int64_t ld, int batch = 1, int64_t stride = 0) {
    CHECK_EQUAL(cublasLtMatrixLayoutCreate(&desc, data_type(type), static_cast<uint64_t>(rows),
                                           static_cast<uint64_t>(columns), ld),
                0);
    CHECK_EQUAL(cublasLtMatrixLayoutSetAttribute(desc, 5, &batch, sizeof batch), 0);
    CHECK_EQUAL(cublasLtMatrixLayoutSetAttribute(desc, 6, &stride, sizeof stride), 0);
  }
  LtLayout(const LtLayout&) = delete;
  LtLayout& operator=(const LtLayout&) = delete;
  ~LtLayout() { CHECK_EQUAL(cublasLtMatrixLayoutDestroy(desc), 0); }
};

}  // namespace kib::test
#endif
