/* What a readout makes of activity: fewer features of an image, and the loss. */
#ifndef KIB_READOUT_H
#define KIB_READOUT_H
#include "kib/meter.h"
#include "kib/queue.h"
#include "kib/status.h"
#include "kib/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Softmax cross-entropy of logits y [B, M] with the shares q = (1 - smoothing) p + smoothing / M, where p is one-hot of
 * labels [B] or, where they are NULL, shares [B, M], whose rows sum to 1. Where weights [M] of classes are not NULL, a
 * share of class m is multiplied by weights[m] B / W, where W is the sum of the labels' weights, or B of shares. With
 * Q = sum_m q, 1 without weights, dy [B, M] of dy_type (or NULL) = (Q softmax - q) / B; the meter's slot gets the sum
 * of the losses sum_m q (log sum exp(y) - y[m]), its slot of right answers the number of samples whose largest logit is
 * where p is largest (the first of equal ones).
 */
kib_status kib_readout_cross_entropy(void* dy, int dy_type, const float* y, const int32_t* labels, const float* shares,
                                     double smoothing, const float* weights, int64_t batch, int64_t outputs,
                                     const kib_meter* meter, void* workspace, const kib_queue* queue);

/* Bytes of scratch memory that it needs. */
int64_t kib_readout_workspace(int64_t batch, int64_t outputs);

/*
 * Adaptive average pooling of x [B, H, W, C] to y [B, rows, columns, C], both of the type, rows <= H, columns <= W:
 * position (i, j) is the mean over the rows floor(i H / rows) to before ceil((i + 1) H / rows), and columns alike.
 */
kib_status kib_readout_average_pool(void* y, const void* x, int type, int64_t batch, int64_t channels, int64_t height,
                                    int64_t width, int64_t rows, int64_t columns, const kib_queue* queue);

/* Its gradient: dx [B, H, W, C] from dy [B, rows, columns, C]. */
kib_status kib_readout_average_pool_gradient(void* dx, const void* dy, int type, int64_t batch, int64_t channels,
                                             int64_t height, int64_t width, int64_t rows, int64_t columns,
                                             const kib_queue* queue);

/* y += x, n numbers of the type. */
kib_status kib_readout_add(void* y, const void* x, int type, int64_t n, const kib_queue* queue);

#ifdef __cplusplus
}
#endif
#endif
