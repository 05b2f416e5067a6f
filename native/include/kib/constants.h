/* Numbers that Java code has too; a test there holds that they are equal. */
#ifndef KIB_CONSTANTS_H
#define KIB_CONSTANTS_H

/* Leaky ReLU's slope below zero, and SELU (docs/mathematics.md, section 2). */
#define KIB_LEAKY_SLOPE 0.01
#define KIB_SELU_LAMBDA 1.0507009873554805
#define KIB_SELU_ALPHA 1.6732632423543772

/* A code is dead whose length is at most this times eps sqrt(G) times its length before centring (section 3). */
#define KIB_DEAD_FACTOR 8.0

/* The most widths of a kernel, variables whose Gram matrices are multiplied, and scales of cells. */
#define KIB_MOST_WIDTHS 8
#define KIB_MOST_VARIABLES 8
#define KIB_MOST_SCALES 8

/* What is added to a variance, and the weight of the new batch in running statistics. */
#define KIB_BATCH_NORM_EPSILON 1e-5
#define KIB_BATCH_NORM_MOMENTUM 0.1

/* Where the clock now [3] has the steps done, the epochs done, and the position of the next batch in the epoch. */
#define KIB_CLOCK_STEP 0
#define KIB_CLOCK_EPOCH 1
#define KIB_CLOCK_POSITION 2
#define KIB_CLOCK_EPOCH_STEP 3
#define KIB_CLOCK_SIZE 4

/* Purposes in a random number's counter. */
#define KIB_PURPOSE_WEIGHTS 1
#define KIB_PURPOSE_SHUFFLE 2
#define KIB_PURPOSE_AUGMENTATION 3
#define KIB_PURPOSE_DROPOUT 4
#define KIB_PURPOSE_GENERATED_DATA 5

#endif
