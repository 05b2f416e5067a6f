// How activity's kernels are laid out over a device: which form of a kernel, which tile, how much shared memory.
#ifndef KIB_CUDA_ACTIVITY_PLAN_CUH
#define KIB_CUDA_ACTIVITY_PLAN_CUH
#include <algorithm>
#include <numeric>
#include <type_traits>

#include "activity_groups.cuh"

namespace kib::cuda {

// What a block's kernel is: V channels a thread, J positions a step. They follow from the shape and from where arrays
// lie; pooling is known at compile time in the form that convolutions take.
template <int Channels, int Positions, int Kind>
struct Form {
  static constexpr int V = Channels, J = Positions, kPooling = Kind;
  // Blocks that a multiprocessor is to have registers for: of the forward pass, and of the local gradient.
  static constexpr int kForwardBlocks = Kind == KIB_POOL_MAX || Kind == KIB_POOL_AVERAGE ? 2 : 3;
  static constexpr int kLocalBlocks = Kind == KIB_POOL_NONE || Kind == KIB_POOL_MAX ? 3 : 2;
};

// Calls function(Form()) with the form of a shape; wide where arrays can be read 16 bytes at a time.
template <class T, class Function>
kib_status with_form(bool wide, int64_t positions, int pooling, Function function) {
  if (!wide) return function(Form<1, 1, kAnyPooling>());
  if (positions % 4 != 0) return function(Form<kWide<T>, 1, kAnyPooling>());
  switch (pooling) {
    case KIB_POOL_NONE:
      return function(Form<kWide<T>, 4, KIB_POOL_NONE>());
    case KIB_POOL_MAX:
      return function(Form<kWide<T>, 4, KIB_POOL_MAX>());
    default:
      return function(Form<kWide<T>, 4, KIB_POOL_AVERAGE>());
  }
}

inline bool whole_channels(const kib_activity_spec& spec) {
  int64_t positions = spec.height * spec.width;
  return spec.groups > 0 && spec.channels * positions / spec.groups % positions == 0;
}

// A kernel's launch.
struct Layout {
  Geometry g = {};
  Groups groups = {};
  Grid grid = {};
  bool fits = false;  // whether a block's share has room
};

inline Geometry geometry(const kib_activity_spec& spec, int v, int j, int64_t tile, int threads) {
  Geometry g = {};
  bool pooled = spec.pooling != KIB_POOL_NONE;
  g.channels = static_cast<int>(spec.channels);
  g.height = static_cast<int>(spec.height), g.width = static_cast<int>(spec.width);
  g.positions = g.height * g.width;
  g.input_height = static_cast<int>(pooled ? spec.input_height : spec.height);
  g.input_width = static_cast<int>(pooled ? spec.input_width : spec.width);
  g.units = spec.channels * g.positions;
  g.inputs = spec.channels * g.input_height * g.input_width;
  g.activation = spec.activation, g.pooling = spec.pooling;
  while ((int64_t{1} << g.width_shift) < g.width) g.width_shift++;  // Granlund and Montgomery, 1994
  g.width_factor = static_cast<uint32_t>(
      (((uint64_t{1} << g.width_shift) - static_cast<uint64_t>(g.width)) << 32) / static_cast<uint64_t>(g.width) + 1);
  g.steps = g.positions / j;
  g.tile = static_cast<int>(tile);
  g.tiles = static_cast<int>(divided_up(spec.channels, tile));
  g.lanes = static_cast<int>(divided_up(tile, v));
  g.rows = std::min(g.steps, std::max(1, threads / g.lanes));
  g.items = static_cast<int>(divided_up(g.steps, g.rows));
  return g;
}

inline Groups groups_of(const kib_activity_spec& spec, const Geometry& g, int v) {
  Groups groups = {};
  if (spec.groups == 0) return groups;
  groups.count = static_cast<int>(spec.groups);
  groups.size = static_cast<double>(g.units / spec.groups);
  groups.channels = static_cast<int>(g.units / spec.groups / g.positions);  // 0 where groups are not of whole ones
  groups.power = spec.power, groups.divisive_power = spec.divisive_power, groups.delta = spec.delta;
  groups.divisive = spec.divisive_power > 0;
  groups.powers_cancel = spec.power + (groups.divisive ? spec.divisive_power : 0.0) == 1;
  if (!whole_channels(spec)) return groups;
  groups.in_tile = static_cast<int>(divided_up(g.tile, groups.channels)) + 1;
  while (v >> (groups.fold + 1) > 0 && groups.channels % (2 << groups.fold) == 0) groups.fold++;
  int terms = (groups.channels >> groups.fold) * g.rows;
  groups.width = 1;
  while (groups.width < kWarp && 8 * groups.width < terms) groups.width *= 2;
  return groups;
}

inline unsigned whole_warps(int threads) { return static_cast<unsigned>(divided_up(threads, kWarp) * kWarp); }

// Shared memory that a block may have.
inline size_t shared_limit() {
  int device = 0, bytes = 0;
  if (cudaGetDevice(&device) != cudaSuccess ||
      cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device) != cudaSuccess)
    return 48 * 1024;
  return static_cast<size_t>(bytes);
}

