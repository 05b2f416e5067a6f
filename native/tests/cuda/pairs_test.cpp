#include "kib/pairs.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "families.h"

KIB_EXPECTED(kib_pairs_sums)
KIB_EXPECTED(kib_pairs_sums_workspace)
KIB_EXPECTED(kib_pairs_gradient)
KIB_EXPECTED(kib_pairs_gradient_workspace)
KIB_EXPECTED(kib_pairs_forms)
KIB_EXPECTED(kib_pairs_forms_workspace)
KIB_EXPECTED(kib_pairs_shuffled)
KIB_EXPECTED(kib_pairs_shuffled_workspace)
KIB_EXPECTED(kib_pairs_matrix)
KIB_EXPECTED(kib_pairs_matrix_workspace)

namespace {

constexpr double kTolerance = 4e-6;  // a few roundings of either

size_t size(int64_t count) { return static_cast<size_t>(count); }

// Variables on both: the second sample is the first again, the last is zero.
struct Problem {
  int64_t n;
  std::vector<std::vector<float>> numbers;
  std::vector<std::unique_ptr<test::Array<float>>> on;
  kib_variables host{}, device{};
  std::string name;

  explicit Problem(int64_t samples) : n(samples), name("pairs of " + std::to_string(samples)) {}

  void add(int64_t width, int kernel, const kib_widths& widths) {
    auto x = random_numbers(size(n * width), -1, 1);
    if (n > 1) std::copy_n(x.begin(), width, x.begin() + width);
    if (n > 2) std::fill_n(x.end() - width, width, 0.0f);
    numbers.push_back(std::move(x));
    on.push_back(std::make_unique<test::Array<float>>(numbers.back()));
    host.of[host.count++] = {numbers.back().data(), KIB_F32, width, kernel, widths};
    device.of[device.count++] = {on.back()->data(), KIB_F32, width, kernel, widths};
    name += " of kernel " + std::to_string(kernel) + " and width " + std::to_string(width);
  }
};

void sums(const Problem& p) {
  int64_t v = p.host.count;
  std::vector<double> products(size(1 + v)), rows(size(v * p.n)), diagonals(rows);
  std::vector<char> workspace(size(expected::kib_pairs_sums_workspace(&p.host, p.n)));
  test::ok(expected::kib_pairs_sums(products.data(), rows.data(), diagonals.data(), &p.host, p.n, workspace.data(),
                                    test::processor()),
           p.name);
  test::Array<double> on_products(products.size()), on_rows(rows.size()), on_diagonals(rows.size());
  test::Scratch scratch(size(kib_pairs_sums_workspace(&p.device, p.n)));
  test::ok(kib_pairs_sums(on_products.data(), on_rows.data(), on_diagonals.data(), &p.device, p.n, scratch.data(),
                          test::device()),
           p.name);
  test::near(on_products.read(), products, kTolerance, p.name + ": products");
  test::near(on_rows.read(), rows, kTolerance, p.name + ": rows");
  test::near(on_diagonals.read(), diagonals, kTolerance, p.name + ": diagonals");
}

void gradient(const Problem& p) {
  auto drawn = random_numbers(size(2 + 2 * p.n), -1, 1);
  std::vector<double> scales(drawn.begin(), drawn.begin() + 2), weights(drawn.begin() + 2, drawn.end());
  std::vector<float> dx(p.numbers[0].size());
  std::vector<char> workspace(size(expected::kib_pairs_gradient_workspace(&p.host, p.n)));
  test::ok(expected::kib_pairs_gradient(dx.data(), &p.host, scales.data(), weights.data(), p.n, workspace.data(),
                                        test::processor()),
           p.name);
  test::Array<double> on_scales(scales), on_weights(weights);
  test::Array<float> on_dx(dx.size());
  test::Scratch scratch(size(kib_pairs_gradient_workspace(&p.device, p.n)));
  test::ok(kib_pairs_gradient(on_dx.data(), &p.device, on_scales.data(), on_weights.data(), p.n, scratch.data(),
                              test::device()),
           p.name);
  test::near(on_dx.read(), dx, 4 * kTolerance, p.name + ": gradient");
}

void forms(const Problem& p, int64_t count, int diagonal) {
  auto w = random_numbers(size(p.n * count), -1, 1), drawn = random_numbers(size(p.host.count * p.n), -0.5, 0.5);
  std::vector<double> shifts(drawn.begin(), drawn.end()), values(size(count));
  std::vector<char> workspace(size(expected::kib_pairs_forms_workspace(&p.host, count, p.n)));
  test::ok(expected::kib_pairs_forms(values.data(), &p.host, shifts.data(), w.data(), count, diagonal, p.n,
                                     workspace.data(), test::processor()),
           p.name);
  test::Array<float> on_w(w);
  test::Array<double> on_shifts(shifts), on_values(values.size());
  test::Scratch scratch(size(kib_pairs_forms_workspace(&p.device, count, p.n)));
  test::ok(kib_pairs_forms(on_values.data(), &p.device, on_shifts.data(), on_w.data(), count, diagonal, p.n,
                           scratch.data(), test::device()),
           p.name);
  test::near(on_values.read(), values, 4 * kTolerance, p.name + ": forms");
}

// Orders, the last of which is none.
std::vector<int32_t> orders(int64_t count, int64_t n) {
  std::vector<int32_t> all(size(count * n));
  for (int64_t p = 0; p < count; p++) {
    auto row = all.begin() + p * n;
    std::iota(row, row + n, 0);
    std::rotate(row, row + p % n, row + n);
    if (p % 2 == 1) std::reverse(row, row + n / 2);
  }
  all.back() = static_cast<int32_t>(n);
  return all;
}

void shuffled(const Problem& p, int64_t count) {
  auto order = orders(count, p.n);
  std::vector<double> values(size(count));
  std::vector<char> workspace(size(expected::kib_pairs_shuffled_workspace(&p.host, count, p.n)));
  test::ok(expected::kib_pairs_shuffled(values.data(), &p.host, order.data(), count, p.n, workspace.data(),
                                        test::processor()),
           p.name);
  test::Array<int32_t> on_order(order);
  test::Array<double> on_values(values.size());
  test::Scratch scratch(size(kib_pairs_shuffled_workspace(&p.device, count, p.n)));
  test::ok(kib_pairs_shuffled(on_values.data(), &p.device, on_order.data(), count, p.n, scratch.data(), test::device()),
           p.name);
  check(std::isnan(values.back()), "what is no permutation is not a number");
  test::near(on_values.read(), values, kTolerance, p.name + ": shuffled");
}

void matrix(const Problem& p, int64_t m) {
  const kib_variable& x = p.host.of[0];
  auto z = random_numbers(size(m * x.width), -1, 1);
  std::vector<float> k(size(p.n * m));
  std::vector<char> workspace(size(expected::kib_pairs_matrix_workspace(&x, p.n, m)));
  test::ok(expected::kib_pairs_matrix(k.data(), &x, z.data(), p.n, m, workspace.data(), test::processor()), p.name);
  test::Array<float> on_z(z), on_k(k.size());
  test::Scratch scratch(size(kib_pairs_matrix_workspace(&p.device.of[0], p.n, m)));
  test::ok(kib_pairs_matrix(on_k.data(), &p.device.of[0], on_z.data(), p.n, m, scratch.data(), test::device()), p.name);
  test::near(on_k.read(), k, kTolerance, p.name + ": matrix");
}

void refusals() {
  kib_variables v{2, {{nullptr, KIB_F32, 2, KIB_DELTA, {1, {1}}}, {nullptr, KIB_F32, 2, KIB_LINEAR, {1, {1}}}}};
  auto gradient = [&] { return kib_pairs_gradient(nullptr, &v, nullptr, nullptr, 4, nullptr, test::device()); };
  check(gradient() == KIB_BAD_ARGUMENT, "no gradient of the delta kernel");
  v.of[0].kernel = KIB_DELTA + 1;
  check(gradient() == KIB_BAD_ARGUMENT, "an unknown kernel");
  v.of[0].kernel = KIB_GAUSSIAN;
  v.of[0].widths.count = 0;
  check(gradient() == KIB_BAD_ARGUMENT, "a kernel without widths");
  v.of[0].type = KIB_BF16;
  check(kib_pairs_matrix(nullptr, v.of, nullptr, 4, 4, nullptr, test::device()) == KIB_UNSUPPORTED_TYPE, "bfloat16");
  v.count = 0;
  check(kib_pairs_sums(nullptr, nullptr, nullptr, &v, 4, nullptr, test::device()) == KIB_BAD_ARGUMENT &&
            kib_pairs_forms(nullptr, &v, nullptr, nullptr, 1, 0, 4, nullptr, test::device()) == KIB_BAD_ARGUMENT &&
            kib_pairs_shuffled(nullptr, &v, nullptr, 1, 4, nullptr, test::device()) == KIB_BAD_ARGUMENT,
        "no variables");
  v.count = 1;
  v.of[0] = v.of[1];
  check(kib_pairs_shuffled(nullptr, &v, nullptr, 1, 4, nullptr, test::device()) == KIB_BAD_ARGUMENT,
        "permutations of one variable");
}

}  // namespace

