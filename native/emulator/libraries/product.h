// Matrix products as the library stand-ins compute them: dense operands, accumulation in T.
#ifndef KIB_EMULATOR_PRODUCT_H
#define KIB_EMULATOR_PRODUCT_H
#include <vector>

#include "libraries/blocked.h"
#include "libraries/matrix.h"

namespace kib::emulator {

// c[i * ld + j] += sum_p a(i, p) b(p, j); p in the given order, or ascending where it is null. On the calling thread.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, Strides<T> a, Strides<T> b, T* c, int64_t ld,
              const int64_t* order = nullptr);
// The same on all of the host's threads, with the same bits.
template <class T>
void multiply_together(int64_t m, int64_t n, int64_t k, Strides<T> a, Strides<T> b, T* c, int64_t ld);

// out[j * m + i] = in[i * n + j].
template <class T>
void transpose(int64_t m, int64_t n, const T* in, T* out);

// A factor alpha or beta: a value, or where to read it when the work runs.
template <class T>
struct Factor {
  T value = T(0);
  uint64_t address = 0;  // in device memory, or 0
  Element type = Element::kF32;

  bool resolve(const std::string& caller, T* result) const {
    *result = value;
    return address == 0 || read_scalar(address, type, caller, result);
  }
};

// d = alpha op(a) op(b) + beta c, column-major; c and d have the same shape. Operands are stored matrices, before op.
template <class T>
struct Product {
  Matrix a, b, c, d;
  bool transpose_a = false, transpose_b = false;
  Part part = Part::kAll;
  Rounding rounding = Rounding::kNone;

  int64_t inner() const { return transpose_a ? a.rows : a.columns; }
};

enum class Activation { kNone, kRelu };

// What is done to alpha op(a) op(b) + beta c before it is stored.
template <class T>
struct Epilogue {
  const T* bias = nullptr;       // one for each row
  bool bias_of_columns = false;  // one for each column instead
  Activation activation = Activation::kNone;
};

template <class T>
bool run(const Product<T>& product, T alpha, T beta, const std::string& caller, const Epilogue<T>& epilogue = {});

}  // namespace kib::emulator
#endif
