// Sums of rows. Single numbers are added in two floats, which is as good as in double and quick on cards that have few
// units for doubles; what threads and blocks have is added in double.
#include "columns.cuh"
#include "kib/sum_rows.h"

namespace kib::cuda {
namespace {

// s + rest = s + rest + x but for a rounding of the rest (Knuth's sum of two numbers).
__device__ void add(float& s, float& rest, float x) {
  float sum = s + x, part = sum - s;
  rest += (s - (sum - part)) + (x - part);
  s = sum;
}

// The sum of an infinite number of any sign is what the first float has.
__device__ double total(float s, float rest) { return isfinite(s) ? static_cast<double>(s) + rest : s; }

// partials [chunks, columns] = the sums of a chunk's rows; or sum [columns], where there is one chunk. A block adds a
// chunk of a tile's rows, a thread kMany columns by 16-byte accesses, eight rows at once. Reads each value once; bound
// by memory.
template <int kMany, class T>
__global__ void __launch_bounds__(Columns::kThreads, Columns::kAtOnce)
    add_chunks(double* partials, float* sum, const T* values, Columns shape) {
  __shared__ double sums[Columns::kThreads * kMany], parts[Columns::kThreads];
  int64_t chunk = blockIdx.y;
  Place<kMany> at(shape, chunk);
  float s[kMany] = {}, rest[kMany] = {};
  at.for_groups([&](int64_t row, auto count) {
    constexpr int kCount = decltype(count)::value;
    float x[kCount][kMany];
    load_rows(x, values, shape, at, row);
#pragma unroll
    for (int i = 0; i < kCount; i++)
#pragma unroll
      for (int j = 0; j < kMany; j++) add(s[j], rest[j], x[i][j]);
  });
#pragma unroll
  for (int j = 0; j < kMany; j++) sums[at.slot(j)] = total(s[j], rest[j]);
  __syncthreads();
  double column =
      column_sum(shape.width, at.down, parts, [&](unsigned y, unsigned x) { return sums[y * shape.width + x]; });
  if (shape.chunks == 1) {
    write_columns(sum, column, shape, at, parts);
  } else {
    write_columns(partials + chunk * shape.columns, column, shape, at, parts);
  }
}

// sum = the sum of the chunks. A block adds 8 columns; 8 bytes read for each column and chunk.
__global__ void __launch_bounds__(kFinishers) add_partials(float* sum, const double* partials, Columns shape) {
  __shared__ double parts[kFinishers];
  int64_t c = static_cast<int64_t>(blockIdx.x) * kFinished + threadIdx.x % kFinished;
  double column = column_sum(kFinished, static_cast<unsigned>(shape.chunks), parts, [&](unsigned chunk, unsigned) {
    return c < shape.columns ? partials[chunk * shape.columns + c] : 0;
  });
  if (threadIdx.x < kFinished && c < shape.columns) sum[c] = static_cast<float>(column);
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

int64_t kib_sum_rows_workspace(int64_t rows, int64_t n) { return Arena::bytes<double>(Columns(rows, n).chunks * n); }

kib_status kib_sum_rows(float* sum, const void* values, int type, int64_t rows, int64_t n, void* workspace,
                        const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    using T = decltype(tag);
    Columns shape(rows, n);
    auto* partials = static_cast<double*>(workspace);
    auto kernel = is_wide<T>(values, n) ? add_chunks<kWide<T>, T> : add_chunks<1, T>;
    kib_status status =
        launch("sum_rows", kernel, shape.grid(), queue, partials, sum, static_cast<const T*>(values), shape);
    if (status != KIB_OK || shape.chunks == 1) return status;
    return launch("sum_rows", add_partials, finishing(shape), queue, sum, partials, shape);
  });
}
