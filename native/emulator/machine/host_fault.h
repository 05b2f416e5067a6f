// Accesses of the host to memory that it must not touch now: the handler of SIGSEGV asks those who guard memory, and
// passes on what is none of theirs (the Java virtual machine has a handler of its own).
#ifndef KIB_EMULATOR_HOST_FAULT_H
#define KIB_EMULATOR_HOST_FAULT_H
#include <cstdint>

namespace kib::emulator {

enum class HostFault {
  kNotMine,
  kReported,  // whoever had the signal before gets it
  kGoOn,      // the access is tried again and succeeds
};

// `writes` is known on x86-64 alone; elsewhere it is false.
using HostFaultHandler = HostFault (*)(uint64_t address, bool writes);

// Asks `handler` from now on; at most four handlers, each entered once.
void watch_host_faults(HostFaultHandler handler);

}  // namespace kib::emulator
#endif
