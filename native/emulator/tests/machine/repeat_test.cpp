// A seed repeats a run: memory, findings and counters are the same with any number of host threads.
// Usage: machine_repeat_test [first seed]
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "launcher.h"

using namespace kib::test;

namespace {

constexpr uint32_t kBlocks = 96, kThreads = 64;

// %b = ctaid.x, %i = the thread's index in the grid, %at = out + 4 * %i.
std::string in_blocks(const std::string& body) {
  return kernel(
      ".reg .b32 %b, %i, %n; .reg .b64 %at; .shared .align 8 .b8 s[256];\nmov.u32 %b, %ctaid.x; mov.u32 %n, "
      "%nctaid.x; mad.lo.u32 %i, %b, 64, %t; mul.wide.u32 %at, %i, 4; add.u64 %at, %at, %out;\n.loc 1 42 7\n" +
      body);
}

constexpr int kAny = 2;

struct Program {
  const char* name;
  std::string body;
  int clean;  // 1 or 0; kAny: not for every order
  Outcome outcome;
  Shape shape = {kBlocks, kThreads};
};

// What a thread computes for a while, so that blocks of several host threads overlap.
const char* const kWork =
    "mov.u32 %r9, 0; mov.u32 %r8, %i; $w: mad.lo.u32 %r8, %r8, 1664525, %i; add.u32 %r9, %r9, 1; setp.lt.u32 %p8, %r9, "
    "300; @%p8 bra "
    "$w;\n";

std::vector<Program> programs() {
  const std::string work = kWork;
  return {
      {"clean", work + "st.global.u32 [%at], %r8;", 1, Outcome::kDone},
      // The block behind reads what this one writes: a race, and a result that depends on the order.
      {"race", "ld.global.u32 %r1, [%at+256];\n" + work + "add.u32 %r1, %r1, %i; st.global.u32 [%at], %r1;", 0,
       Outcome::kDone},
      // The same for one word of two blocks, which the last reader of the word writes: no record of it is left.
      {"one word",
       work + "setp.ne.u32 %p1, %t, 0; @%p1 bra $e; setp.gt.u32 %p1, %b, 1; @%p1 bra $e; ld.global.u32 %r1, [%out];\n"
              "add.u32 %r2, %r1, 1; mul.wide.u32 %rd1, %b, 4; add.u64 %rd1, %rd1, %out; st.global.u32 [%rd1+4], %r1; "
              "setp.eq.u32 %p2, %b, 0; @%p2 st.global.u32 [%out], %r2; $e:",
       kAny, Outcome::kDone},
      {"all write one value", work + "st.global.u32 [%out], 7;", 1, Outcome::kDone},
      {"all write their own", work + "st.global.u32 [%out], %b;", 0, Outcome::kDone},
      {"sums of integers",
       work + "and.b32 %r1, %r8, 63; mul.wide.u32 %rd1, %r1, 4; add.u64 %rd1, %rd1, %out;\n"
              "red.global.add.u32 [%rd1], %i;",
       1, Outcome::kDone},
      {"sums of floats",
       work + "cvt.rn.f32.u32 %f1, %r8; mul.f32 %f1, %f1, 0f3f9d70a4; red.global.add.f32 [%out], %f1;", 0,
       Outcome::kDone},
      {"sum that others read",
       work + "red.global.add.u32 [%out], %i; ld.global.u32 %r1, [%out]; st.global.u32 [%at+64], %r1;", 0,
       Outcome::kDone},
      {"tickets",  // the last block adds what all have written
       "st.global.u32 [%at+256], %r8;\n" + work +
           "st.global.u32 [%at+256], %i; membar.gl; bar.sync 0; setp.ne.u32 %p1, %t, 0; @%p1 bra $e; "
           "atom.global.inc.u32 "
           "%r1, [%out], 1000; st.global.u32 [%at+40000], %r1; sub.u32 %r2, %n, 1; setp.ne.u32 %p1, %r1, %r2; @%p1 bra "
           "$e; membar.gl; ld.volatile.global.u32 %r3, [%out+256]; st.global.u32 [%out+4], %r3; $e:",
       1, Outcome::kDone},
      {"look-back",  // each block waits for the sum of the blocks before it
       "setp.ne.u32 %p1, %t, 0; @%p1 bra $e; mul.wide.u32 %rd1, %b, 8; add.u64 %rd1, %rd1, %out; mov.u32 %r1, 0;\n"
       "setp.eq.u32 %p2, %b, 0; @%p2 bra $first; $l: ld.acquire.gpu.global.u32 %r2, [%rd1-4]; setp.eq.u32 %p1, %r2, 0; "
       "@%p1 bra $l; ld.global.u32 %r1, [%rd1-8]; $first: add.u32 %r1, %r1, %b; st.global.u32 [%rd1], %r1;\n"
       "st.release.gpu.global.u32 [%rd1+4], 1; $e:",
       1, Outcome::kDone},
      {"lock",  // a list of who had it
       "setp.ne.u32 %p1, %t, 0; @%p1 bra $e; $l: atom.acquire.gpu.global.cas.b32 %r1, [%out], 0, 1; setp.ne.u32 %p1, "
       "%r1, 0; @%p1 bra $l; ld.global.u32 %r2, [%out+4]; add.u32 %r3, %r2, 1; st.global.u32 [%out+4], %r3; "
       "mul.wide.u32 "
       "%rd1, %r2, 4; add.u64 %rd1, %rd1, %out; st.global.u32 [%rd1+8], %b; atom.release.gpu.global.exch.b32 %r1, "
       "[%out], 0; $e:",
       1, Outcome::kDone},
      {"out of bounds",
       work + "st.global.u32 [%at], %r8;\nsetp.eq.u32 %p1, %b, 50; @%p1 st.global.u32 [%at+1000000], %r8;", 0,
       Outcome::kIllegalAddress},
      {"trap", work + "st.global.u32 [%at], %r8;\nsetp.eq.u32 %p1, %i, 1700; @%p1 trap;", 0, Outcome::kTrap},
      {"never written", work + "ld.shared.u32 %r1, [s]; st.global.u32 [%at], %r1;", 0, Outcome::kDone},
      {"clocks",
       "mov.u64 %rd1, %clock64;\n" + work +
           "mov.u64 %rd2, %clock64; sub.u64 %rd2, %rd2, %rd1; cvt.u32.u64 "
           "%r1, %rd2; st.global.u32 [%at], %r1;",
       1, Outcome::kDone},
      {"register that nobody wrote", work + "add.u32 %r20, %r21, %i; st.global.u32 [%at], %r20; add.u32 %r21, %r20, 1;",
       1, Outcome::kDone},
      {"no progress", "$l: mad.lo.u32 %r8, %r8, 3, 1; setp.ne.u32 %p1, %b, 77; @%p1 bra $e; bra $l; $e:", 0,
       Outcome::kNoProgress},
  };
}

// Everything that can be seen of a run, as text.
std::string run_program(const Program& program) {
  Words out(1 << 15), in(64);
  Reports::instance().clear();
  reset_counters();
  std::string seen;
  for (int n = 0; n < 2; ++n) {  // the second launch of a kernel knows what the first one found
    const Outcome outcome = launch(in_blocks(program.body), out, &in, program.shape);
    if (outcome != program.outcome) seen += "outcome " + std::to_string(static_cast<int>(outcome)) + "; ";
  }
  if (program.clean != kAny && (program.clean == 1) != (Reports::instance().count() == 0))
    seen += "findings where none should be, or none; ";
  uint64_t bits = 1469598103934665603u;
  for (uint32_t i = 0; i < 1 << 15; ++i) bits = (bits ^ out[i]) * 1099511628211u;
  seen += "memory " + std::to_string(bits) + ";";
  for (const Report& report : Reports::instance().all()) seen += " " + report.sentence() + ";";
  return seen + counters_table();
}

std::string in_process(const Program& program, uint64_t seed, int threads, const char* order) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("KIB_EMULATOR_SEED", std::to_string(seed).c_str(), 1);
    ::setenv("KIB_EMULATOR_THREADS", std::to_string(threads).c_str(), 1);
    ::setenv("KIB_EMULATOR_BLOCKS", order, 1);
    ::setenv("KIB_EMULATOR_PATIENCE", "2000000", 1);
    ::close(STDERR_FILENO);
    const std::string seen = run_program(program);
    for (size_t at = 0; at < seen.size();) {
      const ssize_t n = ::write(ends[1], seen.data() + at, seen.size() - at);
      if (n <= 0) break;
      at += static_cast<size_t>(n);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string seen;
  char text[4096];
  for (ssize_t n; (n = ::read(ends[0], text, sizeof text)) > 0;) seen.append(text, static_cast<size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) seen += "status " + std::to_string(status);
  return seen;
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  for (const Program& program : programs()) {
    std::string other;
    for (uint64_t seed = first; seed < first + 3; ++seed) {
      const char* const order = seed % 2 == 0 ? "ascending" : "shuffled";
      const std::string alone = in_process(program, seed, 1, order);
      const bool expected = alone.compare(0, 6, "memory") == 0;
      CHECK(expected);
      for (int threads : {2, 3, 8}) {
        const std::string seen = in_process(program, seed, threads, order);
        CHECK_EQUAL(seen, alone);
        if (seen == alone && expected) continue;
        std::printf("%s, seed %llu, %d threads, %s: again with machine_repeat_test %llu\n", program.name,
                    static_cast<unsigned long long>(seed), threads, order, static_cast<unsigned long long>(seed));
      }
    }
  }
  return kib::test::result();
}
