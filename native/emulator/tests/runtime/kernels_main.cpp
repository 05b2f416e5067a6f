// Calls a library that nvcc built with -cudart shared, on the emulated device: kernels_main all|missing|registers.
#include <cmath>
#include <cstring>
#include <vector>

#include "check.h"
#include "cuda_calls.h"
#include "kernels.h"

using namespace kib::test;

namespace {

std::vector<float> numbers(size_t n) {
  std::vector<float> made(n);
  for (size_t i = 0; i < n; ++i) made[i] = static_cast<float>(i % 17) - 8;
  return made;
}

float* floats(const Buffer& buffer) { return reinterpret_cast<float*>(buffer.get()); }

void plain_launches() {
  const int n = 1000;
  const std::vector<float> from = numbers(n);
  std::vector<float> to(n);
  Buffer a(4 * n), b(4 * n);
  CHECK_EQUAL(cudaMemcpy(a.get(), from.data(), 4 * n, kHostToDevice), 0);
  CHECK_EQUAL(scale(floats(b), floats(a), 3, n, nullptr), 0);
  CHECK_EQUAL(cudaMemcpy(to.data(), b.get(), 4 * n, kDeviceToHost), 0);
  for (size_t i = 0; i < n; ++i) CHECK_EQUAL(to[i], from[i] * 3);
  CHECK_EQUAL(block_sums(floats(b), floats(a), n, 128, nullptr), 0);
  CHECK_EQUAL(cudaMemcpy(to.data(), b.get(), 4 * 8, kDeviceToHost), 0);
  for (size_t block = 0; block < 8; ++block) {
    float sum = 0;
    for (size_t i = block * 128; i < std::min<size_t>(n, block * 128 + 128); ++i) sum += from[i];
    CHECK_EQUAL(to[block], sum);
  }
  CHECK_EQUAL(fill_shape(floats(b), {'k', int64_t{1} << 20, 0.5f}, nullptr), 0);
  CHECK_EQUAL(cudaMemcpy(to.data(), b.get(), 12, kDeviceToHost), 0);
  CHECK(to[0] == 'k' && to[1] == 1048576 && to[2] == 0.5f);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
}

void variables() {
  Buffer a(16);
  float to[4];
  CHECK_EQUAL(set_constant(5), 0);
  CHECK_EQUAL(cudaMemset(a.get(), 0, 16), 0);
  CHECK_EQUAL(add_constant(floats(a), 4, nullptr), 0);
  CHECK_EQUAL(cudaMemcpy(to, a.get(), 16, kDeviceToHost), 0);
  CHECK(to[0] == 5 && to[1] == 6 && to[2] == 5 && to[3] == 6);
  const int before = counted();
  CHECK_EQUAL(count_launches(nullptr), 0);
  CHECK_EQUAL(counted(), before + 64);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
}

void limits() {
  Buffer a(1024);
  float to[32];
  int threads = 0, shared = -1, blocks = 0;
  CHECK_EQUAL(differing_properties(), 0);
  CHECK_EQUAL(attributes(&threads, &shared, &blocks), 0);
  CHECK_EQUAL(threads, 64);
  CHECK_EQUAL(shared, 0);
  CHECK(blocks >= 1 && blocks <= 8);
  CHECK_EQUAL(big_shared(floats(a), 64 << 10, true, nullptr), 0);
  CHECK_EQUAL(cudaMemcpy(to, a.get(), 128, kDeviceToHost), 0);
  CHECK(to[0] == 31 && to[31] == 0);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  CHECK_EQUAL(bad_block(floats(a), nullptr), 701);
  CHECK_CONTAINS(last_report(),
                 "bounded_kernel(float*): a block of 128x1x1 threads is beyond the kernel's own limit of 64");
  CHECK_EQUAL(big_shared(floats(a), 96 << 10, false, nullptr), kInvalidValue);
  CHECK_CONTAINS(last_report(), "98304 bytes of dynamic shared memory are more than the 65536 allowed");
  CHECK_EQUAL(big_shared(floats(a), 512 << 10, true, nullptr), kInvalidValue);
  CHECK_CONTAINS(last_report(), "that a block of this kernel can have");
  kib_emulator_clear();
}

void cooperation() {
  const int n = 16;
  Buffer a(4 * (n + 1));
  int to[n + 1];
  CHECK_EQUAL(cudaMemset(a.get(), 0, sizeof to), 0);
  CHECK_EQUAL(all_blocks(reinterpret_cast<int*>(a.get()), n, nullptr), 0);
  CHECK_EQUAL(cudaMemcpy(to, a.get(), sizeof to, kDeviceToHost), 0);
  for (int value : to) CHECK_EQUAL(value, n);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  CHECK_EQUAL(all_blocks(reinterpret_cast<int*>(a.get()), 100000, nullptr), 720);
  kib_emulator_clear();
}

// Two kernels in two streams: the second reads what the first writes.
int chain(bool waits) {
  StreamHandle s, t;
  EventHandle event;
  cudaStreamCreateWithFlags(&s, kNonBlocking);
  cudaStreamCreateWithFlags(&t, kNonBlocking);
  cudaEventCreateWithFlags(&event, 2);
  float one = 1, result = 0;
  {
    Buffer a(4), b(4), c(4);
    cudaMemcpy(a.get(), &one, 4, kHostToDevice);
    cudaMemset(b.get(), 0, 4);
    cudaDeviceSynchronize();
    scale(floats(b), floats(a), 2, 1, s);
    if (waits) {
      cudaEventRecord(event, s);
      cudaStreamWaitEvent(t, event, 0);
    }
    scale(floats(c), floats(b), 3, 1, t);
    cudaMemcpyAsync(&result, c.get(), 4, kDeviceToHost, t);
  }
  cudaStreamDestroy(s);
  cudaStreamDestroy(t);
  cudaEventDestroy(event);
  return result == 6;
}

void seeds() {
  int right[2] = {0, 0};
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    for (bool waits : {false, true}) {
      kib_emulator_reset(seed);
      right[waits] += chain(waits);
      CHECK_EQUAL(kib_emulator_report_count(), waits ? 0u : 1u);
      if (waits) continue;
      CHECK_CONTAINS(last_report(), "unordered access in kernel void (anonymous namespace)::scale_kernel");
      CHECK_CONTAINS(last_report(), "that another launch of kernel void (anonymous namespace)::scale_kernel");
      CHECK_CONTAINS(last_report(), "kernels.cu:14 ");  // the other's line
    }
  }
  std::printf("a missing wait between kernels is seen under %d of 100 seeds\n", 100 - right[0]);
  CHECK_EQUAL(right[1], 100);
  CHECK(right[0] <= 90);
}

