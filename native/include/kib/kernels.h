// All functions of a library of kernels as one object (C++): the processor's and the CUDA device's have functions of
// the same names, and who works with both, as bindings to other languages do, calls each through what its kib_kernels
// returned. A method is the function kib_NAME of its family's header, where its contract is.
#ifndef KIB_KERNELS_H
#define KIB_KERNELS_H
#include "kib/activity.h"
#include "kib/batch.h"
#include "kib/batch_norm.h"
#include "kib/cells.h"
#include "kib/gram.h"
#include "kib/interface.h"
#include "kib/layout.h"
#include "kib/optimizer.h"
#include "kib/pairs.h"
#include "kib/random.h"
#include "kib/readout.h"
#include "kib/statistics.h"
#include "kib/status.h"
#include "kib/sum_rows.h"

namespace kib {

class Kernels {
 public:
  virtual ~Kernels() = default;

  // KIB_INTERFACE as the library has it. The first of all, so that it is found where the others have moved: who was
  // compiled apart from the library asks it before any other.
  virtual int interface_number() const = 0;

  virtual const char* last_error() const = 0;

  // activity.h
  virtual int64_t activity_workspace(const kib_activity_spec* spec, const kib_queue* queue) const = 0;
  virtual kib_status activity_forward(void* post, uint8_t* mask, double* mean, float* scale, float* code, void* sent,
                                      const void* a, const int64_t* now, const kib_activity_spec* spec, void* workspace,
                                      const kib_queue* queue) const = 0;
  virtual kib_status activity_hebbian_gradient(void* da, const void* a, const void* post, const uint8_t* mask,
                                               const double* mean, const float* scale, const void* du,
                                               const kib_activity_spec* spec, void* workspace,
                                               const kib_queue* queue) const = 0;
  virtual kib_status activity_output_gradient(void* da, const void* a, const void* post, const uint8_t* mask,
                                              const double* mean, const float* scale, const void* dsent,
                                              const int64_t* now, const kib_activity_spec* spec, void* workspace,
                                              const kib_queue* queue) const = 0;

  // batch.h
  virtual kib_status augmentation_batch(void* x, int32_t* labels, const void* images, int source,
                                        const int32_t* all_labels, const int32_t* order, int64_t count, int type,
                                        int64_t batch, int64_t channels, int64_t height, int64_t width, int64_t padding,
                                        int flip, const double* mean, const double* deviation, uint64_t seed,
                                        const int64_t* now, void* workspace, const kib_queue* queue) const = 0;
  virtual int64_t augmentation_workspace(int64_t channels) const = 0;
  virtual kib_status batch_rows(float* out, const float* all, const int32_t* order, int64_t count, int64_t batch,
                                int64_t m, int64_t row_stride, const int64_t* now, const kib_queue* queue) const = 0;
  virtual kib_status batch_mix(void* x, int type, int64_t batch, int64_t size, const double* parts, int64_t count,
                               const int64_t* now, const kib_queue* queue) const = 0;
  virtual kib_status batch_mix_labels(float* out, const int32_t* labels, int64_t batch, int64_t outputs,
                                      const double* parts, int64_t count, const int64_t* now,
                                      const kib_queue* queue) const = 0;

  // batch_norm.h
  virtual int64_t batch_norm_workspace(int64_t rows, int64_t channels) const = 0;
  virtual kib_status batch_norm_forward(void* y, double* mean, double* variance, float* running_mean,
                                        float* running_variance, const void* a, const float* scale, const float* shift,
                                        int type, int64_t rows, int64_t channels, void* workspace,
                                        const kib_queue* queue) const = 0;
  virtual kib_status batch_norm_inference(void* y, const void* a, const float* scale, const float* shift,
                                          const float* running_mean, const float* running_variance, int type,
                                          int64_t rows, int64_t channels, void* workspace,
                                          const kib_queue* queue) const = 0;
  virtual kib_status batch_norm_gradient(void* da, float* dscale, float* dshift, const void* dy, const void* a,
                                         const double* mean, const double* variance, const float* scale, int type,
                                         int64_t rows, int64_t channels, void* workspace,
                                         const kib_queue* queue) const = 0;

