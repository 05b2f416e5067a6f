// Atomic operations on single f16 and bf16 values.
#ifndef KIB_EMULATOR_EXECUTE_HALF_VALUES_H
#define KIB_EMULATOR_EXECUTE_HALF_VALUES_H
#include "machine/forms/narrow.h"

namespace kib::emulator::ptx {
namespace {

template <class F>
uint16_t half_combined_as(AtomicOp op, uint16_t old, uint16_t a) {
  const float x = widen(F{}, old), y = widen(F{}, a);
  if (op == AtomicOp::kAdd) return nearest(F{}, x + y);
  if (x != x) return y != y ? F::canonical : a;
  if (y != y) return old;
  const bool less = x < y || (x == y && (old & F::sign) > (a & F::sign));
  return less == (op == AtomicOp::kMin) ? old : a;
}

inline uint16_t half_combined(Type type, AtomicOp op, uint16_t old, uint16_t a) {
  return type == Type::kF16 ? half_combined_as<F16>(op, old, a) : half_combined_as<Bf16>(op, old, a);
}

}  // namespace
}  // namespace kib::emulator::ptx
#endif
