// Graphs built node by node, whose kernels get other arguments from launch to launch; memory of pools and of graphs.
#include "../program.h"

constexpr int kBlock = 64, kCount = 500;

__global__ void scale(const float* x, float* y, int n, float factor) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) y[i] = x[i] * factor;
}
__global__ void offset(float* y, int n, float value) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) y[i] = y[i] + value;
}

const dim3 kGrid((kCount + kBlock - 1) / kBlock);

// Small integers, so that a GPU's fused and unfused arithmetic agree.
std::vector<float> integers(std::mt19937_64& random) {
  std::vector<float> x(kCount);
  for (float& value : x) value = float(int(random() % 200) - 100);
  return x;
}

cudaKernelNodeParams kernel(const void* function, void** arguments) {
  cudaKernelNodeParams p = {};
  p.func = const_cast<void*>(function);
  p.gridDim = kGrid;
  p.blockDim = dim3(kBlock);
  p.kernelParams = arguments;
  return p;
}

// A captured graph's kernel node: its arguments are copies, which the program reads and changes in the executable.
PROGRAM(kernel_nodes) {
  std::vector<float> x = integers(random), wanted(kCount);
  Device<float> from(x), to(kCount);
  cudaStream_t stream;
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  CUDA(cudaDeviceSynchronize());
  CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  scale<<<kGrid, kBlock, 0, stream>>>(from, to, kCount, 2);
  CUDA(cudaStreamEndCapture(stream, &graph));
  cudaGraphNode_t first, second;
  size_t count = 1;
  CUDA(cudaGraphGetNodes(graph, &first, &count));
  float* y = to;
  int n = kCount;
  float value = 3;
  void* arguments[] = {&y, &n, &value};
  cudaKernelNodeParams adds = kernel(reinterpret_cast<const void*>(&offset), arguments), scales;
  CUDA(cudaGraphAddKernelNode(&second, graph, &first, 1, &adds));
  value = 1000;  // the node has a copy
  CUDA(cudaGraphInstantiate(&exec, graph, 0));
  CUDA(cudaGraphKernelNodeGetParams(first, &scales));
  if (scales.func != reinterpret_cast<void*>(&scale) || scales.gridDim.x != kGrid.x || scales.blockDim.x != kBlock ||
      *static_cast<float*>(scales.kernelParams[3]) != 2) {
    throw std::runtime_error("a captured node's parameters");
  }
  for (float factor : {2.0f, 5.0f, -1.0f}) {
    void* others[] = {scales.kernelParams[0], scales.kernelParams[1], scales.kernelParams[2], &factor};
    cudaKernelNodeParams changed = kernel(scales.func, others);
    CUDA(cudaGraphExecKernelNodeSetParams(exec, first, &changed));
    CUDA(cudaGraphLaunch(exec, stream));
    CUDA(cudaStreamSynchronize(stream));
    for (int i = 0; i < kCount; ++i) wanted[i] = x[i] * factor + 3;
    equal("scaled by " + std::to_string(factor), to.get(), wanted);
  }
  cudaKernelNodeAttrValue attribute = {};
  attribute.accessPolicyWindow.base_ptr = y;
  attribute.accessPolicyWindow.num_bytes = kCount * sizeof(float);
  attribute.accessPolicyWindow.hitRatio = 1;
  attribute.accessPolicyWindow.hitProp = cudaAccessPropertyPersisting;
  CUDA(cudaGraphKernelNodeSetAttribute(first, cudaKernelNodeAttributeAccessPolicyWindow, &attribute));
  cudaGraphExecUpdateResultInfo info;
  CUDA(cudaGraphExecUpdate(exec, graph, &info));
  CUDA(cudaGraphLaunch(exec, stream));
  CUDA(cudaStreamSynchronize(stream));
  for (int i = 0; i < kCount; ++i) wanted[i] = x[i] * 2 + 3;
  equal("as the graph has it", to.get(), wanted);
  CUDA(cudaGraphExecDestroy(exec));
  CUDA(cudaGraphDestroy(graph));
  CUDA(cudaStreamDestroy(stream));
}

// Two streams that hand memory of a pool to each other, and a pool that keeps what is freed.
PROGRAM(pool_memory) {
  std::vector<float> x = integers(random), got(kCount), wanted(kCount);
  Device<float> from(x);
  CUDA(cudaDeviceSynchronize());
  cudaMemPoolProps properties = {};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location = {cudaMemLocationTypeDevice, 0};
  cudaMemPool_t pool;
  CUDA(cudaMemPoolCreate(&pool, &properties));
  uint64_t all = UINT64_MAX;
  CUDA(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &all));
  cudaStream_t a, b;
  cudaEvent_t event;
  CUDA(cudaStreamCreateWithFlags(&a, cudaStreamNonBlocking));
  CUDA(cudaStreamCreateWithFlags(&b, cudaStreamNonBlocking));
  CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  for (int step = 0; step < 6; ++step) {
    float *y = nullptr, *z = nullptr;
    CUDA(cudaMallocFromPoolAsync(&y, kCount * sizeof(float), pool, a));
    scale<<<kGrid, kBlock, 0, a>>>(from, y, kCount, float(step));
    CUDA(cudaEventRecord(event, a));
    CUDA(cudaStreamWaitEvent(b, event, 0));
    CUDA(cudaMallocAsync(&z, kCount * sizeof(float), b));
    scale<<<kGrid, kBlock, 0, b>>>(y, z, kCount, 2);
    CUDA(cudaFreeAsync(y, b));
    CUDA(cudaMemcpyAsync(got.data(), z, kCount * sizeof(float), cudaMemcpyDeviceToHost, b));
    CUDA(cudaFreeAsync(z, b));
    CUDA(cudaStreamSynchronize(b));
    for (int i = 0; i < kCount; ++i) wanted[i] = x[i] * float(step) * 2;
    equal("step " + std::to_string(step), got, wanted);
  }
  CUDA(cudaDeviceSynchronize());
  CUDA(cudaMemPoolDestroy(pool));
  CUDA(cudaEventDestroy(event));
  CUDA(cudaStreamDestroy(a));
  CUDA(cudaStreamDestroy(b));
}

// A graph that allocates what it needs at each launch.
PROGRAM(graph_memory) {
  std::vector<float> x = integers(random), wanted(kCount);
  Device<float> from(x), to(kCount);
  cudaStream_t stream;
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  CUDA(cudaDeviceSynchronize());
  CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  float* between = nullptr;
  CUDA(cudaMallocAsync(&between, kCount * sizeof(float), stream));
  scale<<<kGrid, kBlock, 0, stream>>>(from, between, kCount, 2);
  offset<<<kGrid, kBlock, 0, stream>>>(between, kCount, 1);
  scale<<<kGrid, kBlock, 0, stream>>>(between, to, kCount, 3);
  CUDA(cudaFreeAsync(between, stream));
  CUDA(cudaStreamEndCapture(stream, &graph));
  CUDA(cudaGraphInstantiate(&exec, graph, 0));
  for (int launch = 0; launch < 3; ++launch) CUDA(cudaGraphLaunch(exec, stream));
  CUDA(cudaStreamSynchronize(stream));
  for (int i = 0; i < kCount; ++i) wanted[i] = (x[i] * 2 + 1) * 3;
  equal("three launches", to.get(), wanted);
  CUDA(cudaGraphExecDestroy(exec));
  CUDA(cudaGraphDestroy(graph));
  CUDA(cudaStreamDestroy(stream));
}
