#include "machine/resources.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace kib::emulator {
namespace {

constexpr uint32_t kMostRegisters = 255;  // of a thread

// The number in front of `what` ("80 registers", " 400 bytes smem"); 0 where there is none.
uint32_t number_before(std::string_view line, std::string_view what) {
  const size_t at = line.find(what);
  if (at == line.npos) return 0;
  size_t begin = at;
  uint64_t value = 0, scale = 1;
  while (begin > 0 && std::isdigit(static_cast<unsigned char>(line[begin - 1])) != 0 && scale < 1000000000) {
    value += scale * static_cast<uint64_t>(line[--begin] - '0');
    scale *= 10;
  }
  return static_cast<uint32_t>(value);
}

std::string_view between(std::string_view line, std::string_view before, char end) {
  const size_t at = line.find(before);
  if (at == line.npos) return {};
  line.remove_prefix(at + before.size());
  return line.substr(0, line.find(end));
}

// Whether 'sm_90a' is of the capability 90.
bool is_of(std::string_view target, int capability) {
  if (target.substr(0, 3) != "sm_") return false;
  int number = 0;
  for (char c : target.substr(3)) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) break;
    number = number * 10 + (c - '0');
    if (number > 10000) return false;
  }
  return number == capability;
}

}  // namespace

void read_ptxas(std::string_view output, int capability, Resources* to) {
  std::map<std::string, KernelResources, std::less<>> found;
  KernelResources* kernel = nullptr;  // the one that the lines are about, where they are of the capability
  std::string entry, function;
  while (!output.empty()) {
    const size_t end = std::min(output.find('\n'), output.size());
    const std::string_view line = output.substr(0, end);
    output.remove_prefix(std::min(end + 1, output.size()));
    if (const std::string_view name = between(line, "Compiling entry function '", '\''); !name.empty()) {
      entry = name;
      function = name;
      kernel = is_of(between(line, "' for '", '\''), capability) ? &found[entry] : nullptr;
    } else if (const std::string_view of = between(line, "Function properties for ", '\r'); !of.empty()) {
      function = of;
    } else if (kernel == nullptr) {
      continue;
    } else if (line.find(" bytes stack frame") != line.npos) {
      const uint32_t bytes = number_before(line, " bytes stack frame");
      if (function == entry) {
        kernel->stack = std::max(kernel->stack, bytes);
      } else {
        uint32_t& frame = to->frames[function];
        frame = std::max(frame, bytes);
      }
    } else if (line.find(" registers") != line.npos) {
      kernel->registers = number_before(line, " registers");
      kernel->barriers = number_before(line, " barriers");
      kernel->shared = number_before(line, " bytes smem");
      kernel->stack = std::max(kernel->stack, number_before(line, " bytes cumulative stack size"));
    }
  }
  // Output that breaks off, or is not ptxas': other numbers are none that a kernel can have.
  for (auto entry = found.begin(); entry != found.end();) {
    const uint32_t registers = entry->second.registers;
    entry = registers == 0 || registers > kMostRegisters ? found.erase(entry) : std::next(entry);
  }
  to->kernels.merge(found);
}

}  // namespace kib::emulator
