#include "machine/execute/race.h"

#include <algorithm>

namespace kib::emulator::ptx {

GlobalRecords& GlobalRecords::instance() {
  static GlobalRecords* records = new GlobalRecords;
  return *records;
}

// A page has room for granules of one byte; with coarser ones a part of it is never touched.
Records GlobalRecords::page(uint64_t address) {
  const uint64_t number = address / kPage;
  const auto records = [](const Buffer& b) {
    auto* stamps = reinterpret_cast<Stamp*>(b.data());
    return Records{stamps, stamps + kPage, reinterpret_cast<Note*>(stamps + 2 * kPage)};
  };
  {
    std::shared_lock<std::shared_mutex> lock(mutex_);
    const auto found = pages_.find(number);
    if (found != pages_.end()) return records(*found->second);
  }
  std::unique_lock<std::shared_mutex> lock(mutex_);
  std::unique_ptr<Buffer>& page = pages_[number];
  if (!page) page.reset(new Buffer(kPage * (2 * sizeof(Stamp) + sizeof(Note))));
  return records(*page);
}

// Stamps of another launch mean nothing; when the numbers begin again, all are forgotten.
uint32_t GlobalRecords::begin_launch() {
  std::unique_lock<std::shared_mutex> lock(mutex_);
  if (++launch_ == kLaunchLimit) {
    for (auto& [number, page] : pages_) page->clear();
    launch_ = 1;
  }
  return launch_;
}

void ReleasedVariables::release(uint64_t address, uint32_t block, uint32_t clock, uint32_t own_clock,
                                const Knowledge& known) {
  std::lock_guard<std::mutex> lock(mutex_);
  Variable& variable = variables_[address];
  const auto raise = [block](Knowledge& k, uint32_t to) {
    uint32_t& at = k[block];
    at = std::max(at, to);
  };
  raise(variable.own, own_clock);
  if (own_clock > clock) raise(narrow_, own_clock);
  if (clock != 0) {
    for (const auto& [other, c] : known) variable.all[other] = std::max(variable.all[other], c);
    raise(variable.all, clock);
  }
  any_.store(true, std::memory_order_release);
}

void ReleasedVariables::clear() {
  std::lock_guard<std::mutex> lock(mutex_);
  variables_.clear();
  narrow_.clear();
  any_.store(false, std::memory_order_release);
}

bool ReleasedVariables::acquire(uint64_t address, uint32_t block, bool own_only, Knowledge* known) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = variables_.find(address);
  if (found == variables_.end()) return false;
  const Variable& variable = found->second;
  const auto raise = [known](uint32_t other, uint32_t c) {
    uint32_t& at = (*known)[other];
    at = std::max(at, c);
  };
  if (const auto own = variable.own.find(block); own != variable.own.end()) raise(block, own->second);
  for (const auto& [other, c] : variable.all) {
    if (!own_only || other == block) raise(other, c);
  }
  return true;
}

uint32_t ReleasedVariables::narrow(uint32_t block) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = narrow_.find(block);
  return found == narrow_.end() ? 0 : found->second;
}

}  // namespace kib::emulator::ptx
