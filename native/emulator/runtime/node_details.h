// What a program may ask about a node of a graph, and change: copies of what it was made of.
#ifndef KIB_EMULATOR_NODE_DETAILS_H
#define KIB_EMULATOR_NODE_DETAILS_H
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <variant>
#include <vector>

#include "runtime/attributes.h"
#include "runtime/copies.h"
#include "runtime/kernels.h"

namespace kib::emulator {

struct KernelDetails {
  const void* function = nullptr;                 // the host's function
  LaunchCall call;                                // its arguments are those below
  std::shared_ptr<std::vector<std::byte>> bytes;  // of all arguments
  std::vector<void*> arguments;                   // into `bytes`
  std::map<int, AttributeValue> attributes;
};

struct HostDetails {
  void (*function)(void*) = nullptr;
  void* data = nullptr;
};

class GraphMemory;

struct AllocateDetails {
  std::shared_ptr<GraphMemory> memory;
};

struct FreeDetails {
  std::shared_ptr<GraphMemory> memory;
};

struct NodeDetails {
  std::variant<std::monostate, KernelDetails, Copy, Fill, HostDetails, AllocateDetails, FreeDetails> value;
};

}  // namespace kib::emulator
#endif
