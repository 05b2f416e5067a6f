#include "kib/sum_rows.h"

#include <cmath>
#include <limits>

#include "families.h"

KIB_EXPECTED(kib_sum_rows)
KIB_EXPECTED(kib_sum_rows_workspace)

namespace {

// Compares, column by column, to the roundings of a float; the same bits in a second run.
template <class T>
void compare(int type, const std::vector<T>& numbers, int64_t rows, int64_t n, size_t offset) {
  std::string what = "sum_rows " + std::to_string(rows) + "x" + std::to_string(n) + " of type " + std::to_string(type);
  std::vector<T> values(offset);
  values.insert(values.end(), numbers.begin(), numbers.end());
  std::vector<float> wanted(static_cast<size_t>(n));
  std::vector<char> workspace(static_cast<size_t>(expected::kib_sum_rows_workspace(rows, n)));
  expected::kib_sum_rows(wanted.data(), numbers.data(), type, rows, n, workspace.data(), test::processor());
  test::Array<T> all(values);
  test::Array<float> sum(wanted.size()), again(wanted.size());
  test::Scratch scratch(static_cast<size_t>(kib_sum_rows_workspace(rows, n)));
  test::ok(kib_sum_rows(sum.data(), all.data() + offset, type, rows, n, scratch.data(), test::device()), what);
  test::ok(kib_sum_rows(again.data(), all.data() + offset, type, rows, n, scratch.data(), test::device()), what);
  auto got = sum.read();
  test::near(again.read(), got, 0, what + " again");
  for (size_t c = 0; c < wanted.size(); c++) test::near(std::vector<float>{got[c]}, {wanted[c]}, 1.3e-7, what);
}

}  // namespace

void test_sum_rows() {
  const int64_t shapes[][2] = {{0, 3},     {1, 1},    {1, 1000},  {7, 5},      {33, 16},   {100, 24},
                               {130, 136}, {64, 512}, {3000, 64}, {131072, 3}, {40000, 8}, {9000, 20}};
  for (const auto& [rows, n] : shapes) {
    auto numbers = random_numbers(static_cast<size_t>(rows * n), -1, 1);
    // Columns that are hard to add: one that hardly cancels, one whose large numbers cancel.
    for (int64_t row = 0; row < rows && n >= 3; row++) {
      numbers[static_cast<size_t>(row * n + 1)] = 5.1f;
      if (row / 2 < rows / 2) numbers[static_cast<size_t>(row * n + 2)] += row % 2 == 0 ? 4096.0f : -4096.0f;
    }
    auto halves = narrowed(numbers);
    for (size_t offset : {0, 1}) {
      compare(KIB_F32, numbers, rows, n, offset);
      compare(KIB_BF16, halves, rows, n, offset);
    }
  }
  float infinity = std::numeric_limits<float>::infinity();
  compare<float>(KIB_F32, {1, infinity, -infinity, infinity, 2, 3, 4, NAN}, 2, 4, 0);
  test::Array<float> one(1);
  test::ok(kib_sum_rows(one.data(), one.data(), KIB_F32, 5, 0, nullptr, test::device()), "no columns");
  check(kib_sum_rows(one.data(), one.data(), 9, 1, 1, nullptr, test::device()) == KIB_UNSUPPORTED_TYPE, "no type 9");
}

void time_sum_rows(test::Timer& timer) {
  const int64_t shapes[][2] = {{131072, 128}, {32768, 256}, {8192, 512}, {2048, 512}, {128, 1024}};
  for (const auto& [rows, n] : shapes) {
    int64_t few = timer.small() ? rows / 64 : rows;
    test::Scratch values(std::vector<char>(static_cast<size_t>(2 * few * n)));
    test::Array<float> sum(static_cast<size_t>(n));
    test::Scratch scratch(static_cast<size_t>(kib_sum_rows_workspace(few, n)));
    timer.time("sum_rows", std::to_string(few) + "x" + std::to_string(n) + " bf16",
               {static_cast<double>(2 * few * n + 4 * n)}, [&, columns = n] {
                 return kib_sum_rows(sum.data(), values.data(), KIB_BF16, few, columns, scratch.data(), test::device());
               });
  }
}
