// Blocks of a function's statements, and which registers are read behind them.
#ifndef KIB_EMULATOR_PTX_FLOW_H
#define KIB_EMULATOR_PTX_FLOW_H
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "machine/ptx/trace.h"

namespace kib::emulator::ptx {

struct FlowBlock {
  uint32_t begin = 0, end = 0;  // statements
  std::vector<uint32_t> next;   // blocks
  uint32_t before = 0;          // how many lead here
  bool splits = false;          // its last statement ends a block though the next may be its only successor
};

// Where statements branch to, by statement; and which statements are branched to.
struct Branches {
  std::unordered_map<uint32_t, std::vector<uint32_t>> targets;
  std::vector<bool> ends, falls_through;  // by statement: ends a block; goes on to the next
};

std::vector<FlowBlock> flow_blocks(const Trace& trace, const Branches& branches);

// Chains of blocks that run one behind the other and are entered at the first alone.
std::vector<std::vector<uint32_t>> flow_chains(const std::vector<FlowBlock>& blocks);

// For each block, a bit for each of `slots` (slot to bit): whether it is read behind the block before it is written.
std::vector<std::vector<bool>> live_behind(const Trace& trace, const std::vector<FlowBlock>& blocks,
                                           const std::unordered_map<Operand, uint32_t>& slots);

}  // namespace kib::emulator::ptx
#endif
