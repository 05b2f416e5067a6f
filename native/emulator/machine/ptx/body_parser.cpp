#include "machine/ptx/body_parser.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "machine/execute/warp_forms.h"
#include "machine/options.h"
#include "machine/ptx/fuse.h"

namespace kib::emulator::ptx {
namespace {

constexpr int kDeepest = 64;  // functions inlined into one another

uint32_t align(uint32_t at, uint32_t to) { return (at + to - 1) / to * to; }

// Headers of the toolkit: what is inlined from them is reported at the line that calls it.
bool of_toolkit(const std::string& file) {
  if (file.find("/include/") == std::string::npos) return false;
  for (const char* part : {"/include/cuda", "/include/sm_", "/include/crt/", "/include/cooperative_groups",
                           "/include/device_", "/include/cccl/", "/include/math_functions", "/include/vector_"}) {
    if (file.find(part) != std::string::npos) return true;
  }
  return false;
}

// Whether an instruction's `target` is an index into Image::accesses.
bool has_access(WarpForm form) {
  return form == load || form == store || form == load_parameter || form == load_frame || form == store_frame ||
         form == atomic || form == copy_async;
}

struct NamedSpecial {
  const char* name;
  Special index;
};

constexpr NamedSpecial kNamed[] = {
    {"%tid.x", kTidX},
    {"%tid.y", kTidY},
    {"%tid.z", kTidZ},
    {"%ntid.x", kNtidX},
    {"%ntid.y", kNtidY},
    {"%ntid.z", kNtidZ},
    {"%ctaid.x", kCtaidX},
    {"%ctaid.y", kCtaidY},
    {"%ctaid.z", kCtaidZ},
    {"%nctaid.x", kNctaidX},
    {"%nctaid.y", kNctaidY},
    {"%nctaid.z", kNctaidZ},
    {"%laneid", kLaneId},
    {"%warpid", kWarpId},
    {"%nwarpid", kNwarpId},
    {"%smid", kSmId},
    {"%nsmid", kNsmId},
    {"%lanemask_eq", kMaskEq},
    {"%lanemask_lt", kMaskLt},
    {"%lanemask_le", kMaskLe},
    {"%lanemask_gt", kMaskGt},
    {"%lanemask_ge", kMaskGe},
    {"%envreg1", kEnvironment1},
    {"%envreg2", kEnvironment2},
    {"%dynamic_smem_size", kDynamicBytes},
    {"%total_smem_size", kTotalBytes},
    {"%aggr_smem_size", kAllBytes},
    {"%cluster_ctaid.x", kClusterCtaidX},
    {"%cluster_ctaid.y", kClusterCtaidY},
    {"%cluster_ctaid.z", kClusterCtaidZ},
    {"%cluster_ctarank", kClusterRank},
    {"%cluster_nctaid.x", kClusterNctaidX},
    {"%cluster_nctaid.y", kClusterNctaidY},
    {"%cluster_nctaid.z", kClusterNctaidZ},
    {"%cluster_nctarank", kClusterSize},
    {"%clusterid.x", kClusterIdX},
    {"%clusterid.y", kClusterIdY},
    {"%clusterid.z", kClusterIdZ},
    {"%nclusterid.x", kNclusterIdX},
    {"%nclusterid.y", kNclusterIdY},
    {"%nclusterid.z", kNclusterIdZ},
};

struct NamedChanging {
  const char* name;
  Changing index;
  uint32_t bytes;
};

constexpr NamedChanging kChanging[] = {
    {"%clock", kClock, 4},       {"%clock_hi", kClockHigh, 4},      {"%clock64", kClock64, 8},
    {"%globaltimer", kTimer, 8}, {"%globaltimer_lo", kTimerLow, 4}, {"%globaltimer_hi", kTimerHigh, 4},
    {"%gridid", kGridId, 8},
};

}  // namespace

BodyParser::BodyParser(ModuleParser& module, uint32_t function)
    : module_(module), cursor_(module.cursor()), image_(module.image()), index_(function) {}

void parse_body(ModuleParser& module, uint32_t function) { BodyParser(module, function).parse(); }

bool Image::of_toolkit(uint32_t pc) const { return lines[pc].file == 0 || ptx::of_toolkit(files[lines[pc].file]); }

void finish_calls(const Image& image) {
  for (size_t pc = 0; pc < image.code.size(); ++pc) {
    if (image.code[pc].kind != Kind::kCall) continue;
    const Call& call = image.calls[image.code[pc].target];
    if (call.indirect != kNoOperand) continue;
    if (call.function != kBuiltin && image.functions[call.function].defined) continue;
    const std::string& name = call.function == kBuiltin ? call.name : image.functions[call.function].name;
    if (name == "__assertfail" || name == "vprintf") continue;
    throw Unsupported(image.source(static_cast<uint32_t>(pc)) + ":" + std::to_string(image.lines[pc].line) +
                      ": function '" + name + "' is called but not defined in " + image.file +
                      "; define it in the same file or compile without -rdc");
  }
}

void BodyParser::parse() {
  Function& f = function();
  f.first = static_cast<uint32_t>(image_.code.size());
  scopes_.emplace_back();
  Scope& top = scopes_.back();
  const uint32_t formal = align(f.results.bytes, 16);
  for (size_t i = 0; i < f.results.list.size(); ++i) {
    const Parameter& p = f.results.list[i];
    top.symbols[f.results.names[i]] = {Space::kParam, p.offset, p.size, false};
  }
  for (size_t i = 0; i < f.parameters.list.size(); ++i) {
    const Parameter& p = f.parameters.list[i];
    top.symbols[f.parameters.names[i]] = {Space::kParam, (f.entry ? 0 : formal) + p.offset, p.size, f.entry};
  }
  top.parameter_area = f.entry ? 0 : f.parameter_area;
  f.parameter_area = top.parameter_area;
  cursor_.expect("{", "before a function's body");
  while (true) {
    if (cursor_.ended()) cursor_.fail("function '" + f.name + "' does not end; the file is cut short");
    if (cursor_.accept("}")) {
      if (scopes_.size() == 1) break;
      scopes_.pop_back();
    } else {
      statement();
    }
  }
  guard_ = kNoOperand;
  fuse_products(*this, f.first, trace_, labels_, fixups_, targets_, target_labels_);
  emit(f.entry ? Kind::kExit : Kind::kReturn, Class::kControl);
  resolve_labels();
  function().count = static_cast<uint32_t>(image_.code.size()) - function().first;
  mark_computed();
}

void BodyParser::statement() {
  if (cursor_.accept(";")) return;
  if (cursor_.accept("{")) {
    scopes_.emplace_back();
    scopes_.back().parameter_area = scopes_[scopes_.size() - 2].parameter_area;
    return;
  }
  if (cursor_.peek().kind == TokenKind::kWord && cursor_.is(":", 1)) {
    const int line = cursor_.peek().line;
    const std::string label(cursor_.next().text);
    cursor_.next();
    if (cursor_.is(".branchtargets") || cursor_.is(".calltargets") || cursor_.is(".callprototype")) {
      branch_targets(label);
    } else if (!labels_.emplace(label, image_.code.size()).second) {
      refuse(cursor_.file(), line, "label '" + label + "' is there twice");
    }
    return;
  }
  if (cursor_.peek().kind == TokenKind::kWord && cursor_.peek().text[0] == '.') {
    directive();
  } else {
    instruction();
  }
}

void BodyParser::directive() {
  const std::string_view name = cursor_.next().text;
  if (name == ".reg") {
    registers();
  } else if (name == ".loc") {
    location();
  } else if (name == ".param") {
    declare_variable(Space::kParam);
  } else if (name == ".local") {
    declare_variable(Space::kLocal);
  } else if (name == ".shared") {
    declare_variable(Space::kShared);
  } else if (name == ".pragma") {
    while (!cursor_.accept(";")) cursor_.next();
  } else {
    cursor_.fail("'" + std::string(name) + "' is not emulated inside a function; rewrite the kernel without it");
  }
}

void BodyParser::registers() {
  const Type type = type_named(cursor_.word("a register's type").substr(1));
  if (type == Type::kNone) cursor_.fail("a register's type is not emulated");
  Register r{kNoOperand, type == Type::kPred ? 0 : std::max<uint32_t>(bytes_of(type), 2), type};
  do {
    const std::string name(cursor_.word("a register's name"));
    if (cursor_.accept("<")) {
      cursor_.integer("a number of registers");
      cursor_.expect(">", "behind a number of registers");
      scopes_.back().ranges.emplace_back(name, r);
    } else {
      r.slot = allocate(r.bytes);
      scopes_.back().registers[name] = r;
      r.slot = kNoOperand;
    }
  } while (cursor_.accept(","));
  cursor_.expect(";", "behind registers");
}

// .loc file line column [, function_name label [+ offset], inlined_at file line column]
void BodyParser::location() {
  std::array<int64_t, 3> at{};
  for (int64_t& n : at) n = cursor_.integer("a number of .loc");
  std::array<int64_t, 3> parent{};
  bool inlined = false;
  while (cursor_.accept(",")) {
    const std::string_view what = cursor_.word("a part of .loc");
    if (what == "function_name") {
      cursor_.word("a label");
      if (cursor_.accept("+")) cursor_.integer("an offset");
    } else if (what == "inlined_at") {
      inlined = true;
      for (int64_t& n : parent) n = cursor_.integer("a number of inlined_at");
    }
  }
  if (at[1] == 0) return;  // code without a line: it stays with the line before
  inlined_[place(at)] = {inlined, parent};
  for (int depth = 0; depth < kDeepest && of_toolkit(image_.files[module_.source_file(at[0])]); ++depth) {
    const auto found = inlined_.find(place(at));
    if (found == inlined_.end() || !found->second.first) break;
    at = found->second.second;
  }
  line_ = {module_.source_file(at[0]), static_cast<int>(at[1]), image_.runs != nullptr ? caller_of(at, 0) : 0};
}

// The line that calls what is inlined there, past those of the toolkit.
uint32_t BodyParser::caller_of(const std::array<int64_t, 3>& at, int depth) {
  const auto found = inlined_.find(place(at));
  if (depth == kDeepest || found == inlined_.end() || !found->second.first) return 0;
  const std::array<int64_t, 3>& by = found->second.second;
  const uint32_t file = module_.source_file(by[0]), caller = caller_of(by, depth + 1);
  if (of_toolkit(image_.files[file])) return caller;
  const auto next = static_cast<uint32_t>(image_.callers.size());
  const auto [known, added] = callers_.emplace(std::array<int64_t, 3>{file, by[1], caller}, next);
  if (added) image_.callers.push_back({file, static_cast<int>(by[1]), caller});
  return known->second;
}

void BodyParser::declare_variable(Space space) {
  const Declaration d = module_.declaration();
  cursor_.expect(";", "behind a variable");
  Function& f = function();
  Scope& scope = scopes_.back();
  Symbol s{space, 0, d.bytes, false};
  if (space == Space::kParam) {
    s.address = align(scope.parameter_area, std::max<uint32_t>(d.alignment, 4));
    scope.parameter_area = static_cast<uint32_t>(s.address + d.bytes);
    f.parameter_area = std::max(f.parameter_area, scope.parameter_area);
  } else if (space == Space::kLocal) {
    s.address = align(f.local_bytes, std::max<uint32_t>(d.alignment, 16));
    f.local_bytes = static_cast<uint32_t>(s.address + d.bytes);
  } else if (d.unsized) {
    s.address = kDynamicShared;
  } else if (f.entry) {
    const uint32_t at = align(f.shared_bytes, d.alignment);
    s.address = kKernelShared + at;
    f.shared_bytes = static_cast<uint32_t>(at + d.bytes);
  } else {
    module_.add_shared(d);
    return;
  }
  scope.symbols[d.name] = s;
}

void BodyParser::branch_targets(const std::string& label) {
  const bool prototype = cursor_.next().text == ".callprototype";
  if (prototype) {
    while (!cursor_.accept(";")) cursor_.next();
    return;
  }
  std::vector<std::string> labels;
  do {
    labels.emplace_back(cursor_.word("a label"));
  } while (cursor_.accept(","));
  cursor_.expect(";", "behind a list of labels");
  const uint32_t index = static_cast<uint32_t>(image_.branch_targets.size());
  image_.branch_targets.emplace_back();
  targets_[label] = index;
  target_labels_.emplace_back(index, std::move(labels));
}

void BodyParser::branch_to(uint32_t instruction, std::string label) {
  fixups_.push_back({instruction, std::move(label), opcode_line_});
}

void BodyParser::resolve_labels() {
  const auto find = [this](const std::string& label, int line) {
    const auto found = labels_.find(label);
    if (found == labels_.end()) refuse(cursor_.file(), line, "label '" + label + "' is nowhere in the function");
    return found->second;
  };
  for (const Fixup& f : fixups_) {
    Instruction& i = image_.code[f.instruction];
    if (i.kind == Kind::kIndexed) {
      const auto found = targets_.find(f.label);
      if (found == targets_.end()) refuse(cursor_.file(), f.line, "no .branchtargets '" + f.label + "'");
      i.target = found->second;
    } else {
      i.target = find(f.label, f.line);
    }
  }
  for (const auto& [index, labels] : target_labels_) {
    for (const std::string& label : labels) image_.branch_targets[index].push_back(find(label, opcode_line_));
  }
}

void BodyParser::instruction() {
  try {
    one_instruction();
  } catch (const UnknownForm& problem) {
    skip_refused(problem);
  }
}

void BodyParser::one_instruction() {
  guard_ = kNoOperand;
  opcode_line_ = cursor_.peek().line;
  if (cursor_.accept("@")) {
    const bool negated = cursor_.accept("!");
    const std::string_view name = cursor_.word("a predicate");
    const auto r = find_register(name);
    if (!r || r->bytes != 0) cursor_.fail("guard '" + std::string(name) + "' is no predicate");
    guard_ = read(*r).slot | (negated ? kNegated : 0);
  }
  Statement statement;
  statement.first = static_cast<uint32_t>(image_.code.size());
  statement.mentions = static_cast<uint32_t>(trace_.mentions.size());
  statement.guarded = guard_ != kNoOperand;
  real_ = {};
  Opcode op(cursor_.word("an instruction"));
  const bool known = parse_moves(*this, op) || parse_arithmetic(*this, op) || parse_memory(*this, op) ||
                     parse_control(*this, op) || parse_mbarrier(*this, op) || parse_together(*this, op) ||
                     parse_cluster(*this, op) || parse_matrix(*this, op);
  if (!known) refuse_form(op, "the instruction is unknown");
  check_taken(op);
  cursor_.expect(";", "behind an instruction");
  if (guard_ == kNoOperand) written_.insert(writes_.begin(), writes_.end());
  writes_.clear();
  statement.end = static_cast<uint32_t>(image_.code.size());
  statement.mentions_end = static_cast<uint32_t>(trace_.mentions.size());
  statement.splits_block = splits_block(op.text(), Options::current().capability);
  statement.real = real_;
  trace_.statements.push_back(statement);
}

// Goes on behind an instruction that cannot be run, so that what is wrong in the rest is still found.
void BodyParser::skip_refused(const UnknownForm& problem) {
  if (function().refusal.empty()) function().refusal = problem.what();
  while (!cursor_.accept(";")) {
    if (cursor_.ended()) cursor_.fail("function '" + function().name + "' does not end; the file is cut short");
    cursor_.next();
  }
}

Register BodyParser::mentioned(Register r, bool written) {
  trace_.mentions.push_back({r.slot, written});
  if (written) {
    writes_.push_back(r.slot);
  } else if ((r.slot & kBaseMask) == kFrame) {
    read(r);
  }
  return r;
}

// A register that an instruction reads. Where none above it writes it, it begins as zeros: what other blocks left there
// would differ from run to run.
Register BodyParser::read(const Register& r) {
  if (written_.insert(r.slot).second) function().begin_as_zeros.push_back({r.slot, r.bytes == 0 ? 4 : 32 * r.bytes});
  return r;
}

// Tells the function's loads which of their registers it computes with, which it only copies into variables of a
// thread, and which it uses for nothing.
void BodyParser::mark_computed() {
  const auto begin = image_.code.begin() + function().first;
  std::unordered_set<Operand> computed, used, copied;
  for (auto i = begin; i != image_.code.end(); ++i) {
    if (i->computes) {
      for (Operand o : {i->a, i->b, i->c}) computed.insert(o);
    }
    for (Operand o : {i->a, i->b, i->c, i->e, i->f}) used.insert(o);
    if (i->kind == Kind::kCall) used.insert(image_.calls[i->target].indirect);
    if (i->kind != Kind::kWarp || !has_access(i->warp_form)) {
      used.insert(i->d);  // set by what is no load, too
      continue;
    }
    const Access& access = image_.accesses[i->target];
    used.insert(access.address);
    if (i->d != kNoOperand) used.insert(i->d);
    if (i->warp_form == load && access.space != Space::kLocal) continue;
    const bool to_variable =
        i->warp_form == store && (access.space == Space::kLocal || access.space == Space::kGeneric);
    (to_variable ? copied : used).insert(access.registers, access.registers + access.count);
  }
  std::unordered_map<Operand, Operand> written;
  for (auto i = begin; i != image_.code.end(); ++i) {
    if (i->kind != Kind::kWarp || i->warp_form != load) continue;
    Access& access = image_.accesses[i->target];
    for (unsigned n = 0; n < access.count; ++n) {
      const Operand r = access.registers[n];
      const auto bit = static_cast<uint8_t>(1u << n);
      if (computed.count(r) != 0) access.computed |= bit;
      if (used.count(r) != 0) continue;
      if (copied.count(r) == 0) {
        access.unused |= bit;
        continue;
      }
      if (written.count(r) == 0) written[r] = allocate(1);
      access.written[n] = written[r];
      access.copied |= bit;
    }
  }
  for (auto i = begin; i != image_.code.end(); ++i) {
    if (i->kind != Kind::kWarp || i->warp_form != store) continue;
    Access& access = image_.accesses[i->target];
    for (unsigned n = 0; n < access.count; ++n) {
      const auto found = written.find(access.registers[n]);
      if (found == written.end()) continue;
      access.written[n] = found->second;
      access.copied |= static_cast<uint8_t>(1u << n);
    }
  }
}

Instruction& BodyParser::emit(Kind kind, Class counted) {
  Instruction i;
  i.kind = kind;
  i.counted = counted;
  i.guard = guard_;
  image_.code.push_back(i);
  image_.lines.push_back(line_.line != 0 ? line_ : SourceLine{0, opcode_line_});
  return image_.code.back();
}

Instruction& BodyParser::emit_form(const Opcode& op, Form form, Class counted) {
  if (form == nullptr) refuse_form(op);
  Instruction& i = emit(Kind::kPlain, counted);
  i.form = form;
  return i;
}

void BodyParser::refuse_form(const Opcode& op, const std::string& why) {
  throw UnknownForm(cursor_.file() + ":" + std::to_string(opcode_line_) + ": instruction '" + std::string(op.text()) +
                    "' is not emulated" + (why.empty() ? "" : " (" + why + ")") +
                    "; write the kernel without it or add the form to native/emulator/machine");
}

void BodyParser::check_taken(const Opcode& op) {
  if (!op.left().empty()) refuse_form(op, "modifier '." + std::string(op.left()) + "' is unknown here");
}

Operand BodyParser::allocate(uint32_t bytes) {
  Function& f = function();
  const Operand at = f.frame_bytes;
  f.frame_bytes += bytes == 0 ? 64 : align(32 * bytes, 64);
  return at;
}

Operand BodyParser::temporary(uint32_t bytes) { return allocate(bytes); }

Operand BodyParser::carry() {
  if (carry_ == kNoOperand) carry_ = allocate(0);
  return carry_;
}

std::optional<Register> BodyParser::find_register(std::string_view name) const {
  const std::string key(name);
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->registers.find(key);
    if (found != scope->registers.end()) return found->second;
    for (const auto& [prefix, shape] : scope->ranges) {
      if (name.size() <= prefix.size() || name.substr(0, prefix.size()) != prefix) continue;
      const std::string_view digits = name.substr(prefix.size());
      if (digits.find_first_not_of("0123456789") != std::string_view::npos) continue;
      Register r = shape;
      r.slot = const_cast<BodyParser*>(this)->allocate(r.bytes);
      scope->registers[key] = r;
      return r;
    }
  }
  return std::nullopt;
}

