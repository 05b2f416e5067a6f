// Level 1: sums over vectors, in f32 and f64.
#include <algorithm>
#include <cmath>

#include "libraries/cublas/handle.h"

namespace kib::emulator::cublas {
namespace {

template <class T>
constexpr Element kType = sizeof(T) == 8 ? Element::kF64 : Element::kF32;

template <class T>
Vector vector(const T* x, int64_t count, int64_t stride) {
  return {reinterpret_cast<uint64_t>(x), count, stride, kType<T>};
}

template <class T>
std::vector<T> values(const Vector& x) {
  return std::vector<T>(static_cast<size_t>(x.count));
}

template <class T>
std::vector<Argument> scalar(const Factor<T>& alpha) {
  if (alpha.address == 0) return {};
  return {{"alpha", alpha.address, sizeof(T)}};
}

int check(const Call& call, const Vector& x, const char* which) {
  if (x.address == 0) return refuse(kInvalidValue, call.name, std::string(which) + " is a null pointer");
  if (x.address % bytes(x.type) != 0) {
    return refuse(kInvalidValue, call.name, std::string(which) + " is not aligned to its elements");
  }
  return kSuccess;
}

template <class T>
int scale(void* handle, const char* name, int64_t n, const T* alpha, T* x, int64_t incx) {
  Call call;
  Factor<T> factor_alpha;
  if (const int status = begin(handle, name, &call)) return status;
  if (const int status = factor(alpha, call.handle.pointer_mode, "alpha", name, &factor_alpha)) return status;
  if (n <= 0 || incx <= 0) return kSuccess;
  const Vector to = vector(x, n, incx);
  if (const int status = check(call, to, "x")) return status;
  return call.enqueue([=, name = call.name]() {
    T a;
    call.check_overlaps({{"the result x", to}}, scalar(factor_alpha));
    std::vector<T> v = values<T>(to);
    if (!factor_alpha.resolve(name + ", alpha", &a) || !read(to, name + ", x", v.data())) return false;
    for (T& value : v) value *= a;
    return write(to, v.data(), name + ", x");
  });
}

template <class T>
int axpy(void* handle, const char* name, int64_t n, const T* alpha, const T* x, int64_t incx, T* y, int64_t incy) {
  Call call;
  Factor<T> factor_alpha;
  if (const int status = begin(handle, name, &call)) return status;
  if (const int status = factor(alpha, call.handle.pointer_mode, "alpha", name, &factor_alpha)) return status;
  if (n <= 0) return kSuccess;
  const Vector from = vector(x, n, incx), to = vector(y, n, incy);
  if (const int status = check(call, from, "x")) return status;
  if (const int status = check(call, to, "y")) return status;
  return call.enqueue([=, name = call.name]() {
    T a;
    std::vector<Argument> operands = scalar(factor_alpha);
    operands.push_back(Argument("x", from).may_be_the_result());
    call.check_overlaps({{"the result y", to}}, operands);
    std::vector<T> v = values<T>(from), sum = values<T>(to);
    if (!factor_alpha.resolve(name + ", alpha", &a) || !read(from, name + ", x", v.data()) ||
        !read(to, name + ", y", sum.data())) {
      return false;
    }
    for (size_t i = 0; i < v.size(); ++i) sum[i] += a * v[i];
    return write(to, sum.data(), name + ", y");
  });
}

template <class T>
int copy(void* handle, const char* name, int64_t n, const T* x, int64_t incx, T* y, int64_t incy) {
  Call call;
  if (const int status = begin(handle, name, &call)) return status;
  if (n <= 0) return kSuccess;
  const Vector from = vector(x, n, incx), to = vector(y, n, incy);
  if (const int status = check(call, from, "x")) return status;
  if (const int status = check(call, to, "y")) return status;
  return call.enqueue([=, name = call.name]() {
    std::vector<T> v = values<T>(from);
    call.check_overlaps({{"the result y", to}}, {Argument("x", from).may_be_the_result()});
    return read(from, name + ", x", v.data()) && write(to, v.data(), name + ", y");
  });
}

// A reduction of vectors to one number, which goes to the host or to the device as the pointer mode says.
template <class T, class R, class Body>
int reduce(const Call& call, const std::vector<Vector>& inputs, R* result, Body body) {
  if (result == nullptr) return refuse(kInvalidValue, call.name, "the place for the result is a null pointer");
  for (const Vector& input : inputs) {
    if (input.count <= 0) continue;
    if (const int status = check(call, input, "a vector")) return status;
  }
  const uint64_t address = reinterpret_cast<uint64_t>(result);
  const bool on_device = Memory::instance().contains(address);
  if (on_device != (call.handle.pointer_mode == kDevice)) {
    return refuse(kInvalidValue, call.name,
                  std::string("the result is a ") + (on_device ? "device" : "host") +
                      " pointer, which is not the handle's pointer mode");
  }
  const auto work = [=, name = call.name]() {
    std::vector<std::vector<T>> read_values;
    std::vector<Argument> operands;
    for (const Vector& input : inputs) {
      if (input.count > 0) operands.emplace_back("a vector", input);
    }
    if (on_device) call.check_overlaps({{"the result", address, sizeof(R)}}, operands);
    for (const Vector& input : inputs) {
      read_values.push_back(std::vector<T>(static_cast<size_t>(std::max<int64_t>(input.count, 0))));
      if (input.count > 0 && !read(input, name, read_values.back().data())) return false;
    }
    const R value = body(read_values);
    if (!on_device) {
      *result = value;
      return true;
    }
    std::byte* to = Memory::instance().view(address, sizeof(R), Memory::Access::kWrite, name + ", the result");
    if (to == nullptr) return false;
    std::memcpy(to, &value, sizeof(R));
    return true;
  };
  return on_device ? call.enqueue(work) : call.complete(work);
}

template <class T>
int dot(void* handle, const char* name, int64_t n, const T* x, int64_t incx, const T* y, int64_t incy, T* result) {
  Call call;
  if (const int status = begin(handle, name, &call)) return status;
  return reduce<T>(call, {vector(x, n, incx), vector(y, n, incy)}, result, [](const auto& v) {
    T sum = 0;
    for (size_t i = 0; i < v[0].size(); ++i) sum += v[0][i] * v[1][i];
    return sum;
  });
}

template <class T>
int norm(void* handle, const char* name, int64_t n, const T* x, int64_t incx, T* result) {
  Call call;
  if (const int status = begin(handle, name, &call)) return status;
  return reduce<T>(call, {vector(x, incx > 0 ? n : 0, incx)}, result, [](const auto& v) {
    T largest = 0, sum = 0;  // scaled, so that no square overflows
    for (const T value : v[0]) {
      if (std::isnan(value)) return value;
      largest = std::max(largest, std::abs(value));
    }
    if (largest == T(0) || std::isinf(largest)) return largest;
    for (const T value : v[0]) sum += (value / largest) * (value / largest);
    return largest * std::sqrt(sum);
  });
}

template <class T>
int sum_of_sizes(void* handle, const char* name, int64_t n, const T* x, int64_t incx, T* result) {
  Call call;
  if (const int status = begin(handle, name, &call)) return status;
  return reduce<T>(call, {vector(x, incx > 0 ? n : 0, incx)}, result, [](const auto& v) {
    T sum = 0;
    for (const T value : v[0]) sum += std::abs(value);
    return sum;
  });
}

// The first index, from 1, of the largest or smallest absolute value; 0 for an empty vector.
template <class T, class Index>
int extreme(void* handle, const char* name, int64_t n, const T* x, int64_t incx, Index* result, bool smallest) {
  Call call;
  if (const int status = begin(handle, name, &call)) return status;
  return reduce<T>(call, {vector(x, incx > 0 ? n : 0, incx)}, result, [smallest](const auto& v) {
    size_t best = 0;
    for (size_t i = 1; i < v[0].size(); ++i) {
      const T value = std::abs(v[0][i]), found = std::abs(v[0][best]);
      if (smallest ? value < found : value > found) best = i;
    }
    return static_cast<Index>(v[0].empty() ? 0 : best + 1);
  });
}

}  // namespace
}  // namespace kib::emulator::cublas

