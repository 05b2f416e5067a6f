// Bugs planted for each instrument, and beside each its repaired twin. The marker `BUG name` stands on the line that
// the report must name. Usage: planted NAME | --list |
// ordered | missing: work on three streams, exit 0 where the result is right and 1 where it is wrong
#include "program.h"
#include "streams.cuh"

constexpr int kBlock = 64;

__global__ void out_of_bounds(float* x, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i <= n) x[i] = 1.0f;  // BUG out_of_bounds
}
__global__ void out_of_bounds_repaired(float* x, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) x[i] = 1.0f;
}

__global__ void read_all(const float* x, float* y, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) y[i] = x[i] * 2;  // BUG use_after_free BUG uninitialised
}

__global__ void uninitialised_shared(float* y) {
  __shared__ float part[kBlock];
  if (threadIdx.x != 5) part[threadIdx.x] = 1.0f;
  __syncthreads();
  y[threadIdx.x] = part[threadIdx.x];  // BUG uninitialised_shared
}
__global__ void uninitialised_shared_repaired(float* y) {
  __shared__ float part[kBlock];
  part[threadIdx.x] = threadIdx.x == 5 ? 0.0f : 1.0f;
  __syncthreads();
  y[threadIdx.x] = part[threadIdx.x];
}

__global__ void uninitialised_local(const int* order, float* y, int n) {
  float part[8];
  for (int i = 0; i < n; ++i) part[order[i]] = float(i);
  float sum = 0;
  for (int i = 0; i < 8; ++i) sum += part[order[i]];  // BUG uninitialised_local
  y[threadIdx.x] = sum;
}

__global__ void shared_bounds(float* y, int far) {
  extern __shared__ float memory[];
  memory[threadIdx.x] = 1.0f;
  __syncthreads();
  y[threadIdx.x] = memory[threadIdx.x + far];  // BUG shared_bounds
}

__global__ void shared_race(float* y) {
  __shared__ float part[kBlock];
  part[threadIdx.x] = 0.0f;
  __syncthreads();
  part[threadIdx.x] = float(threadIdx.x);              // BUG shared_race
  y[threadIdx.x] = part[(threadIdx.x + 32) % kBlock];  // BUG shared_race
}
__global__ void shared_race_repaired(float* y) {
  __shared__ float part[kBlock];
  part[threadIdx.x] = float(threadIdx.x);
  __syncthreads();
  y[threadIdx.x] = part[(threadIdx.x + 32) % kBlock];
}

__global__ void global_race(int* sum) {
  *sum += int(threadIdx.x);  // BUG global_race
}
__global__ void global_race_repaired(int* sum) { atomicAdd(sum, int(threadIdx.x)); }

__global__ void blocks_race(int* x) {
  if (threadIdx.x == 0) x[0] = int(blockIdx.x);  // BUG blocks_race
}
__global__ void blocks_race_repaired(int* x) {
  if (threadIdx.x == 0) x[blockIdx.x] = int(blockIdx.x);
}

__global__ void misaligned(const float* x, float4* y, int shift) {
  y[threadIdx.x] = *reinterpret_cast<const float4*>(x + 4 * threadIdx.x + shift);  // BUG misaligned
}

__global__ void divergent_barrier(float* y, int n) {
  __shared__ float part[kBlock];
  if (int(threadIdx.x) < n) {
    part[threadIdx.x] = 1.0f;
    __syncthreads();  // BUG divergent_barrier
    y[threadIdx.x] = part[n - 1 - threadIdx.x];
  } else {
    part[threadIdx.x] = 0.0f;
    __syncthreads();  // BUG divergent_barrier
  }
}
__global__ void divergent_barrier_repaired(float* y, int n) {
  __shared__ float part[kBlock];
  part[threadIdx.x] = 1.0f;
  __syncthreads();
  if (int(threadIdx.x) < n) y[threadIdx.x] = part[n - 1 - threadIdx.x];
}

__global__ void wait_for_flag(const volatile int* flag, float* y) {
  while (*flag == 0) {  // BUG no_progress
  }
  y[threadIdx.x] = 1.0f;
}

__global__ void fill(float* x, int n, float value) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) x[i] = value;
}
__global__ void add_one(float* x, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) x[i] += 1;
}

// An error is what some bugs give on a GPU, too; the report is what is tested.
void finish() { cudaDeviceSynchronize(); }

