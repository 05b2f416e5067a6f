// Adds up a step's losses on the device.
#ifndef KIB_CUDA_METER_CUH
#define KIB_CUDA_METER_CUH
#include "kib/constants.h"
#include "kib/meter.h"
#include "launch.cuh"

namespace kib::cuda {

// The meter as a kernel's parameter: its arrays are the device's. No meter counts nowhere.
inline kib_meter by_value(const kib_meter* meter) { return meter == nullptr ? kib_meter{} : *meter; }

// Adds a loss to the meter's slot, and notes where it is not finite, as only the first is noted. One thread of a launch
// calls it; launches that share a meter follow each other.
__device__ inline void add_loss(const kib_meter& meter, double loss) {
  if (meter.sums == nullptr) return;
  meter.sums[meter.slot] += loss;
  if (!isfinite(loss) && meter.fault[0] == 0) {
    meter.fault[0] = meter.now[KIB_CLOCK_STEP] + 1;
    meter.fault[1] = meter.slot;
  }
}

}  // namespace kib::cuda
#endif