// The tile of a kernel that divides a sample into parts by unit channels: at least 32 channels, a sector of the mask,
// and 128 threads, unless there are no more.
inline int64_t preferred_tile(const kib_activity_spec& spec, int v, int j, int64_t unit) {
  int64_t steps = spec.height * spec.width / j, tile = divided_up(32, unit) * unit;
  while (tile < spec.channels && tile / v * steps < 128) tile += unit;
  return std::min(tile, divided_up(spec.channels, unit) * unit);
}

// A kernel whose blocks have all positions of whole groups on the chip: kept bytes for each element. First a tile whose
// mask fills sectors; then 16 channels, which fill 15 of 16 sectors' bytes in single precision; then what must be.
inline Layout on_chip(const kib_activity_spec& spec, int v, int j, int kept, int threads, size_t limit) {
  int64_t positions = spec.height * spec.width, unit = v;
  if (spec.groups > 0) unit = std::lcm<int64_t, int64_t>(v, spec.channels * positions / spec.groups / positions);
  size_t modest = spec.type == KIB_F32 ? std::min<size_t>(limit, 96 * 1024) : limit;
  Layout layout;
  const int64_t tiles[] = {preferred_tile(spec, v, j, unit), divided_up(16, unit) * unit, unit};
  for (int64_t tile : tiles) {
    Geometry& g = layout.g = geometry(spec, v, j, std::min(tile, spec.channels), threads);
    Groups& groups = layout.groups = groups_of(spec, g, v);
    if (g.lanes > threads) continue;
    if (spec.groups == 0) g.items = std::min(g.items, 2);
    Grid& grid = layout.grid;
    grid.threads = whole_warps(g.lanes * g.rows);
    grid.blocks = dim3(static_cast<unsigned>(spec.batch * g.tiles),
                       static_cast<unsigned>(divided_up(g.steps, static_cast<int64_t>(g.rows) * g.items)));
    g.kept = static_cast<int>(std::min<int64_t>(int64_t{g.items} * j * grid.threads * v * kept, 1 << 30));
    grid.shared = static_cast<size_t>(g.kept);
    if (spec.groups > 0) {
      grid.shared += 8 * static_cast<size_t>(v >> groups.fold) * static_cast<size_t>(g.rows * (g.lanes | 1));
      grid.shared += static_cast<size_t>(groups.in_tile) * (8 + kGroupTables * 4);
    }
    layout.fits = grid.shared <= (tile == tiles[0] ? modest : limit);
    if (layout.fits) return layout;
  }
  return layout;
}

