// Products with a vector, rank-k updates, sums and diagonal products of matrices, in f32 and f64.
#include <algorithm>

#include "libraries/cublas/gemm.h"

namespace kib::emulator::cublas {
namespace {

template <class T>
constexpr Element kType = sizeof(T) == 8 ? Element::kF64 : Element::kF32;

template <class T>
Matrix stored(const T* a, int64_t rows, int64_t columns, int64_t ld) {
  return {reinterpret_cast<uint64_t>(a), rows, columns, ld, kType<T>};
}

// Checks what all of these have in common; `used` are the matrices that are read or written.
int check(const Call& call, std::initializer_list<int> operations, std::initializer_list<int64_t> sizes,
          std::initializer_list<Matrix> used) {
  for (const int operation : operations) {
    if (!is_operation(operation)) return refuse(kInvalidValue, call.name, "an operation is none of N, T, C");
  }
  bool empty = false;
  for (const int64_t size : sizes) {
    if (size < 0) return refuse(kInvalidValue, call.name, "a size is negative: " + std::to_string(size));
    empty = empty || size == 0;
  }
  for (const Matrix& matrix : used) {
    if (matrix.ld < std::max<int64_t>(1, matrix.rows)) {
      return refuse(kInvalidValue, call.name,
                    "a leading dimension, " + std::to_string(matrix.ld) + ", is less than the " +
                        std::to_string(matrix.rows) + " rows of its matrix");
    }
    if (!empty && matrix.address == 0) return refuse(kInvalidValue, call.name, "a matrix is a null pointer");
  }
  return kSuccess;
}

// The factors alpha and beta of a call, and both at its execution.
template <class T>
struct Factors {
  Factor<T> alpha, beta;

