#include "machine/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>

#include "machine/host_fault.h"

namespace kib::emulator {
namespace {

constexpr uint64_t kAlignment = 256;
constexpr uint64_t kPage = 4096;
constexpr uint64_t kPoisoned = uint64_t{1} << 20;  // allocations up to this size start as NaNs, larger ones as zeros
constexpr size_t kGraves = 1 << 16;                // freed blocks kept aside
constexpr uint64_t kRangeHint = uint64_t{0x30} << 40;

uint64_t round_up(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }

// The unused addresses behind a block; larger behind larger blocks, whose overruns are larger too.
uint64_t red_zone(uint64_t bytes) {
  return std::clamp<uint64_t>(round_up(bytes / 8, kAlignment), kAlignment, uint64_t{1} << 20);
}

uint64_t footprint(uint64_t bytes) { return round_up(bytes, kAlignment) + red_zone(bytes); }

std::string hex(uint64_t n) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(n));
  return text;
}

// Offset of the first byte that was never written, or `bytes`.
uint64_t first_unwritten(const uint8_t* written, uint64_t bytes) {
  uint64_t i = 0;
  for (; i + 8 <= bytes; i += 8) {
    uint64_t word;
    std::memcpy(&word, written + i, 8);
    if (word != ~uint64_t{0}) break;
  }
  while (i < bytes && written[i] == 0xff) ++i;
  return i;
}

std::byte* map(void* where, uint64_t bytes, int protection, int flags, int file) {
  void* p = ::mmap(where, bytes, protection, flags | MAP_NORESERVE, file, 0);
  if (p == MAP_FAILED) {
    throw std::runtime_error("cannot map " + std::to_string(bytes >> 20) + " MiB for the device's memory (" +
                             std::strerror(errno) + "); set KIB_EMULATOR_MEMORY to less");
  }
  return static_cast<std::byte*>(p);
}

enum class Phase { kLive, kReserved, kEnded };

struct Block {
  uint64_t bytes = 0, capacity = 0;
  std::string what;
  bool kept = false;
  Phase phase = Phase::kLive;
  uint64_t promises = 0, promised_bytes = 0;  // of begin(), which are enqueued
  std::unique_ptr<Parts> parts;               // once one was carved
};

using Blocks = std::map<uint64_t, Block>;

// The block whose bytes or whose red zone behind it hold the address.
Blocks::const_iterator around(const Blocks& blocks, uint64_t address) {
  auto next = blocks.upper_bound(address);
  if (next == blocks.begin()) return blocks.end();
  --next;
  return address < next->first + footprint(next->second.capacity) ? next : blocks.end();
}

constexpr const char* kNotYet =
    "memory whose cudaMallocAsync has not run yet; let the stream wait for the one that allocates";

std::string quoted(const Block& block) { return "'" + block.what + "' (" + std::to_string(block.bytes) + " bytes)"; }

}  // namespace

struct Memory::State {
  Options options;
  uint64_t total = 0, span = 0, used = 0;
  int file = -1;
  std::byte *device = nullptr, *host = nullptr;
  uint8_t* written = nullptr;
  std::unique_ptr<OrderRecords> order;
  mutable std::shared_mutex mutex;
  Blocks live, freed;
  std::deque<uint64_t> graves;        // of `freed`, oldest first
  std::map<uint64_t, uint64_t> gaps;  // start and size of what is neither live nor freed
  uint64_t cursor = 0;                // the next search for a gap begins here

  uint64_t base() const { return reinterpret_cast<uint64_t>(device); }
  bool inside(uint64_t address, uint64_t bytes) const {
    return address >= base() && address - base() < span && bytes <= span - (address - base());
  }
  std::byte* host_of(uint64_t address) const { return host + (address - base()); }
  uint8_t* written_of(uint64_t address) const { return written + (address - base()); }

