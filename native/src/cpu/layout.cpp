// Between types and storage orders.
#include "kib/layout.h"

#include "level.h"
#include "threads.h"

namespace kib::KIB_LEVEL {
namespace {

// Zero of the same sign for a subnormal number, else the number.
inline float without_subnormal(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  bits &= (bits & 0x7F800000u) == 0 ? 0x80000000u : 0xFFFFFFFFu;
  std::memcpy(&x, &bits, 4);
  return x;
}

// Between [outer, C, P] and [outer, P, C].
template <class Target, class Source>
void transpose(Target* target, const Source* source, int64_t outer, int64_t rows, int64_t columns) {
  for (int64_t o = 0; o < outer; o++) {
    Target* t = target + o * rows * columns;
    const Source* s = source + o * rows * columns;
    for (int64_t c = 0; c < columns; c++)
      for (int64_t r = 0; r < rows; r++) {
        if constexpr (sizeof(Target) == 1) {
          t[c * rows + r] = s[r * columns + c];
        } else if constexpr (sizeof(Target) == 8) {
          t[c * rows + r] = load(s[r * columns + c]);
        } else {
          store(t + c * rows + r, static_cast<float>(load(s[r * columns + c])));
        }
      }
  }
}

}  // namespace

kib_status kib_layout_widen(float* wide, const void* narrow, int type, int64_t n, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    const auto* from = static_cast<const decltype(tag)*>(narrow);
    int team = threads_for(n, queue->threads);
#pragma omp parallel for simd num_threads(team) schedule(static)
    for (int64_t i = 0; i < n; i++) wide[i] = without_subnormal(load(from[i]));
  });
}

kib_status kib_layout_narrow(void* narrow, const float* wide, int type, int64_t n, const kib_queue* queue) {
  return with_type(type, [&](auto tag) {
    auto* to = static_cast<decltype(tag)*>(narrow);
    int team = threads_for(n, queue->threads);
#pragma omp parallel for simd num_threads(team) schedule(static)
    for (int64_t i = 0; i < n; i++) store(to + i, without_subnormal(wide[i]));
  });
}

kib_status kib_layout_flush(float* numbers, int64_t n, const kib_queue* queue) {
  int threads = threads_for(n, queue->threads);
#pragma omp parallel for simd num_threads(threads) schedule(static)
  for (int64_t i = 0; i < n; i++) numbers[i] = without_subnormal(numbers[i]);
  return KIB_OK;
}

kib_status kib_layout_write_f64(void* target, const double* source, int type, int64_t outer, int64_t channels,
                                int64_t positions, const kib_queue*) {
  return with_type(
      type, [&](auto tag) { transpose(static_cast<decltype(tag)*>(target), source, outer, channels, positions); });
}

kib_status kib_layout_write_f32(void* target, const float* source, int type, int64_t outer, int64_t channels,
                                int64_t positions, const kib_queue*) {
  return with_type(
      type, [&](auto tag) { transpose(static_cast<decltype(tag)*>(target), source, outer, channels, positions); });
}

kib_status kib_layout_read_f64(double* target, const void* source, int type, int64_t outer, int64_t channels,
                               int64_t positions, const kib_queue*) {
  return with_type(type, [&](auto tag) {
    transpose(target, static_cast<const decltype(tag)*>(source), outer, positions, channels);
  });
}

kib_status kib_layout_read_f32(float* target, const void* source, int type, int64_t outer, int64_t channels,
                               int64_t positions, const kib_queue*) {
  return with_type(type, [&](auto tag) {
    transpose(target, static_cast<const decltype(tag)*>(source), outer, positions, channels);
  });
}

kib_status kib_layout_write_u8(void* target, const uint8_t* source, int64_t outer, int64_t channels, int64_t positions,
                               const kib_queue*) {
  transpose(static_cast<uint8_t*>(target), source, outer, channels, positions);
  return KIB_OK;
}

kib_status kib_layout_read_u8(uint8_t* target, const void* source, int64_t outer, int64_t channels, int64_t positions,
                              const kib_queue*) {
  transpose(target, static_cast<const uint8_t*>(source), outer, positions, channels);
  return KIB_OK;
}

}  // namespace kib::KIB_LEVEL
