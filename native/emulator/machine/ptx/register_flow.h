// What the functions of PTX do with their registers: which each instruction writes and reads, and what can come behind
// it. Read from the text, so that opcodes which cannot be run are no obstacle.
#ifndef KIB_EMULATOR_PTX_REGISTER_FLOW_H
#define KIB_EMULATOR_PTX_REGISTER_FLOW_H
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kib::emulator::ptx {

struct FlowInstruction {
  std::vector<uint32_t> writes, reads;
  std::vector<uint32_t> next;  // instructions that can follow
  std::string calls;           // the function that it calls; of a pointer "*"
  bool kills = true;           // it writes for certain: has no guard
};

struct FlowFunction {
  std::string name;
  bool entry = false;
  std::vector<uint8_t> words;  // 32-bit words of each register; 0 of a predicate
  std::vector<FlowInstruction> code;
  uint32_t local_bytes = 0;
  bool barriers = false;
  // Directives; 0 where absent.
  uint32_t max_registers = 0, max_threads = 0, min_blocks = 0;
};

// Throws Unsupported where the text is no PTX.
std::vector<FlowFunction> flow_of(std::string_view ptx);

}  // namespace kib::emulator::ptx
#endif
