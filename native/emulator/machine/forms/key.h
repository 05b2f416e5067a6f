// What names a typed form of an arithmetic instruction, and the tables of forms, one for each processor level.
#ifndef KIB_EMULATOR_FORMS_KEY_H
#define KIB_EMULATOR_FORMS_KEY_H
#include "machine/ptx/ir.h"

namespace kib::emulator::ptx {

enum class Op : uint8_t {
  kMov,
  kAdd,
  kSub,
  kMul,
  kMad,
  kFma,
  kDiv,
  kRem,
  kAbs,
  kNeg,
  kMin,
  kMax,
  kMin3,
  kMax3,
  kAnd,
  kOr,
  kXor,
  kNot,
  kCnot,
  kShl,
  kShr,
  kShfL,
  kShfR,
  kLop3,
  kPrmt,
  kBfe,
  kBfi,
  kBfind,
  kBrev,
  kPopc,
  kClz,
  kSzext,
  kBmsk,
  kFns,
  kSad,
  kMul24,
  kMad24,
  kDp4a,
  kDp2a,
  kAddc,
  kSubc,
  kMadc,
  kSet,
  kSetp,
  kSelp,
  kSlct,
  kCopysign,
  kTestp,
  kRcp,
  kSqrt,
  kRsqrt,
  kEx2,
  kLg2,
  kSin,
  kCos,
  kTanh,
  kCvt,
  kPack2,
  kPack4,
  kUnpack2,
  kUnpack4,
};

enum class Round : uint8_t { kNone, kNearest, kZero, kDown, kUp, kAway };  // rn rz rm rp rna (and rni ... of integers)
enum class Compare : uint8_t {
  kNone,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,  // u32's lo ls hi hs are lt le gt ge
  kEqu,
  kNeu,
  kLtu,
  kLeu,
  kGtu,
  kGeu,
  kNum,
  kNan,
};
enum class Combine : uint8_t { kNone, kAnd, kOr, kXor };
enum class Part : uint8_t { kNone, kLo, kHi, kWide };
enum class Test : uint8_t { kFinite, kInfinite, kNumber, kNotANumber, kNormal, kSubnormal };

struct Key {
  Op op = Op::kMov;
  Type type = Type::kNone;    // of the result, or the only one
  Type source = Type::kNone;  // of cvt, set, slct, mixed-precision operands
  Round round = Round::kNone;
  Compare compare = Compare::kNone;
  Combine combine = Combine::kNone;
  Part part = Part::kNone;
  Test test = Test::kFinite;
  bool ftz = false, sat = false, relu = false, nan = false, xorsign_abs = false, integer_rounding = false;
  bool wrap = false;                       // shf.wrap
  bool carry_out = false;                  // .cc
  bool finite = false;                     // .satfinite
  bool approximate = false, full = false;  // .approx, .full
  bool signs = false;                      // of a fused multiply-add: x negates, 1 the product, 2 the addend
  bool shift_amount = false;
  uint8_t width = 0;  // bytes of the destination register, where the type may be narrower
  uint8_t source_width = 0;
};

// The fastest level that this processor can do.
struct Forms {
  const char* level;
  Form (*integer)(const Key&);
  Form (*real)(const Key&);  // f32 and f64
  Form (*half)(const Key&);  // f16 and bf16, and their pairs
  Form (*convert)(const Key&);
  Form (*approximate)(const Key&);
};
const Forms& forms();

}  // namespace kib::emulator::ptx
#endif
