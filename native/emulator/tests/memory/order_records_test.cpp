// Which turns come before which, and the records of who touched which bytes, against a model that keeps everything.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>
#include <vector>

#include "check.h"
#include "machine/order.h"

using namespace kib::emulator;

namespace {

constexpr uint64_t kBase = uint64_t{1} << 40;

void sets() {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    TurnSet set;
    std::set<int> model;
    for (int step = 0; step < 60; ++step) {
      const int n = 1 + static_cast<int>(random() % 300);
      switch (random() % 4) {
        case 0:
          set.add_all_up_to(static_cast<TurnNumber>(n / 3));
          for (int i = 1; i <= n / 3; ++i) model.insert(i);
          break;
        case 1: {
          TurnSet other;
          for (int k = 0; k < 40; ++k) {
            const int m = 1 + static_cast<int>(random() % 300);
            other.add(static_cast<TurnNumber>(m));
            model.insert(m);
          }
          set.add(other);
          break;
        }
        default:
          set.add(static_cast<TurnNumber>(n));
          model.insert(n);
      }
      int floor = 0;
      while (model.count(floor + 1) != 0) ++floor;
      CHECK_EQUAL(static_cast<int>(set.floor()) >= std::min(floor, 299), true);
      CHECK(static_cast<int>(set.floor()) <= floor);
      for (int i = 1; i <= 300; ++i) CHECK_EQUAL(set.has(static_cast<TurnNumber>(i)), model.count(i) != 0);
    }
  }
}

struct Access {
  TurnPtr turn;
  uint64_t begin, end;
  bool write, strong;
};

bool conflict(const Access& a, const Access& b) {
  return a.begin < b.end && b.begin < a.end && (a.write || b.write) && !(a.strong && b.strong) &&
         !b.turn->follows(a.turn->number);
}

// Random turns with random predecessors touch random bytes. The first conflict of a run is found when it happens, and
// what is found is one.
void records(uint64_t seed, bool with_atomics) {
  std::mt19937_64 random(seed);
  int conflicts = 0, clean = 0;
  for (int run = 0; run < 400; ++run) {
    Order& order = Order::instance();
    order.start_anew();
    OrderRecords records(kBase, 1 << 17);
    std::vector<Access> all;
    std::vector<TurnPtr> turns;
    const uint64_t size = 64 + random() % 400, offset = random() % 2 == 0 ? 0 : (1 << 16) - size / 2;
    const unsigned likely =
        2 + static_cast<unsigned>(random() % (random() % 2 == 0 ? 12 : 400));  // how much is ordered
    bool over = false;
    for (int t = 0; t < 30 && !over; ++t) {
      std::vector<TurnPtr> after;
      for (const TurnPtr& other : turns) {
        if (random() % likely != 0) after.push_back(other);
      }
      if (random() % 10 == 0) order.waited_for(turns.empty() ? nullptr : turns[random() % turns.size()]);
      turns.push_back(order.begin("t", "s", after, true));
      for (int n = 0; n < 4 && !over; ++n) {
        Access a{turns.back(), 0, 0, random() % 3 == 0, with_atomics && random() % 3 == 0};
        a.begin = kBase + offset + random() % size;
        a.end = std::min(a.begin + 1 + random() % 150, kBase + offset + size);
        const bool expected = std::any_of(all.begin(), all.end(), [&](const Access& b) { return conflict(b, a); });
        bool seen = false;
        records.access(*a.turn, a.begin, a.end - a.begin, a.write, a.strong, [&](const Conflict& c) {
          seen = true;
          CHECK(std::any_of(all.begin(), all.end(), [&](const Access& b) {
            return b.turn->number == c.other && b.write == c.other_wrote && conflict(b, a) && b.begin < c.end &&
                   c.begin < b.end;
          }));
        });
        // An atomic access that another turn's follows may hide the plain one before it.
        if (!with_atomics) CHECK_EQUAL(seen, expected);
        if (seen) CHECK(expected);
        over = seen || expected;
        all.push_back(a);
      }
    }
    (over ? conflicts : clean)++;
  }
  std::printf("%d runs with a conflict, %d without\n", conflicts, clean);
  CHECK(conflicts > 20);
}

