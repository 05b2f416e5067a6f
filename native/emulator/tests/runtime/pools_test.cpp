// Memory in the order of streams: pools, allocation and free, what uses it out of that order, and the memory of graphs.
#include <set>
#include <vector>

#include "check.h"
#include "cuda_calls.h"

extern "C" {
using PoolHandle = struct PoolTag*;
int cudaMallocFromPoolAsync(void**, size_t, PoolHandle, StreamHandle);
int cudaMemPoolCreate(PoolHandle*, const void*);
int cudaMemPoolDestroy(PoolHandle);
int cudaMemPoolGetAttribute(PoolHandle, int, void*);
int cudaMemPoolSetAttribute(PoolHandle, int, void*);
int cudaMemPoolTrimTo(PoolHandle, size_t);
int cudaMemPoolSetAccess(PoolHandle, const void*, size_t);
int cudaMemPoolGetAccess(int*, PoolHandle, void*);
int cudaDeviceGetDefaultMemPool(PoolHandle*, int);
int cudaDeviceGetMemPool(PoolHandle*, int);
int cudaDeviceSetMemPool(int, PoolHandle);
int cudaDeviceGetGraphMemAttribute(int, int, void*);
}

using namespace kib::test;

namespace {

constexpr int kThreshold = 4, kReserved = 5, kReservedHigh = 6, kUsed = 7, kUsedHigh = 8;

uint64_t attribute(PoolHandle pool, int which) {
  uint64_t value = ~uint64_t{0};
  CHECK_EQUAL(cudaMemPoolGetAttribute(pool, which, &value), 0);
  return value;
}

struct Properties {
  int allocation = 1, handles = 0, location = 1, id = 0;
  void* security = nullptr;
  size_t most = 0;
  unsigned short usage = 0;
  unsigned char reserved[54] = {};
};

void pools() {
  PoolHandle standard = nullptr, pool = nullptr, current = nullptr;
  StreamHandle stream = nullptr;
  void *p = nullptr, *q = nullptr;
  CHECK_EQUAL(cudaStreamCreateWithFlags(&stream, kNonBlocking), 0);
  CHECK_EQUAL(cudaDeviceGetDefaultMemPool(&standard, 0), 0);
  CHECK_EQUAL(cudaDeviceGetDefaultMemPool(&current, 1), 101);
  Properties properties;
  properties.most = 10000;
  CHECK_EQUAL(cudaMemPoolCreate(&pool, &properties), 0);
  CHECK_EQUAL(cudaDeviceSetMemPool(0, pool), 0);
  CHECK_EQUAL(cudaDeviceGetMemPool(&current, 0), 0);
  CHECK(current == pool);
  CHECK_EQUAL(cudaMallocAsync(&p, 4000, stream), 0);
  CHECK_EQUAL(cudaMallocFromPoolAsync(&q, 5000, pool, stream), 0);
  CHECK_EQUAL(attribute(pool, kUsed), 9000u);
  CHECK_EQUAL(attribute(pool, kReserved), 9000u);
  void* more = nullptr;
  CHECK_EQUAL(cudaMallocAsync(&more, 1001, stream), 2);  // beyond the pool's size
  CHECK(more == nullptr);
  CHECK_EQUAL(cudaMemsetAsync(p, 1, 4000, stream), 0);
  CHECK_EQUAL(cudaFreeAsync(p, stream), 0);
  CHECK_EQUAL(attribute(pool, kUsed), 5000u);
  CHECK_EQUAL(attribute(pool, kReserved), 9000u);
  CHECK_EQUAL(cudaStreamSynchronize(stream), 0);
  CHECK_EQUAL(attribute(pool, kReserved), 5000u);  // the threshold is 0
  CHECK_EQUAL(attribute(pool, kReservedHigh), 9000u);
  CHECK_EQUAL(attribute(pool, kUsedHigh), 9000u);
  uint64_t value = 6000;
  CHECK_EQUAL(cudaMemPoolSetAttribute(pool, kThreshold, &value), 0);
  CHECK_EQUAL(attribute(pool, kThreshold), 6000u);
  CHECK_EQUAL(cudaFreeAsync(q, stream), 0);
  CHECK_EQUAL(cudaStreamSynchronize(stream), 0);
  CHECK_EQUAL(attribute(pool, kReserved), 5000u);
  CHECK_EQUAL(cudaMemPoolTrimTo(pool, 0), 0);
  CHECK_EQUAL(attribute(pool, kReserved), 0u);
  value = 0;
  CHECK_EQUAL(cudaMemPoolSetAttribute(pool, kUsedHigh, &value), 0);
  CHECK_EQUAL(attribute(pool, kUsedHigh), 0u);
  int reuse = 0;
  CHECK_EQUAL(cudaMemPoolSetAttribute(pool, 2, &reuse), 0);
  reuse = 5;
  CHECK_EQUAL(cudaMemPoolGetAttribute(pool, 2, &reuse), 0);
  CHECK_EQUAL(reuse, 0);
  int access[3] = {1, 0, 3}, flags = 0;
  CHECK_EQUAL(cudaMemPoolSetAccess(pool, access, 1), 0);
  CHECK_EQUAL(cudaMemPoolGetAccess(&flags, pool, access), 0);
  CHECK_EQUAL(flags, 3);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);

