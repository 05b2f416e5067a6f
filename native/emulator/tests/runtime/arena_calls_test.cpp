// An arena's parts in the order of streams and of graphs.
#include <dlfcn.h>

#include <vector>

#include "check.h"
#include "cuda_calls.h"

using namespace kib::test;

namespace {

void order() {
  StreamHandle stream;
  CHECK_EQUAL(cudaStreamCreateWithFlags(&stream, kNonBlocking), 0);
  Buffer arena(4096), other(1024);
  CHECK_EQUAL(cudaMemset(other.get(), 0, 1024), 0);
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  // What the host says between two pieces of work is true between them, although both run later.
  for (int i = 0; i < 3; ++i) {
    CHECK_EQUAL(kib_emulator_carve(arena.get(), 512, "x", stream), 0);
    CHECK_EQUAL(cudaMemsetAsync(arena.get(), 1, 512, stream), 0);
    CHECK_EQUAL(kib_emulator_release(arena.get(), stream), 0);
    CHECK_EQUAL(kib_emulator_carve(arena.get() + 256, 1024, "y", stream), 0);
    CHECK_EQUAL(cudaMemsetAsync(arena.get() + 256, 1, 1024, stream), 0);
    CHECK_EQUAL(cudaMemcpyAsync(other.get(), arena.get() + 256, 1024, kDeviceToDevice, stream), 0);
    CHECK_EQUAL(kib_emulator_forget(arena.get() + 256, 1024, stream), 0);
    CHECK_EQUAL(cudaMemsetAsync(arena.get() + 256, 1, 1024, stream), 0);
    CHECK_EQUAL(kib_emulator_release(arena.get() + 256, stream), 0);
  }
  CHECK_EQUAL(cudaStreamSynchronize(stream), 0);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);

  CHECK_EQUAL(kib_emulator_carve(arena.get(), 512, "x", stream), 0);
  CHECK_EQUAL(cudaMemsetAsync(arena.get(), 1, 512, stream), 0);
  CHECK_EQUAL(kib_emulator_forget(arena.get(), 512, stream), 0);
  std::vector<char> host(512);
  CHECK_EQUAL(cudaMemcpyAsync(host.data(), arena.get(), 512, kDeviceToHost, stream), 0);
  CHECK_EQUAL(cudaStreamSynchronize(stream), 0);
  CHECK_EQUAL(found("uninitialised read"), 1);
  CHECK_CONTAINS(last_report(), "offset 0 of 'x' (512 bytes, carved from 'cudaMalloc");
  CHECK_EQUAL(kib_emulator_release(arena.get(), stream), 0);
  CHECK_EQUAL(kib_emulator_release(arena.get(), stream), 0);
  CHECK_EQUAL(cudaStreamSynchronize(stream), 0);
  CHECK_CONTAINS(last_report(), "use after free, address 0x");
  CHECK_CONTAINS(last_report(), "kib_emulator_release: 'x' (512 bytes, carved from 'cudaMalloc");
  CHECK_CONTAINS(last_report(), "is released a second time");
  CHECK_EQUAL(cudaMemsetAsync(arena.get(), 1, 512, stream), 0);
  CHECK_EQUAL(cudaStreamSynchronize(stream), 700);
  CHECK_CONTAINS(last_report(), "which was released");
  kib_emulator_reset(1);
  CHECK_EQUAL(cudaStreamDestroy(stream), 0);
}

