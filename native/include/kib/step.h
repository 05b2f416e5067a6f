/* What else a training step needs: the batch, the readout's loss, initial weights, sums of rows, storage orders. */
#ifndef KIB_STEP_H
#define KIB_STEP_H
#include "kib/objective.h"
#include "kib/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Sample j of x [B, H, W, C] T is image order[now[2] + j] (order NULL: now[2] + j) of images [count, H, W, C], shifted
 * by up to padding pixels and mirrored at random (Philox(seed; image, epoch now[1], 0, 3)), black outside, normalized
 * to (byte / 255 - mean) / deviation; labels likewise.
 */
kib_status kib_augmentation_batch(void* x, int32_t* labels, const uint8_t* images, const int32_t* all_labels,
                                  const int32_t* order, int type, int64_t batch, int64_t channels, int64_t height,
                                  int64_t width, int64_t padding, int flip, const double* mean, const double* deviation,
                                  uint64_t seed, const int64_t* now, void* workspace, int threads);

/* Bytes of scratch memory that it needs. */
int64_t kib_augmentation_workspace(int64_t channels);

/*
 * Softmax cross-entropy of logits y [B, M]: dy [B, M] of dy_type (or NULL) = (softmax - onehot) / B; the meter's slot
 * gets the sum of the losses, the slot after it the number of samples whose largest logit is their label.
 */
kib_status kib_readout_cross_entropy(void* dy, int dy_type, const float* y, const int32_t* labels, int64_t batch,
                                     int64_t outputs, const kib_meter* meter);

/* w = bound (2 U - 1), U the uniform numbers of Philox(seed; element / 4, 0, layer, 1), elements of [outer, C, P]
 * counted in that order and stored as [outer, P, C]. */
kib_status kib_random_uniform(float* w, int64_t outer, int64_t channels, int64_t positions, double bound, uint64_t seed,
                              uint32_t layer);

/* now[0] += 1, now[2] += batch. */
kib_status kib_random_advance(int64_t* now, int64_t batch);

/* Bytes of scratch memory that kib_sum_rows needs. */
int64_t kib_sum_rows_workspace(int64_t rows, int64_t n);

/* sum[n] = sum over rows of values [rows, n] of the given type. */
kib_status kib_sum_rows(float* sum, const void* values, int type, int64_t rows, int64_t n, void* workspace,
                        int threads);

/*
 * wide = narrow, n numbers of the given type to floats; narrow = wide, rounded to nearest even. As processors' bfloat16
 * products treat subnormal numbers, they become zeros; kib_layout_flush makes them so in place.
 */
kib_status kib_layout_widen(float* wide, const void* narrow, int type, int64_t n, int threads);
kib_status kib_layout_narrow(void* narrow, const float* wide, int type, int64_t n, int threads);
kib_status kib_layout_flush(float* numbers, int64_t n, int threads);

/* Copies between the logical order [outer, C, P] of doubles or floats and storage [outer, P, C] of the given type. */
kib_status kib_layout_write_f64(void* target, const double* source, int type, int64_t outer, int64_t channels,
                                int64_t positions);
kib_status kib_layout_write_f32(void* target, const float* source, int type, int64_t outer, int64_t channels,
                                int64_t positions);
kib_status kib_layout_read_f64(double* target, const void* source, int type, int64_t outer, int64_t channels,
                               int64_t positions);
kib_status kib_layout_read_f32(float* target, const void* source, int type, int64_t outer, int64_t channels,
                               int64_t positions);
kib_status kib_layout_write_u8(void* target, const uint8_t* source, int64_t outer, int64_t channels, int64_t positions);
kib_status kib_layout_read_u8(uint8_t* target, const void* source, int64_t outer, int64_t channels, int64_t positions);

#ifdef __cplusplus
}
#endif
#endif
