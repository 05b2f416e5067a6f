#include "kib/activity.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "activity_layers.h"
#include "families.h"
#include "kib/constants.h"

KIB_EXPECTED(kib_activity_workspace)
KIB_EXPECTED(kib_activity_forward)
KIB_EXPECTED(kib_activity_hebbian_gradient)
KIB_EXPECTED(kib_activity_output_gradient)

namespace {

using test::ActivityLayer;

// How far numbers may lie apart, relative to the largest: roundings of single precision, a handful for each number and
// of sums no more, since they are compensated; and one more of the type that is stored.
constexpr double kSingle = 16 * 0x1p-23;

std::string name_of(const kib_activity_spec& s) {
  char text[200];
  std::snprintf(text, sizeof(text), "%s f%d pool%d [%d,%d,%d,%d of %dx%d] G%d p%g q%g delta%g drop%g",
                s.type == KIB_F32 ? "f32" : "bf16", s.activation, s.pooling, static_cast<int>(s.batch),
                static_cast<int>(s.channels), static_cast<int>(s.height), static_cast<int>(s.width),
                static_cast<int>(s.input_height), static_cast<int>(s.input_width), static_cast<int>(s.groups), s.power,
                s.divisive_power, s.delta, s.drop_below / 4294967296.0);
  return text;
}

// Numbers of type T near the floats.
template <class T>
std::vector<T> converted(const std::vector<float>& numbers) {
  if constexpr (sizeof(T) == 4) {
    return numbers;
  } else {
    return narrowed(numbers);
  }
}

// What a forward pass writes.
template <class T>
struct Results {
  std::vector<T> post, sent;
  std::vector<uint8_t> mask;
  std::vector<double> mean;
  std::vector<float> scale, code;
};

template <class T>
Results<T> expected_forward(const kib_activity_spec& spec, const std::vector<T>& a, bool drops, const int64_t* now) {
  size_t units = static_cast<size_t>(spec.batch * spec.channels * spec.height * spec.width);
  size_t codes = static_cast<size_t>(spec.batch * spec.groups);
  Results<T> r;
  r.post.resize(units), r.sent.resize(units), r.mask.resize(units);
  r.mean.resize(codes), r.scale.resize(codes), r.code.resize(codes);
  std::vector<char> workspace(static_cast<size_t>(expected::kib_activity_workspace(&spec, test::processor())));
  test::ok(expected::kib_activity_forward(r.post.data(), r.mask.data(), r.mean.data(), r.scale.data(), r.code.data(),
                                          drops ? r.sent.data() : r.post.data(), a.data(), now, &spec, workspace.data(),
                                          test::processor()),
           "the processor's forward pass");
  if (!drops) r.sent = r.post;
  return r;
}

// One shape: the forward pass and both gradients, of given pre-activations. The gradients start from what the device's
// pass left. shift: numbers by which arrays begin behind a multiple of 16 bytes.
template <class T>
void compare(kib_activity_spec spec, const std::vector<float>& numbers, size_t shift = 0) {
  spec.type = sizeof(T) == 4 ? KIB_F32 : KIB_BF16;
  std::string what = name_of(spec) + (shift == 0 ? "" : ", shifted");
  double near = sizeof(T) == 4 ? kSingle : 0x1p-8 + kSingle;
  bool drops = spec.drop_below != 0;
  std::vector<int64_t> clock = {7, 0, 0, 0};
  std::vector<T> a = converted<T>(numbers);
  Results<T> wanted = expected_forward(spec, a, drops, clock.data());
  ActivityLayer<T> layer(spec, shift);
  layer.write(layer.a, a);
  layer.now.write(clock);
  layer.forward(drops);
  std::vector<uint8_t> mask = layer.read(layer.mask);
  std::vector<T> post = layer.read(layer.post);
  test::equal(mask, wanted.mask, "mask of " + what);
  test::near(post, wanted.post, near, "post of " + what);
  if (drops) test::near(layer.read(layer.sent), wanted.sent, near, "sent of " + what);
  std::vector<double> mean = layer.mean.read();
  std::vector<float> scale = layer.scale.read();
  if (spec.groups > 0) {
    test::near(mean, wanted.mean, kSingle, "mean of " + what);
    test::near(scale, wanted.scale, kSingle, "scale of " + what);
    test::near(layer.code.read(), wanted.code, kSingle, "code of " + what);
  }
  std::vector<char> workspace(static_cast<size_t>(expected::kib_activity_workspace(&spec, test::processor())));
  std::vector<T> da(a.size());
  const T* read = spec.pooling == KIB_POOL_AVERAGE ? a.data() : nullptr;

  std::vector<float> third = random_numbers(spec.groups > 0 ? scale.size() : post.size(), -1, 1);
  std::vector<T> up = converted<T>(third);
  test::ok(expected::kib_activity_hebbian_gradient(da.data(), read, post.data(), mask.data(), mean.data(), scale.data(),
                                                   spec.groups > 0 ? static_cast<const void*>(third.data()) : up.data(),
                                                   &spec, workspace.data(), test::processor()),
           "the processor's gradient");
  if (spec.groups > 0) {
    layer.third.write(third);
  } else {
    layer.write(layer.dsent, up);
  }
  layer.hebbian_gradient(false);
  test::near(layer.read(layer.da), da, near, "hebbian gradient of " + what);

  up = converted<T>(random_numbers(post.size(), -1, 1));
  const int64_t* now = drops ? clock.data() : nullptr;
  test::ok(expected::kib_activity_output_gradient(da.data(), read, post.data(), mask.data(), mean.data(), scale.data(),
                                                  up.data(), now, &spec, workspace.data(), test::processor()),
           "the processor's gradient");
  layer.write(layer.dsent, up);
  layer.output_gradient(true, drops);  // over a itself
  test::near(layer.read(layer.a), da, near, "output gradient of " + what);
}

void compare_both(const kib_activity_spec& spec, const std::vector<float>& numbers) {
  compare<float>(spec, numbers);
  compare<uint16_t>(spec, numbers);
}

std::vector<float> numbers_for(const kib_activity_spec& spec) {
  std::vector<float> a =
      random_numbers(static_cast<size_t>(spec.batch * spec.channels * spec.input_height * spec.input_width), -2, 2);
  a[0] = a[a.size() / 2] = 0.5f, a[a.size() - 1] = 0;
  if (spec.pooling == KIB_POOL_MAX) a[static_cast<size_t>(spec.channels)] = 0.5f;  // a tie
  return a;
}

// Each activation, pooling, and kind of dropout, in the form for whole steps of four positions; with q = 0, p + q = 1
// and neither.
void test_settings() {
  const double powers[][3] = {{0.5, 0, 1}, {0.8, 0.2, 1}, {0.7, 0.4, 0.1}};
  int i = 0;
  for (int activation = KIB_IDENTITY; activation <= KIB_SELU; activation++) {
    for (int pooling = KIB_POOL_NONE; pooling <= KIB_POOL_AVERAGE; pooling++, i++) {
      kib_activity_spec spec = test::activity(2, 16, 4, 4, pooling, 8);
      spec.activation = activation;
      spec.power = powers[i % 3][0], spec.divisive_power = powers[i % 3][1], spec.delta = powers[i % 3][2];
      if (i % 2 == 0) test::drop(spec, activation == KIB_SELU);
      compare_both(spec, numbers_for(spec));
      spec.groups = 0, spec.divisive_power = 0;
      compare_both(spec, numbers_for(spec));
    }
  }
}

// Groups of one and of several channels, of more channels than a tile, inside a channel and across; odd images; numbers
// of channels that no vector divides; linear layers.
void test_shapes() {
  const int64_t shapes[][5] = {
      // C, H, W, G, odd
      {48, 4, 3, 16, 0},  {24, 2, 2, 2, 0},    {40, 6, 2, 1, 0},    {16, 8, 4, 128, 0}, {6, 3, 4, 9, 0},
      {6, 3, 2, 9, 3},    {8, 2, 2, 4, 1},     {8, 3, 2, 4, 2},     {10, 3, 3, 5, 3},   {10, 2, 2, 5, 0},
      {96, 1, 1, 12, 0},  {1024, 1, 1, 64, 0}, {20, 1, 1, 4, 0},    {10, 1, 1, 2, 0},   {600, 1, 1, 1, 0},
      {2064, 1, 1, 1, 0}, {16, 5, 5, 4, 0},    {72, 16, 16, 24, 0},
  };
  int i = 0;
  for (auto [channels, height, width, groups, odd] : shapes) {
    bool linear = height * width == 1;
    int pooling = linear ? KIB_POOL_NONE : odd > 0 ? 1 + i % 2 : i % 3;
    kib_activity_spec spec = test::activity(2, channels, height, width, pooling, groups);
    if (odd & 1) spec.input_height++;
    if (odd & 2) spec.input_width++;
    spec.activation = i % 2 == 0 ? KIB_SELU : KIB_LEAKY_RELU;
    spec.power = 0.8, spec.divisive_power = 0.2, spec.delta = 1;
    if (i % 3 == 1) spec.power = 0.5, spec.divisive_power = 0;
    if (i % 4 != 3) test::drop(spec, spec.activation == KIB_SELU);
    compare_both(spec, numbers_for(spec));
    if (i % 5 == 0) compare<float>(spec, numbers_for(spec), 1);
    if (i % 5 == 1) compare<uint16_t>(spec, numbers_for(spec), 1);
    i++;
  }
}

// Shapes at random; the seed is the program's.
void test_random_shapes() {
  auto draw = [](int low, int high) {
    return std::min(high, low + static_cast<int>(random_numbers(1, 0, static_cast<float>(high - low + 1))[0]));
  };
  for (int i = 0; i < 24; i++) {
    int pooling = draw(0, 2);
    kib_activity_spec spec = test::activity(draw(1, 3), draw(1, 5) * draw(1, 8), draw(1, 5), draw(1, 5), pooling, 0);
    if (pooling != KIB_POOL_NONE) spec.input_height += draw(0, 1), spec.input_width += draw(0, 1);
    spec.activation = draw(0, 3);
    int64_t units = spec.channels * spec.height * spec.width;
    std::vector<int64_t> counts = {0};
    for (int64_t groups = 1; groups <= units / 2; groups++)
      if (units % groups == 0) counts.push_back(groups);
    spec.groups = counts[static_cast<size_t>(draw(0, static_cast<int>(counts.size()) - 1))];
    spec.power = 0.3 + 0.1 * draw(0, 5), spec.delta = 0.1 * draw(1, 10);
    spec.divisive_power = draw(0, 1) == 0 ? 0 : 1 - spec.power;
    if (draw(0, 1) == 1) test::drop(spec, draw(0, 1) == 1);
    if (i % 2 == 0) {
      compare<float>(spec, numbers_for(spec), static_cast<size_t>(draw(0, 4)));
    } else {
      compare<uint16_t>(spec, numbers_for(spec), static_cast<size_t>(draw(0, 8)));
    }
  }
}

// [256, 40] numbers of five kinds that are hard to add up, for 8 channels each: of channel c those of (c / 8 + shift)
// % 5.
std::vector<float> hard_numbers(size_t shift) {
  std::vector<float> a = random_numbers(40 * 256, -1, 1);
  for (size_t i = 0; i < a.size(); i++) {
    size_t kind = (i % 40 / 8 + shift) % 5, position = i / 40;
    if (kind == 1) a[i] = 1000 + a[i];
    if (kind == 2) a[i] = 5.1f;
    if (kind == 3) a[i] = position == 0 ? 1000 : 0.1f;
    if (kind == 4) a[i] = position == 77 ? 3.31f : 3.3f;
  }
  return a;
}

// Each number within the tolerance times the largest of its group.
void near_in_groups(size_t groups, const std::vector<float>& actual, const std::vector<float>& wanted, float relative,
                    float floor, const char* what) {
  std::vector<float> largest(groups), furthest(groups);
  for (size_t i = 0; i < wanted.size(); i++) {
    size_t g = (i % 40 * 256 + i / 40) * groups / wanted.size();
    largest[g] = std::fmax(largest[g], std::fabs(wanted[i]));
    furthest[g] = std::fmax(furthest[g], std::fabs(wanted[i] - actual[i]));
  }
  for (size_t g = 0; g < groups; g++) check(furthest[g] <= relative * largest[g] + floor, what);
}

// Statistics of hard numbers are within some roundings of single precision, whatever the mean, and so are gradients; of
// equal ones nothing is left, without delta. In groups of 8 channels, and in 16 groups that cut across channels.
void test_hard_numbers(size_t groups) {
  kib_activity_spec spec = test::activity(1, 40, 16, 16, KIB_POOL_NONE, static_cast<int64_t>(groups));
  spec.type = KIB_F32, spec.power = 0.5, spec.divisive_power = 0.5, spec.delta = 0;
  std::vector<float> a = hard_numbers(0), up = hard_numbers(1);
  Results<float> wanted = expected_forward(spec, a, false, nullptr);
  ActivityLayer<float> layer(spec, 0);
  layer.write(layer.a, a);
  layer.forward(false);
  std::vector<double> mean = layer.mean.read();
  std::vector<float> scale = layer.scale.read(), code = layer.code.read(), post = layer.read(layer.post);
  for (size_t g = 0; g < groups; g++) {
    double deviation = std::sqrt(static_cast<double>(wanted.scale[g]));
    check(std::fabs(mean[g] - wanted.mean[g]) <= 1e-6 * deviation + 1e-12, "a mean of hard numbers");
    check(std::fabs(scale[g] - wanted.scale[g]) <= 0x1p-21f * wanted.scale[g], "s of hard numbers");
    check(std::fabs(code[g] - wanted.code[g]) <= 0x1p-21f * wanted.code[g], "u of hard numbers");
  }
  near_in_groups(groups, post, wanted.post, 0x1p-22f, 0, "r of hard numbers");
  check(groups != 5 || (scale[2] == 0 && code[2] == 0), "equal numbers leave nothing");
  std::vector<float> da(a.size());
  std::vector<char> workspace(static_cast<size_t>(expected::kib_activity_workspace(&spec, test::processor())));
  test::ok(expected::kib_activity_output_gradient(da.data(), nullptr, post.data(), wanted.mask.data(), mean.data(),
                                                  scale.data(), up.data(), nullptr, &spec, workspace.data(),
                                                  test::processor()),
           "the processor's gradient");
  layer.write(layer.dsent, up);
  layer.output_gradient(false, false);
  near_in_groups(groups, layer.read(layer.da), da, 0x1p-21f, 1e-9f, "output gradient of hard numbers");
}

// NaN and infinity: where the processor has them, and what it makes of them.
void test_not_finite() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (int pooling : {KIB_POOL_NONE, KIB_POOL_MAX}) {
    for (int activation : {KIB_RELU, KIB_SELU}) {
      kib_activity_spec spec = test::activity(2, 16, 4, 4, pooling, 8);
      spec.activation = activation;
      spec.power = 0.8, spec.divisive_power = 0.2, spec.delta = 1;
      std::vector<float> a = numbers_for(spec);
      a[2] = std::numeric_limits<float>::quiet_NaN(), a[22] = kInfinity, a[8] = -kInfinity;
      compare_both(spec, a);
    }
  }
}

