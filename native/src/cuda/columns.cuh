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
  static constexpr unsigned kThreads = 256;
  // Blocks of a multiprocessor that ptxas leaves room for. Unasked it makes room for eight, in 32 registers: few loads
  // are under way then, and sums spill.
  static constexpr unsigned kAtOnce = 3;
  static constexpr int kRowsAtOnce = 8;               // of a thread: what it asks memory for before it adds
  static constexpr int64_t kBlocks = 512;             // at most about so many, for partial sums are written and read
  static constexpr int64_t kNumbers = 64 * kThreads;  // of a chunk, at least: 8 rows of 8 numbers for each thread

  int64_t rows, columns;
  unsigned width = 1;  // of a tile, a power of two, at most 128
  int64_t tiles, height, chunks;

  Columns(int64_t all_rows, int64_t all_columns) : rows(all_rows), columns(all_columns) {
    while (width < 128 && width < columns) width *= 2;
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
  unsigned x, y, down;  // the thread's place in the tile, and how many threads share a column
  int64_t column, first_row, end;
  bool inside;

  __device__ Place(const Columns& shape, int64_t chunk) {
    unsigned across = shape.width / kMany;
    x = threadIdx.x % across * kMany, y = threadIdx.x / across, down = Columns::kThreads / across;
    column = static_cast<int64_t>(blockIdx.x) * shape.width + x;
    first_row = shape.first_row(chunk) + y;
    end = shape.first_row(chunk) + shape.rows_of(chunk);
    inside = column < shape.columns;
  }

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

// The sum of term(y, x) over y < down, for column x = threadIdx.x % width of a tile. All threads of the block call it
// and get their column's sum; parts [threads] is shared memory that a call leaves free again.
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

// Adds the chunks: blocks of so many threads, each with 8 columns, which are 64 bytes of doubles.
constexpr unsigned kFinishers = 512, kFinished = 8;
inline Grid finishing(const Columns& shape) {
  return {dim3(static_cast<unsigned>(divided_up(shape.columns, kFinished))), kFinishers};
}

}  // namespace kib::cuda
#endif
