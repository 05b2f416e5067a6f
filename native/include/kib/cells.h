/*
 * Codes of groups in spatial cells, and back to the activities (docs/mathematics.md, section 3.9). An image of C
 * channels has G groups of C / G channels; at each scale c it is cut into c x c cells, of which cell (i, j) has the
 * rows from floor(i H / c) to before floor((i + 1) H / c), and columns alike. A linear layer is an image of one
 * position. With z of the n numbers of a group in a cell s = (delta + sum (z - zbar)^2) / n,  u = s^p A sample's W =
 * sum of c^2 G entries are ordered by scale, cell (row by row), group.
 */
#ifndef KIB_CELLS_H
#define KIB_CELLS_H
#include "kib/queue.h"
#include "kib/specs.h"
#include "kib/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* u, mean, scale [B, W]: u, zbar, s of z [B, HW, C] T. */
kib_status kib_cells_codes(float* u, double* mean, float* scale, const void* z, const kib_cells_spec* spec,
                           const kib_queue* queue);

/* dz [B, HW, C] T = the sum over the cells that a position is in of du (2p/n) s^(p-1) (z - zbar); 0 for s = 0. */
kib_status kib_cells_gradient(void* dz, const void* z, const double* mean, const float* scale, const float* du,
                              const kib_cells_spec* spec, void* workspace, const kib_queue* queue);

/* Bytes of scratch memory that the gradient needs. */
int64_t kib_cells_workspace(const kib_cells_spec* spec);

#ifdef __cplusplus
}
#endif
#endif
