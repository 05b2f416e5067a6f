/*
 * From pre-activations to what the next layer reads, in one pass, and back (docs/mathematics.md, sections 2 to 4).
 *
 * A sample's activities after pooling are [positions, channels] in memory; a linear layer has one position. Groups are
 * runs of n = positions * channels / groups elements in C,H,W order.
 */
#ifndef KIB_ACTIVITY_H
#define KIB_ACTIVITY_H
#include "kib/queue.h"
#include "kib/specs.h"
#include "kib/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of scratch memory that the three functions need. */
int64_t kib_activity_workspace(const kib_activity_spec* spec, const kib_queue* queue);

/*
 * post [B, HW, C] T: r with divisive normalization, else z. mask [B, HW, C]: bits 0-1 the position that max-pooling
 * chose, bit 2 whether the chosen pre-activation is positive. mean, scale, code [B, G]: zbar, s, u; unused without
 * groups. sent [B, HW, C] T: post after dropout; may be post, then nothing is dropped. a [B, H, W, C] T before pooling.
 * now: the clock, now[0] the step; may be NULL where nothing is dropped.
 */
kib_status kib_activity_forward(void* post, uint8_t* mask, double* mean, float* scale, float* code, void* sent,
                                const void* a, const int64_t* now, const kib_activity_spec* spec, void* workspace,
                                const kib_queue* queue);

/*
 * da [B, H, W, C] T, before pooling, may be a: the third factor du ([B, G] f32, or [B, HW, C] T without groups) times
 * the post-synaptic term times f'(a); 0 for the last row or column of an odd image, which no window holds. a is read by
 * average pooling alone, else may be NULL.
 */
kib_status kib_activity_hebbian_gradient(void* da, const void* a, const void* post, const uint8_t* mask,
                                         const double* mean, const float* scale, const void* du,
                                         const kib_activity_spec* spec, void* workspace, const kib_queue* queue);

/* da as above from dsent [B, HW, C] T: backprop through dropout, divisive normalization, pooling and activation. */
kib_status kib_activity_output_gradient(void* da, const void* a, const void* post, const uint8_t* mask,
                                        const double* mean, const float* scale, const void* dsent, const int64_t* now,
                                        const kib_activity_spec* spec, void* workspace, const kib_queue* queue);

#ifdef __cplusplus
}
#endif
#endif
