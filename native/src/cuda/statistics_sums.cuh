// The gradient without Gram matrices: codes, and sums of their products over the batch.
#ifndef KIB_CUDA_STATISTICS_SUMS_CUH
#define KIB_CUDA_STATISTICS_SUMS_CUH
#include <algorithm>

#include "codes.cuh"

namespace kib::cuda {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / kWarp;
constexpr int kTileRows = 16, kTileColumns = 32;  // of a tile of products: two columns a thread
constexpr int kSamples = 16;                      // at a time: kThreads numbers of rows, twice as many of columns
constexpr int64_t kPiece = 256;                   // samples at least of a piece
constexpr int64_t kBlocks = 256;                  // that a launch should have
constexpr int kRows = kWarps;                     // samples of a block of gradient
constexpr int kColumns = 64;                      // entries of them at a time, by four groups of threads
constexpr int kGroups = kThreads / kColumns;
constexpr int kTerms = 256;  // rows of C and T at a time

// Codes and teaching vectors: L_ij = factor y_i.y_j + a constant. Class labels stand for one-hot vectors.
struct Vectors {
  int64_t batch, width, outputs;
  double *vh, *norm, *y, *y_norm;  // [B, G], [B], [B, M] and [B]
  const int32_t* labels;           // NULL for target vectors
  double factor;

  __device__ double teaching(int64_t b, int64_t c) const {
    return labels != nullptr ? (labels[b] == c ? 1.0 : 0.0) : y[b * outputs + c];
  }
};

// Sums over a batch or a piece of it: products of two centred columns, the codes' means and the teaching vectors' sums
// (C, T, m, eta), or, where nothing is centred, all of them plain sums.
struct Sums {
  double *codes, *teaching, *squares;  // [G, G], [M, G], [M, M] or NULL
  double *code, *eta;                  // [G], [M]

  static int64_t count(int64_t width, int64_t outputs) { return (width + outputs) * (width + 1); }

  static Sums at(double* memory, int64_t width, int64_t outputs) {
    double *teaching = memory + width * width, *code = teaching + outputs * width;
    return {memory, teaching, nullptr, code, code + width};
  }
};

// Tiles of products: of rows [Vh | Y] and columns Vh, and for squares Y.
struct Tiles {
  int64_t code_rows, teaching_rows, code_columns, teaching_columns;

  int64_t rows() const { return code_rows + teaching_rows; }
};

// What is in a workspace, and how a batch is cut.
struct Problem {
  kib_objective_spec spec;
  kib_teaching teaching;
  Vectors all;
  Sums sums;  // C, T, m, eta
  Tiles tiles;
  int64_t pieces, piece;
  double* partials;  // [pieces, count] of more than one piece
  double* products;  // [B, G]

  static Problem take(Arena& arena, const kib_objective_spec& spec, const kib_teaching& teaching) {
    int64_t batch = spec.batch, width = spec.width, outputs = teaching.outputs;
    Problem p{};
    p.spec = spec;
    p.teaching = teaching;
    bool targets = teaching.targets != nullptr;
    p.all = {batch,   width,           outputs,
             nullptr, nullptr,         nullptr,
             nullptr, teaching.labels, targets ? 1.0 : teaching.same - teaching.different};
    p.all.vh = arena.take<double>(batch * width);
    p.all.norm = arena.take<double>(batch);
    p.all.y = arena.take<double>(batch * outputs);
    p.all.y_norm = arena.take<double>(batch);
    p.sums = Sums::at(arena.take<double>(Sums::count(width, outputs)), width, outputs);
    p.tiles = {divided_up(width, kTileRows), divided_up(outputs, kTileRows), divided_up(width, kTileColumns),
               divided_up(outputs, kTileColumns)};
    p.pieces = std::clamp<int64_t>(kBlocks / (p.tiles.rows() * p.tiles.code_columns), 1, divided_up(batch, kPiece));
    p.piece = divided_up(divided_up(batch, p.pieces), kSamples) * kSamples;
    p.pieces = divided_up(batch, p.piece);
    if (p.pieces > 1) p.partials = arena.take<double>(p.pieces * Sums::count(width, outputs));
    p.products = arena.take<double>(batch * width);
    return p;
  }
};

// A warp (or, for long codes, a block) measures a code and writes vh: reads each of B G numbers twice (the second time
// from the cache), writes 8 bytes for each; about 8 operations in double and two conversions.
template <class T, bool WholeBlock>
__global__ void __launch_bounds__(kThreads)
    vectors(double* vh, double* norms, const T* u, int64_t batch, int64_t width, int kernel, bool centred) {
  __shared__ double parts[kWarp];
  unsigned lane = WholeBlock ? threadIdx.x : threadIdx.x % kWarp, lanes = WholeBlock ? kThreads : kWarp;
  int64_t b = WholeBlock ? blockIdx.x : static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp;
  if (b >= batch) return;
  const T* code = u + b * width;
  RowSize size = measure_row(code, width, centred, lane, lanes,
                             [&](double x) { return WholeBlock ? block_sum(x, parts) : warp_sum(x); });
  double scale = kernel_scale(kernel, size.norm);
  for (int64_t g = lane; g < width; g += lanes) vh[b * width + g] = (load(code[g]) - size.mean) * scale;
  if (lane == 0) norms[b] = size.norm;
}

// Count columns of Vh or of Y, of which a thread reads one: column number threadIdx % Count, of every so many samples.
template <int Count>
class Columns {
 public:
  int64_t first, end;  // of the tile, and of all
  double point = 0;    // what numbers are taken less

