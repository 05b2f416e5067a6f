// cublasLt's products: layouts, orders, epilogues, heuristics, workspaces; descriptors wherever they lie.
#include <utility>

#include "cublaslt_calls.h"

using namespace kib::test;

namespace {

constexpr uint64_t kSeed = 4242;

size_t z(int value) { return static_cast<size_t>(value); }

// A matrix of rows x columns, stored by columns or by rows with a padded leading dimension.
struct LtMatrix {
  int rows, columns, order, ld;
  std::vector<double> values;  // by rows
  DeviceArray data;
  void* layout = nullptr;

  LtMatrix(Element type, int r, int c, int by, Random& random)
      : rows(r),
        columns(c),
        order(by),
        ld((by == 0 ? r : c) + 3),
        values(uniform(z(r * c), type, random)),
        data(type, stored(), z(by == 0 ? r : c), z(ld)) {
    CHECK_EQUAL(cublasLtMatrixLayoutCreate(&layout, data_type(type), z(rows), z(columns), ld), 0);
    CHECK_EQUAL(cublasLtMatrixLayoutSetAttribute(layout, 1, &order, sizeof order), 0);
  }
  ~LtMatrix() { CHECK_EQUAL(cublasLtMatrixLayoutDestroy(layout), 0); }

  std::vector<double> stored() const { return order == 0 ? turned(values, rows, columns) : values; }
  std::vector<double> get() const { return order == 0 ? turned(data.get(), columns, rows) : data.get(); }
  double at(int i, int j, bool transposed) const {
    return transposed ? values[z(j * columns + i)] : values[z(i * columns + j)];
  }

  static std::vector<double> turned(const std::vector<double>& in, int rows, int columns) {
    std::vector<double> out(in.size());
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < columns; ++j) out[z(j * rows + i)] = in[z(i * columns + j)];
    }
    return out;
  }
};

struct LtOfMatrices : Lt {
  using Lt::Lt;
  int heuristic(const LtMatrix& a, const LtMatrix& b, const LtMatrix& c, const LtMatrix& d, uint64_t room,
                HeuristicResult* results, int* count, int requested = 4) const {
    cublasLtMatmulPreferenceSetAttribute(preference, 1, &room, sizeof room);
    return cublasLtMatmulAlgoGetHeuristic(handle, desc, a.layout, b.layout, c.layout, d.layout, preference, requested,
                                          results, count);
  }
  template <class T>
  int matmul(T alpha, const LtMatrix& a, const LtMatrix& b, T beta, const LtMatrix& c, LtMatrix& d,
             const HeuristicResult* algorithm = nullptr, void* workspace = nullptr, size_t bytes = 0) const {
    return cublasLtMatmul(handle, desc, &alpha, a.data.pointer(), a.layout, b.data.pointer(), b.layout, &beta,
                          c.data.pointer(), c.layout, d.data.pointer(), d.layout, algorithm, workspace, bytes, nullptr);
  }
};

double finished(double value, const std::vector<double>& bias, int row, uint32_t epilogue) {
  if ((epilogue & kBias) != 0) value += bias[z(row)];
  return (epilogue & kRelu) != 0 ? std::max(value, 0.0) : value;
}

// d = finished(alpha op(a) op(b) + beta c), by rows, and the bounds of its errors.
void expect(const LtMatrix& a, const LtMatrix& b, const LtMatrix& c, bool ta, bool tb, double alpha, double beta,
            const std::vector<double>& bias, uint32_t epilogue, std::vector<double>* wanted,
            std::vector<double>* bounds) {
  const int m = c.rows, n = c.columns, k = ta ? a.rows : a.columns;
  const Element sum = a.data.type() == Element::kF64 ? Element::kF64 : Element::kF32;
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      double value = 0;
      for (int p = 0; p < k; ++p) value += a.at(i, p, ta) * b.at(p, j, tb);
      wanted->push_back(finished(alpha * value + beta * c.at(i, j, false), bias, i, epilogue));
      bounds->push_back((k + 4) * unit(sum) * (k + 4) + unit(c.data.type()) * std::abs(wanted->back()));
    }
  }
}

