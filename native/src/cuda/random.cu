// Initial weights, and the clock.
#include "kib/constants.h"
#include "kib/random.h"
#include "launch.cuh"
#include "philox.cuh"

namespace kib::cuda {
namespace {

// A thread draws the four numbers of one counter: 16 bytes written for each, nothing read. Of interest at the start of
// a run alone.
__global__ void uniform(float* w, int64_t channels, int64_t positions, int64_t size, double bound, uint64_t seed,
                        uint32_t layer) {
  int64_t counters = (size + 3) / 4;
  for (int64_t i = first_item(); i < counters; i += item_stride()) {
    uint4 words = philox(static_cast<uint32_t>(i), 0, layer, KIB_PURPOSE_WEIGHTS, seed);
    for (unsigned j = 0; j < 4 && 4 * i + j < size; j++) {
      int64_t e = 4 * i + j, o = e / (channels * positions), c = e / positions % channels, p = e % positions;
      double number = (word(words, j) + 0.5) * 0x1p-32;
      w[(o * positions + p) * channels + c] = static_cast<float>(bound * (2 * number - 1));
    }
  }
}

__global__ void advance(int64_t* now, int64_t batch) {
  now[KIB_CLOCK_STEP] += 1;
  now[KIB_CLOCK_POSITION] += batch;
  now[KIB_CLOCK_EPOCH_STEP] += 1;
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

kib_status kib_random_uniform(float* w, int64_t outer, int64_t channels, int64_t positions, double bound, uint64_t seed,
                              uint32_t layer, const kib_queue* queue) {
  int64_t size = outer * channels * positions;
  return launch("random.uniform", uniform, grid_for((size + 3) / 4), queue, w, channels, positions, size, bound, seed,
                layer);
}

kib_status kib_random_advance(int64_t* now, int64_t batch, const kib_queue* queue) {
  return launch("random.advance", advance, {dim3(1), 1}, queue, now, batch);
}
