// f16, bf16 and pairs of them.
#include "cases.h"

namespace kib::emulator::tests {
namespace {

struct Type {
  const Format* format;
  Domain domain;
  bool pair;
  std::string suffix() const { return std::string(".") + format->name + (pair ? "x2" : ""); }
  bool bf16() const { return format == &kBf16; }
};
const Type kTypes[] = {{&kF16, Domain::kF16, false},
                       {&kF16, Domain::kF16x2, true},
                       {&kBf16, Domain::kBf16, false},
                       {&kBf16, Domain::kBf16x2, true}};

using Operation = std::function<uint64_t(uint64_t, uint64_t, uint64_t)>;

void put(Cases& cases, Type t, const std::string& opcode, int operands, const std::string& target,
         Operation operation) {
  bool pair = t.pair;
  Case c = form(opcode + t.suffix(), t.domain, std::vector<Domain>(size_t(operands), t.domain), [=](const Inputs& x) {
    uint64_t low = operation(x[0] & 0xffff, x[1] & 0xffff, x[2] & 0xffff);
    return pair ? low | operation(x[0] >> 16 & 0xffff, x[1] >> 16 & 0xffff, x[2] >> 16 & 0xffff) << 16 : low;
  });
  c.target = target;
  cases.push_back(c);
}

void sums_and_products(Cases& cases, Type t) {
  std::string target = t.bf16() ? "sm_90" : "sm_80";
  for (bool rounding : {false, true})
    for (bool ftz : {false, true})
      for (bool saturate : {false, true}) {
        if (t.bf16() && (ftz || saturate)) continue;
        Arithmetic a{t.format, Mode::kNearest, ftz, saturate};
        std::string ending = std::string(rounding ? ".rn" : "") + (ftz ? ".ftz" : "") + (saturate ? ".sat" : "");
        put(cases, t, "add" + ending, 2, target, [a](uint64_t x, uint64_t y, uint64_t) { return a.add(x, y); });
        put(cases, t, "sub" + ending, 2, target, [a](uint64_t x, uint64_t y, uint64_t) { return a.sub(x, y); });
        put(cases, t, "mul" + ending, 2, target, [a](uint64_t x, uint64_t y, uint64_t) { return a.mul(x, y); });
      }
}

void fused(Cases& cases, Type t) {
  for (bool ftz : {false, true})
    for (bool saturate : {false, true})
      for (bool relu : {false, true}) {
        if ((t.bf16() && (ftz || saturate)) || (saturate && relu)) continue;
        Arithmetic a{t.format, Mode::kNearest, ftz, saturate, relu};
        std::string ending =
            std::string(".rn") + (ftz ? ".ftz" : "") + (saturate ? ".sat" : "") + (relu ? ".relu" : "");
        put(cases, t, "fma" + ending, 3, "sm_80", [a](uint64_t x, uint64_t y, uint64_t z) { return a.fma(x, y, z); });
      }
}

void extrema(Cases& cases, Type t) {
  for (bool maximum : {false, true})
    for (bool ftz : {false, true})
      for (bool nan : {false, true})
        for (bool xorsign : {false, true}) {
          if (t.bf16() && ftz) continue;
          Arithmetic a{t.format, Mode::kNearest, ftz};
          std::string ending = std::string(ftz ? ".ftz" : "") + (nan ? ".NaN" : "") + (xorsign ? ".xorsign.abs" : "");
          put(cases, t, (maximum ? "max" : "min") + ending, 2, xorsign ? "sm_86" : "sm_80",
              [=](uint64_t x, uint64_t y, uint64_t) { return a.extremum(maximum, nan, xorsign, x, y); });
        }
}

void signs(Cases& cases, Type t) {
  const Format& f = *t.format;
  for (bool ftz : {false, true}) {
    if (t.bf16() && ftz) continue;
    std::string ending = ftz ? ".ftz" : "";
    put(cases, t, "neg" + ending, 1, "sm_80",
        [&f, ftz](uint64_t x, uint64_t, uint64_t) { return (ftz ? f.flush(x) : x) ^ f.sign(); });
    put(cases, t, "abs" + ending, 1, "sm_80",
        [&f, ftz](uint64_t x, uint64_t, uint64_t) { return f.magnitude(ftz ? f.flush(x) : x); });
  }
}

bool less(const Format& f, uint64_t x, uint64_t y) { return decode(f, x) < decode(f, y); }
bool unordered(const Format& f, uint64_t x, uint64_t y) { return f.is_nan(x) || f.is_nan(y); }

struct Comparison {
  const char* name;
  std::function<bool(const Format&, uint64_t, uint64_t)> holds;
};
const Comparison kComparisons[] = {
    {"eq", [](const Format& f, uint64_t x, uint64_t y) { return decode(f, x) == decode(f, y); }},
    {"ne", [](const Format& f, uint64_t x, uint64_t y) { return less(f, x, y) || less(f, y, x); }},
    {"lt", [](const Format& f, uint64_t x, uint64_t y) { return less(f, x, y); }},
    {"le", [](const Format& f, uint64_t x, uint64_t y) { return !unordered(f, x, y) && !less(f, y, x); }},
    {"gt", [](const Format& f, uint64_t x, uint64_t y) { return less(f, y, x); }},
    {"ge", [](const Format& f, uint64_t x, uint64_t y) { return !unordered(f, x, y) && !less(f, x, y); }},
    {"equ", [](const Format& f, uint64_t x, uint64_t y) { return !less(f, x, y) && !less(f, y, x); }},
    {"neu", [](const Format& f, uint64_t x, uint64_t y) { return decode(f, x) != decode(f, y); }},
    {"ltu", [](const Format& f, uint64_t x, uint64_t y) { return unordered(f, x, y) || less(f, x, y); }},
    {"leu", [](const Format& f, uint64_t x, uint64_t y) { return !less(f, y, x); }},
    {"gtu", [](const Format& f, uint64_t x, uint64_t y) { return unordered(f, x, y) || less(f, y, x); }},
    {"geu", [](const Format& f, uint64_t x, uint64_t y) { return !less(f, x, y); }},
    {"num", [](const Format& f, uint64_t x, uint64_t y) { return !unordered(f, x, y); }},
    {"nan", [](const Format& f, uint64_t x, uint64_t y) { return unordered(f, x, y); }}};

// set gives 1.0 or 0.0, or all bits of a half, for each half; setp a predicate for each.
void pair_comparisons(Cases& cases, Type t) {
  const Format& f = *t.format;
  std::string target = t.bf16() ? "sm_90" : "sm_80";
  for (const Comparison& comparison : kComparisons) {
    auto each = [&f, comparison](uint64_t yes) {
      return [&f, comparison, yes](const Inputs& x) {
        uint64_t low = comparison.holds(f, x[0] & 0xffff, x[1] & 0xffff),
                 high = comparison.holds(f, x[0] >> 16, x[1] >> 16);
        return low * yes | high * yes << 16;
      };
    };
    std::string name = comparison.name;
    Case set = form("set." + name + t.suffix() + t.suffix(), t.domain, {t.domain, t.domain}, each(f.one()));
    Case mask = form("set." + name + ".u32" + t.suffix(), Domain::kInt32, {t.domain, t.domain}, each(0xffff));
    Case setp = form("setp." + name + t.suffix() + " p|q", Domain::kInt32, {t.domain, t.domain}, each(1));
    setp.body = "setp." + name + t.suffix() +
                " %p0|%p1, %a, %b; selp.u32 %r2, 1, 0, %p0; selp.u32 %r3, 65536, 0, %p1; or.b32 %o, %r2, %r3;";
    for (Case* c : {&set, &mask, &setp}) {
      c->target = target;
      c->few = true;
      cases.push_back(*c);
    }
  }
}

}  // namespace

void half_cases(Cases& cases) {
  for (const Type& t : kTypes) {
    sums_and_products(cases, t);
    fused(cases, t);
    extrema(cases, t);
    signs(cases, t);
    if (t.pair) pair_comparisons(cases, t);
  }
}

}  // namespace kib::emulator::tests
