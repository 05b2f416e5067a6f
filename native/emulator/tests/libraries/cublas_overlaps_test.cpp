// Calls of cuBLAS and cuBLASLt whose result overlaps an operand, another result or the workspace: each such mistake is
// reported with the bytes, and its neighbour that is allowed is not.
#include <random>
#include <set>

#include "cublaslt_calls.h"
#include "libraries/overlap.h"

using namespace kib::test;
using kib::emulator::Argument;
using kib::emulator::Matrix;
using kib::emulator::Part;
using kib::emulator::repeated;
using kib::emulator::shared;
using kib::emulator::Strided;
using kib::emulator::Vector;

namespace {

const float kOne = 1, kZero = 0;
const char* const kKind = "overlapping arguments";

// One finding of the kind, with the words; `run` synchronizes.
template <class Body>
void planted(const std::string& words, Body run) {
  run();
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  CHECK_EQUAL(found(kKind), 1);
  CHECK_EQUAL(kib_emulator_report_count(), uint64_t{1});
  CHECK_CONTAINS(last_report(), words);
  kib_emulator_clear();
}

template <class Body>
void clean(const std::string& what, Body run) {
  run();
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  silent(what);
}

std::multiset<uint64_t> every_byte(const Argument& argument) {
  std::multiset<uint64_t> all;
  for (const Strided& set : argument.sets) {
    std::vector<uint64_t> starts{set.address};
    for (const Strided::Dimension& d : set.dimensions) {
      std::vector<uint64_t> next;
      for (const uint64_t start : starts) {
        for (int64_t i = 0; i < d.count; ++i) next.push_back(start + static_cast<uint64_t>(i * d.stride));
      }
      starts = next;
    }
    for (const uint64_t start : starts) {
      for (uint64_t i = 0; i < set.length; ++i) all.insert(start + i);
    }
  }
  return all;
}

// Against a list of every byte.
void exact(uint64_t seed) {
  Random random(seed);
  const auto draw = [&](int64_t from, int64_t to) { return std::uniform_int_distribution<int64_t>(from, to)(random); };
  const auto argument = [&]() {
    std::vector<Strided> sets;
    for (int64_t n = draw(1, 2); n > 0; --n) {
      Strided set{static_cast<uint64_t>(draw(500, 560)), static_cast<uint64_t>(draw(1, 9)), {}};
      for (int64_t d = draw(0, 3); d > 0; --d) set.dimensions.push_back({draw(1, 4), draw(-20, 24)});
      sets.push_back(set);
    }
    return Argument("an argument", sets);
  };
  int overlapping = 0;
  for (int i = 0; i < 4000; ++i) {
    const Argument a = argument(), b = argument();
    const std::multiset<uint64_t> left = every_byte(a), right = every_byte(b);
    const std::set<uint64_t> once(left.begin(), left.end()), other(right.begin(), right.end());
    uint64_t both = 0, first = 0;
    for (const uint64_t byte : once) {
      if (other.count(byte) == 0) continue;
      if (both++ == 0) first = byte;
    }
    const kib::emulator::Shared got = shared(a, b);
    CHECK_EQUAL(got.bytes, both);
    CHECK_EQUAL(got.first, first);
    CHECK_EQUAL(repeated(a).bytes != 0, left.size() != once.size());
    overlapping += both != 0;
  }
  CHECK(overlapping > 1000 && overlapping < 3900);
  // A triangle leaves the other one free.
  const Matrix square{4096, 5, 5, 7, Element::kF32}, below = Matrix{4096 + 4, 4, 4, 7, Element::kF32};
  CHECK_EQUAL(shared({"upper", square, Part::kUpper}, {"lower", below, Part::kLower}).bytes, uint64_t{0});
  CHECK_EQUAL(shared({"lower", square, Part::kLower}, {"lower", below, Part::kLower}).bytes, uint64_t{10 * 4});
  // Two batches that lie between each other's columns.
  const Matrix slice{4096, 3, 4, 6, Element::kF32};
  CHECK_EQUAL(repeated({"slices", slice, 2, 3}).bytes, uint64_t{0});
  CHECK_EQUAL(repeated({"slices", slice, 2, 2}).bytes, uint64_t{4 * 4});
}

void products() {
  Blas blas;
  DeviceArray buffer(Element::kF32, std::vector<double>(64, 1.0)), b(Element::kF32, std::vector<double>(64, 1.0));
  float* p = buffer.as<float>();
  const auto gemm = [&](const float* left, int lda, float* c, int ldc, const float* alpha = &kOne) {
    CHECK_EQUAL(cublasSgemm_v2(blas.handle, kN, kN, 4, 4, 4, alpha, left, lda, b.as<float>(), 4, &kZero, c, ldc), 0);
  };
  planted("cublasSgemm: the result C and A share 64 bytes, the first at offset 0 of", [&]() { gemm(p, 4, p, 4); });
  planted("share 16 bytes, the first at offset 48 of", [&]() { gemm(p, 4, p + 12, 4); });
  planted("the result C and B share 4 bytes", [&]() { gemm(p, 4, b.as<float>() + 15, 4); });
  planted("share 8 bytes", [&]() { gemm(p, 8, p + 3 + 8, 8 * 2); });  // a column of A's fourth rows, and one of C's
  clean("another part of the buffer", [&]() { gemm(p, 4, p + 16, 4); });
  clean("two column slices of one buffer", [&]() { gemm(p, 8, p + 4, 8); });
  clean("A is not read where alpha is 0", [&]() { gemm(p, 4, p, 4, &kZero); });

  const auto strided = [&](float* c, int ldc, long long stride) {
    CHECK_EQUAL(cublasSgemmStridedBatched(blas.handle, kN, kN, 4, 2, 4, &kOne, b.as<float>(), 4, 0, b.as<float>(), 4, 0,
                                          &kZero, c, ldc, stride, 3),
                0);
  };
  planted("cublasSgemmStridedBatched: parts of the result C share 32 bytes", [&]() { strided(p, 4, 4); });
  planted("parts of the result C share 64 bytes", [&]() { strided(p, 4, 0); });
  clean("results one behind the other", [&]() { strided(p, 4, 8); });
  clean("results side by side", [&]() { strided(p, 12, 4); });

  Buffer array(6 * sizeof(void*));
  void** device = reinterpret_cast<void**>(array.get());
  const auto pointed = [&](float* first, float* second) {
    void* pointers[] = {b.pointer(), b.pointer(), b.pointer(), b.pointer(), first, second};
    cudaMemcpy(device, pointers, sizeof pointers, kHostToDevice);
    CHECK_EQUAL(cublasGemmBatchedEx(blas.handle, kN, kN, 4, 4, 4, &kOne, device, kR32F, 4, device + 2, kR32F, 4, &kZero,
                                    device + 4, kR32F, 4, 2, kCompute32F, -1),
                0);
  };
  planted("cublasGemmBatchedEx: parts of the result C share 64 bytes", [&]() { pointed(p, p); });
  planted("parts of the result C share 48 bytes", [&]() { pointed(p + 4, p); });
  clean("two results", [&]() { pointed(p + 16, p); });

  Buffer space(1 << 16);
  CHECK_EQUAL(cublasSetWorkspace_v2(blas.handle, space.get(), 1 << 16), 0);
  planted("the result C and the workspace share 64 bytes",
          [&]() { gemm(p, 4, reinterpret_cast<float*>(space.get()), 4); });
  clean("a workspace of its own", [&]() { gemm(p, 4, p + 16, 4); });
}

void others() {
  Blas blas;
  DeviceArray buffer(Element::kF32, std::vector<double>(64, 1.0)), b(Element::kF32, std::vector<double>(16, 1.0));
  float* p = buffer.as<float>();
  const auto axpy = [&](const float* x, int incx, float* y, int incy) {
    CHECK_EQUAL(cublasSaxpy_v2(blas.handle, 8, &kOne, x, incx, y, incy), 0);
  };
  planted("cublasSaxpy: the result y and x share 28 bytes", [&]() { axpy(p, 1, p + 1, 1); });
  planted("the result y and x share 32 bytes", [&]() { axpy(p, 1, p, -1); });
  planted("parts of the result y share 28 bytes", [&]() { axpy(b.as<float>(), 1, p, 0); });
  clean("y += y", [&]() { axpy(p, 1, p, 1); });
  clean("the odd and the even ones", [&]() { axpy(p, 2, p + 1, 2); });
  planted("cublasScopy: the result y and x share 16 bytes",
          [&]() { CHECK_EQUAL(cublasScopy_v2(blas.handle, 8, p, 1, p + 4, 1), 0); });
  planted("cublasSgemv: the result y and x share 16 bytes", [&]() {
    CHECK_EQUAL(cublasSgemv_v2(blas.handle, kN, 4, 4, &kOne, b.as<float>(), 4, p, 1, &kZero, p, 1), 0);
  });
  planted("cublasSger: the result A and y share 16 bytes",
          [&]() { CHECK_EQUAL(cublasSger_v2(blas.handle, 4, 4, &kOne, b.as<float>(), 1, p + 4, 1, p, 4), 0); });
  planted("cublasSsyrk: the result C and A share",
          [&]() { CHECK_EQUAL(cublasSsyrk_v2(blas.handle, 0, kN, 4, 4, &kOne, p, 4, &kZero, p, 4), 0); });
  const auto geam = [&](int ta, const float* a, int lda, float* c) {
    return cublasSgeam(blas.handle, ta, kN, 4, 4, &kOne, a, lda, &kOne, b.as<float>(), 4, c, 4);
  };
  clean("C += B in place", [&]() { CHECK_EQUAL(geam(kN, p, 4, p), 0); });
  CHECK_REFUSED(geam(kT, p, 4, p), kInvalid, "bad argument", "must not be transposed");
  CHECK_REFUSED(geam(kN, p, 5, p), kInvalid, "bad argument", "leading dimension");
  planted("cublasSgeam: the result C and A share 48 bytes", [&]() { CHECK_EQUAL(geam(kT, p, 4, p + 4), 0); });
  const auto dgmm = [&](const float* x, float* c) { return cublasSdgmm(blas.handle, 0, 4, 4, p, 4, x, 1, c, 4); };
  clean("rows scaled in place", [&]() { CHECK_EQUAL(dgmm(b.as<float>(), p), 0); });
  planted("cublasSdgmm: the result C and x share 16 bytes", [&]() { CHECK_EQUAL(dgmm(p + 16, p + 16), 0); });
}

void of_lt() {
  Lt lt;
  DeviceArray buffer(Element::kF32, std::vector<double>(128, 1.0)), b(Element::kF32, std::vector<double>(64, 1.0));
  float* p = buffer.as<float>();
  const LtLayout dense(Element::kF32, 4, 4, 4), wide(Element::kF32, 4, 4, 8);
  Buffer space(4096);
  const auto matmul = [&](const float* a, const float* beta, const float* c, const LtLayout& c_layout, float* d,
                          void* workspace = nullptr, size_t size = 0) {
    CHECK_EQUAL(cublasLtMatmul(lt.handle, lt.desc, &kOne, a, dense.desc, b.pointer(), dense.desc, beta, c,
                               c_layout.desc, d, dense.desc, nullptr, workspace, size, nullptr),
                0);
  };
  planted("cublasLtMatmul: the result D and A share 64 bytes", [&]() { matmul(p, &kZero, p, dense, p); });
  planted("the result D and C share 48 bytes", [&]() { matmul(b.as<float>(), &kOne, p, dense, p + 4); });
  planted("the result D and C share", [&]() { matmul(b.as<float>(), &kOne, p, wide, p); });
  clean("D is C", [&]() { matmul(b.as<float>(), &kOne, p, dense, p); });
  clean("C is not read", [&]() { matmul(b.as<float>(), &kZero, p, dense, p + 4); });
  planted("the result D and the workspace share 64 bytes",
          [&]() { matmul(b.as<float>(), &kZero, p, dense, reinterpret_cast<float*>(space.get()), space.get(), 4096); });
  const std::vector<double> ones(1024, 1.0);
  cudaMemcpy(space.get(), ones.data(), 4096, kHostToDevice);
  planted("the workspace and A share 64 bytes",
          [&]() { matmul(reinterpret_cast<float*>(space.get()), &kZero, p, dense, p, space.get(), 4096); });
  clean("a workspace of its own", [&]() { matmul(b.as<float>(), &kZero, p, dense, p, space.get(), 4096); });

  lt.set(kEpilogue, uint32_t{kBgradA});
  lt.set(kBiasPointer, static_cast<void*>(p + 15));
  planted("the result D and the bias gradient share 4 bytes", [&]() { matmul(b.as<float>(), &kZero, p, dense, p); });
  lt.set(kEpilogue, uint32_t{kBias});
  planted("the result D and the bias share 4 bytes", [&]() { matmul(b.as<float>(), &kZero, p, dense, p); });
  lt.set(kBiasPointer, static_cast<void*>(p + 16));
  clean("a bias behind D", [&]() { matmul(b.as<float>(), &kZero, p, dense, p); });
}

// One workspace of two streams; with an event between, or with one each, it is right.
void shared_workspaces() {
  Blas blas;
  Lt lt;
  const LtLayout layout(Element::kF32, 4, 4, 4);
  DeviceArray a(Element::kF32, std::vector<double>(16, 1.0)), c(Element::kF32, 32);
  Buffer space(1 << 16), other(1 << 16);
  StreamHandle streams[2] = {};
  EventHandle event = nullptr;
  for (StreamHandle& stream : streams) cudaStreamCreateWithFlags(&stream, kNonBlocking);
  cudaEventCreateWithFlags(&event, 2);
  const auto products = [&](bool by_lt, char* second, bool ordered) {
    for (int i = 0; i < 2; ++i) {
      char* workspace = i == 0 ? space.get() : second;
      float* d = c.as<float>() + 16 * i;
      if (i == 1 && ordered) {
        CHECK_EQUAL(cudaEventRecord(event, streams[0]), 0);
        CHECK_EQUAL(cudaStreamWaitEvent(streams[1], event, 0), 0);
      }
      if (by_lt) {
        CHECK_EQUAL(cublasLtMatmul(lt.handle, lt.desc, &kOne, a.pointer(), layout.desc, a.pointer(), layout.desc,
                                   &kZero, d, layout.desc, d, layout.desc, nullptr, workspace, 1 << 16, streams[i]),
                    0);
        continue;
      }
      CHECK_EQUAL(cublasSetStream_v2(blas.handle, streams[i]), 0);
      CHECK_EQUAL(cublasSetWorkspace_v2(blas.handle, workspace, 1 << 16), 0);
      CHECK_EQUAL(cublasSgemm_v2(blas.handle, kN, kN, 4, 4, 4, &kOne, a.as<float>(), 4, a.as<float>(), 4, &kZero, d, 4),
                  0);
    }
    CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  };
  for (const bool by_lt : {false, true}) {
    products(by_lt, space.get(), false);
    CHECK(found("unordered access") >= 1);
    CHECK_CONTAINS(last_report(), by_lt ? "cublasLtMatmul" : "cublasSgemm");
    kib_emulator_clear();
    clean("the second stream waits", [&]() { products(by_lt, space.get(), true); });
    clean("a workspace each", [&]() { products(by_lt, other.get(), false); });
  }
  cudaEventDestroy(event);
  for (StreamHandle stream : streams) cudaStreamDestroy(stream);
}

// Of equal findings, which differ in numbers alone, five are reported; another buffer's are others.
void thinned() {
  Blas blas;
  DeviceArray buffer(Element::kF32, std::vector<double>(128, 1.0)), b(Element::kF32, std::vector<double>(64, 1.0));
  const auto products = [&](float* p) {
    for (int i = 0; i < 30; ++i) {
      CHECK_EQUAL(cublasSgemm_v2(blas.handle, kN, kN, 4, 4, 4, &kOne, p, 4, b.as<float>(), 4, &kZero, p + i % 7, 4), 0);
    }
    CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  };
  products(buffer.as<float>());
  CHECK_EQUAL(found(kKind), 5);
  DeviceArray other(Element::kF32, std::vector<double>(128, 1.0));
  products(other.as<float>());
  CHECK_EQUAL(found(kKind), 10);
  kib_emulator_clear();

  DeviceArray never(Element::kF32, 4, 126, 8);
  DeviceArray ones(Element::kF32, std::vector<double>(4 * 126, 1.0));
  CHECK_EQUAL(cublasSgemm_v2(blas.handle, kN, kN, 4, 4, 126, &kOne, never.as<float>(), 8, ones.as<float>(), 126, &kZero,
                             b.as<float>(), 4),
              0);
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  CHECK_EQUAL(found("uninitialised read"), 5);  // of A's 126 columns
  kib_emulator_clear();
}

}  // namespace

int main() {
  constexpr uint64_t kSeed = 77;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  exact(kSeed);
  products();
  others();
  of_lt();
  shared_workspaces();
  thinned();
  return result();
}