const Symbol* BodyParser::symbol(std::string_view name) const {
  const std::string key(name);
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->symbols.find(key);
    if (found != scope->symbols.end()) return &found->second;
  }
  return module_.symbol(name);
}

std::optional<Register> BodyParser::special(std::string_view name) {
  for (const NamedSpecial& s : kNamed) {
    if (name == s.name) return Register{s.index * 128 | kSpecials, 4, Type::kU32};
  }
  for (const NamedChanging& s : kChanging) {
    if (name != s.name) continue;
    const Operand to = temporary(s.bytes);
    Instruction& i = emit(Kind::kWarp, Class::kSpecial);
    i.warp_form = read_special;
    i.d = to;
    i.x = s.index;
    i.target = s.bytes;
    written_.insert(to);
    return Register{to, s.bytes, Type::kNone};
  }
  constexpr std::string_view kReserved = "%reserved_smem_offset_";
  if (name.substr(0, kReserved.size()) == kReserved) return reserved_shared(name.substr(kReserved.size()));
  if (name.substr(0, 7) == "%envreg") return Register{kZeros * 128 | kSpecials, 4, Type::kU32};
  return std::nullopt;
}

std::optional<Register> BodyParser::reserved_shared(std::string_view which) {
  const std::pair<std::string_view, uint32_t> all[] = {{"begin", kReservedShared},
                                                       {"end", kReservedShared + kReservedBytes},
                                                       {"cap", kReservedBytes},
                                                       {"0", kReservedParts[0]},
                                                       {"1", kReservedParts[1]}};
  for (const auto& [name, value] : all) {
    if (name != which) continue;
    image_.reserved_shared = true;
    return Register{constant(4, value), 4, Type::kU32};
  }
  return std::nullopt;
}