  CHECK_EQUAL(cudaMemPoolDestroy(pool), 0);
  CHECK_EQUAL(cudaDeviceGetMemPool(&current, 0), 0);
  CHECK(current == standard);
  CHECK_EQUAL(cudaMallocFromPoolAsync(&p, 8, pool, stream), kInvalidValue);
  CHECK_CONTAINS(last_report(), "bad handle: cudaMallocFromPoolAsync: the handle is no memory pool, or one that was");
  CHECK_EQUAL(cudaMemPoolDestroy(standard), kInvalidValue);
  CHECK_CONTAINS(last_report(), "the device's own pool cannot be destroyed");
  value = 7;
  CHECK_EQUAL(cudaMemPoolSetAttribute(standard, kUsedHigh, &value), kInvalidValue);
  CHECK_CONTAINS(last_report(), "can only be set to 0");
  CHECK_EQUAL(cudaMemPoolSetAttribute(standard, kUsed, &value), kInvalidValue);
  CHECK_CONTAINS(last_report(), "attribute 7 cannot be set");
  access[2] = 1;
  CHECK_EQUAL(cudaMemPoolSetAccess(standard, access, 1), kInvalidValue);
  properties.location = 2;
  CHECK_EQUAL(cudaMemPoolCreate(&pool, &properties), 801);
  CHECK_CONTAINS(last_report(), "only memory of device 0 has pools here");
  CHECK_EQUAL(cudaStreamDestroy(stream), 0);
  kib_emulator_reset(1);
}

// In the stream's own order everything is right, at any seed, and addresses come again for some.
void stream_order() {
  Streams s;
  Buffer result(400);
  bool again = false, other = false;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    kib_emulator_reset(seed);
    void *p = nullptr, *q = nullptr;
    CHECK_EQUAL(cudaMallocAsync(&p, 400, s.a), 0);
    CHECK_EQUAL(cudaMemsetAsync(p, 1, 400, s.a), 0);
    CHECK_EQUAL(cudaMemcpyAsync(result.get(), p, 400, kDeviceToDevice, s.a), 0);
    CHECK_EQUAL(cudaFreeAsync(p, s.a), 0);
    CHECK_EQUAL(cudaMallocAsync(&q, 300, s.a), 0);
    CHECK_EQUAL(cudaMemsetAsync(q, 2, 300, s.a), 0);
    // Another stream that waits for the allocation, and the free that waits for it.
    CHECK_EQUAL(cudaEventRecord(s.event, s.a), 0);
    CHECK_EQUAL(cudaStreamWaitEvent(s.b, s.event, 0), 0);
    CHECK_EQUAL(cudaMemsetAsync(q, 3, 300, s.b), 0);
    CHECK_EQUAL(cudaFreeAsync(q, s.b), 0);
    CHECK_EQUAL(cudaDeviceSynchronize(), 0);
    CHECK_EQUAL(kib_emulator_report_count(), 0u);
    (p == q ? again : other) = true;
  }
  CHECK(again && other);
  CHECK_EQUAL(kib_emulator_used_bytes(), 400u);
  // Reused memory holds nothing.
  kib_emulator_reset(1);
  for (int i = 0; i < 8; ++i) {
    void* p = nullptr;
    std::vector<char> host(400);
    CHECK_EQUAL(cudaMallocAsync(&p, 400, s.a), 0);
    CHECK_EQUAL(cudaMemcpyAsync(host.data(), p, 400, kDeviceToHost, s.a), 0);
    CHECK_EQUAL(cudaMemsetAsync(p, 1, 400, s.a), 0);
    CHECK_EQUAL(cudaFreeAsync(p, s.a), 0);
  }
  CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
  CHECK_EQUAL(found("uninitialised read"), 8);
  kib_emulator_reset(1);
}

