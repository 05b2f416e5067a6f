// Local objectives that tests run on the device and on the processor.
#ifndef KIB_TESTS_CUDA_OBJECTIVE_H
#define KIB_TESTS_CUDA_OBJECTIVE_H
#include <functional>

#include "device.h"
#include "kib/meter.h"
#include "kib/specs.h"

namespace test {

// Codes around 1 (bfloat16's numbers where that is their type), and a teaching signal.
struct Objective {
  kib_objective_spec spec;
  kib_teaching teaching = {};
  std::vector<float> u;
  std::vector<int32_t> labels;
  std::vector<float> signal;  // target vectors or similarities
  std::string name;

  Objective(int64_t batch, int64_t width, int kernel, int estimator, bool centred, int type);

  void classes(int count);
  void targets(int count, int kernel, bool centred);
  void similarity();  // symmetric, around 100

  void widths(const std::vector<double>& ascending);  // of codes' kernel, and of targets'

  void change(const std::function<float(size_t, float)>& function);
};

// Computes a gradient where its arguments lie.
using Gradient = std::function<kib_status(void* du, double* value, const void* u, const kib_teaching* teaching,
                                          const kib_meter* meter)>;

// Compares du, value, sums and fault of two gradients: the first is the processor's. Of bfloat16 du may be off by
// its rounding.
void compare(const Objective& o, const std::string& what, double tolerance, double of_values,
             const Gradient& processors, const Gradient& devices);

}  // namespace test
#endif
