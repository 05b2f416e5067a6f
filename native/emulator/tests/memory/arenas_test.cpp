// Parts of one allocation: what touches them wrongly, and that a model of all bytes agrees in random order.
#include <cstdlib>
#include <map>
#include <random>

#include "check.h"
#include "machine/memory.h"
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

void parts() {
  Memory memory(small());
  const uint64_t arena = memory.allocate(10000, "arena");
  CHECK(memory.view(arena + 9000, 100, Access::kWrite, "set") != nullptr);  // no part yet: one allocation
  CHECK(memory.carve(arena + 256, 1024, "weights", "carve"));
  CHECK(memory.carve(arena + 1536, 64, "bias", "carve"));
  CHECK(memory.view(arena + 256, 1024, Access::kWrite, "set") != nullptr);
  CHECK(memory.view(arena + 256 + 1000, 24, Access::kRead, "get") != nullptr);
  CHECK_EQUAL(Reports::instance().count(), 0u);
  CHECK_EQUAL(memory.owner(arena + 300), "'weights' (1024 bytes, carved from 'arena' (10000 bytes))");
  CHECK_EQUAL(memory.owner(arena + 1300), "'arena' (10000 bytes)");
  CHECK(memory.allocated(arena, 10000));
  CHECK(!memory.allocated(arena, 10001));

  CHECK(memory.view(arena + 1276, 8, Access::kRead, "get") == nullptr);
  CHECK_CONTAINS(last(), "out of bounds");
  CHECK_CONTAINS(last(),
                 "begin at offset 1020 of 'weights' (1024 bytes, carved from 'arena' (10000 bytes)) and end 4 "
                 "bytes behind it");
  CHECK(memory.view(arena + 1284, 4, Access::kRead, "get") == nullptr);
  CHECK_CONTAINS(last(), "begin 4 bytes behind 'weights'");
  CHECK(memory.view(arena + 16, 4, Access::kRead, "get") == nullptr);
  CHECK_CONTAINS(last(), "lie 240 bytes before 'weights'");
  CHECK(memory.view(arena + 9000, 100, Access::kRead, "get") == nullptr);
  CHECK_CONTAINS(last(), "behind 'bias'");
  CHECK(memory.view(arena, 10000, Access::kWrite, "set") == nullptr);
  CHECK(memory.view(arena + 10000, 1, Access::kWrite, "set") == nullptr);
  CHECK_CONTAINS(last(), "of 'arena' (10000 bytes) and end 1 bytes behind it");
  CHECK_EQUAL(found(Finding::kOutOfBounds), 6u);
  CHECK_EQUAL(Reports::instance().count(), 6u);
}

void stale_and_released() {
  Reports::instance().clear();
  Memory memory(small());
  const uint64_t arena = memory.allocate(4096, "arena");
  CHECK(memory.carve(arena, 512, "x", "carve"));
  CHECK(memory.view(arena, 512, Access::kWrite, "set") != nullptr);
  CHECK(memory.forget(arena + 100, 12, "forget"));
  CHECK(memory.view(arena, 100, Access::kRead, "get") != nullptr);
  CHECK_EQUAL(Reports::instance().count(), 0u);
  CHECK(memory.view(arena, 512, Access::kRead, "get") != nullptr);
  CHECK_CONTAINS(last(), "uninitialised read");
  CHECK_CONTAINS(last(), "byte 100 of the 512 that are read was never written; it is offset 100 of 'x'");
  CHECK(!memory.forget(arena + 500, 13, "forget"));
  CHECK_CONTAINS(last(), "forget: 13 bytes");

  Reports::instance().clear();
  CHECK(memory.release_part(arena, "release"));
  CHECK(memory.view(arena + 8, 4, Access::kWrite, "set") == nullptr);
  CHECK_CONTAINS(last(), "use after free");
  CHECK_CONTAINS(last(), "offset 8 of 'x' (512 bytes, carved from 'arena' (4096 bytes)), which was released");
  CHECK(!memory.release_part(arena, "release"));
  CHECK_CONTAINS(last(), "'x' (512 bytes, carved from 'arena' (4096 bytes)) is released a second time");
  CHECK_EQUAL(found(Finding::kUseAfterFree), 2u);
  // A later part takes the middle: what is left of the released one is still known.
  CHECK(memory.carve(arena + 128, 64, "y", "carve"));
  CHECK(memory.view(arena + 120, 4, Access::kWrite, "set") == nullptr);
  CHECK_CONTAINS(last(), "offset 120 of 'x'");
  CHECK(memory.view(arena + 192, 4, Access::kWrite, "set") == nullptr);
  CHECK_CONTAINS(last(), "offset 192 of 'x'");
  CHECK(memory.view(arena + 128, 64, Access::kRead, "get") != nullptr);
  CHECK_CONTAINS(last(), "it is offset 0 of 'y'");

  Reports::instance().clear();
  CHECK(!memory.carve(arena + 64, 65, "z", "carve"));
  CHECK_CONTAINS(last(), "bad argument");
  CHECK_CONTAINS(last(),
                 "carve: 'z' (65 bytes, carved from 'arena' (4096 bytes)) overlaps 'y' (64 bytes, carved from "
                 "'arena' (4096 bytes)), which starts 64 bytes behind its start and is not released");
  CHECK(!memory.carve(arena + 4000, 97, "z", "carve"));
  CHECK_CONTAINS(last(), "carve: 'z': 97 bytes");
  CHECK(!memory.release_part(arena + 144, "release"));
  CHECK_CONTAINS(last(), "the address is offset 16 of 'y'");
  CHECK(!memory.release_part(arena + 2048, "release"));
  CHECK_CONTAINS(last(), "no part of 'arena' (4096 bytes) starts at the address");
  CHECK(memory.release(arena));
  CHECK(memory.view(arena + 128, 4, Access::kRead, "get") == nullptr);
  CHECK_CONTAINS(last(), "'arena' (4096 bytes), which was freed");
  memory.report_leaks();
  CHECK_EQUAL(found(Finding::kLeak), 0u);
}

