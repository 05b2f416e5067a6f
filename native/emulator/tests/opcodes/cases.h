// A case is a PTX body made into a kernel, run over edge and random values, and compared with a host's reference.
#ifndef KIB_EMULATOR_TESTS_CASES_H
#define KIB_EMULATOR_TESTS_CASES_H
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "reference.h"

namespace kib::emulator::tests {

// The kind of values of an operand; its register is as wide.
enum class Domain { kInt8, kInt16, kInt32, kInt64, kShift, kF16, kBf16, kF32, kF64, kF16x2, kBf16x2, kF32x2 };
int width(Domain domain);  // bits of the register: 16, 32 or 64

using Inputs = std::array<uint64_t, 4>;
using Reference = std::function<std::optional<uint64_t>(const Inputs&)>;  // no value: any result will do
using WarpReference = std::function<void(const Inputs* lanes, std::optional<uint64_t>* results)>;

struct Case {
  std::string name;  // the opcode form
  std::string body;  // reads %a %b %c %d, writes %o (or the predicate %q), may use %pa %po %extra
  Domain result = Domain::kInt32;
  bool predicate = false;  // the result is %q
  std::vector<Domain> operands;
  Reference reference;
  WarpReference warp = nullptr;       // instead of reference, for 32 lanes at once
  double relative = 0, absolute = 0;  // tolerance of approximations; 0: bit for bit
  bool any_zero = false;              // the sign of a zero result is free
  bool canonical_nan = false;         // a NaN must be the format's canonical one
  bool numbered = false;              // the fourth input is the thread's number in the grid of blocks of 128
  bool few = false;                   // of many forms alike: fewer values
  std::string declarations = {};      // at module scope
  std::string target = "sm_80";
  std::function<void(Inputs&)> adjust = nullptr;  // makes inputs fit what the instruction demands
};
using Cases = std::vector<Case>;

// The case `opcode %o, %a, %b, ...;`
Case form(const std::string& opcode, Domain result, std::vector<Domain> operands, Reference reference);
// The same with a predicate for its result.
Case predicate_form(const std::string& opcode, std::vector<Domain> operands, Reference reference);

void integer_cases(Cases& cases);
void logic_cases(Cases& cases);
void float_cases(Cases& cases);
void approximate_cases(Cases& cases);
void compare_cases(Cases& cases);
void half_cases(Cases& cases);
void convert_cases(Cases& cases);
void memory_cases(Cases& cases);
void register_cases(Cases& cases);
void atomic_cases(Cases& cases);
void warp_cases(Cases& cases);
void control_cases(Cases& cases);

std::string module_text(const Case& c);
std::vector<uint64_t> edges(Domain domain);
uint64_t random_value(Domain domain, std::mt19937_64& random);
std::vector<Inputs> inputs_of(const Case& c, std::mt19937_64& random);  // a multiple of 128
bool agrees(const Case& c, uint64_t expected, uint64_t got);

}  // namespace kib::emulator::tests
#endif