void captured() {
  kib_emulator_reset(1);
  const int n = 64;
  const std::vector<float> from = numbers(n);
  std::vector<float> to(n);
  Buffer a(4 * n);
  StreamHandle stream;
  GraphHandle graph;
  ExecHandle exec;
  cudaStreamCreateWithFlags(&stream, kNonBlocking);
  CHECK_EQUAL(cudaMemcpyAsync(a.get(), from.data(), 4 * n, kHostToDevice, stream), 0);
  CHECK_EQUAL(cudaStreamBeginCapture(stream, 0), 0);
  CHECK_EQUAL(scale(floats(a), floats(a), 2, n, stream), 0);
  CHECK_EQUAL(cudaStreamEndCapture(stream, &graph), 0);
  CHECK_EQUAL(cudaGraphInstantiate(&exec, graph, 0), 0);
  for (int i = 0; i < 3; ++i) CHECK_EQUAL(cudaGraphLaunch(exec, stream), 0);
  CHECK_EQUAL(cudaMemcpyAsync(to.data(), a.get(), 4 * n, kDeviceToHost, stream), 0);
  for (size_t i = 0; i < n; ++i) CHECK_EQUAL(to[i], from[i] * 8);
  cudaGraphDestroy(graph);
  cudaGraphExecDestroy(exec);
  cudaStreamDestroy(stream);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
}

void faults() {
  StreamHandle stream;
  cudaStreamCreateWithFlags(&stream, kNonBlocking);
  void* a = nullptr;
  CHECK_EQUAL(cudaMalloc(&a, 128), 0);
  CHECK_EQUAL(write_behind(static_cast<float*>(a), 1, stream), 0);  // late
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  CHECK_EQUAL(cudaStreamSynchronize(stream), 700);
  CHECK_EQUAL(found("out of bounds"), 1);
  CHECK_CONTAINS(last_report(), "behind_kernel");
  CHECK_CONTAINS(last_report(), "kernels.cu:");
  CHECK_CONTAINS(last_report(), "thread (31,0,0)");
  CHECK_EQUAL(cudaMemsetAsync(a, 0, 4, stream), 700);
  CHECK_EQUAL(cudaGetLastError(), 700);
  kib_emulator_reset(1);
  CHECK_EQUAL(cudaFree(a), 0);
  CHECK_EQUAL(cudaStreamDestroy(stream), 0);
}

}  // namespace

int main(int, char** arguments) {
  if (std::strcmp(arguments[1], "missing") == 0) {
    Buffer a(4);
    const int error = scale(floats(a), floats(a), 1, 1, nullptr);
    std::printf("error %d %s\n", error, cudaGetErrorName(error));
    return 0;
  }
  if (std::strcmp(arguments[1], "registers") == 0) {
    Buffer a(4);
    std::printf("wide_kernel has %d registers\n", wide_registers());
    const int error = wide_launch(floats(a), nullptr);
    std::printf("error %d %s\n", error, cudaGetErrorName(error));
    return 0;
  }
  plain_launches();
  variables();
  limits();
  cooperation();
  seeds();
  captured();
  faults();
  return result();
}
