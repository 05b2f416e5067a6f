#include "kib/status.h"

#include <cstring>
#include <string>
#include <thread>

#include "kernels.h"
#include "kib/activity.h"
#include "kib/gram.h"
#include "kib/statistics.h"
#include "kib/sum_rows.h"

namespace {

void refused(kib_status status, kib_status expected, const char* text) {
  check(status == expected, text);
  check(std::string(kib_last_error()) == text, text);
}

}  // namespace

// What is refused has a status and the rest of a sentence, each thread its own.
void test_status() {
  check(std::strcmp(kib_last_error(), "") != 0, "an earlier test was refused something");
  std::string other = "?";
  std::thread([&] { other = kib_last_error(); }).join();
  check(other.empty(), "another thread was refused nothing");
  refused(kib_sum_rows(nullptr, nullptr, 9, 1, 1, nullptr, on(1)), KIB_UNSUPPORTED_TYPE,
          "do not compute with numbers of type 9; F32 (0) and BF16 (1) they do");
  kib_activity_spec spec = {};
  spec.batch = 1, spec.channels = 6, spec.height = spec.width = 1, spec.activation = 4;
  auto activity = [&] {
    return kib_activity_hebbian_gradient(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, &spec, nullptr,
                                         on(1));
  };
  refused(activity(), KIB_BAD_ARGUMENT, "have no activation 4; there are 4, from 0");
  spec.activation = 0, spec.pooling = -1;
  refused(activity(), KIB_BAD_ARGUMENT, "have no pooling -1; there are 3, from 0");
  spec.pooling = 0, spec.groups = 4;
  refused(activity(), KIB_BAD_ARGUMENT, "do not split 6 units into 4 groups of one size");
  spec.groups = 0, spec.width = 0;
  refused(activity(), KIB_BAD_ARGUMENT, "take samples of at least one number");
  kib_variable x = {}, y = {};
  y.kernel = 3;
  refused(kib_gram_dependence(nullptr, &x, &y, 1, KIB_HSIC, nullptr, on(1)), KIB_BAD_ARGUMENT,
          "have no kernel 3; there are 3, from 0");
  kib_objective_spec objective = {};
  kib_teaching teaching = {};
  objective.kernel = KIB_GAUSSIAN;
  for (int count : {0, 9}) {
    objective.widths.count = count;
    refused(kib_objective_gradient_gram(nullptr, nullptr, nullptr, &teaching, &objective, nullptr, nullptr, on(1)),
            KIB_BAD_ARGUMENT, ("take a Gaussian kernel of 1 to 8 widths, not of " + std::to_string(count)).c_str());
  }
  objective.widths.count = 1;
  refused(kib_objective_gradient_statistics(nullptr, nullptr, nullptr, &teaching, &objective, nullptr, nullptr, on(1)),
          KIB_BAD_ARGUMENT, "take a Gaussian kernel and a given similarity through Gram matrices alone");
  objective.estimator = 2;
  refused(kib_objective_gradient_gram(nullptr, nullptr, nullptr, &teaching, &objective, nullptr, nullptr, on(1)),
          KIB_BAD_ARGUMENT, "have no estimator 2; there are 2, from 0");
}
