#include "kib/gram.h"

#include <cmath>
#include <limits>

#include "families.h"
#include "objective.h"

KIB_EXPECTED(kib_objective_gradient_gram)
KIB_EXPECTED(kib_objective_gram_workspace)
KIB_EXPECTED(kib_gram_dependence)
KIB_EXPECTED(kib_gram_workspace)

namespace {

using test::Objective;

// Runs an objective on both, and says where they differ. NaN must come out where the processor has it.
void compare(const Objective& o, double tolerance, double of_values = 0) {
  int64_t wanted_bytes = expected::kib_objective_gram_workspace(&o.spec, &o.teaching);
  int64_t bytes = kib_objective_gram_workspace(&o.spec, &o.teaching);
  test::compare(
      o, "gram.gradient", tolerance, of_values > 0 ? of_values : tolerance,
      [&](void* du, double* value, const void* u, const kib_teaching* teaching, const kib_meter* meter) {
        std::vector<char> workspace(static_cast<size_t>(wanted_bytes));
        return expected::kib_objective_gradient_gram(du, value, u, teaching, &o.spec, meter, workspace.data(),
                                                     test::processor());
      },
      [&](void* du, double* value, const void* u, const kib_teaching* teaching, const kib_meter* meter) {
        test::Scratch workspace(static_cast<size_t>(bytes));
        kib_status status =
            kib_objective_gradient_gram(du, value, u, teaching, &o.spec, meter, workspace.data(), test::device());
        test::synchronize();
        return status;
      });
}

// Every path: one block and tiled, narrow codes and wide ones in one piece and in several, one split and many; tails of
// everything.
void shapes() {
  const int64_t sizes[][2] = {{2, 2},    {3, 7},    {12, 8},   {31, 64}, {64, 100}, {128, 64}, {130, 2},  {200, 64},
                              {97, 300}, {70, 129}, {65, 128}, {333, 5}, {700, 7},  {2048, 2}, {5, 4099}, {129, 2056}};
  int kind = 0;
  for (auto [batch, width] : sizes) {
    for (int kernel : {KIB_LINEAR, KIB_COSINE, KIB_GAUSSIAN}) {
      if ((batch > 400 && kernel != KIB_GAUSSIAN) || (width > 2000 && kernel == KIB_LINEAR))
        continue;  // they take long
      kind++;
      Objective o(batch, width, kernel, kind % 2 == 0 ? KIB_HSIC : KIB_PHSIC, kind % 4 < 2 && width > 4,
                  kind % 3 == 0 && width * batch < 40000 ? KIB_BF16 : KIB_F32);
      if (width > 200) o.spec.widths.sigma[0] = 30;
      if (kind % 5 == 3)
        o.similarity();
      else if (kind % 5 == 4)
        o.targets(9, kind % 3, true);
      else
        o.classes(10);
      compare(o, 2e-6 * std::sqrt(static_cast<double>(batch)));
    }
  }
}

void teachings() {
  for (int64_t batch : {24, 150}) {
    for (int estimator : {KIB_PHSIC, KIB_HSIC}) {
      for (int kernel : {KIB_LINEAR, KIB_COSINE, KIB_GAUSSIAN}) {
        Objective o(batch, 16, KIB_COSINE, estimator, true, KIB_F32);
        o.targets(5, kernel, kernel == KIB_LINEAR);
        compare(o, 2e-5);
      }
    }
    Objective wide(batch, 200, KIB_GAUSSIAN, KIB_PHSIC, false, KIB_F32);
    wide.targets(300, KIB_COSINE, true);
    compare(wide, 2e-5);
  }
}

// Several widths on every path: one block, and tiled, with a Gram matrix that is computed twice or kept, in pieces or
// not.
void several_widths() {
  const int64_t sizes[][2] = {{3, 7}, {64, 100}, {128, 64}, {130, 2}, {200, 64}, {97, 300}, {5, 4099}, {129, 2056}};
  int kind = 0;
  for (auto [batch, width] : sizes) {
    kind++;
    Objective o(batch, width, KIB_GAUSSIAN, kind % 2 == 0 ? KIB_HSIC : KIB_PHSIC, kind % 4 < 2,
                kind % 3 == 0 ? KIB_BF16 : KIB_F32);
    if (kind % 3 == 1)
      o.targets(9, KIB_GAUSSIAN, true);
    else if (kind % 3 == 2)
      o.similarity();
    else
      o.classes(10);
    o.widths(width > 200 ? std::vector<double>{20, 30, 300} : std::vector<double>{2, 5, 20});
    compare(o, 2e-6 * std::sqrt(static_cast<double>(batch)));
  }
  for (int64_t batch : {12, 140}) {
    for (double scale : {0x1p30, 0x1p-8, 0x1p-70, 0x1p-100}) {
      Objective o(batch, 8, KIB_GAUSSIAN, KIB_PHSIC, true, KIB_F32);
      o.classes(3);
      o.widths({0.5, 8});
      o.change([=](size_t, float x) { return static_cast<float>(x * scale); });
      o.name += ", scaled by " + std::to_string(scale);
      compare(o, 8e-6);
    }
  }
}

// Codes that are alike, dead, equal, huge, tiny, or no numbers.
void codes() {
  for (int64_t batch : {12, 140}) {
    for (int estimator : {KIB_PHSIC, KIB_HSIC}) {
      for (int kernel : {KIB_LINEAR, KIB_COSINE, KIB_GAUSSIAN}) {
        for (int change = 0; change < 7; change++) {
          if (batch > 100 && change % 2 != estimator) continue;
          Objective o(batch, 8, kernel, estimator, change == 1, KIB_F32);
          o.classes(3);
          double scale = 1;
          if (change <= 1) o.change([](size_t i, float x) { return x + (i % 2 == 0 ? 1000.0f : 996.0f); });
          if (change == 2) o.change([](size_t i, float x) { return i < 24 ? 0 : i < 64 ? 1.5f : x; });
          if (change == 3) scale = kernel == KIB_COSINE ? 0x1p66 : 0x1p30;
          if (change == 4) scale = 0x1p-70;
          if (change == 5) scale = 0x1p-126;
          if (change == 6) o.change([](size_t i, float x) { return i == 9 ? std::nanf("") : x; });
          o.change([=](size_t, float x) { return static_cast<float>(x * scale); });
          o.name += ", change " + std::to_string(change);
          compare(o, 8e-6);
        }
      }
    }
    Objective alike(batch, 8, KIB_COSINE, KIB_PHSIC, true, KIB_F32);
    alike.classes(3);
    alike.change([](size_t, float) { return 0.3f; });
    alike.name += ", all alike and dead";
    compare(alike, 1e-6);
  }
}

// Codes of many samples that are positive and much alike, as groups' codes are, within the case list's tolerances.
void alike() {
  constexpr int64_t kWidth = 16;
  for (int kernel : {KIB_LINEAR, KIB_COSINE, KIB_GAUSSIAN}) {
    Objective o(1024, kWidth, kernel, KIB_PHSIC, true, KIB_F32);
    o.classes(10);
    o.change([](size_t i, float x) { return 3 + 0.02f * static_cast<float>(i % kWidth) + 0.2f * (x - 1.25f); });
    o.name += ", much alike";
    compare(o, 16 * 0x1p-23, 1e-6);
  }
}

// The same bits in each run, whatever was in memory; and what is refused.
void repeats() {
  for (int64_t batch : {40, 300}) {
    Objective o(batch, 64, KIB_GAUSSIAN, KIB_HSIC, true, KIB_F32);
    o.classes(10);
    test::Array<float> u(o.u), du(o.u.size());
    test::Array<double> value(3);
    test::Array<int32_t> labels(o.labels);
    kib_teaching teaching = o.teaching;
    teaching.labels = labels.data();
    test::Scratch workspace(static_cast<size_t>(kib_objective_gram_workspace(&o.spec, &teaching)));
    std::vector<float> first;
    for (int run = 0; run < 2; run++) {
      test::ok(kib_objective_gradient_gram(du.data(), value.data(), u.data(), &teaching, &o.spec, nullptr,
                                           workspace.data(), test::device()),
               "gram.gradient");
      if (run == 0) first = du.read();
    }
    test::equal(du.read(), first, "gram.gradient again");
    o.spec.kernel = 3;
    check(kib_objective_gradient_gram(du.data(), value.data(), u.data(), &teaching, &o.spec, nullptr, workspace.data(),
                                      test::device()) == KIB_BAD_ARGUMENT,
          "a kernel that there is not");
  }
}

double dependence(const std::vector<float>& x, kib_variable of_x, const std::vector<float>& y, kib_variable of_y,
                  int64_t batch, int estimator) {
  std::vector<uint16_t> x_halves = narrowed(x);
  test::Array<float> x_rows(x), y_rows(y);
  test::Array<uint16_t> x_bf16(x_halves);
  test::Array<double> value(1);
  of_x.rows = of_x.type == KIB_BF16 ? static_cast<const void*>(x_bf16.data()) : x_rows.data();
  of_y.rows = y_rows.data();
  test::Scratch workspace(static_cast<size_t>(kib_gram_workspace(&of_x, &of_y, batch)));
  test::ok(kib_gram_dependence(value.data(), &of_x, &of_y, batch, estimator, workspace.data(), test::device()),
           "gram.dependence");
  return value.read()[0];
}

// Known values of samples that are alike, of huge and of tiny ones.
void known_dependence() {
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
  for (const Case& c : cases) {
    kib_variable x{nullptr, KIB_F32, 1, c.kernel, {1, {5}}}, y{nullptr, KIB_F32, 1, KIB_LINEAR, {1, {1}}};
    int64_t batch = static_cast<int64_t>(c.x.size());
    near(dependence(c.x, x, c.y, y, batch, KIB_HSIC) / c.hsic, 1, 1e-11, "HSIC");
    near(dependence(c.x, x, c.y, y, batch, KIB_PHSIC) / c.phsic, 1, 1e-11, "pHSIC");
  }
}

// Against the processor: every pair of kernels, tails of tiles, dead samples, bfloat16.
void dependences() {
  const int64_t sizes[][3] = {{1, 3, 2}, {2, 1, 1}, {33, 40, 5}, {130, 7, 70}};
  for (auto [batch, width, other_width] : sizes) {
    for (int estimator : {KIB_PHSIC, KIB_HSIC}) {
      for (int kernel : {KIB_LINEAR, KIB_COSINE, KIB_GAUSSIAN}) {
        for (int other : {KIB_LINEAR, KIB_COSINE, KIB_GAUSSIAN}) {
          bool half = kernel == other;
          std::vector<float> x = widened(narrowed(random_numbers(static_cast<size_t>(batch * width), -1, 1)));
          std::vector<float> y = random_numbers(static_cast<size_t>(batch * other_width), -1, 1);
          for (int64_t g = 0; g < width && batch > 2; g++) x[static_cast<size_t>(2 * width + g)] = 0;
          for (float& number : y) number += 100;
          kib_variable of_x{nullptr, half ? KIB_BF16 : KIB_F32, width, kernel, {1, {1.5}}};
          kib_variable of_y{nullptr, KIB_F32, other_width, other, {1, {5}}};
          if (kernel == KIB_GAUSSIAN && batch > 100) of_x.widths = {3, {0.5, 1.5, 9}};
          double actual = dependence(x, of_x, y, of_y, batch, estimator), wanted = 0;
          of_x.type = KIB_F32;
          of_x.rows = x.data(), of_y.rows = y.data();
          std::vector<char> workspace(static_cast<size_t>(expected::kib_gram_workspace(&of_x, &of_y, batch)));
          test::ok(expected::kib_gram_dependence(&wanted, &of_x, &of_y, batch, estimator, workspace.data(),
                                                 test::processor()),
                   "the processor's dependence");
          std::string what = "gram.dependence B=" + std::to_string(batch) + " kernels " + std::to_string(kernel) +
                             std::to_string(other) + " estimator " + std::to_string(estimator);
          test::near(std::vector<double>{actual}, std::vector<double>{wanted}, 1e-9, what);
        }
      }
    }
  }
}

}  // namespace

