// Clusters: their barrier, and addresses of other blocks' shared memory.
#include "machine/execute/warp_forms.h"
#include "machine/ptx/body_parser.h"

namespace kib::emulator::ptx {

// barrier.cluster.arrive{.release, .relaxed}{.aligned}; barrier.cluster.wait{.acquire}{.aligned}
void parse_cluster_barrier(BodyParser& body, Opcode& op) {
  const bool arrives = op.take("arrive");
  if (!arrives && !op.take("wait")) body.refuse_form(op);
  const bool relaxed = op.take("relaxed");
  op.take("release") || op.take("acquire");
  op.take("aligned");
  Instruction& i = body.emit(arrives ? Kind::kMbarrier : Kind::kClusterWait, Class::kBarrier);
  if (arrives) i.warp_form = cluster_arrive;
  i.x = relaxed ? 0 : 1;
  i.effect = true;
}

// mapa{.shared::cluster}.u64 d, a, rank; getctarank{.shared::cluster}.u64 d, a
bool parse_cluster(BodyParser& body, Opcode& op) {
  const bool maps = op.name() == "mapa";
  if (!maps && op.name() != "getctarank") return false;
  const bool generic = !op.take("shared::cluster");
  const uint32_t bytes = bytes_of(op.take_type());
  if (bytes != 4 && bytes != 8) body.refuse_form(op);
  const Operand d = body.destination(maps ? bytes : 4);
  body.comma();
  const Operand a = body.source(bytes);
  Operand rank = kNoOperand;
  if (maps) {
    body.comma();
    rank = body.source(4);
  }
  Instruction& i = body.emit(Kind::kWarp, Class::kInteger);
  i.warp_form = maps ? map_to_block : rank_of_block;
  i.d = d;
  i.a = a;
  i.b = rank;
  i.x = generic ? 1 : 0;
  i.target = bytes;
  return true;
}

}  // namespace kib::emulator::ptx
