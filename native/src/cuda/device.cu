// What the library says of itself, and shows.
#include <nvtx3/nvToolsExt.h>

#include "kib/cuda.h"
#include "launch.cuh"

// The emulated device has these two functions, NVIDIA's libraries do not.
extern "C" int kib_emulator_present(void) __attribute__((weak));
extern "C" int kib_emulator_forget(const void* address, uint64_t bytes, void* stream) __attribute__((weak));

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

int kib_cuda_is_watched(void) { return kib_emulator_present != nullptr && kib_emulator_forget != nullptr; }

kib_status kib_cuda_forget(void* part, int64_t bytes, const kib_queue* queue) {
  if (!kib_cuda_is_watched()) return KIB_OK;
  int error = kib_emulator_forget(part, static_cast<uint64_t>(bytes), queue->stream);
  return kib::cuda::check(static_cast<cudaError_t>(error), "kib_emulator_forget");
}

void kib_cuda_begin_range(const char* name) { nvtxRangePushA(name); }

void kib_cuda_end_range(void) { nvtxRangePop(); }
