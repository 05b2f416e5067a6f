// What the kernels of activity share: how a sample is laid out over threads, activations, pooling, dropout.
//
// A block has a sample's neighbouring channels (its tile). Threads lie in rows: `lanes` threads side by side own V
// channels each, 16 bytes, for the whole kernel, and a row takes J positions at a time (a step): the four whose random
// words are one counter's, where a channel's positions can be divided by 4, else one.
#ifndef KIB_CUDA_ACTIVITY_CUH
#define KIB_CUDA_ACTIVITY_CUH
#include "kib/activity.h"
#include "kib/constants.h"
#include "launch.cuh"
#include "philox.cuh"

namespace kib::cuda {

constexpr int kActivityThreads = 256;  // of a block, at most
constexpr int kOutputThreads = 512;    // of the output gradient's, whose share may leave room for one block alone
constexpr int kAnyPooling = -1;        // of a kernel: which one is known at run time
constexpr uint32_t kPositive = 4;

// A sample, and how blocks and threads divide it.
struct Geometry {
  int64_t units, inputs;  // numbers of a sample after and before pooling
  int channels, positions, height, width, input_height, input_width;
  int activation, pooling;
  uint32_t width_factor, width_shift;  // position / width, by a multiplication
  int steps;                           // of a sample: positions / J
  int tile, tiles;                     // channels of a block, and blocks for a sample's channels
  int lanes, rows, items;              // threads of a row, rows, steps of a thread
  int kept;                            // bytes of shared memory for what a block keeps

  __device__ int row_of(int position) const {
    uint32_t n = static_cast<uint32_t>(position);
    return static_cast<int>((__umulhi(n, width_factor) + n) >> width_shift);
  }

  // Where the (first) pre-activation of a position lies in a sample.
  template <int Pooling>
  __device__ int window(int position) const {
    int kind = Pooling == kAnyPooling ? pooling : Pooling;
    if (kind == KIB_POOL_NONE) return position * channels;
    int row = row_of(position), column = position - row * width;
    return (2 * row * input_width + 2 * column) * channels;
  }

  // How far entry j (row-major) of a window lies behind its first.
  __device__ int entry(int j) const { return (j / 2 * input_width + j % 2) * channels; }
};

// Which numbers of a sample the calling thread has. blockIdx.x counts tiles of samples, blockIdx.y parts of a sample's
// positions.
template <int V>
struct Place {
  int64_t sample;
  int first, lane, row, channel;  // the tile's first channel; the thread's place, and its first channel
  int step;                       // its first
  bool active;

  __device__ explicit Place(const Geometry& g) {
    unsigned tile = blockIdx.x % static_cast<unsigned>(g.tiles);
    sample = blockIdx.x / static_cast<unsigned>(g.tiles);
    first = static_cast<int>(tile) * g.tile;
    row = static_cast<int>(threadIdx.x) / g.lanes;
    lane = static_cast<int>(threadIdx.x) - row * g.lanes;
    channel = first + lane * V;
    step = static_cast<int>(blockIdx.y) * g.rows * g.items + row;
    active = row < g.rows && channel < g.channels;
  }

  // Whether the thread has a step i, and which.
  __device__ bool has(const Geometry& g, int i) const { return active && step + i * g.rows < g.steps; }
  __device__ int at(const Geometry& g, int i) const { return step + i * g.rows; }
};

// V bytes of a mask, as words.
template <int V>
struct Bytes {
  uint32_t words[(V + 3) / 4] = {};