// A graph declares its parts at each launch.
void graph() {
  StreamHandle stream;
  GraphHandle graph = nullptr;
  ExecHandle exec = nullptr;
  CHECK_EQUAL(cudaStreamCreateWithFlags(&stream, kNonBlocking), 0);
  for (bool stale : {false, true}) {
    Buffer arena(4096);
    Pinned result(512);
    CHECK_EQUAL(cudaStreamBeginCapture(stream, 0), 0);
    CHECK_EQUAL(kib_emulator_carve(arena.get(), 512, "x", stream), 0);
    if (!stale) CHECK_EQUAL(cudaMemsetAsync(arena.get(), 1, 512, stream), 0);
    CHECK_EQUAL(cudaMemcpyAsync(result.ints(), arena.get(), 512, kDeviceToHost, stream), 0);
    CHECK_EQUAL(cudaMemsetAsync(arena.get(), 1, 512, stream), 0);
    CHECK_EQUAL(kib_emulator_release(arena.get(), stream), 0);
    CHECK_EQUAL(cudaStreamEndCapture(stream, &graph), 0);
    CHECK_EQUAL(cudaGraphInstantiate(&exec, graph, 0), 0);
    for (int i = 0; i < 3; ++i) CHECK_EQUAL(cudaGraphLaunch(exec, stream), 0);
    CHECK_EQUAL(cudaStreamSynchronize(stream), 0);
    CHECK_EQUAL(found("uninitialised read") > 0, stale);
    if (!stale) CHECK_EQUAL(kib_emulator_report_count(), 0u);
    CHECK_EQUAL(cudaGraphExecDestroy(exec), 0);
    CHECK_EQUAL(cudaGraphDestroy(graph), 0);
    kib_emulator_clear();
  }
  CHECK_EQUAL(cudaStreamDestroy(stream), 0);
}

void refused() {
  Buffer arena(4096);
  CHECK_EQUAL(kib_emulator_carve(arena.get(), 512, nullptr, nullptr), kInvalidValue);
  CHECK_CONTAINS(last_report(), "kib_emulator_carve: the part has no name");
  CHECK_EQUAL(kib_emulator_carve(arena.get(), 0, "x", nullptr), kInvalidValue);
  CHECK_CONTAINS(last_report(), "'x' has no bytes");
  CHECK_EQUAL(kib_emulator_carve(arena.get() + 8, 512, "x", nullptr), kInvalidValue);
  CHECK_CONTAINS(last_report(), "no multiple of 16");
  CHECK_EQUAL(kib_emulator_carve(arena.get() + 16, 4096, "x", nullptr), kInvalidValue);
  CHECK_CONTAINS(last_report(), "end 16 bytes behind it");
  CHECK_EQUAL(kib_emulator_release(nullptr, nullptr), kInvalidValue);
  CHECK_CONTAINS(last_report(), "kib_emulator_release: 1 bytes at 0x0 are not in the device's memory");
  CHECK_EQUAL(kib_emulator_forget(arena.get(), 5000, nullptr), kInvalidValue);
  CHECK_EQUAL(kib_emulator_forget(arena.get(), 0, nullptr), 0);
  CHECK_EQUAL(kib_emulator_carve(arena.get(), 16, "x", reinterpret_cast<StreamHandle>(&arena)), kInvalidHandle);
  CHECK_EQUAL(kib_emulator_carve(arena.get(), 512, "x", nullptr), 0);
  CHECK_EQUAL(kib_emulator_carve(arena.get() + 496, 512, "y", nullptr), 0);
  kib_emulator_clear();
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  CHECK_EQUAL(kib_emulator_report_count(), 1u);
  CHECK_CONTAINS(last_report(), "bad argument, address 0x");
  CHECK_CONTAINS(last_report(), "overlaps 'x'");
  kib_emulator_reset(1);
}

// As code that ships looks for them.
void by_name() {
  void* runtime = ::dlopen("libcudart.so.13", RTLD_LAZY | RTLD_NOLOAD);
  CHECK(runtime != nullptr);
  for (const char* name : {"present", "carve", "release", "forget"}) {
    CHECK(::dlsym(runtime, ("kib_emulator_" + std::string(name)).c_str()) != nullptr);
  }
  CHECK_EQUAL(kib_emulator_present(), 1);
}

}  // namespace

int main() {
  order();
  graph();
  refused();
  by_name();
  return result();
}
