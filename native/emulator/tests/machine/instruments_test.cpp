// Each instrument: a kernel with a planted bug is reported at its line, block and thread; its clean twin is not.
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
std::string all_at_line(const std::string& before, const std::string& bug) { return kernel(kHere + before + bug); }

void test_global_bounds() {
  Words out(64);
  const auto store = [](const char* offset) {
    return at_line("", std::string("st.global.u32 [%mine+") + offset + "], %t;");
  };
  clean(store("128"), out);
  const Report r = planted(store("132"), Finding::kOutOfBounds, kLine, Outcome::kIllegalAddress, out);
  CHECK_EQUAL(r.thread.x, 31u);
  CHECK_EQUAL(r.address, out.address() + 256);
  CHECK_CONTAINS(r.detail, "'words' (256 bytes)");
  planted(at_line("", "ld.global.u32 %r1, [%out+-4];"), Finding::kOutOfBounds, kLine, Outcome::kIllegalAddress, out);
  planted(at_line("mov.u64 %rd1, 0;", "ld.u32 %r1, [%rd1];"), Finding::kOutOfBounds, kLine, Outcome::kIllegalAddress,
          out);
  planted(at_line("", "red.global.add.u32 [%out+256], 1;"), Finding::kOutOfBounds, kLine, Outcome::kIllegalAddress,
          out);
}

void test_use_after_free() {
  Words out;
  uint64_t gone;
  {
    Words freed;
    gone = freed.address();
  }
  planted(at_line("mov.u64 %rd1, " + std::to_string(gone) + ";", "ld.global.u32 %r1, [%rd1+8];"),
          Finding::kUseAfterFree, kLine, Outcome::kIllegalAddress, out);
}

void test_shared_and_local_bounds() {
  Words out;
  const std::string variables =
      ".shared .align 4 .b8 s[128]; .local .align 4 .b8 l[16];\nmov.u32 %r2, s; mad.lo.u32 %r3, %t, 4, %r2; mov.u64 "
      "%rd2, l;\n";
  clean(at_line(variables, "st.shared.u32 [%r3], %t;"), out);
  const Report r = planted(at_line(variables, "st.shared.u32 [%r3+8], %t;"), Finding::kOutOfBounds, kLine,
                           Outcome::kIllegalAddress, out);
  CHECK_EQUAL(r.thread.x, 30u);
  CHECK_CONTAINS(r.detail, "128 bytes of static and 0 bytes of dynamic shared memory");
  clean(at_line(variables, "st.local.u32 [%rd2+12], %t;"), out);
  planted(at_line(variables, "st.local.u32 [%rd2+16], %t;"), Finding::kOutOfBounds, kLine, Outcome::kIllegalAddress,
          out);
  const auto with_dynamic = [&](uint32_t bytes) { return Shape{1, 32, bytes}; };
  const std::string ptx =
      header() + ".extern .shared .align 16 .b8 d[];\n" +
      at_line("mov.u32 %r2, d; mad.lo.u32 %r3, %t, 4, %r2;\n", "st.shared.u32 [%r3], %t;").substr(header().size());
  clean(ptx, out, nullptr, with_dynamic(128));
  const Report s = planted(ptx, Finding::kOutOfBounds, kLine, Outcome::kIllegalAddress, out, nullptr, with_dynamic(64));
  CHECK_EQUAL(s.thread.x, 16u);
}

void test_misaligned() {
  Words out;
  clean(at_line("", "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%out+16];"), out);
  planted(at_line("", "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%out+8];"), Finding::kMisaligned, kLine,
          Outcome::kMisaligned, out);
  planted(at_line("", "st.global.u32 [%mine+2], %t;"), Finding::kMisaligned, kLine, Outcome::kMisaligned, out);
}

void test_uninitialised() {
  Words out, in(64, false);
  const std::string global = at_line("", "ld.global.u32 %r1, [%in+20];", "st.global.u32 [%mine], %r1;");
  const Report r = planted(global, Finding::kUninitialised, kLine, Outcome::kDone, out, &in);
  CHECK_EQUAL(r.thread.x, 0u);
  in.set(5, 3);
  Words written(64);
  clean(global, out, &written);
  const std::string variables = ".shared .align 4 .b8 s[128];\nmov.u32 %r2, s; mad.lo.u32 %r3, %t, 4, %r2;\n";
  planted(at_line(variables, "ld.shared.u32 %r1, [%r3];", "st.global.u32 [%mine], %r1;"), Finding::kUninitialised,
          kLine, Outcome::kDone, out);
  clean(at_line(variables + "st.shared.u32 [%r3], %t;", "ld.shared.u32 %r1, [%r3];"), out);
}

