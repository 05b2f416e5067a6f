// Logic, shifts and bit fields.
#include "integer.h"

namespace kib::emulator::tests {
namespace {

Domain domain(int bits) { return Integer{bits, false}.domain(); }
std::string b(int bits) { return ".b" + std::to_string(bits); }

void logic(Cases& cases, int bits) {
  Domain d = domain(bits);
  uint64_t mask = Integer{bits, false}.mask();
  cases.push_back(form("and" + b(bits), d, {d, d}, [](const Inputs& x) { return x[0] & x[1]; }));
  cases.push_back(form("or" + b(bits), d, {d, d}, [](const Inputs& x) { return x[0] | x[1]; }));
  cases.push_back(form("xor" + b(bits), d, {d, d}, [](const Inputs& x) { return x[0] ^ x[1]; }));
  cases.push_back(form("not" + b(bits), d, {d}, [mask](const Inputs& x) { return ~x[0] & mask; }));
  cases.push_back(form("cnot" + b(bits), d, {d}, [](const Inputs& x) { return uint64_t(x[0] == 0); }));
}

void predicates(Cases& cases) {
  struct Row {
    const char* opcode;
    std::function<bool(bool, bool)> value;
  };
  const Row rows[] = {{"and", [](bool p, bool q) { return p && q; }},
                      {"or", [](bool p, bool q) { return p || q; }},
                      {"xor", [](bool p, bool q) { return p != q; }},
                      {"not", [](bool p, bool) { return !p; }},
                      {"mov", [](bool p, bool) { return p; }}};
  for (const Row& row : rows) {
    std::string opcode = row.opcode, second = opcode == "not" || opcode == "mov" ? "" : ", %p1";
    Case c = predicate_form(opcode + ".pred", {Domain::kInt32, Domain::kInt32},
                            [row](const Inputs& x) { return uint64_t(row.value(x[0] & 1, x[1] & 1)); });
    c.body = "and.b32 %r2, %a, 1; setp.ne.u32 %p0, %r2, 0; and.b32 %r3, %b, 1; setp.ne.u32 %p1, %r3, 0; " + opcode +
             ".pred %q, %p0" + second + ";";
    cases.push_back(c);
  }
}

void constant_predicates(Cases& cases) {
  for (std::string constant : {"0", "1", "-1"}) {
    uint64_t expected = constant != "0";
    Case c = predicate_form("mov.pred of " + constant, {}, [expected](const Inputs&) { return expected; });
    c.body = "mov.pred %q, " + constant + ";";
    c.few = true;
    cases.push_back(c);
  }
}

void shifts(Cases& cases, int bits) {
  Domain d = domain(bits);
  Integer u{bits, false}, s{bits, true};
  auto left = [=](const Inputs& x) { return x[1] >= uint64_t(bits) ? 0 : x[0] << x[1] & u.mask(); };
  auto right = [=](const Inputs& x) { return x[1] >= uint64_t(bits) ? 0 : x[0] >> x[1]; };
  auto arithmetic = [=](const Inputs& x) { return s.wrap(s.value(x[0]) >> std::min<uint64_t>(x[1], bits - 1)); };
  cases.push_back(form("shl" + b(bits), d, {d, Domain::kShift}, left));
  cases.push_back(form("shr" + b(bits), d, {d, Domain::kShift}, right));
  cases.push_back(form("shr" + u.suffix(), d, {d, Domain::kShift}, right));
  cases.push_back(form("shr" + s.suffix(), d, {d, Domain::kShift}, arithmetic));
}

void funnel_shifts(Cases& cases) {
  for (bool left : {false, true})
    for (bool clamp : {false, true}) {
      std::string opcode = std::string("shf") + (left ? ".l" : ".r") + (clamp ? ".clamp" : ".wrap") + ".b32";
      cases.push_back(
          form(opcode, Domain::kInt32, {Domain::kInt32, Domain::kInt32, Domain::kShift}, [=](const Inputs& x) {
            uint64_t n = clamp ? std::min<uint64_t>(x[2], 32) : x[2] & 31;
            uint64_t both = x[1] << 32 | x[0];
            return (left ? (n ? both << n : both) >> 32 : both >> n) & 0xffffffffu;
          }));
    }
}

// As the manual's pseudocode has it: position and length are taken modulo 256.
void fields(Cases& cases, int bits) {
  Domain d = domain(bits);
  for (bool is_signed : {false, true}) {
    Integer t{bits, is_signed};
    cases.push_back(form("bfe" + t.suffix(), d, {d, Domain::kShift, Domain::kShift}, [=](const Inputs& x) {
      int position = int(x[1] & 255), length = int(x[2] & 255);
      int last = std::min(position + length - 1, bits - 1);
      uint64_t fill = !is_signed || length == 0 ? 0 : x[0] >> last & 1, y = 0;
      for (int i = 0; i < bits; ++i) {
        bool inside = i < length && position + i <= bits - 1;
        y |= (inside ? x[0] >> (position + i) & 1 : fill) << i;
      }
      return y;
    }));
    for (bool amount : {false, true})
      cases.push_back(form(std::string("bfind") + (amount ? ".shiftamt" : "") + t.suffix(), Domain::kInt32, {d},
                           [=](const Inputs& x) {
                             uint64_t value = t.value(x[0]) < 0 ? ~x[0] & t.mask() : x[0];
                             int found = bits - 1;
                             while (found >= 0 && !(value >> found & 1)) --found;
                             if (found < 0) return uint64_t{0xffffffffu};
                             return uint64_t(amount ? bits - 1 - found : found);
                           }));
  }
  cases.push_back(form("bfi" + b(bits), d, {d, d, Domain::kShift, Domain::kShift}, [=](const Inputs& x) {
    int position = int(x[2] & 255), length = int(x[3] & 255);
    uint64_t y = x[1];
    for (int i = 0; i < length && position + i < bits; ++i) {
      uint64_t bit = uint64_t{1} << (position + i);
      y = x[0] >> i & 1 ? y | bit : y & ~bit;
    }
    return y;
  }));
  cases.push_back(form("brev" + b(bits), d, {d}, [=](const Inputs& x) {
    uint64_t y = 0;
    for (int i = 0; i < bits; ++i) y |= (x[0] >> i & 1) << (bits - 1 - i);
    return y;
  }));
  cases.push_back(form("popc" + b(bits), Domain::kInt32, {d}, [=](const Inputs& x) {
    uint64_t n = 0;
    for (int i = 0; i < bits; ++i) n += x[0] >> i & 1;
    return n;
  }));
  cases.push_back(form("clz" + b(bits), Domain::kInt32, {d}, [=](const Inputs& x) {
    uint64_t n = 0;
    while (n < uint64_t(bits) && !(x[0] >> (bits - 1 - n) & 1)) ++n;
    return n;
  }));
}

// Which bytes of (a, b) each mode of prmt takes, for control 0 to 3 (the manual's tables); lowest byte first.
struct PermuteMode {
  const char* name;
  int bytes[4][4];
};
const PermuteMode kPermuteModes[] = {{"f4e", {{0, 1, 2, 3}, {1, 2, 3, 4}, {2, 3, 4, 5}, {3, 4, 5, 6}}},
                                     {"b4e", {{0, 7, 6, 5}, {1, 0, 7, 6}, {2, 1, 0, 7}, {3, 2, 1, 0}}},
                                     {"rc8", {{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 3}}},
                                     {"ecl", {{0, 1, 2, 3}, {1, 1, 2, 3}, {2, 2, 2, 3}, {3, 3, 3, 3}}},
                                     {"ecr", {{0, 0, 0, 0}, {0, 1, 1, 1}, {0, 1, 2, 2}, {0, 1, 2, 3}}},
                                     {"rc16", {{0, 1, 0, 1}, {2, 3, 2, 3}, {0, 1, 0, 1}, {2, 3, 2, 3}}}};

void permutations(Cases& cases) {
  Domain d = Domain::kInt32;
  auto byte = [](const Inputs& x, int i) { return (i < 4 ? x[0] >> 8 * i : x[1] >> 8 * (i - 4)) & 255; };
  cases.push_back(form("prmt.b32", d, {d, d, d}, [byte](const Inputs& x) {
    uint64_t y = 0;
    for (int i = 0; i < 4; ++i) {
      int selector = int(x[2] >> 4 * i & 15);
      uint64_t chosen = byte(x, selector & 7);
      if (selector & 8) chosen = chosen & 128 ? 255 : 0;
      y |= chosen << 8 * i;
    }
    return y;
  }));
  for (const PermuteMode& mode : kPermuteModes)
    cases.push_back(form(std::string("prmt.b32.") + mode.name, d, {d, d, d}, [byte, mode](const Inputs& x) {
      uint64_t y = 0;
      for (int i = 0; i < 4; ++i) y |= byte(x, mode.bytes[x[2] & 3][i]) << 8 * i;
      return y;
    }));
}

// The position of the n-th set bit from a base, upwards or downwards; the manual's pseudocode.
void nth_set_bits(Cases& cases) {
  Domain d = Domain::kInt32;
  Case c = form("fns.b32", d, {d, Domain::kShift, Domain::kShift}, [](const Inputs& x) {
    int base = int(x[1]), offset = int32_t(x[2]), step = offset < 0 ? -1 : 1, left = std::abs(offset) - 1;
    if (offset == 0) return x[0] >> base & 1 ? uint64_t(base) : uint64_t{0xffffffffu};
    for (int position = base; position >= 0 && position < 32; position += step)
      if (x[0] >> position & 1 && left-- == 0) return uint64_t(position);
    return uint64_t{0xffffffffu};
  });
  c.adjust = [](Inputs& x) {
    x[1] &= 31;
    x[2] = (x[2] % 41 - 20) & 0xffffffffu;
  };
  cases.push_back(c);
}

// Masks of b bits from bit a, and values of b bits extended to 32; the manual's pseudocode.
void masks_and_extensions(Cases& cases) {
  const uint64_t ones = 0xffffffffu;
  for (bool clamp : {false, true}) {
    std::string mode = clamp ? ".clamp" : ".wrap";
    cases.push_back(
        form("bmsk" + mode + ".b32", Domain::kInt32, {Domain::kShift, Domain::kShift}, [=](const Inputs& x) {
          uint64_t first = x[0] & 31, end = first + (x[1] & 31);
          bool position_over = clamp && x[0] >= 32, width_over = clamp && x[1] >= 32;
          uint64_t above = position_over ? 0 : ones << first & ones;
          uint64_t beyond = end >= 32 || position_over || width_over ? 0 : ones << end & ones;
          return above & ~beyond;
        }));
    for (bool is_signed : {false, true})
      cases.push_back(form("szext" + mode + (is_signed ? ".s32" : ".u32"), Domain::kInt32,
                           {Domain::kInt32, Domain::kShift}, [=](const Inputs& x) {
                             uint64_t n = x[1] & 31;
                             if (clamp && x[1] >= 32) return x[0];
                             uint64_t mask = ones << n & ones;
                             bool negative = is_signed && n && x[0] >> (n - 1) & 1;
                             return (x[0] & ~mask) | (negative ? mask : 0);
                           }));
  }
}

void lookup_tables(Cases& cases) {
  Domain d = Domain::kInt32;
  for (int table = 0; table < 256; ++table) {
    Case c = form("lop3.b32", d, {d, d, d}, [table](const Inputs& x) {
      uint64_t y = 0;
      for (int i = 0; i < 32; ++i) {
        int index = int((x[0] >> i & 1) << 2 | (x[1] >> i & 1) << 1 | (x[2] >> i & 1));
        y |= uint64_t(table >> index & 1) << i;
      }
      return y;
    });
    c.name += " " + std::to_string(table);
    c.body = "lop3.b32 %o, %a, %b, %c, " + std::to_string(table) + ";";
    c.few = true;
    cases.push_back(c);
  }
}

}  // namespace

void logic_cases(Cases& cases) {
  for (int bits : {16, 32, 64}) {
    logic(cases, bits);
    shifts(cases, bits);
  }
  predicates(cases);
  constant_predicates(cases);
  funnel_shifts(cases);
  fields(cases, 32);
  fields(cases, 64);
  permutations(cases);
  nth_set_bits(cases);
  masks_and_extensions(cases);
  lookup_tables(cases);
}

}  // namespace kib::emulator::tests
