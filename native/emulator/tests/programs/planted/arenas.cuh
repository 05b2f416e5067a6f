// Mistakes inside one allocation whose parts an arena hands out, and names.
#include <dlfcn.h>

#include "planted.h"

// As code that ships finds them: NVIDIA's libraries have no such functions.
template <class F>
F emulators(const char* name) {
  F found = reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
  if (found == nullptr) throw std::runtime_error(std::string(name) + " is missing");
  return found;
}
int (*carve)(const void*, uint64_t, const char*, void*) = emulators<decltype(carve)>("kib_emulator_carve");
int (*release)(const void*, void*) = emulators<decltype(release)>("kib_emulator_release");
int (*forget)(const void*, uint64_t, void*) = emulators<decltype(forget)>("kib_emulator_forget");

constexpr int kFloats = 100, kApart = 1024;  // of a part, and bytes from part to part

// One cudaMalloc that hands out parts in the order of a stream.
class Arena {
 public:
  explicit Arena(cudaStream_t stream) : stream_(stream) { CUDA(cudaMalloc(&data_, 8 * kApart)); }
  ~Arena() { cudaFree(data_); }
  float* carve(int place, const char* name) {
    float* part = reinterpret_cast<float*>(data_ + place * kApart);
    ::carve(part, kFloats * sizeof(float), name, stream_);
    return part;
  }
  void release(float* part) { ::release(part, stream_); }
  void forget(float* part) { ::forget(part, kFloats * sizeof(float), stream_); }

 private:
  cudaStream_t stream_;
  char* data_ = nullptr;
};

struct Stream {
  cudaStream_t stream = nullptr;
  Stream() { CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking)); }
  ~Stream() { cudaStreamDestroy(stream); }
  operator cudaStream_t() const { return stream; }
};

__global__ void fill_part(float* x, int n, float value) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) x[i] = value;  // BUG arena_overrun BUG arena_use_after_release
}
__global__ void add_parts(const float* x, const float* y, float* z, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) z[i] = x[i] + y[i];  // BUG arena_stale BUG arena_recarved BUG arena_replayed
}

// EXPECT arena_overrun: out of bounds | fill_part | \(1,0,0\) thread \(36,0,0\).*begin 0 bytes behind 'x' \(400 bytes,
// carved
PLANTED(arena_overrun) {
  Stream stream;
  Arena arena(stream);
  float* x = arena.carve(0, "x");
  arena.carve(1, "y");
  fill_part<<<2, kBlock, 0, stream>>>(x, repaired ? kFloats : kFloats + 1, 1.0f);
  finish();
}

// EXPECT arena_stale: uninitialised read | add_parts | .*of 'y' \(400 bytes, carved
PLANTED(arena_stale) {
  Stream stream;
  Arena arena(stream);
  float *x = arena.carve(0, "x"), *y = arena.carve(1, "y"), *z = arena.carve(2, "z");
  for (int step = 0; step < 2; ++step) {
    fill_part<<<2, kBlock, 0, stream>>>(x, kFloats, 1.0f);
    if (repaired || step == 0) fill_part<<<2, kBlock, 0, stream>>>(y, kFloats, 2.0f);
    add_parts<<<2, kBlock, 0, stream>>>(x, y, z, kFloats);
    for (float* part : {x, y, z}) arena.forget(part);  // the next step computes them anew
  }
  finish();
}

// EXPECT arena_use_after_release: use after free | fill_part | .*of 'x' \(400 bytes, carved .*which was released
PLANTED(arena_use_after_release) {
  Stream stream;
  Arena arena(stream);
  float* x = arena.carve(0, "x");
  fill_part<<<2, kBlock, 0, stream>>>(x, kFloats, 1.0f);
  if (!repaired) arena.release(x);
  fill_part<<<2, kBlock, 0, stream>>>(x, kFloats, 1.0f);
  if (repaired) arena.release(x);
  finish();
}

// A part in the place of a released one: what was there before is nobody's.
// EXPECT arena_recarved: uninitialised read | add_parts | .*of 'y' \(400 bytes, carved
PLANTED(arena_recarved) {
  Stream stream;
  Arena arena(stream);
  float *x = arena.carve(0, "x"), *z = arena.carve(2, "z");
  fill_part<<<2, kBlock, 0, stream>>>(x, kFloats, 1.0f);
  arena.release(x);
  float* y = arena.carve(0, "y");
  if (repaired) fill_part<<<2, kBlock, 0, stream>>>(y, kFloats, 1.0f);
  add_parts<<<2, kBlock, 0, stream>>>(y, y, z, kFloats);
  finish();
}

// A captured plan declares its parts at each launch; here it counts on numbers of the launch before.
// EXPECT arena_replayed: uninitialised read | add_parts | .*of 'y' \(400 bytes, carved
PLANTED(arena_replayed) {
  Stream stream;
  Arena arena(stream);
  float* y = arena.carve(1, "y");
  fill_part<<<2, kBlock, 0, stream>>>(y, kFloats, 2.0f);
  CUDA(cudaStreamSynchronize(stream));
  CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  float *x = arena.carve(0, "x"), *z = arena.carve(2, "z");
  fill_part<<<2, kBlock, 0, stream>>>(x, kFloats, 1.0f);
  add_parts<<<2, kBlock, 0, stream>>>(x, y, z, kFloats);
  arena.release(x);
  arena.release(z);
  if (!repaired) arena.forget(y);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  CUDA(cudaStreamEndCapture(stream, &graph));
  CUDA(cudaGraphInstantiate(&exec, graph, 0));
  for (int step = 0; step < 3; ++step) CUDA(cudaGraphLaunch(exec, stream));
  finish();
  CUDA(cudaGraphExecDestroy(exec));
  CUDA(cudaGraphDestroy(graph));
}

// Released in the order of a stream that does not wait for the one whose kernel still uses the part.
// EXPECT arena_released_elsewhere: (use after free in kernel fill_part|unordered access.*kib_emulator_release)
PLANTED(arena_released_elsewhere) {
  Stream stream, other;
  Arena arena(stream);
  float* x = arena.carve(0, "x");
  cudaEvent_t carved, used;
  for (cudaEvent_t* event : {&carved, &used}) CUDA(cudaEventCreateWithFlags(event, cudaEventDisableTiming));
  CUDA(cudaEventRecord(carved, stream));
  CUDA(cudaStreamWaitEvent(other, carved, 0));
  fill_part<<<2, kBlock, 0, stream>>>(x, kFloats, 1.0f);
  CUDA(cudaEventRecord(used, stream));
  if (repaired) CUDA(cudaStreamWaitEvent(other, used, 0));
  ::release(x, other);
  finish();
  for (cudaEvent_t event : {carved, used}) CUDA(cudaEventDestroy(event));
}
