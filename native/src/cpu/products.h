// Products of small matrices, whose sums stay in registers.
#ifndef KIB_CPU_PRODUCTS_H
#define KIB_CPU_PRODUCTS_H
#include "level.h"

namespace kib::KIB_LEVEL {

#if defined(__AVX512F__)
constexpr int64_t kVectorBytes = 64;
#else
constexpr int64_t kVectorBytes = 32;
#endif

template <class Number>
struct Vector {
  typedef Number Type __attribute__((vector_size(kVectorBytes)));
  static constexpr int64_t kLanes = kVectorBytes / static_cast<int64_t>(sizeof(Number));
};

constexpr int64_t kTileRows = 4;
constexpr int64_t kTileVectors = 2;
template <class Number>
constexpr int64_t kTileColumns = kTileVectors* Vector<Number>::kLanes;

// The left factor: entry (r, k) is a[r row + k step].
template <class Number>
struct Factor {
  const Number* a;
  int64_t row, step;
  Factor from(int64_t first_row) const { return {a + first_row * row, row, step}; }
  Number at(int64_t r, int64_t k) const { return a[r * row + k * step]; }
};

// What is summed over k: products, or squares of differences.
template <bool Distance, class T>
T term(T a, T b) {
  return Distance ? (a - b) * (a - b) : a * b;
}

// c[r][j] += sum_k term(a(r, k), b[k][j]) for Rows rows and Vectors vectors of columns.
template <bool Distance, int64_t Rows, int64_t Vectors, class Number>
void product_tile(Number* c, int64_t c_row, Factor<Number> a, const Number* b, int64_t b_row, int64_t inner) {
  using V = typename Vector<Number>::Type;
  constexpr int64_t kLanes = Vector<Number>::kLanes;
  V sums[Rows][Vectors];
  for (int64_t r = 0; r < Rows; r++)
    for (int64_t v = 0; v < Vectors; v++) std::memcpy(&sums[r][v], c + r * c_row + v * kLanes, sizeof(V));
  for (int64_t k = 0; k < inner; k++) {
    V columns[Vectors];
    for (int64_t v = 0; v < Vectors; v++) std::memcpy(&columns[v], b + k * b_row + v * kLanes, sizeof(V));
    for (int64_t r = 0; r < Rows; r++) {
      V entry = V{} + a.at(r, k);
      for (int64_t v = 0; v < Vectors; v++) sums[r][v] += term<Distance>(entry, columns[v]);
    }
  }
  for (int64_t r = 0; r < Rows; r++)
    for (int64_t v = 0; v < Vectors; v++) std::memcpy(c + r * c_row + v * kLanes, &sums[r][v], sizeof(V));
}

template <int64_t Vectors, class Number>
void product_rows(Number* c, int64_t c_row, int64_t rows, Factor<Number> a, const Number* b, int64_t b_row,
                  int64_t inner) {
  int64_t r = 0;
  for (; r + kTileRows <= rows; r += kTileRows)
    product_tile<false, kTileRows, Vectors>(c + r * c_row, c_row, a.from(r), b, b_row, inner);
  for (; r < rows; r++) product_tile<false, 1, Vectors>(c + r * c_row, c_row, a.from(r), b, b_row, inner);
}

// c [rows, columns] += a b with inner terms, each entry's in order. Rows of c and b are c_row and b_row apart.
template <class Number>
void add_product(Number* c, int64_t c_row, int64_t rows, int64_t columns, Factor<Number> a, const Number* b,
                 int64_t b_row, int64_t inner) {
  constexpr int64_t kLanes = Vector<Number>::kLanes;
  int64_t j = 0;
  for (; j + kTileColumns<Number> <= columns; j += kTileColumns<Number>)
    product_rows<kTileVectors>(c + j, c_row, rows, a, b + j, b_row, inner);
  for (; j + kLanes <= columns; j += kLanes) product_rows<1>(c + j, c_row, rows, a, b + j, b_row, inner);
  for (int64_t r = 0; r < rows && j < columns; r++)
    for (int64_t k = 0; k < inner; k++)
      for (int64_t rest = j; rest < columns; rest++) c[r * c_row + rest] += a.at(r, k) * b[k * b_row + rest];
}

}  // namespace kib::KIB_LEVEL
#endif
