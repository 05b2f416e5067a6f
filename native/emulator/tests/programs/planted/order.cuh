// Launches that touch the same bytes while no event, edge or synchronization orders them: reported by the first seed,
// with the line of one and the name of the other.
#include "planted.h"

constexpr int kElements = 300, kBlocks = (kElements + kBlock - 1) / kBlock;

// Two streams, and events both ways.
struct Fork {
  cudaStream_t main, side;
  cudaEvent_t there, back;
  Fork() {
    for (cudaStream_t* s : {&main, &side}) CUDA(cudaStreamCreateWithFlags(s, cudaStreamNonBlocking));
    for (cudaEvent_t* e : {&there, &back}) CUDA(cudaEventCreateWithFlags(e, cudaEventDisableTiming));
    CUDA(cudaDeviceSynchronize());
  }
  ~Fork() {
    cudaDeviceSynchronize();
    for (cudaStream_t s : {main, side}) cudaStreamDestroy(s);
    for (cudaEvent_t e : {there, back}) cudaEventDestroy(e);
  }
  void wait(cudaStream_t waiting, cudaStream_t other) {
    cudaEvent_t event = other == main ? there : back;
    CUDA(cudaEventRecord(event, other));
    CUDA(cudaStreamWaitEvent(waiting, event, 0));
  }
};

std::vector<float> zeros() { return std::vector<float>(kElements, 0.0f); }

// EXPECT two_streams_add: unordered access | accumulate | \(0,0,0\) thread \(0,0,0\)
__global__ void accumulate(float* sum, const float* part, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) sum[i] += part[i];  // BUG two_streams_add
}
PLANTED(two_streams_add) {
  Device<float> sum(zeros()), left(zeros()), right(zeros());
  Fork f;
  accumulate<<<kBlocks, kBlock, 0, f.main>>>(sum, left, kElements);
  if (repaired) f.wait(f.side, f.main);
  accumulate<<<kBlocks, kBlock, 0, f.side>>>(sum, right, kElements);
}

// Partial sums of each block in memory that two reductions share; the last block of a reduction adds them.
// EXPECT shared_scratch: unordered access | block_sums|add_sums |
__global__ void block_sums(const float* x, float* scratch, int n) {
  __shared__ float part[kBlock];
  int i = blockIdx.x * kBlock + threadIdx.x;
  part[threadIdx.x] = i < n ? x[i] : 0.0f;
  __syncthreads();
  for (int half = kBlock / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) scratch[blockIdx.x] = part[0];  // BUG shared_scratch
}
__global__ void add_sums(const float* scratch, float* y, int n) {
  float sum = 0;
  for (int i = 0; i < n; ++i) sum += scratch[i];  // BUG shared_scratch
  *y = sum;
}
PLANTED(shared_scratch) {
  Device<float> a(zeros()), b(zeros()), scratch(2 * kBlocks), y(1), z(1);
  Fork f;
  block_sums<<<kBlocks, kBlock, 0, f.main>>>(a, scratch, kElements);
  add_sums<<<1, 1, 0, f.main>>>(scratch, y, kBlocks);
  float* other = repaired ? scratch + kBlocks : scratch;
  block_sums<<<kBlocks, kBlock, 0, f.side>>>(b, other, kElements);
  add_sums<<<1, 1, 0, f.side>>>(other, z, kBlocks);
}

// Branches of a captured graph: the optimizer of one layer beside the gradient of the next.
// EXPECT graph_branches: unordered access | update|gradient | .*both run in branches of the graph launched on stream
__global__ void update(float* w, const float* g, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) w[i] -= 0.5f * g[i];  // BUG graph_branches BUG one_of_two_readers
}
__global__ void gradient(const float* w, float* g, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) g[i] = 2 * w[i];  // BUG graph_branches BUG one_of_two_readers
}
PLANTED(graph_branches) {
  Device<float> w(zeros()), g(zeros()), next(zeros());
  Fork f;
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  CUDA(cudaStreamBeginCapture(f.main, cudaStreamCaptureModeGlobal));
  f.wait(f.side, f.main);
  update<<<kBlocks, kBlock, 0, f.side>>>(w, g, kElements);
  if (repaired) f.wait(f.main, f.side);
  gradient<<<kBlocks, kBlock, 0, f.main>>>(w, next, kElements);
  f.wait(f.main, f.side);
  CUDA(cudaStreamEndCapture(f.main, &graph));
  CUDA(cudaGraphInstantiate(&exec, graph, 0));
  for (int step = 0; step < 2; ++step) CUDA(cudaGraphLaunch(exec, f.main));
  CUDA(cudaStreamSynchronize(f.main));
  CUDA(cudaGraphExecDestroy(exec));
  CUDA(cudaGraphDestroy(graph));
}

// Two readers at once are right; a writer has to wait for both.
// EXPECT one_of_two_readers: unordered access | update|gradient |
PLANTED(one_of_two_readers) {
  Device<float> w(zeros()), g(zeros()), a(zeros()), b(zeros());
  Fork f;
  cudaStream_t third;
  CUDA(cudaStreamCreateWithFlags(&third, cudaStreamNonBlocking));
  gradient<<<kBlocks, kBlock, 0, f.main>>>(w, a, kElements);
  gradient<<<kBlocks, kBlock, 0, f.side>>>(w, b, kElements);
  f.wait(third, f.side);
  if (repaired) f.wait(third, f.main);
  update<<<kBlocks, kBlock, 0, third>>>(w, g, kElements);
  CUDA(cudaDeviceSynchronize());
  CUDA(cudaStreamDestroy(third));
}

// A copy to the host on the default stream does not wait for a stream that was made not to.
// EXPECT copy_beside_kernel: unordered access.*(cudaMemcpy|gradient) | |
PLANTED(copy_beside_kernel) {
  Device<float> w(zeros()), g(zeros());
  std::vector<float> host(kElements);
  Fork f;
  gradient<<<kBlocks, kBlock, 0, f.main>>>(w, g, kElements);
  if (repaired) CUDA(cudaStreamSynchronize(f.main));
  CUDA(cudaMemcpy(host.data(), g, kElements * sizeof(float), cudaMemcpyDeviceToHost));
}
