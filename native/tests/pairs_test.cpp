#include "kib/pairs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels.h"

namespace {

constexpr int kKernels[] = {KIB_LINEAR, KIB_COSINE, KIB_GAUSSIAN, KIB_LAPLACE, KIB_INVERSE_MULTIQUADRIC, KIB_DELTA};

// One variable in loops of double.
struct Wanted {
  std::vector<float> x;
  kib_variable spec;
  int64_t n;

  // Numbers of [-1, 1) and an offset; the second sample is the first again, the last is zero.
  Wanted(int64_t samples, int64_t width, int kernel, double sigma, float offset = 0)
      : x(random_numbers(static_cast<size_t>(samples * width), offset - 1, offset + 1)),
        spec{x.data(), KIB_F32, width, kernel, {2, {sigma, 2 * sigma}}},
        n(samples) {
    if (n > 1) std::copy_n(x.begin(), width, x.begin() + width);
    if (n > 2) std::fill_n(x.end() - width, width, 0.0f);
  }

  double norm(int64_t i) const {
    double squares = 0;
    for (int64_t g = 0; g < spec.width; g++) squares += at(i, g) * at(i, g);
    return std::sqrt(squares);
  }
  double at(int64_t i, int64_t g) const { return x[static_cast<size_t>(i * spec.width + g)]; }

  // The kernel, and in slope what it falls by with half the squared distance.
  double entry(int64_t i, int64_t j, double* slope = nullptr) const {
    double product = 0, squares = 0, k = 0, fall = 0;
    for (int64_t g = 0; g < spec.width; g++) {
      product += at(i, g) * at(j, g);
      squares += (at(i, g) - at(j, g)) * (at(i, g) - at(j, g));
    }
    if (spec.kernel == KIB_LINEAR) return product;
    if (spec.kernel == KIB_COSINE) return norm(i) * norm(j) == 0 ? 0 : product / (norm(i) * norm(j));
    if (spec.kernel == KIB_DELTA) return squares == 0;
    double distance = std::sqrt(squares);
    for (int s = 0; s < spec.widths.count; s++) {
      double sigma = spec.widths.sigma[s], share = 1.0 / spec.widths.count;
      double e = std::exp(spec.kernel == KIB_GAUSSIAN ? -squares / sigma / sigma / 2 : -distance / sigma);
      double q = 1 / std::sqrt(1 + squares / sigma / sigma);
      if (spec.kernel == KIB_GAUSSIAN) k += share * e, fall += share * e / sigma / sigma;
      if (spec.kernel == KIB_LAPLACE) k += share * e, fall += distance == 0 ? 0 : share * e / sigma / distance;
      if (spec.kernel == KIB_INVERSE_MULTIQUADRIC) k += share * q, fall += share * q * q * q / sigma / sigma;
    }
    if (slope != nullptr) *slope = fall;
    return k;
  }

  // Adds 2 s dK_ij/dx_i, and to size how large it is.
  void add_derivative(double* dx, double* size, int64_t i, int64_t j, double s) const {
    double slope = 0, k = entry(i, j, &slope);
    for (int64_t g = 0; g < spec.width; g++) {
      double d = at(j, g);
      if (spec.kernel == KIB_COSINE)
        d = norm(i) * norm(j) == 0 ? 0 : (at(j, g) / norm(j) - k * at(i, g) / norm(i)) / norm(i);
      else if (spec.kernel != KIB_LINEAR)
        d = slope * (at(j, g) - at(i, g));
      dx[g] += 2 * s * d;
      *size = std::max(*size, std::fabs(2 * s * d));
      if (spec.kernel == KIB_COSINE && norm(i) > 0) *size = std::max(*size, std::fabs(2 * s / norm(i)));
    }
  }
};

struct Problem {
  std::vector<Wanted> variables;
  kib_variables specs;
  int64_t n;

  explicit Problem(std::vector<Wanted> all) : variables(std::move(all)), specs{}, n(variables[0].n) {
    specs.count = static_cast<int>(variables.size());
    for (int v = 0; v < specs.count; v++) {
      specs.of[v] = variables[static_cast<size_t>(v)].spec;
      specs.of[v].rows = variables[static_cast<size_t>(v)].x.data();
    }
  }

