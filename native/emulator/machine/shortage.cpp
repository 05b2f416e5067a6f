#include "machine/shortage.h"

#include <atomic>
#include <mutex>
#include <sstream>

#include "machine/options.h"

namespace kib::emulator {
namespace {

struct Shortage {
  std::atomic<uint64_t> taken{Options::current().taken};
  std::atomic<bool> any{!Options::current().full.empty()};
  std::mutex mutex;
  std::set<std::string> full = Options::current().full;
};

Shortage& shortage() {
  static Shortage* instance = new Shortage;  // outlives every destructor that may still use it
  return *instance;
}

}  // namespace

std::set<std::string> function_names(const std::string& list) {
  std::set<std::string> names;
  std::istringstream words(list);
  for (std::string name; std::getline(words, name, ',');) names.insert(name);
  return names;
}

uint64_t taken_bytes() { return shortage().taken; }
void take_bytes(uint64_t bytes) { shortage().taken = bytes; }

bool finds_no_memory(const char* function) {
  Shortage& all = shortage();
  if (!all.any) return false;
  std::lock_guard<std::mutex> lock(all.mutex);
  return all.full.count(function) != 0;
}

void let_find_no_memory(const std::set<std::string>& names) {
  Shortage& all = shortage();
  std::lock_guard<std::mutex> lock(all.mutex);
  all.full = names;
  all.any = !names.empty();
}

void reset_shortage() {
  take_bytes(Options::current().taken);
  let_find_no_memory(Options::current().full);
}

}  // namespace kib::emulator
