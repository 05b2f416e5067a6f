// Copies and fills: what kind of memory each side is, and the work that does it.
#ifndef KIB_EMULATOR_COPIES_H
#define KIB_EMULATOR_COPIES_H
#include <cstdint>
#include <string>

#include "runtime/device.h"

namespace kib::emulator {

struct Copy {
  std::string caller;
  void* to = nullptr;
  const void* from = nullptr;
  uint64_t width = 0, height = 1;         // bytes of a row, rows
  uint64_t to_pitch = 0, from_pitch = 0;  // bytes from row to row
  int kind = 4;                           // cudaMemcpyKind
};

struct Fill {
  std::string caller;
  void* to = nullptr;
  int value = 0;
  uint64_t width = 0, height = 1, pitch = 0;
  unsigned element = 1;  // bytes: 1, 2 or 4, all of the value's
};

// Enqueues, and waits where CUDA waits: `blocking` for the forms without Async, pageable host memory for the others.
int copy(Lock& lock, Device& device, Stream& stream, const Copy& copy, bool blocking);
int fill(Lock& lock, Device& device, Stream& stream, const Fill& fill);

// The work of a node of a graph, which reads and writes the host's memory at each launch.
int prepare(const Copy& copy, Task* task);
int prepare(const Fill& fill, Task* task);

}  // namespace kib::emulator
#endif
