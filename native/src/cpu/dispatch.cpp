// The C interface: each function is bound, when the library is loaded, to the kernels compiled for the machine's
// instructions.
#include <omp.h>

#include "kib/activity.h"
#include "kib/batch.h"
#include "kib/batch_norm.h"
#include "kib/cells.h"
#include "kib/cpu.h"
#include "kib/gram.h"
#include "kib/layout.h"
#include "kib/optimizer.h"
#include "kib/pairs.h"
#include "kib/random.h"
#include "kib/readout.h"
#include "kib/statistics.h"
#include "kib/sum_rows.h"
#include "processor.h"
#include "threads.h"

extern "C" int kib_threads_for_product(int64_t multiplications, int threads) {
  return kib::threads_for_product(multiplications, threads);
}

extern "C" void kib_use_threads(int threads) { omp_set_num_threads(threads); }

#if defined(KIB_ONLY)  // one level alone, to test it on a processor that has better ones
extern "C" int kib_cpu_level(void) { return 0; }
#define KIB_BIND(name)                                                      \
  namespace kib::KIB_ONLY {                                                 \
  extern decltype(::name) name;                                             \
  }                                                                         \
  extern "C" {                                                              \
  static decltype(::name)* name##_resolve() { return kib::KIB_ONLY::name; } \
  extern decltype(::name) name __attribute__((ifunc(#name "_resolve")));    \
  }
#elif defined(__x86_64__)
extern "C" int kib_cpu_level(void) {
  __builtin_cpu_init();
  return KIB_PROCESSOR_HAS_V4 ? 4 : KIB_PROCESSOR_HAS_V3 ? 3 : 0;
}
#define KIB_BIND(name)                                                   \
  namespace kib::v3 {                                                    \
  extern decltype(::name) name;                                          \
  }                                                                      \
  namespace kib::v4 {                                                    \
  extern decltype(::name) name;                                          \
  }                                                                      \
  extern "C" {                                                           \
  static decltype(::name)* name##_resolve() {                            \
    __builtin_cpu_init();                                                \
    return KIB_PROCESSOR_HAS_V4 ? kib::v4::name : kib::v3::name;         \
  }                                                                      \
  extern decltype(::name) name __attribute__((ifunc(#name "_resolve"))); \
  }
#endif

KIB_BIND(kib_activity_workspace)
KIB_BIND(kib_activity_forward)
KIB_BIND(kib_activity_hebbian_gradient)
KIB_BIND(kib_activity_output_gradient)
KIB_BIND(kib_batch_norm_workspace)
KIB_BIND(kib_batch_norm_forward)
KIB_BIND(kib_batch_norm_inference)
KIB_BIND(kib_batch_norm_gradient)
KIB_BIND(kib_cells_codes)
KIB_BIND(kib_cells_gradient)
KIB_BIND(kib_cells_workspace)
KIB_BIND(kib_gram_workspace)
KIB_BIND(kib_gram_dependence)
KIB_BIND(kib_objective_gram_is_small)
KIB_BIND(kib_objective_gram_workspace)
KIB_BIND(kib_objective_gradient_gram)
KIB_BIND(kib_objective_statistics_workspace)
KIB_BIND(kib_objective_gradient_statistics)
KIB_BIND(kib_objective_code_statistics)
KIB_BIND(kib_objective_gradient_from_statistics)
KIB_BIND(kib_optimizer_sgd)
KIB_BIND(kib_optimizer_adam)
KIB_BIND(kib_optimizer_sign)
KIB_BIND(kib_optimizer_average)
KIB_BIND(kib_optimizer_combine)
KIB_BIND(kib_optimizer_normalize)
KIB_BIND(kib_optimizer_normalize_workspace)
KIB_BIND(kib_augmentation_workspace)
KIB_BIND(kib_augmentation_batch)
KIB_BIND(kib_batch_rows)
KIB_BIND(kib_batch_mix)
KIB_BIND(kib_batch_mix_labels)
KIB_BIND(kib_pairs_sums)
KIB_BIND(kib_pairs_sums_workspace)
KIB_BIND(kib_pairs_gradient)
KIB_BIND(kib_pairs_gradient_workspace)
KIB_BIND(kib_pairs_forms)
KIB_BIND(kib_pairs_forms_workspace)
KIB_BIND(kib_pairs_shuffled)
KIB_BIND(kib_pairs_shuffled_workspace)
KIB_BIND(kib_pairs_matrix)
KIB_BIND(kib_pairs_matrix_workspace)
KIB_BIND(kib_readout_cross_entropy)
KIB_BIND(kib_readout_add)
KIB_BIND(kib_readout_workspace)
KIB_BIND(kib_readout_average_pool)
KIB_BIND(kib_readout_average_pool_gradient)
KIB_BIND(kib_random_uniform)
KIB_BIND(kib_random_advance)
KIB_BIND(kib_sum_rows_workspace)
KIB_BIND(kib_sum_rows)
KIB_BIND(kib_layout_widen)
KIB_BIND(kib_layout_narrow)
KIB_BIND(kib_layout_flush)
KIB_BIND(kib_layout_write_f64)
KIB_BIND(kib_layout_write_f32)
KIB_BIND(kib_layout_read_f64)
KIB_BIND(kib_layout_read_f32)
KIB_BIND(kib_layout_write_u8)
KIB_BIND(kib_layout_read_u8)
