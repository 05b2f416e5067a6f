// cuBLAS's matrix products behind one description.
#ifndef KIB_EMULATOR_CUBLAS_GEMM_H
#define KIB_EMULATOR_CUBLAS_GEMM_H
#include "libraries/cublas/handle.h"

namespace kib::emulator::cublas {

// An operand: an address (or, of a batch by pointers, the address of the array of addresses), as it is stored.
struct Operand {
  const void* pointer;
  int type;
  int64_t ld;
  int64_t stride = 0;  // of a batch by strides, in elements
};

struct Gemm {
  int transpose_a, transpose_b;
  int64_t m, n, k;
  const void *alpha, *beta;
  Operand a, b, c;
  int64_t batch = 1;
  bool pointers = false;  // batch by arrays of pointers in device memory
  int compute = kCompute32F;
};

int gemm(void* handle, const char* name, const Gemm& gemm);

// The compute type of cublasSgemm and its kin under a handle's math mode.
int single_compute(int math_mode, int compute);

}  // namespace kib::emulator::cublas
#endif
