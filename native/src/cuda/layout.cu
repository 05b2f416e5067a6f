// Between types and storage orders. All of it moves bytes and is bound by memory.
#include <algorithm>

#include "kib/layout.h"
#include "launch.cuh"

namespace kib::cuda {
namespace {

constexpr unsigned kThreads = 256;

// Zero of the same sign for a subnormal number, else the number.
__device__ float without_subnormal(float x) {
  uint32_t bits = __float_as_uint(x);
  return __uint_as_float((bits & 0x7F800000u) == 0 ? bits & 0x80000000u : bits);
}

// target[i] = source[i] without subnormal numbers. With wide, a thread moves four numbers, 16 bytes of the floats,
// else, and at the end, one. Reads and writes each number once; target may be source.
template <class Target, class Source>
__global__ void convert(Target* target, const Source* source, int64_t n, bool wide) {
  int64_t fours = wide ? n / 4 : 0;
  for (int64_t i = first_item(); i < fours; i += item_stride()) {
    float x[4];
    load_wide(x, source + 4 * i);
#pragma unroll
    for (float& number : x) number = without_subnormal(number);
    store_wide(target + 4 * i, x);
  }
  for (int64_t i = 4 * fours + first_item(); i < n; i += item_stride())
    store(target + i, without_subnormal(load(source[i])));
}

template <class Target, class Source>
kib_status convert(const char* name, Target* target, const Source* source, int64_t n, const kib_queue* queue) {
  bool wide = is_wide<Target>(target, 0) && is_wide<Source>(source, 0);
  return launch(name, convert<Target, Source>, grid_for(wide ? divided_up(n, 4) : n, kThreads), queue, target, source,
                n, wide);
}

__device__ float in_logical_order(uint8_t x) { return x; }
template <class T>
__device__ float in_logical_order(T x) {
  return load(x);
}
__device__ void put(uint8_t* target, float x) { *target = static_cast<uint8_t>(x); }
__device__ void put(double* target, float x) { *target = x; }
template <class T>
__device__ void put(T* target, float x) {
  store(target, x);
}

// A part of matrices [rows, columns] that a block transposes at once: all of `matrices` neighbouring ones, or a tile of
// one. Rows in shared memory are an odd number of words apart, so that columns of it touch all its banks.
struct Tile {
  static constexpr int kNumbers = 3072;  // of shared memory
  int matrices = 1, rows, columns;

