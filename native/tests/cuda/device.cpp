#include "device.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../../src/status.h"

// The processor's kernels, which are only asked for what they compute.
namespace kib {

kib_status refuse(kib_status status, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::vprintf(format, arguments);
  va_end(arguments);
  std::printf("\n");
  return status;
}

}  // namespace kib

namespace test {
namespace {

template <class T>
void compare(const std::vector<T>& actual, const std::vector<T>& wanted, double tolerance, const std::string& what) {
  if (actual.size() != wanted.size()) return check(false, (what + ": another size").c_str());
  double largest = 0;
  for (T x : wanted)
    if (std::isfinite(x)) largest = std::fmax(largest, std::fabs(static_cast<double>(x)));
  for (size_t i = 0; i < wanted.size(); i++) {
    double a = static_cast<double>(actual[i]), w = static_cast<double>(wanted[i]);
    if (std::fabs(a - w) <= tolerance * largest || a == w || (a != a && w != w)) continue;
    char text[200];
    std::snprintf(text, sizeof(text), "%s: number %zu of %zu is %.9g, not %.9g (tolerance %.3g)", what.c_str(), i,
                  wanted.size(), a, w, tolerance * largest);
    return check(false, text);
  }
}

}  // namespace

const kib_queue* device() {
  static const kib_queue queue = [] {
    cudaStream_t stream;
    require(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    return kib_queue{0, stream};
  }();
  return &queue;
}

const kib_queue* processor() {
  static const kib_queue queue{1, nullptr};
  return &queue;
}

void require(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  std::printf("FAILED: %s: %s (%s)\n", call, cudaGetErrorName(error), cudaGetErrorString(error));
  std::exit(1);
}

void ok(kib_status status, const std::string& what) {
  if (status != KIB_OK) check(false, (what + ": " + kib_last_error()).c_str());
}

void synchronize() {
  require(cudaStreamSynchronize(static_cast<cudaStream_t>(device()->stream)), "cudaStreamSynchronize");
}

void copy(void* to, const void* from, size_t bytes) {
  require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, static_cast<cudaStream_t>(device()->stream)),
          "cudaMemcpyAsync");
  synchronize();
}

void near(const std::vector<float>& actual, const std::vector<float>& wanted, double tolerance,
          const std::string& what) {
  compare(actual, wanted, tolerance, what);
}

void near(const std::vector<double>& actual, const std::vector<double>& wanted, double tolerance,
          const std::string& what) {
  compare(actual, wanted, tolerance, what);
}

void near(const std::vector<uint16_t>& actual, const std::vector<uint16_t>& wanted, double tolerance,
          const std::string& what) {
  compare(widened(actual), widened(wanted), tolerance, what);
}

}  // namespace test
