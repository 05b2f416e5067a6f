#include "runtime/call.h"

namespace kib::emulator {
namespace {

thread_local int last = cudaSuccess;

}  // namespace

int remember(int error) {
  if (error != cudaSuccess) last = error;
  return error;
}

int last_error(bool clear) {
  Device& device = Device::instance();
  Lock lock(device.mutex());
  if (const int fault = device.scheduler().fault()) return fault;
  return clear ? std::exchange(last, cudaSuccess) : last;
}

void forget_error() { last = cudaSuccess; }

}  // namespace kib::emulator
