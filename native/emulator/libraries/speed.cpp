// kib_emulator_convolution_speed: what a step of five 3x3 convolutions of 64 channels (forward, data gradient, filter
// gradient) costs on the stand-in of cuDNN, in wall time and in processor time.
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

extern "C" {
int cudaMalloc(void**, size_t);
int cudaFree(void*);
int cudaMemset(void*, int, size_t);
int cudaDeviceSynchronize();
int cudnnCreate(void**);
int cudnnCreateTensorDescriptor(void**);
int cudnnSetTensor4dDescriptor(void*, int, int, int, int, int, int);
int cudnnCreateFilterDescriptor(void**);
int cudnnSetFilter4dDescriptor(void*, int, int, int, int, int, int);
int cudnnCreateConvolutionDescriptor(void**);
int cudnnSetConvolution2dDescriptor(void*, int, int, int, int, int, int, int, int);
int cudnnConvolutionForward(void*, const void*, const void*, const void*, const void*, const void*, const void*, int,
                            void*, size_t, const void*, const void*, void*);
int cudnnConvolutionBackwardData(void*, const void*, const void*, const void*, const void*, const void*, const void*,
                                 int, void*, size_t, const void*, const void*, void*);
int cudnnConvolutionBackwardFilter(void*, const void*, const void*, const void*, const void*, const void*, const void*,
                                   int, void*, size_t, const void*, const void*, void*);
}

namespace {

constexpr int kLayers = 5, kChannels = 64, kBatch = 16;
enum : int { kF32 = 0, kBF16 = 9 };
enum : int { kNCHW = 0, kNHWC = 1 };

void check(int status) {
  if (status == 0) return;
  std::fprintf(stderr, "a call failed: %d\n", status);
  std::exit(1);
}

double seconds(clockid_t clock) {
  timespec t;
  ::clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

class Step {
 public:
  Step(int size, int type, int format) {
    const auto cells = static_cast<size_t>(size) * static_cast<size_t>(size);
    check(cudnnCreate(&handle_));
    check(cudnnCreateTensorDescriptor(&image_));
    check(cudnnSetTensor4dDescriptor(image_, format, type, kBatch, kChannels, size, size));
    check(cudnnCreateFilterDescriptor(&filter_));
    check(cudnnSetFilter4dDescriptor(filter_, type, format, kChannels, kChannels, 3, 3));
    check(cudnnCreateConvolutionDescriptor(&convolution_));
    check(cudnnSetConvolution2dDescriptor(convolution_, 1, 1, 1, 1, 1, 1, 1, kF32));
    const size_t element = type == kF32 ? 4 : 2;
    x_ = filled(kBatch * kChannels * cells * element);
    y_ = filled(kBatch * kChannels * cells * element);
    w_ = filled(kChannels * kChannels * 9 * element);
    dw_ = filled(kChannels * kChannels * 9 * element);
    workspace_ = filled(kSpace);
  }

  ~Step() {
    for (void* pointer : {x_, y_, w_, dw_, workspace_}) check(cudaFree(pointer));
  }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  void run() const {
    const float one = 1, zero = 0;
    for (int layer = 0; layer < kLayers; ++layer) {
      check(cudnnConvolutionForward(handle_, &one, image_, x_, filter_, w_, convolution_, 1, workspace_, kSpace, &zero,
                                    image_, y_));
      check(cudnnConvolutionBackwardFilter(handle_, &one, image_, x_, image_, y_, convolution_, 1, workspace_, kSpace,
                                           &zero, filter_, dw_));
      check(cudnnConvolutionBackwardData(handle_, &one, filter_, w_, image_, y_, convolution_, 1, workspace_, kSpace,
                                         &zero, image_, x_));
    }
    check(cudaDeviceSynchronize());
  }

 private:
  static constexpr size_t kSpace = 1 << 20;

  static void* filled(size_t bytes) {  // with zeros, whose products take as long as any
    void* pointer = nullptr;
    check(cudaMalloc(&pointer, bytes));
    check(cudaMemset(pointer, 0, bytes));
    return pointer;
  }

  void *handle_ = nullptr, *image_ = nullptr, *filter_ = nullptr, *convolution_ = nullptr;
  void *x_ = nullptr, *y_ = nullptr, *w_ = nullptr, *dw_ = nullptr, *workspace_ = nullptr;
};

void measure(int size, int type, int format, int runs) {
  const Step step(size, type, format);
  std::vector<double> wall, processor;
  for (int run = 0; run <= runs; ++run) {  // the first one warms up
    const double start = seconds(CLOCK_MONOTONIC), busy = seconds(CLOCK_PROCESS_CPUTIME_ID);
    step.run();
    if (run == 0) continue;
    wall.push_back(1e3 * (seconds(CLOCK_MONOTONIC) - start));
    processor.push_back(1e3 * (seconds(CLOCK_PROCESS_CPUTIME_ID) - busy));
  }
  std::sort(wall.begin(), wall.end());
  std::sort(processor.begin(), processor.end());
  const size_t middle = wall.size() / 2;
  std::printf("%2d x %2d %s %s  %7.1f ms wall (median of %d; %.1f to %.1f)  %7.1f ms of processors\n", size, size,
              type == kF32 ? "f32 " : "bf16", format == kNCHW ? "NCHW" : "NHWC", wall[middle], runs, wall.front(),
              wall.back(), processor[middle]);
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 7;
  if (runs < 1) {
    std::fprintf(stderr, "usage: kib_emulator_convolution_speed [RUNS]: of each step, at least 1\n");
    return 2;
  }
  std::printf("a step of %d 3x3 convolutions of %d channels, batch %d: forward, data and filter gradient\n", kLayers,
              kChannels, kBatch);
  for (const int size : {16, 32}) {
    measure(size, kF32, kNCHW, runs);
    measure(size, kBF16, kNHWC, runs);
  }
  return 0;
}
