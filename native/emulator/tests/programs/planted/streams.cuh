// Work on several streams without an order.
#include "planted.h"

// EXPECT late_stream: wrong result | | | seeds=20 KIB_EMULATOR_CHECK=-order
__global__ void fill(float* x, int n, float value) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) x[i] = value;
}
__global__ void add_one(float* x, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) x[i] += 1;
}
PLANTED(late_stream) {
  int n = 100;
  Device<float> x(std::vector<float>(n, 0.0f));
  std::vector<float> host(n);
  cudaStream_t a, b;
  CUDA(cudaStreamCreateWithFlags(&a, cudaStreamNonBlocking));
  CUDA(cudaStreamCreateWithFlags(&b, cudaStreamNonBlocking));
  CUDA(cudaDeviceSynchronize());
  cudaEvent_t written;
  CUDA(cudaEventCreate(&written));
  fill<<<2, kBlock, 0, a>>>(x, n, 5.0f);
  CUDA(cudaEventRecord(written, a));
  if (repaired) CUDA(cudaStreamWaitEvent(b, written, 0));
  add_one<<<2, kBlock, 0, b>>>(x, n);
  CUDA(cudaDeviceSynchronize());
  CUDA(cudaEventDestroy(written));
  CUDA(cudaStreamDestroy(a));
  CUDA(cudaStreamDestroy(b));
  correct(x.get()[7] == 6.0f);
}

constexpr int kElements = 256, kStages = 4;

__global__ void scale(const float* x, float* y, float factor, float offset) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  y[i] = x[i] * factor + offset;
}
__global__ void combine(const float* a, const float* b, float* y) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  y[i] = a[i] - 2 * b[i];
}

// Each stage: two branches of the same input on two streams, joined on a third; then copied to the host as it goes.
// EXPECT three_streams: wrong result | | | seeds=20 KIB_EMULATOR_CHECK=-order
PLANTED(three_streams) {
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
      if (repaired || stage != 2) CUDA(cudaStreamWaitEvent(streams[2], right, 0));
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
  correct(same);
}
