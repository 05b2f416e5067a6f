// Optimizers: one pass over all parameters, in pieces of kPiece weights.
#include "kib/optimizer.h"

#include <algorithm>

#include "kib/constants.h"
#include "level.h"
#include "threads.h"

namespace kib::KIB_LEVEL {
namespace {

constexpr int64_t kPiece = 16384;

int64_t pieces_of(int64_t n) { return (n + kPiece - 1) / kPiece; }

// Calls update(array, start, end) for all pieces of all arrays, and rounds the weights that it changed while they are
// in the cache.
template <class Update>
void for_pieces(float** w, void** rounded, const int64_t* sizes, int64_t count, int threads, Update update) {
  for (int64_t array = 0; array < count; array++) {
    int64_t pieces = pieces_of(sizes[array]);
    int team = threads_for(sizes[array], threads);
#pragma omp parallel for num_threads(team) schedule(static)
    for (int64_t piece = 0; piece < pieces; piece++) {
      int64_t start = piece * kPiece, end = std::min(start + kPiece, sizes[array]);
      update(array, start, end);
      auto* target = static_cast<bf16*>(rounded[array]);
      if (target == nullptr) continue;
      const float* weights = w[array];
#pragma omp simd
      for (int64_t i = start; i < end; i++) store(target + i, weights[i]);
    }
  }
}

double rate_of(const double* rates, int64_t rate_count, const int64_t* now) {
  return rates[std::min(now[KIB_CLOCK_EPOCH_STEP], rate_count - 1)];
}

}  // namespace

kib_status kib_optimizer_sgd(float** w, void** rounded, const float** gradient, float** m, const int64_t* sizes,
                             int64_t count, double momentum, double weight_decay, const double* rates,
                             int64_t rate_count, const int64_t* now, const int64_t* fault, const kib_queue* queue) {
  if (fault[0] != 0) return KIB_OK;
  float rate = static_cast<float>(rate_of(rates, rate_count, now)), decay = static_cast<float>(weight_decay);
  float kept = high_half(momentum), kept_rest = low_half(momentum);
  for_pieces(w, rounded, sizes, count, queue->threads, [&](int64_t array, int64_t start, int64_t end) {
    float* weights = w[array];
    const float* g = gradient[array];
    if (momentum == 0) {
#pragma omp simd
      for (int64_t i = start; i < end; i++) weights[i] -= rate * (g[i] + decay * weights[i]);
      return;
    }
    float* first = m[array];
#pragma omp simd
    for (int64_t i = start; i < end; i++) {
      first[i] = kept * first[i] + (kept_rest * first[i] + (g[i] + decay * weights[i]));
      weights[i] -= rate * first[i];
    }
  });
  return KIB_OK;
}

kib_status kib_optimizer_adam(float** w, void** rounded, const float** gradient, float** m, float** v,
                              const int64_t* sizes, int64_t count, double beta1, double beta2, double epsilon,
                              double weight_decay, int decoupled, const double* rates, int64_t rate_count,
                              const int64_t* now, const int64_t* fault, const kib_queue* queue) {
  if (fault[0] != 0) return KIB_OK;
  double t = static_cast<double>(now[KIB_CLOCK_STEP] + 1), rate = rate_of(rates, rate_count, now);
  float step = static_cast<float>(rate / (1 - std::pow(beta1, t)));
  float correction = static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, t)));
  float shrink = static_cast<float>(decoupled ? 1 - rate * weight_decay : 1);
  float decay = static_cast<float>(decoupled ? 0 : weight_decay), eps = static_cast<float>(epsilon);
  // The nearest float to 0.999 alone would make a mean of squares 1.3e-5 too large.
  float b1 = high_half(beta1), b1_rest = low_half(beta1), b2 = high_half(beta2), b2_rest = low_half(beta2);
  float c1 = static_cast<float>(1 - beta1), c2 = static_cast<float>(1 - beta2);
  for_pieces(w, rounded, sizes, count, queue->threads, [&](int64_t array, int64_t start, int64_t end) {
    float *weights = w[array], *first = m[array], *second = v[array];
    const float* gradients = gradient[array];
#pragma omp simd
    for (int64_t i = start; i < end; i++) {
      float g = gradients[i] + decay * weights[i];
      first[i] = b1 * first[i] + (b1_rest * first[i] + c1 * g);
      second[i] = b2 * second[i] + (b2_rest * second[i] + c2 * g * g);
      weights[i] = weights[i] * shrink - step * first[i] / (std::sqrt(second[i]) * correction + eps);
    }
  });
  return KIB_OK;
}