Operand BodyParser::symbol_address(const Symbol& s, uint32_t bytes, int64_t offset) {
  if (s.space == Space::kLocal) {
    const Operand to = temporary(bytes);
    Instruction& i = emit(Kind::kWarp, Class::kInteger);
    i.warp_form = local_address;
    i.d = to;
    i.x = static_cast<uint32_t>(s.address + static_cast<uint64_t>(offset));
    i.target = bytes;
    return to;
  }
  if (s.space == Space::kParam && !s.entry_parameter) {
    cursor_.fail("the address of a parameter of a function is not emulated; copy it into a local variable first");
  }
  return constant(bytes, s.address + static_cast<uint64_t>(offset));
}

uint64_t BodyParser::immediate(uint32_t bytes, Type type) {
  const bool negative = cursor_.is("-");
  const TokenKind kind = cursor_.peek(negative ? 1 : 0).kind;
  if (kind != TokenKind::kFloat32 && kind != TokenKind::kFloat64) {
    if (cursor_.accept("~")) return ~static_cast<uint64_t>(cursor_.integer("a constant"));
    const int64_t value = cursor_.integer("an operand");
    if (type == Type::kF32) {
      const float real = static_cast<float>(value);
      uint32_t bits;
      std::memcpy(&bits, &real, 4);
      return bits;
    }
    if (type == Type::kF64) {
      const double real = static_cast<double>(value);
      uint64_t bits;
      std::memcpy(&bits, &real, 8);
      return bits;
    }
    return static_cast<uint64_t>(value);
  }
  if (negative) cursor_.next();
  uint64_t bits = cursor_.next().bits;
  if (kind == TokenKind::kFloat32) {
    if (negative) bits ^= uint64_t{1} << 31;
    if (bytes == 8) {
      float narrow;
      std::memcpy(&narrow, &bits, 4);
      const double wide = narrow;
      std::memcpy(&bits, &wide, 8);
    }
    return bits;
  }
  if (negative) bits ^= uint64_t{1} << 63;
  if (bytes == 4) {
    double wide;
    std::memcpy(&wide, &bits, 8);
    const float narrow = static_cast<float>(wide);
    uint32_t narrow_bits;
    std::memcpy(&narrow_bits, &narrow, 4);
    return narrow_bits;
  }
  return bits;
}