void wrong_order() {
  Streams s;
  void* p = nullptr;
  // Used on a stream that does not wait for the allocation: reported where the use comes first.
  int before = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    kib_emulator_reset(seed);
    CHECK_EQUAL(cudaMallocAsync(&p, 400, s.a), 0);
    CHECK_EQUAL(cudaMemsetAsync(p, 1, 400, s.b), 0);
    if (cudaDeviceSynchronize() == 700) {
      ++before;
      CHECK_EQUAL(found("use before allocation"), 1);
      CHECK_CONTAINS(last_report(), "cudaMemsetAsync: 400 bytes at 0x");
      CHECK_CONTAINS(last_report(), "lie at offset 0 of 'cudaMallocAsync ");
      CHECK_CONTAINS(last_report(), "memory whose cudaMallocAsync has not run yet; let the stream wait for the one");
    }
    kib_emulator_reset(seed);
    CHECK_EQUAL(cudaFreeAsync(p, s.a), 0);
    CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  }
  CHECK(before > 0);
  kib_emulator_reset(1);
  CHECK_EQUAL(cudaMallocAsync(&p, 400, s.a), 0);
  CHECK_EQUAL(cudaFreeAsync(p, s.a), 0);
  CHECK_EQUAL(cudaFreeAsync(p, s.a), kInvalidValue);
  CHECK_CONTAINS(last_report(), "use after free, address 0x");
  CHECK_CONTAINS(last_report(), "(400 bytes) is freed a second time");
  CHECK_EQUAL(cudaFree(p), kInvalidValue);
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  CHECK_EQUAL(cudaMemsetAsync(p, 1, 4, s.a), kInvalidValue);
  CHECK_CONTAINS(last_report(), "which was freed");
  CHECK_EQUAL(cudaFreeAsync(&p, s.a), kInvalidValue);
  CHECK_CONTAINS(last_report(), "no allocation starts at the freed address");
  kib_emulator_reset(1);
  // cudaFree waits for nothing here.
  CHECK_EQUAL(cudaMallocAsync(&p, 400, s.a), 0);
  CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
  CHECK_EQUAL(cudaFree(p), 0);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  CHECK_EQUAL(cudaMallocAsync(&p, 400, s.a), 0);
  CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
  CHECK_EQUAL(cudaMemsetAsync(p, 1, 400, s.a), 0);
  CHECK_EQUAL(cudaFree(p), 0);
  CHECK_EQUAL(cudaStreamSynchronize(s.a), 700);
  CHECK_EQUAL(found("use after free"), 1);
  kib_emulator_reset(1);
  CHECK_EQUAL(cudaMallocAsync(&p, 400, s.a), 0);
  CHECK_EQUAL(cudaFree(p), kInvalidValue);
  CHECK_CONTAINS(last_report(), "frees memory whose cudaMallocAsync has not run yet");
  kib_emulator_reset(1);
  // Of cudaMalloc, freed in the stream's order.
  CHECK_EQUAL(cudaMalloc(&p, 400), 0);
  CHECK_EQUAL(cudaMemsetAsync(p, 1, 400, s.a), 0);
  CHECK_EQUAL(cudaFreeAsync(p, s.a), 0);
  CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  // A leak.
  CHECK_EQUAL(cudaMallocAsync(&p, 400, s.a), 0);
  CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
  CHECK_EQUAL(kib_emulator_check_leaks(), 1u);
  CHECK_CONTAINS(last_report(), "'cudaMallocAsync");
  CHECK_EQUAL(cudaFreeAsync(p, s.a), 0);
  CHECK_EQUAL(kib_emulator_check_leaks(), 0u);
  CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
  kib_emulator_reset(1);
}

struct Captured {
  GraphHandle graph = nullptr;
  ExecHandle exec = nullptr;
  void* p = nullptr;
  Captured(StreamHandle stream, void* result, bool frees, unsigned flags) {
    CHECK_EQUAL(cudaStreamBeginCapture(stream, 0), 0);
    CHECK_EQUAL(cudaMallocAsync(&p, 400, stream), 0);
    CHECK_EQUAL(cudaMemsetAsync(p, 5, 400, stream), 0);
    CHECK_EQUAL(cudaMemcpyAsync(result, p, 400, kDeviceToDevice, stream), 0);
    if (frees) CHECK_EQUAL(cudaFreeAsync(p, stream), 0);
    CHECK_EQUAL(cudaStreamEndCapture(stream, &graph), 0);
    CHECK_EQUAL(cudaGraphInstantiate(&exec, graph, flags), 0);
  }
  ~Captured() {
    CHECK_EQUAL(cudaGraphExecDestroy(exec), 0);
    CHECK_EQUAL(cudaGraphDestroy(graph), 0);
  }
};

