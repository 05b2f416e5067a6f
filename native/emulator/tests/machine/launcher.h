// Small kernels in PTX, launched on the machine itself.
#ifndef KIB_EMULATOR_TESTS_MACHINE_LAUNCHER_H
#define KIB_EMULATOR_TESTS_MACHINE_LAUNCHER_H
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "check.h"
#include "machine/machine.h"

namespace kib::test {

using namespace kib::emulator;

constexpr uint32_t kWords = 1024;

// Words in the device's memory, freed at the end.
class Words {
 public:
  explicit Words(uint32_t count = kWords, bool written = true)
      : count_(count), address_(Memory::instance().allocate(4 * count, "words")) {
    if (written) fill(0);
  }
  ~Words() { Memory::instance().release(address_); }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;
  uint64_t address() const { return address_; }
  void fill(uint32_t value) {
    uint32_t* p = view(Memory::Access::kWrite);
    for (uint32_t i = 0; i < count_; ++i) p[i] = value;
  }
  uint32_t operator[](uint32_t i) const { return view(Memory::Access::kRead)[i]; }
  void set(uint32_t i, uint32_t value) { view(Memory::Access::kWrite)[i] = value; }

 private:
  uint32_t* view(Memory::Access access) const {
    return reinterpret_cast<uint32_t*>(Memory::instance().view(address_, 4 * count_, access, "test", false));
  }
  uint32_t count_;
  uint64_t address_;
};

inline std::string header() { return ".version 9.0\n.target sm_90a\n.address_size 64\n.file 1 \"planted.cu\"\n"; }

// A kernel `k(.param .u64 out, .param .u64 in)` with registers, %t = tid.x, %out and %in as addresses, and
// %mine = out + 4 * tid.x.
inline std::string kernel(const std::string& body, const std::string& before = "") {
  return header() + before +
         ".visible .entry k(.param .u64 out, .param .u64 in)\n{\n"
         ".reg .pred %p<9>; .reg .b32 %r<99>; .reg .b64 %rd<99>; .reg .f32 %f<99>;\n"
         ".reg .b32 %t; .reg .b64 %out, %in, %mine;\n"
         "ld.param.u64 %out, [out]; ld.param.u64 %in, [in];\n"
         "mov.u32 %t, %tid.x; mul.wide.u32 %mine, %t, 4; add.u64 %mine, %mine, %out;\n" +
         body + "\nret;\n}\n";
}

struct Shape {
  uint32_t grid = 1, block = 32, dynamic_shared = 0;
  bool cooperative = false;
  uint64_t resident = 0;
};

inline Outcome launch(const std::string& ptx, const Words& out, const Words* in = nullptr, Shape shape = {}) {
  const auto module = Module::parse(ptx, "test.ptx");
  Launch l;
  l.kernel = module->kernel("k");
  l.grid = {shape.grid, 1, 1};
  l.block = {shape.block, 1, 1};
  l.dynamic_shared_bytes = shape.dynamic_shared;
  l.cooperative = shape.cooperative;
  l.resident = shape.resident;
  l.parameters.resize(l.kernel->parameter_bytes());
  const uint64_t pointers[] = {out.address(), in == nullptr ? 0 : in->address()};
  std::memcpy(l.parameters.data(), pointers, 16);
  return run(l);
}

// Runs a kernel that must be clean.
inline void clean(const std::string& ptx, const Words& out, const Words* in = nullptr, Shape shape = {}) {
  Reports::instance().clear();
  CHECK(launch(ptx, out, in, shape) == Outcome::kDone);
  CHECK_EQUAL(Reports::instance().count(), size_t{0});
}

// Runs a kernel with a planted bug: one report must be of that kind, and the first of them at that line.
inline Report planted(const std::string& ptx, Finding finding, int line, Outcome outcome, const Words& out,
                      const Words* in = nullptr, Shape shape = {}) {
  Reports::instance().clear();
  const Outcome got = launch(ptx, out, in, shape);
  CHECK_EQUAL(static_cast<int>(got), static_cast<int>(outcome));
  for (const Report& report : Reports::instance().all()) {
    if (report.finding != finding) continue;
    CHECK_EQUAL(report.file, std::string("planted.cu"));
    CHECK_EQUAL(report.line, line);
    CHECK_EQUAL(report.kernel, std::string("k"));
    return report;
  }
  CHECK_CONTAINS("no report", name(finding));
  return {};
}

}  // namespace kib::test
#endif
