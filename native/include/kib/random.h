/* Initial weights, and the clock that random numbers read. */
#ifndef KIB_RANDOM_H
#define KIB_RANDOM_H
#include "kib/queue.h"
#include "kib/status.h"
#include "kib/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* w = bound (2 U - 1), U the uniform numbers of Philox(seed; element / 4, 0, layer, 1), elements of [outer, C, P]
 * counted in that order and stored as [outer, P, C]. */
kib_status kib_random_uniform(float* w, int64_t outer, int64_t channels, int64_t positions, double bound, uint64_t seed,
                              uint32_t layer, const kib_queue* queue);

/* now[0] += 1, now[2] += batch, now[3] += 1. */
kib_status kib_random_advance(int64_t* now, int64_t batch, const kib_queue* queue);

#ifdef __cplusplus
}
#endif
#endif
