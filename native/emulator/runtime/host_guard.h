// Pinned host memory while copies use it: between the call of cudaMemcpyAsync and the host's first wait for it, the
// program must not read what is copied to, nor write what is copied from. The pages of memory that cudaMallocHost
// gave are closed meanwhile; the copies use a second mapping of them. The instrument is `host`.
#ifndef KIB_EMULATOR_HOST_GUARD_H
#define KIB_EMULATOR_HOST_GUARD_H
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "machine/host_fault.h"
#include "runtime/device.h"

namespace kib::emulator {

class HostGuard {
 public:
  static HostGuard& instance();

  // Work that was enqueued: watches its host side where it is a copy with one. With the device's mutex held.
  void watch(const Task& task, const NodePtr& node);
  // After the host has waited for something. With the device's mutex held.
  void waited();
  // After a function of the program's, or other work, that used the memory in the order of a stream.
  void after_work();
  void forget(uint64_t begin, uint64_t end);  // memory that is freed
  void reset();

 private:
  struct Use {
    NodePtr node;
    uint64_t begin, end;
    bool writes;
  };
  static HostFault on_fault(uint64_t address, bool writes);
  HostFault fault(uint64_t address, bool writes);
  void add(const NodePtr& node, const void* start, uint64_t bytes, bool writes);
  void protect(uint64_t begin, uint64_t end);  // its pages, as the uses are now
  void open(uint64_t address);                 // the page

  std::mutex mutex_;
  std::vector<Use> uses_;
  std::atomic<bool> opened_{false};
};

}  // namespace kib::emulator
#endif
