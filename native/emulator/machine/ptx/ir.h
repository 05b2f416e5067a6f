// What the parser makes of PTX: instructions with registers as slots, ready to run.
#ifndef KIB_EMULATOR_PTX_IR_H
#define KIB_EMULATOR_PTX_IR_H
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "machine/machine.h"
#include "machine/ptx/types.h"

namespace kib::emulator::ptx {

// An operand: byte offset of its 32 lanes (a multiple of 64) within one of the bases, and flags.
using Operand = uint32_t;
enum Base : Operand { kFrame = 0, kConstants = 1, kSpecials = 2 };
constexpr Operand kBaseMask = 3, kNegated = 4;  // kNegated: of a predicate
constexpr Operand kOffsetMask = ~Operand{63};
constexpr Operand kNoOperand = ~Operand{0};

// What arithmetic sees of a warp. A predicate is a word of 32 bits; other registers are 32 lanes of their width.
struct Lanes {
  std::byte* base[4];
  uint32_t mask;

  template <class T>
  T* at(Operand o) const {
    return reinterpret_cast<T*>(base[o & kBaseMask] + (o & kOffsetMask));
  }
  uint32_t predicate(Operand o) const { return *at<uint32_t>(o) ^ ((o & kNegated) != 0 ? ~uint32_t{0} : 0); }
  void set_predicate(Operand o, uint32_t value) const {
    uint32_t& p = *at<uint32_t>(o);
    p = (p & ~mask) | (value & mask);
  }
};

struct Instruction;
using Form = void (*)(const Instruction&, Lanes&);
class Warp;
using WarpForm = void (*)(const Instruction&, Warp&);

enum class Kind : uint8_t {
  kPlain,    // form
  kWarp,     // warp_form: memory and what needs more than lanes
  kBranch,   // to `target`
  kIndexed,  // brx.idx
  kCall,
  kReturn,
  kExit,
  kTrap,
  kTogether,  // waits for the lanes of a mask: shfl, vote, match, redux, bar.warp.sync
  kBarrier,
  kMbarrier,      // warp_form, behind which the warp may let others run
  kWaitForGrids,  // griddepcontrol.wait
  kTrigger,       // griddepcontrol.launch_dependents
  kClusterWait,   // barrier.cluster.wait
};

enum class Class : uint8_t { kFp32, kFp64, kHalf, kInteger, kSpecial, kControl, kMemory, kBarrier };

struct Instruction {
  union {
    Form form = nullptr;
    WarpForm warp_form;
  };
  Operand d = kNoOperand, a = kNoOperand, b = kNoOperand, c = kNoOperand, e = kNoOperand, f = kNoOperand;
  Operand guard = kNoOperand;
  uint32_t target = 0;  // branch: index of an instruction; else index of a side table's entry
  uint32_t x = 0;       // a form's own constant
  Kind kind = Kind::kPlain;
  Class counted = Class::kInteger;
  uint8_t flops = 0;
  bool effect = false;    // writes memory or waits: see Block::skipped_barrier
  bool computes = false;  // arithmetic whose result depends on every bit of its operands
};

struct SourceLine {
  uint32_t file = 0;  // index into Image::files; 0: the PTX file itself
  int line = 0;
  uint32_t caller = 0;  // where it is inlined: index into Image::callers; 0: nowhere, or nobody counts lines
};

// ld, st, atom, red, cp.async.
struct Access {
  Space space = Space::kGeneric;
  Type type = Type::kB32;
  uint8_t element = 4, count = 1;  // bytes of an element, elements
  bool address64 = true;
  bool strong = false;  // volatile, relaxed, acquire, release, or an atomic
  bool acquire = false, release = false;
  bool is_volatile = false;
  bool block_scope = false;   // strong only towards threads of the same block
  bool non_coherent = false;  // ld.global.nc: through the path for constant data
  Operand address = kNoOperand;
  int64_t offset = 0;
  Operand registers[8];
  uint8_t widths[8];  // bytes of a lane of each register
  // Of a load, a bit for each register: some instruction computes with it; none uses it.
  uint8_t computed = 0, unused = 0;
  // Of registers that are loaded only to be stored in a thread's variables (as code that is not optimized does): where
  // their lanes' written bytes are kept, a bit for each; else kNoOperand. `copied` has a bit for each that is there.
  Operand written[8] = {kNoOperand, kNoOperand, kNoOperand, kNoOperand, kNoOperand, kNoOperand, kNoOperand, kNoOperand};
  uint8_t copied = 0;
};

// ldmatrix, stmatrix, movmatrix, mma: what Together::kMatrix finds at `target`.
struct MatrixOperation {
  enum class Kind : uint8_t { kMultiply, kLoad, kStore, kMove };
  Kind kind = Kind::kMultiply;
  Type type = Type::kB16, sums = Type::kF32;
  uint8_t count = 1;  // matrices that are loaded or stored
  uint8_t depth = 0, na = 0, nb = 0;
  bool transposed = false;
  Operand d[4], a[4], b[4], c[4];
  Access access;  // its space and address
};

struct Parameters {
  std::vector<Parameter> list;
  std::vector<std::string> names;
  uint32_t bytes = 0;
};

// Copies of parameters around a call, as offsets in the frames' parameter areas.
struct Copy {
  uint32_t from, to, bytes;
};

struct Call {
  uint32_t function = 0;  // index into Image::functions
  Operand indirect = kNoOperand;
  std::vector<Copy> arguments, results;
  std::string name;  // of a function of the runtime's own (__assertfail, vprintf), when `function` is kBuiltin
};
constexpr uint32_t kBuiltin = ~uint32_t{0};

struct Function {
  std::string name;
  bool entry = false, defined = false;
  uint32_t first = 0, count = 0;  // instructions
  uint32_t frame_bytes = 0;       // registers
  struct Zeros {
    Operand at;
    uint32_t bytes;
  };
  std::vector<Zeros> begin_as_zeros;  // registers that may be read before they are written
  uint32_t parameter_area = 0;        // bytes a lane: formal parameters, results, arguments of calls
  uint32_t local_bytes = 0;
  uint32_t shared_bytes = 0;  // of its own variables, from kKernelShared
  uint32_t max_threads = 1024;
  bool bounded = false;          // .maxntid, .reqntid
  Dim3 cluster{0, 0, 0};         // .reqnctapercluster
  uint32_t most_in_cluster = 0;  // .maxclusterrank; 0: not said
  bool explicit_cluster = false;
  Parameters results, parameters;
  std::vector<uint32_t> callees;
  std::string refusal;  // a sentence where it holds what is not emulated: it must not run
};

class KernelImage;
class RunCounts;

// A parsed module.
struct Image {
  std::string file;
  std::vector<std::string> files;
  std::vector<Instruction> code;
  std::vector<SourceLine> lines;           // beside code
  std::vector<SourceLine> callers = {{}};  // see SourceLine; the first stands for none
  std::shared_ptr<RunCounts> runs;         // null where nobody counts lines
  std::vector<Access> accesses;
  std::vector<MatrixOperation> matrices;
  std::vector<Call> calls;
  std::vector<std::vector<uint32_t>> branch_targets;
  std::vector<Function> functions;
  std::vector<std::byte> constants;
  uint32_t module_shared_bytes = 0;  // variables of the module's scope, from address 0
  bool reserved_shared = false;      // a kernel asks where the reserved shared memory lies
  struct Variable {
    uint64_t address = 0, bytes = 0;
    bool constant = false;
  };
  std::unordered_map<std::string, Variable> variables;
  std::vector<uint64_t> owned;  // allocations

