#include "kib/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "families.h"

KIB_EXPECTED(kib_batch_norm_forward)
KIB_EXPECTED(kib_batch_norm_inference)
KIB_EXPECTED(kib_batch_norm_gradient)
KIB_EXPECTED(kib_batch_norm_workspace)

namespace {

constexpr float kMean = 1000;  // of channel 1, which varies by 1

std::vector<float> numbers_of(const std::vector<float>& numbers) { return numbers; }
std::vector<float> numbers_of(const std::vector<uint16_t>& numbers) { return widened(numbers); }
template <class T>
std::vector<T> of_type(const std::vector<float>& numbers) {
  if constexpr (sizeof(T) == 4) {
    return numbers;
  } else {
    return narrowed(numbers);
  }
}

// Each number within the tolerance times its channel's scale.
template <class T>
void near_by_channel(const std::vector<T>& actual, const std::vector<T>& wanted, const std::vector<double>& scale,
                     double tolerance, const std::string& what) {
  auto a = numbers_of(actual), w = numbers_of(wanted);
  for (size_t i = 0; i < w.size(); i++) {
    size_t c = i % scale.size();
    if (std::fabs(a[i] - w[i]) <= tolerance * scale[c]) continue;
    return check(false, (what + ": " + std::to_string(a[i]) + ", not " + std::to_string(w[i]) + " in channel " +
                         std::to_string(c))
                            .c_str());
  }
}

struct Channels {
  std::vector<float> scale, shift, running_mean, running_variance;
};

template <class T>
void compare(int type, int64_t rows, int64_t channels, size_t offset) {
  std::string what =
      "batch_norm " + std::to_string(rows) + "x" + std::to_string(channels) + " of type " + std::to_string(type);
  auto size = static_cast<size_t>(rows * channels), width = static_cast<size_t>(channels);
  auto numbers = random_numbers(size, -1, 1), ups = random_numbers(size, -1, 1);
  for (size_t i = 0; i < static_cast<size_t>(rows) && channels >= 5; i++) {
    numbers[i * width] = 5.1f;  // a channel that does not vary
    numbers[i * width + 1] += kMean;
    numbers[i * width + 4] = i == 0 ? 100.0f : 0.1f + 0.01f * numbers[i * width + 4];  // an odd one out
    ups[i * width + 2] = 5.1f;
  }
  auto a = of_type<T>(numbers), dy = of_type<T>(ups);
  Channels c{random_numbers(width, 0.5, 1.5), random_numbers(width, -1, 1), random_numbers(width, -1, 1),
             random_numbers(width, 0.5, 2)};
  std::vector<char> workspace(static_cast<size_t>(expected::kib_batch_norm_workspace(rows, channels)));
  std::vector<T> y(size), inferred(size), da(size);
  std::vector<double> mean(width), variance(width);
  std::vector<float> running_mean = c.running_mean, running_variance = c.running_variance, dscale(width), dshift(width);
  expected::kib_batch_norm_inference(inferred.data(), a.data(), c.scale.data(), c.shift.data(), c.running_mean.data(),
                                     c.running_variance.data(), type, rows, channels, workspace.data(),
                                     test::processor());
  expected::kib_batch_norm_forward(y.data(), mean.data(), variance.data(), running_mean.data(), running_variance.data(),
                                   a.data(), c.scale.data(), c.shift.data(), type, rows, channels, workspace.data(),
                                   test::processor());
  expected::kib_batch_norm_gradient(da.data(), dscale.data(), dshift.data(), dy.data(), a.data(), mean.data(),
                                    variance.data(), c.scale.data(), type, rows, channels, workspace.data(),
                                    test::processor());

  auto moved = [offset](std::vector<T> values) {
    values.insert(values.begin(), offset, T());
    return values;
  };
  test::Array<T> in(moved(a)), up(moved(dy)), out(moved(a));
  test::Array<float> scale(c.scale), shift(c.shift), rmean(c.running_mean), rvariance(c.running_variance);
  test::Array<float> got_dscale(width), got_dshift(width);
  test::Array<double> got_mean(width), got_variance(width);
  test::Scratch scratch(static_cast<size_t>(kib_batch_norm_workspace(rows, channels)));
  auto read = [&](const test::Array<T>& from) {
    auto all = from.read();
    return std::vector<T>(all.begin() + static_cast<std::ptrdiff_t>(offset), all.end());
  };
  // Rounded numbers may fall to the other side; single ones are off by some roundings.
  double tolerance = type == KIB_F32 ? 1e-6 : 0x1p-8;
  std::vector<double> largest(width), inferred_largest(width), slope(width);
  for (size_t i = 0; i < width; i++) {
    auto most = [&](const std::vector<T>& of) {
      auto numbers_there = numbers_of(of);
      float result = 0;
      for (size_t k = i; k < size; k += width) result = std::max(result, std::fabs(numbers_there[k]));
      return static_cast<double>(result);
    };
    largest[i] = most(y) + 1, inferred_largest[i] = most(inferred);
    slope[i] = most(dy) * c.scale[i] / std::sqrt(variance[i] + 1e-5);
  }
  test::ok(kib_batch_norm_inference(out.data() + offset, out.data() + offset, scale.data(), shift.data(), rmean.data(),
                                    rvariance.data(), type, rows, channels, scratch.data(), test::device()),
           what);
  near_by_channel(read(out), inferred, inferred_largest, tolerance, what + ": inference");
  test::ok(kib_batch_norm_forward(out.data() + offset, got_mean.data(), got_variance.data(), rmean.data(),
                                  rvariance.data(), in.data() + offset, scale.data(), shift.data(), type, rows,
                                  channels, scratch.data(), test::device()),
           what);
  auto m = got_mean.read(), v = got_variance.read();
  for (size_t i = 0; i < width; i++) {
    if (!(std::fabs(m[i] - mean[i]) <= 1e-12 * std::sqrt(variance[i]) + 1e-15 * std::fabs(mean[i])))
      check(false, (what + ": mean of channel " + std::to_string(i)).c_str());
    test::near(std::vector<double>{v[i]}, {variance[i]}, 1e-6, what + ": variance of channel " + std::to_string(i));
  }
  near_by_channel(read(out), y, largest, tolerance, what + ": y");
  test::near(rmean.read(), running_mean, 1e-6, what + ": running mean");
  test::near(rvariance.read(), running_variance, 1e-6, what + ": running variance");
  test::Array<double> same_mean(mean), same_variance(variance);
  auto step = [&] {
    test::ok(kib_batch_norm_gradient(up.data() + offset, got_dscale.data(), got_dshift.data(), up.data() + offset,
                                     in.data() + offset, same_mean.data(), same_variance.data(), scale.data(), type,
                                     rows, channels, scratch.data(), test::device()),
             what);
  };
  step();
  auto first_da = read(up);
  auto first_dscale = got_dscale.read(), first_dshift = got_dshift.read();
  near_by_channel(first_da, da, slope, 2 * tolerance, what + ": da");
  auto sums_near = [&](const std::vector<float>& got, const std::vector<float>& wanted, const std::string& name) {
    std::vector<double> scale(width, 8);  // of a rounding: sums may be much smaller than their terms
    for (size_t i = 0; i < width; i++) scale[i] += std::fabs(wanted[i]);
    near_by_channel(got, wanted, scale, 0x1p-23, what + name);
  };
  sums_near(first_dscale, dscale, ": dscale");
  sums_near(first_dshift, dshift, ": dshift");
  up.write(moved(dy));
  step();
  test::equal(read(up), first_da, what + ": da again");
  test::equal(got_dscale.read(), first_dscale, what + ": dscale again");
  test::equal(got_dshift.read(), first_dshift, what + ": dshift again");
}

// What is not a number stays in its channel, and stays.
void test_nan() {
  std::vector<float> a = {1, NAN, 3, 4, 2, 5, 3, 8, 3, 6, 3, 9};
  test::Array<float> in(a), y(12), scale(std::vector<float>(4, 1)), running_mean(scale.read()), running(scale.read());
  test::Array<double> mean(4), variance(4);
  test::Scratch scratch(static_cast<size_t>(kib_batch_norm_workspace(3, 4)));
  test::ok(kib_batch_norm_forward(y.data(), mean.data(), variance.data(), running_mean.data(), running.data(),
                                  in.data(), scale.data(), scale.data(), KIB_F32, 3, 4, scratch.data(), test::device()),
           "batch_norm of NaN");
  auto v = variance.read();
  auto out = y.read();
  check(std::isnan(v[1]) && std::isnan(mean.read()[1]) && std::isnan(running.read()[1]), "NaN in the statistics");
  for (size_t i = 0; i < 12; i++) check(std::isnan(out[i]) == (i % 4 == 1), "NaN in one channel");
  check(v[2] == 0, "a channel that does not vary");
}

}  // namespace

