#include "runtime/copies.h"

#include <cstring>
#include <vector>

#include "machine/memory.h"
#include "runtime/host_memory.h"
#include "runtime/node_details.h"

namespace kib::emulator {
namespace {

enum class Place { kDevice, kPinned, kPageable };

uint64_t number(const void* p) { return reinterpret_cast<uint64_t>(p); }

uint64_t extent(uint64_t width, uint64_t height, uint64_t pitch) { return (height - 1) * pitch + width; }

Place place(const void* p, uint64_t bytes, uint64_t* pin) {
  if (Memory::instance().contains(number(p))) return Place::kDevice;
  *pin = HostMemory::instance().pin(p, bytes);
  return *pin != 0 ? Place::kPinned : Place::kPageable;
}

const char* name(Place place) { return place == Place::kDevice ? "device" : "host"; }

// Whether the direction that the caller names is the addresses' own.
bool agrees(int kind, Place to, Place from) {
  const bool to_device = to == Place::kDevice, from_device = from == Place::kDevice;
  switch (kind) {
    case 0:
      return !to_device && !from_device;
    case 1:
      return to_device && !from_device;
    case 2:
      return !to_device && from_device;
    case 3:
      return to_device && from_device;
    default:
      return kind == 4;
  }
}

// A range of device memory must be allocated when the call is made, as the driver checks it.
bool allocated(const void* p, uint64_t bytes, const std::string& caller) {
  if (Memory::instance().allocated(number(p), bytes)) return true;
  const Fault fault = Memory::instance().explain(number(p), bytes);
  report(fault.finding, caller, fault.detail);
  return false;
}

// Pinned memory is used when the stream comes to the copy, so copies of several streams may meet in it.
void note_host(uint64_t address, const Copy& c, bool writes) {
  const Turn* turn = current_turn();
  if (turn != nullptr) Order::instance().host_access(*turn, address, c.width, writes, c.caller);
}

// Copies row by row between addresses of either kind. `staged` replaces the host's side where it was copied beforehand.
int carry_out(const Copy& c, Place to, Place from, const std::byte* staged) {
  Memory& memory = Memory::instance();
  for (uint64_t row = 0; row < c.height; ++row) {
    const uint64_t target = number(c.to) + row * c.to_pitch, source = number(c.from) + row * c.from_pitch;
    if (to == Place::kDevice && from == Place::kDevice) {
      if (!memory.copy(target, source, c.width, c.caller)) return cudaErrorIllegalAddress;
      continue;
    }
    const HostMemory& host = HostMemory::instance();
    const void* bytes = staged != nullptr ? staged + row * c.width : host.view(reinterpret_cast<const void*>(source));
    if (from == Place::kDevice) bytes = memory.view(source, c.width, Memory::Access::kRead, c.caller);
    void* into = host.view(reinterpret_cast<const void*>(target));
    if (bytes != nullptr && to == Place::kDevice) into = memory.view(target, c.width, Memory::Access::kWrite, c.caller);
    if (bytes == nullptr || into == nullptr) return cudaErrorIllegalAddress;
    if (from == Place::kPinned) note_host(source, c, false);
    if (to == Place::kPinned) note_host(target, c, true);
    std::memmove(into, bytes, c.width);
  }
  return cudaSuccess;
}

bool pinned_still(uint64_t pin, const std::string& caller) {
  if (pin == 0 || HostMemory::instance().alive(pin)) return true;
  report(Finding::kUseAfterFree, caller,
         "the pinned memory was freed before the stream came to the copy; synchronize before freeing it");
  return false;
}

std::shared_ptr<std::vector<std::byte>> stage(const Copy& c) {
  auto staged = std::make_shared<std::vector<std::byte>>(c.width * c.height);
  for (uint64_t row = 0; row < c.height; ++row) {
    std::memcpy(staged->data() + row * c.width, static_cast<const std::byte*>(c.from) + row * c.from_pitch, c.width);
  }
  return staged;
}

int refuse(const std::string& caller, const std::string& why, int error = cudaErrorInvalidValue) {
  report(Finding::kBadArgument, caller, why);
  return error;
}

}  // namespace

namespace {

// Both sides of a copy.
struct Sides {
  Place to = Place::kDevice, from = Place::kDevice;
  uint64_t to_pin = 0, from_pin = 0;
};

int check(const Copy& c, Sides* sides) {
  if (c.kind < 0 || c.kind > 4) return refuse(c.caller, "the direction is none", cudaErrorInvalidMemcpyDirection);
  if (c.to == nullptr || c.from == nullptr) return refuse(c.caller, "an address is null");
  if (c.height > 1 && (c.to_pitch < c.width || c.from_pitch < c.width)) {
    return refuse(c.caller, "a pitch is smaller than the row", cudaErrorInvalidPitchValue);
  }
  const uint64_t to_bytes = extent(c.width, c.height, c.to_pitch), from_bytes = extent(c.width, c.height, c.from_pitch);
  sides->to = place(c.to, to_bytes, &sides->to_pin);
  sides->from = place(c.from, from_bytes, &sides->from_pin);
  if (!agrees(c.kind, sides->to, sides->from)) {
    return refuse(c.caller, std::string("copies from ") + name(sides->from) + " to " + name(sides->to) +
                                " memory, but names another direction (cudaMemcpyKind " + std::to_string(c.kind) + ")");
  }
  if (sides->to == Place::kDevice && !allocated(c.to, to_bytes, c.caller)) return cudaErrorInvalidValue;
  if (sides->from == Place::kDevice && !allocated(c.from, from_bytes, c.caller)) return cudaErrorInvalidValue;
  return cudaSuccess;
}

Task task_of(const Copy& c, const Sides& sides, std::shared_ptr<std::vector<std::byte>> staged) {
  auto details = std::make_shared<NodeDetails>();
  details->value = c;
  return {NodeKind::kMemcpy,
          c.caller,
          [c, sides, staged = std::move(staged)] {
            if (!pinned_still(sides.to_pin, c.caller) || !pinned_still(sides.from_pin, c.caller)) {
              return static_cast<int>(cudaErrorIllegalAddress);
            }
            return carry_out(c, sides.to, sides.from, staged ? staged->data() : nullptr);
          },
          std::move(details),
          true,
          sides.to == Place::kPinned};
}

// The value's bytes, again and again.
void set(std::byte* bytes, const Fill& f) {
  if (f.element == 1) {
    std::memset(bytes, f.value, f.width);
    return;
  }
  for (uint64_t i = 0; i < f.width; i += f.element) std::memcpy(bytes + i, &f.value, f.element);
}

}  // namespace

int copy(Lock& lock, Device& device, Stream& stream, const Copy& c, bool blocking) {
  if (c.width == 0 || c.height == 0) return c.kind < 0 || c.kind > 4 ? cudaErrorInvalidMemcpyDirection : cudaSuccess;
  Sides sides;
  if (const int error = check(c, &sides)) return error;
  const Place to = sides.to, from = sides.from;

  // Pageable memory is read when the call is made, and is written before it returns; pinned memory when the stream
  // comes to it. A capture reads and writes either at each launch.
  const bool captured = stream.capture != nullptr;
  const bool host_only = to != Place::kDevice && from != Place::kDevice;
  std::shared_ptr<std::vector<std::byte>> staged;
  if (!captured && from == Place::kPageable && to == Place::kDevice) {
    if (blocking) {
      if (const int error = device.synchronize(lock, stream, c.caller)) return error;
    }
    staged = stage(c);
  }
  NodePtr done;
  if (const int error = device.enqueue(lock, stream, task_of(c, sides, staged), &done)) return error;
  if (captured) return cudaSuccess;
  const bool waits = blocking ? staged == nullptr && !(to == Place::kDevice && from == Place::kDevice)
                              : to == Place::kPageable || (host_only && from == Place::kPageable);
  if (!waits) return cudaSuccess;
  device.scheduler().wait(lock, done);
  return device.scheduler().fault();
}

int prepare(const Copy& c, Task* task) {
  if (c.width == 0) return refuse(c.caller, "the copy has no bytes");
  Sides sides;
  if (const int error = check(c, &sides)) return error;
  *task = task_of(c, sides, nullptr);
  return cudaSuccess;
}

int prepare(const Fill& f, Task* task) {
  if (f.width == 0 || f.height == 0) return refuse(f.caller, "the fill has no bytes");
  if (f.to == nullptr) return refuse(f.caller, "the address is null");
  if (f.height > 1 && f.pitch < f.width) {
    return refuse(f.caller, "the pitch is smaller than the row", cudaErrorInvalidPitchValue);
  }
  if ((f.element != 1 && f.element != 2 && f.element != 4) || number(f.to) % f.element != 0) {
    return refuse(f.caller, "elements have 1, 2 or 4 bytes and lie at multiples of that");
  }
  if (!allocated(f.to, extent(f.width, f.height, f.pitch), f.caller)) return cudaErrorInvalidValue;
  auto details = std::make_shared<NodeDetails>();
  details->value = f;
  *task = {NodeKind::kMemset, f.caller,
           [f] {
             for (uint64_t row = 0; row < f.height; ++row) {
               const uint64_t to = number(f.to) + row * f.pitch;
               std::byte* bytes = Memory::instance().view(to, f.width, Memory::Access::kWrite, f.caller);
               if (bytes == nullptr) return static_cast<int>(cudaErrorIllegalAddress);
               set(bytes, f);
             }
             return 0;
           },
           std::move(details)};
  return cudaSuccess;
}

int fill(Lock& lock, Device& device, Stream& stream, const Fill& f) {
  if (f.width == 0 || f.height == 0) return cudaSuccess;
  Task task;
  if (const int error = prepare(f, &task)) return error;
  return device.enqueue(lock, stream, std::move(task));
}

}  // namespace kib::emulator
