// The windows of adaptive pooling along one side of an image (docs/mathematics.md, section 7.3).
#ifndef KIB_WINDOWS_H
#define KIB_WINDOWS_H
#include <cstdint>

#ifdef __CUDACC__
#define KIB_BOTH_SIDES __host__ __device__
#else
#define KIB_BOTH_SIDES
#endif

namespace kib {

// count windows, at most as many as the size positions: window i has the positions from first(i) to before end(i), a
// position h is in the windows from first_of(h) to before end_of(h).
template <class Int>
struct Windows {
  Int size, count;

  KIB_BOTH_SIDES Int first(Int i) const { return i * size / count; }
  KIB_BOTH_SIDES Int end(Int i) const { return ((i + 1) * size + count - 1) / count; }
  KIB_BOTH_SIDES Int length(Int i) const { return end(i) - first(i); }
  KIB_BOTH_SIDES Int first_of(Int h) const { return h * count / size; }
  KIB_BOTH_SIDES Int end_of(Int h) const { return ((h + 1) * count + size - 1) / size; }
};

}  // namespace kib
#endif
