// What devices of capability 9.0 brought: launches that overlap, copies in bulk. Compiled for 9.0 alone.
#include "planted.h"

constexpr int kPrograms = 40, kElements = kPrograms * kBlock;

__global__ void produce(const float* x, float* y) {
  cudaGridDependencySynchronize();  // of the launch before, which read y
  cudaTriggerProgrammaticLaunchCompletion();
  int i = blockIdx.x * kBlock + threadIdx.x;
  y[i] = 2 * x[i];  // BUG dependent_launch
}
__global__ void consume(const float* y, float* z, bool wait) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  float sum = threadIdx.x;
  if (wait) cudaGridDependencySynchronize();
  z[i] = sum + y[kElements - 1 - i];  // BUG dependent_launch
}

template <class... Formal, class... Actual>
void launch_dependent(void (*kernel)(Formal...), Actual... arguments) {
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attribute.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t configuration = {};
  configuration.gridDim = dim3(kPrograms);
  configuration.blockDim = dim3(kBlock);
  configuration.attrs = &attribute;
  configuration.numAttrs = 1;
  CUDA(cudaLaunchKernelEx(&configuration, kernel, arguments...));
}

inline bool run_dependent(bool repaired) {
  std::vector<float> first(kElements, 1.0f), second(kElements, 3.0f);
  Device<float> a(first), b(second), y(first), z(first);
  const float* inputs[] = {a, b};
  for (const float* x : inputs) {
    launch_dependent(produce, x, (float*)y);
    launch_dependent(consume, (const float*)y, (float*)z, repaired);
  }
  bool right = true;
  std::vector<float> got = z.get();
  for (int i = 0; i < kElements; ++i) right &= got[i] == float(i % kBlock) + 6.0f;
  return right;
}

// EXPECT dependent_launch: unordered access | (produce|consume) | .*ahead of the kernel before, until cudaGrid
PLANTED(dependent_launch) { correct(run_dependent(repaired) || !repaired); }

// EXPECT dependent_launch_result: wrong result | | | seeds=20 KIB_EMULATOR_CHECK=all,-order
PLANTED(dependent_launch_result) { correct(run_dependent(repaired)); }

// Tiles through two buffers: bytes arrive in bulk while the tile before is worked on. `full` says that they are there,
// `empty` that all threads are through with them.
constexpr int kTile = 256, kTiles = 9, kTileBytes = kTile * sizeof(float);

__device__ unsigned shared_address(const void* p) { return unsigned(__cvta_generic_to_shared(p)); }
__device__ void init(uint64_t* barrier, int count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(count) : "memory");
}
__device__ void arrive(uint64_t* barrier) {
  asm volatile("{ .reg .b64 state; mbarrier.arrive.shared::cta.b64 state, [%0]; }" ::"r"(shared_address(barrier))
               : "memory");
}
__device__ void arrive_expecting(uint64_t* barrier, int bytes) {
  asm volatile(
      "{ .reg .b64 state; mbarrier.arrive.expect_tx.shared::cta.b64 state, [%0], %1; }" ::"r"(shared_address(barrier)),
      "r"(bytes)
      : "memory");
}
__device__ bool over(uint64_t* barrier, int phase) {
  int yes;
  asm volatile("{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; selp.b32 %0, 1, 0, p; }"
               : "=r"(yes)                                     // BUG bulk_empty
               : "r"(shared_address(barrier)), "r"(phase & 1)  // BUG bulk_empty
               : "memory");
  return yes != 0;
}
__device__ void wait(uint64_t* barrier, int phase) {
  while (!over(barrier, phase)) {
  }
}
__device__ void load_bulk(void* to, const void* from, int bytes, uint64_t* barrier) {
  asm volatile(  // BUG bulk_empty BUG bulk_misaligned
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
          shared_address(to)),                             // BUG bulk_full BUG bulk_empty BUG bulk_misaligned
      "l"(from), "r"(bytes), "r"(shared_address(barrier))  // BUG bulk_full BUG bulk_misaligned
      : "memory");
}

enum class Fault { kNone, kFull, kEmpty, kMisaligned };

__global__ void pipeline(const float* x, float* y, Fault fault) {
  alignas(128) __shared__ float tile[2][kTile];
  __shared__ uint64_t full[2], empty[2];
  if (threadIdx.x == 0) {
    for (int b = 0; b < 2; ++b) init(&full[b], 1), init(&empty[b], kBlock);
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  }
  __syncthreads();
  for (int n = 0; n < kTiles; ++n) {
    int b = n % 2, round = n / 2;
    if (threadIdx.x == 0) {
      if (round > 0 && fault != Fault::kEmpty) wait(&empty[b], round - 1);
      arrive_expecting(&full[b], kTileBytes);
      const float* from = x + n * kTile + (fault == Fault::kMisaligned);
      load_bulk(tile[b], from, kTileBytes, &full[b]);  // BUG bulk_empty BUG bulk_misaligned
    }
    if (fault != Fault::kFull) wait(&full[b], round);
    for (int i = threadIdx.x; i < kTile; i += kBlock) y[n * kTile + i] = 2 * tile[b][i];  // BUG bulk_full
    if (fault == Fault::kFull) wait(&full[b], round);
    arrive(&empty[b]);
  }
}

inline void run_pipeline(Fault fault) {
  std::vector<float> values(kTiles * kTile + 4, 1.5f), wanted(kTiles * kTile, 3.0f);
  Device<float> x(values), y(kTiles * kTile);
  pipeline<<<1, kBlock>>>(x, y, fault);
  bool right = cudaDeviceSynchronize() != cudaSuccess || fault != Fault::kNone || y.get() == wanted;
  correct(right);
}

// EXPECT bulk_full: uninitialised read|race in shared memory | pipeline |
PLANTED(bulk_full) { run_pipeline(repaired ? Fault::kNone : Fault::kFull); }

// The thread that loads runs ahead: over what others still read, or so far that they wait for a phase long over.
// EXPECT bulk_empty: race in shared memory|no progress | pipeline |
PLANTED(bulk_empty) { run_pipeline(repaired ? Fault::kNone : Fault::kEmpty); }

// EXPECT bulk_misaligned: misaligned access | pipeline | \(0,0,0\) thread \(0,0,0\).*reads 16 bytes at an address
PLANTED(bulk_misaligned) { run_pipeline(repaired ? Fault::kNone : Fault::kMisaligned); }

__global__ void store_bulk(float* y, bool fence) {
  alignas(128) __shared__ float tile[kTile];
  for (int i = threadIdx.x; i < kTile; i += kBlock) tile[i] = float(i);
  if (fence) asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  __syncthreads();
  if (threadIdx.x == 0) {
    asm volatile(  // BUG bulk_proxy
        "cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(y + blockIdx.x * kTile),
        "r"(shared_address(tile)), "r"(kTileBytes)  // BUG bulk_proxy
        : "memory");
    asm volatile("cp.async.bulk.commit_group;\n\tcp.async.bulk.wait_group.read 0;" ::: "memory");
  }
}

// EXPECT bulk_proxy: race in shared memory | store_bulk | .*wrote with no fence.proxy.async between
PLANTED(bulk_proxy) {
  Device<float> y(4 * kTile);
  store_bulk<<<4, kBlock>>>(y, repaired);
  finish();
  std::vector<float> got = y.get();
  bool right = true;
  for (int i = 0; i < 4 * kTile; ++i) right &= got[i] == float(i % kTile);
  correct(right);
}
