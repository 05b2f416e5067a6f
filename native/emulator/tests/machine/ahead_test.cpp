// Launches that begin before the grids that they depend on have ended.
#include <cstdlib>

#include "launcher.h"

using namespace kib::test;

namespace {

Launch launch_of(const Module& module, const Words& out, const Words& in, Shape shape) {
  Launch l;
  l.kernel = module.kernel("k");
  l.grid = {shape.grid, 1, 1};
  l.block = {shape.block, 1, 1};
  l.resident = shape.resident;
  l.parameters.resize(l.kernel->parameter_bytes());
  const uint64_t pointers[] = {out.address(), in.address()};
  std::memcpy(l.parameters.data(), pointers, 16);
  return l;
}

// out[2 * i] is what a thread reads before it waits, out[2 * i + 1] what it reads behind.
const char* const kAround =
    ".reg .b32 %b, %i, %n; mov.u32 %b, %ctaid.x; mov.u32 %n, %ntid.x; mad.lo.u32 %i, %b, %n, %t; mul.wide.u32 %rd1, "
    "%i, "
    "8; add.u64 %rd1, %rd1, %out;\nld.global.u32 %r1, [%in]; st.global.u32 [%rd1], %r1;\ngriddepcontrol.wait;\n"
    "ld.global.u32 %r2, [%in]; st.global.u32 [%rd1+4], %r2;";

void test_two_parts() {
  Words out, in(1);
  const auto module = Module::parse(kernel(kAround), "test.ptx");
  Reports::instance().clear();
  for (const uint64_t resident : {uint64_t{0}, uint64_t{3}}) {
    in.set(0, 5);
    Shape shape{6, 64};
    shape.resident = resident;
    const auto ahead = AheadRun::begin(launch_of(*module, out, in, shape));
    CHECK(ahead->outcome() == Outcome::kDone);
    in.set(0, 7);
    CHECK(ahead->finish() == Outcome::kDone);
    uint32_t early = 0;
    for (uint32_t i = 0; i < 6 * 64; ++i) {
      early += out[2 * i] == 5 ? 1 : 0;
      CHECK_EQUAL(out[2 * i + 1], 7u);
    }
    CHECK_EQUAL(early, (resident == 0 ? 6u : 3u) * 64);  // blocks that had no room start behind
  }
  CHECK_EQUAL(Reports::instance().count(), size_t{0});
}

void test_some_threads_wait() {  // the others of the block meet them at a barrier behind
  Words out, in(1);
  const auto module =
      Module::parse(kernel("setp.eq.u32 %p1, %t, 3;\n@%p1 griddepcontrol.wait;\nbar.sync 0;\nld.global.u32 %r1, [%in]; "
                           "st.global.u32 [%mine], %r1;"),
                    "test.ptx");
  Reports::instance().clear();
  in.set(0, 5);
  const auto ahead = AheadRun::begin(launch_of(*module, out, in, {1, 64}));
  in.set(0, 7);
  CHECK(ahead->finish() == Outcome::kDone);
  for (uint32_t t = 0; t < 64; ++t) CHECK_EQUAL(out[t], 7u);
  CHECK_EQUAL(Reports::instance().count(), size_t{0});
}

void test_kernels_know() {
  const auto of = [](const std::string& body) { return Module::parse(kernel(body), "test.ptx"); };
  const auto triggers = of("griddepcontrol.launch_dependents;"), waits = of("griddepcontrol.wait;"),
             both = of("griddepcontrol.wait; griddepcontrol.launch_dependents;"),
             late = of("griddepcontrol.launch_dependents; griddepcontrol.wait;");
  CHECK(triggers->kernel("k")->triggers() && !triggers->kernel("k")->waits_first());
  CHECK(!waits->kernel("k")->triggers());
  CHECK(both->kernel("k")->triggers() && both->kernel("k")->waits_first());
  CHECK(late->kernel("k")->triggers() && !late->kernel("k")->waits_first());
}

void test_faults() {
  Words out, in(1);
  const auto module =
      Module::parse(kernel(".loc 1 42 7\nst.global.u32 [%in+64], %t;\ngriddepcontrol.wait;"), "test.ptx");
  Reports::instance().clear();
  const auto ahead = AheadRun::begin(launch_of(*module, out, in, {2, 32}));
  CHECK(ahead->outcome() == Outcome::kIllegalAddress);
  CHECK_EQUAL(Reports::instance().count(), size_t{1});
}

}  // namespace

int main() {
  test_two_parts();
  test_some_threads_wait();
  test_kernels_know();
  test_faults();
  return result();
}
