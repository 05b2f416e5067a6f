// The gradient of local objectives without Gram matrices (docs/mathematics.md, section 5), all in double: sums over the
// batch would lose what codes that are alike differ by, and a batch of 128 codes of 64 entries takes 1.1 million
// multiplications, where a layer's convolution takes hundreds of millions. (Cards with one double for 64 singles pay
// most for it.) Launches:
//   vectors   vh of each code, and of each target vector                          [B, G], [B, M]
//   products  of columns of vh and of teaching vectors: C, T, m, eta, of pieces   [pieces, G + M, G]
//   merge     pieces into one, where there are several
//   gradient  rows of S Vh from C and T: du; and the objective
// Of the batch itself codes are multiplied less a sample of theirs, and what is then left of their means is taken off:
// that loses nothing. Of given sums, C and T follow by subtraction. Sums have an order that shapes fix alone.
#include "kib/statistics.h"
#include "statistics_gradient.cuh"
#include "statistics_sums.cuh"

namespace kib::cuda {
namespace {

unsigned count(int64_t blocks) { return static_cast<unsigned>(blocks); }

template <class T>
kib_status write_vectors(double* vh, double* norms, const T* u, int64_t batch, int64_t width, int kernel, bool centred,
                         const kib_queue* queue) {
  constexpr int64_t kLong = 2048;
  if (width >= kLong)
    return launch("statistics.vectors", vectors<T, true>, {count(batch), kThreads}, queue, vh, norms, u, batch, width,
                  kernel, centred);
  return launch("statistics.vectors", vectors<T, false>, {count(divided_up(batch, kWarps)), kThreads}, queue, vh, norms,
                u, batch, width, kernel, centred);
}

template <class T>
kib_status prepare(const Problem& p, const T* u, const kib_queue* queue) {
  const Vectors& all = p.all;
  kib_status status =
      write_vectors(all.vh, all.norm, u, all.batch, all.width, p.spec.kernel, p.spec.centred != 0, queue);
  if (status != KIB_OK || p.teaching.targets == nullptr) return status;
  return write_vectors(all.y, all.y_norm, p.teaching.targets, all.batch, all.outputs, p.teaching.kernel,
                       p.teaching.centred != 0, queue);
}

// out = the sums over the batch.
kib_status add_up(const Problem& p, const Sums& out, bool centred, const kib_queue* queue) {
  int64_t width = p.all.width, stride = Sums::count(width, p.all.outputs);
  Sums parts = p.pieces > 1 ? Sums::at(p.partials, width, p.all.outputs) : out;
  parts.squares = out.squares;
  int64_t columns = p.tiles.code_columns + (out.squares != nullptr ? p.tiles.teaching_columns : 0);
  dim3 blocks(count(columns), count(p.tiles.rows()), count(p.pieces));
  kib_status status = launch("statistics.products", products, {blocks, kThreads}, queue, p.all, parts, stride, p.tiles,
                             p.piece, centred);
  if (status != KIB_OK || p.pieces == 1) return status;
  return launch("statistics.merge", merge, grid_for(stride, kThreads), queue, p.all, out, parts, stride, p.pieces,
                p.piece, centred);
}

template <class T>
kib_status write_gradient(const Problem& p, T* du, double* value, const double* given_count, const kib_meter* meter,
                          const kib_queue* queue) {
  return launch("statistics.gradient", gradient<T>, {count(divided_up(p.all.batch, kRows) + 1), kThreads}, queue, du,
                value, p.all, p.sums, p.products, given_count, p.spec, by_value(meter));
}

// Statistics stand for linear similarities, codes of length 1 or not; not for Gaussian ones.
kib_status check(const kib_objective_spec& spec, const kib_teaching& teaching) {
  kib_status status = check_dependence(spec.estimator, spec, teaching);
  if (status != KIB_OK) return status;
  if (spec.kernel == KIB_GAUSSIAN || teaching.kernel == KIB_GAUSSIAN || teaching.similarity != nullptr)
    return refuse(KIB_BAD_ARGUMENT, "take a Gaussian kernel and a given similarity through Gram matrices alone");
  return KIB_OK;
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

int64_t kib_objective_statistics_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) {
  Arena arena(nullptr);
  Problem::take(arena, *spec, *teaching);
  return arena.taken();
}

kib_status kib_objective_gradient_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                             const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                             const kib_queue* queue) {
  kib_status refused = check(*spec, *teaching);
  if (refused != KIB_OK) return refused;
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    Arena arena(workspace);
    Problem p = Problem::take(arena, *spec, *teaching);
    kib_status status = prepare(p, static_cast<const T*>(u), queue);
    if (status == KIB_OK) status = add_up(p, p.sums, true, queue);
    return status == KIB_OK ? write_gradient(p, static_cast<T*>(du), value, nullptr, meter, queue) : status;
  });
}

kib_status kib_objective_code_statistics(double* count, double* code_sum, double* code_products,
                                         double* teaching_products, double* teaching_sum, double* teaching_squares,
                                         const void* u, const kib_teaching* teaching, const kib_objective_spec* spec,
                                         void* workspace, const kib_queue* queue) {
  kib_status refused = check(*spec, *teaching);
  if (refused != KIB_OK) return refused;
  return with_type(spec->type, [&](auto tag) {
    Arena arena(workspace);
    Problem p = Problem::take(arena, *spec, *teaching);
    kib_status status = launch("statistics.count", note_count, {dim3(1), 1}, queue, count, spec->batch);
    if (status == KIB_OK) status = prepare(p, static_cast<const decltype(tag)*>(u), queue);
    double* squares = teaching->targets != nullptr ? teaching_squares : nullptr;
    Sums out{code_products, teaching_products, squares, code_sum, teaching_sum};
    return status == KIB_OK ? add_up(p, out, false, queue) : status;
  });
}

kib_status kib_objective_gradient_from_statistics(void* du, double* value, const void* u, const kib_teaching* teaching,
                                                  const double* count, const double* code_sum,
                                                  const double* code_products, const double* teaching_products,
                                                  const double* teaching_sum, const kib_objective_spec* spec,
                                                  const kib_meter* meter, void* workspace, const kib_queue* queue) {
  kib_status refused = check(*spec, *teaching);
  if (refused != KIB_OK) return refused;
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    Arena arena(workspace);
    Problem p = Problem::take(arena, *spec, *teaching);
    kib_status status = prepare(p, static_cast<const T*>(u), queue);
    Given given{count, code_sum, code_products, teaching_products, teaching_sum};
    int64_t numbers = Sums::count(spec->width, teaching->outputs);
    if (status == KIB_OK)
      status = launch("statistics.centre_given", centre_given, grid_for(numbers, kThreads), queue, p.sums, given,
                      spec->width, teaching->outputs);
    return status == KIB_OK ? write_gradient(p, static_cast<T*>(du), value, count, meter, queue) : status;
  });
}
