// Modules and kernels as the runtime sees them.
#include <algorithm>
#include <set>

#include "machine/execute/warp_forms.h"
#include "machine/machine.h"
#include "machine/ptx/module_parser.h"

namespace kib::emulator {
namespace ptx {
namespace {

uint32_t align16(uint32_t n) { return (n + 15) / 16 * 16; }

// Local bytes of a function and of what it calls; `recursive` where it comes back to itself.
uint32_t stack_of(const Image& image, uint32_t index, std::set<uint32_t>* on_path, bool* recursive) {
  if (!on_path->insert(index).second) {
    *recursive = true;
    return 0;
  }
  const Function& f = image.functions[index];
  uint32_t deepest = 0;
  for (uint32_t callee : f.callees) deepest = std::max(deepest, stack_of(image, callee, on_path, recursive));
  on_path->erase(index);
  return align16(f.local_bytes) + deepest;
}

void add_callees(const Image& image, uint32_t index, std::set<uint32_t>* all) {
  if (!all->insert(index).second) return;
  for (uint32_t callee : image.functions[index].callees) add_callees(image, callee, all);
}

// The smallest element of a function's accesses to a space, at most `least`.
uint32_t least_element(const Image& image, const Function& f, Space space, uint32_t least) {
  for (uint32_t pc = f.first; pc < f.first + f.count; ++pc) {
    const Instruction& i = image.code[pc];
    if (i.kind != Kind::kWarp) continue;
    if (i.warp_form != load && i.warp_form != store && i.warp_form != atomic && i.warp_form != copy_async) continue;
    const Access& a = image.accesses[i.target];
    const bool both = a.space == Space::kGeneric || (a.space == Space::kCluster && space == Space::kShared);
    if (a.space == space || both) least = std::min<uint32_t>(least, a.element);
  }
  return least;
}

// Whether a function reads global memory through the non-coherent path, or accesses it with block scope.
bool leaves_notes(const Image& image, const Function& f) {
  for (uint32_t pc = f.first; pc < f.first + f.count; ++pc) {
    const Instruction& i = image.code[pc];
    if (i.kind != Kind::kWarp || (i.warp_form != load && i.warp_form != store && i.warp_form != atomic)) continue;
    const Access& a = image.accesses[i.target];
    if (a.non_coherent || (a.strong && a.block_scope && a.space != Space::kShared && a.space != Space::kCluster))
      return true;
  }
  return false;
}

// Adds how a function's instructions talk. `reductions`: the kinds of red whose order among themselves does not matter;
// of different ones it does.
Talk talk_of(const Image& image, const Function& f, std::set<std::pair<uint32_t, Type>>* reductions) {
  Talk talk = Talk::kNone;
  for (uint32_t pc = f.first; pc < f.first + f.count; ++pc) {
    const Instruction& i = image.code[pc];
    if (i.kind != Kind::kWarp || (i.warp_form != load && i.warp_form != store && i.warp_form != atomic)) continue;
    const Access& a = image.accesses[i.target];
    if (a.space != Space::kGlobal && a.space != Space::kGeneric) continue;
    if (i.warp_form != atomic) {
      if (a.strong) return Talk::kWait;
      continue;
    }
    const auto op = static_cast<AtomicOp>(i.x);
    if (op == AtomicOp::kCas || op == AtomicOp::kExch) return Talk::kWait;
    const bool commutes = i.d == kNoOperand && is_integer(a.type) && op != AtomicOp::kInc && op != AtomicOp::kDec;
    if (commutes) reductions->emplace(i.x, a.type);
    if (!commutes || reductions->size() > 1) talk = Talk::kOrder;
  }
  return talk;
}

bool has_clusters(const Image& image, const Function& f) {
  if (f.explicit_cluster || f.cluster.count() != 0) return true;
  for (uint32_t pc = f.first; pc < f.first + f.count; ++pc) {
    const Instruction& i = image.code[pc];
    if (i.kind == Kind::kClusterWait || (i.kind == Kind::kMbarrier && i.warp_form == cluster_arrive)) return true;
    if (i.kind == Kind::kWarp && (i.warp_form == map_to_block || i.warp_form == rank_of_block)) return true;
  }
  return false;
}

constexpr uint32_t kNowhere = ~uint32_t{0};

// The first instruction of a kind in a function, or a call of a function that has one.
uint32_t first_of(const Image& image, const Function& f, Kind kind, bool in_calls) {
  for (uint32_t pc = f.first; pc < f.first + f.count; ++pc) {
    const Instruction& i = image.code[pc];
    if (i.kind == kind) return pc;
    if (!in_calls || i.kind != Kind::kCall) continue;
    const Call& call = image.calls[i.target];
    if (call.indirect != kNoOperand || call.function == kBuiltin) continue;
    if (first_of(image, image.functions[call.function], kind, false) != kNowhere) return pc;
  }
  return kNowhere;
}

bool calls_pointers(const Image& image) {
  return std::any_of(image.calls.begin(), image.calls.end(), [](const Call& c) { return c.indirect != kNoOperand; });
}

class ModuleImage final : public Module {
 public:
  explicit ModuleImage(std::shared_ptr<const Image> image) : image_(std::move(image)) {
    for (uint32_t f = 0; f < image_->functions.size(); ++f) {
      if (image_->functions[f].entry && image_->functions[f].defined) kernels_.emplace_back(new KernelImage(image_, f));
    }
  }
  const std::string& file() const override { return image_->file; }
  std::vector<const Kernel*> kernels() const override {
    std::vector<const Kernel*> all;
    for (const auto& k : kernels_) all.push_back(k.get());
    return all;
  }
  const Kernel* kernel(std::string_view name) const override {
    for (const auto& k : kernels_) {
      if (k->name() == name) return k.get();
    }
    return nullptr;
  }
  bool variable(std::string_view name, uint64_t* address, uint64_t* bytes) const override {
    const auto found = image_->variables.find(std::string(name));
    if (found == image_->variables.end()) return false;
    *address = found->second.address;
    *bytes = found->second.bytes;
    return true;
  }

