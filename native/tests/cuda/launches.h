// What kernels take of a multiprocessor, as they are launched.
#ifndef KIB_TESTS_CUDA_LAUNCHES_H
#define KIB_TESTS_CUDA_LAUNCHES_H

namespace test {

// Prints a row of a Markdown table for each kernel that was launched since the program began, of its largest launch
// (most threads of a block, then most shared memory): threads, registers, shared memory, and what part of a
// multiprocessor's threads run at once. On the emulated device registers are those that ptxas gave for its capability.
void print_launches();

}  // namespace test
#endif
