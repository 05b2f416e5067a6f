// An opcode with its modifiers, taken one by one, so that what nobody took is refused.
#ifndef KIB_EMULATOR_PTX_OPCODE_H
#define KIB_EMULATOR_PTX_OPCODE_H
#include <string>
#include <string_view>
#include <vector>

#include "machine/ptx/types.h"

namespace kib::emulator::ptx {

class Opcode {
 public:
  explicit Opcode(std::string_view text) : text_(text) {
    size_t start = 0;
    for (size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.', start)) {
      parts_.push_back(text.substr(start, dot - start));
      start = dot + 1;
    }
    parts_.push_back(text.substr(start));
    taken_.resize(parts_.size());
    taken_[0] = true;
  }

  std::string_view text() const { return text_; }
  std::string_view name() const { return parts_[0]; }

  bool has(std::string_view modifier) const { return index(modifier) != 0; }
  bool take(std::string_view modifier) {
    const size_t i = index(modifier);
    if (i != 0) taken_[i] = true;
    return i != 0;
  }
  // The next type, or kNone.
  Type take_type() {
    for (size_t i = 1; i < parts_.size(); ++i) {
      if (taken_[i]) continue;
      const Type type = type_named(parts_[i]);
      if (type == Type::kNone) continue;
      taken_[i] = true;
      return type;
    }
    return Type::kNone;
  }
  // Takes all modifiers that begin so.
  bool take_prefixed(std::string_view prefix) {
    bool any = false;
    for (size_t i = 1; i < parts_.size(); ++i) {
      if (!taken_[i] && parts_[i].substr(0, prefix.size()) == prefix) any = taken_[i] = true;
    }
    return any;
  }
  // The first modifier that nobody took; empty where all are.
  std::string_view left() const {
    for (size_t i = 1; i < parts_.size(); ++i) {
      if (!taken_[i]) return parts_[i];
    }
    return {};
  }

 private:
  size_t index(std::string_view modifier) const {
    for (size_t i = 1; i < parts_.size(); ++i) {
      if (!taken_[i] && parts_[i] == modifier) return i;
    }
    return 0;
  }

  std::string_view text_;
  std::vector<std::string_view> parts_;
  std::vector<bool> taken_;
};

}  // namespace kib::emulator::ptx
#endif
