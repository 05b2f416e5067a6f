// mov in all its shapes, cvta, isspacep.
#include <algorithm>

#include "machine/execute/warp_forms.h"
#include "machine/ptx/body_parser.h"

namespace kib::emulator::ptx {
namespace {

Form move_form(Op op, Type type) {
  Key key;
  key.op = op;
  key.type = type;
  return forms().integer(key);
}

Instruction& emit_move(BodyParser& body, const Opcode& op, Operand d, Operand a, Type type) {
  Instruction& i = body.emit_form(op, move_form(Op::kMov, type), Class::kInteger);
  i.d = d;
  i.a = a;
  return i;
}

std::vector<Operand> braces(BodyParser& body, bool destination, uint32_t total) {
  body.cursor().expect("{", "before registers");
  // The number of registers decides their width.
  size_t count = 1;
  for (size_t ahead = 0; !body.cursor().is("}", ahead) && !body.cursor().is(";", ahead); ++ahead) {
    count += body.cursor().is(",", ahead);
  }
  const uint32_t bytes = total / static_cast<uint32_t>(count);
  std::vector<Operand> operands;
  do {
    operands.push_back(destination ? body.destination(bytes) : body.source(bytes));
  } while (body.cursor().accept(","));
  body.cursor().expect("}", "behind registers");
  return operands;
}

// mov.b64 d, {a, b} and mov.b64 {d, e}, a
void parse_packed(BodyParser& body, const Opcode& op, Type type) {
  const bool unpack = body.cursor().is("{");
  const uint32_t total = bytes_of(type);
  std::vector<Operand> parts;
  Operand whole;
  if (unpack) {
    parts = braces(body, true, total);
    body.comma();
    whole = body.source(total);
  } else {
    whole = body.destination(total);
    body.comma();
    parts = braces(body, false, total);
  }
  if (parts.size() != 2 && parts.size() != 4) body.refuse_form(op, "it packs neither two nor four registers");
  const bool two = parts.size() == 2;
  const Form form = move_form(unpack ? (two ? Op::kUnpack2 : Op::kUnpack4) : (two ? Op::kPack2 : Op::kPack4), type);
  Instruction& i = body.emit_form(op, form, Class::kInteger);
  if (unpack) {
    i.a = whole;
    i.d = parts[0];
    i.e = parts[1];
    if (!two) i.b = parts[2], i.c = parts[3];
  } else {
    i.d = whole;
    i.a = parts[0];
    i.b = parts[1];
    if (!two) i.c = parts[2], i.e = parts[3];
  }
}

void parse_mov(BodyParser& body, Opcode& op) {
  const Type type = op.take_type();
  if (type == Type::kNone) body.refuse_form(op, "it has no type");
  if (type == Type::kPred) {
    const Operand d = body.destination_predicate();
    body.comma();
    const Operand a = body.source_predicate();
    emit_move(body, op, d, a, type);
    return;
  }
  if (body.cursor().is("{") || body.cursor().is("{", 2)) return parse_packed(body, op, type);
  const uint32_t bytes = bytes_of(type);
  const Register d = body.destination_any();
  body.comma();
  if (d.bytes == bytes) {
    const Operand a = body.source(bytes, type);
    emit_move(body, op, d.slot, a, type);
    RealOperation move;
    move.type = type;
    body.note(move);
  } else {
    body.cursor().fail("the register that '" + std::string(op.text()) + "' writes has another width");
  }
}

// Addresses of global and constant memory are generic already; the other windows are added or taken away.
void parse_cvta(BodyParser& body, Opcode& op) {
  const bool to = op.take("to");
  uint64_t window = 0;
  if (op.take("shared")) window = kSharedWindow;
  if (op.take("shared::cta") || op.take("shared::cluster")) window = kSharedWindow;
  if (op.take("local")) window = kLocalWindow;
  if (op.take("param")) window = kParamWindow;
  op.take("global");
  op.take("const");
  const Type type = op.take_type();
  if (bytes_of(type) != 8) body.refuse_form(op, "addresses have 64 bits");
  const Operand d = body.destination(8);
  body.comma();
  const Operand a = body.source(8);
  if (window == 0) {
    emit_move(body, op, d, a, Type::kB64);
    return;
  }
  Key key;
  key.op = to ? Op::kSub : Op::kAdd;
  key.type = Type::kU64;
  Instruction& i = body.emit_form(op, forms().integer(key), Class::kInteger);
  i.d = d;
  i.a = a;
  i.b = body.constant(8, window);
}

// As two comparisons of the address less the window's begin; global: none of the windows.
void parse_isspacep(BodyParser& body, Opcode& op) {
  Space space = Space::kGlobal;
  if (op.take("shared") || op.take("shared::cta")) space = Space::kShared;
  if (op.take("shared::cluster")) space = Space::kCluster;
  if (op.take("local")) space = Space::kLocal;
  if (op.take("param") || op.take("param::entry")) space = Space::kParam;
  const bool constant = op.take("const");
  op.take("global");
  const Operand p = body.destination_predicate();
  body.comma();
  const Operand a = body.source(8);
  if (constant) {
    Instruction& i = body.emit(Kind::kWarp, Class::kInteger);
    i.warp_form = is_constant;
    i.d = p;
    i.a = a;
    return;
  }
  const uint64_t begin = space == Space::kShared  ? kSharedWindow  // the block's own
                         : space == Space::kLocal ? kLocalWindow
                         : space == Space::kParam ? kParamWindow
                                                  : kSharedWindow;
  const uint64_t bytes = space == Space::kGlobal   ? kParamWindow + kWindowBytes - kSharedWindow
                         : space == Space::kShared ? uint64_t{1} << kClusterShift
                                                   : kWindowBytes;
  const Operand offset = body.temporary(8);
  Key subtract;
  subtract.op = Op::kSub;
  subtract.type = Type::kU64;
  Instruction& i = body.emit_form(op, forms().integer(subtract), Class::kInteger);
  i.d = offset;
  i.a = a;
  i.b = body.constant(8, begin);
  Key compare;
  compare.op = Op::kSetp;
  compare.type = Type::kU64;
  compare.compare = space == Space::kGlobal ? Compare::kGe : Compare::kLt;
  Instruction& j = body.emit_form(op, forms().integer(compare), Class::kInteger);
  j.d = p;
  j.a = offset;
  j.b = body.constant(8, bytes);
}

}  // namespace

bool parse_moves(BodyParser& body, Opcode& op) {
  if (op.name() == "mov") {
    parse_mov(body, op);
  } else if (op.name() == "cvta") {
    parse_cvta(body, op);
  } else if (op.name() == "isspacep") {
    parse_isspacep(body, op);
  } else {
    return false;
  }
  return true;
}

}  // namespace kib::emulator::ptx
