#include "libraries/matrix.h"

#include <algorithm>
#include <type_traits>

namespace kib::emulator {
namespace {

// Calls body with the type as a constant, so that its loop is one of that type alone.
template <class Body>
void with_type(Element type, Body body) {
  switch (type) {
    case Element::kF32:
      return body(std::integral_constant<Element, Element::kF32>());
    case Element::kF64:
      return body(std::integral_constant<Element, Element::kF64>());
    case Element::kF16:
      return body(std::integral_constant<Element, Element::kF16>());
    default:
      return body(std::integral_constant<Element, Element::kBF16>());
  }
}

template <Rounding kRounding, class T>
void round_all(int64_t count, T* values) {
  for (int64_t i = 0; i < count; ++i) values[i] = static_cast<T>(rounded(static_cast<float>(values[i]), kRounding));
}

}  // namespace

template <class T>
void unpack(const std::byte* from, Element type, Rounding rounding, int64_t count, T* to) {
  with_type(type, [&](auto constant) {
    constexpr Element kType = decltype(constant)::value;
    for (int64_t i = 0; i < count; ++i) to[i] = load<T>(from + static_cast<size_t>(i) * bytes(kType), kType);
  });
  if (type != Element::kF32) return;
  if (rounding == Rounding::kTF32) round_all<Rounding::kTF32>(count, to);
  if (rounding == Rounding::kF16) round_all<Rounding::kF16>(count, to);
  if (rounding == Rounding::kBF16) round_all<Rounding::kBF16>(count, to);
}

template <class T>
void pack(std::byte* to, Element type, int64_t count, const T* from) {
  with_type(type, [&](auto constant) {
    constexpr Element kType = decltype(constant)::value;
    for (int64_t i = 0; i < count; ++i) store(to + static_cast<size_t>(i) * bytes(kType), kType, from[i]);
  });
}

namespace {

using Access = Memory::Access;

struct Run {
  int64_t first, count;
};

Run run(const Matrix& matrix, int64_t column, Part part) {
  if (part == Part::kLower) return {column, std::max<int64_t>(matrix.rows - column, 0)};
  if (part == Part::kUpper) return {0, std::min(column + 1, matrix.rows)};
  return {0, matrix.rows};
}

// Calls body(bytes, offset in the dense array, count) for each run of the matrix.
template <class Body>
bool each_run(const Matrix& matrix, Access access, const std::string& caller, Part part, Body body) {
  if (matrix.rows == 0 || matrix.columns == 0) return true;
  const bool one = part == Part::kAll && matrix.dense();
  const int64_t columns = one ? 1 : matrix.columns;
  for (int64_t column = 0; column < columns; ++column) {
    const Run r = one ? Run{0, matrix.rows * matrix.columns} : run(matrix, column, part);
    if (r.count == 0) continue;
    const uint64_t address = matrix.at(column * matrix.ld + r.first).address;
    std::byte* data =
        Memory::instance().view(address, static_cast<uint64_t>(r.count) * bytes(matrix.type), access, caller);
    if (data == nullptr) return false;
    body(data, column * matrix.rows + r.first, r.count);
  }
  return true;
}

uint64_t element(const Vector& vector, int64_t i) {
  const int64_t start = vector.stride < 0 ? -(vector.count - 1) * vector.stride : 0;
  return vector.address + static_cast<uint64_t>((start + i * vector.stride) * static_cast<int64_t>(bytes(vector.type)));
}

template <class Body>
bool each_run(const Vector& vector, Access access, const std::string& caller, Body body) {
  const int64_t length = vector.stride == 1 ? vector.count : 1;
  for (int64_t i = 0; i < vector.count; i += length) {
    std::byte* data =
        Memory::instance().view(element(vector, i), static_cast<uint64_t>(length) * bytes(vector.type), access, caller);
    if (data == nullptr) return false;
    body(data, i, length);
  }
  return true;
}

}  // namespace

template <class T>
bool read(const Matrix& matrix, Rounding rounding, const std::string& caller, T* values, Part part) {
  return each_run(matrix, Access::kRead, caller, part, [&](const std::byte* data, int64_t offset, int64_t count) {
    unpack(data, matrix.type, rounding, count, values + offset);
  });
}

template <class T>
bool write(const Matrix& matrix, const T* values, const std::string& caller, Part part) {
  return each_run(matrix, Access::kWrite, caller, part, [&](std::byte* data, int64_t offset, int64_t count) {
    pack(data, matrix.type, count, values + offset);
  });
}

template <class T>
bool read(const Vector& vector, const std::string& caller, T* values) {
  return each_run(vector, Access::kRead, caller, [&](const std::byte* data, int64_t offset, int64_t count) {
    unpack(data, vector.type, Rounding::kNone, count, values + offset);
  });
}

template <class T>
bool write(const Vector& vector, const T* values, const std::string& caller) {
  return each_run(vector, Access::kWrite, caller, [&](std::byte* data, int64_t offset, int64_t count) {
    pack(data, vector.type, count, values + offset);
  });
}

template <class T>
bool read_scalar(uint64_t address, Element type, const std::string& caller, T* value) {
  return read(Vector{address, 1, 1, type}, caller, value);
}

bool spoil(uint64_t address, uint64_t count, const std::string& caller) {
  if (count == 0) return true;
  std::byte* data = Memory::instance().view(address, count, Access::kWrite, caller);
  if (data == nullptr) return false;
  std::memset(data, 0xFF, count);
  return true;
}

#define KIB_INSTANTIATE(T)                                                   \
  template void unpack(const std::byte*, Element, Rounding, int64_t, T*);    \
  template void pack(std::byte*, Element, int64_t, const T*);                \
  template bool read(const Matrix&, Rounding, const std::string&, T*, Part); \
  template bool write(const Matrix&, const T*, const std::string&, Part);    \
  template bool read(const Vector&, const std::string&, T*);                 \
  template bool write(const Vector&, const T*, const std::string&);          \
  template bool read_scalar(uint64_t, Element, const std::string&, T*);
KIB_INSTANTIATE(float)
KIB_INSTANTIATE(double)
#undef KIB_INSTANTIATE

}  // namespace kib::emulator
