// What kernels take of a multiprocessor: registers, barriers, shared memory and stack, as ptxas gives them. PTX has
// registers without end; how many a card's need is not in it.
#ifndef KIB_EMULATOR_RESOURCES_H
#define KIB_EMULATOR_RESOURCES_H
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace kib::emulator {

struct KernelResources {
  uint32_t registers = 0;  // of a thread
  uint32_t barriers = 0;
  uint32_t shared = 0;  // bytes of static shared memory
  uint32_t stack = 0;   // bytes of a thread's stack that are known before it runs: its frame and those it calls
};

struct Resources {
  std::map<std::string, KernelResources, std::less<>> kernels;
  std::map<std::string, uint32_t, std::less<>> frames;  // bytes of stack of the functions that are called, not inlined
  std::string source;                                   // where it is from: a file, "ptxas"
  std::string estimated;                                // not empty: it is an estimate, and why
  bool empty() const { return kernels.empty(); }
};

// Adds what the output of `ptxas -v` (or nvcc -Xptxas -v) says of a capability; kernels that are there already stay.
void read_ptxas(std::string_view output, int capability, Resources* to);

// An upper estimate from PTX alone: the most 32-bit words that live at once, and what ptxas needs beside them, from 16
// to 255, within what .maxnreg and .maxntid with .minnctapersm leave. Empty where the text is no PTX.
Resources estimate_resources(std::string_view ptx);

}  // namespace kib::emulator
#endif
