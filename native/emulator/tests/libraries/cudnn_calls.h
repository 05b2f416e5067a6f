// cuDNN's functions as these tests call them.
#ifndef KIB_EMULATOR_TESTS_CUDNN_CALLS_H
#define KIB_EMULATOR_TESTS_CUDNN_CALLS_H
#include "device_array.h"

struct Performance {
  int algorithm, status;
  float time;
  size_t memory;
  int determinism, math_type;
  int reserved[3];
};

extern "C" {
int cudnnCreate(void**);
int cudnnDestroy(void*);
int cudnnSetStream(void*, void*);
int cudnnGetStream(void*, void**);
size_t cudnnGetVersion();
const char* cudnnGetErrorString(int);
void cudnnGetLastErrorString(char*, size_t);
int cudnnBackendExecute();
int cudnnCreateTensorDescriptor(void**);
int cudnnDestroyTensorDescriptor(void*);
int cudnnSetTensor4dDescriptor(void*, int, int, int, int, int, int);
int cudnnSetTensor4dDescriptorEx(void*, int, int, int, int, int, int, int, int, int);
int cudnnGetTensor4dDescriptor(const void*, int*, int*, int*, int*, int*, int*, int*, int*, int*);
int cudnnGetTensorSizeInBytes(const void*, size_t*);
int cudnnCreateFilterDescriptor(void**);
int cudnnDestroyFilterDescriptor(void*);
int cudnnSetFilter4dDescriptor(void*, int, int, int, int, int, int);
int cudnnCreateActivationDescriptor(void**);
int cudnnDestroyActivationDescriptor(void*);
int cudnnSetActivationDescriptor(void*, int, int, double);
int cudnnAddTensor(void*, const void*, const void*, const void*, const void*, const void*, void*);
int cudnnTransformTensor(void*, const void*, const void*, const void*, const void*, const void*, void*);
int cudnnSetTensor(void*, const void*, void*, const void*);
int cudnnScaleTensor(void*, const void*, void*, const void*);
int cudnnCreateConvolutionDescriptor(void**);
int cudnnDestroyConvolutionDescriptor(void*);
int cudnnSetConvolution2dDescriptor(void*, int, int, int, int, int, int, int, int);
int cudnnSetConvolutionGroupCount(void*, int);
int cudnnSetConvolutionMathType(void*, int);
int cudnnGetConvolution2dForwardOutputDim(const void*, const void*, const void*, int*, int*, int*, int*);
int cudnnGetConvolutionForwardAlgorithm_v7(void*, const void*, const void*, const void*, const void*, int, int*,
                                           Performance*);
int cudnnGetConvolutionBackwardDataAlgorithm_v7(void*, const void*, const void*, const void*, const void*, int, int*,
                                                Performance*);
int cudnnGetConvolutionBackwardFilterAlgorithm_v7(void*, const void*, const void*, const void*, const void*, int, int*,
                                                  Performance*);
int cudnnFindConvolutionForwardAlgorithm(void*, const void*, const void*, const void*, const void*, int, int*,
                                         Performance*);
int cudnnFindConvolutionForwardAlgorithmEx(void*, const void*, const void*, const void*, const void*, const void*,
                                           const void*, void*, int, int*, Performance*, void*, size_t);
int cudnnGetConvolutionForwardWorkspaceSize(void*, const void*, const void*, const void*, const void*, int, size_t*);
int cudnnConvolutionForward(void*, const void*, const void*, const void*, const void*, const void*, const void*, int,
                            void*, size_t, const void*, const void*, void*);
int cudnnConvolutionBackwardData(void*, const void*, const void*, const void*, const void*, const void*, const void*,
                                 int, void*, size_t, const void*, const void*, void*);
int cudnnConvolutionBackwardFilter(void*, const void*, const void*, const void*, const void*, const void*, const void*,
                                   int, void*, size_t, const void*, const void*, void*);
int cudnnConvolutionBiasActivationForward(void*, const void*, const void*, const void*, const void*, const void*,
                                          const void*, int, void*, size_t, const void*, const void*, const void*,
                                          const void*, const void*, const void*, const void*, void*);
int cudnnConvolutionBackwardBias(void*, const void*, const void*, const void*, const void*, const void*, void*);
}

namespace kib::test {

enum : int { kSuccess = 0, kBadParam = 2000, kNotSupported = 3000 };
enum : int { kNCHW = 0, kNHWC = 1 };
enum : int { kFmaMath = 3 };

inline int data_type(Element type) {
  return type == Element::kF32 ? 0 : type == Element::kF64 ? 1 : type == Element::kF16 ? 2 : 9;
}

struct Dnn {
  void* handle = nullptr;
  Dnn() { CHECK_EQUAL(cudnnCreate(&handle), 0); }
  Dnn(const Dnn&) = delete;
  Dnn& operator=(const Dnn&) = delete;
  ~Dnn() { CHECK_EQUAL(cudnnDestroy(handle), 0); }
};

// Values in the order N, C, H, W (or K, C, R, S), in device memory in the order of the format.
class Tensor4 {
 public:
  Tensor4(Element type, int format, int n, int c, int h, int w, bool filter, const std::vector<double>& values)
      : n_(n), c_(c), h_(h), w_(w), format_(format), filter_(filter), data_(type, count()) {
    if (filter) {
      CHECK_EQUAL(cudnnCreateFilterDescriptor(&desc_), 0);
      CHECK_EQUAL(cudnnSetFilter4dDescriptor(desc_, data_type(type), format, n, c, h, w), 0);
    } else {
      CHECK_EQUAL(cudnnCreateTensorDescriptor(&desc_), 0);
      CHECK_EQUAL(cudnnSetTensor4dDescriptor(desc_, format, data_type(type), n, c, h, w), 0);
    }
    if (!values.empty()) set(values);
  }
  Tensor4(const Tensor4&) = delete;
  Tensor4& operator=(const Tensor4&) = delete;
  ~Tensor4() { CHECK_EQUAL(filter_ ? cudnnDestroyFilterDescriptor(desc_) : cudnnDestroyTensorDescriptor(desc_), 0); }

  void set(const std::vector<double>& values) {
    std::vector<double> stored(count());
    for (size_t i = 0; i < count(); ++i) stored[place(i)] = values[i];
    data_.set(stored);
  }
  std::vector<double> get() const {
    const std::vector<double> stored = data_.get();
    std::vector<double> values(count());
    for (size_t i = 0; i < count(); ++i) values[i] = stored[place(i)];
    return values;
  }
  size_t count() const {
    return static_cast<size_t>(n_) * static_cast<size_t>(c_) * static_cast<size_t>(h_) * static_cast<size_t>(w_);
  }
  void* desc() const { return desc_; }
  void* data() const { return data_.pointer(); }

 private:
  size_t place(size_t i) const {
    if (format_ == kNCHW) return i;
    const size_t area = static_cast<size_t>(h_) * static_cast<size_t>(w_), channels = static_cast<size_t>(c_);
    return i / area / channels * area * channels + i % area * channels + i / area % channels;
  }

  int n_, c_, h_, w_, format_;
  bool filter_;
  DeviceArray data_;
  void* desc_ = nullptr;
};

}  // namespace kib::test
#endif
