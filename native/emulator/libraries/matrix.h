// Matrices and vectors in device memory: read into and written from dense host arrays, run by run, so that what lies
// between the runs (below a leading dimension) is neither read nor written.
#ifndef KIB_EMULATOR_MATRIX_H
#define KIB_EMULATOR_MATRIX_H
#include <string>
#include <vector>

#include "libraries/element.h"
#include "machine/memory.h"

namespace kib::emulator {

// Between contiguous elements and numbers. Rounding is done to f32 elements only.
template <class T>
void unpack(const std::byte* from, Element type, Rounding rounding, int64_t count, T* to);
template <class T>
void pack(std::byte* to, Element type, int64_t count, const T* from);

// `columns` runs of `rows` contiguous elements each, `ld` elements apart: a column-major matrix, or a row-major one
// whose rows are called columns here.
struct Matrix {
  uint64_t address = 0;
  int64_t rows = 0, columns = 0, ld = 0;
  Element type = Element::kF32;

  Matrix at(int64_t offset) const {  // the same matrix, `offset` elements further
    Matrix other = *this;
    other.address += static_cast<uint64_t>(offset * static_cast<int64_t>(bytes(type)));
    return other;
  }
  bool dense() const { return ld == rows || columns == 1; }
};

// Which elements of a matrix take part: all, or one triangle with the diagonal.
enum class Part { kAll, kLower, kUpper };

// To values[column * rows + row]. Returns false where a view was refused. Elements outside the part stay as they are.
template <class T>
bool read(const Matrix& matrix, Rounding rounding, const std::string& caller, T* values, Part part = Part::kAll);
template <class T>
bool write(const Matrix& matrix, const T* values, const std::string& caller, Part part = Part::kAll);

// `count` elements, `stride` elements apart (negative: from the end, as BLAS has it).
struct Vector {
  uint64_t address = 0;
  int64_t count = 0, stride = 1;
  Element type = Element::kF32;
};

template <class T>
bool read(const Vector& vector, const std::string& caller, T* values);
template <class T>
bool write(const Vector& vector, const T* values, const std::string& caller);

// One number in device memory.
template <class T>
bool read_scalar(uint64_t address, Element type, const std::string& caller, T* value);

// Fills bytes with ones: NaN in every type, so that nothing can live in a workspace from one call to the next.
bool spoil(uint64_t address, uint64_t count, const std::string& caller);

}  // namespace kib::emulator
#endif
