#include "machine/ptx/register_flow.h"

#include <algorithm>
#include <map>

#include "machine/ptx/cursor.h"
#include "machine/ptx/types.h"

namespace kib::emulator::ptx {
namespace {

std::string_view base_of(std::string_view opcode) { return opcode.substr(0, opcode.find('.')); }

// Opcodes whose first operand is read, though it stands in no brackets.
bool only_reads(std::string_view opcode) {
  constexpr std::string_view kAll[] = {"bra", "brx", "bar", "barrier", "nanosleep", "setmaxnreg", "call", "wgmma"};
  const std::string_view base = base_of(opcode);
  return std::find(std::begin(kAll), std::end(kAll), base) != std::end(kAll);
}

class FlowReader {
 public:
  explicit FlowReader(std::string_view text) : cursor_(tokenize(text, "PTX"), "PTX") {}

  std::vector<FlowFunction> read() {
    while (!cursor_.ended()) {
      const std::string_view word = cursor_.next().text;
      if (word == ".section") {
        while (!cursor_.ended() && !cursor_.is("{")) cursor_.next();
        if (!cursor_.ended()) cursor_.skip_braces();
      } else if (word == ".entry" || word == ".func") {
        function(word == ".entry");
      }
    }
    return std::move(functions_);
  }

 private:
  struct Named {
    std::string name;
    uint32_t first;  // number of the register, or of the first of a family
    bool family;
  };

  void function(bool entry) {
    functions_.emplace_back();
    f_ = &functions_.back();
    f_->entry = entry;
    labels_.clear();
    jumps_.clear();
    tables_.clear();
    if (!entry && cursor_.is("(")) skip_parentheses();
    f_->name = cursor_.word("a function's name");
    if (cursor_.is("(")) skip_parentheses();
    while (!cursor_.ended() && !cursor_.is("{") && !cursor_.is(";")) directive();
    if (cursor_.accept(";") || cursor_.ended()) {
      functions_.pop_back();
      return;
    }
    cursor_.next();
    scopes_.assign(1, {});
    while (!cursor_.ended() && !scopes_.empty()) statement();
    connect();
  }

  void skip_parentheses() {
    int depth = 0;
    do {
      depth += cursor_.is("(") - cursor_.is(")");
      cursor_.next();
    } while (depth > 0 && !cursor_.ended());
  }

  void directive() {
    const std::string_view name = cursor_.next().text;
    uint32_t product = 1;
    bool any = false;
    while (cursor_.peek().kind == TokenKind::kInteger || cursor_.is(",")) {
      const Token& t = cursor_.next();
      if (t.kind != TokenKind::kInteger) continue;
      product *= static_cast<uint32_t>(t.bits);
      any = true;
    }
    if (!any) return;
    if (name == ".maxnreg") f_->max_registers = product;
    if (name == ".maxntid" || name == ".reqntid") f_->max_threads = product;
    if (name == ".minnctapersm") f_->min_blocks = product;
  }

  void statement() {
    if (cursor_.accept("{")) {
      scopes_.emplace_back();
    } else if (cursor_.accept("}")) {
      scopes_.pop_back();
    } else if (cursor_.accept(".reg")) {
      registers();
    } else if (cursor_.accept(".local")) {
      local();
    } else if (cursor_.peek().kind == TokenKind::kWord && cursor_.is(":", 1)) {
      const std::string name(cursor_.next().text);
      cursor_.next();
      if (cursor_.is(".branchtargets")) {
        table(name);
      } else if (cursor_.is(".callprototype")) {
        skip_statement();
      } else {
        labels_[name] = static_cast<uint32_t>(f_->code.size());
      }
    } else if (cursor_.accept(".loc")) {
      location();
    } else if (cursor_.peek().text[0] == '.') {
      skip_statement();
    } else {
      instruction();
    }
  }

  void skip_statement() {
    while (!cursor_.ended() && !cursor_.accept(";")) cursor_.next();
  }

  // .loc 1 7 30, function_name $L__info_string4, inlined_at 1 7 30: ends without a mark.
  void location() {
    while (cursor_.peek().kind == TokenKind::kInteger) cursor_.next();
    while (cursor_.is(",")) {
      cursor_.next();
      cursor_.next();
      while (cursor_.peek().kind == TokenKind::kInteger || cursor_.is("+") ||
             (cursor_.peek().kind == TokenKind::kWord && cursor_.peek().text.substr(0, 2) == "$L" &&
              !cursor_.is(":", 1))) {
        cursor_.next();
      }
    }
  }

  void registers() {
    uint32_t bytes = 4;
    while (cursor_.peek().kind == TokenKind::kWord && cursor_.peek().text[0] == '.') {
      const Type type = type_named(cursor_.next().text.substr(1));
      bytes = type == Type::kPred ? 0 : bytes_of(type);
    }
    const auto words = static_cast<uint8_t>((bytes + 3) / 4);
    do {
      Named named{std::string(cursor_.word("a register")), static_cast<uint32_t>(f_->words.size()), false};
      size_t count = 1;
      if (cursor_.accept("<")) {
        count = std::min<uint64_t>(cursor_.next().bits, 1 << 20);
        cursor_.expect(">", "behind a number of registers");
        named.family = true;
      }
      f_->words.insert(f_->words.end(), count, words);
      scopes_.back().push_back(std::move(named));
    } while (cursor_.accept(","));
    cursor_.expect(";", "behind registers");
  }

