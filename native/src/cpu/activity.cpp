// Activation, pooling, group statistics, divisive normalization and dropout in one pass, and the way back.
//
// One thread works on one sample, whose activities stay in its L2 cache: the pre-activations are read once, what is
// kept and what is sent are written once. Per-group numbers are spread out to a table with one entry for each channel
// where groups hold whole channels (stride 0 from position to position), else with one for each element (stride C). Of
// a single position (a linear layer) groups are runs of neighbours, and a table has one entry for each group.
#include "kib/activity.h"

#include <algorithm>

#include "elementary.h"
#include "kib/constants.h"
#include "level.h"
#include "philox.h"
#include "threads.h"

namespace kib::KIB_LEVEL {
namespace {

constexpr float kLeakySlope = static_cast<float>(KIB_LEAKY_SLOPE);
constexpr float kSeluLambda = static_cast<float>(KIB_SELU_LAMBDA);
constexpr float kSeluLambdaAlpha = static_cast<float>(KIB_SELU_LAMBDA * KIB_SELU_ALPHA);
constexpr uint8_t kPositive = 4;

template <int Activation>
inline float f(float a) {
  switch (Activation) {
    case KIB_RELU:
      return a > 0 || a != a ? a : 0.0f;
    case KIB_LEAKY_RELU:
      return a > 0 ? a : kLeakySlope * a;
    case KIB_SELU: {
      float negative = kSeluLambdaAlpha * expm1_negative(a);
      return a != a ? a : (a > 0 ? kSeluLambda * a : negative);
    }
    default:
      return a;
  }
}

// f'(a) from z = f(a) and the sign of a.
template <int Activation>
inline float slope(float z, bool positive) {
  switch (Activation) {
    case KIB_RELU:
      return positive ? 1.0f : 0.0f;
    case KIB_LEAKY_RELU:
      return positive ? 1.0f : kLeakySlope;
    case KIB_SELU:
      return positive ? kSeluLambda : z + kSeluLambdaAlpha;
    default:
      return 1.0f;
  }
}

template <class Function>
void with_activation(int activation, Function function) {
  switch (activation) {
    case KIB_RELU:
      return function(std::integral_constant<int, KIB_RELU>());
    case KIB_LEAKY_RELU:
      return function(std::integral_constant<int, KIB_LEAKY_RELU>());
    case KIB_SELU:
      return function(std::integral_constant<int, KIB_SELU>());
    default:
      return function(std::integral_constant<int, KIB_IDENTITY>());
  }
}

// A table whose entries are all the same.
struct Same {
  float value;
  float operator[](int64_t) const { return value; }
};

// The geometry of a sample, and of a window's entries in memory.
struct Sample {
  int64_t channels, positions, height, width, units;
  int64_t input_height, input_width;
  bool pooled;
  int64_t group_size, table_stride, table_size;

  explicit Sample(const kib_activity_spec& spec)
      : channels(spec.channels),
        positions(spec.height * spec.width),
        height(spec.height),
        width(spec.width),
        units(spec.channels * spec.height * spec.width),
        input_height(spec.input_height),
        input_width(spec.input_width),
        pooled(spec.pooling != KIB_POOL_NONE),
        group_size(spec.groups > 0 ? units / spec.groups : 0) {
    bool whole_channels = group_size == 0 || group_size % positions == 0;
    table_stride = whole_channels ? 0 : channels;
    table_size = whole_channels ? channels : units;
  }

  int64_t inputs() const { return pooled ? channels * input_height * input_width : units; }

  // Where entry j (row-major) of the window of an output position begins.
  int64_t window(int64_t position, int j) const {
    if (!pooled) return position * channels;
    int64_t row = 2 * (position / width) + j / 2, column = 2 * (position % width) + j % 2;
    return (row * input_width + column) * channels;
  }

  // Sets to 0 what no window holds: the last row or column of an odd image.
  template <class T>
  void clear_outside_windows(T* da) const {
    if (!pooled) return;
    int64_t inside = 2 * width * channels, row = input_width * channels;
    for (int64_t h = 0; h < input_height; h++) {
      int64_t start = h < 2 * height ? inside : 0;
      std::fill(da + h * row + start, da + (h + 1) * row, T{});
    }
  }

