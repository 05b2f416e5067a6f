// Forms that need more of a warp than its lanes' registers.
#ifndef KIB_EMULATOR_EXECUTE_WARP_FORMS_H
#define KIB_EMULATOR_EXECUTE_WARP_FORMS_H
#include "machine/ptx/ir.h"

namespace kib::emulator::ptx {

// Lanes of special registers that do not change while a block runs: each 32 words, in this order from base[kSpecials].
enum Special : uint32_t {
  kTidX,
  kTidY,
  kTidZ,
  kNtidX,
  kNtidY,
  kNtidZ,
  kCtaidX,
  kCtaidY,
  kCtaidZ,
  kNctaidX,
  kNctaidY,
  kNctaidZ,
  kLaneId,
  kWarpId,
  kNwarpId,
  kSmId,
  kNsmId,
  kMaskEq,
  kMaskLt,
  kMaskLe,
  kMaskGt,
  kMaskGe,
  kDynamicBytes,
  kTotalBytes,
  kAllBytes,
  kEnvironment1,
  kEnvironment2,
  kClusterCtaidX,
  kClusterCtaidY,
  kClusterCtaidZ,
  kClusterRank,
  kClusterNctaidX,
  kClusterNctaidY,
  kClusterNctaidZ,
  kClusterSize,
  kClusterIdX,
  kClusterIdY,
  kClusterIdZ,
  kNclusterIdX,
  kNclusterIdY,
  kNclusterIdZ,
  kExplicitCluster,  // a predicate
  kZeros,
  kSpecialCount,
};

// Registers that change: x of read_special.
enum Changing : uint32_t { kClock, kClockHigh, kClock64, kTimer, kTimerLow, kTimerHigh, kGridId };

void read_special(const Instruction& i, Warp& warp);   // d; x: Changing; target: bytes of d
void local_address(const Instruction& i, Warp& warp);  // d: address of the frame's local variable at x
void load(const Instruction& i, Warp& warp);           // target: index into Image::accesses
void store(const Instruction& i, Warp& warp);
void load_parameter(const Instruction& i, Warp& warp);  // of the kernel, at a constant offset
void load_frame(const Instruction& i, Warp& warp);      // of the frame's parameter area
void store_frame(const Instruction& i, Warp& warp);
void atomic(const Instruction& i, Warp& warp);      // x: AtomicOp; d; a: value; b: cas's second value
void copy_async(const Instruction& i, Warp& warp);  // a: source address; b: its size; e
void commit_group(const Instruction& i, Warp& warp);
void wait_group(const Instruction& i, Warp& warp);  // x: groups that may be pending
void fence(const Instruction& i, Warp& warp);       // x: whether of block scope
// x: MbarrierOp; d: state or predicate; a: count, bytes, state or parity; e: a is a parity
void mbarrier(const Instruction& i, Warp& warp);
void pending_count(const Instruction& i, Warp& warp);  // of an mbarrier's state a
void bulk_load(const Instruction& i, Warp& warp);      // target: of three accesses: to, from, mbarrier; a: bytes
void bulk_store(const Instruction& i, Warp& warp);     // target: of two accesses: to, from; a: bytes
void bulk_commit(const Instruction& i, Warp& warp);
void bulk_wait(const Instruction& i, Warp& warp);  // x: groups that may be pending; target: until they are read
void proxy_fence(const Instruction& i, Warp& warp);
void is_constant(const Instruction& i, Warp& warp);  // d: whether a is an address of a .const variable
void active_mask(const Instruction& i, Warp& warp);
void cluster_arrive(const Instruction& i, Warp& warp);  // x: whether it releases
void map_to_block(const Instruction& i, Warp& warp);    // d, a: addresses; b: rank; x: generic ones; target: bytes
void rank_of_block(const Instruction& i, Warp& warp);   // d; a: an address; x, target: as before

enum class AtomicOp : uint32_t { kAdd, kAnd, kOr, kXor, kMin, kMax, kInc, kDec, kExch, kCas };
enum class Together : uint32_t {  // x of Kind::kTogether
  kShflUp,
  kShflDown,
  kShflBfly,
  kShflIdx,
  kVoteAll,
  kVoteAny,
  kVoteUni,
  kVoteBallot,
  kMatchAny,
  kMatchAll,
  kReduxAdd,
  kReduxMin,
  kReduxMax,
  kReduxAnd,
  kReduxOr,
  kReduxXor,
  kSync,
  kElect,
  kMatrix,
};
enum class BarrierOp : uint32_t { kSync, kArrive, kPopc, kAnd, kOr };  // x of Kind::kBarrier

}  // namespace kib::emulator::ptx
#endif
