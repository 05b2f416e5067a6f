// Copies, fills and releases that no stream order, event, graph edge or synchronization puts one behind the other: seen
// under every seed, with both calls, the bytes and the streams; and no alarm where something does.
#include <functional>
#include <string>
#include <vector>

#include "check.h"
#include "cuda_calls.h"

using namespace kib::test;

namespace {

struct Fixture {
  StreamHandle a = nullptr, b = nullptr;
  EventHandle event = nullptr, other = nullptr;
  Buffer x{4096}, y{4096};
  Pinned host{4096};
  explicit Fixture(unsigned flags = kNonBlocking) {
    cudaStreamCreateWithFlags(&a, flags);
    cudaStreamCreateWithFlags(&b, flags);
    cudaEventCreateWithFlags(&event, 2);
    cudaEventCreateWithFlags(&other, 2);
    cudaMemset(x.get(), 0, 4096);
    cudaMemset(y.get(), 0, 4096);
    cudaDeviceSynchronize();
  }
  ~Fixture() {
    cudaDeviceSynchronize();
    cudaStreamDestroy(a);
    cudaStreamDestroy(b);
    cudaEventDestroy(event);
    cudaEventDestroy(other);
  }
  void fill(StreamHandle stream, size_t at = 0, size_t bytes = 4096) {
    CHECK_EQUAL(cudaMemsetAsync(x.get() + at, 1, bytes, stream), 0);
  }
  void read(StreamHandle stream, size_t at = 0, size_t bytes = 4096) {
    CHECK_EQUAL(cudaMemcpyAsync(y.get() + at, x.get() + at, bytes, kDeviceToDevice, stream), 0);
  }
};

// Under twenty seeds: the number of findings, all of one kind, and what the last one says.
void expect(const char* what, uint64_t findings, const std::vector<std::string>& parts,
            const std::function<void()>& program) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    kib_emulator_reset(seed);
    program();
    if (kib_emulator_report_count() != findings)
      std::fprintf(stderr, "in '%s', seed %d:\n", what, static_cast<int>(seed));
    CHECK_EQUAL(kib_emulator_report_count(), findings);
    CHECK_EQUAL(found("unordered access"), static_cast<int>(findings));
    for (const std::string& part : parts) CHECK_CONTAINS(last_report(), part);
  }
}

void streams() {
  expect("two fills", 1, {"writes 4096 bytes of 'cudaMalloc", "that another cudaMemsetAsync writes", "stream "}, [] {
    Fixture f;
    f.fill(f.a);
    f.fill(f.b);
  });
  expect("other bytes", 0, {}, [] {
    Fixture f;
    f.fill(f.a, 0, 1001);
    f.fill(f.b, 1001, 1000);
  });
  expect("one byte", 1, {"writes 1 bytes"}, [] {
    Fixture f;
    f.fill(f.a, 0, 1002);
    f.fill(f.b, 1001, 1000);
  });
  expect("an event", 0, {}, [] {
    Fixture f;
    f.fill(f.a);
    cudaEventRecord(f.event, f.a);
    cudaStreamWaitEvent(f.b, f.event, 0);
    f.read(f.b);
  });
  expect("an event that was recorded too early", 1, {}, [] {
    Fixture f;
    cudaEventRecord(f.event, f.a);
    f.fill(f.a);
    cudaStreamWaitEvent(f.b, f.event, 0);
    f.read(f.b);
  });
  expect("an event that is waited for too late", 1, {}, [] {
    Fixture f;
    f.fill(f.a);
    cudaEventRecord(f.event, f.a);
    f.read(f.b);
    cudaStreamWaitEvent(f.b, f.event, 0);
  });
  expect("a chain of events over a third stream", 0, {}, [] {
    Fixture f;
    StreamHandle c;
    cudaStreamCreateWithFlags(&c, kNonBlocking);
    f.fill(f.a);
    cudaEventRecord(f.event, f.a);
    cudaStreamWaitEvent(c, f.event, 0);
    cudaEventRecord(f.other, c);
    cudaStreamWaitEvent(f.b, f.other, 0);
    f.read(f.b);
    cudaStreamDestroy(c);
  });
  expect("readers at once, and a writer that waits for one", 1, {"cudaMemcpyAsync"}, [] {
    Fixture f;
    cudaMemcpyAsync(f.host.ints(), f.x.get(), 2048, kDeviceToHost, f.a);
    cudaMemcpyAsync(f.host.ints() + 512, f.x.get(), 2048, kDeviceToHost, f.b);
    cudaStreamSynchronize(f.b);
    f.fill(f.b);
  });
  expect("readers at once, and a writer that waits for both", 0, {}, [] {
    Fixture f;
    cudaMemcpyAsync(f.host.ints(), f.x.get(), 2048, kDeviceToHost, f.a);
    cudaMemcpyAsync(f.host.ints() + 512, f.x.get(), 2048, kDeviceToHost, f.b);
    cudaEventRecord(f.event, f.a);
    cudaStreamWaitEvent(f.b, f.event, 0);
    f.fill(f.b);
  });
}