  void local() {
    uint32_t bytes = 1, alignment = 1;
    while (!cursor_.ended() && !cursor_.accept(";")) {
      if (cursor_.accept(".align")) {
        alignment = std::max<uint32_t>(1, static_cast<uint32_t>(cursor_.next().bits));
      } else if (cursor_.is("[") && cursor_.peek(1).kind == TokenKind::kInteger) {
        bytes *= static_cast<uint32_t>(cursor_.peek(1).bits);
        cursor_.next();
      } else {
        const Token& t = cursor_.next();
        const Type type = t.text[0] == '.' ? type_named(t.text.substr(1)) : Type::kNone;
        if (type != Type::kNone) bytes *= std::max<uint32_t>(1, bytes_of(type));
      }
    }
    f_->local_bytes = (f_->local_bytes + alignment - 1) / alignment * alignment + bytes;
  }

  void table(const std::string& name) {
    cursor_.next();
    do {
      tables_[name].emplace_back(cursor_.next().text);
    } while (cursor_.accept(","));
    cursor_.accept(";");
  }

  // The register's number; false where the word is none.
  bool find(std::string_view word, uint32_t* number) const {
    size_t digits = word.size();
    while (digits > 0 && word[digits - 1] >= '0' && word[digits - 1] <= '9') --digits;
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      for (const Named& n : *scope) {
        if (!n.family && word == n.name) {
          *number = n.first;
          return true;
        }
        if (n.family && word.size() > digits && word.size() - digits < 9 && word.substr(0, digits) == n.name) {
          *number = n.first + static_cast<uint32_t>(std::stoul(std::string(word.substr(digits))));
          return *number < f_->words.size();
        }
      }
    }
    return false;
  }

  void instruction() {
    FlowInstruction i;
    uint32_t number = 0;
    if (cursor_.accept("@")) {
      cursor_.accept("!");
      i.kills = false;
      if (find(cursor_.next().text, &number)) i.reads.push_back(number);
    }
    const std::string_view opcode = cursor_.next().text, base = base_of(opcode);
    f_->barriers |= base == "bar" ? opcode.substr(0, 8) != "bar.warp" : base == "barrier";
    const auto index = static_cast<uint32_t>(f_->code.size());
    bool first = true;
    int depth = 0;
    const bool reads = only_reads(opcode) || cursor_.is("[");
    for (; !cursor_.ended() && !cursor_.accept(";"); cursor_.next()) {
      const Token& t = cursor_.peek();
      if (t.kind == TokenKind::kPunctuation) {
        depth += t.text == "{" || t.text == "[" || t.text == "(" ? 1 : 0;
        depth -= t.text == "}" || t.text == "]" || t.text == ")" ? 1 : 0;
        if (depth == 0 && t.text == ",") first = false;
      } else if (t.kind == TokenKind::kWord) {
        const std::string_view name = t.text.substr(0, t.text[0] == '%' ? t.text.find('.') : t.text.npos);
        if (find(name, &number)) {
          (first && !reads ? i.writes : i.reads).push_back(number);
          if (base == "call" && depth == 0) i.calls = "*";
        } else if (base == "bra" || base == "brx") {
          jumps_.push_back({index, std::string(t.text)});
        } else if (base == "call" && depth == 0 && i.calls.empty()) {
          i.calls = t.text;
        }
      }
    }
    const bool ends = i.kills && (base == "bra" || base == "brx" || base == "ret" || base == "exit" || base == "trap");
    if (!ends) i.next.push_back(index + 1);
    f_->code.push_back(std::move(i));
  }

  void connect() {
    const auto end = static_cast<uint32_t>(f_->code.size());
    f_->code.emplace_back();  // where all ends
    for (const auto& [from, name] : jumps_) {
      std::vector<std::string> names{name};
      if (const auto found = tables_.find(name); found != tables_.end()) names = found->second;
      for (const std::string& n : names) {
        const auto to = labels_.find(n);
        f_->code[from].next.push_back(to == labels_.end() ? end : to->second);
      }
    }
  }

  Cursor cursor_;
  std::vector<FlowFunction> functions_;
  FlowFunction* f_ = nullptr;
  std::vector<std::vector<Named>> scopes_;
  std::map<std::string, uint32_t> labels_;
  std::map<std::string, std::vector<std::string>> tables_;
  std::vector<std::pair<uint32_t, std::string>> jumps_;
};

}  // namespace

std::vector<FlowFunction> flow_of(std::string_view ptx) { return FlowReader(ptx).read(); }

}  // namespace kib::emulator::ptx
