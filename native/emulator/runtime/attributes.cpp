#include "runtime/attributes.h"

#include <cstdint>
#include <cstring>

#include "machine/memory.h"
#include "runtime/device.h"
#include "runtime/properties.h"

namespace kib::emulator {
namespace {

// cudaAccessPolicyWindow; properties: 0 normal, 1 streaming, 2 persisting.
struct Window {
  void* base;
  size_t bytes;
  float hit_ratio;
  int hit, miss;
};
static_assert(sizeof(Window) == 32, "the layout of CUDA 13");

}  // namespace

int check_access_policy(const void* window, const std::string& caller) {
  Window w;
  std::memcpy(&w, window, sizeof w);
  std::string why;
  if (w.bytes == 0) return cudaSuccess;  // takes the window away
  if (w.bytes > most_window_bytes()) {
    why = "the window's " + std::to_string(w.bytes) + " bytes are more than the device's " +
          std::to_string(most_window_bytes()) + " (cudaDevAttrMaxAccessPolicyWindowSize)";
  } else if (!(w.hit_ratio >= 0 && w.hit_ratio <= 1)) {
    why = "the hit ratio is " + std::to_string(w.hit_ratio) + "; it lies between 0 and 1";
  } else if (w.hit < 0 || w.hit > 2 || w.miss < 0 || w.miss > 2) {
    why = "hitProp or missProp is no cudaAccessProperty";
  } else if (w.miss == 2) {
    why = "missProp is persisting; it must be normal or streaming";
  } else if (w.base == nullptr || !Memory::instance().allocated(reinterpret_cast<uint64_t>(w.base), w.bytes)) {
    why = "the window is not all in one allocation of device memory";
  }
  if (why.empty()) return cudaSuccess;
  report(Finding::kBadArgument, caller, why);
  return cudaErrorInvalidValue;
}

}  // namespace kib::emulator
