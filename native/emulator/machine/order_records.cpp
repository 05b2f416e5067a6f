// The records of who touched which bytes. Nearly all accesses find records of turns that come before them, or their
// own: that is checked for a warp's bytes at once.
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "machine/order.h"

namespace kib::emulator {
namespace {

void* reserve(uint64_t bytes) {
  void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) {
    throw std::runtime_error("cannot map " + std::to_string(bytes >> 20) + " MiB for the order of accesses (" +
                             std::strerror(errno) + "); set KIB_EMULATOR_MEMORY to less");
  }
  return p;
}

// Records may be of an atomic or volatile access.
bool is_before(TurnNumber record, TurnNumber floor, TurnNumber mine) {
  return (record & kTurnBits) <= floor || (record & kTurnBits) == mine;
}

// The sectors' locks: host threads that touch parts of one sector for the first time.
std::mutex& lock_of(uint64_t sector) {
  static std::mutex mutexes[64];
  return mutexes[sector % 64];
}

void release_pages(void* memory, uint64_t bytes) {
  constexpr uint64_t kMemoryPage = 4096, kMuch = 16 * kMemoryPage;
  const auto begin = reinterpret_cast<uint64_t>(memory), end = begin + bytes;
  const uint64_t first = (begin + kMemoryPage - 1) / kMemoryPage * kMemoryPage, last = end / kMemoryPage * kMemoryPage;
  if (last <= first + kMuch) {
    std::memset(memory, 0, bytes);
    return;
  }
  ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
  std::memset(memory, 0, first - begin);
  std::memset(reinterpret_cast<void*>(last), 0, end - last);
}

void join(std::vector<Conflict>* conflicts, const Conflict& c) {
  for (Conflict& other : *conflicts) {
    if (other.other != c.other || other.other_wrote != c.other_wrote) continue;
    other.begin = std::min(other.begin, c.begin);
    other.end = std::max(other.end, c.end);
    return;
  }
  conflicts->push_back(c);
}

}  // namespace

void SharedReaders::keep(TurnNumber reader, uint64_t begin, uint64_t end) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto& spans = readers_[reader];
  auto next = spans.upper_bound(begin);
  if (next != spans.begin() && std::prev(next)->second >= begin) {
    --next;
    begin = next->first;
    end = std::max(end, next->second);
    next = spans.erase(next);
  }
  while (next != spans.end() && next->first <= end) {
    end = std::max(end, next->second);
    next = spans.erase(next);
  }
  spans.emplace(begin, end);
  empty_ = false;
}

void SharedReaders::forget_before(const Turn& turn, uint64_t begin, uint64_t end) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto entry = readers_.begin(); entry != readers_.end();) {
    auto& [reader, spans] = *entry;
    const TurnNumber number = reader & kTurnBits;
    if (number != turn.number && turn.follows(number)) {
      auto span = spans.upper_bound(begin);
      if (span != spans.begin() && std::prev(span)->second > begin) --span;
      while (span != spans.end() && span->first < end) {
        const auto [from, to] = *span;
        span = spans.erase(span);
        if (from < begin) spans.emplace(from, begin);
        if (to > end) spans.emplace(end, to);
      }
    }
    entry = spans.empty() ? readers_.erase(entry) : std::next(entry);
  }
  empty_ = readers_.empty();
}

void SharedReaders::clear() {
  std::lock_guard<std::mutex> lock(mutex_);
  readers_.clear();
  empty_ = true;
}

LastTouched::LastTouched(uint64_t bytes)
    : bytes_(bytes),
      sectors_(static_cast<TurnNumber*>(reserve(bytes / kSector * sizeof(TurnNumber)))),
      own_(static_cast<TurnNumber*>(reserve(bytes * sizeof(TurnNumber)))) {}

LastTouched::~LastTouched() {
  ::munmap(sectors_, bytes_ / kSector * sizeof(TurnNumber));
  ::munmap(own_, bytes_ * sizeof(TurnNumber));
}

bool LastTouched::all_before(const Turn& turn, uint64_t at, uint64_t bytes) const {
  const uint64_t end = at + bytes;
  for (uint64_t sector = at / kSector; sector * kSector < end; ++sector) {
    const TurnNumber record = sectors_[sector];
    if (record != kMixed) {
      if (!is_before(record, turn.floor, turn.number)) return false;
      continue;
    }
    const uint64_t last = std::min(end, (sector + 1) * kSector);
    for (uint64_t i = std::max(at, sector * kSector); i < last; ++i) {
      if (!is_before(own_[i], turn.floor, turn.number)) return false;
    }
  }
  return true;
}

