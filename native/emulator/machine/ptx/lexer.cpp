#include "machine/ptx/lexer.h"

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "machine/report.h"

namespace kib::emulator::ptx {
namespace {

bool starts_word(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%' || c == '.';
}
bool in_word(char c) { return starts_word(c) || std::isdigit(static_cast<unsigned char>(c)); }

class Lexer {
 public:
  Lexer(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    tokens.reserve(text_.size() / 4);
    for (skip(); at_ < text_.size(); skip()) tokens.push_back(next());
    tokens.push_back({TokenKind::kEnd, "end of file", 0, line_});
    return tokens;
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skip() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        ++at_;
      } else if (std::isspace(static_cast<unsigned char>(c)) || c == '\0') {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (c == '/' && peek(1) == '*') {
        skip_comment();
      } else {
        break;
      }
    }
  }

  void skip_comment() {
    const size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) refuse(file_, line_, "a comment does not end; the file is cut short");
    for (; at_ < end + 2; ++at_) line_ += text_[at_] == '\n';
  }

  Token next() {
    const char c = text_[at_];
    if (c == '"') return string();
    const bool number = std::isdigit(static_cast<unsigned char>(c));
    if (number) return this->number();
    if (starts_word(c)) return word();
    if (std::strchr("{}()[]<>,;:|+-*=!@&~/", c) != nullptr) {
      return {TokenKind::kPunctuation, text_.substr(at_++, 1), 0, line_};
    }
    refuse(file_, line_, std::string("unexpected character '") + c + "'; the file is no PTX");
  }

  Token string() {
    const size_t end = text_.find('"', at_ + 1);
    if (end == std::string_view::npos) refuse(file_, line_, "a string does not end; the file is cut short");
    Token token{TokenKind::kString, text_.substr(at_ + 1, end - at_ - 1), 0, line_};
    at_ = end + 1;
    return token;
  }

  Token word() {
    const size_t start = at_;
    const bool directive = text_[at_++] == '.';  // ".reg.b16" is two
    while ((in_word(peek()) && !(directive && peek() == '.')) || (peek() == ':' && peek(1) == ':'))
      at_ += peek() == ':' ? 2 : 1;
    return {TokenKind::kWord, text_.substr(start, at_ - start), 0, line_};
  }

  Token hexadecimal_float(TokenKind kind, size_t digits) {
    const std::string text(text_.substr(at_ + 2, digits));
    char* end = nullptr;
    const uint64_t bits = std::strtoull(text.c_str(), &end, 16);
    if (text.size() != digits || *end != '\0') refuse(file_, line_, "a floating-point constant has too few digits");
    Token token{kind, text_.substr(at_, digits + 2), bits, line_};
    at_ += digits + 2;
    return token;
  }

  Token number() {
    if (peek() == '0' && (peek(1) == 'f' || peek(1) == 'F')) return hexadecimal_float(TokenKind::kFloat32, 8);
    if (peek() == '0' && (peek(1) == 'd' || peek(1) == 'D')) return hexadecimal_float(TokenKind::kFloat64, 16);
    const size_t start = at_;
    int base = 10;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) base = 16;
    if (peek() == '0' && (peek(1) == 'b' || peek(1) == 'B')) base = 2;
    if (peek() == '0' && std::isdigit(static_cast<unsigned char>(peek(1)))) base = 8;
    at_ += base == 16 || base == 2 ? 2 : 0;
    const size_t digits = at_;
    bool real = false;
    while (std::isxdigit(static_cast<unsigned char>(peek())) || (base == 10 && peek() == '.')) {
      real |= peek() == '.';
      if (base == 10 && (peek() == 'e' || peek() == 'E')) {
        real = true;
        if (peek(1) == '-' || peek(1) == '+') ++at_;
      }
      ++at_;
    }
    const std::string text(text_.substr(digits, at_ - digits));
    Token token{TokenKind::kInteger, text_.substr(start, at_ - start), 0, line_};
    if (real) {
      const double value = std::strtod(text.c_str(), nullptr);
      token.kind = TokenKind::kFloat64;
      std::memcpy(&token.bits, &value, 8);
    } else {
      errno = 0;
      token.bits = std::strtoull(text.c_str(), nullptr, base);
      if (errno == ERANGE) refuse(file_, line_, "constant " + text + " does not fit in 64 bits");
    }
    while (peek() == 'U' || peek() == 'u') ++at_;
    return token;
  }

  std::string_view text_;
  const std::string& file_;
  size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

void refuse(const std::string& file, int line, const std::string& what) {
  throw Unsupported(file + ":" + std::to_string(line) + ": " + what);
}

std::vector<Token> tokenize(std::string_view text, const std::string& file) { return Lexer(text, file).run(); }

}  // namespace kib::emulator::ptx
