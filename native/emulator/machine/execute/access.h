// The way of a warp's access to memory through the instruments: alignment, bounds, what was written, races, counts.
#ifndef KIB_EMULATOR_EXECUTE_ACCESS_H
#define KIB_EMULATOR_EXECUTE_ACCESS_H
#include "machine/execute/warp.h"

namespace kib::emulator::ptx {

struct Touch {
  Warp& warp;
  Space space;
  uint32_t bytes;  // a lane's
  uint32_t mask;
  bool write, read;                // an atomic does both
  bool strong;                     // atomic or volatile: does not race with others that are
  const std::byte* data;           // what is written: `bytes` for each lane, or null where it is not known
  bool contiguous = false;         // all lanes, one behind the other: host[0] leads to all of them
  bool uniform = false;            // all active lanes at one address: host of the first
  const Access* access = nullptr;  // null: a copy's
  Block* owner;                    // of shared memory
  uint64_t address[32];            // within the space
  std::byte* host[32];             // out

  Touch(Warp& w, Space s, uint32_t n, uint32_t m, bool writes, bool reads, bool is_strong, const std::byte* d)
      : warp(w),
        space(s),
        bytes(n),
        mask(m),
        write(writes),
        read(reads),
        strong(is_strong),
        data(d),
        owner(&w.block()) {}
};

// Fills `host`; false where the launch was stopped.
bool reach(Touch& t);

// Addresses of an access; `generic` ones keep their windows.
void addresses(const Access& a, const Warp& warp, uint64_t* out);

// Calls `one` for the lanes of each space, and of each block of a cluster, among generic addresses, which become
// addresses within it; of another block's shared memory once aim() has seen them.
template <class F>
void by_space(Space space, uint32_t mask, uint64_t* address, F one) {
  if (space != Space::kGeneric && space != Space::kCluster) {
    one(space, mask);
    return;
  }
  for (uint32_t l = 0; space == Space::kCluster && l < 32; ++l) address[l] += kSharedWindow;
  while (mask != 0) {
    const uint64_t at = address[__builtin_ctz(mask)];
    const Space first = space_of(at);
    const uint32_t block = first == Space::kShared ? kClusterShift : 63;
    uint32_t same = 0;
    for (uint32_t l = 0; l < 32; ++l)
      same |= ((mask >> l) & 1) != 0 && space_of(address[l]) == first && (address[l] ^ at) >> block == 0
                  ? uint32_t{1} << l
                  : 0;
    const uint64_t window = first == Space::kShared  ? kSharedWindow
                            : first == Space::kLocal ? kLocalWindow
                            : first == Space::kParam ? kParamWindow
                                                     : 0;
    for (uint32_t l = 0; window != 0 && l < 32; ++l) {
      if (((same >> l) & 1) != 0) address[l] -= window;
    }
    one(first, same);
    mask &= ~same;
  }
}

// Finds the block whose shared memory an access reaches, and its addresses there; false where the launch was stopped.
bool aim_at_block(Touch& t);
inline bool aim(Touch& t, Space space) {
  t.owner = &t.warp.block();
  if (t.space != Space::kShared || space == Space::kShared || t.address[__builtin_ctz(t.mask)] >> kClusterShift == 0) {
    return true;
  }
  return aim_at_block(t);
}
// The address that a released variable is known by: shared memory's with its block.
inline uint64_t known_as(const Touch& t, uint32_t lane) {
  return t.space == Space::kShared ? uint64_t{1} << 63 | uint64_t{t.owner->index()} << kClusterShift | t.address[lane]
                                   : t.address[lane];
}

// Bytes that are only copied: a load keeps which of a lane's were written (null: all of them); a store in a thread's
// variable hands that on to `written`. Whether all bytes that a lane stores were written.
void keep_written(const Touch& t, uint32_t lane, const uint8_t* written);
void hand_on_written(const Touch& t, uint32_t lane, uint8_t* written);
bool copies_written(const Touch& t, uint32_t lane);

void check_races(Touch& t);
// Fences and what they order; `address` of a variable in global or shared memory (with its window).
void release(Warp& warp, uint64_t address, const Access& access);
void acquire(Warp& warp, uint64_t address, const Access& access);

}  // namespace kib::emulator::ptx
#endif