// Of a turn that touched bytes in both ways the plain one is kept.
void LastTouched::enter(TurnNumber mine, bool strong, uint64_t at, uint64_t bytes) {
  const uint64_t end = at + bytes;
  while (at < end) {
    const uint64_t sector = at / kSector, next = std::min(end, (sector + 1) * kSector);
    if (sectors_[sector] == mine) {
      // all of it is entered already
    } else if (next - at < kSector || (strong && sectors_[sector] == kMixed)) {
      enter_part(mine, strong, at, next);
    } else {
      sectors_[sector] = strong ? mine | kStrongTurn : mine;
    }
    at = next;
  }
}

void LastTouched::enter_part(TurnNumber mine, bool strong, uint64_t at, uint64_t end) {
  const uint64_t sector = at / kSector;
  if (__atomic_load_n(&sectors_[sector], __ATOMIC_ACQUIRE) != kMixed) {
    std::lock_guard<std::mutex> lock(lock_of(sector));
    TurnNumber all = __atomic_load_n(&sectors_[sector], __ATOMIC_RELAXED);
    do {  // again where another host thread entered the whole sector meanwhile
      if (all == mine) return;
      if (all == kMixed) break;
      std::fill(own_ + sector * kSector, own_ + (sector + 1) * kSector, all);
    } while (!__atomic_compare_exchange_n(&sectors_[sector], &all, kMixed, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
  }
  for (; at < end; ++at) {
    if (own_[at] != mine) own_[at] = strong ? mine | kStrongTurn : mine;
  }
}

void LastTouched::clear(uint64_t at, uint64_t bytes) {
  const uint64_t first = (at + kSector - 1) / kSector, last = (at + bytes) / kSector;
  if (first >= last) {
    enter_part(0, false, at, at + bytes);
    return;
  }
  release_pages(sectors_ + first, (last - first) * sizeof(TurnNumber));
  if (at < first * kSector) enter_part(0, false, at, first * kSector);
  if (last * kSector < at + bytes) enter_part(0, false, last * kSector, at + bytes);
}

OrderRecords::OrderRecords(uint64_t base, uint64_t bytes)
    : base_(base),
      bytes_(bytes),
      writers_(bytes),
      readers_(bytes),
      shared_pages_(static_cast<uint8_t*>(reserve(bytes / kPage + 2))) {}

OrderRecords::~OrderRecords() { ::munmap(shared_pages_, bytes_ / kPage + 2); }

bool OrderRecords::page_is_shared(uint64_t at, uint64_t bytes) const {
  if (shared_.empty()) return false;
  for (uint64_t page = at / kPage; page <= (at + bytes - 1) / kPage; ++page) {
    if (__atomic_load_n(shared_pages_ + page, __ATOMIC_RELAXED) != 0) return true;
  }
  return false;
}

void OrderRecords::enter_slowly(const Turn& turn, uint64_t first, uint64_t bytes, bool write, bool strong,
                                std::vector<Conflict>* conflicts) {
  const auto harmless = [&](TurnNumber record) {
    return turn.follows(record & kTurnBits) || (strong && (record & kStrongTurn) != 0);
  };
  for (uint64_t at = first; at < first + bytes;) {
    const TurnNumber writer = writers_.of(at), reader = readers_.of(at);
    uint64_t end = at + 1;  // of bytes with the same records
    while (end < first + bytes && writers_.of(end) == writer && readers_.of(end) == reader) ++end;
    const uint64_t from = base_ + at, to = base_ + end;
    if (!harmless(writer)) join(conflicts, {static_cast<TurnNumber>(writer & kTurnBits), write, true, from, to});
    const TurnNumber other = reader & kTurnBits;
    if (write) {
      if (!harmless(reader)) join(conflicts, {other, true, false, from, to});
    } else if (!turn.follows(other)) {
      shared_.keep(reader, from, to);
      for (uint64_t page = at / kPage; page <= (end - 1) / kPage; ++page) {
        __atomic_store_n(shared_pages_ + page, uint8_t{1}, __ATOMIC_RELAXED);
      }
    }
    at = end;
  }
  (write ? writers_ : readers_).enter(turn.number, strong, first, bytes);
  if (!page_is_shared(first, bytes)) return;
  // An atomic access stands in for earlier ones towards plain accesses only.
  if (!strong) shared_.forget_before(turn, base_ + first, base_ + first + bytes);
  if (!write) return;
  shared_.each(base_ + first, base_ + first + bytes, [&](TurnNumber reader, uint64_t from, uint64_t to) {
    if (!harmless(reader)) join(conflicts, {static_cast<TurnNumber>(reader & kTurnBits), true, false, from, to});
  });
}

void OrderRecords::clear(uint64_t address, uint64_t bytes) {
  writers_.clear(address - base_, bytes);
  readers_.clear(address - base_, bytes);
}

void OrderRecords::clear_all() {
  clear(base_, bytes_);
  ::madvise(shared_pages_, bytes_ / kPage + 2, MADV_DONTNEED);
  shared_.clear();
}

}  // namespace kib::emulator