void orders_and_epilogues(Element in, Element out, Random& random) {
  LtOfMatrices lt(in == Element::kF64 ? kCompute64F : kCompute32F);
  for (int i = 0; i < 48; ++i) {
    const bool ta = (i & 1) != 0, tb = (i & 2) != 0;
    const uint32_t epilogues[] = {kPlain, kRelu, kBias, kReluBias};
    const uint32_t epilogue = epilogues[i % 4 == 0 ? i / 4 % 4 : i % 4];
    const int m = 5 + i % 7, n = 3 + i % 5, k = 4 + i % 11, order = i / 4 % 2;
    LtMatrix a(in, ta ? k : m, ta ? m : k, i / 8 % 2, random), b(in, tb ? n : k, tb ? k : n, i / 16 % 2, random);
    LtMatrix c(out, m, n, order, random), d(out, m, n, order, random);
    const std::vector<double> bias = uniform(z(m), out, random);
    DeviceArray bias_data(out, bias);
    lt.set(kTransA, ta ? 1 : 0);
    lt.set(kTransB, tb ? 1 : 0);
    lt.set(kEpilogue, epilogue);
    lt.set(kBiasPointer, bias_data.pointer());
    std::vector<double> wanted, bounds;
    expect(a, b, c, ta, tb, 0.5, -1, bias, epilogue, &wanted, &bounds);
    CHECK_EQUAL(in == Element::kF64 ? lt.matmul(0.5, a, b, -1.0, c, d) : lt.matmul(0.5f, a, b, -1.0f, c, d), 0);
    near(d.get(), wanted, bounds,
         std::string("cublasLtMatmul ") + kib::emulator::name(in) + " case " + std::to_string(i));
    silent("orders and epilogues");
  }
}

void bias_gradients(Random& random) {
  constexpr int m = 6, n = 5, k = 7;
  for (const bool of_a : {true, false}) {
    for (const int order : {0, 1}) {
      LtOfMatrices lt;
      LtMatrix a(Element::kBF16, m, k, order, random), b(Element::kBF16, k, n, order, random);
      LtMatrix d(Element::kF32, m, n, 0, random);
      DeviceArray bias(Element::kF32, z(of_a ? m : n));
      lt.set(kEpilogue, uint32_t{of_a ? kBgradA : kBgradB});
      lt.set(kBiasPointer, bias.pointer());
      CHECK_EQUAL(lt.matmul(1.0f, a, b, 0.0f, d, d), 0);
      std::vector<double> wanted(z(of_a ? m : n)), bounds(wanted.size(), k * k * unit(Element::kF32));
      for (int p = 0; p < k; ++p) {
        for (size_t i = 0; i < wanted.size(); ++i) {
          const int at = static_cast<int>(i);
          wanted[i] += of_a ? a.at(at, p, false) : b.at(p, at, false);
        }
      }
      near(bias.get(), wanted, bounds, of_a ? "BGRADA" : "BGRADB");
      silent("bias gradients");
    }
  }
}

void heuristics(Random& random) {
  LtOfMatrices lt;
  const LtMatrix a(Element::kF32, 8, 8, 0, random), b(Element::kF32, 8, 8, 0, random);
  LtMatrix d(Element::kF32, 8, 8, 0, random);
  HeuristicResult results[4];
  int count = -1;
  CHECK_EQUAL(lt.heuristic(a, b, d, d, 0, results, &count), 0);
  CHECK_EQUAL(count, 1);
  CHECK_EQUAL(results[0].workspace, size_t{0});
  CHECK_EQUAL(lt.heuristic(a, b, d, d, 1 << 20, results, &count), 0);
  CHECK_EQUAL(count, 2);
  CHECK(results[0].workspace > 0 && results[1].workspace == 0);
  CHECK_EQUAL(results[0].state, 0);
  Buffer workspace(results[0].workspace);
  std::vector<double> wanted, bounds;
  expect(a, b, d, false, false, 1, 0, {}, kPlain, &wanted, &bounds);
  CHECK_EQUAL(lt.matmul(1.0f, a, b, 0.0f, d, d, results, workspace.get(), results[0].workspace), 0);
  near(d.get(), wanted, bounds, "with a workspace");
  std::vector<float> space(results[0].workspace / 4);
  cudaMemcpy(space.data(), workspace.get(), space.size() * 4, kDeviceToHost);
  for (const float value : space) CHECK(std::isnan(value));  // all of it was written, and nothing stays there
  silent("heuristics");
  CHECK_REFUSED(lt.matmul(1.0f, a, b, 0.0f, d, d, results, workspace.get(), results[0].workspace - 1), kInvalid,
                "bad argument", "needs a workspace");
  results[0].algorithm[0] = 0;
  CHECK_REFUSED(lt.matmul(1.0f, a, b, 0.0f, d, d, results, workspace.get(), 1 << 20), kInvalid, "bad argument",
                "cublasLtMatmulAlgoGetHeuristic");
  CHECK_REFUSED(lt.heuristic(a, b, d, d, 0, results, &count, 0), kInvalid, "bad argument", "no place");
}

