#include "kib/readout.h"

#include <array>
#include <cmath>
#include <limits>

#include "families.h"

KIB_EXPECTED(kib_readout_add)
KIB_EXPECTED(kib_readout_cross_entropy)
KIB_EXPECTED(kib_readout_average_pool)
KIB_EXPECTED(kib_readout_average_pool_gradient)

namespace {

// What logits are compared with.
struct Wanted {
  bool shared = false;
  double smoothing = 0;
  bool weighted = false;
};

// Gradient, meter and fault like the processor's, in two steps on the same meter: the second adds to the first, but the
// first fault stays.
void compare(const std::vector<float>& y, int64_t batch, int64_t outputs, int type, const Wanted& wanted,
             std::string what) {
  what += wanted.shared ? " shares" : " labels";
  what += wanted.weighted ? ", weighted" : "";
  std::vector<int32_t> labels;
  for (int64_t b = 0; b < batch; b++) labels.push_back(static_cast<int32_t>((b * 7 + 3) % outputs));
  std::vector<float> shares(y.size(), 0);  // of two classes, as mixing makes them, or of one
  for (int64_t b = 0; b < batch; b++) {
    shares[static_cast<size_t>(b * outputs + (b * 5 + 1) % outputs)] += 0.25f;
    shares[static_cast<size_t>(b * outputs + (b * 7 + 3) % outputs)] += 0.75f;
  }
  std::vector<double> sums = {1, 2, 3, 4};
  std::vector<int64_t> now = {6, 0, 0, 0}, fault = {0, 0};
  std::vector<float> dy(y.size());
  std::vector<uint16_t> dy16(y.size());
  test::Array<float> dlogits(y), ddy(dy);
  test::Array<uint16_t> ddy16(dy16);
  test::Array<int32_t> dlabels(labels);
  test::Array<float> dshares(shares);
  const int32_t *plain = wanted.shared ? nullptr : labels.data(), *dplain = wanted.shared ? nullptr : dlabels.data();
  const float *soft = wanted.shared ? shares.data() : nullptr, *dsoft = wanted.shared ? dshares.data() : nullptr;
  auto of_classes = random_numbers(static_cast<size_t>(outputs), 0.1f, 3);
  test::Array<float> dclasses(of_classes);
  const float* weights = wanted.weighted ? of_classes.data() : nullptr;
  const float* dweights = wanted.weighted ? dclasses.data() : nullptr;
  test::Array<double> dsums(sums);
  test::Array<int64_t> dnow(now), dfault(fault);
  test::Scratch scratch(static_cast<size_t>(kib_readout_workspace(batch, outputs)));
  kib_meter none = {};
  kib_meter meter = {sums.data(), 1, now.data(), fault.data(), 2};
  kib_meter dmeter = {dsums.data(), 1, dnow.data(), dfault.data(), 2};
  for (int i = 0; i < 2; i++, now[0]++) {
    dnow.write(now);
    expected::kib_readout_cross_entropy(dy.data(), KIB_F32, y.data(), plain, soft, wanted.smoothing, weights, batch,
                                        outputs, &meter, nullptr, test::processor());
    expected::kib_readout_cross_entropy(dy16.data(), KIB_BF16, y.data(), plain, soft, wanted.smoothing, weights, batch,
                                        outputs, &none, nullptr, test::processor());
    void* to = type == KIB_F32 ? static_cast<void*>(ddy.data()) : ddy16.data();
    test::ok(kib_readout_cross_entropy(to, type, dlogits.data(), dplain, dsoft, wanted.smoothing, dweights, batch,
                                       outputs, &dmeter, scratch.data(), test::device()),
             what);
  }
  test::near(dsums.read(), sums, 1e-12, what + ": sums");
  check(dsums.read()[2] == sums[2], (what + ": right answers").c_str());
  test::equal(dfault.read(), fault, what + ": fault");
  if (type == KIB_F32) {
    test::near(ddy.read(), dy, 1.3e-7, what + ": dy");
  } else {
    test::near(ddy16.read(), dy16, 0x1p-8, what + ": dy");
  }
}

const Wanted kWanted[] = {
    {}, {false, 0.1}, {true, 0}, {true, 0.1}, {false, 0, true}, {false, 0.1, true}, {true, 0, true}};

// Logits that are not numbers, infinite, equal, or far from each other.
void test_odd_logits() {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> rows[] = {{NAN, 1, 2, 3},
                                     {1, NAN, 2, 3},
                                     {NAN, NAN, NAN, NAN},
                                     {5, 5, 5, 5},
                                     {1, infinity, 2, 3},
                                     {-infinity, -infinity, -infinity, -infinity},
                                     {-infinity, 0, 1, 2},
                                     {1e30f, -1e30f, 0, 1e30f},
                                     {-300, 0.125f, 88, 87.99999f}};
  for (const std::vector<float>& row : rows)
    for (int64_t repeated : {1, 20}) {
      std::vector<float> y;
      for (int64_t i = 0; i < repeated; i++) y.insert(y.end(), row.begin(), row.end());
      std::string what = "odd logits " + std::to_string(row[0]) + " " + std::to_string(row[1]);
      for (const Wanted& wanted : kWanted) {
        compare(y, 1, 4 * repeated, KIB_F32, wanted, what);
        compare(y, repeated, 4, KIB_F32, wanted, what);
      }
    }
}

// Sums like the processor's, from arrays that begin at 16 bytes and from such that do not.
void test_add() {
  for (size_t count : {0u, 1u, 64u, 1003u})
    for (size_t offset : {0u, 1u}) {
      auto x = random_numbers(count + offset, -1, 1), y = random_numbers(count + offset, -1, 1);
      auto x16 = narrowed(x), y16 = narrowed(y);
      test::Array<float> dx(x), dy(y);
      test::Array<uint16_t> dx16(x16), dy16(y16);
      auto n = static_cast<int64_t>(count);
      expected::kib_readout_add(y.data() + offset, x.data() + offset, KIB_F32, n, test::processor());
      expected::kib_readout_add(y16.data() + offset, x16.data() + offset, KIB_BF16, n, test::processor());
      test::ok(kib_readout_add(dy.data() + offset, dx.data() + offset, KIB_F32, n, test::device()), "readout.add");
      test::ok(kib_readout_add(dy16.data() + offset, dx16.data() + offset, KIB_BF16, n, test::device()), "readout.add");
      test::equal(dy.read(), y, "readout.add");
      test::equal(dy16.read(), y16, "readout.add of bfloat16");
    }
  check(kib_readout_add(nullptr, nullptr, 9, 1, test::device()) == KIB_UNSUPPORTED_TYPE, "no type 9");
}

// Images and the windows that they are pooled to.
struct Pooled {
  int64_t batch, channels, height, width, rows, columns;

