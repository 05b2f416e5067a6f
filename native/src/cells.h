// The cells of images at several scales, and the places of codes (docs/mathematics.md, section 3.9).
#ifndef KIB_CELLS_OF_IMAGES_H
#define KIB_CELLS_OF_IMAGES_H
#include "kib/specs.h"
#include "status.h"
#include "windows.h"

namespace kib {

// A side of an image, cut into count parts that do not overlap: part i has the positions from first(i) to before
// end(i), position h is in part of(h).
template <class Int>
struct Parts {
  Int size, count;

  KIB_BOTH_SIDES Int first(Int i) const { return i * size / count; }
  KIB_BOTH_SIDES Int end(Int i) const { return first(i + 1); }
  KIB_BOTH_SIDES Int of(Int h) const { return ((h + 1) * count - 1) / size; }
};

// Cells at one scale, and the first entry of theirs in a sample's code.
template <class Int>
struct Scale {
  Parts<Int> rows, columns;
  Int first;

  KIB_BOTH_SIDES Int cells() const { return rows.count * columns.count; }
  KIB_BOTH_SIDES Int positions(Int i, Int j) const {
    return (rows.end(i) - rows.first(i)) * (columns.end(j) - columns.first(j));
  }
};

// Calls visit with each scale.
#ifdef __CUDACC__
#pragma nv_exec_check_disable
#endif
template <class Int, class Visit>
KIB_BOTH_SIDES void for_scales(const kib_cells_spec& spec, Visit visit) {
  Int height = static_cast<Int>(spec.height), width = static_cast<Int>(spec.width), first = 0;
#ifdef __CUDA_ARCH__
#pragma unroll  // else a kernel's parameter would be copied to local memory, to be read by index
#endif
  for (int i = 0; i < KIB_MOST_SCALES; i++) {
    if (i >= spec.scales) break;
    Int count = static_cast<Int>(spec.scale[i]);
    visit(Scale<Int>{{height, count}, {width, count}, first});
    first += count * count * static_cast<Int>(spec.groups);
  }
}

// W: the entries of a sample's code. (Static: compiled for each instruction set, and not to be exchanged.)
static inline int64_t code_width(const kib_cells_spec& spec) {
  int64_t width = 0;
  for (int i = 0; i < spec.scales; i++) width += spec.scale[i] * spec.scale[i] * spec.groups;
  return width;
}

static inline kib_status check_cells(const kib_cells_spec& spec) {
  if (spec.groups < 1 || spec.channels % spec.groups != 0)
    return refuse(KIB_BAD_ARGUMENT, "do not split %lld channels into %lld groups of one size",
                  static_cast<long long>(spec.channels), static_cast<long long>(spec.groups));
  if (spec.scales < 1 || spec.scales > KIB_MOST_SCALES)
    return refuse(KIB_BAD_ARGUMENT, "take 1 to %d scales of cells, not %d", KIB_MOST_SCALES, spec.scales);
  for (int i = 0; i < spec.scales; i++)
    if (spec.scale[i] < 1 || spec.scale[i] > spec.height || spec.scale[i] > spec.width)
      return refuse(KIB_BAD_ARGUMENT, "do not cut an image of %lldx%lld into %lldx%lld cells",
                    static_cast<long long>(spec.height), static_cast<long long>(spec.width),
                    static_cast<long long>(spec.scale[i]), static_cast<long long>(spec.scale[i]));
  return KIB_OK;
}

}  // namespace kib
#endif
