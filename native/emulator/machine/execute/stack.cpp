#include "machine/execute/stack.h"

#include <algorithm>
#include <cstdlib>

namespace kib::emulator::ptx {
namespace {

constexpr uint32_t kUnknownFrame = 16;  // a frame of which nothing is known, beside its variables
constexpr uint32_t kLeastLocal = 64 << 10, kTimes = 4;

uint32_t align8(uint32_t n) { return (n + 7) / 8 * 8; }

}  // namespace

Stack stack_of(const KernelImage& kernel, const Launch& launch) {
  Stack stack;
  stack.local_bytes = kernel.local_bytes();
  if (!kernel.unknown_stack()) return stack;
  const Resources* known = launch.resources;
  for (const Function& f : kernel.image().functions) {
    uint32_t bytes = align8(f.local_bytes) + (f.entry ? 0 : kUnknownFrame);
    if (known != nullptr && f.entry) {
      if (const auto k = known->kernels.find(f.name); k != known->kernels.end()) bytes = k->second.stack;
    } else if (known != nullptr) {
      // What ptxas does not name, it has put into its callers.
      const auto frame = known->frames.find(f.name);
      bytes = frame != known->frames.end() ? frame->second : 0;
    }
    stack.frames.push_back(bytes);
  }
  const uint32_t own = stack.frames[static_cast<size_t>(&kernel.function() - kernel.image().functions.data())];
  stack.limit = std::max(launch.stack_limit, own);
  stack.local_bytes += std::max(kLeastLocal, kTimes * launch.stack_limit);
  return stack;
}

std::string stack_overflow(const Launch& launch, const Stack& stack, uint32_t bytes, uint32_t depth,
                           const std::string& function, uint32_t frame) {
  const auto n = [](uint32_t value) { return std::to_string(value); };
  std::string by;
  if (launch.resources != nullptr && !launch.resources->estimated.empty()) {
    by = " (an estimate, since " + launch.resources->estimated + ")";
  }
  return "the stack of " + n(stack.limit) + " bytes overflows: at depth " + n(depth) + " the frames take " + n(bytes) +
         " bytes" + by + ", " + readable(function) + " " + n(frame) +
         " of them for each call; recurse less deep, or raise cudaDeviceSetLimit(cudaLimitStackSize, ...)";
}

}  // namespace kib::emulator::ptx
