// Loads whose registers are only stored in a thread's variables: code that is not optimized copies rows with their
// padding before it computes with a part of them.
#include <algorithm>

#include "machine/execute/access.h"

namespace kib::emulator::ptx {

void keep_written(const Touch& t, uint32_t lane, const uint8_t* written) {
  const Access& a = *t.access;
  for (uint32_t n = 0; n < a.count; ++n) {
    if (((a.copied >> n) & 1) == 0) continue;
    uint8_t bits = 0xff;  // what a narrower element is extended by, too
    for (uint32_t b = 0; written != nullptr && b < a.element; ++b) {
      if (written[n * a.element + b] == 0) bits = static_cast<uint8_t>(bits & ~(1u << b));
    }
    t.warp.at<uint8_t>(a.written[n])[lane] = bits;
  }
}

void hand_on_written(const Touch& t, uint32_t lane, uint8_t* written) {
  const Access& a = *t.access;
  for (uint32_t n = 0; n < a.count; ++n) {
    if (((a.copied >> n) & 1) == 0) continue;
    const uint8_t bits = t.warp.at<uint8_t>(a.written[n])[lane];
    for (uint32_t b = 0; b < a.element; ++b) written[n * a.element + b] = ((bits >> b) & 1) != 0 ? 0xff : 0;
  }
}

bool copies_written(const Touch& t, uint32_t lane) {
  const Access& a = *t.access;
  const uint32_t all = (1u << std::min<uint32_t>(a.element, 8)) - 1;
  for (uint32_t n = 0; n < a.count; ++n) {
    if (((a.copied >> n) & 1) != 0 && (t.warp.at<uint8_t>(a.written[n])[lane] & all) != all) return false;
  }
  return true;
}

}  // namespace kib::emulator::ptx
