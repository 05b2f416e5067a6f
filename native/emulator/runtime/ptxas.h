// Where the registers of a module's kernels are from: what its build wrote down, else ptxas itself, else an estimate.
#ifndef KIB_EMULATOR_PTXAS_H
#define KIB_EMULATOR_PTXAS_H
#include <set>
#include <string>
#include <vector>

#include "machine/options.h"
#include "machine/resources.h"
#include "runtime/ptx.h"

namespace kib::emulator {

// The first that knows all `entries`:
// 1. the files *.ptxas in the folders: what `ptxas -v` or `nvcc -Xptxas -v` printed for the capability;
// 2. Options::ptxas, run on the PTX in a folder of its own, or what it said of the same PTX before (Options::cache);
// 3. an estimate from the PTX; Resources::estimated says why.
Resources find_resources(const Ptx& ptx, const std::set<std::string>& entries, const std::vector<std::string>& folders,
                         const Options& options);

// What ptxas is to compile PTX for: "sm_90a" for that of sm_90a, "sm_90" for what runs on any later capability.
std::string ptxas_target(const Ptx& ptx, int capability);

}  // namespace kib::emulator
#endif
