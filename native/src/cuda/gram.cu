// The gradient of local objectives through Gram matrices (docs/mathematics.md, sections 3, 4 and 6).
//
// Small batches take one launch, gram_one_block.cuh. Others are tiled, a launch each:
//   measure   each code's mean and length (in double)                        [B]
//   centre    vc = (u - mean) / length - c                                   [B, G]
//   products  (wide codes) sums over pieces of the codes                     [pieces, tiles]
//   sums      row sums of K and L, tile by tile; wide codes' K is kept       [tiles, B]
//   means     of rows, and of all                                            [B]
//   gradient  S of 64 columns by all rows, times vc; narrow codes' K is computed again, since that costs less than
//             to keep B x B numbers: (S vc) of a split of the rows           [splits, B, G]
//   finish    the splits added up: du, the objective, the meter
// Sums have an order that shapes fix alone. Each contract counts what a launch moves and computes, in all.
#include "gram_gradient.cuh"
#include "gram_one_block.cuh"
#include "gram_prepare.cuh"
#include "gram_sums.cuh"
#include "kib/gram.h"

namespace kib::cuda {
namespace {

// Launches one after the other, until one fails.
class Launches {
 public:
  explicit Launches(const kib_queue* queue) : queue_(queue) {}

  template <class... Parameters, class... Arguments>
  void run(const char* name, void (*kernel)(Parameters...), const Grid& grid, Arguments... arguments) {
    if (status_ == KIB_OK) status_ = launch(name, kernel, grid, queue_, arguments...);
  }

  kib_status status() const { return status_; }

 private:
  const kib_queue* queue_;
  kib_status status_ = KIB_OK;
};

unsigned count(int64_t blocks) { return static_cast<unsigned>(blocks); }

template <class T>
void prepare(Launches& launches, const Codes& codes, const T* u, bool centred) {
  constexpr int64_t kLong = 2048;
  if (codes.width >= kLong)
    launches.run("gram.measure", measure<T, true>, {count(codes.batch), kTileThreads}, codes, u, centred);
  else
    launches.run("gram.measure", measure<T, false>,
                 {count(divided_up(codes.batch, kTileThreads / kWarp)), kTileThreads}, codes, u, centred);
  dim3 strips(count(divided_up(codes.pitch, kWarp)), count(divided_up(codes.batch, kRowsOfStrip)));
  launches.run("gram.centre", centre<T>, {strips, kTileThreads}, codes, u);
}

template <class T>
kib_status tiled(T* du, double* value, const T* u, const Problem& all, const kib_meter& meter, const kib_queue* queue) {
  Launches launches(queue);
  prepare(launches, all.codes, u, all.spec.centred != 0);
  if (all.teaching.targets != nullptr) prepare(launches, all.targets, all.teaching.targets, all.teaching.centred != 0);
  if (all.pieces > 1)
    launches.run("gram.products", products, {dim3(count(all.pairs), count(all.pieces)), kTileThreads}, all);
  launches.run("gram.sums", sums, {count(all.pairs), kTileThreads}, all);
  launches.run("gram.means", means, {count(all.mean_blocks()), kTileThreads}, all);
  dim3 blocks(count(all.tiles), count(all.splits), count(divided_up(all.codes.pitch, kTile)));
  launches.run("gram.gradient", all.several() ? gradient<T, true> : gradient<T, false>, {blocks, kTileThreads}, all,
               du);
  int64_t rows = all.splits > 1 ? divided_up(all.spec.batch, kTileThreads / kWarp) : 0;
  launches.run("gram.finish", finish<T>, {count(rows + 1), kTileThreads}, all, du, value, meter);
  return launches.status();
}

}  // namespace
}  // namespace kib::cuda

using namespace kib::cuda;

int kib_objective_gram_is_small(const kib_objective_spec* spec, const kib_teaching* teaching) {
  return OneBlock::of(*spec, *teaching).fits();
}

int64_t kib_objective_gram_workspace(const kib_objective_spec* spec, const kib_teaching* teaching) {
  Arena arena(nullptr);
  Problem::take(arena, *spec, *teaching);
  return arena.taken();
}

kib_status kib_objective_gradient_gram(void* du, double* value, const void* u, const kib_teaching* teaching,
                                       const kib_objective_spec* spec, const kib_meter* meter, void* workspace,
                                       const kib_queue* queue) {
  kib_status refused = check_dependence(spec->estimator, *spec, *teaching);
  if (refused != KIB_OK) return refused;
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    T* out = static_cast<T*>(du);
    const T* codes = static_cast<const T*>(u);
    OneBlock block = OneBlock::of(*spec, *teaching);
    if (block.fits()) return one_block(out, value, codes, block, by_value(meter), queue);
    Arena arena(workspace);
    return tiled(out, value, codes, Problem::take(arena, *spec, *teaching), by_value(meter), queue);
  });
}
