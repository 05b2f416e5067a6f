/* Gram matrices, HSIC and pHSIC, and the gradient of local objectives (docs/mathematics.md, sections 3 to 5). */
#ifndef KIB_OBJECTIVE_H
#define KIB_OBJECTIVE_H
#include "kib/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kib_objective_spec {
  int type;      /* of the codes: KIB_F32 or KIB_BF16 */
  int estimator; /* KIB_PHSIC or KIB_HSIC */
  int kernel;    /* on codes */
  int centred;   /* whether codes are centred over their entries */
  double sigma;  /* of a Gaussian kernel */
  double gamma;
  int64_t batch; /* B */
  int64_t width; /* G, or N without grouping */
} kib_objective_spec;

/*
 * The teaching signal. Class labels: labels [B], classes M, L = same or different. Target vectors: targets [B, M] f32
 * with their kernel. A given similarity: similarity [B, B] f32. The pointers that are not meant are NULL.
 */
typedef struct kib_teaching {
  const int32_t* labels;
  const float* targets;
  const float* similarity;
  int64_t outputs; /* M */
  double same, different;
  int kernel; /* of targets */
  int centred;
  double sigma;
} kib_teaching;

/* Where a loss is added up: sums[slot] += B loss; if it is not finite and fault[0] == 0, fault = {now[0] + 1, slot}. */
typedef struct kib_meter {
  double* sums; /* NULL for nowhere */
  int64_t slot;
  const int64_t* now;
  int64_t* fault;
} kib_meter;

/* One of two variables: its samples [B, width], and the kernel that compares them. */
typedef struct kib_variable {
  const void* rows;
  int type; /* KIB_F32 or KIB_BF16 */
  int64_t width;
  int kernel;
  double sigma; /* of a Gaussian kernel */
} kib_variable;

/* value[0] = HSIC (at least 0) or pHSIC of paired samples, in double; no memory of B x B. */
kib_status kib_gram_dependence(double* value, const kib_variable* x, const kib_variable* y, int64_t batch,
                               int estimator, void* workspace, int threads);
int64_t kib_gram_workspace(const kib_variable* x, const kib_variable* y, int64_t batch);

/* du like u, value[3] = objective, dep(K, K), dep(L, K), through B x B Gram matrices. */
kib_status kib_objective_gradient_gram(void* du, double* value, const void* u, const kib_teaching* teaching,
                                       const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                       int threads);
int64_t kib_objective_gram_workspace(const kib_objective_spec* spec, const kib_teaching* teaching);

/*
 * Sums over the batch: count [1], code_sum [G], code_products [G, G], teaching_products [M, G], teaching_sum [M], and
 * teaching_squares [M, M] (NULL but for targets).
 */
kib_status kib_objective_code_statistics(double* count, double* code_sum, double* code_products,
                                         double* teaching_products, double* teaching_sum, double* teaching_squares,
                                         const void* u, const kib_teaching* teaching, const kib_objective_spec* spec,
                                         void* workspace, int threads);

/* The gradient for these codes from statistics that hold their sums and perhaps others'. */
kib_status kib_objective_gradient_from_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                                  const double* count, const double* code_sum,
                                                  const double* code_products, const double* teaching_products,
                                                  const double* teaching_sum, const kib_objective_spec* spec,
                                                  const kib_meter* meter, void* workspace, int threads);
/* The gradient like kib_objective_gradient_gram's, from the batch's own statistics. */
kib_status kib_objective_gradient_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                             const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                             int threads);

/* Bytes of scratch memory that the three functions need. */
int64_t kib_objective_statistics_workspace(const kib_objective_spec* spec, const kib_teaching* teaching);

#ifdef __cplusplus
}
#endif
#endif