using namespace kib::emulator::cublas;

#define KIB_VECTOR(SUFFIX, INT, L, T)                                                                         \
  int cublas##L##scal_v2##SUFFIX(void* handle, INT n, const T* alpha, T* x, INT incx) {                       \
    return scale(handle, "cublas" #L "scal" #SUFFIX, n, alpha, x, incx);                                      \
  }                                                                                                           \
  int cublas##L##axpy_v2##SUFFIX(void* handle, INT n, const T* alpha, const T* x, INT incx, T* y, INT incy) { \
    return axpy(handle, "cublas" #L "axpy" #SUFFIX, n, alpha, x, incx, y, incy);                              \
  }                                                                                                           \
  int cublas##L##copy_v2##SUFFIX(void* handle, INT n, const T* x, INT incx, T* y, INT incy) {                 \
    return copy(handle, "cublas" #L "copy" #SUFFIX, n, x, incx, y, incy);                                     \
  }                                                                                                           \
  int cublas##L##dot_v2##SUFFIX(void* handle, INT n, const T* x, INT incx, const T* y, INT incy, T* result) { \
    return dot(handle, "cublas" #L "dot" #SUFFIX, n, x, incx, y, incy, result);                               \
  }                                                                                                           \
  int cublas##L##nrm2_v2##SUFFIX(void* handle, INT n, const T* x, INT incx, T* result) {                      \
    return norm(handle, "cublas" #L "nrm2" #SUFFIX, n, x, incx, result);                                      \
  }                                                                                                           \
  int cublas##L##asum_v2##SUFFIX(void* handle, INT n, const T* x, INT incx, T* result) {                      \
    return sum_of_sizes(handle, "cublas" #L "asum" #SUFFIX, n, x, incx, result);                              \
  }

#define KIB_EXTREME(SUFFIX, INT, L, T, NAME, SMALLEST)                                        \
  int cublasI##L##NAME##_v2##SUFFIX(void* handle, INT n, const T* x, INT incx, INT* result) { \
    return extreme(handle, "cublasI" #L#NAME #SUFFIX, n, x, incx, result, SMALLEST);          \
  }

extern "C" {
KIB_VECTOR(, int, S, float)
KIB_VECTOR(_64, int64_t, S, float)
KIB_VECTOR(, int, D, double)
KIB_VECTOR(_64, int64_t, D, double)
KIB_EXTREME(, int, s, float, amax, false)
KIB_EXTREME(_64, int64_t, s, float, amax, false)
KIB_EXTREME(, int, s, float, amin, true)
KIB_EXTREME(_64, int64_t, s, float, amin, true)
KIB_EXTREME(, int, d, double, amax, false)
KIB_EXTREME(_64, int64_t, d, double, amax, false)
KIB_EXTREME(, int, d, double, amin, true)
KIB_EXTREME(_64, int64_t, d, double, amin, true)
}  // extern "C"
