/* The batch of a step, with crop and flip. */
#ifndef KIB_BATCH_H
#define KIB_BATCH_H
#include "kib/queue.h"
#include "kib/status.h"
#include "kib/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Sample j of x [B, H, W, C] T is entry e = order[now[2] + j] (order NULL: now[2] + j): image e % count of images
 * [count, H, W, C], bytes (source KIB_U8) or floats (KIB_F32), in its view e / count, shifted by up to padding pixels
 * and, where flip is 1, mirrored at random (Philox(seed; image, epoch now[1], view, 3)), where it is 2 always; zeros
 * outside, normalized to (value - mean) / deviation, the value being byte / 255 or the float; labels are the images'.
 * mean and deviation are the caller's arrays, on a CUDA device too.
 */
kib_status kib_augmentation_batch(void* x, int32_t* labels, const void* images, int source, const int32_t* all_labels,
                                  const int32_t* order, int64_t count, int type, int64_t batch, int64_t channels,
                                  int64_t height, int64_t width, int64_t padding, int flip, const double* mean,
                                  const double* deviation, uint64_t seed, const int64_t* now, void* workspace,
                                  const kib_queue* queue);

/* Bytes of scratch memory that it needs. */
int64_t kib_augmentation_workspace(int64_t channels);

/* Row j of out [B, m] is the first m numbers of row e % count, e = order[now[2] + j] (order NULL: now[2] + j), of all,
 * whose count rows are row_stride numbers apart. */
kib_status kib_batch_rows(float* out, const float* all, const int32_t* order, int64_t count, int64_t batch, int64_t m,
                          int64_t row_stride, const int64_t* now, const kib_queue* queue);

/*
 * Mixes sample j of x [B, size] of the type with sample B - 1 - j, in place: x_j = l x_j + (1 - l) x_{B-1-j}, of what
 * both were; l = parts[min(now[3], count - 1)]. The one in the middle stays.
 */
kib_status kib_batch_mix(void* x, int type, int64_t batch, int64_t size, const double* parts, int64_t count,
                         const int64_t* now, const kib_queue* queue);

/* Labels mixed likewise: out [B, M] = l onehot_j + (1 - l) onehot_{B-1-j} of labels [B]. */
kib_status kib_batch_mix_labels(float* out, const int32_t* labels, int64_t batch, int64_t outputs, const double* parts,
                                int64_t count, const int64_t* now, const kib_queue* queue);

#ifdef __cplusplus
}
#endif
#endif
