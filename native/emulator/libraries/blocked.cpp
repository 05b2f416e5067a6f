#include "libraries/blocked.h"

#include <algorithm>
#include <vector>

namespace kib::emulator::KIB_LEVEL {
namespace {

// What fits into 16 registers: kRows x 2 sums, and a row of b. Panels of a block stay in the caches.
#ifdef __AVX2__
constexpr int64_t kBytes = 32, kRows = 6;
#else
constexpr int64_t kBytes = 16, kRows = 4;
#endif
constexpr int64_t kRowsOfBlock = 16 * kRows;
template <class T>
constexpr int64_t kLanes = kBytes / static_cast<int64_t>(sizeof(T));
template <class T>
constexpr int64_t kColumns = 2 * kLanes<T>;
template <class T>
constexpr int64_t kColumnsOfBlock = 16 * kColumns<T>;

template <class T>
using Lanes __attribute__((vector_size(kBytes), aligned(sizeof(T)), may_alias)) = T;

// Panels of `width` rows (or columns) each: panel[p * width + i]; what is beyond the end is zero.
template <class T>
void pack(int64_t count, int64_t steps, int64_t width, const T* from, int64_t across, int64_t along,
          const int64_t* order, int64_t first, T* to) {
  for (int64_t panel = 0; panel < count; panel += width, to += steps * width) {
    const int64_t filled = std::min(width, count - panel);
    const T* at = from + panel * across;
    if (order == nullptr && across != 1) {  // along the longer runs
      for (int64_t i = 0; i < width; ++i) {
        for (int64_t p = 0; p < steps; ++p) {
          to[p * width + i] = i < filled ? at[i * across + (first + p) * along] : T(0);
        }
      }
      continue;
    }
    for (int64_t p = 0; p < steps; ++p) {
      const T* row = at + (order == nullptr ? first + p : order[first + p]) * along;
      for (int64_t i = 0; i < filled; ++i) to[p * width + i] = row[i * across];
      for (int64_t i = filled; i < width; ++i) to[p * width + i] = T(0);
    }
  }
}

// The sums of one tile of kRows x kColumns, added to the rows x columns of it that exist.
template <class T>
void tile(int64_t steps, const T* a, const T* b, int64_t rows, int64_t columns, T* c, int64_t ld) {
  using Vector = Lanes<T>;
  Vector sums[kRows][2] = {};
  for (int64_t p = 0; p < steps; ++p) {
    const Vector left = *reinterpret_cast<const Vector*>(b + p * kColumns<T>);
    const Vector right = *reinterpret_cast<const Vector*>(b + p * kColumns<T> + kLanes<T>);
#pragma GCC unroll 6
    for (int64_t i = 0; i < kRows; ++i) {
      const T factor = a[p * kRows + i];
      sums[i][0] += factor * left;
      sums[i][1] += factor * right;
    }
  }
  if (rows == kRows && columns == kColumns<T>) {
#pragma GCC unroll 6
    for (int64_t i = 0; i < kRows; ++i) {
      *reinterpret_cast<Vector*>(c + i * ld) += sums[i][0];
      *reinterpret_cast<Vector*>(c + i * ld + kLanes<T>) += sums[i][1];
    }
    return;
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) c[i * ld + j] += sums[i][j / kLanes<T>][j % kLanes<T>];
  }
}

template <class T>
void blocks(int64_t m, int64_t n, int64_t k, Strides<T> a, Strides<T> b, T* c, int64_t ld, const int64_t* order) {
  const auto up = [](int64_t value, int64_t to) { return (value + to - 1) / to * to; };
  std::vector<T> left(static_cast<size_t>(up(std::min(m, kRowsOfBlock), kRows) * kStep));
  std::vector<T> right(static_cast<size_t>(up(std::min(n, kColumnsOfBlock<T>), kColumns<T>) * kStep));
  for (int64_t j = 0; j < n; j += kColumnsOfBlock<T>) {
    const int64_t columns = std::min(kColumnsOfBlock<T>, n - j);
    for (int64_t p = 0; p < k; p += kStep) {
      const int64_t steps = std::min(kStep, k - p);
      pack(columns, steps, kColumns<T>, b.data + j * b.column, b.column, b.row, order, p, right.data());
      for (int64_t i = 0; i < m; i += kRowsOfBlock) {
        const int64_t rows = std::min(kRowsOfBlock, m - i);
        pack(rows, steps, kRows, a.data + i * a.row, a.row, a.column, order, p, left.data());
        for (int64_t jj = 0; jj < columns; jj += kColumns<T>) {
          for (int64_t ii = 0; ii < rows; ii += kRows) {
            tile(steps, left.data() + ii * steps, right.data() + jj * steps, std::min(kRows, rows - ii),
                 std::min(kColumns<T>, columns - jj), c + (i + ii) * ld + j + jj, ld);
          }
        }
      }
    }
  }
}

}  // namespace

void multiply(int64_t m, int64_t n, int64_t k, Strides<float> a, Strides<float> b, float* c, int64_t ld,
              const int64_t* order) {
  blocks(m, n, k, a, b, c, ld, order);
}
void multiply(int64_t m, int64_t n, int64_t k, Strides<double> a, Strides<double> b, double* c, int64_t ld,
              const int64_t* order) {
  blocks(m, n, k, a, b, c, ld, order);
}

}  // namespace kib::emulator::KIB_LEVEL
