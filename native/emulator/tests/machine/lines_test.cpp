// Which lines of a source ran: KIB_EMULATOR_LINES, which the test is run with.
#include "launcher.h"

using namespace kib::test;

namespace {

// With a second file, and one of the toolkit.
std::string module(const std::string& body, const std::string& behind = "") {
  return kernel(body) + behind + ".file 2 \"inlined.cuh\"\n.file 3 \"/cuda/include/cuda_fp16.hpp\"\n";
}

// The warps of all lines since the process began; each test has lines of its own.
std::string warps(const std::string& line) {
  const std::string table = "\n" + lines_table();
  const size_t at = table.find("\n" + line + " ");
  if (at == table.npos) return "no code";
  return table.substr(at + line.size() + 2, table.find('\n', at + 1) - at - line.size() - 2);
}

void test_branch() {
  Words out;
  clean(module(".loc 1 10 1\nsetp.gt.u32 %p1, %t, 99;\n@%p1 bra $far;\n"
               ".loc 1 11 1\nst.global.u32 [%mine], %t;\nbra.uni $end;\n"
               "$far: .loc 1 12 1\nmov.u32 %r1, 5;\nst.global.u32 [%mine], %r1;\n"
               "$end: .loc 1 13 1"),
        out, nullptr, {3, 64});
  CHECK_EQUAL(warps("planted.cu:10"), "6");
  CHECK_EQUAL(warps("planted.cu:11"), "6");
  CHECK_EQUAL(warps("planted.cu:12"), "0");
  CHECK_EQUAL(warps("planted.cu:13"), "6");
}

// An instruction runs if its guard lets a lane of any warp; a branch is asked even where no lane takes it.
void test_guards() {
  Words out;
  clean(module(".loc 1 20 1\nsetp.gt.u32 %p1, %t, 99;\nsetp.eq.u32 %p2, %t, 40;\n"
               ".loc 1 21 1\n@%p1 st.global.u32 [%mine], %t;\n"
               ".loc 1 22 1\n@%p2 st.global.u32 [%mine], %t;\n"
               ".loc 1 23 1\n@%p1 bra $end;\n"
               "$end: .loc 1 24 1"),
        out, nullptr, {1, 64});
  CHECK_EQUAL(warps("planted.cu:21"), "0");
  CHECK_EQUAL(warps("planted.cu:22"), "2");
  CHECK_EQUAL(warps("planted.cu:23"), "2");
}

// What is inlined runs the lines that call it, through headers of the toolkit, too, which have no lines of their own.
void test_inlined() {
  Words out;
  clean(module(".loc 1 30 1\nsetp.gt.u32 %p1, %t, 99;\n@%p1 bra $second;\n"
               ".loc 2 7 3, function_name $name, inlined_at 1 31 5\nmov.u32 %r1, 5;\n"
               ".loc 3 900 3, function_name $name, inlined_at 2 7 3\nst.global.u32 [%mine], %r1;\nbra.uni $end;\n"
               "$second: .loc 2 7 3, function_name $name, inlined_at 1 32 5\nmov.u32 %r1, 6;\n"
               ".loc 2 8 3, function_name $name, inlined_at 1 32 5\nst.global.u32 [%mine], %r1;\n"
               "$end: .loc 1 33 1"),
        out);
  CHECK_EQUAL(warps("planted.cu:31"), "1");
  CHECK_EQUAL(warps("inlined.cuh:7"), "1");
  CHECK_EQUAL(warps("planted.cu:32"), "0");
  CHECK_EQUAL(warps("inlined.cuh:8"), "0");
  CHECK_EQUAL(lines_table().find("cuda_fp16"), std::string::npos);
}

// Warps add up over kernels, launches and modules; a kernel that was not launched has lines that did not run.
void test_instances() {
  Words out;
  const std::string text =
      module(".loc 1 40 1\nst.global.u32 [%mine], %t;",
             ".visible .entry other()\n{\n.loc 1 40 1\nbar.sync 0;\n.loc 1 41 1\nbar.sync 0;\nret;\n}\n");
  CHECK_EQUAL(warps("planted.cu:40"), "no code");
  for (int i = 0; i < 3; ++i) clean(text, out, nullptr, {2, 32});
  CHECK_EQUAL(warps("planted.cu:40"), "6");
  CHECK_EQUAL(warps("planted.cu:41"), "0");
}

}  // namespace

int main() {
  test_branch();
  test_guards();
  test_inlined();
  test_instances();
  return result();
}
