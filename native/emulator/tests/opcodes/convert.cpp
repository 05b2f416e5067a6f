// cvt between all pairs of types.
#include "integer.h"

namespace kib::emulator::tests {
namespace {

const Integer kAll[] = {{8, true},  {8, false},  {16, true}, {16, false},
                        {32, true}, {32, false}, {64, true}, {64, false}};
const Mode kModes[] = {Mode::kNearest, Mode::kZero, Mode::kDown, Mode::kUp};

struct Float {
  const Format* format;
  Domain domain;
  std::string suffix() const { return std::string(".") + format->name; }
};
const Float kFloats[] = {{&kF16, Domain::kF16}, {&kBf16, Domain::kBf16}, {&kF32, Domain::kF32}, {&kF64, Domain::kF64}};

// Bytes live in registers of 16 bits: extended by their sign.
Domain register_of(Integer t) { return t.bits == 8 ? Domain::kInt16 : t.domain(); }
uint64_t in_register(Integer t, Int128 value) { return Integer{t.bits == 8 ? 16 : t.bits, false}.wrap(value); }

void between_integers(Cases& cases) {
  for (Integer to : kAll)
    for (Integer from : kAll)
      for (bool saturate : {false, true}) {
        if (saturate && to.low() <= from.low() && to.high() >= from.high()) continue;
        std::string opcode = std::string("cvt") + (saturate ? ".sat" : "") + to.suffix() + from.suffix();
        cases.push_back(form(opcode, register_of(to), {register_of(from)}, [=](const Inputs& x) {
          Int128 value = from.value(x[0]);
          return in_register(to, saturate ? to.clamp(value) : to.value(to.wrap(value)));
        }));
      }
}

void to_integers(Cases& cases, const Float& from) {
  const Format& f = *from.format;
  for (Integer to : kAll)
    for (Mode mode : kModes)
      for (bool ftz : {false, true})
        for (bool saturate : {false, true}) {
          if ((ftz && &f != &kF32) || (&f == &kBf16 && (to.bits == 8 || saturate))) continue;
          std::string opcode = std::string("cvt.") + suffix(mode) + "i" + (ftz ? ".ftz" : "") +
                               (saturate ? ".sat" : "") + to.suffix() + from.suffix();
          Case c = form(opcode, register_of(to), {from.domain}, [&f, to, mode, ftz](const Inputs& x) {
            return in_register(to, to.value(to_integer(f, x[0], to.is_signed, to.bits, mode, ftz)));
          });
          if (&f == &kBf16) c.target = "sm_90";
          cases.push_back(c);
        }
}

void from_integers(Cases& cases, const Float& to) {
  const Format& f = *to.format;
  for (Integer from : kAll)
    for (Mode mode : kModes)
      for (bool saturate : {false, true}) {
        if (&f == &kBf16 && (from.bits == 8 || saturate)) continue;
        Arithmetic a{&f, mode, false, saturate};
        std::string opcode =
            std::string("cvt.") + suffix(mode) + (saturate ? ".sat" : "") + to.suffix() + from.suffix();
        Case c = form(opcode, to.domain, {register_of(from)},
                      [=](const Inputs& x) { return a.out(Wide(from.value(x[0]))); });
        if (&f == &kBf16) c.target = "sm_90";
        cases.push_back(c);
      }
}

// Source and result of the same width or the result wider: exact; else with a rounding.
void between_floats(Cases& cases, const Float& to, const Float& from) {
  bool narrowing = to.format->precision < from.format->precision ||
                   (to.format != from.format && to.format->bits == from.format->bits);
  bool f32 = to.format == &kF32 || from.format == &kF32, bf16 = to.format == &kBf16 || from.format == &kBf16;
  for (Mode mode : kModes)
    for (bool ftz : {false, true})
      for (bool saturate : {false, true}) {
        if ((!narrowing && mode != Mode::kNearest) || (ftz && (!f32 || bf16)) || (bf16 && saturate)) continue;
        Arithmetic a{to.format, mode, false, saturate};
        bool flush_in = ftz && from.format == &kF32, flush_out = ftz && to.format == &kF32;
        const Format *f = from.format, *g = to.format;
        std::string opcode = std::string("cvt") + (narrowing ? std::string(".") + suffix(mode) : "") +
                             (ftz ? ".ftz" : "") + (saturate ? ".sat" : "") + to.suffix() + from.suffix();
        Case c = form(opcode, to.domain, {from.domain}, [=](const Inputs& x) {
          uint64_t bits = x[0] & f->mask();
          uint64_t y = a.out(decode(*f, flush_in ? f->flush(bits) : bits));
          return flush_out ? g->flush(y) : y;
        });
        bool from_f32_to_bf16 =
            to.format == &kBf16 && from.format == &kF32 && (mode == Mode::kNearest || mode == Mode::kZero);
        if (bf16 && !from_f32_to_bf16) c.target = "sm_90";
        cases.push_back(c);
      }
}

void to_integral_values(Cases& cases, const Float& t) {
  const Format& f = *t.format;
  if (&f == &kBf16) return;
  for (Mode mode : kModes)
    for (bool ftz : {false, true})
      for (bool saturate : {false, true}) {
        if (ftz && &f != &kF32) continue;
        Arithmetic a{&f, mode, false, saturate};
        std::string opcode = std::string("cvt.") + suffix(mode) + "i" + (ftz ? ".ftz" : "") + (saturate ? ".sat" : "") +
                             t.suffix() + t.suffix();
        cases.push_back(form(opcode, t.domain, {t.domain}, [=, &f](const Inputs& x) {
          uint64_t y = to_integral(f, x[0], mode, ftz);
          return saturate ? a.out(decode(f, y)) : y;
        }));
      }
}

// Two f32 to a pair of halves, the first into the upper; with relu, negative values and negative zero give zero.
void to_pairs(Cases& cases) {
  for (const Float& to : {kFloats[0], kFloats[1]})
    for (Mode mode : {Mode::kNearest, Mode::kZero})
      for (bool relu : {false, true}) {
        Arithmetic a{to.format, mode, false, false, relu};
        std::string stem = std::string("cvt.") + suffix(mode) + (relu ? ".relu" : "");
        Domain pair = to.format == &kF16 ? Domain::kF16x2 : Domain::kBf16x2;
        cases.push_back(form(stem + to.suffix() + "x2.f32", pair, {Domain::kF32, Domain::kF32}, [a](const Inputs& x) {
          return a.out(decode(kF32, x[0])) << 16 | a.out(decode(kF32, x[1]));
        }));
        if (relu)
          cases.push_back(form(stem + to.suffix() + ".f32", to.domain, {Domain::kF32},
                               [a](const Inputs& x) { return a.out(decode(kF32, x[0])); }));
      }
}

// Rounded to 10 bits of fraction, ties away from zero.
void to_tf32(Cases& cases) {
  cases.push_back(
      form("cvt.rna.tf32.f32", Domain::kInt32, {Domain::kF32}, [](const Inputs& x) -> std::optional<uint64_t> {
        if (kF32.is_nan(x[0])) return std::nullopt;
        if (kF32.magnitude(x[0]) == kF32.infinity()) return x[0];
        return (x[0] + 0x1000) & ~uint64_t{0x1fff};
      }));
}

}  // namespace

void convert_cases(Cases& cases) {
  between_integers(cases);
  for (const Float& t : kFloats) {
    to_integers(cases, t);
    from_integers(cases, t);
    to_integral_values(cases, t);
    for (const Float& from : kFloats)
      if (!(t.format == from.format && t.format != &kF32 && t.format != &kF64)) between_floats(cases, t, from);
  }
  to_pairs(cases);
  to_tf32(cases);
}

}  // namespace kib::emulator::tests
