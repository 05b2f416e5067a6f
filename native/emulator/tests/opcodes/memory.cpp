// Loads, stores, addresses and asynchronous copies.
#include "integer.h"

namespace kib::emulator::tests {
namespace {

const std::string kShared = ".shared .align 16 .b8 scratch[4096];\n";  // 32 bytes for each of 128 threads
const std::string kSlot = "mov.u32 %r2, scratch; shl.b32 %r3, %tid1, 5; add.s32 %r2, %r2, %r3; ";
const std::string kLocal = "mov.u64 %x3, stack; cvta.local.u64 %x2, %x3; cvta.to.local.u64 %x2, %x2; ";

Case make(const std::string& name, const std::string& body, Domain result, std::vector<Domain> operands,
          Reference reference) {
  Case c = form(name, result, std::move(operands), std::move(reference));
  c.body = body;
  return c;
}

// A value of `bits` bits read into a register of `wide` bits: extended.
void narrow_loads(Cases& cases) {
  for (Integer t : {Integer{8, true}, Integer{8, false}, Integer{16, true}, Integer{16, false}, Integer{32, true},
                    Integer{32, false}})
    for (int wide : {16, 32, 64}) {
      if (wide < t.bits) continue;
      Integer r{wide, false};
      std::string opcode = "ld.global" + t.suffix(), to = " into " + std::to_string(wide) + " bits";
      cases.push_back(make(opcode + to, opcode + " %o, [%pa];", r.domain(), {Domain::kInt64},
                           [=](const Inputs& x) { return r.wrap(t.value(x[0])); }));
      std::string store = "st.shared" + t.suffix(), load = "ld.shared" + t.suffix();
      Case c = make(store + " and " + load + " of " + std::to_string(wide) + " bits",
                    kSlot + store + " [%r2+4], %a; " + load + " %o, [%r2+4];", r.domain(), {r.domain()},
                    [=](const Inputs& x) { return r.wrap(t.value(x[0])); });
      c.declarations = kShared;
      cases.push_back(c);
    }
}

void qualified_loads(Cases& cases) {
  const char* qualifiers[] = {"ld.global",
                              "ld",
                              "ld.global.ca",
                              "ld.global.cg",
                              "ld.global.cs",
                              "ld.global.lu",
                              "ld.global.cv",
                              "ld.global.nc",
                              "ld.volatile.global",
                              "ld.relaxed.gpu.global",
                              "ld.acquire.gpu.global",
                              "ld.relaxed.cta.global",
                              "ld.acquire.sys.global",
                              "ld.weak.global",
                              "ldu.global",
                              "ld.global.L1::no_allocate",
                              "ld.global.L2::128B",
                              "ld.global.nc.L1::evict_last"};
  for (std::string qualifier : qualifiers)
    for (std::string type : {".u32", ".s32", ".b32", ".f32", ".u64", ".s64", ".b64", ".f64"}) {
      Integer t{type.substr(2) == "32" ? 32 : 64, false};
      Case c = make(qualifier + type, qualifier + type + " %o, [%pa+8];", t.domain(), {Domain::kInt64, t.domain()},
                    [](const Inputs& x) { return x[1]; });
      c.few = true;
      cases.push_back(c);
    }
}

void qualified_stores(Cases& cases) {
  for (std::string qualifier :
       {"st.global", "st", "st.global.wb", "st.global.cg", "st.global.cs", "st.global.wt", "st.volatile.global",
        "st.relaxed.gpu.global", "st.release.gpu.global", "st.release.cta.global", "st.weak.global"})
    for (Integer t : kIntegers) {
      Domain d = t.domain();
      Case c =
          make(qualifier + t.suffix(), qualifier + t.suffix() + " [%po], %a; ld.global" + t.suffix() + " %o, [%po];", d,
               {d}, [](const Inputs& x) { return x[0]; });
      c.few = true;
      cases.push_back(c);
    }
}

// Every type in every space, there and back: a generic address, shared, local and global memory.
void round_trips(Cases& cases) {
  struct Row {
    std::string space, slot, address;
  };
  const Row rows[] = {{".global", "", "[%po]"},
                      {".shared", kSlot, "[%r2+8]"},
                      {".local", ".local .align 16 .b8 stack[64]; ", "[stack+32]"},
                      {"", kSlot + "cvt.u64.u32 %x2, %r2; cvta.shared.u64 %x2, %x2; ", "[%x2+8]"}};
  for (const Row& row : rows)
    for (std::string type :
         {"b8", "u8", "s8", "b16", "u16", "s16", "b32", "u32", "s32", "f32", "b64", "u64", "s64", "f64"}) {
      int bits = std::stoi(type.substr(1));
      Integer t{bits, type[0] == 's'}, r{std::max(bits, 16), false};
      std::string suffix = row.space + "." + type;
      Case c = make("st" + suffix + " and ld" + suffix,
                    row.slot + "st" + suffix + " " + row.address + ", %a; ld" + suffix + " %o, " + row.address + ";",
                    r.domain(), {r.domain()}, [=](const Inputs& x) { return r.wrap(t.value(x[0])); });
      c.declarations = kShared;
      cases.push_back(c);
    }
}

// All elements of a vector, folded by a rotation and an exclusive or, so that order counts.
void vectors(Cases& cases) {
  struct Row {
    int count, bits;
    char kind = 'u';
  };
  for (Row row : {Row{2, 32, 'f'}, Row{4, 32, 'f'}, Row{2, 64, 'f'}, Row{4, 16, 'b'}, Row{4, 32, 'b'}, Row{2, 64, 's'},
                  Row{2, 8}, Row{4, 8}, Row{2, 16}, Row{4, 16}, Row{2, 32}, Row{4, 32}, Row{2, 64}})
    for (std::string space : {"global", "shared"}) {
      Integer t{row.bits, false}, r{std::max(row.bits, 16), false};
      std::string list, fold, registers = row.bits == 64 ? "%x" : row.bits == 32 ? "%r" : "%h";
      for (int i = 0; i < row.count; ++i) {
        list += (i ? ", " : "{") + registers + std::to_string(4 + i);
        std::string element = registers + std::to_string(4 + i), to = "%x9";
        fold += row.bits == 64 ? "mov.b64 %x9, " + element + "; "
                               : "cvt.u64.u" + std::to_string(r.bits) + " %x9, " + element + "; ";
        fold += "shl.b64 %x10, %x8, 13; shr.b64 %x11, %x8, 51; or.b64 %x8, %x10, %x11; xor.b64 %x8, %x8, %x9; ";
      }
      list += "}";
      std::string shape = ".v" + std::to_string(row.count), suffix = shape + "." + row.kind + std::to_string(row.bits),
                  body;
      if (space == "shared")
        body = "ld.global.v2.u64 {%x12, %x13}, [%pa]; ld.global.v2.u64 {%x14, %x15}, [%pa+16]; " + kSlot +
               "st.shared.v2.u64 [%r2], {%x12, %x13}; ld.shared" + suffix + " " + list + ", [%r2]; st.shared" + suffix +
               " [%r2+16], " + list + "; ld.shared" + suffix + " " + list + ", [%r2+16]; ";
      else
        body = "ld.global" + suffix + " " + list + ", [%pa]; ";
      Case c = make("ld and st." + space + suffix, body + "mov.u64 %x8, 0; " + fold + "mov.u64 %o, %x8;",
                    Domain::kInt64, {Domain::kInt64, Domain::kInt64}, [=](const Inputs& x) {
                      uint64_t folded = 0;
                      for (int i = 0; i < row.count; ++i) {
                        int bit = i * row.bits;
                        folded = (folded << 13 | folded >> 51) ^ (x[size_t(bit / 64)] >> bit % 64 & t.mask());
                      }
                      return folded;
                    });
      if (space == "shared") c.declarations = kShared;
      size_t start = c.body.find("mov.u64 %x8, 0; ");
      c.body.erase(start, 16);
      c.body = "mov.u64 %x8, 0; " + c.body;
      cases.push_back(c);
    }
}

void spaces(Cases& cases) {
  auto put = [&](const std::string& name, const std::string& declarations, const std::string& body,
                 Reference reference) {
    Case c = make(name, body, Domain::kInt64, {Domain::kInt64, Domain::kInt64}, std::move(reference));
    c.declarations = declarations;
    c.numbered = true;
    cases.push_back(c);
  };
  auto first = [](const Inputs& x) { return x[0]; };
  put("ld.local and st.local", "",
      ".local .align 16 .b8 stack[64]; " + kLocal + "st.local.u64 [%x2+8], %a; ld.local.u64 %o, [%x2+8];", first);
  put("st.local.v2 through the variable", "",
      ".local .align 16 .b8 stack[64]; st.local.v2.u64 [stack+16], {%b, %a}; ld.local.u64 %o, [stack+24];", first);
  put("generic ld of shared memory", kShared,
      kSlot + "cvt.u64.u32 %x2, %r2; cvta.shared.u64 %x3, %x2; st.u64 [%x3+16], %a; ld.shared.u64 %o, [%r2+16];",
      first);
  put("cvta.to.shared.u64", kShared,
      kSlot +
          "cvt.u64.u32 %x2, %r2; cvta.shared.u64 %x3, %x2; cvta.to.shared.u64 %x4, %x3; st.shared.u64 [%x4], %a; "
          "ld.u64 %o, [%x3];",
      first);
  put("cvta.to.global.u64", "", "cvta.global.u64 %x2, %pa; cvta.to.global.u64 %x3, %x2; ld.global.u64 %o, [%x3];",
      first);
  put("generic ld of local memory", "",
      ".local .align 8 .b8 stack[16]; mov.u64 %x2, stack; cvta.local.u64 %x3, %x2; st.local.u64 [%x2+8], %a; ld.u64 "
      "%o, [%x3+8];",
      first);
  const std::string table = ".const .align 8 .u64 table[4] = {3, 0x10, 18446744073709551615, 7};\n";
  auto entry = [](const Inputs& x) {
    const uint64_t values[] = {3, 16, ~uint64_t{0}, 7};
    return values[x[3] % 4];
  };
  const std::string index = "and.b32 %r2, %tid1, 3; mul.wide.u32 %x2, %r2, 8; mov.u64 %x3, table; ";
  put("ld.const.u64", table, index + "add.s64 %x3, %x3, %x2; ld.const.u64 %o, [%x3];", entry);
  put("cvta.const.u64", table, index + "cvta.const.u64 %x3, %x3; add.s64 %x3, %x3, %x2; ld.u64 %o, [%x3];", entry);
  put("an initialised .global variable", ".global .align 8 .u64 table[4] = {3, 0x10, 18446744073709551615, 7};\n",
      index + "add.s64 %x3, %x3, %x2; ld.global.u64 %o, [%x3];", entry);
  put("a .global variable that holds an address",
      ".global .align 8 .u64 first[2] = {5, 77};\n.global .align 8 .u64 pointer = generic(first);\n",
      "ld.global.u64 %x2, [pointer]; ld.u64 %o, [%x2+8];", [](const Inputs&) { return uint64_t{77}; });
  put("bytes of a .global variable", ".global .align 4 .b8 text[8] = {1, 2, 253, 4, 5};\n", "ld.global.u64 %o, [text];",
      [](const Inputs&) { return uint64_t{0x00000504fd0201}; });
  put("ld.param.u64 with an offset", "", "ld.param.u64 %x2, [out+0]; sub.s64 %o, %po, %x2;",
      [](const Inputs& x) { return 8 * x[3]; });
}

// Which space an address lies in, as bits: global, shared, local, const.
void space_predicates(Cases& cases) {
  struct Row {
    const char *name, *address;
    uint64_t expected;
  };
  const Row rows[] = {{"global", "mov.u64 %x3, %pa; ", 1},
                      {"shared", "mov.u64 %x2, scratch; cvta.shared.u64 %x3, %x2; ", 2},
                      {"local", "mov.u64 %x2, stack; cvta.local.u64 %x3, %x2; ", 4},
                      {"const", "mov.u64 %x2, table; cvta.const.u64 %x3, %x2; ", 8}};
  for (const Row& row : rows) {
    std::string body = std::string(".local .align 8 .b8 stack[16]; ") + row.address + "mov.u32 %r5, 0; ";
    int bit = 1;
    for (std::string space : {"global", "shared", "local", "const"}) {
      body +=
          "isspacep." + space + " %p0, %x3; selp.u32 %r2, " + std::to_string(bit) + ", 0, %p0; or.b32 %r5, %r5, %r2; ";
      bit *= 2;
    }
    // Constants may or may not count as global memory.
    uint64_t expected = row.expected, asked = expected == 8 ? 14 : 15;
    Case c = make(std::string("isspacep of ") + row.name, body + "and.b32 %o, %r5, " + std::to_string(asked) + ";",
                  Domain::kInt32, {Domain::kInt32}, [expected](const Inputs&) { return expected; });
    c.declarations = kShared + ".const .align 8 .u64 table[4] = {3, 4, 5, 7};\n";
    c.few = true;
    cases.push_back(c);
  }
}

void asynchronous_copies(Cases& cases) {
  struct Row {
    const char* operation;
    int bytes, source;
  };
  for (Row row : {Row{"ca", 4, 4}, Row{"ca", 8, 8}, Row{"ca", 16, 16}, Row{"cg", 16, 16}, Row{"ca", 16, 4},
                  Row{"cg", 16, 0}, Row{"cg", 16, 8}}) {
    bool partial = row.source != row.bytes;
    std::string opcode = std::string("cp.async.") + row.operation + ".shared.global";
    std::string copy = opcode + " [%r2], [%pa], " + std::to_string(row.bytes) +
                       (partial ? ", " + std::to_string(row.source) : "") + "; ";
    for (std::string wait : {"cp.async.wait_all;", "cp.async.commit_group; cp.async.wait_group 0;"}) {
      Case c =
          make(opcode + " of " + std::to_string(row.source) + " into " + std::to_string(row.bytes) + " and " + wait,
               kSlot + "st.shared.v2.u64 [%r2], {%c, %c}; " + copy + wait +
                   " ld.shared.v2.u64 {%x2, %x3}, [%r2]; shl.b64 %x4, %x2, 1; "
                   "shr.b64 %x5, %x2, 63; or.b64 %x4, %x4, %x5; xor.b64 %o, %x4, %x3;",
               Domain::kInt64, {Domain::kInt64, Domain::kInt64, Domain::kInt64}, [row](const Inputs& x) {
                 unsigned char from[16], to[16];
                 uint64_t y[2];
                 std::memcpy(from, x.data(), 16);
                 std::memcpy(to, &x[2], 8);
                 std::memcpy(to + 8, &x[2], 8);
                 std::memset(to, 0, size_t(row.bytes));
                 std::memcpy(to, from, size_t(row.source));
                 std::memcpy(y, to, 16);
                 return (y[0] << 1 | y[0] >> 63) ^ y[1];
               });
      c.declarations = kShared;
      c.few = true;
      cases.push_back(c);
    }
  }
}

void without_effect(Cases& cases) {
  for (std::string text : {"membar.cta", "membar.gl", "membar.sys", "fence.sc.cta", "fence.sc.gpu", "fence.acq_rel.gpu",
                           "fence.acq_rel.sys", "prefetch.global.L1 [%pa]", "prefetch.global.L2 [%pa]",
                           "prefetchu.L1 [%pa]", "nanosleep.u32 20", "cp.async.wait_group 3"}) {
    Case c =
        make(text, text + "; mov.u32 %o, %a;", Domain::kInt32, {Domain::kInt32}, [](const Inputs& x) { return x[0]; });
    c.few = true;
    cases.push_back(c);
  }
}

}  // namespace

void memory_cases(Cases& cases) {
  narrow_loads(cases);
  qualified_loads(cases);
  qualified_stores(cases);
  round_trips(cases);
  vectors(cases);
  spaces(cases);
  space_predicates(cases);
  asynchronous_copies(cases);
  without_effect(cases);
}

}  // namespace kib::emulator::tests
