#include <algorithm>

#include "libraries/cublaslt/descriptors.h"
#include "libraries/cublaslt/handle.h"
#include "libraries/overlap.h"

namespace kib::emulator::cublas::lt {
namespace {

std::string text(uint64_t value) { return std::to_string(value); }

// A problem as its descriptors say, once they agree.
struct Problem {
  MatmulDesc desc;
  MatrixLayout a, b, c, d;
  Element types[4];
  Element bias_type;
  Rounding rounding;
  bool wide;
  int64_t m, n, k;
};

// A layout's matrix as the inner interface stores it: a row-major one is its transpose, by columns.
Matrix stored(const MatrixLayout& layout, Element type, const void* data) {
  Matrix matrix{reinterpret_cast<uint64_t>(data), static_cast<int64_t>(layout.rows),
                static_cast<int64_t>(layout.columns), layout.ld, type};
  if (layout.order == kRowMajor) std::swap(matrix.rows, matrix.columns);
  return matrix;
}

int check_layout(const char* name, const char* which, const MatrixLayout& layout, Element* type) {
  if (!element(layout.type, type)) {
    return unsupported(name, std::string(which) + " has cudaDataType " + std::to_string(layout.type) +
                                 "; f32, f64, f16 and bf16 are emulated");
  }
  if (layout.order != kColumnMajor && layout.order != kRowMajor) {
    return unsupported(name, std::string(which) + " has order " + std::to_string(layout.order) +
                                 "; CUBLASLT_ORDER_COL and CUBLASLT_ORDER_ROW are emulated");
  }
  const uint64_t run = layout.order == kColumnMajor ? layout.rows : layout.columns;
  if (layout.ld < 0 || static_cast<uint64_t>(layout.ld) < run) {
    return refuse(
        kInvalidValue, name,
        std::string(which) + " has leading dimension " + std::to_string(layout.ld) + ", less than " + text(run));
  }
  if (layout.batch < 1) return refuse(kInvalidValue, name, std::string(which) + " has a batch below 1");
  return kSuccess;
}

int check_sizes(const char* name, Problem& p) {
  const bool ta = p.desc.transpose_a != kN, tb = p.desc.transpose_b != kN;
  p.m = static_cast<int64_t>(ta ? p.a.columns : p.a.rows);
  p.k = static_cast<int64_t>(ta ? p.a.rows : p.a.columns);
  p.n = static_cast<int64_t>(tb ? p.b.rows : p.b.columns);
  const int64_t inner = static_cast<int64_t>(tb ? p.b.columns : p.b.rows);
  const auto is = [&](const MatrixLayout& l) {
    return static_cast<int64_t>(l.rows) == p.m && static_cast<int64_t>(l.columns) == p.n;
  };
  if (inner != p.k || !is(p.c) || !is(p.d)) {
    return refuse(kInvalidValue, name,
                  "op(A) is " + text(p.m) + " x " + text(p.k) + ", op(B) " + text(inner) + " x " + text(p.n) + ", C " +
                      text(p.c.rows) + " x " + text(p.c.columns) + ", D " + text(p.d.rows) + " x " + text(p.d.columns) +
                      ": they do not fit together");
  }
  if (p.a.batch != p.d.batch || p.b.batch != p.d.batch || p.c.batch != p.d.batch) {
    return refuse(kInvalidValue, name, "the layouts have different batches");
  }
  if (p.c.order != p.d.order) return unsupported(name, "C and D of different orders are not emulated");
  return kSuccess;
}

int check_types(const char* name, Problem& p) {
  if (!cublas::rounding(p.desc.compute_type, &p.rounding, &p.wide)) {
    return unsupported(name, "compute type " + std::to_string(p.desc.compute_type) +
                                 " is not emulated; 32F, its fast forms and 64F are");
  }
  if (p.desc.scale_type != (p.wide ? kR64F : kR32F)) {
    return refuse(kInvalidValue, name, "the scale type is not the one of the compute type");
  }
  const Element *t = p.types, a = t[0], d = t[3];
  const bool half = a == Element::kF16 || a == Element::kBF16;
  const bool fits = p.wide ? a == Element::kF64 && d == a
                    : half ? d == a || d == Element::kF32
                           : a == Element::kF32 && d == a;
  if (t[1] != a || t[2] != d || !fits) {
    report_call(Finding::kBadArgument, name,
                std::string("A ") + emulator::name(a) + ", B " + emulator::name(t[1]) + ", C " + emulator::name(t[2]) +
                    ", D " + emulator::name(d) + " is no combination that cuBLASLt has");
    return kNotSupported;
  }
  p.bias_type = d;
  if (p.desc.bias_type >= 0 && !element(p.desc.bias_type, &p.bias_type)) {
    return unsupported(name, "the bias has a type that is not emulated");
  }
  return kSuccess;
}

int check_desc(const char* name, const MatmulDesc& desc) {
  switch (desc.epilogue) {
    case kDefault:
    case kRelu:
    case kBias:
    case kReluBias:
    case kBiasGradientA:
    case kBiasGradientB:
      break;
    default:
      return unsupported(name, "epilogue " + text(desc.epilogue) + " is not emulated");
  }
  if (desc.pointer_mode != kHost && desc.pointer_mode != kDevice) {
    return unsupported(name, "pointer mode " + std::to_string(desc.pointer_mode) + " is not emulated");
  }
  if (!is_operation(desc.transpose_a) || !is_operation(desc.transpose_b) || desc.transpose_c != kN) {
    return refuse(kInvalidValue, name, "an operation is none that cuBLASLt has here");
  }
  if (desc.fill_mode != 2) return unsupported(name, "a fill mode other than full is not emulated");
  return kSuccess;
}

int problem(const char* name, const void* desc, const void* const layouts[4], Problem* out) {
  const MatmulDesc* live_desc = live<MatmulDesc>(desc, name);
  if (live_desc == nullptr) return kInvalidValue;
  out->desc = *live_desc;
  if (const int status = check_desc(name, out->desc)) return status;
  MatrixLayout* copies[4] = {&out->a, &out->b, &out->c, &out->d};
  const char* names[4] = {"A", "B", "C", "D"};
  for (int i = 0; i < 4; ++i) {
    const MatrixLayout* live_layout = live<MatrixLayout>(layouts[i], name);
    if (live_layout == nullptr) return kInvalidValue;
    *copies[i] = *live_layout;
    if (const int status = check_layout(name, names[i], *copies[i], &out->types[i])) return status;
  }
  if (const int status = check_sizes(name, *out)) return status;
  return check_types(name, *out);
}

struct Buffers {
  const void *a, *b, *c;
  void* d;
  uint64_t workspace, workspace_bytes;
};

bool reads_bias(const Problem& p) { return p.desc.epilogue == kBias || p.desc.epilogue == kReluBias; }
bool writes_bias(const Problem& p) { return p.desc.epilogue == kBiasGradientA || p.desc.epilogue == kBiasGradientB; }

// The sums over the inner dimension of op(A)'s rows, or of op(B)'s columns.
template <class T>
bool bias_gradient(const Problem& p, const Matrix& matrix, bool transposed, int64_t count, uint64_t bias,
                   const std::string& caller) {
  std::vector<T> values(static_cast<size_t>(matrix.rows * matrix.columns)), sums(static_cast<size_t>(count));
  if (!read(matrix, Rounding::kNone, caller, values.data())) return false;
  for (int64_t column = 0; column < matrix.columns; ++column) {
    for (int64_t row = 0; row < matrix.rows; ++row) {
      sums[static_cast<size_t>(transposed ? column : row)] += values[static_cast<size_t>(column * matrix.rows + row)];
    }
  }
  return write(Vector{bias, count, 1, p.bias_type}, sums.data(), caller + ", the bias gradient");
}

template <class T>
bool compute_one(const Problem& p, const Buffers& buffers, int64_t index, T alpha, T beta, const std::string& caller) {
  const Matrix a = stored(p.a, p.types[0], buffers.a).at(index * p.a.stride);
  const Matrix b = stored(p.b, p.types[1], buffers.b).at(index * p.b.stride);
  const bool ta = (p.desc.transpose_a != kN) != (p.a.order == kRowMajor);
  const bool tb = (p.desc.transpose_b != kN) != (p.b.order == kRowMajor);
  const uint64_t bias = p.desc.bias + static_cast<uint64_t>(index * p.desc.bias_batch_stride) * bytes(p.bias_type);
  Product<T> product;
  product.rounding = p.rounding;
  product.c = stored(p.c, p.types[2], buffers.c).at(index * p.c.stride);
  product.d = stored(p.d, p.types[3], buffers.d).at(index * p.d.stride);
  const bool by_rows = p.d.order == kRowMajor;  // D' = op(B)' op(A)'
  product.a = by_rows ? b : a;
  product.b = by_rows ? a : b;
  product.transpose_a = by_rows ? !tb : ta;
  product.transpose_b = by_rows ? !ta : tb;
  Epilogue<T> epilogue;
  std::vector<T> biases(static_cast<size_t>(p.m));
  if (reads_bias(p)) {
    if (!read(Vector{bias, p.m, 1, p.bias_type}, caller + ", the bias", biases.data())) return false;
    epilogue.bias = biases.data();
    epilogue.bias_of_columns = by_rows;
  }
  if (p.desc.epilogue == kRelu || p.desc.epilogue == kReluBias) epilogue.activation = Activation::kRelu;
  if (p.desc.epilogue == kBiasGradientA && !bias_gradient<T>(p, a, ta, p.m, bias, caller)) return false;
  if (p.desc.epilogue == kBiasGradientB && !bias_gradient<T>(p, b, !tb, p.n, bias, caller)) return false;
  return run(product, alpha, beta, caller, epilogue);
}

template <class T>
void check_overlaps(const std::string& caller, const Problem& p, const Buffers& buffers, const Factor<T>& alpha,
                    const Factor<T>& beta, bool reads_c) {
  const auto matrices = [&](const char* what, const MatrixLayout& layout, Element type, const void* data) {
    return Argument(what, stored(layout, type, data), layout.batch, layout.stride);
  };
  std::vector<Argument> results{matrices("the result D", p.d, p.types[3], buffers.d)};
  std::vector<Argument> operands{matrices("A", p.a, p.types[0], buffers.a), matrices("B", p.b, p.types[1], buffers.b)};
  if (reads_c) operands.push_back(matrices("C", p.c, p.types[2], buffers.c).may_be_the_result());
  if (buffers.workspace_bytes != 0) {
    results.emplace_back("the workspace", buffers.workspace, buffers.workspace_bytes);
  }
  if (reads_bias(p) || writes_bias(p)) {
    const int64_t count = p.desc.epilogue == kBiasGradientB ? p.n : p.m;
    Argument bias(writes_bias(p) ? "the bias gradient" : "the bias", Matrix{p.desc.bias, count, 1, count, p.bias_type},
                  p.d.batch, p.desc.bias_batch_stride);
    (writes_bias(p) ? results : operands).push_back(std::move(bias));
  }
  if (alpha.address != 0) operands.emplace_back("alpha", alpha.address, sizeof(T));
  if (beta.address != 0) operands.emplace_back("beta", beta.address, sizeof(T));
  emulator::check_overlaps(caller, results, operands);
}

template <class T>
int matmul(const char* name, const Problem& p, const Buffers& buffers, const void* alpha, const void* beta,
           void* stream) {
  Factor<T> factor_alpha, factor_beta;
  if (const int status = factor(alpha, p.desc.pointer_mode, "alpha", name, &factor_alpha)) return status;
  if (const int status = factor(beta, p.desc.pointer_mode, "beta", name, &factor_beta)) return status;
  return status_of(enqueue(stream, name, [=, caller = std::string(name)]() {
    T a, b;
    const auto spoil_workspace = [&]() {
      return spoil(buffers.workspace, buffers.workspace_bytes, caller + ", the workspace");
    };
    if (!factor_alpha.resolve(caller + ", alpha", &a) || !factor_beta.resolve(caller + ", beta", &b) ||
        !spoil_workspace()) {
      return kIllegalAddress;
    }
    check_overlaps(caller, p, buffers, factor_alpha, factor_beta, b != T(0));
    for (int32_t i = 0; i < p.d.batch; ++i) {
      if (!compute_one(p, buffers, i, a, b, caller)) return kIllegalAddress;
    }
    return spoil_workspace() ? emulator::kSuccess : kIllegalAddress;
  }));
}

int check_buffers(const char* name, const Problem& p, const Buffers& buffers, const Algorithm* algorithm) {
  if (algorithm != nullptr && algorithm->mark != Algorithm::kMark) {
    return refuse(kInvalidValue, name, "the algorithm was not made by cublasLtMatmulAlgoGetHeuristic");
  }
  const uint64_t needed = algorithm == nullptr ? 0 : algorithm->workspace_bytes;
  if (buffers.workspace_bytes < needed || (buffers.workspace == 0 && buffers.workspace_bytes != 0)) {
    return refuse(kInvalidValue, name,
                  "the algorithm needs a workspace of " + text(needed) + " bytes, and has " +
                      (buffers.workspace == 0 ? "none" : text(buffers.workspace_bytes)));
  }
  if (buffers.workspace % 16 != 0) return refuse(kInvalidValue, name, "the workspace is not aligned to 16 bytes");
  const void* pointers[4] = {buffers.a, buffers.b, buffers.c, buffers.d};
  for (int i = 0; i < 4; ++i) {
    const uint64_t address = reinterpret_cast<uint64_t>(pointers[i]);
    if (address == 0 && i != 2) {
      return refuse(kInvalidValue, name, std::string(1, "ABCD"[i]) + " is a null pointer");
    }
    if (address % bytes(p.types[i]) != 0) {
      return refuse(kInvalidValue, name, std::string(1, "ABCD"[i]) + " is not aligned to its elements");
    }
  }
  if (algorithm != nullptr) {
    const MatrixLayout* layouts[4] = {&p.a, &p.b, &p.c, &p.d};
    for (int i = 0; i < 4; ++i) {
      const uint64_t address = reinterpret_cast<uint64_t>(pointers[i]), alignment = algorithm->alignment[i];
      const uint64_t stride = static_cast<uint64_t>(layouts[i]->batch > 1 ? layouts[i]->stride : 0) * bytes(p.types[i]);
      if (alignment == 0 || (address % alignment == 0 && stride % alignment == 0)) continue;
      const std::string letter(1, "ABCD"[i]);
      return refuse(kNotSupported, name,
                    letter + (address % alignment != 0 ? " does not begin" : "'s matrices do not all begin") +
                        " at a multiple of " + text(alignment) +
                        " bytes, for which the algorithm was chosen; set CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_" + letter +
                        "_BYTES (256 by default) to what holds");
    }
  }
  if ((p.desc.epilogue & (kBias | kBiasGradientA | kBiasGradientB)) != 0 && p.desc.bias == 0) {
    return refuse(kInvalidValue, name, "the epilogue needs CUBLASLT_MATMUL_DESC_BIAS_POINTER, which is not set");
  }
  return kSuccess;
}

// What splitting the inner dimension in two needs.
uint64_t split_workspace(const Problem& p) {
  const uint64_t sums = static_cast<uint64_t>(p.m * p.n) * static_cast<uint64_t>(p.d.batch) * (p.wide ? 16 : 8);
  return (sums + 255) / 256 * 256;
}

}  // namespace
}  // namespace kib::emulator::cublas::lt

