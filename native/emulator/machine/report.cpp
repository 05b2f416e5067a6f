#include "machine/report.h"

#include <cxxabi.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <tuple>

#include "machine/options.h"

namespace kib::emulator {
namespace {

constexpr size_t kRepeats = 5;  // a faulty line of a kernel is reported by at most so many of its threads

struct Kept {
  std::mutex mutex;
  std::vector<Report> reports;
  uint64_t seed = Options::current().seed;
  std::map<std::tuple<Finding, std::string, std::string, int>, size_t> seen;
  size_t left_out = 0;
};

Kept& kept() {
  static Kept* instance = new Kept;  // outlives every destructor that may still report
  return *instance;
}

std::string text(const Dim3& d) {
  return "(" + std::to_string(d.x) + "," + std::to_string(d.y) + "," + std::to_string(d.z) + ")";
}

void publish(const std::string& sentence, uint64_t seed) {
  const Options& options = Options::current();
  const std::string line = "kib-emulator: " + sentence + " [KIB_EMULATOR_SEED=" + std::to_string(seed) + "]\n";
  std::fputs(line.c_str(), stderr);
  if (options.report.empty()) return;
  std::FILE* file = std::fopen(options.report.c_str(), "a");
  const bool written = file != nullptr && std::fputs(line.c_str(), file) >= 0;
  const bool closed = file != nullptr && std::fclose(file) == 0;
  static std::atomic<bool> told{false};
  if ((!written || !closed) && !told.exchange(true)) {
    std::fprintf(stderr,
                 "kib-emulator: KIB_EMULATOR_REPORT: cannot write to %s (%s); findings are missing there: name a file "
                 "in a folder that exists and has room\n",
                 options.report.c_str(), std::strerror(errno));
  }
}

// What is said, without addresses and numbers: those of equal findings differ (the columns of one matrix that was never
// written). An owner's name, in quotes, keeps its numbers.
std::string without_numbers(const std::string& detail) {
  std::string text;
  bool quoted = false;
  for (size_t at = 0; at < detail.size();) {
    if (detail.compare(at, 2, "0x") == 0) {
      at = std::min(detail.find_first_not_of("0123456789abcdefABCDEF", at + 2), detail.size());
      text += "0x";
      continue;
    }
    const char letter = detail[at++];
    if (letter == '\'') quoted = !quoted;
    if (quoted || letter < '0' || letter > '9') text += letter;
  }
  return text;
}

void say_left_out() {
  const size_t n = Reports::instance().left_out();
  if (n == 0) return;
  std::fprintf(stderr, "kib-emulator: %zu more findings like these were left out: of one place at most %zu are shown\n",
               n, kRepeats);
}

}  // namespace

std::string readable(const std::string& symbol) {
  int status = 0;
  char* text =
      symbol.compare(0, 2, "_Z") == 0 ? abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status) : nullptr;
  const std::string name = text != nullptr ? text : symbol;
  std::free(text);
  return name;
}

const char* name(Finding finding) {
  switch (finding) {
    case Finding::kOutOfBounds:
      return "out of bounds";
    case Finding::kUseAfterFree:
      return "use after free";
    case Finding::kUseBeforeAllocation:
      return "use before allocation";
    case Finding::kUninitialised:
      return "uninitialised read";
    case Finding::kSharedRace:
      return "race in shared memory";
    case Finding::kGlobalRace:
      return "race in global memory";
    case Finding::kUnordered:
      return "unordered access";
    case Finding::kMisaligned:
      return "misaligned access";
    case Finding::kDivergentBarrier:
      return "divergent barrier";
    case Finding::kLeak:
      return "leak";
    case Finding::kHostAccess:
      return "host access to device memory";
    case Finding::kHostTooEarly:
      return "host access during a copy";
    case Finding::kForbiddenInCapture:
      return "forbidden in capture";
    case Finding::kBadHandle:
      return "bad handle";
    case Finding::kBadArgument:
      return "bad argument";
    case Finding::kUnsupported:
      return "not emulated";
    case Finding::kTrap:
      return "trap";
    case Finding::kNoProgress:
      return "no progress";
    case Finding::kAbsentLane:
      return "shuffle from an absent lane";
    case Finding::kNonCoherent:
      return "non-coherent read";
    case Finding::kScope:
      return "scope too narrow";
    case Finding::kFloatAtomic:
      return "float atomic";
    case Finding::kMixed:
      return "mixed plain and atomic access";
    case Finding::kOverlap:
      return "overlapping arguments";
  }
  return "unknown";
}

std::string Report::sentence() const {
  std::string s = name(finding);
  if (!kernel.empty()) s += " in kernel " + readable(kernel);
  if (!file.empty()) s += " at " + file + (line > 0 ? ":" + std::to_string(line) : "");
  if (has_thread) s += ", block " + text(block) + " thread " + text(thread);
  if (address != 0) {
    char hex[32];
    std::snprintf(hex, sizeof hex, "0x%llx", static_cast<unsigned long long>(address));
    s += std::string(", address ") + hex;
  }
  return s + ": " + detail;
}

Reports& Reports::instance() {
  static Reports reports;
  return reports;
}

void Reports::add(Report report) {
  Kept& all = kept();
  std::lock_guard<std::mutex> lock(all.mutex);
  const bool in_kernel = !report.kernel.empty();
  size_t& times = all.seen[{report.finding, in_kernel ? report.kernel : without_numbers(report.detail),
                            in_kernel ? report.file : std::string(), in_kernel ? report.line : 0}];
  if (++times > kRepeats) {
    static const int registered = std::atexit(say_left_out);
    static_cast<void>(registered);
    ++all.left_out;
    return;
  }
  publish(report.sentence(), all.seed);
  all.reports.push_back(std::move(report));
}

std::vector<Report> Reports::all() const {
  std::lock_guard<std::mutex> lock(kept().mutex);
  return kept().reports;
}

size_t Reports::count() const {
  std::lock_guard<std::mutex> lock(kept().mutex);
  return kept().reports.size();
}

size_t Reports::left_out() const {
  std::lock_guard<std::mutex> lock(kept().mutex);
  return kept().left_out;
}

void Reports::clear() {
  std::lock_guard<std::mutex> lock(kept().mutex);
  kept().reports.clear();
  kept().seen.clear();
  kept().left_out = 0;
}

void Reports::set_seed(uint64_t seed) {
  std::lock_guard<std::mutex> lock(kept().mutex);
  kept().seed = seed;
}

}  // namespace kib::emulator
