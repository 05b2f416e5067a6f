/* The gradient of local objectives without Gram matrices, from sums over the batch (docs/mathematics.md, section 5). */
#ifndef KIB_STATISTICS_H
#define KIB_STATISTICS_H
#include "kib/meter.h"
#include "kib/queue.h"
#include "kib/specs.h"
#include "kib/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Sums over the batch: count [1], code_sum [G], code_products [G, G], teaching_products [M, G], teaching_sum [M], and
 * teaching_squares [M, M] (NULL but for targets).
 */
kib_status kib_objective_code_statistics(double* count, double* code_sum, double* code_products,
                                         double* teaching_products, double* teaching_sum, double* teaching_squares,
                                         const void* u, const kib_teaching* teaching, const kib_objective_spec* spec,
                                         void* workspace, const kib_queue* queue);

/* The gradient for these codes from statistics that hold their sums and perhaps others'. */
kib_status kib_objective_gradient_from_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                                  const double* count, const double* code_sum,
                                                  const double* code_products, const double* teaching_products,
                                                  const double* teaching_sum, const kib_objective_spec* spec,
                                                  const kib_meter* meter, void* workspace, const kib_queue* queue);

/* The gradient like kib_objective_gradient_gram's, from the batch's own statistics. */
kib_status kib_objective_gradient_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                             const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                             const kib_queue* queue);

/* Bytes of scratch memory that the three functions need. */
int64_t kib_objective_statistics_workspace(const kib_objective_spec* spec, const kib_teaching* teaching);

#ifdef __cplusplus
}
#endif
#endif
