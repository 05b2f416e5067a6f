#include "kib/cells.h"

#include "families.h"

KIB_EXPECTED(kib_cells_codes)
KIB_EXPECTED(kib_cells_gradient)
KIB_EXPECTED(kib_cells_workspace)

namespace {

size_t numbers(const kib_cells_spec& s) { return static_cast<size_t>(s.batch * s.height * s.width * s.channels); }

size_t entries(const kib_cells_spec& s) {
  int64_t width = 0;
  for (int i = 0; i < s.scales; i++) width += s.scale[i] * s.scale[i] * s.groups;
  return static_cast<size_t>(s.batch * width);
}

std::string name(const kib_cells_spec& s) {
  std::string text = "cells " + std::to_string(s.batch) + "x" + std::to_string(s.channels) + "x" +
                     std::to_string(s.height) + "x" + std::to_string(s.width) + " at";
  for (int i = 0; i < s.scales; i++) text += " " + std::to_string(s.scale[i]);
  return text;
}

// Codes and gradient like the processor's, of both types.
void compare(kib_cells_spec s) {
  auto z = widened(narrowed(random_numbers(numbers(s), -1, 3))), du = random_numbers(entries(s), -1, 1);
  for (size_t i = 0; i < static_cast<size_t>(s.channels / s.groups) && s.delta == 0; i++) z[i] = 2;  // without spread
  for (int type : {KIB_F32, KIB_BF16}) {
    s.type = type;
    auto halves = narrowed(z);
    std::vector<float> u(du.size()), scale(du.size()), dz(z.size());
    std::vector<uint16_t> dz_halves(z.size());
    std::vector<double> mean(du.size());
    bool half = type == KIB_BF16;
    auto either = [&](auto& single, auto& bf16) { return half ? static_cast<void*>(bf16.data()) : single.data(); };
    std::vector<char> workspace(static_cast<size_t>(expected::kib_cells_workspace(&s)));
    const auto *processor = test::processor(), *device = test::device();
    test::ok(expected::kib_cells_codes(u.data(), mean.data(), scale.data(), either(z, halves), &s, processor), name(s));
    test::ok(expected::kib_cells_gradient(either(dz, dz_halves), either(z, halves), mean.data(), scale.data(),
                                          du.data(), &s, workspace.data(), processor),
             name(s));
    test::Array<float> on_z(z), on_du(du), on_u(u.size()), on_scale(u.size()), on_dz(z.size());
    test::Array<uint16_t> on_halves(halves), on_dz_halves(z.size());
    test::Array<double> on_mean(u.size());
    test::Scratch scratch(static_cast<size_t>(kib_cells_workspace(&s)));
    test::ok(kib_cells_codes(on_u.data(), on_mean.data(), on_scale.data(), either(on_z, on_halves), &s, device),
             name(s));
    test::ok(kib_cells_gradient(either(on_dz, on_dz_halves), either(on_z, on_halves), on_mean.data(), on_scale.data(),
                                on_du.data(), &s, scratch.data(), device),
             name(s));
    test::near(on_mean.read(), mean, 1e-13, name(s) + ": mean");
    test::near(on_scale.read(), scale, 1e-6, name(s) + ": s");
    test::near(on_u.read(), u, 1e-6, name(s) + ": u");
    if (half)
      test::near(on_dz_halves.read(), dz_halves, 0x1p-8, name(s) + ": dz");
    else
      test::near(on_dz.read(), dz, 1e-6, name(s) + ": dz");
  }
}

}  // namespace

void test_cells() {
  compare({KIB_F32, 3, {1, 2, 4}, 3, 16, 8, 8, 2, 0.8, 1});
  compare({KIB_F32, 2, {2, 3}, 2, 10, 7, 5, 5, 0.5, 0.1});
  compare({KIB_F32, 1, {1}, 5, 90, 1, 1, 9, 1, 0});
  compare({KIB_F32, 2, {4, 1}, 2, 144, 6, 6, 2, 0.5, 1});
  kib_cells_spec spec = {9, 1, {1}, 1, 4, 2, 2, 2, 0.5, 1};
  auto refused = [&](kib_status status) {
    check(kib_cells_codes(nullptr, nullptr, nullptr, nullptr, &spec, test::device()) == status, "codes");
    check(kib_cells_gradient(nullptr, nullptr, nullptr, nullptr, nullptr, &spec, nullptr, test::device()) == status,
          "gradient of codes");
  };
  refused(KIB_UNSUPPORTED_TYPE);
  spec.scale[0] = 3;
  refused(KIB_BAD_ARGUMENT);
}

void time_cells(test::Timer& timer) {
  std::vector<kib_cells_spec> specs = {{KIB_BF16, 3, {1, 2, 4}, 128, 128, 32, 32, 16, 0.8, 1},
                                       {KIB_BF16, 3, {1, 2, 4}, 128, 512, 8, 8, 16, 0.8, 1}};
  if (timer.small()) specs = {{KIB_BF16, 3, {1, 2, 4}, 2, 32, 8, 8, 4, 0.8, 1}};
  for (const kib_cells_spec& s : specs) {
    test::Array<uint16_t> z(std::vector<uint16_t>(numbers(s), 0x3f80)), dz(numbers(s));
    test::Array<float> u(entries(s)), scale(entries(s)), du(std::vector<float>(entries(s), 1));
    test::Array<double> mean(entries(s));
    test::Scratch scratch(static_cast<size_t>(kib_cells_workspace(&s)));
    double read = 2 * static_cast<double>(numbers(s)), codes = 16 * static_cast<double>(entries(s));
    timer.time("cells.codes", name(s) + ", bf16", {read + codes},
               [&] { return kib_cells_codes(u.data(), mean.data(), scale.data(), z.data(), &s, test::device()); });
    timer.time("cells.gradient", name(s) + ", bf16", {2 * read + codes}, [&] {
      return kib_cells_gradient(dz.data(), z.data(), mean.data(), scale.data(), du.data(), &s, scratch.data(),
                                test::device());
    });
  }
}
