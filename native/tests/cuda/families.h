// One test for each family, one that times it, and for some one that counts the bytes they move. Each function of the
// CUDA library is called and compared with the processor's, which the list of cases compares with the reference.
#ifndef KIB_TESTS_CUDA_FAMILIES_H
#define KIB_TESTS_CUDA_FAMILIES_H
#include "traffic.h"

void test_activity();
void test_batch();
void test_batch_norm();
void test_cells();
void test_convolution();
void test_gram();
void test_layout();
void test_optimizer();
void test_pairs();
void test_random();
void test_readout();
void test_statistics();
void test_sum_rows();
void time_activity(test::Timer& timer);
void time_batch(test::Timer& timer);
void time_batch_norm(test::Timer& timer);
void time_cells(test::Timer& timer);
void time_convolution(test::Timer& timer);
void time_gram(test::Timer& timer);
void time_layout(test::Timer& timer);
void time_optimizer(test::Timer& timer);
void time_pairs(test::Timer& timer);
void time_random(test::Timer& timer);
void time_readout(test::Timer& timer);
void time_statistics(test::Timer& timer);
void time_sum_rows(test::Timer& timer);
void count_activity(test::Traffic& traffic);

#endif
