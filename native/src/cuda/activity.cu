// From pre-activations to what the next layer reads, in one launch.
//
// A block has a sample's tile of whole groups at all positions, and keeps it in shared memory between the statistics
// and the normalization: the chosen pre-activation in the activations' type where that is bfloat16 and pooling does not
// average (f is computed twice), else the activity in single precision. Per element of a it reads sizeof(T) bytes, per
// element after pooling it writes sizeof(T) for post, one for the mask, and sizeof(T) for sent where it is not post:
// all in sectors of 32 bytes that it uses whole (a tile has at least 32 channels, where there are as many). The bound
// is memory; dropout takes 19 instructions an element, SELU 12 for each of its two times.
//
// Statistics: a thread adds up its numbers of a channel as distances from the mean of its first ones (Spread), threads'
// sums are added in double, and variations about the group's mean in single precision, all positive. So a mean that is
// large against the spread costs nothing, and the instructions in double are two for each thread and channel.
#include "activity_plan.cuh"
#include "shelf.cuh"

namespace kib::cuda {
namespace {

template <class T>
struct Forward {
  T* post;
  uint8_t* mask;
  double* mean;
  float *scale, *code;
  T* sent;
  const T* a;
  Geometry g;
  Groups groups;
  Dropping dropping;
};

// What a block knows of its groups: in shared memory, behind what threads keep.
struct Tables {
  double* sums;
  float *variations, *high, *low, *factor;
  double* parts;

