// libcudnn_ops.so.9: tensor, filter and activation descriptors.
#include <algorithm>

#include "libraries/cudnn/cudnn.h"

namespace kib::emulator::cudnn {
namespace {

template <class T>
int create(Handles<T>& all, void** descriptor, const char* name) {
  if (descriptor == nullptr) return refuse(name, "the place for the descriptor is a null pointer");
  *descriptor = all.create();
  return kSuccess;
}

template <class T>
int destroy(Handles<T>& all, void* descriptor, const char* name) {
  return all.destroy(descriptor, name) ? kSuccess : kBadParam;
}

int check_dims(const char* name, int dims, const int* dim) {
  if (dim == nullptr) return refuse(name, "the dimensions are a null pointer");
  if (dims < 3 || dims > kMaxDims) {
    return refuse(name, std::to_string(dims) + " dimensions; cuDNN has 3 to " + std::to_string(kMaxDims));
  }
  int64_t count = 1;
  for (int i = 0; i < dims; ++i) {
    if (dim[i] <= 0) return refuse(name, "dimension " + std::to_string(i) + " is " + std::to_string(dim[i]));
    count *= dim[i];
    if (count > int64_t{1} << 31) return not_supported(name, "more than 2^31 elements");
  }
  return kSuccess;
}

int set_tensor(void* descriptor, const char* name, int type, int dims, const int* dim, const int* stride) {
  Tensor* tensor = registry().tensors.get(descriptor, name);
  Element element_type;
  if (tensor == nullptr) return kBadParam;
  if (const int status = check_dims(name, dims, dim)) return status;
  if (stride == nullptr) return refuse(name, "the strides are a null pointer");
  if (!element(type, &element_type)) {
    return unsupported(name, "data type " + std::to_string(type) + " is not emulated; f32, f64, f16 and bf16 are");
  }
  for (int i = 0; i < dims; ++i) {
    if (stride[i] < 1) return not_supported(name, "a stride below 1");
  }
  Tensor value;
  value.set = true;
  value.type = element_type;
  value.dims = dims;
  std::copy(dim, dim + dims, value.dim.begin());
  std::copy(stride, stride + dims, value.stride.begin());
  *tensor = value;
  return kSuccess;
}

int set_filter(void* descriptor, const char* name, int type, int format, int dims, const int* dim) {
  Filter* filter = registry().filters.get(descriptor, name);
  Element element_type;
  if (filter == nullptr) return kBadParam;
  if (const int status = check_dims(name, dims, dim)) return status;
  if (format != kNCHW && format != kNHWC) return unsupported(name, "a format other than NCHW and NHWC");
  if (!element(type, &element_type)) {
    return unsupported(name, "data type " + std::to_string(type) + " is not emulated; f32, f64, f16 and bf16 are");
  }
  Filter value;
  value.set = true;
  value.type = element_type;
  value.format = format;
  value.dims = dims;
  std::copy(dim, dim + dims, value.dim.begin());
  *filter = value;
  return kSuccess;
}

std::array<int, kMaxDims> packed(int format, int dims, const int* dim) {
  Filter filter;
  filter.format = format;
  filter.dims = dims;
  std::copy(dim, dim + dims, filter.dim.begin());
  return filter.tensor().stride;
}

template <class T>
void give(T value, T* place) {
  if (place != nullptr) *place = value;
}

}  // namespace
}  // namespace kib::emulator::cudnn

using namespace kib::emulator::cudnn;

