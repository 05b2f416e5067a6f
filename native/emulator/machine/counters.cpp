#include <cstdio>
#include <map>
#include <mutex>

#include "machine/counting.h"
#include "machine/execute/warp.h"
#include "machine/lines.h"
#include "machine/machine.h"

namespace kib::emulator {
namespace {

struct Totals {
  Counters counters;
  uint64_t flops = 0;
};

struct All {
  std::mutex mutex;
  std::map<std::string, Totals> kernels;
};

All& all() {
  static All* instance = new All;
  return *instance;
}

void add(Counters& c, ptx::Class kind, uint64_t lanes) {
  switch (kind) {
    case ptx::Class::kFp32:
      c.fp32 += lanes;
      break;
    case ptx::Class::kFp64:
      c.fp64 += lanes;
      break;
    case ptx::Class::kHalf:
      c.half += lanes;
      break;
    case ptx::Class::kInteger:
      c.integer += lanes;
      break;
    case ptx::Class::kSpecial:
      c.special += lanes;
      break;
    case ptx::Class::kControl:
      c.control += lanes;
      break;
    case ptx::Class::kMemory:
      c.memory += lanes;
      break;
    case ptx::Class::kBarrier:
      c.barrier += lanes;
      break;
  }
}

}  // namespace

namespace ptx {

void add_counts(const LaunchState& state) {
  All& a = all();
  std::lock_guard<std::mutex> lock(a.mutex);
  Totals& t = a.kernels[state.kernel->name()];
  Counters& c = t.counters;
  c.kernel = state.kernel->name();
  ++c.launches;
  c.threads += state.launch->grid.count() * state.launch->block.count();
  for (size_t pc = 0; pc < state.counts.size(); ++pc) {
    const PerInstruction& n = state.counts[pc];
    if (n.warps == 0) continue;
    const Instruction& i = state.image->code[pc];
    c.warp_instructions += n.warps;
    c.lane_instructions += n.lanes;
    t.flops += n.lanes * i.flops;
    add(c, i.counted, n.lanes);
  }
  c.global_read_bytes += state.traffic.read_bytes;
  c.global_write_bytes += state.traffic.write_bytes;
  c.global_read_sectors += state.traffic.read_sectors;
  c.global_write_sectors += state.traffic.write_sectors;
  c.shared_requests += state.traffic.shared_requests;
  c.shared_conflicts += state.traffic.shared_conflicts;
  c.atomics += state.traffic.atomics;
  if (state.image->runs != nullptr) state.image->runs->add(state.counts);
}

}  // namespace ptx

std::vector<Counters> counters() {
  std::lock_guard<std::mutex> lock(all().mutex);
  std::vector<Counters> list;
  for (const auto& [name, t] : all().kernels) list.push_back(t.counters);
  return list;
}

void reset_counters() {
  std::lock_guard<std::mutex> lock(all().mutex);
  all().kernels.clear();
}

std::string counters_table() {
  std::lock_guard<std::mutex> lock(all().mutex);
  std::string table =
      "| kernel | launches | threads | warp instr. | lane instr. | fp32 | fp64 | half | integer | special | control | "
      "memory | "
      "barrier | read MB | written MB | sector use | shared | conflicts | atomics | FLOP | bytes/FLOP |\n"
      "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | "
      "--: | --: | --: |\n";
  for (const auto& [name, t] : all().kernels) {
    const Counters& c = t.counters;
    const auto n = [](uint64_t v) { return std::to_string(v); };
    const auto decimal = [](double v) {
      char text[32];
      std::snprintf(text, sizeof text, "%.3g", v);
      return std::string(text);
    };
    const uint64_t bytes = c.global_read_bytes + c.global_write_bytes;
    const uint64_t moved = 32 * (c.global_read_sectors + c.global_write_sectors);
    table += "| " + name;
    for (uint64_t v : {c.launches, c.threads, c.warp_instructions, c.lane_instructions, c.fp32, c.fp64, c.half,
                       c.integer, c.special, c.control, c.memory, c.barrier}) {
      table += " | " + n(v);
    }
    table += " | " + decimal(static_cast<double>(c.global_read_bytes) / 1e6) + " | " +
             decimal(static_cast<double>(c.global_write_bytes) / 1e6) + " | " +
             (moved == 0 ? "-" : decimal(100.0 * static_cast<double>(bytes) / static_cast<double>(moved)) + " %") +
             " | " + n(c.shared_requests) + " | " + n(c.shared_conflicts) + " | " + n(c.atomics) + " | " + n(t.flops) +
             " | " + (t.flops == 0 ? "-" : decimal(static_cast<double>(moved) / static_cast<double>(t.flops))) + " |\n";
  }
  return table;
}

}  // namespace kib::emulator
