#include "kib/optimizer.h"

#include "families.h"
#include "kib/constants.h"

KIB_EXPECTED(kib_optimizer_sgd)
KIB_EXPECTED(kib_optimizer_adam)
KIB_EXPECTED(kib_optimizer_sign)
KIB_EXPECTED(kib_optimizer_average)
KIB_EXPECTED(kib_optimizer_combine)
KIB_EXPECTED(kib_optimizer_normalize)

namespace {

// All arrays of a network, one behind the other, on the processor or on the device.
struct Network {
  std::vector<int64_t> sizes, at;
  int64_t size = 0;

  // Sizes that end inside a vector and inside a block's chunk, more of them than a launch takes, at any alignment.
  explicit Network(int64_t arrays) {
    for (int64_t i = 0; i < arrays; i++) {
      sizes.push_back(i == 3 ? 20001 : i == 5 ? 8192 : i == 6 ? 0 : 1 + i * 37 % 700);
      if (i % 3 != 2) size = (size + 7) / 8 * 8;
      at.push_back(size);
      size += sizes.back();
    }
  }

  template <class Number>
  std::vector<Number*> addresses(Number* base) const {
    std::vector<Number*> all;
    for (int64_t offset : at) all.push_back(base + offset);
    return all;
  }

  // Every other array has no rounded weights.
  std::vector<void*> rounded(uint16_t* base) const {
    std::vector<void*> all;
    for (size_t i = 0; i < at.size(); i++) all.push_back(i % 2 == 0 ? nullptr : base + at[i]);
    return all;
  }
};

struct Rule {
  const char* name;
  double momentum = 0, beta2 = 0, decay = 0;
  int decoupled = 0;
};

// Calls either library's rule.
template <class Sgd, class Adam>
kib_status step(Sgd sgd, Adam adam, const Rule& rule, const Network& network, float* w, uint16_t* rounded,
                const float* g, float* m, float* v, const double* rates, const int64_t* now, const int64_t* fault,
                const kib_queue* queue) {
  auto ws = network.addresses(w), ms = network.addresses(m), vs = network.addresses(v);
  auto gs = network.addresses(g);
  auto halves = network.rounded(rounded);
  auto count = static_cast<int64_t>(network.sizes.size());
  if (rule.beta2 == 0)
    return sgd(ws.data(), halves.data(), gs.data(), rule.momentum == 0 ? nullptr : ms.data(), network.sizes.data(),
               count, rule.momentum, rule.decay, rates, 3, now, fault, queue);
  return adam(ws.data(), halves.data(), gs.data(), ms.data(), vs.data(), network.sizes.data(), count, rule.momentum,
              rule.beta2, 1e-8, rule.decay, rule.decoupled, rates, 3, now, fault, queue);
}

// Two steps, the second beyond the table's end; then one after a fault, which changes nothing. The call is captured in
// a graph, which is launched after the caller's arrays are gone.
void compare(const Rule& rule, const Network& network) {
  auto size = static_cast<size_t>(network.size);
  auto w = random_numbers(size, -1, 1), g = random_numbers(size, -1, 1), m = random_numbers(size, -1, 1),
       v = random_numbers(size, 0, 1);
  std::vector<double> rates = {0.3, 0.1, 0.01};
  std::vector<int64_t> now = {1000, 1, 0, 1}, fault = {0, 0};
  std::vector<uint16_t> rounded(size, 7);
  test::Array<float> dw(w), dg(g), dm(m), dv(v);
  test::Array<uint16_t> drounded(rounded);
  test::Array<double> drates(rates);
  test::Array<int64_t> dnow(now), dfault(fault);
  auto stream = static_cast<cudaStream_t>(test::device()->stream);
  cudaGraph_t graph;
  cudaGraphExec_t captured;
  test::require(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
  test::ok(step(kib_optimizer_sgd, kib_optimizer_adam, rule, network, dw.data(), drounded.data(), dg.data(), dm.data(),
                dv.data(), drates.data(), dnow.data(), dfault.data(), test::device()),
           rule.name);
  test::require(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
  test::require(cudaGraphInstantiate(&captured, graph, 0), "cudaGraphInstantiate");
  for (int i = 0; i < 3; i++) {
    if (i == 1) now[KIB_CLOCK_STEP] = 1001, now[KIB_CLOCK_EPOCH_STEP] = 5;
    if (i == 2) fault[0] = 3;
    dnow.write(now);
    dfault.write(fault);
    test::require(cudaGraphLaunch(captured, stream), "cudaGraphLaunch");
    step(expected::kib_optimizer_sgd, expected::kib_optimizer_adam, rule, network, w.data(), rounded.data(), g.data(),
         m.data(), v.data(), rates.data(), now.data(), fault.data(), test::processor());
    std::string what = std::string(rule.name) + ", step " + std::to_string(i);
    auto got = dw.read();
    test::near(got, w, 1e-6, what + ": w");
    test::near(dm.read(), m, 3e-7, what + ": m");
    test::near(dv.read(), v, 3e-7, what + ": v");
    auto halves = narrowed(got);
    for (size_t array = 0; array < network.sizes.size(); array++)
      for (int64_t j = 0; j < network.sizes[array] && array % 2 == 0; j++)
        halves[static_cast<size_t>(network.at[array] + j)] = 7;
    auto got_halves = drounded.read();
    for (size_t j = 0; j < size; j++)
      if (rounded[j] == 7) halves[j] = 7;
    test::equal(got_halves, halves, what + ": rounded");
  }
  test::require(cudaGraphExecDestroy(captured), "cudaGraphExecDestroy");
  test::require(cudaGraphDestroy(graph), "cudaGraphDestroy");
}

const Rule kRules[] = {
    {"SGD"}, {"SGD with momentum", 0.9, 0, 0.01}, {"Adam", 0.9, 0.999, 0.01}, {"AdamW", 0.9, 0.999, 0.01, 1}};

// Like the processor's: in place and rounded, at any alignment.
void compare_signs(size_t size, size_t shift) {
  auto value = random_numbers(size + shift, -1, 1);
  for (size_t i = 0; i < value.size(); i += 5) value[i] = 0;
  test::Array<float> on_device(value), in_place(value);
  std::vector<uint16_t> rounded(value.size(), 7);
  test::Array<uint16_t> drounded(rounded);
  auto n = static_cast<int64_t>(size);
  expected::kib_optimizer_sign(rounded.data() + shift, KIB_BF16, value.data() + shift, n, test::processor());
  expected::kib_optimizer_sign(value.data() + shift, KIB_F32, value.data() + shift, n, test::processor());
  test::ok(kib_optimizer_sign(in_place.data() + shift, KIB_F32, in_place.data() + shift, n, test::device()), "sign");
  test::ok(kib_optimizer_sign(drounded.data() + shift, KIB_BF16, on_device.data() + shift, n, test::device()), "sign");
  test::equal(in_place.read(), value, "signs");
  test::equal(drounded.read(), rounded, "rounded signs");
}

// Three steps and one after a fault.
void compare_averages(const Network& network) {
  auto size = static_cast<size_t>(network.size);
  auto average = random_numbers(size, -1, 1);
  test::Array<float> on_device(average);
  std::vector<int64_t> now(4), fault(2);
  auto count = static_cast<int64_t>(network.sizes.size());
  for (int i = 0; i < 4; i++, now[KIB_CLOCK_STEP] += i == 2 ? 500 : 1) {
    fault[0] = i == 3;
    auto value = random_numbers(size, -1, 1);
    test::Array<float> dvalue(value);
    test::Array<int64_t> dnow(now), dfault(fault);
    auto to = network.addresses(average.data()), dto = network.addresses(on_device.data());
    auto from = network.addresses(static_cast<const float*>(value.data()));
    auto dfrom = network.addresses(static_cast<const float*>(dvalue.data()));
    expected::kib_optimizer_average(to.data(), from.data(), network.sizes.data(), count, 0.9, now.data(), fault.data(),
                                    test::processor());
    test::ok(kib_optimizer_average(dto.data(), dfrom.data(), network.sizes.data(), count, 0.9, dnow.data(),
                                   dfault.data(), test::device()),
             "average");
    test::near(on_device.read(), average, 3e-7, "averages, step " + std::to_string(i));
  }
}

// Like the processor's, at any alignment, with and without a fault.
void compare_combined(size_t size, size_t shift) {
  auto x = random_numbers(size + shift, -1, 1), y = random_numbers(size + shift, -1, 1);
  test::Array<float> dx(x), dy(y);
  auto n = static_cast<int64_t>(size);
  for (int64_t place : {3, 0}) {
    std::vector<int64_t> fault = {place, 0};
    test::Array<int64_t> dfault(fault);
    expected::kib_optimizer_combine(x.data() + shift, 3, x.data() + shift, -0.1, y.data() + shift, n, fault.data(),
                                    test::processor());
    test::ok(kib_optimizer_combine(dx.data() + shift, 3, dx.data() + shift, -0.1, dy.data() + shift, n, dfault.data(),
                                   test::device()),
             "combine");
    test::near(dx.read(), x, 6e-7, "combined");
  }
  expected::kib_optimizer_combine(x.data(), 0.5, y.data(), 2, x.data(), n, nullptr, test::processor());
  test::ok(kib_optimizer_combine(dx.data(), 0.5, dy.data(), 2, dx.data(), n, nullptr, test::device()), "combine");
  test::near(dx.read(), x, 3e-6, "combined without a fault");
}

void compare_normalized(size_t size) {
  auto x = random_numbers(size, -1, 1);
  test::Array<float> on_device(x);
  auto n = static_cast<int64_t>(size);
  test::Array<double> workspace(static_cast<size_t>(kib_optimizer_normalize_workspace(n)) / 8 + 1);
  std::vector<double> scratch(size + 1);
  expected::kib_optimizer_normalize(x.data(), x.data(), 1e-7, n, scratch.data(), test::processor());
  test::ok(kib_optimizer_normalize(on_device.data(), on_device.data(), 1e-7, n, workspace.data(), test::device()),
           "normalize");
  test::near(on_device.read(), x, 2e-7, "normalized");
}

}  // namespace

void test_optimizer() {
  for (int64_t arrays : {0, 1, 8, 70}) compare_averages(Network(arrays));
  for (size_t size : {0, 1, 4096, 9001}) {
    for (size_t shift : {0, 1}) compare_combined(size, shift);
    compare_normalized(size);
  }
  for (size_t size : {0, 1, 7, 1000})
    for (size_t shift : {0, 1}) compare_signs(size, shift);
  check(kib_optimizer_sign(nullptr, 9, nullptr, 0, test::device()) == KIB_UNSUPPORTED_TYPE, "no type 9");
  for (const Rule& rule : kRules)
    for (int64_t arrays : {0, 1, 8, 70}) compare(rule, Network(arrays));
}

void time_optimizer(test::Timer& timer) {
  Network vgg(0);
  for (int64_t size : {3 * 9 * 128, 128, 128 * 9 * 256, 256, 256 * 9 * 256, 256, 256 * 9 * 512, 512, 512 * 9 * 512, 512,
                       512 * 9 * 512, 512, 2048 * 1024, 1024, 1024 * 10, 10}) {
    vgg.sizes.push_back(timer.small() ? (size + 255) / 256 : size);
    vgg.at.push_back(vgg.size);
    vgg.size += (vgg.sizes.back() + 63) / 64 * 64;
  }
  auto size = static_cast<size_t>(vgg.size);
  test::Array<float> w(std::vector<float>(size, 0)), g(w.read()), m(w.read()), v(w.read());
  test::Array<uint16_t> rounded(size);
  test::Array<double> rates(std::vector<double>{0.1, 0.1, 0.1});
  test::Array<int64_t> zeros(std::vector<int64_t>{0, 0, 0, 0});
  for (const Rule& rule : kRules) {
    double bytes = rule.beta2 != 0 ? 28 : rule.momentum != 0 ? 20 : 12;
    timer.time("optimizer", std::string(rule.name) + ", " + std::to_string(size) + " weights",
               {(bytes + 1) * static_cast<double>(size)}, [&] {
                 return step(kib_optimizer_sgd, kib_optimizer_adam, rule, vgg, w.data(), rounded.data(), g.data(),
                             m.data(), v.data(), rates.data(), zeros.data(), zeros.data(), test::device());
               });
  }
  auto ws = vgg.addresses(w.data());
  auto gs = vgg.addresses(static_cast<const float*>(g.data()));
  timer.time("optimizer.average", std::to_string(size) + " weights", {12 * static_cast<double>(size)}, [&] {
    return kib_optimizer_average(ws.data(), gs.data(), vgg.sizes.data(), static_cast<int64_t>(vgg.sizes.size()), 0.999,
                                 zeros.data(), zeros.data(), test::device());
  });
  auto n = static_cast<int64_t>(size);
  timer.time("optimizer.combine", std::to_string(size) + " weights", {12 * static_cast<double>(size)},
             [&] { return kib_optimizer_combine(m.data(), 2, w.data(), 3, g.data(), n, nullptr, test::device()); });
  test::Array<double> workspace(static_cast<size_t>(kib_optimizer_normalize_workspace(n)) / 8);
  timer.time("optimizer.normalize", std::to_string(size) + " weights", {12 * static_cast<double>(size)},
             [&] { return kib_optimizer_normalize(m.data(), g.data(), 1e-7, n, workspace.data(), test::device()); });
  timer.time("optimizer.sign", std::to_string(size) + " weights, bf16", {6 * static_cast<double>(size)}, [&] {
    return kib_optimizer_sign(rounded.data(), KIB_BF16, w.data(), static_cast<int64_t>(size), test::device());
  });
}
