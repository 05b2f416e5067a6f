// Copies in bulk.
#include <algorithm>
#include <cstring>

#include "machine/execute/access.h"
#include "machine/execute/async_proxy.h"

namespace kib::emulator::ptx {
namespace {

constexpr uint32_t kChunk = 16;  // addresses and sizes are multiples of it

}  // namespace

bool AsyncProxy::sizes_fit(Warp& warp, uint32_t lane, uint32_t bytes) {
  if (bytes % kChunk == 0) return true;
  warp.report(Finding::kMisaligned, lane, 0,
              "copies " + std::to_string(bytes) + " bytes in bulk; their number must be a multiple of 16");
  warp.stop(Outcome::kMisaligned);
  return false;
}

// Takes a range through the instruments, chunk by chunk; `host` gets where it lies.
bool AsyncProxy::touch(Warp& warp, uint32_t lane, Space space, uint64_t address, uint32_t bytes, bool write,
                       std::byte** host) {
  Traffic& traffic = block_.worker().traffic;
  const Traffic before = traffic;
  for (uint32_t at = 0; at < bytes; at += kChunk) {
    Touch t(warp, space, kChunk, uint32_t{1} << lane, write, !write, false, nullptr);
    t.address[lane] = address + at;
    if (!reach(t)) return false;
    if (at == 0) *host = t.host[lane];
  }
  traffic = before;
  if (space == Space::kShared) {
    ++traffic.shared_requests;
    return true;
  }
  (write ? traffic.write_bytes : traffic.read_bytes) += bytes;
  (write ? traffic.write_sectors : traffic.read_sectors) += (address % 32 + bytes + 31) / 32;
  return true;
}

bool AsyncProxy::load(Warp& warp, uint32_t lane, uint64_t to, uint64_t from, uint32_t bytes, uint64_t mbarrier) {
  if (!sizes_fit(warp, lane, bytes) || word(warp, lane, mbarrier, true) == nullptr) return false;
  if (to >> kClusterShift != 0) {
    warp.report(Finding::kUnsupported, lane, to,
                "a copy in bulk into the shared memory of another block of the cluster is not emulated; let each block "
                "copy its own");
    warp.stop(Outcome::kUnsupported);
    return false;
  }
  if (bytes == 0) return true;
  Transfer t;
  std::byte* source = nullptr;
  if (!touch(warp, lane, Space::kShared, to, bytes, true, &t.to)) return false;
  if (!touch(warp, lane, Space::kGlobal, from, bytes, false, &source)) return false;
  t.from = source;
  t.to_written = block_.shared_written() + to;
  if (!block_.worker().window.reach(from, bytes)) return false;
  t.from_written = block_.worker().window.written(from);
  t.bytes = bytes;
  t.warp = &warp;
  t.lane = lane;
  t.pc = warp.pc();
  // Until they arrive, what lies there is undefined: reading it is an uninitialised read.
  std::memset(t.to_written, 0, bytes);
  for (uint64_t chunk = to / kChunk; chunk < (to + bytes) / kChunk; ++chunk) by_copies_.insert(chunk);
  Mbarrier& m = state(mbarrier);
  release(m, warp);
  m.transfers.push_back(std::move(t));
  return true;
}

// Shared memory that threads wrote and that a copy in bulk reads: a proxy fence of the writer, or of the reader behind
// what orders the two, must lie between.
void AsyncProxy::check_fenced(Warp& warp, uint32_t lane, uint64_t from, uint32_t bytes) {
  const LaunchState& launch = block_.launch();
  if (!launch.options.races) return;
  const uint32_t granule = launch.granule_shared;
  const uint64_t upper = uint64_t{launch.number} << 20 | (block_.index() & (kBlockLimit - 1));
  for (uint64_t at = from; at < from + bytes; at += granule) {
    const Stamp writer = *block_.shared_records(at).writers;
    if (writer >> kBlockShift != upper || by_copies_.count(at / kChunk) != 0) continue;
    const uint32_t other = thread_of(writer) / 32, clock = clock_of(writer);
    const auto fenced = [&](uint32_t by) {
      const auto found = fenced_.find(by);
      return found != fenced_.end() && clock <= found->second[other];
    };
    if (fenced(other) || fenced(warp.index())) continue;
    const Dim3 thread = block_.thread(thread_of(writer));
    warp.report(Finding::kSharedRace, lane, at,
                "copies in bulk what thread (" + std::to_string(thread.x) + "," + std::to_string(thread.y) + "," +
                    std::to_string(thread.z) +
                    ") wrote with no fence.proxy.async between; let the threads that write execute it before the "
                    "barrier",
                true);
    return;
  }
}

void AsyncProxy::fence(Warp& warp) {
  std::vector<uint32_t>& known = fenced_[warp.index()];
  known = warp.known;
  known[warp.index()] = warp.clock;
  warp.advance();
}

bool AsyncProxy::store(Warp& warp, uint32_t lane, uint64_t to, uint64_t from, uint32_t bytes) {
  if (!sizes_fit(warp, lane, bytes)) return false;
  if (bytes == 0) return true;
  Transfer t;
  std::byte* source = nullptr;
  if (!touch(warp, lane, Space::kShared, from, bytes, false, &source)) return false;
  check_fenced(warp, lane, from, bytes);
  if (!touch(warp, lane, Space::kGlobal, to, bytes, true, &t.to)) return false;
  t.from = source;
  t.from_written = block_.shared_written() + from;
  if (!block_.worker().window.reach(to, bytes)) return false;
  t.to_written = block_.worker().window.written(to);
  t.bytes = bytes;
  t.warp = &warp;
  t.lane = lane;
  t.pc = warp.pc();
  std::memset(t.to_written, 0, bytes);
  stores_[{warp.index(), lane}].open.push_back(std::move(t));
  return true;
}

void AsyncProxy::commit(Warp& warp, uint32_t lane) {
  Stores& stores = stores_[{warp.index(), lane}];
  stores.committed.push_back(std::move(stores.open));
  stores.open.clear();
}

void AsyncProxy::read(Transfer& t) {
  if (!t.read.empty()) return;
  t.read.assign(t.from, t.from + t.bytes);
  t.read_written.assign(t.from_written, t.from_written + t.bytes);
}

void AsyncProxy::write(Transfer& t) {
  read(t);
  std::memcpy(t.to, t.read.data(), t.bytes);
  std::memcpy(t.to_written, t.read_written.data(), t.bytes);
}

void AsyncProxy::wait(Warp& warp, uint32_t lane, uint32_t pending, bool only_read) {
  const auto found = stores_.find({warp.index(), lane});
  if (found == stores_.end()) return;
  auto& groups = found->second.committed;
  if (groups.size() <= pending) return;
  const auto last = groups.end() - pending;
  for (auto group = groups.begin(); group != last; ++group) {
    for (Transfer& t : *group) only_read ? read(t) : write(t);
  }
  block_.worker().progressed = true;
  if (!only_read) groups.erase(groups.begin(), last);
}

void AsyncProxy::ended() {
  const auto report = [](const Transfer& t, const char* what) {
    t.warp->report_at(t.pc, Finding::kSharedRace, t.lane, 0,
                      "the block ended while " + std::to_string(t.bytes) + " bytes were on their way " + what, true);
  };
  for (const auto& [address, m] : mbarriers_) {
    for (const Transfer& t : m.transfers) {
      report(t, "into its shared memory; wait for them by the mbarrier");
      break;
    }
  }
  for (auto& [who, stores] : stores_) {
    for (auto& group : stores.committed) {
      for (Transfer& t : group) {
        if (t.read.empty()) report(t, "out of its shared memory; wait by cp.async.bulk.wait_group.read");
        write(t);
      }
    }
    for (Transfer& t : stores.open) {
      report(t, "out of its shared memory; end them by cp.async.bulk.commit_group and wait_group.read");
      write(t);
    }
  }
}

}  // namespace kib::emulator::ptx