  // Spreads the groups' means out to two tables.
  void spread_halves(float* high, float* low, const double* means, int64_t groups) const {
    spread(high, groups, [=](int64_t g) { return high_half(means[g]); });
    spread(low, groups, [=](int64_t g) { return low_half(means[g]); });
  }

  // Spreads a number for each group out to the table.
  template <class Value>
  void spread(float* table, int64_t groups, Value value) const {
    if (positions == 1) {
#pragma omp simd
      for (int64_t g = 0; g < groups; g++) table[g] = value(g);
      return;
    }
    if (table_stride == 0) {
      int64_t group_channels = group_size / positions;
      for (int64_t g = 0; g < groups; g++) std::fill_n(table + g * group_channels, group_channels, value(g));
      return;
    }
    for_elements([&](int64_t p, int64_t c, int64_t g) { table[p * channels + c] = value(g); });
  }

  // Calls work(first, count, entries) for the channels of a position, part by part: entries(table) begins with the
  // first channel's.
  template <class Work>
  void for_parts(int64_t position, int64_t groups, Work work) const {
    if (positions > 1 || groups == 0)
      return work(0, channels, [=](const float* table) { return table + position * table_stride; });
    for (int64_t g = 0; g < groups; g++)
      work(g * group_size, group_size, [=](const float* table) { return Same{table[g]}; });
  }

  // Visits the elements in C,H,W order, with their groups.
  template <class Visit>
  void for_elements(Visit visit) const {
    int64_t group = 0, rest = group_size;
    for (int64_t c = 0; c < channels; c++) {
      for (int64_t p = 0; p < positions; p++) {
        visit(p, c, group);
        if (--rest == 0) group++, rest = group_size;
      }
    }
  }

  // Adds term(p, c, index of the table's entry) up for each group, in double: sums[g].
  template <class Term>
  void reduce(double* sums, int64_t groups, double* channel_sums, Term term) const {
    if (table_stride != 0) {
      std::fill(sums, sums + groups, 0.0);
      for_elements([&](int64_t p, int64_t c, int64_t g) { sums[g] += term(p, c, p * channels + c); });
      return;
    }
    int64_t group_channels = group_size / positions;
    if (positions == 1) {
      for (int64_t g = 0; g < groups; g++)
        sums[g] = sum(group_channels, [&](int64_t c) -> double { return term(0, g * group_channels + c, g); });
      return;
    }
    std::fill(channel_sums, channel_sums + channels, 0.0);
    auto add_positions = [&](int64_t first, auto count) {
#pragma omp simd
      for (int64_t c = 0; c < channels; c++) {
        double total = channel_sums[c];
        for (int64_t p = 0; p < count; p++) total += term(first + p, c, c);
        channel_sums[c] = total;
      }
    };
    std::integral_constant<int64_t, 8> many;  // positions whose terms are added while the sums are in registers
    int64_t p = 0;
    for (; p + many <= positions; p += many) add_positions(p, many);
    for (; p < positions; p++) add_positions(p, std::integral_constant<int64_t, 1>());
    for (int64_t g = 0; g < groups; g++)
      sums[g] = sum(group_channels, [&](int64_t c) { return channel_sums[g * group_channels + c]; });
  }
};

// Scratch memory of one thread.
struct Scratch {
  float *z, *first, *low, *second, *third, *row, *slopes;
  uint32_t* words;
  double *channel_sums, *sums, *more_sums;

  static int64_t bytes(const Sample& s, int64_t groups) {
    return 4 * (s.units + 4 * s.table_size + 2 * s.channels + 4 * s.channels + 64) + 8 * (s.channels + 2 * groups + 8) +
           256;
  }

