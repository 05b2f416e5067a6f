// Calls of cuDNN whose result overlaps an operand or the workspace: each such mistake is reported, and its neighbour
// that is allowed is not.
#include "cudnn_calls.h"

using namespace kib::test;

namespace {

const float kOne = 1, kZero = 0;

template <class Body>
void planted(const std::string& words, Body run) {
  run();
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  CHECK_EQUAL(found("overlapping arguments"), 1);
  CHECK_EQUAL(kib_emulator_report_count(), uint64_t{1});
  CHECK_CONTAINS(last_report(), words);
  kib_emulator_clear();
}

template <class Body>
void clean(const std::string& what, Body run) {
  run();
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  silent(what);
}

// Convolutions of 2 images of 4 channels, 5 x 5, by 4 filters of 3 x 3.
struct Problem {
  static constexpr size_t kImage = 2 * 4 * 5 * 5, kFilter = 4 * 4 * 3 * 3;
  Dnn dnn;
  DeviceArray buffer{Element::kF32, std::vector<double>(1024, 1.0)};
  float* p = buffer.as<float>();
  Tensor4 image{Element::kF32, kNCHW, 2, 4, 5, 5, false, {}}, filter{Element::kF32, kNCHW, 4, 4, 3, 3, true, {}};
  Tensor4 channels{Element::kF32, kNCHW, 1, 4, 1, 1, false, {}};
  void *convolution = nullptr, *activation = nullptr;

