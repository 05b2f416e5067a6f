#include "runtime/host_memory.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "machine/options.h"
#include "machine/report.h"
#include "runtime/device.h"

namespace kib::emulator {
namespace {

uint64_t number(const void* p) { return reinterpret_cast<uint64_t>(p); }

}  // namespace

HostMemory& HostMemory::instance() {
  static HostMemory* memory = new HostMemory;
  return *memory;
}

void* HostMemory::allocate(uint64_t bytes, unsigned flags, const std::string& what) {
  void* start = bytes > (uint64_t{1} << 40) ? nullptr : std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (start == nullptr) return nullptr;
  std::memset(start, 0xff, bytes);  // NaNs: nothing may rely on zeros
  std::lock_guard<std::mutex> lock(mutex_);
  pins_[number(start)] = {++next_, bytes, true, flags, what};
  starts_[next_] = number(start);
  return start;
}

int HostMemory::release(void* start, const std::string& caller) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto pin = pins_.find(number(start));
  if (pin == pins_.end() || !pin->second.owned) {
    report(Finding::kBadArgument, caller, "no live allocation of pinned memory starts at the address");
    return cudaErrorInvalidValue;
  }
  starts_.erase(pin->second.id);
  pins_.erase(pin);
  std::free(start);
  return cudaSuccess;
}

int HostMemory::lock(void* start, uint64_t bytes, unsigned flags) {
  if (start == nullptr || bytes == 0) return cudaErrorInvalidValue;
  std::lock_guard<std::mutex> lock(mutex_);
  const auto next = pins_.upper_bound(number(start) + bytes - 1);
  if (next != pins_.begin()) {
    const auto& [other, pin] = *std::prev(next);
    if (other + pin.bytes > number(start)) return cudaErrorHostMemoryAlreadyRegistered;
  }
  pins_[number(start)] = {++next_, bytes, false, flags, "cudaHostRegister"};
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
