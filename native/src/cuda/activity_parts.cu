// Activity where groups are not whole channels, or a group at all positions has no room on the chip: several launches,
// a thread for each element, and sums by a block for each sample and group.
//
// Bytes per element after pooling beyond those of the forms on the chip: forward 4 written and 12 read of z
// (workspace); the output gradient reads post and what comes back three times. Groups inside a channel read C apart, a
// sector for each number. Right for every shape, and of no concern for speed: no setting of the paper has such groups.
#include "activity_plan.cuh"
#include "reduce.cuh"

namespace kib::cuda {
namespace {

constexpr int kSumThreads = 256;
using Scalar = Form<1, 1, kAnyPooling>;

// A group's numbers in the order of groups, and where they lie in a sample.
struct Runs {
  int64_t size;
  int channels, positions, whole;  // whole channels of a group, or 0

  __device__ int64_t group_of(int channel, int position) const {
    return (static_cast<int64_t>(channel) * positions + position) / size;
  }
  // Element i of group g; of whole channels neighbours lie side by side.
  __device__ void element(int64_t g, int64_t i, int& channel, int& position) const {
    if (whole > 0) {
      position = static_cast<int>(i / whole);
      channel = static_cast<int>(g) * whole + static_cast<int>(i % whole);
    } else {
      int64_t e = g * size + i;
      channel = static_cast<int>(e / positions);
      position = static_cast<int>(e % positions);
    }
  }
};

// What becomes of a group's elements on the way back: dz = f ((up - m) - l) + h ((post - high) - low), z = mean + root
// post.
struct Way {
  float f, m, l, h, high, low, mean, root;
};

template <class T>
__global__ void activity_activate(float* z, uint8_t* mask, const T* a, Geometry g, int64_t size) {
  for (int64_t i = first_item(); i < size; i += item_stride()) {
    int64_t sample = i / g.units;
    int at = static_cast<int>(i - sample * g.units), position = at / g.channels, channel = at - position * g.channels;
    float x[1];
    Bytes<1> bits;
    read_window<kAnyPooling>(x, bits, a + sample * g.inputs + g.window<kAnyPooling>(position) + channel, g);
    if (g.pooling != KIB_POOL_AVERAGE) activate<T>(x, g.activation);
    z[i] = x[0];
    bits.write(mask + i);
  }
}

// A block has a group of a sample: its mean, then s and u.
__global__ void __launch_bounds__(kSumThreads, 4)
    activity_statistics(double* mean, float* scale, float* code, float* factor, const float* z, Geometry g,
                        Groups groups, Runs runs) {
  __shared__ double parts[kWarp];
  int64_t at = blockIdx.x, sample = at / groups.count, group = at - sample * groups.count;
  z += sample * g.units;
  double sum = 0;
  for (int64_t i = threadIdx.x; i < runs.size; i += kSumThreads) {
    int channel, position;
    runs.element(group, i, channel, position);
    sum += static_cast<double>(z[static_cast<int64_t>(position) * g.channels + channel]);
  }
  double average = block_sum(sum, parts) / groups.size;
  float high = high_half(average), low = low_half(average);
  double squares = 0;
  for (int64_t i = threadIdx.x; i < runs.size; i += kSumThreads) {
    int channel, position;
    runs.element(group, i, channel, position);
    float distance = (z[static_cast<int64_t>(position) * g.channels + channel] - high) - low;
    squares += static_cast<double>(distance) * static_cast<double>(distance);
  }
  squares = block_sum(squares, parts);
  if (threadIdx.x > 0) return;
  double s = (groups.delta + squares) / groups.size;
  double inverse = groups.divisive ? power_or_zero(s, -groups.divisive_power) : 1.0;
  mean[at] = average;
  scale[at] = static_cast<float>(s);
  code[at] = static_cast<float>(groups.divisive && groups.powers_cancel ? s * inverse : power_or_zero(s, groups.power));
  factor[at] = static_cast<float>(inverse);
}

template <class T>
__global__ void activity_send(T* post, T* sent, const float* z, const double* mean, const float* factor, Geometry g,
                              Groups groups, Runs runs, Dropping dropping, int64_t size) {
  bool drops = sent != post;
  uint32_t now = drops && dropping.now != nullptr ? static_cast<uint32_t>(dropping.now[KIB_CLOCK_STEP]) : 0;
  for (int64_t i = first_item(); i < size; i += item_stride()) {
    int64_t sample = i / g.units;
    int at = static_cast<int>(i - sample * g.units), position = at / g.channels, channel = at - position * g.channels;
    float r[1] = {z[i]};
    if (groups.divisive) {
      int64_t group = sample * groups.count + runs.group_of(channel, position);
      r[0] = ((r[0] - high_half(mean[group])) - low_half(mean[group])) * factor[group];
    }
    uint32_t dropped = drops ? dropped_bits<1, 1>(dropping, g, sample, channel, position, now) : 0;
    send(post + i, sent + i, r, dropped, dropping);
  }
}

__global__ void activity_hebbian_ways(Way* ways, const double* mean, const float* scale, const float* third,
                                      Groups groups, int64_t size) {
  double q = groups.divisive ? groups.divisive_power : 0.0, constant = 2 * groups.power / groups.size;
  for (int64_t i = first_item(); i < size; i += item_stride()) {
    double s = static_cast<double>(scale[i]);
    double power = groups.powers_cancel ? (s > 0 ? 1.0 : s != s ? s : 0.0) : power_or_zero(s, groups.power - 1 + q);
    Way way = {};
    way.h = static_cast<float>(power * static_cast<double>(third[i]) * constant);
    way.high = groups.divisive ? 0.0f : high_half(mean[i]);
    way.low = groups.divisive ? 0.0f : low_half(mean[i]);
    way.mean = groups.divisive ? high_half(mean[i]) : 0.0f;
    way.root = groups.divisive ? static_cast<float>(power_or_zero(s, q)) : 1.0f;
    ways[i] = way;
  }
}

// What comes back to an element, after the dropout mask.
template <class T>
__device__ float returned(const T* up, int64_t sample, int channel, int position, const Geometry& g,
                          const Dropping& dropping, bool drops, uint32_t now) {
  float x = load(up[sample * g.units + static_cast<int64_t>(position) * g.channels + channel]);
  if (!drops) return x;
  return dropped_bits<1, 1>(dropping, g, sample, channel, position, now) != 0 ? 0.0f : dropping.kept_scale * x;
}

// A block has a group of a sample: the mean of what comes back, and its projection on r.
template <class T>
__global__ void __launch_bounds__(kSumThreads, 4)
    activity_output_ways(Way* ways, const T* up, const T* post, const double* mean, const float* scale, Geometry g,
                         Groups groups, Runs runs, Dropping dropping, bool drops) {
  __shared__ double parts[kWarp];
  int64_t at = blockIdx.x, sample = at / groups.count, group = at - sample * groups.count;
  uint32_t now = drops ? static_cast<uint32_t>(dropping.now[KIB_CLOCK_STEP]) : 0;
  double sum = 0;
  for (int64_t i = threadIdx.x; i < runs.size; i += kSumThreads) {
    int channel, position;
    runs.element(group, i, channel, position);
    sum += static_cast<double>(returned(up, sample, channel, position, g, dropping, drops, now));
  }
  double average = block_sum(sum, parts) / groups.size;
  float high = high_half(average), low = low_half(average);
  double projection = 0;
  for (int64_t i = threadIdx.x; i < runs.size; i += kSumThreads) {
    int channel, position;
    runs.element(group, i, channel, position);
    float distance = (returned(up, sample, channel, position, g, dropping, drops, now) - high) - low;
    float r = load(post[sample * g.units + static_cast<int64_t>(position) * g.channels + channel]);
    projection += static_cast<double>(distance) * static_cast<double>(r);
  }
  projection = block_sum(projection, parts);
  if (threadIdx.x > 0) return;
  double s = static_cast<double>(scale[at]), q = groups.divisive_power;
  Way way = {static_cast<float>(power_or_zero(s, -q)), high, low, 0, 0, 0, high_half(mean[at]), 0};
  way.h = static_cast<float>(-projection * (2 * q / groups.size) * power_or_zero(s, q - 1));
  way.root = static_cast<float>(power_or_zero(s, q));
  ways[at] = way;
}

// da from the groups' ways; up is NULL where nothing comes back to elements.
template <class T>
__global__ void activity_back(T* da, const T* a, const T* post, const uint8_t* mask, const T* up, const Way* ways,
                              Geometry g, Groups groups, Runs runs, Dropping dropping, bool drops, int64_t size) {
  uint32_t now = drops ? static_cast<uint32_t>(dropping.now[KIB_CLOCK_STEP]) : 0;
  for (int64_t i = first_item(); i < size; i += item_stride()) {
    int64_t sample = i / g.units;
    int at = static_cast<int>(i - sample * g.units), position = at / g.channels, channel = at - position * g.channels;
    Way way = ways[sample * groups.count + runs.group_of(channel, position)];
    float r = load(post[i]), dz[1] = {way.h * ((r - way.high) - way.low)}, z[1] = {way.mean + way.root * r};
    if (up != nullptr)
      dz[0] += way.f * ((returned(up, sample, channel, position, g, dropping, drops, now) - way.m) - way.l);
    Bytes<1> bits;
    bits.read(mask + i);
    int64_t window = sample * g.inputs + g.window<kAnyPooling>(position) + channel;
    unpool<kAnyPooling>(da + window, a + window, dz, z, bits, g);
  }
}

// The last row or column of an odd image.
template <class T>
__global__ void activity_clear(T* da, Geometry g) {
  clear_outside_windows(da + blockIdx.x / static_cast<unsigned>(g.tiles) * g.inputs, Place<1>(g), g);
}

struct Sizes {
  Geometry g;
  Groups groups;
  Runs runs;
  int64_t elements, codes;

