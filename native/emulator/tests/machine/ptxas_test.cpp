// ptxas_test PTXAS [SEED]: random kernels of products and sums, compiled by ptxas; its FMUL, FADD and FFMA instructions
// are decoded and executed on the host. The emulated device must give the same bits: it fuses what ptxas fuses.
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "launcher.h"

using namespace kib::test;

namespace {

constexpr uint32_t kInputs = 6, kPrograms = 60;

struct Random {
  std::mt19937_64 engine;
  uint32_t below(size_t n) { return static_cast<uint32_t>(engine() % n); }
  bool one_in(uint32_t n) { return below(n) == 0; }
};

// Straight-line code over the inputs %f0 to %f5; values nobody uses are stored.
std::string body(Random& random, uint32_t operations, uint32_t* stores) {
  std::string text;
  std::vector<uint32_t> values(kInputs), products;
  for (uint32_t n = 0; n < kInputs; ++n) values[n] = n;
  std::map<std::string, int> known;
  std::vector<bool> used(kInputs + operations);
  for (uint32_t n = kInputs; n < kInputs + operations;) {
    const auto any = [&](const std::vector<uint32_t>& from) { return from[random.below(from.size())]; };
    const bool favour = !products.empty() && !random.one_in(3);
    std::string op = random.one_in(2) ? "mul" : random.one_in(2) ? "add" : "sub";
    uint32_t a = any(op != "mul" && favour ? products : values), b = any(op != "mul" && favour ? products : values);
    if (random.one_in(3)) b = any(values);
    const bool alone = !products.empty() && random.one_in(12);
    if (alone) op = "neg", a = b = any(products);
    if ((a == b && op == "sub") || ++known[op + std::to_string(a) + "," + std::to_string(b)] > 1) continue;
    if (op != "sub" && ++known[op + std::to_string(b) + "," + std::to_string(a)] > 1 && a != b) continue;
    text += op + ".f32 %f" + std::to_string(n) + ",%f" + std::to_string(a) + (alone ? "" : ",%f" + std::to_string(b)) +
            ";\n";
    if (random.one_in(15)) text += "bar.sync 0;\n";
    used[a] = used[b] = true;
    values.push_back(n);
    if (op == "mul") products.push_back(n);
    ++n;
  }
  *stores = 0;
  for (uint32_t n = kInputs; n < used.size(); ++n) {
    if (used[n] && !random.one_in(12)) continue;
    text += "st.global.f32 [%out+" + std::to_string(4 * (*stores)++) + "],%f" + std::to_string(n) + ";\n";
  }
  return text;
}

std::string program(const std::string& body) {
  std::string loads;
  for (uint32_t n = 0; n < kInputs; ++n)
    loads += "ld.global.f32 %f" + std::to_string(n) + ",[%in+" + std::to_string(4 * n) + "];\n";
  return ".version 9.0\n.target sm_80\n.address_size 64\n"
         ".visible .entry k(.param .u64 .ptr .global .align 4 out, .param .u64 .ptr .global .align 4 in)\n{\n"
         ".reg .b64 %out,%in; .reg .f32 %f<99>;\nld.param.u64 %out,[out]; ld.param.u64 %in,[in];\n" +
         loads + body + "ret;\n}\n";
}

template <class T>
T at(const std::string& bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// The code of the only kernel: the section .text.k of the ELF file.
std::string text_section(const std::string& elf) {
  const uint64_t table = at<uint64_t>(elf, 0x28);
  const uint32_t bytes = at<uint16_t>(elf, 0x3a), count = at<uint16_t>(elf, 0x3c), names = at<uint16_t>(elf, 0x3e);
  const uint64_t strings = at<uint64_t>(elf, table + names * bytes + 24);
  for (uint32_t n = 0; n < count; ++n) {
    const uint64_t header = table + n * bytes;
    if (std::strcmp(elf.data() + strings + at<uint32_t>(elf, header), ".text.k") != 0) continue;
    return elf.substr(at<uint64_t>(elf, header + 24), at<uint64_t>(elf, header + 32));
  }
  return {};
}

// Instructions have 16 bytes: the opcode in bits 0 to 8, the form of the operands in 9 to 11, registers d, a, b in 16,
// 24, 32 and c in 64; b is negated by bit 63, a (of FFMA: the product) by 72, c by 75.
std::map<int64_t, float> execute(const std::string& code, const std::array<float, kInputs>& inputs) {
  std::array<float, 256> r{};
  std::map<int64_t, float> stored;
  for (size_t n = 0; n + 16 <= code.size(); n += 16) {
    const uint64_t low = at<uint64_t>(code, n), high = at<uint64_t>(code, n + 8);
    const uint32_t op = low & 0x1ff;
    float &d = r[(low >> 16) & 0xff], c = r[high & 0xff];
    const float a = ((high >> 8) & 1) != 0 ? -r[(low >> 24) & 0xff] : r[(low >> 24) & 0xff];
    const uint32_t second = (low >> 32) & 0xff;
    const float b = (low >> 63) != 0 ? -r[second] : r[second];
    const int64_t offset = static_cast<int64_t>(low) >> 40;
    if (((high >> 11) & 1) != 0) c = -c;
    if (op == 0x181 && offset >= 0 && offset < 4 * kInputs) d = inputs[static_cast<size_t>(offset / 4)];
    if (op == 0x186) stored[offset] = r[second];
    if (op == 0x020) d = a * b;
    if (op == 0x021) d = a + b;
    if (op == 0x023) d = std::fma(a, b, c);
    if (op == 0x002) d = r[second];
    r[255] = 0;
  }
  return stored;
}

void compare(const std::string& ptxas, uint64_t seed, uint32_t operations) {
  Random random{std::mt19937_64(seed)};
  uint32_t stores;
  const std::string text = program(body(random, operations, &stores)), name = "fused_" + std::to_string(seed);
  std::ofstream(name + ".ptx") << text;
  const std::string command = ptxas + " -arch=sm_80 -o " + name + ".cubin " + name + ".ptx";
  if (std::system(command.c_str()) != 0) {
    CHECK_CONTAINS("ptxas refuses\n" + text, "nothing");
    return;
  }
  std::stringstream elf;
  elf << std::ifstream(name + ".cubin", std::ios::binary).rdbuf();
  std::remove((name + ".ptx").c_str());
  std::remove((name + ".cubin").c_str());
  const std::string code = text_section(elf.str());
  CHECK(!code.empty());
  std::array<float, kInputs> inputs;
  Words in, out;
  for (uint32_t n = 0; n < kInputs; ++n) {
    inputs[n] = std::ldexp(static_cast<float>(random.below(1u << 24)), -23) - 1;
    uint32_t bits;
    std::memcpy(&bits, &inputs[n], 4);
    in.set(n, bits);
  }
  const std::map<int64_t, float> expected = execute(code, inputs);
  CHECK_EQUAL(expected.size(), size_t{stores});
  clean(text, out, &in, {1, 1, 0, false});
  for (const auto& [offset, value] : expected) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    const uint32_t got = out[static_cast<uint32_t>(offset / 4)];
    if (got == bits) continue;
    std::printf("seed %llu: store at %lld is %08x, ptxas' code gives %08x\n%s", static_cast<unsigned long long>(seed),
                static_cast<long long>(offset), got, bits, text.c_str());
    CHECK_EQUAL(got, bits);
    return;
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  uint64_t seed = std::random_device{}();
  if (count > 2) seed = std::strtoull(arguments[2], nullptr, 10);
  std::printf("ptxas_test %s %llu\n", arguments[1], static_cast<unsigned long long>(seed));
  for (uint32_t n = 0; n < kPrograms; ++n) compare(arguments[1], seed + n, 4 + n % 24);
  return result();
}