  size_t positions() const { return static_cast<size_t>(batch * height * width * channels); }
  size_t windows() const { return static_cast<size_t>(batch * rows * columns * channels); }
  std::string name() const {
    return std::to_string(batch) + "x" + std::to_string(channels) + "x" + std::to_string(height) + "x" +
           std::to_string(width) + " to " + std::to_string(rows) + "x" + std::to_string(columns);
  }
};

// Calls either library's functions.
template <class Function>
kib_status pooled(Function function, void* to, const void* from, int type, const Pooled& p, const kib_queue* queue) {
  return function(to, from, type, p.batch, p.channels, p.height, p.width, p.rows, p.columns, queue);
}

// Both directions like the processor's.
void compare_pool(const Pooled& p) {
  auto x = random_numbers(p.positions(), -1, 1), dy = random_numbers(p.windows(), -1, 1);
  auto y = dy, dx = x;
  auto x16 = narrowed(x), dy16 = narrowed(dy);
  auto y16 = dy16, dx16 = x16;
  test::Array<float> on_x(x), on_dy(dy), on_y(y), on_dx(dx);
  test::Array<uint16_t> on_x16(x16), on_dy16(dy16), on_y16(y16), on_dx16(dx16);
  const auto* processor = test::processor();
  pooled(expected::kib_readout_average_pool, y.data(), x.data(), KIB_F32, p, processor);
  pooled(expected::kib_readout_average_pool, y16.data(), x16.data(), KIB_BF16, p, processor);
  pooled(expected::kib_readout_average_pool_gradient, dx.data(), dy.data(), KIB_F32, p, processor);
  pooled(expected::kib_readout_average_pool_gradient, dx16.data(), dy16.data(), KIB_BF16, p, processor);
  const auto* device = test::device();
  test::ok(pooled(kib_readout_average_pool, on_y.data(), on_x.data(), KIB_F32, p, device), p.name());
  test::ok(pooled(kib_readout_average_pool, on_y16.data(), on_x16.data(), KIB_BF16, p, device), p.name());
  test::ok(pooled(kib_readout_average_pool_gradient, on_dx.data(), on_dy.data(), KIB_F32, p, device), p.name());
  test::ok(pooled(kib_readout_average_pool_gradient, on_dx16.data(), on_dy16.data(), KIB_BF16, p, device), p.name());
  test::near(on_y.read(), y, 1e-6, "pool " + p.name());
  test::near(on_dx.read(), dx, 1e-6, "pool's gradient " + p.name());
  test::near(on_y16.read(), y16, 0x1p-8, "pool " + p.name());
  test::near(on_dx16.read(), dx16, 0x1p-8, "pool's gradient " + p.name());
}

}  // namespace