using namespace kib::emulator::cublas;

extern "C" {

int cublasLtMatmulAlgoGetHeuristic(void* handle, const void* desc, const void* a, const void* b, const void* c,
                                   const void* d, const void* preference, int requested, lt::HeuristicResult* results,
                                   int* returned) {
  const char* name = "cublasLtMatmulAlgoGetHeuristic";
  if (!lt::check_handle(handle, name)) return kNotInitialized;
  if (requested < 1 || results == nullptr || returned == nullptr) {
    return refuse(kInvalidValue, name, "there is no place for a result");
  }
  *returned = 0;
  const lt::Preference* wanted = lt::live<lt::Preference>(preference, name);
  if (wanted == nullptr) return kInvalidValue;
  lt::Problem problem;
  const void* layouts[4] = {a, b, c, d};
  if (const int status = lt::problem(name, desc, layouts, &problem)) return status;
  const uint64_t split = lt::split_workspace(problem);
  for (const uint64_t workspace : {split, uint64_t{0}}) {
    if (*returned == requested || workspace > wanted->workspace_bytes) continue;
    lt::HeuristicResult& result = results[(*returned)++];
    result = {};
    result.algorithm.mark = lt::Algorithm::kMark;
    result.algorithm.workspace_bytes = result.workspace_bytes = workspace;
    std::copy(wanted->alignment, wanted->alignment + 4, result.algorithm.alignment);
    result.waves = 1;
  }
  return kSuccess;
}

int cublasLtMatmulAlgoCheck(void* handle, const void* desc, const void* a, const void* b, const void* c, const void* d,
                            const lt::Algorithm* algorithm, lt::HeuristicResult* result) {
  const char* name = "cublasLtMatmulAlgoCheck";
  if (!lt::check_handle(handle, name)) return kNotInitialized;
  if (algorithm == nullptr || result == nullptr || algorithm->mark != lt::Algorithm::kMark) {
    return refuse(kInvalidValue, name, "the algorithm was not made by cublasLtMatmulAlgoGetHeuristic");
  }
  lt::Problem problem;
  const void* layouts[4] = {a, b, c, d};
  if (const int status = lt::problem(name, desc, layouts, &problem)) return status;
  *result = {};
  result->algorithm = *algorithm;
  if (algorithm->workspace_bytes != 0) result->algorithm.workspace_bytes = lt::split_workspace(problem);
  result->workspace_bytes = result->algorithm.workspace_bytes;
  result->waves = 1;
  return kSuccess;
}

int cublasLtMatmul(void* handle, const void* desc, const void* alpha, const void* a, const void* a_layout,
                   const void* b, const void* b_layout, const void* beta, const void* c, const void* c_layout, void* d,
                   const void* d_layout, const lt::Algorithm* algorithm, void* workspace, size_t workspace_bytes,
                   void* stream) {
  const char* name = "cublasLtMatmul";
  if (!lt::check_handle(handle, name)) return kNotInitialized;
  if (const int error = kib::emulator::check_stream(stream, name)) return status_of(error);
  lt::Problem problem;
  const void* layouts[4] = {a_layout, b_layout, c_layout, d_layout};
  if (const int status = lt::problem(name, desc, layouts, &problem)) return status;
  const lt::Buffers buffers{a, b, c, d, reinterpret_cast<uint64_t>(workspace), workspace_bytes};
  if (const int status = lt::check_buffers(name, problem, buffers, algorithm)) return status;
  return problem.wide ? lt::matmul<double>(name, problem, buffers, alpha, beta, stream)
                      : lt::matmul<float>(name, problem, buffers, alpha, beta, stream);
}

}  // extern "C"