void test_batch_norm() {
  test_nan();
  const int64_t shapes[][2] = {{1, 5}, {2, 8}, {100, 24}, {33, 136}, {300, 21}, {3000, 64}, {9000, 16}, {131072, 5}};
  for (const auto& [rows, channels] : shapes) {
    compare<float>(KIB_F32, rows, channels, 0);
    compare<uint16_t>(KIB_BF16, rows, channels, 0);
    if (rows < 1000) compare<float>(KIB_F32, rows, channels, 1);
  }
  test::Array<float> one(1);
  check(kib_batch_norm_inference(one.data(), one.data(), one.data(), one.data(), one.data(), one.data(), 9, 1, 1,
                                 nullptr, test::device()) == KIB_UNSUPPORTED_TYPE,
        "no type 9");
  test::ok(kib_batch_norm_gradient(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, KIB_F32, 0,
                                   5, nullptr, test::device()),
           "no rows");
  test::ok(kib_batch_norm_gradient(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, KIB_F32, 5,
                                   0, nullptr, test::device()),
           "no channels");
}

void time_batch_norm(test::Timer& timer) {
  const int64_t shapes[][2] = {{131072, 128}, {32768, 256}, {8192, 512}, {2048, 512}};
  for (const auto& [rows, channels] : shapes) {
    int64_t few = timer.small() ? rows / 128 : rows, size = few * channels;
    auto width = static_cast<size_t>(channels);
    std::vector<uint16_t> ones(static_cast<size_t>(size), 0x3F80);
    test::Array<uint16_t> a(ones), y(ones);
    test::Array<float> scale(std::vector<float>(width, 1)), other(scale.read());
    test::Array<double> mean(std::vector<double>(width, 0)), variance(std::vector<double>(width, 1));
    test::Scratch scratch(static_cast<size_t>(kib_batch_norm_workspace(few, channels)));
    std::string shape = std::to_string(few) + "x" + std::to_string(channels) + " bf16";
    timer.time("batch_norm.forward", shape, {static_cast<double>(6 * size)}, [&, columns = channels] {
      return kib_batch_norm_forward(y.data(), mean.data(), variance.data(), other.data(), other.data(), a.data(),
                                    scale.data(), scale.data(), KIB_BF16, few, columns, scratch.data(), test::device());
    });
    timer.time("batch_norm.gradient", shape, {static_cast<double>(10 * size)}, [&, columns = channels] {
      return kib_batch_norm_gradient(y.data(), other.data(), other.data(), y.data(), a.data(), mean.data(),
                                     variance.data(), scale.data(), KIB_BF16, few, columns, scratch.data(),
                                     test::device());
    });
  }
}
