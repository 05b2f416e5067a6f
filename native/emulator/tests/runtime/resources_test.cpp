// Where registers are from: what a build wrote down, ptxas, what it said before, an estimate.
// resources_test FOLDER [PTX OUTPUT-OF-PTXAS CAPABILITY]...: the estimates for each PTX lie near ptxas' numbers.
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "check.h"
#include "runtime/ptxas.h"

using namespace kib::emulator;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

std::string says(const std::string& kernel, const std::string& target, int registers) {
  return "ptxas info    : Compiling entry function '" + kernel + "' for '" + target + "'\n" +
         "ptxas info    : Function properties for " + kernel + "\n" +
         "    16 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n" + "ptxas info    : Used " +
         std::to_string(registers) +
         " registers, used 3 barriers, 64 bytes cumulative stack size, 4096 bytes smem, 400 bytes cmem[0]\n" +
         "ptxas info    : Function properties for helper\n    24 bytes stack frame, 0 bytes spill stores\n";
}

std::string ptx(const std::string& body, const std::string& directives = "", const std::string& before = "") {
  return ".version 8.0\n.target sm_80\n.address_size 64\n" + before + ".visible .entry k(.param .u64 p)\n" +
         directives + "{\n.reg .pred %p<9>; .reg .b32 %r<999>; .reg .b64 %rd<9>;\nld.param.u64 %rd1, [p];\n" + body +
         "\nret;\n}\n";
}

void output_of_ptxas() {
  Resources r;
  read_ptxas(says("k", "sm_80", 40) + says("k", "sm_90a", 80) + says("other", "sm_90", 255), 90, &r);
  CHECK_EQUAL(r.kernels.size(), 2u);
  const KernelResources k = r.kernels["k"];
  CHECK(k.registers == 80 && k.barriers == 3 && k.shared == 4096 && k.stack == 64);
  CHECK_EQUAL(r.kernels["other"].registers, 255u);
  CHECK_EQUAL(r.frames["helper"], 24u);
  Resources none;
  read_ptxas(says("k", "sm_80", 40), 100, &none);
  read_ptxas("no output of ptxas\n\nUsed 12 registers", 90, &none);
  read_ptxas("", 90, &none);
  CHECK(none.empty() && none.frames.empty());
  // Output that is cut short anywhere is no reason to fail.
  const std::string all = says("k", "sm_90", 80);
  for (size_t n = 0; n <= all.size(); ++n) {
    Resources part;
    read_ptxas(all.substr(0, n), 90, &part);
    CHECK(part.kernels.empty() || part.kernels["k"].registers == 80);
  }
  // Neither are numbers that no kernel has.
  for (const char* number : {"0", "256", "99999999999999999999", "4294967376"}) {
    std::string text = says("k", "sm_90", 80);
    text.replace(text.find("80 registers"), 2, number);
    Resources wrong;
    read_ptxas(text, 90, &wrong);
    CHECK(wrong.empty());
  }
}

uint32_t estimated(const std::string& text) { return estimate_resources(text).kernels["k"].registers; }

