// The functions of the library that this file is linked into, as one object.
#include "kib/kernels.h"

#include "kib/library.h"

namespace {

class Bound final : public kib::Kernels {
 public:
  int interface_number() const override { return KIB_INTERFACE; }
  const char* last_error() const override { return kib_last_error(); }

  int64_t activity_workspace(const kib_activity_spec* spec, const kib_queue* queue) const override {
    return kib_activity_workspace(spec, queue);
  }
  kib_status activity_forward(void* post, uint8_t* mask, double* mean, float* scale, float* code, void* sent,
                              const void* a, const int64_t* now, const kib_activity_spec* spec, void* workspace,
                              const kib_queue* queue) const override {
    return kib_activity_forward(post, mask, mean, scale, code, sent, a, now, spec, workspace, queue);
  }
  kib_status activity_hebbian_gradient(void* da, const void* a, const void* post, const uint8_t* mask,
                                       const double* mean, const float* scale, const void* du,
                                       const kib_activity_spec* spec, void* workspace,
                                       const kib_queue* queue) const override {
    return kib_activity_hebbian_gradient(da, a, post, mask, mean, scale, du, spec, workspace, queue);
  }
  kib_status activity_output_gradient(void* da, const void* a, const void* post, const uint8_t* mask,
                                      const double* mean, const float* scale, const void* dsent, const int64_t* now,
                                      const kib_activity_spec* spec, void* workspace,
                                      const kib_queue* queue) const override {
    return kib_activity_output_gradient(da, a, post, mask, mean, scale, dsent, now, spec, workspace, queue);
  }
  kib_status augmentation_batch(void* x, int32_t* labels, const void* images, int source, const int32_t* all_labels,
                                const int32_t* order, int64_t count, int type, int64_t batch, int64_t channels,
                                int64_t height, int64_t width, int64_t padding, int flip, const double* mean,
                                const double* deviation, uint64_t seed, const int64_t* now, void* workspace,
                                const kib_queue* queue) const override {
    return kib_augmentation_batch(x, labels, images, source, all_labels, order, count, type, batch, channels, height,
                                  width, padding, flip, mean, deviation, seed, now, workspace, queue);
  }
  int64_t augmentation_workspace(int64_t channels) const override { return kib_augmentation_workspace(channels); }
  kib_status batch_rows(float* out, const float* all, const int32_t* order, int64_t count, int64_t batch, int64_t m,
                        int64_t row_stride, const int64_t* now, const kib_queue* queue) const override {
    return kib_batch_rows(out, all, order, count, batch, m, row_stride, now, queue);
  }
  kib_status batch_mix(void* x, int type, int64_t batch, int64_t size, const double* parts, int64_t count,
                       const int64_t* now, const kib_queue* queue) const override {
    return kib_batch_mix(x, type, batch, size, parts, count, now, queue);
  }
  kib_status batch_mix_labels(float* out, const int32_t* labels, int64_t batch, int64_t outputs, const double* parts,
                              int64_t count, const int64_t* now, const kib_queue* queue) const override {
    return kib_batch_mix_labels(out, labels, batch, outputs, parts, count, now, queue);
  }
  int64_t batch_norm_workspace(int64_t rows, int64_t channels) const override {
    return kib_batch_norm_workspace(rows, channels);
  }
  kib_status batch_norm_forward(void* y, double* mean, double* variance, float* running_mean, float* running_variance,
                                const void* a, const float* scale, const float* shift, int type, int64_t rows,
                                int64_t channels, void* workspace, const kib_queue* queue) const override {
    return kib_batch_norm_forward(y, mean, variance, running_mean, running_variance, a, scale, shift, type, rows,
                                  channels, workspace, queue);
  }
  kib_status batch_norm_inference(void* y, const void* a, const float* scale, const float* shift,
                                  const float* running_mean, const float* running_variance, int type, int64_t rows,
                                  int64_t channels, void* workspace, const kib_queue* queue) const override {
    return kib_batch_norm_inference(y, a, scale, shift, running_mean, running_variance, type, rows, channels, workspace,
                                    queue);
  }
  kib_status batch_norm_gradient(void* da, float* dscale, float* dshift, const void* dy, const void* a,
                                 const double* mean, const double* variance, const float* scale, int type, int64_t rows,
                                 int64_t channels, void* workspace, const kib_queue* queue) const override {
    return kib_batch_norm_gradient(da, dscale, dshift, dy, a, mean, variance, scale, type, rows, channels, workspace,
                                   queue);
  }
  kib_status cells_codes(float* u, double* mean, float* scale, const void* z, const kib_cells_spec* spec,
                         const kib_queue* queue) const override {
    return kib_cells_codes(u, mean, scale, z, spec, queue);
  }
  kib_status cells_gradient(void* dz, const void* z, const double* mean, const float* scale, const float* du,
                            const kib_cells_spec* spec, void* workspace, const kib_queue* queue) const override {
    return kib_cells_gradient(dz, z, mean, scale, du, spec, workspace, queue);
  }
  int64_t cells_workspace(const kib_cells_spec* spec) const override { return kib_cells_workspace(spec); }
  kib_status gram_dependence(double* value, const kib_variable* x, const kib_variable* y, int64_t batch, int estimator,
                             void* workspace, const kib_queue* queue) const override {
    return kib_gram_dependence(value, x, y, batch, estimator, workspace, queue);
  }
  int64_t gram_workspace(const kib_variable* x, const kib_variable* y, int64_t batch) const override {
    return kib_gram_workspace(x, y, batch);
  }
  kib_status objective_gradient_gram(void* du, double* value, const void* u, const kib_teaching* teaching,
                                     const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                     const kib_queue* queue) const override {
    return kib_objective_gradient_gram(du, value, u, teaching, spec, meter, workspace, queue);
  }
  int objective_gram_is_small(const kib_objective_spec* spec, const kib_teaching* teaching) const override {
    return kib_objective_gram_is_small(spec, teaching);
  }
  int64_t objective_gram_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) const override {
    return kib_objective_gram_workspace(spec, teaching);
  }
  kib_status layout_widen(float* wide, const void* narrow, int type, int64_t n, const kib_queue* queue) const override {
    return kib_layout_widen(wide, narrow, type, n, queue);
  }
  kib_status layout_narrow(void* narrow, const float* wide, int type, int64_t n,
                           const kib_queue* queue) const override {
    return kib_layout_narrow(narrow, wide, type, n, queue);
  }
  kib_status layout_flush(float* numbers, int64_t n, const kib_queue* queue) const override {
    return kib_layout_flush(numbers, n, queue);
  }
  kib_status layout_write_f64(void* target, const double* source, int type, int64_t outer, int64_t channels,
                              int64_t positions, const kib_queue* queue) const override {
    return kib_layout_write_f64(target, source, type, outer, channels, positions, queue);
  }
  kib_status layout_write_f32(void* target, const float* source, int type, int64_t outer, int64_t channels,
                              int64_t positions, const kib_queue* queue) const override {
    return kib_layout_write_f32(target, source, type, outer, channels, positions, queue);
  }
  kib_status layout_read_f64(double* target, const void* source, int type, int64_t outer, int64_t channels,
                             int64_t positions, const kib_queue* queue) const override {
    return kib_layout_read_f64(target, source, type, outer, channels, positions, queue);
  }
  kib_status layout_read_f32(float* target, const void* source, int type, int64_t outer, int64_t channels,
                             int64_t positions, const kib_queue* queue) const override {
    return kib_layout_read_f32(target, source, type, outer, channels, positions, queue);
  }
  kib_status layout_write_u8(void* target, const uint8_t* source, int64_t outer, int64_t channels, int64_t positions,
                             const kib_queue* queue) const override {
    return kib_layout_write_u8(target, source, outer, channels, positions, queue);
  }
  kib_status layout_read_u8(uint8_t* target, const void* source, int64_t outer, int64_t channels, int64_t positions,
                            const kib_queue* queue) const override {
    return kib_layout_read_u8(target, source, outer, channels, positions, queue);
  }
  kib_status optimizer_sgd(float** w, void** rounded, const float** gradient, float** m, const int64_t* sizes,
                           int64_t count, double momentum, double weight_decay, const double* rates, int64_t rate_count,
                           const int64_t* now, const int64_t* fault, const kib_queue* queue) const override {
    return kib_optimizer_sgd(w, rounded, gradient, m, sizes, count, momentum, weight_decay, rates, rate_count, now,
                             fault, queue);
  }
  kib_status optimizer_adam(float** w, void** rounded, const float** gradient, float** m, float** v,
                            const int64_t* sizes, int64_t count, double beta1, double beta2, double epsilon,
                            double weight_decay, int decoupled, const double* rates, int64_t rate_count,
                            const int64_t* now, const int64_t* fault, const kib_queue* queue) const override {
    return kib_optimizer_adam(w, rounded, gradient, m, v, sizes, count, beta1, beta2, epsilon, weight_decay, decoupled,
                              rates, rate_count, now, fault, queue);
  }
  kib_status optimizer_average(float** average, const float** value, const int64_t* sizes, int64_t count, double decay,
                               const int64_t* now, const int64_t* fault, const kib_queue* queue) const override {
    return kib_optimizer_average(average, value, sizes, count, decay, now, fault, queue);
  }
  kib_status optimizer_combine(float* out, double alpha, const float* x, double beta, const float* y, int64_t n,
                               const int64_t* fault, const kib_queue* queue) const override {
    return kib_optimizer_combine(out, alpha, x, beta, y, n, fault, queue);
  }
  kib_status optimizer_normalize(float* out, const float* x, double epsilon, int64_t n, void* workspace,
                                 const kib_queue* queue) const override {
    return kib_optimizer_normalize(out, x, epsilon, n, workspace, queue);
  }
  int64_t optimizer_normalize_workspace(int64_t n) const override { return kib_optimizer_normalize_workspace(n); }
  kib_status optimizer_sign(void* sign, int sign_type, const float* value, int64_t n,
                            const kib_queue* queue) const override {
    return kib_optimizer_sign(sign, sign_type, value, n, queue);
  }
  kib_status pairs_sums(double* products, double* rows, double* diagonals, const kib_variables* variables, int64_t n,
                        void* workspace, const kib_queue* queue) const override {
    return kib_pairs_sums(products, rows, diagonals, variables, n, workspace, queue);
  }
  int64_t pairs_sums_workspace(const kib_variables* variables, int64_t n) const override {
    return kib_pairs_sums_workspace(variables, n);
  }
  kib_status pairs_gradient(float* dx, const kib_variables* variables, const double* scales, const double* weights,
                            int64_t n, void* workspace, const kib_queue* queue) const override {
    return kib_pairs_gradient(dx, variables, scales, weights, n, workspace, queue);
  }
  int64_t pairs_gradient_workspace(const kib_variables* variables, int64_t n) const override {
    return kib_pairs_gradient_workspace(variables, n);
  }
  kib_status pairs_forms(double* values, const kib_variables* variables, const double* shifts, const float* weights,
                         int64_t count, int diagonal, int64_t n, void* workspace,
                         const kib_queue* queue) const override {
    return kib_pairs_forms(values, variables, shifts, weights, count, diagonal, n, workspace, queue);
  }
  int64_t pairs_forms_workspace(const kib_variables* variables, int64_t count, int64_t n) const override {
    return kib_pairs_forms_workspace(variables, count, n);
  }
  kib_status pairs_shuffled(double* values, const kib_variables* variables, const int32_t* permutations, int64_t count,
                            int64_t n, void* workspace, const kib_queue* queue) const override {
    return kib_pairs_shuffled(values, variables, permutations, count, n, workspace, queue);
  }
  int64_t pairs_shuffled_workspace(const kib_variables* variables, int64_t count, int64_t n) const override {
    return kib_pairs_shuffled_workspace(variables, count, n);
  }
  kib_status pairs_matrix(float* matrix, const kib_variable* x, const float* z, int64_t n, int64_t m, void* workspace,
                          const kib_queue* queue) const override {
    return kib_pairs_matrix(matrix, x, z, n, m, workspace, queue);
  }
  int64_t pairs_matrix_workspace(const kib_variable* x, int64_t n, int64_t m) const override {
    return kib_pairs_matrix_workspace(x, n, m);
  }
  kib_status random_uniform(float* w, int64_t outer, int64_t channels, int64_t positions, double bound, uint64_t seed,
                            uint32_t layer, const kib_queue* queue) const override {
    return kib_random_uniform(w, outer, channels, positions, bound, seed, layer, queue);
  }
  kib_status random_advance(int64_t* now, int64_t batch, const kib_queue* queue) const override {
    return kib_random_advance(now, batch, queue);
  }
  kib_status readout_cross_entropy(void* dy, int dy_type, const float* y, const int32_t* labels, const float* shares,
                                   double smoothing, const float* weights, int64_t batch, int64_t outputs,
                                   const kib_meter* meter, void* workspace, const kib_queue* queue) const override {
    return kib_readout_cross_entropy(dy, dy_type, y, labels, shares, smoothing, weights, batch, outputs, meter,
                                     workspace, queue);
  }
  int64_t readout_workspace(int64_t batch, int64_t outputs) const override {
    return kib_readout_workspace(batch, outputs);
  }
  kib_status readout_average_pool(void* y, const void* x, int type, int64_t batch, int64_t channels, int64_t height,
                                  int64_t width, int64_t rows, int64_t columns, const kib_queue* queue) const override {
    return kib_readout_average_pool(y, x, type, batch, channels, height, width, rows, columns, queue);
  }
  kib_status readout_average_pool_gradient(void* dx, const void* dy, int type, int64_t batch, int64_t channels,
                                           int64_t height, int64_t width, int64_t rows, int64_t columns,
                                           const kib_queue* queue) const override {
    return kib_readout_average_pool_gradient(dx, dy, type, batch, channels, height, width, rows, columns, queue);
  }
  kib_status readout_add(void* y, const void* x, int type, int64_t n, const kib_queue* queue) const override {
    return kib_readout_add(y, x, type, n, queue);
  }
  kib_status objective_code_statistics(double* count, double* code_sum, double* code_products,
                                       double* teaching_products, double* teaching_sum, double* teaching_squares,
                                       const void* u, const kib_teaching* teaching, const kib_objective_spec* spec,
                                       void* workspace, const kib_queue* queue) const override {
    return kib_objective_code_statistics(count, code_sum, code_products, teaching_products, teaching_sum,
                                         teaching_squares, u, teaching, spec, workspace, queue);
  }
  kib_status objective_gradient_from_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                                const double* count, const double* code_sum,
                                                const double* code_products, const double* teaching_products,
                                                const double* teaching_sum, const kib_objective_spec* spec,
                                                const kib_meter* meter, void* workspace,
                                                const kib_queue* queue) const override {
    return kib_objective_gradient_from_statistics(du, value, u, teaching, count, code_sum, code_products,
                                                  teaching_products, teaching_sum, spec, meter, workspace, queue);
  }
  kib_status objective_gradient_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                           const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                           const kib_queue* queue) const override {
    return kib_objective_gradient_statistics(du, value, u, teaching, spec, meter, workspace, queue);
  }
  int64_t objective_statistics_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) const override {
    return kib_objective_statistics_workspace(spec, teaching);
  }
  int64_t sum_rows_workspace(int64_t rows, int64_t n) const override { return kib_sum_rows_workspace(rows, n); }
  kib_status sum_rows(float* sum, const void* values, int type, int64_t rows, int64_t n, void* workspace,
                      const kib_queue* queue) const override {
    return kib_sum_rows(sum, values, type, rows, n, workspace, queue);
  }
};

}  // namespace

extern "C" const kib::Kernels* kib_kernels() {
  static const Bound bound;
  return &bound;
}