void test_gram() {
  kib_objective_spec spec = {};
  kib_teaching classes = {};
  spec.width = 16;
  for (int64_t batch : {2, 128, 129}) {
    spec.batch = batch;
    check((kib_objective_gram_is_small(&spec, &classes) != 0) == (batch <= 128), "one launch up to 128 samples");
  }
  spec.batch = 2, spec.width = 257;
  check(kib_objective_gram_is_small(&spec, &classes) == 0, "wide codes are tiled");
  shapes();
  teachings();
  several_widths();
  codes();
  alike();
  repeats();
  known_dependence();
  dependences();
}

void time_gram(test::Timer& timer) {
  std::vector<std::pair<int64_t, int64_t>> sizes = {{64, 64},   {128, 64},  {512, 64},
                                                    {2048, 64}, {8192, 64}, {128, 8192}};
  if (timer.small()) sizes = {{16, 8}, {130, 8}, {66, 200}};
  for (auto [batch, width] : sizes) {
    for (int kernel : {KIB_COSINE, KIB_GAUSSIAN}) {
      Objective o(batch, width, kernel, KIB_PHSIC, true, KIB_F32);
      o.classes(10);
      test::Array<float> u(o.u), du(o.u.size());
      test::Array<double> value(3);
      test::Array<int32_t> labels(o.labels);
      kib_teaching teaching = o.teaching;
      teaching.labels = labels.data();
      test::Scratch workspace(static_cast<size_t>(kib_objective_gram_workspace(&o.spec, &teaching)));
      double b = static_cast<double>(batch), g = static_cast<double>(width);
      double entry = kernel == KIB_GAUSSIAN ? 3 : 2;  // operations for each product, or squared difference
      timer.time(kernel == KIB_GAUSSIAN ? "gram.gradient Gaussian" : "gram.gradient cosine",
                 "B=" + std::to_string(batch) + " G=" + std::to_string(width), {8 * b * g, b * b * g * (entry / 2 + 2)},
                 [&] {
                   return kib_objective_gradient_gram(du.data(), value.data(), u.data(), &teaching, &o.spec, nullptr,
                                                      workspace.data(), test::device());
                 });
    }
  }
  int64_t batch = timer.small() ? 32 : 2048;
  std::vector<float> numbers = random_numbers(static_cast<size_t>(batch * 64), 0.5, 2);
  test::Array<float> x(numbers);
  test::Array<double> value(1);
  kib_variable of_x{x.data(), KIB_F32, 64, KIB_COSINE, {1, {5}}}, of_y{x.data(), KIB_F32, 64, KIB_GAUSSIAN, {1, {5}}};
  test::Scratch workspace(static_cast<size_t>(kib_gram_workspace(&of_x, &of_y, batch)));
  timer.time("gram.dependence", "B=" + std::to_string(batch) + " G=64", {512.0 * static_cast<double>(batch)}, [&] {
    return kib_gram_dependence(value.data(), &of_x, &of_y, batch, KIB_HSIC, workspace.data(), test::device());
  });
}
