// The host's use of pinned memory while copies use it: seen at any seed, once, and the access goes on.
#include <vector>

#include "check.h"
#include "cuda_calls.h"

using namespace kib::test;

namespace {

constexpr const char* kKind = "host access during a copy";
constexpr int kInts = 4096;  // four pages

volatile int sink;

// Each way to wait, and that without it the access is reported.
void reads_too_early() {
  Streams s;
  Buffer device(4 * kInts);
  Pinned pinned(4 * kInts);
  CHECK_EQUAL(cudaMemset(device.get(), 1, 4 * kInts), 0);
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    for (int way = 0; way < 7; ++way) {
      kib_emulator_reset(seed);
      pinned.ints()[kInts - 1] = 0;
      CHECK_EQUAL(cudaMemcpyAsync(pinned.ints(), device.get(), 4 * kInts, kDeviceToHost, s.a), 0);
      if (way == 0) CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
      if (way == 1 || way == 5) CHECK_EQUAL(cudaEventRecord(s.event, s.a), 0);
      if (way == 1) CHECK_EQUAL(cudaEventSynchronize(s.event), 0);
      if (way == 2) CHECK_EQUAL(cudaDeviceSynchronize(), 0);
      if (way == 3) {
        while (cudaStreamQuery(s.a) != 0) {
        }
      }
      if (way == 4) CHECK_EQUAL(cudaMemset(device.get(), 1, 4 * kInts), 0);  // waits for nothing
      if (way == 5) CHECK_EQUAL(cudaStreamWaitEvent(s.b, s.event, 0), 0);
      if (way == 5) CHECK_EQUAL(cudaStreamSynchronize(s.b), 0);
      if (way == 6)
        CHECK_EQUAL(cudaStreamSynchronize(s.b), 0);  // of another stream, perhaps with the copy done by luck
      sink = pinned.ints()[kInts - 1];
      sink = pinned.ints()[0];
      const bool wrong = way == 4 || way == 6;
      CHECK_EQUAL(found(kKind), wrong ? 1 : 0);
      if (!wrong) CHECK_EQUAL(pinned.ints()[kInts - 1], 0x01010101);
      if (wrong)
        CHECK_CONTAINS(last_report(), "the host reads offset 16380 of the 16384 bytes of pinned memory of cudaMalloc");
      if (wrong) CHECK_CONTAINS(last_report(), "that cudaMemcpyAsync on stream ");
      if (wrong)
        CHECK_CONTAINS(last_report(), "still writes; wait by cudaStreamSynchronize or cudaEventSynchronize first");
      CHECK_EQUAL(cudaDeviceSynchronize(), 0);
    }
  }
  kib_emulator_reset(1);
}

void writes_too_early() {
  Streams s;
  Buffer device(4 * kInts);
  Pinned pinned(4 * kInts);
  pinned.ints()[5] = 1;
  CHECK_EQUAL(cudaMemcpyAsync(device.get(), pinned.ints(), 400, kHostToDevice, s.a), 0);
  sink = pinned.ints()[5];  // reading what a copy reads is right
  pinned.ints()[2000] = 3;  // other bytes, of another page
  pinned.ints()[200] = 3;   // and of the same
  CHECK_EQUAL(found(kKind), 0);
  CHECK_EQUAL(cudaMemcpyAsync(device.get(), pinned.ints(), 400, kHostToDevice, s.a), 0);
  pinned.ints()[5] = 2;
  CHECK_EQUAL(found(kKind), 1);
  CHECK_CONTAINS(last_report(), "the host writes offset 20 of the 16384 bytes");
  CHECK_CONTAINS(last_report(), "still reads; wait by");
  pinned.ints()[6] = 2;
  CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
  int got[100];
  CHECK_EQUAL(cudaMemcpy(got, device.get(), 400, kDeviceToHost), 0);
  CHECK_EQUAL(got[5], 2);  // as late as a GPU may read it
  kib_emulator_clear();
  pinned.ints()[5] = 4;
  // A copy in a graph, at each launch.
  GraphHandle graph = nullptr;
  ExecHandle exec = nullptr;
  CHECK_EQUAL(cudaStreamBeginCapture(s.a, 0), 0);
  CHECK_EQUAL(cudaMemcpyAsync(device.get(), pinned.ints(), 400, kHostToDevice, s.a), 0);
  CHECK_EQUAL(cudaStreamEndCapture(s.a, &graph), 0);
  CHECK_EQUAL(cudaGraphInstantiate(&exec, graph, 0), 0);
  pinned.ints()[5] = 5;
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  for (int launch = 0; launch < 2; ++launch) {
    CHECK_EQUAL(cudaGraphLaunch(exec, s.b), 0);
    pinned.ints()[5] = 6;
    CHECK_EQUAL(found(kKind), launch + 1);
    CHECK_EQUAL(cudaStreamSynchronize(s.b), 0);
    pinned.ints()[5] = 7;
  }
  CHECK_EQUAL(found(kKind), 2);
  CHECK_EQUAL(cudaGraphExecDestroy(exec), 0);
  CHECK_EQUAL(cudaGraphDestroy(graph), 0);
  kib_emulator_reset(1);
}

// A function that the stream calls reads what the stream's copy before it wrote.
void in_the_streams_order() {
  Streams s;
  Buffer device(400);
  Pinned pinned(400);
  CHECK_EQUAL(cudaMemset(device.get(), 2, 400), 0);
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    kib_emulator_reset(seed);
    CHECK_EQUAL(cudaMemcpyAsync(pinned.ints(), device.get(), 400, kDeviceToHost, s.a), 0);
    const auto add = [](void* data) { ++*static_cast<int*>(data); };
    CHECK_EQUAL(cudaLaunchHostFunc(s.a, add, pinned.ints()), 0);
    CHECK_EQUAL(cudaMemcpyAsync(device.get(), pinned.ints(), 4, kHostToDevice, s.a), 0);
    CHECK_EQUAL(cudaMemsetAsync(device.get(), 2, 400, s.a), 0);
    CHECK_EQUAL(cudaStreamSynchronize(s.a), 0);
    CHECK_EQUAL(pinned.ints()[0], 0x02020203);
    CHECK_EQUAL(kib_emulator_report_count(), 0u);
  }
  // Freed while a copy is on its way: the copy is reported when it comes.
  void* gone = nullptr;
  CHECK_EQUAL(cudaMallocHost(&gone, 400), 0);
  CHECK_EQUAL(cudaMemcpyAsync(gone, device.get(), 400, kDeviceToHost, s.a), 0);
  CHECK_EQUAL(cudaFreeHost(gone), 0);
  CHECK_EQUAL(cudaStreamSynchronize(s.a), 700);
  CHECK_EQUAL(found("use after free"), 1);
  kib_emulator_reset(1);
}

}  // namespace

int main() {
  reads_too_early();
  writes_too_early();
  in_the_streams_order();
  return result();
}