// The forward pass keeps an activity or pre-activation of each element; the output gradient keeps post, and what comes
// back.
template <class T, class Form>
Layout forward_layout(const kib_activity_spec& spec, Form) {
  constexpr int kKept = Form::kPooling == KIB_POOL_NONE ? sizeof(T) : sizeof(float);
  return on_chip(spec, Form::V, Form::J, kKept, kActivityThreads, shared_limit());
}
template <class T, class Form>
Layout output_layout(const kib_activity_spec& spec, Form) {
  return on_chip(spec, Form::V, Form::J, 2 * sizeof(T), kOutputThreads, shared_limit());
}

// Whether no call about a shape needs the workspace, wherever its arrays lie.
inline bool chip_suffices(const kib_activity_spec& spec) {
  if (spec.groups == 0) return true;
  if (!whole_channels(spec)) return false;
  bool fits = true;
  with_type(spec.type, [&](auto tag) {
    using T = decltype(tag);
    for (bool wide : {false, true}) {
      if (wide && spec.channels % kWide<T> != 0) continue;
      with_form<T>(wide, spec.height * spec.width, spec.pooling, [&](auto form) {
        fits = fits && forward_layout<T>(spec, form).fits;
        fits = fits && (spec.divisive_power == 0 || output_layout<T>(spec, form).fits);
        return KIB_OK;
      });
    }
    return KIB_OK;
  });
  return fits;
}

// A kernel that needs no sums: any part of a sample's channels and positions.
inline Layout in_parts(const kib_activity_spec& spec, int v, int j) {
  Layout layout;
  Geometry& g = layout.g = geometry(spec, v, j, preferred_tile(spec, v, j, v), kActivityThreads);
  layout.groups = groups_of(spec, g, v);
  g.items = std::min(g.items, 8);
  layout.grid.threads = whole_warps(g.lanes * g.rows);
  layout.grid.blocks = dim3(static_cast<unsigned>(spec.batch * g.tiles),
                            static_cast<unsigned>(divided_up(g.steps, static_cast<int64_t>(g.rows) * g.items)));
  layout.grid.shared = static_cast<size_t>(layout.groups.in_tile) * kGroupTables * 4;
  layout.fits = true;
  return layout;
}

inline Dropping dropping(const kib_activity_spec& spec, const int64_t* now) {
  return {
      now, philox_keys(spec.seed), spec.drop_below, spec.layer, spec.kept_scale, spec.kept_shift, spec.dropped_value};
}

// Whether all of a call's arrays of activations (those that are not NULL), and its mask, can be read V at a time.
template <class T>
bool all_wide(const kib_activity_spec& spec, const uint8_t* mask, std::initializer_list<const void*> arrays) {
  if (reinterpret_cast<uintptr_t>(mask) % kWide<T> != 0) return false;
  return std::all_of(arrays.begin(), arrays.end(), [&](const void* array) { return is_wide<T>(array, spec.channels); });
}

// The forms for what does not fit on the chip, or whose groups are not whole channels: several launches, with the
// workspace. Slower, since they read it again and element by element; activity_parts.cu.
kib_status forward_in_parts(void* post, uint8_t* mask, double* mean, float* scale, float* code, void* sent,
                            const void* a, const int64_t* now, const kib_activity_spec& spec, void* workspace,
                            const kib_queue* queue);
kib_status hebbian_in_parts(void* da, const void* a, const void* post, const uint8_t* mask, const double* mean,
                            const float* scale, const float* du, const kib_activity_spec& spec, void* workspace,
                            const kib_queue* queue);
kib_status output_in_parts(void* da, const void* a, const void* post, const uint8_t* mask, const double* mean,
                           const float* scale, const void* dsent, const int64_t* now, const kib_activity_spec& spec,
                           void* workspace, const kib_queue* queue);
int64_t parts_workspace(const kib_activity_spec& spec);

// Refuses what no kernel computes.
kib_status check_activity(const kib_activity_spec& spec);

}  // namespace kib::cuda
#endif
