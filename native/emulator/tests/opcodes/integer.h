// Integer types as the tables of cases name them.
#ifndef KIB_EMULATOR_TESTS_INTEGER_H
#define KIB_EMULATOR_TESTS_INTEGER_H
#include <cstdint>
#include <string>

#include "cases.h"

namespace kib::emulator::tests {

struct Integer {
  int bits;
  bool is_signed;
  uint64_t mask() const { return ~uint64_t{0} >> (64 - bits); }
  uint64_t top() const { return uint64_t{1} << (bits - 1); }
  Int128 value(uint64_t x) const {
    x &= mask();
    return is_signed && x & top() ? Int128(x) - (Int128(1) << bits) : Int128(x);
  }
  uint64_t wrap(Int128 x) const { return uint64_t(x) & mask(); }
  Int128 low() const { return is_signed ? -Int128(top()) : Int128(0); }
  Int128 high() const { return is_signed ? Int128(top()) - 1 : Int128(mask()); }
  Int128 clamp(Int128 x) const { return x < low() ? low() : x > high() ? high() : x; }
  std::string suffix() const { return (is_signed ? ".s" : ".u") + std::to_string(bits); }
  Domain domain() const {
    return bits == 8 ? Domain::kInt8 : bits == 16 ? Domain::kInt16 : bits == 32 ? Domain::kInt32 : Domain::kInt64;
  }
};

inline constexpr Integer kIntegers[] = {{16, true}, {16, false}, {32, true}, {32, false}, {64, true}, {64, false}};

}  // namespace kib::emulator::tests
#endif
