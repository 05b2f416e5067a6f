// What is undefined inside one launch, and looks right where lanes run in step and memory is one: each is reported at
// its line, and its clean twin is not.
#include "launcher.h"

using namespace kib::test;

namespace {

constexpr int kLine = 42;
const char* const kHere = "\n.loc 1 42 7\n";
const char* const kElsewhere = "\n.loc 1 50 7\n";

std::string at_line(const std::string& before, const std::string& bug, const std::string& behind = "") {
  return kernel(before + kHere + bug + kElsewhere + behind);
}

// Where either of two accesses may come second.
std::string all_at_line(const std::string& body) { return kernel(kHere + body); }

const char* const kShared =
    ".shared .align 4 .b8 s[512];\nmov.u32 %r2, s; mad.lo.u32 %r3, %t, 4, %r2; xor.b32 %r4, %t, 16; mad.lo.u32 %r5, "
    "%r4, 4, %r2;\n";
const char* const kStoreR1 = "st.global.u32 [%mine], %r1;";

void test_absent_lanes() {
  Words out;
  const auto absent = [&](const std::string& before, const std::string& shuffle, Shape shape = {}) {
    return planted(at_line(before, shuffle, "$wait: bar.warp.sync -1;\n$end:"), Finding::kAbsentLane, kLine,
                   Outcome::kDone, out, nullptr, shape);
  };
  const std::string half_returns = "setp.ge.u32 %p1, %t, 16; @%p1 bra $end;\n";
  const Report returned = absent(half_returns, "shfl.sync.idx.b32 %r1, %t, 20, 31, -1;");
  CHECK_CONTAINS(returned.detail, "reads the register of lane 20, which has returned");
  CHECK_EQUAL(returned.thread.x, 0u);
  CHECK_CONTAINS(absent("", "shfl.sync.bfly.b32 %r1, %t, 16, 31, -1;", {1, 48}).detail,
                 "lane 16, but the warp has no such thread");
  const std::string halves = "setp.ge.u32 %p1, %t, 16; @%p1 bra $wait;\n";
  CHECK_CONTAINS(absent(halves, "shfl.sync.down.b32 %r1, %t, 1, 31, 0xffff;").detail,
                 "lane 16, which is not in the mask 0x0000ffff");
  CHECK_EQUAL(Reports::instance().count(), size_t{1});
  // Beyond the clamp, or in a segment that takes part: the lane's own value, by definition.
  clean(at_line("", "shfl.sync.down.b32 %r1, %t, 8, 31, -1;", kStoreR1), out);
  clean(at_line("", "shfl.sync.up.b32 %r1, %t, 8, 0, -1;", kStoreR1), out);
  clean(at_line(halves, "shfl.sync.down.b32 %r1, %t, 1, 15, 0xffff;", "$wait:"), out);
  clean(at_line(half_returns, "shfl.sync.bfly.b32 %r1, %t, 8, 31, -1;", "$end:"), out);
  clean(at_line(half_returns, "bar.warp.sync -1; vote.sync.ballot.b32 %r1, %p1, -1;", "$end:"), out);
}

void test_parted_lanes() {  // in many warps: the seed chooses which of them stay apart
  Words out;
  const Shape blocks{64, 32};
  const std::string part =
      "setp.lt.u32 %p1, %t, 16; @%p1 bra $low;\nmov.u32 %r1, 5; bra $met;\n$low: mov.u32 %r1, 6;\n$met:\n";
  const std::string sum = "shfl.sync.bfly.b32 %r3, %r1, 16, 31, %r2;";
  planted(at_line(part + "activemask.b32 %r2;", sum), Finding::kAbsentLane, kLine, Outcome::kDone, out, nullptr,
          blocks);
  clean(at_line(part + "bar.warp.sync -1; activemask.b32 %r2;", sum), out, nullptr, blocks);
  clean(at_line(part + "mov.u32 %r2, -1;", sum), out, nullptr, blocks);
  // Those that are together now: any of them may be first.
  clean(at_line(part + "activemask.b32 %r2; brev.b32 %r4, %r2; bfind.shiftamt.u32 %r4, %r4; ",
                "brev.b32 %r5, %r2; clz.b32 %r5, %r5; shfl.sync.idx.b32 %r3, %r1, %r5, 31, %r2;"),
        out, nullptr, blocks);
  // What the others wrote, before all have met.
  const std::string store = kShared + part + "st.shared.u32 [%r3], %r1;";
  planted(all_at_line(store + "ld.shared.u32 %r6, [%r5];"), Finding::kSharedRace, kLine, Outcome::kDone, out, nullptr,
          {1, 32});
  clean(at_line(store + "bar.warp.sync -1;", "ld.shared.u32 %r6, [%r5];"), out, nullptr, blocks);
  // A barrier of the block brings all together.
  clean(at_line(store + "bar.sync 0; activemask.b32 %r2;", "ld.shared.u32 %r6, [%r5];" + sum), out, nullptr, blocks);
}

void test_halves_that_meet() {  // each for itself: what the other half did is not ordered
  Words out;
  const auto exchange = [](const char* distance) {
    return at_line(std::string(kShared) + "xor.b32 %r4, %t, " + distance +
                       "; mad.lo.u32 %r5, %r4, 4, %r2; setp.lt.u32 %p1, %t, 16;\nst.shared.u32 [%r3], %t;\n"
                       "selp.b32 %r7, 0xffff, 0xffff0000, %p1; bar.warp.sync %r7;",
                   "ld.shared.u32 %r6, [%r5];");
  };
  clean(exchange("8"), out);
  planted(exchange("16"), Finding::kSharedRace, kLine, Outcome::kDone, out);
}

void test_volatile_lanes() {  // volatile does not keep lanes in step
  Words out;
  const auto tree = [](const std::string& between) {
    return at_line(std::string(kShared) + "setp.lt.u32 %p1, %t, 16; st.volatile.shared.u32 [%r3], %t;\n" + between,
                   "@%p1 ld.volatile.shared.u32 %r6, [%r3+64];", "@%p1 st.volatile.shared.u32 [%r3], %r6;");
  };
  const Report r = planted(tree(""), Finding::kSharedRace, kLine, Outcome::kDone, out);
  CHECK_CONTAINS(r.detail, "put __syncwarp() between");
  clean(tree("bar.warp.sync -1;"), out);
  planted(tree("membar.cta;"), Finding::kSharedRace, kLine, Outcome::kDone, out);
  // A lane that waits for what another says.
  clean(at_line(
            std::string(kShared) + "mov.u32 %r7, 0; setp.eq.u32 %p2, %t, 0; @%p2 st.volatile.shared.u32 [%r2], %r7;\n"
                                   "bar.warp.sync -1; setp.eq.u32 %p1, %t, 3; @%p1 bra $say;\n$spin:",
            "ld.volatile.shared.u32 %r6, [%r2];",
            "setp.eq.u32 %p3, %r6, 0; @%p3 bra $spin;\nbra $end;\n$say: mov.u32 %r7, 1; st.volatile.shared.u32 [%r2], "
            "%r7;\n$end:"),
        out);
}

void test_non_coherent_reads() {
  Words out, in;
  const std::string other = "xor.b32 %r4, %t, 1; mul.wide.u32 %rd1, %r4, 4; add.u64 %rd2, %out, %rd1;\n";
  const std::string before = other + "st.global.u32 [%mine], %t; bar.sync 0;";
  const Report r =
      planted(at_line(before, "ld.global.nc.u32 %r1, [%rd2];"), Finding::kNonCoherent, kLine, Outcome::kDone, out);
  CHECK_CONTAINS(r.detail, "that the same launch wrote");
  clean(at_line(before, "ld.global.u32 %r1, [%rd2];"), out);
  const std::string behind = "st.global.u32 [%mine], %r1;";
  CHECK_CONTAINS(planted(at_line(other + "ld.global.nc.u32 %r1, [%rd2]; bar.sync 0;", behind), Finding::kNonCoherent,
                         kLine, Outcome::kDone, out)
                     .detail,
                 "must stay as they are until it ends");
  // Those of one lane, of neighbours, and by an atomic.
  planted(at_line("setp.eq.u32 %p1, %t, 9; @%p1 ld.global.nc.u32 %r1, [%mine+4]; bar.sync 0;",
                  "@%p1 st.global.u32 [%mine+4], %t;"),
          Finding::kNonCoherent, kLine, Outcome::kDone, out);
  planted(at_line("ld.global.nc.v4.u32 {%r1, %r2, %r3, %r4}, [%out]; bar.sync 0;", "red.global.add.u32 [%out+12], 1;"),
          Finding::kNonCoherent, kLine, Outcome::kDone, out);
  // Bytes that this launch does not write; another one may.
  const std::string apart = "mul.wide.u32 %rd1, %t, 4; add.u64 %rd2, %in, %rd1;\n";
  clean(at_line(apart, "ld.global.nc.u32 %r1, [%rd2];", behind), out, &in);
  clean(at_line("", "st.global.u32 [%mine], %t;"), in);
  clean(at_line(apart, "ld.global.nc.u32 %r1, [%rd2];", behind), out, &in);
}

void test_scopes() {
  Words out(4096), in;
  const Shape blocks{8, 32};
  const std::string own =
      "mov.u32 %r9, %ctaid.x; mad.lo.u32 %r10, %r9, 32, %t; mul.wide.u32 %rd1, %r10, 4; add.u64 %rd2, %out, %rd1;\n";
  // The last block to finish adds up what the others left.
  const auto last_block = [&](const std::string& fence) {
    in.fill(0);
    return at_line(own +
                       ".shared .align 4 .b8 last[4]; mov.u32 %r20, last;\nst.global.u32 [%rd2], %t; bar.sync 0;\n"
                       "setp.ne.u32 %p1, %t, 0; @%p1 bra $shared;\n" +
                       fence +
                       "atom.global.add.u32 %r1, [%in], 1; st.shared.u32 [%r20], %r1;\n$shared: bar.sync 0;\n"
                       "ld.shared.u32 %r2, [%r20]; setp.ne.u32 %p2, %r2, 7; @%p2 bra $end;\nmov.u32 %r3, 0;\n"
                       "$sum: mad.lo.u32 %r4, %r3, 32, %t; mul.wide.u32 %rd3, %r4, 4; add.u64 %rd3, %rd3, %out;\n",
                   "ld.global.u32 %r5, [%rd3];", "add.u32 %r3, %r3, 1; setp.lt.u32 %p3, %r3, 8; @%p3 bra $sum;\n$end:");
  };
  clean(last_block("fence.acq_rel.gpu;\n"), out, &in, blocks);
  for (const char* narrow : {"membar.cta;\n", "fence.sc.cta;\n", "fence.acq_rel.cta;\n"}) {
    CHECK_CONTAINS(planted(last_block(narrow), Finding::kGlobalRace, kLine, Outcome::kDone, out, &in, blocks).detail,
                   "use __threadfence()");
  }
  // An atomic of block scope on what other blocks access atomically, whichever of them comes first.
  const auto atomic = [&](const std::string& what) { return at_line(own, what); };
  CHECK_CONTAINS(planted(atomic("red.relaxed.cta.global.add.u32 [%out], 1;"), Finding::kScope, kLine, Outcome::kDone,
                         out, nullptr, blocks)
                     .detail,
                 "atomicAdd_block()");
  planted(atomic("setp.eq.u32 %p1, %r9, 3; @%p1 atom.global.cta.add.u32 %r1, [%out], 1; @!%p1 atom.global.add.u32 %r1, "
                 "[%out], 1;"),
          Finding::kScope, kLine, Outcome::kDone, out, nullptr, blocks);
  clean(atomic("atom.global.cta.add.u32 %r1, [%out], 1;"), out, nullptr, {1, 64});
  clean(atomic("atom.global.cta.add.u32 %r1, [%rd2], 1;"), out, nullptr, blocks);
  clean(atomic("atom.global.add.u32 %r1, [%out], 1;"), out, nullptr, blocks);
  // A flag that one block sets and another waits for.
  const auto flag = [&](const std::string& store, const std::string& load) {
    in.fill(0);
    return all_at_line(
        "mov.u32 %r9, %ctaid.x; setp.ne.u32 %p1, %t, 0; @%p1 bra $end;\nmov.u32 %r8, 1; setp.eq.u32 %p2, "
        "%r9, 0; @%p2 bra $say;\n$spin:\n" +
        load +
        " setp.eq.u32 %p3, %r6, 0; @%p3 bra $spin;\nld.global.u32 %r7, [%out];\nbra $end;\n$say: "
        "st.global.u32 [%out], %r8;\n" +
        store + "\n$end:");
  };
  const Shape two{2, 32, 0, true};
  const std::string wide = "st.release.gpu.global.u32 [%in], %r8;", narrow = "st.release.cta.global.u32 [%in], %r8;",
                    waits = "ld.acquire.gpu.global.u32 %r6, [%in];";
  clean(flag(wide, waits), out, &in, two);
  planted(flag(narrow, waits), Finding::kScope, kLine, Outcome::kDone, out, &in, two);
  planted(flag(wide, "ld.acquire.cta.global.u32 %r6, [%in];"), Finding::kScope, kLine, Outcome::kDone, out, &in, two);
  planted(flag("membar.cta; st.volatile.global.u32 [%in], %r8;", waits), Finding::kGlobalRace, kLine, Outcome::kDone,
          out, &in, two);
  // Within one block that scope is enough.
  in.fill(0);
  clean(kernel("setp.ge.u32 %p2, %t, 32; mov.u32 %r8, 1; and.b32 %r9, %t, 31; setp.ne.u32 %p1, %r9, 0; @%p1 bra $end;\n"
               "@%p2 bra $say;\n$spin: ld.acquire.cta.global.u32 %r6, [%in]; setp.eq.u32 %p3, %r6, 0; @%p3 bra $spin;\n"
               "ld.global.u32 %r7, [%out]; bra $end;\n$say: st.global.u32 [%out], %r8; membar.cta; "
               "st.relaxed.cta.global.u32 [%in], %r8;\n$end:"),
        out, &in, {1, 64});
}

void test_mixed_accesses() {
  Words out;
  const Shape blocks{8, 32};
  // The first read of a compare-and-swap loop may be old: the swap finds out.
  const auto greatest = [](const char* load) {
    return all_at_line(std::string(load) +
                       " %r1, [%out];\n$again: max.u32 %r2, %r1, %t; mov.u32 %r4, %r1;\n"
                       "atom.global.cas.b32 %r1, [%out], %r4, %r2; setp.ne.u32 %p1, %r1, %r4; @%p1 "
                       "bra $again;");
  };
  const Report r = planted(greatest("ld.global.u32"), Finding::kMixed, kLine, Outcome::kDone, out, nullptr, blocks);
  CHECK_CONTAINS(r.detail, "volatile or a relaxed atomic");
  for (const Report& other : Reports::instance().all()) CHECK(other.finding == Finding::kMixed);
  out.fill(0);
  clean(greatest("ld.volatile.global.u32"), out, nullptr, blocks);
  CHECK_EQUAL(out[0], 31u);
  // A flag: all write the same value, none, or atomically while others look at it.
  clean(at_line("mov.u32 %r1, 1;", "st.global.u32 [%out], %r1;"), out, nullptr, blocks);
  out.fill(0);
  planted(all_at_line("ld.global.u32 %r1, [%out]; setp.ne.u32 %p1, %r1, 0; @!%p1 atom.global.exch.b32 %r2, [%out], 1;"),
          Finding::kMixed, kLine, Outcome::kDone, out, nullptr, blocks);
  // A count that is read before all have added to it.
  const auto count = [](const std::string& between) {
    return all_at_line(std::string(kShared) +
                       "setp.eq.u32 %p1, %t, 0; mov.u32 %r7, 0; @%p1 st.shared.u32 [%r2], %r7; bar.sync 0;\n"
                       "red.shared.add.u32 [%r2], 1; " +
                       between + " ld.shared.u32 %r1, [%r2];");
  };
  planted(count(""), Finding::kMixed, kLine, Outcome::kDone, out, nullptr, {1, 64});
  clean(count("bar.sync 0;"), out, nullptr, {1, 64});
  // Updates that may be lost are races.
  planted(all_at_line("red.global.add.u32 [%out], 1; st.global.u32 [%out], %t;"), Finding::kGlobalRace, kLine,
          Outcome::kDone, out, nullptr, blocks);
}

void test_unused_elements() {  // rows padded to vectors
  Words out, in(64, false);
  clean(kernel("and.b32 %r1, %t, 3; setp.ne.u32 %p1, %r1, 3; @%p1 st.global.u32 [%mine], %t;"), in, nullptr, {1, 64});
  const std::string load = "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%in+16];", sum = "add.u32 %r5, %r1, %r3;";
  clean(at_line("", load, sum), out, &in);
  planted(at_line("", load, "add.u32 %r5, %r1, %r4;"), Finding::kUninitialised, kLine, Outcome::kDone, out, &in);
  planted(at_line("", load, "st.global.u32 [%mine], %r4;"), Finding::kUninitialised, kLine, Outcome::kDone, out, &in);
  planted(at_line("", load, "add.u64 %rd1, %in, 12; cvt.u64.u32 %rd2, %r4;"), Finding::kUninitialised, kLine,
          Outcome::kDone, out, &in);
  const std::string row = "mul.wide.u32 %rd1, %t, 16; and.b64 %rd1, %rd1, 255; add.u64 %rd1, %rd1, %in;\n";
  clean(at_line(row, "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1];", sum), out, &in);
  const std::string shared =
      ".shared .align 16 .b8 s[512];\nmov.u32 %r2, s; mad.lo.u32 %r3, %t, 16, %r2; st.shared.u32 [%r3], %t;\n";
  clean(at_line(shared, "ld.shared.v4.u32 {%r5, %r6, %r7, %r8}, [%r3];", "add.u32 %r5, %r5, 1;"), out);
  planted(at_line(shared, "ld.shared.v4.u32 {%r5, %r6, %r7, %r8}, [%r3];", "add.u32 %r5, %r6, 1;"),
          Finding::kUninitialised, kLine, Outcome::kDone, out);
  // Copied whole into a variable, as code that is not optimized does, and computed with in part.
  const std::string variable = ".local .align 16 .b8 l[16]; mov.u64 %rd2, l; cvta.local.u64 %rd3, %rd2;\n" + row,
                    copy = "ld.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1]; st.v4.u32 [%rd3], {%r1, %r2, %r3, %r4};";
  clean(at_line(variable, copy, "ld.u32 %r5, [%rd3+8]; add.u32 %r6, %r5, 1;"), out, &in);
  planted(at_line(variable + copy, "ld.u32 %r5, [%rd3+12];", "add.u32 %r6, %r5, 1;"), Finding::kUninitialised, kLine,
          Outcome::kDone, out, &in);
  clean(at_line(variable + "add.u64 %rd1, %in, 16;\n", copy, "ld.local.u32 %r5, [%rd2+8]; add.u32 %r6, %r5, 1;"), out,
        &in);
  planted(at_line(variable + "add.u64 %rd1, %in, 16;\n" + copy, "ld.u32 %r5, [%rd3+12];", "add.u32 %r6, %r5, 1;"),
          Finding::kUninitialised, kLine, Outcome::kDone, out, &in);
  // Copied into memory that others see: a read.
  const std::string to_global = "mul.wide.u32 %rd4, %t, 16; add.u64 %rd4, %rd4, %out;\n" + row;
  CHECK_CONTAINS(planted(at_line(to_global,
                                 "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1]; st.v4.u32 [%rd4], {%r1, "
                                 "%r2, %r3, %r4};"),
                         Finding::kUninitialised, kLine, Outcome::kDone, out, &in)
                     .detail,
                 "copies 16 bytes into global memory that were never written");
  clean(at_line(to_global, "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1]; st.v2.u32 [%rd4], {%r1, %r2};"), out, &in);
}

}  // namespace

int main() {
  test_absent_lanes();
  test_parted_lanes();
  test_halves_that_meet();
  test_volatile_lanes();
  test_non_coherent_reads();
  test_scopes();
  test_mixed_accesses();
  test_unused_elements();
  return result();
}