  double product(size_t first, int64_t i, int64_t j) const {
    double product = 1;
    for (size_t v = first; v < variables.size(); v++) product *= variables[v].entry(i, j);
    return product;
  }
};

std::vector<char> memory(int64_t bytes) { return std::vector<char>(static_cast<size_t>(bytes)); }

// What a call on one thread gave, and that it gives the same bits on three.
template <class Number, class Call>
std::vector<Number> result(int64_t size, Call call) {
  std::vector<Number> one(static_cast<size_t>(size)), three = one;
  check(call(one.data(), on(1)) == KIB_OK && call(three.data(), on(3)) == KIB_OK, "pairs");
  check(one == three, "pairs on several threads");
  return one;
}

constexpr double kTolerance = 2e-6;  // a few roundings of terms that are at most 1 or as large as what they are beside

void sums(const Problem& p) {
  int64_t n = p.n, count = p.specs.count;
  std::vector<double> products(static_cast<size_t>(1 + count)), diagonals(static_cast<size_t>(count * n));
  auto workspace = memory(kib_pairs_sums_workspace(&p.specs, n));
  auto rows = result<double>(count * n, [&](double* to, const kib_queue* queue) {
    return kib_pairs_sums(products.data(), to, diagonals.data(), &p.specs, n, workspace.data(), queue);
  });
  double all = 0, size = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) all += i == j ? 0 : p.product(0, i, j), size += std::fabs(p.product(0, i, j));
  near((products[0] - all) / size, 0, kTolerance, "sum of products");
  for (int64_t v = 0; v < count; v++) {
    const Wanted& x = p.variables[static_cast<size_t>(v)];
    double squares = 0, largest = 1;
    for (int64_t i = 0; i < n; i++) {
      double row = 0, diagonal = x.entry(i, i), of_row = diagonal;
      for (int64_t j = 0; j < n; j++) {
        double k = i == j ? 0 : x.entry(i, j);
        row += k, squares += k * k, of_row += std::fabs(k), largest = std::max(largest, std::fabs(k));
      }
      near((rows[static_cast<size_t>(v * n + i)] - row) / std::max(1.0, of_row), 0, kTolerance, "sum of a row");
      near(diagonals[static_cast<size_t>(v * n + i)] / (diagonal == 0 ? 1 : diagonal), diagonal == 0 ? 0 : 1, 1e-12,
           "diagonal");
    }
    near((products[static_cast<size_t>(1 + v)] - squares) / (largest * largest * static_cast<double>(n * n)), 0,
         kTolerance, "sum of squares");
  }
}

void gradient(const Problem& p) {
  int64_t n = p.n, width = p.variables[0].spec.width;
  const double scales[] = {0.5, -0.25};
  auto numbers = random_numbers(static_cast<size_t>(2 * n), -1, 1);
  std::vector<double> weights(numbers.begin(), numbers.end());
  auto workspace = memory(kib_pairs_gradient_workspace(&p.specs, n));
  auto dx = result<float>(n * width, [&](float* to, const kib_queue* queue) {
    return kib_pairs_gradient(to, &p.specs, scales, weights.data(), n, workspace.data(), queue);
  });
  for (int64_t i = 0; i < n; i++) {
    std::vector<double> wanted(static_cast<size_t>(width));
    double size = 0;
    for (int64_t j = 0; j < n; j++) {
      double s = weights[static_cast<size_t>(n + i)];
      if (i != j)
        s = scales[0] * p.product(1, i, j) + scales[1] * p.variables[0].entry(i, j) + weights[static_cast<size_t>(i)] +
            weights[static_cast<size_t>(j)];
      p.variables[0].add_derivative(wanted.data(), &size, i, j, s);
    }
    size = std::max(size, 1e-30) * std::sqrt(static_cast<double>(n));
    for (int64_t g = 0; g < width; g++)
      near((dx[static_cast<size_t>(i * width + g)] - wanted[static_cast<size_t>(g)]) / size, 0, 4 * kTolerance,
           "gradient of pairs");
  }
}

