// Blocks of a cluster: they run at the same time, reach each other's shared memory, and wait for each other.
//
// A thread arrives at the cluster's barrier and waits for it by two instructions; what it does between is ordered
// before nothing. A phase ends when all threads that have not ended have arrived. What a warp did before it arrived is
// ordered before what threads do that have waited for that phase, or a later one.
//
// Shared memory of a block of the cluster lies from (rank + 1) << kClusterShift on; a block's own begins at 0, too.
#ifndef KIB_EMULATOR_EXECUTE_CLUSTER_H
#define KIB_EMULATOR_EXECUTE_CLUSTER_H
#include <memory>
#include <vector>

#include "machine/execute/access.h"

namespace kib::emulator::ptx {

// What the kernel asks for, else what the launch does; 0 x 0 x 0 where neither does and no instruction needs one.
Dim3 cluster_of(const Launch& launch, const KernelImage& kernel);
// Why a launch cannot run in clusters; empty where it can.
std::string cluster_refusal(const Launch& launch, const KernelImage& kernel);
// The order in which blocks start, cluster by cluster.
std::vector<uint32_t> order_of_clusters(const LaunchState& state);

class Cluster {
 public:
  explicit Cluster(uint32_t warps_in_block) : warps_(warps_in_block) {}
  void add(Block& block);  // in the order of ranks, all before one of them runs
  uint32_t size() const { return static_cast<uint32_t>(blocks_.size()); }
  // A block's rank, -1 for one of another cluster; by the part of its index that stamps have.
  int rank_of(uint32_t index) const;

  void arrive(Warp& warp, uint32_t lanes, bool releases);
  // Which of the lanes must wait for others; the rest have waited. False where the launch was stopped.
  bool wait(Warp& warp, uint32_t lanes, uint32_t* pending);
  void lanes_ended(Warp& warp, uint32_t lanes);
  // Whether the barrier orders what a thread of a block did at its warp's clock before what the warp does now.
  bool orders(const Warp& warp, int rank, uint32_t thread, uint32_t clock) const {
    return warp.cluster.phases != 0 &&
           clock <= released_[warp.cluster.phases % 2][static_cast<uint32_t>(rank) * warps_ + thread / 32];
  }

  // The block that an access to shared memory reaches; false where the launch was stopped.
  bool reach(Touch& t, uint32_t rank);
  // Its threads have: reports accesses to its shared memory that may come behind its end.
  void block_ended(Block& block);
  // Keeps what others may look at until all have ended; true when they have, `blocks` holds them then.
  bool keep(std::unique_ptr<Block> block, std::vector<std::unique_ptr<Block>>* blocks);

 private:
  struct Remote {  // the last access of an instruction of a warp to another block's memory
    Warp* warp;
    uint32_t pc, lane, clock;
    uint64_t address;
    bool write;
    uint32_t bytes;
  };
  struct Member {
    Block* block = nullptr;
    bool ended = false;
    std::vector<Remote> accesses;  // by others
  };
  void complete();
  void behind_end(const Member& member, const Remote& access);

  uint32_t warps_;
  std::vector<Member> blocks_;
  uint32_t live_ = 0, arrived_ = 0;    // lanes
  uint32_t phase_ = 0;                 // those that have ended
  std::vector<uint32_t> arriving_;     // clocks of warps, block by block
  std::vector<uint32_t> released_[2];  // the same of the last two phases
  std::vector<std::unique_ptr<Block>> kept_;
};

}  // namespace kib::emulator::ptx
#endif