extern "C" {

int cudnnCreateTensorDescriptor(void** descriptor) {
  return create(registry().tensors, descriptor, "cudnnCreateTensorDescriptor");
}
int cudnnDestroyTensorDescriptor(void* descriptor) {
  return destroy(registry().tensors, descriptor, "cudnnDestroyTensorDescriptor");
}

int cudnnSetTensor4dDescriptor(void* descriptor, int format, int type, int n, int c, int h, int w) {
  const char* name = "cudnnSetTensor4dDescriptor";
  const int dim[4] = {n, c, h, w};
  if (format != kNCHW && format != kNHWC) return unsupported(name, "a format other than NCHW and NHWC");
  if (const int status = check_dims(name, 4, dim)) return status;
  return set_tensor(descriptor, name, type, 4, dim, packed(format, 4, dim).data());
}

int cudnnSetTensor4dDescriptorEx(void* descriptor, int type, int n, int c, int h, int w, int ns, int cs, int hs,
                                 int ws) {
  const int dim[4] = {n, c, h, w}, stride[4] = {ns, cs, hs, ws};
  return set_tensor(descriptor, "cudnnSetTensor4dDescriptorEx", type, 4, dim, stride);
}

int cudnnGetTensor4dDescriptor(const void* descriptor, int* type, int* n, int* c, int* h, int* w, int* ns, int* cs,
                               int* hs, int* ws) {
  const char* name = "cudnnGetTensor4dDescriptor";
  const Tensor* tensor = described(registry().tensors, descriptor, name);
  if (tensor == nullptr) return kBadParam;
  if (tensor->dims != 4) return refuse(name, "the tensor has " + std::to_string(tensor->dims) + " dimensions");
  int* dims[4] = {n, c, h, w};
  int* strides[4] = {ns, cs, hs, ws};
  give(data_type(tensor->type), type);
  for (size_t i = 0; i < 4; ++i) {
    give(tensor->dim[i], dims[i]);
    give(tensor->stride[i], strides[i]);
  }
  return kSuccess;
}

int cudnnSetTensorNdDescriptor(void* descriptor, int type, int dims, const int dim[], const int stride[]) {
  return set_tensor(descriptor, "cudnnSetTensorNdDescriptor", type, dims, dim, stride);
}

int cudnnSetTensorNdDescriptorEx(void* descriptor, int format, int type, int dims, const int dim[]) {
  const char* name = "cudnnSetTensorNdDescriptorEx";
  if (format != kNCHW && format != kNHWC) return unsupported(name, "a format other than NCHW and NHWC");
  if (const int status = check_dims(name, dims, dim)) return status;
  return set_tensor(descriptor, name, type, dims, dim, packed(format, dims, dim).data());
}

int cudnnGetTensorNdDescriptor(const void* descriptor, int requested, int* type, int* dims, int dim[], int stride[]) {
  const Tensor* tensor = described(registry().tensors, descriptor, "cudnnGetTensorNdDescriptor");
  if (tensor == nullptr) return kBadParam;
  give(data_type(tensor->type), type);
  give(tensor->dims, dims);
  for (int i = 0; i < std::min(requested, tensor->dims); ++i) {
    if (dim != nullptr) dim[i] = tensor->dim[static_cast<size_t>(i)];
    if (stride != nullptr) stride[i] = tensor->stride[static_cast<size_t>(i)];
  }
  return kSuccess;
}

int cudnnGetTensorSizeInBytes(const void* descriptor, size_t* size) {
  const Tensor* tensor = described(registry().tensors, descriptor, "cudnnGetTensorSizeInBytes");
  if (tensor == nullptr) return kBadParam;
  if (size == nullptr) return refuse("cudnnGetTensorSizeInBytes", "the place for the size is a null pointer");
  *size = tensor->size_in_bytes();
  return kSuccess;
}

int cudnnCreateFilterDescriptor(void** descriptor) {
  return create(registry().filters, descriptor, "cudnnCreateFilterDescriptor");
}
int cudnnDestroyFilterDescriptor(void* descriptor) {
  return destroy(registry().filters, descriptor, "cudnnDestroyFilterDescriptor");
}

int cudnnSetFilter4dDescriptor(void* descriptor, int type, int format, int k, int c, int h, int w) {
  const int dim[4] = {k, c, h, w};
  return set_filter(descriptor, "cudnnSetFilter4dDescriptor", type, format, 4, dim);
}
int cudnnSetFilterNdDescriptor(void* descriptor, int type, int format, int dims, const int dim[]) {
  return set_filter(descriptor, "cudnnSetFilterNdDescriptor", type, format, dims, dim);
}

int cudnnGetFilter4dDescriptor(const void* descriptor, int* type, int* format, int* k, int* c, int* h, int* w) {
  const char* name = "cudnnGetFilter4dDescriptor";
  const Filter* filter = described(registry().filters, descriptor, name);
  if (filter == nullptr) return kBadParam;
  if (filter->dims != 4) return refuse(name, "the filter has " + std::to_string(filter->dims) + " dimensions");
  int* dims[4] = {k, c, h, w};
  give(data_type(filter->type), type);
  give(filter->format, format);
  for (size_t i = 0; i < 4; ++i) give(filter->dim[i], dims[i]);
  return kSuccess;
}

int cudnnGetFilterNdDescriptor(const void* descriptor, int requested, int* type, int* format, int* dims, int dim[]) {
  const Filter* filter = described(registry().filters, descriptor, "cudnnGetFilterNdDescriptor");
  if (filter == nullptr) return kBadParam;
  give(data_type(filter->type), type);
  give(filter->format, format);
  give(filter->dims, dims);
  for (int i = 0; i < std::min(requested, filter->dims); ++i) {
    if (dim != nullptr) dim[i] = filter->dim[static_cast<size_t>(i)];
  }
  return kSuccess;
}

int cudnnGetFilterSizeInBytes(const void* descriptor, size_t* size) {
  const Filter* filter = described(registry().filters, descriptor, "cudnnGetFilterSizeInBytes");
  if (filter == nullptr) return kBadParam;
  if (size == nullptr) return refuse("cudnnGetFilterSizeInBytes", "the place for the size is a null pointer");
  *size = filter->tensor().size_in_bytes();
  return kSuccess;
}

int cudnnCreateActivationDescriptor(void** descriptor) {
  return create(registry().activations, descriptor, "cudnnCreateActivationDescriptor");
}
int cudnnDestroyActivationDescriptor(void* descriptor) {
  return destroy(registry().activations, descriptor, "cudnnDestroyActivationDescriptor");
}

int cudnnSetActivationDescriptor(void* descriptor, int mode, int nan, double coefficient) {
  const char* name = "cudnnSetActivationDescriptor";
  ActivationDesc* activation = registry().activations.get(descriptor, name);
  if (activation == nullptr) return kBadParam;
  if (mode < 0 || mode > 6 || nan < 0 || nan > 1) return refuse(name, "there is no such mode");
  *activation = {true, mode, nan, coefficient};
  return kSuccess;
}

int cudnnGetActivationDescriptor(const void* descriptor, int* mode, int* nan, double* coefficient) {
  const ActivationDesc* activation = described(registry().activations, descriptor, "cudnnGetActivationDescriptor");
  if (activation == nullptr) return kBadParam;
  give(activation->mode, mode);
  give(activation->nan, nan);
  give(activation->coefficient, coefficient);
  return kSuccess;
}

int cudnnOpsVersionCheck() { return kSuccess; }

}  // extern "C"
