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
    return Records{stamps, stamps + kPage};
  };
  {
    std::shared_lock<std::shared_mutex> lock(mutex_);
    const auto found = pages_.find(number);
    if (found != pages_.end()) return records(*found->second);
  }
  std::unique_lock<std::shared_mutex> lock(mutex_);
  std::unique_ptr<Buffer>& page = pages_[number];
  if (!page) page.reset(new Buffer(2 * kPage * sizeof(Stamp)));
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

void ReleasedVariables::release(uint64_t address, uint32_t block, uint32_t clock, const Knowledge& known) {
  std::lock_guard<std::mutex> lock(mutex_);
  Knowledge& variable = variables_[address];
  for (const auto& [other, c] : known) variable[other] = std::max(variable[other], c);
  variable[block] = std::max(variable[block], clock);
  any_.store(true, std::memory_order_release);
}

bool ReleasedVariables::acquire(uint64_t address, Knowledge* known) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = variables_.find(address);
  if (found == variables_.end()) return false;
  for (const auto& [block, c] : found->second) (*known)[block] = std::max((*known)[block], c);
  return true;
}

}  // namespace kib::emulator::ptx
