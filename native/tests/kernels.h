// What the tests of all families share.
#ifndef KIB_TESTS_KERNELS_H
#define KIB_TESTS_KERNELS_H
#include "kib/queue.h"
#include "numbers.h"

// A queue of so many threads; there is one for each number.
const kib_queue* on(int threads);

// One for each family: each function called, compared with loops in double. Small operations, but for the last four.
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
void test_cells();
void test_batch_norm();
void test_pairs();

#endif
