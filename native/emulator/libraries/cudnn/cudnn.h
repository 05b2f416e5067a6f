// cuDNN's constants, descriptors, and what its functions share. Prototypes are those of cudnn.h, with int in place of
// enums. The state of all of cuDNN's libraries lies in libcudnn_graph.so.9.
#ifndef KIB_EMULATOR_CUDNN_H
#define KIB_EMULATOR_CUDNN_H
#include <array>
#include <string>
#include <vector>

#include "libraries/handles.h"
#include "libraries/matrix.h"
#include "libraries/overlap.h"
#include "runtime/stream.h"

namespace kib::emulator::cudnn {

enum Status : int {
  kSuccess = 0,
  kNotInitialized = 1001,
  kBadParam = 2000,
  kNotSupported = 3000,
  kDeviceAllocationFailed = 4004,
  kExecutionFailed = 5000,
};
enum DataType : int { kFloat = 0, kDouble = 1, kHalf = 2, kBFloat16 = 9 };
enum Format : int { kNCHW = 0, kNHWC = 1 };
enum MathType : int { kDefaultMath = 0, kTensorOpMath = 1, kAllowConversion = 2, kFmaMath = 3 };
enum Mode : int { kConvolution = 0, kCrossCorrelation = 1 };
enum ActivationMode : int { kRelu = 1, kIdentity = 5 };

constexpr int kMaxDims = 8;

struct Handle {
  void* stream = nullptr;
};

struct Tensor {
  bool set = false;
  Element type = Element::kF32;
  int dims = 0;
  std::array<int, kMaxDims> dim{}, stride{};  // N, C, H, W

  int64_t count() const;
  bool same_shape(const Tensor& other) const { return dims == other.dims && dim == other.dim; }
  bool channels_last() const;  // 4-D, packed, C innermost
  size_t size_in_bytes() const;
};

struct Filter {
  bool set = false;
  Element type = Element::kF32;
  int format = kNCHW, dims = 0;
  std::array<int, kMaxDims> dim{};  // K, C / groups, R, S

  Tensor tensor() const;  // with the strides of the format
};

struct Convolution {
  bool set = false;
  std::array<int, 2> pad{}, stride{}, dilation{};
  int mode = kCrossCorrelation, groups = 1, math = kDefaultMath;
  Element compute = Element::kF32;
};

struct ActivationDesc {
  bool set = false;
  int mode = kIdentity, nan = 0;
  double coefficient = 0;
};

struct Registry {
  Handles<Handle> handles{"cudnnHandle_t"};
  Handles<Tensor> tensors{"cudnnTensorDescriptor_t"};
  Handles<Filter> filters{"cudnnFilterDescriptor_t"};
  Handles<Convolution> convolutions{"cudnnConvolutionDescriptor_t"};
  Handles<ActivationDesc> activations{"cudnnActivationDescriptor_t"};
};

bool element(int data_type, Element* element);
int data_type(Element element);

// A call that was refused for a mistake of the caller: reports `what`, keeps it for cudnnGetLastErrorString.
int refuse(const std::string& caller, const std::string& what);
// What cuDNN does not do either; a program may ask, so that it is no finding.
int not_supported(const std::string& caller, const std::string& what);
// What the emulated device cannot do, but cuDNN can.
int unsupported(const std::string& caller, const std::string& what);
int status_of(int cuda_error);

// The descriptor behind a pointer, alive and set, or null after a report.
template <class T>
const T* described(Handles<T>& all, const void* pointer, const char* caller) {
  const T* found = all.get(pointer, caller);
  if (found != nullptr && !found->set) {
    refuse(caller, "a descriptor was created, but not set");
    return nullptr;
  }
  return found;
}

// alpha or beta: double where the tensors are f64, else float; always in host memory.
template <class T>
bool scale(const void* pointer, const char* which, const char* caller, T* out);

// A device pointer that is not null and aligned to its elements.
bool check_data(const void* data, Element type, const char* which, const char* caller);

// A tensor's bytes, for check_overlaps().
Argument argument(const char* what, const Tensor& tensor, const void* data);

// Between device memory and a dense array in the order of dim; strides say where the elements lie.
template <class T>
bool read(const Tensor& tensor, const void* data, Rounding rounding, const std::string& caller, T* values);
template <class T>
bool write(const Tensor& tensor, const void* data, const T* values, const std::string& caller);
// values = alpha values + beta what is there (which is not read where beta is 0), and stores it.
template <class T>
bool blend(const Tensor& tensor, const void* data, T alpha, T beta, std::vector<T>* values, const std::string& caller);

}  // namespace kib::emulator::cudnn

extern "C" {
kib::emulator::cudnn::Registry* kib_emulator_cudnn_registry();
void kib_emulator_cudnn_keep_error(const char* sentence);  // for cudnnGetLastErrorString of this thread
}

namespace kib::emulator::cudnn {
inline Registry& registry() { return *kib_emulator_cudnn_registry(); }
}  // namespace kib::emulator::cudnn
#endif
