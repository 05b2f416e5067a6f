// libcudnn_adv.so.9: recurrent networks, attention and CTC loss, none of which is emulated.
#define KIB_LIBRARY "libcudnn_adv.so.9"
#include "libraries/cudnn/cudnn.h"
#include "runtime/build_check.h"

extern "C" int cudnnAdvVersionCheck() { return kib::emulator::cudnn::kSuccess; }

#define KIB_NOT_EMULATED(name) \
  extern "C" int name() { return kib::emulator::cudnn::unsupported(#name, "the function is not emulated"); }
#include "libraries/cudnn/not_emulated_adv.inc"
