// The CUDA kernels without Java: kib_cuda_test [--time] [--small] [--json FILE] [--traffic] [--launches] [FAMILY...].
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "families.h"
#include "kib/cuda.h"
#include "launches.h"

namespace {

struct Family {
  const char* name;
  void (*test)();
  void (*time)(test::Timer& timer);
  void (*count)(test::Traffic& traffic) = nullptr;
};

const Family kFamilies[] = {
    {"activity", test_activity, time_activity, count_activity},
    {"batch", test_batch, time_batch},
    {"batch_norm", test_batch_norm, time_batch_norm},
    {"cells", test_cells, time_cells},
    {"convolution", test_convolution, time_convolution},
    {"gram", test_gram, time_gram},
    {"layout", test_layout, time_layout},
    {"optimizer", test_optimizer, time_optimizer},
    {"pairs", test_pairs, time_pairs},
    {"random", test_random, time_random},
    {"readout", test_readout, time_readout},
    {"statistics", test_statistics, time_statistics},
    {"sum_rows", test_sum_rows, time_sum_rows},
};

int usage(const char* wrong) {
  std::fprintf(stderr,
               "kib_cuda_test: %s\nusage: kib_cuda_test [--time] [--small] [--json FILE] [--traffic] [--launches] "
               "[FAMILY...]\nfamilies:",
               wrong);
  for (const Family& family : kFamilies) std::fprintf(stderr, " %s", family.name);
  std::fprintf(stderr, "\n");
  return 2;
}

// That a kernel really ran: some machines answer launches with success and write nothing.
bool kernels_write() {
  test::Array<uint32_t> out(std::vector<uint32_t>(1000, 0));
  test::ok(kib_cuda_write_pattern(out.data(), 1000, test::device()), "cuda.write_pattern");
  std::vector<uint32_t> numbers = out.read();
  for (uint32_t i = 0; i < 1000; i++)
    if (numbers[i] != 2654435761u * (i + 1)) return false;
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  bool time = false, small = false, traffic = false, launches = false;
  const char* json = nullptr;
  std::vector<std::string> chosen;
  for (int i = 1; i < count; i++) {
    std::string argument = arguments[i];
    if (argument == "--time") {
      time = true;
    } else if (argument == "--small") {
      small = true;
    } else if (argument == "--traffic") {
      traffic = true;
    } else if (argument == "--launches") {
      launches = true;
    } else if (argument == "--json") {
      if (++i == count) return usage("--json wants a file");
      json = arguments[i];
    } else if (argument.rfind("--", 0) != 0) {
      chosen.push_back(argument);
    } else {
      return usage(("there is no option " + argument).c_str());
    }
  }
  for (const std::string& name : chosen) {
    bool found = false;
    for (const Family& family : kFamilies) found |= name == family.name;
    if (!found) return usage(("there is no family " + name).c_str());
  }
  auto runs = [&](const Family& family) {
    if (chosen.empty()) return true;
    for (const std::string& name : chosen)
      if (name == family.name) return true;
    return false;
  };
  if (traffic || launches) {
    test::Traffic counted(traffic);
    if (traffic && !counted.counts()) return usage("--traffic wants the emulated device, which counts bytes");
    for (const Family& family : kFamilies)
      if (runs(family) && family.count != nullptr) family.count(counted);
    if (!launches) return finish();
    test::Timer rest(true);
    for (const Family& family : kFamilies)
      if (runs(family) && family.count == nullptr) family.time(rest);
    test::synchronize();
    test::print_launches();
    return finish();
  }
  std::printf("seed %u, kernels for %s\n", kSeed, kib_cuda_architectures());
  if (!kernels_write()) {
    std::printf("FAILED: a launch answered success, but its kernel wrote nothing\n");
    return 1;
  }
  for (const Family& family : kFamilies) {
    if (!runs(family)) continue;
    std::printf("%s\n", family.name);
    std::fflush(stdout);
    family.test();
  }
  if (time) {
    test::Timer timer(small);
    for (const Family& family : kFamilies)
      if (runs(family)) family.time(timer);
    if (json != nullptr && !timer.write(json)) {
      std::printf("FAILED: %s cannot be written\n", json);
      return 1;
    }
  }
  test::synchronize();
  return finish();
}
