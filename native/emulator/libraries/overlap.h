// Which bytes the arguments of a library call are, and whether a result shares some with an operand, with another
// result or with itself. A GPU reads and writes in no order, so such a call gives garbage there; here every operand is
// read before a result is written, and the result would look right.
#ifndef KIB_EMULATOR_OVERLAP_H
#define KIB_EMULATOR_OVERLAP_H
#include <string>
#include <vector>

#include "libraries/matrix.h"

namespace kib::emulator {

// `length` contiguous bytes, repeated along each dimension.
struct Strided {
  struct Dimension {
    int64_t count, stride;  // the stride in bytes
    bool operator==(const Dimension& other) const { return count == other.count && stride == other.stride; }
  };
  uint64_t address = 0;
  uint64_t length = 0;
  std::vector<Dimension> dimensions;

  bool operator==(const Strided& other) const {
    return address == other.address && length == other.length && dimensions == other.dimensions;
  }
};

// An argument of a call under the name that reports give it: a union of strided sets (one for each matrix of a batch by
// pointers, one for each column of a triangle).
struct Argument {
  std::string what;
  std::vector<Strided> sets;
  // An operand that may be the first result itself: the same bytes in the same layout.
  bool in_place = false;

  Argument(std::string name, std::vector<Strided> bytes) : what(std::move(name)), sets(std::move(bytes)) {}
  Argument(std::string name, uint64_t address, uint64_t bytes)
      : Argument(std::move(name), {Strided{address, bytes, {}}}) {}
  Argument(std::string name, const Matrix& matrix, Part part = Part::kAll);
  Argument(std::string name, const Vector& vector);
  // The same matrix `batch` times, `stride` elements apart.
  Argument(std::string name, const Matrix& matrix, int64_t batch, int64_t stride);

  Argument&& may_be_the_result(bool may = true) && {
    in_place = may;
    return std::move(*this);
  }
  void append(const Argument& other) { sets.insert(sets.end(), other.sets.begin(), other.sets.end()); }
};

// Bytes that two arguments share, and the first of them; exact: columns of two matrices in one buffer that interleave
// share none.
struct Shared {
  uint64_t bytes = 0, first = 0;
};
Shared shared(const Argument& a, const Argument& b);
// Bytes that an argument has more than once.
Shared repeated(const Argument& argument);

// Reports (Finding::kOverlap) results that share bytes with an operand, with another result or with themselves. What a
// call both reads and writes (C of a product with beta) is a result alone. To be called where the work runs.
void check_overlaps(const std::string& caller, const std::vector<Argument>& results,
                    const std::vector<Argument>& operands);

}  // namespace kib::emulator
#endif
