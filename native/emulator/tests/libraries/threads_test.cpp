// Convolutions and products give the same bits for any number of host threads, also where cuDNN's algorithm leaves the
// order of sums open and the seed draws it.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "cudnn_calls.h"

extern "C" {
int cublasCreate_v2(void**);
int cublasDestroy_v2(void*);
int cublasSgemm_v2(void*, int, int, int, int, int, const float*, const float*, int, const float*, int, const float*,
                   float*, int);
}

using namespace kib::test;

namespace {

constexpr uint64_t kSeed = 31;

// The bits of all results, in one number.
class Digest {
 public:
  void add(const std::vector<double>& values) {
    for (const double value : values) {
      uint64_t bits;
      std::memcpy(&bits, &value, sizeof bits);
      state_ = (state_ ^ bits) * 0x100000001B3;
      state_ ^= state_ >> 29;
    }
  }
  uint64_t value() const { return state_; }

 private:
  uint64_t state_ = 0xCBF29CE484222325;
};

void convolutions(Element type, int format, Random& random, Digest& digest) {
  constexpr int n = 5, c = 24, k = 40, size = 14;
  const auto draw = [&](int count) { return uniform(static_cast<size_t>(count), type, random); };
  Dnn dnn;
  const std::vector<double> y = draw(n * k * size * size);
  Tensor4 dx(type, format, n, c, size, size, false, draw(n * c * size * size));
  Tensor4 df(type, format, k, c, 3, 3, true, draw(k * c * 9)), dy(type, format, n, k, size, size, false, y);
  void* convolution = nullptr;
  CHECK_EQUAL(cudnnCreateConvolutionDescriptor(&convolution), 0);
  CHECK_EQUAL(cudnnSetConvolution2dDescriptor(convolution, 1, 1, 1, 1, 1, 1, 1, 0), 0);
  const float one = 1;
  Buffer workspace(1 << 20);
  for (const int algorithm : {0, 1}) {
    CHECK_EQUAL(cudnnConvolutionForward(dnn.handle, &one, dx.desc(), dx.data(), df.desc(), df.data(), convolution,
                                        algorithm, workspace.get(), 1 << 20, &one, dy.desc(), dy.data()),
                0);
    digest.add(dy.get());
    dy.set(y);
    CHECK_EQUAL(
        cudnnConvolutionBackwardFilter(dnn.handle, &one, dx.desc(), dx.data(), dy.desc(), dy.data(), convolution,
                                       algorithm, workspace.get(), 1 << 20, &one, df.desc(), df.data()),
        0);
    digest.add(df.get());
    CHECK_EQUAL(cudnnConvolutionBackwardData(dnn.handle, &one, df.desc(), df.data(), dy.desc(), dy.data(), convolution,
                                             algorithm, workspace.get(), 1 << 20, &one, dx.desc(), dx.data()),
                0);
    digest.add(dx.get());
  }
  CHECK_EQUAL(cudnnDestroyConvolutionDescriptor(convolution), 0);
}

void products(Random& random, Digest& digest) {
  constexpr int m = 130, n = 170, k = 300;
  DeviceArray a(Element::kF32, uniform(m * k, Element::kF32, random));
  DeviceArray b(Element::kF32, uniform(k * n, Element::kF32, random)), c(Element::kF32, m * n);
  void* handle = nullptr;
  const float one = 1, zero = 0;
  CHECK_EQUAL(cublasCreate_v2(&handle), 0);
  CHECK_EQUAL(cublasSgemm_v2(handle, 0, 0, m, n, k, &one, a.as<float>(), m, b.as<float>(), k, &zero, c.as<float>(), m),
              0);
  digest.add(c.get());
  CHECK_EQUAL(cublasDestroy_v2(handle), 0);
}

// In a process of its own: the environment is read once.
uint64_t with_threads(const char* threads) {
  int ends[2];
  CHECK_EQUAL(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("KIB_EMULATOR_THREADS", threads, 1);
    Random random(kSeed);
    Digest digest;
    convolutions(Element::kF32, kNCHW, random, digest);
    convolutions(Element::kBF16, kNHWC, random, digest);
    products(random, digest);
    silent("with " + std::string(threads) + " threads");
    const uint64_t value = digest.value();
    const bool written = ::write(ends[1], &value, sizeof value) == sizeof value;
    std::fflush(nullptr);
    ::_exit(written && result() == 0 ? 0 : 1);
  }
  uint64_t value = 0;
  ::close(ends[1]);
  CHECK_EQUAL(::read(ends[0], &value, sizeof value), static_cast<ssize_t>(sizeof value));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return value;
}

}  // namespace

int main() {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::fflush(nullptr);
  const uint64_t alone = with_threads("1");
  for (const char* threads : {"2", "3", "7"}) CHECK_EQUAL(with_threads(threads), alone);
  return result();
}
