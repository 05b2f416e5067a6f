/*
 * Sums over pairs of samples: what measures of dependence, their tests and their gradients are made of
 * (docs/mathematics.md, section 11). Variables have n samples each, of F32; K^a_ij is the kernel of samples i and j of
 * variable a. Entries are in single precision, sums in double and of an order that shapes fix alone. Only
 * kib_pairs_shuffled has memory of n x n.
 */
#ifndef KIB_PAIRS_H
#define KIB_PAIRS_H
#include "kib/queue.h"
#include "kib/specs.h"
#include "kib/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * products [1 + V]: the sum over i != j of prod_a K^a_ij, then of each (K^a_ij)^2. rows [V, n]: sums over j != i of
 * K^a_ij. diagonals [V, n]: K^a_ii.
 */
kib_status kib_pairs_sums(double* products, double* rows, double* diagonals, const kib_variables* variables, int64_t n,
                          void* workspace, const kib_queue* queue);
int64_t kib_pairs_sums_workspace(const kib_variables* variables, int64_t n);

/*
 * dx [n, width] of variable 0, whose kernel is not KIB_DELTA: of a function of K with, for i != j, dF/dK_ij = scales[0]
 * (product of the other variables' K_ij) + scales[1] K_ij + weights[i] + weights[j], and dF/dK_ii = weights[n + i].
 * scales [2], weights [2, n].
 */
kib_status kib_pairs_gradient(float* dx, const kib_variables* variables, const double* scales, const double* weights,
                              int64_t n, void* workspace, const kib_queue* queue);
int64_t kib_pairs_gradient_workspace(const kib_variables* variables, int64_t n);

/*
 * values [count]: the sum over i and j, with i = j only if diagonal is not 0, of w_ip w_jp prod_a (K^a_ij - shifts[a,
 * i]
 * - shifts[a, j]). shifts [V, n], weights [n, count].
 */
kib_status kib_pairs_forms(double* values, const kib_variables* variables, const double* shifts, const float* weights,
                           int64_t count, int diagonal, int64_t n, void* workspace, const kib_queue* queue);
int64_t kib_pairs_forms_workspace(const kib_variables* variables, int64_t count, int64_t n);

/*
 * values [count]: the sum over i != j of K_ij L_kl, k = permutations[p, i] and l = permutations[p, j], of two
 * variables; NaN where a row of permutations [count, n] is none.
 */
kib_status kib_pairs_shuffled(double* values, const kib_variables* variables, const int32_t* permutations,
                              int64_t count, int64_t n, void* workspace, const kib_queue* queue);
int64_t kib_pairs_shuffled_workspace(const kib_variables* variables, int64_t count, int64_t n);

/* matrix [n, m]: the kernel of x_i and z_j; z [m, width] like x. */
kib_status kib_pairs_matrix(float* matrix, const kib_variable* x, const float* z, int64_t n, int64_t m, void* workspace,
                            const kib_queue* queue);
int64_t kib_pairs_matrix_workspace(const kib_variable* x, int64_t n, int64_t m);

#ifdef __cplusplus
}
#endif
#endif
