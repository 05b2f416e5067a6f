// libcudnn_cnn.so.9: convolution descriptors and the shapes of outputs.
#include "libraries/cudnn/convolution.h"

namespace kib::emulator::cudnn {
namespace {

Convolution* alive(void* descriptor, const char* name) { return registry().convolutions.get(descriptor, name); }

int set(void* descriptor, const char* name, const int pad[2], const int stride[2], const int dilation[2], int mode,
        int compute) {
  Convolution* convolution = alive(descriptor, name);
  Convolution value;
  if (convolution == nullptr) return kBadParam;
  if (!element(compute, &value.compute)) return unsupported(name, "this compute type is not emulated");
  if (mode != kConvolution && mode != kCrossCorrelation) return refuse(name, "there is no such mode");
  for (size_t i = 0; i < 2; ++i) {
    if (pad[i] < 0 || stride[i] < 1 || dilation[i] < 1) {
      return refuse(name, "a padding is negative, or a stride or dilation below 1");
    }
    value.pad[i] = pad[i];
    value.stride[i] = stride[i];
    value.dilation[i] = dilation[i];
  }
  value.mode = mode;
  value.groups = convolution->groups;
  value.math = convolution->math;
  value.set = true;
  *convolution = value;
  return kSuccess;
}

template <class T>
void give(T value, T* place) {
  if (place != nullptr) *place = value;
}

// The output's shape; kBadParam where there is none.
int output(const char* name, const void* convolution, const void* x, const void* w, int out[4]) {
  const Convolution* conv = described(registry().convolutions, convolution, name);
  if (conv == nullptr) return kBadParam;
  const Tensor* image = described(registry().tensors, x, name);
  if (image == nullptr) return kBadParam;
  const Filter* filter = described(registry().filters, w, name);
  if (filter == nullptr) return kBadParam;
  if (image->dims != 4 || filter->dims != 4) return unsupported(name, "other than 4 dimensions are not emulated");
  if (filter->dim[1] * conv->groups != image->dim[1] || filter->dim[0] % conv->groups != 0) {
    return refuse(name, "the channels of image and filter do not fit together");
  }
  out[0] = image->dim[0];
  out[1] = filter->dim[0];
  for (size_t i = 0; i < 2; ++i) {
    const int reach = (filter->dim[i + 2] - 1) * conv->dilation[i] + 1, room = image->dim[i + 2] + 2 * conv->pad[i];
    if (room < reach) return refuse(name, "the filter is larger than the padded image");
    out[i + 2] = (room - reach) / conv->stride[i] + 1;
  }
  return kSuccess;
}

}  // namespace
}  // namespace kib::emulator::cudnn

using namespace kib::emulator::cudnn;

extern "C" {

int cudnnCreateConvolutionDescriptor(void** descriptor) {
  if (descriptor == nullptr) {
    return refuse("cudnnCreateConvolutionDescriptor", "the place for the descriptor is a null pointer");
  }
  *descriptor = registry().convolutions.create();
  return kSuccess;
}

int cudnnDestroyConvolutionDescriptor(void* descriptor) {
  return registry().convolutions.destroy(descriptor, "cudnnDestroyConvolutionDescriptor") ? kSuccess : kBadParam;
}

int cudnnSetConvolution2dDescriptor(void* descriptor, int pad_h, int pad_w, int u, int v, int dilation_h,
                                    int dilation_w, int mode, int compute) {
  const int pad[2] = {pad_h, pad_w}, stride[2] = {u, v}, dilation[2] = {dilation_h, dilation_w};
  return set(descriptor, "cudnnSetConvolution2dDescriptor", pad, stride, dilation, mode, compute);
}

int cudnnSetConvolutionNdDescriptor(void* descriptor, int dims, const int pad[], const int stride[],
                                    const int dilation[], int mode, int compute) {
  const char* name = "cudnnSetConvolutionNdDescriptor";
  if (pad == nullptr || stride == nullptr || dilation == nullptr) return refuse(name, "an array is a null pointer");
  if (dims != 2) return unsupported(name, "convolutions in other than 2 dimensions are not emulated");
  return set(descriptor, name, pad, stride, dilation, mode, compute);
}

int cudnnGetConvolution2dDescriptor(const void* descriptor, int* pad_h, int* pad_w, int* u, int* v, int* dilation_h,
                                    int* dilation_w, int* mode, int* compute) {
  const Convolution* c = described(registry().convolutions, descriptor, "cudnnGetConvolution2dDescriptor");
  if (c == nullptr) return kBadParam;
  give(c->pad[0], pad_h), give(c->pad[1], pad_w);
  give(c->stride[0], u), give(c->stride[1], v);
  give(c->dilation[0], dilation_h), give(c->dilation[1], dilation_w);
  give(c->mode, mode), give(data_type(c->compute), compute);
  return kSuccess;
}

int cudnnSetConvolutionGroupCount(void* descriptor, int groups) {
  Convolution* convolution = alive(descriptor, "cudnnSetConvolutionGroupCount");
  if (convolution == nullptr) return kBadParam;
  if (groups < 1) return refuse("cudnnSetConvolutionGroupCount", "the number of groups is below 1");
  convolution->groups = groups;
  return kSuccess;
}

int cudnnGetConvolutionGroupCount(void* descriptor, int* groups) {
  const Convolution* convolution = alive(descriptor, "cudnnGetConvolutionGroupCount");
  if (convolution == nullptr) return kBadParam;
  give(convolution->groups, groups);
  return kSuccess;
}

int cudnnSetConvolutionMathType(void* descriptor, int math) {
  Convolution* convolution = alive(descriptor, "cudnnSetConvolutionMathType");
  if (convolution == nullptr) return kBadParam;
  if (math < kDefaultMath || math > kFmaMath) return refuse("cudnnSetConvolutionMathType", "there is no such type");
  convolution->math = math;
  return kSuccess;
}

int cudnnGetConvolutionMathType(void* descriptor, int* math) {
  const Convolution* convolution = alive(descriptor, "cudnnGetConvolutionMathType");
  if (convolution == nullptr) return kBadParam;
  give(convolution->math, math);
  return kSuccess;
}

int cudnnSetConvolutionReorderType(void* descriptor, int) {  // of int8 filters, which are not emulated
  return alive(descriptor, "cudnnSetConvolutionReorderType") == nullptr ? kBadParam : kSuccess;
}

int cudnnGetConvolution2dForwardOutputDim(const void* convolution, const void* x, const void* w, int* n, int* c, int* h,
                                          int* width) {
  int out[4];
  if (const int status = output("cudnnGetConvolution2dForwardOutputDim", convolution, x, w, out)) return status;
  give(out[0], n), give(out[1], c), give(out[2], h), give(out[3], width);
  return kSuccess;
}

int cudnnGetConvolutionNdForwardOutputDim(const void* convolution, const void* x, const void* w, int dims,
                                          int result[]) {
  const char* name = "cudnnGetConvolutionNdForwardOutputDim";
  int out[4];
  if (dims != 4 || result == nullptr) return refuse(name, "there is no place for 4 dimensions");
  if (const int status = output(name, convolution, x, w, out)) return status;
  std::copy(out, out + 4, result);
  return kSuccess;
}

int cudnnCnnVersionCheck() { return kSuccess; }

}  // extern "C"
