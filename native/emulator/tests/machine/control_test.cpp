// Divergence, calls, barriers, warp-wide instructions, atomics, asynchronous copies.
#include "launcher.h"

using namespace kib::test;

namespace {

const char* const kStoreR1 = "st.global.u32 [%mine], %r1;";

void test_divergent_loop() {  // 3 * tid by repeated addition
  Words out;
  clean(kernel(std::string("mov.u32 %r1, 0; mov.u32 %r2, 0;\n$l: setp.ge.u32 %p1, %r2, %t; @%p1 bra $e;\n"
                           "add.u32 %r1, %r1, 3; add.u32 %r2, %r2, 1; bra $l;\n$e:") +
               kStoreR1),
        out, nullptr, {1, 64});
  for (uint32_t t = 0; t < 64; ++t) CHECK_EQUAL(out[t], 3 * t);
}

void test_indexed_branch() {
  Words out;
  clean(kernel(std::string("$targets: .branchtargets $a, $b, $c;\nrem.u32 %r2, %t, 3;\nbrx.idx %r2, $targets;\n"
                           "$a: mov.u32 %r1, 10; bra $e;\n$b: mov.u32 %r1, 20; bra $e;\n$c: mov.u32 %r1, 30;\n$e:") +
               kStoreR1),
        out);
  for (uint32_t t = 0; t < 32; ++t) CHECK_EQUAL(out[t], 10 + 10 * (t % 3));
}

const char* const kFibonacci =
    ".func (.param .b32 result) fib(.param .b32 n)\n{\n.reg .b32 %r<9>; .reg .pred %p<2>;\n"
    "ld.param.u32 %r1, [n];\nsetp.lt.u32 %p1, %r1, 2;\n@%p1 bra $small;\n"
    "sub.u32 %r2, %r1, 1;\n{ .param .b32 a; st.param.b32 [a+0], %r2; .param .b32 r; call.uni (r), fib, (a); "
    "ld.param.b32 %r3, [r+0]; }\n"
    "sub.u32 %r2, %r1, 2;\n{ .param .b32 a; st.param.b32 [a+0], %r2; .param .b32 r; call.uni (r), fib, (a); "
    "ld.param.b32 %r4, [r+0]; }\n"
    "add.u32 %r1, %r3, %r4;\n$small: st.param.b32 [result+0], %r1;\nret;\n}\n";

void test_recursion() {
  Words out;
  clean(kernel(std::string("rem.u32 %r2, %t, 11;\n{ .param .b32 a; st.param.b32 [a+0], %r2; .param .b32 r;\n"
                           "call.uni (r), fib, (a); ld.param.b32 %r1, [r+0]; }\n") +
                   kStoreR1,
               kFibonacci),
        out);
  const uint32_t fib[] = {0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55};
  for (uint32_t t = 0; t < 32; ++t) CHECK_EQUAL(out[t], fib[t % 11]);
}

void test_call_through_pointer() {
  Words out;
  clean(kernel(std::string(
                   "and.b32 %r2, %t, 1; setp.eq.u32 %p1, %r2, 0; mov.u64 %rd1, one; mov.u64 %rd2, two;\n"
                   "selp.b64 %rd3, %rd1, %rd2, %p1;\n{ .param .b32 r;\nproto: .callprototype (.param .b32 _) _ ();\n"
                   "call (r), %rd3, (), proto; ld.param.b32 %r1, [r+0]; }\n") +
                   kStoreR1,
               ".func (.param .b32 r) one()\n{\n.reg .b32 %r<2>; mov.u32 %r1, 111; st.param.b32 [r+0], %r1; ret;\n}\n"
               ".func (.param .b32 r) two()\n{\n.reg .b32 %r<2>; mov.u32 %r1, 222; st.param.b32 [r+0], %r1; ret;\n}\n"),
        out);
  for (uint32_t t = 0; t < 32; ++t) CHECK_EQUAL(out[t], t % 2 == 0 ? 111u : 222u);
}

void test_shuffles() {
  Words out;
  const auto run = [&](const std::string& body) { clean(kernel(body + kStoreR1), out); };
  run("shfl.sync.bfly.b32 %r1, %t, 5, 31, -1;");
  for (uint32_t t = 0; t < 32; ++t) CHECK_EQUAL(out[t], t ^ 5);
  run("shfl.sync.up.b32 %r1|%p1, %t, 3, 0, -1; selp.b32 %r2, 1000, 0, %p1; add.u32 %r1, %r1, %r2;");
  for (uint32_t t = 0; t < 32; ++t) CHECK_EQUAL(out[t], t < 3 ? t : t - 3 + 1000);
  // Segments of 8: c = 0x1800 | 7
  run("shfl.sync.down.b32 %r1|%p1, %t, 1, 6151, -1; selp.b32 %r2, 1000, 0, %p1; add.u32 %r1, %r1, %r2;");
  for (uint32_t t = 0; t < 32; ++t) CHECK_EQUAL(out[t], t % 8 == 7 ? t : t + 1 + 1000);
  run("shfl.sync.idx.b32 %r1, %t, 2, 6151, -1;");
  for (uint32_t t = 0; t < 32; ++t) CHECK_EQUAL(out[t], t / 8 * 8 + 2);
  // The halves of the warp come at different times, each with its own mask.
  run("setp.lt.u32 %p1, %t, 16; @%p1 bra $low;\nshfl.sync.idx.b32 %r1, %t, 31, 31, 0xffff0000; bra $e;\n"
      "$low: shfl.sync.idx.b32 %r1, %t, 3, 31, 0xffff;\n$e:");
  for (uint32_t t = 0; t < 32; ++t) CHECK_EQUAL(out[t], t < 16 ? 3u : 31u);
  // Lanes that left the warp are not waited for.
  out.fill(0);
  clean(kernel(std::string("setp.ge.u32 %p1, %t, 8; @%p1 bra $end;\nshfl.sync.idx.b32 %r1, %t, 7, 31, -1;\n") +
               kStoreR1 + "\n$end:"),
        out);
  for (uint32_t t = 0; t < 32; ++t) CHECK_EQUAL(out[t], t < 8 ? 7u : 0u);
}

void test_votes_and_matches() {
  Words out;
  const auto run = [&](const std::string& body) { clean(kernel(body + kStoreR1), out); };
  run("setp.lt.u32 %p1, %t, 5; vote.sync.ballot.b32 %r1, %p1, -1;");
  CHECK_EQUAL(out[9], 0x1fu);
  run("setp.lt.u32 %p1, %t, 5; vote.sync.any.pred %p2, %p1, -1; vote.sync.all.pred %p3, %p1, -1;\n"
      "vote.sync.uni.pred %p4, !%p1, -1; selp.b32 %r1, 1, 0, %p2; @%p3 add.u32 %r1, %r1, 2; @%p4 add.u32 %r1, %r1, 4;");
  CHECK_EQUAL(out[9], 1u);
  run("rem.u32 %r2, %t, 4; match.any.sync.b32 %r1, %r2, -1;");
  CHECK_EQUAL(out[6], 0x44444444u);
  run("mov.u32 %r2, 8; match.all.sync.b32 %r1|%p1, %r2, -1; @!%p1 mov.u32 %r1, 0;");
  CHECK_EQUAL(out[0], 0xffffffffu);
  run("redux.sync.add.s32 %r1, %t, -1;");
  CHECK_EQUAL(out[3], 496u);
  run("sub.u32 %r2, %t, 9; redux.sync.min.s32 %r1, %r2, -1;");
  CHECK_EQUAL(out[3], static_cast<uint32_t>(-9));
  run("setp.lt.u32 %p1, %t, 5; mov.u32 %r1, 0; @!%p1 bra $e;\nactivemask.b32 %r1;\n$e:");
  CHECK_EQUAL(out[3], 0x1fu);
}

void test_barriers() {
  // Each warp reads what the next one wrote.
  const std::string exchange =
      ".shared .align 4 .b8 s[1024];\nmov.u32 %r2, s; mad.lo.u32 %r3, %t, 4, %r2; st.shared.u32 [%r3], %t;\nbar.sync "
      "0;\n"
      "xor.b32 %r4, %t, 32; mad.lo.u32 %r3, %r4, 4, %r2; ld.shared.u32 %r1, [%r3];\n";
  Words out;
  clean(kernel(exchange + kStoreR1), out, nullptr, {4, 256});
  for (uint32_t t = 0; t < 256; ++t) CHECK_EQUAL(out[t], t ^ 32);
  // Reductions over the block; the last warp is not whole.
  clean(kernel(std::string("setp.lt.u32 %p1, %t, 40; bar.red.popc.u32 %r1, 0, %p1;\nbar.red.and.pred %p2, 0, %p1;\n"
                           "bar.red.or.pred %p3, 0, %p1; @%p2 add.u32 %r1, %r1, 1000; @%p3 add.u32 %r1, %r1, 2000;") +
               kStoreR1),
        out, nullptr, {1, 72});
  CHECK_EQUAL(out[71], 2040u);
  // A producer that only arrives, a consumer that waits: barrier 1 of 64 threads.
  clean(kernel(std::string(
                   ".shared .align 4 .b8 s[128];\nmov.u32 %r2, s; and.b32 %r3, %t, 31; mad.lo.u32 %r3, %r3, 4, %r2;\n"
                   "setp.ge.u32 %p1, %t, 32; mov.u32 %r1, 5; @%p1 bra $take;\nst.shared.u32 [%r3], %t; bar.arrive 1, "
                   "64; bra $e;\n"
                   "$take: bar.sync 1, 64; ld.shared.u32 %r1, [%r3];\n$e:") +
               kStoreR1),
        out, nullptr, {1, 64});
  CHECK_EQUAL(out[3], 5u);
  CHECK_EQUAL(out[32 + 9], 9u);
  // Threads that returned are not waited for.
  clean(kernel("setp.ge.u32 %p1, %t, 40; @%p1 bra $end;\nbar.sync 0;\nst.global.u32 [%mine], %t;\n$end:"), out, nullptr,
        {1, 64});
  CHECK_EQUAL(out[39], 39u);
}

void test_atomics() {
  Words out;
  clean(kernel("atom.global.add.u32 %r1, [%out], 1; red.global.max.s32 [%out+4], %t; red.global.add.u32 [%out+8], 3;\n"
               "atom.global.cas.b32 %r2, [%out+12], 0, %t; atom.global.inc.u32 %r3, [%out+16], 9; atom.global.exch.b32 "
               "%r4, [%out+20], 77;\n"
               "red.global.add.u64 [%out+24], 4294967297; red.global.or.b32 [%out+32], %t;"),
        out, nullptr, {8, 64});
  CHECK_EQUAL(out[0], 512u);
  CHECK_EQUAL(out[1], 63u);
  CHECK_EQUAL(out[2], 1536u);
  CHECK_EQUAL(out[4], 512u % 10);
  CHECK_EQUAL(out[5], 77u);
  CHECK_EQUAL(out[6], 512u);
  CHECK_EQUAL(out[7], 512u);
  CHECK_EQUAL(out[8], 63u);
}

void test_grid_barrier() {  // of all blocks, by an atomic counter that they watch
  Words out, in;
  const std::string barrier =
      "mov.u32 %r9, %ctaid.x; mad.lo.u32 %r10, %r9, 32, %t; mul.wide.u32 %rd1, %r10, 4; add.u64 %rd2, %out, %rd1; "
      "st.global.u32 [%rd2], %r10;\n"
      "bar.sync 0; setp.ne.u32 %p1, %t, 0; @%p1 bra $waited;\nmembar.gl; atom.global.add.u32 %r1, [%in], 1;\n"
      "$spin: ld.volatile.global.u32 %r2, [%in]; setp.lt.u32 %p2, %r2, 16; @%p2 bra $spin;\nmembar.gl;\n$waited: "
      "bar.sync 0;\n"
      "xor.b32 %r11, %r10, 480; mul.wide.u32 %rd3, %r11, 4; add.u64 %rd3, %rd3, %out; ld.global.u32 %r12, [%rd3];\n"
      "setp.ne.u32 %p3, %r12, %r11; @%p3 trap;";
  clean(kernel(barrier), out, &in, {16, 32, 0, true});
  CHECK_EQUAL(in[0], 16u);
}

void test_copies() {
  Words out, in;
  for (uint32_t i = 0; i < 256; ++i) in.set(i, 1000 + i);
  // 16 bytes for each thread, of which thread 5 takes 4 and zeros.
  clean(kernel(".shared .align 16 .b8 s[512];\nmov.u32 %r2, s; mad.lo.u32 %r3, %t, 16, %r2; mul.wide.u32 %rd1, %t, 16; "
               "add.u64 %rd1, %rd1, %in;\n"
               "setp.eq.u32 %p1, %t, 5; selp.b32 %r4, 4, 16, %p1;\ncp.async.cg.shared.global [%r3], [%rd1], 16, %r4;\n"
               "cp.async.commit_group; cp.async.wait_group 0; bar.sync 0;\nxor.b32 %r5, %t, 1; mad.lo.u32 %r5, %r5, "
               "16, %r2;\n"
               "ld.shared.v4.u32 {%r6, %r7, %r8, %r9}, [%r5]; add.u32 %r1, %r6, %r9;\n" +
               std::string(kStoreR1)),
        out, &in);
  for (uint32_t t = 0; t < 32; ++t) {
    const uint32_t from = 4 * (t ^ 1);
    CHECK_EQUAL(out[t], (t ^ 1) == 5 ? 1000 + from : 2000 + 2 * from + 3);
  }
}

void test_spin_within_warp() {  // lane 0 waits for what lane 1 does: both must go on
  Words out, in;
  clean(kernel("setp.ne.u32 %p1, %t, 0; @%p1 bra $other;\n$spin: ld.volatile.global.u32 %r1, [%in]; setp.eq.u32 %p2, "
               "%r1, 0; @%p2 bra $spin;\n"
               "bra $e;\n$other: mov.u32 %r2, 1; setp.ne.u32 %p3, %t, 1; @%p3 bra $e;\nst.volatile.global.u32 [%in], "
               "%r2;\n$e:"),
        out, &in);
  CHECK_EQUAL(in[0], 1u);
}

void test_counters() {
  Words out, in;
  reset_counters();
  clean(
      kernel("mul.wide.u32 %rd1, %t, 8; add.u64 %rd1, %rd1, %in; ld.global.u32 %r1, [%rd1]; cvt.rn.f32.u32 %f1, %r1;\n"
             "fma.rn.f32 %f2, %f1, %f1, %f1; st.global.f32 [%mine], %f2;"),
      out, &in);
  const Counters c = counters().at(0);
  CHECK_EQUAL(c.launches, uint64_t{1});
  CHECK_EQUAL(c.threads, uint64_t{32});
  CHECK_EQUAL(c.fp32, uint64_t{32});
  CHECK_EQUAL(c.global_read_bytes, uint64_t{128});
  CHECK_EQUAL(c.global_read_sectors, uint64_t{8});
  CHECK_EQUAL(c.global_write_sectors, uint64_t{4});
  CHECK_CONTAINS(counters_table(), "| k | 1 | 32 |");
  reset_counters();
  clean(kernel(".shared .align 4 .b8 s[4096];\nmov.u32 %r2, s; mad.lo.u32 %r3, %t, 128, %r2; st.shared.u32 [%r3], %t;"),
        out);
  CHECK_EQUAL(counters().at(0).shared_requests, uint64_t{1});
  CHECK_EQUAL(counters().at(0).shared_conflicts, uint64_t{31});
}

}  // namespace

int main() {
  test_divergent_loop();
  test_indexed_branch();
  test_recursion();
  test_call_through_pointer();
  test_shuffles();
  test_votes_and_matches();
  test_barriers();
  test_atomics();
  test_grid_barrier();
  test_copies();
  test_spin_within_warp();
  test_counters();
  return result();
}
