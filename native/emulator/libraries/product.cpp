#include "libraries/product.h"

#include <algorithm>

namespace kib::emulator {
namespace {

constexpr int64_t kColumns = 256, kInner = 64;  // a block of b stays in the first cache

template <class T>
void add_scaled(int64_t count, T factor, const T* from, T* to) {
  for (int64_t j = 0; j < count; ++j) to[j] += factor * from[j];
}

}  // namespace

template <class T>
void accumulate(int64_t m, int64_t n, int64_t k, const T* a, const T* b, T* c, const int64_t* order) {
  for (int64_t j = 0; j < n; j += kColumns) {
    const int64_t width = std::min(kColumns, n - j);
    for (int64_t p = 0; p < k; p += kInner) {
      const int64_t end = std::min(p + kInner, k);
      for (int64_t i = 0; i < m; ++i) {
        for (int64_t q = p; q < end; ++q) {
          const int64_t at = order == nullptr ? q : order[q];
          add_scaled(width, a[i * k + at], b + at * n + j, c + i * n + j);
        }
      }
    }
  }
}

template <class T>
std::vector<T> transposed(int64_t m, int64_t n, const T* in) {
  std::vector<T> out(static_cast<size_t>(m * n));
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) out[static_cast<size_t>(j * m + i)] = in[i * n + j];
  }
  return out;
}

namespace {

// op(matrix) as rows of the product: values[i * columns of op + j].
template <class T>
bool operand(const Matrix& matrix, bool transpose, Rounding rounding, const std::string& caller, std::vector<T>* out) {
  out->resize(static_cast<size_t>(matrix.rows * matrix.columns));
  if (!read(matrix, rounding, caller, out->data())) return false;
  if (!transpose) *out = transposed(matrix.columns, matrix.rows, out->data());
  return true;
}

template <class T>
T finished(T value, int64_t row, int64_t column, const Epilogue<T>& epilogue) {
  if (epilogue.bias != nullptr) value += epilogue.bias[epilogue.bias_of_columns ? column : row];
  if (epilogue.activation == Activation::kRelu) value = value > T(0) || std::isnan(value) ? value : T(0);
  return value;
}

}  // namespace

template <class T>
bool run(const Product<T>& product, T alpha, T beta, const std::string& caller, const Epilogue<T>& epilogue) {
  const int64_t m = product.d.rows, n = product.d.columns, k = product.inner();
  std::vector<T> sum(static_cast<size_t>(m * n)), before(static_cast<size_t>(m * n));
  if (k > 0 && alpha != T(0)) {  // BLAS does not read what is multiplied by zero
    std::vector<T> a, b;
    if (!operand(product.a, product.transpose_a, product.rounding, caller + ", operand A", &a)) return false;
    if (!operand(product.b, product.transpose_b, product.rounding, caller + ", operand B", &b)) return false;
    accumulate(m, n, k, a.data(), b.data(), sum.data());
  }
  sum = transposed(m, n, sum.data());  // to columns
  if (beta != T(0) && !read(product.c, Rounding::kNone, caller + ", operand C", before.data(), product.part)) {
    return false;
  }
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t i = 0; i < m; ++i) {
      const size_t at = static_cast<size_t>(j * m + i);
      const T value = alpha == T(0) ? T(0) : alpha * sum[at];
      sum[at] = finished(beta == T(0) ? value : value + beta * before[at], i, j, epilogue);
    }
  }
  return write(product.d, sum.data(), caller + ", the result", product.part);
}

#define KIB_INSTANTIATE(T)                                                                     \
  template void accumulate(int64_t, int64_t, int64_t, const T*, const T*, T*, const int64_t*); \
  template std::vector<T> transposed(int64_t, int64_t, const T*);                              \
  template bool run(const Product<T>&, T, T, const std::string&, const Epilogue<T>&);
KIB_INSTANTIATE(float)
KIB_INSTANTIATE(double)
#undef KIB_INSTANTIATE

}  // namespace kib::emulator
