/* The readout's loss. */
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
 * Softmax cross-entropy of logits y [B, M]: dy [B, M] of dy_type (or NULL) = (softmax - onehot) / B; the meter's slot
 * gets the sum of the losses, the slot after it the number of samples whose largest logit is their label.
 */
kib_status kib_readout_cross_entropy(void* dy, int dy_type, const float* y, const int32_t* labels, int64_t batch,
                                     int64_t outputs, const kib_meter* meter, void* workspace, const kib_queue* queue);

/* Bytes of scratch memory that it needs. */
int64_t kib_readout_workspace(int64_t batch, int64_t outputs);

#ifdef __cplusplus
}
#endif
#endif
