#include "kib/random.h"

#include "families.h"

KIB_EXPECTED(kib_random_uniform)
KIB_EXPECTED(kib_random_advance)

// The same bits, in any layout and number of elements; and the clock.
void test_random() {
  const int64_t shapes[][3] = {{1, 1, 1}, {1, 1, 1030}, {3, 5, 7}, {64, 3, 9}, {2, 600, 9}};
  for (auto [outer, channels, positions] : shapes) {
    size_t size = static_cast<size_t>(outer * channels * positions);
    std::vector<float> wanted(size);
    test::Array<float> w(size);
    test::ok(expected::kib_random_uniform(wanted.data(), outer, channels, positions, 0.3, 0x123456789ABCDEFull, 7,
                                          test::processor()),
             "the processor's weights");
    test::ok(kib_random_uniform(w.data(), outer, channels, positions, 0.3, 0x123456789ABCDEFull, 7, test::device()),
             "random.uniform");
    test::equal(w.read(), wanted, "random.uniform");
  }
  test::Array<int64_t> now(std::vector<int64_t>{5, 2, 256, 2});
  test::ok(kib_random_advance(now.data(), 128, test::device()), "random.advance");
  test::equal(now.read(), {6, 2, 384, 3}, "random.advance");
}

void time_random(test::Timer& timer) {
  int64_t outer = timer.small() ? 4 : 512, channels = timer.small() ? 4 : 512;
  test::Array<float> w(static_cast<size_t>(outer * channels * 9));
  timer.time("random.uniform", std::to_string(outer) + "x" + std::to_string(channels) + "x3x3",
             {4.0 * static_cast<double>(w.size())},
             [&] { return kib_random_uniform(w.data(), outer, channels, 9, 0.3, 1, 2, test::device()); });
}
