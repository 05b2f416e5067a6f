/* Batch normalization over rows (the batch, or the batch and the positions of a convolution) for each channel. Where
 * there are no rows, nothing happens. */
#ifndef KIB_BATCH_NORM_H
#define KIB_BATCH_NORM_H
#include "kib/queue.h"
#include "kib/status.h"
#include "kib/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of scratch memory that the functions below need. */
int64_t kib_batch_norm_workspace(int64_t rows, int64_t channels);

/*
 * y = scale (a - mean) / sqrt(variance + 1e-5) + shift for a, y [rows, channels] T (not the same memory), with the
 * batch's mean and biased variance [channels], which are returned in double: in single precision the mean of a channel
 * that hardly varies would be off by more than the channel's deviation. running = 0.9 running + 0.1 new, the variance
 * unbiased (unchanged by a single row).
 */
kib_status kib_batch_norm_forward(void* y, double* mean, double* variance, float* running_mean, float* running_variance,
                                  const void* a, const float* scale, const float* shift, int type, int64_t rows,
                                  int64_t channels, void* workspace, const kib_queue* queue);

/* The same with given statistics. y may be a. */
kib_status kib_batch_norm_inference(void* y, const void* a, const float* scale, const float* shift,
                                    const float* running_mean, const float* running_variance, int type, int64_t rows,
                                    int64_t channels, void* workspace, const kib_queue* queue);

/*
 * The gradient through the batch's statistics: with x = (a - mean) / sqrt(variance + 1e-5),
 *   dshift = sum dy,   dscale = sum dy x,   da = scale / sqrt(variance + 1e-5) (dy - dshift / rows - x dscale / rows).
 * da may be dy.
 */
kib_status kib_batch_norm_gradient(void* da, float* dscale, float* dshift, const void* dy, const void* a,
                                   const double* mean, const double* variance, const float* scale, int type,
                                   int64_t rows, int64_t channels, void* workspace, const kib_queue* queue);

#ifdef __cplusplus
}
#endif
#endif
