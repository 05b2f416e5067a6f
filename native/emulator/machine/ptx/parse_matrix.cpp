// ldmatrix, stmatrix, movmatrix, mma.sync.
#include "machine/execute/warp_forms.h"
#include "machine/ptx/body_parser.h"

namespace kib::emulator::ptx {
namespace {

using Operation = MatrixOperation;

// {a, b, ...} of 32 bits each.
uint8_t registers(BodyParser& body, bool destination, uint8_t count, Operand* to) {
  const bool braces = body.cursor().accept("{");
  for (uint8_t n = 0; n < count; ++n) {
    if (n > 0) body.comma();
    to[n] = destination ? body.destination(4) : body.source(4, Type::kF32);
  }
  if (braces) body.cursor().expect("}", "behind registers");
  return count;
}

Instruction& emit(BodyParser& body, const Operation& operation, Class counted) {
  Image& image = body.image();
  const Operand all = body.constant(4, ~uint32_t{0});
  Instruction& i = body.emit(Kind::kTogether, counted);
  i.x = static_cast<uint32_t>(Together::kMatrix);
  i.f = all;
  i.target = static_cast<uint32_t>(image.matrices.size());
  image.matrices.push_back(operation);
  return i;
}

void take_aligned(BodyParser& body, Opcode& op) {
  if (!op.take("sync") || !op.take("aligned")) body.refuse_form(op, "it lacks .sync.aligned");
}

void parse_access(BodyParser& body, Opcode& op) {
  const bool is_store = op.name() == "stmatrix";
  take_aligned(body, op);
  Operation m;
  m.kind = is_store ? Operation::Kind::kStore : Operation::Kind::kLoad;
  if (!op.take("m8n8")) body.refuse_form(op, "of its shapes only m8n8 is");
  m.count = op.take("x1") ? 1 : op.take("x2") ? 2 : op.take("x4") ? 4 : 0;
  if (m.count == 0) body.refuse_form(op, "it has no number of matrices");
  m.transposed = op.take("trans");
  m.access.space = op.take("shared") || op.take("shared::cta") ? Space::kShared : Space::kGeneric;
  if (op.take_type() != Type::kB16) body.refuse_form(op, "of its types only b16 is");
  if (!is_store) {
    registers(body, true, m.count, m.d);
    body.comma();
  }
  const AddressOperand address = body.address();
  if (address.base == kNoOperand) body.refuse_form(op, "its address is a parameter");
  m.access.address = address.base;
  m.access.address64 = address.wide;
  m.access.offset = address.offset;
  if (is_store) {
    body.comma();
    registers(body, false, m.count, m.a);
  }
  emit(body, m, Class::kMemory).effect = is_store;
}

void parse_move(BodyParser& body, Opcode& op) {
  take_aligned(body, op);
  Operation m;
  m.kind = Operation::Kind::kMove;
  if (!op.take("m8n8") || !op.take("trans") || op.take_type() != Type::kB16) body.refuse_form(op);
  registers(body, true, 1, m.d);
  body.comma();
  registers(body, false, 1, m.a);
  emit(body, m, Class::kInteger);
}

// mma.sync.aligned.m16n8kK.row.col.D.A.B.C d, a, b, c
void parse_multiply(BodyParser& body, Opcode& op) {
  take_aligned(body, op);
  Operation m;
  m.depth = op.take("m16n8k4") ? 4 : op.take("m16n8k8") ? 8 : op.take("m16n8k16") ? 16 : 0;
  op.take("row");
  op.take("col");
  const Type d = op.take_type(), a = op.take_type(), b = op.take_type(), c = op.take_type();
  const bool halves = a == Type::kBf16 || a == Type::kF16;
  const bool shape = halves ? m.depth == 8 || m.depth == 16 : a == Type::kTf32 && (m.depth == 4 || m.depth == 8);
  if (!shape || a != b || c != d || !(d == Type::kF32 || (d == Type::kF16 && a == Type::kF16))) {
    body.refuse_form(op, "of its shapes and types m16n8k8 and k16 of bf16 and f16, m16n8k4 and k8 of tf32 are");
  }
  m.type = a;
  m.sums = d;
  const uint8_t sums = d == Type::kF32 ? 4 : 2, each = halves ? 8 : 4;  // columns of a in two of its registers
  registers(body, true, sums, m.d);
  body.comma();
  m.na = registers(body, false, static_cast<uint8_t>(2 * m.depth / each), m.a);
  body.comma();
  m.nb = registers(body, false, static_cast<uint8_t>(m.depth / each), m.b);
  body.comma();
  registers(body, false, sums, m.c);
  emit(body, m, halves ? Class::kHalf : Class::kFp32).flops = static_cast<uint8_t>(8 * m.depth);
}

}  // namespace

bool parse_matrix(BodyParser& body, Opcode& op) {
  const std::string_view name = op.name();
  if (name == "ldmatrix" || name == "stmatrix") {
    parse_access(body, op);
  } else if (name == "movmatrix") {
    parse_move(body, op);
  } else if (name == "mma") {
    parse_multiply(body, op);
  } else {
    return false;
  }
  return true;
}

}  // namespace kib::emulator::ptx
