// The PTX virtual machine: modules, kernels, launches, counters.
#ifndef KIB_EMULATOR_MACHINE_H
#define KIB_EMULATOR_MACHINE_H
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "machine/memory.h"
#include "machine/report.h"
#include "machine/resources.h"

namespace kib::emulator {

class Module;

struct Parameter {
  uint32_t offset, size, alignment;
};

// One .entry.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual const std::string& name() const = 0;  // mangled
  virtual const std::vector<Parameter>& parameters() const = 0;
  virtual uint32_t parameter_bytes() const = 0;
  virtual uint32_t static_shared_bytes() const = 0;
  virtual uint32_t local_bytes() const = 0;  // a thread's
  virtual uint32_t max_threads() const = 0;  // .maxntid's product, else 1024
  virtual bool bounded() const = 0;          // it has .maxntid: its registers are such that blocks fit
  virtual bool unknown_stack() const = 0;    // it recurs, or calls by pointers: its stack is not known before it runs
  // Whether it lets the grids that depend on it begin before it has ended (griddepcontrol.launch_dependents), and
  // whether it waits for those that it depends on itself before it does so.
  virtual bool triggers() const = 0;
  virtual bool waits_first() const = 0;
  virtual bool waits_for_blocks() const = 0;  // it may wait for what other blocks write
  // Blocks of its clusters by __cluster_dims__, 0 x 0 x 0 without; the most that it was compiled for, 0 if not said;
  // whether it must be launched in clusters.
  virtual Dim3 cluster() const = 0;
  virtual uint32_t most_in_cluster() const = 0;
  virtual bool cluster_needed() const = 0;
  // Empty; or why it cannot run: the first instruction, of its own or of a function that it calls, that is not
  // emulated.
  virtual const std::string& refusal() const = 0;
};

class Module {
 public:
  virtual ~Module() = default;
  // Parses PTX; its .global and .const variables are allocated in the device's memory and initialised. Throws
  // Unsupported with file and line where it is no PTX; an instruction that is not emulated refuses the kernels that
  // hold or call it, and no others (Kernel::refusal).
  static std::unique_ptr<Module> parse(std::string_view text, const std::string& file);
  virtual const std::string& file() const = 0;
  virtual std::vector<const Kernel*> kernels() const = 0;
  virtual const Kernel* kernel(std::string_view name) const = 0;  // null where there is none
  // Address and size of a .global or .const variable; false where there is none.
  virtual bool variable(std::string_view name, uint64_t* address, uint64_t* bytes) const = 0;
};

struct Launch {
  const Kernel* kernel = nullptr;
  Dim3 grid, block;
  uint32_t dynamic_shared_bytes = 0;
  Dim3 cluster{0, 0, 0};     // blocks of a cluster; 0 x 0 x 0: the kernel's own, or none
  bool cooperative = false;  // all blocks live at once; grid-wide barriers work
  // For a kernel of unknown_stack(): cudaLimitStackSize, and what is known of its module's frames.
  uint32_t stack_limit = 1024;
  const Resources* resources = nullptr;
  uint64_t resident = 0;  // blocks that are live at once at most, of a kernel that waits_for_blocks(); 0: not known
  std::vector<std::byte> parameters;  // parameter_bytes(), each at its offset
};

enum class Outcome { kDone, kIllegalAddress, kMisaligned, kTrap, kUnsupported, kBarrier, kNoProgress };

// Runs a launch to its end on the calling thread (and on helpers of its own); order of blocks and warps follows the
// seed. What the instruments find goes to Reports; the outcome is what cudaGetLastError would make of it.
Outcome run(const Launch& launch);

// A launch that may begin before the grids that it depends on have ended.
class AheadRun {
 public:
  virtual ~AheadRun() = default;
  // Runs it until each block that fits on the device has ended or waits for those grids (griddepcontrol.wait).
  static std::unique_ptr<AheadRun> begin(Launch launch);
  virtual Outcome outcome() const = 0;
  virtual Outcome finish() = 0;  // those grids have ended: runs the rest
};

// Counters of all launches of a kernel since the process began (docs/decisions/emulated-device.md).
struct Counters {
  std::string kernel;
  uint64_t launches = 0, threads = 0;
  uint64_t warp_instructions = 0, lane_instructions = 0;
  uint64_t fp32 = 0, fp64 = 0, half = 0, integer = 0, special = 0, control = 0, memory = 0, barrier = 0;  // lanes
  uint64_t global_read_bytes = 0, global_write_bytes = 0;      // what lanes asked for
  uint64_t global_read_sectors = 0, global_write_sectors = 0;  // 32-byte sectors moved
  uint64_t shared_requests = 0, shared_conflicts = 0;          // warp accesses; passes beyond the first
  uint64_t atomics = 0;
};
std::vector<Counters> counters();
void reset_counters();
// The counters as a Markdown table, with the bytes a FLOP that a roofline needs.
std::string counters_table();

// The lines that have code in a module which was parsed, where KIB_EMULATOR_LINES is set, but for the toolkit's
// headers: "FILE:LINE WARPS" each, with the warps that came to the busiest of its instructions in a kernel, added up
// over kernels; 0 where none ran for any lane. A line runs with what is inlined there.
std::string lines_table();

}  // namespace kib::emulator
#endif
