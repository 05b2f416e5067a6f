// How many registers a kernel needs, from PTX alone: those that live at once.
#include <algorithm>
#include <set>

#include "machine/ptx/register_flow.h"
#include "machine/report.h"
#include "machine/resources.h"

namespace kib::emulator {
namespace ptx {
namespace {

// Beside what lives, ptxas needs registers for addresses, for what it moves ahead, and by its calls' rules.
constexpr uint32_t kBeside = 10, kLeast = 16, kMost = 255, kOfFile = 65536, kGranule = 8;
constexpr uint32_t kReturnBytes = 8;

struct Need {
  uint32_t most = 0;                                    // words that live at once
  std::vector<std::pair<std::string, uint32_t>> calls;  // callees, and what lives across the call
  uint32_t across = 0;                                  // the most that lives across one
};

class Bits {
 public:
  explicit Bits(size_t n) : words_((n + 63) / 64) {}
  bool get(uint32_t i) const { return ((words_[i / 64] >> (i % 64)) & 1) != 0; }
  void set(uint32_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }
  void clear(uint32_t i) { words_[i / 64] &= ~(uint64_t{1} << (i % 64)); }
  bool add(const Bits& other) {
    uint64_t changed = 0;
    for (size_t w = 0; w < words_.size(); ++w) {
      changed |= other.words_[w] & ~words_[w];
      words_[w] |= other.words_[w];
    }
    return changed != 0;
  }
  template <class Body>
  void each(Body body) const {
    for (size_t w = 0; w < words_.size(); ++w) {
      for (uint64_t rest = words_[w]; rest != 0; rest &= rest - 1) {
        body(static_cast<uint32_t>(64 * w) + static_cast<uint32_t>(__builtin_ctzll(rest)));
      }
    }
  }

 private:
  std::vector<uint64_t> words_;
};

// Instructions in a row that only the first is jumped to, and only the last jumps.
struct Blocks {
  std::vector<std::pair<uint32_t, uint32_t>> ranges;  // first, and one behind the last
  std::vector<uint32_t> of;                           // of each instruction

  explicit Blocks(const std::vector<FlowInstruction>& code) : of(code.size()) {
    std::vector<bool> starts(code.size() + 1);
    starts[0] = true;
    for (uint32_t i = 0; i < code.size(); ++i) {
      const auto& next = code[i].next;
      if (next.size() == 1 && next[0] == i + 1) continue;
      starts[i + 1] = true;
      for (uint32_t n : next) starts[n] = true;
    }
    for (uint32_t i = 0; i < code.size(); ++i) {
      if (starts[i]) ranges.emplace_back(i, i);
      of[i] = static_cast<uint32_t>(ranges.size() - 1);
      ranges.back().second = i + 1;
    }
  }
};

void step(const FlowInstruction& i, Bits* live) {
  for (uint32_t r : i.writes) {
    if (i.kills) live->clear(r);
  }
  for (uint32_t r : i.reads) live->set(r);
}

Need need_of(const FlowFunction& f) {
  const Blocks blocks(f.code);
  std::vector<Bits> in(blocks.ranges.size(), Bits(f.words.size()));
  const auto behind = [&](size_t b) {
    Bits live(f.words.size());
    for (uint32_t n : f.code[blocks.ranges[b].second - 1].next) live.add(in[blocks.of[n]]);
    return live;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t b = blocks.ranges.size(); b-- > 0;) {
      Bits live = behind(b);
      for (uint32_t i = blocks.ranges[b].second; i-- > blocks.ranges[b].first;) step(f.code[i], &live);
      changed |= in[b].add(live);
    }
  }
  Need need;
  const auto words = [&](const Bits& live) {
    uint32_t sum = 0;
    live.each([&](uint32_t r) { sum += f.words[r]; });
    return sum;
  };
  for (size_t b = 0; b < blocks.ranges.size(); ++b) {
    Bits live = behind(b);
    for (uint32_t i = blocks.ranges[b].second; i-- > blocks.ranges[b].first;) {
      Bits during = live;
      for (uint32_t r : f.code[i].writes) during.set(r);
      need.most = std::max(need.most, words(during));
      if (!f.code[i].calls.empty()) {
        need.calls.emplace_back(f.code[i].calls, words(live));
        need.across = std::max(need.across, need.calls.back().second);
      }
      step(f.code[i], &live);
    }
  }
  return need;
}

using Needs = std::map<std::string, std::pair<const FlowFunction*, Need>, std::less<>>;

struct Total {
  uint32_t words = 0, stack = 0;
  bool barriers = false;
};

// With what the function calls; a function that comes back to itself counts once.
Total total_of(const Needs& needs, const std::string& name, std::set<std::string>* on_path) {
  const auto found = needs.find(name);
  if (found == needs.end() || !on_path->insert(name).second) return {};
  const auto& [function, need] = found->second;
  Total total{need.most, 0, function->barriers};
  for (const auto& [callee, across] : need.calls) {
    const Total of = total_of(needs, callee, on_path);
    total.words = std::max(total.words, across + of.words);
    total.stack = std::max(total.stack, of.stack);
    total.barriers |= of.barriers;
  }
  on_path->erase(name);
  total.stack += (function->local_bytes + 7) / 8 * 8 + (function->entry ? 0 : kReturnBytes + 4 * need.across);
  return total;
}

uint32_t most_registers(const FlowFunction& f) {
  uint32_t most = kMost;
  if (f.max_threads > 0) {
    const uint32_t warps = (f.max_threads + 31) / 32 * std::max<uint32_t>(1, f.min_blocks);
    most = std::min(most, kOfFile / (warps * 32) / kGranule * kGranule);
  }
  if (f.max_registers > 0) most = std::min(most, f.max_registers);
  return std::max(most, kLeast);
}

}  // namespace
}  // namespace ptx

Resources estimate_resources(std::string_view text) {
  using namespace ptx;
  Resources found;
  std::vector<FlowFunction> functions;
  try {
    functions = flow_of(text);
  } catch (const Unsupported&) {
    return found;
  }
  Needs needs;
  for (const FlowFunction& f : functions) needs[f.name] = {&f, need_of(f)};
  for (const FlowFunction& f : functions) {
    std::set<std::string> path;
    const Total total = total_of(needs, f.name, &path);
    if (!f.entry) {
      found.frames[f.name] = (f.local_bytes + 7) / 8 * 8 + kReturnBytes + 4 * needs[f.name].second.across;
      continue;
    }
    KernelResources& kernel = found.kernels[f.name];
    const uint32_t words = (total.words + kBeside + kGranule - 1) / kGranule * kGranule;
    kernel.registers = std::min(std::max(words, kLeast), most_registers(f));
    kernel.barriers = total.barriers ? 1 : 0;
    kernel.stack = total.stack;
  }
  return found;
}

}  // namespace kib::emulator