  Tile(int64_t all_rows, int64_t all_columns) {
    int64_t few_rows = std::min<int64_t>(all_rows, 64), few_columns = std::min<int64_t>(all_columns, 32);
    int64_t matrix = all_rows * (all_columns | 1);
    if (matrix <= kNumbers) {
      matrices = static_cast<int>(kNumbers / matrix);
      few_rows = all_rows, few_columns = all_columns;
    } else if (all_columns <= 32) {
      few_rows = std::min(all_rows, kNumbers / (all_columns | 1) / 32 * 32);
    } else if (all_rows <= 32) {
      few_columns = std::min(all_columns, (kNumbers / all_rows - 1) / 32 * 32);
    }
    rows = static_cast<int>(few_rows), columns = static_cast<int>(few_columns);
  }
};

// target [outer, columns, rows] = source [outer, rows, columns]. A block moves a tile through 12 KB of shared memory:
// reads of the source's rows and writes of the target's are of neighbouring numbers, each once.
template <class Target, class Source>
__global__ void __launch_bounds__(kThreads)
    transpose(Target* target, const Source* source, int64_t outer, int64_t rows, int64_t columns, Tile tile) {
  __shared__ float numbers[Tile::kNumbers];
  int64_t across = (columns + tile.columns - 1) / tile.columns, down = (rows + tile.rows - 1) / tile.rows;
  int64_t first = blockIdx.x / (across * down) * tile.matrices;
  int64_t row = blockIdx.x / across % down * tile.rows, column = blockIdx.x % across * tile.columns;
  unsigned matrices = static_cast<unsigned>(min(static_cast<int64_t>(tile.matrices), outer - first));
  unsigned height = static_cast<unsigned>(min(static_cast<int64_t>(tile.rows), rows - row));
  unsigned width = static_cast<unsigned>(min(static_cast<int64_t>(tile.columns), columns - column));
  unsigned pitch = width | 1, count = matrices * height * width;
  source += first * rows * columns + row * columns + column;
  target += first * rows * columns + column * rows + row;
  for (unsigned i = threadIdx.x; i < count; i += kThreads) {
    unsigned c = i % width, r = i / width % height, matrix = i / width / height;
    numbers[(matrix * height + r) * pitch + c] = in_logical_order(source[matrix * rows * columns + r * columns + c]);
  }
  __syncthreads();
  for (unsigned i = threadIdx.x; i < count; i += kThreads) {
    unsigned r = i % height, c = i / height % width, matrix = i / height / width;
    put(target + (matrix * rows * columns + c * rows + r), numbers[(matrix * height + r) * pitch + c]);
  }
}

template <class Target, class Source>
kib_status transpose(const char* name, Target* target, const Source* source, int64_t outer, int64_t rows,
                     int64_t columns, const kib_queue* queue) {
  if (outer * rows * columns == 0) return KIB_OK;
  Tile tile(rows, columns);
  int64_t blocks = divided_up(outer, tile.matrices) * divided_up(rows, tile.rows) * divided_up(columns, tile.columns);
  return launch(name, transpose<Target, Source>, {dim3(static_cast<unsigned>(blocks)), kThreads}, queue, target, source,
                outer, rows, columns, tile);
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

kib_status kib_layout_widen(float* wide, const void* narrow, int type, int64_t n, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    return convert("layout.widen", wide, static_cast<const decltype(tag)*>(narrow), n, queue);
  });
}

kib_status kib_layout_narrow(void* narrow, const float* wide, int type, int64_t n, const kib_queue* queue) {
  return with_type(
      type, [&](auto tag) { return convert("layout.narrow", static_cast<decltype(tag)*>(narrow), wide, n, queue); });
}

kib_status kib_layout_flush(float* numbers, int64_t n, const kib_queue* queue) {
  return convert<float, float>("layout.flush", numbers, numbers, n, queue);
}

kib_status kib_layout_write_f64(void* target, const double* source, int type, int64_t outer, int64_t channels,
                                int64_t positions, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    return transpose("layout.write_f64", static_cast<decltype(tag)*>(target), source, outer, channels, positions,
                     queue);
  });
}

kib_status kib_layout_write_f32(void* target, const float* source, int type, int64_t outer, int64_t channels,
                                int64_t positions, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    return transpose("layout.write_f32", static_cast<decltype(tag)*>(target), source, outer, channels, positions,
                     queue);
  });
}

kib_status kib_layout_read_f64(double* target, const void* source, int type, int64_t outer, int64_t channels,
                               int64_t positions, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    return transpose("layout.read_f64", target, static_cast<const decltype(tag)*>(source), outer, positions, channels,
                     queue);
  });
}

kib_status kib_layout_read_f32(float* target, const void* source, int type, int64_t outer, int64_t channels,
                               int64_t positions, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    return transpose("layout.read_f32", target, static_cast<const decltype(tag)*>(source), outer, positions, channels,
                     queue);
  });
}

kib_status kib_layout_write_u8(void* target, const uint8_t* source, int64_t outer, int64_t channels, int64_t positions,
                               const kib_queue* queue) {
  return transpose("layout.write_u8", static_cast<uint8_t*>(target), source, outer, channels, positions, queue);
}

kib_status kib_layout_read_u8(uint8_t* target, const void* source, int64_t outer, int64_t channels, int64_t positions,
                              const kib_queue* queue) {
  return transpose("layout.read_u8", target, static_cast<const uint8_t*>(source), outer, positions, channels, queue);
}
