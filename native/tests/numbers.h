// Numbers that tests compute with, and what they say of results.
#ifndef KIB_TESTS_NUMBERS_H
#define KIB_TESTS_NUMBERS_H
#include <cstddef>
#include <cstdint>
#include <vector>

constexpr unsigned kSeed = 20;

// Says what does not hold, and counts it.
void check(bool holds, const char* what);

// Within the tolerance, relative to an expected number above 1.
void near(double actual, double expected, double tolerance, const char* what);

// Says how many checks failed; returns the status of the program.
int finish();

std::vector<float> random_numbers(size_t count, float low, float high);

// The nearest bfloat16 of numbers, and the numbers that they stand for.
std::vector<uint16_t> narrowed(const std::vector<float>& numbers);
std::vector<float> widened(const std::vector<uint16_t>& numbers);

#endif
