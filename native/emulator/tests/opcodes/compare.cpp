// Comparisons and selections.
#include "integer.h"

namespace kib::emulator::tests {
namespace {

enum class Order { kLess, kEqual, kGreater, kUnordered };

bool holds(const std::string& comparison, Order order) {
  if (comparison == "num") return order != Order::kUnordered;
  if (comparison == "nan") return order == Order::kUnordered;
  if (order == Order::kUnordered) return comparison.size() == 3;  // equ, neu, ltu ...
  std::string c = comparison.substr(0, 2);
  if (c == "eq") return order == Order::kEqual;
  if (c == "ne") return order != Order::kEqual;
  if (c == "lt" || c == "lo") return order == Order::kLess;
  if (c == "le" || c == "ls") return order != Order::kGreater;
  if (c == "gt" || c == "hi") return order == Order::kGreater;
  return order != Order::kLess;  // ge, hs
}

struct Type {
  std::string suffix;
  Domain domain;
  std::vector<std::string> comparisons;
  std::function<Order(uint64_t, uint64_t)> compare;
  std::string target = "sm_80";
};

Order order_of(const Format& f, uint64_t a, uint64_t b, bool ftz) {
  Arithmetic arithmetic{&f, Mode::kNearest, ftz};
  Wide x = arithmetic.value(a), y = arithmetic.value(b);
  if (x != x || y != y) return Order::kUnordered;
  return x < y ? Order::kLess : x > y ? Order::kGreater : Order::kEqual;
}

const std::vector<std::string> kFloatComparisons = {"eq",  "ne",  "lt",  "le",  "gt",  "ge",  "equ",
                                                    "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};

Type integer_type(Integer t, const std::string& suffix, std::vector<std::string> comparisons) {
  return {suffix, t.domain(), std::move(comparisons), [t](uint64_t a, uint64_t b) {
            Int128 x = t.value(a), y = t.value(b);
            return x < y ? Order::kLess : x > y ? Order::kGreater : Order::kEqual;
          }};
}

Type float_type(const Format& f, Domain domain, bool ftz, const char* target = "sm_80") {
  return {std::string(".") + f.name, domain, kFloatComparisons,
          [&f, ftz](uint64_t a, uint64_t b) { return order_of(f, a, b, ftz); }, target};
}

std::vector<Type> types(bool ftz) {
  if (ftz) return {float_type(kF32, Domain::kF32, true), float_type(kF16, Domain::kF16, true)};
  std::vector<Type> all;
  for (Integer t : kIntegers) {
    std::vector<std::string> comparisons = {"eq", "ne", "lt", "le", "gt", "ge"};
    if (!t.is_signed) comparisons.insert(comparisons.end(), {"lo", "ls", "hi", "hs"});
    all.push_back(integer_type(t, t.suffix(), comparisons));
    if (!t.is_signed) all.push_back(integer_type(t, ".b" + std::to_string(t.bits), {"eq", "ne"}));
  }
  all.push_back(float_type(kF32, Domain::kF32, false));
  all.push_back(float_type(kF64, Domain::kF64, false));
  all.push_back(float_type(kF16, Domain::kF16, false));
  all.push_back(float_type(kBf16, Domain::kBf16, false, "sm_90"));
  return all;
}

bool combine(const std::string& operation, bool p, bool q) {
  return operation == "and" ? p && q : operation == "or" ? p || q : p != q;
}

bool half(const Type& t) { return t.suffix == ".f16" || t.suffix == ".bf16"; }

// The plain form; with a boolean operation over a (negated) predicate; and, but for halves, with a second, opposite
// result.
void setp(Cases& cases, const Type& t, const std::string& comparison, const std::string& ftz) {
  auto compare = t.compare;
  auto put = [&](const std::string& opcode, const std::string& body, Reference reference) {
    Case c = predicate_form(opcode, {t.domain, t.domain, Domain::kInt32}, std::move(reference));
    c.body = body;
    c.target = t.target;
    c.few = true;
    cases.push_back(c);
  };
  std::string stem = "setp." + comparison, ending = ftz + t.suffix;
  put(stem + ending, stem + ending + " %q, %a, %b;",
      [=](const Inputs& x) { return uint64_t(holds(comparison, compare(x[0], x[1]))); });
  if (!half(t))
    put(stem + ending + " p|q", stem + ending + " %p0|%q, %a, %b;",
        [=](const Inputs& x) { return uint64_t(!holds(comparison, compare(x[0], x[1]))); });
  for (std::string operation : {"and", "or", "xor"})
    for (bool negated : {false, true}) {
      std::string opcode = stem + "." + operation + ending, c = negated ? "!%p1" : "%p1";
      put(opcode + " with " + c,
          "and.b32 %r2, %c, 1; setp.ne.u32 %p1, %r2, 0; " + opcode + (half(t) ? " %q" : " %q|%p2") + ", %a, %b, " + c +
              ";",
          [=](const Inputs& x) {
            return uint64_t(
                combine(operation, holds(comparison, compare(x[0], x[1])), (x[2] & 1) != uint64_t(negated)));
          });
    }
}

void set(Cases& cases, const Type& t, const std::string& comparison, const std::string& ftz) {
  auto compare = t.compare;
  std::vector<std::pair<std::string, uint64_t>> results = {{".u32", 0xffffffffu}, {".s32", 0xffffffffu}};
  if (!half(t)) results.push_back({".f32", kF32.one()});
  if (half(t)) results.push_back({".u16", 0xffff}), results.push_back({".s16", 0xffff});
  if (half(t)) results.push_back({t.suffix, t.suffix == ".f16" ? kF16.one() : kBf16.one()});
  for (auto& [suffix, yes] : results) {
    Domain d = suffix == ".f32" || suffix == ".u32" || suffix == ".s32" ? Domain::kInt32 : Domain::kInt16;
    uint64_t value = yes;
    Case c = form("set." + comparison + ftz + suffix + t.suffix, d, {t.domain, t.domain},
                  [=](const Inputs& x) { return holds(comparison, compare(x[0], x[1])) ? value : 0; });
    c.target = t.target;
    c.few = true;
    cases.push_back(c);
  }
}

void set_with_operation(Cases& cases) {
  for (std::string operation : {"and", "or", "xor"}) {
    std::string opcode = "set.lt." + operation + ".u32.s32";
    Case c = form(opcode, Domain::kInt32, {Domain::kInt32, Domain::kInt32, Domain::kInt32}, [=](const Inputs& x) {
      return combine(operation, int32_t(x[0]) < int32_t(x[1]), x[2] & 1) ? uint64_t{0xffffffffu} : 0;
    });
    c.body = "and.b32 %r2, %c, 1; setp.ne.u32 %p1, %r2, 0; " + opcode + " %o, %a, %b, %p1;";
    cases.push_back(c);
  }
}

void selections(Cases& cases) {
  struct Row {
    const char* suffix;
    Domain domain;
  };
  const Row rows[] = {{".b16", Domain::kInt16}, {".u16", Domain::kInt16}, {".s16", Domain::kInt16},
                      {".b32", Domain::kInt32}, {".u32", Domain::kInt32}, {".s32", Domain::kInt32},
                      {".b64", Domain::kInt64}, {".u64", Domain::kInt64}, {".s64", Domain::kInt64},
                      {".f32", Domain::kInt32}, {".f64", Domain::kInt64}};
  for (const Row& row : rows) {
    Case c = form(std::string("selp") + row.suffix, row.domain, {row.domain, row.domain, Domain::kInt32},
                  [](const Inputs& x) { return x[2] & 1 ? x[0] : x[1]; });
    c.body = "and.b32 %r2, %c, 1; setp.ne.u32 %p0, %r2, 0; " + c.name + " %o, %a, %b, %p0;";
    cases.push_back(c);
    cases.push_back(form(std::string("slct") + row.suffix + ".s32", row.domain,
                         {row.domain, row.domain, Domain::kInt32},
                         [](const Inputs& x) { return int32_t(x[2]) >= 0 ? x[0] : x[1]; }));
    for (bool ftz : {false, true})
      cases.push_back(form(std::string("slct") + (ftz ? ".ftz" : "") + row.suffix + ".f32", row.domain,
                           {row.domain, row.domain, Domain::kF32}, [ftz](const Inputs& x) {
                             Wide c = Arithmetic{&kF32, Mode::kNearest, ftz}.value(x[2]);
                             return c >= 0 ? x[0] : x[1];
                           }));
  }
}

}  // namespace

void compare_cases(Cases& cases) {
  for (bool ftz : {false, true})
    for (const Type& t : types(ftz))
      for (const std::string& comparison : t.comparisons) {
        setp(cases, t, comparison, ftz ? ".ftz" : "");
        set(cases, t, comparison, ftz ? ".ftz" : "");
      }
  set_with_operation(cases);
  selections(cases);
}

}  // namespace kib::emulator::tests
