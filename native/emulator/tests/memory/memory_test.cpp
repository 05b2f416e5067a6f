// The device's memory: allocation, red zones, quarantine, shadow of what was written, host access.
#include "machine/memory.h"

#include <setjmp.h>
#include <signal.h>

#include <cstdlib>
#include <map>
#include <random>

#include "check.h"
#include "machine/memory_access.h"

using namespace kib::emulator;
using Access = Memory::Access;

namespace {

Options small() {
  Options options;
  options.memory = 4 << 20;
  return options;
}

std::string last() {
  const auto all = Reports::instance().all();
  return all.empty() ? "nothing" : all.back().sentence();
}

size_t found(Finding finding) {
  size_t count = 0;
  for (const Report& report : Reports::instance().all()) count += report.finding == finding;
  return count;
}

void allocation() {
  Memory memory(small());
  CHECK_EQUAL(memory.allocate(0, "none"), 0u);
  const uint64_t a = memory.allocate(1000, "a"), b = memory.allocate(1, "b");
  CHECK_EQUAL(a % 256, 0u);
  CHECK_EQUAL(b % 256, 0u);
  CHECK(b >= a + 1024 + 256);
  CHECK_EQUAL(memory.used(), 1001u);
  CHECK_EQUAL(memory.total(), uint64_t{4} << 20);
  CHECK_EQUAL(memory.allocate(4 << 20, "too large"), 0u);
  CHECK_EQUAL(memory.allocate(~uint64_t{0}, "far too large"), 0u);
  uint64_t start = 0, bytes = 0;
  CHECK(memory.find(a + 999, &start, &bytes));
  CHECK_EQUAL(start, a);
  CHECK_EQUAL(bytes, 1000u);
  CHECK(!memory.find(a + 1000, &start, &bytes));
  CHECK(!memory.contains(reinterpret_cast<uint64_t>(&start)));
  CHECK(memory.release(a));
  CHECK(memory.release(b));
  CHECK_EQUAL(memory.used(), 0u);
  CHECK_EQUAL(Reports::instance().count(), 0u);
}

void wrong_ranges() {
  Reports::instance().clear();
  Memory memory(small());
  const uint64_t a = memory.allocate(1000, "a"), b = memory.allocate(100, "b");
  CHECK(memory.view(a, 1001, Access::kWrite, "copy") == nullptr);
  CHECK_CONTAINS(last(), "out of bounds");
  CHECK_CONTAINS(last(), "copy: 1001 bytes");
  CHECK_CONTAINS(last(), "offset 0 of 'a' (1000 bytes) and end 1 bytes behind it");
  CHECK(memory.view(a + 1001, 1, Access::kWrite, "copy") == nullptr);
  CHECK(memory.view(a, ~uint64_t{0}, Access::kWrite, "copy") == nullptr);
  CHECK(memory.view(b + 100, 4, Access::kWrite, "copy") == nullptr);
  CHECK(memory.view(b - 1, 4, Access::kWrite, "copy") == nullptr);
  CHECK_EQUAL(found(Finding::kOutOfBounds), 5u);
  CHECK(memory.view(reinterpret_cast<uint64_t>(&memory), 4, Access::kRead, "copy") == nullptr);
  CHECK_CONTAINS(last(), "not in the device's memory");
  CHECK(memory.release(a));
  CHECK(memory.view(a + 4, 4, Access::kRead, "copy") == nullptr);
  CHECK_CONTAINS(last(), "use after free");
  CHECK_CONTAINS(last(), "offset 4 of 'a' (1000 bytes), which was freed");
  CHECK(!memory.release(a));
  CHECK_CONTAINS(last(), "'a' (1000 bytes) is freed a second time");
  CHECK(!memory.release(b + 4));
  CHECK_CONTAINS(last(), "which is offset 4 of 'b' (100 bytes)");
  memory.report_leaks();
  CHECK_EQUAL(found(Finding::kLeak), 1u);
  CHECK_CONTAINS(last(), "leak, address 0x");
  CHECK_CONTAINS(last(), "'b' (100 bytes) was never freed");
  memory.keep(b);
  memory.report_leaks();
  CHECK_EQUAL(found(Finding::kLeak), 1u);
}

void uninitialised() {
  Reports::instance().clear();
  Memory memory(small());
  const uint64_t a = memory.allocate(100, "a"), b = memory.allocate(100, "b");
  std::byte* bytes = memory.view(a, 40, Access::kWrite, "set");
  std::memset(bytes, 7, 40);
  CHECK(memory.view(a, 40, Access::kRead, "copy") == bytes);
  CHECK_EQUAL(Reports::instance().count(), 0u);
  CHECK(memory.view(a + 3, 41, Access::kRead, "copy") == bytes + 3);
  CHECK_CONTAINS(last(), "copy: byte 37 of the 41 that are read was never written; it is offset 40 of 'a'");
  Reports::instance().clear();
  CHECK(memory.view(a, 100, Access::kRead, "copy", false) == bytes);
  CHECK(memory.copy(b, a, 100, "copy"));
  CHECK_EQUAL(Reports::instance().count(), 0u);
  const std::byte* copied = memory.view(b, 100, Access::kRead, "copy");
  CHECK_CONTAINS(last(), "offset 40 of 'b'");
  CHECK(copied != nullptr && copied[39] == std::byte{7} && copied[40] == std::byte{0xff});
  CHECK(memory.copy(b + 10, b, 60, "overlapping"));
  Reports::instance().clear();
  CHECK(memory.view(b, 50, Access::kRead, "copy") != nullptr);
  CHECK_EQUAL(Reports::instance().count(), 0u);
  CHECK(!memory.copy(b, a, 101, "copy"));
  CHECK(!memory.copy(b + 1, a, 100, "copy"));
  CHECK_EQUAL(found(Finding::kOutOfBounds), 2u);
  CHECK(memory.release(a));
  // The same addresses, some time later, are as if never written.
  Reports::instance().clear();
  uint64_t again = 0;
  while (again != a) {
    again = memory.allocate(100, "again");
    CHECK(again != 0);
    if (again == 0 || again == a) break;
    memory.view(again, 100, Access::kWrite, "set");
    CHECK(memory.release(again));
  }
  CHECK(memory.view(a, 1, Access::kRead, "copy") != nullptr);
  CHECK_EQUAL(found(Finding::kUninitialised), 1u);
}

// Blocks never overlap, nothing is lost, and contents stay, over many random allocations and releases.
void many(uint64_t seed) {
  Reports::instance().clear();
  Memory memory(small());
  std::mt19937_64 random(seed);
  std::map<uint64_t, std::pair<uint64_t, unsigned char>> live;
  uint64_t used = 0;
  for (int i = 0; i < 4000; ++i) {
    if (live.size() < 40 && random() % 2 == 0) {
      const uint64_t bytes = 1 + random() % (random() % 8 == 0 ? 600000 : 3000);
      const uint64_t start = memory.allocate(bytes, "random");
      CHECK_EQUAL(start == 0, bytes > memory.total() - used);
      if (start == 0) continue;
      const auto next = live.lower_bound(start);
      CHECK(next == live.end() || start + bytes + 256 <= next->first);
      CHECK(next == live.begin() || std::prev(next)->first + std::prev(next)->second.first + 256 <= start);
      const auto value = static_cast<unsigned char>(random());
      std::memset(memory.view(start, bytes, Access::kWrite, "set"), value, bytes);
      live[start] = {bytes, value};
      used += bytes;
    } else if (!live.empty()) {
      const auto block = std::next(live.begin(), static_cast<long>(random() % live.size()));
      const auto [bytes, value] = block->second;
      const std::byte* at = memory.view(block->first, bytes, Access::kRead, "get");
      CHECK(at[0] == std::byte{value} && at[bytes / 2] == std::byte{value} && at[bytes - 1] == std::byte{value});
      CHECK(memory.release(block->first));
      used -= bytes;
      live.erase(block);
    }
    CHECK_EQUAL(memory.used(), used);
  }
  CHECK_EQUAL(Reports::instance().count(), 0u);
}

void window() {
  Memory memory(small());
  const uint64_t a = memory.allocate(1000, "a"), b = memory.allocate(1000, "b");
  std::memset(memory.view(a, 8, Access::kWrite, "set"), 1, 8);
  Window window(memory);
  for (int i = 0; i < 3; ++i) {
    CHECK(window.reach(a + 4, 4));
    CHECK(*window.host(a + 4) == std::byte{1});
    CHECK(*window.written(a + 7) == 0xff && *window.written(a + 8) == 0);
    CHECK(window.reach(b + 996, 4));
    CHECK(!window.reach(b + 997, 4));
    CHECK(!window.reach(0, 4));
    CHECK(!window.reach(~uint64_t{0} - 1, 4));
  }
  Options options = small();
  options.bounds = options.host = false;
  Memory free(options);
  const uint64_t c = free.allocate(4, "c");
  Window wide(free);
  CHECK(wide.reach(c, 64));
  CHECK(!wide.reach(c - (uint64_t{1} << 30), 4));
  *reinterpret_cast<volatile char*>(c) = 5;  // the instrument `host` is off
  CHECK(*wide.host(c) == std::byte{5});
}

sigjmp_buf back;

void host_access() {
  Reports::instance().clear();
  // A handler from before the memory's, as the Java virtual machine has one.
  struct sigaction action {};
  action.sa_handler = [](int) { siglongjmp(back, 1); };
  ::sigaction(SIGSEGV, &action, nullptr);
  Memory memory(small());
  const uint64_t a = memory.allocate(1000, "weights");
  volatile bool passed_on = false;
  if (sigsetjmp(back, 1) == 0) {
    *reinterpret_cast<volatile char*>(a + 8) = 1;
  } else {
    passed_on = true;
  }
  CHECK(passed_on);
  CHECK_EQUAL(found(Finding::kHostAccess), 1u);
  CHECK_CONTAINS(last(), "the host read or wrote offset 8 of 'weights' (1000 bytes)");
  volatile uintptr_t elsewhere = 16;
  if (sigsetjmp(back, 1) == 0) *reinterpret_cast<volatile char*>(elsewhere) = 1;
  CHECK_EQUAL(found(Finding::kHostAccess), 1u);
}

}  // namespace

int main() {
  host_access();
  Reports::instance().clear();
  allocation();
  wrong_ranges();
  uninitialised();
  const char* given = std::getenv("TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  std::printf("TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  many(seed);
  window();
  return kib::test::result();
}
