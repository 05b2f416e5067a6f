// Named parts of one allocation, as an arena hands them out (Memory::carve). Between and around them nothing may be
// touched; released parts are remembered until others take their place, so that a use after release is named.
#ifndef KIB_EMULATOR_PARTS_H
#define KIB_EMULATOR_PARTS_H
#include <cstdint>
#include <map>
#include <string>

#include "machine/report.h"

namespace kib::emulator {

// Why an access is wrong.
struct Fault {
  Finding finding;
  std::string detail;
};

class Parts {
 public:
  explicit Parts(std::string arena) : arena_(std::move(arena)) {}

  // An empty text, or why the part cannot be: it overlaps a live one.
  std::string carve(uint64_t start, uint64_t bytes, const std::string& name);
  // The bytes of the live part that starts at the address, or 0.
  uint64_t bytes(uint64_t start) const;
  void release(uint64_t start);
  // What is wrong with releasing an address at which no live part starts.
  Fault not_released(uint64_t address) const;

  // The live part that holds [address, address + bytes), or false.
  bool locate(uint64_t address, uint64_t bytes, uint64_t* start, uint64_t* end) const;
  // The name of the live part around the address, or an empty text.
  std::string owner(uint64_t address) const;
  // What is wrong with an access that locate() refused; `access` begins the sentence ("4 bytes at 0x10 ").
  Fault explain(const std::string& access, uint64_t address, uint64_t bytes) const;

 private:
  struct Part {
    uint64_t start, bytes;
    std::string name;
    uint64_t end() const { return start + bytes; }
  };
  struct Gone {  // what is left of a released part
    uint64_t end;
    Part part;
  };
  std::string quoted(const Part& part) const;
  const Part* before(uint64_t address) const;  // the last live part that starts at or before the address
  const Part* released(uint64_t address) const;
  void cover(uint64_t start, uint64_t end);  // forgets the released parts in between

  std::string arena_;
  std::map<uint64_t, Part> live_;
  std::map<uint64_t, Gone> gone_;
};

}  // namespace kib::emulator
#endif