  int take(const Call& call, const T* a, const T* b) {
    if (const int status = factor(a, call.handle.pointer_mode, "alpha", call.name, &alpha)) return status;
    return factor(b, call.handle.pointer_mode, "beta", call.name, &beta);
  }
  bool resolve(const std::string& name, T* a, T* b) const {
    return alpha.resolve(name + ", alpha", a) && beta.resolve(name + ", beta", b);
  }
  // Those that lie on the device.
  std::vector<Argument> arguments() const {
    std::vector<Argument> all;
    if (alpha.address != 0) all.emplace_back("alpha", alpha.address, sizeof(T));
    if (beta.address != 0) all.emplace_back("beta", beta.address, sizeof(T));
    return all;
  }
};

// y = alpha op(A) x + beta y.
template <class T>
int gemv(void* handle, const char* name, int op, int64_t m, int64_t n, const T* alpha, const T* a, int64_t lda,
         const T* x, int64_t incx, const T* beta, T* y, int64_t incy) {
  Call call;
  Factors<T> factors;
  const Matrix matrix = stored(a, m, n, lda);
  if (const int status = begin(handle, name, &call)) return status;
  if (const int status = check(call, {op}, {m, n}, {matrix})) return status;
  if (incx == 0 || incy == 0) return refuse(kInvalidValue, name, "a stride is zero");
  if (const int status = factors.take(call, alpha, beta)) return status;
  if (m == 0 || n == 0) return kSuccess;
  if (x == nullptr || y == nullptr) return refuse(kInvalidValue, name, "a vector is a null pointer");
  const Vector from{reinterpret_cast<uint64_t>(x), op == kN ? n : m, incx, kType<T>};
  const Vector to{reinterpret_cast<uint64_t>(y), op == kN ? m : n, incy, kType<T>};
  return call.enqueue([=, name = call.name]() {
    T fa, fb;
    std::vector<T> v(static_cast<size_t>(from.count)), sum(static_cast<size_t>(to.count)), before(sum);
    std::vector<T> dense(static_cast<size_t>(m * n));
    if (!factors.resolve(name, &fa, &fb)) return false;
    std::vector<Argument> operands = factors.arguments();
    if (fa != T(0)) {
      operands.emplace_back("A", matrix);
      operands.emplace_back("x", from);
    }
    call.check_overlaps({{"the result y", to}}, operands);
    if (fa != T(0)) {
      if (!read(matrix, Rounding::kNone, name + ", A", dense.data()) || !read(from, name + ", x", v.data())) {
        return false;
      }
      const Strides<T> rows = op == kN ? Strides<T>{dense.data(), 1, m} : Strides<T>{dense.data(), m, 1};
      multiply_together(to.count, 1, from.count, rows, Strides<T>{v.data(), 1, 1}, sum.data(), 1);
    }
    if (fb != T(0) && !read(to, name + ", y", before.data())) return false;
    for (size_t i = 0; i < sum.size(); ++i) {
      sum[i] = (fa == T(0) ? T(0) : fa * sum[i]) + (fb == T(0) ? T(0) : fb * before[i]);
    }
    return write(to, sum.data(), name + ", y");
  });
}

// A += alpha x y'.
template <class T>
int ger(void* handle, const char* name, int64_t m, int64_t n, const T* alpha, const T* x, int64_t incx, const T* y,
        int64_t incy, T* a, int64_t lda) {
  Call call;
  Factor<T> factor_alpha;
  const Matrix matrix = stored(a, m, n, lda);
  if (const int status = begin(handle, name, &call)) return status;
  if (const int status = check(call, {}, {m, n}, {matrix})) return status;
  if (incx == 0 || incy == 0) return refuse(kInvalidValue, name, "a stride is zero");
  if (const int status = factor(alpha, call.handle.pointer_mode, "alpha", name, &factor_alpha)) return status;
  if (m == 0 || n == 0) return kSuccess;
  if (x == nullptr || y == nullptr) return refuse(kInvalidValue, name, "a vector is a null pointer");
  const Vector left{reinterpret_cast<uint64_t>(x), m, incx, kType<T>};
  const Vector right{reinterpret_cast<uint64_t>(y), n, incy, kType<T>};
  return call.enqueue([=, name = call.name]() {
    T fa;
    call.check_overlaps({{"the result A", matrix}}, {{"x", left}, {"y", right}});
    std::vector<T> u(static_cast<size_t>(m)), v(static_cast<size_t>(n)), sum(static_cast<size_t>(m * n));
    if (!factor_alpha.resolve(name + ", alpha", &fa) || !read(left, name + ", x", u.data()) ||
        !read(right, name + ", y", v.data()) || !read(matrix, Rounding::kNone, name + ", A", sum.data())) {
      return false;
    }
    for (size_t j = 0; j < v.size(); ++j) {
      for (size_t i = 0; i < u.size(); ++i) sum[j * u.size() + i] += fa * u[i] * v[j];
    }
    return write(matrix, sum.data(), name + ", A");
  });
}

// C = alpha op(A) + beta op(B).
template <class T>
int geam(void* handle, const char* name, int ta, int tb, int64_t m, int64_t n, const T* alpha, const T* a, int64_t lda,
         const T* beta, const T* b, int64_t ldb, T* c, int64_t ldc) {
  Call call;
  Factors<T> factors;
  const Matrix left = ta == kN ? stored(a, m, n, lda) : stored(a, n, m, lda);
  const Matrix right = tb == kN ? stored(b, m, n, ldb) : stored(b, n, m, ldb);
  const Matrix to = stored(c, m, n, ldc);
  if (const int status = begin(handle, name, &call)) return status;
  if (const int status = factors.take(call, alpha, beta)) return status;
  if (const int status = check(call, {ta, tb}, {m, n}, {to})) return status;
  if (m == 0 || n == 0) return kSuccess;
  if ((a == c && (ta != kN || lda != ldc)) || (b == c && (tb != kN || ldb != ldc))) {
    return refuse(kInvalidValue, name, "in place, a matrix must not be transposed and needs C's leading dimension");
  }
  return call.enqueue([=, name = call.name]() {
    T f[2];
    std::vector<T> sum(static_cast<size_t>(m * n));
    if (!factors.resolve(name, &f[0], &f[1])) return false;
    std::vector<Argument> operands = factors.arguments();
    if (f[0] != T(0)) operands.push_back(Argument("A", left).may_be_the_result(ta == kN));
    if (f[1] != T(0)) operands.push_back(Argument("B", right).may_be_the_result(tb == kN));
    call.check_overlaps({{"the result C", to}}, operands);
    for (int i = 0; i < 2; ++i) {
      const bool transpose = (i == 0 ? ta : tb) != kN;
      std::vector<T> v(sum.size());
      if (f[i] == T(0)) continue;
      if (!read(i == 0 ? left : right, Rounding::kNone, name + (i == 0 ? ", A" : ", B"), v.data())) return false;
      if (transpose) {
        std::vector<T> turned(v.size());
        emulator::transpose(m, n, v.data(), turned.data());
        v = std::move(turned);
      }
      for (size_t j = 0; j < sum.size(); ++j) sum[j] += f[i] * v[j];
    }
    return write(to, sum.data(), name + ", C");
  });
}

// C = A diag(x), or diag(x) A where `left`.
template <class T>
int dgmm(void* handle, const char* name, int side, int64_t m, int64_t n, const T* a, int64_t lda, const T* x,
         int64_t incx, T* c, int64_t ldc) {
  Call call;
  const bool left = side == 0;
  const Matrix from = stored(a, m, n, lda), to = stored(c, m, n, ldc);
  if (const int status = begin(handle, name, &call)) return status;
  if (side != 0 && side != 1) return refuse(kInvalidValue, name, "the side is neither left nor right");
  if (const int status = check(call, {}, {m, n}, {from, to})) return status;
  if (m == 0 || n == 0) return kSuccess;
  if (x == nullptr) return refuse(kInvalidValue, name, "x is a null pointer");
  const Vector diagonal{reinterpret_cast<uint64_t>(x), left ? m : n, incx, kType<T>};
  return call.enqueue([=, name = call.name]() {
    std::vector<T> v(static_cast<size_t>(diagonal.count)), product(static_cast<size_t>(m * n));
    call.check_overlaps({{"the result C", to}}, {Argument("A", from).may_be_the_result(), {"x", diagonal}});
    if (!read(from, Rounding::kNone, name + ", A", product.data()) || !read(diagonal, name + ", x", v.data())) {
      return false;
    }
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t i = 0; i < m; ++i) product[static_cast<size_t>(j * m + i)] *= v[static_cast<size_t>(left ? i : j)];
    }
    return write(to, product.data(), name + ", C");
  });
}

