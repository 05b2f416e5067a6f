// The library that nvcc builds for kernels_main.cpp: kernels behind a C++ interface, as kib4j's own.
#ifndef KIB_EMULATOR_TESTS_KERNELS_H
#define KIB_EMULATOR_TESTS_KERNELS_H
#include <cstddef>
#include <cstdint>

struct Shape {
  char letter;
#ifdef OTHER_SHAPE
  int32_t rows;
#else
  int64_t rows;
#endif
  float scale;
};

int scale(float* to, const float* from, float by, int n, void* stream);
int block_sums(float* sums, const float* from, int n, int threads, void* stream);
int fill_shape(float* to, Shape shape, void* stream);
int set_constant(float value);
int add_constant(float* to, int n, void* stream);
int count_launches(void* stream);
int counted();
int bad_block(float* to, void* stream);
int big_shared(float* to, size_t bytes, bool raise, void* stream);
int all_blocks(int* to, int blocks, void* stream);
int attributes(int* max_threads, int* shared_bytes, int* blocks_256);
// How many of the device's properties differ from its attributes, as CUDA's headers lay them out and number them.
int differing_properties();
// Loads 120 values before it stores the first: the registers of that kernel, and the error of a block of 1024 threads.
int wide_registers();
int wide_launch(float* to, void* stream);
int write_behind(float* to, int n, void* stream);
#endif
