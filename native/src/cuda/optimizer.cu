// Optimizers: one launch for all arrays of a network, whose addresses are the kernel's parameters.
#include "kib/constants.h"
#include "kib/optimizer.h"
#include "reduce.cuh"

namespace kib::cuda {
namespace {

constexpr int kThreads = 256;
template <class Rule>
constexpr int64_t kChunk = kThreads* Rule::kVectors * 4;  // numbers of a block

// Some arrays of a network. A launch takes as many as 4 KB of parameters hold.
struct Arrays {
  static constexpr int kMost = 64;
  float* w[kMost];
  bf16* rounded[kMost];
  const float* gradient[kMost];
  float *m[kMost], *v[kMost];
  int64_t sizes[kMost];
  int32_t first_chunk[kMost + 1];  // of each array; at last, how many there are
  int count = 0;
  uint64_t unaligned = 0;  // a bit for each array that cannot be read 16 bytes at a time
};

// Where the learning rate is.
struct Rates {
  const double* rates;
  int64_t count;
  const int64_t *now, *fault;

  __device__ double rate() const { return rates[min(now[KIB_CLOCK_EPOCH_STEP], count - 1)]; }
};

// What is the same for all weights.
struct Step {
  bool stopped;  // after a fault
  float rate, correction, shrink;
};

template <bool kMomentum>
struct Sgd {
  static constexpr bool kFirst = kMomentum, kSecond = false;
  static constexpr int kVectors = 4;  // of four numbers, which a thread has under way at once
  float kept, kept_rest, decay;

  // Two threads compute what is the same for all weights.
  __device__ void prepare(Step& step, const Rates& rates) const {
    if (threadIdx.x == 0) step.rate = static_cast<float>(rates.rate());
  }

  __device__ void update(float& w, float g, float& m, float&, const Step& step) const {
    m = kMomentum ? kept * m + (kept_rest * m + (g + decay * w)) : g + decay * w;
    w -= step.rate * m;
  }
};

// beta to the power of t, by squares.
__device__ double power(double beta, int64_t t) {
  double result = 1;
  for (; t > 0; t /= 2, beta *= beta)
    if (t % 2 == 1) result *= beta;
  return result;
}

struct Adam {
  static constexpr bool kFirst = true, kSecond = true;
  static constexpr int kVectors = 2;
  double beta1, beta2, weight_decay;
  bool decoupled;
  // The nearest float to 0.999 alone would make a mean of squares 1.3e-5 too large.
  float b1, b1_rest, b2, b2_rest, c1, c2, decay, epsilon;

  __device__ void prepare(Step& step, const Rates& rates) const {
    if (threadIdx.x == 0) {
      double rate = rates.rate();
      step.rate = static_cast<float>(rate / (1 - power(beta1, rates.now[KIB_CLOCK_STEP] + 1)));
      step.shrink = static_cast<float>(decoupled ? 1 - rate * weight_decay : 1);
    } else if (threadIdx.x == kWarp) {
      step.correction = static_cast<float>(1 / sqrt(1 - power(beta2, rates.now[KIB_CLOCK_STEP] + 1)));
    }
  }

  __device__ void update(float& w, float g, float& m, float& v, const Step& step) const {
    g += decay * w;
    m = b1 * m + (b1_rest * m + c1 * g);
    v = b2 * v + (b2_rest * v + c2 * g * g);
    w = w * step.shrink - step.rate * m / (sqrtf(v) * step.correction + epsilon);
  }
};

// The mean of the values that w has had: g is the new one. From the end that is nearer, so that a step of 1 ends at it.
struct Average {
  static constexpr bool kFirst = false, kSecond = false;
  static constexpr int kVectors = 4;
  double decay;

  __device__ void prepare(Step& step, const Rates& rates) const {
    if (threadIdx.x != 0) return;
    double part = (1 - decay) / (1 - power(decay, rates.now[KIB_CLOCK_STEP] + 1));
    step.rate = static_cast<float>(part);
    step.shrink = static_cast<float>(1 - part);
  }

