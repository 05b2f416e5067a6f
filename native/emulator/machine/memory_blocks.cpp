#include "machine/memory_blocks.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace kib::emulator {
namespace {

constexpr uint64_t kAlignment = 256;
constexpr size_t kGraves = 1 << 16;  // freed blocks kept aside

uint64_t round_up(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }

// The unused addresses behind a block; larger behind larger blocks, whose overruns are larger too.
uint64_t red_zone(uint64_t bytes) {
  return std::clamp<uint64_t>(round_up(bytes / 8, kAlignment), kAlignment, uint64_t{1} << 20);
}

std::string hex(uint64_t n) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(n));
  return text;
}

}  // namespace

uint64_t footprint(uint64_t bytes) { return round_up(bytes, kAlignment) + red_zone(bytes); }

Blocks::const_iterator around(const Blocks& blocks, uint64_t address) {
  auto next = blocks.upper_bound(address);
  if (next == blocks.begin()) return blocks.end();
  --next;
  return address < next->first + footprint(next->second.capacity) ? next : blocks.end();
}

std::string quoted(const Block& block) { return "'" + block.what + "' (" + std::to_string(block.bytes) + " bytes)"; }

void report(Finding finding, uint64_t address, std::string detail) {
  Report report;
  report.finding = finding;
  report.address = address;
  report.detail = std::move(detail);
  Reports::instance().add(std::move(report));
}

// Takes `bytes` out of the first gap at or behind the cursor that holds them; 0 where none does.
uint64_t Memory::State::take(uint64_t bytes) {
  auto gap = gaps.lower_bound(cursor);
  for (size_t tries = 0; tries < gaps.size(); ++tries, ++gap) {
    if (gap == gaps.end()) gap = gaps.begin();
    if (gap->second < bytes) continue;
    const uint64_t start = gap->first, rest = gap->second - bytes;
    gaps.erase(gap);
    if (rest > 0) gaps.emplace(start + bytes, rest);
    cursor = start + bytes;
    return start;
  }
  return 0;
}

// Frees a live block's pages, and keeps its addresses aside.
void Memory::State::bury(Blocks::iterator block) {
  const uint64_t start = block->first, bytes = block->second.capacity;
  const uint64_t first = round_up(start, kPage), last = (start + bytes) / kPage * kPage;
  if (last > first + 16 * kPage) {
    ::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(first - base()),
                static_cast<off_t>(last - first));
    ::madvise(written_of(first), last - first, MADV_DONTNEED);
    std::memset(written_of(start), 0, first - start);
    std::memset(written_of(last), 0, start + bytes - last);
  } else {
    std::memset(written_of(start), 0, bytes);
  }
  order->clear(start, bytes);
  used -= bytes;
  freed.emplace(start, std::move(block->second));
  live.erase(block);
  graves.push_back(start);
  if (graves.size() > kGraves) exhume();
}

// Makes the addresses of the block that was freed first a gap again.
bool Memory::State::exhume() {
  if (graves.empty()) return false;
  const auto block = freed.find(graves.front());
  graves.pop_front();
  uint64_t start = block->first, size = footprint(block->second.capacity);
  freed.erase(block);
  auto next = gaps.lower_bound(start);
  if (next != gaps.end() && next->first == start + size) {
    size += next->second;
    next = gaps.erase(next);
  }
  if (next != gaps.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == start) {
      before->second += size;
      return true;
    }
  }
  gaps.emplace(start, size);
  return true;
}

// The live block that holds the whole range, or none.
Blocks::const_iterator Memory::State::holder(uint64_t address, uint64_t bytes) const {
  const auto block = around(live, address);
  if (block == live.end()) return block;
  const uint64_t end = block->first + block->second.bytes;
  const bool holds =
      block->second.phase == Phase::kLive && address <= end && bytes <= end - address && (bytes > 0 || address < end);
  return holds ? block : live.end();
}

// As after an allocation.
void Memory::State::unwrite(uint64_t address, uint64_t bytes) {
  std::memset(written_of(address), 0, bytes);
  if (bytes <= kPoisoned) std::memset(host_of(address), 0xff, bytes);
}

bool Memory::State::locate(uint64_t address, uint64_t bytes, Range* range) const {
  if (!inside(address, bytes)) return false;
  if (!options.bounds) {
    *range = {base(), base() + span, host, written};
    return true;
  }
  const auto block = holder(address, bytes);
  if (block == live.end()) return false;
  uint64_t start = block->first, end = start + block->second.bytes;
  const Parts* parts = block->second.parts.get();
  if (parts != nullptr && bytes > 0 && !parts->locate(address, bytes, &start, &end)) return false;
  *range = {start, end, host_of(start), written_of(start)};
  return true;
}

Fault Memory::State::explain(uint64_t address, uint64_t bytes) const {
  const std::string access = std::to_string(bytes) + " bytes at " + hex(address) + " ";
  if (!inside(address, 1)) {
    return {Finding::kOutOfBounds, access + "are not in the device's memory; pass an address that cudaMalloc returned"};
  }
  if (const auto block = around(freed, address); block != freed.end()) {
    return {Finding::kUseAfterFree, access + "lie at offset " + std::to_string(address - block->first) + " of " +
                                        quoted(block->second) + ", which was freed; free it behind its last use"};
  }
  if (const auto block = around(live, address); block != live.end()) {
    if (block->second.phase != Phase::kLive) {
      const bool ended = block->second.phase == Phase::kEnded;
      return {ended ? Finding::kUseAfterFree : Finding::kUseBeforeAllocation,
              access + "lie at offset " + std::to_string(address - block->first) + " of " + quoted(block->second) +
                  (ended ? ", which was freed; free it behind its last use" : ", " + std::string(kNotYet))};
    }
    const uint64_t end = block->first + block->second.bytes;
    if (address < end && block->second.parts != nullptr) return block->second.parts->explain(access, address, bytes);
    if (address < end && bytes <= end - address) return {Finding::kOutOfBounds, access + "are allocated"};
    return {Finding::kOutOfBounds, access + "begin at offset " + std::to_string(address - block->first) + " of " +
                                       quoted(block->second) + " and end " + std::to_string(address + bytes - end) +
                                       " bytes behind it"};
  }
  if (const auto next = live.upper_bound(address); next != live.end()) {
    return {Finding::kOutOfBounds,
            access + "lie " + std::to_string(next->first - address) + " bytes before " + quoted(next->second)};
  }
  return {Finding::kOutOfBounds, access + "were never allocated"};
}

}  // namespace kib::emulator
