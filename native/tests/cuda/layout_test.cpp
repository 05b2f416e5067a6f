#include "kib/layout.h"

#include <algorithm>

#include "families.h"

KIB_EXPECTED(kib_layout_widen)
KIB_EXPECTED(kib_layout_narrow)
KIB_EXPECTED(kib_layout_flush)
KIB_EXPECTED(kib_layout_write_f64)
KIB_EXPECTED(kib_layout_write_f32)
KIB_EXPECTED(kib_layout_read_f64)
KIB_EXPECTED(kib_layout_read_f32)
KIB_EXPECTED(kib_layout_write_u8)
KIB_EXPECTED(kib_layout_read_u8)

namespace {

// Numbers among which are zeros, subnormal ones and one that is rounded to even.
std::vector<float> odd_numbers(size_t count) {
  auto numbers = random_numbers(count, -2, 2);
  const float odd[] = {0.0f, -0.0f, 1e-40f, -1e-40f, 1.1754942e-38f, 1.00390625f, 3e38f, 1e-38f};
  for (size_t i = 0; i < count; i++)
    if (i % 3 == 0) numbers[i] = odd[i / 3 % 8];
  return numbers;
}

// All alignments of both arrays, and ends.
void test_types() {
  for (size_t n : {0, 1, 7, 8, 64, 4099}) {
    auto numbers = odd_numbers(n);
    auto halves = narrowed(numbers);
    for (size_t offset : {0, 1, 4}) {
      std::string what = std::to_string(n) + " numbers from " + std::to_string(offset);
      auto size = static_cast<int64_t>(n);
      test::Array<float> wide(n + 8), flushed(n + 8);
      test::Array<uint16_t> narrow(n + 8);
      std::vector<float> padded(offset);
      padded.insert(padded.end(), numbers.begin(), numbers.end());
      padded.resize(n + 8);
      flushed.write(padded);
      std::vector<uint16_t> wanted_halves(n);
      expected::kib_layout_narrow(wanted_halves.data(), numbers.data(), KIB_BF16, size, test::processor());
      narrow.write(std::vector<uint16_t>(n + 8, 7));
      test::ok(kib_layout_narrow(narrow.data() + offset, flushed.data() + offset, KIB_BF16, size, test::device()),
               what);
      auto got = narrow.read();
      test::equal(std::vector<uint16_t>(got.begin() + offset, got.begin() + offset + n), wanted_halves,
                  "layout.narrow " + what);
      check(got[offset + n] == 7 && (offset == 0 || got[offset - 1] == 7), "layout.narrow writes no more");
      wanted_halves = halves;
      narrow.write([&] {
        std::vector<uint16_t> all(offset);
        all.insert(all.end(), halves.begin(), halves.end());
        all.resize(n + 8);
        return all;
      }());
      std::vector<float> wanted(n);
      expected::kib_layout_widen(wanted.data(), halves.data(), KIB_BF16, size, test::processor());
      wide.write(std::vector<float>(n + 8, 7));
      test::ok(kib_layout_widen(wide.data() + offset, narrow.data() + offset, KIB_BF16, size, test::device()), what);
      auto floats = wide.read();
      test::equal(std::vector<float>(floats.begin() + offset, floats.begin() + offset + n), wanted,
                  "layout.widen " + what);
      check(floats[offset + n] == 7, "layout.widen writes no more");
      wanted = numbers;
      expected::kib_layout_flush(wanted.data(), size, test::processor());
      test::ok(kib_layout_flush(flushed.data() + offset, size, test::device()), what);
      floats = flushed.read();
      test::equal(std::vector<float>(floats.begin() + offset, floats.begin() + offset + n), wanted,
                  "layout.flush " + what);
    }
  }
  test::Array<float> one(1);
  check(kib_layout_widen(one.data(), one.data(), 9, 1, test::device()) == KIB_UNSUPPORTED_TYPE, "no type 9");
}

// Shapes of whole matrices, of tiles of few rows, few columns and many of both.
void test_order() {
  const int64_t shapes[][3] = {{1, 1, 1},   {7, 1, 5},     {5, 3, 1},   {77, 3, 9},   {2, 3, 1024}, {2, 1024, 3},
                               {2, 33, 70}, {1, 100, 131}, {3, 32, 97}, {1, 2, 4001}, {0, 3, 4}};
  for (const auto& [outer, channels, positions] : shapes) {
    auto size = static_cast<size_t>(outer * channels * positions);
    std::string what = std::to_string(outer) + "x" + std::to_string(channels) + "x" + std::to_string(positions);
    auto numbers = odd_numbers(size);
    std::vector<double> doubles(size);
    for (size_t i = 0; i < size; i++) doubles[i] = numbers[i] * (1 + 1e-12);
    auto order = [&](auto narrow, int type) {
      using T = decltype(narrow);
      std::vector<T> wanted(size);
      std::vector<float> wanted_f32(size);
      std::vector<double> wanted_f64(size);
      test::Array<float> f32(numbers);
      test::Array<double> f64(doubles);
      test::Array<T> stored(size);
      test::ok(kib_layout_write_f64(stored.data(), f64.data(), type, outer, channels, positions, test::device()), what);
      expected::kib_layout_write_f64(wanted.data(), doubles.data(), type, outer, channels, positions, nullptr);
      test::equal(stored.read(), wanted, "layout.write_f64 " + what);
      test::ok(kib_layout_write_f32(stored.data(), f32.data(), type, outer, channels, positions, test::device()), what);
      expected::kib_layout_write_f32(wanted.data(), numbers.data(), type, outer, channels, positions, nullptr);
      test::equal(stored.read(), wanted, "layout.write_f32 " + what);
      test::ok(kib_layout_read_f64(f64.data(), stored.data(), type, outer, channels, positions, test::device()), what);
      expected::kib_layout_read_f64(wanted_f64.data(), wanted.data(), type, outer, channels, positions, nullptr);
      test::equal(f64.read(), wanted_f64, "layout.read_f64 " + what);
      test::ok(kib_layout_read_f32(f32.data(), stored.data(), type, outer, channels, positions, test::device()), what);
      expected::kib_layout_read_f32(wanted_f32.data(), wanted.data(), type, outer, channels, positions, nullptr);
      test::equal(f32.read(), wanted_f32, "layout.read_f32 " + what);
    };
    order(float(), KIB_F32);
    order(uint16_t(), KIB_BF16);
    std::vector<uint8_t> bytes(size), wanted(size);
    for (size_t i = 0; i < size; i++) bytes[i] = static_cast<uint8_t>(i * 7 + i / 251);
    test::Array<uint8_t> logical(bytes), stored(size);
    test::ok(kib_layout_write_u8(stored.data(), logical.data(), outer, channels, positions, test::device()), what);
    expected::kib_layout_write_u8(wanted.data(), bytes.data(), outer, channels, positions, nullptr);
    test::equal(stored.read(), wanted, "layout.write_u8 " + what);
    test::ok(kib_layout_read_u8(logical.data(), stored.data(), outer, channels, positions, test::device()), what);
    test::equal(logical.read(), bytes, "layout.read_u8 " + what);
  }
}

}  // namespace