void host() {
  expect("a synchronization", 0, {}, [] {
    Fixture f;
    f.fill(f.a);
    cudaStreamSynchronize(f.a);
    f.fill(f.b);
  });
  expect("a synchronization with the other stream", 1, {}, [] {
    Fixture f;
    f.fill(f.a);
    cudaStreamSynchronize(f.b);
    f.fill(f.b);
  });
  expect("an event's synchronization", 0, {}, [] {
    Fixture f;
    f.fill(f.a);
    cudaEventRecord(f.event, f.a);
    cudaEventSynchronize(f.event);
    f.fill(f.b);
  });
  expect("a query that says it is done", 0, {}, [] {
    Fixture f;
    f.fill(f.a);
    while (cudaStreamQuery(f.a) == kNotReady) {
    }
    f.fill(f.b);
    cudaEventRecord(f.event, f.b);
    while (cudaEventQuery(f.event) == kNotReady) {
    }
    f.fill(f.a);
  });
  expect("the host's copy on the default stream beside a stream that does not wait for it", 1,
         {"cudaMemsetAsync", "cudaMemcpy ", "the default stream"}, [] {
           Fixture f;
           f.fill(f.a);
           cudaMemcpy(f.host.ints(), f.x.get(), 4096, kDeviceToHost);
         });
  expect("the host's copy and a stream that waits for it", 0, {}, [] {
    Fixture f(0);
    f.fill(f.a);
    cudaMemcpy(f.host.ints(), f.x.get(), 4096, kDeviceToHost);
    f.fill(f.b);
  });
  expect("a destroyed stream's work", 0, {}, [] {
    Fixture f(0);
    StreamHandle c;
    cudaStreamCreate(&c);
    f.fill(c);
    cudaStreamDestroy(c);
    cudaStreamQuery(f.a);
    cudaMemset(f.x.get(), 0, 4096);
    f.read(f.a);
  });
  expect("pinned memory of two copies", 1, {"bytes of host memory that"}, [] {
    Fixture f;
    cudaMemcpyAsync(f.host.ints(), f.x.get(), 4096, kDeviceToHost, f.a);
    cudaMemcpyAsync(f.y.get(), f.host.ints(), 4096, kHostToDevice, f.b);
  });
  expect("pinned memory in order", 0, {}, [] {
    Fixture f;
    cudaMemcpyAsync(f.host.ints(), f.x.get(), 4096, kDeviceToHost, f.a);
    cudaEventRecord(f.event, f.a);
    cudaStreamWaitEvent(f.b, f.event, 0);
    cudaMemcpyAsync(f.y.get(), f.host.ints(), 4096, kHostToDevice, f.b);
  });
  expect("a function of the program's that a stream calls", 0, {}, [] {
    Fixture f;
    static volatile bool called;
    called = false;
    f.fill(f.a);
    cudaLaunchHostFunc(
        f.a, [](void*) { called = true; }, nullptr);
    while (!called) cudaStreamQuery(f.b);
    f.fill(f.b);
  });
}

