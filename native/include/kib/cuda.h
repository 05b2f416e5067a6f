/* What only the CUDA library has. */
#ifndef KIB_CUDA_H
#define KIB_CUDA_H
#include <stdint.h>

#include "kib/queue.h"
#include "kib/status.h"
#include "kib/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The architectures that the library has machine code for, and the one whose PTX it holds: "sm_80 sm_90a compute_80".
 */
const char* kib_cuda_architectures(void);

/* out[i] = 2654435761 (i + 1) modulo 2^32, i < n: shows that a kernel of this library ran and wrote. */
kib_status kib_cuda_write_pattern(uint32_t* out, int64_t n, const kib_queue* queue);

/*
 * Tells a device that watches memory that what lies in a part of an arena is of no use any more: reading it before it
 * is written anew is then found. Does nothing on a GPU. It takes effect in the order of the queue's work, also in a
 * graph.
 */
kib_status kib_cuda_forget(void* part, int64_t bytes, const kib_queue* queue);

/* Whether the device watches memory so. */
int kib_cuda_is_watched(void);

/* Begins a named range of the calling thread's calls for NVIDIA's profilers (NVTX), and ends the one begun last. */
void kib_cuda_begin_range(const char* name);
void kib_cuda_end_range(void);

/* Like kib_augmentation_batch, with x [B, H, W, stored]: the channels behind the images' own are zero. */
kib_status kib_augmentation_padded_batch(void* x, int32_t* labels, const void* images, int source,
                                         const int32_t* all_labels, const int32_t* order, int64_t count, int type,
                                         int64_t batch, int64_t channels, int64_t stored, int64_t height, int64_t width,
                                         int64_t padding, int flip, const double* mean, const double* deviation,
                                         uint64_t seed, const int64_t* now, void* workspace, const kib_queue* queue);

#ifdef __cplusplus
}
#endif
#endif