void run_out_of_bounds(bool repaired) {
  int n = 100;
  Device<float> x(n);
  (repaired ? out_of_bounds_repaired : out_of_bounds)<<<2, kBlock>>>(x, n);
  finish();
}
void run_use_after_free(bool repaired) {
  int n = 100;
  Device<float> x(std::vector<float>(n, 3.0f)), y(n);
  float* freed = nullptr;
  CUDA(cudaMalloc(&freed, n * sizeof(float)));
  CUDA(cudaMemcpy(freed, x, n * sizeof(float), cudaMemcpyDeviceToDevice));
  CUDA(cudaFree(freed));
  read_all<<<2, kBlock>>>(repaired ? static_cast<float*>(x) : freed, y, n);
  finish();
}
void run_uninitialised(bool repaired) {
  int n = 100;
  Device<float> x(n), y(n);
  fill<<<2, kBlock>>>(x, repaired ? n : n - 1, 1.0f);
  read_all<<<2, kBlock>>>(x, y, n);
  finish();
}
void run_uninitialised_shared(bool repaired) {
  Device<float> y(kBlock);
  (repaired ? uninitialised_shared_repaired : uninitialised_shared)<<<1, kBlock>>>(y);
  finish();
}
void run_uninitialised_local(bool repaired) {
  Device<int> order(std::vector<int>{3, 1, 4, 7, 5, 0, 2, 6});
  Device<float> y(kBlock);
  uninitialised_local<<<1, kBlock>>>(order, y, repaired ? 8 : 7);
  finish();
}
void run_shared_bounds(bool repaired) {
  Device<float> y(kBlock);
  shared_bounds<<<1, kBlock, kBlock * sizeof(float)>>>(y, repaired ? 0 : 1);
  finish();
}
void run_shared_race(bool repaired) {
  Device<float> y(kBlock);
  (repaired ? shared_race_repaired : shared_race)<<<1, kBlock>>>(y);
  finish();
}
void run_global_race(bool repaired) {
  Device<int> sum(1);
  sum.zero();
  (repaired ? global_race_repaired : global_race)<<<1, kBlock>>>(sum);
  finish();
}
void run_blocks_race(bool repaired) {
  Device<int> x(8);
  (repaired ? blocks_race_repaired : blocks_race)<<<8, kBlock>>>(x);
  finish();
}
void run_misaligned(bool repaired) {
  Device<float> x(std::vector<float>(4 * kBlock + 4, 1.0f));
  Device<float4> y(kBlock);
  misaligned<<<1, kBlock>>>(x, y, repaired ? 4 : 1);
  finish();
}
void run_divergent_barrier(bool repaired) {
  Device<float> y(kBlock);
  (repaired ? divergent_barrier_repaired : divergent_barrier)<<<1, kBlock>>>(y, 40);
  finish();
}
void run_no_progress(bool repaired) {
  Device<int> flag(std::vector<int>(1, repaired ? 1 : 0));
  Device<float> y(kBlock);
  wait_for_flag<<<2, kBlock>>>(flag, y);
  if ((cudaDeviceSynchronize() == cudaErrorLaunchTimeout) == repaired) std::exit(9);
}
void run_leak(bool repaired) {
  float* x = nullptr;
  CUDA(cudaMalloc(&x, 4000));
  if (repaired) CUDA(cudaFree(x));
}
void run_host_access(bool repaired) {
  Device<float> x(std::vector<float>(4, 1.0f));
  float value = repaired ? x.get()[0] : *static_cast<volatile float*>(static_cast<float*>(x));
  if (value != 1.0f) std::exit(9);
}
void run_late_stream(bool repaired) {
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
  if (x.get()[7] != 6.0f) std::exit(9);
}
void run_capture(bool repaired) {
  int n = 100;
  Device<float> x(n);
  cudaStream_t stream;
  CUDA(cudaStreamCreate(&stream));
  CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  fill<<<2, kBlock, 0, stream>>>(x, n, 5.0f);
  if (!repaired) cudaStreamSynchronize(stream);
  cudaGraph_t graph = nullptr;
  cudaError_t ended = cudaStreamEndCapture(stream, &graph);
  if ((ended == cudaSuccess) != repaired) std::exit(9);
  if (repaired) {
    cudaGraphExec_t executable;
    CUDA(cudaGraphInstantiate(&executable, graph, 0));
    CUDA(cudaGraphLaunch(executable, stream));
    CUDA(cudaStreamSynchronize(stream));
    CUDA(cudaGraphExecDestroy(executable));
    CUDA(cudaGraphDestroy(graph));
    if (x.get()[n - 1] != 5.0f) std::exit(9);
  }
  cudaGetLastError();
  CUDA(cudaStreamDestroy(stream));
}
void run_wrong_handle(bool repaired) {
  cudaStream_t stream;
  CUDA(cudaStreamCreate(&stream));
  if (repaired) CUDA(cudaStreamSynchronize(stream));
  CUDA(cudaStreamDestroy(stream));
  if (!repaired && cudaStreamSynchronize(stream) == cudaSuccess) std::exit(9);
}

struct Bug {
  const char* name;
  void (*run)(bool repaired);
};
const Bug kBugs[] = {{"out_of_bounds", run_out_of_bounds},
                     {"use_after_free", run_use_after_free},
                     {"uninitialised", run_uninitialised},
                     {"uninitialised_shared", run_uninitialised_shared},
                     {"uninitialised_local", run_uninitialised_local},
                     {"shared_bounds", run_shared_bounds},
                     {"shared_race", run_shared_race},
                     {"global_race", run_global_race},
                     {"blocks_race", run_blocks_race},
                     {"misaligned", run_misaligned},
                     {"divergent_barrier", run_divergent_barrier},
                     {"no_progress", run_no_progress},
                     {"leak", run_leak},
                     {"host_access", run_host_access},
                     {"late_stream", run_late_stream},
                     {"capture", run_capture},
                     {"wrong_handle", run_wrong_handle}};

int main(int count, char** arguments) {
  std::string name = count > 1 ? arguments[1] : "", ending = "_repaired";
  bool repaired = name.size() > ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
  if (repaired) name.resize(name.size() - ending.size());
  if (name == "ordered" || name == "missing") return !streams::right_on_three_streams(name == "missing");
  for (const Bug& bug : kBugs) {
    if (name == "--list") std::printf("%s\n", bug.name);
    if (name == bug.name) {
      bug.run(repaired);
      return 0;
    }
  }
  return name == "--list" ? 0 : 2;
}