// Descriptors in the caller's memory, and a cublasHandle_t as the handle.
void in_the_callers_memory() {
  Blas blas;
  uint64_t desc[32], a_layout[8], d_layout[8];
  CHECK_EQUAL(cublasLtMatmulDescInit_internal(desc, sizeof desc, kCompute32F, kR32F), 0);
  CHECK_EQUAL(cublasLtMatrixLayoutInit_internal(a_layout, sizeof a_layout, kR32F, 2, 2, 2), 0);
  CHECK_EQUAL(cublasLtMatrixLayoutInit_internal(d_layout, sizeof d_layout, kR32F, 2, 2, 2), 0);
  const int batch = 3;
  const int64_t stride = 4;
  for (uint64_t* layout : {a_layout, d_layout}) {
    CHECK_EQUAL(cublasLtMatrixLayoutSetAttribute(layout, 5, &batch, sizeof batch), 0);
    CHECK_EQUAL(cublasLtMatrixLayoutSetAttribute(layout, 6, &stride, sizeof stride), 0);
  }
  DeviceArray a(Element::kF32, {1, 0, 0, 1, 2, 0, 0, 2, 3, 0, 0, 3}), d(Element::kF32, 12);
  const float one = 1, zero = 0;
  CHECK_EQUAL(cublasLtMatmul(blas.handle, desc, &one, a.pointer(), a_layout, a.pointer(), a_layout, &zero, d.pointer(),
                             d_layout, d.pointer(), d_layout, nullptr, nullptr, 0, nullptr),
              0);
  CHECK(d.get() == std::vector<double>({1, 0, 0, 1, 4, 0, 0, 4, 9, 0, 0, 9}));
  silent("descriptors in the caller's memory");
  CHECK_REFUSED(cublasLtMatmulDescInit_internal(desc, 8, kCompute32F, kR32F), kInvalid, "bad argument", "8 bytes");
  CHECK_REFUSED(cublasLtMatrixLayoutDestroy(a_layout), kInvalid, "bad argument", "caller's memory");
}

void refusals(Random& random) {
  LtOfMatrices lt;
  LtMatrix a(Element::kF32, 4, 4, 0, random), b(Element::kF32, 4, 4, 0, random), d(Element::kF32, 4, 4, 0, random);
  LtMatrix longer(Element::kF32, 5, 4, 0, random), half(Element::kF16, 4, 4, 0, random);
  void* dead = nullptr;
  CHECK_EQUAL(cublasLtMatmulDescCreate(&dead, kCompute32F, kR32F), 0);
  CHECK_EQUAL(cublasLtMatmulDescDestroy(dead), 0);
  void* const alive = std::exchange(lt.desc, dead);
  CHECK_REFUSED(lt.matmul(1.0f, a, b, 0.0f, d, d), kInvalid, "bad handle", "destroyed cublasLtMatmulDesc_t");
  CHECK_REFUSED(cublasLtMatmulDescDestroy(dead), kInvalid, "bad handle", "destroyed");
  lt.desc = a.layout;
  CHECK_REFUSED(lt.matmul(1.0f, a, b, 0.0f, d, d), kInvalid, "bad handle", "no cublasLtMatmulDesc_t");
  lt.desc = alive;
  void* const handle = std::exchange(lt.handle, nullptr);
  CHECK_REFUSED(lt.matmul(1.0f, a, b, 0.0f, d, d), kNotInitialized, "bad handle", "null cublasLtHandle_t");
  lt.handle = handle;
  CHECK_REFUSED(lt.matmul(1.0f, a, longer, 0.0f, d, d), kInvalid, "bad argument", "op(B) 5 x 4");
  CHECK_REFUSED(lt.matmul(1.0f, a, half, 0.0f, d, d), kNotSupported, "bad argument", "B f16");
  const uint32_t gelu = kGelu, bias = kBias;
  CHECK_EQUAL(cublasLtMatmulDescSetAttribute(lt.desc, kEpilogue, &gelu, 4), 0);
  CHECK_REFUSED(lt.matmul(1.0f, a, b, 0.0f, d, d), kNotSupported, "not emulated", "epilogue 32");
  CHECK_EQUAL(cublasLtMatmulDescSetAttribute(lt.desc, kEpilogue, &bias, 4), 0);
  CHECK_REFUSED(lt.matmul(1.0f, a, b, 0.0f, d, d), kInvalid, "bad argument", "BIAS_POINTER");
  CHECK_REFUSED(cublasLtMatmulDescSetAttribute(lt.desc, kEpilogue, &bias, 8), kInvalid, "bad argument", "4 bytes");
  CHECK_REFUSED(cublasLtMatmulDescSetAttribute(lt.desc, 25, &bias, 4), kNotSupported, "not emulated", "attribute 25");
  size_t size = 0;
  uint32_t got = 0;
  CHECK_EQUAL(cublasLtMatmulDescGetAttribute(lt.desc, kEpilogue, &got, sizeof got, &size), 0);
  CHECK(got == kBias && size == 4);
  CHECK(cublasLtGetVersion() / 10000 == 13);
}

}  // namespace

int main() {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  Random random(kSeed);
  orders_and_epilogues(Element::kF32, Element::kF32, random);
  orders_and_epilogues(Element::kBF16, Element::kBF16, random);
  orders_and_epilogues(Element::kF16, Element::kF32, random);
  orders_and_epilogues(Element::kF64, Element::kF64, random);
  bias_gradients(random);
  heuristics(random);
  in_the_callers_memory();
  refusals(random);
  return result();
}