void test_uninitialised_local() {
  Words out;
  const std::string variables = ".local .align 8 .b8 l[16]; mov.u64 %rd2, l;\n", load = "ld.local.u32 %r1, [%rd2+4];",
                    add = "add.u32 %r1, %r1, %t; st.global.u32 [%mine], %r1;";
  const Report r = planted(at_line(variables, load, add), Finding::kUninitialised, kLine, Outcome::kDone, out);
  CHECK_CONTAINS(r.detail, "reads 4 bytes of local memory that were never written");
  clean(at_line(variables + "st.local.u32 [%rd2+4], %t;", load, add), out);
  planted(at_line(variables + "st.local.u32 [%rd2], %t;", load, add), Finding::kUninitialised, kLine, Outcome::kDone,
          out);
  planted(at_line(variables + "cvta.local.u64 %rd2, %rd2;", "ld.u32 %r1, [%rd2+4];", add), Finding::kUninitialised,
          kLine, Outcome::kDone, out);
  // What one block wrote the next one has not.
  planted(at_line(variables + "mov.u32 %r3, %ctaid.x; setp.eq.u32 %p1, %r3, 0; @%p1 st.local.u32 [%rd2+4], %t;", load,
                  "add.u32 %r1, %r1, %t;"),
          Finding::kUninitialised, kLine, Outcome::kDone, out, nullptr, {8, 32});
  // Copies of structures: padding, members that were never set.
  clean(at_line(variables, load, "st.global.u32 [%mine], %r1;"), out);
  clean(at_line(variables + "st.local.u8 [%rd2+5], %t;", load, add), out);
  const std::string pair = "ld.local.v2.u32 {%r1, %r2}, [%rd2];", first = variables + "st.local.u32 [%rd2], %t;";
  clean(at_line(first, pair, add), out);
  planted(at_line(first, pair, "add.u32 %r2, %r2, %r1;"), Finding::kUninitialised, kLine, Outcome::kDone, out);
}

void test_late_copies() {  // cp.async has not arrived before its wait
  Words out, in;
  const std::string copy =
      ".shared .align 16 .b8 s[512];\nmov.u32 %r2, s; mad.lo.u32 %r3, %t, 16, %r2; mul.wide.u32 %rd1, %t, 16;\n"
      "add.u64 %rd1, %rd1, %in; cp.async.ca.shared.global [%r3], [%rd1], 16; cp.async.commit_group;\n";
  planted(at_line(copy + "cp.async.wait_group 1;", "ld.shared.u32 %r1, [%r3];", "st.global.u32 [%mine], %r1;"),
          Finding::kUninitialised, kLine, Outcome::kDone, out, &in);
  clean(at_line(copy + "cp.async.wait_group 0;", "ld.shared.u32 %r1, [%r3];"), out, &in);
  clean(at_line(copy + "cp.async.wait_all;", "ld.shared.u32 %r1, [%r3];"), out, &in);
}

