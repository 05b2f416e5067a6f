// cp.async: the bytes arrive when their group is waited for, and no sooner.
#include <algorithm>
#include <cstring>

#include "machine/execute/access.h"

namespace kib::emulator::ptx {

// Copies of each lane complete by its own waits; a group is the warp's.
void Warp::Batch::arrive(Worker& worker) {
  if (arrived) return;
  arrived = true;
  for (const Copy16& c : copies) {
    worker.progressed |= c.valid != 0 && std::memcmp(c.to, c.from, c.valid) != 0;
    std::memset(c.to, 0, c.bytes);
    std::memset(c.to_written, 0xff, c.bytes);
    if (c.valid == 0) continue;
    std::memcpy(c.to, c.from, c.valid);
    std::memcpy(c.to_written, c.from_written, c.valid);
  }
}

void Warp::close_batch() {
  if (open_copies.empty()) return;
  open_batches.push_back(std::make_shared<Batch>());
  open_batches.back()->copies = std::move(open_copies);
  open_copies.clear();
}

Warp::Group16 Warp::batches() const {
  Group16 all = open_batches;
  for (const Group16& group : committed) all.insert(all.end(), group.begin(), group.end());
  return all;
}

void copy_async(const Instruction& i, Warp& w) {
  const Access& a = w.launch().image->accesses[i.target];
  Touch to(w, Space::kShared, a.element, w.mask, true, false, false, nullptr);
  addresses(a, w, to.address);
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) != 0 && space_of(to.address[l]) == Space::kShared) to.address[l] -= kSharedWindow;
  }
  // Until it arrives, what lies there is undefined: reading it is an uninitialised read.
  if (!reach(to)) return;
  Touch from(w, Space::kGlobal, a.element, 0, false, true, false, nullptr);
  const uint64_t* source = w.at<uint64_t>(i.a);
  uint32_t sizes[32];
  for (uint32_t l = 0; l < 32; ++l) {
    from.address[l] = source[l] + static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(i.e)));
    sizes[l] = i.b == kNoOperand ? a.element : std::min<uint32_t>(w.at<uint32_t>(i.b)[l], a.element);
    if (((w.mask >> l) & 1) != 0 && sizes[l] == a.element) from.mask |= uint32_t{1} << l;
  }
  if (from.mask != 0 && !reach(from)) return;
  Block& block = w.block();
  Window& window = w.worker().window;
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    Warp::Copy16 c{};
    c.to = to.host[l];
    c.to_written = block.shared_written() + to.address[l];
    c.bytes = a.element;
    c.valid = static_cast<uint8_t>(sizes[l]);
    std::memset(c.to_written, 0, c.bytes);
    if (c.valid != 0) {
      if (!window.reach(from.address[l], c.valid)) {
        const Fault fault = Memory::instance().explain(from.address[l], c.valid);
        w.report(fault.finding, l, from.address[l], "asynchronous copy: " + fault.detail);
        w.stop(Outcome::kIllegalAddress);
        return;
      }
      if (w.worker().marks && !w.worker().marks->add(Mark::kRead, from.address[l], c.valid)) w.launch().abandon();
      c.from = window.host(from.address[l]);
      c.from_written = window.written(from.address[l]);
    }
    w.open_copies.push_back(c);
  }
}

void commit_group(const Instruction&, Warp& w) {
  w.close_batch();
  w.committed.push_back(std::move(w.open_batches));
  w.open_batches.clear();
}

// x: how many of the newest groups may still be on their way. wait_all takes the open copies too.
void wait_group(const Instruction& i, Warp& w) {
  if (i.a != kNoOperand) commit_group(i, w);
  while (w.committed.size() > i.x) {
    for (const auto& batch : w.committed.front()) batch->arrive(w.worker());
    w.committed.erase(w.committed.begin());
  }
}

}  // namespace kib::emulator::ptx
