// What the body parser notes of a function's statements for passes over the finished body.
#ifndef KIB_EMULATOR_PTX_TRACE_H
#define KIB_EMULATOR_PTX_TRACE_H
#include <string>
#include <unordered_map>
#include <vector>

#include "machine/forms/key.h"

namespace kib::emulator::ptx {

// A register that a statement names.
struct Mention {
  Operand slot;
  bool written;
};

// What real arithmetic a statement does, so far as products and sums may become one; kNone where it does other things.
struct RealOperation {
  Op op = Op::kMov;
  Type type = Type::kNone;
  bool ftz = false, sat = false;
  bool free = false;           // the product may be fused into a sum
  Round round = Round::kNone;  // of pairs of f32, which are free with a rounding, too: that of both must be the same
};

struct Statement {
  uint32_t first = 0, end = 0;              // instructions; the last is the operation
  uint32_t mentions = 0, mentions_end = 0;  // into Trace::mentions
  bool guarded = false, splits_block = false;
  RealOperation real;
};

struct Trace {
  std::vector<Statement> statements;
  std::vector<Mention> mentions;
};

// A branch or list of labels by name, until labels are resolved.
struct Fixup {
  uint32_t instruction;
  std::string label;
  int line;
};

}  // namespace kib::emulator::ptx
#endif
