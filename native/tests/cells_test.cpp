#include "kib/cells.h"

#include <cmath>

#include "kernels.h"

namespace {

// Codes and dz in loops of double, entry by entry.
struct Wanted {
  std::vector<double> u, mean, scale, dz;

  Wanted(const kib_cells_spec& s, const std::vector<float>& z, const std::vector<float>& du) : dz(z.size()) {
    int64_t channels = s.channels / s.groups, width = static_cast<int64_t>(du.size()) / s.batch;
    auto at = [&](int64_t b, int64_t h, int64_t w, int64_t c) {
      return static_cast<size_t>(((b * s.height + h) * s.width + w) * s.channels + c);
    };
    for (int64_t b = 0; b < s.batch; b++) {
      for (int i = 0; i < s.scales; i++) {
        int64_t side = s.scale[i];
        for (int64_t cell = 0; cell < side * side; cell++) {
          for (int64_t g = 0; g < s.groups; g++) {
            std::vector<size_t> members;
            int64_t row = cell / side, column = cell % side;
            for (int64_t h = row * s.height / side; h < (row + 1) * s.height / side; h++)
              for (int64_t w = column * s.width / side; w < (column + 1) * s.width / side; w++)
                for (int64_t c = g * channels; c < (g + 1) * channels; c++) members.push_back(at(b, h, w, c));
            double n = static_cast<double>(members.size()), m = 0, squares = s.delta;
            for (size_t k : members) m += z[k] / n;
            for (size_t k : members) squares += (z[k] - m) * (z[k] - m);
            double power = squares == 0 ? 0 : std::pow(squares / n, s.power - 1);
            for (size_t k : members) dz[k] += du[u.size()] * 2 * s.power / n * power * (z[k] - m);
            u.push_back(power * squares / n), mean.push_back(m), scale.push_back(squares / n);
          }
        }
      }
      check(static_cast<int64_t>(u.size()) == (b + 1) * width, "entries of a code");
    }
  }
};

void compare(const kib_cells_spec& s) {
  int64_t width = 0, numbers = s.batch * s.height * s.width * s.channels;
  for (int i = 0; i < s.scales; i++) width += s.scale[i] * s.scale[i] * s.groups;
  auto z = random_numbers(numbers, 10, 12), du = random_numbers(s.batch * width, -1, 1);
  for (int64_t c = 0; c < s.channels; c++) z[static_cast<size_t>(c)] = 11;
  if (s.delta == 0 && s.height == 1)  // a group without spread
    std::fill(z.begin(), z.begin() + s.channels / s.groups, 11.0f);
  Wanted wanted(s, z, du);
  std::vector<float> u(du.size()), scale(du.size()), dz(z.size());
  std::vector<double> mean(du.size());
  std::vector<char> workspace(static_cast<size_t>(kib_cells_workspace(&s)));
  for (int threads : {1, 3}) {
    check(kib_cells_codes(u.data(), mean.data(), scale.data(), z.data(), &s, on(threads)) == KIB_OK, "codes");
    check(kib_cells_gradient(dz.data(), z.data(), mean.data(), scale.data(), du.data(), &s, workspace.data(),
                             on(threads)) == KIB_OK,
          "gradient of codes");
    for (size_t i = 0; i < u.size(); i++) {
      near(u[i], wanted.u[i], 1e-6, "code in a cell");
      near(mean[i], wanted.mean[i], 1e-12, "mean in a cell");
      near(scale[i], wanted.scale[i], 1e-6, "s in a cell");
    }
    for (size_t i = 0; i < dz.size(); i++) near(dz[i], wanted.dz[i], 1e-6, "dz of cells");
  }
}

}  // namespace

void test_cells() {
  compare({KIB_F32, 3, {1, 2, 4}, 2, 12, 8, 8, 3, 0.8, 1});
  compare({KIB_F32, 2, {2, 3}, 3, 10, 7, 5, 5, 0.5, 0.1});   // parts of several sizes
  compare({KIB_F32, 1, {1}, 4, 90, 1, 1, 9, 1, 0});          // a linear layer
  compare({KIB_F32, 2, {4, 1}, 40, 160, 6, 6, 2, 0.5, 1});   // on several threads
  compare({KIB_F32, 2, {1, 2}, 2, 1200, 3, 2, 24, 0.5, 1});  // more channels than at once
  compare({KIB_F32, 2, {1, 2}, 2, 1200, 3, 2, 2, 0.5, 1});   // also in a group
  kib_cells_spec spec = {KIB_F32, 1, {3}, 1, 4, 2, 2, 2, 0.5, 1};
  auto status = [&] { return kib_cells_codes(nullptr, nullptr, nullptr, nullptr, &spec, on(1)); };
  check(status() == KIB_BAD_ARGUMENT, "more cells than positions");
  spec.scales = 9;
  check(status() == KIB_BAD_ARGUMENT, "too many scales");
  spec.groups = 3;
  check(status() == KIB_BAD_ARGUMENT, "groups that do not divide the channels");
}
