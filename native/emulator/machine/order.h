// What comes before what. A turn is one piece of work that the device does for the program: a kernel's launch, a copy,
// a fill, a call of a library. Streams, events, graphs and synchronizations put turns behind others; where they do not,
// two turns may run in either order or at once on a GPU, and may touch the same bytes only if both read them or both
// use atomics. Beside each byte of device memory stands which turn wrote and which read it last (OrderRecords), so an
// access that nothing orders is seen in whichever order the turns happen to run here.
#ifndef KIB_EMULATOR_ORDER_H
#define KIB_EMULATOR_ORDER_H
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "machine/report.h"

namespace kib::emulator {

using TurnNumber = uint16_t;  // 1 to kLastTurn; 0 is nobody
constexpr TurnNumber kLastTurn = 0x7ffe, kTurnBits = 0x7fff,
                     kStrongTurn = 0x8000;  // kStrongTurn: a record of an atomic or volatile access

// A set of turns, nearly all of the earlier ones.
class TurnSet {
 public:
  bool has(TurnNumber n) const {
    if (n < base_) return true;
    const size_t word = (n - base_) / 64u;
    return word < words_.size() && ((words_[word] >> ((n - base_) % 64u)) & 1) != 0;
  }
  void add(TurnNumber n);
  void add(const TurnSet& other);
  void add_all_up_to(TurnNumber n);
  TurnNumber floor() const;  // it has every turn up to this one

 private:
  void normalize();
  uint32_t base_ = 1;  // every turn below is in it
  std::vector<uint64_t> words_;
};

// An instruction of a kernel that touched global memory, and the bytes between which it did.
struct TouchedBy {
  std::string file;
  int line = 0;
  bool writes = false;
  uint64_t begin = 0, end = 0;
};

struct Turn {
  TurnNumber number = 0;  // 0: touches nothing, only passes the order on
  uint32_t epoch = 0;
  std::string name;   // "kernel add(float*, int)", "cudaMemcpyAsync"
  std::string where;  // "stream 2", "the graph on stream 1"
  TurnSet before;
  TurnNumber floor = 0;  // before.floor()

  bool follows(TurnNumber other) const { return other <= floor || other == number || before.has(other); }
};
using TurnPtr = std::shared_ptr<const Turn>;

// An access that conflicts with an earlier one of another turn.
struct Conflict {
  TurnNumber other = 0;
  bool writes = false, other_wrote = false;
  uint64_t begin = 0, end = 0;
};

class Order {
 public:
  static Order& instance();

  // A new turn, which comes after those given and after all that the host has waited for. Without a number where it
  // touches no memory.
  TurnPtr begin(std::string name, std::string where, const std::vector<TurnPtr>& after, bool touches);
  // Whether there is no number left: when nothing is pending, start_anew() forgets who touched what.
  bool exhausted() const;
  void start_anew();
  // The host has waited for a turn (null: for all): what it enqueues from now on comes after it.
  void waited_for(const TurnPtr& turn);
  bool has_waited(const Turn& turn) const;

  // What a turn touched, for the reports of later ones.
  void remember(const Turn& turn, std::vector<TouchedBy> touched);
  // The end of a report's sentence: which turn touched the bytes, from where, and what is missing between the two.
  std::string explain(const Turn& turn, const Conflict& conflict) const;
  // Reports an access of a copy, a fill or a library call, of each pair of turns once. `what` says whose bytes they
  // are.
  void report(const Turn& turn, const Conflict& conflict, const std::string& caller, const std::string& what);

  // Host memory that copies read and write: checks [begin, begin + bytes) against what other copies did with it.
  void host_access(const Turn& turn, uint64_t begin, uint64_t bytes, bool writes, const std::string& caller);

 private:
  struct Known {
    std::string name, where;
    std::vector<TouchedBy> touched;
  };
  struct HostAccess {
    uint64_t begin, end;
    bool writes;
    TurnNumber turn;
  };
  mutable std::mutex mutex_;
  uint32_t epoch_ = 1;
  std::vector<Known> turns_;  // by number - 1
  TurnSet waited_;
  std::vector<HostAccess> host_;
  std::map<std::pair<TurnNumber, TurnNumber>, bool> reported_;
};

// The turn that the calling thread carries out; null outside of all.
const Turn* current_turn();
class CarryOut {
 public:
  explicit CarryOut(const Turn* turn);
  ~CarryOut();
  CarryOut(const CarryOut&) = delete;

