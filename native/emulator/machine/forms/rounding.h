// The processor's rounding mode for a while, and what keeps the compiler from moving arithmetic out of it.
#ifndef KIB_EMULATOR_FORMS_ROUNDING_H
#define KIB_EMULATOR_FORMS_ROUNDING_H
#include <cstdint>

#include "machine/forms/key.h"

namespace kib::emulator::ptx {
namespace {

class RoundingScope {
 public:
  explicit RoundingScope(Round round) : before_(__builtin_ia32_stmxcsr()) {
    const uint32_t bits = round == Round::kDown ? 1 : round == Round::kUp ? 2 : round == Round::kZero ? 3 : 0;
    __builtin_ia32_ldmxcsr((before_ & ~uint32_t{0x6000}) | bits << 13);
  }
  ~RoundingScope() { __builtin_ia32_ldmxcsr(before_); }
  RoundingScope(const RoundingScope&) = delete;
  RoundingScope& operator=(const RoundingScope&) = delete;

 private:
  uint32_t before_;
};

template <class T>
inline __attribute__((always_inline)) T pinned(T value) {
  asm volatile("" : "+x"(value)::"memory");
  return value;
}

}  // namespace
}  // namespace kib::emulator::ptx
#endif
