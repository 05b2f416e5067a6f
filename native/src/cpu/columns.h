// Sums over the rows of arrays [rows, columns], column by column: in double, over chunks of rows whose size follows
// from the shape alone, the chunks' sums added in order. The result does not depend on the number of threads.
#ifndef KIB_CPU_COLUMNS_H
#define KIB_CPU_COLUMNS_H
#include <algorithm>
#include <type_traits>

#include "level.h"
#include "threads.h"

namespace kib::KIB_LEVEL {

// How rows are split.
struct Chunks {
  static constexpr int64_t kNumbers = 32768;  // of a chunk: little beside a cache
  static constexpr int64_t kRowsAtOnce = 8;   // rows whose terms are added while their sums are in registers

  int64_t rows, columns, height, count;

  Chunks(int64_t all_rows, int64_t all_columns)
      : rows(all_rows),
        columns(all_columns),
        height(std::max(kRowsAtOnce, kNumbers / std::max<int64_t>(all_columns, 1) / kRowsAtOnce * kRowsAtOnce)),
        count((all_rows + height - 1) / height) {}

  // Calls work(chunk, first row, last row + 1) for all chunks; backwards, each thread begins with what it saw last.
  template <class Work>
  void each(int threads, bool backwards, Work work) const {
    threads = threads_for(rows * columns, threads);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t thread = 0; thread < threads; thread++) {
      int64_t first = count * thread / threads, last = count * (thread + 1) / threads;
      for (int64_t i = first; i < last; i++) {
        int64_t chunk = backwards ? first + last - 1 - i : i;
        work(chunk, chunk * height, std::min((chunk + 1) * height, rows));
      }
    }
  }
};

// Asks for numbers that are read soon.
template <class T>
void fetch_ahead(const T* numbers, int64_t count) {
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  for (int64_t i = 0; i < count; i += kLine) __builtin_prefetch(numbers + i);
}

// sums[c] = the sum over rows of first(index of the number, c), sums[columns + c] of second(index, c, what first gave).
// The partial sums take 2 columns doubles for each chunk. (Eight rows are read in turn, piece by piece, which
// the processor does not foresee: fetch(first index, count) asks for the rows that come next.)
template <class Fetch, class First, class Second>
void sum_columns(double* sums, double* partials, const Chunks& chunks, int threads, Fetch fetch, First first,
                 Second second) {
  int64_t columns = chunks.columns;
  auto add_rows = [=](double* firsts, double* seconds, int64_t row, auto count) {
#pragma omp simd
    for (int64_t c = 0; c < columns; c++) {
      double a = firsts[c], b = seconds[c];
      for (int64_t r = 0; r < count; r++) {
        int64_t at = (row + r) * columns + c;
        double term = first(at, c);
        a += term;
        b += second(at, c, term);
      }
      firsts[c] = a;
      seconds[c] = b;
    }
  };
  chunks.each(threads, false, [=](int64_t chunk, int64_t row, int64_t end) {
    double *firsts = partials + 2 * chunk * columns, *seconds = firsts + columns;
    std::fill(firsts, seconds + columns, 0.0);
    std::integral_constant<int64_t, Chunks::kRowsAtOnce> many;
    for (; row + many <= end; row += many) {
      if (row + 2 * many <= end) fetch((row + many) * columns, many * columns);
      add_rows(firsts, seconds, row, many);
    }
    for (; row < end; row++) add_rows(firsts, seconds, row, std::integral_constant<int64_t, 1>());
  });
  std::fill(sums, sums + 2 * columns, 0.0);
  for (int64_t chunk = 0; chunk < chunks.count; chunk++) {
#pragma omp simd
    for (int64_t i = 0; i < 2 * columns; i++) sums[i] += partials[2 * chunk * columns + i];
  }
}

}  // namespace kib::KIB_LEVEL
#endif
