// kib_emulator_carve, _release and _forget: an arena's parts, declared in the order of a stream's work.
#include "kib/emulator.h"
#include "machine/memory.h"
#include "runtime/cudart.h"

using namespace kib::emulator;

namespace {

uint64_t number(const void* p) { return reinterpret_cast<uint64_t>(p); }

int refuse(const char* name, const std::string& why) {
  report(Finding::kBadArgument, name, why);
  return cudaErrorInvalidValue;
}

// Whether the device has allocated the bytes; what their parts are is seen when the stream comes to them.
bool allocated(const char* name, const void* address, uint64_t bytes) {
  if (Memory::instance().allocated(number(address), bytes)) return true;
  const Fault fault = Memory::instance().explain(number(address), bytes);
  report(fault.finding, name, fault.detail);
  return false;
}

// Enqueues `work`, which reports what is wrong; the stream goes on in any case, as nothing is wrong on the device.
template <class F>
int enqueue(const char* name, void* handle, F work) {
  return on_stream(name, handle, [&](Device& device, Lock& lock, Stream& stream) {
    Task task;
    task.kind = NodeKind::kEmpty;
    task.name = name;
    task.work = [work] {
      work();
      return 0;
    };
    return device.enqueue(lock, stream, std::move(task));
  });
}

}  // namespace

KIB_EXPORT int kib_emulator_present() { return 1; }

KIB_EXPORT int kib_emulator_carve(const void* address, uint64_t bytes, const char* part, void* stream) {
  const char* name = "kib_emulator_carve";
  if (part == nullptr || *part == 0) return refuse(name, "the part has no name; give it one, for reports");
  if (bytes == 0) return refuse(name, "'" + std::string(part) + "' has no bytes; carve at least one");
  if (number(address) % 16 != 0) {
    return refuse(name, "the address of '" + std::string(part) + "' is no multiple of 16; align the arena's parts");
  }
  if (!allocated(name, address, bytes)) return cudaErrorInvalidValue;
  return enqueue(name, stream,
                 [=, part = std::string(part)] { Memory::instance().carve(number(address), bytes, part, name); });
}

KIB_EXPORT int kib_emulator_release(const void* address, void* stream) {
  const char* name = "kib_emulator_release";
  if (!allocated(name, address, 1)) return cudaErrorInvalidValue;
  return enqueue(name, stream, [=] { Memory::instance().release_part(number(address), name); });
}

KIB_EXPORT int kib_emulator_forget(const void* address, uint64_t bytes, void* stream) {
  const char* name = "kib_emulator_forget";
  if (bytes == 0) return cudaSuccess;
  if (!allocated(name, address, bytes)) return cudaErrorInvalidValue;
  return enqueue(name, stream, [=] { Memory::instance().forget(number(address), bytes, name); });
}
