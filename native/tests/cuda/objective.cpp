#include "objective.h"

#include <algorithm>

namespace test {
namespace {

constexpr int64_t kSlot = 1;

kib_meter meter_of(double* sums, const int64_t* now, int64_t* fault) { return {sums, kSlot, now, fault, -1}; }

}  // namespace

Objective::Objective(int64_t batch, int64_t width, int kernel, int estimator, bool centred, int type)
    : spec{type, estimator, kernel, centred ? 1 : 0, {1, {5}}, 2.0, batch, width},
      u(random_numbers(static_cast<size_t>(batch * width), 0.5, 2)) {
  if (type == KIB_BF16) u = widened(narrowed(u));
  name = "B=" + std::to_string(batch) + " G=" + std::to_string(width) + " kernel " + std::to_string(kernel) +
         " estimator " + std::to_string(estimator) + (centred ? " centred" : "") + (type == KIB_BF16 ? " bf16" : "");
}

void Objective::classes(int count) {
  labels.resize(static_cast<size_t>(spec.batch));
  for (size_t b = 0; b < labels.size(); b++) labels[b] = static_cast<int32_t>(b * 7 % static_cast<size_t>(count));
  teaching.outputs = count, teaching.same = 1, teaching.different = -1.0 / (count - 1);
  name += ", " + std::to_string(count) + " classes";
}

void Objective::targets(int count, int kernel, bool centred) {
  signal = random_numbers(static_cast<size_t>(spec.batch * count), -1, 1);
  teaching.outputs = count, teaching.kernel = kernel, teaching.centred = centred ? 1 : 0, teaching.widths = {1, {1.5}};
  name += ", " + std::to_string(count) + " targets, kernel " + std::to_string(kernel);
}

void Objective::widths(const std::vector<double>& ascending) {
  kib_widths widths = {static_cast<int>(ascending.size()), {}};
  std::copy(ascending.begin(), ascending.end(), widths.sigma);
  spec.widths = widths;
  if (!signal.empty()) teaching.widths = widths;
  name += ", " + std::to_string(ascending.size()) + " widths";
}

void Objective::similarity() {
  size_t batch = static_cast<size_t>(spec.batch);
  signal = random_numbers(batch * batch, 99, 101);
  for (size_t i = 0; i < batch; i++)
    for (size_t j = 0; j < i; j++) signal[i * batch + j] = signal[j * batch + i];
  name += ", a similarity";
}

void Objective::change(const std::function<float(size_t, float)>& function) {
  for (size_t i = 0; i < u.size(); i++) u[i] = function(i, u[i]);
}

void compare(const Objective& o, const std::string& what, double tolerance, double of_values,
             const Gradient& processors, const Gradient& devices) {
  const std::string of = what + " " + o.name;
  bool half = o.spec.type == KIB_BF16;
  std::vector<uint16_t> halves = narrowed(o.u), wanted_halves(half ? o.u.size() : 0);
  std::vector<float> wanted(o.u.size());
  std::vector<double> wanted_value(3), wanted_sums(2);
  std::vector<int64_t> now{6, 0, 0, 0}, wanted_fault(2);
  kib_teaching teaching = o.teaching;
  bool targets = teaching.outputs > 0 && o.labels.empty();
  teaching.labels = o.labels.empty() ? nullptr : o.labels.data();
  (targets ? teaching.targets : teaching.similarity) = o.signal.empty() ? nullptr : o.signal.data();
  kib_meter meter = meter_of(wanted_sums.data(), now.data(), wanted_fault.data());
  ok(processors(half ? static_cast<void*>(wanted_halves.data()) : wanted.data(), wanted_value.data(),
                half ? static_cast<const void*>(halves.data()) : o.u.data(), &teaching, &meter),
     of + " on the processor");

  Array<float> u(o.u), du(o.u.size()), signal(o.signal);
  Array<uint16_t> u_halves(halves), du_halves(o.u.size());
  Array<int32_t> labels(o.labels);
  Array<double> value(3), sums(std::vector<double>(2));
  Array<int64_t> clock(now), fault(std::vector<int64_t>(2));
  teaching.labels = o.labels.empty() ? nullptr : labels.data();
  (targets ? teaching.targets : teaching.similarity) = o.signal.empty() ? nullptr : signal.data();
  meter = meter_of(sums.data(), clock.data(), fault.data());
  ok(devices(half ? static_cast<void*>(du_halves.data()) : du.data(), value.data(),
             half ? static_cast<const void*>(u_halves.data()) : u.data(), &teaching, &meter),
     of);
  if (half)
    near(du_halves.read(), wanted_halves, tolerance + 0x1p-8, of + ": du");
  else
    near(du.read(), wanted, tolerance, of + ": du");
  near(value.read(), wanted_value, of_values, of + ": value");
  for (size_t i = 1; i < 3; i++)  // which may be small beside the other
    near(std::vector<double>{value.read()[i]}, std::vector<double>{wanted_value[i]}, 1e-4,
         of + ": value " + std::to_string(i));
  double batch = static_cast<double>(o.spec.batch);
  wanted_sums.push_back(batch * wanted_value[1]);  // the loss may be a small difference
  std::vector<double> all_sums = sums.read();
  all_sums.push_back(batch * wanted_value[1]);
  near(all_sums, wanted_sums, of_values, of + ": sums");
  equal(fault.read(), wanted_fault, of + ": fault");
}

}  // namespace test