Operand BodyParser::source(uint32_t bytes, Type type) {
  if (cursor_.peek().kind != TokenKind::kWord) return constant(bytes, immediate(bytes, type));
  const Token token = cursor_.peek();
  auto r = find_register(token.text);
  if (!r) r = special(token.text);
  if (r) {
    cursor_.next();
    if (r->bytes != bytes) {
      cursor_.fail("operand '" + std::string(token.text) + "' has " + std::to_string(8 * r->bytes) + " bits, not " +
                   std::to_string(8 * bytes));
    }
    return mentioned(*r, false).slot;
  }
  if (const Symbol* s = symbol(token.text)) {
    cursor_.next();
    const int64_t offset = cursor_.is("+") || cursor_.is("-") ? cursor_.integer("an offset") : 0;
    return symbol_address(*s, bytes, offset);
  }
  if (const uint32_t f = function_named(token.text); f != kBuiltin) {
    cursor_.next();
    return constant(bytes, kFunctionWindow + f);
  }
  if (token.text == "WARP_SZ") {
    cursor_.next();
    return constant(bytes, 32);
  }
  cursor_.fail("operand '" + std::string(token.text) + "' is neither a register nor a symbol that was declared");
}

Register BodyParser::source_any(uint32_t bytes) {
  if (cursor_.peek().kind == TokenKind::kWord) {
    auto r = find_register(cursor_.peek().text);
    if (!r) r = special(cursor_.peek().text);
    if (r && r->bytes != 0) {
      cursor_.next();
      return mentioned(*r, false);
    }
  }
  return {source(bytes), bytes, Type::kNone};
}