void test_shared_races() {
  Words out;
  const auto exchange = [](const std::string& between, const char* partner) {
    return all_at_line(
        ".shared .align 4 .b8 s[256];\nmov.u32 %r2, s; mad.lo.u32 %r3, %t, 4, %r2; st.shared.u32 [%r3], %t;\n" +
            between + "\nxor.b32 %r4, %t, " + partner + "; mad.lo.u32 %r5, %r4, 4, %r2;",
        "ld.shared.u32 %r1, [%r5];");
  };
  const Shape two_warps{1, 64};
  clean(exchange("bar.sync 0;", "32"), out, nullptr, two_warps);
  clean(exchange("bar.sync 0;", "1"), out, nullptr, two_warps);
  clean(exchange("bar.warp.sync -1;", "1"), out, nullptr, two_warps);
  clean(exchange("", "0"), out, nullptr, two_warps);
  planted(exchange("", "1"), Finding::kSharedRace, kLine, Outcome::kDone, out);
  planted(exchange("bar.warp.sync -1;", "32"), Finding::kSharedRace, kLine, Outcome::kDone, out, nullptr, two_warps);
  // Overwritten while another warp may still read.
  const auto overwrite = [](const std::string& between) {
    return all_at_line(
        ".shared .align 4 .b8 s[256];\nmov.u32 %r2, s; mad.lo.u32 %r3, %t, 4, %r2; st.shared.u32 [%r3], %t; bar.sync "
        "0;\n"
        "xor.b32 %r4, %t, 32; mad.lo.u32 %r5, %r4, 4, %r2; ld.shared.u32 %r1, [%r5];\n" +
            between,
        "st.shared.u32 [%r3], %r1;");
  };
  clean(overwrite("bar.sync 0;"), out, nullptr, two_warps);
  planted(overwrite(""), Finding::kSharedRace, kLine, Outcome::kDone, out, nullptr, two_warps);
  // Two lanes write one word: different values race, the same value and atomics do not.
  const auto same_word = [](const std::string& store) {
    return all_at_line(".shared .align 4 .b8 s[4];\nmov.u32 %r2, s; mov.u32 %r1, 1;", store);
  };
  planted(same_word("st.shared.u32 [%r2], %t;"), Finding::kSharedRace, kLine, Outcome::kDone, out);
  clean(same_word("st.shared.u32 [%r2], %r1;"), out);
  const std::string zeroed =
      ".shared .align 4 .b8 s[4];\nmov.u32 %r2, s; setp.ne.u32 %p1, %t, 0; mov.u32 %r1, 0; @%p1 bra $z;\n"
      "st.shared.u32 [%r2], %r1;\n$z: bar.sync 0;\n";
  clean(all_at_line(zeroed, "red.shared.add.u32 [%r2], 1;"), out, nullptr, two_warps);
}

void test_global_races() {
  Words out(4096);
  const Shape blocks{8, 32};
  planted(at_line("mov.u32 %r1, %ctaid.x;", "st.global.u32 [%mine], %r1;"), Finding::kGlobalRace, kLine, Outcome::kDone,
          out, nullptr, blocks);
  const std::string own =
      "mov.u32 %r9, %ctaid.x; mad.lo.u32 %r10, %r9, 32, %t; mul.wide.u32 %rd1, %r10, 4; add.u64 %rd2, %out, %rd1;\n";
  clean(at_line(own, "st.global.u32 [%rd2], %r1;"), out, nullptr, blocks);
  // The last block to finish adds up what the others left.
  const auto last_block = [&](const std::string& fence) {
    return at_line(own +
                       ".shared .align 4 .b8 last[4]; mov.u32 %r20, last;\nst.global.u32 [%rd2], %t; bar.sync 0;\n"
                       "setp.ne.u32 %p1, %t, 0; @%p1 bra $shared;\n" +
                       fence +
                       "atom.global.add.u32 %r1, [%in], 1; st.shared.u32 [%r20], %r1;\n$shared: bar.sync 0;\n"
                       "ld.shared.u32 %r2, [%r20]; setp.ne.u32 %p2, %r2, 7; @%p2 bra $end;\nmov.u32 %r3, 0;\n"
                       "$sum: mad.lo.u32 %r4, %r3, 32, %t; mul.wide.u32 %rd3, %r4, 4; add.u64 %rd3, %rd3, %out;\n",
                   "ld.global.u32 %r5, [%rd3];", "add.u32 %r3, %r3, 1; setp.lt.u32 %p3, %r3, 8; @%p3 bra $sum;\n$end:");
  };
  Words counter;
  clean(last_block("membar.gl;\n"), out, &counter, blocks);
  counter.fill(0);
  planted(last_block(""), Finding::kGlobalRace, kLine, Outcome::kDone, out, &counter, blocks);
  // Half-words of neighbours are no race.
  clean(at_line("mul.wide.u32 %rd1, %t, 2; add.u64 %rd2, %out, %rd1;", "st.global.u16 [%rd2], %t;"), out, nullptr,
        {1, 64});
}

