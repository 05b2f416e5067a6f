/*
 * Types shared by all families. Sizes are 64-bit. Activations are of type T: KIB_F32 or KIB_BF16; a four-dimensional
 * array is stored channels-last ([B, H, W, C]), while groups and random numbers count its elements in C,H,W order.
 * Every function that computes takes the number of threads last: the most that it uses, since a small operation runs on
 * one. Its results do not depend on it.
 */
#ifndef KIB_TYPES_H
#define KIB_TYPES_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 0 is success. */
typedef int kib_status;
#define KIB_OK 0
/* A type or setting that the function does not know. */
#define KIB_UNSUPPORTED 1

/* Types of activations. */
#define KIB_F32 0
#define KIB_BF16 1

/* Activations: identity, ReLU, leaky ReLU (0.01), SELU. */
#define KIB_IDENTITY 0
#define KIB_RELU 1
#define KIB_LEAKY_RELU 2
#define KIB_SELU 3

/* 2x2 pooling. */
#define KIB_POOL_NONE 0
#define KIB_POOL_MAX 1
#define KIB_POOL_AVERAGE 2

/* Kernels on codes. */
#define KIB_LINEAR 0
#define KIB_COSINE 1
#define KIB_GAUSSIAN 2

/* Estimators of dependence. */
#define KIB_PHSIC 0
#define KIB_HSIC 1

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