  // Whether an instruction has no line of a program's own: it is of a header of the toolkit, or has none at all.
  bool of_toolkit(uint32_t pc) const;
  const std::string& source(uint32_t pc) const { return lines[pc].file == 0 ? file : files[lines[pc].file]; }
};

// How blocks of a kernel talk to each other: not at all; by atomics, so that results may depend on the order of blocks;
// or so that one may wait for another.
enum class Talk : uint8_t { kNone, kOrder, kWait };

class KernelImage final : public Kernel {
 public:
  KernelImage(std::shared_ptr<const Image> image, uint32_t function);
  const std::string& name() const override { return function().name; }
  const std::vector<Parameter>& parameters() const override { return function().parameters.list; }
  uint32_t parameter_bytes() const override { return function().parameters.bytes; }
  uint32_t static_shared_bytes() const override { return static_shared_; }
  uint32_t local_bytes() const override { return local_; }
  uint32_t max_threads() const override { return function().max_threads; }
  bool bounded() const override { return function().bounded; }
  bool unknown_stack() const override { return unknown_stack_; }
  const std::string& refusal() const override { return refusal_; }
  Dim3 cluster() const override { return function().cluster; }
  uint32_t most_in_cluster() const override { return function().most_in_cluster; }
  bool cluster_needed() const override { return function().explicit_cluster && function().cluster.count() == 0; }
  // Whether it or what it calls has instructions of clusters.
  bool uses_clusters() const { return uses_clusters_; }

  const Image& image() const { return *image_; }
  const Function& function() const { return image_->functions[index_]; }
  Talk talk() const { return talk_; }
  bool triggers() const override { return triggers_; }
  bool waits_first() const override { return waits_first_; }
  bool waits_for_blocks() const override { return talk_ == Talk::kWait; }
  // Whether a launch on several host threads had to be repeated on one.
  bool was_repeated() const { return was_repeated_.load(std::memory_order_relaxed); }
  void set_repeated() const { was_repeated_.store(true, std::memory_order_relaxed); }
  // The smallest element that the kernel and what it calls access in a memory, at most 4: what a record of races stands
  // for.
  uint32_t granule(Space space) const { return space == Space::kShared ? shared_granule_ : global_granule_; }
  // Whether accesses to global memory leave notes: see Note.
  bool notes() const { return notes_; }

 private:
  std::shared_ptr<const Image> image_;
  std::string refusal_;
  uint32_t index_, static_shared_ = 0, local_ = 0, shared_granule_ = 4, global_granule_ = 4;
  bool unknown_stack_ = false;
  bool notes_ = false;
  Talk talk_ = Talk::kNone;
  bool triggers_ = false, waits_first_ = false, uses_clusters_ = false;
  mutable std::atomic<bool> was_repeated_{false};
};

}  // namespace kib::emulator::ptx
#endif