 private:
  const Turn* before_;
};

// Records of turns that read bytes at the same time as later readers: beside a byte is room for one.
class SharedReaders {
 public:
  void keep(TurnNumber reader, uint64_t begin, uint64_t end);
  // Calls `found(reader, begin, end)` for each kept reading of a part of [begin, end).
  template <class F>
  void each(uint64_t begin, uint64_t end, F found) const {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [reader, spans] : readers_) {
      auto span = spans.upper_bound(begin);
      if (span != spans.begin() && std::prev(span)->second > begin) --span;
      for (; span != spans.end() && span->first < end; ++span) {
        found(reader, std::max(begin, span->first), std::min(end, span->second));
      }
    }
  }
  // Forgets what turns that `turn` follows read of [begin, end), where `turn` touches these bytes itself: whoever does
  // not follow them does not follow it either. Without that a long run would keep every reader.
  void forget_before(const Turn& turn, uint64_t begin, uint64_t end);
  bool empty() const { return empty_.load(std::memory_order_relaxed); }
  void clear();

 private:
  mutable std::mutex mutex_;
  std::atomic<bool> empty_{true};
  std::map<TurnNumber, std::map<uint64_t, uint64_t>> readers_;  // begin and end of spans
};

// Who touched each byte of a range of addresses last, in one way. Nearly always a whole sector of 32 bytes was touched
// by one turn: then its record stands for all bytes, and the bytes' own are not looked at.
class LastTouched {
 public:
  static constexpr uint64_t kSector = 32;

  explicit LastTouched(uint64_t bytes);
  ~LastTouched();
  LastTouched(const LastTouched&) = delete;

  // Whether all records of [at, at + bytes) are of turns that `turn` follows for sure.
  bool all_before(const Turn& turn, uint64_t at, uint64_t bytes) const;
  void enter(TurnNumber mine, bool strong, uint64_t at, uint64_t bytes);
  TurnNumber of(uint64_t at) const {
    const TurnNumber sector = sectors_[at / kSector];
    return sector != kMixed ? sector : own_[at];
  }
  void clear(uint64_t at, uint64_t bytes);

 private:
  static constexpr TurnNumber kMixed = 0xffff;
  void enter_part(TurnNumber mine, bool strong, uint64_t at, uint64_t end);

  uint64_t bytes_;
  TurnNumber *sectors_, *own_;
};

// Who wrote and read each byte of a range of addresses last.
class OrderRecords {
 public:
  OrderRecords(uint64_t base, uint64_t bytes);
  ~OrderRecords();
  OrderRecords(const OrderRecords&) = delete;

  // Checks an access against the records, and enters it. Conflicts go to `found(conflict)`, joined where neighbours.
  template <class F>
  void access(const Turn& turn, uint64_t address, uint64_t bytes, bool write, bool strong, F found) {
    if (turn.number == 0 || bytes == 0) return;
    const uint64_t at = address - base_;
    if (writers_.all_before(turn, at, bytes) && readers_.all_before(turn, at, bytes) &&
        !(write && page_is_shared(at, bytes))) {
      (write ? writers_ : readers_).enter(turn.number, strong, at, bytes);
      return;
    }
    std::vector<Conflict> conflicts;
    enter_slowly(turn, at, bytes, write, strong, &conflicts);
    for (const Conflict& c : conflicts) found(c);
  }
  void clear(uint64_t address, uint64_t bytes);  // nobody touched them
  void clear_all();
  bool keeps_readers() const { return !shared_.empty(); }

 private:
  static constexpr uint64_t kPage = 1 << 16;
  void enter_slowly(const Turn& turn, uint64_t at, uint64_t bytes, bool write, bool strong,
                    std::vector<Conflict>* conflicts);
  bool page_is_shared(uint64_t at, uint64_t bytes) const;

  uint64_t base_, bytes_;
  LastTouched writers_, readers_;
  uint8_t* shared_pages_;  // whether shared_ has something of the page
  SharedReaders shared_;
};

}  // namespace kib::emulator
#endif