void test_readout() {
  for (const Pooled& p : {Pooled{2, 3, 6, 5, 3, 2}, Pooled{3, 64, 8, 8, 2, 2}, Pooled{1, 8, 7, 5, 3, 3},
                          Pooled{2, 12, 4, 4, 4, 4}, Pooled{1, 1, 9, 9, 1, 1}, Pooled{0, 8, 4, 4, 2, 2}})
    compare_pool(p);
  check(
      pooled(kib_readout_average_pool, nullptr, nullptr, 9, {1, 1, 1, 1, 1, 1}, test::device()) == KIB_UNSUPPORTED_TYPE,
      "no type 9");
  const int64_t shapes[][2] = {{1, 1},     {1, 10},  {5, 3},   {128, 10}, {129, 10},
                               {1000, 10}, {33, 32}, {40, 33}, {70, 100}, {3, 1000}};
  for (const auto& [batch, outputs] : shapes)
    for (int type : {KIB_F32, KIB_BF16})
      for (const Wanted& wanted : kWanted)
        compare(random_numbers(static_cast<size_t>(batch * outputs), -9, 9), batch, outputs, type, wanted,
                "readout " + std::to_string(batch) + "x" + std::to_string(outputs));
  test_add();
  test_odd_logits();
  test::Array<float> y(std::vector<float>{1, 2});
  test::Array<int32_t> labels(std::vector<int32_t>{1});
  test::ok(kib_readout_cross_entropy(nullptr, KIB_F32, y.data(), labels.data(), nullptr, 0, nullptr, 1, 2, nullptr,
                                     nullptr, test::device()),
           "neither gradient nor meter");
  test::ok(kib_readout_cross_entropy(nullptr, KIB_F32, nullptr, nullptr, nullptr, 0, nullptr, 0, 10, nullptr, nullptr,
                                     test::device()),
           "no samples");
  check(kib_readout_cross_entropy(nullptr, 9, y.data(), labels.data(), nullptr, 0, nullptr, 1, 2, nullptr, nullptr,
                                  test::device()) == KIB_UNSUPPORTED_TYPE,
        "no type 9");
}

void time_readout(test::Timer& timer) {
  const int64_t shapes[][2] = {{128, 10}, {512, 10}, {8192, 10}, {512, 1000}};
  for (const auto& [batch, outputs] : shapes) {
    int64_t few = timer.small() ? (batch + 63) / 64 : batch;
    test::Array<float> y(std::vector<float>(static_cast<size_t>(few * outputs), 1)), dy(y.size());
    test::Array<int32_t> labels(std::vector<int32_t>(static_cast<size_t>(few), 0));
    test::Array<double> sums(std::vector<double>(2, 0));
    test::Array<int64_t> zeros(std::vector<int64_t>(4, 0)), fault(zeros.read());
    test::Scratch scratch(static_cast<size_t>(kib_readout_workspace(few, outputs)));
    kib_meter meter = {sums.data(), 0, zeros.data(), fault.data(), 1};
    timer.time("readout.cross_entropy", std::to_string(few) + "x" + std::to_string(outputs),
               {static_cast<double>(few * (8 * outputs + 4))}, [&, columns = outputs] {
                 return kib_readout_cross_entropy(dy.data(), KIB_F32, y.data(), labels.data(), nullptr, 0, nullptr, few,
                                                  columns, &meter, scratch.data(), test::device());
               });
    timer.time("readout.cross_entropy", std::to_string(few) + "x" + std::to_string(outputs) + ", smoothed",
               {static_cast<double>(few * (8 * outputs + 4))}, [&, columns = outputs] {
                 return kib_readout_cross_entropy(dy.data(), KIB_F32, y.data(), labels.data(), nullptr, 0.1, nullptr,
                                                  few, columns, &meter, scratch.data(), test::device());
               });
  }
  for (const auto& [channels, side, rows, columns] :
       std::vector<std::array<int64_t, 4>>{{128, 32, 4, 4}, {256, 16, 4, 2}, {512, 4, 2, 2}}) {
    Pooled p{timer.small() ? 2 : 512, channels, side, side, rows, columns};
    test::Array<uint16_t> many(std::vector<uint16_t>(p.positions(), 0)), few(std::vector<uint16_t>(p.windows(), 0));
    test::Need need{2 * static_cast<double>(p.positions() + p.windows())};
    timer.time("readout.average_pool", p.name() + ", bf16", need, [&, p = p] {
      return pooled(kib_readout_average_pool, few.data(), many.data(), KIB_BF16, p, test::device());
    });
    timer.time("readout.average_pool_gradient", p.name() + ", bf16", need, [&, p = p] {
      return pooled(kib_readout_average_pool_gradient, many.data(), few.data(), KIB_BF16, p, test::device());
    });
  }
}
