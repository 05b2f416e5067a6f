// f32 and f64 with one rounding, and what is exact.
#include "cases.h"

namespace kib::emulator::tests {
namespace {

struct Type {
  const Format* format;
  Domain domain;
  std::string suffix() const { return std::string(".") + format->name; }
};
const Type kTypes[] = {{&kF32, Domain::kF32}, {&kF64, Domain::kF64}};

void rounded(Cases& cases, Type t, Arithmetic a, const std::string& modifiers) {
  Domain d = t.domain;
  std::string ending = modifiers + t.suffix();
  cases.push_back(form("add" + ending, d, {d, d}, [a](const Inputs& x) { return a.add(x[0], x[1]); }));
  cases.push_back(form("sub" + ending, d, {d, d}, [a](const Inputs& x) { return a.sub(x[0], x[1]); }));
  cases.push_back(form("mul" + ending, d, {d, d}, [a](const Inputs& x) { return a.mul(x[0], x[1]); }));
  if (modifiers.empty() || modifiers[1] != 'r') return;
  cases.push_back(form("fma" + ending, d, {d, d, d}, [a](const Inputs& x) { return a.fma(x[0], x[1], x[2]); }));
  cases.push_back(form("mad" + ending, d, {d, d, d}, [a](const Inputs& x) { return a.fma(x[0], x[1], x[2]); }));
  if (a.saturate) return;
  cases.push_back(form("div" + ending, d, {d, d}, [a](const Inputs& x) { return a.div(x[0], x[1]); }));
  cases.push_back(form("rcp" + ending, d, {d}, [a](const Inputs& x) { return a.rcp(x[0]); }));
  cases.push_back(form("sqrt" + ending, d, {d}, [a](const Inputs& x) { return a.sqrt(x[0]); }));
}

void arithmetic(Cases& cases, Type t) {
  bool f32 = t.format == &kF32;
  for (bool ftz : {false, true})
    for (bool saturate : {false, true}) {
      if (!f32 && (ftz || saturate)) continue;
      std::string ending = std::string(ftz ? ".ftz" : "") + (saturate ? ".sat" : "");
      for (Mode mode : {Mode::kNearest, Mode::kZero, Mode::kDown, Mode::kUp})
        rounded(cases, t, Arithmetic{t.format, mode, ftz, saturate}, std::string(".") + suffix(mode) + ending);
      rounded(cases, t, Arithmetic{t.format, Mode::kNearest, ftz, saturate}, ending);
    }
}

void extrema(Cases& cases, Type t) {
  Domain d = t.domain;
  for (bool maximum : {false, true})
    for (bool ftz : {false, true})
      for (bool nan : {false, true})
        for (bool xorsign : {false, true}) {
          if (t.format == &kF64 && (ftz || nan || xorsign)) continue;
          std::string opcode = std::string(maximum ? "max" : "min") + (ftz ? ".ftz" : "") + (nan ? ".NaN" : "") +
                               (xorsign ? ".xorsign.abs" : "") + t.suffix();
          Arithmetic a{t.format, Mode::kNearest, ftz};
          Case c =
              form(opcode, d, {d, d}, [=](const Inputs& x) { return a.extremum(maximum, nan, xorsign, x[0], x[1]); });
          if (xorsign) c.target = "sm_86";
          cases.push_back(c);
        }
}

void signs(Cases& cases, Type t) {
  Domain d = t.domain;
  const Format& f = *t.format;
  for (bool ftz : {false, true}) {
    if (&f == &kF64 && ftz) continue;
    std::string ending = (ftz ? ".ftz" : "") + t.suffix();
    cases.push_back(
        form("abs" + ending, d, {d}, [&f, ftz](const Inputs& x) { return f.magnitude(ftz ? f.flush(x[0]) : x[0]); }));
    cases.push_back(
        form("neg" + ending, d, {d}, [&f, ftz](const Inputs& x) { return (ftz ? f.flush(x[0]) : x[0]) ^ f.sign(); }));
  }
  cases.push_back(form("copysign" + t.suffix(), d, {d, d},
                       [&f](const Inputs& x) { return f.magnitude(x[1]) | (x[0] & f.sign()); }));
}

void classes(Cases& cases, Type t) {
  const Format& f = *t.format;
  struct Row {
    const char* name;
    std::function<bool(uint64_t)> holds;
  };
  const Row rows[] = {{"finite", [&f](uint64_t x) { return f.magnitude(x) < f.infinity(); }},
                      {"infinite", [&f](uint64_t x) { return f.magnitude(x) == f.infinity(); }},
                      {"number", [&f](uint64_t x) { return !f.is_nan(x); }},
                      {"notanumber", [&f](uint64_t x) { return f.is_nan(x); }},
                      {"normal", [&f](uint64_t x) { return !f.is_subnormal(x) && f.magnitude(x) < f.infinity(); }},
                      {"subnormal", [&f](uint64_t x) { return f.is_subnormal(x); }}};
  for (const Row& row : rows)
    cases.push_back(predicate_form(std::string("testp.") + row.name + t.suffix(), {t.domain},
                                   [row](const Inputs& x) { return uint64_t(row.holds(x[0])); }));
}

// Two f32 in 64 bits, each for itself.
void pairs(Cases& cases) {
  using Operation = uint64_t (*)(const Arithmetic&, uint64_t, uint64_t, uint64_t);
  struct Row {
    const char* name;
    int operands;
    Operation one;
  };
  const Row rows[] = {
      {"add", 2, [](const Arithmetic& a, uint64_t x, uint64_t y, uint64_t) { return a.add(x, y); }},
      {"sub", 2, [](const Arithmetic& a, uint64_t x, uint64_t y, uint64_t) { return a.sub(x, y); }},
      {"mul", 2, [](const Arithmetic& a, uint64_t x, uint64_t y, uint64_t) { return a.mul(x, y); }},
      {"fma", 3, [](const Arithmetic& a, uint64_t x, uint64_t y, uint64_t z) { return a.fma(x, y, z); }}};
  for (const Row& row : rows)
    for (Mode mode : {Mode::kNearest, Mode::kZero, Mode::kDown, Mode::kUp})
      for (bool ftz : {false, true}) {
        Arithmetic a{&kF32, mode, ftz};
        Case c = form(std::string(row.name) + "." + suffix(mode) + (ftz ? ".ftz" : "") + ".f32x2", Domain::kF32x2,
                      std::vector<Domain>(size_t(row.operands), Domain::kF32x2), [=](const Inputs& x) {
                        uint64_t m = 0xffffffff;
                        return row.one(a, x[0] & m, x[1] & m, x[2] & m) | row.one(a, x[0] >> 32, x[1] >> 32, x[2] >> 32)
                                                                              << 32;
                      });
        c.target = "sm_100";
        cases.push_back(c);
      }
}

}  // namespace

void float_cases(Cases& cases) {
  pairs(cases);
  for (const Type& t : kTypes) {
    arithmetic(cases, t);
    extrema(cases, t);
    signs(cases, t);
    classes(cases, t);
  }
}

}  // namespace kib::emulator::tests
