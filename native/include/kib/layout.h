/* Between types and storage orders. */
#ifndef KIB_LAYOUT_H
#define KIB_LAYOUT_H
#include "kib/queue.h"
#include "kib/status.h"
#include "kib/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * wide = narrow, n numbers of the given type to floats; narrow = wide, rounded to nearest even. As processors' bfloat16
 * products treat subnormal numbers, they become zeros; kib_layout_flush makes them so in place.
 */
kib_status kib_layout_widen(float* wide, const void* narrow, int type, int64_t n, const kib_queue* queue);
kib_status kib_layout_narrow(void* narrow, const float* wide, int type, int64_t n, const kib_queue* queue);
kib_status kib_layout_flush(float* numbers, int64_t n, const kib_queue* queue);

/* Copies between the logical order [outer, C, P] of doubles or floats and storage [outer, P, C] of the given type. Of
 * a CUDA device all arrays are its own. */
kib_status kib_layout_write_f64(void* target, const double* source, int type, int64_t outer, int64_t channels,
                                int64_t positions, const kib_queue* queue);
kib_status kib_layout_write_f32(void* target, const float* source, int type, int64_t outer, int64_t channels,
                                int64_t positions, const kib_queue* queue);
kib_status kib_layout_read_f64(double* target, const void* source, int type, int64_t outer, int64_t channels,
                               int64_t positions, const kib_queue* queue);
kib_status kib_layout_read_f32(float* target, const void* source, int type, int64_t outer, int64_t channels,
                               int64_t positions, const kib_queue* queue);
kib_status kib_layout_write_u8(void* target, const uint8_t* source, int64_t outer, int64_t channels, int64_t positions,
                               const kib_queue* queue);
kib_status kib_layout_read_u8(uint8_t* target, const void* source, int64_t outer, int64_t channels, int64_t positions,
                              const kib_queue* queue);

#ifdef __cplusplus
}
#endif
#endif