  uint64_t take(uint64_t bytes);
  void bury(Blocks::iterator block);
  bool exhume();
  Blocks::const_iterator holder(uint64_t address, uint64_t bytes) const;
  bool locate(uint64_t address, uint64_t bytes, Range* range) const;
  Fault explain(uint64_t address, uint64_t bytes) const;
  void unwrite(uint64_t address, uint64_t bytes);
};

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
                                        quoted(block->second) + ", which was freed"};
  }
  if (const auto block = around(live, address); block != live.end()) {
    if (block->second.phase != Phase::kLive) {
      const bool ended = block->second.phase == Phase::kEnded;
      return {ended ? Finding::kUseAfterFree : Finding::kUseBeforeAllocation,
              access + "lie at offset " + std::to_string(address - block->first) + " of " + quoted(block->second) +
                  (ended ? ", which was freed" : ", " + std::string(kNotYet))};
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

namespace {

std::atomic<Memory*> guarded{nullptr};

HostFault on_host_fault(uint64_t address, bool) {
  Memory* memory = guarded.load();
  if (memory == nullptr || !memory->contains(address)) return HostFault::kNotMine;
  Range range;
  std::string where;
  if (memory->locate(address, 1, &range)) {
    where = "offset " + std::to_string(address - range.start) + " of " + memory->owner(address);
  } else {
    where = memory->explain(address, 0).detail;
  }
  Report report;
  report.finding = Finding::kHostAccess;
  report.address = address;
  report.detail = "the host read or wrote " + where + "; copy with cudaMemcpy";
  Reports::instance().add(std::move(report));
  return HostFault::kReported;
}

void guard(Memory* memory) {
  watch_host_faults(on_host_fault);
  guarded = memory;
}

void report(Finding finding, uint64_t address, std::string detail) {
  Report report;
  report.finding = finding;
  report.address = address;
  report.detail = std::move(detail);
  Reports::instance().add(std::move(report));
}

}  // namespace

Memory& Memory::instance() {
  static Memory* memory = new Memory(Options::current());  // outlives every destructor that may still use it
  return *memory;
}

Memory::Memory(const Options& options) : state_(new State) {
  State& s = *state_;
  s.options = options;
  s.total = options.memory;
  s.span = 4 * s.total + (uint64_t{64} << 20);  // room for red zones and for freed blocks
  s.file = ::memfd_create("kib-emulator", MFD_CLOEXEC);
  if (s.file < 0 || ::ftruncate(s.file, static_cast<off_t>(s.span)) != 0) {
    throw std::runtime_error(std::string("cannot create the device's memory: ") + std::strerror(errno));
  }
  // The hint makes addresses repeat from run to run.
  s.device = map(reinterpret_cast<void*>(kRangeHint), s.span, options.host ? PROT_NONE : PROT_READ | PROT_WRITE,
                 MAP_SHARED, s.file);
  s.host = map(nullptr, s.span, PROT_READ | PROT_WRITE, MAP_SHARED, s.file);
  s.written = reinterpret_cast<uint8_t*>(map(nullptr, s.span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1));
  s.order = std::make_unique<OrderRecords>(s.base(), s.span);
  s.cursor = s.base() + kPage;
  s.gaps.emplace(s.cursor, s.span - kPage);
  if (options.host) guard(this);
}

Memory::~Memory() {
  Memory* self = this;
  guarded.compare_exchange_strong(self, nullptr);
  ::munmap(state_->device, state_->span);
  ::munmap(state_->host, state_->span);
  ::munmap(state_->written, state_->span);
  ::close(state_->file);
}

uint64_t Memory::allocate(uint64_t bytes, const std::string& what) {
  State& s = *state_;
  std::unique_lock<std::shared_mutex> lock(s.mutex);
  if (bytes == 0 || bytes > s.total - s.used) return 0;
  uint64_t start = s.take(footprint(bytes));
  while (start == 0 && s.exhume()) start = s.take(footprint(bytes));
  if (start == 0) return 0;
  s.used += bytes;
  Block block;
  block.bytes = block.capacity = bytes;
  block.what = what;
  s.live.emplace(start, std::move(block));
  if (bytes <= kPoisoned) std::memset(s.host_of(start), 0xff, bytes);
  return start;
}

bool Memory::release(uint64_t address) {
  State& s = *state_;
  uint64_t start = 0, bytes = 0;
  if (current_turn() != nullptr && find(address, &start, &bytes)) {
    note(start, bytes, Access::kWrite, current_turn()->name);  // nothing may touch it at the same time
  }
  std::unique_lock<std::shared_mutex> lock(s.mutex);
  const auto block = s.live.find(address);
  if (block != s.live.end()) {
    block->second.bytes = block->second.capacity;
    s.bury(block);
    return true;
  }
  const auto twice = s.freed.find(address);
  const bool freed = twice != s.freed.end();
  std::string detail = "no allocation starts at the freed address";
  if (freed) {
    detail = quoted(twice->second) + " is freed a second time";
  } else if (const auto inner = around(s.live, address); inner != s.live.end()) {
    detail += ", which is offset " + std::to_string(address - inner->first) + " of " + quoted(inner->second);
  }
  lock.unlock();
  report(freed ? Finding::kUseAfterFree : Finding::kBadArgument, address, detail);
  return false;
}

bool Memory::contains(uint64_t address) const { return state_->inside(address, 1); }

bool Memory::find(uint64_t address, uint64_t* start, uint64_t* bytes) const {
  std::shared_lock<std::shared_mutex> lock(state_->mutex);
  const auto block = around(state_->live, address);
  if (block == state_->live.end() || address - block->first >= block->second.bytes) return false;
  *start = block->first;
  *bytes = block->second.bytes;
  return true;
}

std::string Memory::owner(uint64_t address) const {
  std::shared_lock<std::shared_mutex> lock(state_->mutex);
  const auto block = around(state_->live, address);
  if (block == state_->live.end()) return "unallocated memory";
  const std::string part = block->second.parts != nullptr ? block->second.parts->owner(address) : "";
  return part.empty() ? quoted(block->second) : part;
}

uint64_t Memory::used() const {
  std::shared_lock<std::shared_mutex> lock(state_->mutex);
  return state_->used;
}

uint64_t Memory::total() const { return state_->total; }

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

bool Memory::locate(uint64_t address, uint64_t bytes, Range* range) const {
  std::shared_lock<std::shared_mutex> lock(state_->mutex);
  return state_->locate(address, bytes, range);
}

Fault Memory::explain(uint64_t address, uint64_t bytes) const {
  std::shared_lock<std::shared_mutex> lock(state_->mutex);
  return state_->explain(address, bytes);
}

std::byte* Memory::view(uint64_t address, uint64_t bytes, Access access, const std::string& caller,
                        bool must_be_initialised) {
  Range range;
  if (!locate(address, bytes, &range)) {
    const Fault fault = explain(address, bytes);
    report(fault.finding, address, caller + ": " + fault.detail);
    return nullptr;
  }
  note(address, bytes, access, caller);
  uint8_t* written = range.written + (address - range.start);
  if (access == Access::kWrite) {
    std::memset(written, 0xff, bytes);
  } else if (must_be_initialised && state_->options.uninitialised) {
    const uint64_t offset = first_unwritten(written, bytes);
    if (offset < bytes) {
      report(Finding::kUninitialised, address + offset,
             caller + ": byte " + std::to_string(offset) + " of the " + std::to_string(bytes) +
                 " that are read was never written; it is offset " + std::to_string(address + offset - range.start) +
                 " of " + owner(address));
    }
  }
  return range.host + (address - range.start);
}

void Memory::note(uint64_t address, uint64_t bytes, Access access, const std::string& caller) {
  const Turn* turn = current_turn();
  if (turn == nullptr || turn->number == 0) return;
  state_->order->access(*turn, address, bytes, access == Access::kWrite, false,
                        [&](Conflict c) { Order::instance().report(*turn, c, caller, "of " + owner(c.begin)); });
}

OrderRecords& Memory::order() { return *state_->order; }

bool Memory::copy(uint64_t to, uint64_t from, uint64_t bytes, const std::string& caller) {
  const std::byte* source = view(from, bytes, Access::kRead, caller, false);
  if (source == nullptr) return false;
  Range target;
  if (!locate(to, bytes, &target)) return view(to, bytes, Access::kWrite, caller) != nullptr;  // reports
  note(to, bytes, Access::kWrite, caller);
  std::memmove(target.host + (to - target.start), source, bytes);
  std::memmove(target.written + (to - target.start), state_->written_of(from), bytes);
  return true;
}

void Memory::report_leaks() {
  std::vector<std::pair<uint64_t, std::string>> leaks;
  {
    std::shared_lock<std::shared_mutex> lock(state_->mutex);
    if (!state_->options.leaks) return;
    for (const auto& [start, block] : state_->live) {
      if (!block.kept && block.phase == Phase::kLive) leaks.emplace_back(start, quoted(block) + " was never freed");
    }
  }
  for (auto& [start, detail] : leaks) report(Finding::kLeak, start, std::move(detail));
}

void Memory::keep(uint64_t address) {
  std::unique_lock<std::shared_mutex> lock(state_->mutex);
  const auto block = state_->live.find(address);
  if (block != state_->live.end()) block->second.kept = true;
}

}  // namespace kib::emulator