  // cells.h
  virtual kib_status cells_codes(float* u, double* mean, float* scale, const void* z, const kib_cells_spec* spec,
                                 const kib_queue* queue) const = 0;
  virtual kib_status cells_gradient(void* dz, const void* z, const double* mean, const float* scale, const float* du,
                                    const kib_cells_spec* spec, void* workspace, const kib_queue* queue) const = 0;
  virtual int64_t cells_workspace(const kib_cells_spec* spec) const = 0;

  // gram.h
  virtual kib_status gram_dependence(double* value, const kib_variable* x, const kib_variable* y, int64_t batch,
                                     int estimator, void* workspace, const kib_queue* queue) const = 0;
  virtual int64_t gram_workspace(const kib_variable* x, const kib_variable* y, int64_t batch) const = 0;
  virtual kib_status objective_gradient_gram(void* du, double* value, const void* u, const kib_teaching* teaching,
                                             const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                             const kib_queue* queue) const = 0;
  virtual int objective_gram_is_small(const kib_objective_spec* spec, const kib_teaching* teaching) const = 0;
  virtual int64_t objective_gram_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) const = 0;

  // layout.h
  virtual kib_status layout_widen(float* wide, const void* narrow, int type, int64_t n,
                                  const kib_queue* queue) const = 0;
  virtual kib_status layout_narrow(void* narrow, const float* wide, int type, int64_t n,
                                   const kib_queue* queue) const = 0;
  virtual kib_status layout_flush(float* numbers, int64_t n, const kib_queue* queue) const = 0;
  virtual kib_status layout_write_f64(void* target, const double* source, int type, int64_t outer, int64_t channels,
                                      int64_t positions, const kib_queue* queue) const = 0;
  virtual kib_status layout_write_f32(void* target, const float* source, int type, int64_t outer, int64_t channels,
                                      int64_t positions, const kib_queue* queue) const = 0;
  virtual kib_status layout_read_f64(double* target, const void* source, int type, int64_t outer, int64_t channels,
                                     int64_t positions, const kib_queue* queue) const = 0;
  virtual kib_status layout_read_f32(float* target, const void* source, int type, int64_t outer, int64_t channels,
                                     int64_t positions, const kib_queue* queue) const = 0;
  virtual kib_status layout_write_u8(void* target, const uint8_t* source, int64_t outer, int64_t channels,
                                     int64_t positions, const kib_queue* queue) const = 0;
  virtual kib_status layout_read_u8(uint8_t* target, const void* source, int64_t outer, int64_t channels,
                                    int64_t positions, const kib_queue* queue) const = 0;

  // optimizer.h
  virtual kib_status optimizer_sgd(float** w, void** rounded, const float** gradient, float** m, const int64_t* sizes,
                                   int64_t count, double momentum, double weight_decay, const double* rates,
                                   int64_t rate_count, const int64_t* now, const int64_t* fault,
                                   const kib_queue* queue) const = 0;
  virtual kib_status optimizer_adam(float** w, void** rounded, const float** gradient, float** m, float** v,
                                    const int64_t* sizes, int64_t count, double beta1, double beta2, double epsilon,
                                    double weight_decay, int decoupled, const double* rates, int64_t rate_count,
                                    const int64_t* now, const int64_t* fault, const kib_queue* queue) const = 0;

  virtual kib_status optimizer_average(float** average, const float** value, const int64_t* sizes, int64_t count,
                                       double decay, const int64_t* now, const int64_t* fault,
                                       const kib_queue* queue) const = 0;
  virtual kib_status optimizer_combine(float* out, double alpha, const float* x, double beta, const float* y, int64_t n,
                                       const int64_t* fault, const kib_queue* queue) const = 0;
  virtual kib_status optimizer_normalize(float* out, const float* x, double epsilon, int64_t n, void* workspace,
                                         const kib_queue* queue) const = 0;
  virtual int64_t optimizer_normalize_workspace(int64_t n) const = 0;
  virtual kib_status optimizer_sign(void* sign, int sign_type, const float* value, int64_t n,
                                    const kib_queue* queue) const = 0;