void graphs() {
  Streams s;
  Buffer result(400);
  {
    Captured c(s.a, result.get(), true, 0);
    const void* nodes[4];
    size_t count = 4;
    int kind = 0;
    CHECK_EQUAL(cudaGraphGetNodes(c.graph, nodes, &count), 0);
    CHECK_EQUAL(count, 4u);
    CHECK_EQUAL(cudaGraphNodeGetType(nodes[0], &kind), 0);
    CHECK_EQUAL(kind, 10);
    CHECK_EQUAL(cudaGraphNodeGetType(nodes[3], &kind), 0);
    CHECK_EQUAL(kind, 11);
    ExecHandle second = nullptr;
    CHECK_EQUAL(cudaGraphInstantiate(&second, c.graph, 0), 801);
    CHECK_CONTAINS(last_report(), "has one executable at a time");
    kib_emulator_clear();
    uint64_t bytes = 0;
    CHECK_EQUAL(cudaDeviceGetGraphMemAttribute(0, 2, &bytes), 0);
    CHECK_EQUAL(bytes, 400u);
    for (int i = 0; i < 3; ++i) CHECK_EQUAL(cudaGraphLaunch(c.exec, s.a), 0);
    CHECK_EQUAL(cudaMemsetAsync(c.p, 5, 400, s.a), 0);
    CHECK_EQUAL(cudaStreamSynchronize(s.a), 700);  // freed by the graph
    CHECK_EQUAL(found("use after free"), 1);
    kib_emulator_reset(1);
    CHECK_EQUAL(cudaFreeAsync(c.p, s.a), kInvalidValue);
    CHECK_CONTAINS(last_report(), "is not allocated: its graph was not launched, or frees it itself");
    CHECK_EQUAL(cudaStreamBeginCapture(s.a, 0), 0);
    CHECK_EQUAL(cudaFreeAsync(c.p, s.a), kInvalidValue);
    CHECK_CONTAINS(last_report(), "is freed by two nodes of graphs");
    CHECK_EQUAL(cudaFreeAsync(result.get(), s.a), kInvalidValue);
    CHECK_CONTAINS(last_report(), "a graph can free only memory that a graph allocates");
    CHECK_EQUAL(cudaGraphLaunch(c.exec, s.a), 801);
    GraphHandle graph = nullptr;
    CHECK_EQUAL(cudaStreamEndCapture(s.a, &graph), 0);
    CHECK_EQUAL(cudaGraphDestroy(graph), 0);
    kib_emulator_clear();
  }
  CHECK_EQUAL(kib_emulator_used_bytes(), 400u);
  {
    Captured c(s.a, result.get(), false, 0);  // allocates, and whoever launches it frees
    for (int i = 0; i < 3; ++i) {
      CHECK_EQUAL(cudaGraphLaunch(c.exec, s.a), 0);
      CHECK_EQUAL(cudaMemsetAsync(c.p, 6, 400, s.a), 0);
      if (i != 1) CHECK_EQUAL(cudaFreeAsync(c.p, s.a), 0);
      if (i == 1) CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
      if (i == 1) CHECK_EQUAL(cudaFree(c.p), 0);
    }
    CHECK_EQUAL(cudaGraphLaunch(c.exec, s.a), 0);
    CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
    CHECK_EQUAL(kib_emulator_report_count(), 0u);
    CHECK_EQUAL(cudaGraphLaunch(c.exec, s.a), kInvalidValue);
    CHECK_CONTAINS(last_report(), "is still allocated from the last launch; free it first, or instantiate with");
    // A second graph frees what the first allocated.
    GraphHandle graph = nullptr;
    ExecHandle exec = nullptr;
    CHECK_EQUAL(cudaStreamBeginCapture(s.b, 0), 0);
    CHECK_EQUAL(cudaFreeAsync(c.p, s.b), 0);
    CHECK_EQUAL(cudaStreamEndCapture(s.b, &graph), 0);
    CHECK_EQUAL(cudaGraphInstantiate(&exec, graph, 0), 0);
    CHECK_EQUAL(cudaGraphLaunch(exec, s.a), 0);
    CHECK_EQUAL(cudaGraphLaunch(c.exec, s.a), 0);
    CHECK_EQUAL(cudaGraphLaunch(exec, s.a), 0);
    CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
    CHECK_EQUAL(kib_emulator_report_count(), 1u);
    CHECK_EQUAL(cudaGraphExecDestroy(exec), 0);
    CHECK_EQUAL(cudaGraphDestroy(graph), 0);
    kib_emulator_clear();
  }
  void* lives = nullptr;
  {
    Captured c(s.a, result.get(), false, 1);  // frees at the next launch
    for (int i = 0; i < 3; ++i) CHECK_EQUAL(cudaGraphLaunch(c.exec, s.a), 0);
    CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
    lives = c.p;
  }
  CHECK_EQUAL(kib_emulator_used_bytes(), 800u);  // the graph is gone, its memory stays
  CHECK_EQUAL(cudaMemsetAsync(lives, 6, 400, s.a), 0);
  CHECK_EQUAL(cudaFreeAsync(lives, s.a), 0);
  CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
  CHECK_EQUAL(kib_emulator_used_bytes(), 400u);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
}

}  // namespace

int main() {
  pools();
  stream_order();
  wrong_order();
  graphs();
  return result();
}
