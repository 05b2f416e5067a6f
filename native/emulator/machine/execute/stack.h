// A thread's stack where its depth is not known before it runs: recursion, and calls by pointers. Elsewhere the driver
// gives each thread what the kernel needs, whatever cudaLimitStackSize says.
#ifndef KIB_EMULATOR_EXECUTE_STACK_H
#define KIB_EMULATOR_EXECUTE_STACK_H
#include <cstdint>
#include <string>
#include <vector>

#include "machine/ptx/ir.h"

namespace kib::emulator::ptx {

struct Stack {
  std::vector<uint32_t> frames;  // a function's bytes on a GPU; empty where the stack is known before
  uint32_t limit = 0;            // a thread's bytes on a GPU
  uint32_t local_bytes = 0;      // of a thread's local variables here, where they are laid out as PTX declares them
};

Stack stack_of(const KernelImage& kernel, const Launch& launch);

// What to say of a call that needs `bytes` at a depth.
std::string stack_overflow(const Launch& launch, const Stack& stack, uint32_t bytes, uint32_t depth,
                           const std::string& function, uint32_t frame);

}  // namespace kib::emulator::ptx
#endif
