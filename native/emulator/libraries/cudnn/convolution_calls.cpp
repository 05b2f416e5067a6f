// libcudnn_cnn.so.9: convolutions.
#define KIB_LIBRARY "libcudnn_cnn.so.9"
#include "libraries/cudnn/convolution.h"
#include "runtime/build_check.h"

namespace kib::emulator::cudnn {
namespace {

// The operands of a convolution in the device's memory; `out` is among them by the direction.
struct Data {
  const void *x = nullptr, *w = nullptr, *y = nullptr;
  uint64_t workspace = 0, workspace_bytes = 0;
};

// What is added to a convolution's result before an activation.
struct Fusion {
  bool present = false;
  Tensor z, bias;
  const void *z_data = nullptr, *bias_data = nullptr;
  ActivationDesc activation;
};

template <class T>
std::vector<T> zeros(const Tensor& tensor) {
  return std::vector<T>(static_cast<size_t>(tensor.count()));
}

template <class T>
bool add_and_activate(const Problem& p, const Fusion& f, T alpha, T alpha_z, std::vector<T>* y,
                      const std::string& caller) {
  const int64_t channels = p.geometry.k, area = p.geometry.p * p.geometry.q;
  std::vector<T> z = zeros<T>(p.y), bias(static_cast<size_t>(channels));
  if (alpha_z != T(0) && !read(f.z, f.z_data, Rounding::kNone, caller + ", z", z.data())) return false;
  if (!read(f.bias, f.bias_data, Rounding::kNone, caller + ", the bias", bias.data())) return false;
  for (size_t i = 0; i < y->size(); ++i) {
    T value = alpha * (*y)[i] + bias[i / static_cast<size_t>(area) % static_cast<size_t>(channels)];
    if (alpha_z != T(0)) value += alpha_z * z[i];
    if (f.activation.mode == kRelu && !(value > T(0)) && !(std::isnan(value) && f.activation.nan != 0)) value = T(0);
    (*y)[i] = value;
  }
  return true;
}

template <class T>
struct Scales {
  T alpha = 0, beta = 0;
};

template <class T>
bool compute_forward(const Problem& p, const Data& data, const Scales<T>& scales, const Fusion& fusion,
                     const std::string& caller) {
  std::vector<T> x = zeros<T>(p.x), w = zeros<T>(p.w.tensor()), y = zeros<T>(p.y);
  if (!read(p.x, data.x, p.rounding, caller + ", x", x.data()) ||
      !read(p.w.tensor(), data.w, p.rounding, caller + ", w", w.data())) {
    return false;
  }
  forward(p.geometry, x.data(), w.data(), y.data());
  if (!fusion.present) return blend(p.y, data.y, scales.alpha, scales.beta, &y, caller + ", y");
  return add_and_activate(p, fusion, scales.alpha, scales.beta, &y, caller) &&
         write(p.y, data.y, y.data(), caller + ", y");
}

template <class T>
bool compute_data(const Problem& p, const Data& data, const Scales<T>& scales, bool deterministic,
                  const std::string& caller) {
  std::vector<T> x = zeros<T>(p.x), w = zeros<T>(p.w.tensor()), y = zeros<T>(p.y);
  if (!read(p.y, data.y, p.rounding, caller + ", dy", y.data()) ||
      !read(p.w.tensor(), data.w, p.rounding, caller + ", w", w.data())) {
    return false;
  }
  Order order(deterministic);
  backward_data(p.geometry, w.data(), y.data(), x.data(), order);
  return blend(p.x, data.x, scales.alpha, scales.beta, &x, caller + ", dx");
}

template <class T>
bool compute_filter(const Problem& p, const Data& data, const Scales<T>& scales, bool deterministic,
                    const std::string& caller) {
  std::vector<T> x = zeros<T>(p.x), w = zeros<T>(p.w.tensor()), y = zeros<T>(p.y);
  if (!read(p.x, data.x, p.rounding, caller + ", x", x.data()) ||
      !read(p.y, data.y, p.rounding, caller + ", dy", y.data())) {
    return false;
  }
  Order order(deterministic);
  backward_filter(p.geometry, x.data(), y.data(), w.data(), order);
  return blend(p.w.tensor(), data.w, scales.alpha, scales.beta, &w, caller + ", dw");
}

// In what memory a convolution's result must not lie. With beta it is read too, element by element.
template <class T>
void check_overlaps(const Problem& p, const Data& data, const Scales<T>& scales, const Fusion& fusion,
                    const std::string& caller) {
  const bool forward = p.direction == Direction::kForward, to_data = p.direction == Direction::kBackwardData;
  const Argument x = argument(to_data ? "the result dx" : "x", p.x, data.x);
  const Argument w = argument(forward || to_data ? "w" : "the result dw", p.w.tensor(), data.w);
  const Argument y = argument(forward ? "the result y" : "dy", p.y, data.y);
  std::vector<Argument> results{forward ? y : to_data ? x : w};
  std::vector<Argument> operands{forward ? x : to_data ? w : x, forward ? w : y};
  if (data.workspace_bytes != 0) results.emplace_back("the workspace", data.workspace, data.workspace_bytes);
  if (fusion.present) {
    if (scales.beta != T(0)) operands.push_back(argument("z", fusion.z, fusion.z_data).may_be_the_result());
    operands.push_back(argument("the bias", fusion.bias, fusion.bias_data));
  }
  emulator::check_overlaps(caller, results, operands);
}

template <class T>
bool compute(const Problem& p, const Data& data, const Scales<T>& scales, const Algorithm& algorithm,
             const Fusion& fusion, const std::string& caller) {
  const auto spoil_workspace = [&]() {
    return spoil(data.workspace, data.workspace_bytes, caller + ", the workspace");
  };
  check_overlaps(p, data, scales, fusion, caller);
  if (!spoil_workspace()) return false;
  bool done = false;
  switch (p.direction) {
    case Direction::kForward:
      done = compute_forward(p, data, scales, fusion, caller);
      break;
    case Direction::kBackwardData:
      done = compute_data(p, data, scales, algorithm.deterministic, caller);
      break;
    default:
      done = compute_filter(p, data, scales, algorithm.deterministic, caller);
  }
  return done && spoil_workspace();
}

int check_operands(const char* name, const Problem& p, const Data& data, const Algorithm& algorithm) {
  if (!check_data(data.x, p.x.type, p.direction == Direction::kBackwardData ? "dx" : "x", name) ||
      !check_data(data.w, p.w.type, p.direction == Direction::kBackwardFilter ? "dw" : "w", name) ||
      !check_data(data.y, p.y.type, p.direction == Direction::kForward ? "y" : "dy", name)) {
    return kBadParam;
  }
  if (data.workspace_bytes < algorithm.workspace || (data.workspace == 0 && data.workspace_bytes != 0)) {
    return refuse(name, "the algorithm needs a workspace of " + std::to_string(algorithm.workspace) +
                            " bytes, and has " + (data.workspace == 0 ? "none" : std::to_string(data.workspace_bytes)));
  }
  return kSuccess;
}

template <class T>
int enqueue_convolution(const char* name, void* stream, const Problem& p, const Data& data, const Algorithm& algorithm,
                        const void* alpha, const void* beta, const Fusion& fusion) {
  Scales<T> scales;
  if (!scale(alpha, "alpha", name, &scales.alpha) || !scale(beta, "beta", name, &scales.beta)) return kBadParam;
  return status_of(enqueue(stream, name, [=, caller = std::string(name)]() {
    return compute(p, data, scales, algorithm, fusion, caller) ? emulator::kSuccess : kIllegalAddress;
  }));
}

struct Descriptors {
  const void *x, *w, *convolution, *y;
};

int convolve(const char* name, void* handle, Direction direction, const Descriptors& d, const Data& data, int algo,
             const void* alpha, const void* beta, const Fusion& fusion = {}) {
  const Handle* live = registry().handles.get(handle, name);
  Problem p;
  Algorithm algorithm;
  if (live == nullptr) return kBadParam;
  if (const int status = problem(name, direction, d.x, d.w, d.convolution, d.y, &p)) return status;
  if (const int status = find_algorithm(name, p, algo, &algorithm)) return status;
  if (const int status = check_operands(name, p, data, algorithm)) return status;
  return p.x.type == Element::kF64
             ? enqueue_convolution<double>(name, live->stream, p, data, algorithm, alpha, beta, fusion)
             : enqueue_convolution<float>(name, live->stream, p, data, algorithm, alpha, beta, fusion);
}

uint64_t address(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

// A bias: one number for each channel of y.
int check_bias(const char* name, const Tensor& bias, const Tensor& y) {
  bool fits = bias.dims == y.dims && bias.dim[1] == y.dim[1];
  for (size_t i = 0; fits && i < static_cast<size_t>(bias.dims); ++i) fits = i == 1 || bias.dim[i] == 1;
  return fits ? static_cast<int>(kSuccess) : refuse(name, "the bias is not of shape 1, channels, 1, 1");
}

template <class T>
int bias_gradient(const char* name, void* stream, const Tensor& dy, const void* dy_data, const Tensor& db,
                  void* db_data, const void* alpha, const void* beta) {
  Scales<T> scales;
  if (!scale(alpha, "alpha", name, &scales.alpha) || !scale(beta, "beta", name, &scales.beta)) return kBadParam;
  return status_of(enqueue(stream, name, [=, caller = std::string(name)]() {
    emulator::check_overlaps(caller, {argument("the result db", db, db_data)}, {argument("dy", dy, dy_data)});
    std::vector<T> values = zeros<T>(dy), sums = zeros<T>(db);
    if (!read(dy, dy_data, Rounding::kNone, caller + ", dy", values.data())) return kIllegalAddress;
    const size_t channels = sums.size(), area = values.size() / static_cast<size_t>(dy.dim[0]) / channels;
    for (size_t i = 0; i < values.size(); ++i) sums[i / area % channels] += values[i];
    return blend(db, db_data, scales.alpha, scales.beta, &sums, caller + ", db") ? emulator::kSuccess : kIllegalAddress;
  }));
}

}  // namespace
}  // namespace kib::emulator::cudnn

using namespace kib::emulator::cudnn;

extern "C" {

int cudnnConvolutionForward(void* handle, const void* alpha, const void* x_desc, const void* x, const void* w_desc,
                            const void* w, const void* convolution, int algo, void* workspace, size_t workspace_bytes,
                            const void* beta, const void* y_desc, void* y) {
  return convolve("cudnnConvolutionForward", handle, Direction::kForward, {x_desc, w_desc, convolution, y_desc},
                  {x, w, y, address(workspace), workspace_bytes}, algo, alpha, beta);
}

int cudnnConvolutionBackwardData(void* handle, const void* alpha, const void* w_desc, const void* w,
                                 const void* dy_desc, const void* dy, const void* convolution, int algo,
                                 void* workspace, size_t workspace_bytes, const void* beta, const void* dx_desc,
                                 void* dx) {
  return convolve("cudnnConvolutionBackwardData", handle, Direction::kBackwardData,
                  {dx_desc, w_desc, convolution, dy_desc}, {dx, w, dy, address(workspace), workspace_bytes}, algo,
                  alpha, beta);
}

int cudnnConvolutionBackwardFilter(void* handle, const void* alpha, const void* x_desc, const void* x,
                                   const void* dy_desc, const void* dy, const void* convolution, int algo,
                                   void* workspace, size_t workspace_bytes, const void* beta, const void* dw_desc,
                                   void* dw) {
  return convolve("cudnnConvolutionBackwardFilter", handle, Direction::kBackwardFilter,
                  {x_desc, dw_desc, convolution, dy_desc}, {x, dw, dy, address(workspace), workspace_bytes}, algo,
                  alpha, beta);
}

int cudnnConvolutionBiasActivationForward(void* handle, const void* alpha1, const void* x_desc, const void* x,
                                          const void* w_desc, const void* w, const void* convolution, int algo,
                                          void* workspace, size_t workspace_bytes, const void* alpha2,
                                          const void* z_desc, const void* z, const void* bias_desc, const void* bias,
                                          const void* activation_desc, const void* y_desc, void* y) {
  const char* name = "cudnnConvolutionBiasActivationForward";
  const Tensor* z_tensor = described(registry().tensors, z_desc, name);
  if (z_tensor == nullptr) return kBadParam;
  const Tensor* bias_tensor = described(registry().tensors, bias_desc, name);
  if (bias_tensor == nullptr) return kBadParam;
  const Tensor* out = described(registry().tensors, y_desc, name);
  if (out == nullptr) return kBadParam;
  const ActivationDesc* activation = described(registry().activations, activation_desc, name);
  if (activation == nullptr) return kBadParam;
  if (!z_tensor->same_shape(*out) || z_tensor->type != out->type) return refuse(name, "z is not like y");
  if (const int status = check_bias(name, *bias_tensor, *out)) return status;
  if (activation->mode != kRelu && activation->mode != kIdentity) {
    return not_supported(name, "an activation other than ReLU and identity");
  }
  if (activation->mode == kIdentity && algo != 1) {
    return not_supported(name, "the identity goes with IMPLICIT_PRECOMP_GEMM alone");
  }
  if (!check_data(bias, bias_tensor->type, "the bias", name) || !check_data(z, z_tensor->type, "z", name)) {
    return kBadParam;
  }
  return convolve(name, handle, Direction::kForward, {x_desc, w_desc, convolution, y_desc},
                  {x, w, y, address(workspace), workspace_bytes}, algo, alpha1, alpha2,
                  {true, *z_tensor, *bias_tensor, z, bias, *activation});
}

int cudnnConvolutionBackwardBias(void* handle, const void* alpha, const void* dy_desc, const void* dy, const void* beta,
                                 const void* db_desc, void* db) {
  const char* name = "cudnnConvolutionBackwardBias";
  const Handle* live = registry().handles.get(handle, name);
  if (live == nullptr) return kBadParam;
  const Tensor* from = described(registry().tensors, dy_desc, name);
  if (from == nullptr) return kBadParam;
  const Tensor* to = described(registry().tensors, db_desc, name);
  if (to == nullptr) return kBadParam;
  if (const int status = check_bias(name, *to, *from)) return status;
  if (from->type != to->type) return refuse(name, "dy and db have different types");
  if (!check_data(dy, from->type, "dy", name) || !check_data(db, to->type, "db", name)) return kBadParam;
  return from->type == kib::emulator::Element::kF64
             ? bias_gradient<double>(name, live->stream, *from, dy, *to, db, alpha, beta)
             : bias_gradient<float>(name, live->stream, *from, dy, *to, db, alpha, beta);
}

}  // extern "C"

#define KIB_NOT_EMULATED(name) \
  extern "C" int name() { return unsupported(#name, "the function is not emulated"); }
#include "libraries/cudnn/not_emulated_cnn.inc"
