// What every function of the runtime does around its work: the mutex, earlier faults, calls from a stream's callback,
// the thread's last error, the count of calls.
#ifndef KIB_EMULATOR_CALL_H
#define KIB_EMULATOR_CALL_H
#include <utility>

#include "machine/shortage.h"
#include "runtime/device.h"
#include "runtime/tally.h"

namespace kib::emulator {

int remember(int error);  // as the calling thread's last error, where it is one; returns it
int last_error(bool clear);
void forget_error();

// Calls `body(device, lock)` and returns its error, or why it could not be called.
template <class Body>
int call(const char* name, Body body) {
  Tally::calls().add(name);
  if (Scheduler::in_callback()) {
    report(Finding::kBadArgument, name, "is called by a function that a stream runs; CUDA forbids that");
    return remember(cudaErrorNotPermitted);
  }
  Device& device = Device::instance();
  Lock lock(device.mutex());
  if (const int fault = device.scheduler().fault()) return remember(fault);
  if (finds_no_memory(name)) return remember(cudaErrorMemoryAllocation);
  return remember(body(device, lock));
}

}  // namespace kib::emulator
#endif