Operand BodyParser::source_predicate() {
  const bool negated = cursor_.accept("!");
  if (cursor_.peek().kind == TokenKind::kInteger || cursor_.is("-")) {
    return constant(4, cursor_.integer("a predicate") != 0 ? ~uint64_t{0} : 0) | (negated ? kNegated : 0);
  }
  const std::string_view name = cursor_.word("a predicate");
  if (name == "%is_explicit_cluster") return (kExplicitCluster * 128 | kSpecials) | (negated ? kNegated : 0);
  const auto r = find_register(name);
  if (!r || r->bytes != 0) cursor_.fail("operand '" + std::string(name) + "' is no predicate");
  return read(*r).slot | (negated ? kNegated : 0);
}

Operand BodyParser::destination(uint32_t bytes) {
  const std::string_view name = cursor_.word("a register");
  if (name == "_") return temporary(bytes);
  const auto r = find_register(name);
  if (!r) cursor_.fail("'" + std::string(name) + "' is no register that was declared");
  if (r->bytes != bytes) {
    cursor_.fail("register '" + std::string(name) + "' has " + std::to_string(8 * r->bytes) + " bits, not " +
                 std::to_string(8 * bytes));
  }
  return mentioned(*r, true).slot;
}

Operand BodyParser::destination_predicate() {
  if (cursor_.is("_")) {
    cursor_.next();
    return temporary(0);
  }
  return destination(0);
}

