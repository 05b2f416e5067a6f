// Adds up a step's losses.
#ifndef KIB_CPU_METER_H
#define KIB_CPU_METER_H
#include "kib/constants.h"
#include "kib/meter.h"
#include "level.h"

namespace kib::KIB_LEVEL {

inline void add_up(const kib_meter* meter, double loss) {
  if (meter == nullptr || meter->sums == nullptr) return;
  meter->sums[meter->slot] += loss;
  if (!std::isfinite(loss) && meter->fault[0] == 0) {
    meter->fault[0] = meter->now[KIB_CLOCK_STEP] + 1;
    meter->fault[1] = meter->slot;
  }
}

}  // namespace kib::KIB_LEVEL
#endif
