// The inner loops of all products and convolutions: a blocked product in registers, once for each processor level.
#ifndef KIB_EMULATOR_BLOCKED_H
#define KIB_EMULATOR_BLOCKED_H
#include <cstdint>

#ifndef KIB_LEVEL
#define KIB_LEVEL baseline
#endif

namespace kib::emulator {

// An operand of a blocked product: its element (i, j) lies at data[i * row + j * column].
template <class T>
struct Strides {
  const T* data;
  int64_t row, column;
};

// So many terms are summed in registers, ascending, and then added to c. So an element's bits depend neither on how a
// product is split over m and n nor on the processor's level.
constexpr int64_t kStep = 256;

namespace KIB_LEVEL {
// c[i * ld + j] += sum_p a(i, p) b(p, j), for i < m, j < n, p < k; p in the given order, or ascending where it is null.
void multiply(int64_t m, int64_t n, int64_t k, Strides<float> a, Strides<float> b, float* c, int64_t ld,
              const int64_t* order);
void multiply(int64_t m, int64_t n, int64_t k, Strides<double> a, Strides<double> b, double* c, int64_t ld,
              const int64_t* order);
}  // namespace KIB_LEVEL

}  // namespace kib::emulator
#endif
