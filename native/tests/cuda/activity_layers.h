// Layers whose activity is tested, timed and counted.
#ifndef KIB_TESTS_CUDA_ACTIVITY_LAYERS_H
#define KIB_TESTS_CUDA_ACTIVITY_LAYERS_H
#include "device.h"
#include "kib/activity.h"
#include "timer.h"

namespace test {

// A layer after pooling; before it, images are twice as high and wide.
kib_activity_spec activity(int64_t batch, int64_t channels, int64_t height, int64_t width, int pooling, int64_t groups);

// Drops three elements of ten; as alpha dropout does, or to 0.
void drop(kib_activity_spec& spec, bool alpha);

// The arrays of a layer on the device, beginning shift numbers behind a multiple of 16 bytes, and the calls.
template <class T>
class ActivityLayer {
 public:
  ActivityLayer(const kib_activity_spec& layer, size_t shift);

  void forward(bool drops) { ok(try_forward(drops), "activity.forward"); }
  void hebbian_gradient(bool over_a) { ok(try_hebbian_gradient(over_a), "activity.hebbian_gradient"); }
  void output_gradient(bool over_a, bool drops) { ok(try_output_gradient(over_a, drops), "activity.output_gradient"); }
  kib_status try_forward(bool drops);
  kib_status try_hebbian_gradient(bool over_a);
  kib_status try_output_gradient(bool over_a, bool drops);

  template <class Number>
  void write(const Array<Number>& array, const std::vector<Number>& numbers) const {
    copy(array.data() + shift_, numbers.data(), numbers.size() * sizeof(Number));
  }
  template <class Number>
  std::vector<Number> read(const Array<Number>& array) const {
    std::vector<Number> numbers(array.size() - shift_);
    copy(numbers.data(), array.data() + shift_, numbers.size() * sizeof(Number));
    return numbers;
  }

  kib_activity_spec spec;

 private:
  size_t shift_, units_, inputs_, codes_;

 public:
  Array<T> a, da, post, sent, dsent;
  Array<uint8_t> mask;
  Array<double> mean;
  Array<float> scale, code, third;
  Array<int64_t> now;
  Scratch workspace;
};

// Calls row(name, shape, what it needs, call) for the three functions at the layers of the paper's VGG, with 64 groups,
// in both types; few: at the small ones.
using ActivityRow =
    std::function<void(const std::string&, const std::string&, Need, const std::function<kib_status()>&)>;
void activity_rows(int64_t batch, bool few, const ActivityRow& row);

}  // namespace test
#endif