void forgets() {
  Order& order = Order::instance();
  order.start_anew();
  OrderRecords records(kBase, 1 << 20);
  const TurnPtr a = order.begin("a", "stream 1", {}, true), b = order.begin("b", "stream 2", {}, true);
  const TurnPtr c = order.begin("c", "stream 3", {b}, true);
  int found = 0;
  const auto count = [&](const Conflict&) { ++found; };
  records.access(*a, kBase, 1000, true, false, count);
  records.clear(kBase, 500);
  records.access(*b, kBase, 500, true, false, count);
  CHECK_EQUAL(found, 0);
  records.access(*b, kBase + 499, 2, false, false, count);
  CHECK_EQUAL(found, 1);
  // Two readers at once, and a writer that waited for one of them only.
  records.access(*a, kBase + 70000, 400000, false, false, count);
  records.access(*b, kBase + 70000, 400000, false, false, count);
  CHECK_EQUAL(found, 1);
  records.access(*c, kBase + 300000, 4, true, false, [&](const Conflict& x) {
    ++found;
    CHECK_EQUAL(x.other, a->number);
    CHECK(x.writes && !x.other_wrote);
  });
  CHECK_EQUAL(found, 2);
  records.clear_all();
  records.access(*c, kBase + 400000, 4, true, false, count);
  CHECK_EQUAL(found, 2);
  // Numbers end, and begin again.
  while (!order.exhausted()) order.begin("x", "s", {}, true);
  CHECK_EQUAL(order.begin("x", "s", {}, true)->number, 0);
  order.start_anew();
  CHECK_EQUAL(order.begin("x", "s", {a, b}, true)->number, 1);
}

// Readers at the same time are kept only until somebody behind them touches the bytes: a training loop that forks and
// joins must not get slower with each step.
void kept_readers() {
  Order& order = Order::instance();
  order.start_anew();
  OrderRecords records(kBase, 1 << 20);
  int found = 0;
  const auto count = [&](const Conflict&) { ++found; };
  TurnPtr last;
  for (int step = 0; step < 50; ++step) {
    const TurnPtr a = order.begin("a", "stream 1", {last}, true), b = order.begin("b", "stream 2", {last}, true);
    records.access(*a, kBase, 1000, false, false, count);
    records.access(*b, kBase, 1000, false, false, count);
    CHECK(records.keeps_readers());
    last = order.begin("c", "stream 1", {a, b}, true);
    records.access(*last, kBase, 600, true, false, count);
    CHECK(records.keeps_readers());
    records.access(*last, kBase + 600, 400, true, false, count);
    CHECK(!records.keeps_readers());
  }
  CHECK_EQUAL(found, 0);
  // A part that was not touched stays known.
  const TurnPtr a = order.begin("a", "stream 1", {last}, true), b = order.begin("b", "stream 2", {last}, true);
  records.access(*a, kBase, 1000, false, false, count);
  records.access(*b, kBase, 1000, false, false, count);
  const TurnPtr c = order.begin("c", "stream 1", {a, b}, true), d = order.begin("d", "stream 2", {b}, true);
  records.access(*c, kBase + 100, 100, true, false, count);
  for (uint64_t at : {96u, 200u, 996u}) {
    CHECK_EQUAL(found, 0);
    records.access(*d, kBase + at, 4, true, false, [&](const Conflict& x) {
      ++found;
      CHECK_EQUAL(x.other, a->number);
    });
    CHECK_EQUAL(found, 1);
    found = 0;
  }
}

}  // namespace

int main(int count, char** arguments) {
  const uint64_t seed = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : std::random_device()();
  std::printf("order_test %llu\n", static_cast<unsigned long long>(seed));
  sets();
  records(seed, false);
  records(seed + 1, true);
  forgets();
  kept_readers();
  return kib::test::result();
}
