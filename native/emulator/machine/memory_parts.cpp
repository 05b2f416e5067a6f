// Memory whose meaning changes while it is allocated: parts of an arena, and memory in the order of streams.
#include <mutex>

#include "machine/memory_blocks.h"

namespace kib::emulator {

bool Memory::allocated(uint64_t address, uint64_t bytes) const {
  std::shared_lock<std::shared_mutex> lock(state_->mutex);
  if (!state_->inside(address, bytes)) return false;
  if (!state_->options.bounds || state_->holder(address, bytes) != state_->live.end()) return true;
  const auto block = around(state_->live, address);
  if (block == state_->live.end() || block->second.promises == 0) return false;
  const uint64_t offset = address - block->first, most = block->second.promised_bytes;
  return offset < most && bytes <= most - offset;
}

uint64_t Memory::reserve(uint64_t bytes, const std::string& what) {
  const uint64_t address = allocate(bytes, what);
  std::unique_lock<std::shared_mutex> lock(state_->mutex);
  if (address != 0) state_->live.find(address)->second.phase = Phase::kReserved;
  return address;
}

void Memory::promise(uint64_t address, uint64_t bytes, bool always) {
  std::unique_lock<std::shared_mutex> lock(state_->mutex);
  Block& block = state_->live.find(address)->second;
  block.promises += always ? uint64_t{1} << 62 : 1;
  block.promised_bytes = bytes;
}

bool Memory::begin(uint64_t address, uint64_t bytes, const std::string& what, const std::string& caller) {
  {
    std::unique_lock<std::shared_mutex> lock(state_->mutex);
    Block& block = state_->live.find(address)->second;
    if (block.promises > 0) --block.promises;
    block.bytes = bytes;
    block.what = what;
    block.phase = Phase::kLive;
    block.kept = false;
    block.parts = nullptr;
  }
  return forget(address, bytes, caller);
}

bool Memory::end(uint64_t address, const std::string& caller) {
  std::unique_lock<std::shared_mutex> lock(state_->mutex);
  Block& block = state_->live.find(address)->second;
  if (block.phase != Phase::kLive) {
    const bool ended = block.phase == Phase::kEnded;
    const std::string problem = quoted(block) + (ended ? " is freed a second time" : ": frees " + std::string(kNotYet));
    lock.unlock();
    report(ended ? Finding::kUseAfterFree : Finding::kUseBeforeAllocation, address, caller + ": " + problem);
    return false;
  }
  block.parts = nullptr;
  const uint64_t bytes = block.bytes;
  lock.unlock();
  forget(address, bytes, caller);
  lock.lock();
  block.phase = Phase::kEnded;
  return true;
}

bool Memory::live(uint64_t address) const {
  std::shared_lock<std::shared_mutex> lock(state_->mutex);
  const auto block = state_->live.find(address);
  return block != state_->live.end() && block->second.phase == Phase::kLive;
}

bool Memory::carve(uint64_t address, uint64_t bytes, const std::string& name, const std::string& caller) {
  {
    std::unique_lock<std::shared_mutex> lock(state_->mutex);
    const auto block = state_->holder(address, bytes);
    if (block == state_->live.end()) {
      const Fault fault = state_->explain(address, bytes);
      lock.unlock();
      report(fault.finding, address, caller + ": '" + name + "': " + fault.detail);
      return false;
    }
    std::unique_ptr<Parts>& parts = state_->live.find(block->first)->second.parts;
    if (parts == nullptr) parts = std::make_unique<Parts>(quoted(block->second));
    const std::string problem = parts->carve(address, bytes, name);
    if (!problem.empty()) {
      lock.unlock();
      report(Finding::kBadArgument, address, caller + ": " + problem);
      return false;
    }
  }
  return forget(address, bytes, caller);
}

bool Memory::release_part(uint64_t address, const std::string& caller) {
  uint64_t bytes = 0;
  {
    std::shared_lock<std::shared_mutex> lock(state_->mutex);
    const auto block = state_->holder(address, 1);
    const Parts* parts = block == state_->live.end() ? nullptr : block->second.parts.get();
    if (parts != nullptr) bytes = parts->bytes(address);
    if (bytes == 0) {
      Fault fault{Finding::kBadArgument, "nothing is carved from the memory around the address"};
      if (block == state_->live.end()) fault = state_->explain(address, 1);
      if (parts != nullptr) fault = parts->not_released(address);
      lock.unlock();
      report(fault.finding, address, caller + ": " + fault.detail);
      return false;
    }
  }
  forget(address, bytes, caller);
  std::unique_lock<std::shared_mutex> lock(state_->mutex);
  const auto block = around(state_->live, address);
  if (block != state_->live.end()) block->second.parts->release(address);
  return true;
}

// A write, for whoever watches the order of accesses: the bytes change their meaning.
bool Memory::forget(uint64_t address, uint64_t bytes, const std::string& caller) {
  if (view(address, bytes, Access::kWrite, caller) == nullptr) return false;
  state_->unwrite(address, bytes);
  return true;
}

}  // namespace kib::emulator
