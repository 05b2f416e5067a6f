// Memory of the device under test, and what tests of all families share. A test calls a function of the CUDA library
// and the processor's function of the same name, which is in the namespace kib::KIB_LEVEL, on the same numbers.
#ifndef KIB_TESTS_CUDA_DEVICE_H
#define KIB_TESTS_CUDA_DEVICE_H
#include <cuda_runtime.h>

#include <string>
#include <vector>

#include "../numbers.h"
#include "kib/queue.h"
#include "kib/status.h"

// Declares the processor's function of a name.
#define KIB_EXPECTED(name)      \
  namespace kib::KIB_LEVEL {    \
  extern decltype(::name) name; \
  }

namespace kib::KIB_LEVEL {}
namespace expected = kib::KIB_LEVEL;

namespace test {

// A stream of the device, and one thread of the processor.
const kib_queue* device();
const kib_queue* processor();

// Ends the program with a sentence where a call of CUDA failed.
void require(cudaError_t error, const char* call);

// Counts a failure, with what the library said, where a call was refused.
void ok(kib_status status, const std::string& what);

// Waits for what was queued.
void synchronize();

// Copies to or from the device, behind what was queued, and waits.
void copy(void* to, const void* from, size_t bytes);

// An array on the device, freed at the end. What was not given numbers holds none.
template <class T>
class Array {
 public:
  explicit Array(size_t count) : count_(count) {
    require(cudaMalloc(&data_, count == 0 ? sizeof(T) : count * sizeof(T)), "cudaMalloc");
  }
  explicit Array(const std::vector<T>& numbers) : Array(numbers.size()) { write(numbers); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { cudaFree(data_); }

  T* data() const { return data_; }
  size_t size() const { return count_; }

  void write(const std::vector<T>& numbers) { copy(data_, numbers.data(), numbers.size() * sizeof(T)); }
  std::vector<T> read() const {
    std::vector<T> numbers(count_);
    copy(numbers.data(), data_, count_ * sizeof(T));
    return numbers;
  }

 private:
  size_t count_;
  T* data_ = nullptr;
};

// Bytes of scratch memory on the device.
using Scratch = Array<char>;

// Each number within the tolerance times the largest expected one; both NaN is equal. Says the first that is not.
void near(const std::vector<float>& actual, const std::vector<float>& wanted, double tolerance,
          const std::string& what);
void near(const std::vector<double>& actual, const std::vector<double>& wanted, double tolerance,
          const std::string& what);
// The same of bfloat16.
void near(const std::vector<uint16_t>& actual, const std::vector<uint16_t>& wanted, double tolerance,
          const std::string& what);

// Says what is not the same, number by number.
template <class T>
void equal(const std::vector<T>& actual, const std::vector<T>& wanted, const std::string& what) {
  if (actual == wanted) return;
  size_t i = 0;
  while (i < actual.size() && i < wanted.size() && actual[i] == wanted[i]) i++;
  check(false, (what + ": number " + std::to_string(i) + " of " + std::to_string(wanted.size())).c_str());
}

}  // namespace test
#endif