// Every kernel, of samples from one to more than a tile holds, alone and beside others.
void test_pairs() {
  for (int kernel = KIB_LINEAR; kernel <= KIB_DELTA; kernel++) {
    for (int64_t n : {1, 2, 9, 70}) {
      Problem p(n);
      p.add(n == 70 ? 75 : 5, kernel, {2, {1, 3}});
      matrix(p, n + 66);
      if (kernel != KIB_DELTA) gradient(p);
      p.add(2, KIB_GAUSSIAN, {1, {1}});
      sums(p);
      if (kernel != KIB_DELTA) gradient(p);
      forms(p, n == 70 ? 65 : 3, kernel % 2);
      shuffled(p, n == 70 ? 66 : 3);
    }
  }
  Problem wide(66);
  wide.add(300, KIB_GAUSSIAN, {1, {10}});
  for (int v = 1; v < KIB_MOST_VARIABLES; v++) wide.add(v, v % 5, {1, {2}});
  sums(wide);
  gradient(wide);
  forms(wide, 2, 1);
  refusals();
}

void time_pairs(test::Timer& timer) {
  int64_t n = timer.small() ? 70 : 4096, width = timer.small() ? 8 : 64, count = timer.small() ? 5 : 1000;
  Problem p(n);
  p.add(width, KIB_GAUSSIAN, {1, {4}});
  p.add(width, KIB_GAUSSIAN, {1, {4}});
  double square = static_cast<double>(n) * static_cast<double>(n), g = static_cast<double>(width);
  double samples = 8 * static_cast<double>(n) * g;
  std::string name = "n=" + std::to_string(n) + " D=" + std::to_string(width);
  test::Array<double> products(3), rows(size(2 * n)), diagonals(size(2 * n)), values(size(count));
  test::Array<double> weights(std::vector<double>(size(2 * n), 0.5)), shifts(std::vector<double>(size(2 * n), 0.1));
  test::Array<float> dx(size(n * width)), w(std::vector<float>(size(n * count), 1)), k(size(n * n));
  auto order = orders(count, n);
  test::Array<int32_t> on_order(order);
  test::Scratch scratch(
      size(std::max({kib_pairs_sums_workspace(&p.device, n), kib_pairs_gradient_workspace(&p.device, n),
                     kib_pairs_forms_workspace(&p.device, count, n), kib_pairs_shuffled_workspace(&p.device, count, n),
                     kib_pairs_matrix_workspace(p.device.of, n, n)})));
  const kib_queue* queue = test::device();
  timer.time("pairs.sums", name, {samples, 3 * square * g}, [&] {
    return kib_pairs_sums(products.data(), rows.data(), diagonals.data(), &p.device, n, scratch.data(), queue);
  });
  timer.time("pairs.gradient", name, {samples, 5 * square * g}, [&] {
    return kib_pairs_gradient(dx.data(), &p.device, shifts.data(), weights.data(), n, scratch.data(), queue);
  });
  timer.time("pairs.forms", name + " P=" + std::to_string(count),
             {samples, square * (1.5 * g + static_cast<double>(count) / 2)}, [&] {
               return kib_pairs_forms(values.data(), &p.device, shifts.data(), w.data(), count, 1, n, scratch.data(),
                                      queue);
             });
  timer.time("pairs.shuffled", name + " P=" + std::to_string(count),
             {samples + 4 * square, square * (3 * g + static_cast<double>(count) / 2)}, [&] {
               return kib_pairs_shuffled(values.data(), &p.device, on_order.data(), count, n, scratch.data(), queue);
             });
  timer.time("pairs.matrix", name, {samples + 4 * square, 1.5 * square * g},
             [&] { return kib_pairs_matrix(k.data(), p.device.of, p.on[0]->data(), n, n, scratch.data(), queue); });
}
