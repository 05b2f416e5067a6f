// Sums over the rows of arrays [rows, columns], column by column, always added in the same order: a block adds a chunk
// of rows of a tile of neighbouring columns, whose sizes follow from the shape alone, and a second kernel adds the
// chunks.
#ifndef KIB_CUDA_COLUMNS_CUH
#define KIB_CUDA_COLUMNS_CUH
#include <algorithm>
#include <type_traits>

#include "launch.cuh"

namespace kib::cuda {

// How an array is split.
struct Columns {
  static constexpr unsigned kThreads = 256, kMostWidth = 128;
  // Blocks of a multiprocessor that ptxas leaves room for. Unasked it makes room for eight, in 32 registers: few loads
  // are under way then, and sums spill.
  static constexpr unsigned kAtOnce = 3;
  static constexpr int kRowsAtOnce = 8;               // of a thread: what it asks memory for before it adds
  static constexpr int64_t kBlocks = 512;             // at most about so many, for partial sums are written and read
  static constexpr int64_t kNumbers = 64 * kThreads;  // of a chunk, at least: 8 rows of 8 numbers for each thread

  int64_t rows, columns;
  unsigned width = 1;  // of a tile, a power of two
  int64_t tiles, height, chunks;

  Columns(int64_t all_rows, int64_t all_columns) : rows(all_rows), columns(all_columns) {
    while (width < kMostWidth && width < columns) width *= 2;
    tiles = divided_up(columns, width);
    int64_t step = kNumbers / width;
    height = std::max<int64_t>(divided_up(divided_up(rows * tiles, kBlocks), step), 1) * step;
    chunks = std::max<int64_t>(divided_up(rows, height), 1);
  }

  Grid grid() const { return {dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(chunks)), kThreads}; }

  __device__ int64_t first_row(int64_t chunk) const { return chunk * height; }
  __device__ int64_t rows_of(int64_t chunk) const { return min(height, rows - chunk * height); }
};

// What a thread of a block of Columns adds: `kMany` neighbouring columns from `column`, of the chunk's rows
// `first_row`, first_row + down, ...
template <int kMany>
struct Place {
  unsigned across, y, down;  // threads of a row, the thread's row, and how many threads share a column
  int64_t column, first_row, end;
  bool inside;

  __device__ Place(const Columns& shape, int64_t chunk) {
    across = shape.width / kMany;
    y = threadIdx.x / across, down = Columns::kThreads / across;
    column = static_cast<int64_t>(blockIdx.x) * shape.width + threadIdx.x % across * kMany;
    first_row = shape.first_row(chunk) + y;
    end = shape.first_row(chunk) + shape.rows_of(chunk);
    inside = column < shape.columns;
  }

  // Rows of shared memory [down, width] have a tile's columns in places: first the first ones of all threads, then the
  // second ones, so that neighbouring threads touch neighbouring banks.
  __device__ unsigned slot(int j) const { return y * across * kMany + place_of(threadIdx.x % across * kMany + j); }
  __device__ unsigned place_of(unsigned column_of_tile) const {
    return column_of_tile % kMany * across + column_of_tile / kMany;
  }
  __device__ unsigned column_at(unsigned place) const { return place % across * kMany + place / across; }

  // How many rows thread y of a column has.
  __device__ int64_t rows_of(unsigned other_y) const {
    int64_t rest = end - (first_row - y) - other_y;
    return rest <= 0 ? 0 : (rest + down - 1) / down;
  }

  // Calls group(row, how many) for all rows of the thread, kRows or one at once: the row, row + down, ...
  template <int kRows = Columns::kRowsAtOnce, class Group>
  __device__ void for_groups(Group group) const {
    if (!inside) return;
    int64_t row = first_row;
    for (; row + (kRows - 1) * static_cast<int64_t>(down) < end; row += kRows * static_cast<int64_t>(down))
      group(row, std::integral_constant<int, kRows>());
    for (; row < end; row += down) group(row, std::integral_constant<int, 1>());
  }
};

// Reads a group's rows: row, row + down, ...
template <int kRows, int kMany, class T>
__device__ void load_rows(float (&x)[kRows][kMany], const T* numbers, const Columns& shape, const Place<kMany>& at,
                          int64_t row) {
#pragma unroll
  for (int i = 0; i < kRows; i++)
    load_many(x[i], numbers + (row + i * static_cast<int64_t>(at.down)) * shape.columns + at.column);
}

// Reads a number of each array for each of the thread's columns, by way of shared memory [kArrays * shape.width].
template <class Number, int kArrays, int kMany>
__device__ void load_each(Number (&x)[kArrays][kMany], const Number* const (&arrays)[kArrays], const Columns& shape,
                          const Place<kMany>& at, Number* shared) {
  int64_t column = static_cast<int64_t>(blockIdx.x) * shape.width + threadIdx.x;
  if (threadIdx.x < shape.width) {
#pragma unroll
    for (int i = 0; i < kArrays; i++)
      shared[i * shape.width + at.place_of(threadIdx.x)] = column < shape.columns ? arrays[i][column] : Number(0);
  }
  __syncthreads();
#pragma unroll
  for (int i = 0; i < kArrays; i++)
#pragma unroll
    for (int j = 0; j < kMany; j++) x[i][j] = shared[i * shape.width + j * at.across + threadIdx.x % at.across];
}

// The sum of term(y, x) over y < down, for place x = threadIdx.x % width of a row. All threads of the block call it and
// get their place's sum; parts [threads] is shared memory that a call leaves free again.
template <class Term>
__device__ double column_sum(unsigned width, unsigned down, double* parts, Term term) {
  unsigned x = threadIdx.x % width, part = threadIdx.x / width, count = blockDim.x / width;
  double sum = 0;
#pragma unroll 8
  for (unsigned y = part; y < down; y += count) sum += term(y, x);
  parts[threadIdx.x] = sum;
  __syncthreads();
  sum = 0;
  for (unsigned i = 0; i < count; i++) sum += parts[i * width + x];
  __syncthreads();
  return sum;
}

// Writes what the first threads have, one for each place of a row, to the tile's columns of a row of numbers.
template <int kMany, class Number>
__device__ void write_columns(Number* row, double value, const Columns& shape, const Place<kMany>& at, double* parts) {
  if (threadIdx.x < shape.width) parts[at.column_at(threadIdx.x)] = value;
  __syncthreads();
  int64_t column = static_cast<int64_t>(blockIdx.x) * shape.width + threadIdx.x;
  if (threadIdx.x < shape.width && column < shape.columns) row[column] = static_cast<Number>(parts[threadIdx.x]);
  __syncthreads();
}

// Adds the chunks: blocks of so many threads, each with 8 columns, which are 64 bytes of doubles.
constexpr unsigned kFinishers = 512, kFinished = 8;
inline Grid finishing(const Columns& shape) {
  return {dim3(static_cast<unsigned>(divided_up(shape.columns, kFinished))), kFinishers};
}

}  // namespace kib::cuda
#endif
