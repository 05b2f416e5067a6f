// Work on three streams that only events order, for many seeds of the order.
#include "program.h"

namespace streams {

constexpr int kBlock = 64, kElements = 256, kStages = 4;

__global__ void scale(const float* x, float* y, float factor, float offset) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  y[i] = x[i] * factor + offset;
}
__global__ void combine(const float* a, const float* b, float* y) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  y[i] = a[i] - 2 * b[i];
}

// Each stage: two branches of the same input on two streams, joined on a third; then copied to the host as it goes.
bool right_on_three_streams(bool missing) {
  std::vector<float> x(kElements), wanted(kElements);
  for (int i = 0; i < kElements; ++i) x[i] = wanted[i] = float(i % 17);
  cudaStream_t streams[3];
  for (cudaStream_t& stream : streams) CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  cudaEvent_t left, right, joined;
  for (cudaEvent_t* event : {&left, &right, &joined}) CUDA(cudaEventCreateWithFlags(event, cudaEventDisableTiming));
  float* host = nullptr;
  CUDA(cudaMallocHost(&host, kElements * sizeof(float)));
  {
    Device<float> input(x), a(x), b(x);
    CUDA(cudaDeviceSynchronize());  // streams of this kind do not wait for what went before on the default one
    CUDA(cudaEventRecord(joined, streams[2]));
    for (int stage = 0; stage < kStages; ++stage) {
      for (int k : {0, 1}) CUDA(cudaStreamWaitEvent(streams[k], joined, 0));
      scale<<<kElements / kBlock, kBlock, 0, streams[0]>>>(input, a, 3, float(stage));
      scale<<<kElements / kBlock, kBlock, 0, streams[1]>>>(input, b, 2, 1);
      CUDA(cudaEventRecord(left, streams[0]));
      CUDA(cudaEventRecord(right, streams[1]));
      CUDA(cudaStreamWaitEvent(streams[2], left, 0));
      if (!missing || stage != 2) CUDA(cudaStreamWaitEvent(streams[2], right, 0));
      combine<<<kElements / kBlock, kBlock, 0, streams[2]>>>(a, b, input);
      CUDA(cudaEventRecord(joined, streams[2]));
      for (float& value : wanted) value = (value * 3 + float(stage)) - 2 * (value * 2 + 1);
    }
    CUDA(cudaMemcpyAsync(host, input, kElements * sizeof(float), cudaMemcpyDeviceToHost, streams[2]));
    CUDA(cudaStreamSynchronize(streams[2]));
    CUDA(cudaDeviceSynchronize());
  }
  bool same = std::memcmp(host, wanted.data(), kElements * sizeof(float)) == 0;
  CUDA(cudaFreeHost(host));
  for (cudaEvent_t event : {left, right, joined}) CUDA(cudaEventDestroy(event));
  for (cudaStream_t stream : streams) CUDA(cudaStreamDestroy(stream));
  return same;
}

}  // namespace streams