// A release on a stream beside another that still uses the memory: a use after it, or before it without an order.
void releases() {
  for (bool waits : {false, true}) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      kib_emulator_reset(seed);
      Fixture f;
      void* z = nullptr;
      CHECK_EQUAL(cudaMallocAsync(&z, 512, f.a), 0);
      CHECK_EQUAL(cudaMemsetAsync(z, 0, 512, f.a), 0);
      cudaEventRecord(f.event, f.a);
      cudaStreamWaitEvent(f.b, f.event, 0);
      cudaMemcpyAsync(f.x.get(), z, 512, kDeviceToDevice, f.b);
      if (waits) {
        cudaEventRecord(f.other, f.b);
        cudaStreamWaitEvent(f.a, f.other, 0);
      }
      cudaFreeAsync(z, f.a);
      cudaDeviceSynchronize();
      CHECK_EQUAL(kib_emulator_report_count(), waits ? 0u : 1u);
      CHECK_EQUAL(found("unordered access") + found("use after free"), waits ? 0 : 1);
      if (!waits) kib_emulator_reset(seed);  // a fault lasts
    }
  }
}

void graphs() {
  for (int edges = 0; edges < 2; ++edges) {
    expect(edges == 0 ? "branches of a graph" : "branches that meet first", edges == 0 ? 1 : 0,
           edges == 0 ? std::vector<std::string>{"both run in branches of the graph launched on stream"}
                      : std::vector<std::string>(),
           [=] {
             Fixture f;
             cudaStreamBeginCapture(f.a, 0);
             cudaEventRecord(f.event, f.a);
             cudaStreamWaitEvent(f.b, f.event, 0);
             f.fill(f.a, 0, 2048);
             f.read(f.b, 2048, 2048);
             if (edges == 1) {
               cudaEventRecord(f.other, f.b);
               cudaStreamWaitEvent(f.a, f.other, 0);
             }
             f.fill(f.a, 2048, 2048);
             cudaEventRecord(f.other, f.b);
             cudaStreamWaitEvent(f.a, f.other, 0);
             GraphHandle graph;
             ExecHandle exec;
             cudaStreamEndCapture(f.a, &graph);
             cudaGraphInstantiate(&exec, graph, 0);
             cudaGraphLaunch(exec, f.a);
             cudaStreamSynchronize(f.a);
             cudaGraphDestroy(graph);
             cudaGraphExecDestroy(exec);
           });
  }
  for (bool waits : {false, true}) {
    expect("a graph beside a stream", waits ? 0 : 1, {}, [=] {
      Fixture f;
      GraphHandle graph;
      ExecHandle exec;
      cudaStreamBeginCapture(f.a, 0);
      f.fill(f.a);
      cudaStreamEndCapture(f.a, &graph);
      cudaGraphInstantiate(&exec, graph, 0);
      cudaGraphLaunch(exec, f.a);
      cudaGraphLaunch(exec, f.b);  // launches of one executable graph do not overlap
      if (waits) {
        cudaEventRecord(f.event, f.b);
        cudaStreamWaitEvent(f.a, f.event, 0);
      }
      f.read(f.a);
      cudaDeviceSynchronize();
      cudaGraphDestroy(graph);
      cudaGraphExecDestroy(exec);
    });
  }
}

// More turns than there are numbers: the records begin anew, without an alarm and without losing what comes later.
void many() {
  kib_emulator_reset(1);
  Fixture f;
  for (int i = 0; i < 20000; ++i) {
    f.fill(f.a, 0, 16);
    cudaEventRecord(f.event, f.a);
    cudaStreamWaitEvent(f.b, f.event, 0);
    f.fill(f.b, 0, 16);
    cudaEventRecord(f.event, f.b);
    cudaStreamWaitEvent(f.a, f.event, 0);
  }
  cudaDeviceSynchronize();
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  f.fill(f.a);
  f.fill(f.b);
  cudaDeviceSynchronize();
  CHECK_EQUAL(kib_emulator_report_count(), 1u);
}

}  // namespace

int main() {
  streams();
  host();
  graphs();
  releases();
  many();
  return result();
}
