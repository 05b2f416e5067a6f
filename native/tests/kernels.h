// What the tests of all families share.
#ifndef KIB_TESTS_KERNELS_H
#define KIB_TESTS_KERNELS_H
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kib/queue.h"

constexpr unsigned kSeed = 20;

// A queue of so many threads; there is one for each number.
const kib_queue* on(int threads);

// Says what does not hold, and counts it.
void check(bool holds, const char* what);

// Within the tolerance, relative to an expected number above 1.
void near(double actual, double expected, double tolerance, const char* what);

std::vector<float> random_numbers(size_t count, float low, float high);

// The nearest bfloat16 of numbers, and the numbers that they stand for.
std::vector<uint16_t> narrowed(const std::vector<float>& numbers);
std::vector<float> widened(const std::vector<uint16_t>& numbers);

// One for each family: each function called, compared with loops in double. Small operations, but for the last three.
void test_activity();
void test_batch();
void test_layout();
void test_optimizer();
void test_random();
void test_readout();
void test_statistics();
void test_status();
void test_sum_rows();
void test_threads();
void test_gram();
void test_batch_norm();

#endif
