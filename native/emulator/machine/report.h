// What the instruments find. Every finding is one sentence that names kernel, source line, block and thread where it
// has them; it is printed to the standard error, added to the file $KIB_EMULATOR_REPORT if that is set, and kept.
#ifndef KIB_EMULATOR_REPORT_H
#define KIB_EMULATOR_REPORT_H
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace kib::emulator {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
  uint64_t count() const { return uint64_t{x} * y * z; }
};

enum class Finding {
  kOutOfBounds,
  kUseAfterFree,
  kUseBeforeAllocation,
  kUninitialised,
  kSharedRace,
  kGlobalRace,
  kUnordered,
  kMisaligned,
  kDivergentBarrier,
  kLeak,
  kHostAccess,
  kHostTooEarly,
  kForbiddenInCapture,
  kBadHandle,
  kBadArgument,
  kUnsupported,
  kTrap,
  kNoProgress,
  kAbsentLane,   // a shuffle reads a lane that does not take part
  kNonCoherent,  // a read through the path for constant data of bytes that the launch writes
  kScope,        // an atomic or ordered access of block scope where another block has a part
  kFloatAtomic,  // an atomic addition of floating-point numbers: the sum's bits depend on the order
  kMixed,        // a plain read of what others change atomically, or a plain write of what others read so
  kOverlap,
};

const char* name(Finding finding);
// A function as the source has it, of its mangled symbol; what is none stays as it is.
std::string readable(const std::string& symbol);

struct Report {
  Finding finding;
  std::string kernel;  // empty where no kernel is involved
  std::string file;    // source file of -lineinfo, else the PTX file
  int line = 0;        // 0 where unknown
  bool has_thread = false;
  Dim3 block{0, 0, 0}, thread{0, 0, 0};
  uint64_t address = 0;  // 0 where none
  std::string detail;    // what was done, and what to do
  std::string sentence() const;
};

// All findings of the process; thread-safe. Of one line of a kernel at most five findings of a kind are kept and
// printed, and at most five that say the same (but for addresses) where no kernel is involved. At the process's end one
// line says how many were left out.
class Reports {
 public:
  static Reports& instance();
  void add(Report report);
  std::vector<Report> all() const;
  size_t count() const;
  size_t left_out() const;  // findings that were neither kept nor printed
  void clear();
  void set_seed(uint64_t seed);  // what is printed beside findings, at first Options::current().seed
};

// PTX or a call that the emulated device cannot do: what() is one sentence with file, line and remedy.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace kib::emulator
#endif