void test_layout() {
  test_types();
  test_order();
}

void time_layout(test::Timer& timer) {
  int64_t n = timer.small() ? 4096 : 8 << 20, images = timer.small() ? 2 : 10000, filters = timer.small() ? 2 : 512;
  auto bytes = [](int64_t count) { return static_cast<double>(count); };
  auto zeros = [](int64_t count) { return std::vector<char>(static_cast<size_t>(count)); };
  test::Scratch one(zeros(std::max({4 * n, 3072 * images, 4 * filters * 4608}))), other(one.size());
  auto* f32 = reinterpret_cast<float*>(one.data());
  auto* u8 = reinterpret_cast<uint8_t*>(one.data());
  const kib_queue* queue = test::device();
  timer.time("layout.narrow", std::to_string(n), {bytes(6 * n)},
             [&] { return kib_layout_narrow(other.data(), f32, KIB_BF16, n, queue); });
  timer.time("layout.write_u8", std::to_string(images) + "x3x32x32", {bytes(2 * 3072 * images)},
             [&] { return kib_layout_write_u8(other.data(), u8, images, 3, 1024, queue); });
  timer.time("layout.write_f32", std::to_string(filters) + "x512x3x3", {bytes(8 * filters * 4608)},
             [&] { return kib_layout_write_f32(other.data(), f32, KIB_F32, filters, 512, 9, queue); });
}
