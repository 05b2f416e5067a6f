// kib_emulator_speed: lane-instructions a second of one core on a block reduction, with the instruments and without.
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <vector>

#include "machine/machine.h"

namespace {

using namespace kib::emulator;

// What nvcc makes of: a thread's sum over the grid's stride; shuffles within warps; the warps' sums in shared memory.
#define SUM(DISTANCE)                             \
  "mov.b32 %r14, %f34;\n"                         \
  "shfl.sync.bfly.b32 %r18|%p3, %r14, " #DISTANCE \
  ", 31, -1;\n"                                   \
  "mov.b32 %f11, %r18;\n"                         \
  "add.f32 %f34, %f34, %f11;\n"
const char* const kReduction = R"(
.version 9.0
.target sm_80
.address_size 64
.visible .entry reduce(.param .u64 out, .param .u64 in, .param .u32 n)
{
  .reg .pred %p<9>;
  .reg .f32 %f<40>;
  .reg .b32 %r<50>;
  .reg .b64 %rd<9>;
  .shared .align 4 .b8 sums[128];
  ld.param.u64 %rd2, [out];
  ld.param.u64 %rd3, [in];
  ld.param.u32 %r7, [n];
  mov.u32 %r1, %ntid.x;
  mov.u32 %r8, %ctaid.x;
  mov.u32 %r2, %tid.x;
  mad.lo.s32 %r46, %r8, %r1, %r2;
  mov.u32 %r9, %nctaid.x;
  mul.lo.s32 %r4, %r9, %r1;
  cvta.to.global.u64 %rd1, %rd3;
  mov.f32 %f34, 0f00000000;
  setp.ge.s32 %p1, %r46, %r7;
  @%p1 bra $done;
$loop:
  mul.wide.s32 %rd4, %r46, 4;
  add.s64 %rd5, %rd1, %rd4;
  ld.global.f32 %f10, [%rd5];
  add.f32 %f34, %f34, %f10;
  add.s32 %r46, %r46, %r4;
  setp.lt.s32 %p2, %r46, %r7;
  @%p2 bra $loop;
$done:
)" SUM(16) SUM(8) SUM(4) SUM(2) SUM(1) R"(
  and.b32 %r30, %r2, 31;
  setp.ne.s32 %p4, %r30, 0;
  @%p4 bra $stored;
  shr.u32 %r31, %r2, 3;
  mov.u32 %r33, sums;
  add.s32 %r34, %r33, %r31;
  st.shared.f32 [%r34], %f34;
$stored:
  bar.sync 0;
  setp.ne.s32 %p5, %r2, 0;
  @%p5 bra $end;
  mov.u32 %r40, 0;
  mov.f32 %f20, 0f00000000;
  shr.u32 %r41, %r1, 5;
  mov.u32 %r42, sums;
$gather:
  ld.shared.f32 %f21, [%r42];
  add.f32 %f20, %f20, %f21;
  add.s32 %r42, %r42, 4;
  add.s32 %r40, %r40, 1;
  setp.lt.u32 %p6, %r40, %r41;
  @%p6 bra $gather;
  cvta.to.global.u64 %rd6, %rd2;
  mul.wide.u32 %rd7, %r8, 4;
  add.s64 %rd8, %rd6, %rd7;
  st.global.f32 [%rd8], %f20;
$end:
  ret;
}
)";

constexpr uint32_t kBlocks = 64, kThreads = 256, kElements = 1 << 22;
constexpr int kRuns = 5;

double cpu_seconds() {
  timespec t;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

int measure(const char* what, int launches) {
  Memory& memory = Memory::instance();
  const auto module = Module::parse(kReduction, "reduction.ptx");
  const uint64_t in = memory.allocate(4 * kElements, "in"), out = memory.allocate(4 * kBlocks, "out");
  auto* values = reinterpret_cast<float*>(memory.view(in, 4 * kElements, Memory::Access::kWrite, "speed"));
  std::fill(values, values + kElements, 1.0f);
  Launch launch;
  launch.kernel = module->kernel("reduce");
  launch.grid = {kBlocks, 1, 1};
  launch.block = {kThreads, 1, 1};
  launch.parameters.resize(launch.kernel->parameter_bytes());
  std::memcpy(launch.parameters.data(), &out, 8);
  std::memcpy(launch.parameters.data() + 8, &in, 8);
  std::memcpy(launch.parameters.data() + 16, &kElements, 4);
  std::vector<double> rates;
  for (int run = 0; run <= kRuns; ++run) {  // the first one warms up
    reset_counters();
    const double start = cpu_seconds();
    for (int n = 0; n < launches; ++n) {
      if (kib::emulator::run(launch) != Outcome::kDone) return 1;
      const auto* sums = reinterpret_cast<const float*>(memory.view(out, 4 * kBlocks, Memory::Access::kRead, "speed"));
      const float sum = std::accumulate(sums, sums + kBlocks, 0.0f);
      if (sum != static_cast<float>(kElements)) {
        std::fprintf(stderr, "the sum is %g, not %u\n", sum, kElements);
        return 1;
      }
    }
    const double seconds = cpu_seconds() - start;
    if (run > 0) rates.push_back(1e-6 * static_cast<double>(counters().at(0).lane_instructions) / seconds);
  }
  std::sort(rates.begin(), rates.end());
  std::printf("%-20s %6.0f million lane-instructions/s per core (median of %d; %.0f to %.0f)\n", what, rates[kRuns / 2],
              kRuns, rates.front(), rates.back());
  return 0;
}

// The environment is read once for each process.
int in_process(const char* what, const char* checks, int launches) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("KIB_EMULATOR_CHECK", checks, 1);
    ::setenv("KIB_EMULATOR_THREADS", "1", 1);
    const int status = measure(what, launches);
    std::fflush(nullptr);
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const int launches = argc > 1 ? std::atoi(argv[1]) : 4;
  if (launches < 1) {
    std::fprintf(stderr, "usage: kib_emulator_speed [LAUNCHES]: launches in each of %d runs, at least 1\n", kRuns);
    return 2;
  }
  return in_process("all instruments", "all", launches) | in_process("no race detection", "-races", launches) |
         in_process("no instruments", "none", launches);
}
