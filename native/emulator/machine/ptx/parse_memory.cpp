// Loads, stores, atomics, asynchronous copies, fences.
#include <algorithm>

#include "machine/execute/warp_forms.h"
#include "machine/ptx/body_parser.h"

namespace kib::emulator::ptx {
namespace {

Space take_space(Opcode& op) {
  static constexpr std::pair<const char*, Space> table[] = {
      {"global", Space::kGlobal},      {"shared", Space::kShared},
      {"shared::cta", Space::kShared}, {"shared::cluster", Space::kCluster},
      {"local", Space::kLocal},        {"const", Space::kConst},
      {"param", Space::kParam},        {"param::entry", Space::kParam},
      {"param::func", Space::kParam}};
  for (const auto& [name, space] : table) {
    if (op.take(name)) return space;
  }
  return Space::kGeneric;
}

void take_order(Opcode& op, Access* access) {
  access->is_volatile = op.take("volatile");
  if (access->is_volatile || op.take("relaxed") || op.take("mmio")) access->strong = true;
  if (op.take("acquire")) access->strong = access->acquire = true;
  if (op.take("release")) access->strong = access->release = true;
  if (op.take("acq_rel")) access->strong = access->acquire = access->release = true;
  access->block_scope = op.take("cta");
  for (const char* scope : {"gpu", "sys", "cluster"}) op.take(scope);
  op.take("weak");
  access->non_coherent = op.take("nc");
  for (const char* hint : {"ca", "cg", "cs", "lu", "cv", "wb", "wt", "noftz"}) op.take(hint);
  op.take_prefixed("L1::");
  op.take_prefixed("L2::");
}

uint8_t take_count(Opcode& op) {
  if (op.take("v2")) return 2;
  if (op.take("v4")) return 4;
  if (op.take("v8")) return 8;
  return 1;
}

void take_registers(BodyParser& body, Access* access, bool destination) {
  const bool vector = access->count > 1 && body.cursor().accept("{");
  if (access->count > 1 && !vector) body.cursor().fail("a vector access needs its registers in braces");
  for (uint8_t n = 0; n < access->count; ++n) {
    if (n > 0) body.comma();
    const Register r = destination ? body.destination_any() : body.source_any(std::max<uint32_t>(access->element, 2));
    if (r.bytes < access->element && access->element > 1) {
      body.cursor().fail("a register is narrower than what is loaded or stored");
    }
    access->registers[n] = r.slot;
    access->widths[n] = static_cast<uint8_t>(r.bytes);
  }
  if (vector) body.cursor().expect("}", "behind registers");
}

void set_address(const AddressOperand& address, Access* access) {
  access->address = address.base;
  access->address64 = address.wide || address.base == kNoOperand;
  access->offset = address.offset;
}

// A parameter of the kernel at a constant place, or of the frame; other addresses take the common way.
WarpForm parameter_form(BodyParser& body, const AddressOperand& address, Access* access, bool is_store) {
  if (address.symbol == nullptr || address.symbol->space != Space::kParam) return nullptr;
  const Symbol& s = *address.symbol;
  const uint64_t bytes = uint64_t{access->element} * access->count;
  if (address.offset < 0 || static_cast<uint64_t>(address.offset) + bytes > s.bytes) {
    body.cursor().fail("the access lies outside its parameter of " + std::to_string(s.bytes) + " bytes");
  }
  access->offset = static_cast<int64_t>(s.address) + address.offset;
  if (is_store && s.entry_parameter) body.cursor().fail("a kernel's parameter cannot be written");
  return is_store ? store_frame : s.entry_parameter ? load_parameter : load_frame;
}

Instruction& emit_access(BodyParser& body, WarpForm form, const Access& access) {
  Image& image = body.image();
  Instruction& i = body.emit(Kind::kWarp, Class::kMemory);
  i.warp_form = form;
  i.target = static_cast<uint32_t>(image.accesses.size());
  image.accesses.push_back(access);
  return i;
}

void parse_load_store(BodyParser& body, Opcode& op) {
  const bool is_store = op.name() == "st";
  Access access;
  access.space = take_space(op);
  take_order(op, &access);
  op.take("unified");
  access.count = take_count(op);
  access.type = op.take_type();
  if (access.type == Type::kNone || access.type == Type::kB128) body.refuse_form(op);
  access.element = static_cast<uint8_t>(bytes_of(access.type));
  AddressOperand address;
  if (is_store) {
    address = body.address();
    body.comma();
    take_registers(body, &access, false);
  } else {
    take_registers(body, &access, true);
    body.comma();
    address = body.address();
  }
  set_address(address, &access);
  WarpForm form = parameter_form(body, address, &access, is_store);
  if (form == nullptr && access.address == kNoOperand) body.refuse_form(op, "its address is no register or variable");
  if (form == nullptr) form = is_store ? store : load;
  if (body.cursor().accept(",")) body.source(8);  // a cache policy
  Instruction& i = emit_access(body, form, access);
  i.effect = is_store && form == store && access.space != Space::kLocal;
}

AtomicOp take_atomic(BodyParser& body, Opcode& op) {
  static constexpr std::pair<const char*, AtomicOp> table[] = {
      {"add", AtomicOp::kAdd},   {"and", AtomicOp::kAnd}, {"or", AtomicOp::kOr},   {"xor", AtomicOp::kXor},
      {"min", AtomicOp::kMin},   {"max", AtomicOp::kMax}, {"inc", AtomicOp::kInc}, {"dec", AtomicOp::kDec},
      {"exch", AtomicOp::kExch}, {"cas", AtomicOp::kCas}};
  for (const auto& [name, atomic_op] : table) {
    if (op.take(name)) return atomic_op;
  }
  body.refuse_form(op, "its operation is unknown");
}

bool atomic_exists(AtomicOp atomic_op, Type type) {
  switch (type) {
    case Type::kF32:
    case Type::kF64:
      return atomic_op == AtomicOp::kAdd;
    case Type::kF16:
    case Type::kF16x2:
    case Type::kBf16:
    case Type::kBf16x2:
      return atomic_op == AtomicOp::kAdd || atomic_op == AtomicOp::kMin || atomic_op == AtomicOp::kMax;
    case Type::kB16:
      return atomic_op == AtomicOp::kCas || atomic_op == AtomicOp::kExch;
    default:
      return is_integer(type) && bytes_of(type) >= 4;
  }
}

void parse_atomic(BodyParser& body, Opcode& op) {
  const bool result = op.name() == "atom";
  Access access;
  access.space = take_space(op);
  take_order(op, &access);
  access.strong = true;
  const AtomicOp atomic_op = take_atomic(body, op);
  access.count = take_count(op);
  access.type = op.take_type();
  if (!atomic_exists(atomic_op, access.type) || access.count > 1) body.refuse_form(op);
  const uint32_t bytes = bytes_of(access.type);
  access.element = static_cast<uint8_t>(bytes);
  Operand d = kNoOperand;
  if (result) {
    d = body.destination(bytes);
    body.comma();
  }
  set_address(body.address(), &access);
  if (access.address == kNoOperand) body.refuse_form(op, "its address is a parameter");
  body.comma();
  const Operand a = body.source(bytes, access.type);
  Operand b = kNoOperand;
  if (atomic_op == AtomicOp::kCas) {
    body.comma();
    b = body.source(bytes, access.type);
  }
  if (body.cursor().accept(",")) body.source(8);  // a cache policy
  Instruction& i = emit_access(body, atomic, access);
  i.d = d;
  i.a = a;
  i.b = b;
  i.x = static_cast<uint32_t>(atomic_op);
  i.effect = true;
}

void emit_warp(BodyParser& body, WarpForm form, Class counted, uint32_t x = 0) {
  Instruction& i = body.emit(Kind::kWarp, counted);
  i.warp_form = form;
  i.x = x;
}

// cp.async.ca.shared.global [to], [from], 16{, size}; commit_group; wait_group n; wait_all
void parse_copy(BodyParser& body, Opcode& op) {
  if (!op.take("async")) body.refuse_form(op);
  if (op.has("bulk") || op.has("mbarrier")) return parse_bulk(body, op);
  if (op.take("commit_group")) return emit_warp(body, commit_group, Class::kMemory);
  if (op.take("wait_all")) {
    emit_warp(body, wait_group, Class::kMemory, 0);
    body.image().code.back().a = 0;  // the copies that no group has yet, too
    return;
  }
  if (op.take("wait_group")) {
    emit_warp(body, wait_group, Class::kMemory, static_cast<uint32_t>(body.cursor().integer("a number of groups")));
    return;
  }
  Access access;
  take_order(op, &access);
  op.take("shared") || op.take("shared::cta");
  op.take("global");
  access.space = Space::kShared;
  access.type = Type::kB8;
  set_address(body.address(), &access);
  body.comma();
  const AddressOperand from = body.address();
  body.comma();
  const int64_t bytes = body.cursor().integer("the bytes of cp.async");
  if (bytes != 4 && bytes != 8 && bytes != 16) body.cursor().fail("cp.async copies 4, 8 or 16 bytes");
  access.element = static_cast<uint8_t>(bytes);
  Operand size = kNoOperand;
  if (body.cursor().accept(",")) size = body.source(4);
  if (from.base == kNoOperand || access.address == kNoOperand || !from.wide) body.refuse_form(op);
  Instruction& i = emit_access(body, copy_async, access);
  i.a = from.base;
  i.b = size;
  i.e = static_cast<uint32_t>(from.offset);
  i.effect = true;
}

}  // namespace

bool parse_memory(BodyParser& body, Opcode& op) {
  const std::string_view name = op.name();
  if (name == "ld" || name == "st" || name == "ldu") {
    parse_load_store(body, op);
  } else if (name == "atom" || name == "red") {
    parse_atomic(body, op);
  } else if (name == "cp") {
    parse_copy(body, op);
  } else if (name == "fence" && (op.take("proxy") || op.take("mbarrier_init"))) {
    const bool async = op.take("async");
    for (const char* m : {"alias", "release", "cluster", "global", "shared::cta", "shared::cluster"}) op.take(m);
    if (async) emit_warp(body, proxy_fence, Class::kMemory);
  } else if (name == "fence" || name == "membar") {
    const bool block_scope = op.take("cta");
    for (const char* m : {"sc", "acq_rel", "acquire", "release", "gpu", "gl", "sys", "cluster"}) op.take(m);
    emit_warp(body, fence, Class::kMemory, block_scope ? 1 : 0);
  } else if (name == "prefetch" || name == "prefetchu" || name == "discard" || name == "applypriority") {
    take_space(op);
    for (const char* m : {"L1", "L2", "tensormap"}) op.take(m);
    op.take_prefixed("L2::");
    body.address();
    if (body.cursor().accept(",")) body.cursor().integer("a size");
  } else {
    return false;
  }
  return true;
}

}  // namespace kib::emulator::ptx
