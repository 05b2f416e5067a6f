// libcublas.so.13 as it is loaded, and the functions that it does not have.
#define KIB_LIBRARY "libcublas.so.13"
#include "libraries/cublas/cublas.h"
#include "runtime/build_check.h"

#define KIB_NOT_EMULATED(name) \
  extern "C" int name() { return kib::emulator::cublas::unsupported(#name, "the function is not emulated"); }
#include "libraries/cublas/not_emulated.inc"
