// Instructions that a whole warp does on small matrices, each lane holding its part: ldmatrix, stmatrix, movmatrix,
// mma.
#ifndef KIB_EMULATOR_EXECUTE_MATRIX_H
#define KIB_EMULATOR_EXECUTE_MATRIX_H
#include "machine/ptx/ir.h"

namespace kib::emulator::ptx {

// Executes the instruction for all 32 lanes; `warp` is in their frame.
void matrix(const Instruction& i, Warp& warp);
const char* name(const MatrixOperation& m);

}  // namespace kib::emulator::ptx
#endif
