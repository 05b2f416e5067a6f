// What is no PTX, or not emulated, is refused by a sentence with file, line and remedy: the module where it is no PTX,
// the kernels that hold it where it is not emulated.
#include "launcher.h"

using namespace kib::test;

namespace {

void refused(const std::string& ptx, const std::string& where, const std::string& what) {
  try {
    Module::parse(ptx, "bad.ptx");
    CHECK_CONTAINS("accepted:\n" + ptx, what);
  } catch (const Unsupported& problem) {
    CHECK_CONTAINS(problem.what(), "bad.ptx:" + where);
    CHECK_CONTAINS(problem.what(), what);
  }
}

void refused_kernel(const std::string& ptx, const std::string& where, const std::string& what) {
  const auto module = Module::parse(ptx, "bad.ptx");
  const Kernel* k = module->kernel("k");
  CHECK(k != nullptr);
  CHECK_CONTAINS(k->refusal(), "bad.ptx:" + where);
  CHECK_CONTAINS(k->refusal(), what);
  Reports::instance().clear();
  Launch l;
  l.kernel = k;
  l.parameters.resize(k->parameter_bytes());
  CHECK(run(l) == Outcome::kUnsupported);
  CHECK(Reports::instance().all().at(0).finding == Finding::kUnsupported);
  CHECK_CONTAINS(Reports::instance().all().at(0).detail, what);
}

std::string entry(const std::string& body) {
  return ".version 9.0\n.target sm_80\n.address_size 64\n.entry k()\n{\n.reg .b32 %r<9>; .reg .pred %p<9>; .reg .b64 "
         "%rd<9>;\n" +
         body + "\nret;\n}\n";
}

void test_refusals() {
  refused("ELF", "1", "no .version at its beginning");
  refused(".version 9.0\n.target sm_80\n.address_size 32\n", "3", "compile with -m64");
  refused_kernel(entry("frob.u32 %r1, %r2;"), "7",
                 "instruction 'frob.u32' is not emulated (the instruction is unknown)");
  refused_kernel(entry("add.frob.u32 %r1, %r2, %r3;"), "7", "modifier '.frob' is unknown");
  refused(entry("add.u32 %r1, %x2, %r3;"), "7", "'%x2' is neither a register nor a symbol");
  refused(entry("add.u64 %rd1, %rd2, %r3;"), "7", "'%r3' has 32 bits, not 64");
  refused_kernel(entry("add.b32 %r1, %r2, %r3;"), "7", "'add.b32' is not emulated");
  refused(entry("bra $nowhere;"), "7", "label '$nowhere' is nowhere");
  refused(entry("$a:\n$a:"), "8", "label '$a' is there twice");
  refused_kernel(entry("wgmma.fence.sync.aligned;"), "7", "'wgmma.fence.sync.aligned' is not emulated");
  refused_kernel(entry("tex.1d.v4.f32.s32 {%r1,%r2,%r3,%r4}, [x, {%r5}];"), "7", "'tex.1d.v4.f32.s32'");
  refused_kernel(entry("shfl.up.b32 %r1, %r2, 1, 0;"), "7", "without .sync");
  refused(entry("add.u32 %r1, %r2"), "8", "expected ','");
  refused(entry("mov.u32 %r1, 99999999999999999999999;"), "7", "does not fit in 64 bits");
  refused(".version 9.0\n.target sm_80\n.address_size 64\n.entry k()\n{\n", "6", "cut short");
  refused(".version 9.0\n.target sm_80\n.address_size 64\n.global .texref t;\n", "4", "type");
  refused(".version 9.0\n.target sm_80\n.address_size 64\n.extern .global .u32 elsewhere;\n", "4", "another module");
  refused(".version 9.0\n.target sm_80\n.address_size 64\n.func f();\n.entry k()\n{\ncall f;\nret;\n}\n", "7",
          "function 'f' is called but not defined");
}

// Of four kernels one holds an unknown instruction, one calls a function that does, one a function that calls it; the
// fourth runs. Behind the unknown instruction the rest is still read.
void test_others_run() {
  const std::string text = header() +
                           ".func (.param .b32 y) inner() {\nfrob.inner {%a, %b}, [x+4];\nret;\n}\n"
                           ".func (.param .b32 y) outer() {\n{ .param .b32 z; call (z), inner; }\nret;\n}\n"
                           ".entry direct() {\nfrob.direct;\nret;\n}\n"
                           ".entry through() {\n{ .param .b32 z; call (z), outer; }\nret;\n}\n"
                           ".entry fine(.param .u64 out) {\n.reg .b64 %x; ld.param.u64 %x, [out];\n"
                           "st.global.u32 [%x], 7;\nret;\n}\n";
  const auto module = Module::parse(text, "some.ptx");
  CHECK_CONTAINS(module->kernel("direct")->refusal(), "some.ptx:14: instruction 'frob.direct' is not emulated");
  CHECK_CONTAINS(module->kernel("through")->refusal(), "some.ptx:6: instruction 'frob.inner' is not emulated");
  CHECK_EQUAL(module->kernel("fine")->refusal(), std::string());
  Words out;
  Launch l;
  l.kernel = module->kernel("fine");
  const uint64_t address = out.address();
  l.parameters.resize(8);
  std::memcpy(l.parameters.data(), &address, 8);
  CHECK(run(l) == Outcome::kDone);
  CHECK_EQUAL(out[0], 7u);
  refused(entry("frob.u32 %r1;\nadd.u32 %r1, %x2, %r3;"), "8", "'%x2' is neither a register nor a symbol");
  refused(entry("frob.u32 %r1;\nbra $nowhere;"), "8", "label '$nowhere' is nowhere");
}

// A pointer may lead to a function that cannot run: then the launch ends with a report, at the call.
void test_pointer_to_refused() {
  const Report report = planted(
      kernel(".loc 1 5 1\nmov.u64 %rd1, bad;\n.loc 1 6 1\n{ proto: .callprototype _ ();\ncall %rd1, (), proto; }",
             ".func bad() {\nfrob.u32;\nret;\n}\n"),
      Finding::kUnsupported, 6, Outcome::kUnsupported, Words());
  CHECK_CONTAINS(report.detail, "instruction 'frob.u32' is not emulated");
}

void test_variables() {
  const auto module = Module::parse(
      header() +
          ".visible .global .align 4 .u32 counter = 7;\n.const .align 4 .f32 table[2] = {0f3F800000, 2.5};\n"
          ".visible .global .align 8 .u64 pointer = generic(table)+4;\n.global .align 2 .b8 text[4] = {104, 105};\n"
          ".entry k(.param .u32 a, .param .align 8 .b8 b[24])\n.maxntid 64, 2, 1\n{\n.shared .align 4 .b8 "
          "s[12];\n.local .align 8 .b8 "
          "l[40];\nret;\n}\n",
      "variables.ptx");
  uint64_t address = 0, bytes = 0, table = 0;
  CHECK(module->variable("counter", &address, &bytes));
  CHECK_EQUAL(bytes, uint64_t{4});
  uint32_t word;
  std::memcpy(&word, Memory::instance().view(address, 4, Memory::Access::kRead, "test"), 4);
  CHECK_EQUAL(word, 7u);
  CHECK(module->variable("table", &table, &bytes));
  float value;
  std::memcpy(&value, Memory::instance().view(table + 4, 4, Memory::Access::kRead, "test"), 4);
  CHECK_EQUAL(value, 2.5f);
  CHECK(module->variable("pointer", &address, &bytes));
  uint64_t pointer;
  std::memcpy(&pointer, Memory::instance().view(address, 8, Memory::Access::kRead, "test"), 8);
  CHECK_EQUAL(pointer, table + 4);
  CHECK(!module->variable("nothing", &address, &bytes));
  const Kernel* k = module->kernel("k");
  CHECK(k != nullptr && module->kernel("other") == nullptr);
  CHECK_EQUAL(k->parameter_bytes(), 32u);
  CHECK_EQUAL(k->parameters()[1].offset, 8u);
  CHECK_EQUAL(k->static_shared_bytes(), 12u);
  CHECK_EQUAL(k->local_bytes(), 48u);
  CHECK_EQUAL(k->max_threads(), 128u);
}

void test_bad_launches() {
  const auto module = Module::parse(kernel(""), "test.ptx");
  Launch l;
  l.kernel = module->kernel("k");
  l.parameters.resize(12);
  Reports::instance().clear();
  CHECK(run(l) == Outcome::kUnsupported);
  CHECK_CONTAINS(Reports::instance().all().at(0).detail, "passes 12 bytes of parameters where the kernel takes 16");
  l.parameters.resize(16);
  l.block = {1025, 1, 1};
  CHECK(run(l) == Outcome::kUnsupported);
  CHECK_CONTAINS(Reports::instance().all().at(1).detail, "1025 threads where the kernel allows 1024");
}

}  // namespace

int main() {
  test_refusals();
  test_others_run();
  test_pointer_to_refused();
  test_variables();
  test_bad_launches();
  return result();
}
