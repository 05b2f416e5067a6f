// libcudart.so.13 as it is loaded, and what it refuses.
#define KIB_LIBRARY "libcudart.so.13"
#include "runtime/build_check.h"
#include "runtime/cudart.h"

namespace {

int refuse(const char* name) {
  kib::emulator::report(
      kib::emulator::Finding::kUnsupported, name,
      "the emulated device does not have this function; see native/emulator/runtime for those it has");
  return kib::emulator::remember(kib::emulator::cudaErrorNotSupported);
}

}  // namespace

// Whatever their arguments are: none is looked at.
#define KIB_NOT_EMULATED(name) \
  KIB_EXPORT int name() { return refuse(#name); }
#include "runtime/not_emulated.inc"