void forms(const Problem& p, int64_t count, int diagonal) {
  int64_t n = p.n, v_count = p.specs.count;
  auto w = random_numbers(static_cast<size_t>(n * count), -1, 1);
  auto numbers = random_numbers(static_cast<size_t>(v_count * n), -0.5, 0.5);
  std::vector<double> shifts(numbers.begin(), numbers.end());
  auto workspace = memory(kib_pairs_forms_workspace(&p.specs, count, n));
  auto values = result<double>(count, [&](double* to, const kib_queue* queue) {
    return kib_pairs_forms(to, &p.specs, shifts.data(), w.data(), count, diagonal, n, workspace.data(), queue);
  });
  for (int64_t f = 0; f < count; f++) {
    double wanted = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < n; j++) {
        double term = static_cast<double>(w[static_cast<size_t>(i * count + f)]) *
                      static_cast<double>(w[static_cast<size_t>(j * count + f)]);
        for (int64_t v = 0; v < v_count; v++)
          term *= p.variables[static_cast<size_t>(v)].entry(i, j) - shifts[static_cast<size_t>(v * n + i)] -
                  shifts[static_cast<size_t>(v * n + j)];
        if (i != j || diagonal) wanted += term, size += std::fabs(term);
      }
    }
    near((values[static_cast<size_t>(f)] - wanted) / std::max(size, 1.0), 0, kTolerance, "form");
  }
}

void shuffled(const Problem& p, int64_t count) {
  int64_t n = p.n;
  std::vector<int32_t> order(static_cast<size_t>(n * count));
  for (int64_t f = 0; f < count; f++) {
    auto keys = random_numbers(static_cast<size_t>(n), 0, 1);
    auto row = order.begin() + f * n;
    std::iota(row, row + n, 0);
    if (f > 0)
      std::sort(row, row + n,
                [&](int32_t a, int32_t b) { return keys[static_cast<size_t>(a)] < keys[static_cast<size_t>(b)]; });
  }
  if (count > 2 && n > 1) order[static_cast<size_t>(n)] = order[static_cast<size_t>(n + 1)];
  if (count > 3) order[static_cast<size_t>(3 * n - 1)] = static_cast<int32_t>(n);
  auto workspace = memory(kib_pairs_shuffled_workspace(&p.specs, count, n));
  std::vector<double> values(static_cast<size_t>(count)), three = values;
  auto call = [&](double* to, int threads) {
    return kib_pairs_shuffled(to, &p.specs, order.data(), count, n, workspace.data(), on(threads));
  };
  check(call(values.data(), 1) == KIB_OK && call(three.data(), 3) == KIB_OK, "shuffled");
  for (int64_t f = 0; f < count; f++) {
    double value = values[static_cast<size_t>(f)], other = three[static_cast<size_t>(f)];
    if ((f == 1 && count > 2 && n > 1) || (f == 2 && count > 3)) {
      check(std::isnan(value) && std::isnan(other), "what is no permutation is not a number");
      continue;
    }
    check(value == other, "shuffled on several threads");
    double wanted = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < n; j++) {
        double term = p.variables[0].entry(i, j) * p.variables[1].entry(order[static_cast<size_t>(f * n + i)],
                                                                        order[static_cast<size_t>(f * n + j)]);
        if (i != j) wanted += term, size += std::fabs(term);
      }
    }
    near((value - wanted) / std::max(size, 1.0), 0, kTolerance, "shuffled");
  }
}

void matrix(const Wanted& x, const Wanted& other) {
  Wanted both = x;
  both.x.insert(both.x.end(), other.x.begin(), other.x.end());
  kib_variable spec = x.spec;
  spec.rows = x.x.data();
  auto workspace = memory(kib_pairs_matrix_workspace(&spec, x.n, other.n));
  auto k = result<float>(x.n * other.n, [&](float* to, const kib_queue* queue) {
    return kib_pairs_matrix(to, &spec, other.x.data(), x.n, other.n, workspace.data(), queue);
  });
  for (int64_t i = 0; i < x.n; i++) {
    for (int64_t j = 0; j < other.n; j++) {
      double size = x.spec.kernel == KIB_LINEAR ? std::max(1e-30, x.norm(i) * other.norm(j)) : 1;
      near((k[static_cast<size_t>(i * other.n + j)] - both.entry(i, x.n + j)) / size, 0, kTolerance, "matrix");
    }
  }
}

