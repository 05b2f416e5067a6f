#include "kib/gram.h"

#include "kernels.h"

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
    kib_variable x{c.x.data(), KIB_F32, 1, c.kernel, 5}, y{c.y.data(), KIB_F32, 1, KIB_LINEAR, 1};
    int64_t batch = static_cast<int64_t>(c.x.size());
    near(dependence(x, y, batch, KIB_HSIC, 1) / c.hsic, 1, 1e-11, "HSIC");
    near(dependence(x, y, batch, KIB_PHSIC, 1) / c.phsic, 1, 1e-11, "pHSIC");
  }
  constexpr int64_t B = 515, G = 37;
  auto samples = random_numbers(B * G, -1, 1);
  for (int kernel : {KIB_LINEAR, KIB_COSINE, KIB_GAUSSIAN}) {
    kib_variable x{samples.data(), KIB_F32, G, kernel, 5};
    double one = dependence(x, x, B, KIB_PHSIC, 1);
    check(dependence(x, x, B, KIB_PHSIC, 3) == one, "dependence on several threads");
  }
}
