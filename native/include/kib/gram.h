/*
 * HSIC and pHSIC of two variables, and the gradient of local objectives through Gram matrices (docs/mathematics.md,
 * sections 4 and 6).
 */
#ifndef KIB_GRAM_H
#define KIB_GRAM_H
#include "kib/meter.h"
#include "kib/queue.h"
#include "kib/specs.h"
#include "kib/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* value[0] = HSIC (at least 0) or pHSIC of paired samples, in double; no memory of B x B. */
kib_status kib_gram_dependence(double* value, const kib_variable* x, const kib_variable* y, int64_t batch,
                               int estimator, void* workspace, const kib_queue* queue);
int64_t kib_gram_workspace(const kib_variable* x, const kib_variable* y, int64_t batch);

/* du like u, value[3] = objective, dep(K, K), dep(L, K), through B x B Gram matrices. */
kib_status kib_objective_gradient_gram(void* du, double* value, const void* u, const kib_teaching* teaching,
                                       const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                       const kib_queue* queue);
int64_t kib_objective_gram_workspace(const kib_objective_spec* spec, const kib_teaching* teaching);
/* Not 0 where it is one launch of a CUDA device, and so to be preferred to the three of the statistics. */
int kib_objective_gram_is_small(const kib_objective_spec* spec, const kib_teaching* teaching);

#ifdef __cplusplus
}
#endif
#endif