  explicit Sizes(const kib_activity_spec& spec)
      : g(geometry(spec, 1, 1, std::min<int64_t>(spec.channels, 256), kActivityThreads)) {
    groups = groups_of(spec, g, 1);
    runs = {g.units / spec.groups, g.channels, g.positions, whole_channels(spec) ? groups.channels : 0};
    elements = spec.batch * g.units, codes = spec.batch * spec.groups;
  }
};

template <class T>
kib_status way_back(void* da, const void* a, const void* post, const uint8_t* mask, const void* up, const Way* ways,
                    const Sizes& s, const Dropping& dropping, bool drops, int64_t batch, const kib_queue* queue) {
  kib_status status = launch("activity.back", activity_back<T>, grid_for(s.elements), queue, static_cast<T*>(da),
                             static_cast<const T*>(a), static_cast<const T*>(post), mask, static_cast<const T*>(up),
                             ways, s.g, s.groups, s.runs, dropping, drops, s.elements);
  bool odd = s.g.input_height > 2 * s.g.height || s.g.input_width > 2 * s.g.width;
  if (status != KIB_OK || !odd || s.g.pooling == KIB_POOL_NONE) return status;
  Grid grid = {dim3(static_cast<unsigned>(batch * s.g.tiles)), whole_warps(s.g.lanes * s.g.rows)};
  return launch("activity.clear", activity_clear<T>, grid, queue, static_cast<T*>(da), s.g);
}

}  // namespace

int64_t parts_workspace(const kib_activity_spec& spec) {
  Sizes s(spec);
  return std::max(Arena::bytes<float>(s.elements) + Arena::bytes<float>(s.codes), Arena::bytes<Way>(s.codes));
}

kib_status forward_in_parts(void* post, uint8_t* mask, double* mean, float* scale, float* code, void* sent,
                            const void* a, const int64_t* now, const kib_activity_spec& spec, void* workspace,
                            const kib_queue* queue) {
  return with_type(spec.type, [&](auto tag) {
    using T = decltype(tag);
    Sizes s(spec);
    Arena arena(workspace);
    float* z = arena.take<float>(s.elements);
    float* factor = arena.take<float>(s.codes);
    Grid grid = grid_for(s.elements), blocks = {dim3(static_cast<unsigned>(s.codes)), kSumThreads};
    kib_status status = launch("activity.activate", activity_activate<T>, grid, queue, z, mask,
                               static_cast<const T*>(a), s.g, s.elements);
    if (status == KIB_OK)
      status = launch("activity.statistics", activity_statistics, blocks, queue, mean, scale, code, factor, z, s.g,
                      s.groups, s.runs);
    if (status == KIB_OK)
      status = launch("activity.send", activity_send<T>, grid, queue, static_cast<T*>(post), static_cast<T*>(sent), z,
                      mean, factor, s.g, s.groups, s.runs, dropping(spec, now), s.elements);
    return status;
  });
}

kib_status hebbian_in_parts(void* da, const void* a, const void* post, const uint8_t* mask, const double* mean,
                            const float* scale, const float* du, const kib_activity_spec& spec, void* workspace,
                            const kib_queue* queue) {
  return with_type(spec.type, [&](auto tag) {
    using T = decltype(tag);
    Sizes s(spec);
    Way* ways = Arena(workspace).take<Way>(s.codes);
    kib_status status = launch("activity.hebbian_ways", activity_hebbian_ways, grid_for(s.codes), queue, ways, mean,
                               scale, du, s.groups, s.codes);
    if (status != KIB_OK) return status;
    return way_back<T>(da, a, post, mask, nullptr, ways, s, dropping(spec, nullptr), false, spec.batch, queue);
  });
}

kib_status output_in_parts(void* da, const void* a, const void* post, const uint8_t* mask, const double* mean,
                           const float* scale, const void* dsent, const int64_t* now, const kib_activity_spec& spec,
                           void* workspace, const kib_queue* queue) {
  return with_type(spec.type, [&](auto tag) {
    using T = decltype(tag);
    Sizes s(spec);
    Way* ways = Arena(workspace).take<Way>(s.codes);
    bool drops = spec.drop_below != 0 && now != nullptr;
    Grid blocks = {dim3(static_cast<unsigned>(s.codes)), kSumThreads};
    kib_status status =
        launch("activity.output_ways", activity_output_ways<T>, blocks, queue, ways, static_cast<const T*>(dsent),
               static_cast<const T*>(post), mean, scale, s.g, s.groups, s.runs, dropping(spec, now), drops);
    if (status != KIB_OK) return status;
    return way_back<T>(da, a, post, mask, dsent, ways, s, dropping(spec, now), drops, spec.batch, queue);
  });
}

}  // namespace kib::cuda
