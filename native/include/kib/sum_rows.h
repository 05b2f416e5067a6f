/* Sums of rows. */
#ifndef KIB_SUM_ROWS_H
#define KIB_SUM_ROWS_H
#include "kib/queue.h"
#include "kib/status.h"
#include "kib/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of scratch memory that kib_sum_rows needs. */
int64_t kib_sum_rows_workspace(int64_t rows, int64_t n);

/* sum[n] = sum over rows of values [rows, n] of the given type. */
kib_status kib_sum_rows(float* sum, const void* values, int type, int64_t rows, int64_t n, void* workspace,
                        const kib_queue* queue);

#ifdef __cplusplus
}
#endif
#endif
