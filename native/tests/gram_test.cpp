#include "kib/gram.h"

#include <cmath>

#include "kernels.h"

namespace {

// A kernel of several widths is the mean of theirs, and the dependence on another variable is linear in it; of equal
// widths it is the kernel of one.
void several_widths() {
  constexpr int64_t B = 300, G = 11, kMost = 3;
  auto samples = random_numbers(B * G, -1, 1), other = random_numbers(B, -1, 1);
  const double widths[kMost] = {0.25, 1, 40};
  auto dependence = [&](const kib_widths& of_x, int estimator) {
    kib_variable x{samples.data(), KIB_F32, G, KIB_GAUSSIAN, of_x}, y{other.data(), KIB_F32, 1, KIB_LINEAR, {1, {1}}};
    double value;
    std::vector<char> workspace(kib_gram_workspace(&x, &y, B));
    check(kib_gram_dependence(&value, &x, &y, B, estimator, workspace.data(), on(2)) == KIB_OK, "dependence");
    return value;
  };
  struct Gradient {
    std::vector<float> du;
    double value[3];
  };
  std::vector<int32_t> labels(B);
  for (int64_t b = 0; b < B; b++) labels[b] = static_cast<int32_t>(b * 7 % 10);
  auto gradient = [&](const kib_widths& of_codes, int estimator) {
    kib_objective_spec spec = {KIB_F32, estimator, KIB_GAUSSIAN, 1, of_codes, 2, B, G};
    kib_teaching teaching = {};
    teaching.labels = labels.data(), teaching.outputs = 10, teaching.same = 1, teaching.different = -1.0 / 9;
    Gradient result{std::vector<float>(B * G), {}};
    std::vector<char> workspace(kib_objective_gram_workspace(&spec, &teaching));
    check(kib_objective_gradient_gram(result.du.data(), result.value, samples.data(), &teaching, &spec, nullptr,
                                      workspace.data(), on(2)) == KIB_OK,
          "gradient");
    return result;
  };
  for (int estimator : {KIB_PHSIC, KIB_HSIC}) {
    double mean = 0, mean_value = 0;
    for (double width : widths) {
      mean += dependence({1, {width}}, estimator) / kMost;
      mean_value += gradient({1, {width}}, estimator).value[2] / kMost;
    }
    kib_widths all = {kMost, {widths[0], widths[1], widths[2]}}, equal = {2, {1, 1}};
    near(dependence(all, estimator) / mean, 1, 1e-11, "the mean over widths");
    near(gradient(all, estimator).value[2] / mean_value, 1, 1e-11, "the mean over widths in a gradient");
    Gradient one = gradient({1, {1}}, estimator), two = gradient(equal, estimator);
    near(two.value[0] / one.value[0], 1, 1e-12, "equal widths");
    double largest = 0;
    for (float x : one.du) largest = std::fmax(largest, std::fabs(x));
    for (size_t i = 0; i < one.du.size(); i++)
      near((two.du[i] - one.du[i]) / largest, 0, 1e-6, "equal widths' gradient");
  }
}

}  // namespace

// Known values of samples that are alike, of huge and of tiny ones; and the same bits on any number of threads.
void test_gram() {
  struct Case {
    std::vector<float> x, y;
    int kernel;
    double hsic, phsic;
  };
  const Case cases[] = {
      {{0, .001f, .002f, .004f}, {0, 1, 2, 4}, KIB_GAUSSIAN, 1.91406239644e-7, 9.29687417769e-8},
      {{0, .0001f, .0002f, .0004f}, {0, 1, 2, 4}, KIB_GAUSSIAN, 1.91406240044e-9, 9.29687451323e-10},
      {{1e20f, 2e20f, 4e20f}, {1, 2, 3}, KIB_LINEAR, 1.00000004008e40, 1.03333337475e41},
      {{1e-25f, 2e-25f, 4e-25f}, {1, 2, 3}, KIB_LINEAR, 1.00000003908e-50, 1.03333337372e-49},
  };
  auto dependence = [](const kib_variable& x, const kib_variable& y, int64_t batch, int estimator, int threads) {
    double value;
    std::vector<char> workspace(kib_gram_workspace(&x, &y, batch));
    check(kib_gram_dependence(&value, &x, &y, batch, estimator, workspace.data(), on(threads)) == KIB_OK, "dependence");
    return value;
  };
  for (const Case& c : cases) {
    kib_variable x{c.x.data(), KIB_F32, 1, c.kernel, {1, {5}}}, y{c.y.data(), KIB_F32, 1, KIB_LINEAR, {1, {1}}};
    int64_t batch = static_cast<int64_t>(c.x.size());
    near(dependence(x, y, batch, KIB_HSIC, 1) / c.hsic, 1, 1e-11, "HSIC");
    near(dependence(x, y, batch, KIB_PHSIC, 1) / c.phsic, 1, 1e-11, "pHSIC");
  }
  constexpr int64_t B = 515, G = 37;
  auto samples = random_numbers(B * G, -1, 1);
  for (int kernel : {KIB_LINEAR, KIB_COSINE, KIB_GAUSSIAN}) {
    kib_variable x{samples.data(), KIB_F32, G, kernel, {1, {5}}};
    double one = dependence(x, x, B, KIB_PHSIC, 1);
    check(dependence(x, x, B, KIB_PHSIC, 3) == one, "dependence on several threads");
  }
  several_widths();
}
