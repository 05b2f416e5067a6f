// PTX's tokens.
#ifndef KIB_EMULATOR_PTX_LEXER_H
#define KIB_EMULATOR_PTX_LEXER_H
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "machine/report.h"

namespace kib::emulator::ptx {

enum class TokenKind { kWord, kInteger, kFloat32, kFloat64, kString, kPunctuation, kEnd };

// A word is a name, an opcode with its modifiers ("add.rn.f32") or a directive (".reg"). Numbers keep their bits.
struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;
  uint64_t bits = 0;
  int line = 0;
};

// Throws Unsupported with file and line where the text is no PTX.
std::vector<Token> tokenize(std::string_view text, const std::string& file);

// What is PTX but not emulated: a function that holds it cannot run, the others of its module can.
class UnknownForm final : public Unsupported {
 public:
  using Unsupported::Unsupported;
};

// Throws Unsupported: "FILE:LINE: what".
[[noreturn]] void refuse(const std::string& file, int line, const std::string& what);

}  // namespace kib::emulator::ptx
#endif