void estimates() {
  // Forty loads, then forty stores of what they loaded: all live at once.
  std::string many;
  for (int i = 0; i < 40; ++i) many += "ld.global.u32 %r" + std::to_string(i) + ", [%rd1];\n";
  for (int i = 40; i-- > 0;) many += "st.global.u32 [%rd1], %r" + std::to_string(i) + ";\n";
  CHECK(estimated(ptx(many)) >= 42 && estimated(ptx(many)) <= 60);
  // As many, one after the other.
  std::string few;
  for (int i = 0; i < 400; ++i) {
    const std::string r = "%r" + std::to_string(i);
    few += "ld.global.u32 " + r + ", [%rd1]; st.global.u32 [%rd1], " + r + ";\n";
  }
  CHECK_EQUAL(estimated(ptx(few)), 16u);
  // What a loop reads again lives through it, though nothing behind the loop needs it.
  std::string loop = "mov.u32 %r90, 0;\n";
  for (int i = 0; i < 40; ++i) loop += "ld.global.u32 %r" + std::to_string(i) + ", [%rd1];\n";
  loop += "$L:\n";
  for (int i = 0; i < 40; ++i) loop += "add.u32 %r90, %r90, %r" + std::to_string(i) + ";\n";
  loop += "setp.lt.u32 %p1, %r90, 100;\n@%p1 bra $L;\nst.global.u32 [%rd1], %r90;\n";
  CHECK(estimated(ptx(loop)) >= 43);
  std::string huge;
  for (int i = 0; i < 900; ++i) huge += "ld.global.u32 %r" + std::to_string(i) + ", [%rd1];\n";
  for (int i = 0; i < 900; ++i) huge += "st.global.u32 [%rd1], %r" + std::to_string(i) + ";\n";
  CHECK_EQUAL(estimated(ptx(huge)), 255u);
  CHECK_EQUAL(estimated(ptx(huge, ".maxnreg 72")), 72u);
  CHECK_EQUAL(estimated(ptx(huge, ".maxntid 1024, 1, 1")), 64u);
  CHECK_EQUAL(estimated(ptx(huge, ".maxntid 256, 1, 1 .minnctapersm 2")), 128u);
  // What lives across a call, and what the callee needs.
  const std::string callee =
      ".func (.param .b32 y) f(.param .b32 x)\n{\n.local .align 4 .b8 a[100];\n.reg .b32 %r<9>;\n"
      "ld.param.u32 %r1, [x]; st.param.u32 [y], %r1; ret;\n}\n";
  std::string call =
      "{ .param .b32 a; .param .b32 b; st.param.b32 [a], %r1; call.uni (b), f, (a); "
      "ld.param.b32 %r41, [b]; }\nst.global.u32 [%rd1], %r41;\n";
  const Resources called =
      estimate_resources(ptx(many.substr(0, many.find("st.")) + call + many.substr(many.find("st.")), "", callee));
  CHECK(called.kernels.at("k").registers >= 44);
  CHECK(called.kernels.at("k").stack >= 104 && called.frames.at("f") >= 104);
  CHECK(estimate_resources("no PTX {").empty());
  CHECK(estimate_resources("").empty());
}

