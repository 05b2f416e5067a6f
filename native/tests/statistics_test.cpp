#include "kib/statistics.h"

#include "kernels.h"
#include "kib/gram.h"

// Both forms of the gradient agree.
void test_statistics() {
  constexpr int64_t B = 24, G = 8, M = 3;
  auto u = random_numbers(B * G, 0.5, 2);
  std::vector<int32_t> labels(B);
  for (int64_t b = 0; b < B; b++) labels[b] = static_cast<int32_t>(b * 7 % M);
  kib_teaching teaching = {};
  teaching.labels = labels.data(), teaching.outputs = M, teaching.same = 1, teaching.different = -0.5;
  for (int estimator : {KIB_PHSIC, KIB_HSIC}) {
    kib_objective_spec spec = {KIB_F32, estimator, KIB_COSINE, 1, {1, {5}}, 2.0, B, G};
    std::vector<float> gram(B * G), free_form(B * G);
    double value[3], other[3];
    std::vector<char> workspace(kib_objective_gram_workspace(&spec, &teaching));
    kib_objective_gradient_gram(gram.data(), value, u.data(), &teaching, &spec, nullptr, workspace.data(), on(2));
    workspace.resize(kib_objective_statistics_workspace(&spec, &teaching));
    double count;
    std::vector<double> t(G), c(G * G), y(M * G), n(M);
    kib_objective_code_statistics(&count, t.data(), c.data(), y.data(), n.data(), nullptr, u.data(), &teaching, &spec,
                                  workspace.data(), on(2));
    kib_objective_gradient_from_statistics(free_form.data(), other, u.data(), &teaching, &count, t.data(), c.data(),
                                           y.data(), n.data(), &spec, nullptr, workspace.data(), on(2));
    for (int i = 0; i < 3; i++) near(value[i], other[i], 1e-5, "objective by both forms");
    for (int64_t i = 0; i < B * G; i++) near(gram[i] * 1e3, free_form[i] * 1e3, 1e-3, "gradient by both forms");
  }
}
