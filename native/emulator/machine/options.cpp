#include "machine/options.h"

#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "machine/card.h"
#include "machine/shortage.h"

namespace kib::emulator {
namespace {

[[noreturn]] void refuse(const char* variable, const std::string& value, const std::string& wanted) {
  throw std::invalid_argument(std::string(variable) + " is '" + value + "'; set it to " + wanted + ", or unset it");
}

uint64_t whole(const char* variable, const std::string& value, const std::string& wanted) {
  if (value.empty() || value.size() > 19 || value.find_first_not_of("0123456789") != std::string::npos) {
    refuse(variable, value, wanted);
  }
  return std::stoull(value);
}

uint64_t bytes(const char* variable, std::string value) {
  const std::string given = value, wanted = "bytes from 1M to 64G, as in 512M";
  int shift = 0;
  if (!value.empty()) {
    const int suffix = std::toupper(static_cast<unsigned char>(value.back()));
    shift = suffix == 'K' ? 10 : suffix == 'M' ? 20 : suffix == 'G' ? 30 : 0;
    if (shift != 0) value.pop_back();
  }
  const uint64_t number = whole(variable, value, wanted);
  const uint64_t most = uint64_t{64} << 30;
  if (number > (most >> shift) || (number << shift) < (uint64_t{1} << 20)) refuse(variable, given, wanted);
  return number << shift;
}

int capability(const char* variable, const std::string& value) {
  std::string all;
  for (const Card& card : kCards) {
    const std::string number = std::to_string(card.capability / 10) + "." + std::to_string(card.capability % 10);
    if (value == number) return card.capability;
    all += (all.empty() ? "" : card.capability == kCards.back().capability ? " or " : ", ") + number;
  }
  refuse(variable, value, all);
}

// Names with a version of up to three parts each: "driver=12.8,cudnn=9.1.0".
std::map<std::string, std::array<int, 3>> claims(const char* variable, const std::string& value) {
  const std::string wanted =
      "a comma-separated list as in driver=12.8,cudnn=9.1.0; names are driver, runtime, cublas, cublaslt, cudnn, "
      "cudnn-runtime, capability, devices";
  const std::set<std::string> names = {"driver", "runtime",       "cublas",     "cublaslt",
                                       "cudnn",  "cudnn-runtime", "capability", "devices"};
  std::map<std::string, std::array<int, 3>> all;
  std::istringstream list(value);
  for (std::string word; std::getline(list, word, ',');) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (equals == std::string::npos || names.count(name) == 0) refuse(variable, value, wanted);
    std::array<int, 3> parts{};
    size_t count = 0;
    std::istringstream numbers(word.substr(equals + 1));
    for (std::string number; std::getline(numbers, number, '.'); ++count) {
      if (count == parts.size() || number.size() > 4) refuse(variable, value, wanted);
      parts[count] = static_cast<int>(whole(variable, number, wanted));
    }
    if (count == 0) refuse(variable, value, wanted);
    all[name] = parts;
  }
  return all;
}

// Where users' programs keep what they can make again.
std::string cache_folder(const char* (*get)(const char*)) {
  const char* value = get("KIB_EMULATOR_CACHE");
  if (value != nullptr) return std::string(value) == "none" ? "" : value;
  if (const char* folder = get("XDG_CACHE_HOME"); folder != nullptr && folder[0] == '/') {
    return std::string(folder) + "/kib-emulator";
  }
  const char* home = get("HOME");
  return home != nullptr && home[0] == '/' ? std::string(home) + "/.cache/kib-emulator" : "";
}

void instruments(const char* variable, const std::string& value, Options* options) {
  const std::pair<const char*, bool*> all[] = {{"bounds", &options->bounds},
                                               {"uninitialised", &options->uninitialised},
                                               {"races", &options->races},
                                               {"alignment", &options->alignment},
                                               {"barriers", &options->barriers},
                                               {"leaks", &options->leaks},
                                               {"host", &options->host},
                                               {"order", &options->order},
                                               {"streams", &options->streams},
                                               {"mixed", &options->mixed},
                                               {"float-atomics", &options->float_atomics},
                                               {"lanes", &options->lanes}};
  const auto set_all = [&](bool on) {
    for (auto& [name, flag] : all) *flag = on;
  };
  bool first = true;
  for (size_t begin = 0; begin <= value.size();) {
    const size_t end = std::min(value.find(',', begin), value.size());
    std::string word = value.substr(begin, end - begin);
    begin = end + 1;
    const bool take_away = !word.empty() && word[0] == '-';
    if (take_away) word.erase(0, 1);
    if (first && !take_away) set_all(false);
    first = false;
    bool known = word == "all" || word == "none";
    if (known) set_all((word == "all") != take_away);
    for (auto& [name, flag] : all) {
      if (word == name) {
        *flag = !take_away;
        known = true;
      }
    }
    if (!known) {
      refuse(
          variable, value,
          "a comma-separated list of bounds, uninitialised, races, mixed, float-atomics, alignment, barriers, leaks, "
          "host, order, streams, lanes (each may have a '-' before it), or all, or none");
    }
  }
}

}  // namespace

