// Pinned host memory: what cudaMallocHost allocated and cudaHostRegister locked.
#ifndef KIB_EMULATOR_HOST_MEMORY_H
#define KIB_EMULATOR_HOST_MEMORY_H
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace kib::emulator {

class HostMemory {
 public:
  static HostMemory& instance();

  // Returns null where there is no room.
  void* allocate(uint64_t bytes, unsigned flags, const std::string& what);
  int release(void* start, const std::string& caller);
  int lock(void* start, uint64_t bytes, unsigned flags);
  int unlock(void* start, const std::string& caller);
  int flags(const void* start, unsigned* flags) const;

  // Whether cudaMallocHost or cudaHostAlloc gave all of the bytes.
  bool owns(const void* start, uint64_t bytes) const;
  // Where work reads and writes the byte: a second mapping of memory that was allocated here, so that the program's
  // own can be closed meanwhile (HostGuard); else the address itself.
  std::byte* view(const void* address) const;
  std::string describe(const void* address) const;  // "offset 4 of the 400 bytes of cudaMallocHost 2 by f"

  // A pin's number, never used again; 0 for memory that is not pinned as a whole.
  uint64_t pin(const void* start, uint64_t bytes) const;
  // Whether the pin is still there; asynchronous copies ask when they run.
  bool alive(uint64_t pin) const;

  void report_leaks();

 private:
  struct Pin {
    uint64_t id, bytes;
    bool owned;  // allocated here, not registered
    unsigned flags;
    std::string what;
    std::byte* second = nullptr;  // of what is owned
  };
  const Pin* around(const void* address, uint64_t* offset) const;

  mutable std::mutex mutex_;
  std::map<uint64_t, Pin> pins_;
  std::map<uint64_t, uint64_t> starts_;  // of live pins, by their numbers
  uint64_t next_ = 0;
};

}  // namespace kib::emulator
#endif
