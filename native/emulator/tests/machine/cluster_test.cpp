// Clusters: special registers, the barrier, other blocks' shared memory, and what the instruments say of it.
#include "launcher.h"

using namespace kib::test;

namespace {

Outcome launch_clusters(const std::string& ptx, const Words& out, Dim3 grid, Dim3 cluster, uint32_t block = 32) {
  const auto module = Module::parse(ptx, "test.ptx");
  Launch l;
  l.kernel = module->kernel("k");
  l.grid = grid;
  l.cluster = cluster;
  l.block = {block, 1, 1};
  l.parameters.resize(l.kernel->parameter_bytes());
  const uint64_t pointers[] = {out.address(), 0};
  std::memcpy(l.parameters.data(), pointers, 16);
  return run(l);
}

void runs_clean(const std::string& ptx, const Words& out, Dim3 grid, Dim3 cluster, uint32_t block = 32) {
  Reports::instance().clear();
  CHECK(launch_clusters(ptx, out, grid, cluster, block) == Outcome::kDone);
  for (const Report& r : Reports::instance().all()) std::printf("%s\n", r.sentence().c_str());
  CHECK_EQUAL(Reports::instance().count(), size_t{0});
}

// The kernel reports this, and nothing else.
void found(const std::string& ptx, Finding finding, const std::string& words, Dim3 grid, Dim3 cluster,
           uint32_t block = 32) {
  Words out;
  Reports::instance().clear();
  launch_clusters(ptx, out, grid, cluster, block);
  bool said = false;
  for (const Report& r : Reports::instance().all()) {
    CHECK(r.finding == finding);
    said |= r.detail.find(words) != std::string::npos;
    if (r.finding != finding || !said) std::printf("%s\n", r.sentence().c_str());
  }
  CHECK(said);
}

const std::string kSync = "barrier.cluster.arrive; barrier.cluster.wait;\n";
const std::string kShared = ".shared .align 16 .b8 s[256];\n";
// %rd2: the thread's word of `s` in the next block of the cluster; %r3: the block's rank; %r5: the next one's.
const std::string kNext =
    "mov.u32 %r3, %cluster_ctarank; mov.u32 %r4, %cluster_nctarank; add.u32 %r5, %r3, 1; rem.u32 %r5, %r5, %r4;\n"
    "mov.u64 %rd1, s; cvta.shared.u64 %rd1, %rd1; mul.wide.u32 %rd3, %t, 4; add.u64 %rd1, %rd1, %rd3;\n"
    "mapa.u64 %rd2, %rd1, %r5;\n";
const std::string kWrite = "shl.b32 %r6, %r3, 8; add.u32 %r6, %r6, %t; st.u32 [%rd1], %r6;\n";
const std::string kRead = ".loc 1 42 7\nld.u32 %r7, [%rd2];\n";
const std::string kOut =
    "mov.u32 %r8, %ctaid.x; shl.b32 %r8, %r8, 5; add.u32 %r8, %r8, %t; mul.wide.u32 %rd4, %r8, 4;\n"
    "add.u64 %rd4, %rd4, %out; st.global.u32 [%rd4], %r7;\n";

// A grid of 4 x 6 x 2 blocks in clusters of 2 x 3 x 1: each block writes what its registers say.
void test_registers() {
  const std::string names[] = {"%cluster_ctaid.x",  "%cluster_ctaid.y",  "%cluster_ctaid.z",  "%cluster_ctarank",
                               "%cluster_nctaid.x", "%cluster_nctaid.y", "%cluster_nctaid.z", "%cluster_nctarank",
                               "%clusterid.x",      "%clusterid.y",      "%clusterid.z",      "%nclusterid.x",
                               "%nclusterid.y",     "%nclusterid.z"};
  std::string body =
      "mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ctaid.y; mov.u32 %r3, %ctaid.z; mad.lo.u32 %r4, %r3, 6, %r2;\n"
      "mad.lo.u32 %r4, %r4, 4, %r1; mul.wide.u32 %rd1, %r4, 64; add.u64 %rd1, %rd1, %out;\n";
  for (size_t n = 0; n < std::size(names); ++n) {
    body += "mov.u32 %r9, " + names[n] + "; st.global.u32 [%rd1+" + std::to_string(4 * n) + "], %r9;\n";
  }
  body += "mov.pred %p1, %is_explicit_cluster; selp.u32 %r9, 1, 0, %p1; st.global.u32 [%rd1+56], %r9;\n";
  Words out;
  for (const Dim3 c : {Dim3{2, 3, 1}, Dim3{0, 0, 0}}) {
    runs_clean(kernel(body), out, {4, 6, 2}, c, 1);
    const Dim3 s = c.count() == 0 ? Dim3{1, 1, 1} : c;
    for (uint32_t b = 0; b < 48; ++b) {
      const uint32_t x = b % 4, y = b / 4 % 6, z = b / 24, cx = x % s.x, cy = y % s.y, cz = z % s.z;
      const uint32_t wanted[] = {cx,
                                 cy,
                                 cz,
                                 (cz * s.y + cy) * s.x + cx,
                                 s.x,
                                 s.y,
                                 s.z,
                                 s.x * s.y * s.z,
                                 x / s.x,
                                 y / s.y,
                                 z / s.z,
                                 4 / s.x,
                                 6 / s.y,
                                 2 / s.z,
                                 c.count() != 0};
      for (uint32_t n = 0; n < 15; ++n) CHECK_EQUAL(out[16 * b + n], wanted[n]);
    }
  }
}

void test_next_block() {
  Words out;
  const std::string body = kShared + kNext + kSync + kWrite + kSync + kRead + kOut + kSync;
  runs_clean(kernel(body), out, {8, 1, 1}, {4, 1, 1});
  for (uint32_t b = 0; b < 8; ++b) {
    for (uint32_t t = 0; t < 32; ++t) CHECK_EQUAL(out[32 * b + t], (b % 4 + 1) % 4 * 256 + t);
  }
  // The kernel's own size, by addresses of 32 bits and an explicit space, by stores and by atomics.
  std::string own = kernel(kShared + kNext +
                           "cvt.u32.u64 %r10, %rd3; mov.u32 %r11, s; add.u32 %r10, %r10, %r11;\n"
                           "mapa.shared::cluster.u32 %r12, %r10, %r5; st.shared.u32 [%r10], 100;\n" +
                           kSync + "red.shared::cluster.add.u32 [%r12], %r3;\n" + kSync +
                           "ld.shared.u32 %r7, [%r10];\n" + kSync + "st.shared::cluster.u32 [%r12], %r7;\n" + kSync +
                           "getctarank.shared::cluster.u32 %r13, %r12; getctarank.u64 %r14, %rd1;\n"
                           "ld.shared::cta.u32 %r7, [%r10]; mad.lo.u32 %r7, %r13, 1000, %r7; shl.b32 %r14, %r14, 16; "
                           "add.u32 %r7, %r7, %r14;\n" +
                           kOut);
  const size_t at = own.find(")\n{");
  own.insert(at + 2, ".explicitcluster\n.reqnctapercluster 2, 1, 1\n");
  runs_clean(own, out, {6, 1, 1}, {0, 0, 0});
  for (uint32_t b = 0; b < 6; ++b) {
    const uint32_t rank = b % 2, next = 1 - rank;
    for (uint32_t t = 0; t < 32; ++t) CHECK_EQUAL(out[32 * b + t], (rank << 16) + 1000 * next + 100 + rank);
  }
}

// Lanes of one access to several blocks, and what lies between arrival and waiting.
void test_lanes_apart() {
  Words out;
  const std::string body = kShared + kNext + kSync + kWrite + "and.b32 %r9, %t, 3; mapa.u64 %rd2, %rd1, %r9;\n" +
                           "barrier.cluster.arrive.release.aligned; add.u32 %r1, %r3, 1; "
                           "barrier.cluster.wait.acquire.aligned;\n" +
                           kRead + kOut + kSync;
  runs_clean(kernel(body), out, {4, 1, 1}, {4, 1, 1}, 32);
  for (uint32_t t = 0; t < 128; ++t) CHECK_EQUAL(out[t], t % 4 * 256 + t % 32);
}

// Threads that end are none that others wait for; a barrier of some lanes at a time. That blocks have started needs no
// order of what they did.
void test_who_waits() {
  Words out;
  runs_clean(kernel(kShared + kNext + "setp.gt.u32 %p1, %t, 40;\n@%p1 ret;\n" +
                    "barrier.cluster.arrive.relaxed;\nbarrier.cluster.wait;\n" + kWrite +
                    "setp.lt.u32 %p2, %t, 7;\n@%p2 barrier.cluster.arrive;\n@!%p2 barrier.cluster.arrive;\n"
                    "@!%p2 barrier.cluster.wait;\n@%p2 barrier.cluster.wait;\n" +
                    kRead + kSync + "setp.lt.u32 %p1, %t, 32;\n@!%p1 ret;\n" + kOut),
             out, {2, 1, 1}, {2, 1, 1}, 64);
  for (uint32_t t = 0; t < 64; ++t) CHECK_EQUAL(out[t], (1 - t / 32) * 256 + t % 32);
}

// What may begin early does so cluster by cluster.
void test_ahead() {
  Words out(4096);
  const auto module = Module::parse(
      kernel(kShared + kNext + kSync + kWrite + kSync + "griddepcontrol.wait;\n" + kRead + kSync + kOut), "test.ptx");
  Launch l;
  l.kernel = module->kernel("k");
  l.grid = {96, 1, 1};
  l.cluster = {3, 1, 1};
  l.block = {32, 1, 1};
  l.parameters.resize(l.kernel->parameter_bytes());
  const uint64_t pointers[] = {out.address(), 0};
  std::memcpy(l.parameters.data(), pointers, 16);
  for (const uint64_t resident : {uint64_t{0}, uint64_t{7}}) {
    l.resident = resident;
    Reports::instance().clear();
    out.fill(1 << 20);
    const auto ahead = AheadRun::begin(l);
    CHECK(ahead->outcome() == Outcome::kDone);
    CHECK_EQUAL(out[0], 1u << 20);
    CHECK(ahead->finish() == Outcome::kDone);
    for (uint32_t b = 0; b < 96; ++b) CHECK_EQUAL(out[32 * b + 5], (b + 1) % 3 * 256 + 5);
    CHECK_EQUAL(Reports::instance().count(), size_t{0});
  }
}

void test_findings() {
  const Dim3 grid{4, 1, 1}, pair{2, 1, 1};
  const auto k = [](const std::string& body) { return kernel(kShared + kNext + body); };
  found(k(kSync + "st.u32 [%rd1], %t;\n" + kRead + kSync), Finding::kSharedRace,
        "no barrier of the cluster between; call cluster.sync()", grid, pair);
  // Relaxed, or not waited for: no order.
  found(k("st.u32 [%rd1], 0;" + kSync + "st.u32 [%rd1], %t;\nbarrier.cluster.arrive.relaxed;\nbarrier.cluster.wait;\n" +
          kRead + kSync),
        Finding::kSharedRace, "no barrier of the cluster between", grid, pair);
  found(k("st.u32 [%rd1], 0;" + kSync + "st.u32 [%rd1], %t;\nbarrier.cluster.arrive;\n" + kRead +
          "barrier.cluster.wait;\n" + kSync),
        Finding::kSharedRace, "no barrier of the cluster between", grid, pair);
  found(k(kSync + kWrite + kSync + kRead), Finding::kUseAfterFree, "which may have ended", grid, pair);
  found(k(kSync + kRead + kSync + kOut), Finding::kUninitialised, "never written", grid, pair);
  found(k("st.u32 [%rd2], %t;" + kSync), Finding::kSharedRace, "may not have started", grid, pair);
  found(k(kSync + "st.u32 [%rd2+256], %t;" + kSync), Finding::kOutOfBounds, "outside the 256 bytes", grid, pair);
  found(k(kSync + "mapa.u64 %rd2, %rd1, 2;\nst.u32 [%rd2], %t;" + kSync), Finding::kOutOfBounds,
        "of block 2 of a cluster of 2", grid, pair);
  found(k("barrier.cluster.arrive; barrier.cluster.arrive;"), Finding::kDivergentBarrier, "without having waited", grid,
        pair);
  found(k("barrier.cluster.wait;"), Finding::kDivergentBarrier, "without having arrived", grid, pair);
  found(k("setp.eq.u32 %p1, %r3, 0; setp.lt.u32 %p2, %t, 5; and.pred %p1, %p1, %p2;\n@%p1 bra B;\n" + kSync +
          "bra E;\nB: bar.sync 0, 64;\nE:"),
        Finding::kDivergentBarrier, "no thread of the cluster can go on", grid, pair);
  found(k(kSync), Finding::kBadArgument, "no multiple", {3, 1, 1}, pair);
  found(k(kSync), Finding::kBadArgument, "has at most 16", {17, 1, 1}, {17, 1, 1});
}

}  // namespace

int main() {
  test_registers();
  test_next_block();
  test_lanes_apart();
  test_who_waits();
  test_ahead();
  test_findings();
  return result();
}