Options Options::parse(const char* (*get)(const char* name)) {
  Options options;
  if (const char* value = get("KIB_EMULATOR_SEED")) {
    options.seed = whole("KIB_EMULATOR_SEED", value, "a whole number");
  }
  if (const char* value = get("KIB_EMULATOR_CHECK")) instruments("KIB_EMULATOR_CHECK", value, &options);
  if (const char* value = get("KIB_EMULATOR_MEMORY")) options.memory = bytes("KIB_EMULATOR_MEMORY", value);
  if (const char* value = get("KIB_EMULATOR_TAKEN")) options.taken = bytes("KIB_EMULATOR_TAKEN", value);
  if (const char* value = get("KIB_EMULATOR_FULL")) options.full = function_names(value);
  if (const char* value = get("KIB_EMULATOR_CAPABILITY")) {
    options.capability = emulator::capability("KIB_EMULATOR_CAPABILITY", value);
  }
  if (const char* value = get("KIB_EMULATOR_COUNTERS")) options.counters = value;
  if (const char* value = get("KIB_EMULATOR_LINES")) options.lines = value;
  if (const char* value = get("KIB_EMULATOR_REPORT")) options.report = value;
  if (const char* value = get("KIB_EMULATOR_PTX")) options.ptx_path = value;
  if (const char* value = get("KIB_EMULATOR_THREADS")) {
    const uint64_t number = whole("KIB_EMULATOR_THREADS", value, "a number of threads from 0 (each core's) to 1024");
    if (number > 1024) refuse("KIB_EMULATOR_THREADS", value, "a number of threads from 0 (each core's) to 1024");
    options.threads = static_cast<int>(number);
  }
  if (const char* value = get("KIB_EMULATOR_BLOCKS")) {
    const std::string order = value;
    if (order != "shuffled" && order != "ascending") refuse("KIB_EMULATOR_BLOCKS", order, "shuffled or ascending");
    options.ascending = order == "ascending";
  }
  options.multiprocessors = card_of(options.capability).multiprocessors;
  if (const char* value = get("KIB_EMULATOR_MULTIPROCESSORS")) {
    const std::string wanted = "a number of multiprocessors from 1 to 1024";
    const uint64_t number = whole("KIB_EMULATOR_MULTIPROCESSORS", value, wanted);
    if (number < 1 || number > 1024) refuse("KIB_EMULATOR_MULTIPROCESSORS", value, wanted);
    options.multiprocessors = static_cast<int>(number);
  }
  if (const char* value = get("KIB_EMULATOR_PTXAS")) {
    if (*value == '\0') refuse("KIB_EMULATOR_PTXAS", value, "a program's name or path, or none");
    options.ptxas = value;
  }
  options.cache = cache_folder(get);
  if (const char* value = get("KIB_EMULATOR_CLAIMS")) options.claims = emulator::claims("KIB_EMULATOR_CLAIMS", value);
  if (const char* value = get("KIB_EMULATOR_PATIENCE")) {
    const std::string wanted = "a number of warp instructions, at least 1";
    options.patience = whole("KIB_EMULATOR_PATIENCE", value, wanted);
    if (options.patience == 0) refuse("KIB_EMULATOR_PATIENCE", value, wanted);
  }
  return options;
}

int Options::claimed(const std::string& name, int truth, const std::array<int, 3>& weights) const {
  const auto claim = claims.find(name);
  if (claim == claims.end()) return truth;
  return claim->second[0] * weights[0] + claim->second[1] * weights[1] + claim->second[2] * weights[2];
}

const Options& Options::current() {
  // Never destroyed: what runs at the process's end still asks.
  static const Options* options = [] {
    try {
      return new Options(parse([](const char* name) -> const char* { return std::getenv(name); }));
    } catch (const std::invalid_argument& problem) {
      std::fprintf(stderr, "kib-emulator: %s\n", problem.what());
      ::_exit(2);  // no caller could go on with a device that it did not ask for
    }
  }();
  return *options;
}

}  // namespace kib::emulator