  // pairs.h
  virtual kib_status pairs_sums(double* products, double* rows, double* diagonals, const kib_variables* variables,
                                int64_t n, void* workspace, const kib_queue* queue) const = 0;
  virtual int64_t pairs_sums_workspace(const kib_variables* variables, int64_t n) const = 0;
  virtual kib_status pairs_gradient(float* dx, const kib_variables* variables, const double* scales,
                                    const double* weights, int64_t n, void* workspace,
                                    const kib_queue* queue) const = 0;
  virtual int64_t pairs_gradient_workspace(const kib_variables* variables, int64_t n) const = 0;
  virtual kib_status pairs_forms(double* values, const kib_variables* variables, const double* shifts,
                                 const float* weights, int64_t count, int diagonal, int64_t n, void* workspace,
                                 const kib_queue* queue) const = 0;
  virtual int64_t pairs_forms_workspace(const kib_variables* variables, int64_t count, int64_t n) const = 0;
  virtual kib_status pairs_shuffled(double* values, const kib_variables* variables, const int32_t* permutations,
                                    int64_t count, int64_t n, void* workspace, const kib_queue* queue) const = 0;
  virtual int64_t pairs_shuffled_workspace(const kib_variables* variables, int64_t count, int64_t n) const = 0;
  virtual kib_status pairs_matrix(float* matrix, const kib_variable* x, const float* z, int64_t n, int64_t m,
                                  void* workspace, const kib_queue* queue) const = 0;
  virtual int64_t pairs_matrix_workspace(const kib_variable* x, int64_t n, int64_t m) const = 0;

  // random.h
  virtual kib_status random_uniform(float* w, int64_t outer, int64_t channels, int64_t positions, double bound,
                                    uint64_t seed, uint32_t layer, const kib_queue* queue) const = 0;
  virtual kib_status random_advance(int64_t* now, int64_t batch, const kib_queue* queue) const = 0;

  // readout.h
  virtual kib_status readout_cross_entropy(void* dy, int dy_type, const float* y, const int32_t* labels,
                                           const float* shares, double smoothing, const float* weights, int64_t batch,
                                           int64_t outputs, const kib_meter* meter, void* workspace,
                                           const kib_queue* queue) const = 0;
  virtual int64_t readout_workspace(int64_t batch, int64_t outputs) const = 0;
  virtual kib_status readout_average_pool(void* y, const void* x, int type, int64_t batch, int64_t channels,
                                          int64_t height, int64_t width, int64_t rows, int64_t columns,
                                          const kib_queue* queue) const = 0;
  virtual kib_status readout_average_pool_gradient(void* dx, const void* dy, int type, int64_t batch, int64_t channels,
                                                   int64_t height, int64_t width, int64_t rows, int64_t columns,
                                                   const kib_queue* queue) const = 0;
  virtual kib_status readout_add(void* y, const void* x, int type, int64_t n, const kib_queue* queue) const = 0;

  // statistics.h
  virtual kib_status objective_code_statistics(double* count, double* code_sum, double* code_products,
                                               double* teaching_products, double* teaching_sum,
                                               double* teaching_squares, const void* u, const kib_teaching* teaching,
                                               const kib_objective_spec* spec, void* workspace,
                                               const kib_queue* queue) const = 0;
  virtual kib_status objective_gradient_from_statistics(void* du, double* value, const void* u,
                                                        const kib_teaching* teaching, const double* count,
                                                        const double* code_sum, const double* code_products,
                                                        const double* teaching_products, const double* teaching_sum,
                                                        const kib_objective_spec* spec, const kib_meter* meter,
                                                        void* workspace, const kib_queue* queue) const = 0;
  virtual kib_status objective_gradient_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                                   const kib_objective_spec* spec, const kib_meter* meter,
                                                   void* workspace, const kib_queue* queue) const = 0;
  virtual int64_t objective_statistics_workspace(const kib_objective_spec* spec,
                                                 const kib_teaching* teaching) const = 0;

  // sum_rows.h
  virtual int64_t sum_rows_workspace(int64_t rows, int64_t n) const = 0;
  virtual kib_status sum_rows(float* sum, const void* values, int type, int64_t rows, int64_t n, void* workspace,
                              const kib_queue* queue) const = 0;
};

}  // namespace kib

#endif
