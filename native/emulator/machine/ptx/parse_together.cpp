// What threads do together: shuffles, votes, matches, reductions, barriers.
#include "machine/execute/warp_forms.h"
#include "machine/ptx/body_parser.h"

namespace kib::emulator::ptx {
namespace {

// Emits an instruction that the lanes of `mask` execute together.
Instruction& emit(BodyParser& body, Together what, Class counted, Operand mask) {
  Instruction& i = body.emit(Kind::kTogether, counted);
  i.x = static_cast<uint32_t>(what);
  i.f = mask;
  return i;
}

// d{|p},
void parse_results(BodyParser& body, Operand* d, Operand* p) {
  *d = body.destination(4);
  if (body.cursor().accept("|")) *p = body.destination_predicate();
  body.comma();
}

// , mask; behind the other operands
Instruction& finish(BodyParser& body, Together what) {
  body.comma();
  const Operand mask = body.source(4);
  return emit(body, what, Class::kInteger, mask);
}

// shfl.sync.mode.b32 d|p, a, b, c, mask: f holds the mask
void parse_shuffle(BodyParser& body, Opcode& op) {
  if (!op.take("sync")) body.refuse_form(op, "shuffles without .sync are gone since sm_70");
  Together mode = Together::kShflIdx;
  if (op.take("up")) mode = Together::kShflUp;
  if (op.take("down")) mode = Together::kShflDown;
  if (op.take("bfly")) mode = Together::kShflBfly;
  op.take("idx");
  op.take_type();
  Operand d, p = kNoOperand;
  parse_results(body, &d, &p);
  const Operand a = body.source(4);
  body.comma();
  const Operand b = body.source(4);
  body.comma();
  const Operand c = body.source(4);
  Instruction& i = finish(body, mode);
  i.d = d;
  i.e = p;
  i.a = a;
  i.b = b;
  i.c = c;
}

void parse_vote(BodyParser& body, Opcode& op) {
  if (!op.take("sync")) body.refuse_form(op, "votes without .sync are gone since sm_70");
  Together mode = Together::kVoteAll;
  if (op.take("any")) mode = Together::kVoteAny;
  if (op.take("uni")) mode = Together::kVoteUni;
  const bool ballot = op.take("ballot");
  if (ballot) mode = Together::kVoteBallot;
  op.take("all");
  op.take_type();
  const Operand d = ballot ? body.destination(4) : body.destination_predicate();
  body.comma();
  const Operand a = body.source_predicate();
  Instruction& i = finish(body, mode);
  i.d = d;
  i.a = a;
}

void parse_match(BodyParser& body, Opcode& op) {
  const bool all = op.take("all");
  op.take("any");
  op.take("sync");
  const Type type = op.take_type();
  Operand d, p = kNoOperand;
  parse_results(body, &d, &p);
  const Operand a = body.source(bytes_of(type));
  Instruction& i = finish(body, all ? Together::kMatchAll : Together::kMatchAny);
  i.d = d;
  i.e = p;
  i.a = a;
  i.target = bytes_of(type);
}

void parse_redux(BodyParser& body, Opcode& op) {
  static constexpr std::pair<const char*, Together> table[] = {
      {"add", Together::kReduxAdd}, {"min", Together::kReduxMin}, {"max", Together::kReduxMax},
      {"and", Together::kReduxAnd}, {"or", Together::kReduxOr},   {"xor", Together::kReduxXor}};
  Together mode = Together::kReduxAdd;
  for (const auto& [name, together] : table) {
    if (op.take(name)) mode = together;
  }
  op.take("sync");
  const Type type = op.take_type();
  if (!is_integer(type)) body.refuse_form(op);
  const Operand d = body.destination(4);
  body.comma();
  const Operand a = body.source(4);
  Instruction& i = finish(body, mode);
  i.d = d;
  i.a = a;
  i.target = is_signed(type) ? 1 : 0;
}

void parse_elect(BodyParser& body, Opcode& op) {
  op.take("sync");
  Operand d, p = kNoOperand;
  parse_results(body, &d, &p);
  Instruction& i = emit(body, Together::kElect, Class::kInteger, body.source(4));
  i.d = d;
  i.e = p;
}

// bar{.cta}.sync a{, b}; bar.arrive a, b; bar.red.popc.u32 d, a{, b}, {!}c; bar.warp.sync mask
void parse_barrier(BodyParser& body, Opcode& op) {
  if (op.take("cluster")) return parse_cluster_barrier(body, op);
  op.take("cta");
  if (op.take("warp")) {
    op.take("sync");
    emit(body, Together::kSync, Class::kBarrier, body.source(4));
    return;
  }
  bool aligned = op.name() == "bar";
  if (op.take("aligned")) aligned = true;
  BarrierOp what = BarrierOp::kSync;
  Operand d = kNoOperand, predicate = kNoOperand, count = kNoOperand;
  if (op.take("arrive")) what = BarrierOp::kArrive;
  const bool reduction = op.take("red");
  if (reduction) {
    what = op.take("popc") ? BarrierOp::kPopc : op.take("and") ? BarrierOp::kAnd : BarrierOp::kOr;
    op.take("or");
    op.take_type();
    op.take("pred");
    d = what == BarrierOp::kPopc ? body.destination(4) : body.destination_predicate();
    body.comma();
  }
  op.take("sync");
  const Operand id = body.source(4);
  if (body.cursor().accept(",")) {
    const bool is_predicate = body.cursor().is("!") || (reduction && !body.cursor().is(",", 1));
    if (is_predicate) {
      predicate = body.source_predicate();
    } else {
      count = body.source(4);
      if (reduction) {
        body.comma();
        predicate = body.source_predicate();
      }
    }
  }
  Instruction& i = body.emit(Kind::kBarrier, Class::kBarrier);
  i.x = static_cast<uint32_t>(what);
  i.d = d;
  i.a = id;
  i.b = count;
  i.c = predicate;
  i.target = aligned ? 1 : 0;
  i.effect = true;
}

}  // namespace

bool parse_together(BodyParser& body, Opcode& op) {
  const std::string_view name = op.name();
  if (name == "shfl") {
    parse_shuffle(body, op);
  } else if (name == "vote") {
    parse_vote(body, op);
  } else if (name == "match") {
    parse_match(body, op);
  } else if (name == "redux") {
    parse_redux(body, op);
  } else if (name == "elect") {
    parse_elect(body, op);
  } else if (name == "bar" || name == "barrier") {
    parse_barrier(body, op);
  } else if (name == "activemask") {
    op.take_type();
    const Operand d = body.destination(4);
    Instruction& i = body.emit(Kind::kWarp, Class::kInteger);
    i.warp_form = active_mask;
    i.d = d;
  } else {
    return false;
  }
  return true;
}

}  // namespace kib::emulator::ptx
