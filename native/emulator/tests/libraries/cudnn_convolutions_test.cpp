// cuDNN's convolutions, forward and both gradients, against loops in double; algorithms, workspaces, what is refused.
#include <cstdlib>
#include <set>

#include "cudnn_calls.h"

using namespace kib::test;

namespace {

constexpr uint64_t kSeed = 90125;

size_t z(int value) { return static_cast<size_t>(value); }

// A convolution of a random shape, and its three results in double.
struct Case {
  int n, c, h, w, k, r, s, groups, pad, stride, dilation, p, q;
  bool flipped;
  std::vector<double> x, f, y, out, dx, df;  // y: the output's gradient, and what the output was before
  double terms = 0;                          // the most products that one result sums

  Case(Element type, Random& random) {
    const auto pick = [&](int from, int to) { return from + static_cast<int>(random() % z(to - from + 1)); };
    groups = pick(1, 2);
    n = pick(1, 3), c = groups * pick(1, 3), k = groups * pick(1, 4);
    r = pick(1, 3), s = pick(1, 3), pad = pick(0, 1), stride = pick(1, 2), dilation = pick(1, 2);
    h = pick(5, 9), w = pick(5, 9);
    flipped = pick(0, 3) == 0;
    p = (h + 2 * pad - (r - 1) * dilation - 1) / stride + 1;
    q = (w + 2 * pad - (s - 1) * dilation - 1) / stride + 1;
    x = uniform(z(n * c * h * w), type, random);
    f = uniform(z(k * (c / groups) * r * s), type, random);
    y = uniform(z(n * k * p * q), type, random);
    compute();
  }

  void compute() {
    out.assign(y.size(), 0), dx.assign(x.size(), 0), df.assign(f.size(), 0);
    const int cg = c / groups, kg = k / groups;
    for (int in = 0; in < n; ++in)
      for (int ik = 0; ik < k; ++ik)
        for (int ip = 0; ip < p; ++ip)
          for (int iq = 0; iq < q; ++iq)
            for (int ic = 0; ic < cg; ++ic)
              for (int ir = 0; ir < r; ++ir)
                for (int is = 0; is < s; ++is) {
                  const int ih = ip * stride - pad + ir * dilation, iw = iq * stride - pad + is * dilation;
                  if (ih < 0 || ih >= h || iw < 0 || iw >= w) continue;
                  const size_t at_x = z(((in * c + ik / kg * cg + ic) * h + ih) * w + iw);
                  const int fr = flipped ? r - 1 - ir : ir, fs = flipped ? s - 1 - is : is;
                  const size_t at_f = z(((ik * cg + ic) * r + fr) * s + fs);
                  const size_t at_y = z(((in * k + ik) * p + ip) * q + iq);
                  out[at_y] += x[at_x] * f[at_f];
                  dx[at_x] += y[at_y] * f[at_f];
                  df[at_f] += y[at_y] * x[at_x];
                }
    terms = std::max({c * r * s, k * r * s, n * p * q});
  }

