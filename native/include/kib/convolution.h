/* What turns convolutions into matrix products, and into those that a library is fast at: copies of images. CUDA's
 * alone. */
#ifndef KIB_CONVOLUTION_H
#define KIB_CONVOLUTION_H
#include "kib/queue.h"
#include "kib/status.h"
#include "kib/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The size of images, or of filters: [count, height, width, channels]. */
typedef struct kib_convolution_images {
  int64_t count, height, width, channels;
} kib_convolution_images;

/*
 * Images with zeros around them, or without some of their channels: out is `lead` positions of zeros, each of
 * to->channels numbers, and then to->count = from->count images, each with
 *
 *   out[b, h, w, c] = in[b, h, w, c] where in has (h, w, c), 0 elsewhere.
 *
 * Zeros to the right of a row lie to the left of the next one, too, and those below an image above the next: so a
 * border of p takes p more rows and columns, not 2 p, and `lead` = p (width + p) + p zeros before the first image.
 */
kib_status kib_convolution_fit(void* out, const void* in, int type, const kib_convolution_images* to,
                               const kib_convolution_images* from, int64_t lead, const kib_queue* queue);

/*
 * Windows of images as rows of a matrix: with p = (kernel-1)/2,
 *
 *   out[(b, h, w), (i kernel + j) channels + c] = in[b, h+i-p, w+j-p, c], zero outside the image,
 *
 * and zero in what a row of `row` numbers has behind these kernel^2 channels.
 */
kib_status kib_convolution_windows(void* out, const void* in, int type, const kib_convolution_images* from,
                                   int64_t kernel, int64_t row, const kib_queue* queue);

/* y[r, n] += bias[n], rounded to the type; n < channels. */
kib_status kib_convolution_add_bias(void* y, const float* bias, int type, int64_t rows, int64_t channels,
                                    const kib_queue* queue);

#ifdef __cplusplus
}
#endif
#endif
