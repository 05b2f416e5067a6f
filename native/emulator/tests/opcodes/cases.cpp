#include "cases.h"

#include <algorithm>

namespace kib::emulator::tests {
namespace {

const Format* format_of(Domain domain) {
  switch (domain) {
    case Domain::kF16:
    case Domain::kF16x2:
      return &kF16;
    case Domain::kBf16:
    case Domain::kBf16x2:
      return &kBf16;
    case Domain::kF32:
    case Domain::kF32x2:
      return &kF32;
    case Domain::kF64:
      return &kF64;
    default:
      return nullptr;
  }
}
bool pair(Domain domain) { return domain == Domain::kF16x2 || domain == Domain::kBf16x2 || domain == Domain::kF32x2; }

std::vector<uint64_t> float_edges(const Format& f) {
  uint64_t one = f.one(), half_ulp = uint64_t{1} << (f.precision - 1);
  std::vector<uint64_t> values = {0,
                                  1,
                                  3,
                                  f.smallest_normal() - 1,
                                  f.smallest_normal(),
                                  f.smallest_normal() + 1,
                                  one - 1,
                                  one,
                                  one + 1,
                                  one + half_ulp,
                                  one + half_ulp / 2,
                                  one - half_ulp,
                                  one + half_ulp + half_ulp / 4,
                                  f.largest(),
                                  f.largest() - half_ulp,
                                  f.infinity(),
                                  f.canonical_nan(),
                                  f.infinity() + 1};
  for (size_t i = 0, n = values.size(); i < n; ++i) values.push_back(values[i] | f.sign());
  return values;
}

uint64_t random_float(const Format& f, std::mt19937_64& random) {
  uint64_t bits = random() & f.mask();
  if (random() % 2) return bits;
  // Near one, with few bits: exact results and ties are common.
  uint64_t exponent = uint64_t(f.emax - 3 + int(random() % 7)), few = (random() % 16) << (f.precision - 5);
  uint64_t noise = random() % 3 ? 0 : random() % 4;
  return (bits & f.sign()) | exponent << (f.precision - 1) | few | noise;
}

bool agrees_in(const Format& f, const Case& c, uint64_t expected, uint64_t got) {
  if (f.is_nan(expected)) return c.canonical_nan ? got == f.canonical_nan() : f.is_nan(got);
  if (f.is_nan(got)) return false;
  if (c.any_zero && f.is_zero(expected) && f.is_zero(got)) return true;
  if (c.relative == 0 && c.absolute == 0) return expected == got;
  if (expected == got) return true;
  double x = double(decode(f, expected)), y = double(decode(f, got));
  if (std::isinf(x) || std::isinf(y)) return false;
  return std::abs(x - y) <= std::max(c.absolute, c.relative * std::abs(x));
}

}  // namespace

int width(Domain domain) {
  switch (domain) {
    case Domain::kInt8:
    case Domain::kInt16:
    case Domain::kF16:
    case Domain::kBf16:
      return 16;
    case Domain::kInt64:
    case Domain::kF64:
    case Domain::kF32x2:
      return 64;
    default:
      return 32;
  }
}

std::vector<uint64_t> edges(Domain domain) {
  if (const Format* f = format_of(domain)) {
    std::vector<uint64_t> values = float_edges(*f);
    if (pair(domain))
      for (size_t i = 0; i < values.size(); ++i)
        values[i] |= (values[(i * 7 + 3) % values.size()] & f->mask()) << f->bits;
    return values;
  }
  if (domain == Domain::kShift) return {0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 255, 256, 0xffffffffu};
  int bits = domain == Domain::kInt8 ? 8 : width(domain);
  uint64_t top = uint64_t{1} << (bits - 1), all = top * 2 - 1;
  return {0,   1,       2,       3,       7,           all,      all - 1,         all - 6,
          top, top - 1, top + 1, all / 3, all / 3 * 2, top >> 1, all >> bits / 2, all / 10};
}

uint64_t random_value(Domain domain, std::mt19937_64& random) {
  if (pair(domain)) {
    const Format& f = *format_of(domain);
    uint64_t low = random_float(f, random);
    return low | random_float(f, random) << f.bits;
  }
  if (const Format* f = format_of(domain)) return random_float(*f, random);
  if (domain == Domain::kShift) return random() % 72;
  int bits = domain == Domain::kInt8 ? 8 : width(domain);
  uint64_t value = random();
  if (random() % 3 == 0) value = uint64_t(int64_t(value) >> random() % 60);  // small ones, of either sign
  return value & (~uint64_t{0} >> (64 - bits));
}

std::vector<Inputs> inputs_of(const Case& c, std::mt19937_64& random) {
  std::vector<Inputs> all(1, Inputs{});
  for (size_t k = 0; k < c.operands.size(); ++k) {
    std::vector<Inputs> next;
    std::vector<uint64_t> values = edges(c.operands[k]);
    for (const Inputs& x : all)
      for (uint64_t value : values) {
        next.push_back(x);
        next.back()[k] = value;
      }
    std::shuffle(next.begin(), next.end(), random);
    size_t most = c.few ? 256 : 2048;
    if (next.size() > most) next.resize(most);
    all = std::move(next);
  }
  size_t n = (all.size() + (c.few ? 128 : 512) + 127) / 128 * 128;
  while (all.size() < n) {
    Inputs x{};
    for (size_t k = 0; k < c.operands.size(); ++k) x[k] = random_value(c.operands[k], random);
    all.push_back(x);
  }
  if (c.numbered)
    for (size_t i = 0; i < n; ++i) all[i][3] = i;
  if (c.adjust)
    for (Inputs& x : all) c.adjust(x);
  return all;
}

bool agrees(const Case& c, uint64_t expected, uint64_t got) {
  const Format* f = c.predicate ? nullptr : format_of(c.result);
  if (!f) return expected == got;
  if (!pair(c.result)) return agrees_in(*f, c, expected, got);
  return agrees_in(*f, c, expected & f->mask(), got & f->mask()) &&
         agrees_in(*f, c, expected >> f->bits, got >> f->bits);
}

Case form(const std::string& opcode, Domain result, std::vector<Domain> operands, Reference reference) {
  const char* names[] = {", %a", ", %b", ", %c", ", %d"};
  Case c;
  c.name = opcode;
  c.body = opcode + " %o";
  for (size_t k = 0; k < operands.size(); ++k) c.body += names[k];
  c.body += ";";
  c.result = result;
  c.operands = std::move(operands);
  c.reference = std::move(reference);
  return c;
}

Case predicate_form(const std::string& opcode, std::vector<Domain> operands, Reference reference) {
  Case c = form(opcode, Domain::kInt32, std::move(operands), std::move(reference));
  c.body.replace(c.body.find("%o"), 2, "%q");
  c.predicate = true;
  return c;
}

// Thread i reads its four 8-byte inputs at in + 32 i and writes its result at out + 8 i.
std::string module_text(const Case& c) {
  std::string text = ".version 8.0\n.target " + c.target + "\n.address_size 64\n" + c.declarations +
                     "\n.visible .entry test(.param .u64 in, .param .u64 out, .param .u64 extra)\n{\n"
                     "\t.reg .pred %p<8>, %q;\n\t.reg .b16 %h<8>;\n\t.reg .b32 %r<16>, %tid1, %index;\n"
                     "\t.reg .b64 %x<16>, %pa, %po, %extra;\n";
  const char* names[] = {"%a", "%b", "%c", "%d"};
  for (size_t k = 0; k < c.operands.size(); ++k)
    text += "\t.reg .b" + std::to_string(width(c.operands[k])) + " " + names[k] + ";\n";
  std::string result = c.predicate ? "32" : std::to_string(width(c.result));
  text += "\t.reg .b" + result +
          " %o;\n"
          "\tld.param.u64 %pa, [in];\n\tld.param.u64 %po, [out];\n\tld.param.u64 %extra, [extra];\n"
          "\tmov.u32 %tid1, %tid.x;\n\tmov.u32 %r0, %ctaid.x;\n\tmov.u32 %r1, %ntid.x;\n"
          "\tmad.lo.s32 %index, %r0, %r1, %tid1;\n\tmul.wide.u32 %x0, %index, 32;\n\tadd.s64 %pa, %pa, %x0;\n"
          "\tmul.wide.u32 %x0, %index, 8;\n\tadd.s64 %po, %po, %x0;\n";
  for (size_t k = 0; k < c.operands.size(); ++k)
    text += "\tld.global.b" + std::to_string(width(c.operands[k])) + " " + names[k] + ", [%pa+" +
            std::to_string(8 * k) + "];\n";
  text += "\t" + c.body + "\n";
  if (c.predicate) text += "\tselp.u32 %o, 1, 0, %q;\n";
  return text + "\tst.global.b" + result + " [%po], %o;\n\tret;\n}\n";
}

}  // namespace kib::emulator::tests
