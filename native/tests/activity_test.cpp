#include "kib/activity.h"

#include <cmath>

#include "kernels.h"

namespace {

// Divisive normalization of a linear layer: r has group mean 0, s and u are what their formulas say.
void test_normalization() {
  constexpr int64_t B = 3, N = 24, G = 4, n = N / G;
  auto a = random_numbers(B * N, -2, 2);
  std::vector<float> post(B * N), scale(B * G), code(B * G);
  std::vector<double> mean(B * G);
  std::vector<uint8_t> mask(B * N);
  kib_activity_spec spec = {};
  spec.type = KIB_F32, spec.activation = KIB_SELU, spec.pooling = KIB_POOL_NONE;
  spec.batch = B, spec.channels = N, spec.height = spec.width = 1, spec.groups = G;
  spec.power = 0.8, spec.delta = 1, spec.divisive_power = 0.2;
  std::vector<char> workspace(kib_activity_workspace(&spec, on(2)));
  check(kib_activity_forward(post.data(), mask.data(), mean.data(), scale.data(), code.data(), post.data(), a.data(),
                             nullptr, &spec, workspace.data(), on(2)) == KIB_OK,
        "activity status");
  for (int64_t g = 0; g < B * G; g++) {
    double m = 0, squares = 0;
    double z[n];
    for (int64_t k = 0; k < n; k++) {
      double x = a[g * n + k];
      z[k] = 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
      m += z[k] / n;
    }
    for (double x : z) squares += (x - m) * (x - m);
    double s = (1 + squares) / n;
    near(mean[g], m, 1e-6, "group mean");
    near(scale[g], s, 1e-6, "group scale");
    near(code[g], std::pow(s, 0.8), 1e-6, "group code");
    for (int64_t k = 0; k < n; k++) near(post[g * n + k], (z[k] - m) / std::pow(s, 0.2), 2e-6, "normalized activity");
  }
}

// A layer of channels that is pooled, normalized and partly dropped, on a batch.
struct Layer {
  kib_activity_spec spec = {};
  std::vector<float> a;
  std::vector<float> post, sent, scale, code;
  std::vector<double> mean;
  std::vector<uint8_t> mask;
  std::vector<char> workspace;
  int64_t now[4] = {7, 0, 0, 0};

  Layer(int pooling, int64_t groups, double divisive_power) {
    spec.type = KIB_F32, spec.activation = KIB_SELU, spec.pooling = pooling;
    spec.batch = 3, spec.channels = 6, spec.height = 3, spec.width = 2, spec.groups = groups;
    spec.input_height = pooling == KIB_POOL_NONE ? 3 : 7, spec.input_width = pooling == KIB_POOL_NONE ? 2 : 5;
    spec.power = 0.7, spec.delta = 1, spec.divisive_power = divisive_power;
    spec.drop_below = 0x40000000u, spec.kept_scale = 4.0f / 3, spec.dropped_value = 0, spec.seed = 5, spec.layer = 2;
    a = random_numbers(static_cast<size_t>(3 * 6 * spec.input_height * spec.input_width), -2, 2);
    for (float& x : a) x += x > 0 ? 0.05f : -0.05f;  // differences do not cross the kink
    size_t units = 3 * 6 * 6, all = static_cast<size_t>(3 * groups);
    post.resize(units), sent.resize(units), mask.resize(units), mean.resize(all), scale.resize(all), code.resize(all);
    workspace.resize(static_cast<size_t>(kib_activity_workspace(&spec, on(1))));
  }

  void forward() {
    check(kib_activity_forward(post.data(), mask.data(), mean.data(), scale.data(), code.data(), sent.data(), a.data(),
                               now, &spec, workspace.data(), on(1)) == KIB_OK,
          "activity's status");
  }

  double dot_sent(const std::vector<float>& weights) {
    forward();
    double sum = 0;
    for (size_t i = 0; i < sent.size(); i++) sum += static_cast<double>(weights[i]) * sent[i];
    return sum;
  }

  double dot_code(const std::vector<float>& weights) {
    forward();
    double sum = 0;
    for (size_t i = 0; i < code.size(); i++) sum += static_cast<double>(weights[i]) * code[i];
    return sum;
  }

  // Central differences of what sum gives, for some of the pre-activations: those that stay their window's choice, or
  // not.
  template <class Sum>
  void compare(const std::vector<float>& da, const char* what, Sum sum) {
    auto chosen = mask;
    for (size_t i = 0; i < a.size(); i += 5) {
      float x = a[i], step = 0x1p-7f;
      a[i] = x + step;
      double above = sum();
      bool same = mask == chosen;
      a[i] = x - step;
      double below = sum();
      same &= mask == chosen;
      a[i] = x;
      if (same) near(da[i], (above - below) / (2 * static_cast<double>(step)), 2e-3, what);
    }
    sum();
  }
};

// Gradients against differences: all kinds of pooling of an odd image, groups of whole channels and of parts of them.
void test_gradients() {
  for (int pooling : {KIB_POOL_NONE, KIB_POOL_MAX, KIB_POOL_AVERAGE}) {
    for (int64_t groups : {0, 3, 9}) {
      for (double divisive_power : {0.0, 0.2}) {
        Layer layer(pooling, groups, groups == 0 ? 0 : divisive_power);
        auto up = random_numbers(layer.sent.size(), -1, 1), third = random_numbers(layer.code.size(), -1, 1);
        std::vector<float> da(layer.a.size(), 77);
        layer.forward();
        kib_activity_output_gradient(da.data(), layer.a.data(), layer.post.data(), layer.mask.data(), layer.mean.data(),
                                     layer.scale.data(), up.data(), layer.now, &layer.spec, layer.workspace.data(),
                                     on(1));
        layer.compare(da, "output gradient", [&] { return layer.dot_sent(up); });
        if (groups == 0) continue;
        kib_activity_hebbian_gradient(da.data(), layer.a.data(), layer.post.data(), layer.mask.data(),
                                      layer.mean.data(), layer.scale.data(), third.data(), &layer.spec,
                                      layer.workspace.data(), on(1));
        layer.compare(da, "gradient of codes", [&] { return layer.dot_code(third); });
      }
    }
  }
}

// The same pass on bfloat16 numbers gives the single-precision pass's results, rounded.
void test_narrow_activity() {
  Layer layer(KIB_POOL_MAX, 3, 0.2);
  auto halves = narrowed(layer.a);
  layer.a = widened(halves);
  layer.forward();
  auto expected = narrowed(layer.post);
  std::vector<uint16_t> post(expected.size()), sent(expected.size());
  layer.spec.type = KIB_BF16;
  kib_activity_forward(post.data(), layer.mask.data(), layer.mean.data(), layer.scale.data(), layer.code.data(),
                       sent.data(), halves.data(), layer.now, &layer.spec, layer.workspace.data(), on(1));
  check(post == expected, "activities in bfloat16");
  layer.spec.type = 9;
  check(kib_activity_forward(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, &layer.spec,
                             nullptr, on(1)) == KIB_UNSUPPORTED_TYPE,
        "a type that there is not");
}

}  // namespace

void test_activity() {
  test_normalization();
  test_gradients();
  test_narrow_activity();
}
