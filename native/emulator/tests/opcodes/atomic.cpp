// atom and red: each thread on a slot of its own, then all threads of a warp on one.
#include "integer.h"

namespace kib::emulator::tests {
namespace {

const std::string kShared = ".shared .align 16 .b8 scratch[1024];\n";  // 8 bytes for each of 128 threads
const std::string kSlot = "mov.u32 %r2, scratch; shl.b32 %r3, %tid1, 3; add.s32 %r2, %r2, %r3; ";
const std::string kWarpSlot =
    "mov.u32 %r2, scratch; and.b32 %r3, %tid1, 96; shl.b32 %r3, %r3, 1; add.s32 %r2, %r2, %r3; ";

struct Operation {
  std::string suffix;  // ".add.u32"
  Domain domain;
  std::function<uint64_t(uint64_t old, uint64_t operand)> result;
  std::string target = "sm_80";
};

std::vector<Operation> integer_operations() {
  std::vector<Operation> all;
  for (Integer t : {Integer{32, true}, Integer{32, false}, Integer{64, true}, Integer{64, false}}) {
    if (!(t.bits == 64 && t.is_signed))
      all.push_back({".add" + t.suffix(), t.domain(), [t](uint64_t a, uint64_t b) { return (a + b) & t.mask(); }});
    all.push_back(
        {".min" + t.suffix(), t.domain(), [t](uint64_t a, uint64_t b) { return t.value(a) < t.value(b) ? a : b; }});
    all.push_back(
        {".max" + t.suffix(), t.domain(), [t](uint64_t a, uint64_t b) { return t.value(a) > t.value(b) ? a : b; }});
    if (t.is_signed) continue;
    std::string b = ".b" + std::to_string(t.bits);
    all.push_back({".and" + b, t.domain(), [](uint64_t x, uint64_t y) { return x & y; }});
    all.push_back({".or" + b, t.domain(), [](uint64_t x, uint64_t y) { return x | y; }});
    all.push_back({".xor" + b, t.domain(), [](uint64_t x, uint64_t y) { return x ^ y; }});
  }
  all.push_back({".inc.u32", Domain::kInt32, [](uint64_t a, uint64_t b) { return a >= b ? 0 : a + 1; }});
  all.push_back({".dec.u32", Domain::kInt32, [](uint64_t a, uint64_t b) { return a == 0 || a > b ? b : a - 1; }});
  return all;
}

// Single precision flushes in global memory and not in shared memory: subnormal numbers are left to chance.
std::vector<Operation> float_operations() {
  Arithmetic f32{&kF32}, f64{&kF64}, f16{&kF16}, bf16{&kBf16};
  auto pair = [](Arithmetic a) {
    return [a](uint64_t x, uint64_t y) {
      return a.add(x & 0xffff, y & 0xffff) | a.add(x >> 16 & 0xffff, y >> 16 & 0xffff) << 16;
    };
  };
  return {{".add.f32", Domain::kF32, [f32](uint64_t x, uint64_t y) { return f32.add(x, y); }},
          {".add.f64", Domain::kF64, [f64](uint64_t x, uint64_t y) { return f64.add(x, y); }},
          {".add.noftz.f16", Domain::kF16, [f16](uint64_t x, uint64_t y) { return f16.add(x, y); }},
          {".add.noftz.f16x2", Domain::kF16x2, pair(f16)},
          {".add.noftz.bf16", Domain::kBf16, [bf16](uint64_t x, uint64_t y) { return bf16.add(x, y); }, "sm_90"},
          {".add.noftz.bf16x2", Domain::kBf16x2, pair(bf16), "sm_90"}};
}

struct Place {
  std::string space, slot, address;  // the qualifier, code that computes it, the operand
};
const Place kPlaces[] = {{".shared", kSlot, "[%r2]"},
                         {".global", "", "[%po]"},
                         {"", kSlot + "cvt.u64.u32 %x2, %r2; cvta.shared.u64 %x2, %x2; ", "[%x2]"}};

bool flushed(const Operation& operation, const Inputs& x) {
  return operation.domain == Domain::kF32 &&
         (kF32.is_subnormal(x[0]) || kF32.is_subnormal(x[1]) || kF32.is_subnormal(operation.result(x[0], x[1])));
}

// The new value in memory; and the old value that atom returns.
void alone(Cases& cases, const Operation& operation) {
  int bits = width(operation.domain);
  std::string b = ".b" + std::to_string(bits), old = bits == 64 ? "%x5" : bits == 32 ? "%r5" : "%h5";
  for (const Place& place : kPlaces) {
    std::string start = place.slot + "st" + place.space + b + " " + place.address + ", %a; ";
    std::string end = "ld" + place.space + b + " %o, " + place.address + ";";
    Reference result = [operation](const Inputs& x) -> std::optional<uint64_t> {
      if (flushed(operation, x)) return std::nullopt;
      return operation.result(x[0], x[1]);
    };
    auto put = [&](const std::string& name, const std::string& body, Reference reference) {
      Case c = form(name, operation.domain, {operation.domain, operation.domain}, std::move(reference));
      c.body = body;
      c.declarations = kShared;
      c.target = operation.target;
      c.few = true;
      cases.push_back(c);
    };
    std::string atom = "atom" + place.space + operation.suffix, red = "red" + place.space + operation.suffix;
    put(atom + " in memory", start + atom + " " + old + ", " + place.address + ", %b; " + end, result);
    put(red, start + red + " " + place.address + ", %b; " + end, result);
    put(atom + " returned", start + atom + " %o, " + place.address + ", %b;", [](const Inputs& x) { return x[0]; });
  }
}

void exchanges(Cases& cases) {
  for (int bits : {16, 32, 64})
    for (const Place& place : kPlaces) {
      Integer t{bits, false};
      std::string b = ".b" + std::to_string(bits), old = bits == 64 ? "%x5" : bits == 32 ? "%r5" : "%h5";
      std::string start = place.slot + "st" + place.space + b + " " + place.address + ", %a; ";
      std::string end = "ld" + place.space + b + " %o, " + place.address + ";";
      auto put = [&](const std::string& name, const std::string& body, Reference reference) {
        Case c = form(name, t.domain(), {t.domain(), t.domain(), t.domain()}, std::move(reference));
        c.body = body;
        c.declarations = kShared;
        // Half of the comparisons succeed.
        c.adjust = [](Inputs& x) { x[1] = x[2] & 1 ? x[0] : x[1]; };
        cases.push_back(c);
      };
      std::string cas = "atom" + place.space + ".cas" + b, exch = "atom" + place.space + ".exch" + b;
      put(cas + " in memory", start + cas + " " + old + ", " + place.address + ", %b, %c; " + end,
          [](const Inputs& x) { return x[0] == x[1] ? x[2] : x[0]; });
      put(cas + " returned", start + cas + " %o, " + place.address + ", %b, %c;", [](const Inputs& x) { return x[0]; });
      if (bits == 16) continue;
      put(exch + " in memory", start + exch + " " + old + ", " + place.address + ", %b; " + end,
          [](const Inputs& x) { return x[1]; });
      put(exch + " returned", start + exch + " %o, " + place.address + ", %b;", [](const Inputs& x) { return x[0]; });
    }
}

void orders_and_scopes(Cases& cases) {
  for (std::string order : {".relaxed", ".acquire", ".release", ".acq_rel"})
    for (std::string scope : {".cta", ".gpu", ".sys"}) {
      std::string opcode = "atom" + order + scope + ".global.add.u32";
      Case c = form(opcode, Domain::kInt32, {Domain::kInt32, Domain::kInt32},
                    [](const Inputs& x) { return (x[0] + x[1]) & 0xffffffffu; });
      c.body = "st.global.u32 [%po], %a; " + opcode + " %r5, [%po], %b; ld.global.u32 %o, [%po];";
      c.few = true;
      cases.push_back(c);
    }
}

// All 32 lanes at once on one address, beginning at lane 0's a; the results do not depend on the order.
void together(Cases& cases, const Operation& operation) {
  if (operation.domain == Domain::kF32 || operation.domain == Domain::kF64 || width(operation.domain) == 16) return;
  if (operation.suffix == ".inc.u32" || operation.suffix == ".dec.u32" ||
      operation.suffix.find("noftz") != std::string::npos)
    return;
  std::string b = ".b" + std::to_string(width(operation.domain)), atom = "red.shared" + operation.suffix;
  Case c = form(atom + " of a warp", operation.domain, {operation.domain, operation.domain}, nullptr);
  c.body = kWarpSlot + "and.b32 %r4, %tid1, 31; setp.eq.u32 %p0, %r4, 0; @%p0 st.shared" + b +
           " [%r2], %a; bar.warp.sync -1; " + atom + " [%r2], %b; bar.warp.sync -1; ld.shared" + b + " %o, [%r2];";
  c.declarations = kShared;
  c.warp = [operation](const Inputs* lanes, std::optional<uint64_t>* results) {
    uint64_t value = lanes[0][0];
    for (int i = 0; i < 32; ++i) value = operation.result(value, lanes[i][1]);
    for (int i = 0; i < 32; ++i) results[i] = value;
  };
  cases.push_back(c);
}

// Each lane draws another ticket.
void tickets(Cases& cases) {
  for (std::string suffix : {".add.u32", ".inc.u32"}) {
    Case c = form("atom.shared" + suffix + " gives each lane a ticket of its own", Domain::kInt32, {Domain::kInt32},
                  nullptr);
    c.body = kWarpSlot +
             "and.b32 %r4, %tid1, 31; setp.eq.u32 %p0, %r4, 0; mov.u32 %r6, 0; @%p0 st.shared.u32 [%r2], %r6; "
             "bar.warp.sync -1; "
             "mov.u32 %r7, " +
             (suffix == ".add.u32" ? "1" : "100") + "; atom.shared" + suffix +
             " %r5, [%r2], %r7; match.any.sync.b32 %r8, %r5, -1; setp.lt.u32 %p1, %r5, 32; selp.u32 %o, %r8, 0, %p1;";
    c.declarations = kShared;
    c.few = true;
    c.warp = [](const Inputs*, std::optional<uint64_t>* results) {
      for (int i = 0; i < 32; ++i) results[i] = uint64_t{1} << i;
    };
    cases.push_back(c);
  }
}

}  // namespace

void atomic_cases(Cases& cases) {
  for (const auto& table : {integer_operations(), float_operations()})
    for (const Operation& operation : table) {
      alone(cases, operation);
      together(cases, operation);
    }
  exchanges(cases);
  orders_and_scopes(cases);
  tickets(cases);
}

}  // namespace kib::emulator::tests
