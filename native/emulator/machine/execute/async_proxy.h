// mbarriers of a block, and the copies in bulk that they or bulk groups complete.
//
// An mbarrier is its 8 bytes of shared memory: what a program does to them shows. Beside them lie what it waits for and
// what it passes on. Bytes copied in bulk arrive when someone waits for them, and no sooner.
#ifndef KIB_EMULATOR_EXECUTE_ASYNC_PROXY_H
#define KIB_EMULATOR_EXECUTE_ASYNC_PROXY_H
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "machine/execute/warp.h"

namespace kib::emulator::ptx {

class AsyncProxy {
 public:
  explicit AsyncProxy(Block& block) : block_(block) {}
  void start();  // with the block
  void ended();  // the block's threads have: reports what still uses its memory, and ends what may end behind it

  // One lane's operation on the mbarrier at an address of shared memory; false where the launch was stopped.
  bool mbarrier(const Instruction& i, Warp& warp, uint32_t lane, uint64_t address);
  // Copies `bytes` from global into shared memory; the mbarrier counts them.
  bool load(Warp& warp, uint32_t lane, uint64_t to, uint64_t from, uint32_t bytes, uint64_t mbarrier);
  bool store(Warp& warp, uint32_t lane, uint64_t to, uint64_t from, uint32_t bytes);
  void commit(Warp& warp, uint32_t lane);
  // Until at most `pending` of the lane's newest groups are on their way, or still to be read.
  void wait(Warp& warp, uint32_t lane, uint32_t pending, bool only_read);
  void fence(Warp& warp);  // fence.proxy.async

 private:
  struct Transfer {
    const std::byte* from = nullptr;
    const uint8_t* from_written = nullptr;
    std::byte* to = nullptr;
    uint8_t* to_written = nullptr;
    uint32_t bytes = 0;
    Warp* warp = nullptr;
    uint32_t lane = 0, pc = 0;
    std::vector<std::byte> read;  // of a store, what was read
    std::vector<uint8_t> read_written;
  };
  struct Mbarrier {
    std::vector<uint32_t> arriving, completed;  // clocks of warps, as far as those that arrived know them
    std::vector<Transfer> transfers;            // of the current phase
    uint32_t async_arrivals = 0;                // that come when batches have
    std::vector<std::shared_ptr<Warp::Batch>> batches;
  };
  struct Stores {
    std::vector<Transfer> open;
    std::vector<std::vector<Transfer>> committed;
  };

  uint64_t* word(Warp& warp, uint32_t lane, uint64_t address, bool initialised);
  Mbarrier& state(uint64_t address);
  void release(Mbarrier& m, Warp& warp);
  bool complete(Mbarrier& m, uint64_t* word);
  bool deliver(Mbarrier& m, uint64_t* word);
  bool arrive(const Instruction& i, Warp& warp, uint32_t lane, Mbarrier& m, uint64_t* word);
  bool sizes_fit(Warp& warp, uint32_t lane, uint32_t bytes);
  bool touch(Warp& warp, uint32_t lane, Space space, uint64_t address, uint32_t bytes, bool write, std::byte** host);
  void check_fenced(Warp& warp, uint32_t lane, uint64_t from, uint32_t bytes);
  static void read(Transfer& t);
  static void write(Transfer& t);

  Block& block_;
  std::map<uint64_t, Mbarrier> mbarriers_;
  std::map<std::pair<uint32_t, uint32_t>, Stores> stores_;  // by warp and lane
  std::map<uint32_t, std::vector<uint32_t>> fenced_;        // by warp: the clocks it knew at its last proxy fence
  std::set<uint64_t> by_copies_;                            // chunks of 16 bytes that copies in bulk wrote
};

enum class MbarrierOp : uint32_t {  // x of mbarrier()
  kInit,
  kInvalidate,
  kArrive,
  kArriveExpect,
  kDrop,
  kDropExpect,
  kExpect,
  kComplete,
  kTest,
  kAsyncArrive,
  kAsyncArriveNoIncrement,
};

}  // namespace kib::emulator::ptx
#endif
