// The emulated device's global memory. Addresses lie in one range of the process that the host cannot read or write
// (PROT_NONE, unless the instrument `host` is off); the machine and the library stand-ins reach the bytes through a
// second mapping of the same pages. Beside the bytes lie shadow bits: which bytes were ever written.
#ifndef KIB_EMULATOR_MEMORY_H
#define KIB_EMULATOR_MEMORY_H
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "machine/options.h"
#include "machine/order.h"
#include "machine/parts.h"
#include "machine/report.h"

namespace kib::emulator {

// A live allocation, or a part of one, as the executor sees it. Valid until that is released.
struct Range {
  uint64_t start = 1, end = 0;  // [start, end); as constructed it contains nothing
  std::byte* host = nullptr;    // where the byte at `start` lies
  uint8_t* written = nullptr;   // a shadow byte for each byte: 0xff where it was ever written, else 0
};

class Memory {
 public:
  enum class Access { kRead, kWrite };

  explicit Memory(const Options& options);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  static Memory& instance();  // the device's, of Options::current().memory bytes

  // Returns the address, a multiple of 256 with red zones around it, or 0 where there is no room. `what` names the
  // owner in reports. Freed memory is kept aside as long as room allows, so that use after free is seen.
  uint64_t allocate(uint64_t bytes, const std::string& what);
  // Returns false (and reports) for an address that no live allocation starts at.
  bool release(uint64_t address);

  // Memory in the order of streams: reserve() takes addresses, which are no memory until begin(), and none from end()
  // on, as often as one likes; both report what uses them out of that order. release() gives them up. promise() says
  // that a begin() is enqueued, so that allocated() holds meanwhile; `always`, from now on.
  uint64_t reserve(uint64_t bytes, const std::string& what);
  void promise(uint64_t address, uint64_t bytes, bool always = false);
  bool begin(uint64_t address, uint64_t bytes, const std::string& what, const std::string& caller);
  bool end(uint64_t address, const std::string& caller);
  bool live(uint64_t address) const;  // whether live memory starts at the address

  bool contains(uint64_t address) const;  // in the device's range at all
  // Start and size of the live allocation around an address; false where there is none.
  bool find(uint64_t address, uint64_t* start, uint64_t* bytes) const;
  // Name and size of the live part, or of the live allocation, around an address, for reports.
  std::string owner(uint64_t address) const;
  uint64_t used() const;
  uint64_t total() const;
  uint64_t free() const;  // what neither this process nor another (machine/shortage.h) holds

  // The bytes of [address, address + bytes), for copies and library stand-ins; reports what is wrong with the range
  // under the caller's name and returns null then. Writing marks the bytes as initialised; reading uninitialised bytes
  // is reported where `must_be_initialised`.
  std::byte* view(uint64_t address, uint64_t bytes, Access access, const std::string& caller,
                  bool must_be_initialised = true);
  // Enters an access of the turn that the calling thread carries out into the records of order, and reports what is
  // unordered; view() and copy() do so themselves.
  void note(uint64_t address, uint64_t bytes, Access access, const std::string& caller);
  OrderRecords& order();
  // Copies shadow bits with the bytes: device-to-device copies of partly initialised memory are no finding.
  bool copy(uint64_t to, uint64_t from, uint64_t bytes, const std::string& caller);

  // Declares [address, address + bytes) of one live allocation as a part with a name. From the first part on, the
  // allocation is touched in its live parts alone, each access inside one of them. The part's bytes count as never
  // written. Reports under the caller's name, and returns false, what overlaps a live part or no allocation holds.
  bool carve(uint64_t address, uint64_t bytes, const std::string& name, const std::string& caller);
  // Ends the part that starts at the address; what touches it afterwards is a use after free.
  bool release_part(uint64_t address, const std::string& caller);
  // The bytes count as never written again; all of them lie in one part, or in one allocation without parts.
  bool forget(uint64_t address, uint64_t bytes, const std::string& caller);

  // Whether one allocation, live or promised, holds [address, address + bytes), whatever its parts: for calls, whose
  // work runs later.
  bool allocated(uint64_t address, uint64_t bytes) const;

  // The live allocation, or its part, that holds [address, address + bytes), false where there is none; reports
  // nothing. Without the instrument `bounds` every range of the device's is held by one range, the device's whole
  // memory. See memory_access.h.
  bool locate(uint64_t address, uint64_t bytes, Range* range) const;
  // The device's memory, allocated or not.
  Range whole() const;
  // What is wrong with [address, address + bytes), for an access that locate() refused.
  Fault explain(uint64_t address, uint64_t bytes) const;

  // Reports every live allocation as a leak; at the process's end and from cudaDeviceReset. Kept allocations (a
  // module's variables) are no leaks.
  void report_leaks();
  // Exempts an allocation from report_leaks().
  void keep(uint64_t address);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kib::emulator
#endif
