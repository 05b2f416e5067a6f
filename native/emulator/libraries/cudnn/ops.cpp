// libcudnn_ops.so.9: operations on tensors alone.
#define KIB_LIBRARY "libcudnn_ops.so.9"
#include "libraries/cudnn/cudnn.h"
#include "runtime/build_check.h"

namespace kib::emulator::cudnn {
namespace {

// to = alpha from + beta to; a dimension of `from` that is 1 is repeated. Without `from`, the number alpha itself.
template <class T>
bool combine(const Tensor* from, const void* source, const Tensor& to, const void* target, T alpha, T beta,
             bool in_place, const std::string& caller) {
  std::vector<T> values(static_cast<size_t>(to.count()), T(1));
  std::vector<Argument> operands;
  if (from != nullptr && !in_place) operands.push_back(argument("the source", *from, source));
  check_overlaps(caller, {argument("the target", to, target)}, operands);
  if (from != nullptr) {
    std::vector<T> all(static_cast<size_t>(from->count()));
    if (!read(*from, source, Rounding::kNone, caller + ", the source", all.data())) return false;
    for (int64_t i = 0; i < to.count(); ++i) {
      int64_t rest = i, at = 0, step = 1;
      for (int d = to.dims - 1; d >= 0; --d) {
        const size_t dim = static_cast<size_t>(d);
        if (from->dim[dim] != 1) at += rest % to.dim[dim] * step;
        rest /= to.dim[dim];
        step *= from->dim[dim];
      }
      values[static_cast<size_t>(i)] = all[static_cast<size_t>(at)];
    }
  }
  return blend(to, target, alpha, beta, &values, caller + ", the target");
}

struct Combination {
  const Tensor* from = nullptr;
  const void* source = nullptr;
  const Tensor* to = nullptr;
  void* target = nullptr;
  bool in_place = false;  // the source is the target
};

template <class T>
int enqueue_combination(const char* name, const Handle& handle, const Combination& c, const void* alpha,
                        const void* beta) {
  T a = 0, b = 0;
  if (!scale(alpha, "alpha", name, &a)) return kBadParam;
  if (beta != nullptr && !scale(beta, "beta", name, &b)) return kBadParam;
  const Tensor to = *c.to, from = c.from == nullptr ? Tensor{} : *c.from;
  const bool has_source = c.from != nullptr, in_place = c.in_place;
  const void *source = c.source, *target = c.target;
  return status_of(enqueue(handle.stream, name, [=, caller = std::string(name)]() {
    return combine<T>(has_source ? &from : nullptr, source, to, target, a, b, in_place, caller) ? emulator::kSuccess
                                                                                                : kIllegalAddress;
  }));
}

int combination(const char* name, void* handle, const Combination& c, const void* alpha, const void* beta) {
  const Handle* live = registry().handles.get(handle, name);
  if (live == nullptr || !check_data(c.target, c.to->type, "the target", name)) return kBadParam;
  if (c.from != nullptr && !check_data(c.source, c.from->type, "the source", name)) return kBadParam;
  return c.to->type == Element::kF64 ? enqueue_combination<double>(name, *live, c, alpha, beta)
                                     : enqueue_combination<float>(name, *live, c, alpha, beta);
}

int two_tensors(const char* name, void* handle, const void* alpha, const void* from_desc, const void* from,
                const void* beta, const void* to_desc, void* to, bool repeats) {
  if (registry().handles.get(handle, name) == nullptr) return kBadParam;
  const Tensor* source = described(registry().tensors, from_desc, name);
  if (source == nullptr) return kBadParam;
  const Tensor* target = described(registry().tensors, to_desc, name);
  if (target == nullptr) return kBadParam;
  if (beta == nullptr) return refuse(name, "beta is a null pointer");
  bool fits = source->dims == target->dims;
  for (size_t i = 0; fits && i < static_cast<size_t>(source->dims); ++i) {
    fits = source->dim[i] == target->dim[i] || (repeats && source->dim[i] == 1);
  }
  if (!fits) return refuse(name, "the shapes of the tensors do not fit together");
  if (source->type != target->type) {
    return repeats ? refuse(name, "the tensors have different types")
                   : not_supported(name, "the tensors have different types");
  }
  // Adding goes element by element, so that a tensor may be added to itself; moving may not.
  const bool in_place = repeats && from == to && source->same_shape(*target) && source->stride == target->stride;
  return combination(name, handle, {source, from, target, to, in_place}, alpha, beta);
}

}  // namespace
}  // namespace kib::emulator::cudnn

using namespace kib::emulator::cudnn;

extern "C" {

int cudnnAddTensor(void* handle, const void* alpha, const void* a_desc, const void* a, const void* beta,
                   const void* c_desc, void* c) {
  return two_tensors("cudnnAddTensor", handle, alpha, a_desc, a, beta, c_desc, c, true);
}

int cudnnTransformTensor(void* handle, const void* alpha, const void* x_desc, const void* x, const void* beta,
                         const void* y_desc, void* y) {
  return two_tensors("cudnnTransformTensor", handle, alpha, x_desc, x, beta, y_desc, y, false);
}

int cudnnSetTensor(void* handle, const void* y_desc, void* y, const void* value) {
  const char* name = "cudnnSetTensor";
  const Tensor* tensor = described(registry().tensors, y_desc, name);
  if (tensor == nullptr) return kBadParam;
  if (value == nullptr) return refuse(name, "the value is a null pointer");
  if (kib::emulator::Memory::instance().contains(reinterpret_cast<uint64_t>(value))) {
    return refuse(name, "the value lies on the device; cuDNN reads it on the host");
  }
  // The value has the tensor's type.
  const auto* raw = static_cast<const std::byte*>(value);
  const double wide = kib::emulator::load<double>(raw, tensor->type);
  const float single = static_cast<float>(wide);
  const void* factor = tensor->type == kib::emulator::Element::kF64 ? static_cast<const void*>(&wide) : &single;
  return combination(name, handle, {nullptr, nullptr, tensor, y, false}, factor, nullptr);
}

int cudnnScaleTensor(void* handle, const void* y_desc, void* y, const void* alpha) {
  const char* name = "cudnnScaleTensor";
  const Tensor* tensor = described(registry().tensors, y_desc, name);
  if (tensor == nullptr) return kBadParam;
  return combination(name, handle, {tensor, y, tensor, y, true}, alpha, nullptr);
}

}  // extern "C"

#define KIB_NOT_EMULATED(name) \
  extern "C" int name() { return unsupported(#name, "the function is not emulated"); }
#include "libraries/cudnn/not_emulated_ops.inc"