// A mean over 131,072 numbers, which has no room on the chip.
void test_large_group() {
  kib_activity_spec spec = test::activity(1, 128, 32, 32, KIB_POOL_NONE, 1);
  spec.power = 0.8, spec.divisive_power = 0.2, spec.delta = 1;
  compare<uint16_t>(spec, numbers_for(spec));
}

// Twice the same bits.
void test_repeats() {
  kib_activity_spec spec = test::activity(2, 32, 8, 8, KIB_POOL_NONE, 4);
  spec.type = KIB_F32, spec.activation = KIB_SELU, spec.power = 0.8, spec.divisive_power = 0.2, spec.delta = 1;
  ActivityLayer<float> layer(spec, 0);
  layer.write(layer.a, numbers_for(spec));
  layer.forward(false);
  auto post = layer.read(layer.post), code = layer.code.read();
  layer.forward(false);
  test::equal(layer.read(layer.post), post, "post, computed twice");
  test::equal(layer.code.read(), code, "u, computed twice");
}

void test_refusals() {
  kib_activity_spec spec = test::activity(2, 16, 4, 4, KIB_POOL_NONE, 8);
  auto forward = [&] {
    return kib_activity_forward(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, &spec, nullptr,
                                test::device());
  };
  spec.type = 9;
  check(forward() == KIB_UNSUPPORTED_TYPE, "a type that there is not");
  spec.type = KIB_F32, spec.activation = 4;
  check(forward() == KIB_BAD_ARGUMENT, "an activation that there is not");
  spec.activation = 0, spec.pooling = -1;
  check(forward() == KIB_BAD_ARGUMENT, "a pooling that there is not");
  spec.pooling = 0, spec.groups = 7;
  check(forward() == KIB_BAD_ARGUMENT, "groups that do not divide");
  spec.groups = 8, spec.channels = 0;
  check(forward() == KIB_BAD_ARGUMENT, "a sample of no numbers");
  spec.channels = 1 << 28;
  check(forward() == KIB_BAD_ARGUMENT, "a sample of too many numbers");
  spec.channels = 16, spec.batch = 0;
  check(forward() == KIB_OK, "an empty batch");
}

}  // namespace

void test_activity() {
  test_settings();
  test_shapes();
  test_random_shapes();
  test_hard_numbers(5);
  test_hard_numbers(16);
  test_not_finite();
  test_large_group();
  test_repeats();
  test_refusals();
}

void time_activity(test::Timer& timer) {
  test::activity_rows(timer.small() ? 2 : 128, timer.small(), [&](const auto&... row) { timer.time(row...); });
}

void count_activity(test::Traffic& traffic) {
  test::activity_rows(2, false, [&](const auto&... row) { traffic.check(row...); });
}
