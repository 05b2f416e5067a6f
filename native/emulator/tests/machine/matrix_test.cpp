// ldmatrix, stmatrix, movmatrix and mma against the host: products exact, sums of any order within f32's rounding.
#include <cmath>
#include <random>

#include "launcher.h"

using namespace kib::test;

namespace {

uint16_t to_bf16(float x) {
  uint32_t b;
  std::memcpy(&b, &x, 4);
  return static_cast<uint16_t>(b >> 16);
}
float from_bf16(uint16_t h) {
  const uint32_t b = uint32_t{h} << 16;
  float x;
  std::memcpy(&x, &b, 4);
  return x;
}
// Of f16 only what k / 16 is, for whole k below 2048: sign, exponent and fraction are put together by hand.
uint16_t to_f16(float x) {
  if (x == 0) return 0;
  int exponent;
  const float fraction = std::frexp(std::fabs(x), &exponent);
  const auto bits = static_cast<uint16_t>(static_cast<int>(fraction * 2048) - 1024);
  return static_cast<uint16_t>((x < 0 ? 0x8000 : 0) | (exponent + 14) << 10 | bits);
}
float from_f16(uint16_t h) {
  if ((h & 0x7fff) == 0) return 0;
  const float m = std::ldexp(static_cast<float>((h & 1023) + 1024), ((h >> 10) & 31) - 25);
  return (h & 0x8000) != 0 ? -m : m;
}
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

enum class Kind { kBf16, kF16, kTf32 };

// a: 16 x depth, b: depth x 8, c and d: 16 x 8; each lane loads its registers as the PTX manual's figures say.
void product(Kind kind, uint32_t depth, bool narrow, std::mt19937_64& random) {
  float a[16][16], b[16][8], c[16][8];
  const auto draw = [&] { return static_cast<float>(static_cast<int>(random() % 513) - 256) / 16; };
  for (auto& row : a)
    for (float& x : row) x = draw();
  for (auto& row : b)
    for (float& x : row) x = draw();
  for (auto& row : c)
    for (float& x : row) x = draw();
  const auto half = [&](float x) { return uint32_t{kind == Kind::kF16 ? to_f16(x) : to_bf16(x)}; };
  const auto exact = [&](float x) { return kind == Kind::kBf16 ? from_bf16(to_bf16(x)) : x; };
  const uint32_t each = kind == Kind::kTf32 ? 4 : 8, na = 2 * depth / each, nb = depth / each, nc = narrow ? 2 : 4;
  Words in, out;
  for (uint32_t l = 0; l < 32; ++l) {
    const uint32_t g = l / 4, t = l % 4;
    for (uint32_t n = 0; n < na; ++n) {
      const uint32_t row = g + 8 * (n % 2), first = n / 2 * each;
      in.set(16 * l + n, kind == Kind::kTf32 ? bits(a[row][first + t])
                                             : half(a[row][first + 2 * t]) | half(a[row][first + 2 * t + 1]) << 16);
    }
    for (uint32_t n = 0; n < nb; ++n) {
      const uint32_t first = n * each;
      in.set(16 * l + 4 + n, kind == Kind::kTf32 ? bits(b[first + t][g])
                                                 : half(b[first + 2 * t][g]) | half(b[first + 2 * t + 1][g]) << 16);
    }
    for (uint32_t n = 0; n < nc; ++n) {
      const uint32_t row = g + 8 * (narrow ? n : n / 2);
      in.set(16 * l + 8 + n, narrow ? uint32_t{to_f16(c[row][2 * t])} | uint32_t{to_f16(c[row][2 * t + 1])} << 16
                                    : bits(c[row][2 * t + n % 2]));
    }
  }
  const auto list = [](const char* name, uint32_t first, uint32_t count) {
    std::string text = "{";
    for (uint32_t n = 0; n < count; ++n) text += (n > 0 ? "," : "") + std::string(name) + std::to_string(first + n);
    return text + "}";
  };
  std::string body = "mul.wide.u32 %rd1,%t,64; add.u64 %rd2,%in,%rd1; add.u64 %rd3,%out,%rd1;\n";
  for (uint32_t n = 0; n < 12; ++n)
    body += (n >= 8 && !narrow ? "ld.global.f32 %f" : "ld.global.b32 %r") + std::to_string(n) + ",[%rd2+" +
            std::to_string(4 * n) + "];\n";
  const char* type = kind == Kind::kBf16 ? "bf16" : kind == Kind::kF16 ? "f16" : "tf32";
  const std::string sums = narrow ? "f16" : "f32";
  const char* registers = narrow ? "%r" : "%f";
  body += "mma.sync.aligned.m16n8k" + std::to_string(depth) + ".row.col." + sums + "." + type + "." + type + "." +
          sums + " " + list(registers, 20, nc) + "," + list("%r", 0, na) + "," + list("%r", 4, nb) + "," +
          list(registers, 8, nc) + ";\n";
  for (uint32_t n = 0; n < nc; ++n)
    body += "st.global.b32 [%rd3+" + std::to_string(4 * n) + "]," + registers + std::to_string(20 + n) + ";\n";
  clean(kernel(body), out, &in);
  for (uint32_t l = 0; l < 32; ++l) {
    for (uint32_t n = 0; n < 4; ++n) {
      const uint32_t row = l / 4 + 8 * (n / 2), column = 2 * (l % 4) + n % 2;
      double sum = c[row][column], size = std::fabs(sum);
      for (uint32_t k = 0; k < depth; ++k) {
        const double term = static_cast<double>(exact(a[row][k])) * exact(b[k][column]);
        sum += term;
        size += std::fabs(term);
      }
      const uint32_t word = out[16 * l + (narrow ? n / 2 : n)];
      const float got = narrow ? from_f16(static_cast<uint16_t>(word >> (n % 2 * 16))) : value(word);
      // Each of depth additions rounds by half a unit of f32 of at most `size`; an f16 result once more.
      const double most = size * depth * 0x1p-24 + (narrow ? std::fabs(sum) * 0x1p-11 : 0);
      if (std::fabs(got - sum) > most) std::printf("%s k%u: %a, not %a\n", type, depth, got, sum);
      CHECK(std::fabs(got - sum) <= most);
    }
  }
}

// A product that cannot be exact in f16 shows that c is added in f32.
void test_products() {
  std::mt19937_64 random(11);
  for (int n = 0; n < 10; ++n) {
    for (const uint32_t depth : {8u, 16u}) {
      product(Kind::kBf16, depth, false, random);
      product(Kind::kF16, depth, false, random);
      product(Kind::kF16, depth, true, random);
    }
    for (const uint32_t depth : {4u, 8u}) product(Kind::kTf32, depth, false, random);
  }
}

const std::string kShared = ".shared .align 16 .b8 tile[2048];\n";
// Shared memory as 32 rows of 8 halves, row r with 256 r to 256 r + 7; %r9: the row that this lane names.
const std::string kFill =
    "mov.u32 %r1,tile; shl.b32 %r2,%t,4; add.u32 %r3,%r1,%r2; shl.b32 %r4,%t,8;\n"
    "mad.lo.u32 %r5,%r4,65537,65536; add.u32 %r6,%r5,131074; add.u32 %r7,%r6,131074;\n"
    "add.u32 %r8,%r7,131074; st.shared.v4.u32 [%r3],{%r5,%r6,%r7,%r8}; bar.sync 0;\n";

void test_loads() {
  for (const uint32_t count : {1u, 2u, 4u}) {
    for (const bool transposed : {false, true}) {
      Words out;
      std::string list = "{", stores;
      for (uint32_t n = 0; n < count; ++n) {
        list += (n > 0 ? ",%r" : "%r") + std::to_string(20 + n);
        stores += "st.global.u32 [%mine+" + std::to_string(128 * n) + "],%r" + std::to_string(20 + n) + ";\n";
      }
      clean(kernel(kFill + "ldmatrix.sync.aligned.m8n8.x" + std::to_string(count) + (transposed ? ".trans" : "") +
                       ".shared.b16 " + list + "},[%r3];\n" + stores,
                   kShared),
            out);
      for (uint32_t n = 0; n < count; ++n) {
        for (uint32_t l = 0; l < 32; ++l) {
          const uint32_t row = l / 4, column = l % 4 * 2;
          const auto at = [&](uint32_t r, uint32_t c) { return 256 * (8 * n + r) + c; };
          const uint32_t wanted =
              transposed ? at(column, row) | at(column + 1, row) << 16 : at(row, column) | at(row, column + 1) << 16;
          CHECK_EQUAL(out[32 * n + l], wanted);
        }
      }
    }
  }
}

// What is stored comes back, through movmatrix the other way round.
void test_stores_and_moves() {
  for (const bool transposed : {false, true}) {
    Words out;
    const std::string trans = transposed ? ".trans" : "";
    clean(kernel("mov.u32 %r1,tile; shl.b32 %r2,%t,4; add.u32 %r3,%r1,%r2; mul.lo.u32 %r4,%t,131074;\n"
                 "add.u32 %r4,%r4,65536; mov.u32 %r5,7;\n"
                 "stmatrix.sync.aligned.m8n8.x1" +
                     trans +
                     ".shared.b16 [%r3],{%r4}; bar.sync 0;\n"
                     "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r6},[%r3];\n"
                     "movmatrix.sync.aligned.m8n8.trans.b16 %r7,%r4;\n"
                     "st.global.u32 [%mine],%r6; st.global.u32 [%mine+128],%r7;",
                 kShared),
          out);
    for (uint32_t l = 0; l < 32; ++l) {
      const auto at = [](uint32_t r, uint32_t c) { return 8 * r + c; };
      const uint32_t plain = at(l / 4, l % 4 * 2) | at(l / 4, l % 4 * 2 + 1) << 16;
      const uint32_t turned = at(l % 4 * 2, l / 4) | at(l % 4 * 2 + 1, l / 4) << 16;
      CHECK_EQUAL(out[l], transposed ? turned : plain);
      CHECK_EQUAL(out[32 + l], turned);
    }
  }
}

const std::string kLoc = ".loc 1 7 1\n";

void test_instruments() {
  Words out;
  const std::string load = kLoc + "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r20,%r21,%r22,%r23},[%r3];\n";
  planted(kernel(kFill + "add.u32 %r3,%r3,1552;\n" + load, kShared), Finding::kOutOfBounds, 7, Outcome::kIllegalAddress,
          out);
  planted(kernel(kFill + "add.u32 %r3,%r3,8;\n" + load, kShared), Finding::kMisaligned, 7, Outcome::kMisaligned, out);
  planted(kernel(kFill + "add.u32 %r3,%r3,256;\n" + load, kShared), Finding::kUninitialised, 7, Outcome::kDone, out);
  // The barrier is missing between what one warp writes and another reads.
  const std::string other = "mov.u32 %r1,tile; shl.b32 %r2,%t,4; add.u32 %r3,%r1,%r2;\n" +
                            kLoc +  // whichever of the two comes second is reported
                            "st.shared.v4.u32 [%r3],{%r1,%r1,%r1,%r1}; xor.b32 %r2,%r2,512; add.u32 %r3,%r1,%r2;\n";
  planted(kernel(other + load, kShared), Finding::kSharedRace, 7, Outcome::kDone, out, nullptr, {1, 64, 0, false});
  clean(kernel(other + "bar.sync 0;\n" + load, kShared), out, nullptr, {1, 64, 0, false});
  // Half a warp.
  const Report half = planted(kernel(kFill + "setp.lt.u32 %p1,%t,16; @!%p1 exit;\n" + load, kShared),
                              Finding::kDivergentBarrier, 7, Outcome::kBarrier, out);
  CHECK_CONTAINS(half.detail, "ldmatrix is executed by 16 lanes");
  // Lanes that parted and meet again.
  clean(kernel(kFill +
                   "and.b32 %r9,%t,1; setp.eq.u32 %p1,%r9,0; @%p1 bra A; add.u32 %r9,%r9,1; bra B;\nA: add.u32 "
                   "%r9,%r9,2;\nB: " +
                   load,
               kShared),
        out);
}

}  // namespace

int main() {
  test_products();
  test_loads();
  test_stores_and_moves();
  test_instruments();
  return result();
}
