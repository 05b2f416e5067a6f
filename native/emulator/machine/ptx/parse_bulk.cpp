// mbarriers and copies in bulk. Of addresses of a cluster, those of the block itself.
#include "machine/execute/async_proxy.h"
#include "machine/execute/warp_forms.h"
#include "machine/ptx/body_parser.h"

namespace kib::emulator::ptx {
namespace {

bool take_shared(Opcode& op) { return op.take("shared") || op.take("shared::cta") || op.take("shared::cluster"); }

uint32_t add_access(BodyParser& body, const Opcode& op, Space space, const AddressOperand& address) {
  if (address.base == kNoOperand) body.refuse_form(op, "its address is a parameter");
  Access access;
  access.space = space;
  access.type = Type::kB8;
  access.element = 16;
  access.address = address.base;
  access.address64 = address.wide;
  access.offset = address.offset;
  body.image().accesses.push_back(access);
  return static_cast<uint32_t>(body.image().accesses.size() - 1);
}

Instruction& emit(BodyParser& body, Kind kind, WarpForm form, Class counted) {
  Instruction& i = body.emit(kind, counted);
  i.warp_form = form;
  i.effect = true;
  return i;
}

void take_scope(Opcode& op) {
  for (const char* m : {"release", "acquire", "relaxed", "cta", "cluster"}) op.take(m);
}

void emit_mbarrier(BodyParser& body, MbarrierOp what, uint32_t access, Operand d, Operand a, bool parity = false) {
  Instruction& i = emit(body, Kind::kMbarrier, mbarrier, Class::kBarrier);
  i.x = static_cast<uint32_t>(what);
  i.target = access;
  i.d = d;
  i.a = a;
  if (parity) i.e = 0;
}

// mbarrier.test_wait{.parity}.shared.b64 p, [address], state; try_wait has a limit of time behind
void parse_test(BodyParser& body, Opcode& op) {
  const bool parity = op.take("parity");
  take_scope(op);
  take_shared(op);
  op.take_type();
  const Operand p = body.destination_predicate();
  body.comma();
  const uint32_t access = add_access(body, op, Space::kShared, body.address());
  body.comma();
  const Operand waited = body.source(parity ? 4 : 8);
  if (body.cursor().accept(",")) body.source(4);
  emit_mbarrier(body, MbarrierOp::kTest, access, p, waited, parity);
}

// mbarrier.arrive{.expect_tx}.shared.b64 state, [address]{, count}; without a state for another block's
void parse_arrive(BodyParser& body, Opcode& op, bool drops) {
  const bool expects = op.take("expect_tx");
  op.take("noComplete");
  take_scope(op);
  take_shared(op);
  op.take_type();
  Operand state = kNoOperand;
  if (!body.cursor().is("[")) {
    if (body.cursor().is("_")) {
      body.cursor().next();
    } else {
      state = body.destination(8);
    }
    body.comma();
  }
  const uint32_t access = add_access(body, op, Space::kShared, body.address());
  Operand count = kNoOperand;
  if (body.cursor().accept(",")) count = body.source(4);
  if (expects && count == kNoOperand) body.cursor().fail("expect_tx needs a number of bytes");
  const MbarrierOp what = drops ? (expects ? MbarrierOp::kDropExpect : MbarrierOp::kDrop)
                                : (expects ? MbarrierOp::kArriveExpect : MbarrierOp::kArrive);
  emit_mbarrier(body, what, access, state, count);
}

// cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [to], [from], bytes, [mbarrier]
// cp.async.bulk.global.shared::cta.bulk_group [to], [from], bytes
void parse_bulk_copy(BodyParser& body, Opcode& op) {
  if (op.has("tensor") || op.has("multicast::cluster") || op.has("cp_mask")) {
    body.refuse_form(op, "of the copies in bulk only plain ones are emulated");
  }
  const bool load = op.take("mbarrier::complete_tx::bytes");
  if (!load && !op.take("bulk_group")) body.refuse_form(op);
  op.take("weak");
  take_shared(op);
  if (!op.take("global")) body.refuse_form(op, "between blocks of a cluster it is not emulated");
  const bool policy = op.take("L2::cache_hint");
  const AddressOperand to = body.address();
  body.comma();
  const AddressOperand from = body.address();
  body.comma();
  const Operand bytes = body.source(4);
  const uint32_t first = add_access(body, op, load ? Space::kShared : Space::kGlobal, to);
  add_access(body, op, load ? Space::kGlobal : Space::kShared, from);
  if (load) {
    body.comma();
    add_access(body, op, Space::kShared, body.address());
  }
  if (policy) {
    body.comma();
    body.source(8);
  }
  Instruction& i = emit(body, Kind::kWarp, load ? bulk_load : bulk_store, Class::kMemory);
  i.target = first;
  i.a = bytes;
}

}  // namespace

bool parse_mbarrier(BodyParser& body, Opcode& op) {
  if (op.name() != "mbarrier") return false;
  if (op.take("test_wait") || op.take("try_wait")) {
    parse_test(body, op);
  } else if (op.take("arrive")) {
    parse_arrive(body, op, false);
  } else if (op.take("arrive_drop")) {
    parse_arrive(body, op, true);
  } else if (op.take("pending_count")) {
    op.take_type();
    const Operand d = body.destination(4);
    body.comma();
    const Operand state = body.source(8);
    Instruction& i = emit(body, Kind::kWarp, pending_count, Class::kInteger);
    i.d = d;
    i.a = state;
    i.effect = false;
  } else {
    const bool init = op.take("init"), invalidate = !init && op.take("inval");
    const bool expect = op.take("expect_tx"), complete = !expect && op.take("complete_tx");
    if (!init && !invalidate && !expect && !complete) body.refuse_form(op);
    take_scope(op);
    take_shared(op);
    op.take_type();
    const uint32_t access = add_access(body, op, Space::kShared, body.address());
    Operand a = kNoOperand;
    if (!invalidate) {
      body.comma();
      a = body.source(4);
    }
    emit_mbarrier(body,
                  init         ? MbarrierOp::kInit
                  : invalidate ? MbarrierOp::kInvalidate
                  : expect     ? MbarrierOp::kExpect
                               : MbarrierOp::kComplete,
                  access, kNoOperand, a);
  }
  return true;
}

void parse_bulk(BodyParser& body, Opcode& op) {
  if (op.take("mbarrier")) {
    op.take("arrive");
    const bool no_increment = op.take("noinc");
    take_shared(op);
    op.take_type();
    const uint32_t access = add_access(body, op, Space::kShared, body.address());
    return emit_mbarrier(body, no_increment ? MbarrierOp::kAsyncArriveNoIncrement : MbarrierOp::kAsyncArrive, access,
                         kNoOperand, kNoOperand);
  }
  op.take("bulk");
  if (op.take("commit_group")) {
    emit(body, Kind::kWarp, bulk_commit, Class::kMemory);
  } else if (op.take("wait_group")) {
    const bool read = op.take("read");
    const auto groups = static_cast<uint32_t>(body.cursor().integer("a number of groups"));
    Instruction& i = emit(body, Kind::kWarp, bulk_wait, Class::kMemory);
    i.x = groups;
    i.target = read ? 1 : 0;
  } else if (op.take("prefetch")) {
    op.take("L2");
    op.take("global");
    body.address();
    body.comma();
    body.source(4);
  } else {
    parse_bulk_copy(body, op);
  }
}

}  // namespace kib::emulator::ptx
