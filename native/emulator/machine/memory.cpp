#include "machine/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include "machine/host_fault.h"
#include "machine/memory_blocks.h"

namespace kib::emulator {
namespace {

constexpr uint64_t kRangeHint = uint64_t{0x30} << 40;

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
  if (bytes == 0 || bytes > s.free()) return 0;
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

uint64_t Memory::free() const {
  std::shared_lock<std::shared_mutex> lock(state_->mutex);
  return state_->free();
}

bool Memory::locate(uint64_t address, uint64_t bytes, Range* range) const {
  std::shared_lock<std::shared_mutex> lock(state_->mutex);
  return state_->locate(address, bytes, range);
}

Range Memory::whole() const { return {state_->base(), state_->base() + state_->span, state_->host, state_->written}; }

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