  __device__ Tables(void* memory, const Geometry& g, const Groups& groups) {
    sums = reinterpret_cast<double*>(static_cast<char*>(memory) + g.kept);
    variations = reinterpret_cast<float*>(sums + groups.in_tile);
    high = variations + groups.in_tile;
    low = high + groups.in_tile;
    factor = low + groups.in_tile;
    parts = sums + groups.in_tile * (1 + kGroupTables / 2);
  }
};

// Group mean, s and u of a block's groups, from the threads' sums of their channels; leaves the means and s^-q.
template <class T, int V>
__device__ void group_statistics(const Forward<T>& f, const Tables& t, const Spread (&spread)[V], int count,
                                 const Place<V>& place) {
  const Groups& groups = f.groups;
  int first = place.first / groups.channels, in_tile = min(groups.in_tile - 1, groups.count - first);
  int64_t at = place.sample * groups.count + first;
  double totals[V];
#pragma unroll
  for (int v = 0; v < V; v++) totals[v] = spread[v].total(count);
  sum_groups(t.sums, t.parts, totals, place, f.g, groups, in_tile);
  for (int i = static_cast<int>(threadIdx.x); i < in_tile; i += static_cast<int>(blockDim.x)) {
    double mean = t.sums[i] / groups.size;
    f.mean[at + i] = mean;
    t.high[i] = high_half(mean);
    t.low[i] = low_half(mean);
  }
  __syncthreads();
  float variations[V] = {};
  if (place.active) {
    float high[V], low[V];
    of_groups(high, t.high, place.lane * V, groups);
    of_groups(low, t.low, place.lane * V, groups);
#pragma unroll
    for (int v = 0; v < V; v++) variations[v] = spread[v].variation(count, high[v], low[v]);
  }
  sum_groups(t.variations, reinterpret_cast<float*>(t.parts), variations, place, f.g, groups, in_tile);
  for (int i = static_cast<int>(threadIdx.x); i < in_tile; i += static_cast<int>(blockDim.x)) {
    double s = (groups.delta + static_cast<double>(t.variations[i])) / groups.size;
    double inverse = groups.divisive ? power_or_zero(s, -groups.divisive_power) : 1.0;
    f.scale[at + i] = static_cast<float>(s);
    f.code[at + i] =
        static_cast<float>(groups.divisive && groups.powers_cancel ? s * inverse : power_or_zero(s, groups.power));
    t.factor[i] = static_cast<float>(inverse);
  }
  __syncthreads();
}

template <class T, class Form>
__global__ void __launch_bounds__(kActivityThreads, Form::kForwardBlocks) activity_forward(const Forward<T> f) {
  constexpr int V = Form::V, J = Form::J, kPooling = Form::kPooling;
  constexpr bool kFetched = kPooling == KIB_POOL_NONE;  // pre-activations are kept, and all asked for at once
  using Kept = std::conditional_t<kFetched, T, float>;
  extern __shared__ uint4 memory[];
  const Geometry& g = f.g;
  Place<V> place(g);
  Shelf<Kept, V> shelf(memory);
  const T* a = f.a + place.sample * g.inputs + place.channel;
  int64_t out = place.sample * g.units + place.channel;
  if constexpr (kFetched) {
    for (int i = 0; place.has(g, i) && i < g.items; i++)
#pragma unroll
      for (int j = 0; j < J; j++) shelf.fetch(i * J + j, a + (place.at(g, i) * J + j) * g.channels);
    Shelf<Kept, V>::arrived();
  }
  Spread spread[V];
  int count = 0;
  for (int i = 0; place.has(g, i) && i < g.items; i++, count += J) {
    int position = place.at(g, i) * J;
    float z[J][V];
#pragma unroll
    for (int j = 0; j < J; j++) {
      Bytes<V> mask;
      if constexpr (kFetched) {
        shelf.get(i * J + j, z[j]);
#pragma unroll
        for (int v = 0; v < V; v++) mask.set(v, z[j][v] > 0 ? kPositive : 0u);
      } else {
        read_window<kPooling>(z[j], mask, a + g.window<kPooling>(position + j), g);
      }
      mask.write(f.mask + out + (position + j) * g.channels);
      if (kPooling != KIB_POOL_AVERAGE && (kPooling != kAnyPooling || g.pooling != KIB_POOL_AVERAGE))
        activate<T>(z[j], g.activation);
      if (!kFetched) shelf.put(i * J + j, z[j]);
    }
    if (f.groups.count == 0) continue;
    if (i == 0) {
#pragma unroll
      for (int v = 0; v < V; v++) {
        float mean = z[0][v];
        if constexpr (J == 4) mean = 0.25f * ((z[0][v] + z[1][v]) + (z[2][v] + z[3][v]));
        spread[v].begin(mean);
      }
    }
#pragma unroll
    for (int j = 0; j < J; j++)
#pragma unroll
      for (int v = 0; v < V; v++) spread[v].add(z[j][v]);
  }
  float high[V], low[V], factor[V];
  bool divisive = f.groups.count > 0 && f.groups.divisive;
  if (f.groups.count > 0) {
    if (count == 0) {
#pragma unroll
      for (int v = 0; v < V; v++) spread[v].begin(0.0f);
    }
    Tables tables(memory, g, f.groups);
    group_statistics(f, tables, spread, count, place);
    if (divisive && place.active) {
      of_groups(high, tables.high, place.lane * V, f.groups);
      of_groups(low, tables.low, place.lane * V, f.groups);
      of_groups(factor, tables.factor, place.lane * V, f.groups);
    }
  }
  bool drops = f.sent != f.post;
  uint32_t now = drops && f.dropping.now != nullptr ? static_cast<uint32_t>(f.dropping.now[KIB_CLOCK_STEP]) : 0;
  for (int i = 0; place.has(g, i) && i < g.items; i++) {
    int position = place.at(g, i) * J;
    uint32_t dropped = drops ? dropped_bits<V, J>(f.dropping, g, place.sample, place.channel, position, now) : 0;
#pragma unroll
    for (int j = 0; j < J; j++) {
      float z[V];
      shelf.get(i * J + j, z);
      if (kFetched) activate<T>(z, g.activation);
      if (divisive) {
#pragma unroll
        for (int v = 0; v < V; v++) z[v] = ((z[v] - high[v]) - low[v]) * factor[v];
      }
      int64_t at = out + (position + j) * g.channels;
      send(f.post + at, f.sent + at, z, dropped >> (j * V), f.dropping);
    }
  }
}

}  // namespace

kib_status check_activity(const kib_activity_spec& spec) {
  kib_status status = check_setting("activation", spec.activation, KIB_SELU + 1);
  if (status == KIB_OK) status = check_setting("pooling", spec.pooling, KIB_POOL_AVERAGE + 1);
  if (status != KIB_OK) return status;
  int64_t units = spec.channels * spec.height * spec.width;
  if (units == 0) return refuse(KIB_BAD_ARGUMENT, "take samples of at least one number");
  if (spec.groups > 0 && units % spec.groups != 0)
    return refuse(KIB_BAD_ARGUMENT, "do not split %lld units into %lld groups of one size",
                  static_cast<long long>(units), static_cast<long long>(spec.groups));
  bool pooled = spec.pooling != KIB_POOL_NONE;
  int64_t inputs = pooled ? spec.channels * spec.input_height * spec.input_width : units;
  if (std::max(inputs, spec.batch * spec.channels) > INT32_MAX)
    return refuse(KIB_BAD_ARGUMENT,
                  "take samples of at most %d numbers, and as many channels of all samples; these "
                  "are %lld numbers and %lld channels",
                  INT32_MAX, static_cast<long long>(inputs), static_cast<long long>(spec.batch * spec.channels));
  return KIB_OK;
}

}  // namespace kib::cuda

using namespace kib::cuda;

int64_t kib_activity_workspace(const kib_activity_spec* spec, const kib_queue*) {
  if (spec->groups == 0 || check_activity(*spec) != KIB_OK) return 0;
  return chip_suffices(*spec) ? 0 : parts_workspace(*spec);
}

kib_status kib_activity_forward(void* post, uint8_t* mask, double* mean, float* scale, float* code, void* sent,
                                const void* a, const int64_t* now, const kib_activity_spec* spec, void* workspace,
                                const kib_queue* queue) {
  kib_status status = check_activity(*spec);
  if (status != KIB_OK) return status;
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    return with_form<T>(
        all_wide<T>(*spec, mask, {a, post, sent}), spec->height * spec->width, spec->pooling, [&](auto form) {
          Layout layout;
          if (spec->groups == 0 || whole_channels(*spec)) layout = forward_layout<T>(*spec, form);
          if (!layout.fits)
            return forward_in_parts(post, mask, mean, scale, code, sent, a, now, *spec, workspace, queue);
          Forward<T> f = {static_cast<T*>(post),
                          mask,
                          mean,
                          scale,
                          code,
                          static_cast<T*>(sent),
                          static_cast<const T*>(a),
                          layout.g,
                          layout.groups,
                          dropping(*spec, now)};
          return launch("activity.forward", activity_forward<T, decltype(form)>, layout.grid, queue, f);
        });
  });
}