  std::vector<double> bounds(Element type, const std::vector<double>& wanted) const {
    const Element sum = type == Element::kF64 ? Element::kF64 : Element::kF32;
    std::vector<double> result;  // any order of summation, two roundings more, and the result's own
    for (const double value : wanted) {
      result.push_back((terms + 3) * unit(sum) * (terms + 1) + unit(type) * (std::abs(value) + 1e-3));
    }
    return result;
  }
};

struct OnDevice {
  void* desc = nullptr;
  Tensor4 x, f, y;
  OnDevice(const Case& c, Element type, int format, int math = kFmaMath)
      : x(type, format, c.n, c.c, c.h, c.w, false, c.x),
        f(type, format, c.k, c.c / c.groups, c.r, c.s, true, c.f),
        y(type, format, c.n, c.k, c.p, c.q, false, c.y) {
    CHECK_EQUAL(cudnnCreateConvolutionDescriptor(&desc), 0);
    CHECK_EQUAL(cudnnSetConvolution2dDescriptor(desc, c.pad, c.pad, c.stride, c.stride, c.dilation, c.dilation,
                                                c.flipped ? 0 : 1, type == Element::kF64 ? 1 : 0),
                0);
    CHECK_EQUAL(cudnnSetConvolutionGroupCount(desc, c.groups), 0);
    CHECK_EQUAL(cudnnSetConvolutionMathType(desc, math), 0);
  }
  ~OnDevice() { CHECK_EQUAL(cudnnDestroyConvolutionDescriptor(desc), 0); }
};

std::vector<double> blended(double alpha, const std::vector<double>& values, double beta,
                            const std::vector<double>& before) {
  std::vector<double> result;
  for (size_t i = 0; i < values.size(); ++i) result.push_back(alpha * values[i] + beta * before[i]);
  return result;
}

// The three directions with every algorithm that says it is supported.
void all_algorithms(const Dnn& dnn, const Case& c, Element type, int format) {
  OnDevice d(c, type, format);
  Performance found[8];
  const double wide[2] = {0.5, 2};
  const float narrow[2] = {0.5f, 2};
  const bool f64 = type == Element::kF64;
  const void* alpha = f64 ? static_cast<const void*>(&wide[0]) : &narrow[0];
  const void* beta = f64 ? static_cast<const void*>(&wide[1]) : &narrow[1];
  int count = 0, n, k, p, q;
  CHECK_EQUAL(cudnnGetConvolution2dForwardOutputDim(d.desc, d.x.desc(), d.f.desc(), &n, &k, &p, &q), 0);
  CHECK(n == c.n && k == c.k && p == c.p && q == c.q);
  for (int direction = 0; direction < 3; ++direction) {
    const auto query = direction == 0   ? cudnnGetConvolutionForwardAlgorithm_v7
                       : direction == 1 ? cudnnGetConvolutionBackwardDataAlgorithm_v7
                                        : cudnnGetConvolutionBackwardFilterAlgorithm_v7;
    const void* first = direction == 1 ? d.f.desc() : d.x.desc();
    const void* second = direction == 0 ? d.f.desc() : d.y.desc();
    const void* last = direction == 0 ? d.y.desc() : direction == 1 ? d.x.desc() : d.f.desc();
    CHECK_EQUAL(query(dnn.handle, first, second, d.desc, last, 8, &count, found), 0);
    CHECK(count >= 6 && found[0].status == 0);
    for (int i = 0; i < count && found[i].status == 0; ++i) {
      const int algo = found[i].algorithm;
      Buffer workspace(std::max<size_t>(found[i].memory, 1));
      d.x.set(c.x), d.f.set(c.f), d.y.set(c.y);
      const std::string what = "direction " + std::to_string(direction) + " algorithm " + std::to_string(algo) + " " +
                               kib::emulator::name(type) + " format " + std::to_string(format);
      if (direction == 0) {
        CHECK_EQUAL(cudnnConvolutionForward(dnn.handle, alpha, d.x.desc(), d.x.data(), d.f.desc(), d.f.data(), d.desc,
                                            algo, workspace.get(), found[i].memory, beta, d.y.desc(), d.y.data()),
                    0);
        const auto wanted = blended(0.5, c.out, 2, c.y);
        near(d.y.get(), wanted, c.bounds(type, wanted), what);
      } else if (direction == 1) {
        CHECK_EQUAL(
            cudnnConvolutionBackwardData(dnn.handle, alpha, d.f.desc(), d.f.data(), d.y.desc(), d.y.data(), d.desc,
                                         algo, workspace.get(), found[i].memory, beta, d.x.desc(), d.x.data()),
            0);
        const auto wanted = blended(0.5, c.dx, 2, c.x);
        near(d.x.get(), wanted, c.bounds(type, wanted), what);
      } else {
        CHECK_EQUAL(
            cudnnConvolutionBackwardFilter(dnn.handle, alpha, d.x.desc(), d.x.data(), d.y.desc(), d.y.data(), d.desc,
                                           algo, workspace.get(), found[i].memory, beta, d.f.desc(), d.f.data()),
            0);
        const auto wanted = blended(0.5, c.df, 2, c.f);
        near(d.f.get(), wanted, c.bounds(type, wanted), what);
      }
      silent(what);
    }
  }
}

// Strided tensors with gaps, an output that was never written, and the math types.
void math_types(const Dnn& dnn, Random& random) {
  Case c(Element::kF32, random);
  Case rounded = c;
  for (std::vector<double>* values : {&rounded.x, &rounded.f}) {
    for (double& value : *values) {
      int exponent;
      const double fraction = std::frexp(value, &exponent);
      value = std::ldexp(std::round(std::ldexp(fraction, 11)), exponent - 11);
    }
  }
  rounded.compute();
  const float one = 1, zero = 0;
  for (const int math : {0, int{kFmaMath}}) {  // the default allows TF32
    OnDevice d(c, Element::kF32, kNCHW, math);
    Tensor4 y(Element::kF32, kNCHW, c.n, c.k, c.p, c.q, false, {});
    CHECK_EQUAL(cudnnConvolutionForward(dnn.handle, &one, d.x.desc(), d.x.data(), d.f.desc(), d.f.data(), d.desc, 0,
                                        nullptr, 0, &zero, y.desc(), y.data()),
                0);
    const Case& wanted = math == kFmaMath ? c : rounded;
    near(y.get(), wanted.out, wanted.bounds(Element::kF32, wanted.out), "math type " + std::to_string(math));
    silent("math types");
  }
}

void bias_and_activation(const Dnn& dnn, Random& random) {
  const Case c(Element::kF32, random);
  OnDevice d(c, Element::kF32, kNHWC);
  const std::vector<double> bias = uniform(z(c.k), Element::kF32, random);
  Tensor4 b(Element::kF32, kNCHW, 1, c.k, 1, 1, false, bias), db(Element::kF32, kNCHW, 1, c.k, 1, 1, false, {});
  const float alpha = 0.5f, one = 1, zero = 0;
  void* activation = nullptr;
  CHECK_EQUAL(cudnnCreateActivationDescriptor(&activation), 0);
  for (const int mode : {1, 5}) {  // ReLU, identity
    CHECK_EQUAL(cudnnSetActivationDescriptor(activation, mode, 0, 0), 0);
    d.y.set(c.y);
    Buffer workspace(4096);
    CHECK_EQUAL(cudnnConvolutionBiasActivationForward(
                    dnn.handle, &alpha, d.x.desc(), d.x.data(), d.f.desc(), d.f.data(), d.desc, 1, workspace.get(),
                    4096, &one, d.y.desc(), d.y.data(), b.desc(), b.data(), activation, d.y.desc(), d.y.data()),
                0);
    std::vector<double> wanted;
    for (size_t i = 0; i < c.out.size(); ++i) {
      const double value = 0.5 * c.out[i] + c.y[i] + bias[i / z(c.p * c.q) % z(c.k)];
      wanted.push_back(mode == 1 ? std::max(value, 0.0) : value);
    }
    near(d.y.get(), wanted, c.bounds(Element::kF32, wanted), "bias and activation");
  }
  d.y.set(c.y);
  CHECK_EQUAL(cudnnConvolutionBackwardBias(dnn.handle, &one, d.y.desc(), d.y.data(), &zero, db.desc(), db.data()), 0);
  std::vector<double> sums(z(c.k));
  for (size_t i = 0; i < c.y.size(); ++i) sums[i / z(c.p * c.q) % z(c.k)] += c.y[i];
  near(db.get(), sums, c.bounds(Element::kF32, sums), "the bias's gradient");
  silent("bias and activation");
  CHECK_REFUSED(cudnnConvolutionBackwardBias(dnn.handle, &one, d.y.desc(), d.y.data(), &zero, d.x.desc(), db.data()),
                kBadParam, "bad argument", "the bias is not of shape");
  CHECK_EQUAL(cudnnDestroyActivationDescriptor(activation), 0);
}

// Algorithms that say they do not repeat do not; the others give the same bits each time.
void determinism(const Dnn& dnn, Random& random) {
  Case c(Element::kF32, random);
  c.n = 8, c.c = c.k = 6, c.groups = 1, c.h = c.w = c.p = c.q = 8, c.r = c.s = 3, c.pad = c.stride = c.dilation = 1;
  c.flipped = false;
  c.x = uniform(z(c.n * c.c * 64), Element::kF32, random), c.y = uniform(z(c.n * c.k * 64), Element::kF32, random);
  c.f = uniform(z(c.k * c.c * 9), Element::kF32, random);
  c.compute();
  OnDevice d(c, Element::kF32, kNCHW);
  const float one = 1, zero = 0;
  Buffer workspace(1 << 20);
  for (const int algo : {0, 1, 3}) {
    std::set<std::vector<double>> filters;
    for (int i = 0; i < 6; ++i) {
      CHECK_EQUAL(cudnnConvolutionBackwardFilter(dnn.handle, &one, d.x.desc(), d.x.data(), d.y.desc(), d.y.data(),
                                                 d.desc, algo, workspace.get(), 1 << 20, &zero, d.f.desc(), d.f.data()),
                  0);
      const auto got = d.f.get();
      near(got, c.df, c.bounds(Element::kF32, c.df), "determinism");
      filters.insert(got);
    }
    CHECK_EQUAL(filters.size() == 1, algo == 1);
  }
  silent("determinism");
}

// Whatever workspace a call is given it writes, the search too: nothing lives there from one call to the next.
void workspaces(const Dnn& dnn, Random& random) {
  const Case c(Element::kF32, random);
  OnDevice d(c, Element::kF32, kNCHW);
  const float one = 1, zero = 0;
  constexpr size_t kSpace = 1 << 16;
  DeviceArray space(Element::kF32, kSpace / 4);
  const auto spoiled = [&](const std::string& what) {
    for (const double value : space.get()) CHECK(std::isnan(value));
    silent(what);
    space.set(std::vector<double>(kSpace / 4, 3.0));
  };
  CHECK_EQUAL(cudnnConvolutionForward(dnn.handle, &one, d.x.desc(), d.x.data(), d.f.desc(), d.f.data(), d.desc, 1,
                                      space.pointer(), kSpace, &zero, d.y.desc(), d.y.data()),
              0);
  spoiled("forward");
  CHECK_EQUAL(cudnnConvolutionBackwardFilter(dnn.handle, &one, d.x.desc(), d.x.data(), d.y.desc(), d.y.data(), d.desc,
                                             1, space.pointer(), kSpace, &zero, d.f.desc(), d.f.data()),
              0);
  spoiled("filter gradient");
  Performance results[8];
  int count = 0;
  CHECK_EQUAL(
      cudnnFindConvolutionForwardAlgorithmEx(dnn.handle, d.x.desc(), d.x.data(), d.f.desc(), d.f.data(), d.desc,
                                             d.y.desc(), d.y.data(), 8, &count, results, space.pointer(), kSpace),
      0);
  spoiled("search");
}

void refusals(const Dnn& dnn, Random& random) {
  Case c(Element::kF32, random);
  OnDevice d(c, Element::kF32, kNCHW);
  const float one = 1, zero = 0;
  const auto forward = [&](void* handle, const void* x_desc, const void* f_desc, const void* y_desc, int algo,
                           const void* x, size_t bytes = 0) {
    return cudnnConvolutionForward(handle, &one, x_desc, x, f_desc, d.f.data(), d.desc, algo, nullptr, bytes, &zero,
                                   y_desc, d.y.data());
  };
  const auto usual = [&](int algo, size_t bytes = 0) {
    return forward(dnn.handle, d.x.desc(), d.f.desc(), d.y.desc(), algo, d.x.data(), bytes);
  };
  void *dead = nullptr, *unset = nullptr;
  CHECK_EQUAL(cudnnCreateTensorDescriptor(&dead), 0);
  CHECK_EQUAL(cudnnDestroyTensorDescriptor(dead), 0);
  CHECK_EQUAL(cudnnCreateTensorDescriptor(&unset), 0);
  const char* handle_words = "null cudnnHandle_t";
  CHECK_REFUSED(forward(nullptr, d.x.desc(), d.f.desc(), d.y.desc(), 0, d.x.data()), kBadParam, "bad handle",
                handle_words);
  CHECK_REFUSED(forward(dnn.handle, dead, d.f.desc(), d.y.desc(), 0, d.x.data()), kBadParam, "bad handle",
                "destroyed cudnnTensorDescriptor_t");
  CHECK_REFUSED(forward(dnn.handle, d.f.desc(), d.f.desc(), d.y.desc(), 0, d.x.data()), kBadParam, "bad handle",
                "no cudnnTensorDescriptor_t");
  CHECK_REFUSED(forward(dnn.handle, unset, d.f.desc(), d.y.desc(), 0, d.x.data()), kBadParam, "bad argument",
                "not set");
  CHECK_REFUSED(forward(dnn.handle, d.x.desc(), d.f.desc(), d.y.desc(), 0, nullptr), kBadParam, "bad argument",
                "x is a null pointer");
  Tensor4 larger(Element::kF32, kNCHW, c.n, c.k, c.p + 1, c.q, false, {});
  CHECK_REFUSED(forward(dnn.handle, d.x.desc(), d.f.desc(), larger.desc(), 0, d.x.data()), kBadParam, "bad argument",
                "but the convolution gives");
  char sentence[256] = "";
  cudnnGetLastErrorString(sentence, sizeof sentence);
  CHECK_CONTAINS(std::string(sentence), "but the convolution gives");
  CHECK_REFUSED(usual(9), kBadParam, "bad argument", "no algorithm 9");
  CHECK_REFUSED(usual(1), kBadParam, "bad argument", "needs a workspace");
  CHECK_REFUSED(usual(0, 64), kBadParam, "bad argument", "and has none");
  // A program may ask for what cuDNN does not have: a status, and no finding.
  CHECK_EQUAL(usual(4), kNotSupported);
  Tensor4 half(Element::kBF16, kNCHW, c.n, c.k, c.p, c.q, false, {});
  Tensor4 last(Element::kF32, kNHWC, c.k, c.c / c.groups, c.r, c.s, true, {});
  size_t size = 0;
  CHECK_EQUAL(
      cudnnGetConvolutionForwardWorkspaceSize(dnn.handle, d.x.desc(), d.f.desc(), d.desc, half.desc(), 1, &size),
      kNotSupported);
  CHECK_EQUAL(
      cudnnGetConvolutionForwardWorkspaceSize(dnn.handle, d.x.desc(), last.desc(), d.desc, d.y.desc(), 1, &size),
      kNotSupported);
  silent("what cuDNN does not have");
  CHECK_REFUSED(cudnnBackendExecute(), kNotSupported, "not emulated", "cudnnBackendExecute");
  CHECK_REFUSED(cudnnSetStream(dnn.handle, &c), kBadParam, "bad handle", "cudnnSetStream");
  CHECK_EQUAL(std::string(cudnnGetErrorString(3000)), "CUDNN_STATUS_NOT_SUPPORTED");
  CHECK_EQUAL(cudnnGetVersion() / 10000, size_t{9});
  CHECK_EQUAL(cudnnDestroyTensorDescriptor(unset), 0);
}

// An f32 gradient of a filter from bf16: refused, or right where this cuDNN is said to have it.
void mixed_gradient(const Dnn& dnn, Random& random) {
  const Case c(Element::kBF16, random);
  OnDevice d(c, Element::kBF16, kNCHW);
  Tensor4 df(Element::kF32, kNCHW, c.k, c.c / c.groups, c.r, c.s, true, {});
  const float one = 1, zero = 0;
  const auto gradient = [&]() {
    return cudnnConvolutionBackwardFilter(dnn.handle, &one, d.x.desc(), d.x.data(), d.y.desc(), d.y.data(), d.desc, 0,
                                          nullptr, 0, &zero, df.desc(), df.data());
  };
  CHECK_EQUAL(gradient(), kNotSupported);
  ::setenv("KIB_EMULATOR_CUDNN_MIXED", "1", 1);
  CHECK_EQUAL(gradient(), 0);
  ::unsetenv("KIB_EMULATOR_CUDNN_MIXED");
  near(df.get(), c.df, c.bounds(Element::kF32, c.df), "an f32 gradient from bf16");
  silent("an f32 gradient from bf16");
}

// A convolution and its filter gradient captured on a stream, with beta adding up launch by launch.
void captured(Random& random) {
  Dnn dnn;
  Case c(Element::kF32, random);
  OnDevice d(c, Element::kF32, kNCHW);
  StreamHandle stream = nullptr;
  GraphHandle graph = nullptr;
  ExecHandle exec = nullptr;
  const float one = 1;
  cudaStreamCreateWithFlags(&stream, kNonBlocking);
  CHECK_EQUAL(cudnnSetStream(dnn.handle, stream), 0);
  d.f.set(std::vector<double>(c.f.size(), 0.0));
  CHECK_EQUAL(cudaStreamBeginCapture(stream, 0), 0);
  CHECK_EQUAL(cudnnConvolutionBackwardFilter(dnn.handle, &one, d.x.desc(), d.x.data(), d.y.desc(), d.y.data(), d.desc,
                                             0, nullptr, 0, &one, d.f.desc(), d.f.data()),
              0);
  CHECK_EQUAL(cudaStreamEndCapture(stream, &graph), 0);
  CHECK_EQUAL(cudaGraphInstantiate(&exec, graph, 0), 0);
  for (int i = 0; i < 3; ++i) CHECK_EQUAL(cudaGraphLaunch(exec, stream), 0);
  CHECK_EQUAL(cudaStreamSynchronize(stream), 0);
  const auto wanted = blended(3, c.df, 0, c.df);
  near(d.f.get(), wanted, c.bounds(Element::kF32, wanted), "three launches");
  silent("a captured convolution");
  CHECK_EQUAL(cudaStreamBeginCapture(stream, 0), 0);
  Performance found_algorithms[8];
  int count = 0;
  CHECK(cudnnFindConvolutionForwardAlgorithm(dnn.handle, d.x.desc(), d.f.desc(), d.desc, d.y.desc(), 8, &count,
                                             found_algorithms) != 0);
  CHECK_EQUAL(found("forbidden in capture"), 1);
  CHECK(cudaStreamEndCapture(stream, &graph) != 0);
  kib_emulator_clear();
  cudaGetLastError();
  cudaStreamDestroy(stream);
}

}  // namespace

int main() {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  Random random(kSeed);
  {
    Dnn dnn;
    for (const Element type : {Element::kF32, Element::kBF16, Element::kF16, Element::kF64}) {
      for (int i = 0; i < 8; ++i) all_algorithms(dnn, Case(type, random), type, i % 2);
    }
    math_types(dnn, random);
    bias_and_activation(dnn, random);
    determinism(dnn, random);
    mixed_gradient(dnn, random);
    workspaces(dnn, random);
    refusals(dnn, random);
  }
  captured(random);
  return result();
}
