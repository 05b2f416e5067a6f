// Launches that never end are reported; those that only take long are not.
#include <cstdlib>

#include "launcher.h"

using namespace kib::test;

namespace {

constexpr int kLine = 42;
const char* const kPatience = "100000";

std::string waiting(const std::string& before, const std::string& loop, const std::string& behind = "") {
  return kernel(before + "\n.loc 1 42 7\n$wait:\n" + loop + "\n@%p1 bra $wait;\n.loc 1 50 7\n" + behind);
}

const std::string kUntilSet = "ld.volatile.global.u32 %r1, [%in]; setp.eq.u32 %p1, %r1, 0;";

Report endless(const std::string& ptx, const Words& out, const Words* in = nullptr, Shape shape = {}) {
  return planted(ptx, Finding::kNoProgress, kLine, Outcome::kNoProgress, out, in, shape);
}

void test_flag_that_nobody_sets() {
  Words out, flag(1);
  const Report r = endless(waiting("", kUntilSet), out, &flag, {3, 64});
  CHECK(r.has_thread);
  CHECK_CONTAINS(r.detail,
                 "warp instructions ran while no thread ended and nothing in shared or global memory changed; threads "
                 "of the block: ");
  CHECK_CONTAINS(r.detail, " running at planted.cu:42");
  CHECK_CONTAINS(r.detail, "set KIB_EMULATOR_PATIENCE above 100000");
  CHECK_EQUAL(Reports::instance().count(), size_t{1});
  flag.set(0, 1);
  clean(waiting("", kUntilSet), out, &flag, {3, 64});
}

void test_others_that_wait() {
  Words out, flag(1);
  const Report r =
      endless(waiting("setp.lt.u32 %p2, %t, 32; .loc 1 50 7\n@%p2 bra $end;", kUntilSet, "$end: bar.sync 0;"), out,
              &flag, {1, 64});
  CHECK_CONTAINS(r.detail, "32 running at planted.cu:42, 32 waiting at planted.cu:50 in barrier 0;");
  CHECK_EQUAL(r.thread.x, 32u);
}

void test_locks() {  // that a thread of the same warp holds, or nobody gives back
  Words out, lock(1);
  const std::string take = "atom.global.cas.b32 %r1, [%in], 0, 1; setp.ne.u32 %p1, %r1, 0;";
  const std::string exchange = "atom.global.exch.b32 %r1, [%in], 1; setp.ne.u32 %p1, %r1, 0;";
  clean(waiting("", take, "st.global.u32 [%mine], %t;\nmembar.gl; atom.global.exch.b32 %r2, [%in], 0;"), out, &lock);
  for (const std::string& loop : {take, exchange}) {
    lock.set(0, 0);
    endless(waiting("", loop), out, &lock);
  }
}

void test_flag_of_the_block() {  // set by its other warp, late
  Words out, flag(1);
  const std::string late =
      "setp.ge.u32 %p2, %t, 32; @%p2 bra $ready;\nmov.u32 %r2, 0;\n$count: add.u32 %r2, %r2, 1; setp.lt.u32 %p2, %r2, "
      "9000; @%p2 bra $count;\nst.volatile.global.u32 [%in], 1;\n$ready:";
  clean(waiting(late, kUntilSet), out, &flag, {1, 64});
}

void test_other_blocks() {  // each waits for the other; where one of them has no room, the report says so
  Words out, flags(2);
  const std::string mine =
      "mov.u32 %r3, %ctaid.x; mul.wide.u32 %rd1, %r3, 4; add.u64 %rd1, %in, %rd1; xor.b32 %r4, %r3, 1;\nmul.wide.u32 "
      "%rd2, %r4, 4; add.u64 %rd2, %in, %rd2; st.volatile.global.u32 [%rd1], 1;\n";
  const std::string ptx = waiting(mine, "ld.volatile.global.u32 %r1, [%rd2]; setp.eq.u32 %p1, %r1, 0;");
  clean(ptx, out, &flags, {2, 32, 0, true});
  flags.fill(0);
  clean(ptx, out, &flags, {2, 32});
  flags.fill(0);
  Shape one_resident{2, 32};
  one_resident.resident = 1;
  const Report r = endless(ptx, out, &flags, one_resident);
  CHECK_CONTAINS(r.detail,
                 "1 of 2 blocks have not started, as those that run fill the device; the order in which blocks");
  CHECK_CONTAINS(r.detail, "took a lower ticket from an atomic counter, or set KIB_EMULATOR_BLOCKS to ascending");
}

std::string counted(const std::string& times, const std::string& body) {
  return waiting("mov.u32 %r2, 0;", body + "\nadd.u32 %r2, %r2, 1; setp.lt.u32 %p1, %r2, " + times + ";");
}

void test_long_kernels() {
  Words out;
  clean(counted("30000", ""), out);
  endless(counted("40000", ""), out);  // three instructions each
  // Memory that changes is progress, for 50 times as long in all; rewriting what is there, or local memory, is none.
  clean(counted("200000", "st.global.u32 [%mine], %r2;"), out);
  clean(counted("200000", "red.global.add.u32 [%out], 1;"), out);
  endless(counted("40000", "st.global.u32 [%mine], 7;"), out);
  endless(counted("40000", ".local .align 4 .b8 l[4]; mov.u64 %rd2, l; st.local.u32 [%rd2], %r2;"), out);
  const Report r = endless(counted("4000000", "red.global.add.u32 [%out], 1;"), out);
  CHECK_CONTAINS(r.detail, " warp instructions ran; threads of the block: 32 running at planted.cu:42;");
}

}  // namespace

int main() {
  ::setenv("KIB_EMULATOR_PATIENCE", kPatience, 1);
  ::setenv("KIB_EMULATOR_THREADS", "1", 1);
  test_flag_that_nobody_sets();
  test_others_that_wait();
  test_locks();
  test_flag_of_the_block();
  test_other_blocks();
  test_long_kernels();
  return result();
}
