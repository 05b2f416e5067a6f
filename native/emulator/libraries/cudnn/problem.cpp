// Which convolutions cuDNN has, and by which algorithms.
#include <algorithm>
#include <cstdlib>

#include "libraries/cudnn/convolution.h"

namespace kib::emulator::cudnn {
namespace {

std::string shape(const std::array<int, kMaxDims>& dim) {
  std::string text;
  for (size_t i = 0; i < 4; ++i) text += (i == 0 ? "" : " x ") + std::to_string(dim[i]);
  return text;
}

int64_t outputs(int64_t size, int64_t pad, int64_t filter, int64_t dilation, int64_t stride) {
  return (size + 2 * pad - ((filter - 1) * dilation + 1)) / stride + 1;
}

int geometry(const char* name, Problem& p) {
  const Convolution& conv = p.convolution;
  Geometry& g = p.geometry;
  const auto &x = p.x.dim, &w = p.w.dim, &y = p.y.dim;
  g.groups = conv.groups;
  g.flipped = conv.mode == kConvolution;
  for (size_t i = 0; i < 2; ++i) {
    g.pad[i] = conv.pad[i];
    g.stride[i] = conv.stride[i];
    g.dilation[i] = conv.dilation[i];
  }
  g.n = x[0], g.c = x[1], g.h = x[2], g.w = x[3], g.k = w[0], g.r = w[2], g.s = w[3];
  if (int64_t{w[1]} * g.groups != g.c || g.k % g.groups != 0) {
    return refuse(name, "x is " + shape(x) + " and w " + shape(w) + " with " + std::to_string(g.groups) +
                            " groups: the channels do not fit together");
  }
  if (g.h + 2 * g.pad[0] < (g.r - 1) * g.dilation[0] + 1 || g.w + 2 * g.pad[1] < (g.s - 1) * g.dilation[1] + 1) {
    return refuse(name, "the filter " + shape(w) + " is larger than the padded image " + shape(x));
  }
  g.p = outputs(g.h, g.pad[0], g.r, g.dilation[0], g.stride[0]);
  g.q = outputs(g.w, g.pad[1], g.s, g.dilation[1], g.stride[1]);
  if (y[0] != g.n || y[1] != g.k || y[2] != g.p || y[3] != g.q) {
    return refuse(name, "y is " + shape(y) + ", but the convolution gives " + std::to_string(g.n) + " x " +
                            std::to_string(g.k) + " x " + std::to_string(g.p) + " x " + std::to_string(g.q));
  }
  return kSuccess;
}

// Whether this device's cuDNN gives an f32 gradient of a filter from halves; versions and processors differ.
bool mixed_gradient(const Problem& p) {
  const char* value = std::getenv("KIB_EMULATOR_CUDNN_MIXED");
  const bool halves = p.x.type == p.y.type && (p.x.type == Element::kF16 || p.x.type == Element::kBF16);
  return value != nullptr && value[0] == '1' && p.direction == Direction::kBackwardFilter && halves &&
         p.w.type == Element::kF32 && p.convolution.compute == Element::kF32;
}

// FLOAT, DOUBLE, PSEUDO_HALF and PSEUDO_BFLOAT16 of cuDNN's tables: one type, and f32 sums under the halves.
int types(const char* name, const Problem& p) {
  const Element type = p.x.type;
  if (mixed_gradient(p)) return kSuccess;
  if (p.w.type != type || p.y.type != type) {
    return not_supported(name, std::string("x ") + emulator::name(type) + ", w " + emulator::name(p.w.type) + ", y " +
                                   emulator::name(p.y.type) + ": cuDNN wants one type");
  }
  const Element wanted = type == Element::kF64 ? Element::kF64 : Element::kF32;
  if (p.convolution.compute == Element::kF16 && type == Element::kF16) {
    return unsupported(name, "sums in f16 are not emulated; give the convolution CUDNN_DATA_FLOAT");
  }
  if (p.convolution.compute != wanted) return not_supported(name, "the convolution's type does not fit the tensors'");
  return kSuccess;
}

int layouts(const char* name, const Problem& p) {
  if (p.w.format == kNHWC && (!p.x.channels_last() || !p.y.channels_last())) {
    return not_supported(name, "a filter in NHWC needs x and y packed in NHWC");
  }
  return kSuccess;
}

Rounding rounding_of(int math) {
  if (math == kFmaMath) return Rounding::kNone;
  if (math == kAllowConversion) return Rounding::kF16;
  return tf32_allowed() ? Rounding::kTF32 : Rounding::kNone;
}

}  // namespace

int problem(const char* name, Direction direction, const void* x, const void* w, const void* convolution, const void* y,
            Problem* out) {
  const Tensor* x_desc = described(registry().tensors, x, name);
  if (x_desc == nullptr) return kBadParam;
  const Filter* w_desc = described(registry().filters, w, name);
  if (w_desc == nullptr) return kBadParam;
  const Convolution* conv = described(registry().convolutions, convolution, name);
  if (conv == nullptr) return kBadParam;
  const Tensor* y_desc = described(registry().tensors, y, name);
  if (y_desc == nullptr) return kBadParam;
  out->direction = direction;
  out->x = *x_desc;
  out->y = *y_desc;
  out->w = *w_desc;
  out->convolution = *conv;
  if (x_desc->dims != w_desc->dims || x_desc->dims != y_desc->dims) {
    return refuse(name, "x, w and y have different numbers of dimensions");
  }
  if (x_desc->dims != 4) return unsupported(name, "convolutions of other than 4 dimensions are not emulated");
  if (const int status = geometry(name, *out)) return status;
  if (const int status = types(name, *out)) return status;
  if (const int status = layouts(name, *out)) return status;
  out->rounding = out->x.type == Element::kF32 ? rounding_of(conv->math) : Rounding::kNone;
  return kSuccess;
}

std::vector<Algorithm> algorithms(const Problem& p) {
  const Geometry& g = p.geometry;
  const size_t element = bytes(p.x.type);
  const auto up = [](size_t size) { return (size + 255) / 256 * 256; };
  const size_t columns = up(static_cast<size_t>(g.inner() * g.p * g.q) * element);
  const size_t sums = up(p.w.tensor().size_in_bytes() / element * 4);
  const size_t offsets = up(static_cast<size_t>(g.inner()) * 4);
  const size_t tiles = up(static_cast<size_t>(16 * (g.k * g.c / g.groups + g.n * g.c)) * 4);
  const bool first = p.w.format == kNCHW, dense = g.dilation[0] == 1 && g.dilation[1] == 1;
  const bool winograd =
      first && dense && g.r == 3 && g.s == 3 && g.stride[0] == 1 && g.stride[1] == 1 && p.x.type != Element::kF64;
  switch (p.direction) {
    case Direction::kForward:
      return {
          {1, true, true, offsets},           {7, true, winograd, tiles}, {0, true, true, 0},  {6, true, winograd, 0},
          {2, true, first && dense, columns}, {4, true, false, 0},        {5, true, false, 0}, {3, true, false, 0}};
    case Direction::kBackwardData:  // the fastest is not the one that repeats
      return {{0, false, true, 0},    {1, true, true, offsets}, {5, true, winograd, tiles},
              {4, true, winograd, 0}, {2, true, false, 0},      {3, true, false, 0}};
    default:
      return {{0, false, true, 0},        {1, true, true, sums}, {3, false, first && dense, columns},
              {5, true, winograd, tiles}, {2, true, false, 0},   {6, true, false, 0},
              {4, true, false, 0}};
  }
}

int find_algorithm(const char* name, const Problem& problem, int id, Algorithm* out) {
  for (const Algorithm& algorithm : algorithms(problem)) {
    if (algorithm.id != id) continue;
    *out = algorithm;
    return algorithm.supported ? static_cast<int>(kSuccess)
                               : not_supported(name, "algorithm " + std::to_string(id) + " cannot do this convolution");
  }
  return refuse(name, "there is no algorithm " + std::to_string(id));
}

}  // namespace kib::emulator::cudnn
