#include "libraries/cublas/gemm.h"

#include <algorithm>

namespace kib::emulator::cublas {

int single_compute(int math_mode, int compute) {
  if (compute != kCompute32F) return compute;
  switch (math_mode & kMathMask) {
    case kTF32Math:
      return kCompute32FFastTF32;
    case kTensorOpMath:
      return kCompute32FFast16F;
    case kPedanticMath:
      return kCompute32FPedantic;
    default:
      return compute;
  }
}

namespace {

constexpr int64_t kLeastWorkspace = 16 << 10;  // below it, says cuBLAS's manual, products may fail

std::string text(int64_t value) { return std::to_string(value); }

// Rows of an operand as it is stored; its columns are the other one.
int64_t stored_rows(int operation, int64_t rows, int64_t columns) { return operation == kN ? rows : columns; }

int check_sizes(const char* name, const Gemm& g) {
  if (!is_operation(g.transpose_a) || !is_operation(g.transpose_b)) {
    return refuse(kInvalidValue, name, "an operation is none of CUBLAS_OP_N, CUBLAS_OP_T, CUBLAS_OP_C");
  }
  if (g.m < 0 || g.n < 0 || g.k < 0 || g.batch < 0) {
    return refuse(kInvalidValue, name,
                  "a size is negative: m = " + text(g.m) + ", n = " + text(g.n) + ", k = " + text(g.k) +
                      ", batch = " + text(g.batch));
  }
  const struct {
    const char* what;
    int64_t ld, rows;
  } leading[] = {{"lda", g.a.ld, stored_rows(g.transpose_a, g.m, g.k)},
                 {"ldb", g.b.ld, stored_rows(g.transpose_b, g.k, g.n)},
                 {"ldc", g.c.ld, g.m}};
  for (const auto& l : leading) {
    if (l.ld >= std::max<int64_t>(1, l.rows)) continue;
    return refuse(
        kInvalidValue, name,
        std::string(l.what) + " = " + text(l.ld) + " is less than the " + text(l.rows) + " rows of the stored matrix");
  }
  return kSuccess;
}

// Types that cuBLAS's table of cublasGemmEx has for a compute type.
int check_types(const char* name, const Gemm& g, Rounding* rounding, bool* wide) {
  Element a, b, c;
  if (!element(g.a.type, &a) || !element(g.b.type, &b) || !element(g.c.type, &c)) {
    return unsupported(name, "types " + text(g.a.type) + ", " + text(g.b.type) + ", " + text(g.c.type) +
                                 " (cudaDataType) are not emulated; f32, f64, f16 and bf16 are");
  }
  if (!cublas::rounding(g.compute, rounding, wide)) {
    return unsupported(name, "compute type " + text(g.compute) + " is not emulated; 32F, its fast forms and 64F are");
  }
  const bool half = a == Element::kF16 || a == Element::kBF16;
  const bool fits = *wide  ? a == Element::kF64 && c == a
                    : half ? c == a || c == Element::kF32
                           : a == Element::kF32 && c == a;
  if (a == b && fits) return kSuccess;
  report_call(Finding::kBadArgument, name,
              std::string("A ") + emulator::name(a) + ", B " + emulator::name(b) + ", C " + emulator::name(c) +
                  " with compute type " + text(g.compute) + " is no combination that cuBLAS has");
  return kNotSupported;
}

// Pointers where elements are read or written at all.
int check_pointers(const char* name, const Gemm& g) {
  const bool empty = g.m == 0 || g.n == 0 || g.batch == 0;
  const struct {
    const char* what;
    const Operand& operand;
    bool used;
  } all[] = {{"A", g.a, !empty && g.k > 0}, {"B", g.b, !empty && g.k > 0}, {"C", g.c, !empty}};
  for (const auto& each : all) {
    if (!each.used) continue;
    Element type;
    element(each.operand.type, &type);
    const uint64_t address = reinterpret_cast<uint64_t>(each.operand.pointer);
    if (address == 0) return refuse(kInvalidValue, name, std::string(each.what) + " is a null pointer");
    if (!g.pointers && address % bytes(type) != 0) {
      return refuse(kInvalidValue, name, std::string(each.what) + " is not aligned to its elements");
    }
  }
  return kSuccess;
}

// The matrix of one product of the batch; false where the array of pointers cannot be read.
bool matrix(const Gemm& g, const Operand& operand, int64_t rows, int64_t columns, int64_t index,
            const std::string& caller, Matrix* out) {
  Element type;
  element(operand.type, &type);
  *out = {reinterpret_cast<uint64_t>(operand.pointer), rows, columns, operand.ld, type};
  if (!g.pointers) {
    *out = out->at(index * operand.stride);
    return true;
  }
  const uint64_t entry = out->address + static_cast<uint64_t>(index) * 8;
  const std::byte* pointer = Memory::instance().view(entry, 8, Memory::Access::kRead, caller + ", array of pointers");
  if (pointer == nullptr) return false;
  std::memcpy(&out->address, pointer, 8);
  return true;
}

// An operand of all products of the batch.
Argument argument(const char* what, const Gemm& g, const Operand& operand, const std::vector<Matrix>& matrices) {
  if (!g.pointers) return {what, matrices.front(), g.batch, operand.stride};
  Argument all(what, matrices.front());
  for (size_t i = 1; i < matrices.size(); ++i) all.append({what, matrices[i]});
  return all;
}

template <class T>
void check_overlaps(const Call& call, const Gemm& g, const std::vector<Product<T>>& products, const Factor<T>& alpha,
                    const Factor<T>& beta, bool reads_factors) {
  const auto matrices = [&](Matrix Product<T>::*which) {
    std::vector<Matrix> all;
    for (const Product<T>& product : products) all.push_back(product.*which);
    return all;
  };
  std::vector<Argument> operands;
  if (reads_factors) {
    operands.push_back(argument("A", g, g.a, matrices(&Product<T>::a)));
    operands.push_back(argument("B", g, g.b, matrices(&Product<T>::b)));
  }
  if (g.pointers) {
    const uint64_t size = static_cast<uint64_t>(g.batch) * 8;
    for (const Operand* operand : {&g.a, &g.b, &g.c}) {
      operands.emplace_back("an array of pointers", reinterpret_cast<uint64_t>(operand->pointer), size);
    }
  }
  if (alpha.address != 0) operands.emplace_back("alpha", alpha.address, sizeof(T));
  if (beta.address != 0) operands.emplace_back("beta", beta.address, sizeof(T));
  call.check_overlaps({argument("the result C", g, g.c, matrices(&Product<T>::d))}, operands);
}

template <class T>
bool compute(const Call& call, const Gemm& g, Rounding rounding, const Factor<T>& alpha, const Factor<T>& beta) {
  const std::string& caller = call.name;
  T a = 0, b = 0;
  if (!alpha.resolve(caller + ", alpha", &a) || !beta.resolve(caller + ", beta", &b)) return false;
  std::vector<Product<T>> products;
  const int64_t a_rows = stored_rows(g.transpose_a, g.m, g.k), b_rows = stored_rows(g.transpose_b, g.k, g.n);
  for (int64_t i = 0; i < g.batch; ++i) {
    Product<T> product;
    product.transpose_a = g.transpose_a != kN;
    product.transpose_b = g.transpose_b != kN;
    product.rounding = rounding;
    if (!matrix(g, g.a, a_rows, g.m + g.k - a_rows, i, caller, &product.a) ||
        !matrix(g, g.b, b_rows, g.k + g.n - b_rows, i, caller, &product.b) ||
        !matrix(g, g.c, g.m, g.n, i, caller, &product.c)) {
      return false;
    }
    product.d = product.c;
    products.push_back(product);
  }
  check_overlaps(call, g, products, alpha, beta, g.k > 0 && a != T(0));
  for (const Product<T>& product : products) {
    if (!run(product, a, b, caller)) return false;
  }
  return true;
}

template <class T>
int enqueue(const Call& call, const Gemm& g, Rounding rounding) {
  Factor<T> alpha, beta;
  if (const int status = factor(g.alpha, call.handle.pointer_mode, "alpha", call.name, &alpha)) return status;
  if (const int status = factor(g.beta, call.handle.pointer_mode, "beta", call.name, &beta)) return status;
  if (g.m == 0 || g.n == 0 || g.batch == 0) return kSuccess;
  return call.enqueue([=]() { return compute(call, g, rounding, alpha, beta); });
}

}  // namespace

int gemm(void* handle, const char* name, const Gemm& gemm) {
  Call call;
  Gemm g = gemm;
  Rounding rounding;
  bool wide;
  if (const int status = begin(handle, name, &call)) return status;
  if (call.handle.workspace != 0 && call.handle.workspace_bytes < static_cast<uint64_t>(kLeastWorkspace)) {
    return refuse(kAllocFailed, name,
                  "the workspace of cublasSetWorkspace has " + text(static_cast<int64_t>(call.handle.workspace_bytes)) +
                      " bytes, and " + text(kLeastWorkspace) + " are needed to be sure");
  }
  if (g.a.type == kR32F) g.compute = single_compute(call.handle.math_mode, g.compute);
  if (const int status = check_sizes(name, g)) return status;
  if (const int status = check_types(name, g, &rounding, &wide)) return status;
  if (const int status = check_pointers(name, g)) return status;
  return wide ? enqueue<double>(call, g, rounding) : enqueue<float>(call, g, rounding);
}

}  // namespace kib::emulator::cublas