void sources(const fs::path& folder) {
  fs::remove_all(folder);
  fs::create_directories(folder / "a folder; 'with' $(signs)");
  const std::string beside = (folder / "a folder; 'with' $(signs)").string();
  const fs::path log = folder / "log", tool = folder / "ptxas";
  // A ptxas that keeps count, looks at what it gets, and says 80 registers.
  write(folder / "output", says("k", "sm_90", 80));
  write(tool, "#!/bin/sh\necho \"$@\" >>'" + log.string() + "'\ngrep -q entry \"$3\" && cat '" +
                  (folder / "output").string() + "'\n");
  ::chmod(tool.c_str(), 0755);
  const Ptx text = describe_ptx(ptx(""), "k.ptx");
  Options options;
  options.ptxas = tool.string();
  options.cache = (folder / "cache").string();
  const auto find = [&] { return find_resources(text, {"k"}, {beside}, options); };
  const auto runs = [&] {
    const std::string all = read(log);
    return std::count(all.begin(), all.end(), '\n');
  };
  Resources r = find();
  CHECK(r.kernels["k"].registers == 80 && r.source == "ptxas" && r.estimated.empty());
  CHECK_CONTAINS(read(log), "-v -arch=sm_90 ");
  CHECK_EQUAL(find().kernels["k"].registers, 80u);  // from what it said before
  CHECK_EQUAL(runs(), 1);
  options.cache = "";
  find();
  CHECK_EQUAL(runs(), 2);
  options.cache = "/proc/no/such/folder";
  CHECK_EQUAL(find().kernels["k"].registers, 80u);
  options.cache = (folder / "cache").string();
  write(tool, read(tool) + "# another version\n");
  CHECK_EQUAL(find().kernels["k"].registers, 80u);
  CHECK_EQUAL(runs(), 4);
  // Damaged, what it said before is asked for again.
  for (const auto& entry : fs::directory_iterator(folder / "cache")) write(entry.path(), "ptxas in");
  CHECK_EQUAL(find().kernels["k"].registers, 80u);
  CHECK_EQUAL(runs(), 5);
  for (const auto& entry : fs::directory_iterator(folder / "cache")) CHECK(entry.path().extension() == ".ptxas");

  options.cache = "";
  write(tool, "#!/bin/sh\necho \"ptxas fatal : Unsupported .version 99; current version is '9.0'\"\nexit 255\n");
  r = find();
  CHECK(r.kernels["k"].registers == 16);
  CHECK_CONTAINS(r.estimated, "ptxas says: ptxas fatal : Unsupported .version 99");
  write(tool, "not a program");
  CHECK_CONTAINS(find().estimated, "cannot be started");
  options.ptxas = (folder / "absent").string();
  CHECK_CONTAINS(find().estimated, "absent', which is no program");
  options.ptxas = "absent-from-every-path";
  CHECK_EQUAL(find().estimated, "absent-from-every-path is not on the PATH");
  options.ptxas = tool.string();
  for (const char* silent : {"exit 0", "exit 3", "echo nonsense"}) {
    write(tool, std::string("#!/bin/sh\n") + silent + "\n");
    CHECK_CONTAINS(find().estimated, "ptxas tells no registers");
  }
  write(tool, "#!/bin/sh\nprintf '\\033[31mno\\377'\nexit 1\n");
  CHECK_CONTAINS(find().estimated, "says: ?[31mno?");
  options.ptxas = "none";
  CHECK_EQUAL(find().estimated, "KIB_EMULATOR_PTXAS is 'none'");

  // A build's own output comes first, where it is of the capability and knows all kernels.
  write(fs::path(beside) / "k.ptxas", says("k", "sm_80", 40) + says("k", "sm_90a", 96));
  r = find();
  CHECK(r.kernels["k"].registers == 96 && r.estimated.empty());
  CHECK_CONTAINS(r.source, "k.ptxas");
  options.capability = 100;
  CHECK(!find().estimated.empty());
  options.capability = 80;
  CHECK_EQUAL(find().kernels["k"].registers, 40u);
  CHECK(!find_resources(text, {"k", "l"}, {beside}, options).estimated.empty());

  Ptx special = describe_ptx(".version 9.0\n.target sm_100f\n", "x");
  CHECK_EQUAL(ptxas_target(special, 103), "sm_103f");
  CHECK_EQUAL(ptxas_target(describe_ptx(".version 9.0\n.target sm_90a\n", "x"), 90), "sm_90a");
  CHECK_EQUAL(ptxas_target(text, 120), "sm_120");
}

// An estimate is no use where it is far from the truth.
void near(const std::string& ptx_file, const std::string& output, int capability) {
  Resources truth, guess = estimate_resources(read(ptx_file));
  read_ptxas(read(output), capability, &truth);
  CHECK(!truth.empty());
  for (const auto& [name, kernel] : truth.kernels) {
    const uint32_t registers = guess.kernels[name].registers;
    const bool near = registers + 12 >= kernel.registers && registers <= 2 * kernel.registers + 16;
    if (!near) std::fprintf(stderr, "%s: ptxas %u, estimate %u\n", name.c_str(), kernel.registers, registers);
    CHECK(near);
  }
  std::printf("%s: %zu estimates\n", fs::path(ptx_file).filename().c_str(), truth.kernels.size());
}

}  // namespace

int main(int count, char** arguments) {
  output_of_ptxas();
  estimates();
  sources(arguments[1]);
  for (int i = 2; i + 2 < count; i += 3) near(arguments[i], arguments[i + 1], std::atoi(arguments[i + 2]));
  return kib::test::result();
}