 private:
  std::shared_ptr<const Image> image_;
  std::vector<std::unique_ptr<KernelImage>> kernels_;
};

}  // namespace

KernelImage::KernelImage(std::shared_ptr<const Image> image, uint32_t function)
    : image_(std::move(image)), index_(function) {
  static_shared_ = image_->module_shared_bytes + this->function().shared_bytes;
  std::set<uint32_t> path;
  unknown_stack_ = calls_pointers(*image_);
  local_ = stack_of(*image_, function, &path, &unknown_stack_);
  std::set<uint32_t> callees;
  add_callees(*image_, function, &callees);
  refusal_ = image_->functions[function].refusal;
  for (uint32_t f : callees) {
    if (refusal_.empty()) refusal_ = image_->functions[f].refusal;
  }
  for (uint32_t f = 0; calls_pointers(*image_) && f < image_->functions.size(); ++f) callees.insert(f);
  std::set<std::pair<uint32_t, Type>> reductions;
  const uint32_t trigger = first_of(*image_, this->function(), Kind::kTrigger, true);
  triggers_ = std::any_of(callees.begin(), callees.end(), [&](uint32_t f) {
    return first_of(*image_, image_->functions[f], Kind::kTrigger, false) != kNowhere;
  });
  waits_first_ = first_of(*image_, this->function(), Kind::kWaitForGrids, true) < trigger;
  for (uint32_t f : callees) {
    talk_ = std::max(talk_, talk_of(*image_, image_->functions[f], &reductions));
    shared_granule_ = least_element(*image_, image_->functions[f], Space::kShared, shared_granule_);
    uses_clusters_ |= has_clusters(*image_, image_->functions[f]);
    notes_ |= leaves_notes(*image_, image_->functions[f]);
    global_granule_ = least_element(*image_, image_->functions[f], Space::kGlobal, global_granule_);
  }
}

}  // namespace ptx

std::unique_ptr<Module> Module::parse(std::string_view text, const std::string& file) {
  return std::make_unique<ptx::ModuleImage>(ptx::parse(text, file));
}

}  // namespace kib::emulator
