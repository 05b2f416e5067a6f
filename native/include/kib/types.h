/*
 * Numbers shared by all families. Sizes are 64-bit. Activations are of type T: KIB_F32 or KIB_BF16; a four-dimensional
 * array is stored channels-last ([B, H, W, C]), while groups and random numbers count its elements in C,H,W order.
 */
#ifndef KIB_TYPES_H
#define KIB_TYPES_H
#include <stdint.h>

/* Types of activations. */
#define KIB_F32 0
#define KIB_BF16 1

/* A data set's numbers may be bytes, too. */
#define KIB_U8 2

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
/* And those of dependence measures alone. */
#define KIB_LAPLACE 3
#define KIB_INVERSE_MULTIQUADRIC 4
#define KIB_DELTA 5

/* Estimators of dependence. */
#define KIB_PHSIC 0
#define KIB_HSIC 1

#endif