Register BodyParser::destination_any() {
  const std::string_view name = cursor_.word("a register");
  if (name == "_") return {temporary(8), 8, Type::kNone};
  const auto r = find_register(name);
  if (!r || r->bytes == 0) cursor_.fail("'" + std::string(name) + "' is no register that was declared");
  return mentioned(*r, true);
}

AddressOperand BodyParser::address() {
  cursor_.expect("[", "before an address");
  AddressOperand a;
  if (cursor_.peek().kind == TokenKind::kWord) {
    const std::string_view name = cursor_.next().text;
    if (const auto r = find_register(name)) {
      if (r->bytes != 4 && r->bytes != 8)
        cursor_.fail("address '" + std::string(name) + "' has neither 32 nor 64 bits");
      a.base = mentioned(*r, false).slot;
      a.wide = r->bytes == 8;
    } else if (const Symbol* s = symbol(name)) {
      a.symbol = s;
    } else {
      cursor_.fail("address '" + std::string(name) + "' is neither a register nor a symbol that was declared");
    }
    if (cursor_.is("+") || cursor_.is("-")) a.offset = cursor_.integer("an offset");
  } else {
    a.base = constant(8, 0);
    a.offset = cursor_.integer("an address");
  }
  cursor_.expect("]", "behind an address");
  if (a.symbol != nullptr && !(a.symbol->space == Space::kParam)) {
    a.base = symbol_address(*a.symbol, 8, 0);
  }
  return a;
}

}  // namespace kib::emulator::ptx
