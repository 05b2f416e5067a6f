#include "machine/execute/footprint.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "machine/memory.h"

namespace kib::emulator::ptx {
namespace {

constexpr size_t kKept = 512;  // pages of bytes kept for the next launch: fresh ones cost more than what they hold

// A page's bytes and which of them were ever written.
struct Bytes {
  std::byte data[Footprint::kPage];
  uint8_t written[Footprint::kPage];
};

class Pool {
 public:
  static Pool& instance() {
    static Pool* pool = new Pool;
    return *pool;
  }
  std::unique_ptr<Bytes> take() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return std::unique_ptr<Bytes>(new Bytes);
    std::unique_ptr<Bytes> bytes = std::move(free_.back());
    free_.pop_back();
    return bytes;
  }
  void give(std::unique_ptr<Bytes> bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (free_.size() < kKept) free_.push_back(std::move(bytes));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Bytes>> free_;
};

uint32_t shift_of(uint32_t granule) { return static_cast<uint32_t>(__builtin_ctz(granule)); }

}  // namespace

struct Footprint::Saved {
  std::unique_ptr<Bytes> bytes = Pool::instance().take();
  ~Saved() { Pool::instance().give(std::move(bytes)); }
};

Footprint::Footprint(uint32_t granule) : granule_shift_(shift_of(granule)) {}

Footprint::~Footprint() = default;

bool Footprint::save(uint64_t number) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (saved_.count(number) != 0) return true;
  if (saved_.size() >= kMostSaved) return false;
  const Range all = Memory::instance().whole();
  const uint64_t first = std::max(number * kPage, all.start), last = std::min((number + 1) * kPage, all.end);
  auto saved = std::make_unique<Saved>();
  if (first < last) {
    const uint64_t at = first - number * kPage;
    std::memcpy(saved->bytes->data + at, all.host + (first - all.start), last - first);
    std::memcpy(saved->bytes->written + at, all.written + (first - all.start), last - first);
  }
  saved_[number] = std::move(saved);
  return true;
}

bool Footprint::add(MarkedPages pages) {
  std::lock_guard<std::mutex> lock(mutex_);
  uint64_t conflicts = 0;
  for (auto& [number, page] : pages) {
    std::unique_ptr<MarkedPage>& all = marked_[number];
    if (!all) {
      all = std::move(page);
      continue;
    }
    uint64_t *read = all->plane(Mark::kRead), *written = all->plane(Mark::kWritten),
             *reduced = all->plane(Mark::kReduced);
    const uint64_t *r = page->plane(Mark::kRead), *w = page->plane(Mark::kWritten), *d = page->plane(Mark::kReduced);
    for (uint32_t i = 0; i < page->words(); ++i) {
      conflicts |= (w[i] & (read[i] | written[i] | reduced[i])) | (r[i] & (written[i] | reduced[i])) |
                   (d[i] & (read[i] | written[i]));
      read[i] |= r[i];
      written[i] |= w[i];
      reduced[i] |= d[i];
    }
  }
  return conflicts == 0;
}

void Footprint::undo() {
  const Range all = Memory::instance().whole();
  const uint64_t granule = uint64_t{1} << granule_shift_;
  for (const auto& [number, page] : marked_) {
    const auto found = saved_.find(number);
    if (found == saved_.end()) continue;
    const Bytes& before = *found->second->bytes;
    const uint64_t *written = page->plane(Mark::kWritten), *reduced = page->plane(Mark::kReduced);
    for (uint32_t i = 0; i < page->words(); ++i) {
      for (uint64_t bits = written[i] | reduced[i]; bits != 0; bits &= bits - 1) {
        const uint64_t at = (uint64_t{i} * 64 + static_cast<uint64_t>(__builtin_ctzll(bits))) * granule;
        const uint64_t address = number * kPage + at;
        if (address < all.start || address + granule > all.end) continue;
        std::memcpy(all.host + (address - all.start), before.data + at, granule);
        std::memcpy(all.written + (address - all.start), before.written + at, granule);
      }
    }
  }
}

bool Marks::add_slowly(Mark mark, uint64_t address, uint64_t bytes) {
  while (bytes > 0) {
    const uint64_t number = address / Footprint::kPage, within = address % Footprint::kPage;
    const uint64_t here = std::min(bytes, Footprint::kPage - within);
    Entry& e = entries_[number % kEntries];
    if (e.number != number) {
      std::unique_ptr<MarkedPage>& page = pages_[number];
      if (!page) page.reset(new MarkedPage(static_cast<uint32_t>((Footprint::kPage >> shift_) / 64)));
      e = {number, page.get()};
    }
    if (mark != Mark::kRead && !e.page->saved) {
      if (!footprint_.save(number)) return false;
      e.page->saved = true;
    }
    set(e.page->plane(mark), within >> shift_, (within + here - 1) >> shift_);
    address += here;
    bytes -= here;
  }
  return true;
}

}  // namespace kib::emulator::ptx
