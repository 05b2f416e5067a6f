// cuDNN's operations on tensors: strides, layouts, repeated dimensions.
#include "cudnn_calls.h"

using namespace kib::test;

namespace {

constexpr uint64_t kSeed = 5150;
constexpr int n = 2, c = 3, h = 4, w = 5;
constexpr size_t kCount = n * c * h * w;

void add_bias(const Dnn& dnn, Element type, int format, Random& random) {
  const std::vector<double> y = uniform(kCount, type, random), bias = uniform(c, type, random);
  Tensor4 ty(type, format, n, c, h, w, false, y), tb(type, kNCHW, 1, c, 1, 1, false, bias);
  const float alpha = 2, beta = 0.5f;
  CHECK_EQUAL(cudnnAddTensor(dnn.handle, &alpha, tb.desc(), tb.data(), &beta, ty.desc(), ty.data()), 0);
  std::vector<double> wanted, bounds;
  for (size_t i = 0; i < kCount; ++i) {
    wanted.push_back(2 * bias[i / (h * w) % c] + 0.5 * y[i]);
    bounds.push_back(3 * unit(Element::kF32) * 4 + unit(type) * std::abs(wanted[i]));
  }
  near(ty.get(), wanted, bounds, "cudnnAddTensor");
  silent("cudnnAddTensor");
}

// From one layout to the other, and back into a tensor with gaps, which stay as they are.
void transform(const Dnn& dnn, Random& random) {
  const std::vector<double> x = uniform(kCount, Element::kF32, random);
  Tensor4 first(Element::kF32, kNCHW, n, c, h, w, false, x), last(Element::kF32, kNHWC, n, c, h, w, false, {});
  const float one = 1, zero = 0;
  CHECK_EQUAL(cudnnTransformTensor(dnn.handle, &one, first.desc(), first.data(), &zero, last.desc(), last.data()), 0);
  CHECK(last.get() == x);
  DeviceArray padded(Element::kF32, w, n * c * h, w + 3);
  void* desc = nullptr;
  size_t size = 0;
  CHECK_EQUAL(cudnnCreateTensorDescriptor(&desc), 0);
  CHECK_EQUAL(cudnnSetTensor4dDescriptorEx(desc, 0, n, c, h, w, c * h * (w + 3), h * (w + 3), w + 3, 1), 0);
  CHECK_EQUAL(cudnnGetTensorSizeInBytes(desc, &size), 0);
  CHECK_EQUAL(size, size_t{4} * (n * c * h * (w + 3) - 3));
  CHECK_EQUAL(cudnnTransformTensor(dnn.handle, &one, last.desc(), last.data(), &zero, desc, padded.pointer()), 0);
  CHECK(padded.get() == x);
  silent("cudnnTransformTensor");
  float gap = 0;
  cudaMemcpy(&gap, padded.as<float>() + w, 4, kDeviceToHost);
  cudaDeviceSynchronize();
  CHECK_EQUAL(found("uninitialised read"), 1);
  CHECK_EQUAL(cudnnDestroyTensorDescriptor(desc), 0);
  kib_emulator_clear();
}

void set_and_scale(const Dnn& dnn) {
  Tensor4 y(Element::kBF16, kNHWC, n, c, h, w, false, {});
  const uint16_t three = 0x4040;  // bf16
  const float half = 0.5f;
  CHECK_EQUAL(cudnnSetTensor(dnn.handle, y.desc(), y.data(), &three), 0);
  for (const double value : y.get()) CHECK_EQUAL(value, 3.0);
  CHECK_EQUAL(cudnnScaleTensor(dnn.handle, y.desc(), y.data(), &half), 0);
  for (const double value : y.get()) CHECK_EQUAL(value, 1.5);
  silent("set and scale");
}

void descriptors(const Dnn& dnn) {
  void* desc = nullptr;
  int type, dims[4], strides[4];
  CHECK_EQUAL(cudnnCreateTensorDescriptor(&desc), 0);
  CHECK_EQUAL(cudnnSetTensor4dDescriptor(desc, kNHWC, 9, n, c, h, w), 0);
  CHECK_EQUAL(cudnnGetTensor4dDescriptor(desc, &type, &dims[0], &dims[1], &dims[2], &dims[3], &strides[0], &strides[1],
                                         &strides[2], &strides[3]),
              0);
  CHECK(type == 9 && dims[1] == c && strides[1] == 1 && strides[3] == c && strides[2] == c * w);
  CHECK_REFUSED(cudnnSetTensor4dDescriptor(desc, kNCHW, 0, n, 0, h, w), kBadParam, "bad argument", "dimension 1 is 0");
  CHECK_REFUSED(cudnnSetTensor4dDescriptor(desc, kNCHW, 3, n, c, h, w), kNotSupported, "not emulated", "data type 3");
  Tensor4 y(Element::kF32, kNCHW, n, c, h, w, false, std::vector<double>(kCount, 1.0));
  Tensor4 other(Element::kF32, kNCHW, 1, 2, 1, 1, false, {1.0, 2.0});
  const float one = 1;
  CHECK_REFUSED(cudnnAddTensor(dnn.handle, &one, other.desc(), other.data(), &one, y.desc(), y.data()), kBadParam,
                "bad argument", "do not fit");
  CHECK_REFUSED(cudnnAddTensor(dnn.handle, y.data(), y.desc(), y.data(), &one, y.desc(), y.data()), kBadParam,
                "bad argument", "alpha is a device pointer");
  CHECK_EQUAL(cudnnDestroyTensorDescriptor(desc), 0);
  CHECK_REFUSED(cudnnDestroyTensorDescriptor(desc), kBadParam, "bad handle", "destroyed");
}

}  // namespace

int main() {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  Random random(kSeed);
  Dnn dnn;
  for (const Element type : {Element::kF32, Element::kBF16, Element::kF16}) {
    for (const int format : {kNCHW, kNHWC}) add_bias(dnn, type, format, random);
  }
  transform(dnn, random);
  set_and_scale(dnn);
  descriptors(dnn);
  return result();
}