  Problem() {
    CHECK_EQUAL(cudnnCreateConvolutionDescriptor(&convolution), 0);
    CHECK_EQUAL(cudnnSetConvolution2dDescriptor(convolution, 1, 1, 1, 1, 1, 1, 1, 0), 0);
    CHECK_EQUAL(cudnnCreateActivationDescriptor(&activation), 0);
    CHECK_EQUAL(cudnnSetActivationDescriptor(activation, 1, 0, 0), 0);
  }
  ~Problem() {
    CHECK_EQUAL(cudnnDestroyActivationDescriptor(activation), 0);
    CHECK_EQUAL(cudnnDestroyConvolutionDescriptor(convolution), 0);
  }
  void forward(const float* x, const float* w, float* y, void* workspace = nullptr, size_t size = 0) const {
    CHECK_EQUAL(cudnnConvolutionForward(dnn.handle, &kOne, image.desc(), x, filter.desc(), w, convolution, 0, workspace,
                                        size, &kZero, image.desc(), y),
                0);
  }
  void data(const float* dy, const float* w, float* dx) const {
    CHECK_EQUAL(cudnnConvolutionBackwardData(dnn.handle, &kOne, filter.desc(), w, image.desc(), dy, convolution, 0,
                                             nullptr, 0, &kZero, image.desc(), dx),
                0);
  }
  void gradient(const float* x, const float* dy, float* dw) const {
    CHECK_EQUAL(cudnnConvolutionBackwardFilter(dnn.handle, &kOne, image.desc(), x, image.desc(), dy, convolution, 0,
                                               nullptr, 0, &kOne, filter.desc(), dw),
                0);
  }
  void fused(const float* x, const float* z, float* y, const float* alpha2 = &kOne) const {
    CHECK_EQUAL(cudnnConvolutionBiasActivationForward(dnn.handle, &kOne, image.desc(), x, filter.desc(), p + 800,
                                                      convolution, 0, nullptr, 0, alpha2, image.desc(), z,
                                                      channels.desc(), p + 1000, activation, image.desc(), y),
                0);
  }
};

void convolutions(const Problem& c) {
  float* p = c.p;
  const size_t image = Problem::kImage;
  planted("cudnnConvolutionForward: the result y and x share 800 bytes, the first at offset 0 of",
          [&]() { c.forward(p, p + 800, p); });
  planted("the result y and x share 4 bytes", [&]() { c.forward(p, p + 800, p + image - 1); });
  planted("the result y and w share 400 bytes", [&]() { c.forward(p, p + 800, p + 700); });
  clean("a convolution", [&]() { c.forward(p, p + 800, p + image); });
  planted("cudnnConvolutionBackwardData: the result dx and dy share 800 bytes", [&]() { c.data(p, p + 800, p); });
  clean("its data gradient", [&]() { c.data(p, p + 800, p + image); });
  planted("cudnnConvolutionBackwardFilter: the result dw and x share 576 bytes",
          [&]() { c.gradient(p, p + image, p); });
  planted("the result dw and dy share 576 bytes", [&]() { c.gradient(p, p + image, p + image); });
  clean("its filter gradient, added up", [&]() { c.gradient(p, p + image, p + 800); });
  Buffer space(4096);
  planted("the result y and the workspace share 800 bytes",
          [&]() { c.forward(p, p + 800, reinterpret_cast<float*>(space.get()), space.get(), 4096); });
  clean("a workspace of its own", [&]() { c.forward(p, p + 800, p + image, space.get(), 4096); });

  planted("cudnnConvolutionBiasActivationForward: the result y and x share 800 bytes",
          [&]() { c.fused(p, p + image, p); });
  planted("the result y and z share 796 bytes", [&]() { c.fused(p, p + image, p + image + 1); });
  clean("z is y", [&]() { c.fused(p, p + image, p + image); });
  clean("z is not read", [&]() { c.fused(p, p + image, p + image + 1, &kZero); });
  planted("cudnnConvolutionBackwardBias: the result db and dy share 16 bytes", [&]() {
    CHECK_EQUAL(cudnnConvolutionBackwardBias(c.dnn.handle, &kOne, c.image.desc(), p, &kZero, c.channels.desc(), p + 4),
                0);
  });
}

void tensors(const Problem& c) {
  float* p = c.p;
  const auto add = [&](const float* a, float* to) {
    CHECK_EQUAL(cudnnAddTensor(c.dnn.handle, &kOne, c.image.desc(), a, &kOne, c.image.desc(), to), 0);
  };
  planted("cudnnAddTensor: the target and the source share 796 bytes", [&]() { add(p, p + 1); });
  clean("a tensor added to itself", [&]() { add(p, p); });
  planted("cudnnAddTensor: the target and the source share 16 bytes", [&]() {
    CHECK_EQUAL(cudnnAddTensor(c.dnn.handle, &kOne, c.channels.desc(), p + 8, &kOne, c.image.desc(), p), 0);
  });
  planted("cudnnTransformTensor: the target and the source share 800 bytes", [&]() {
    CHECK_EQUAL(cudnnTransformTensor(c.dnn.handle, &kOne, c.image.desc(), p, &kZero, c.image.desc(), p), 0);
  });
  clean("a tensor scaled in place",
        [&]() { CHECK_EQUAL(cudnnScaleTensor(c.dnn.handle, c.image.desc(), p, &kOne), 0); });

  // Halves of the channels of one buffer: apart, though the spans overlap.
  void *half = nullptr, *crossed = nullptr;
  CHECK_EQUAL(cudnnCreateTensorDescriptor(&half), 0);
  CHECK_EQUAL(cudnnSetTensor4dDescriptorEx(half, 0, 2, 4, 5, 5, 200, 25, 5, 1), 0);
  CHECK_EQUAL(cudnnCreateTensorDescriptor(&crossed), 0);
  CHECK_EQUAL(cudnnSetTensor4dDescriptorEx(crossed, 0, 2, 4, 5, 5, 100, 25, 4, 1), 0);
  clean("two halves of the channels",
        [&]() { CHECK_EQUAL(cudnnTransformTensor(c.dnn.handle, &kOne, half, p, &kZero, half, p + 100), 0); });
  planted("parts of the target share",
          [&]() { CHECK_EQUAL(cudnnTransformTensor(c.dnn.handle, &kOne, half, p, &kZero, crossed, p + 500), 0); });
  CHECK_EQUAL(cudnnDestroyTensorDescriptor(half), 0);
  CHECK_EQUAL(cudnnDestroyTensorDescriptor(crossed), 0);
}

// One workspace of two streams; with an event between, or with one each, it is right.
void shared_workspaces(const Problem& c) {
  Buffer space(4096), other(4096);
  StreamHandle streams[2] = {};
  EventHandle event = nullptr;
  for (StreamHandle& stream : streams) cudaStreamCreateWithFlags(&stream, kNonBlocking);
  cudaEventCreateWithFlags(&event, 2);
  DeviceArray results(Element::kF32, 2 * Problem::kImage);
  const auto forward = [&](char* second, bool ordered) {
    for (int i = 0; i < 2; ++i) {
      if (i == 1 && ordered) {
        CHECK_EQUAL(cudaEventRecord(event, streams[0]), 0);
        CHECK_EQUAL(cudaStreamWaitEvent(streams[1], event, 0), 0);
      }
      CHECK_EQUAL(cudnnSetStream(c.dnn.handle, streams[i]), 0);
      c.forward(c.p, c.p + 800, results.as<float>() + static_cast<size_t>(i) * Problem::kImage,
                i == 0 ? space.get() : second, 4096);
    }
    CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  };
  forward(space.get(), false);
  CHECK(found("unordered access") >= 1);
  CHECK_CONTAINS(last_report(), "cudnnConvolutionForward");
  kib_emulator_clear();
  clean("the second stream waits", [&]() { forward(space.get(), true); });
  clean("a workspace each", [&]() { forward(other.get(), false); });
  CHECK_EQUAL(cudnnSetStream(c.dnn.handle, nullptr), 0);
  cudaEventDestroy(event);
  for (StreamHandle stream : streams) cudaStreamDestroy(stream);
}

}  // namespace

int main() {
  {
    const Problem problem;
    convolutions(problem);
    tensors(problem);
    shared_workspaces(problem);
  }
  return result();
}
