#include "runtime/tally.h"

namespace kib::emulator {

Tally& Tally::calls() {
  static auto* tally = new Tally;  // never destroyed: programs call while they end
  return *tally;
}

Tally& Tally::work() {
  static auto* tally = new Tally;  // never destroyed: programs call while they end
  return *tally;
}

void Tally::add(const std::string& name) {
  std::lock_guard lock(mutex_);
  ++counts_[name];
}

void Tally::clear() {
  std::lock_guard lock(mutex_);
  counts_.clear();
}

std::string Tally::lines() const {
  std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [name, count] : counts_) text += name + "\t" + std::to_string(count) + "\n";
  return text;
}

}  // namespace kib::emulator