  __device__ void update(float& w, float g, float&, float&, const Step& step) const {
    w = step.rate < 0.5f ? w + step.rate * (g - w) : g - step.shrink * (g - w);
  }
};

template <class Rule>
__device__ void prepare(Step& step, const Rule& rule, const Rates& rates) {
  if (threadIdx.x == 0) step.stopped = rates.fault[0] != 0;
  rule.prepare(step, rates);
  __syncthreads();
}

// A block updates kChunk neighbouring weights of one array. Reads w, gradient and the rule's sums once, writes w, the
// sums and the rounded weights once; all reads of a thread are under way before the first is used, and before it is
// known whether there is a fault, after which nothing is written. Bound by memory.
template <class Rule>
__global__ void __launch_bounds__(kThreads, 3) update(const __grid_constant__ Arrays arrays, Rule rule, Rates rates) {
  constexpr int kVectors = Rule::kVectors;
  __shared__ Step step;
  int array = 0;
  for (int jump = Arrays::kMost / 2; jump > 0; jump /= 2)  // the last array that begins at this chunk or before
    if (array + jump < arrays.count && arrays.first_chunk[array + jump] <= static_cast<int>(blockIdx.x)) array += jump;
  int64_t size = arrays.sizes[array];
  int64_t start = (static_cast<int64_t>(blockIdx.x) - arrays.first_chunk[array]) * kChunk<Rule>;
  float *w = arrays.w[array], *m = arrays.m[array], *v = arrays.v[array];
  const float* gradient = arrays.gradient[array];
  bf16* rounded = arrays.rounded[array];
  if (start + kChunk<Rule> <= size && !(arrays.unaligned >> array & 1)) {
    float ws[kVectors][4], gs[kVectors][4], ms[kVectors][4] = {}, vs[kVectors][4] = {};
#pragma unroll
    for (int i = 0; i < kVectors; i++) {
      int64_t at = start + (i * kThreads + threadIdx.x) * 4;
      load_wide(ws[i], w + at);
      load_wide(gs[i], gradient + at);
      if (Rule::kFirst) load_wide(ms[i], m + at);
      if (Rule::kSecond) load_wide(vs[i], v + at);
    }
    prepare(step, rule, rates);
    if (step.stopped) return;
#pragma unroll
    for (int i = 0; i < kVectors; i++) {
      int64_t at = start + (i * kThreads + threadIdx.x) * 4;
#pragma unroll
      for (int j = 0; j < 4; j++) rule.update(ws[i][j], gs[i][j], ms[i][j], vs[i][j], step);
      store_wide(w + at, ws[i]);
      if (Rule::kFirst) store_wide(m + at, ms[i]);
      if (Rule::kSecond) store_wide(v + at, vs[i]);
      if (rounded != nullptr) store_wide(rounded + at, ws[i]);
    }
    return;
  }
  prepare(step, rule, rates);
  if (step.stopped) return;
  int64_t end = min(start + kChunk<Rule>, size);
  for (int64_t i = start + threadIdx.x; i < end; i += kThreads) {
    float weight = w[i], first = Rule::kFirst ? m[i] : 0, second = Rule::kSecond ? v[i] : 0;
    rule.update(weight, gradient[i], first, second, step);
    w[i] = weight;
    if (Rule::kFirst) m[i] = first;
    if (Rule::kSecond) v[i] = second;
    if (rounded != nullptr) store(rounded + i, weight);
  }
}

bool aligned(const void* address, uintptr_t bytes) { return reinterpret_cast<uintptr_t>(address) % bytes == 0; }

// Updates all arrays, as many at once as a launch takes. rounded, m and v are NULL where the rule has none.
template <class Rule>
kib_status update_all(const char* name, float** w, void** rounded, const float** gradient, float** m, float** v,
                      const int64_t* sizes, int64_t count, const Rule& rule, const Rates& rates,
                      const kib_queue* queue) {
  static_assert(sizeof(Arrays) + sizeof(Rule) + sizeof(Rates) <= 4000, "more than a launch takes");
  for (int64_t next = 0; next < count;) {
    Arrays arrays;
    int64_t chunks = 0;
    for (; next < count && arrays.count < Arrays::kMost; next++) {
      int i = arrays.count++;
      arrays.w[i] = w[next];
      arrays.rounded[i] = rounded == nullptr ? nullptr : static_cast<bf16*>(rounded[next]);
      arrays.gradient[i] = gradient[next];
      arrays.m[i] = Rule::kFirst ? m[next] : nullptr;
      arrays.v[i] = Rule::kSecond ? v[next] : nullptr;
      arrays.sizes[i] = sizes[next];
      arrays.first_chunk[i] = static_cast<int32_t>(chunks);
      chunks += divided_up(sizes[next], kChunk<Rule>);
      bool wide = aligned(arrays.w[i], 16) && aligned(arrays.gradient[i], 16) && aligned(arrays.m[i], 16) &&
                  aligned(arrays.v[i], 16) && aligned(arrays.rounded[i], 8);
      arrays.unaligned |= static_cast<uint64_t>(!wide) << i;
    }
    kib_status status =
        launch(name, update<Rule>, {dim3(static_cast<unsigned>(chunks)), kThreads}, queue, arrays, rule, rates);
    if (status != KIB_OK) return status;
  }
  return KIB_OK;
}

// sign[i] = -1, 0, 1, or value[i] where that is not a number. With wide a thread has four numbers. Reads and writes
// each number once, and is bound by memory; sign may be value.
template <class T>
__global__ void signs(T* sign, const float* value, int64_t n, bool wide) {
  auto sign_of = [](float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : x; };
  int64_t fours = wide ? n / 4 : 0;
  for (int64_t i = first_item(); i < fours; i += item_stride()) {
    float x[4];
    load_wide(x, value + 4 * i);
#pragma unroll
    for (float& number : x) number = sign_of(number);
    store_wide(sign + 4 * i, x);
  }
  for (int64_t i = 4 * fours + first_item(); i < n; i += item_stride()) store(sign + i, sign_of(value[i]));
}

// out = a x + b y. With wide a thread has four numbers. Reads and writes each number once, and is bound by memory; out
// may be x or y.
__global__ void combine(float* out, float a, const float* x, float b, const float* y, int64_t n, const int64_t* fault,
                        bool wide) {
  if (fault != nullptr && fault[0] != 0) return;
  int64_t fours = wide ? n / 4 : 0;
  for (int64_t i = first_item(); i < fours; i += item_stride()) {
    float first[4], second[4];
    load_wide(first, x + 4 * i);
    load_wide(second, y + 4 * i);
#pragma unroll
    for (int j = 0; j < 4; j++) first[j] = a * first[j] + b * second[j];
    store_wide(out + 4 * i, first);
  }
  for (int64_t i = 4 * fours + first_item(); i < n; i += item_stride()) out[i] = a * x[i] + b * y[i];
}

constexpr int64_t kNormed = 4096;  // numbers of a block

// squares[block] = the sum of a block's squares. Reads each number once.
__global__ void sum_squares(double* squares, const float* x, int64_t n) {
  __shared__ double parts[kWarp];
  int64_t start = blockIdx.x * kNormed, end = min(start + kNormed, n);
  double sum = 0;
  for (int64_t i = start + threadIdx.x; i < end; i += kThreads) sum += static_cast<double>(x[i]) * x[i];
  sum = block_sum(sum, parts);
  if (threadIdx.x == 0) squares[blockIdx.x] = sum;
}

// out = x / (|x| + epsilon): each block adds up all blocks' squares by itself, and divides its own numbers.
__global__ void normalize(float* out, const float* x, const double* squares, double epsilon, int64_t n) {
  __shared__ double parts[kWarp];
  double sum = 0;
  for (unsigned i = threadIdx.x; i < gridDim.x; i += kThreads) sum += squares[i];
  auto scale = static_cast<float>(1 / (sqrt(block_sum(sum, parts)) + epsilon));
  int64_t start = blockIdx.x * kNormed, end = min(start + kNormed, n);
  for (int64_t i = start + threadIdx.x; i < end; i += kThreads) out[i] = scale * x[i];
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

kib_status kib_optimizer_sgd(float** w, void** rounded, const float** gradient, float** m, const int64_t* sizes,
                             int64_t count, double momentum, double weight_decay, const double* rates,
                             int64_t rate_count, const int64_t* now, const int64_t* fault, const kib_queue* queue) {
  Rates where{rates, rate_count, now, fault};
  auto decay = static_cast<float>(weight_decay);
  if (momentum == 0)
    return update_all("optimizer.sgd", w, rounded, gradient, nullptr, nullptr, sizes, count, Sgd<false>{0, 0, decay},
                      where, queue);
  return update_all("optimizer.sgd", w, rounded, gradient, m, nullptr, sizes, count,
                    Sgd<true>{high_half(momentum), low_half(momentum), decay}, where, queue);
}

kib_status kib_optimizer_adam(float** w, void** rounded, const float** gradient, float** m, float** v,
                              const int64_t* sizes, int64_t count, double beta1, double beta2, double epsilon,
                              double weight_decay, int decoupled, const double* rates, int64_t rate_count,
                              const int64_t* now, const int64_t* fault, const kib_queue* queue) {
  Adam rule;
  rule.beta1 = beta1, rule.beta2 = beta2, rule.weight_decay = weight_decay, rule.decoupled = decoupled != 0;
  rule.b1 = high_half(beta1), rule.b1_rest = low_half(beta1);
  rule.b2 = high_half(beta2), rule.b2_rest = low_half(beta2);
  rule.c1 = static_cast<float>(1 - beta1), rule.c2 = static_cast<float>(1 - beta2);
  rule.decay = static_cast<float>(decoupled ? 0 : weight_decay);
  rule.epsilon = static_cast<float>(epsilon);
  return update_all("optimizer.adam", w, rounded, gradient, m, v, sizes, count, rule, {rates, rate_count, now, fault},
                    queue);
}

kib_status kib_optimizer_average(float** average, const float** value, const int64_t* sizes, int64_t count,
                                 double decay, const int64_t* now, const int64_t* fault, const kib_queue* queue) {
  return update_all("optimizer.average", average, nullptr, value, nullptr, nullptr, sizes, count, Average{decay},
                    {nullptr, 0, now, fault}, queue);
}

kib_status kib_optimizer_combine(float* out, double alpha, const float* x, double beta, const float* y, int64_t n,
                                 const int64_t* fault, const kib_queue* queue) {
  bool wide = aligned(out, 16) && aligned(x, 16) && aligned(y, 16);
  return launch("optimizer.combine", combine, grid_for(wide ? divided_up(n, 4) : n, kThreads), queue, out,
                static_cast<float>(alpha), x, static_cast<float>(beta), y, n, fault, wide);
}

int64_t kib_optimizer_normalize_workspace(int64_t n) { return Arena::bytes<double>(divided_up(n, kNormed)); }

kib_status kib_optimizer_normalize(float* out, const float* x, double epsilon, int64_t n, void* workspace,
                                   const kib_queue* queue) {
  auto* squares = static_cast<double*>(workspace);
  Grid grid{dim3(static_cast<unsigned>(divided_up(n, kNormed))), kThreads};
  kib_status status = launch("optimizer.normalize", sum_squares, grid, queue, squares, x, n);
  if (status != KIB_OK) return status;
  return launch("optimizer.normalize", normalize, grid, queue, out, x, squares, epsilon, n);
}

kib_status kib_optimizer_sign(void* sign, int sign_type, const float* value, int64_t n, const kib_queue* queue) {
  return with_type(sign_type, [&](auto tag) {
    using T = decltype(tag);
    bool wide = aligned(sign, 16) && aligned(value, 16);
    return launch("optimizer.sign", signs<T>, grid_for(wide ? divided_up(n, 4) : n, kThreads), queue,
                  static_cast<T*>(sign), value, n, wide);
  });
}
