// Arrays in the emulated device's memory for the tests of the libraries: runs of elements with untouched gaps between.
#ifndef KIB_EMULATOR_TESTS_DEVICE_ARRAY_H
#define KIB_EMULATOR_TESTS_DEVICE_ARRAY_H
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "check.h"
#include "libraries/element.h"
#include "runtime/cuda_calls.h"

namespace kib::test {

using emulator::bytes;
using emulator::Element;

// Half the distance of neighbours near 1: the relative error of rounding to the type.
inline double unit(Element type) {
  switch (type) {
    case Element::kF64:
      return 0x1p-53;
    case Element::kF32:
      return 0x1p-24;
    case Element::kF16:
      return 0x1p-11;
    default:
      return 0x1p-8;
  }
}

using Random = std::mt19937_64;

inline std::vector<double> uniform(size_t count, Element type, Random& random) {
  std::uniform_real_distribution<double> draw(-1, 1);
  std::vector<double> values(count);
  for (double& value : values) {  // as the type holds it
    std::byte raw[8];
    emulator::store(raw, type, draw(random));
    value = emulator::load<double>(raw, type);
  }
  return values;
}

// `count` runs of `length` elements, `distance` elements apart; the gaps are never written.
class DeviceArray {
 public:
  DeviceArray(Element type, size_t length, size_t count = 1, size_t distance = 0)
      : type_(type), length_(length), count_(count), distance_(distance == 0 ? length : distance) {
    cudaMalloc(&pointer_, std::max<size_t>(size(), 1) * bytes(type));
  }
  DeviceArray(Element type, const std::vector<double>& values, size_t length = 0, size_t distance = 0)
      : DeviceArray(type, length == 0 ? values.size() : length, length == 0 ? 1 : values.size() / length, distance) {
    set(values);
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(pointer_); }

  void set(const std::vector<double>& values) {
    std::vector<std::byte> raw(values.size() * bytes(type_));
    for (size_t i = 0; i < values.size(); ++i) emulator::store(&raw[i * bytes(type_)], type_, values[i]);
    CHECK_EQUAL(cudaMemcpy2D(pointer_, distance_ * bytes(type_), raw.data(), length_ * bytes(type_),
                             length_ * bytes(type_), count_, kHostToDevice),
                0);
    CHECK_EQUAL(cudaDeviceSynchronize(), 0);  // streams that do not block start after it
  }
  std::vector<double> get() const {
    std::vector<std::byte> raw(length_ * count_ * bytes(type_));
    CHECK_EQUAL(cudaMemcpy2D(raw.data(), length_ * bytes(type_), pointer_, distance_ * bytes(type_),
                             length_ * bytes(type_), count_, kDeviceToHost),
                0);
    std::vector<double> values(length_ * count_);
    for (size_t i = 0; i < values.size(); ++i) values[i] = emulator::load<double>(&raw[i * bytes(type_)], type_);
    return values;
  }

  void* pointer() const { return pointer_; }
  template <class T>
  T* as() const {
    return static_cast<T*>(pointer_);
  }
  Element type() const { return type_; }

 private:
  size_t size() const { return count_ == 0 ? 0 : (count_ - 1) * distance_ + length_; }

  Element type_;
  size_t length_, count_, distance_;
  void* pointer_ = nullptr;
};

// Whether each value is within its bound of what is wanted; says which is not.
inline void near(const std::vector<double>& got, const std::vector<double>& wanted, const std::vector<double>& bounds,
                 const std::string& what) {
  CHECK_EQUAL(got.size(), wanted.size());
  for (size_t i = 0; i < std::min(got.size(), wanted.size()); ++i) {
    if (std::abs(got[i] - wanted[i]) <= bounds[i]) continue;
    ++failures();
    std::fprintf(stderr, "%s: element %zu is %.9g, not %.9g within %.3g\n", what.c_str(), i, got[i], wanted[i],
                 bounds[i]);
    return;
  }
}

// No finding since the last call; else says the first.
inline void silent(const std::string& what) {
  if (kib_emulator_report_count() != 0) {
    ++failures();
    std::fprintf(stderr, "%s: %s\n", what.c_str(), kib_emulator_report(0));
  }
  kib_emulator_clear();
}

// A call that must be refused: its status, and the sentence it reports.
inline void refused(int got, int wanted, const std::string& kind, const std::string& words, const char* file,
                    int line) {
  equal(got, wanted, "status", file, line);
  equal(found(kind), 1, ("findings of kind '" + kind + "'").c_str(), file, line);
  contains(last_report(), words, file, line);
  kib_emulator_clear();
}
#define CHECK_REFUSED(call, status, kind, words) \
  ::kib::test::refused((call), (status), (kind), (words), __FILE__, __LINE__)

}  // namespace kib::test
#endif
