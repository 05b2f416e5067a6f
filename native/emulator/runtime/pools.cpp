#include "runtime/pools.h"

#include <algorithm>

#include "machine/memory.h"
#include "runtime/node_details.h"

namespace kib::emulator {
namespace {

int refuse(const std::string& caller, const std::string& why, int error = cudaErrorInvalidValue) {
  report(Finding::kBadArgument, caller, why);
  return error;
}

Work begins(uint64_t address, uint64_t bytes, const std::string& what, const std::string& caller,
            std::shared_ptr<GraphMemory> memory) {
  return [=, memory = std::move(memory)]() -> int {
    const bool done = Memory::instance().begin(address, bytes, what, caller);
    return done ? cudaSuccess : cudaErrorIllegalAddress;
  };
}

Work ends(uint64_t address, const std::string& caller, std::shared_ptr<GraphMemory> memory) {
  return [=, memory = std::move(memory)]() -> int {
    return Memory::instance().end(address, caller) ? cudaSuccess : cudaErrorIllegalAddress;
  };
}

}  // namespace

GraphMemory::~GraphMemory() { Pools::instance().abandon(address); }

Pools& Pools::instance() {
  static Pools* pools = new Pools;  // outlives every destructor that may still use it
  return *pools;
}

Pools::Pools() { current_ = create(0); }

Pool* Pools::create(uint64_t most) {
  pools_.push_back(std::make_unique<Pool>());
  pools_.back()->most = most;
  return pools_.back().get();
}

Pool* Pools::find(const void* handle, const std::string& caller) {
  for (const auto& pool : pools_) {
    if (pool.get() == handle && !pool->destroyed) return pool.get();
  }
  report(Finding::kBadHandle, caller, "the handle is no memory pool, or one that was destroyed");
  return nullptr;
}

int Pools::destroy(Pool& pool, const std::string& caller) {
  if (&pool == standard()) return refuse(caller, "the device's own pool cannot be destroyed");
  pool.destroyed = true;  // what is allocated from it stays until it is freed
  pool.threshold = 0;
  if (current_ == &pool) current_ = standard();
  return cudaSuccess;
}

void Pools::drop(Chunks::iterator chunk) {
  if (chunk->second.pool != nullptr) chunk->second.pool->reserved -= chunk->second.capacity;
  Memory::instance().release(chunk->first);
  chunks_.erase(chunk);
}

void Pools::trim(Pool& pool, uint64_t keep) {
  for (auto chunk = chunks_.begin(); chunk != chunks_.end() && pool.reserved > keep;) {
    const auto next = std::next(chunk);
    const Chunk& c = chunk->second;
    if (c.pool == &pool && !c.allocated && (c.freed == nullptr || c.freed->done)) drop(chunk);
    chunk = next;
  }
}

// Freed memory that an allocation may take again: what the same stream freed, or what was freed before the host waited.
// Whether it does is up to the seed, so that a stale pointer meets memory that is gone as well as memory that is
// another's.
Pools::Chunks::iterator Pools::reusable(Device& device, const Stream& stream, const Pool& pool, uint64_t bytes) {
  std::vector<Chunks::iterator> fit;
  for (auto chunk = chunks_.begin(); chunk != chunks_.end(); ++chunk) {
    const Chunk& c = chunk->second;
    if (c.pool != &pool || c.allocated || c.capacity < bytes || c.capacity / 2 > bytes) continue;
    if (c.settled || c.freed_on == &stream) fit.push_back(chunk);
  }
  if (fit.empty() || device.scheduler().random() % 2 == 0) return chunks_.end();
  return fit[device.scheduler().random() % fit.size()];
}

Pools::Chunks::iterator Pools::fresh(Pool& pool, uint64_t bytes, const std::string& what) {
  const auto room = [&] { return pool.most == 0 || (bytes <= pool.most && pool.reserved <= pool.most - bytes); };
  if (!room()) trim(pool, 0);
  uint64_t address = room() ? Memory::instance().reserve(bytes, what) : 0;
  if (address == 0 && room()) {
    for (const auto& other : pools_) trim(*other, 0);
    address = Memory::instance().reserve(bytes, what);
  }
  if (address == 0) return chunks_.end();
  Chunk chunk;
  chunk.pool = &pool;
  chunk.capacity = bytes;
  pool.reserved += bytes;
  pool.reserved_high = std::max(pool.reserved_high, pool.reserved);
  return chunks_.emplace(address, std::move(chunk)).first;
}

int Pools::allocate(Device& device, Lock& lock, Stream& stream, Pool& pool, uint64_t bytes, const std::string& what,
                    const std::string& caller, void** pointer) {
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (stream.capture != nullptr) {
    if (!stream.capture->valid) return cudaErrorStreamCaptureInvalidated;
    Task task;
    uint64_t address = 0;
    const int error = add_allocation(bytes, what, caller, &task, &address);
    *pointer = reinterpret_cast<void*>(address);
    return error != cudaSuccess ? error : device.enqueue(lock, stream, std::move(task));
  }
  if (stream.legacy) {
    if (const int error = device.check_no_implicit_capture(caller)) return error;
  }
  auto chunk = reusable(device, stream, pool, bytes);
  if (chunk == chunks_.end()) chunk = fresh(pool, bytes, what);
  if (chunk == chunks_.end()) return cudaErrorMemoryAllocation;
  const uint64_t address = chunk->first;
  Chunk& c = chunk->second;
  c.allocated = true;
  c.settled = false;
  c.bytes = bytes;
  c.what = what;
  pool.used += bytes;
  pool.used_high = std::max(pool.used_high, pool.used);
  Memory::instance().promise(address, bytes);
  *pointer = reinterpret_cast<void*>(address);
  return device.enqueue(lock, stream, {NodeKind::kAllocate, caller, begins(address, bytes, what, caller, nullptr)});
}

int Pools::twice(const Chunk& chunk, uint64_t address, const std::string& caller) {
  const bool graph = chunk.pool == nullptr && chunk.freed == nullptr && chunk.freed_on == nullptr;
  Report finding;
  finding.finding = graph ? Finding::kBadArgument : Finding::kUseAfterFree;
  finding.address = address;
  finding.detail =
      caller + ": '" + chunk.what + "' (" + std::to_string(chunk.bytes) + " bytes) " +
      (graph ? "is not allocated: its graph was not launched, or frees it itself" : "is freed a second time");
  Reports::instance().add(std::move(finding));
  return cudaErrorInvalidValue;
}

int Pools::free(Device& device, Lock& lock, Stream& stream, uint64_t address, const std::string& caller) {
  if (stream.capture != nullptr) {
    if (!stream.capture->valid) return cudaErrorStreamCaptureInvalidated;
    Task task;
    if (const int error = add_free(*stream.capture->graph, address, caller, &task)) return error;
    return device.enqueue(lock, stream, std::move(task));
  }
  const auto found = chunks_.find(address);
  if (found == chunks_.end()) {
    uint64_t start = 0, bytes = 0;
    if (!Memory::instance().find(address, &start, &bytes) || start != address) {
      return Memory::instance().release(address) ? cudaSuccess : cudaErrorInvalidValue;  // reports
    }
    // Of cudaMalloc: gone when the stream comes to it.
    return device.enqueue(lock, stream, {NodeKind::kFree, caller, [address]() -> int {
                                           const bool done = Memory::instance().release(address);
                                           return done ? cudaSuccess : cudaErrorIllegalAddress;
                                         }});
  }
  Chunk& chunk = found->second;
  if (!chunk.allocated) return twice(chunk, address, caller);
  NodePtr done;
  if (const int error =
          device.enqueue(lock, stream, {NodeKind::kFree, caller, ends(address, caller, chunk.memory.lock())}, &done)) {
    return error;
  }
  chunk.allocated = false;
  chunk.freed_on = &stream;
  chunk.freed = std::move(done);
  if (chunk.pool != nullptr) chunk.pool->used -= chunk.bytes;
  Memory::instance().keep(address);  // no leak, even if the process ends before the stream comes to it
  return cudaSuccess;
}

int Pools::free_now(Device& device, Lock& lock, uint64_t address, const std::string& caller) {
  const auto found = chunks_.find(address);
  if (!found->second.allocated) return twice(found->second, address, caller);
  const bool begun = Memory::instance().live(address);
  const bool ended = Memory::instance().end(address, caller);  // reports
  if (!begun) {  // as a GPU would, more or less: the allocation is over before the free
    device.scheduler().wait(lock, nullptr);
    Memory::instance().end(address, caller);
  }
  const auto chunk = chunks_.find(address);
  chunk->second.allocated = false;
  chunk->second.freed = nullptr;
  chunk->second.freed_on = nullptr;
  chunk->second.settled = true;
  if (chunk->second.pool != nullptr) chunk->second.pool->used -= chunk->second.bytes;
  if (chunk->second.abandoned) drop(chunk);
  return ended ? cudaSuccess : cudaErrorInvalidValue;
}

int Pools::add_allocation(uint64_t bytes, const std::string& what, const std::string& caller, Task* task,
                          uint64_t* address) {
  *address = Memory::instance().reserve(bytes, what);
  if (*address == 0) return cudaErrorMemoryAllocation;
  Memory::instance().promise(*address, bytes, true);
  const auto memory = std::make_shared<GraphMemory>(*address, bytes);
  Chunk chunk;
  chunk.memory = memory;
  chunk.capacity = chunk.bytes = bytes;
  chunk.what = what;
  chunks_.emplace(*address, std::move(chunk));
  auto details = std::make_shared<NodeDetails>();
  details->value = AllocateDetails{memory};
  *task = {NodeKind::kAllocate, caller, begins(*address, bytes, what, caller, memory), std::move(details)};
  return cudaSuccess;
}

int Pools::add_free(const Graph& graph, uint64_t address, const std::string& caller, Task* task) {
  const auto chunk = chunks_.find(address);
  const std::shared_ptr<GraphMemory> memory = chunk == chunks_.end() ? nullptr : chunk->second.memory.lock();
  if (memory == nullptr) {
    return refuse(caller, "a graph can free only memory that a graph allocates (cudaMallocAsync in a capture)");
  }
  if (memory->freed_by != nullptr) {
    return refuse(caller, "'" + chunk->second.what + "' is freed by two nodes of graphs");
  }
  memory->freed_by = &graph;
  auto details = std::make_shared<NodeDetails>();
  details->value = FreeDetails{memory};
  *task = {NodeKind::kFree, caller, ends(address, caller, memory), std::move(details)};
  return cudaSuccess;
}

int Pools::instantiate(const GraphExec& exec, const std::string& caller) {
  std::vector<std::shared_ptr<GraphMemory>> all;
  for (const GraphNode& node : exec.nodes) {
    const auto* a = node.task.details == nullptr ? nullptr : std::get_if<AllocateDetails>(&node.task.details->value);
    if (a != nullptr) all.push_back(a->memory);
  }
  for (const auto& memory : all) {
    if (memory->executable == nullptr) continue;
    return refuse(caller, "a graph that allocates memory has one executable at a time; destroy the other first",
                  cudaErrorNotSupported);
  }
  for (const auto& memory : all) memory->executable = &exec;
  return cudaSuccess;
}

void Pools::forget(const void* exec) {
  for (const auto& entry : chunks_) {
    const auto memory = entry.second.memory.lock();
    if (memory != nullptr && memory->executable == exec) memory->executable = nullptr;
  }
}

int Pools::launch(Device& device, Lock& lock, const GraphExec& exec, Stream& stream, const std::string& caller) {
  std::map<uint64_t, int> change;  // of what is allocated: 1 more, 1 less, or both
  for (const GraphNode& node : exec.nodes) {
    if (node.task.details == nullptr) continue;
    if (const auto* a = std::get_if<AllocateDetails>(&node.task.details->value)) change[a->memory->address] |= 1;
    if (const auto* f = std::get_if<FreeDetails>(&node.task.details->value)) change[f->memory->address] |= 2;
  }
  if (change.empty()) return cudaSuccess;
  if (stream.capture != nullptr) {
    return refuse(caller, "a graph that allocates or frees memory cannot become part of another",
                  cudaErrorNotSupported);
  }
  for (const auto& [address, how] : change) {
    Chunk& chunk = chunks_.at(address);
    if (how == 2 && !chunk.allocated) return twice(chunk, address, caller);
    if (how == 2 || !chunk.allocated) continue;
    if (!exec.frees) {
      return refuse(caller, "'" + chunk.what + "' (" + std::to_string(chunk.bytes) +
                                " bytes) is still allocated from the last launch; free it first, or instantiate with "
                                "cudaGraphInstantiateFlagAutoFreeOnLaunch");
    }
    if (const int error = free(device, lock, stream, address, caller)) return error;
  }
  for (const auto& [address, how] : change) {
    Chunk& chunk = chunks_.at(address);
    chunk.allocated = how == 1;
    chunk.freed = nullptr;
    chunk.freed_on = nullptr;
    if (how == 2) Memory::instance().keep(address);
  }
  return cudaSuccess;
}

void Pools::abandon(uint64_t address) {
  const auto chunk = chunks_.find(address);
  if (chunk == chunks_.end()) return;
  chunk->second.abandoned = true;
  if (!chunk->second.allocated) drop(chunk);
}

uint64_t Pools::graphs_bytes() const {
  uint64_t bytes = 0;
  for (const auto& entry : chunks_)
    bytes += entry.second.pool == nullptr && entry.second.allocated ? entry.second.bytes : 0;
  return bytes;
}

uint64_t Pools::graphs_reserved() const {
  uint64_t bytes = 0;
  for (const auto& entry : chunks_) bytes += entry.second.pool == nullptr ? entry.second.capacity : 0;
  return bytes;
}

void Pools::settle(const Stream* stream) {
  for (auto& entry : chunks_) {
    Chunk& chunk = entry.second;
    const bool over = !chunk.allocated && chunk.freed != nullptr && chunk.freed->done;
    if (over && (stream == nullptr || chunk.freed_on == stream)) chunk.settled = true;
  }
}

void Pools::give_back() {
  for (auto entry = chunks_.begin(); entry != chunks_.end();) {
    const auto next = std::next(entry);
    const Chunk& chunk = entry->second;
    if (chunk.abandoned && !chunk.allocated && (chunk.freed == nullptr || chunk.freed->done)) drop(entry);
    entry = next;
  }
  for (const auto& pool : pools_) {
    if (pool->reserved > pool->threshold) trim(*pool, pool->threshold);
  }
}

void Pools::reset() {
  Memory& memory = Memory::instance();
  for (auto entry = chunks_.begin(); entry != chunks_.end();) {
    const auto next = std::next(entry);
    Chunk& chunk = entry->second;
    const bool live = memory.live(entry->first);
    if (chunk.pool == nullptr) chunk.allocated = live && chunk.allocated;
    if (chunk.allocated && !live) memory.begin(entry->first, chunk.bytes, chunk.what, "kib_emulator_reset");
    if (!chunk.allocated && live) memory.end(entry->first, "kib_emulator_reset");
    chunk.freed = nullptr;
    chunk.settled = true;
    if (chunk.abandoned && !chunk.allocated) drop(entry);
    entry = next;
  }
}

}  // namespace kib::emulator