  __device__ Columns(const Vectors& all, bool of_codes, int64_t tile, int64_t begin, int64_t samples, bool centred)
      : first(tile * Count), end(of_codes ? all.width : all.outputs), from_(nullptr), labels_(nullptr) {
    int64_t own = threadIdx.x / Count;
    left_ = inside() ? samples - own : 0;
    stride_ = of_codes || all.labels == nullptr ? end : 1;
    if (of_codes || all.labels == nullptr)
      from_ = (of_codes ? all.vh : all.y) + begin * stride_ + column();
    else
      labels_ = all.labels + begin;
    if (centred && inside()) point = now();
    move(own);
  }

  __device__ int64_t column() const { return first + threadIdx.x % Count; }
  __device__ bool inside() const { return column() < end; }

  // Its next number, of samples that are kThreads / Count apart; 0 past the last.
  __device__ double next() {
    double x = left_ > 0 ? now() - point : 0;
    move(kThreads / Count);
    left_ -= kThreads / Count;
    return x;
  }

 private:
  const double* from_;     // of vectors
  const int32_t* labels_;  // in place of one-hot vectors
  int64_t stride_, left_;

  __device__ double now() const { return labels_ == nullptr ? *from_ : *labels_ == column() ? 1.0 : 0.0; }
  __device__ void move(int64_t samples) {
    if (labels_ == nullptr)
      from_ += samples * stride_;
    else
      labels_ += samples;
  }
};

struct alignas(16) ProductMemory {
  double a[kSamples][kTileRows], b[kSamples][kTileColumns];
  double sums[kTileRows + kTileColumns];
};

// A block multiplies 16 columns of [Vh | Y] by 32 of Vh (or, for squares, of Y) over a piece of the samples. To be
// centred, they are taken less what the piece's first sample has, and what their sums then make of the products is
// taken off: in double that loses nothing. Reads B (G + M) numbers G / 32 times and B G ones (G + M) / 16 times, writes
// (G + M) G sums for each piece; B G (G + M) fused multiply-adds in double.
__global__ void __launch_bounds__(kThreads)
    products(Vectors all, Sums out, int64_t stride, Tiles tiles, int64_t piece, bool centred) {
  __shared__ ProductMemory memory;
  bool code_rows = blockIdx.y < tiles.code_rows, squares = blockIdx.x >= tiles.code_columns;
  if (squares && (code_rows || blockIdx.z > 0)) return;  // squares are taken of all samples by one block
  int64_t begin = squares ? 0 : blockIdx.z * piece, moved = blockIdx.z * stride;
  int64_t samples = squares || begin + piece > all.batch ? all.batch - begin : piece;
  Columns<kTileRows> rows(all, code_rows, blockIdx.y - (code_rows ? 0 : tiles.code_rows), begin, samples, centred);
  Columns<kTileColumns> columns(all, !squares, blockIdx.x - (squares ? tiles.code_columns : 0), begin, samples,
                                centred);
  int thread = static_cast<int>(threadIdx.x), tx = thread % 16, ty = thread / 16;
  double* to_a = &memory.a[0][0] + thread;  // each thread's numbers lie as its column and its samples do
  double* to_b = &memory.b[0][0] + thread;
  const double* to_sum = thread < kTileRows ? &memory.a[0][thread] : &memory.b[0][thread - kTileRows];
  int apart = thread < kTileRows ? kTileRows : kTileColumns;

  double sums[2] = {}, sum = 0;
  for (int64_t b0 = 0; b0 < samples; b0 += kSamples) {
    *to_a = rows.next();
    to_b[0] = columns.next();
    to_b[kThreads] = columns.next();
    __syncthreads();
#pragma unroll
    for (int s = 0; s < kSamples; s++) {
      double a = memory.a[s][ty];
      double2 b = *reinterpret_cast<const double2*>(&memory.b[s][2 * tx]);
      sums[0] += a * b.x;
      sums[1] += a * b.y;
    }
    if (thread < kTileRows + kTileColumns)
      for (int s = 0; s < kSamples; s++) sum += to_sum[s * apart];
    __syncthreads();
  }
  double n = static_cast<double>(samples);
  if (thread < kTileRows + kTileColumns) memory.sums[thread] = sum;
  __syncthreads();
  if (blockIdx.y == 0 && !squares && thread < kTileColumns && columns.inside()) {
    double column_sum = memory.sums[kTileRows + thread];
    out.code[moved + columns.column()] = centred ? columns.point + column_sum / n : column_sum;
  }
  if (blockIdx.x == 0 && !code_rows && thread < kTileRows && rows.inside())
    out.eta[moved + rows.column()] = n * rows.point + memory.sums[thread];
  double* target = code_rows ? out.codes : squares ? out.squares : out.teaching;
#pragma unroll
  for (int e = 0; e < 2; e++) {
    int64_t row = rows.first + ty, column = columns.first + 2 * tx + e;
    double off = centred ? memory.sums[ty] * memory.sums[kTileRows + 2 * tx + e] / n : 0;
    if (row < rows.end && column < columns.end) target[moved + row * columns.end + column] = sums[e] - off;
  }
}

// Adds the pieces up, a thread for each sum: reads all of them once. Centred sums of pieces differ from the whole's by
// what their means do.
__global__ void __launch_bounds__(kThreads)
    merge(Vectors all, Sums whole, Sums parts, int64_t stride, int64_t pieces, int64_t piece, bool centred) {
  int64_t width = all.width, e = first_item(), row = e / (width + 1), column = e % (width + 1);
  if (row >= width + all.outputs) return;
  bool of_codes = row < width;
  if (!of_codes) row -= width;
  double n = static_cast<double>(all.batch);
  auto size = [&](int64_t p) { return static_cast<double>(p + 1 < pieces ? piece : all.batch - p * piece); };
  auto row_sum = [&](int64_t p) {
    double sum = (of_codes ? parts.code : parts.eta)[p * stride + row];
    return of_codes && centred ? sum * size(p) : sum;
  };
  double row_total = 0, column_total = 0, total = 0;
  for (int64_t p = 0; p < pieces; p++) row_total += row_sum(p);
  if (column == width) {
    (of_codes ? whole.code : whole.eta)[row] = of_codes && centred ? row_total / n : row_total;
    return;
  }
  for (int64_t p = 0; p < pieces && centred; p++) column_total += parts.code[p * stride + column] * size(p);
  for (int64_t p = 0; p < pieces; p++) {
    total += (of_codes ? parts.codes : parts.teaching)[p * stride + row * width + column];
    if (centred) {
      double m = size(p);
      total += m * (row_sum(p) / m - row_total / n) * (parts.code[p * stride + column] - column_total / n);
    }
  }
  (of_codes ? whole.codes : whole.teaching)[row * width + column] = total;
}

// Statistics as they are given.
struct Given {
  const double *count, *code_sum, *code_products, *teaching_products, *teaching_sum;
};

// A thread for each: C = Vh'Vh - B m m', T = Y'Vh - eta m', m and eta.
__global__ void __launch_bounds__(kThreads) centre_given(Sums out, Given given, int64_t width, int64_t outputs) {
  int64_t e = first_item(), row = e / (width + 1), column = e % (width + 1);
  if (row >= width + outputs) return;
  double n = given.count[0], m = column < width ? given.code_sum[column] / n : 0;
  if (row < width) {
    double row_mean = given.code_sum[row] / n;
    if (column == width)
      out.code[row] = row_mean;
    else
      out.codes[row * width + column] = given.code_products[row * width + column] - n * row_mean * m;
    return;
  }
  row -= width;
  if (column == width)
    out.eta[row] = given.teaching_sum[row];
  else
    out.teaching[row * width + column] = given.teaching_products[row * width + column] - given.teaching_sum[row] * m;
}

__global__ void note_count(double* count, int64_t batch) { count[0] = static_cast<double>(batch); }

}  // namespace
}  // namespace kib::cuda
#endif
