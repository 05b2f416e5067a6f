// Integer arithmetic.
#include "integer.h"

namespace kib::emulator::tests {
namespace {

Int128 absolute(Int128 x) { return x < 0 ? -x : x; }

Domain doubled(Integer t) { return t.bits == 16 ? Domain::kInt32 : Domain::kInt64; }

void sums(Cases& cases, Integer t) {
  Domain d = t.domain();
  cases.push_back(
      form("add" + t.suffix(), d, {d, d}, [t](const Inputs& x) { return t.wrap(t.value(x[0]) + t.value(x[1])); }));
  cases.push_back(
      form("sub" + t.suffix(), d, {d, d}, [t](const Inputs& x) { return t.wrap(t.value(x[0]) - t.value(x[1])); }));
  cases.push_back(form("min" + t.suffix(), d, {d, d},
                       [t](const Inputs& x) { return t.wrap(std::min(t.value(x[0]), t.value(x[1]))); }));
  cases.push_back(form("max" + t.suffix(), d, {d, d},
                       [t](const Inputs& x) { return t.wrap(std::max(t.value(x[0]), t.value(x[1]))); }));
  cases.push_back(form("sad" + t.suffix(), d, {d, d, d}, [t](const Inputs& x) {
    return t.wrap(t.value(x[2]) + absolute(t.value(x[0]) - t.value(x[1])));
  }));
  if (!t.is_signed) return;
  cases.push_back(form("abs" + t.suffix(), d, {d}, [t](const Inputs& x) { return t.wrap(absolute(t.value(x[0]))); }));
  cases.push_back(form("neg" + t.suffix(), d, {d}, [t](const Inputs& x) { return t.wrap(-t.value(x[0])); }));
}

void saturating(Cases& cases) {
  Integer t{32, true};
  Domain d = t.domain();
  cases.push_back(
      form("add.sat.s32", d, {d, d}, [t](const Inputs& x) { return t.wrap(t.clamp(t.value(x[0]) + t.value(x[1]))); }));
  cases.push_back(
      form("sub.sat.s32", d, {d, d}, [t](const Inputs& x) { return t.wrap(t.clamp(t.value(x[0]) - t.value(x[1]))); }));
  cases.push_back(form("mad.hi.sat.s32", d, {d, d, d}, [t](const Inputs& x) {
    return t.wrap(t.clamp((t.value(x[0]) * t.value(x[1]) >> 32) + t.value(x[2])));
  }));
}

// The low 128 bits of a product of 64-bit values hold all of it.
void products(Cases& cases, Integer t) {
  Domain d = t.domain();
  for (bool high : {false, true}) {
    int shift = high ? t.bits : 0;
    auto product = [t, shift](const Inputs& x) {
      Bits128 p = Bits128(t.value(x[0])) * Bits128(t.value(x[1]));
      return t.wrap(Int128(p >> shift));
    };
    std::string part = high ? ".hi" : ".lo";
    cases.push_back(form("mul" + part + t.suffix(), d, {d, d}, product));
    cases.push_back(form("mad" + part + t.suffix(), d, {d, d, d},
                         [t, product](const Inputs& x) { return t.wrap(Int128(product(x)) + t.value(x[2])); }));
  }
  if (t.bits == 64) return;
  Integer w{2 * t.bits, t.is_signed};
  cases.push_back(form("mul.wide" + t.suffix(), doubled(t), {d, d},
                       [t, w](const Inputs& x) { return w.wrap(t.value(x[0]) * t.value(x[1])); }));
  cases.push_back(form("mad.wide" + t.suffix(), doubled(t), {d, d, doubled(t)},
                       [t, w](const Inputs& x) { return w.wrap(t.value(x[0]) * t.value(x[1]) + w.value(x[2])); }));
}

void products_of_24_bits(Cases& cases) {
  for (bool is_signed : {false, true})
    for (bool high : {false, true}) {
      Integer t{24, is_signed}, r{32, is_signed};
      int shift = high ? 16 : 0;
      std::string ending = (high ? ".hi" : ".lo") + r.suffix();
      cases.push_back(form("mul24" + ending, Domain::kInt32, {Domain::kInt32, Domain::kInt32},
                           [=](const Inputs& x) { return r.wrap(t.value(x[0]) * t.value(x[1]) >> shift); }));
      cases.push_back(
          form("mad24" + ending, Domain::kInt32, {Domain::kInt32, Domain::kInt32, Domain::kInt32},
               [=](const Inputs& x) { return r.wrap((t.value(x[0]) * t.value(x[1]) >> shift) + r.value(x[2])); }));
    }
}

void quotients(Cases& cases, Integer t) {
  Domain d = t.domain();
  auto by = [t](bool remainder) {
    return [t, remainder](const Inputs& x) -> std::optional<uint64_t> {
      Int128 a = t.value(x[0]), b = t.value(x[1]);
      if (b == 0) return std::nullopt;
      return t.wrap(remainder ? a % b : a / b);
    };
  };
  cases.push_back(form("div" + t.suffix(), d, {d, d}, by(false)));
  cases.push_back(form("rem" + t.suffix(), d, {d, d}, by(true)));
}

// d = a (4 bytes or 2 halves) . b (4 or 2 bytes) + c
void dot_products(Cases& cases) {
  Domain d = Domain::kInt32;
  for (bool sa : {false, true})
    for (bool sb : {false, true}) {
      std::string ending = Integer{32, sa}.suffix() + Integer{32, sb}.suffix();
      cases.push_back(form("dp4a" + ending, d, {d, d, d}, [=](const Inputs& x) {
        Int128 sum = Int128(x[2]);
        for (int i = 0; i < 32; i += 8) sum += Integer{8, sa}.value(x[0] >> i) * Integer{8, sb}.value(x[1] >> i);
        return uint64_t(sum) & 0xffffffffu;
      }));
      for (bool high : {false, true})
        cases.push_back(form(std::string("dp2a") + (high ? ".hi" : ".lo") + ending, d, {d, d, d}, [=](const Inputs& x) {
          Int128 sum = Int128(x[2]);
          for (int i = 0; i < 2; ++i)
            sum += Integer{16, sa}.value(x[0] >> 16 * i) * Integer{8, sb}.value(x[1] >> (8 * i + (high ? 16 : 0)));
          return uint64_t(sum) & 0xffffffffu;
        }));
    }
}

void carries(Cases& cases, int bits) {
  Integer t{bits, false};
  std::string u = ".u" + std::to_string(bits), v = bits == 32 ? "%r2" : "%x2";
  auto put = [&](const std::string& name, const std::string& body,
                 std::function<uint64_t(uint64_t, uint64_t, uint64_t)> value) {
    Case c = form(name, t.domain(), {t.domain(), t.domain(), t.domain()},
                  [value](const Inputs& x) { return value(x[0], x[1], x[2]); });
    c.body = body;
    cases.push_back(c);
  };
  auto carry = [t](Bits128 sum) { return uint64_t(sum >> t.bits) & 1; };
  put("add.cc" + u + " and addc" + u, "add.cc" + u + " " + v + ", %a, %b; addc" + u + " %o, %c, 7;",
      [=](uint64_t a, uint64_t b, uint64_t c) { return (c + 7 + carry(Bits128(a) + b)) & t.mask(); });
  put("addc.cc" + u, "add.cc" + u + " " + v + ", %a, %b; addc.cc" + u + " " + v + ", %b, %c; addc" + u + " %o, 0, 0;",
      [=](uint64_t a, uint64_t b, uint64_t c) { return carry(Bits128(b) + c + carry(Bits128(a) + b)); });
  put("sub.cc" + u + " and subc" + u, "sub.cc" + u + " " + v + ", %a, %b; subc" + u + " %o, %c, 7;",
      [=](uint64_t a, uint64_t b, uint64_t c) { return (c - 7 - (a < b)) & t.mask(); });
  put("subc.cc" + u, "sub.cc" + u + " " + v + ", %a, %b; subc.cc" + u + " " + v + ", %b, %c; subc" + u + " %o, 0, 0;",
      [=](uint64_t a, uint64_t b, uint64_t c) {
        return (0 - uint64_t(Int128(b) - Int128(c) - (a < b) < 0)) & t.mask();
      });
  put("mad.lo.cc" + u + " and madc.hi" + u, "mad.lo.cc" + u + " " + v + ", %a, %b, %c; madc.hi" + u + " %o, %a, %b, 5;",
      [=](uint64_t a, uint64_t b, uint64_t c) {
        Bits128 product = Bits128(a) * b;
        return (uint64_t(product >> t.bits) + 5 + carry(Bits128(uint64_t(product) & t.mask()) + c)) & t.mask();
      });
  put("mad.hi.cc" + u + " and madc.lo.cc" + u,
      "mad.hi.cc" + u + " " + v + ", %a, %b, %c; madc.lo.cc" + u + " " + v + ", %a, %b, %a; addc" + u + " %o, 0, 0;",
      [=](uint64_t a, uint64_t b, uint64_t c) {
        Bits128 product = Bits128(a) * b;
        uint64_t low = uint64_t(product) & t.mask(), high = uint64_t(product >> t.bits);
        return carry(Bits128(low) + a + carry(Bits128(high) + c));
      });
  put("mad.lo.cc" + u + " and madc.hi.cc" + u,
      "mad.lo.cc" + u + " " + v + ", %a, %b, %c; madc.hi.cc" + u + " " + v + ", %a, %b, %b; addc" + u + " %o, 0, 0;",
      [=](uint64_t a, uint64_t b, uint64_t c) {
        Bits128 product = Bits128(a) * b;
        uint64_t low = uint64_t(product) & t.mask(), high = uint64_t(product >> t.bits);
        return carry(Bits128(high) + b + carry(Bits128(low) + c));
      });
}

void pairs_of_halves(Cases& cases) {
  for (bool is_signed : {false, true}) {
    Integer t{16, is_signed};
    auto each = [t](auto operation) {
      return [t, operation](const Inputs& x) {
        uint64_t low = t.wrap(operation(t.value(x[0]), t.value(x[1])));
        return low | t.wrap(operation(t.value(x[0] >> 16), t.value(x[1] >> 16))) << 16;
      };
    };
    auto put = [&](const std::string& opcode, Reference reference) {
      Case c = form(opcode + t.suffix() + "x2", Domain::kInt32, {Domain::kInt32, Domain::kInt32}, reference);
      c.target = "sm_90";
      cases.push_back(c);
    };
    put("add", each([](Int128 a, Int128 b) { return a + b; }));
    put("min", each([](Int128 a, Int128 b) { return std::min(a, b); }));
    put("max", each([](Int128 a, Int128 b) { return std::max(a, b); }));
  }
}

}  // namespace

void integer_cases(Cases& cases) {
  for (Integer t : kIntegers) {
    sums(cases, t);
    products(cases, t);
    quotients(cases, t);
  }
  saturating(cases);
  products_of_24_bits(cases);
  dot_products(cases);
  carries(cases, 32);
  carries(cases, 64);
  pairs_of_halves(cases);
}

}  // namespace kib::emulator::tests
