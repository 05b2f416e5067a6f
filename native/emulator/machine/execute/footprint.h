// What blocks read and wrote of global memory, so that a launch on several host threads can be compared with one on one
// thread, and be undone.
//
// Each host thread of such a launch marks what its blocks touch, a bit for each granule. Where no thread wrote what
// another touched, the threads' blocks know nothing of each other: the launch did what it would have done on one
// thread, which runs the same blocks in the same order. Else the bytes are put back as they were before it.
#ifndef KIB_EMULATOR_EXECUTE_FOOTPRINT_H
#define KIB_EMULATOR_EXECUTE_FOOTPRINT_H
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace kib::emulator::ptx {

enum class Mark : uint32_t { kRead, kWritten, kReduced };  // kReduced: by red, whose order does not matter

// Bits of one page of device memory, one for each granule: a plane for each Mark.
class MarkedPage {
 public:
  explicit MarkedPage(uint32_t words) : words_(words), bits_(new uint64_t[3 * words]()) {}
  uint64_t* plane(Mark mark) const { return bits_.get() + static_cast<uint32_t>(mark) * words_; }
  uint32_t words() const { return words_; }
  bool saved = false;

 private:
  uint32_t words_;
  std::unique_ptr<uint64_t[]> bits_;
};
using MarkedPages = std::unordered_map<uint64_t, std::unique_ptr<MarkedPage>>;  // by number

// Of a launch: its threads' marks put together, and the pages' bytes from before it.
class Footprint {
 public:
  static constexpr uint64_t kPage = 1 << 16;                 // bytes of device memory
  static constexpr uint64_t kMostSaved = uint64_t{1} << 12;  // pages; a launch that writes more is no longer undone

  explicit Footprint(uint32_t granule);
  ~Footprint();
  Footprint(const Footprint&) = delete;
  Footprint& operator=(const Footprint&) = delete;

  uint32_t granule_shift() const { return granule_shift_; }
  // Keeps a page's bytes as they are, once; false where there is no room for more.
  bool save(uint64_t number);
  // Takes a thread's marks; false where the thread and one before it touched the same bytes and one of them wrote.
  bool add(MarkedPages pages);
  // Puts back what all marks say was written. No thread of the launch runs any more.
  void undo();

 private:
  struct Saved;
  std::mutex mutex_;
  uint32_t granule_shift_;
  std::unordered_map<uint64_t, std::unique_ptr<Saved>> saved_;
  MarkedPages marked_;
};

// A host thread's marks.
class Marks {
 public:
  explicit Marks(Footprint& footprint) : footprint_(footprint), shift_(footprint.granule_shift()) {}

  // False where the launch can no longer be undone.
  bool add(Mark mark, uint64_t address, uint64_t bytes) {
    const uint64_t number = address / Footprint::kPage, within = address % Footprint::kPage;
    const Entry& e = entries_[number % kEntries];
    if (e.number != number || within + bytes > Footprint::kPage || (mark != Mark::kRead && !e.page->saved)) {
      return add_slowly(mark, address, bytes);
    }
    set(e.page->plane(mark), within >> shift_, (within + bytes - 1) >> shift_);
    return true;
  }
  MarkedPages take() { return std::move(pages_); }

 private:
  static constexpr uint64_t kEntries = 64;
  struct Entry {
    uint64_t number = ~uint64_t{0};
    MarkedPage* page = nullptr;
  };

  static void set(uint64_t* bits, uint64_t first, uint64_t last) {
    const uint64_t from = ~uint64_t{0} << (first % 64), to = ~uint64_t{0} >> (63 - last % 64);
    uint64_t word = first / 64;
    if (word == last / 64) {
      bits[word] |= from & to;
      return;
    }
    bits[word] |= from;
    while (++word < last / 64) bits[word] = ~uint64_t{0};
    bits[word] |= to;
  }
  bool add_slowly(Mark mark, uint64_t address, uint64_t bytes);

  Footprint& footprint_;
  uint32_t shift_;
  Entry entries_[kEntries];
  MarkedPages pages_;
};

}  // namespace kib::emulator::ptx
#endif
