// Products fused into sums, as ptxas does it (its default, nvcc's -fmad=true).
//
// PTX lets mul and add (or sub) without a rounding modifier become one fused multiply-add, rounded once. Which ones do
// was found by compiling small kernels, thousands of random ones among them, with ptxas 13.0 for sm_80, sm_90 and
// sm_100 and reading the instructions:
//   * within a basic block; calls, and operations that ptxas expands into several blocks (f32 division and root with a
//     rounding, f64's, integer division but u32's) end one as branches do. So do fences, but not always: across a fence
//     ptxas may fuse what this does not;
//   * a product all of whose uses are sums of its type and .ftz is fused into all of them and computed no more; one
//     that anything else uses, in another block too, is not fused at all. Moves and negations are looked through;
//   * first products of one use are fused, then the others, each time in the order of the sums. Of a sum of two
//     products that one is fused which has fewer uses, else the first; the other must then be computed;
//   * a guarded product, one with .sat, and a sum of a product with itself stay as they are. A sum's guard and .sat
//     become the fused instruction's.
// Pairs of f32 (f32x2) are fused where both roundings are the same, whichever and even with --fmad=false.
// ptxas -O0 and --fmad=false fuse nothing else; nvcc's -fmad=false writes .rn into the PTX.
#ifndef KIB_EMULATOR_PTX_FUSE_H
#define KIB_EMULATOR_PTX_FUSE_H
#include <map>
#include <string_view>

#include "machine/ptx/trace.h"

namespace kib::emulator::ptx {

class BodyParser;

// Whether ptxas ends a basic block at the instruction, besides branches and exits.
bool splits_block(std::string_view opcode, int capability);

// Rewrites the function's instructions, those from `first` on; labels and fixups move along.
void fuse_products(BodyParser& body, uint32_t first, const Trace& trace,
                   std::unordered_map<std::string, uint32_t>& labels, std::vector<Fixup>& fixups,
                   const std::unordered_map<std::string, uint32_t>& targets,
                   const std::vector<std::pair<uint32_t, std::vector<std::string>>>& target_labels);

}  // namespace kib::emulator::ptx
#endif
