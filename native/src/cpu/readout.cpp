// Softmax cross-entropy.
#include "kib/readout.h"

#include <algorithm>

#include "level.h"
#include "meter.h"

namespace kib::KIB_LEVEL {

int64_t kib_readout_workspace(int64_t, int64_t) { return 0; }

kib_status kib_readout_cross_entropy(void* dy, int dy_type, const float* y, const int32_t* labels, int64_t batch,
                                     int64_t outputs, const kib_meter* meter, void*, const kib_queue*) {
  return with_type(dy_type, [&](auto tag) {
    using T = decltype(tag);
    double loss = 0, correct = 0;
    for (int64_t b = 0; b < batch; b++) {
      const float* row = y + b * outputs;
      int64_t largest = std::max_element(row, row + outputs) - row;
      double sum = 0;
      for (int64_t m = 0; m < outputs; m++) sum += std::exp(static_cast<double>(row[m]) - row[largest]);
      loss += std::log(sum) + static_cast<double>(row[largest]) - row[labels[b]];
      correct += largest == labels[b];
      for (int64_t m = 0; m < outputs && dy != nullptr; m++) {
        double softmax = std::exp(static_cast<double>(row[m]) - row[largest]) / sum;
        store(static_cast<T*>(dy) + b * outputs + m,
              static_cast<float>((softmax - (m == labels[b])) / static_cast<double>(batch)));
      }
    }
    add_up(meter, loss);
    if (meter->sums != nullptr) meter->sums[meter->slot + 1] += correct;
  });
}

}  // namespace kib::KIB_LEVEL
