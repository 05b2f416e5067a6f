// How many blocks fit on a multiprocessor at once, and whether one does: the rules of cuda_occupancy.h for the
// capabilities that the device can have.
#ifndef KIB_EMULATOR_OCCUPANCY_H
#define KIB_EMULATOR_OCCUPANCY_H
#include <cstddef>
#include <cstdint>

#include "machine/resources.h"
#include "runtime/properties.h"

namespace kib::emulator {

// The registers that a block is checked against Limits::registers with: each warp's in units of 256, of a multiple of
// four warps.
uint32_t registers_of_block(uint32_t registers, uint32_t threads);

// The most threads of a block whose registers fit, at most `limit`: cudaFuncAttributes::maxThreadsPerBlock.
uint32_t most_threads(const Limits& limits, uint32_t registers, uint32_t limit);

struct Occupancy {
  int blocks = 0;
  const char* bound = "";  // what allows no more: "threads", "blocks", "registers", "shared memory", "barriers"
};
// `dynamic_shared` is what the launch asks for; what may be asked for is the caller's to check.
Occupancy occupancy_of(const Limits& limits, const KernelResources& kernel, uint32_t threads, size_t dynamic_shared);

// The most dynamic shared memory with which `blocks` blocks fit; 0 where they do not fit at all.
size_t dynamic_shared_for(const Limits& limits, const KernelResources& kernel, int blocks);

}  // namespace kib::emulator
#endif
