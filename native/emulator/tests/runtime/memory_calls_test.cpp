// Memory through CUDA's functions: allocation, copies of every kind, fills, and what is wrong with them.
#include <numeric>
#include <vector>

#include "check.h"
#include "cuda_calls.h"

using namespace kib::test;

namespace {

void allocation() {
  size_t free = 0, total = 0, left = 0;
  CHECK_EQUAL(cudaMemGetInfo(&free, &total), 0);
  CHECK_EQUAL(free, total);
  void *p = nullptr;
  CHECK_EQUAL(cudaMalloc(&p, 1000), 0);
  CHECK_EQUAL(cudaMemGetInfo(&left, &total), 0);
  CHECK_EQUAL(free - left, 1000u);
  CHECK_EQUAL(cudaFree(p), 0);
  CHECK_EQUAL(cudaFree(nullptr), 0);
  CHECK_EQUAL(cudaMalloc(&p, 0), 0);
  CHECK(p == nullptr);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  CHECK_EQUAL(cudaMalloc(&p, total + 1), 2);
  CHECK(p == nullptr);
  CHECK_EQUAL(cudaPeekAtLastError(), 2);
  CHECK_EQUAL(cudaGetLastError(), 2);
  CHECK_EQUAL(cudaGetLastError(), 0);
  CHECK_EQUAL(std::string(cudaGetErrorName(2)), "cudaErrorMemoryAllocation");
  CHECK_EQUAL(std::string(cudaGetErrorString(2)), "out of memory");
  CHECK_EQUAL(cudaMallocManaged(&p, 8, 1), 801);
  CHECK_CONTAINS(last_report(), "no managed memory; use cudaMalloc");
  CHECK_EQUAL(cudaMalloc(&p, 16), 0);
  CHECK_EQUAL(cudaFree(p), 0);
  CHECK_EQUAL(cudaFree(p), kInvalidValue);
  CHECK_CONTAINS(last_report(), "is freed a second time");
  CHECK_CONTAINS(last_report(), "cudaMalloc");
  CHECK_CONTAINS(last_report(), "memory_calls_test");
  kib_emulator_reset(1);
}

// What another process holds is nobody's here, and what finds no memory fails with memory there.
void shortage() {
  size_t free = 0, total = 0;
  kib_emulator_take(total = 1 << 20);
  CHECK_EQUAL(cudaMemGetInfo(&free, &total), 0);
  CHECK_EQUAL(free, total - (1 << 20));
  void *p = nullptr;
  CHECK_EQUAL(cudaMalloc(&p, free + 1), 2);
  CHECK_EQUAL(cudaMalloc(&p, free), 0);
  kib_emulator_take(~uint64_t{0});
  CHECK_EQUAL(cudaMemGetInfo(&free, &total), 0);
  CHECK_EQUAL(free, 0u);
  CHECK_EQUAL(cudaFree(p), 0);
  CHECK_EQUAL(cudaMalloc(&p, 1), 2);
  kib_emulator_reset(1);
  CHECK_EQUAL(cudaMemGetInfo(&free, &total), 0);
  CHECK_EQUAL(free, total);

  kib_emulator_let_find_no_memory("cudaMallocHost,cudaSetDevice");
  CHECK_EQUAL(cudaMallocHost(&p, 4), 2);
  CHECK_EQUAL(cudaSetDevice(0), 2);
  CHECK_EQUAL(cudaSetDevice(1), 101);
  CHECK_EQUAL(cudaGetLastError(), 101);
  CHECK_EQUAL(cudaMalloc(&p, 4), 0);
  CHECK_EQUAL(cudaFree(p), 0);
  kib_emulator_let_find_no_memory("");
  CHECK_EQUAL(cudaSetDevice(0), 0);
  kib_emulator_let_find_no_memory("cudaSetDevice");
  kib_emulator_reset(1);
  CHECK_EQUAL(cudaSetDevice(0), 0);
}

void copies() {
  std::vector<int> from(100), to(100);
  std::iota(from.begin(), from.end(), 7);
  Buffer a(400), b(400);
  for (int kind : {kHostToDevice, kDefault}) {
    CHECK_EQUAL(cudaMemset(a.get(), 0, 400), 0);
    CHECK_EQUAL(cudaMemcpy(a.get(), from.data(), 400, kind), 0);
    CHECK_EQUAL(cudaMemcpy(b.get(), a.get(), 400, kind == kDefault ? kDefault : kDeviceToDevice), 0);
    to.assign(100, 0);
    CHECK_EQUAL(cudaMemcpy(to.data(), b.get(), 400, kind == kDefault ? kDefault : kDeviceToHost), 0);
    CHECK(to == from);
  }
  CHECK_EQUAL(cudaMemset(b.get() + 4, 1, 4), 0);
  CHECK_EQUAL(cudaMemcpy(to.data(), b.get(), 400, kDeviceToHost), 0);
  CHECK(to[0] == 7 && to[1] == 0x01010101 && to[2] == 9);
  // Rows of 12 bytes: from a pitch of 40 in the host's memory to 20 on the device, and back.
  CHECK_EQUAL(cudaMemcpy2D(a.get(), 20, from.data(), 40, 12, 10, kHostToDevice), 0);
  std::vector<int> rows(30, 0);
  CHECK_EQUAL(cudaMemcpy2D(rows.data(), 12, a.get(), 20, 12, 10, kDeviceToHost), 0);
  for (int i = 0; i < 30; ++i) CHECK_EQUAL(rows[static_cast<size_t>(i)], 7 + i / 3 * 10 + i % 3);
  CHECK_EQUAL(cudaMemset2D(a.get(), 20, 2, 4, 10), 0);
  CHECK_EQUAL(cudaMemcpy2D(rows.data(), 12, a.get(), 20, 12, 10, kDeviceToHost), 0);
  CHECK(rows[27] == 0x02020202 && rows[28] == 98);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
}

void wrong_copies() {
  std::vector<int> host(100);
  Buffer a(400), b(400);
  CHECK_EQUAL(cudaMemcpy(a.get(), host.data(), 404, kHostToDevice), kInvalidValue);
  CHECK_CONTAINS(last_report(), "out of bounds: cudaMemcpy: 404 bytes");
  CHECK_EQUAL(cudaMemcpy(a.get(), host.data(), 400, kDeviceToHost), kInvalidValue);
  CHECK_CONTAINS(last_report(), "copies from host to device memory, but names another direction");
  CHECK_EQUAL(cudaMemcpy(a.get(), host.data(), 400, 5), 21);
  CHECK_EQUAL(cudaMemcpy(a.get(), nullptr, 400, kHostToDevice), kInvalidValue);
  CHECK_EQUAL(cudaMemcpy2D(a.get(), 8, host.data(), 12, 12, 2, kHostToDevice), 12);
  CHECK_EQUAL(cudaMemset(a.get(), 0, 401), kInvalidValue);
  CHECK_EQUAL(found("out of bounds"), 2);
  kib_emulator_clear();
  CHECK_EQUAL(cudaMemset(a.get(), 0, 100), 0);
  CHECK_EQUAL(cudaMemcpy(b.get(), a.get(), 400, kDeviceToDevice), 0);  // partly initialised: no finding
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  CHECK_EQUAL(cudaMemcpy(host.data(), b.get(), 400, kDeviceToHost), 0);
  CHECK_EQUAL(found("uninitialised read"), 1);
  CHECK_CONTAINS(last_report(), "byte 100 of the 400");
  kib_emulator_reset(1);
}

// Pageable memory is read when the call is made, pinned memory when the stream comes to it.
void late_reads() {
  StreamHandle stream;
  CHECK_EQUAL(cudaStreamCreateWithFlags(&stream, kNonBlocking), 0);
  Buffer a(4), b(4);
  int pageable = 1, result[2] = {0, 0};
  Pinned pinned(4);
  pinned.ints()[0] = 1;
  CHECK_EQUAL(cudaMemcpyAsync(a.get(), &pageable, 4, kHostToDevice, stream), 0);
  CHECK_EQUAL(cudaMemcpyAsync(b.get(), pinned.ints(), 4, kHostToDevice, stream), 0);
  pageable = pinned.ints()[0] = 2;  // too early: a finding
  CHECK_EQUAL(found("host access during a copy"), 1);
  kib_emulator_clear();
  CHECK_EQUAL(cudaMemcpyAsync(&result[0], a.get(), 4, kDeviceToHost, stream), 0);
  CHECK_EQUAL(result[0], 1);  // a copy to pageable memory waits
  CHECK_EQUAL(cudaMemcpyAsync(&result[1], b.get(), 4, kDeviceToHost, stream), 0);
  CHECK_EQUAL(result[1], 2);
  CHECK_EQUAL(cudaMemcpyAsync(pinned.ints(), a.get(), 4, kDeviceToHost, stream), 0);
  CHECK_EQUAL(pinned.ints()[0], 2);  // not yet, and too early again
  CHECK_EQUAL(found("host access during a copy"), 1);
  kib_emulator_clear();
  CHECK_EQUAL(cudaStreamSynchronize(stream), 0);
  CHECK_EQUAL(pinned.ints()[0], 1);

  int registered = 5;
  CHECK_EQUAL(cudaHostRegister(&registered, 4, 0), 0);
  CHECK_EQUAL(cudaHostRegister(&registered, 4, 0), 712);
  CHECK_EQUAL(cudaMemcpyAsync(a.get(), &registered, 4, kHostToDevice, stream), 0);
  registered = 6;
  CHECK_EQUAL(cudaMemcpyAsync(&result[0], a.get(), 4, kDeviceToHost, stream), 0);
  CHECK_EQUAL(result[0], 6);
  CHECK_EQUAL(cudaHostUnregister(&registered), 0);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  CHECK_EQUAL(cudaHostUnregister(&registered), 713);
  CHECK_EQUAL(cudaStreamDestroy(stream), 0);
  kib_emulator_reset(1);
}

void use_after_free() {
  StreamHandle stream;
  CHECK_EQUAL(cudaStreamCreateWithFlags(&stream, kNonBlocking), 0);
  void *freed = nullptr, *pinned = nullptr;
  Buffer a(4);
  CHECK_EQUAL(cudaMalloc(&freed, 4), 0);
  CHECK_EQUAL(cudaFree(freed), 0);
  CHECK_EQUAL(cudaMemsetAsync(freed, 0, 4, stream), kInvalidValue);
  CHECK_EQUAL(found("use after free"), 1);
  // Freed in the stream's order before the copy comes.
  CHECK_EQUAL(cudaMallocAsync(&freed, 4, stream), 0);
  CHECK_EQUAL(cudaMemsetAsync(freed, 0, 4, stream), 0);
  CHECK_EQUAL(cudaFreeAsync(freed, stream), 0);
  CHECK_EQUAL(cudaMemcpyAsync(a.get(), freed, 4, kDeviceToDevice, stream), 0);
  CHECK_EQUAL(cudaStreamSynchronize(stream), 700);
  CHECK_EQUAL(found("use after free"), 2);
  CHECK_CONTAINS(last_report(), "cudaMemcpyAsync: 4 bytes");
  CHECK_EQUAL(cudaGetLastError(), 700);  // and for good
  CHECK_EQUAL(cudaGetLastError(), 700);
  CHECK_EQUAL(cudaMalloc(&freed, 4), 700);
  kib_emulator_reset(1);
  // Pinned memory that goes before the copy comes.
  CHECK_EQUAL(cudaMallocHost(&pinned, 4), 0);
  CHECK_EQUAL(cudaMemcpyAsync(a.get(), pinned, 4, kHostToDevice, stream), 0);
  CHECK_EQUAL(cudaFreeHost(pinned), 0);
  CHECK_EQUAL(cudaStreamSynchronize(stream), 700);
  CHECK_CONTAINS(last_report(), "the pinned memory was freed before the stream came to the copy");
  kib_emulator_reset(1);
  // The clean twin.
  CHECK_EQUAL(cudaMallocHost(&pinned, 4), 0);
  CHECK_EQUAL(cudaMemcpyAsync(a.get(), pinned, 4, kHostToDevice, stream), 0);
  CHECK_EQUAL(cudaStreamSynchronize(stream), 0);
  CHECK_EQUAL(cudaFreeHost(pinned), 0);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  CHECK_EQUAL(cudaStreamDestroy(stream), 0);
}

void leaks() {
  void *device = nullptr, *pinned = nullptr;
  CHECK_EQUAL(cudaMalloc(&device, 24), 0);
  CHECK_EQUAL(cudaMallocHost(&pinned, 48), 0);
  CHECK_EQUAL(kib_emulator_check_leaks(), 2u);
  CHECK_EQUAL(found("leak"), 2);
  CHECK_EQUAL(cudaFree(device), 0);
  CHECK_EQUAL(cudaFreeHost(pinned), 0);
  CHECK_EQUAL(kib_emulator_check_leaks(), 0u);
  kib_emulator_clear();
}

struct PointerAttributes {
  int type, device;
  void *device_pointer, *host_pointer;
  long reserved[8];
};

void attributes() {
  Buffer a(4);
  Pinned b(4);
  int c = 0;
  PointerAttributes of{};
  CHECK_EQUAL(cudaPointerGetAttributes(&of, a.get() + 3), 0);
  CHECK(of.type == 2 && of.device_pointer == a.get() + 3 && of.host_pointer == nullptr);
  CHECK_EQUAL(cudaPointerGetAttributes(&of, b.ints()), 0);
  CHECK_EQUAL(of.type, 1);
  CHECK_EQUAL(cudaPointerGetAttributes(&of, &c), 0);
  CHECK_EQUAL(of.type, 0);
  struct {
    char name[256];
    char rest[752];
  } properties;
  CHECK_EQUAL(cudaGetDeviceProperties(&properties, 0), 0);
  CHECK_EQUAL(std::string(properties.name), "kib4j emulated device 9.0");
  CHECK_EQUAL(cudaGetDeviceProperties(&properties, 1), 101);
  int value = 0;
  CHECK_EQUAL(cudaDeviceGetAttribute(&value, 97, 0), 0);
  CHECK_EQUAL(value, 227 << 10);
  CHECK_EQUAL(cudaDeviceGetAttribute(&value, 0, 0), kInvalidValue);
  CHECK_EQUAL(cudaGetDeviceCount(&value), 0);
  CHECK_EQUAL(value, 1);
  CHECK_EQUAL(cudaSetDevice(1), 101);
  CHECK_EQUAL(cudaGetLastError(), 101);
}

}  // namespace

int main() {
  allocation();
  shortage();
  copies();
  wrong_copies();
  late_reads();
  use_after_free();
  leaks();
  attributes();
  return result();
}
