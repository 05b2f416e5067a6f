/*
 * Optimizers with PyTorch's semantics, over all parameters of a step in one call. Nothing happens where fault[0] != 0.
 * The learning rate lr is rates[now[3]], or the last of the rate_count where there are no more.
 *
 * w, rounded, gradient, m, v and sizes are the caller's arrays, read before the call returns; on a CUDA device the
 * addresses in them, rates, now and fault are the device's.
 */
#ifndef KIB_OPTIMIZER_H
#define KIB_OPTIMIZER_H
#include "kib/queue.h"
#include "kib/status.h"
#include "kib/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The new weights are also written to rounded[array] (bfloat16, to nearest even), where that is not null.
   g += weight_decay w; m = momentum m + g; w -= lr m. With momentum 0, m is not used. m[0][i] belongs to w[0][i]. */
kib_status kib_optimizer_sgd(float** w, void** rounded, const float** gradient, float** m, const int64_t* sizes,
                             int64_t count, double momentum, double weight_decay, const double* rates,
                             int64_t rate_count, const int64_t* now, const int64_t* fault, const kib_queue* queue);

/* Adam, or AdamW if decoupled; the step t is now[0] + 1. */
kib_status kib_optimizer_adam(float** w, void** rounded, const float** gradient, float** m, float** v,
                              const int64_t* sizes, int64_t count, double beta1, double beta2, double epsilon,
                              double weight_decay, int decoupled, const double* rates, int64_t rate_count,
                              const int64_t* now, const int64_t* fault, const kib_queue* queue);

/* average += r (value - average), of each array, with r = (1 - decay) / (1 - decay^t) and the step t = now[0] + 1: the
   mean of the values of steps 1 to t, weighted by decay^(t - step). The first step's is the value to the bit. */
kib_status kib_optimizer_average(float** average, const float** value, const int64_t* sizes, int64_t count,
                                 double decay, const int64_t* now, const int64_t* fault, const kib_queue* queue);

/* out [n] = alpha x + beta y; out may be x or y. Where fault is not NULL and fault[0] != 0, out stays as it is. */
kib_status kib_optimizer_combine(float* out, double alpha, const float* x, double beta, const float* y, int64_t n,
                                 const int64_t* fault, const kib_queue* queue);

/* out [n] = x / (|x| + epsilon), with the root of the sum of squares, summed in double in a fixed order; out may be x.
 */
kib_status kib_optimizer_normalize(float* out, const float* x, double epsilon, int64_t n, void* workspace,
                                   const kib_queue* queue);

/* Bytes of scratch memory that it needs. */
int64_t kib_optimizer_normalize_workspace(int64_t n);

/* sign [n] of sign_type, which may be value where that is F32: -1, 0 or 1; NaN of NaN. */
kib_status kib_optimizer_sign(void* sign, int sign_type, const float* value, int64_t n, const kib_queue* queue);

#ifdef __cplusplus
}
#endif
#endif
