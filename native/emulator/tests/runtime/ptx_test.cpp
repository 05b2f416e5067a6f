// What is read of a fat binary, and which PTX is chosen for it.
#include <cstring>

#include "check.h"
#include "runtime/fat_binary.h"

using namespace kib::emulator;

namespace {

std::string text(const std::string& target, const std::string& entries) {
  return ".version 9.0\n.target " + target + "\n.address_size 64\n" + entries;
}

void put(std::string* to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to->push_back(static_cast<char>(value >> (8 * i)));
}

// A fat binary's entry as nvcc writes it.
std::string entry(int kind, const std::string& payload) {
  std::string padded = payload + std::string(8 - payload.size() % 8, '\0'), made;
  put(&made, static_cast<uint64_t>(kind), 2);
  put(&made, 0x0101, 2);
  put(&made, 64, 4);
  put(&made, padded.size(), 8);
  made.resize(64);
  return made + padded;
}

std::string fat_binary(const std::string& entries) {
  std::string made;
  put(&made, 0xba55ed50, 4);
  put(&made, 1, 2);
  put(&made, 16, 2);
  put(&made, entries.size(), 8);
  return made + entries;
}

}  // namespace

int main() {
  const Ptx one = describe_ptx(text("sm_80", ".visible .entry _Z1kPf(\n)\n{}\n.entry  other()\n{}"), "one.ptx");
  CHECK_EQUAL(one.target, 80);
  CHECK(!one.specific);
  CHECK(one.entries == (std::set<std::string>{"_Z1kPf", "other"}));
  CHECK_EQUAL(describe_ptx("no PTX", "x").target, 0);
  CHECK(describe_ptx(text("sm_90a", ""), "x").specific);

  std::vector<Ptx> all;
  for (const char* target : {"sm_80", "sm_90", "sm_90a", "sm_100"}) {
    all.push_back(describe_ptx(text(target, ".entry k()\n{}"), target));
  }
  all.push_back(describe_ptx(text("sm_86", ".entry k()\n{}\n.entry l()\n{}"), "sm_86"));
  const auto chosen = [&](const std::set<std::string>& entries, int capability) {
    const Ptx* ptx = choose_ptx(all, entries, capability);
    return ptx == nullptr ? std::string("none") : ptx->file;
  };
  CHECK_EQUAL(chosen({"k"}, 80), "sm_80");
  CHECK_EQUAL(chosen({"k"}, 90), "sm_90a");
  CHECK_EQUAL(chosen({"k"}, 100), "sm_100");
  CHECK_EQUAL(chosen({"k", "l"}, 90), "sm_86");
  CHECK_EQUAL(chosen({"k", "l"}, 80), "none");
  CHECK_EQUAL(chosen({"m"}, 100), "none");

  // What is for one capability or family runs on no other.
  std::vector<Ptx> special{describe_ptx(text("sm_80", ".entry k()\n{}"), "sm_80")};
  for (const char* target : {"sm_90a", "sm_100f", "sm_100a", "sm_120f", "sm_120"}) {
    special.push_back(describe_ptx(text(target, ".entry k()\n{}"), target));
  }
  CHECK(special[2].family && !special[2].specific && special[2].target == 100);
  const std::pair<int, const char*> wanted[] = {{80, "sm_80"},  {86, "sm_80"},    {89, "sm_80"},
                                                {90, "sm_90a"}, {100, "sm_100a"}, {120, "sm_120f"}};
  for (const auto& [capability, file] : wanted) CHECK_EQUAL(choose_ptx(special, {"k"}, capability)->file, file);
  special.erase(special.begin() + 3);
  CHECK_EQUAL(choose_ptx(special, {"k"}, 100)->file, "sm_100f");
  CHECK_EQUAL(choose_ptx(special, {"k"}, 103)->file, "sm_100f");
  CHECK_EQUAL(choose_ptx(special, {"k"}, 110)->file, "sm_80");

  const std::string fat = fat_binary(entry(2, "machine code") + entry(1, all[0].text) + entry(1, all[1].text));
  const FatBinaryContent found = read_fat_binary(fat.data(), "libk.so");
  CHECK_EQUAL(found.ptx.size(), 2u);
  CHECK(!found.unreadable && found.ptx[0].text == all[0].text && found.ptx[1].target == 90);
  CHECK_EQUAL(found.ptx[0].file, "the PTX in libk.so");
  CHECK(found.parameters.empty());
  const FatBinaryContent other = read_fat_binary(fat_binary(entry(1, "\x1f compressed")).data(), "libk.so");
  CHECK(other.ptx.empty() && other.unreadable);
  CHECK(read_fat_binary("no fat binary at all", "libk.so").ptx.empty());
  CHECK_EQUAL(split_path("/a::/b:").size(), 2u);
  return kib::test::result();
}