kib_status kib_optimizer_average(float** average, const float** value, const int64_t* sizes, int64_t count,
                                 double decay, const int64_t* now, const int64_t* fault, const kib_queue* queue) {
  if (fault[0] != 0) return KIB_OK;
  double part = (1 - decay) / (1 - std::pow(decay, static_cast<double>(now[KIB_CLOCK_STEP] + 1)));
  float step = static_cast<float>(part), rest = static_cast<float>(1 - part);
  for (int64_t array = 0; array < count; array++) {
    float* a = average[array];
    const float* v = value[array];
    int team = threads_for(sizes[array], queue->threads);
    // From the end that is nearer, so that a step of 1 ends at the value.
    if (part < 0.5) {
#pragma omp parallel for simd num_threads(team) schedule(static)
      for (int64_t i = 0; i < sizes[array]; i++) a[i] += step * (v[i] - a[i]);
    } else {
#pragma omp parallel for simd num_threads(team) schedule(static)
      for (int64_t i = 0; i < sizes[array]; i++) a[i] = v[i] - rest * (v[i] - a[i]);
    }
  }
  return KIB_OK;
}

kib_status kib_optimizer_combine(float* out, double alpha, const float* x, double beta, const float* y, int64_t n,
                                 const int64_t* fault, const kib_queue* queue) {
  if (fault != nullptr && fault[0] != 0) return KIB_OK;
  float a = static_cast<float>(alpha), b = static_cast<float>(beta);
  int team = threads_for(n, queue->threads);
#pragma omp parallel for simd num_threads(team) schedule(static)
  for (int64_t i = 0; i < n; i++) out[i] = a * x[i] + b * y[i];
  return KIB_OK;
}

int64_t kib_optimizer_normalize_workspace(int64_t n) { return pieces_of(n) * static_cast<int64_t>(sizeof(double)); }

kib_status kib_optimizer_normalize(float* out, const float* x, double epsilon, int64_t n, void* workspace,
                                   const kib_queue* queue) {
  auto* squares = static_cast<double*>(workspace);
  int64_t pieces = pieces_of(n);
  int team = threads_for(n, queue->threads);
#pragma omp parallel for num_threads(team) schedule(static)
  for (int64_t piece = 0; piece < pieces; piece++) {
    const float* from = x + piece * kPiece;
    squares[piece] = sum(std::min(kPiece, n - piece * kPiece), [=](int64_t i) -> double {
      double number = from[i];
      return number * number;
    });
  }
  auto scale = static_cast<float>(1 / (std::sqrt(sum(pieces, [=](int64_t i) { return squares[i]; })) + epsilon));
#pragma omp parallel for simd num_threads(team) schedule(static)
  for (int64_t i = 0; i < n; i++) out[i] = scale * x[i];
  return KIB_OK;
}

kib_status kib_optimizer_sign(void* sign, int sign_type, const float* value, int64_t n, const kib_queue* queue) {
  return with_type(sign_type, [&](auto tag) {
    auto* target = static_cast<decltype(tag)*>(sign);
    int team = threads_for(n, queue->threads);
#pragma omp parallel for simd num_threads(team) schedule(static)
    for (int64_t i = 0; i < n; i++) store(target + i, value[i] > 0 ? 1.0f : value[i] < 0 ? -1.0f : value[i]);
  });
}

}  // namespace kib::KIB_LEVEL
