// Convolutions in two dimensions: their geometry, algorithms, and computation in dense arrays.
#ifndef KIB_EMULATOR_CUDNN_CONVOLUTION_H
#define KIB_EMULATOR_CUDNN_CONVOLUTION_H
#include "libraries/cudnn/cudnn.h"

namespace kib::emulator::cudnn {

enum class Direction { kForward, kBackwardData, kBackwardFilter };

// x: N, C, H, W; w: K, C / groups, R, S; y: N, K, P, Q.
struct Geometry {
  int64_t n = 0, c = 0, h = 0, w = 0, k = 0, r = 0, s = 0, p = 0, q = 0, groups = 1;
  std::array<int64_t, 2> pad{}, stride{}, dilation{};
  bool flipped = false;  // a convolution as mathematics has it

  int64_t inner() const { return c / groups * r * s; }  // what one output sums over
};

// A convolution's descriptors, once they agree.
struct Problem {
  Direction direction = Direction::kForward;
  Tensor x, y;
  Filter w;
  Convolution convolution;
  Geometry geometry;
  Rounding rounding = Rounding::kNone;
};

// Reads the descriptors and checks that cuDNN has this convolution. kSuccess, or a status after a report.
int problem(const char* name, Direction direction, const void* x, const void* w, const void* convolution, const void* y,
            Problem* out);

struct Algorithm {
  int id;
  bool deterministic;
  bool supported;
  size_t workspace;
};
// All algorithms of a direction, those first that cuDNN's heuristic would put first.
std::vector<Algorithm> algorithms(const Problem& problem);
// The workspace of one of them; kNotSupported, or kBadParam for what is no algorithm.
int find_algorithm(const char* name, const Problem& problem, int id, Algorithm* out);

// An order of summation: ascending, or of a seed's choice and different each time.
class Order {
 public:
  explicit Order(bool deterministic);
  std::vector<int64_t> indices(int64_t count);  // empty where ascending

 private:
  bool ascending_;
  uint64_t state_;
};

// y += conv(x, w); dx += conv'(dy, w); dw += conv''(x, dy).
template <class T>
void forward(const Geometry& g, const T* x, const T* w, T* y);
template <class T>
void backward_data(const Geometry& g, const T* w, const T* dy, T* dx, Order& order);
template <class T>
void backward_filter(const Geometry& g, const T* x, const T* dy, T* dw, Order& order);

}  // namespace kib::emulator::cudnn
#endif
