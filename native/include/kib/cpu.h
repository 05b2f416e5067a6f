/* What only processors have. */
#ifndef KIB_CPU_H
#define KIB_CPU_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns the instruction set that the kernels were chosen for: 3 (x86-64-v3), 4 (x86-64-v4), 0 elsewhere. */
int kib_cpu_level(void);

/* Returns how many of these threads a product of so many multiplications is worth: one if it is small, else all. */
int kib_threads_for_product(int64_t multiplications, int threads);

/* Sets how many OpenMP threads the calling thread's parallel regions use, also those of other libraries. */
void kib_use_threads(int threads);

#ifdef __cplusplus
}
#endif
#endif
