#include "machine/execute/check_order.h"

#include <algorithm>
#include <set>

#include "machine/execute/access.h"

namespace kib::emulator::ptx {
namespace {

Dim3 coordinates(uint64_t linear, const Dim3& size) {
  return {static_cast<uint32_t>(linear % size.x), static_cast<uint32_t>(linear / size.x % size.y),
          static_cast<uint32_t>(linear / size.x / size.y)};
}

// Where some bytes lie: "at offset 16 of 'cudaMalloc 1 by f' (400 bytes)".
std::string place(uint64_t address) {
  uint64_t start = 0, bytes = 0;
  const Memory& memory = Memory::instance();
  if (!memory.find(address, &start, &bytes)) return "of memory that is no longer allocated";
  return "at offset " + std::to_string(address - start) + " of " + memory.owner(start);
}

}  // namespace

void Unordered::add(uint32_t pc, const Conflict& c, uint32_t block, uint32_t thread) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto [entry, is_new] = found_.emplace(std::make_tuple(pc, c.other, c.other_wrote), Found{c, block, thread});
  if (is_new) return;
  Found& f = entry->second;
  if (std::tie(c.begin, block, thread) < std::tie(f.conflict.begin, f.block, f.thread)) {
    f.block = block;
    f.thread = thread;
  }
  f.conflict.begin = std::min(f.conflict.begin, c.begin);
  f.conflict.end = std::max(f.conflict.end, c.end);
}

// Of the instructions of a line only the first is reported.
void Unordered::report(const LaunchState& launch) const {
  const Image& image = *launch.image;
  std::set<std::tuple<uint32_t, int, TurnNumber>> lines;
  for (const auto& [key, f] : found_) {
    const uint32_t pc = std::get<0>(key);
    const Conflict& c = f.conflict;
    if (!lines.emplace(image.lines[pc].file, image.lines[pc].line, c.other).second) continue;
    Report r;
    r.finding = Finding::kUnordered;
    r.kernel = launch.kernel->name();
    r.file = image.source(pc);
    r.line = image.lines[pc].line;
    r.has_thread = true;
    r.block = coordinates(f.block, launch.launch->grid);
    r.thread = coordinates(f.thread, launch.launch->block);
    r.address = c.begin;
    r.detail = (c.writes ? "writes " : "reads ") + std::to_string(c.end - c.begin) + " bytes " + place(c.begin) + " " +
               Order::instance().explain(*launch.turn, c);
    Reports::instance().add(std::move(r));
  }
}

void check_order(Touch& t) {
  Warp& w = t.warp;
  LaunchState& launch = w.launch();
  OrderRecords& records = Memory::instance().order();
  Span& span = w.worker().spans[w.pc()];
  const auto enter = [&](uint64_t address, uint64_t bytes, uint32_t first) {
    span.add(address, bytes, t.write);
    records.access(*launch.turn, address, bytes, t.write, t.strong, [&](const Conflict& c) {
      const uint32_t lane = first + static_cast<uint32_t>((c.begin - address) / t.bytes);
      launch.unordered.add(w.pc(), c, w.block().index(), w.index() * 32 + lane);
    });
  };
  if (t.contiguous) {
    enter(t.address[0], 32 * uint64_t{t.bytes}, 0);
    return;
  }
  for (uint32_t l = 0; l < 32; ++l) {
    if (((t.mask >> l) & 1) == 0) continue;
    enter(t.address[l], t.bytes, l);
    if (t.uniform) return;
  }
}

void remember_spans(LaunchState& launch, const std::vector<Span>& spans) {
  const Image& image = *launch.image;
  std::vector<TouchedBy> touched;
  for (uint32_t pc = 0; pc < spans.size(); ++pc) {
    const Span& s = spans[pc];
    if (s.end != 0) touched.push_back({image.source(pc), image.lines[pc].line, s.writes, s.begin, s.end});
  }
  Order::instance().remember(*launch.turn, std::move(touched));
}

}  // namespace kib::emulator::ptx
