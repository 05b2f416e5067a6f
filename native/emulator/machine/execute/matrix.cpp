#include "machine/execute/matrix.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

#include "machine/execute/access.h"
#include "machine/forms/narrow.h"

namespace kib::emulator::ptx {
namespace {

constexpr uint32_t kRows = 16, kColumns = 8;  // of mma's result

// Matrices of 8 rows of 8 halves: row r of matrix m lies at the address that lane 8 m + r gives. Lane l holds of each
// the elements 2 (l mod 4) and the next of row l / 4; with .trans of column l / 4.
void load_matrix(const MatrixOperation& m, Warp& w) {
  const uint32_t lanes = m.count == 4 ? kAllLanes : (uint32_t{1} << (8 * m.count)) - 1;
  Touch t(w, m.access.space, 16, lanes, false, true, false, nullptr);
  addresses(m.access, w, t.address);
  uint16_t all[32][8] = {};
  by_space(m.access.space, lanes, t.address, [&](Space space, uint32_t mask) {
    t.space = space;
    t.mask = mask;
    if (w.launch().stopped() || !reach(t)) return;
    for (uint32_t l = 0; l < 32; ++l) {
      if (((mask >> l) & 1) != 0) std::memcpy(all[l], t.host[l], 16);
    }
  });
  if (w.launch().stopped()) return;
  for (uint32_t n = 0; n < m.count; ++n) {
    uint32_t* d = w.at<uint32_t>(m.d[n]);
    for (uint32_t l = 0; l < 32; ++l) {
      const uint32_t major = 8 * n + l / 4, minor = l % 4 * 2;
      d[l] = m.transposed ? all[8 * n + minor][l / 4] | uint32_t{all[8 * n + minor + 1][l / 4]} << 16
                          : all[major][minor] | uint32_t{all[major][minor + 1]} << 16;
    }
  }
}

void store_matrix(const MatrixOperation& m, Warp& w) {
  const uint32_t lanes = m.count == 4 ? kAllLanes : (uint32_t{1} << (8 * m.count)) - 1;
  alignas(16) uint16_t all[32][8] = {};
  for (uint32_t n = 0; n < m.count; ++n) {
    const uint32_t* a = w.at<uint32_t>(m.a[n]);
    for (uint32_t l = 0; l < 32; ++l) {
      const uint32_t minor = l % 4 * 2;
      for (uint32_t k = 0; k < 2; ++k) {
        const uint16_t half = static_cast<uint16_t>(a[l] >> (16 * k));
        (m.transposed ? all[8 * n + minor + k][l / 4] : all[8 * n + l / 4][minor + k]) = half;
      }
    }
  }
  Touch t(w, m.access.space, 16, lanes, true, false, false, reinterpret_cast<const std::byte*>(all));
  addresses(m.access, w, t.address);
  by_space(m.access.space, lanes, t.address, [&](Space space, uint32_t mask) {
    t.space = space;
    t.mask = mask;
    if (w.launch().stopped() || !reach(t)) return;
    w.worker().progressed = true;
    for (uint32_t l = 0; l < 32; ++l) {
      if (((mask >> l) & 1) != 0) std::memcpy(t.host[l], all[l], 16);
    }
  });
}

void move_matrix(const MatrixOperation& m, Warp& w) {
  uint32_t from[32];
  std::memcpy(from, w.at<uint32_t>(m.a[0]), sizeof from);
  const auto element = [&](uint32_t row, uint32_t column) {
    return from[4 * row + column / 2] >> (16 * (column % 2)) & 0xffff;
  };
  uint32_t* d = w.at<uint32_t>(m.d[0]);
  for (uint32_t l = 0; l < 32; ++l) d[l] = element(l % 4 * 2, l / 4) | element(l % 4 * 2 + 1, l / 4) << 16;
}

// Element `part` of a register of 32 bits as a number.
float element(Type type, uint32_t word, uint32_t part) {
  const uint16_t half = static_cast<uint16_t>(word >> (16 * part));
  switch (type) {
    case Type::kF16:
      return widen(F16{}, half);
    case Type::kBf16:
      return widen(Bf16{}, half);
    default:
      return bits_as<float>(word & ~uint32_t{0x1fff});  // tf32: the lowest bits do not count
  }
}

// In which order a sum's terms are added: the manual leaves it open, and the seed draws it. The last is the addend.
const std::vector<uint32_t>& order_of_terms(uint32_t depth) {
  static const std::vector<std::vector<uint32_t>> orders = [] {
    std::vector<std::vector<uint32_t>> all;
    for (const uint32_t k : {4u, 8u, 16u}) {
      std::vector<uint32_t> order(k + 1);
      std::iota(order.begin(), order.end(), 0);
      std::mt19937_64 random(Options::current().seed * 32 + k);
      std::shuffle(order.begin(), order.end(), random);
      all.push_back(order);
    }
    return all;
  }();
  return orders[depth == 4 ? 0 : depth == 8 ? 1 : 2];
}

// d = a b + c for a of 16 rows and `depth` columns, b of `depth` rows and 8 columns. Each product is exact, and each
// addition of one rounds to f32; an f16 result is rounded at last.
void multiply(const MatrixOperation& m, Warp& w) {
  const bool words = m.type == Type::kTf32;
  const uint32_t depth = m.depth, at_once = words ? 1 : 2, span = 4 * at_once;
  float a[kRows][16], b[16][kColumns];
  for (uint32_t l = 0; l < 32; ++l) {
    for (uint32_t n = 0; n < m.na; ++n) {
      const uint32_t word = w.at<uint32_t>(m.a[n])[l];
      for (uint32_t k = 0; k < at_once; ++k)
        a[l / 4 + 8 * (n % 2)][l % 4 * at_once + k + n / 2 * span] = element(m.type, word, k);
    }
    for (uint32_t n = 0; n < m.nb; ++n) {
      const uint32_t word = w.at<uint32_t>(m.b[n])[l];
      for (uint32_t k = 0; k < at_once; ++k) b[l % 4 * at_once + k + n * span][l / 4] = element(m.type, word, k);
    }
  }
  const bool narrow_sums = m.sums == Type::kF16;
  const std::vector<uint32_t>& order = order_of_terms(depth);
  float sums[kRows][kColumns];
  const auto place = [&](uint32_t l, uint32_t n) {  // of c's and d's n-th element of a lane
    return std::pair<uint32_t, uint32_t>{l / 4 + 8 * (n / 2), l % 4 * 2 + n % 2};
  };
  for (uint32_t l = 0; l < 32; ++l) {
    for (uint32_t n = 0; n < 4; ++n) {
      const auto [row, column] = place(l, n);
      const float addend = narrow_sums
                               ? widen(F16{}, static_cast<uint16_t>(w.at<uint32_t>(m.c[n / 2])[l] >> (n % 2 * 16)))
                               : w.at<float>(m.c[n])[l];
      float sum = 0;
      bool first = true;
      for (const uint32_t k : order) {
        const bool is_addend = k == depth;
        if (first) {
          sum = is_addend ? addend : a[row][k] * b[k][column];
        } else {
          sum = is_addend ? sum + addend : std::fma(a[row][k], b[k][column], sum);
        }
        first = false;
      }
      sums[row][column] = sum;
    }
  }
  for (uint32_t l = 0; l < 32; ++l) {
    for (uint32_t n = 0; n < 4; ++n) {
      const auto [row, column] = place(l, n);
      const float sum = sums[row][column];
      if (!narrow_sums) {
        w.at<uint32_t>(m.d[n])[l] = sum != sum ? F32::canonical : bits_as<uint32_t>(sum);
        continue;
      }
      uint32_t& d = w.at<uint32_t>(m.d[n / 2])[l];
      const uint32_t half = nearest(F16{}, sum), shift = n % 2 * 16;
      d = (d & ~(uint32_t{0xffff} << shift)) | half << shift;
    }
  }
}

}  // namespace

const char* name(const MatrixOperation& m) {
  switch (m.kind) {
    case MatrixOperation::Kind::kLoad:
      return "ldmatrix";
    case MatrixOperation::Kind::kStore:
      return "stmatrix";
    case MatrixOperation::Kind::kMove:
      return "movmatrix";
    default:
      return "mma";
  }
}

void matrix(const Instruction& i, Warp& w) {
  const MatrixOperation& m = w.launch().image->matrices[i.target];
  switch (m.kind) {
    case MatrixOperation::Kind::kLoad:
      return load_matrix(m, w);
    case MatrixOperation::Kind::kStore:
      return store_matrix(m, w);
    case MatrixOperation::Kind::kMove:
      return move_matrix(m, w);
    default:
      multiply(m, w);
  }
}

}  // namespace kib::emulator::ptx
