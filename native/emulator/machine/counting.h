// Counters of kernels, merged launch by launch.
#ifndef KIB_EMULATOR_COUNTING_H
#define KIB_EMULATOR_COUNTING_H

namespace kib::emulator::ptx {

struct LaunchState;
void add_counts(const LaunchState& state);

}  // namespace kib::emulator::ptx
#endif
