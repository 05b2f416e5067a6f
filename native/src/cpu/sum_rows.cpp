// Sums of rows, in double.
#include "kib/sum_rows.h"

#include "arena.h"
#include "columns.h"

namespace kib::KIB_LEVEL {

int64_t kib_sum_rows_workspace(int64_t rows, int64_t n) {
  return padded(8 * 2 * n) + padded(8 * 2 * n * Chunks(rows, n).count);
}

kib_status kib_sum_rows(float* sum, const void* values, int type, int64_t rows, int64_t n, void* workspace,
                        const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    const auto* v = static_cast<const decltype(tag)*>(values);
    Chunks chunks(rows, n);
    Arena arena(workspace);
    double *totals = arena.take<double>(2 * n), *partials = arena.take<double>(2 * n * chunks.count);
    sum_columns(
        totals, partials, chunks, queue->threads, [=](int64_t at, int64_t count) { fetch_ahead(v + at, count); },
        [=](int64_t at, int64_t) -> double { return load(v[at]); }, [](int64_t, int64_t, double) { return 0.0; });
    for (int64_t k = 0; k < n; k++) sum[k] = static_cast<float>(totals[k]);
  });
}

}  // namespace kib::KIB_LEVEL
