#include "kib/layout.h"

#include <algorithm>

#include "kernels.h"

namespace {

// Storage [outer, P, C] of all types, written and read from the logical order [outer, C, P].
void test_order() {
  auto source = random_numbers(2 * 3 * 5, -1, 1);
  std::vector<float> stored(30), back(30);
  kib_layout_write_f32(stored.data(), source.data(), KIB_F32, 2, 3, 5, on(1));
  check(stored[1] == source[5], "channels lie next to each other");
  kib_layout_read_f32(back.data(), stored.data(), KIB_F32, 2, 3, 5, on(1));
  check(back == source, "what is written is read");
  std::vector<double> wide(source.begin(), source.end()), wide_back(30);
  std::vector<uint16_t> halves(30);
  kib_layout_write_f64(halves.data(), wide.data(), KIB_BF16, 2, 3, 5, on(1));
  kib_layout_read_f64(wide_back.data(), halves.data(), KIB_BF16, 2, 3, 5, on(1));
  auto rounded = widened(narrowed(source));
  check(std::equal(rounded.begin(), rounded.end(), wide_back.begin()), "doubles are rounded to bfloat16");
  std::vector<uint8_t> bytes(30), stored_bytes(30), bytes_back(30);
  for (size_t i = 0; i < 30; i++) bytes[i] = static_cast<uint8_t>(i * 7);
  kib_layout_write_u8(stored_bytes.data(), bytes.data(), 2, 3, 5, on(1));
  check(stored_bytes[1] == bytes[5], "channels of bytes lie next to each other");
  kib_layout_read_u8(bytes_back.data(), stored_bytes.data(), 2, 3, 5, on(1));
  check(bytes_back == bytes, "bytes that are written are read");
}

// Numbers that no vector holds alone, one of them subnormal, which becomes zero.
void test_types() {
  auto numbers = random_numbers(37, -1, 1);
  numbers[36] = 1e-40f;
  auto rounded = narrowed(numbers);
  rounded[36] = 0;
  std::vector<uint16_t> halves(37);
  std::vector<float> wide(37);
  kib_layout_narrow(halves.data(), numbers.data(), KIB_BF16, 37, on(2));
  check(halves == rounded, "narrowed");
  kib_layout_widen(wide.data(), halves.data(), KIB_BF16, 37, on(2));
  check(wide == widened(rounded), "widened");
  kib_layout_flush(numbers.data(), 37, on(2));
  check(numbers[36] == 0 && numbers[35] != 0, "a subnormal number is flushed");
}

}  // namespace

void test_layout() {
  test_order();
  test_types();
}