// One triangle of C = alpha op(A) op(B)' + beta C.
template <class T>
int syrkx(void* handle, const char* name, int uplo, int op, int64_t n, int64_t k, const T* alpha, const T* a,
          int64_t lda, const T* b, int64_t ldb, const T* beta, T* c, int64_t ldc) {
  Call call;
  Factors<T> factors;
  const int64_t rows = op == kN ? n : k, columns = op == kN ? k : n;
  Product<T> product;
  product.a = stored(a, rows, columns, lda);
  product.b = stored(b, rows, columns, ldb);
  product.c = product.d = stored(c, n, n, ldc);
  product.transpose_a = op != kN;
  product.transpose_b = op == kN;
  product.part = uplo == kLower ? Part::kLower : Part::kUpper;
  if (const int status = begin(handle, name, &call)) return status;
  if (uplo != kLower && uplo != kUpper) return refuse(kInvalidValue, name, "the triangle is neither lower nor upper");
  if (const int status = check(call, {op}, {n, k}, {product.a, product.b})) return status;
  if (const int status = check(call, {}, {n}, {product.c})) return status;
  if (const int status = factors.take(call, alpha, beta)) return status;
  if (n == 0) return kSuccess;
  Rounding rounding = Rounding::kNone;
  bool wide;
  if (sizeof(T) == 4) cublas::rounding(single_compute(call.handle.math_mode, kCompute32F), &rounding, &wide);
  product.rounding = rounding;
  return call.enqueue([=, name = call.name]() {
    T fa, fb;
    if (!factors.resolve(name, &fa, &fb)) return false;
    std::vector<Argument> operands = factors.arguments();
    if (fa != T(0) && k > 0) {
      operands.emplace_back("A", product.a);
      if (a != b) operands.emplace_back("B", product.b);
    }
    call.check_overlaps({{"the result C", product.d, product.part}}, operands);
    return run(product, fa, fb, name);
  });
}

}  // namespace
}  // namespace kib::emulator::cublas

using namespace kib::emulator::cublas;

#define KIB_SMALL_MATRIX(SUFFIX, INT, L, T)                                                                           \
  int cublas##L##gemv_v2##SUFFIX(void* handle, int op, INT m, INT n, const T* alpha, const T* a, INT lda, const T* x, \
                                 INT incx, const T* beta, T* y, INT incy) {                                           \
    return gemv(handle, "cublas" #L "gemv" #SUFFIX, op, m, n, alpha, a, lda, x, incx, beta, y, incy);                 \
  }                                                                                                                   \
  int cublas##L##ger_v2##SUFFIX(void* handle, INT m, INT n, const T* alpha, const T* x, INT incx, const T* y,         \
                                INT incy, T* a, INT lda) {                                                            \
    return ger(handle, "cublas" #L "ger" #SUFFIX, m, n, alpha, x, incx, y, incy, a, lda);                             \
  }                                                                                                                   \
  int cublas##L##geam##SUFFIX(void* handle, int ta, int tb, INT m, INT n, const T* alpha, const T* a, INT lda,        \
                              const T* beta, const T* b, INT ldb, T* c, INT ldc) {                                    \
    return geam(handle, "cublas" #L "geam" #SUFFIX, ta, tb, m, n, alpha, a, lda, beta, b, ldb, c, ldc);               \
  }                                                                                                                   \
  int cublas##L##dgmm##SUFFIX(void* handle, int side, INT m, INT n, const T* a, INT lda, const T* x, INT incx, T* c,  \
                              INT ldc) {                                                                              \
    return dgmm(handle, "cublas" #L "dgmm" #SUFFIX, side, m, n, a, lda, x, incx, c, ldc);                             \
  }                                                                                                                   \
  int cublas##L##syrk_v2##SUFFIX(void* handle, int uplo, int op, INT n, INT k, const T* alpha, const T* a, INT lda,   \
                                 const T* beta, T* c, INT ldc) {                                                      \
    return syrkx(handle, "cublas" #L "syrk" #SUFFIX, uplo, op, n, k, alpha, a, lda, a, lda, beta, c, ldc);            \
  }                                                                                                                   \
  int cublas##L##syrkx##SUFFIX(void* handle, int uplo, int op, INT n, INT k, const T* alpha, const T* a, INT lda,     \
                               const T* b, INT ldb, const T* beta, T* c, INT ldc) {                                   \
    return syrkx(handle, "cublas" #L "syrkx" #SUFFIX, uplo, op, n, k, alpha, a, lda, b, ldb, beta, c, ldc);           \
  }

extern "C" {
KIB_SMALL_MATRIX(, int, S, float)
KIB_SMALL_MATRIX(_64, int64_t, S, float)
KIB_SMALL_MATRIX(, int, D, double)
KIB_SMALL_MATRIX(_64, int64_t, D, double)
}  // extern "C"
