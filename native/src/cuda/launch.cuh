// Launches of kernels: where they run, and what is answered.
#ifndef KIB_CUDA_LAUNCH_CUH
#define KIB_CUDA_LAUNCH_CUH
#include <cuda_runtime.h>

#include <cstdint>

#include "../status.h"
#include "kib/queue.h"
#include "numbers.cuh"

namespace kib::cuda {

constexpr int kWarp = 32;
constexpr int kMostBlocks = 1 << 20;  // of a grid-stride loop

// Blocks, threads in each, and bytes of dynamic shared memory.
struct Grid {
  dim3 blocks;
  unsigned threads;
  size_t shared = 0;
};

inline int64_t divided_up(int64_t n, int64_t by) { return (n + by - 1) / by; }

// Blocks of so many threads, one for each of n items (or for several, in a grid-stride loop).
inline Grid grid_for(int64_t n, unsigned threads = 256) {
  int64_t blocks = divided_up(n, threads);
  return {dim3(static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks)), threads};
}

inline kib_status check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return KIB_OK;
  cudaGetLastError();  // else the next call would answer it again
  return refuse(error == cudaErrorMemoryAllocation ? KIB_OUT_OF_MEMORY : KIB_DEVICE_FAILED, "failed in %s: %s (%s)",
                what, cudaGetErrorName(error), cudaGetErrorString(error));
}

// Launches a kernel on the queue's stream, by name for the text of a failure; nothing where there are no blocks.
template <class... Parameters, class... Arguments>
kib_status launch(const char* name, void (*kernel)(Parameters...), const Grid& grid, const kib_queue* queue,
                  Arguments... arguments) {
  if (grid.blocks.x == 0 || grid.blocks.y == 0 || grid.blocks.z == 0) return KIB_OK;
  const void* function = reinterpret_cast<const void*>(kernel);
  if (grid.shared > 48 * 1024) {  // raised where it must be, and never lowered: a graph may hold a larger launch
    cudaFuncAttributes attributes;
    cudaError_t error = cudaFuncGetAttributes(&attributes, function);
    if (error == cudaSuccess && attributes.maxDynamicSharedSizeBytes < static_cast<int>(grid.shared))
      error =
          cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(grid.shared));
    if (error != cudaSuccess) return check(error, name);
  }
  return [&](Parameters... converted) {
    void* addresses[] = {const_cast<void*>(static_cast<const void*>(&converted))..., nullptr};
    return check(cudaLaunchKernel(function, grid.blocks, dim3(grid.threads), addresses, grid.shared,
                                  static_cast<cudaStream_t>(queue->stream)),
                 name);
  }(static_cast<Parameters>(arguments)...);
}

// Where a thread begins in a grid-stride loop, and its stride.
__device__ inline int64_t first_item() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline int64_t item_stride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

// Returns function(T()) with the type of activations.
template <class Function>
kib_status with_type(int type, Function function) {
  switch (type) {
    case KIB_F32:
      return function(float());
    case KIB_BF16:
      return function(bf16());
    default:
      return refuse(KIB_UNSUPPORTED_TYPE, "do not compute with numbers of type %d; F32 (%d) and BF16 (%d) they do",
                    type, KIB_F32, KIB_BF16);
  }
}

// Refuses a setting that is none of count, which begin at 0.
inline kib_status check_setting(const char* what, int setting, int count) {
  if (setting >= 0 && setting < count) return KIB_OK;
  return refuse(KIB_BAD_ARGUMENT, "have no %s %d; there are %d, from 0", what, setting, count);
}

// Parts of a workspace, each at a multiple of 256 bytes.
class Arena {
 public:
  explicit Arena(void* workspace) : first_(static_cast<char*>(workspace)), next_(first_) {}

  template <class T>
  T* take(int64_t count) {
    T* part = reinterpret_cast<T*>(next_);
    next_ += bytes<T>(count);
    return part;
  }

  // The bytes of all parts that were taken.
  int64_t taken() const { return next_ - first_; }

  // What take moves on by: a workspace is as large as the sum of its parts.
  template <class T>
  static int64_t bytes(int64_t count) {
    return divided_up(count * static_cast<int64_t>(sizeof(T)), 256) * 256;
  }

 private:
  char *first_, *next_;
};

}  // namespace kib::cuda
#endif
