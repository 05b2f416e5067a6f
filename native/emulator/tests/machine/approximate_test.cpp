// approximate_test [--bits]: approximate instructions stay within the PTX manual's bounds of the exact value, are not
// always the nearest value, give the same for the same operand, and exactly what the manual fixes. Other seeds give
// other values: --bits prints a sum of the results' bits.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>

#include "launcher.h"

using namespace kib::test;

namespace {

struct Row {
  const char* opcode;
  double (*exact)(double);
  double low, high;                                 // operands
  std::function<double(double x, double v)> bound;  // of the error
  std::vector<std::pair<float, float>> fixed;       // operands and results
};

const float kInfinity = INFINITY, kNan = NAN;
double reciprocal(double x) { return 1 / x; }
double inverse_root(double x) { return 1 / std::sqrt(x); }
double ulp(double v) { return std::ldexp(1.0, std::ilogb(v) - 23); }
double relative(double v, double exponent) { return std::exp2(exponent) * std::fabs(v); }
std::function<double(double, double)> relative_bound(double exponent) {
  return [=](double, double v) { return relative(v, exponent); };
}
std::function<double(double, double)> ulps(double n) {
  return [=](double, double v) { return n * ulp(v); };
}

const Row kRows[] = {
    {"ex2.approx.f32",
     std::exp2,
     -120,
     120,
     ulps(2),
     {{0, 1}, {-0.0f, 1}, {1e-40f, 1}, {kInfinity, kInfinity}, {-kInfinity, 0}, {kNan, kNan}}},
    {"ex2.approx.ftz.f32", std::exp2, -2, 2, ulps(2), {{0, 1}, {-1e-40f, 1}, {-kInfinity, 0}}},
    {"lg2.approx.f32",
     std::log2,
     0.51,
     1.99,
     [](double, double) { return 0x1p-22; },
     {{0, -kInfinity}, {kInfinity, kInfinity}, {-1, kNan}, {-kInfinity, kNan}}},
    {"lg2.approx.f32", std::log2, 3, 1e30, relative_bound(-22), {}},
    {"sin.approx.f32",
     std::sin,
     -6.28,
     6.28,
     [](double, double) { return std::exp2(-20.5); },
     {{0, 0}, {-0.0f, -0.0f}, {kInfinity, kNan}, {-kInfinity, kNan}}},
    {"sin.approx.f32", std::sin, 7, 300, [](double, double) { return std::exp2(-14.7); }, {}},
    {"cos.approx.f32",
     std::cos,
     -6.28,
     6.28,
     [](double, double) { return std::exp2(-20.5); },
     {{0, 1}, {-0.0f, 1}, {1e-40f, 1}, {kInfinity, kNan}}},
    {"rcp.approx.f32",
     reciprocal,
     -1e30,
     1e30,
     ulps(1),
     {{0, kInfinity}, {-0.0f, -kInfinity}, {kInfinity, 0}, {-kInfinity, -0.0f}, {kNan, kNan}}},
    {"rcp.approx.ftz.f32", reciprocal, 0.5, 2, ulps(1), {{1e-40f, kInfinity}, {3e38f, 0}}},
    {"sqrt.approx.f32",
     std::sqrt,
     0,
     1e30,
     relative_bound(-23),
     {{0, 0}, {-0.0f, -0.0f}, {-1, kNan}, {kInfinity, kInfinity}}},
    {"rsqrt.approx.f32",
     inverse_root,
     0,
     1e30,
     relative_bound(-22.9),
     {{0, kInfinity}, {-0.0f, -kInfinity}, {-1, kNan}, {kInfinity, 0}}},
    {"tanh.approx.f32",
     std::tanh,
     -4,
     4,
     relative_bound(-11),
     {{0, 0}, {-0.0f, -0.0f}, {kInfinity, 1}, {-kInfinity, -1}, {kNan, kNan}}},
};

uint32_t bits(float x) {
  uint32_t b;
  std::memcpy(&b, &x, 4);
  return b;
}
float value(uint32_t b) {
  float x;
  std::memcpy(&x, &b, 4);
  return x;
}

std::vector<float> results(const std::string& opcode, const std::vector<float>& x, float divisor) {
  const uint32_t n = static_cast<uint32_t>(x.size());
  Words in(n), out(n);
  for (uint32_t k = 0; k < n; ++k) in.set(k, bits(x[k]));
  char second[32];
  std::snprintf(second, sizeof second, "0f%08X", bits(divisor));
  const std::string operands = opcode.compare(0, 3, "div") == 0 ? std::string("%f1,%f1,") + second : "%f1,%f1";
  clean(kernel("mov.u32 %r1,%ctaid.x; mad.lo.u32 %r1,%r1,32,%t; mul.wide.u32 %rd1,%r1,4; add.u64 %rd2,%in,%rd1;"
               "add.u64 %rd3,%out,%rd1; ld.global.f32 %f1,[%rd2];\n" +
               opcode + " " + operands + "; st.global.f32 [%rd3],%f1;"),
        out, &in, {n / 32, 32, 0, false});
  std::vector<float> y(n);
  for (uint32_t k = 0; k < n; ++k) y[k] = value(out[k]);
  return y;
}

void fixed(const std::string& opcode, const std::vector<std::pair<float, float>>& pairs, float divisor = 1) {
  for (const auto& [x, y] : pairs) {
    const float got = results(opcode, std::vector<float>(32, x), divisor)[0];
    if (bits(got) == bits(y) || (got != got && y != y)) continue;
    std::printf("%s of %a (%a): %a, not %a\n", opcode.c_str(), x, divisor, got, y);
    CHECK_EQUAL(got, y);
  }
}

// The sum of all results' bits.
uint64_t within_bounds(const Row& row, std::mt19937_64& random) {
  constexpr size_t n = 1024;
  std::uniform_real_distribution<double> draw(row.low, row.high);
  std::vector<float> x(n);
  for (size_t k = 0; k < n; ++k) x[k] = k < n / 2 ? static_cast<float>(draw(random)) : x[k - n / 2];
  const std::vector<float> y = results(row.opcode, x, 1);
  size_t away = 0;
  uint64_t sum = 0;
  for (size_t k = 0; k < n; ++k) {
    const double v = row.exact(x[k]), error = std::fabs(y[k] - v), most = row.bound(x[k], v);
    if (!(error <= most)) {
      std::printf("%s of %a is %a, off by %a of %a, the bound is %a\n", row.opcode, x[k], y[k], error, v, most);
      CHECK(error <= most);
      break;
    }
    away += y[k] != static_cast<float>(v);
    sum += bits(y[k]) * (k + 1);
    if (k >= n / 2) CHECK_EQUAL(bits(y[k]), bits(y[k - n / 2]));
  }
  if (away < n / 50) std::printf("%s: %zu of %zu values are not the nearest ones\n", row.opcode, away, n);
  CHECK(away >= n / 50);
  return sum;
}

// Beyond 2^126 div.approx divides by an infinity, as __fdividef does.
void test_divisions() {
  fixed("div.approx.f32", {{3e38f, 0}, {-3e38f, -0.0f}, {1, 0}, {kInfinity, kNan}, {kNan, kNan}}, 2e38f);
  fixed("div.approx.f32", {{1, kInfinity}, {0, kNan}, {-1, -kInfinity}}, 0);
  fixed("div.approx.f32", {{1, 0}, {kInfinity, kNan}}, kInfinity);
  std::mt19937_64 random(7);
  for (const char* opcode : {"div.approx.f32", "div.full.f32", "div.full.ftz.f32"}) {
    std::vector<float> x(1024);
    for (float& value : x) value = std::ldexp(static_cast<float>(random() % 16777216 + 1), -20);
    size_t away = 0;
    const std::vector<float> y = results(opcode, x, 0.7f);
    for (size_t k = 0; k < x.size(); ++k) {
      const double v = static_cast<double>(x[k]) / 0.7f;
      CHECK(std::fabs(y[k] - v) <= 2 * ulp(v));
      away += y[k] != static_cast<float>(v);
    }
    CHECK(away > 20);
  }
  const float huge = results("div.full.f32", std::vector<float>(32, 3e38f), 2e38f)[0];
  CHECK(std::fabs(huge - 3e38 / 2e38) < 1e-6);
}

std::string bits_with(const std::string& program, int seed) {
  const std::string command = "KIB_EMULATOR_SEED=" + std::to_string(seed) + " " + program + " --bits";
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  for (int c; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
  if (pipe != nullptr) ::pclose(pipe);
  return text;
}

}  // namespace

int main(int count, char** arguments) {
  std::mt19937_64 random(20);
  const bool only_bits = count > 1;
  for (const Row& row : kRows) {
    const uint64_t sum = within_bounds(row, random);
    if (only_bits) std::printf("%s %016llx\n", row.opcode, static_cast<unsigned long long>(sum));
    if (!only_bits) fixed(row.opcode, row.fixed);
  }
  if (only_bits) return 0;
  test_divisions();
  const std::string first = bits_with(arguments[0], 1), again = bits_with(arguments[0], 1);
  CHECK(first.size() > 100);
  CHECK_EQUAL(first, again);
  CHECK(first != bits_with(arguments[0], 2));
  return result();
}
