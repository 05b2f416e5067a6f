// Included by one source of each stand-in beside libcuda.so.1: at load, refuses a libcuda.so.1 that is NVIDIA's or of
// another build, since the stand-ins share its state. Define KIB_LIBRARY, the stand-in's name, before.
#ifndef KIB_EMULATOR_BUILD_CHECK_H
#define KIB_EMULATOR_BUILD_CHECK_H
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "kib_emulator_build_id.h"

extern "C" const char* kib_emulator_build() __attribute__((weak));

namespace {

__attribute__((constructor)) void check_build() {
  const char* found = kib_emulator_build != nullptr ? kib_emulator_build() : "none of the emulator";
  if (std::strcmp(found, KIB_EMULATOR_BUILD_ID) == 0) return;
  std::fprintf(
      stderr,
      "kib-emulator: %s is the emulator's, build %s, but the process has loaded a libcuda.so.1 that is %s; put "
      "the emulator's folder first in LD_LIBRARY_PATH (or org.bytedeco.javacpp.platform.linkpath), and no other "
      "CUDA library before it\n",
      KIB_LIBRARY, KIB_EMULATOR_BUILD_ID, found);
  ::_exit(3);  // no function could work
}

}  // namespace
#endif
