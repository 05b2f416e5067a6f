#include "kib/readout.h"

#include <cmath>
#include <limits>

#include "families.h"

KIB_EXPECTED(kib_readout_cross_entropy)

namespace {

// Gradient, meter and fault like the processor's, in two steps on the same meter: the second adds to the first, but the
// first fault stays.
void compare(const std::vector<float>& y, int64_t batch, int64_t outputs, int type, const std::string& what) {
  std::vector<int32_t> labels;
  for (int64_t b = 0; b < batch; b++) labels.push_back(static_cast<int32_t>((b * 7 + 3) % outputs));
  std::vector<double> sums = {1, 2, 3, 4};
  std::vector<int64_t> now = {6, 0, 0, 0}, fault = {0, 0};
  std::vector<float> dy(y.size());
  std::vector<uint16_t> dy16(y.size());
  test::Array<float> dlogits(y), ddy(dy);
  test::Array<uint16_t> ddy16(dy16);
  test::Array<int32_t> dlabels(labels);
  test::Array<double> dsums(sums);
  test::Array<int64_t> dnow(now), dfault(fault);
  test::Scratch scratch(static_cast<size_t>(kib_readout_workspace(batch, outputs)));
  kib_meter none = {};
  kib_meter meter = {sums.data(), 1, now.data(), fault.data()};
  kib_meter dmeter = {dsums.data(), 1, dnow.data(), dfault.data()};
  for (int i = 0; i < 2; i++, now[0]++) {
    dnow.write(now);
    expected::kib_readout_cross_entropy(dy.data(), KIB_F32, y.data(), labels.data(), batch, outputs, &meter, nullptr,
                                        test::processor());
    expected::kib_readout_cross_entropy(dy16.data(), KIB_BF16, y.data(), labels.data(), batch, outputs, &none, nullptr,
                                        test::processor());
    void* to = type == KIB_F32 ? static_cast<void*>(ddy.data()) : ddy16.data();
    test::ok(kib_readout_cross_entropy(to, type, dlogits.data(), dlabels.data(), batch, outputs, &dmeter,
                                       scratch.data(), test::device()),
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
      compare(y, 1, 4 * repeated, KIB_F32, what);
      compare(y, repeated, 4, KIB_F32, what);
    }
}

}  // namespace

void test_readout() {
  const int64_t shapes[][2] = {{1, 1},     {1, 10},  {5, 3},   {128, 10}, {129, 10},
                               {1000, 10}, {33, 32}, {40, 33}, {70, 100}, {3, 1000}};
  for (const auto& [batch, outputs] : shapes)
    for (int type : {KIB_F32, KIB_BF16})
      compare(random_numbers(static_cast<size_t>(batch * outputs), -9, 9), batch, outputs, type,
              "readout " + std::to_string(batch) + "x" + std::to_string(outputs));
  test_odd_logits();
  test::Array<float> y(std::vector<float>{1, 2});
  test::Array<int32_t> labels(std::vector<int32_t>{1});
  test::ok(kib_readout_cross_entropy(nullptr, KIB_F32, y.data(), labels.data(), 1, 2, nullptr, nullptr, test::device()),
           "neither gradient nor meter");
  test::ok(kib_readout_cross_entropy(nullptr, KIB_F32, nullptr, nullptr, 0, 10, nullptr, nullptr, test::device()),
           "no samples");
  check(kib_readout_cross_entropy(nullptr, 9, y.data(), labels.data(), 1, 2, nullptr, nullptr, test::device()) ==
            KIB_UNSUPPORTED_TYPE,
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
    kib_meter meter = {sums.data(), 0, zeros.data(), fault.data()};
    timer.time("readout.cross_entropy", std::to_string(few) + "x" + std::to_string(outputs),
               {static_cast<double>(few * (8 * outputs + 4))}, [&, columns = outputs] {
                 return kib_readout_cross_entropy(dy.data(), KIB_F32, y.data(), labels.data(), few, columns, &meter,
                                                  scratch.data(), test::device());
               });
  }
}
