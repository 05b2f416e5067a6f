#include "runtime/host_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "machine/options.h"
#include "machine/report.h"
#include "runtime/device.h"
#include "runtime/host_guard.h"

namespace kib::emulator {
namespace {

uint64_t number(const void* p) { return reinterpret_cast<uint64_t>(p); }

uint64_t pages(uint64_t bytes) { return (bytes + 4095) / 4096 * 4096; }

}  // namespace

HostMemory& HostMemory::instance() {
  static HostMemory* memory = new HostMemory;
  return *memory;
}

void* HostMemory::allocate(uint64_t bytes, unsigned flags, const std::string& what) {
  if (bytes > (uint64_t{1} << 40)) return nullptr;
  const int file = ::memfd_create("kib-emulator-pinned", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  void *start = MAP_FAILED, *second = MAP_FAILED;
  if (::ftruncate(file, static_cast<off_t>(pages(bytes))) == 0) {
    start = ::mmap(nullptr, pages(bytes), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    second = ::mmap(nullptr, pages(bytes), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  ::close(file);
  if (start == MAP_FAILED || second == MAP_FAILED) {
    if (start != MAP_FAILED) ::munmap(start, pages(bytes));
    return nullptr;
  }
  std::memset(start, 0xff, bytes);  // NaNs: nothing may rely on zeros
  std::lock_guard<std::mutex> lock(mutex_);
  pins_[number(start)] = {++next_, bytes, true, flags, what, static_cast<std::byte*>(second)};
  starts_[next_] = number(start);
  return start;
}

int HostMemory::release(void* start, const std::string& caller) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto pin = pins_.find(number(start));
  if (pin == pins_.end() || !pin->second.owned) {
    report(Finding::kBadArgument, caller, "no live allocation of pinned memory starts at the address");
    return cudaErrorInvalidValue;
  }
  const uint64_t bytes = pages(pin->second.bytes);
  std::byte* second = pin->second.second;
  starts_.erase(pin->second.id);
  pins_.erase(pin);
  lock.unlock();
  HostGuard::instance().forget(number(start), number(start) + bytes);
  ::munmap(start, bytes);
  ::munmap(second, bytes);
  return cudaSuccess;
}

const HostMemory::Pin* HostMemory::around(const void* address, uint64_t* offset) const {
  auto next = pins_.upper_bound(number(address));
  if (next == pins_.begin()) return nullptr;
  --next;
  *offset = number(address) - next->first;
  return *offset < next->second.bytes ? &next->second : nullptr;
}

bool HostMemory::owns(const void* start, uint64_t bytes) const {
  std::lock_guard<std::mutex> lock(mutex_);
  uint64_t offset = 0;
  const Pin* pin = around(start, &offset);
  return pin != nullptr && pin->owned && bytes <= pin->bytes - offset;
}

std::byte* HostMemory::view(const void* address) const {
  std::lock_guard<std::mutex> lock(mutex_);
  uint64_t offset = 0;
  const Pin* pin = around(address, &offset);
  if (pin != nullptr && pin->owned) return pin->second + offset;
  return static_cast<std::byte*>(const_cast<void*>(address));
}

std::string HostMemory::describe(const void* address) const {
  std::lock_guard<std::mutex> lock(mutex_);
  uint64_t offset = 0;
  const Pin* pin = around(address, &offset);
  if (pin == nullptr) return "memory";
  return "offset " + std::to_string(offset) + " of the " + std::to_string(pin->bytes) + " bytes of pinned memory of " +
         pin->what;
}

int HostMemory::lock(void* start, uint64_t bytes, unsigned flags) {
  if (start == nullptr || bytes == 0) return cudaErrorInvalidValue;
  std::lock_guard<std::mutex> lock(mutex_);
  const auto next = pins_.upper_bound(number(start) + bytes - 1);
  if (next != pins_.begin()) {
    const auto& [other, pin] = *std::prev(next);
    if (other + pin.bytes > number(start)) return cudaErrorHostMemoryAlreadyRegistered;
  }
  pins_[number(start)] = {++next_, bytes, false, flags, "cudaHostRegister", nullptr};
  starts_[next_] = number(start);
  return cudaSuccess;
}

int HostMemory::unlock(void* start, const std::string& caller) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto pin = pins_.find(number(start));
  if (pin == pins_.end() || pin->second.owned) {
    report(Finding::kBadArgument, caller, "the address was not registered by cudaHostRegister");
    return cudaErrorHostMemoryNotRegistered;
  }
  starts_.erase(pin->second.id);
  pins_.erase(pin);
  return cudaSuccess;
}

int HostMemory::flags(const void* start, unsigned* flags) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto pin = pins_.find(number(start));
  if (pin == pins_.end()) return cudaErrorInvalidValue;
  *flags = pin->second.flags;
  return cudaSuccess;
}

uint64_t HostMemory::pin(const void* start, uint64_t bytes) const {
  std::lock_guard<std::mutex> lock(mutex_);
  auto next = pins_.upper_bound(number(start));
  if (next == pins_.begin()) return 0;
  --next;
  const uint64_t offset = number(start) - next->first;
  return offset < next->second.bytes && bytes <= next->second.bytes - offset ? next->second.id : 0;
}

bool HostMemory::alive(uint64_t pin) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return starts_.count(pin) != 0;
}

void HostMemory::report_leaks() {
  if (!Options::current().leaks) return;
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [start, pin] : pins_) {
    report(Finding::kLeak, pin.what,
           std::to_string(pin.bytes) + " bytes of pinned memory were never " +
               (pin.owned ? "freed by cudaFreeHost" : "unregistered by cudaHostUnregister"));
  }
}

}  // namespace kib::emulator
