// Pinned host memory that the host uses while a copy still does.
#include "planted.h"

constexpr int kBytes = 400;

__global__ void count(int* x) { x[threadIdx.x] = int(threadIdx.x); }

struct Transfer {
  int* pinned = nullptr;
  cudaStream_t stream = nullptr;
  Device<int> device{kBytes / sizeof(int)};
  Transfer() {
    CUDA(cudaMallocHost(&pinned, kBytes));
    CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  }
  ~Transfer() {
    cudaStreamSynchronize(stream);
    cudaFreeHost(pinned);
    cudaStreamDestroy(stream);
  }
};

// EXPECT pinned_read: host access during a copy.*the host reads offset 28 of the 400 bytes of pinned
// memory.*cudaMemcpyAsync on stream [0-9]+ still writes
PLANTED(pinned_read) {
  Transfer t;
  count<<<1, kBytes / sizeof(int), 0, t.stream>>>(t.device);
  CUDA(cudaMemcpyAsync(t.pinned, t.device, kBytes, cudaMemcpyDeviceToHost, t.stream));
  if (repaired) CUDA(cudaStreamSynchronize(t.stream));
  int value = static_cast<volatile int*>(t.pinned)[7];
  if (repaired) correct(value == 7);
}

// The next batch is written where the copy of this one still reads.
// EXPECT pinned_overwritten: host access during a copy.*the host writes offset 0 of the 400 bytes of pinned
// memory.*still reads
PLANTED(pinned_overwritten) {
  Transfer t;
  cudaEvent_t copied;
  CUDA(cudaEventCreateWithFlags(&copied, cudaEventDisableTiming));
  for (int batch = 0; batch < 2; ++batch) {
    if (repaired && batch > 0) CUDA(cudaEventSynchronize(copied));
    for (int i = 0; i < int(kBytes / sizeof(int)); ++i) t.pinned[i] = batch + i;
    CUDA(cudaMemcpyAsync(t.device, t.pinned, kBytes, cudaMemcpyHostToDevice, t.stream));
    CUDA(cudaEventRecord(copied, t.stream));
  }
  finish();
  CUDA(cudaEventDestroy(copied));
}
