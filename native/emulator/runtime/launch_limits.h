// What a launch may ask of the device.
#ifndef KIB_EMULATOR_LAUNCH_LIMITS_H
#define KIB_EMULATOR_LAUNCH_LIMITS_H
#include <string>

#include "runtime/kernels.h"
#include "runtime/occupancy.h"

namespace kib::emulator {

// The error that CUDA gives for a launch that the device refuses, and why; 0 where it can run.
struct Refusal {
  int error = 0;
  std::string why;
};
Refusal refusal_of(Function& function, const LaunchCall& call);

// What the kernel takes: by ptxas, or by the estimate.
KernelResources resources_of(Function& function);

// Blocks of a cluster at most: with what cudaFuncSetAttribute allowed, and with all that it can allow.
uint32_t most_in_cluster(const Function& function);
uint32_t most_in_cluster_ever();

// Bytes of dynamic shared memory that a launch may ask for.
size_t dynamic_shared_allowed(const Function& function);

// cudaLimitStackSize, and its setting; false for a size that no thread can have.
uint32_t stack_limit();
bool set_stack_limit(size_t bytes);

}  // namespace kib::emulator
#endif
