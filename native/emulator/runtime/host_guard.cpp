#include "runtime/host_guard.h"

#include <sys/mman.h>

#include <algorithm>
#include <string>

#include "machine/options.h"
#include "machine/order.h"
#include "runtime/host_memory.h"
#include "runtime/node_details.h"

namespace kib::emulator {
namespace {

constexpr uint64_t kPage = 4096;

uint64_t page_of(uint64_t address) { return address / kPage * kPage; }

void set(uint64_t begin, uint64_t end, int protection) {
  if (begin < end) ::mprotect(reinterpret_cast<void*>(begin), end - begin, protection);
}

}  // namespace

HostGuard& HostGuard::instance() {
  static HostGuard* guard = new HostGuard;
  return *guard;
}

HostFault HostGuard::on_fault(uint64_t address, bool writes) { return instance().fault(address, writes); }

void HostGuard::protect(uint64_t begin, uint64_t end) {
  uint64_t from = page_of(begin);
  const uint64_t last = page_of(end - 1);
  int before = -1;
  for (uint64_t page = from; page <= last; page += kPage) {
    int protection = PROT_READ | PROT_WRITE;
    for (const Use& use : uses_) {
      if (use.begin >= page + kPage || use.end <= page) continue;
      protection = use.writes ? PROT_NONE : std::min(protection, static_cast<int>(PROT_READ));
      if (use.writes) break;
    }
    if (page != from && protection != before) {
      set(from, page, before);
      from = page;
    }
    before = protection;
  }
  set(from, last + kPage, before);
}

void HostGuard::open(uint64_t address) { set(page_of(address), page_of(address) + kPage, PROT_READ | PROT_WRITE); }

void HostGuard::add(const NodePtr& node, const void* start, uint64_t bytes, bool writes) {
  if (!HostMemory::instance().owns(start, bytes)) return;
  const auto begin = reinterpret_cast<uint64_t>(start);
  std::lock_guard<std::mutex> lock(mutex_);
  uses_.push_back({node, begin, begin + bytes, writes});
  protect(begin, begin + bytes);
}

void HostGuard::watch(const Task& task, const NodePtr& node) {
  const auto* copy = task.details == nullptr ? nullptr : std::get_if<Copy>(&task.details->value);
  if (copy == nullptr || !Options::current().host || copy->width == 0 || copy->height == 0) return;
  watch_host_faults(on_fault);
  add(node, copy->to, (copy->height - 1) * copy->to_pitch + copy->width, true);
  add(node, copy->from, (copy->height - 1) * copy->from_pitch + copy->width, false);
}

void HostGuard::waited() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (size_t i = 0; i < uses_.size();) {
    const Use use = uses_[i];
    const bool over = use.node->turn != nullptr && use.node->turn->number != 0
                          ? Order::instance().has_waited(*use.node->turn)
                          : use.node->done;
    if (!over) {
      ++i;
      continue;
    }
    uses_.erase(uses_.begin() + static_cast<std::ptrdiff_t>(i));
    protect(use.begin, use.end);
  }
}

void HostGuard::after_work() {
  if (!opened_.exchange(false)) return;
  std::lock_guard<std::mutex> lock(mutex_);
  for (const Use& use : uses_) protect(use.begin, use.end);
}

void HostGuard::forget(uint64_t begin, uint64_t end) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto inside = [&](const Use& use) { return use.begin < end && use.end > begin; };
  uses_.erase(std::remove_if(uses_.begin(), uses_.end(), inside), uses_.end());
}

void HostGuard::reset() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Use> over;
  std::swap(over, uses_);
  for (const Use& use : over) protect(use.begin, use.end);
}

HostFault HostGuard::fault(uint64_t address, bool writes) {
  if (!HostMemory::instance().owns(reinterpret_cast<const void*>(address), 1)) return HostFault::kNotMine;
  std::unique_lock<std::mutex> lock(mutex_);
  // Work of a stream, or a function that it calls, comes where the stream has it: not the host's own doing.
  if (current_turn() != nullptr) {
    open(address);
    opened_ = true;
    return HostFault::kGoOn;
  }
  const auto found = std::find_if(uses_.begin(), uses_.end(), [&](const Use& use) {
    return use.begin <= address && address < use.end && (use.writes || writes);
  });
  if (found == uses_.end()) {  // other bytes of the page
    open(address);
    return HostFault::kGoOn;
  }
  const Use use = *found;
  uses_.erase(found);  // told once
  protect(use.begin, use.end);
  open(address);
  lock.unlock();
  Report report;
  report.finding = Finding::kHostTooEarly;
  report.address = address;
  const Turn* turn = use.node->turn.get();
  report.detail = std::string("the host ") + (writes ? "writes" : "reads") + " " +
                  HostMemory::instance().describe(reinterpret_cast<const void*>(address)) + " that " +
                  (turn != nullptr ? turn->name + " on " + turn->where : use.node->name) + " still " +
                  (use.writes ? "writes" : "reads") + "; wait by cudaStreamSynchronize or cudaEventSynchronize first";
  Reports::instance().add(std::move(report));
  return HostFault::kGoOn;
}

}  // namespace kib::emulator
