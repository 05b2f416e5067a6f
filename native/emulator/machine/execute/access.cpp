#include "machine/execute/access.h"

#include <algorithm>
#include <cstring>

namespace kib::emulator::ptx {
namespace {

bool active(const Touch& t, uint32_t lane) { return ((t.mask >> lane) & 1) != 0; }

void find_pattern(Touch& t) {
  const uint64_t first = t.address[t.mask == 0 ? 0 : __builtin_ctz(t.mask)];
  uint64_t apart = 0, moved = 0;
  if (t.mask == kAllLanes) {
    for (uint32_t l = 0; l < 32; ++l) {
      apart |= t.address[l] ^ (first + uint64_t{l} * t.bytes);
      moved |= t.address[l] ^ first;
    }
    t.contiguous = apart == 0;
  } else {
    for (uint32_t l = 0; l < 32; ++l) moved |= active(t, l) ? t.address[l] ^ first : 0;
  }
  t.uniform = moved == 0;
}

bool all_written(const uint8_t* written, uint32_t bytes) {
  uint64_t all = ~uint64_t{0};
  while (bytes >= 8) {
    uint64_t word;
    std::memcpy(&word, written, 8);
    all &= word;
    written += 8;
    bytes -= 8;
  }
  for (; bytes > 0; --bytes) all &= ~uint64_t{0xff} | *written++;
  return all == ~uint64_t{0};
}

// Whether all was written that a lane's read uses: elements of a vector that no instruction uses may be padding.
bool used_written(const Touch& t, const uint8_t* written) {
  if (t.access == nullptr || (t.access->unused | t.access->copied) == 0) return all_written(written, t.bytes);
  const Access& a = *t.access;
  for (uint32_t n = 0; n < a.count; ++n) {
    if ((((a.unused | a.copied) >> n) & 1) == 0 && !all_written(written + size_t{n} * a.element, a.element))
      return false;
  }
  return true;
}

bool aligned(Touch& t) {
  const uint64_t rest = t.bytes - 1;
  uint64_t bits = 0;
  for (uint32_t l = 0; l < 32; ++l) bits |= active(t, l) ? t.address[l] : 0;
  if ((bits & rest) == 0) return true;
  if (!t.warp.launch().options.alignment) return true;
  for (uint32_t l = 0; l < 32; ++l) {
    if (!active(t, l) || (t.address[l] & rest) == 0) continue;
    t.warp.report(Finding::kMisaligned, l, t.address[l],
                  std::string(t.write ? "writes " : "reads ") + std::to_string(t.bytes) +
                      " bytes at an address that is no multiple of " + std::to_string(t.bytes) +
                      "; align it, or access narrower elements");
    break;
  }
  t.warp.stop(Outcome::kMisaligned);
  return false;
}

bool out_of_bounds(Touch& t, uint32_t lane, const char* space, const std::string& extent) {
  t.warp.report(Finding::kOutOfBounds, lane, t.address[lane],
                std::string(t.write ? "writes " : "reads ") + std::to_string(t.bytes) + " bytes of " + space +
                    " memory outside the " + extent + "; check the index");
  t.warp.stop(Outcome::kIllegalAddress);
  return false;
}

void not_written(Touch& t, uint32_t lane, const char* space) {
  const bool global = t.space != Space::kShared && t.space != Space::kLocal;
  t.warp.report(Finding::kUninitialised, lane, t.address[lane],
                (t.write ? "copies " + std::to_string(t.bytes) + " bytes into " + space + " memory"
                         : "reads " + std::to_string(t.bytes) + " bytes of " + space + " memory") +
                    " that were never written" + (global ? ", of " + Memory::instance().owner(t.address[lane]) : "") +
                    "; write them first",
                true);
}

// Bytes that are loaded only to be copied count as read where they are stored in memory that others see.
void follow_copy(Touch& t, uint32_t lane, const uint8_t* written, const char* space) {
  if (!t.write) {
    keep_written(t, lane, written);
  } else if (!copies_written(t, lane)) {
    not_written(t, lane, space);
  }
}

bool global_fault(Touch& t, uint32_t lane) {
  const Fault fault = Memory::instance().explain(t.address[lane], t.bytes);
  t.warp.report(fault.finding, lane, t.address[lane],
                std::string(t.write ? "write: " : "read: ") + fault.detail +
                    (fault.finding == Finding::kOutOfBounds ? "; check the index" : ""));
  t.warp.stop(Outcome::kIllegalAddress);
  return false;
}

// Distinct 32-byte sectors that the lanes touch.
uint64_t sectors(const Touch& t) {
  if (t.contiguous) return (t.address[0] + 32 * uint64_t{t.bytes} - 1) / 32 - t.address[0] / 32 + 1;
  if (t.uniform) return t.bytes <= 32 ? 1 : t.bytes / 32;
  uint64_t seen[64];
  uint32_t n = 0;
  for (uint32_t l = 0; l < 32; ++l) {
    if (!active(t, l)) continue;
    const uint64_t sector = t.address[l] / 32;
    bool known = n > 0 && seen[n - 1] == sector;
    for (uint32_t k = 0; !known && k < n; ++k) known = seen[k] == sector;
    if (!known) seen[n++] = sector;
  }
  return n;
}

void count_global(Touch& t) {
  Traffic& traffic = t.warp.worker().traffic;
  const uint64_t bytes = uint64_t{t.bytes} * static_cast<uint32_t>(__builtin_popcount(t.mask));
  const uint64_t n = sectors(t);
  if (t.read) traffic.read_bytes += bytes, traffic.read_sectors += n;
  if (t.write) traffic.write_bytes += bytes, traffic.write_sectors += n;
}

bool reach_global(Touch& t) {
  Window& window = t.warp.worker().window;
  const bool check = t.read && t.warp.launch().options.uninitialised;
  const bool copies = t.access != nullptr && t.access->copied != 0 && t.warp.launch().options.uninitialised;
  const uint32_t first = static_cast<uint32_t>(__builtin_ctz(t.mask));
  if (t.contiguous && window.reach(t.address[0], 32 * uint64_t{t.bytes})) {
    std::byte* host = window.host(t.address[0]);
    uint8_t* written = window.written(t.address[0]);
    for (uint32_t l = 0; l < 32; ++l) t.host[l] = host + uint64_t{l} * t.bytes;
    if (check && !all_written(written, 32 * t.bytes)) {
      for (uint32_t l = 0; l < 32; ++l) {
        if (used_written(t, written + uint64_t{l} * t.bytes)) continue;
        not_written(t, l, "global");
        break;
      }
    }
    for (uint32_t l = 0; copies && l < 32; ++l) follow_copy(t, l, written + uint64_t{l} * t.bytes, "global");
    if (t.write) std::memset(written, 0xff, 32 * t.bytes);
    return true;
  }
  for (uint32_t l = first; l < 32; ++l) {
    if (!active(t, l)) continue;
    if (t.uniform && l != first) {
      t.host[l] = t.host[first];
      if (copies) follow_copy(t, l, window.written(t.address[l]), "global");
      continue;
    }
    if (!window.reach(t.address[l], t.bytes)) return global_fault(t, l);
    t.host[l] = window.host(t.address[l]);
    uint8_t* written = window.written(t.address[l]);
    if (check && !used_written(t, written)) not_written(t, l, "global");
    if (copies) follow_copy(t, l, written, "global");
    if (t.write) std::memset(written, 0xff, t.bytes);
  }
  t.contiguous = false;
  return true;
}

// Marks what an attempt on several host threads touches.
bool mark(const Touch& t) {
  Marks& marks = *t.warp.worker().marks;
  const Mark how = t.read && t.write ? Mark::kReduced : t.write ? Mark::kWritten : Mark::kRead;
  bool can_undo = true;
  if (t.contiguous) {
    can_undo = marks.add(how, t.address[0], 32 * uint64_t{t.bytes});
  } else {
    const uint32_t first = static_cast<uint32_t>(__builtin_ctz(t.mask));
    for (uint32_t l = first; l < (t.uniform ? first + 1 : 32); ++l) {
      if (active(t, l)) can_undo &= marks.add(how, t.address[l], t.bytes);
    }
  }
  if (!can_undo) t.warp.launch().abandon();
  return can_undo;
}

// Passes of an access of up to 32 lanes to 32 banks of 4 bytes, beyond the fewest that its size needs.
uint64_t conflicts(const Touch& t) {
  if (t.contiguous || t.uniform) return 0;
  const uint32_t words = std::max<uint32_t>(t.bytes / 4, 1), lanes_at_once = 32 / std::min<uint32_t>(words, 32);
  uint64_t extra = 0;
  for (uint32_t first = 0; first < 32; first += lanes_at_once) {
    uint64_t seen[32][4];
    uint8_t count[32] = {};
    uint32_t most = 1;
    for (uint32_t l = first; l < first + lanes_at_once; ++l) {
      if (!active(t, l)) continue;
      for (uint32_t k = 0; k < words; ++k) {
        const uint64_t word = t.address[l] / 4 + k;
        const uint32_t bank = word % 32;
        bool known = false;
        for (uint32_t s = 0; s < std::min<uint32_t>(count[bank], 4); ++s) known |= seen[bank][s] == word;
        if (known) continue;
        if (count[bank] < 4) seen[bank][count[bank]] = word;
        most = std::max<uint32_t>(most, ++count[bank]);
      }
    }
    extra += most - 1;
  }
  return extra;
}

bool reach_shared(Touch& t) {
  Block& block = *t.owner;
  Traffic& traffic = t.warp.worker().traffic;
  ++traffic.shared_requests;
  traffic.shared_conflicts += conflicts(t);
  const LaunchState& launch = t.warp.launch();
  const bool check = t.read && launch.options.uninitialised;
  const bool copies = t.access != nullptr && t.access->copied != 0 && launch.options.uninitialised;
  if (t.contiguous && block.in_shared(t.address[0], 32 * uint64_t{t.bytes})) {
    std::byte* host = block.shared() + t.address[0];
    uint8_t* written = block.shared_written() + t.address[0];
    for (uint32_t l = 0; l < 32; ++l) t.host[l] = host + uint64_t{l} * t.bytes;
    if (check && !all_written(written, 32 * t.bytes)) {
      for (uint32_t l = 0; l < 32; ++l) {
        if (used_written(t, written + uint64_t{l} * t.bytes)) continue;
        not_written(t, l, "shared");
        break;
      }
    }
    for (uint32_t l = 0; copies && l < 32; ++l) follow_copy(t, l, written + uint64_t{l} * t.bytes, "shared");
    if (t.write) std::memset(written, 0xff, 32 * t.bytes);
    return true;
  }
  for (uint32_t l = 0; l < 32; ++l) {
    if (!active(t, l)) continue;
    if (!block.in_shared(t.address[l], t.bytes)) {
      // Without the instrument, what is in the block's memory at all is let through.
      if (launch.options.bounds || t.address[l] + t.bytes > kDynamicShared)
        return out_of_bounds(t, l, "shared", block.shared_extent());
    }
    t.host[l] = block.shared() + t.address[l];
    uint8_t* written = block.shared_written() + t.address[l];
    if (check && !used_written(t, written)) not_written(t, l, "shared");
    if (copies) follow_copy(t, l, written, "shared");
    if (t.write) std::memset(written, 0xff, t.bytes);
  }
  t.contiguous = false;
  return true;
}

bool none_written(const uint8_t* written, uint32_t bytes) {
  return std::all_of(written, written + bytes, [](uint8_t w) { return w == 0; });
}

// Structures are copied with their padding and with members never set: what counts are elements that are computed with
// and of which no byte was written. A copy's bytes count as written.
void check_local(Touch& t, uint32_t lane, const uint8_t* written) {
  const Access& a = *t.access;
  for (uint32_t n = 0; n < a.count; ++n) {
    if (((a.computed >> n) & 1) == 0 || !none_written(written + size_t{n} * a.element, a.element)) continue;
    not_written(t, lane, "local");
    return;
  }
}

bool reach_local(Touch& t) {
  const bool check = t.warp.launch().options.uninitialised;
  Warp& w = t.warp;
  const Function& f = w.launch().image->functions[w.frame().function];
  const uint64_t end = uint64_t{w.frame().local_base} + f.local_bytes;
  for (uint32_t l = 0; l < 32; ++l) {
    if (!active(t, l)) continue;
    if (t.address[l] >= end || t.bytes > end - t.address[l]) {
      return out_of_bounds(t, l, "local", std::to_string(end) + " bytes of the thread's variables");
    }
    t.host[l] = w.local(l) + t.address[l];
    if (!check) continue;
    uint8_t* written = w.local_written(l) + t.address[l];
    if (t.read && t.access != nullptr && t.access->computed != 0) check_local(t, l, written);
    const bool copies = t.access != nullptr && t.access->copied != 0;
    if (t.read && copies) keep_written(t, l, nullptr);
    if (t.write) std::memset(written, 0xff, t.bytes);
    if (t.write && copies) hand_on_written(t, l, written);
  }
  t.contiguous = false;
  return true;
}

bool reach_parameter(Touch& t) {
  const std::vector<std::byte>& parameters = t.warp.launch().launch->parameters;
  for (uint32_t l = 0; l < 32; ++l) {
    if (!active(t, l)) continue;
    if (t.write || t.address[l] >= parameters.size() || t.bytes > parameters.size() - t.address[l]) {
      return out_of_bounds(t, l, t.write ? "constant parameter" : "parameter",
                           std::to_string(parameters.size()) + " bytes of the kernel's parameters");
    }
    t.host[l] = const_cast<std::byte*>(parameters.data()) + t.address[l];
    if (t.access != nullptr && t.access->copied != 0) keep_written(t, l, nullptr);
  }
  t.contiguous = false;
  return true;
}

}  // namespace

void addresses(const Access& a, const Warp& warp, uint64_t* out) {
  if (a.address64) {
    const uint64_t* from = warp.at<uint64_t>(a.address);
    for (uint32_t l = 0; l < 32; ++l) out[l] = from[l] + static_cast<uint64_t>(a.offset);
  } else {
    const uint32_t* from = warp.at<uint32_t>(a.address);
    for (uint32_t l = 0; l < 32; ++l) out[l] = static_cast<uint32_t>(from[l] + static_cast<uint32_t>(a.offset));
  }
}

bool reach(Touch& t) {
  if (!aligned(t)) return false;
  find_pattern(t);
  const Options& options = t.warp.launch().options;
  const Worker& w = t.warp.worker();
  switch (t.space) {
    case Space::kShared:
      if (!reach_shared(t)) return false;
      if (options.races) check_races(t);
      return true;
    case Space::kLocal:
      return reach_local(t);
    case Space::kParam:
      return reach_parameter(t);
    case Space::kConst:
      if (!reach_global(t)) return false;
      if (t.warp.launch().turn != nullptr) check_order(t);
      return true;
    default:
      if (w.marks && !mark(t)) return false;
      if (!reach_global(t)) return false;
      count_global(t);
      if (t.warp.launch().turn != nullptr) check_order(t);
      if (t.warp.launch().global_races) check_races(t);
      return true;
  }
}

}  // namespace kib::emulator::ptx