  Scratch(void* workspace, int64_t index, const Sample& s, int64_t groups) {
    int64_t size = (bytes(s, groups) + 63) / 64 * 64;
    char* memory = static_cast<char*>(workspace) + index * size;
    channel_sums = reinterpret_cast<double*>(memory);
    sums = channel_sums + s.channels;
    more_sums = sums + groups;
    z = reinterpret_cast<float*>(more_sums + groups);
    first = z + s.units;
    low = first + s.table_size;
    second = low + s.table_size;
    third = second + s.table_size;
    row = third + s.table_size;
    slopes = row + s.channels;
    words = reinterpret_cast<uint32_t*>(slopes + s.channels);
  }
};

// The random words of the elements of four positions (or fewer, at the end): words[j * C + c].
void dropout_words(uint32_t* words, const Sample& s, int64_t sample, int64_t position, uint32_t step,
                   const kib_activity_spec& spec) {
  uint64_t first = static_cast<uint64_t>(sample) * static_cast<uint64_t>(s.units) + static_cast<uint64_t>(position);
  int64_t channels = s.channels;
  if (s.positions % 4 == 0) {
    philox_words(words, false, first / 4, s.positions / 4, channels, step, spec.layer, KIB_PURPOSE_DROPOUT, spec.seed);
  } else if (s.positions == 1 && channels % 4 == 0) {
    philox_words(words, true, first / 4, 1, channels / 4, step, spec.layer, KIB_PURPOSE_DROPOUT, spec.seed);
  } else {
    for (int64_t j = 0; j < std::min<int64_t>(4, s.positions - position); j++) {
      for (int64_t c = 0; c < channels; c++) {
        uint64_t element = first + static_cast<uint64_t>(c * s.positions + j);
        uint32_t word[4];
        philox(static_cast<uint32_t>(element / 4), step, spec.layer, KIB_PURPOSE_DROPOUT, spec.seed, word);
        words[j * channels + c] = word[element % 4];
      }
    }
  }
}

// Takes x for the best where it is greater, or the first NaN. (In this form the compiler vectorizes it.)
inline void prefer(float x, int32_t index, float* best, int32_t* choice) {
  float b = *best, larger = x <= b ? b : x;
  int32_t at = x <= b ? *choice : index;
  *choice = b != b ? *choice : at;
  *best = b != b ? b : larger;
}

// z = pool(f(a)) of one sample into z, and the mask.
template <int Activation, class T>
void activate(float* z, uint8_t* mask, const T* a, const Sample& s, int pooling) {
  for (int64_t p = 0; p < s.positions; p++) {
    float* zp = z + p * s.channels;
    uint8_t* mp = mask + p * s.channels;
    const T *a0 = a + s.window(p, 0), *a1 = a + s.window(p, 1), *a2 = a + s.window(p, 2), *a3 = a + s.window(p, 3);
    if (pooling == KIB_POOL_NONE) {
#pragma omp simd
      for (int64_t c = 0; c < s.channels; c++) {
        float x = load(a0[c]);
        zp[c] = f<Activation>(x);
        mp[c] = x > 0 ? kPositive : 0;
      }
    } else if (pooling == KIB_POOL_MAX) {
#pragma omp simd
      for (int64_t c = 0; c < s.channels; c++) {
        float best = load(a0[c]), x1 = load(a1[c]), x2 = load(a2[c]), x3 = load(a3[c]);
        int32_t choice = 0;
        prefer(x1, 1, &best, &choice);
        prefer(x2, 2, &best, &choice);
        prefer(x3, 3, &best, &choice);
        int32_t sign = best > 0 ? kPositive : 0;
        zp[c] = f<Activation>(best);
        mp[c] = static_cast<uint8_t>(choice + sign);
      }
    } else {
#pragma omp simd
      for (int64_t c = 0; c < s.channels; c++) {
        zp[c] = 0.25f * ((f<Activation>(load(a0[c])) + f<Activation>(load(a1[c]))) +
                         (f<Activation>(load(a2[c])) + f<Activation>(load(a3[c]))));
        mp[c] = 0;
      }
    }
  }
}

// Group mean, s and u of one sample; leaves the tables of means (first and low) and of s^-q (second).
void group_statistics(double* mean, float* scale, float* code, const Scratch& t, const Sample& s,
                      const kib_activity_spec& spec) {
  int64_t groups = spec.groups;
  double n = static_cast<double>(s.group_size);
  bool divisive = spec.divisive_power > 0;
  const float *z = t.z, *high = t.first, *low = t.low;
  s.reduce(t.sums, groups, t.channel_sums, [&](int64_t p, int64_t c, int64_t) { return z[p * s.channels + c]; });
  for (int64_t g = 0; g < groups; g++) mean[g] = t.sums[g] / n;
  s.spread_halves(t.first, t.low, mean, groups);
  double *variations = t.sums, *inverses = t.more_sums;
  s.reduce(variations, groups, t.channel_sums, [&](int64_t p, int64_t c, int64_t at) {
    double centred = (z[p * s.channels + c] - high[at]) - low[at];
    return centred * centred;
  });
  double delta = spec.delta, power = spec.power, divisive_power = spec.divisive_power;
#pragma omp simd
  for (int64_t g = 0; g < groups; g++) {
    variations[g] = (delta + variations[g]) / n;
    scale[g] = static_cast<float>(variations[g]);
  }
  if (divisive) {
#pragma omp simd
    for (int64_t g = 0; g < groups; g++) inverses[g] = power_or_zero(variations[g], -divisive_power);
    s.spread(t.second, groups, [&](int64_t g) { return static_cast<float>(inverses[g]); });
  }
  if (divisive && power + divisive_power == 1) {  // then u = s s^-q
#pragma omp simd
    for (int64_t g = 0; g < groups; g++) code[g] = static_cast<float>(variations[g] * inverses[g]);
  } else {
#pragma omp simd
    for (int64_t g = 0; g < groups; g++) code[g] = static_cast<float>(power_or_zero(variations[g], power));
  }
}

// Writes post and sent of one sample.
template <class T>
void send(T* post, T* sent, const Scratch& t, const Sample& s, int64_t sample, const int64_t* now,
          const kib_activity_spec& spec) {
  bool divisive = spec.groups > 0 && spec.divisive_power > 0;
  bool drops = sent != post;
  for (int64_t p = 0; p < s.positions; p++) {
    float* row = t.z + p * s.channels;
    T* postp = post + p * s.channels;
    if (divisive) {
      s.for_parts(p, spec.groups, [&](int64_t first, int64_t count, auto entries) {
        auto high = entries(t.first), low = entries(t.low), factors = entries(t.second);
        float* part = row + first;
#pragma omp simd
        for (int64_t c = 0; c < count; c++) part[c] = ((part[c] - high[c]) - low[c]) * factors[c];
      });
    }
    if (!drops) {
#pragma omp simd
      for (int64_t c = 0; c < s.channels; c++) store(postp + c, row[c]);
      continue;
    }
    if (p % 4 == 0) dropout_words(t.words, s, sample, p, static_cast<uint32_t>(now[KIB_CLOCK_STEP]), spec);
    const uint32_t* words = t.words + p % 4 * s.channels;
    T* sentp = sent + p * s.channels;
    float kept = spec.kept_scale, shift = spec.kept_shift, dropped = spec.dropped_value;
    uint32_t below = spec.drop_below;
#pragma omp simd
    for (int64_t c = 0; c < s.channels; c++) {
      T rounded;
      store(&rounded, row[c]);
      postp[c] = rounded;
      float value = load(rounded) * kept + shift;
      store(sentp + c, words[c] < below ? dropped : value);
    }
  }
}

// da of one output position from dz (row) and f'.
template <int Activation, class T>
void unpool(T* da, const T* a, const uint8_t* mask, const float* dz, const float* slopes, int64_t p, const Sample& s,
            int pooling) {
  int64_t channels = s.channels;
  T* d0 = da + s.window(p, 0);
  if (pooling == KIB_POOL_NONE) {
#pragma omp simd
    for (int64_t c = 0; c < channels; c++) store(d0 + c, dz[c] * slopes[c]);
    return;
  }
  for (int j = 0; j < 4; j++) {
    T* dj = da + s.window(p, j);
    if (pooling == KIB_POOL_MAX) {
#pragma omp simd
      for (int64_t c = 0; c < channels; c++) store(dj + c, (mask[c] & 3) == j ? dz[c] * slopes[c] : 0.0f);
    } else {
      const T* aj = a + s.window(p, j);
#pragma omp simd
      for (int64_t c = 0; c < channels; c++) {
        float x = load(aj[c]);
        store(dj + c, 0.25f * dz[c] * slope<Activation>(f<Activation>(x), x > 0));
      }
    }
  }
}

// f' of one output position from what was kept: z = post, or zbar + s^q r with divisive normalization.
template <int Activation, class T>
void slopes_of(const Scratch& t, const T* post, const uint8_t* mask, int64_t position, bool divisive, const Sample& s,
               int64_t groups) {
  float* slopes = t.slopes;
  if (divisive && Activation == KIB_SELU) {
    s.for_parts(position, groups, [&](int64_t first, int64_t count, auto entries) {
      auto means = entries(t.first), factors = entries(t.third);
      const T* r = post + first;
      float* z = slopes + first;
#pragma omp simd
      for (int64_t c = 0; c < count; c++) z[c] = means[c] + factors[c] * load(r[c]);
    });
#pragma omp simd
    for (int64_t c = 0; c < s.channels; c++) slopes[c] = slope<Activation>(slopes[c], (mask[c] & kPositive) != 0);
  } else {
#pragma omp simd
    for (int64_t c = 0; c < s.channels; c++) slopes[c] = slope<Activation>(load(post[c]), (mask[c] & kPositive) != 0);
  }
}

// powers[g] = s[g]^exponent.
void powers(double* powers, const float* scale, int64_t groups, double exponent) {
#pragma omp simd
  for (int64_t g = 0; g < groups; g++) powers[g] = power_or_zero(scale[g], exponent);
}

// One sample's da from the third factor.
template <int Activation, class T>
void hebbian(T* da, const T* a, const T* post, const uint8_t* mask, const double* mean, const float* scale,
             const void* du, int64_t sample, const Scratch& t, const Sample& s, const kib_activity_spec& spec) {
  bool grouped = spec.groups > 0, divisive = grouped && spec.divisive_power > 0;
  double p = spec.power, q = divisive ? spec.divisive_power : 0.0;
  if (grouped) {
    const float* third = static_cast<const float*>(du) + sample * spec.groups;
    double constant = 2 * p / static_cast<double>(s.group_size);
    s.spread_halves(t.first, t.low, mean, spec.groups);
    double* factors = t.sums;
    if (p + q == 1) {  // then dz = (2p/n) du r
#pragma omp simd
      for (int64_t g = 0; g < spec.groups; g++) factors[g] = third[g] * constant * (scale[g] > 0 ? 1.0 : 0.0);
    } else {
      powers(factors, scale, spec.groups, p - 1 + q);
#pragma omp simd
      for (int64_t g = 0; g < spec.groups; g++) factors[g] *= third[g] * constant;
    }
    s.spread(t.second, spec.groups, [&](int64_t g) { return static_cast<float>(t.sums[g]); });
    if (divisive && Activation == KIB_SELU) {
      powers(t.sums, scale, spec.groups, q);
      s.spread(t.third, spec.groups, [&](int64_t g) { return static_cast<float>(t.sums[g]); });
    }
  }
  for (int64_t position = 0; position < s.positions; position++) {
    int64_t at = position * s.channels;
    slopes_of<Activation>(t, post + at, mask + at, position, divisive, s, spec.groups);
    s.for_parts(position, spec.groups, [&](int64_t first, int64_t count, auto entries) {
      const T* postp = post + at + first;
      auto means = entries(t.first), low = entries(t.low), factors = entries(t.second);
      float* dz = t.row + first;
      if (divisive) {
#pragma omp simd
        for (int64_t c = 0; c < count; c++) dz[c] = factors[c] * load(postp[c]);
      } else if (grouped) {
#pragma omp simd
        for (int64_t c = 0; c < count; c++) dz[c] = factors[c] * ((load(postp[c]) - means[c]) - low[c]);
      } else {
        const T* dup = static_cast<const T*>(du) + sample * s.units + at + first;
#pragma omp simd
        for (int64_t c = 0; c < count; c++) dz[c] = load(dup[c]);
      }
    });
    unpool<Activation>(da, a, mask + at, t.row, t.slopes, position, s, spec.pooling);
  }
  s.clear_outside_windows(da);
}

// One sample's da from the gradient of what was sent.
template <int Activation, class T>
void output(T* da, const T* a, const T* post, const uint8_t* mask, const double* mean, const float* scale,
            const T* dsent, const int64_t* now, int64_t sample, const Scratch& t, const Sample& s,
            const kib_activity_spec& spec) {
  bool divisive = spec.groups > 0 && spec.divisive_power > 0;
  bool drops = spec.drop_below != 0 && now != nullptr;
  int64_t channels = s.channels;
  float kept = drops ? spec.kept_scale : 1.0f;
  for (int64_t p = 0; p < s.positions; p++) {
    float* g = t.z + p * channels;
    const T* up = dsent + p * channels;
    if (drops && p % 4 == 0) dropout_words(t.words, s, sample, p, static_cast<uint32_t>(now[KIB_CLOCK_STEP]), spec);
    const uint32_t* words = t.words + p % 4 * channels;
    uint32_t below = drops ? spec.drop_below : 0;
    if (drops) {
#pragma omp simd
      for (int64_t c = 0; c < channels; c++) g[c] = words[c] < below ? 0.0f : kept * load(up[c]);
    } else {
#pragma omp simd
      for (int64_t c = 0; c < channels; c++) g[c] = load(up[c]);
    }
  }
  if (divisive) {
    double q = spec.divisive_power, n = static_cast<double>(s.group_size);
    const float *g = t.z, *high = t.first, *low = t.low;
    double *means = t.sums, *projections = t.more_sums;
    s.reduce(means, spec.groups, t.channel_sums, [&](int64_t p, int64_t c, int64_t) { return g[p * channels + c]; });
    for (int64_t i = 0; i < spec.groups; i++) means[i] /= n;
    s.spread_halves(t.first, t.low, means, spec.groups);
    // r's sum over a group is 0 but for r's rounding, which a large mean of g would make much of.
    s.reduce(projections, spec.groups, t.channel_sums, [&](int64_t p, int64_t c, int64_t at) {
      double centred = (g[p * channels + c] - high[at]) - low[at];
      return centred * load(post[p * channels + c]);
    });
#pragma omp simd
    for (int64_t i = 0; i < spec.groups; i++) projections[i] *= 2 * q / n * power_or_zero(scale[i], q - 1);
    s.spread(t.third, spec.groups, [&](int64_t i) { return static_cast<float>(projections[i]); });
    powers(t.sums, scale, spec.groups, -q);
    s.spread(t.second, spec.groups, [&](int64_t i) { return static_cast<float>(t.sums[i]); });
    for (int64_t p = 0; p < s.positions; p++) {
      s.for_parts(p, spec.groups, [&](int64_t first, int64_t count, auto entries) {
        auto gm = entries(t.first), rest = entries(t.low), f = entries(t.second), h = entries(t.third);
        float* row = t.z + p * channels + first;
        const T* postp = post + p * channels + first;
#pragma omp simd
        for (int64_t c = 0; c < count; c++) row[c] = f[c] * ((row[c] - gm[c]) - rest[c]) - h[c] * load(postp[c]);
      });
    }
    s.spread(t.first, spec.groups, [&](int64_t i) { return high_half(mean[i]); });
    powers(t.sums, scale, spec.groups, q);
    s.spread(t.third, spec.groups, [&](int64_t i) { return static_cast<float>(t.sums[i]); });
  }
  for (int64_t p = 0; p < s.positions; p++) {
    int64_t at = p * channels;
    slopes_of<Activation>(t, post + at, mask + at, p, divisive, s, spec.groups);
    unpool<Activation>(da, a, mask + at, t.z + at, t.slopes, p, s, spec.pooling);
  }
  s.clear_outside_windows(da);
}

// Calls work(T(), activation, geometry, scratch, sample) for all samples, each thread with scratch memory of its own.
template <class Work>
kib_status for_samples(const kib_activity_spec& spec, void* workspace, int threads, Work work) {
  kib_status status = check_setting("activation", spec.activation, KIB_SELU + 1);
  if (status == KIB_OK) status = check_setting("pooling", spec.pooling, KIB_POOL_AVERAGE + 1);
  if (status != KIB_OK) return status;
  Sample s(spec);
  if (s.units == 0) return refuse(KIB_BAD_ARGUMENT, "take samples of at least one number");
  if (spec.groups > 0 && s.units % spec.groups != 0)
    return refuse(KIB_BAD_ARGUMENT, "do not split %lld units into %lld groups of one size",
                  static_cast<long long>(s.units), static_cast<long long>(spec.groups));
  threads = threads_for(spec.batch * s.inputs(), threads);
  return with_type(spec.type, [&](auto tag) {
    with_activation(spec.activation, [&](auto activation) {
#pragma omp parallel for num_threads(threads) schedule(static)
      for (int64_t thread = 0; thread < threads; thread++) {
        Scratch t(workspace, thread, s, spec.groups);
        for (int64_t b = spec.batch * thread / threads; b < spec.batch * (thread + 1) / threads; b++)
          work(tag, activation, s, t, b);
      }
    });
  });
}

}  // namespace

int64_t kib_activity_workspace(const kib_activity_spec* spec, const kib_queue* queue) {
  int64_t bytes = Scratch::bytes(Sample(*spec), spec->groups);
  return (bytes + 63) / 64 * 64 * queue->threads;
}

kib_status kib_activity_forward(void* post, uint8_t* mask, double* mean, float* scale, float* code, void* sent,
                                const void* a, const int64_t* now, const kib_activity_spec* spec, void* workspace,
                                const kib_queue* queue) {
  return for_samples(
      *spec, workspace, queue->threads, [=](auto tag, auto activation, const Sample& s, const Scratch& t, int64_t b) {
        using T = decltype(tag);
        activate<activation.value>(t.z, mask + b * s.units, static_cast<const T*>(a) + b * s.inputs(), s,
                                   spec->pooling);
        int64_t g = b * spec->groups;
        if (spec->groups > 0) group_statistics(mean + g, scale + g, code + g, t, s, *spec);
        send(static_cast<T*>(post) + b * s.units, static_cast<T*>(sent) + b * s.units, t, s, b, now, *spec);
      });
}

kib_status kib_activity_hebbian_gradient(void* da, const void* a, const void* post, const uint8_t* mask,
                                         const double* mean, const float* scale, const void* du,
                                         const kib_activity_spec* spec, void* workspace, const kib_queue* queue) {
  return for_samples(
      *spec, workspace, queue->threads, [=](auto tag, auto activation, const Sample& s, const Scratch& t, int64_t b) {
        using T = decltype(tag);
        hebbian<activation.value>(static_cast<T*>(da) + b * s.inputs(), static_cast<const T*>(a) + b * s.inputs(),
                                  static_cast<const T*>(post) + b * s.units, mask + b * s.units,
                                  mean + b * spec->groups, scale + b * spec->groups, du, b, t, s, *spec);
      });
}

kib_status kib_activity_output_gradient(void* da, const void* a, const void* post, const uint8_t* mask,
                                        const double* mean, const float* scale, const void* dsent, const int64_t* now,
                                        const kib_activity_spec* spec, void* workspace, const kib_queue* queue) {
  return for_samples(
      *spec, workspace, queue->threads, [=](auto tag, auto activation, const Sample& s, const Scratch& t, int64_t b) {
        using T = decltype(tag);
        output<activation.value>(static_cast<T*>(da) + b * s.inputs(), static_cast<const T*>(a) + b * s.inputs(),
                                 static_cast<const T*>(post) + b * s.units, mask + b * s.units, mean + b * spec->groups,
                                 scale + b * spec->groups, static_cast<const T*>(dsent) + b * s.units, now, b, t, s,
                                 *spec);
      });
}

}  // namespace kib::KIB_LEVEL
