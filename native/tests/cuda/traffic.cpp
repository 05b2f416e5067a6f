#include "traffic.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace test {
namespace {

// The columns of the device's table, by their names.
std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> all;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, '|');) {
    size_t first = cell.find_first_not_of(' '), last = cell.find_last_not_of(' ');
    all.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
  }
  return all;
}

}  // namespace

Traffic::Traffic(bool counting) {
  if (!counting) return;
  // Where it counts, the device keeps a warp's lanes together, as GPUs do; it looks before its first call.
  setenv("KIB_EMULATOR_COUNTERS", "/dev/null", 0);
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr) return;
  counters_ = reinterpret_cast<const char* (*)()>(dlsym(driver, "kib_emulator_counters"));
  reset_ = reinterpret_cast<void (*)()>(dlsym(driver, "kib_emulator_reset_counters"));
}

void Traffic::check(const std::string& name, const std::string& shape, Need need,
                    const std::function<kib_status()>& call) {
  if (!counts()) return ok(call(), name);
  synchronize();
  reset_();
  ok(call(), name);
  synchronize();
  std::istringstream table(counters_());
  std::string line;
  std::getline(table, line);
  std::vector<std::string> names = cells(line);
  std::getline(table, line);
  double bytes = 0, sectors = 0, instructions = 0;
  while (std::getline(table, line)) {
    std::vector<std::string> values = cells(line);
    double moved = 0, use = 100;
    for (size_t i = 0; i < values.size() && i < names.size(); i++) {
      if (names[i] == "read MB" || names[i] == "written MB") moved += 1e6 * std::stod(values[i]);
      if (names[i] == "lane instr.") instructions += std::stod(values[i]);
      if (names[i] == "sector use" && values[i] != "-") use = std::stod(values[i]);
    }
    bytes += moved;
    sectors += moved / use * 100;
  }
  double ratio = bytes / need.bytes, use = bytes / sectors;
  std::printf("%-28s %-36s %9.0f bytes, %5.3f of its contract's, sector use %4.1f %%, %.1f PTX instructions a byte\n",
              name.c_str(), shape.c_str(), bytes, ratio, 100 * use, instructions / need.bytes);
  std::string what = name + " " + shape;
  ::check(ratio > 0.9 && ratio <= kMostBytes, (what + ": moves other bytes than its contract says").c_str());
  ::check(use >= kLeastUse, (what + ": uses its sectors badly").c_str());
}

}  // namespace test
