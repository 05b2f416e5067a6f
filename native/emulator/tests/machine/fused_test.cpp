// Which products ptxas fuses into sums (machine/ptx/fuse.h): each row was compiled by ptxas 13.0 for sm_80 and its
// instructions read.
#include <cmath>

#include "launcher.h"

using namespace kib::test;

namespace {

constexpr float kA = 1 + 0x1p-12f, kB = 1 + 0x1p-12f, kC = -1, kD = 0x1p-3f, kE = 1 + 0x1.8p-12f;

// Neither a b nor e e can be represented: fused and rounded twice differ in every sum below.
struct Row {
  const char* what;
  const char* body;  // a, b, c, d, e in %f1 to %f5, -c in %f10, p1 true; the result in %f9
  float expected;
};

float twice(float a, float b, float c) {  // rounded
  volatile float p = a * b;
  return p + c;
}

const float kFused = std::fma(kA, kB, kC), kTwice = twice(kA, kB, kC);
const float kProducts = std::fma(kA, kB, -(kE*kE)), kOther = std::fma(-kE, kE, kA*kB);

#define P "mul.f32 %f6,%f1,%f2; "
#define Q "mul.f32 %f7,%f5,%f5; "

const Row kRows[] = {
    {"a product and a sum", P "add.f32 %f9,%f6,%f3;", kFused},
    {"a sum and a product", P "add.f32 %f9,%f3,%f6;", kFused},
    {"a difference", P "sub.f32 %f9,%f6,%f10;", kFused},
    {"a difference from a product's other side", P "sub.f32 %f9,%f10,%f6;", -kFused},
    {"a product with a rounding", "mul.rn.f32 %f6,%f1,%f2; add.f32 %f9,%f6,%f3;", kTwice},
    {"a sum with a rounding", P "add.rn.f32 %f9,%f6,%f3;", kTwice},
    {"a negated product", P "neg.f32 %f7,%f6; add.f32 %f9,%f7,%f10;", -kFused},
    {"a product that is moved", P "mov.b32 %r1,%f6; mov.b32 %f7,%r1; add.f32 %f9,%f7,%f3;", kFused},
    {"an absolute value between", P "abs.f32 %f7,%f6; add.f32 %f9,%f7,%f3;", kTwice},
    {"a product with .ftz alone", "mul.ftz.f32 %f6,%f1,%f2; add.f32 %f9,%f6,%f3;", kTwice},
    {"both with .ftz", "mul.ftz.f32 %f6,%f1,%f2; add.ftz.f32 %f9,%f6,%f3;", kFused},
    {"a saturated product", "mul.sat.f32 %f6,%f1,%f2; add.f32 %f9,%f6,%f3;", 0},
    {"a saturated sum", P "add.sat.f32 %f9,%f6,%f3;", kFused},
    {"a product that is stored, too", P "add.f32 %f9,%f6,%f3; st.global.f32 [%mine+256],%f6;", kTwice},
    {"a product that is compared, too", P "add.f32 %f9,%f6,%f3; setp.gt.f32 %p2,%f6,%f4; @%p2 mov.u32 %r1,0;", kTwice},
    {"a product that is a factor, too", P "add.f32 %f9,%f6,%f3; mul.f32 %f7,%f6,%f4; st.global.f32 [%mine+256],%f7;",
     kTwice},
    {"a product in two sums", P "add.f32 %f9,%f6,%f3; add.f32 %f7,%f6,%f4; st.global.f32 [%mine+256],%f7;", kFused},
    {"a product in a sum and in one that is rounded",
     P "add.f32 %f9,%f6,%f3; add.rn.f32 %f7,%f6,%f4; st.global.f32 [%mine+256],%f7;", kTwice},
    {"two products", P Q "sub.f32 %f9,%f6,%f7;", kProducts},
    {"two products, the other first", P Q "sub.f32 %f9,%f7,%f6;", -kOther},
    {"two products, the first used elsewhere", P Q "sub.f32 %f9,%f6,%f7; st.global.f32 [%mine+256],%f6;", kOther},
    {"two products, the first in two sums",
     P Q "sub.f32 %f9,%f6,%f7; add.f32 %f8,%f6,%f4; st.global.f32 [%mine+256],%f8;", kOther},
    {"two products, the first in a sum before",
     P Q "add.f32 %f9,%f6,%f3; sub.f32 %f8,%f6,%f7; st.global.f32 [%mine+256],%f8;", kTwice},
    {"a product twice in a sum", P "add.f32 %f7,%f6,%f6; add.f32 %f9,%f6,%f3; st.global.f32 [%mine+256],%f7;", kTwice},
    {"a guarded sum", P "mov.f32 %f9,%f4; @%p1 add.f32 %f9,%f6,%f3;", kFused},
    {"a guarded product", "mov.f32 %f6,%f4; @%p1 mul.f32 %f6,%f1,%f2; add.f32 %f9,%f6,%f3;", kTwice},
    {"a barrier between", P "bar.sync 0; add.f32 %f9,%f6,%f3;", kFused},
    {"a fence between", P "membar.cta; add.f32 %f9,%f6,%f3;", kTwice},
    {"a division between", P "div.rn.f32 %f8,%f4,%f5; add.f32 %f9,%f6,%f3; st.global.f32 [%mine+256],%f8;", kTwice},
    {"a signed integer division between", P "div.s32 %r1,%t,%t; add.f32 %f9,%f6,%f3; st.global.u32 [%mine+256],%r1;",
     kTwice},
    {"an unsigned one", P "div.u32 %r1,%t,%t; add.f32 %f9,%f6,%f3; st.global.u32 [%mine+256],%r1;", kFused},
    {"a sum in one of two branches", P "mov.f32 %f9,%f4; @!%p1 bra L; add.f32 %f9,%f6,%f3; L:", kTwice},
    {"both in a branch", "mov.f32 %f9,%f4; @!%p1 bra L;" P "add.f32 %f9,%f6,%f3; L:", kFused},
    {"a product in front of an exit", P "@!%p1 exit; add.f32 %f9,%f6,%f3;", kTwice},
    {"a jump between", P "bra L; L: add.f32 %f9,%f6,%f3;", kFused},
    {"a label that nothing jumps to", P "L: add.f32 %f9,%f6,%f3;", kFused},
    {"a product that another block reads",
     P "add.f32 %f9,%f6,%f3; @!%p1 bra L; st.global.f32 [%mine+256],%f6; L:", kTwice},
    {"a product in both branches", "@!%p1 bra L;" P "bra M; L: mul.f32 %f6,%f3,%f4; M: add.f32 %f9,%f6,%f3;", kTwice},
    {"a factor that is overwritten", P "mov.f32 %f1,%f4; add.f32 %f9,%f6,%f3; st.global.f32 [%mine+256],%f1;", kFused},
    {"a factor that the product overwrites", "mul.f32 %f1,%f1,%f2; add.f32 %f9,%f1,%f3;", kFused},
    {"a factor that the sum overwrites, in a loop",
     "mov.u32 %r1,0; L:" P
     "add.f32 %f9,%f6,%f3; mov.f32 %f1,%f9; add.u32 %r1,%r1,1; setp.lt.u32 %p2,%r1,2; @%p2 bra L;",
     std::fma(kFused, kB, kC)},
#define PAIR "mov.b64 %rd1,{%f1,%f1}; mov.b64 %rd2,{%f2,%f2}; mov.b64 %rd3,{%f3,%f3}; "
    {"pairs", PAIR "mul.f32x2 %rd4,%rd1,%rd2; add.f32x2 %rd5,%rd4,%rd3; mov.b64 {%f8,%f9},%rd5;", kFused},
    {"pairs with a rounding", PAIR "mul.rn.f32x2 %rd4,%rd1,%rd2; add.rn.f32x2 %rd5,%rd4,%rd3; mov.b64 {%f8,%f9},%rd5;",
     kFused},
    {"pairs with two roundings",
     PAIR "mul.rn.f32x2 %rd4,%rd1,%rd2; add.rz.f32x2 %rd5,%rd4,%rd3; mov.b64 {%f8,%f9},%rd5;", kTwice},
    {"pairs that are stored, too",
     PAIR "mul.f32x2 %rd4,%rd1,%rd2; add.f32x2 %rd5,%rd4,%rd3; mov.b64 {%f8,%f9},%rd5; st.global.b64 [%out+512],%rd4;",
     kTwice},
    {"a fused sum is no product", "fma.rn.f32 %f6,%f1,%f2,%f4; add.f32 %f9,%f6,%f3;", std::fma(kA, kB, kD) + kC},
};

void test_rows() {
  Words in, out;
  const float values[] = {kA, kB, kC, kD, kE};
  for (uint32_t n = 0; n < 5; ++n) {
    uint32_t bits;
    std::memcpy(&bits, &values[n], 4);
    in.set(n, bits);
  }
  for (const Row& row : kRows) {
    std::string body =
        "ld.global.f32 %f1,[%in]; ld.global.f32 %f2,[%in+4]; ld.global.f32 %f3,[%in+8]; ld.global.f32 "
        "%f4,[%in+12]; ld.global.f32 %f5,[%in+16]; neg.f32 %f10,%f3; setp.lt.u32 %p1,%t,64;\nadd.u32 %t,%t,1;\n";
    out.fill(0);
    clean(kernel(body + row.body + "\nst.global.f32 [%mine],%f9;"), out, &in, {1, 32, 0, false});
    const uint32_t bits = out[0];
    float got;
    std::memcpy(&got, &bits, 4);
    if (got == row.expected) continue;
    std::printf("%s: %a, not %a\n", row.what, got, row.expected);
    CHECK_EQUAL(got, row.expected);
  }
}

// A product that is fused away is not executed: its instruction is gone from the counters.
void test_counts() {
  reset_counters();
  Words in, out;
  clean(kernel("ld.global.f32 %f1,[%in]; mul.f32 %f2,%f1,%f1; sub.f32 %f3,%f1,%f2; st.global.f32 [%mine],%f3;"), out,
        &in);
  CHECK_EQUAL(counters().at(0).fp32, uint64_t{32});
}

}  // namespace

int main() {
  CHECK(kTwice != kFused && kProducts != kOther && kProducts != twice(kA, kB, -(kE * kE)));
  test_rows();
  test_counts();
  return result();
}
