// What the host does: calls, handles, memory that it may not touch or never frees.
#include "planted.h"

// EXPECT leak: leak
PLANTED(leak) {
  float* x = nullptr;
  CUDA(cudaMalloc(&x, 4000));
  if (repaired) CUDA(cudaFree(x));
}

// EXPECT host_access: host access to device memory
PLANTED(host_access) {
  Device<float> x(std::vector<float>(4, 1.0f));
  float value = repaired ? x.get()[0] : *static_cast<volatile float*>(static_cast<float*>(x));
  correct(value == 1.0f);
}

// EXPECT capture: forbidden in capture
__global__ void fill(float* x, int n, float value) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) x[i] = value;
}
PLANTED(capture) {
  int n = 100;
  Device<float> x(n);
  cudaStream_t stream;
  CUDA(cudaStreamCreate(&stream));
  CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  fill<<<2, kBlock, 0, stream>>>(x, n, 5.0f);
  if (!repaired) cudaStreamSynchronize(stream);
  cudaGraph_t graph = nullptr;
  cudaError_t ended = cudaStreamEndCapture(stream, &graph);
  correct((ended == cudaSuccess) == repaired);
  if (repaired) {
    cudaGraphExec_t executable;
    CUDA(cudaGraphInstantiate(&executable, graph, 0));
    CUDA(cudaGraphLaunch(executable, stream));
    CUDA(cudaStreamSynchronize(stream));
    CUDA(cudaGraphExecDestroy(executable));
    CUDA(cudaGraphDestroy(graph));
    correct(x.get()[n - 1] == 5.0f);
  }
  cudaGetLastError();
  CUDA(cudaStreamDestroy(stream));
}

// EXPECT wrong_handle: bad handle
PLANTED(wrong_handle) {
  cudaStream_t stream;
  CUDA(cudaStreamCreate(&stream));
  if (repaired) CUDA(cudaStreamSynchronize(stream));
  CUDA(cudaStreamDestroy(stream));
  correct(repaired || cudaStreamSynchronize(stream) != cudaSuccess);
}
