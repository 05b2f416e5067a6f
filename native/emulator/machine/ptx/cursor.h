// A position in the tokens of a PTX file.
#ifndef KIB_EMULATOR_PTX_CURSOR_H
#define KIB_EMULATOR_PTX_CURSOR_H
#include <string>
#include <string_view>
#include <vector>

#include "machine/ptx/lexer.h"

namespace kib::emulator::ptx {

class Cursor {
 public:
  Cursor(std::vector<Token> tokens, std::string file) : tokens_(std::move(tokens)), file_(std::move(file)) {}

  const Token& peek(size_t ahead = 0) const {
    return tokens_[at_ + ahead < tokens_.size() ? at_ + ahead : tokens_.size() - 1];
  }
  const Token& next() {
    const Token& token = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool ended() const { return peek().kind == TokenKind::kEnd; }
  bool is(std::string_view text, size_t ahead = 0) const {
    const Token& token = peek(ahead);
    return token.kind != TokenKind::kString && token.text == text;
  }
  bool accept(std::string_view text) {
    if (!is(text)) return false;
    next();
    return true;
  }
  void expect(std::string_view text, const char* where) {
    if (!accept(text)) {
      fail("expected '" + std::string(text) + "' " + where + ", found '" + std::string(peek().text) + "'");
    }
  }
  std::string_view word(const char* what) {
    if (peek().kind != TokenKind::kWord) {
      fail(std::string("expected ") + what + ", found '" + std::string(peek().text) + "'");
    }
    return next().text;
  }
  // An integer, with signs.
  int64_t integer(const char* what) {
    int64_t sign = 1;
    while (is("-") || is("+")) sign = next().text == "-" ? -sign : sign;
    if (peek().kind != TokenKind::kInteger) {
      fail(std::string("expected ") + what + ", found '" + std::string(peek().text) + "'");
    }
    return sign * static_cast<int64_t>(next().bits);
  }
  // Behind the brace that closes the next one.
  void skip_braces() {
    expect("{", "before a section");
    for (int depth = 1; depth > 0;) {
      if (ended()) fail("a '{' has no '}'; the file is cut short");
      const Token& token = next();
      if (token.kind == TokenKind::kPunctuation) depth += (token.text == "{") - (token.text == "}");
    }
  }
  [[noreturn]] void fail(const std::string& what) const { refuse(file_, peek().line, what); }
  const std::string& file() const { return file_; }
  const std::vector<Token>& tokens() const { return tokens_; }

 private:
  std::vector<Token> tokens_;
  std::string file_;
  size_t at_ = 0;
};

}  // namespace kib::emulator::ptx
#endif
