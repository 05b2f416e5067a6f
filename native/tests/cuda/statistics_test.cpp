#include "kib/statistics.h"

#include <cmath>

#include "families.h"
#include "objective.h"

KIB_EXPECTED(kib_objective_code_statistics)
KIB_EXPECTED(kib_objective_gradient_from_statistics)
KIB_EXPECTED(kib_objective_gradient_statistics)
KIB_EXPECTED(kib_objective_statistics_workspace)

namespace {

using test::Objective;

std::vector<char> processors_workspace(const Objective& o) {
  return std::vector<char>(static_cast<size_t>(expected::kib_objective_statistics_workspace(&o.spec, &o.teaching)));
}

size_t devices_workspace(const Objective& o) {
  return static_cast<size_t>(kib_objective_statistics_workspace(&o.spec, &o.teaching));
}

void gradient(const Objective& o, double of_values = 1e-9) {
  test::compare(
      o, "statistics.gradient", 2e-7, of_values,
      [&](void* du, double* value, const void* u, const kib_teaching* teaching, const kib_meter* meter) {
        std::vector<char> workspace = processors_workspace(o);
        return expected::kib_objective_gradient_statistics(du, value, u, teaching, &o.spec, meter, workspace.data(),
                                                           test::processor());
      },
      [&](void* du, double* value, const void* u, const kib_teaching* teaching, const kib_meter* meter) {
        test::Scratch workspace(devices_workspace(o));
        kib_status status =
            kib_objective_gradient_statistics(du, value, u, teaching, &o.spec, meter, workspace.data(), test::device());
        test::synchronize();
        return status;
      });
}

// The statistics, and the gradient from those of the batch and of another like it: twice each.
void two_steps(const Objective& o) {
  size_t width = static_cast<size_t>(o.spec.width), outputs = static_cast<size_t>(o.teaching.outputs);
  bool targets = o.labels.empty();
  const size_t sizes[] = {1, width, width * width, outputs * width, outputs, targets ? outputs * outputs : 0};
  std::vector<std::vector<double>> wanted;
  for (size_t size : sizes) wanted.emplace_back(size);
  std::vector<char> scratch = processors_workspace(o);
  std::vector<uint16_t> halves = narrowed(o.u);
  bool half = o.spec.type == KIB_BF16;
  kib_teaching teaching = o.teaching;
  teaching.labels = targets ? nullptr : o.labels.data(), teaching.targets = targets ? o.signal.data() : nullptr;
  test::ok(expected::kib_objective_code_statistics(
               wanted[0].data(), wanted[1].data(), wanted[2].data(), wanted[3].data(), wanted[4].data(),
               targets ? wanted[5].data() : nullptr, half ? static_cast<const void*>(halves.data()) : o.u.data(),
               &teaching, &o.spec, scratch.data(), test::processor()),
           "the processor's statistics");

  test::Array<float> u(o.u), signal(o.signal);
  test::Array<uint16_t> u_halves(halves);
  test::Array<int32_t> labels(o.labels);
  teaching.labels = targets ? nullptr : labels.data(), teaching.targets = targets ? signal.data() : nullptr;
  test::Array<double> count(sizes[0]), t(sizes[1]), c(sizes[2]), y(sizes[3]), eta(sizes[4]), squares(sizes[5]);
  test::Scratch workspace(devices_workspace(o));
  test::ok(kib_objective_code_statistics(count.data(), t.data(), c.data(), y.data(), eta.data(),
                                         targets ? squares.data() : nullptr,
                                         half ? static_cast<const void*>(u_halves.data()) : u.data(), &teaching,
                                         &o.spec, workspace.data(), test::device()),
           "statistics.codeStatistics " + o.name);
  const test::Array<double>* actual[] = {&count, &t, &c, &y, &eta, &squares};
  const char* names[] = {"count", "code sum", "code products", "teaching products", "teaching sum", "squares"};
  double length = 0;  // sums of centred codes cancel
  for (size_t i = 0; i < width * width; i += width + 1) length = std::fmax(length, wanted[2][i]);
  for (size_t i = 0; i < 6; i++) {
    std::vector<double> numbers = actual[i]->read(), known = wanted[i];
    numbers.push_back(std::sqrt(length * (i == 1 ? wanted[0][0] : 0)));
    known.push_back(numbers.back());
    test::near(numbers, known, 1e-13, o.name + ": " + names[i]);
  }

  for (auto& sums : wanted)
    for (double& sum : sums) sum *= 2;
  test::Array<double> both[] = {test::Array<double>(wanted[0]), test::Array<double>(wanted[1]),
                                test::Array<double>(wanted[2]), test::Array<double>(wanted[3]),
                                test::Array<double>(wanted[4])};
  test::compare(
      o, "statistics.gradientFromStatistics", 4 * 0x1p-23, 1e-9,
      [&](void* du, double* value, const void* codes, const kib_teaching* signals, const kib_meter* meter) {
        return expected::kib_objective_gradient_from_statistics(
            du, value, codes, signals, wanted[0].data(), wanted[1].data(), wanted[2].data(), wanted[3].data(),
            wanted[4].data(), &o.spec, meter, scratch.data(), test::processor());
      },
      [&](void* du, double* value, const void* codes, const kib_teaching* signals, const kib_meter* meter) {
        kib_status status = kib_objective_gradient_from_statistics(
            du, value, codes, signals, both[0].data(), both[1].data(), both[2].data(), both[3].data(), both[4].data(),
            &o.spec, meter, workspace.data(), test::device());
        test::synchronize();
        return status;
      });
}

// One piece of the batch and several, tails of tiles, long target vectors.
void shapes() {
  const int64_t sizes[][2] = {{2, 2},   {3, 7},   {12, 8},   {31, 33},  {128, 64},
                              {300, 5}, {519, 3}, {70, 100}, {33, 130}, {2048, 2}};
  int kind = 0;
  for (auto [batch, width] : sizes) {
    for (int kernel : {KIB_LINEAR, KIB_COSINE}) {
      for (int estimator : {KIB_PHSIC, KIB_HSIC}) {
        kind++;
        if (batch > 1000 && kind % 3 != 0) continue;
        Objective o(batch, width, kernel, estimator, width > 4 && kind % 3 != 0, kind % 5 == 0 ? KIB_BF16 : KIB_F32);
        if (kind % 4 == 1)
          o.targets(kind % 8 == 1 ? 5 : 40, kind % 3 == 0 ? KIB_LINEAR : KIB_COSINE, true);
        else
          o.classes(kind % 4 == 2 ? 3 : 37);
        gradient(o);
        if (kind % 3 != 1) two_steps(o);
      }
    }
  }
  for (int kernel : {KIB_LINEAR, KIB_COSINE}) {  // much alike, as groups' codes are, within the case list's tolerances
    Objective o(2048, 32, kernel, KIB_PHSIC, true, KIB_F32);
    o.classes(10);
    o.change([](size_t i, float x) { return 3 + 0.02f * static_cast<float>(i % 32) + 0.2f * (x - 1.25f); });
    o.name += ", much alike";
    gradient(o);
    two_steps(o);
  }
  Objective long_targets(3, 2, KIB_LINEAR, KIB_PHSIC, false, KIB_F32);
  long_targets.targets(2100, KIB_COSINE, true);
  gradient(long_targets);
}

// Codes that are alike, dead, huge, tiny, or no numbers.
void codes() {
  for (int64_t batch : {12, 600}) {
    for (int estimator : {KIB_PHSIC, KIB_HSIC}) {
      for (int kernel : {KIB_LINEAR, KIB_COSINE}) {
        for (int change = 0; change < 7; change++) {
          if (batch > 100 && change % 2 != estimator) continue;
          Objective o(batch, 8, kernel, estimator, change == 1, KIB_F32);
          if (change < 2)
            o.targets(5, KIB_LINEAR, false);
          else
            o.classes(3);
          double scale = 1;
          if (change <= 1) o.change([](size_t i, float x) { return x + (i % 2 == 0 ? 1000.0f : 996.0f); });
          if (change <= 1)
            for (float& number : o.signal) number += 1000;
          if (change == 2) o.change([](size_t i, float x) { return i < 24 ? 0 : i < 64 ? 1.5f : x; });
          if (change == 3) scale = kernel == KIB_COSINE ? 0x1p66 : 0x1p30;
          if (change == 4) scale = 0x1p-70;
          if (change == 5) scale = 0x1p-120;
          if (change == 6) o.change([](size_t i, float x) { return i == 9 ? std::nanf("") : x; });
          o.change([=](size_t, float x) { return static_cast<float>(x * scale); });
          o.name += ", change " + std::to_string(change);
          gradient(o, change <= 1 ? 1e-7 : 1e-9);  // where means and deviations are a thousand apart
        }
      }
    }
    Objective alike(batch, 8, KIB_COSINE, KIB_PHSIC, true, KIB_F32);
    alike.classes(3);
    alike.change([](size_t, float) { return 0.3f; });
    alike.name += ", all alike and dead";
    gradient(alike);
  }
}

void refusals() {
  Objective o(4, 4, KIB_GAUSSIAN, KIB_PHSIC, true, KIB_F32);
  test::Array<float> u(o.u);
  check(kib_objective_gradient_statistics(u.data(), nullptr, u.data(), &o.teaching, &o.spec, nullptr, nullptr,
                                          test::device()) == KIB_BAD_ARGUMENT,
        "a Gaussian kernel without Gram matrices");
  o.spec.kernel = KIB_COSINE;
  o.spec.estimator = 7;
  check(kib_objective_code_statistics(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, u.data(), &o.teaching,
                                      &o.spec, nullptr, test::device()) == KIB_BAD_ARGUMENT,
        "an estimator that there is not");
}

}  // namespace

void test_statistics() {
  shapes();
  codes();
  refusals();
}

void time_statistics(test::Timer& timer) {
  std::vector<int64_t> batches = {128, 512, 2048, 8192};
  if (timer.small()) batches = {16, 600};
  for (int64_t batch : batches) {
    Objective o(batch, timer.small() ? 8 : 64, KIB_COSINE, KIB_PHSIC, true, KIB_F32);
    o.classes(10);
    test::Array<float> u(o.u), du(o.u.size());
    test::Array<double> value(3);
    test::Array<int32_t> labels(o.labels);
    kib_teaching teaching = o.teaching;
    teaching.labels = labels.data();
    test::Scratch workspace(devices_workspace(o));
    double b = static_cast<double>(batch), g = static_cast<double>(o.spec.width);
    timer.time("statistics.gradient", "B=" + std::to_string(batch) + " G=" + std::to_string(o.spec.width) + " M=10",
               {8 * b * g, 4 * b * g * (g + 10)}, [&] {
                 return kib_objective_gradient_statistics(du.data(), value.data(), u.data(), &teaching, &o.spec,
                                                          nullptr, workspace.data(), test::device());
               });
  }
}