// Settings that no kernel computes are refused.
void refusals() {
  Problem p({Wanted(4, 2, KIB_DELTA, 1), Wanted(4, 2, KIB_LINEAR, 1)});
  auto workspace = memory(kib_pairs_gradient_workspace(&p.specs, 4) + kib_pairs_shuffled_workspace(&p.specs, 1, 4));
  double numbers[16] = {};
  auto gradient = [&] { return kib_pairs_gradient(nullptr, &p.specs, numbers, numbers, 4, workspace.data(), on(1)); };
  check(gradient() == KIB_BAD_ARGUMENT, "no gradient of the delta kernel");
  p.specs.of[0].kernel = KIB_DELTA + 1;
  check(gradient() == KIB_BAD_ARGUMENT, "an unknown kernel");
  p.specs.of[0].kernel = KIB_LAPLACE;
  p.specs.of[0].widths.count = 0;
  check(gradient() == KIB_BAD_ARGUMENT, "a kernel without widths");
  p.specs.of[0].widths.count = 1;
  p.specs.of[0].type = KIB_BF16;
  check(gradient() == KIB_UNSUPPORTED_TYPE, "samples of bfloat16");
  check(kib_pairs_matrix(nullptr, &p.specs.of[0], nullptr, 4, 4, workspace.data(), on(1)) == KIB_UNSUPPORTED_TYPE,
        "a matrix of bfloat16");
  p.specs.count = 0;
  check(gradient() == KIB_BAD_ARGUMENT, "no variables");
  check(
      kib_pairs_sums(nullptr, nullptr, nullptr, &p.specs, 4, workspace.data(), on(1)) == KIB_BAD_ARGUMENT &&
          kib_pairs_forms(nullptr, &p.specs, nullptr, nullptr, 1, 0, 4, workspace.data(), on(1)) == KIB_BAD_ARGUMENT &&
          kib_pairs_shuffled(nullptr, &p.specs, nullptr, 1, 4, workspace.data(), on(1)) == KIB_BAD_ARGUMENT,
      "no variables");
  p.specs.count = 1;
  p.specs.of[0].type = KIB_F32;
  check(kib_pairs_shuffled(nullptr, &p.specs, nullptr, 1, 4, workspace.data(), on(1)) == KIB_BAD_ARGUMENT,
        "permutations of one variable");
}

// Numbers far from 0, huge beside the width and tiny beside it, and both at once.
void hard_numbers() {
  Wanted far(40, 3, KIB_GAUSSIAN, 0.1, 100);
  sums(Problem({far}));
  gradient(Problem({far}));
  for (int kernel : {KIB_GAUSSIAN, KIB_LAPLACE, KIB_INVERSE_MULTIQUADRIC, KIB_LINEAR}) {
    for (float scale : {1e-20f, 1e18f, 3e38f}) {
      Wanted x(9, 2, kernel, 1e-3);
      for (float& number : x.x) number *= scale;
      x.x[4] = 1e-3f;
      if (kernel != KIB_LINEAR || scale < 1e30f) matrix(x, x);
      Problem p({x, Wanted(9, 1, KIB_LINEAR, 1)});
      std::vector<float> dx(18);
      std::vector<double> w(18, 1e-3);
      auto workspace = memory(kib_pairs_gradient_workspace(&p.specs, 9));
      check(kib_pairs_gradient(dx.data(), &p.specs, w.data(), w.data(), 9, workspace.data(), on(1)) == KIB_OK, "huge");
      for (float number : dx) check(kernel == KIB_LINEAR || std::isfinite(number), "a gradient of huge numbers");
    }
  }
}

}  // namespace

// Every kernel and several variables, of samples from one to more than tiles hold; equal samples and zero ones.
void test_pairs() {
  for (int kernel : kKernels) {
    for (int64_t n : {1, 2, 3, 33, 70}) {
      for (int64_t width : {1, 5, 300}) {
        Problem one({Wanted(n, width, kernel, 1.5)});
        Problem two({Wanted(n, width, kernel, 1.5), Wanted(n, 2, KIB_GAUSSIAN, 1)});
        sums(two);
        if (kernel != KIB_DELTA) gradient(one), gradient(two);
        forms(one, 3, 0);
        forms(two, n == 33 ? 65 : 4, 1);
        shuffled(two, 5);
        matrix(one.variables[0], Wanted(n + 7, width, kernel, 1.5));
      }
    }
  }
  std::vector<Wanted> all;
  for (int v = 0; v < KIB_MOST_VARIABLES; v++) all.emplace_back(300, 1 + v % 3, kKernels[v % 5], 2);
  Problem many(all);
  sums(many);
  gradient(many);
  forms(many, 2, 1);
  shuffled(Problem({Wanted(600, 2, KIB_LAPLACE, 1), Wanted(600, 3, KIB_GAUSSIAN, 1)}), 3);
  refusals();
  hard_numbers();
}
