// The blocks of a launch on one thread of the host: those that have started run in turns.
#ifndef KIB_EMULATOR_EXECUTE_RESIDENTS_H
#define KIB_EMULATOR_EXECUTE_RESIDENTS_H
#include <memory>
#include <random>
#include <vector>

#include "machine/execute/cluster.h"

namespace kib::emulator::ptx {

constexpr uint32_t kBudget = 20000;  // instructions of a warp before the next one runs, where no other block waits

// The order in which blocks start: by their numbers, or the seed's.
std::vector<uint32_t> order_of_blocks(const LaunchState& state);

// Starts as many blocks as the seed chooses, more where all that run seem to wait for others, and never more than fit
// on the device; when one ends, the next one starts.
class Residents {
 public:
  Residents(Worker& worker, std::vector<uint32_t> order);
  // Runs until all blocks have ended, or the launch was stopped.
  void run();
  // Runs until all blocks that fit have ended or wait for the grids before; then those have ended.
  void run_ahead();
  void grids_ended();

 private:
  void start_some();
  bool take_turns();  // whether all that live were suspended
  bool nobody_ready() const;
  void end(std::unique_ptr<Block> block);

  Worker& worker_;
  std::vector<uint32_t> order_;
  size_t next_ = 0, wanted_ = 1, most_ = 1;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Cluster>> clusters_;
  std::vector<std::unique_ptr<Block>> live_, ended_;
};

}  // namespace kib::emulator::ptx
#endif
