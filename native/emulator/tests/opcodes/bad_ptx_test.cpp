// PTX that the machine cannot run is refused with one sentence that names file and line, and never run.
#include <cstdio>
#include <cstring>
#include <string>

#include "machine/machine.h"

namespace kib::emulator::tests {
namespace {

int failures = 0;

void expect(bool holds, const std::string& what, const std::string& got) {
  if (holds) return;
  ++failures;
  std::printf("FAILED %s: %s\n", what.c_str(), got.c_str());
}

const std::string kHead = ".version 8.0\n.target sm_80\n.address_size 64\n";

std::string kernel(const std::string& body) {
  return kHead +
         ".visible .entry test(.param .u64 p, .param .u32 n)\n{\n\t.reg .b32 %r<4>;\n\t.reg .f32 %f<4>;\n\t.reg .b64 "
         "%x<4>;\n\t.reg .pred %p<4>;\n" +
         body + "\n\tret;\n}\n";
}

struct Row {
  std::string what, text;
  std::string line, words;  // that the sentence must hold
};

const Row kRows[] = {
    {"an unknown opcode", kernel("\tfrobnicate.u32 %r0, %r1;"), ":10", "frobnicate"},
    {"an opcode of a newer device", kernel("\twgmma.fence.sync.aligned;"), ":10", "wgmma"},
    {"a type that an opcode does not have", kernel("\tadd.b32 %r0, %r1, %r2;"), ":10", "add.b32"},
    {"a number that no type holds", kernel("\tmov.u32 %r0, 99999999999999999999999;"), ":10", ""},
    {"an unknown modifier", kernel("\tadd.wrong.f32 %f0, %f1, %f2;"), ":10", "wrong"},
    {"too few operands", kernel("\tadd.u32 %r0, %r1;"), ":10", "operands"},
    {"an undeclared register", kernel("\tadd.u32 %r0, %r1, %q7;"), ":10", "%q7"},
    {"an undeclared label", kernel("\tbra nowhere;"), "", "nowhere"},
    {"an undeclared variable", kernel("\tmov.u64 %x0, nothing;"), ":10", "nothing"},
    {"an undeclared function", kernel("\tcall absent;"), "", "absent"},
    {"a missing semicolon", kernel("\tadd.u32 %r0, %r1, %r2\n\tadd.u32 %r0, %r1, %r2;"), "test.ptx:1", ""},
    {"an unclosed brace", kHead + ".visible .entry test()\n{\n\tret;\n", "test.ptx:", ""},
    {"no PTX at all", "#include <cuda.h>\nint main() {}\n", "test.ptx:1", ""},
    {"an empty file", "", "test.ptx", ""},
    {"32-bit addresses", ".version 8.0\n.target sm_80\n.address_size 32\n.visible .entry test()\n{\n\tret;\n}\n", ":3",
     "32-bit"},
    {"a special register that is not emulated", kernel("\tmov.u32 %r0, %pm9;"), ":10", "%pm9"},
    {"a function whose parameters are registers", kHead + ".func (.reg .b32 y) f(.reg .b32 x)\n{\n\tret;\n}\n", ":4",
     ".reg"},
    {"a directive that is unknown", kHead + ".frobnicate 3;\n", ":4", "frobnicate"},
};

void refused(const Row& row) {
  try {
    auto module = Module::parse(row.text, "test.ptx");
    if (const Kernel* test = module->kernel("test"); test && !test->refusal().empty())
      throw Unsupported(test->refusal());
    expect(false, row.what, "was accepted");
  } catch (const Unsupported& e) {
    std::string text = e.what();
    expect(text.find("test.ptx") != std::string::npos && text.find(row.line) != std::string::npos &&
               text.find(row.words) != std::string::npos,
           row.what, "the sentence lacks 'test.ptx', '" + row.line + "' or '" + row.words + "': " + text);
    expect(text.find('\n') == std::string::npos && text.size() > row.words.size() + 20, row.what,
           "is no single sentence: " + text);
  } catch (const std::exception& e) {
    expect(false, row.what, std::string("another exception: ") + e.what());
  }
}

// Bytes cut off or changed: refused or accepted, but nothing else.
void damaged() {
  std::string whole = kernel(
      "\tmov.u32 %r0, %tid.x;\n\tsetp.lt.u32 %p0, %r0, 5;\n\t@%p0 bra skip;\n\tadd.f32 %f0, %f1, 0f3F800000;\nskip:");
  size_t accepted = 0, refusals = 0;
  auto attempt = [&](const std::string& text) {
    try {
      auto module = Module::parse(text, "test.ptx");
      const Kernel* test = module->kernel("test");
      ++(test && !test->refusal().empty() ? refusals : accepted);
    } catch (const Unsupported&) {
      ++refusals;
    }
  };
  for (size_t n = 0; n < whole.size(); ++n) attempt(whole.substr(0, n));
  for (size_t i = 0; i < whole.size(); ++i)
    for (char c : {'{', '%', ';', '\0', '.', '9', '"', '\xff'}) {
      std::string text = whole;
      text[i] = c;
      attempt(text);
    }
  std::printf("%zu damaged files: %zu refused, %zu accepted\n", accepted + refusals, refusals, accepted);
  expect(refusals > accepted, "damaged files", "most were accepted");
}

void wrong_parameters() {
  auto module = Module::parse(kernel(""), "test.ptx");
  const Kernel* test = module->kernel("test");
  expect(test && test->parameter_bytes() == 12 && test->parameters().size() == 2, "parameters",
         "are not 8 and 4 bytes");
  expect(module->kernel("other") == nullptr, "a kernel that is not there", "was found");
  Launch launch;
  launch.kernel = test;
  launch.grid = launch.block = Dim3{1, 1, 1};
  for (size_t bytes : {size_t{0}, size_t{8}, size_t{16}}) {
    launch.parameters.assign(bytes, std::byte{0});
    size_t before = Reports::instance().count();
    std::string said = "it ran";
    try {
      if (run(launch) != Outcome::kDone && Reports::instance().count() > before)
        said = Reports::instance().all().back().sentence();
    } catch (const std::exception& e) {
      said = e.what();
    }
    expect(said.find("test") != std::string::npos && said.find(std::to_string(bytes)) != std::string::npos &&
               said.find("12") != std::string::npos,
           "a launch with " + std::to_string(bytes) + " bytes of parameters", said);
  }
}

}  // namespace
}  // namespace kib::emulator::tests

int main() {
  using namespace kib::emulator::tests;
  for (const Row& row : kRows) refused(row);
  damaged();
  wrong_parameters();
  std::printf("%zu kinds of bad PTX, %d failed\n", std::size(kRows), failures);
  return failures != 0;
}