  __device__ uint32_t operator[](int v) const { return words[v / 4] >> (v % 4 * 8) & 0xFFu; }
  __device__ void set(int v, uint32_t byte) { words[v / 4] |= byte << (v % 4 * 8); }
  __device__ void read(const uint8_t* source) {
    if constexpr (V == 8) {
      uint2 both = *reinterpret_cast<const uint2*>(source);
      words[0] = both.x, words[1] = both.y;
    } else if constexpr (V == 4) {
      words[0] = *reinterpret_cast<const uint32_t*>(source);
    } else {
      words[0] = *source;
    }
  }
  __device__ void write(uint8_t* target) const {
    if constexpr (V == 8) {
      asm volatile("st.global.v2.u32 [%0], {%1, %2};" ::"l"(__cvta_generic_to_global(target)), "r"(words[0]),
                   "r"(words[1])
                   : "memory");  // in one access, as store_wide
    } else if constexpr (V == 4) {
      *reinterpret_cast<uint32_t*>(target) = words[0];
    } else {
      *target = static_cast<uint8_t>(words[0]);
    }
  }
};

constexpr float kLeakySlope = static_cast<float>(KIB_LEAKY_SLOPE);
constexpr float kSeluLambda = static_cast<float>(KIB_SELU_LAMBDA);
constexpr float kSeluLambdaAlpha = static_cast<float>(KIB_SELU_LAMBDA * KIB_SELU_ALPHA);

// x > limit ? yes : no, where both are at hand. (The compiler would compute what is dear in a branch, and a warp whose
// lanes part takes both branches, and writes in two accesses what follows.)
__device__ inline float where_above(float limit, float x, float yes, float no) {
  float chosen;
  asm("{.reg .pred above; setp.gt.f32 above, %1, %2; selp.f32 %0, %3, %4, above;}"
      : "=f"(chosen)
      : "f"(x), "f"(limit), "f"(yes), "f"(no));
  return chosen;
}

// exp(x) - 1 for x <= 0: a series near 0, where the difference would lose digits. Relative error below 1e-6; for T of
// two bytes 2e-5, in fewer instructions, of what is rounded by 4e-3. Of what it gives for x > 0 nothing is used.
template <class T>
__device__ inline float expm1_negative(float x) {
  constexpr bool kRough = sizeof(T) == 2;
  float power, series = kRough ? 1.0f / 6 : 1.0f / 720;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x * 1.44269504f));
  if (!kRough) {
    series = series * x + 1.0f / 120;
    series = series * x + 1.0f / 24;
    series = series * x + 1.0f / 6;
  }
  series = series * x + 0.5f;
  series = series * x + 1.0f;
  return where_above(kRough ? -0.015625f : -0.25f, x, series * x, power - 1.0f);
}

// z = f(a), in place, of a that was T.
template <class T, int V>
__device__ inline void activate(float (&a)[V], int activation) {
  if (activation == KIB_RELU) {
#pragma unroll
    for (float& x : a) x = x > 0 || x != x ? x : 0.0f;
  } else if (activation == KIB_LEAKY_RELU) {
#pragma unroll
    for (float& x : a) x = x > 0 ? x : kLeakySlope * x;
  } else if (activation == KIB_SELU) {
#pragma unroll
    for (float& x : a) x = where_above(0.0f, x, kSeluLambda * x, kSeluLambdaAlpha * expm1_negative<T>(x));
  }
}

// dz f'(a) from z = f(a) and the sign of a, in place.
__device__ inline float times_slope(float dz, float z, bool positive, int activation) {
  switch (activation) {
    case KIB_RELU:
      return positive ? dz : dz * 0.0f;  // NaN stays
    case KIB_LEAKY_RELU:
      return positive ? dz : kLeakySlope * dz;
    case KIB_SELU:
      return dz * (positive ? kSeluLambda : z + kSeluLambdaAlpha);
    default:
      return dz;
  }
}

// One position's V numbers from its window: the pre-activation that pooling chooses, not yet activated; of average
// pooling the mean activity. And their bytes of the mask.
template <int Pooling, class T, int V>
__device__ inline void read_window(float (&x)[V], Bytes<V>& mask, const T* window, const Geometry& g) {
  int kind = Pooling == kAnyPooling ? g.pooling : Pooling;
  load_many(x, window);
  if (kind == KIB_POOL_AVERAGE) {
    float parts[3][V];
#pragma unroll
    for (int j = 1; j < 4; j++) load_many(parts[j - 1], window + g.entry(j));
    activate<T>(x, g.activation);
#pragma unroll
    for (int j = 0; j < 3; j++) activate<T>(parts[j], g.activation);
#pragma unroll
    for (int v = 0; v < V; v++) x[v] = 0.25f * ((x[v] + parts[0][v]) + (parts[1][v] + parts[2][v]));
    return;
  }
  uint32_t choice[V] = {};
  if (kind == KIB_POOL_MAX) {  // the first of the largest, or the first NaN
    float others[3][V];
#pragma unroll
    for (int j = 1; j < 4; j++) load_many(others[j - 1], window + g.entry(j));
#pragma unroll
    for (int v = 0; v < V; v++) {
#pragma unroll
      for (uint32_t j = 1; j < 4; j++) {
        float other = others[j - 1][v];
        bool better = !(other <= x[v]) && x[v] == x[v];
        choice[v] = better ? j : choice[v];
        x[v] = better ? other : x[v];
      }
    }
  }
#pragma unroll
  for (int v = 0; v < V; v++) mask.set(v, choice[v] + (x[v] > 0 ? kPositive : 0u));
}

// Which elements are dropped, and what becomes of the others.
struct Dropping {
  const int64_t* now;  // NULL: none
  PhiloxKeys keys;
  uint32_t below, layer;
  float kept_scale, kept_shift, dropped_value;
};