// The executor's window: an access may use neighbours without a gap, but not both at once.
void neighbours() {
  Reports::instance().clear();
  Memory memory(small());
  const uint64_t arena = memory.allocate(4096, "arena");
  CHECK(memory.carve(arena, 1000, "a", "carve"));
  CHECK(memory.carve(arena + 1008, 1000, "b", "carve"));
  CHECK(memory.carve(arena + 2016, 16, "c", "carve"));
  CHECK(memory.carve(arena + 2032, 16, "d", "carve"));
  Window window(memory);
  for (int i = 0; i < 3; ++i) {
    CHECK(window.reach(arena + 996, 4));
    CHECK(!window.reach(arena + 996, 8));
    CHECK(!window.reach(arena + 1000, 4));
    CHECK(window.reach(arena + 1008, 4));
    CHECK(window.reach(arena + 2016, 16) && window.reach(arena + 2032, 16));
    CHECK(!window.reach(arena + 2024, 16));
  }
  CHECK_CONTAINS(memory.explain(arena + 2024, 16).detail, "offset 8 of 'c'");
  Options options = small();
  options.bounds = false;
  Memory free(options);
  const uint64_t open = free.allocate(4096, "open");
  CHECK(free.carve(open, 16, "a", "carve"));
  CHECK(free.view(open + 8, 16, Access::kWrite, "set") != nullptr);
  CHECK_EQUAL(Reports::instance().count(), 0u);
}

// Parts carved, released and touched at random; beside them a model: for each byte its part's number, 0 for none.
void random_parts(uint64_t seed) {
  Reports::instance().clear();
  Memory memory(small());
  constexpr uint64_t kBytes = 4096;
  const uint64_t arena = memory.allocate(kBytes, "arena");
  std::mt19937_64 random(seed);
  std::vector<unsigned> part(kBytes, 0);
  std::vector<bool> written(kBytes, false);
  std::map<uint64_t, uint64_t> live;
  unsigned parts = 0;
  for (int step = 0; step < 20000; ++step) {
    const uint64_t start = random() % (kBytes / 16) * 16,
                   bytes = 1 + random() % std::min<uint64_t>(kBytes - start, 200);
    const auto all = [&](auto holds) {
      for (uint64_t i = start; i < start + bytes; ++i) {
        if (!holds(i)) return false;
      }
      return true;
    };
    if (random() % 3 == 0) {
      const bool room = all([&](uint64_t i) { return part[i] == 0; });
      CHECK_EQUAL(memory.carve(arena + start, bytes, "p" + std::to_string(parts + 1), "carve"), room);
      if (!room) continue;
      live[start] = bytes;
      ++parts;
      for (uint64_t i = start; i < start + bytes; ++i) part[i] = parts, written[i] = false;
    } else if (random() % 2 == 0 && !live.empty()) {
      const auto gone = std::next(live.begin(), static_cast<long>(random() % live.size()));
      CHECK(memory.release_part(arena + gone->first, "release"));
      for (uint64_t i = gone->first; i < gone->first + gone->second; ++i) part[i] = 0;
      live.erase(gone);
    } else if (parts > 0) {
      const uint64_t address = start + random() % 16, length = 1 + random() % 16;
      bool inside = true, set = true;
      for (uint64_t i = address; i < address + length; ++i) {
        inside &= i < kBytes && part[i] != 0 && part[i] == part[address];
        set &= inside && written[i];
      }
      Range range;
      CHECK_EQUAL(memory.locate(arena + address, length, &range), inside);
      if (!inside) CHECK(!memory.explain(arena + address, length).detail.empty());
      if (!inside) continue;
      Reports::instance().clear();
      CHECK(memory.view(arena + address, length, Access::kRead, "get") != nullptr);
      CHECK_EQUAL(Reports::instance().count(), set ? 0u : 1u);
      CHECK(memory.view(arena + address, length, Access::kWrite, "set") != nullptr);
      for (uint64_t i = address; i < address + length; ++i) written[i] = true;
    }
    Reports::instance().clear();
  }
  CHECK(parts > 100);
}

}  // namespace

int main() {
  parts();
  stale_and_released();
  neighbours();
  const char* given = std::getenv("TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  std::printf("TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  random_parts(seed);
  return kib::test::result();
}
