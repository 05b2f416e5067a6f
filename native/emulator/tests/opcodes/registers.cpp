// Moves, packing, immediate values and special registers.
#include "integer.h"

namespace kib::emulator::tests {
namespace {

Case make(const std::string& name, const std::string& body, Domain result, std::vector<Domain> operands,
          Reference reference) {
  Case c = form(name, result, std::move(operands), std::move(reference));
  c.body = body;
  return c;
}

void moves(Cases& cases) {
  Domain w = Domain::kInt32, h = Domain::kInt16, x64 = Domain::kInt64;
  auto put = [&](const std::string& name, const std::string& body, Domain result, std::vector<Domain> operands,
                 Reference reference) {
    cases.push_back(make(name, body, result, std::move(operands), std::move(reference)));
  };
  put("mov.b64 of two words", "mov.b64 %o, {%a, %b};", x64, {w, w}, [](const Inputs& x) { return x[1] << 32 | x[0]; });
  put("mov.b32 of two halves", "mov.b32 %o, {%a, %b};", w, {h, h}, [](const Inputs& x) { return x[1] << 16 | x[0]; });
  put("mov.b64 of four halves", "mov.b64 %o, {%a, %b, %c, %d};", x64, {h, h, h, h},
      [](const Inputs& x) { return x[3] << 48 | x[2] << 32 | x[1] << 16 | x[0]; });
  put("mov.b64 to two words", "mov.b64 {%r2, %r3}, %a; sub.u32 %o, %r2, %r3;", w, {x64},
      [](const Inputs& x) { return (x[0] - (x[0] >> 32)) & 0xffffffffu; });
  put("mov.b32 to two halves", "mov.b32 {%h2, %h3}, %a; sub.u16 %o, %h2, %h3;", h, {w},
      [](const Inputs& x) { return (x[0] - (x[0] >> 16)) & 0xffff; });
  put("mov.b64 to four halves",
      "mov.b64 {%h2, %h3, %h4, %h5}, %a; xor.b16 %h2, %h2, %h4; sub.u16 %h3, %h3, %h5; sub.u16 %o, %h2, %h3;", h, {x64},
      [](const Inputs& x) { return ((x[0] ^ x[0] >> 32) - ((x[0] >> 16) - (x[0] >> 48))) & 0xffff; });
  put("mov.b64 to a word and nothing", "mov.b64 {%r2, _}, %a; mov.u32 %o, %r2;", w, {x64},
      [](const Inputs& x) { return x[0] & 0xffffffffu; });
  for (Integer t : kIntegers)
    put("mov" + t.suffix(), "mov" + t.suffix() + " %o, %a;", t.domain(), {t.domain()},
        [](const Inputs& x) { return x[0]; });
  put("mov.f32", "mov.f32 %o, %a;", w, {w}, [](const Inputs& x) { return x[0]; });
  put("mov.f64", "mov.f64 %o, %a;", x64, {x64}, [](const Inputs& x) { return x[0]; });
}

void immediates(Cases& cases) {
  struct Row {
    const char *type, *text;
    int bits;
    uint64_t value;
  };
  const Row rows[] = {{"f32", "0f3F800000", 32, 0x3f800000},
                      {"f32", "0fFF800000", 32, 0xff800000},
                      {"f64", "0d7FF0000000000000", 64, 0x7ff0000000000000},
                      {"f64", "0dBFF8000000000001", 64, 0xbff8000000000001},
                      {"f64", "1.5", 64, 0x3ff8000000000000},
                      {"f32", "-2.5", 32, 0xc0200000},
                      {"u32", "0xfeedBEEF", 32, 0xfeedbeef},
                      {"u32", "0777", 32, 511},
                      {"u32", "0b1011", 32, 11},
                      {"u32", "4294967295U", 32, 0xffffffff},
                      {"s32", "-1", 32, 0xffffffff},
                      {"s32", "-2147483648", 32, 0x80000000},
                      {"s64", "-9223372036854775808", 64, 0x8000000000000000},
                      {"u64", "18446744073709551615", 64, ~uint64_t{0}},
                      {"s64", "-5", 64, ~uint64_t{4}},
                      {"u16", "65535", 16, 65535},
                      {"s16", "-3", 16, 65533}};
  for (const Row& row : rows) {
    std::string opcode = std::string("mov.") + row.type;
    uint64_t value = row.value;
    Case c = make(opcode + " of " + row.text, opcode + " %o, " + row.text + ";", Integer{row.bits, false}.domain(), {},
                  [value](const Inputs&) { return value; });
    c.few = true;
    cases.push_back(c);
  }
}

void special_registers(Cases& cases) {
  struct Row {
    const char* name;
    std::function<std::optional<uint64_t>(uint64_t)> value;  // of the thread's number
  };
  auto constant = [](uint64_t value) { return [value](uint64_t) { return value; }; };
  const Row rows[] = {{"%tid.x", [](uint64_t i) { return i % 128; }},
                      {"%tid.y", constant(0)},
                      {"%tid.z", constant(0)},
                      {"%ntid.x", constant(128)},
                      {"%ntid.y", constant(1)},
                      {"%ntid.z", constant(1)},
                      {"%ctaid.x", [](uint64_t i) { return i / 128; }},
                      {"%ctaid.y", constant(0)},
                      {"%ctaid.z", constant(0)},
                      {"%nctaid.x", constant(2)},
                      {"%nctaid.y", constant(1)},
                      {"%nctaid.z", constant(1)},
                      {"%laneid", [](uint64_t i) { return i % 32; }},
                      {"%warpid", [](uint64_t i) { return i % 128 / 32; }},
                      {"%lanemask_eq", [](uint64_t i) { return uint64_t{1} << i % 32; }},
                      {"%lanemask_lt", [](uint64_t i) { return (uint64_t{1} << i % 32) - 1; }},
                      {"%lanemask_le", [](uint64_t i) { return (uint64_t{2} << i % 32) - 1; }},
                      {"%lanemask_gt", [](uint64_t i) { return 0xffffffffu & ~((uint64_t{2} << i % 32) - 1); }},
                      {"%lanemask_ge", [](uint64_t i) { return 0xffffffffu & ~((uint64_t{1} << i % 32) - 1); }},
                      {"%dynamic_smem_size", constant(0)},
                      {"%total_smem_size", constant(0)},
                      {"%aggr_smem_size", constant(1024)},
                      {"%reserved_smem_offset_cap", constant(1024)},
                      {"%nsmid", constant(132)}};
  for (const Row& row : rows) {
    Case c = make(row.name, std::string("mov.u32 %o, ") + row.name + ";", Domain::kInt32, {},
                  [row](const Inputs& x) { return row.value(x[3]); });
    c.few = c.numbered = true;
    cases.push_back(c);
  }
  for (std::string clock : {"%clock64", "%globaltimer"}) {
    std::string body = "mov.u64 %x2, " + clock + "; mov.u64 %x3, " + clock + "; setp.ge.u64 %q, %x3, %x2;";
    Case c = predicate_form(clock + " does not run backwards", {}, [](const Inputs&) { return uint64_t{1}; });
    c.body = body;
    c.few = true;
    cases.push_back(c);
  }
  Case c = predicate_form("%smid is below %nsmid", {}, [](const Inputs&) { return uint64_t{1}; });
  c.body = "mov.u32 %r2, %smid; mov.u32 %r3, %nsmid; setp.lt.u32 %q, %r2, %r3;";
  c.few = true;
  cases.push_back(c);
}

}  // namespace

void register_cases(Cases& cases) {
  moves(cases);
  immediates(cases);
  special_registers(cases);
}

}  // namespace kib::emulator::tests
