// Memory in the order of streams: pools (cudaMemPool_t), cudaMallocAsync and cudaFreeAsync, and the memory of graphs.
// An address is known when the call is made; the memory is there between the work of its allocation and that of its
// free. Every function is called with the device's mutex held.
#ifndef KIB_EMULATOR_POOLS_H
#define KIB_EMULATOR_POOLS_H
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/device.h"

namespace kib::emulator {

// A cudaMemPool_t; never deleted, so that a use after cudaMemPoolDestroy is seen.
struct Pool {
  bool destroyed = false;
  uint64_t most = 0;         // bytes; 0: the device's
  int reuse[3] = {1, 1, 1};  // cudaMemPoolReuse...: kept for the program, see Pools::allocate
  uint64_t threshold = 0;    // bytes that synchronizations leave
  uint64_t reserved = 0, reserved_high = 0, used = 0, used_high = 0;
};

// Memory that a graph allocates at each launch, at one address as long as the graph or its executable lives.
class GraphMemory {
 public:
  GraphMemory(uint64_t where, uint64_t size) : address(where), bytes(size) {}
  ~GraphMemory();
  GraphMemory(const GraphMemory&) = delete;
  GraphMemory& operator=(const GraphMemory&) = delete;

  const uint64_t address, bytes;
  const Graph* freed_by = nullptr;  // the graph with a node that frees it
  const GraphExec* executable = nullptr;
};

class Pools {
 public:
  static Pools& instance();

  Pool* find(const void* handle, const std::string& caller);  // null after a report
  Pool* standard() { return pools_.front().get(); }
  Pool* current() { return current_; }
  void set_current(Pool* pool) { current_ = pool; }
  Pool* create(uint64_t most);
  int destroy(Pool& pool, const std::string& caller);
  // Gives back what is freed until the pool holds no more than `keep` bytes.
  void trim(Pool& pool, uint64_t keep);

  // In the order of the stream; on one that captures a node of its graph. `what` names the owner in reports.
  int allocate(Device& device, Lock& lock, Stream& stream, Pool& pool, uint64_t bytes, const std::string& what,
               const std::string& caller, void** pointer);
  bool owns(uint64_t address) const { return chunks_.count(address) != 0; }
  int free(Device& device, Lock& lock, Stream& stream, uint64_t address, const std::string& caller);
  // cudaFree: at once, waiting for nothing.
  int free_now(Device& device, Lock& lock, uint64_t address, const std::string& caller);

  // The nodes of a graph. Reports what is wrong.
  int add_allocation(uint64_t bytes, const std::string& what, const std::string& caller, Task* task, uint64_t* address);
  int add_free(const Graph& graph, uint64_t address, const std::string& caller, Task* task);
  // Before a launch: what is still allocated from the last one, and what the launch leaves allocated.
  int launch(Device& device, Lock& lock, const GraphExec& exec, Stream& stream, const std::string& caller);
  // A graph that allocates has one executable at a time.
  int instantiate(const GraphExec& exec, const std::string& caller);
  void forget(const void* exec);   // which is destroyed
  void abandon(uint64_t address);  // by its graph and its executable
  uint64_t graphs_bytes() const;   // allocated by graphs
  uint64_t graphs_reserved() const;

  // After the host has waited for a stream, or for all (null): what that stream freed may be anyone's again.
  void settle(const Stream* stream);
  // At each synchronization: what is freed goes back to the device, but for each pool's threshold.
  void give_back();
  // After all enqueued work was dropped: calls alone say what is allocated.
  void reset();

 private:
  Pools();
  struct Chunk {
    Pool* pool = nullptr;  // null: a graph's
    std::weak_ptr<GraphMemory> memory;
    uint64_t capacity = 0, bytes = 0;
    std::string what;
    bool allocated = false;  // by the calls up to now
    const Stream* freed_on = nullptr;
    NodePtr freed;         // the work of the last free
    bool settled = false;  // the host knows that it is over
    bool abandoned = false;
  };
  using Chunks = std::map<uint64_t, Chunk>;
  Chunks::iterator reusable(Device& device, const Stream& stream, const Pool& pool, uint64_t bytes);
  Chunks::iterator fresh(Pool& pool, uint64_t bytes, const std::string& what);
  int freed(Chunk& chunk);
  int twice(const Chunk& chunk, uint64_t address, const std::string& caller);
  void drop(Chunks::iterator chunk);

  std::vector<std::unique_ptr<Pool>> pools_;  // the first is the device's own
  Pool* current_;
  Chunks chunks_;
};

}  // namespace kib::emulator
#endif
