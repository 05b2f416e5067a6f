// cuBLAS's matrix products: every type, transpose and padding against double; what is refused; streams and capture.
#include <cstdlib>

#include "cublas_calls.h"

using namespace kib::test;

namespace {

constexpr uint64_t kSeed = 1601;

struct Types {
  Element in, out;
  const char* name;
};
const Types kTypes[] = {{Element::kF32, Element::kF32, "f32"},    {Element::kF64, Element::kF64, "f64"},
                        {Element::kBF16, Element::kBF16, "bf16"}, {Element::kBF16, Element::kF32, "bf16 to f32"},
                        {Element::kF16, Element::kF16, "f16"},    {Element::kF16, Element::kF32, "f16 to f32"}};

size_t z(int value) { return static_cast<size_t>(value); }

struct OnDevice {
  DeviceArray a, b, c;
  OnDevice(const GemmCase& g, const Types& types)
      : a(types.in, g.a, z(g.a_rows()), z(g.lda)),
        b(types.in, g.b, z(g.b_rows()), z(g.ldb)),
        c(types.out, z(g.m), z(g.n), z(g.ldc)) {
    if (g.beta != 0) c.set(g.c);  // with beta 0, C may be uninitialised
  }
};

int run(const Blas& blas, const GemmCase& g, const Types& types, OnDevice& d, const void* alpha, const void* beta,
        int compute = 0) {
  const int wide = types.in == Element::kF64 ? kCompute64F : kCompute32F;
  return cublasGemmEx(blas.handle, g.ta, g.tb, g.m, g.n, g.k, alpha, d.a.pointer(), data_type(types.in), g.lda,
                      d.b.pointer(), data_type(types.in), g.ldb, beta, d.c.pointer(), data_type(types.out), g.ldc,
                      compute == 0 ? wide : compute, -1);
}

void every_type(Random& random) {
  Blas blas;
  for (const Types& types : kTypes) {
    for (int i = 0; i < 12; ++i) {
      const GemmCase g(types.in, types.out, random);
      OnDevice d(g, types);
      const float alpha = static_cast<float>(g.alpha), beta = static_cast<float>(g.beta);
      const bool wide = types.in == Element::kF64;
      const void* a = wide ? static_cast<const void*>(&g.alpha) : &alpha;
      const void* b = wide ? static_cast<const void*>(&g.beta) : &beta;
      CHECK_EQUAL(run(blas, g, types, d, a, b), 0);
      near(d.c.get(), g.wanted, g.bounds, std::string("cublasGemmEx ") + types.name);
      silent(types.name);
    }
  }
}

void device_factors(Random& random) {
  Blas blas;
  const Types& types = kTypes[0];
  CHECK_EQUAL(cublasSetPointerMode_v2(blas.handle, 1), 0);
  GemmCase g(types.in, types.out, random);
  g.beta = 2, g.expect(types.in, types.out);
  OnDevice d(g, types);
  d.c.set(g.c);
  DeviceArray factors(Element::kF32, {7, 7});
  CHECK_EQUAL(run(blas, g, types, d, factors.as<float>(), factors.as<float>() + 1), 0);
  // They are read when the product runs, which is after this copy only if the copy comes before it in the stream.
  cudaDeviceSynchronize();
  d.c.set(g.c);
  factors.set({g.alpha, g.beta});
  CHECK_EQUAL(run(blas, g, types, d, factors.as<float>(), factors.as<float>() + 1), 0);
  near(d.c.get(), g.wanted, g.bounds, "factors on the device");
  silent("factors on the device");
  const float one = 1;
  CHECK_REFUSED(run(blas, g, types, d, &one, &one), kInvalid, "bad argument", "alpha is a host pointer");
  CHECK_EQUAL(cublasSetPointerMode_v2(blas.handle, 0), 0);
  CHECK_REFUSED(run(blas, g, types, d, &one, factors.pointer()), kInvalid, "bad argument", "beta is a device pointer");
}

void tf32(Random& random) {
  Blas blas;
  const Types& types = kTypes[0];
  const GemmCase g(types.in, types.out, random);
  GemmCase rounded = g;
  for (std::vector<double>* values : {&rounded.a, &rounded.b}) {
    for (double& value : *values) {  // 11 significant bits
      int exponent;
      const double fraction = std::frexp(value, &exponent);
      value = std::ldexp(std::round(std::ldexp(fraction, 11)), exponent - 11);
    }
  }
  rounded.expect(types.in, types.out);
  const float alpha = static_cast<float>(g.alpha), beta = static_cast<float>(g.beta);
  const struct {
    int mode, compute;
    const GemmCase& wanted;
  } cases[] = {{0, kCompute32F, g}, {3, kCompute32F, rounded}, {0, kComputeFastTF32, rounded}, {2, kCompute32F, g}};
  for (const auto& each : cases) {
    OnDevice d(g, types);
    int mode = -1;
    CHECK_EQUAL(cublasSetMathMode(blas.handle, each.mode), 0);
    CHECK_EQUAL(cublasGetMathMode(blas.handle, &mode), 0);
    CHECK_EQUAL(mode, each.mode);
    CHECK_EQUAL(run(blas, g, types, d, &alpha, &beta, each.compute), 0);
    near(d.c.get(), each.wanted.wanted, each.wanted.bounds, "math mode " + std::to_string(each.mode));
  }
  OnDevice d(g, types);
  ::setenv("NVIDIA_TF32_OVERRIDE", "0", 1);
  CHECK_EQUAL(run(blas, g, types, d, &alpha, &beta, kComputeFastTF32), 0);
  ::unsetenv("NVIDIA_TF32_OVERRIDE");
  near(d.c.get(), g.wanted, g.bounds, "NVIDIA_TF32_OVERRIDE=0");
  silent("tf32");
}

void typed_and_batched(Random& random) {
  Blas blas;
  const GemmCase g(Element::kF32, Element::kF32, random), h(Element::kF64, Element::kF64, random);
  const float alpha = static_cast<float>(g.alpha), beta = static_cast<float>(g.beta);
  OnDevice d(g, kTypes[0]), e(h, kTypes[1]);
  CHECK_EQUAL(cublasSgemm_v2(blas.handle, g.ta, g.tb, g.m, g.n, g.k, &alpha, d.a.as<float>(), g.lda, d.b.as<float>(),
                             g.ldb, &beta, d.c.as<float>(), g.ldc),
              0);
  near(d.c.get(), g.wanted, g.bounds, "cublasSgemm");
  CHECK_EQUAL(cublasDgemm_v2_64(blas.handle, h.ta, h.tb, h.m, h.n, h.k, &h.alpha, e.a.as<double>(), h.lda,
                                e.b.as<double>(), h.ldb, &h.beta, e.c.as<double>(), h.ldc),
              0);
  near(e.c.get(), h.wanted, h.bounds, "cublasDgemm_64");
  silent("typed products");
}

void batches(Random& random) {
  Blas blas;
  constexpr int kBatch = 5, m = 7, n = 9, k = 11;
  const float alpha = 1, beta = 0;
  const Element type = Element::kBF16;
  const std::vector<double> a = uniform(m * k * kBatch, type, random), b = uniform(k * n, type, random);
  std::vector<double> wanted(m * n * kBatch), bounds(wanted);
  for (int i = 0; i < kBatch; ++i) {
    for (int at = 0; at < m * n; ++at) {
      double sum = 0;
      for (int p = 0; p < k; ++p) sum += a[z(i * m * k + p * m + at % m)] * b[z(at / m * k + p)];
      wanted[z(i * m * n + at)] = sum;
      bounds[z(i * m * n + at)] = (k + 3) * unit(Element::kF32) * k;
    }
  }
  DeviceArray da(type, a), db(type, b), dc(Element::kF32, m * n, kBatch, m * n + 6);
  // One B for all: a stride of zero.
  CHECK_EQUAL(
      cublasGemmStridedBatchedEx(blas.handle, kN, kN, m, n, k, &alpha, da.pointer(), kR16BF, m, m * k, db.pointer(),
                                 kR16BF, k, 0, &beta, dc.pointer(), kR32F, m, m * n + 6, kBatch, kCompute32F, -1),
      0);
  near(dc.get(), wanted, bounds, "cublasGemmStridedBatchedEx");

  DeviceArray by_pointers(Element::kF32, m * n, kBatch, m * n + 6);
  std::vector<void*> pointers;
  for (int i = 0; i < kBatch; ++i) pointers.push_back(da.as<uint16_t>() + i * m * k);
  for (int i = 0; i < kBatch; ++i) pointers.push_back(db.pointer());
  for (int i = 0; i < kBatch; ++i) pointers.push_back(by_pointers.as<float>() + i * (m * n + 6));
  Buffer array(pointers.size() * sizeof(void*));
  cudaMemcpy(array.get(), pointers.data(), pointers.size() * sizeof(void*), kHostToDevice);
  void** all = reinterpret_cast<void**>(array.get());
  CHECK_EQUAL(cublasGemmBatchedEx(blas.handle, kN, kN, m, n, k, &alpha, all, kR16BF, m, all + kBatch, kR16BF, k, &beta,
                                  all + 2 * kBatch, kR32F, m, kBatch, kCompute32F, -1),
              0);
  near(by_pointers.get(), wanted, bounds, "cublasGemmBatchedEx");
  silent("batches");
}

void refusals() {
  Blas blas;
  DeviceArray a(Element::kF32, 16), b(Element::kF32, 16), c(Element::kF32, 16);
  const float one = 1;
  const auto gemm = [&](void* handle, int ta, int m, int lda, const void* left, int type = kR32F,
                        int compute = kCompute32F) {
    return cublasGemmEx(handle, ta, kN, m, 4, 4, &one, left, type, lda, b.pointer(), kR32F, 4, &one, c.pointer(), kR32F,
                        4, compute, -1);
  };
  void* dead = nullptr;
  CHECK_EQUAL(cublasCreate_v2(&dead), 0);
  CHECK_EQUAL(cublasDestroy_v2(dead), 0);
  CHECK_REFUSED(gemm(nullptr, kN, 4, 4, a.pointer()), kNotInitialized, "bad handle", "null cublasHandle_t");
  CHECK_REFUSED(gemm(dead, kN, 4, 4, a.pointer()), kNotInitialized, "bad handle", "destroyed cublasHandle_t");
  CHECK_REFUSED(gemm(&blas, kN, 4, 4, a.pointer()), kNotInitialized, "bad handle", "no cublasHandle_t");
  CHECK_REFUSED(gemm(blas.handle, 5, 4, 4, a.pointer()), kInvalid, "bad argument", "operation");
  CHECK_REFUSED(gemm(blas.handle, kN, -1, 4, a.pointer()), kInvalid, "bad argument", "m = -1");
  CHECK_REFUSED(gemm(blas.handle, kN, 4, 3, a.pointer()), kInvalid, "bad argument", "lda = 3");
  CHECK_REFUSED(gemm(blas.handle, kN, 4, 4, nullptr), kInvalid, "bad argument", "A is a null pointer");
  CHECK_REFUSED(gemm(blas.handle, kN, 4, 4, a.as<char>() + 2), kInvalid, "bad argument", "not aligned");
  CHECK_REFUSED(gemm(blas.handle, kN, 4, 4, a.pointer(), kR16BF), kNotSupported, "bad argument", "no combination");
  CHECK_REFUSED(gemm(blas.handle, kN, 4, 4, a.pointer(), 3), kNotSupported, "not emulated", "types 3");
  CHECK_REFUSED(gemm(blas.handle, kN, 4, 4, a.pointer(), kR32F, 64), kNotSupported, "not emulated", "compute type 64");
  CHECK_REFUSED(cublasSetMathMode(blas.handle, 9), kInvalid, "bad argument", "9");
  CHECK_REFUSED(cublasSetStream_v2(blas.handle, &blas), kInvalid, "bad handle", "cublasSetStream");
  CHECK_REFUSED(cublasStrsm_v2(), kNotSupported, "not emulated", "cublasStrsm_v2");
  int version = 0;
  CHECK_EQUAL(cublasGetVersion_v2(blas.handle, &version), 0);
  CHECK_EQUAL(version / 10000, 13);
  CHECK_EQUAL(std::string(cublasGetStatusName(13)), "CUBLAS_STATUS_EXECUTION_FAILED");
  CHECK_EQUAL(std::string(cublasGetStatusString(0)), "success");
}

// What only shows when the work runs: a matrix larger than its memory, an operand that was never written.
void found_at_execution() {
  const float one = 1, zero = 0;
  DeviceArray written(Element::kF32, std::vector<double>(16, 1.0)), c(Element::kF32, 16);
  const auto product = [&](const float* a, float* result) {
    kib_emulator_reset(1);
    void* handle = nullptr;
    CHECK_EQUAL(cublasCreate_v2(&handle), 0);
    CHECK_EQUAL(cublasSgemm_v2(handle, kN, kN, 4, 4, 4, &one, a, 4, written.as<float>(), 4, &zero, result, 4), 0);
    cudaDeviceSynchronize();
    cublasDestroy_v2(handle);  // fails after a fault
  };
  product(written.as<float>() + 1, c.as<float>());
  CHECK_CONTAINS(last_report(), "cublasSgemm, operand A");
  CHECK_EQUAL(found("out of bounds"), 1);
  kib_emulator_reset(1);
  DeviceArray nothing(Element::kF32, 16);
  product(nothing.as<float>(), c.as<float>());
  CHECK_CONTAINS(last_report(), "cublasSgemm, operand A");
  CHECK_EQUAL(found("uninitialised read"), 1);
  product(written.as<float>(), c.as<float>() + 4);
  CHECK_CONTAINS(last_report(), "cublasSgemm, the result");
  CHECK_EQUAL(found("out of bounds"), 1);
  kib_emulator_reset(1);
}

void workspace() {
  Blas blas;
  const float one = 1, zero = 0;
  DeviceArray a(Element::kF32, std::vector<double>(16, 1.0)), c(Element::kF32, 16), space(Element::kF32, 4096);
  space.set(std::vector<double>(4096, 3.0));
  CHECK_REFUSED(cublasSetWorkspace_v2(blas.handle, space.as<char>() + 4, 16), kInvalid, "bad argument", "256 bytes");
  const auto product = [&]() {
    return cublasSgemm_v2(blas.handle, kN, kN, 4, 4, 4, &one, a.as<float>(), 4, a.as<float>(), 4, &zero, c.as<float>(),
                          4);
  };
  CHECK_EQUAL(cublasSetWorkspace_v2(blas.handle, space.pointer(), 16383), 0);
  CHECK_REFUSED(product(), 3, "bad argument", "16384 are needed");
  CHECK_EQUAL(cublasSetWorkspace_v2(blas.handle, space.pointer(), 16384), 0);
  CHECK_EQUAL(product(), 0);
  for (const double value : space.get()) CHECK(std::isnan(value));  // nothing lives there from call to call
  for (const double value : c.get()) CHECK_EQUAL(value, 4.0);
  silent("a workspace");
}

// A product on its own stream, captured once and launched three times with what A is then.
void captured() {
  Blas blas;
  StreamHandle stream = nullptr;
  void* seen = nullptr;
  cudaStreamCreateWithFlags(&stream, kNonBlocking);
  CHECK_EQUAL(cublasSetStream_v2(blas.handle, stream), 0);
  CHECK_EQUAL(cublasGetStream_v2(blas.handle, &seen), 0);
  CHECK(seen == stream);
  const float one = 1, zero = 0;
  DeviceArray a(Element::kF32, std::vector<double>(16, 1.0)), c(Element::kF32, std::vector<double>(16, 0.0));
  GraphHandle graph = nullptr;
  ExecHandle exec = nullptr;
  CHECK_EQUAL(cudaStreamBeginCapture(stream, 0), 0);
  CHECK_EQUAL(
      cublasSgemm_v2(blas.handle, kN, kT, 4, 4, 4, &one, a.as<float>(), 4, a.as<float>(), 4, &zero, c.as<float>(), 4),
      0);
  CHECK_EQUAL(cudaStreamEndCapture(stream, &graph), 0);
  CHECK_EQUAL(cudaGraphInstantiate(&exec, graph, 0), 0);
  cudaDeviceSynchronize();
  for (const double value : c.get()) CHECK_EQUAL(value, 0.0);  // only recorded
  for (const double factor : {1.0, 2.0, 3.0}) {
    a.set(std::vector<double>(16, factor));
    CHECK_EQUAL(cudaGraphLaunch(exec, stream), 0);
    CHECK_EQUAL(cudaStreamSynchronize(stream), 0);
    for (const double value : c.get()) CHECK_EQUAL(value, 4 * factor * factor);
  }
  silent("a captured product");
  CHECK_EQUAL(cudaStreamBeginCapture(stream, 0), 0);
  void* other = nullptr;
  CHECK(cublasCreate_v2(&other) != 0);
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
  every_type(random);
  device_factors(random);
  tf32(random);
  typed_and_batched(random);
  batches(random);
  refusals();
  workspace();
  captured();
  found_at_execution();
  return result();
}
