// mbarriers, and the copies in bulk that they complete.
#include <cstdlib>

#include "launcher.h"

using namespace kib::test;

namespace {

constexpr int kLine = 42;

// A barrier for `count` arrivals at `bar`, 1024 bytes at `tile`; %bar and %tile hold their addresses.
std::string with_barrier(const std::string& body, const std::string& count = "1") {
  return kernel(
      ".shared .align 8 .b8 bar[8]; .shared .align 128 .b8 tile[1024]; .reg .b32 %bar, %tile, %at; .reg .b64 "
      "%state;\nmov.u32 %bar, bar; mov.u32 %tile, tile; shl.b32 %at, %t, 2; add.u32 %at, %at, %tile;\n"
      "setp.ne.u32 %p1, %t, 0; @%p1 bra $ready;\nmbarrier.init.shared::cta.b64 [%bar], " +
      count + "; fence.proxy.async.shared::cta;\n$ready: bar.sync 0;\nsetp.eq.u32 %p1, %t, 0;\n" + body);
}

const std::string kLoad =
    "@%p1 mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 _, [%bar], 256;\n@%p1 cp.async.bulk.shared::cluster."
    "global.mbarrier::complete_tx::bytes [%tile], [%in], 256, [%bar];\n";
const std::string kWait = "$wait: mbarrier.try_wait.parity.shared::cta.b64 %p2, [%bar], 0; @!%p2 bra $wait;\n";
const std::string kUse = ".loc 1 42 7\nld.shared.u32 %r1, [%at]; st.global.u32 [%mine], %r1;";

void fill(Words* in) {
  for (uint32_t i = 0; i < 64; ++i) in->set(i, 100 + i);
}

void test_load() {
  Words out, in(64);
  fill(&in);
  clean(with_barrier(kLoad + kWait + kUse), out, &in, {3, 64});
  for (uint32_t t = 0; t < 64; ++t) CHECK_EQUAL(out[t], 100 + t);
}

void test_missing_wait() {  // the bytes arrive when they are waited for
  Words out, in(64);
  fill(&in);
  const Report r = planted(with_barrier(kLoad + "bar.sync 0;\n" + kUse + "\n.loc 1 50 7\n" + kWait),
                           Finding::kUninitialised, kLine, Outcome::kDone, out, &in, {1, 64});
  CHECK_CONTAINS(r.detail, "shared memory that were never written");
}

void test_arrivals() {  // each phase takes 64 arrivals, by its token
  Words out;
  const std::string phase =
      "mbarrier.arrive.shared::cta.b64 %state, [%bar];\n$WAIT: mbarrier.try_wait.shared::cta.b64 %p2, [%bar], %state; "
      "@!%p2 bra $WAIT;\n";
  const auto named = [&](std::string label) {
    std::string text = phase;
    for (size_t at; (at = text.find("WAIT")) != std::string::npos;) text.replace(at, 4, label);
    return text;
  };
  const std::string other = "xor.b32 %r3, %t, 63; shl.b32 %r3, %r3, 2; add.u32 %r3, %r3, %tile;\n";
  const std::string body =
      other + "st.shared.u32 [%at], %t;\n" + named("a") + ".loc 1 42 7\nld.shared.u32 %r1, [%r3];\n";
  clean(with_barrier(body + named("b") + "st.shared.u32 [%at], %r1; st.global.u32 [%mine], %r1;", "64"), out, nullptr,
        {2, 64});
  for (uint32_t t = 0; t < 64; ++t) CHECK_EQUAL(out[t], 63 - t);
  // Without the second phase one thread writes what another may still read.
  Reports::instance().clear();
  CHECK(launch(with_barrier(body + "st.shared.u32 [%at], %r1;", "64"), out, nullptr, {1, 64}) == Outcome::kDone);
  CHECK(Reports::instance().count() > 0);
  CHECK(Reports::instance().all()[0].finding == Finding::kSharedRace);
  const Report r = planted(with_barrier(".loc 1 42 7\nmbarrier.arrive.shared::cta.b64 %state, [%bar], 64;", "63"),
                           Finding::kDivergentBarrier, kLine, Outcome::kBarrier, out, nullptr, {1, 64});
  CHECK_CONTAINS(r.detail, "arrives at an mbarrier more often than the 63 times that its phase expects");
}

void test_bad_barriers() {
  Words out;
  Report r = planted(with_barrier(".loc 1 42 7\nmbarrier.arrive.shared::cta.b64 %state, [%tile];"),
                     Finding::kUninitialised, kLine, Outcome::kTrap, out);
  CHECK_CONTAINS(r.detail, "no mbarrier was initialised there");
  r = planted(with_barrier(".loc 1 42 7\nmbarrier.init.shared::cta.b64 [%tile+4], 1;"), Finding::kMisaligned, kLine,
              Outcome::kMisaligned, out);
  CHECK_CONTAINS(r.detail, "no multiple of 8");
  planted(with_barrier(".loc 1 42 7\nmbarrier.init.shared::cta.b64 [%tile+4096], 1;"), Finding::kOutOfBounds, kLine,
          Outcome::kIllegalAddress, out);
  r = planted(with_barrier(".loc 1 42 7\nmbarrier.init.shared::cta.b64 [%tile], 0;"), Finding::kBadArgument, kLine,
              Outcome::kTrap, out);
  CHECK_CONTAINS(r.detail, "give it 1 to 1048575");
  planted(with_barrier(".loc 1 42 7\n" + kWait), Finding::kNoProgress, kLine, Outcome::kNoProgress, out);
}

std::string load_of(const std::string& to, const std::string& from, const std::string& bytes) {
  return with_barrier("@%p1 mbarrier.arrive.expect_tx.shared::cta.b64 _, [%bar], " + bytes +
                      ";\n.loc 1 42 7\n@%p1 cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes " + to +
                      ", " + from + ", " + bytes + ", [%bar];\n.loc 1 43 7\n" + kWait);
}

void test_bad_copies() {
  Words out, in(64);
  fill(&in);
  planted(load_of("[%tile+8]", "[%in]", "64"), Finding::kMisaligned, kLine, Outcome::kMisaligned, out, &in);
  planted(load_of("[%tile]", "[%in+4]", "64"), Finding::kMisaligned, kLine, Outcome::kMisaligned, out, &in);
  const Report r =
      planted(load_of("[%tile]", "[%in]", "60"), Finding::kMisaligned, kLine, Outcome::kMisaligned, out, &in);
  CHECK_CONTAINS(r.detail, "copies 60 bytes in bulk; their number must be a multiple of 16");
  planted(load_of("[%tile]", "[%in+128]", "144"), Finding::kOutOfBounds, kLine, Outcome::kIllegalAddress, out, &in);
  planted(load_of("[%tile+960]", "[%in]", "128"), Finding::kOutOfBounds, kLine, Outcome::kIllegalAddress, out, &in);
  const Report late = planted(
      with_barrier("@%p1 mbarrier.arrive.expect_tx.shared::cta.b64 _, [%bar], 64;\n.loc 1 42 7\n@%p1 cp.async.bulk."
                   "shared::cta.global.mbarrier::complete_tx::bytes [%tile], [%in], 64, [%bar];"),
      Finding::kSharedRace, kLine, Outcome::kDone, out, &in);
  CHECK_CONTAINS(late.detail, "the block ended while 64 bytes were on their way into its shared memory");
}

// Stores of a tile that all threads wrote; `fence` orders them before the copy.
std::string store_of(const std::string& fence, const std::string& wait) {
  return with_barrier(
      "st.shared.u32 [%at], %t; " + fence +
      " bar.sync 0;\n.loc 1 42 7\n@%p1 cp.async.bulk.global.shared::cta.bulk_group [%out], [%tile], 256;\n"
      ".loc 1 43 7\n@%p1 cp.async.bulk.commit_group;\n" +
      wait);
}

void test_store() {
  Words out;
  const std::string fence = "fence.proxy.async.shared::cta;", read = "@%p1 cp.async.bulk.wait_group.read 0;";
  clean(store_of(fence, read), out, nullptr, {1, 64});
  for (uint32_t t = 0; t < 64; ++t) CHECK_EQUAL(out[t], t);
  out.fill(0);
  clean(store_of(fence,
                 "@%p1 cp.async.bulk.wait_group 0;\n@%p1 ld.global.u32 %r1, [%out+8]; @%p1 st.global.u32 [%out+1024], "
                 "%r1;"),
        out, nullptr, {1, 64});
  CHECK_EQUAL(out[256], 2u);
  Report r = planted(store_of("", read), Finding::kSharedRace, kLine, Outcome::kDone, out, nullptr, {1, 64});
  CHECK_CONTAINS(r.detail, "wrote with no fence.proxy.async between");
  r = planted(store_of(fence, ""), Finding::kSharedRace, kLine, Outcome::kDone, out, nullptr, {1, 64});
  CHECK_CONTAINS(r.detail,
                 "256 bytes were on their way out of its shared memory; wait by cp.async.bulk.wait_group.read");
  // Written anew before it was read.
  out.fill(0);
  Reports::instance().clear();
  launch(store_of(fence, "@%p1 st.shared.u32 [%tile], 999;\n" + read), out, nullptr, {1, 64});
  CHECK_EQUAL(out[0], 999u);
}

void test_copies_that_arrive() {  // cp.async.mbarrier.arrive: its copies come with the phase
  Words out, in(64);
  fill(&in);
  const std::string copy =
      "mul.wide.u32 %rd1, %t, 4; add.u64 %rd1, %rd1, %in; cp.async.ca.shared.global [%at], [%rd1], 4;\n";
  const std::string arrive = "cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%bar];\n";
  const std::string reversed = "xor.b32 %r3, %t, 63; shl.b32 %r3, %r3, 2; add.u32 %at, %r3, %tile;\n";
  clean(with_barrier(copy + arrive + kWait + reversed + kUse, "64"), out, &in, {1, 64});
  for (uint32_t t = 0; t < 64; ++t) CHECK_EQUAL(out[t], 163 - t);
  clean(
      with_barrier(
          copy + "cp.async.mbarrier.arrive.shared::cta.b64 [%bar];\nmbarrier.arrive.shared::cta.b64 %state, [%bar];\n" +
              kWait + reversed + kUse,
          "64"),
      out, &in, {1, 64});
  planted(with_barrier(copy + arrive + "bar.sync 0;\n" + reversed + kUse, "64"), Finding::kUninitialised, kLine,
          Outcome::kDone, out, &in, {1, 64});
}

}  // namespace

int main() {
  ::setenv("KIB_EMULATOR_PATIENCE", "100000", 1);
  test_load();
  test_missing_wait();
  test_arrivals();
  test_bad_barriers();
  test_bad_copies();
  test_store();
  test_copies_that_arrive();
  return result();
}
