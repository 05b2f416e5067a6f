#include "machine/lines.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

namespace kib::emulator {
namespace {

std::mutex& mutex() {
  static std::mutex* instance = new std::mutex;
  return *instance;
}

// Never destroyed: it is asked at the process's end.
std::vector<std::shared_ptr<ptx::RunCounts>>& modules() {
  static auto* all = new std::vector<std::shared_ptr<ptx::RunCounts>>;
  return *all;
}

}  // namespace

namespace ptx {

void RunCounts::know(const Image& image) {
  files_ = image.files;
  lines_ = image.lines;
  callers_ = image.callers;
  for (size_t pc = 0; pc < lines_.size(); ++pc) {
    if (image.of_toolkit(static_cast<uint32_t>(pc))) lines_[pc].file = 0;
    // A branch that no lane takes was asked whether it does.
    guarded_.push_back(image.code[pc].guard != kNoOperand && image.code[pc].kind != Kind::kBranch);
  }
  for (const Function& f : image.functions) {
    if (f.defined) functions_.emplace_back(f.first, f.first + f.count);
  }
  warps_.resize(lines_.size());
  std::lock_guard<std::mutex> lock(mutex());
  modules().push_back(image.runs);
}

void RunCounts::add(const std::vector<PerInstruction>& counts) {
  std::lock_guard<std::mutex> lock(mutex());
  for (size_t pc = 0; pc < warps_.size(); ++pc) {
    if (!guarded_[pc] || counts[pc].lanes != 0) warps_[pc] += counts[pc].warps;
  }
}

}  // namespace ptx

std::string lines_table() {
  using Line = std::pair<std::string, int>;
  std::map<Line, uint64_t> total;
  std::lock_guard<std::mutex> lock(mutex());
  for (const auto& module : modules()) {
    for (const auto& [first, end] : module->functions_) {
      std::map<std::pair<uint32_t, int>, uint64_t> most;
      for (size_t pc = first; pc < end; ++pc) {
        const ptx::SourceLine* line = &module->lines_[pc];
        if (line->file == 0) continue;
        for (;; line = &module->callers_[line->caller]) {
          uint64_t& warps = most[{line->file, line->line}];
          warps = std::max(warps, module->warps_[pc]);
          if (line->caller == 0) break;
        }
      }
      for (const auto& [line, warps] : most) total[{module->files_[line.first], line.second}] += warps;
    }
  }
  std::string table;
  for (const auto& [line, warps] : total) {
    table += line.first + ":" + std::to_string(line.second) + " " + std::to_string(warps) + "\n";
  }
  return table;
}

}  // namespace kib::emulator
