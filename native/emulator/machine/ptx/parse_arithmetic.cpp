// Arithmetic, logic, comparison and conversion: operands by the shape of the opcode, the form by its key.
#include <algorithm>
#include <unordered_map>

#include "machine/ptx/body_parser.h"

namespace kib::emulator::ptx {
namespace {

const std::unordered_map<std::string_view, Op>& names() {
  static const std::unordered_map<std::string_view, Op> table = {
      {"add", Op::kAdd},     {"sub", Op::kSub},   {"mul", Op::kMul},           {"mad", Op::kMad},
      {"fma", Op::kFma},     {"div", Op::kDiv},   {"rem", Op::kRem},           {"abs", Op::kAbs},
      {"neg", Op::kNeg},     {"min", Op::kMin},   {"max", Op::kMax},           {"and", Op::kAnd},
      {"or", Op::kOr},       {"xor", Op::kXor},   {"not", Op::kNot},           {"cnot", Op::kCnot},
      {"shl", Op::kShl},     {"shr", Op::kShr},   {"shf", Op::kShfL},          {"lop3", Op::kLop3},
      {"prmt", Op::kPrmt},   {"bfe", Op::kBfe},   {"bfi", Op::kBfi},           {"bfind", Op::kBfind},
      {"brev", Op::kBrev},   {"popc", Op::kPopc}, {"clz", Op::kClz},           {"szext", Op::kSzext},
      {"bmsk", Op::kBmsk},   {"fns", Op::kFns},   {"sad", Op::kSad},           {"mul24", Op::kMul24},
      {"mad24", Op::kMad24}, {"dp4a", Op::kDp4a}, {"dp2a", Op::kDp2a},         {"addc", Op::kAddc},
      {"subc", Op::kSubc},   {"madc", Op::kMadc}, {"set", Op::kSet},           {"setp", Op::kSetp},
      {"selp", Op::kSelp},   {"slct", Op::kSlct}, {"copysign", Op::kCopysign}, {"testp", Op::kTestp},
      {"rcp", Op::kRcp},     {"sqrt", Op::kSqrt}, {"rsqrt", Op::kRsqrt},       {"ex2", Op::kEx2},
      {"lg2", Op::kLg2},     {"sin", Op::kSin},   {"cos", Op::kCos},           {"tanh", Op::kTanh},
      {"cvt", Op::kCvt},
  };
  return table;
}

bool is_half(Type t) { return t == Type::kF16 || t == Type::kF16x2 || t == Type::kBf16 || t == Type::kBf16x2; }
bool is_real(Type t) { return t == Type::kF32 || t == Type::kF64 || t == Type::kF32x2; }

Class class_of(const Key& key) {
  switch (key.op) {
    case Op::kRcp:
    case Op::kSqrt:
    case Op::kRsqrt:
    case Op::kEx2:
    case Op::kLg2:
    case Op::kSin:
    case Op::kCos:
    case Op::kTanh:
      return key.type == Type::kF64 ? Class::kFp64 : Class::kSpecial;
    case Op::kCvt:
    case Op::kSelp:
    case Op::kMov:
      return Class::kInteger;
    default:
      break;
  }
  const Type t = key.op == Op::kSet ? key.source : key.type;
  if (t == Type::kF32 || t == Type::kF32x2) return Class::kFp32;
  if (t == Type::kF64) return Class::kFp64;
  return is_half(t) ? Class::kHalf : Class::kInteger;
}

uint8_t flops_of(const Key& key) {
  const Class c = class_of(key);
  if (c == Class::kInteger) return 0;
  const uint8_t lanes = key.type == Type::kF16x2 || key.type == Type::kBf16x2 || key.type == Type::kF32x2 ? 2 : 1;
  return static_cast<uint8_t>(lanes * (key.op == Op::kFma || key.op == Op::kMad ? 2 : 1));
}

void take_rounding(Opcode& op, Key* key) {
  static constexpr std::pair<const char*, Round> plain[] = {
      {"rn", Round::kNearest}, {"rz", Round::kZero}, {"rm", Round::kDown}, {"rp", Round::kUp}, {"rna", Round::kAway}};
  for (const auto& [name, round] : plain) {
    if (op.take(name)) key->round = round;
  }
  static constexpr std::pair<const char*, Round> integral[] = {
      {"rni", Round::kNearest}, {"rzi", Round::kZero}, {"rmi", Round::kDown}, {"rpi", Round::kUp}};
  for (const auto& [name, round] : integral) {
    if (!op.take(name)) continue;
    key->round = round;
    key->integer_rounding = true;
  }
}

void take_compare(Opcode& op, Key* key) {
  static constexpr std::pair<const char*, Compare> table[] = {
      {"eq", Compare::kEq},   {"ne", Compare::kNe},   {"lt", Compare::kLt},   {"le", Compare::kLe},
      {"gt", Compare::kGt},   {"ge", Compare::kGe},   {"lo", Compare::kLt},   {"ls", Compare::kLe},
      {"hi", Compare::kGt},   {"hs", Compare::kGe},   {"equ", Compare::kEqu}, {"neu", Compare::kNeu},
      {"ltu", Compare::kLtu}, {"leu", Compare::kLeu}, {"gtu", Compare::kGtu}, {"geu", Compare::kGeu},
      {"num", Compare::kNum}, {"nan", Compare::kNan}};
  for (const auto& [name, compare] : table) {
    if (op.take(name)) key->compare = compare;
  }
  if (op.take("and")) key->combine = Combine::kAnd;
  if (op.take("or")) key->combine = Combine::kOr;
  if (op.take("xor")) key->combine = Combine::kXor;
}

Key key_of(Opcode& op, Op name) {
  Key key;
  key.op = name;
  if (name == Op::kSet || name == Op::kSetp) take_compare(op, &key);
  take_rounding(op, &key);
  key.ftz = op.take("ftz");
  key.sat = op.take("sat");
  key.finite = op.take("satfinite");
  key.relu = op.take("relu");
  key.nan = op.take("NaN");
  if (op.take("xorsign")) key.xorsign_abs = op.take("abs");
  key.approximate = op.take("approx");
  key.full = op.take("full");
  if (op.take("cc")) key.carry_out = true;
  if (name == Op::kMul || name == Op::kMad || name == Op::kMul24 || name == Op::kMad24 || name == Op::kMadc) {
    key.part = op.take("hi") ? Part::kHi : op.take("lo") ? Part::kLo : op.take("wide") ? Part::kWide : Part::kNone;
  }
  return key;
}

Form checked(BodyParser& body, const Opcode& op, const Key& key) {
  body.check_taken(op);
  const Form form = form_of(key);
  if (form == nullptr) body.refuse_form(op);
  return form;
}

// Not what only moves, selects or unpacks bits: those are done with padding, too.
bool computes(Op op) {
  static constexpr Op all[] = {Op::kAdd, Op::kSub, Op::kMul, Op::kMad,  Op::kFma, Op::kDiv,  Op::kRem,
                               Op::kMin, Op::kMax, Op::kSet, Op::kSetp, Op::kRcp, Op::kSqrt, Op::kRsqrt,
                               Op::kEx2, Op::kLg2, Op::kSin, Op::kCos,  Op::kTanh};
  return std::find(std::begin(all), std::end(all), op) != std::end(all);
}

Instruction& emit(BodyParser& body, const Opcode& op, const Key& key) {
  Instruction& i = body.emit_form(op, checked(body, op, key), class_of(key));
  i.flops = flops_of(key);
  i.computes = computes(key.op);
  return i;
}

struct Operands {
  Operand d = kNoOperand, a = kNoOperand, b = kNoOperand, c = kNoOperand, e = kNoOperand, f = kNoOperand;
  uint32_t x = 0;
};

// For what becomes of products and sums.
void note_real(BodyParser& body, const Key& key) {
  const bool known = key.op == Op::kAdd || key.op == Op::kSub || key.op == Op::kMul || key.op == Op::kNeg;
  if (known && (is_half(key.type) || is_real(key.type))) {
    // ptxas 13.0 fuses pairs of f32 with the same rounding, even where --fmad=false forbids it.
    const bool pair = key.type == Type::kF32x2;
    const Round round = !pair ? Round::kNone : key.round == Round::kNone ? Round::kNearest : key.round;
    body.note({key.op, key.type, key.ftz, key.sat, pair || key.round == Round::kNone, round});
  }
}

void finish(BodyParser& body, const Opcode& op, const Key& key, const Operands& o) {
  Instruction& i = emit(body, op, key);
  i.d = o.d;
  i.a = o.a;
  i.b = o.b;
  i.c = o.c;
  i.e = o.e;
  i.f = o.f;
  i.x = o.x;
  note_real(body, key);
}

// The combination; for halves, what forms/half.cpp unpacks.
uint32_t comparison_flags(const Key& k) {
  const uint32_t combine = static_cast<uint32_t>(k.combine);
  if (!is_half(k.op == Op::kSet ? k.source : k.type)) return combine;
  return combine | static_cast<uint32_t>(k.compare) << 8 | uint32_t{k.ftz} << 16;
}

// setp.lt.and.f32 p|q, a, b, !c
void parse_setp(BodyParser& body, Opcode& op, Key key) {
  key.type = op.take_type();
  Operands o;
  o.d = body.destination_predicate();
  if (body.cursor().accept("|")) o.e = body.destination_predicate();
  body.comma();
  o.a = body.source(bytes_of(key.type), key.type);
  body.comma();
  o.b = body.source(bytes_of(key.type), key.type);
  if (key.combine != Combine::kNone) {
    body.comma();
    o.c = body.source_predicate();
  }
  if (key.compare == Compare::kNone) body.refuse_form(op, "it has no comparison");
  o.x = comparison_flags(key);
  finish(body, op, key, o);
}

void parse_set(BodyParser& body, Opcode& op, Key key) {
  key.type = op.take_type();
  key.source = op.take_type();
  if (key.source == Type::kNone) body.refuse_form(op, "it has one type");
  Operands o;
  o.d = body.destination(bytes_of(key.type));
  body.comma();
  o.a = body.source(bytes_of(key.source), key.source);
  body.comma();
  o.b = body.source(bytes_of(key.source), key.source);
  if (key.combine != Combine::kNone) {
    body.comma();
    o.c = body.source_predicate();
  }
  o.x = comparison_flags(key);
  finish(body, op, key, o);
}

// What forms/convert.cpp unpacks.
uint32_t conversion_flags(const Key& k) {
  const auto log2 = [](uint32_t bytes) { return bytes == 8 ? 3u : bytes == 4 ? 2u : 1u; };
  return static_cast<uint32_t>(k.type) | static_cast<uint32_t>(k.source) << 5 | static_cast<uint32_t>(k.round) << 10 |
         uint32_t{k.integer_rounding} << 13 | uint32_t{k.ftz} << 14 | uint32_t{k.sat} << 15 | uint32_t{k.relu} << 16 |
         log2(k.width) << 17 | log2(k.source_width) << 19 | uint32_t{k.finite} << 21;
}

void parse_cvt(BodyParser& body, Opcode& op, Key key) {
  key.type = op.take_type();
  key.source = op.take_type();
  if (key.source == Type::kNone) body.refuse_form(op, "it has one type");
  Operands o;
  const Register d = body.destination_any();
  o.d = d.slot;
  key.width = static_cast<uint8_t>(d.bytes);
  body.comma();
  const Register a = body.source_any(std::max<uint32_t>(bytes_of(key.source), 2));
  o.a = a.slot;
  key.source_width = static_cast<uint8_t>(a.bytes);
  if (d.bytes < bytes_of(key.type) || a.bytes < bytes_of(key.source)) {
    body.cursor().fail("a register of '" + std::string(op.text()) + "' is narrower than its type");
  }
  const bool packed = key.type == Type::kF16x2 || key.type == Type::kBf16x2;
  if (packed) {
    body.comma();
    o.b = body.source(4, key.source);
  }
  o.x = conversion_flags(key);
  finish(body, op, key, o);
}

void parse_selp(BodyParser& body, Opcode& op, Key key) {
  key.type = op.take_type();
  const uint32_t bytes = bytes_of(key.type);
  Operands o;
  o.d = body.destination(bytes);
  body.comma();
  o.a = body.source(bytes, key.type);
  body.comma();
  o.b = body.source(bytes, key.type);
  body.comma();
  o.c = body.source_predicate();
  finish(body, op, key, o);
}

void parse_slct(BodyParser& body, Opcode& op, Key key) {
  key.type = op.take_type();
  key.source = op.take_type();
  const uint32_t bytes = bytes_of(key.type);
  Operands o;
  o.d = body.destination(bytes);
  body.comma();
  o.a = body.source(bytes, key.type);
  body.comma();
  o.b = body.source(bytes, key.type);
  body.comma();
  o.c = body.source(4, key.source);
  finish(body, op, key, o);
}

void parse_testp(BodyParser& body, Opcode& op, Key key) {
  static constexpr std::pair<const char*, Test> table[] = {{"finite", Test::kFinite}, {"infinite", Test::kInfinite},
                                                           {"number", Test::kNumber}, {"notanumber", Test::kNotANumber},
                                                           {"normal", Test::kNormal}, {"subnormal", Test::kSubnormal}};
  for (const auto& [name, test] : table) {
    if (op.take(name)) key.test = test;
  }
  key.type = op.take_type();
  Operands o;
  o.d = body.destination_predicate();
  body.comma();
  o.a = body.source(bytes_of(key.type), key.type);
  finish(body, op, key, o);
}

void parse_predicate_logic(BodyParser& body, Opcode& op, const Key& key) {
  Operands o;
  o.d = body.destination_predicate();
  body.comma();
  o.a = body.source_predicate();
  if (key.op != Op::kNot) {
    body.comma();
    o.b = body.source_predicate();
  }
  finish(body, op, key, o);
}

// lop3.b32 d, a, b, c, table; lop3.or.b32 d|p, ... is not made by nvcc.
void parse_lop3(BodyParser& body, Opcode& op, Key key) {
  key.type = op.take_type();
  Operands o;
  o.d = body.destination(4);
  body.comma();
  o.a = body.source(4);
  body.comma();
  o.b = body.source(4);
  body.comma();
  o.c = body.source(4);
  body.comma();
  o.x = static_cast<uint32_t>(body.cursor().integer("a table of lop3"));
  finish(body, op, key, o);
}

void parse_prmt(BodyParser& body, Opcode& op, Key key) {
  key.type = op.take_type();
  Operands o;
  static constexpr const char* modes[] = {"", "f4e", "b4e", "rc8", "ecl", "ecr", "rc16"};
  for (uint32_t mode = 1; mode < 7; ++mode) {
    if (op.take(modes[mode])) o.x = mode;
  }
  o.d = body.destination(4);
  body.comma();
  o.a = body.source(4);
  body.comma();
  o.b = body.source(4);
  body.comma();
  o.c = body.source(4);
  finish(body, op, key, o);
}

// d and up to four sources, with the bytes of each.
void parse_plain(BodyParser& body, Opcode& op, const Key& key, uint32_t d, std::initializer_list<uint32_t> sources) {
  Operands o;
  o.d = body.destination(d);
  Operand* to[] = {&o.a, &o.b, &o.c, &o.e};
  size_t n = 0;
  for (uint32_t bytes : sources) {
    body.comma();
    *to[n++] = body.source(bytes, key.type);
  }
  if (key.type == Type::kF32x2) o.x = static_cast<uint32_t>(key.round) << 2;
  if (key.carry_out || key.op == Op::kAddc || key.op == Op::kSubc || key.op == Op::kMadc) o.f = body.carry();
  finish(body, op, key, o);
}

void parse_rest(BodyParser& body, Opcode& op, Key key) {
  if (key.op == Op::kShfL) {
    if (op.take("r")) key.op = Op::kShfR;
    op.take("l");
    key.wrap = op.take("wrap");
    op.take("clamp");
  }
  if (key.op == Op::kBfind) key.shift_amount = op.take("shiftamt");
  if (key.op == Op::kSzext || key.op == Op::kBmsk) {
    key.wrap = op.take("wrap");
    op.take("clamp");
  }
  if (key.op == Op::kDp2a) key.part = op.take("hi") ? Part::kHi : Part::kLo, op.take("lo");
  key.type = op.take_type();
  if (key.type == Type::kNone) body.refuse_form(op, "it has no type");
  if (key.type == Type::kPred) return parse_predicate_logic(body, op, key);
  const uint32_t n = bytes_of(key.type);
  const uint32_t wide = key.part == Part::kWide ? 2 * n : n;
  switch (key.op) {
    case Op::kMad:
    case Op::kFma:
    case Op::kMad24:
    case Op::kMadc:
    case Op::kSad:
      return parse_plain(body, op, key, wide, {n, n, wide});
    case Op::kDp4a:
    case Op::kDp2a:
      key.source = op.take_type();
      return parse_plain(body, op, key, 4, {4, 4, 4});
    case Op::kAbs:
    case Op::kNeg:
    case Op::kNot:
    case Op::kCnot:
    case Op::kBrev:
    case Op::kRcp:
    case Op::kSqrt:
    case Op::kRsqrt:
    case Op::kEx2:
    case Op::kLg2:
    case Op::kSin:
    case Op::kCos:
    case Op::kTanh:
      return parse_plain(body, op, key, n, {n});
    case Op::kPopc:
    case Op::kClz:
    case Op::kBfind:
      return parse_plain(body, op, key, 4, {n});
    case Op::kShl:
    case Op::kShr:
      return parse_plain(body, op, key, n, {n, 4});
    case Op::kShfL:
    case Op::kShfR:
    case Op::kFns:
      return parse_plain(body, op, key, n, {n, n, 4});
    case Op::kBfe:
      return parse_plain(body, op, key, n, {n, 4, 4});
    case Op::kBfi:
      return parse_plain(body, op, key, n, {n, n, 4, 4});
    case Op::kSzext:
    case Op::kBmsk:
      return parse_plain(body, op, key, n, {n, 4});
    default:
      return parse_plain(body, op, key, wide, {n, n});
  }
}

using Parser = void (*)(BodyParser&, Opcode&, Key);

Parser parser_of(Op op) {
  switch (op) {
    case Op::kSetp:
      return parse_setp;
    case Op::kSet:
      return parse_set;
    case Op::kCvt:
      return parse_cvt;
    case Op::kSelp:
      return parse_selp;
    case Op::kSlct:
      return parse_slct;
    case Op::kTestp:
      return parse_testp;
    case Op::kLop3:
      return parse_lop3;
    case Op::kPrmt:
      return parse_prmt;
    default:
      return parse_rest;
  }
}

}  // namespace

Form form_of(const Key& key) {
  const Forms& f = forms();
  if (key.op == Op::kCvt) return f.convert(key);
  if (key.approximate || key.full) return f.approximate(key);
  const Type t = key.op == Op::kSet ? key.source : key.type;
  if (key.op == Op::kSlct) return f.integer(key);
  if (key.op == Op::kSelp) return f.integer(key);
  if (is_half(t)) return f.half(key);
  return is_real(t) ? f.real(key) : f.integer(key);
}

bool parse_arithmetic(BodyParser& body, Opcode& op) {
  const auto found = names().find(op.name());
  if (found == names().end()) return false;
  const Key key = key_of(op, found->second);
  parser_of(key.op)(body, op, key);
  return true;
}

}  // namespace kib::emulator::ptx
