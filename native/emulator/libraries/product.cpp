#include "libraries/product.h"

#include <algorithm>

#include "libraries/parallel.h"

namespace kib::emulator {

#define KIB_DECLARE(level)                                                                                      \
  namespace level {                                                                                             \
  void multiply(int64_t, int64_t, int64_t, Strides<float>, Strides<float>, float*, int64_t, const int64_t*);    \
  void multiply(int64_t, int64_t, int64_t, Strides<double>, Strides<double>, double*, int64_t, const int64_t*); \
  }
KIB_DECLARE(baseline)
#if defined(KIB_LEVELS)
KIB_DECLARE(avx2)
#endif
#undef KIB_DECLARE

namespace {

constexpr int64_t kAlone = 1 << 22;  // multiplications that are not worth a second thread

bool has_avx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

}  // namespace

template <class T>
void multiply(int64_t m, int64_t n, int64_t k, Strides<T> a, Strides<T> b, T* c, int64_t ld, const int64_t* order) {
#if defined(KIB_LEVELS)
  static const bool avx2_here = has_avx2();
  if (avx2_here) return avx2::multiply(m, n, k, a, b, c, ld, order);
#endif
  baseline::multiply(m, n, k, a, b, c, ld, order);
}

template <class T>
void multiply_together(int64_t m, int64_t n, int64_t k, Strides<T> a, Strides<T> b, T* c, int64_t ld) {
  int64_t rows = std::max<int64_t>(m, 1), columns = std::max<int64_t>(n, 1);
  const auto tiles = [&]() { return ((m + rows - 1) / rows) * ((n + columns - 1) / columns); };
  const int64_t threads = m * n * k < kAlone ? 1 : host_threads();
  while (threads > 1 && tiles() < 4 * threads && (rows > 24 || columns > 32)) {
    int64_t& longer = rows > columns ? rows : columns;
    longer = (longer + 1) / 2;
  }
  const int64_t across = (n + columns - 1) / columns;
  const auto tile = [&](int64_t index) {
    const int64_t i = index / across * rows, j = index % across * columns;
    multiply(std::min(rows, m - i), std::min(columns, n - j), k, Strides<T>{a.data + i * a.row, a.row, a.column},
             Strides<T>{b.data + j * b.column, b.row, b.column}, c + i * ld + j, ld);
  };
  if (threads > 1) return parallel(tiles(), tile);
  for (int64_t index = 0; index < tiles(); ++index) tile(index);
}

template <class T>
void transpose(int64_t m, int64_t n, const T* in, T* out) {
  constexpr int64_t kTile = 16;  // both sides of a tile stay in the cache
  for (int64_t i = 0; i < m; i += kTile) {
    for (int64_t j = 0; j < n; j += kTile) {
      const int64_t rows = std::min(i + kTile, m), columns = std::min(j + kTile, n);
      for (int64_t y = i; y < rows; ++y) {
        for (int64_t x = j; x < columns; ++x) out[x * m + y] = in[y * n + x];
      }
    }
  }
}

namespace {

template <class T>
T finished(T value, int64_t row, int64_t column, const Epilogue<T>& epilogue) {
  if (epilogue.bias != nullptr) value += epilogue.bias[epilogue.bias_of_columns ? column : row];
  if (epilogue.activation == Activation::kRelu) value = value > T(0) || std::isnan(value) ? value : T(0);
  return value;
}

template <class T>
std::vector<T> room(const Matrix& matrix) {
  return std::vector<T>(static_cast<size_t>(matrix.rows * matrix.columns));
}

}  // namespace

template <class T>
bool run(const Product<T>& product, T alpha, T beta, const std::string& caller, const Epilogue<T>& epilogue) {
  const int64_t m = product.d.rows, n = product.d.columns, k = product.inner();
  std::vector<T> sum = room<T>(product.d), before;
  if (k > 0 && alpha != T(0)) {  // BLAS does not read what is multiplied by zero
    std::vector<T> a = room<T>(product.a), b = room<T>(product.b);
    if (!read(product.a, product.rounding, caller + ", operand A", a.data()) ||
        !read(product.b, product.rounding, caller + ", operand B", b.data())) {
      return false;
    }
    // By columns, which is the transposed product by rows.
    const Strides<T> left = product.transpose_b ? Strides<T>{b.data(), 1, n} : Strides<T>{b.data(), k, 1};
    const Strides<T> right = product.transpose_a ? Strides<T>{a.data(), 1, k} : Strides<T>{a.data(), m, 1};
    multiply_together(n, m, k, left, right, sum.data(), m);
  }
  if (beta != T(0)) {
    before = room<T>(product.c);
    if (!read(product.c, Rounding::kNone, caller + ", operand C", before.data(), product.part)) return false;
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

#define KIB_INSTANTIATE(T)                                                                                \
  template void multiply(int64_t, int64_t, int64_t, Strides<T>, Strides<T>, T*, int64_t, const int64_t*); \
  template void multiply_together(int64_t, int64_t, int64_t, Strides<T>, Strides<T>, T*, int64_t);        \
  template void transpose(int64_t, int64_t, const T*, T*);                                                \
  template bool run(const Product<T>&, T, T, const std::string&, const Epilogue<T>&);
KIB_INSTANTIATE(float)
KIB_INSTANTIATE(double)
#undef KIB_INSTANTIATE

}  // namespace kib::emulator
