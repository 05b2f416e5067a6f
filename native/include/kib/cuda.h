/* What only the CUDA library has. */
#ifndef KIB_CUDA_H
#define KIB_CUDA_H
#include <stdint.h>

#include "kib/queue.h"
#include "kib/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The architectures that the library has machine code for, and the one whose PTX it holds: "sm_80 sm_90a compute_80".
 */
const char* kib_cuda_architectures(void);

/* out[i] = 2654435761 (i + 1) modulo 2^32, i < n: shows that a kernel of this library ran and wrote. */
kib_status kib_cuda_write_pattern(uint32_t* out, int64_t n, const kib_queue* queue);

#ifdef __cplusplus
}
#endif
#endif
