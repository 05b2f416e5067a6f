// Branches, calls and barriers.
#include "cases.h"

namespace kib::emulator::tests {
namespace {

constexpr Domain kWord = Domain::kInt32;
uint64_t low(uint64_t x) { return x & 0xffffffffu; }

Case make(const std::string& name, const std::string& body, Reference reference, const std::string& declarations = {}) {
  Case c = form(name, kWord, {kWord, kWord}, std::move(reference));
  c.body = body;
  c.declarations = declarations;
  c.numbered = true;
  return c;
}

void branches(Cases& cases) {
  cases.push_back(
      make("bra", "setp.lt.s32 %p0, %a, %b; @%p0 bra less; mov.u32 %o, %b; bra.uni done; less: mov.u32 %o, %a; done: ",
           [](const Inputs& x) { return int32_t(x[0]) < int32_t(x[1]) ? x[0] : x[1]; }));
  cases.push_back(make("bra under a negated predicate",
                       "setp.eq.u32 %p0, %a, %b; mov.u32 %o, 5; @!%p0 bra done; mov.u32 %o, 6; done: ",
                       [](const Inputs& x) { return uint64_t(x[0] == x[1] ? 6 : 5); }));
  cases.push_back(make("predicated instructions",
                       "setp.lt.u32 %p0, %a, %b; mov.u32 %o, %a; @%p0 add.u32 %o, %o, 3; @!%p0 sub.u32 %o, %o, 4;",
                       [](const Inputs& x) { return low(x[0] < x[1] ? x[0] + 3 : x[0] - 4); }));
  cases.push_back(make("a loop as often as each lane wants",
                       "and.b32 %r2, %a, 63; mov.u32 %o, %b; setp.eq.u32 %p0, %r2, 0; @%p0 bra done; again: mad.lo.u32 "
                       "%o, %o, 5, 1; sub.u32 %r2, %r2, 1; "
                       "setp.ne.u32 %p1, %r2, 0; @%p1 bra again; done: ",
                       [](const Inputs& x) {
                         uint64_t y = x[1];
                         for (uint64_t i = x[0] & 63; i; --i) y = low(y * 5 + 1);
                         return y;
                       }));
  cases.push_back(make(
      "nested branches",
      "and.b32 %r2, %a, 1; setp.ne.u32 %p0, %r2, 0; and.b32 %r3, %b, 1; setp.ne.u32 %p1, %r3, 0; mov.u32 %o, 0; @%p0 "
      "bra odd; "
      "@%p1 bra even_odd; add.u32 %o, %o, 1; bra join; even_odd: add.u32 %o, %o, 2; join: add.u32 %o, %o, 10; bra end; "
      "odd: @%p1 bra odd_odd; add.u32 %o, %o, 3; bra end; odd_odd: add.u32 %o, %o, 4; end: add.u32 %o, %o, 100;",
      [](const Inputs& x) { return uint64_t(x[0] & 1 ? (x[1] & 1 ? 104 : 103) : (x[1] & 1 ? 112 : 111)); }));
  cases.push_back(make("brx.idx",
                       "and.b32 %r2, %a, 3; targets: .branchtargets one, two, three, four; brx.idx %r2, targets; one: "
                       "mov.u32 %o, 11; bra end; "
                       "two: mov.u32 %o, 22; bra end; three: mov.u32 %o, 33; bra end; four: mov.u32 %o, 44; end: ",
                       [](const Inputs& x) { return 11 * (1 + (x[0] & 3)); }));
}

// Lanes that left do not hold up the others.
void exits(Cases& cases) {
  for (std::string opcode : {"ret", "exit"})
    cases.push_back(
        make(opcode + " of some lanes",
             "and.b32 %r2, %a, 1; setp.ne.u32 %p0, %r2, 0; @%p0 " + opcode + "; bar.warp.sync -1; mov.u32 %o, %b;",
             [](const Inputs& x) { return x[0] & 1 ? 0 : x[1]; }));
  cases.push_back(make("exit of some lanes before bar.sync",
                       "and.b32 %r2, %a, 1; setp.ne.u32 %p0, %r2, 0; @%p0 exit; bar.sync 0; mov.u32 %o, %b;",
                       [](const Inputs& x) { return x[0] & 1 ? 0 : x[1]; }));
}

const std::string kTwice =
    ".func (.param .b32 result) twice(.param .b32 x)\n{\n\t.reg .b32 %r<2>;\n\tld.param.u32 %r0, [x];\n"
    "\tadd.u32 %r1, %r0, %r0;\n\tst.param.b32 [result], %r1;\n\tret;\n}\n";
const std::string kByParameter =
    ".func (.param .b32 result) mix(.param .b32 x, .param .align 8 .b8 s[16])\n{\n\t.reg .b32 %r<4>;\n\tld.param.u32 "
    "%r0, [x];\n"
    "\tld.param.u32 %r1, [s+4];\n\tld.param.u32 %r2, [s+8];\n\tmad.lo.u32 %r3, %r0, %r1, %r2;\n\tst.param.b32 "
    "[result], %r3;\n\tret;\n}\n";
const std::string kFactorial =
    ".func (.param .b32 result) factorial(.param .b32 n)\n{\n\t.reg .b32 %r<5>;\n\t.reg .pred %p;\n\tld.param.u32 %r0, "
    "[n];\n"
    "\tmov.u32 %r3, 1;\n\tsetp.le.u32 %p, %r0, 1;\n\t@%p bra done;\n\tsub.u32 %r1, %r0, 1;\n\t{\n\t.param .b32 "
    "a;\n\t.param .b32 r;\n"
    "\tst.param.b32 [a], %r1;\n\tcall.uni (r), factorial, (a);\n\tld.param.b32 %r2, [r];\n\t}\n\tmul.lo.u32 %r3, %r0, "
    "%r2;\n"
    "done:\n\tst.param.b32 [result], %r3;\n\tret;\n}\n";
const std::string kTable =
    ".func (.param .b32 result) plus(.param .b32 x)\n{\n\t.reg .b32 %r<2>;\n\tld.param.u32 %r0, [x];\n\tadd.u32 %r1, "
    "%r0, 7;\n\tst.param.b32 [result], %r1;\n\tret;\n}\n"
    ".func (.param .b32 result) times(.param .b32 x)\n{\n\t.reg .b32 %r<2>;\n\tld.param.u32 %r0, [x];\n\tmul.lo.u32 "
    "%r1, %r0, 7;\n\tst.param.b32 [result], %r1;\n\tret;\n}\n"
    ".global .align 8 .u64 functions[2] = {plus, times};\n";

void calls(Cases& cases) {
  cases.push_back(make(
      "call with registers",
      "{ .param .b32 p0; .param .b32 r0; st.param.b32 [p0], %a; call.uni (r0), twice, (p0); ld.param.b32 %o, [r0]; }",
      [](const Inputs& x) { return low(2 * x[0]); }, kTwice));
  cases.push_back(make(
      "call with parameters and a structure",
      "mov.u32 %r2, 9; { .param .b32 p0; .param .align 8 .b8 p1[16]; .param .b32 r0; st.param.b32 [p0], %a; "
      "st.param.b32 [p1+4], %b; "
      "st.param.b32 [p1+8], %r2; call.uni (r0), mix, (p0, p1); ld.param.b32 %o, [r0]; }",
      [](const Inputs& x) { return low(x[0] * x[1] + 9); }, kByParameter));
  cases.push_back(make(
      "call of itself, each lane as deep as it wants",
      "and.b32 %r2, %a, 15; { .param .b32 p0; .param .b32 r0; st.param.b32 [p0], %r2; call (r0), factorial, (p0); "
      "ld.param.b32 %o, [r0]; }",
      [](const Inputs& x) {
        uint64_t y = 1;
        for (uint64_t i = 2; i <= (x[0] & 15); ++i) y = low(y * i);
        return y;
      },
      kFactorial));
  cases.push_back(make(
      "call of some lanes",
      "mov.u32 %o, %a; and.b32 %r2, %b, 1; setp.ne.u32 %p0, %r2, 0; @!%p0 bra done; { .param .b32 p0; .param .b32 r0; "
      "st.param.b32 [p0], %a; call (r0), twice, (p0); ld.param.b32 %o, [r0]; } done: ",
      [](const Inputs& x) { return low(x[1] & 1 ? 2 * x[0] : x[0]); }, kTwice));
  cases.push_back(make(
      "call through a table, two functions in one warp",
      "and.b32 %r2, %a, 1; mul.wide.u32 %x2, %r2, 8; mov.u64 %x3, functions; add.s64 %x3, %x3, %x2; ld.global.u64 %x4, "
      "[%x3]; "
      "prototype: .callprototype (.param .b32 _) _ (.param .b32 _); { .param .b32 p0; .param .b32 r0; st.param.b32 "
      "[p0], %b; "
      "call (r0), %x4, (p0), prototype; ld.param.b32 %o, [r0]; }",
      [](const Inputs& x) { return low(x[0] & 1 ? 7 * x[1] : x[1] + 7); }, kTable));
}

const std::string kShared = ".shared .align 4 .b8 scratch[512];\n";
const std::string kExchange =  // every thread takes what the thread 64 further stored
    "mov.u32 %r2, scratch; shl.b32 %r3, %tid1, 2; add.s32 %r4, %r2, %r3; st.shared.u32 [%r4], %tid1; BARRIER; xor.b32 "
    "%r3, %r3, 256; "
    "add.s32 %r4, %r2, %r3; ld.shared.u32 %o, [%r4];";

void barriers(Cases& cases) {
  for (std::string barrier : {"bar.sync 0", "bar.sync 3", "bar.sync 1, 128", "barrier.sync 2", "barrier.sync.aligned 0",
                              "barrier.cta.sync.aligned 4, 128", "mov.u32 %r9, 5; bar.sync %r9"}) {
    std::string body = kExchange;
    body.replace(body.find("BARRIER"), 7, barrier);
    cases.push_back(make(
        barrier, body, [](const Inputs& x) { return x[3] % 128 ^ 64; }, kShared));
    cases.back().few = true;
  }
  std::string arrive =
      "setp.lt.u32 %p0, %tid1, 64; mov.u32 %r2, scratch; shl.b32 %r3, %tid1, 2; add.s32 %r4, %r2, %r3; mov.u32 %o, 7; "
      "@%p0 bra first; "
      "bar.sync 1, 128; sub.s32 %r4, %r4, 256; ld.shared.u32 %o, [%r4]; bra end; first: st.shared.u32 [%r4], %tid1; "
      "bar.arrive 1, 128; end: ";
  cases.push_back(make(
      "bar.arrive", arrive, [](const Inputs& x) { return x[3] % 128 < 64 ? 7 : x[3] % 128 - 64; }, kShared));
}

void barriers_that_reduce(Cases& cases) {
  struct Row {
    int divisor, count;  // threads whose number is a multiple of it; how many
  };
  for (Row row : {Row{1, 128}, Row{3, 43}, Row{128, 1}, Row{1000, 0}})
    for (std::string operation : {"popc.u32", "and.pred", "or.pred"})
      for (bool negated : {false, true}) {
        int count = negated ? 128 - row.count : row.count;
        std::string opcode = "bar.red." + operation, p = negated ? "!%p0" : "%p0";
        std::string set = row.count
                              ? "rem.u32 %r2, %tid1, " + std::to_string(row.divisor) + "; setp.eq.u32 %p0, %r2, 0; "
                              : "setp.gt.u32 %p0, %tid1, 900; ";
        bool popc = operation == "popc.u32";
        uint64_t expected = popc ? uint64_t(count) : operation == "and.pred" ? count == 128 : count > 0;
        Case c =
            make(opcode + " of " + std::to_string(count) + " threads" + (negated ? ", a negation" : ""),
                 set + opcode + (popc ? " %o, 0, " : " %p1, 0, ") + p + ";" + (popc ? "" : " selp.u32 %o, 1, 0, %p1;"),
                 [expected](const Inputs&) { return expected; });
        c.few = true;
        cases.push_back(c);
      }
}

}  // namespace

void control_cases(Cases& cases) {
  branches(cases);
  exits(cases);
  calls(cases);
  barriers(cases);
  barriers_that_reduce(cases);
}

}  // namespace kib::emulator::tests
