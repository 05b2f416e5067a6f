// The ways back to pre-activations.
//
// activity_local_gradient, for the third factor, and for what was sent where nothing divides: a block has any part of a
// sample's channels and positions. activity_output_gradient, through divisive normalization: as the forward pass, a
// block has whole groups at all positions and keeps post and the gradient of what was sent in shared memory between the
// sums and the result.
//
// Per element after pooling they read sizeof(T) of post (where grouped or SELU's slope needs it), one byte of the mask
// (where max pooling or a slope needs it), sizeof(T) of what comes back (not where it is a group's number); of average
// pooling also a. They write sizeof(T) per element of a: all in whole sectors, each once. The bound is memory.
#include "activity_plan.cuh"
#include "shelf.cuh"

namespace kib::cuda {
namespace {

template <class T>
struct Back {
  T* da;
  const T *a, *post;
  const uint8_t* mask;
  const double* mean;
  const float* scale;
  const float* third;  // [B, G], or NULL
  const T* up;         // [B, HW, C] where third is NULL
  Geometry g;
  Groups groups;
  Dropping dropping;
  bool drops, reads_post, reads_mask;
};

// Whether f' is that of z, and not of a's sign alone.
__device__ inline bool slope_needs_z(const Geometry& g) {
  return g.activation == KIB_SELU && g.pooling != KIB_POOL_AVERAGE;
}

template <class T, class Form>
__global__ void __launch_bounds__(kActivityThreads, Form::kLocalBlocks) activity_local_gradient(const Back<T> b) {
  constexpr int V = Form::V, J = Form::J;
  constexpr int kAtOnce = Form::kPooling == KIB_POOL_NONE ? J : (J + 1) / 2;  // positions: as many as registers allow
  extern __shared__ float tables[];
  const Geometry& g = b.g;
  const Groups& groups = b.groups;
  Place<V> place(g);
  int64_t out = place.sample * g.units + place.channel;
  T* da = b.da + place.sample * g.inputs;
  const T* a = b.a + place.sample * g.inputs + place.channel;
  bool grouped = b.third != nullptr;
  float factor[V], first[V], second[V];  // of groups: 2p/n du s^(p-1+q); then the mean's halves, or the mean and s^q
  if (grouped) {
    int group = place.first / groups.channels;
    int in_tile = min((place.first + g.tile - 1) / groups.channels + 1, groups.count) - group;
    double q = groups.divisive ? groups.divisive_power : 0.0, constant = 2 * groups.power / groups.size;
    for (int i = static_cast<int>(threadIdx.x); i < in_tile; i += static_cast<int>(blockDim.x)) {
      int64_t at = place.sample * groups.count + group + i;
      double s = static_cast<double>(b.scale[at]), mean = b.mean[at];
      double power = groups.powers_cancel ? (s > 0 ? 1.0 : s != s ? s : 0.0) : power_or_zero(s, groups.power - 1 + q);
      tables[i] = static_cast<float>(power * static_cast<double>(b.third[at]) * constant);
      bool needs_z = groups.divisive && slope_needs_z(g);
      tables[groups.in_tile + i] = high_half(mean);
      tables[2 * groups.in_tile + i] = needs_z ? static_cast<float>(power_or_zero(s, q)) : low_half(mean);
    }
    __syncthreads();
    if (place.active) {
      int channel = place.channel - group * groups.channels;
      of_groups(factor, tables, channel, groups);
      of_groups(first, tables + groups.in_tile, channel, groups);
      of_groups(second, tables + 2 * groups.in_tile, channel, groups);
    }
  }
  uint32_t now = b.drops ? static_cast<uint32_t>(b.dropping.now[KIB_CLOCK_STEP]) : 0;
  for (int i = 0; place.has(g, i) && i < g.items; i++) {
    int position = place.at(g, i) * J;
    uint32_t dropped = b.drops ? dropped_bits<V, J>(b.dropping, g, place.sample, place.channel, position, now) : 0;
#pragma unroll kAtOnce
    for (int j = 0; j < J; j++) {
      int64_t at = out + (position + j) * g.channels;
      float z[V] = {}, dz[V];
      Bytes<V> mask;
      if (b.reads_post) load_many(z, b.post + at);
      if (b.reads_mask) mask.read(b.mask + at);
      if (!grouped) {
        load_many(dz, b.up + at);
#pragma unroll
        for (int v = 0; v < V; v++)
          if (b.drops) dz[v] = dropped >> (j * V + v) & 1u ? 0.0f : b.dropping.kept_scale * dz[v];
      } else if (groups.divisive) {
#pragma unroll
        for (int v = 0; v < V; v++) {
          dz[v] = factor[v] * z[v];
          z[v] = first[v] + second[v] * z[v];
        }
      } else {
#pragma unroll
        for (int v = 0; v < V; v++) dz[v] = factor[v] * ((z[v] - first[v]) - second[v]);
      }
      int window = g.window<Form::kPooling>(position + j);
      unpool<Form::kPooling>(da + place.channel + window, a + window, dz, z, mask, g);
    }
  }
  clear_outside_windows(da, place, g);
}

template <class T, class Form>
__global__ void __launch_bounds__(kOutputThreads, 1) activity_output_gradient(const Back<T> b) {
  constexpr int V = Form::V, J = Form::J;
  extern __shared__ uint4 memory[];
  const Geometry& g = b.g;
  const Groups& groups = b.groups;
  Place<V> place(g);
  Shelf<T, V> shelf(memory);  // slots in pairs: what comes back, and post
  int64_t out = place.sample * g.units + place.channel;
  T* da = b.da + place.sample * g.inputs;
  const T* a = b.a + place.sample * g.inputs + place.channel;
  for (int i = 0; place.has(g, i) && i < g.items; i++) {
#pragma unroll
    for (int j = 0; j < J; j++) {
      int64_t at = out + (place.at(g, i) * J + j) * g.channels;
      int slot = 2 * (i * J + j);
      if constexpr (V > 1) {
        shelf.fetch(slot, b.up + at);
        shelf.fetch(slot + 1, b.post + at);
      } else {
        float x[V];
        load_many(x, b.up + at);
        shelf.put(slot, x);
        load_many(x, b.post + at);
        shelf.put(slot + 1, x);
      }
    }
  }
  Shelf<T, V>::arrived();
  uint32_t now = b.drops ? static_cast<uint32_t>(b.dropping.now[KIB_CLOCK_STEP]) : 0;
  float kept = b.drops ? b.dropping.kept_scale : 1.0f;
  Spread spread[V];
  int count = 0;
  for (int i = 0; place.has(g, i) && i < g.items; i++, count += J) {
    int position = place.at(g, i) * J;
    uint32_t dropped = b.drops ? dropped_bits<V, J>(b.dropping, g, place.sample, place.channel, position, now) : 0;
    float up[J][V];
#pragma unroll
    for (int j = 0; j < J; j++) {
      shelf.get(2 * (i * J + j), up[j]);
      if (b.drops) {
#pragma unroll
        for (int v = 0; v < V; v++) up[j][v] = dropped >> (j * V + v) & 1u ? 0.0f : up[j][v];
        shelf.put(2 * (i * J + j), up[j]);
      }
    }
    if (i == 0) {
#pragma unroll
      for (int v = 0; v < V; v++) {
        float mean = kept * up[0][v];
        if constexpr (J == 4) mean = 0.25f * kept * ((up[0][v] + up[1][v]) + (up[2][v] + up[3][v]));
        spread[v].begin(mean);
      }
    }
#pragma unroll
    for (int j = 0; j < J; j++)
#pragma unroll
      for (int v = 0; v < V; v++) spread[v].add(kept * up[j][v]);
  }
  double* sums = reinterpret_cast<double*>(reinterpret_cast<char*>(memory) + g.kept);
  float *high = reinterpret_cast<float*>(sums + groups.in_tile), *low = high + groups.in_tile;
  float *factor = low + groups.in_tile, *projection = factor + groups.in_tile, *mean = projection + groups.in_tile;
  float* root = mean + groups.in_tile;
  double* parts = sums + groups.in_tile * (1 + kGroupTables / 2);
  int group = place.first / groups.channels, in_tile = min(groups.in_tile - 1, groups.count - group);
  double totals[V];
#pragma unroll
  for (int v = 0; v < V; v++) totals[v] = count > 0 ? spread[v].total(count) : 0.0;
  sum_groups(sums, parts, totals, place, g, groups, in_tile);
  for (int i = static_cast<int>(threadIdx.x); i < in_tile; i += static_cast<int>(blockDim.x)) {
    double average = sums[i] / groups.size;
    high[i] = high_half(average);
    low[i] = low_half(average);
  }
  __syncthreads();
  // r's sum over a group is 0 but for r's rounding, which a large mean of what comes back would make much of.
  float highs[V], lows[V], projections[V] = {};
  if (place.active) {
    of_groups(highs, high, place.lane * V, groups);
    of_groups(lows, low, place.lane * V, groups);
  }
  for (int i = 0; place.has(g, i) && i < g.items; i++) {
#pragma unroll
    for (int j = 0; j < J; j++) {
      float up[V], r[V];
      shelf.get(2 * (i * J + j), up);
      shelf.get(2 * (i * J + j) + 1, r);
#pragma unroll
      for (int v = 0; v < V; v++) projections[v] += ((kept * up[v] - highs[v]) - lows[v]) * r[v];
    }
  }
  sum_groups(projection, reinterpret_cast<float*>(parts), projections, place, g, groups, in_tile);
  for (int i = static_cast<int>(threadIdx.x); i < in_tile; i += static_cast<int>(blockDim.x)) {
    int64_t at = place.sample * groups.count + group + i;
    double s = static_cast<double>(b.scale[at]), q = groups.divisive_power;
    factor[i] = static_cast<float>(power_or_zero(s, -q));
    projection[i] =
        static_cast<float>(static_cast<double>(projection[i]) * (2 * q / groups.size) * power_or_zero(s, q - 1));
    mean[i] = slope_needs_z(g) ? high_half(b.mean[at]) : 0.0f;
    root[i] = slope_needs_z(g) ? static_cast<float>(power_or_zero(s, q)) : 0.0f;
  }
  __syncthreads();
  float factors[V], means[V], roots[V];
  if (place.active) {
    of_groups(factors, factor, place.lane * V, groups);
    of_groups(projections, projection, place.lane * V, groups);
    of_groups(means, mean, place.lane * V, groups);
    of_groups(roots, root, place.lane * V, groups);
  }
  for (int i = 0; place.has(g, i) && i < g.items; i++) {
    int position = place.at(g, i) * J;
#pragma unroll
    for (int j = 0; j < J; j++) {
      Bytes<V> mask;
      if (b.reads_mask) mask.read(b.mask + out + (position + j) * g.channels);
      float dz[V], z[V];
      shelf.get(2 * (i * J + j), dz);
      shelf.get(2 * (i * J + j) + 1, z);
#pragma unroll
      for (int v = 0; v < V; v++) {
        dz[v] = factors[v] * ((kept * dz[v] - highs[v]) - lows[v]) - projections[v] * z[v];
        z[v] = means[v] + roots[v] * z[v];
      }
      int window = g.window<Form::kPooling>(position + j);
      unpool<Form::kPooling>(da + place.channel + window, a + window, dz, z, mask, g);
    }
  }
  clear_outside_windows(da, place, g);
}

template <class T>
Back<T> back(void* da, const void* a, const void* post, const uint8_t* mask, const double* mean, const float* scale,
             const kib_activity_spec& spec, const Layout& layout) {
  Back<T> b = {};
  b.da = static_cast<T*>(da), b.a = static_cast<const T*>(a), b.post = static_cast<const T*>(post);
  b.mask = mask, b.mean = mean, b.scale = scale;
  b.g = layout.g, b.groups = layout.groups;
  bool average = spec.pooling == KIB_POOL_AVERAGE;
  b.reads_post = spec.activation == KIB_SELU && !average;
  b.reads_mask = spec.pooling == KIB_POOL_MAX || (!average && spec.activation != KIB_IDENTITY);
  return b;
}

// What average pooling alone reads.
const void* read_of(const void* a, const kib_activity_spec& spec) {
  return spec.pooling == KIB_POOL_AVERAGE ? a : nullptr;
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

kib_status kib_activity_hebbian_gradient(void* da, const void* a, const void* post, const uint8_t* mask,
                                         const double* mean, const float* scale, const void* du,
                                         const kib_activity_spec* spec, void* workspace, const kib_queue* queue) {
  kib_status status = check_activity(*spec);
  if (status != KIB_OK) return status;
  bool grouped = spec->groups > 0;
  if (grouped && !whole_channels(*spec))
    return hebbian_in_parts(da, a, post, mask, mean, scale, static_cast<const float*>(du), *spec, workspace, queue);
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    bool wide = all_wide<T>(*spec, mask, {da, read_of(a, *spec), post, grouped ? nullptr : du});
    return with_form<T>(wide, spec->height * spec->width, spec->pooling, [&](auto form) {
      Layout layout = in_parts(*spec, form.V, form.J);
      Back<T> b = back<T>(da, a, post, mask, mean, scale, *spec, layout);
      b.reads_post |= grouped;
      if (grouped) {
        b.third = static_cast<const float*>(du);
      } else {
        b.up = static_cast<const T*>(du);
      }
      return launch("activity.hebbian_gradient", activity_local_gradient<T, decltype(form)>, layout.grid, queue, b);
    });
  });
}

kib_status kib_activity_output_gradient(void* da, const void* a, const void* post, const uint8_t* mask,
                                        const double* mean, const float* scale, const void* dsent, const int64_t* now,
                                        const kib_activity_spec* spec, void* workspace, const kib_queue* queue) {
  kib_status status = check_activity(*spec);
  if (status != KIB_OK) return status;
  bool divisive = spec->groups > 0 && spec->divisive_power > 0;
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    bool wide = all_wide<T>(*spec, mask, {da, read_of(a, *spec), post, dsent});
    return with_form<T>(wide, spec->height * spec->width, spec->pooling, [&](auto form) {
      Layout layout;
      if (!divisive) layout = in_parts(*spec, form.V, form.J);
      if (divisive && whole_channels(*spec)) layout = output_layout<T>(*spec, form);
      if (!layout.fits) return output_in_parts(da, a, post, mask, mean, scale, dsent, now, *spec, workspace, queue);
      Back<T> b = back<T>(da, a, post, mask, mean, scale, *spec, layout);
      b.up = static_cast<const T*>(dsent);
      b.dropping = dropping(*spec, now);
      b.drops = spec->drop_below != 0 && now != nullptr;
      return launch("activity.output_gradient",
                    divisive ? activity_output_gradient<T, decltype(form)> : activity_local_gradient<T, decltype(form)>,
                    layout.grid, queue, b);
    });
  });
}
