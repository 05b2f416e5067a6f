// Which lines of the kernels' sources ran: KIB_EMULATOR_LINES.
#ifndef KIB_EMULATOR_LINES_H
#define KIB_EMULATOR_LINES_H
#include <string>
#include <utility>
#include <vector>

#include "machine/execute/warp.h"
#include "machine/ptx/ir.h"

namespace kib::emulator::ptx {

// Of one module; outlives it, so that the lines of a module that was unloaded are told, too.
class RunCounts {
 public:
  void know(const Image& image);  // once it is parsed
  void add(const std::vector<PerInstruction>& counts);

 private:
  friend std::string kib::emulator::lines_table();

  std::vector<std::string> files_;
  std::vector<SourceLine> lines_, callers_;
  std::vector<std::pair<size_t, size_t>> functions_;  // first instruction and the one behind the last
  // Beside the code: whether an instruction runs only for lanes that its guard lets, and the warps that came to it.
  std::vector<bool> guarded_;
  std::vector<uint64_t> warps_;
};

}  // namespace kib::emulator::ptx
#endif
