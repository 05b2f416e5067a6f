// What the library says of itself, and shows.
#include "kib/cuda.h"
#include "launch.cuh"

namespace kib::cuda {
namespace {

__global__ void write_pattern(uint32_t* out, int64_t n) {
  for (int64_t i = first_item(); i < n; i += item_stride()) out[i] = 2654435761u * static_cast<uint32_t>(i + 1);
}

}  // namespace
}  // namespace kib::cuda

const char* kib_cuda_architectures(void) { return KIB_CUDA_ARCHITECTURES; }

kib_status kib_cuda_write_pattern(uint32_t* out, int64_t n, const kib_queue* queue) {
  return kib::cuda::launch("cuda.write_pattern", kib::cuda::write_pattern, kib::cuda::grid_for(n), queue, out, n);
}