// Bit j V + v: whether position j of a step, channel v of the thread, is dropped. One counter for 4 elements where
// they are a channel's neighbours or a linear layer's, else one for each.
template <int V, int J>
__device__ inline uint32_t dropped_bits(const Dropping& d, const Geometry& g, int64_t sample, int channel, int position,
                                        uint32_t now) {
  uint64_t element = static_cast<uint64_t>(sample) * static_cast<uint64_t>(g.units) +
                     static_cast<uint64_t>(channel) * static_cast<uint64_t>(g.positions) +
                     static_cast<uint64_t>(position);
  uint32_t bits = 0;
  if constexpr (J == 4) {
    uint32_t counter = static_cast<uint32_t>(element / 4);
#pragma unroll 2
    for (uint32_t bit = 1; bit < 1u << V; bit *= 2) {
      uint4 words = philox(counter, now, d.layer, KIB_PURPOSE_DROPOUT, d.keys);
      counter += static_cast<uint32_t>(g.positions) / 4;
      bits |= words.x < d.below ? bit : 0u;
      bits |= words.y < d.below ? bit << V : 0u;
      bits |= words.z < d.below ? bit << 2 * V : 0u;
      bits |= words.w < d.below ? bit << 3 * V : 0u;
    }
    return bits;
  } else if (V % 4 == 0 && g.positions == 1 && g.channels % 4 == 0) {
    for (int v = 0; v < V; v += 4) {
      uint4 words = philox(static_cast<uint32_t>(element / 4) + static_cast<uint32_t>(v) / 4, now, d.layer,
                           KIB_PURPOSE_DROPOUT, d.keys);
      bits |= ((words.x < d.below ? 1u : 0u) | (words.y < d.below ? 2u : 0u) | (words.z < d.below ? 4u : 0u) |
               (words.w < d.below ? 8u : 0u))
              << v;
    }
    return bits;
  } else {
    for (int v = 0; v < V; v++) {
      uint64_t e = element + static_cast<uint64_t>(v) * static_cast<uint64_t>(g.positions);
      uint4 words = philox(static_cast<uint32_t>(e / 4), now, d.layer, KIB_PURPOSE_DROPOUT, d.keys);
      bits |= (word(words, static_cast<unsigned>(e % 4)) < d.below ? 1u : 0u) << v;
    }
    return bits;
  }
}

// Writes post and, where they are dropped from, sent: V numbers of one position.
template <class T, int V>
__device__ inline void send(T* post, T* sent, const float (&r)[V], uint32_t dropped, const Dropping& d) {
  store_many(post, r);
  if (sent == post) return;
  float x[V];
#pragma unroll
  for (int v = 0; v < V; v++) {
    float kept = rounded(r[v], T()) * d.kept_scale + d.kept_shift;
    x[v] = dropped >> v & 1u ? d.dropped_value : kept;
  }
  store_many(sent, x);
}

// Writes da of one position's window from dz and z: V channels.
template <int Pooling, class T, int V>
__device__ inline void unpool(T* da, const T* a, const float (&dz)[V], const float (&z)[V], const Bytes<V>& mask,
                              const Geometry& g) {
  int kind = Pooling == kAnyPooling ? g.pooling : Pooling;
  float out[V];
  if (kind == KIB_POOL_AVERAGE) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
      float x[V];
      load_many(x, a + g.entry(j));
      bool positive[V];
#pragma unroll
      for (int v = 0; v < V; v++) positive[v] = x[v] > 0;
      if (g.activation == KIB_SELU) activate<T>(x, KIB_SELU);
#pragma unroll
      for (int v = 0; v < V; v++) out[v] = times_slope(0.25f * dz[v], x[v], positive[v], g.activation);
      store_many(da + g.entry(j), out);
    }
    return;
  }
  float chosen[V];
#pragma unroll
  for (int v = 0; v < V; v++) chosen[v] = times_slope(dz[v], z[v], (mask[v] & kPositive) != 0, g.activation);
  if (kind == KIB_POOL_NONE) return store_many(da, chosen);
#pragma unroll
  for (int j = 0; j < 4; j++) {
#pragma unroll
    for (int v = 0; v < V; v++) out[v] = (mask[v] & 3u) == static_cast<uint32_t>(j) ? chosen[v] : 0.0f;
    store_many(da + g.entry(j), out);
  }
}

// Sets da to 0 where no window is: the last row or column of an odd image. All threads of a sample's first blocks call
// it, each for its channels.
template <class T, int V>
__device__ inline void clear_outside_windows(T* da, const Place<V>& place, const Geometry& g) {
  if (g.pooling == KIB_POOL_NONE || blockIdx.y != 0 || !place.active) return;
  int column = g.input_width > 2 * g.width ? 2 * g.height : 0;  // entries of the last column beside windows
  int outside = column + (g.input_height > 2 * g.height ? g.input_width : 0);
  const float zero[V] = {};
  for (int i = place.row; i < outside; i += g.rows) {
    int at = i < column ? (i + 1) * g.input_width - 1 : 2 * g.height * g.input_width + (i - column);
    store_many(da + static_cast<int64_t>(at) * g.channels + place.channel, zero);
  }
}

}  // namespace kib::cuda
#endif
