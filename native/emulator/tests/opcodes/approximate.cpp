// Approximate instructions, within the errors that the PTX manual states.
#include "cases.h"

namespace kib::emulator::tests {
namespace {

using Function = double (*)(double);

struct Approximation {
  std::string opcode;
  const Format* format;
  Domain domain;
  Function function;
  double relative, absolute;
  bool ftz = false;
  std::string target = "sm_80";
};

uint64_t apply(const Approximation& a, uint64_t x) {
  Arithmetic arithmetic{a.format, Mode::kNearest, a.ftz};
  return arithmetic.out(Wide(a.function(double(arithmetic.value(x)))));
}

bool pair(Domain domain) { return domain == Domain::kF16x2 || domain == Domain::kBf16x2; }

void put(Cases& cases, const Approximation& a, std::function<bool(double)> defined = nullptr) {
  Case c = form(a.opcode, a.domain, {a.domain}, [=](const Inputs& x) -> std::optional<uint64_t> {
    if (pair(a.domain)) return apply(a, x[0] & 0xffff) | apply(a, x[0] >> 16) << 16;
    if (defined && !defined(double(decode(*a.format, x[0] & a.format->mask())))) return std::nullopt;
    return apply(a, x[0]);
  });
  // The bounds are of the exact value, from which the reference's rounded one is off by half a unit; values with an
  // absolute bound are at most 1.
  double half = std::ldexp(1.0, -a.format->precision);
  c.relative = a.relative + half;
  c.absolute = a.absolute + (a.absolute > std::ldexp(1.0, -23) ? half : 0);
  c.target = a.target;
  cases.push_back(c);
}

double reciprocal(double x) { return 1 / x; }
double inverse_root(double x) { return 1 / std::sqrt(x); }

void single_precision(Cases& cases) {
  const Format* f = &kF32;
  Domain d = Domain::kF32;
  auto within_pi = [](double x) { return std::abs(x) <= 3.14159265358979 || std::isinf(x) || std::isnan(x); };
  for (bool ftz : {false, true}) {
    std::string ending = ftz ? ".approx.ftz.f32" : ".approx.f32";
    double least = std::ldexp(1.0, ftz ? -126 : -148);
    put(cases, {"ex2" + ending, f, d, std::exp2, std::ldexp(1.0, -22), least, ftz});
    put(cases, {"lg2" + ending, f, d, std::log2, std::ldexp(1.0, -22), std::ldexp(1.0, -22), ftz});
    put(cases, {"rsqrt" + ending, f, d, inverse_root, std::ldexp(1.0, -22), least, ftz});
    put(cases, {"rcp" + ending, f, d, reciprocal, std::ldexp(1.0, -23), least, ftz});
    put(cases, {"sqrt" + ending, f, d, std::sqrt, std::ldexp(1.0, -22), least, ftz});
    put(cases, {"sin" + ending, f, d, std::sin, 0, std::ldexp(1.0, -20), ftz}, within_pi);
    put(cases, {"cos" + ending, f, d, std::cos, 0, std::ldexp(1.0, -20), ftz}, within_pi);
  }
  put(cases, {"tanh.approx.f32", f, d, std::tanh, std::ldexp(1.0, -10.987), std::ldexp(1.0, -126)});
}

// Two units in the last place where the divisor is neither tiny nor huge.
void quotients(Cases& cases) {
  for (const char* kind : {".approx", ".full"})
    for (bool ftz : {false, true}) {
      Arithmetic a{&kF32, Mode::kNearest, ftz};
      Case c = form(std::string("div") + kind + (ftz ? ".ftz" : "") + ".f32", Domain::kF32,
                    {Domain::kF32, Domain::kF32}, [a](const Inputs& x) -> std::optional<uint64_t> {
                      double divisor = std::abs(double(a.value(x[1])));
                      bool usual = divisor >= std::ldexp(1.0, -126) && divisor <= std::ldexp(1.0, 126);
                      if (!usual && !std::isnan(divisor)) return std::nullopt;
                      return a.div(x[0], x[1]);
                    });
      c.relative = std::ldexp(1.0, -22) + std::ldexp(1.0, -24);
      c.absolute = std::ldexp(1.0, ftz ? -126 : -148);
      cases.push_back(c);
    }
}

void half_precision(Cases& cases) {
  put(cases, {"ex2.approx.f16", &kF16, Domain::kF16, std::exp2, std::ldexp(1.0, -9.9), std::ldexp(1.0, -24)});
  put(cases, {"ex2.approx.f16x2", &kF16, Domain::kF16x2, std::exp2, std::ldexp(1.0, -9.9), std::ldexp(1.0, -24)});
  put(cases, {"tanh.approx.f16", &kF16, Domain::kF16, std::tanh, 0, std::ldexp(1.0, -10.987)});
  put(cases, {"tanh.approx.f16x2", &kF16, Domain::kF16x2, std::tanh, 0, std::ldexp(1.0, -10.987)});
  double least = std::ldexp(1.0, -126);
  put(cases, {"ex2.approx.ftz.bf16", &kBf16, Domain::kBf16, std::exp2, std::ldexp(1.0, -7), least, true, "sm_90"});
  put(cases, {"ex2.approx.ftz.bf16x2", &kBf16, Domain::kBf16x2, std::exp2, std::ldexp(1.0, -7), least, true, "sm_90"});
  put(cases, {"tanh.approx.bf16", &kBf16, Domain::kBf16, std::tanh, 0, std::ldexp(1.0, -8), false, "sm_90"});
  put(cases, {"tanh.approx.bf16x2", &kBf16, Domain::kBf16x2, std::tanh, 0, std::ldexp(1.0, -8), false, "sm_90"});
}

// The lower half of the result's bits may be zero.
void double_precision(Cases& cases) {
  double rough = std::ldexp(1.0, -19), least = std::ldexp(1.0, -1022);
  for (Function function : {reciprocal, inverse_root}) {
    std::string opcode = function == reciprocal ? "rcp.approx.ftz.f64" : "rsqrt.approx.ftz.f64";
    put(cases, {opcode, &kF64, Domain::kF64, function, rough, least, true});
    // Only the upper half of the operand counts: a NaN may look like an infinity.
    Reference whole = cases.back().reference;
    cases.back().reference = [whole](const Inputs& x) -> std::optional<uint64_t> {
      if (kF64.is_nan(x[0]) && !kF64.is_nan(x[0] >> 32 << 32)) return std::nullopt;
      return whole(x);
    };
  }
  put(cases, {"rsqrt.approx.f64", &kF64, Domain::kF64, inverse_root, rough, least});
}

}  // namespace

void approximate_cases(Cases& cases) {
  single_precision(cases);
  quotients(cases);
  half_precision(cases);
  double_precision(cases);
}

}  // namespace kib::emulator::tests
