#include "machine/ptx/flow.h"

namespace kib::emulator::ptx {

std::vector<FlowBlock> flow_blocks(const Trace& trace, const Branches& branches) {
  const uint32_t n = static_cast<uint32_t>(trace.statements.size());
  std::vector<bool> begins(n + 1);
  begins[0] = begins[n] = true;
  for (const auto& [from, to] : branches.targets) {
    for (uint32_t s : to) begins[s] = true;
  }
  for (uint32_t s = 0; s < n; ++s) {
    if (branches.ends[s]) begins[s + 1] = true;
  }
  std::vector<FlowBlock> blocks;
  std::vector<uint32_t> block_of(n + 1);
  for (uint32_t s = 0; s < n; ++s) {
    if (begins[s]) {
      blocks.emplace_back();
      blocks.back().begin = s;
    }
    block_of[s] = static_cast<uint32_t>(blocks.size() - 1);
    blocks.back().end = s + 1;
  }
  if (!blocks.empty()) blocks[0].before = 1;  // the function's callers
  for (uint32_t b = 0; b < blocks.size(); ++b) {
    const uint32_t last = blocks[b].end - 1;
    blocks[b].splits = trace.statements[last].splits_block || (branches.ends[last] && trace.statements[last].guarded);
    const auto found = branches.targets.find(last);
    if (found != branches.targets.end()) {
      for (uint32_t s : found->second) {
        if (s < n) blocks[b].next.push_back(block_of[s]);
      }
    }
    if (branches.falls_through[last] && blocks[b].end < n) blocks[b].next.push_back(b + 1);
    for (uint32_t to : blocks[b].next) ++blocks[to].before;
  }
  return blocks;
}

std::vector<std::vector<uint32_t>> flow_chains(const std::vector<FlowBlock>& blocks) {
  const auto follows = [&](const FlowBlock& b) {
    return b.next.size() == 1 && !b.splits && blocks[b.next[0]].before == 1;
  };
  std::vector<bool> inner(blocks.size());
  for (const FlowBlock& b : blocks) {
    if (follows(b)) inner[b.next[0]] = true;
  }
  std::vector<std::vector<uint32_t>> chains;
  for (uint32_t b = 0; b < blocks.size(); ++b) {
    if (inner[b]) continue;
    chains.push_back({b});
    while (follows(blocks[chains.back().back()])) chains.back().push_back(blocks[chains.back().back()].next[0]);
  }
  return chains;
}

std::vector<std::vector<bool>> live_behind(const Trace& trace, const std::vector<FlowBlock>& blocks,
                                           const std::unordered_map<Operand, uint32_t>& slots) {
  const size_t words = (slots.size() + 63) / 64;
  using Set = std::vector<uint64_t>;
  std::vector<Set> read(blocks.size(), Set(words)), written = read, in = read, out = read;
  for (size_t b = 0; b < blocks.size(); ++b) {
    for (uint32_t s = blocks[b].begin; s < blocks[b].end; ++s) {
      const Statement& statement = trace.statements[s];
      for (const bool writes : {false, true}) {
        for (uint32_t m = statement.mentions; m < statement.mentions_end; ++m) {
          if (trace.mentions[m].written != writes) continue;
          const auto found = slots.find(trace.mentions[m].slot);
          if (found == slots.end()) continue;
          const uint64_t bit = uint64_t{1} << (found->second % 64);
          const size_t word = found->second / 64;
          if (!writes && (written[b][word] & bit) == 0) read[b][word] |= bit;
          if (writes && !statement.guarded) written[b][word] |= bit;
        }
      }
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t b = blocks.size(); b-- > 0;) {
      for (size_t w = 0; w < words; ++w) {
        for (uint32_t to : blocks[b].next) out[b][w] |= in[to][w];
        const uint64_t now = read[b][w] | (out[b][w] & ~written[b][w]);
        changed |= now != in[b][w];
        in[b][w] = now;
      }
    }
  }
  std::vector<std::vector<bool>> live(blocks.size(), std::vector<bool>(slots.size()));
  for (size_t b = 0; b < blocks.size(); ++b) {
    for (size_t k = 0; k < slots.size(); ++k) live[b][k] = ((out[b][k / 64] >> (k % 64)) & 1) != 0;
  }
  return live;
}

}  // namespace kib::emulator::ptx
