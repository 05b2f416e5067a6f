// Memory in the order of streams: used before it is there, when it is gone, or as what it held before.
#include "planted.h"

struct Streams {
  cudaStream_t a = nullptr, b = nullptr;
  cudaEvent_t event = nullptr;
  Streams() {
    CUDA(cudaStreamCreateWithFlags(&a, cudaStreamNonBlocking));
    CUDA(cudaStreamCreateWithFlags(&b, cudaStreamNonBlocking));
    CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  }
  ~Streams() {
    cudaStreamDestroy(a);
    cudaStreamDestroy(b);
    cudaEventDestroy(event);
  }
  void b_waits_for_a() {
    CUDA(cudaEventRecord(event, a));
    CUDA(cudaStreamWaitEvent(b, event, 0));
  }
  void a_waits_for_b() {
    CUDA(cudaEventRecord(event, b));
    CUDA(cudaStreamWaitEvent(a, event, 0));
  }
};

__global__ void set(float* x, int n, float value) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) x[i] = value;  // BUG pool_before_allocation BUG pool_after_free
}
__global__ void twice(const float* x, float* y, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) y[i] = 2 * x[i];  // BUG pool_stale
}

// A second stream that does not wait for the first one's allocation.
// Whichever comes first, the use or the allocation.
// EXPECT pool_before_allocation: (use before allocation|unordered access) | set | .*cudaMallocAsync
PLANTED(pool_before_allocation) {
  Streams s;
  int n = 100;
  float* x = nullptr;
  CUDA(cudaMallocAsync(&x, n * sizeof(float), s.a));
  if (repaired) s.b_waits_for_a();
  set<<<2, kBlock, 0, s.b>>>(x, n, 1.0f);
  s.a_waits_for_b();
  CUDA(cudaFreeAsync(x, s.a));
  finish();
}

// EXPECT pool_after_free: use after free | set | .*which was freed
PLANTED(pool_after_free) {
  Streams s;
  int n = 100;
  float* x = nullptr;
  CUDA(cudaMallocAsync(&x, n * sizeof(float), s.a));
  if (!repaired) CUDA(cudaFreeAsync(x, s.a));
  set<<<2, kBlock, 0, s.a>>>(x, n, 1.0f);
  if (repaired) CUDA(cudaFreeAsync(x, s.a));
  finish();
}

// The pool gives the same memory again, with what it held; nothing promises that.
// EXPECT pool_stale: uninitialised read | twice
PLANTED(pool_stale) {
  Streams s;
  int n = 100;
  float *x = nullptr, *y = nullptr;
  CUDA(cudaMallocAsync(&x, n * sizeof(float), s.a));
  set<<<2, kBlock, 0, s.a>>>(x, n, 1.0f);
  CUDA(cudaFreeAsync(x, s.a));
  CUDA(cudaMallocAsync(&x, n * sizeof(float), s.a));
  CUDA(cudaMallocAsync(&y, n * sizeof(float), s.a));
  if (repaired) set<<<2, kBlock, 0, s.a>>>(x, n, 1.0f);
  twice<<<2, kBlock, 0, s.a>>>(x, y, n);
  CUDA(cudaFreeAsync(x, s.a));
  CUDA(cudaFreeAsync(y, s.a));
  finish();
}

// A graph that allocates is launched again while what it allocated is not freed.
// EXPECT pool_relaunch: bad argument: cudaGraphLaunch: '.*is still allocated from the last launch
PLANTED(pool_relaunch) {
  Streams s;
  int n = 100;
  float* x = nullptr;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  CUDA(cudaStreamBeginCapture(s.a, cudaStreamCaptureModeGlobal));
  CUDA(cudaMallocAsync(&x, n * sizeof(float), s.a));
  set<<<2, kBlock, 0, s.a>>>(x, n, 1.0f);
  CUDA(cudaStreamEndCapture(s.a, &graph));
  CUDA(cudaGraphInstantiate(&exec, graph, 0));
  CUDA(cudaGraphLaunch(exec, s.a));
  if (repaired) CUDA(cudaFreeAsync(x, s.a));
  cudaGraphLaunch(exec, s.a);
  CUDA(cudaFreeAsync(x, s.a));
  finish();
  CUDA(cudaGraphExecDestroy(exec));
  CUDA(cudaGraphDestroy(graph));
}
