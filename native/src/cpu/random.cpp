// Initial weights, and the clock.
#include "kib/random.h"

#include <algorithm>

#include "kib/constants.h"
#include "level.h"
#include "philox.h"

namespace kib::KIB_LEVEL {

kib_status kib_random_uniform(float* w, int64_t outer, int64_t channels, int64_t positions, double bound, uint64_t seed,
                              uint32_t layer, const kib_queue*) {
  int64_t size = outer * channels * positions;
  for (int64_t first = 0; first < size; first += 4) {
    uint32_t words[4];
    philox(static_cast<uint32_t>(first / 4), 0, layer, KIB_PURPOSE_WEIGHTS, seed, words);
    for (int64_t e = first; e < std::min(first + 4, size); e++) {
      int64_t o = e / (channels * positions), c = e / positions % channels, p = e % positions;
      double uniform = (words[e % 4] + 0.5) * 0x1p-32;
      w[(o * positions + p) * channels + c] = static_cast<float>(bound * (2 * uniform - 1));
    }
  }
  return KIB_OK;
}

kib_status kib_random_advance(int64_t* now, int64_t batch, const kib_queue*) {
  now[KIB_CLOCK_STEP] += 1;
  now[KIB_CLOCK_POSITION] += batch;
  now[KIB_CLOCK_EPOCH_STEP] += 1;
  return KIB_OK;
}

}  // namespace kib::KIB_LEVEL
