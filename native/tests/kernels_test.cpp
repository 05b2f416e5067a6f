// The kernels without Java: each function called, compared with loops in double. The full list of cases is the Java
// side's.
#include <dirent.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#include "kib/activity.h"
#include "kib/batch_norm.h"
#include "kib/objective.h"
#include "kib/optimizer.h"
#include "kib/step.h"

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (!holds) {
    std::printf("FAILED: %s\n", what);
    failures++;
  }
}

void near(double actual, double expected, double tolerance, const char* what) {
  if (!(std::fabs(actual - expected) <= tolerance * std::max(1.0, std::fabs(expected)))) {
    std::printf("FAILED: %s: %.9g, not %.9g\n", what, actual, expected);
    failures++;
  }
}

constexpr unsigned kSeed = 20;

std::vector<float> random_numbers(size_t count, float low, float high) {
  static std::mt19937 generator(kSeed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> numbers(count);
  for (float& x : numbers) x = uniform(generator);
  return numbers;
}

// Divisive normalization of a linear layer: r has group mean 0, s and u are what their formulas say.
void test_activity() {
  constexpr int64_t B = 3, N = 24, G = 4, n = N / G;
  auto a = random_numbers(B * N, -2, 2);
  std::vector<float> post(B * N), scale(B * G), code(B * G);
  std::vector<double> mean(B * G);
  std::vector<uint8_t> mask(B * N);
  kib_activity_spec spec = {};
  spec.type = KIB_F32, spec.activation = KIB_SELU, spec.pooling = KIB_POOL_NONE;
  spec.batch = B, spec.channels = N, spec.height = spec.width = 1, spec.groups = G;
  spec.power = 0.8, spec.delta = 1, spec.divisive_power = 0.2;
  std::vector<char> workspace(kib_activity_workspace(&spec, 2));
  check(kib_activity_forward(post.data(), mask.data(), mean.data(), scale.data(), code.data(), post.data(), a.data(),
                             nullptr, &spec, workspace.data(), 2) == KIB_OK,
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

// Both forms of the gradient agree.
void test_objective() {
  constexpr int64_t B = 24, G = 8, M = 3;
  auto u = random_numbers(B * G, 0.5, 2);
  std::vector<int32_t> labels(B);
  for (int64_t b = 0; b < B; b++) labels[b] = static_cast<int32_t>(b * 7 % M);
  kib_teaching teaching = {};
  teaching.labels = labels.data(), teaching.outputs = M, teaching.same = 1, teaching.different = -0.5;
  for (int estimator : {KIB_PHSIC, KIB_HSIC}) {
    kib_objective_spec spec = {KIB_F32, estimator, KIB_COSINE, 1, 5.0, 2.0, B, G};
    std::vector<float> gram(B * G), free_form(B * G);
    double value[3], other[3];
    std::vector<char> workspace(kib_objective_gram_workspace(&spec, &teaching));
    kib_objective_gradient_gram(gram.data(), value, u.data(), &teaching, &spec, nullptr, workspace.data(), 2);
    workspace.resize(kib_objective_statistics_workspace(&spec, &teaching));
    double count;
    std::vector<double> t(G), c(G * G), y(M * G), n(M);
    kib_objective_code_statistics(&count, t.data(), c.data(), y.data(), n.data(), nullptr, u.data(), &teaching, &spec,
                                  workspace.data(), 2);
    kib_objective_gradient_from_statistics(free_form.data(), other, u.data(), &teaching, &count, t.data(), c.data(),
                                           y.data(), n.data(), &spec, nullptr, workspace.data(), 2);
    for (int i = 0; i < 3; i++) near(value[i], other[i], 1e-5, "objective by both forms");
    for (int64_t i = 0; i < B * G; i++) near(gram[i] * 1e3, free_form[i] * 1e3, 1e-3, "gradient by both forms");
  }
}

// Channels that are hard to sum, as many numbers as training has: statistics in double, the same bits for any number of
// threads, also where channels do not fill a vector and rows no chunk.
void test_batch_norm() {
  constexpr int64_t rows = 131071, C = 21;
  auto a = random_numbers(rows * C, -1, 1), dy = random_numbers(rows * C, -1, 1);
  for (int64_t i = 0; i < rows; i++) {
    a[i * C] = 5.1f;
    a[i * C + 1] = 1e4f + 0.1f * a[i * C + 1];
    a[i * C + 20] = i == 0 ? 1000.0f : 0.1f;
    dy[i * C + 2] = 5.1f;
  }
  auto scale = random_numbers(C, 0.5, 1.5), shift = random_numbers(C, -1, 1);
  std::vector<char> workspace(kib_batch_norm_workspace(rows, C));
  std::vector<float> y(rows * C), first_y, first_da;
  for (int threads = 1; threads <= 3; threads++) {
    std::vector<double> mean(C), variance(C);
    std::vector<float> running_mean(C, 0.5f), running_variance(C, 2.0f), dscale(C), dshift(C), da = dy;
    kib_batch_norm_forward(y.data(), mean.data(), variance.data(), running_mean.data(), running_variance.data(),
                           a.data(), scale.data(), shift.data(), KIB_F32, rows, C, workspace.data(), threads);
    kib_batch_norm_gradient(da.data(), dscale.data(), dshift.data(), da.data(), a.data(), mean.data(), variance.data(),
                            scale.data(), KIB_F32, rows, C, workspace.data(), threads);
    if (threads > 1) {
      check(std::memcmp(y.data(), first_y.data(), 4 * y.size()) == 0, "batch norm on several threads");
      check(std::memcmp(da.data(), first_da.data(), 4 * da.size()) == 0, "batch norm's gradient on several threads");
      continue;
    }
    first_y = y, first_da = da;
    for (int64_t c = 0; c < C; c++) {
      double m = 0, v = 0, up = 0, along = 0;
      for (int64_t i = 0; i < rows; i++) m += static_cast<double>(a[i * C + c]) / rows;
      for (int64_t i = 0; i < rows; i++) v += (a[i * C + c] - m) * (a[i * C + c] - m) / rows;
      double inverse = 1 / std::sqrt(v + 1e-5);
      for (int64_t i = 0; i < rows; i++) up += dy[i * C + c], along += dy[i * C + c] * (a[i * C + c] - m) * inverse;
      check(std::fabs(mean[c] - m) <= 1e-6 * std::sqrt(v) + 1e-11 * std::fabs(m), "batch norm's mean");
      near(variance[c], v, 1e-6 * std::min(1.0, v) + 1e-18, "batch norm's variance");
      near(running_mean[c], 0.45 + 0.1 * m, 1e-6, "running mean");
      near(running_variance[c], 1.8 + 0.1 * v * rows / (rows - 1), 1e-6, "running variance");
      near(dshift[c], up, 1e-6, "shift's gradient");
      near(dscale[c], along, 1e-6, "scale's gradient");
      for (int64_t i = 0; i < rows; i += 997) {
        double x = (a[i * C + c] - m) * inverse;
        near(y[i * C + c], x * scale[c] + shift[c], 1e-6, "normalized");
        near(da[i * C + c], scale[c] * inverse * (dy[i * C + c] - up / rows - x * along / rows),
             1e-6 * std::max(1.0, inverse), "batch norm's gradient");
      }
    }
  }
}

// Known values of samples that are alike, of huge and of tiny ones; and the same bits on any number of threads.
void test_dependence() {
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
    check(kib_gram_dependence(&value, &x, &y, batch, estimator, workspace.data(), threads) == KIB_OK, "dependence");
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

void test_optimizer() {
  auto w = random_numbers(100, -1, 1), g = random_numbers(100, -1, 1), m = random_numbers(100, -1, 1);
  auto before = w, momentum = m;
  std::vector<uint16_t> halves(100);
  void* rounded = halves.data();
  float *wp = w.data(), *mp = m.data();
  const float* gp = g.data();
  int64_t size = 100, fault[2] = {0, 0};
  double rate = 0.1;
  kib_optimizer_sgd(&wp, &rounded, &gp, &mp, &size, 1, 0.9, 0.01, &rate, fault, 2);
  for (int i = 0; i < 100; i++)
    near(w[i], before[i] - 0.1 * (0.9 * momentum[i] + g[i] + 0.01 * before[i]), 1e-6, "SGD");
  for (int i = 0; i < 100; i++) {
    uint32_t bits = static_cast<uint32_t>(halves[i]) << 16;
    float value;
    std::memcpy(&value, &bits, 4);
    near(value, w[i], std::fabs(w[i]) / 256, "rounded weights");
  }
  before = w;
  fault[0] = 1;
  kib_optimizer_sgd(&wp, &rounded, &gp, &mp, &size, 1, 0.9, 0.01, &rate, fault, 2);
  check(w == before, "nothing is updated after a fault");
}

void test_layout() {
  auto source = random_numbers(2 * 3 * 5, -1, 1);
  std::vector<float> stored(30), back(30);
  kib_layout_write_f32(stored.data(), source.data(), KIB_F32, 2, 3, 5);
  check(stored[1] == source[5], "channels lie next to each other");
  kib_layout_read_f32(back.data(), stored.data(), KIB_F32, 2, 3, 5);
  check(back == source, "what is written is read");
}

int threads_of_process() {
  int count = 0;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* task = readdir(tasks)) count += task->d_name[0] != '.';
  closedir(tasks);
  return count;
}

void sgd(int64_t size, int threads) {
  std::vector<float> w(size), g(size, 1.0f);
  float *wp = w.data(), *m = nullptr;
  void* rounded = nullptr;
  const float* gp = g.data();
  int64_t fault[2] = {0, 0};
  double rate = 0.1;
  kib_optimizer_sgd(&wp, &rounded, &gp, &m, &size, 1, 0, 0, &rate, fault, threads);
}

// OpenMP keeps the threads that it has started: as long as there is one, all ran on one. Called after small operations.
void test_threads() {
  check(kib_threads_for_product(1, 8) == 1 && kib_threads_for_product(16 * 65536 - 1, 8) == 1, "a small product");
  check(kib_threads_for_product(16 * 65536, 8) == 8 && kib_threads_for_product(1LL << 40, 8) == 8, "a large product");
  check(kib_threads_for_product(1LL << 40, 1) == 1, "one thread is all there is");
  check(threads_of_process() == 1, "small operations run on one thread");
  sgd(65535, 3);
  check(threads_of_process() == 1, "an operation just small enough runs on one thread");
  sgd(65536, 3);
  check(threads_of_process() == 3, "a large operation runs on all threads");
}

}  // namespace

int main() {
  std::printf("seed %u, level %d\n", kSeed, kib_cpu_level());
  test_activity();
  test_objective();
  test_optimizer();
  test_layout();
  test_threads();
  test_dependence();
  test_batch_norm();
  std::printf(failures == 0 ? "all passed\n" : "%d failed\n", failures);
  return failures == 0 ? 0 : 1;
}