void test_float_atomics() {
  Words out;
  for (const char* sum :
       {"red.global.add.f32 [%out], 0f3F000000;", "atom.global.add.f64 %rd1, [%out], 0d3FE0000000000000;",
        "red.global.add.noftz.f16x2 [%out], %r1;", "red.add.f32 [%out], 0f3F000000;"}) {
    const Report r = planted(at_line("mov.u32 %r1, 0;", sum), Finding::kFloatAtomic, kLine, Outcome::kDone, out);
    CHECK_CONTAINS(r.detail, "fixed order");
    CHECK_EQUAL(Reports::instance().count(), size_t{1});
  }
  // The greatest of some numbers is the same in any order.
  clean(at_line("mov.u32 %r1, 0;", "red.global.max.noftz.f16x2 [%out], %r1; red.global.add.u32 [%out], 1;"), out);
}

void test_divergent_barriers() {
  Words out;
  const std::string odd = "and.b32 %r2, %t, 1; setp.ne.u32 %p1, %r2, 0;\n";
  // Half of the warp skips the barrier, works on and ends.
  planted(at_line(odd + "@%p1 bra $skip;", "bar.sync 0;", "$skip: st.global.u32 [%mine], %t;"),
          Finding::kDivergentBarrier, kLine, Outcome::kDone, out);
  // A whole warp skips it.
  planted(at_line("setp.lt.u32 %p1, %t, 32; @%p1 bra $skip;", "bar.sync 0;", "$skip: st.global.u32 [%mine], %t;"),
          Finding::kDivergentBarrier, kLine, Outcome::kDone, out, nullptr, {1, 64});
  // Different barriers: none completes.
  planted(at_line("setp.ge.u32 %p1, %t, 32; @%p1 bra $other;", "bar.sync 1;", "bra $e;\n$other: bar.sync 2;\n$e:"),
          Finding::kDivergentBarrier, kLine, Outcome::kBarrier, out, nullptr, {1, 64});
  // Two halves of a warp at two barriers of one number.
  planted(at_line(odd + "@%p1 bra $other;\nbar.sync 0; bra $e;\n$other:", "bar.sync 0;", "$e:"),
          Finding::kDivergentBarrier, kLine, Outcome::kDone, out);
  // A shuffle that half of its mask never reaches.
  planted(
      at_line(odd + "@%p1 bra $other;", "shfl.sync.idx.b32 %r1, %t, 0, 31, -1;", "bra $e;\n$other: bar.sync 0;\n$e:"),
      Finding::kDivergentBarrier, kLine, Outcome::kBarrier, out);
  // A thread that is not in its own mask.
  planted(at_line("", "shfl.sync.idx.b32 %r1, %t, 0, 31, 0xffff;"), Finding::kDivergentBarrier, kLine,
          Outcome::kBarrier, out);
  clean(at_line(odd + "@%p1 bra $same;\nadd.u32 %r2, %r2, 1;\n$same:", "bar.sync 0;", "st.global.u32 [%mine], %t;"),
        out);
}

void test_trap() {
  Words out;
  const Report r =
      planted(at_line("setp.ne.u32 %p1, %t, 7;", "@!%p1 trap;"), Finding::kTrap, kLine, Outcome::kTrap, out);
  CHECK_EQUAL(r.thread.x, 7u);
}

void test_inlined_lines() {  // what is inlined from the toolkit's headers is reported where it is called
  Words out(8);
  const std::string ptx =
      kernel("\n.loc 1 42 7\n.loc 2 90 3, function_name $x, inlined_at 1 42 7\nst.global.u32 [%out+32], %t;") +
      "\n.file 2 \"/usr/local/cuda/include/sm_30_intrinsics.hpp\"\n";
  planted(ptx, Finding::kOutOfBounds, kLine, Outcome::kIllegalAddress, out);
}

}  // namespace

int main() {
  test_global_bounds();
  test_use_after_free();
  test_shared_and_local_bounds();
  test_misaligned();
  test_uninitialised();
  test_uninitialised_local();
  test_late_copies();
  test_shared_races();
  test_global_races();
  test_float_atomics();
  test_divergent_barriers();
  test_trap();
  test_inlined_lines();
  return result();
}
