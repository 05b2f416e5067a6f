// The environment variables, good and bad.
#include "machine/options.h"

#include <map>
#include <stdexcept>

#include "check.h"

using kib::emulator::Options;

namespace {

std::map<std::string, std::string> environment;

const char* get(const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? nullptr : found->second.c_str();
}

Options with(const std::string& name, const std::string& value) {
  environment = {{"KIB_EMULATOR_" + name, value}};
  return Options::parse(get);
}

std::string refusal(const std::string& name, const std::string& value) {
  try {
    with(name, value);
    return "taken";
  } catch (const std::invalid_argument& problem) {
    return problem.what();
  }
}

std::string instruments(const std::string& value) {
  const Options o = with("CHECK", value);
  std::string text;
  for (bool flag : {o.bounds, o.uninitialised, o.races, o.alignment, o.barriers, o.leaks, o.host, o.streams, o.mixed,
                    o.float_atomics, o.lanes, o.order}) {
    text += flag ? '1' : '0';
  }
  return text;
}

}  // namespace

int main() {
  environment.clear();
  const Options plain = Options::parse(get);
  CHECK_EQUAL(plain.seed, 1u);
  CHECK_EQUAL(plain.memory, uint64_t{2} << 30);
  CHECK_EQUAL(plain.capability, 90);
  CHECK_EQUAL(with("SEED", "18446744073709551").seed, 18446744073709551u);
  CHECK_EQUAL(with("MEMORY", "1048576").memory, uint64_t{1} << 20);
  CHECK_EQUAL(with("MEMORY", "2048k").memory, uint64_t{1} << 21);
  CHECK_EQUAL(with("MEMORY", "64G").memory, uint64_t{64} << 30);
  CHECK_EQUAL(with("CAPABILITY", "8.0").capability, 80);
  const std::pair<const char*, int> cards[] = {{"8.0", 108}, {"8.6", 82},   {"8.9", 128},
                                               {"9.0", 132}, {"10.0", 148}, {"12.0", 170}};
  for (const auto& [number, multiprocessors] : cards) {
    const Options o = with("CAPABILITY", number);
    CHECK_EQUAL(std::to_string(o.capability / 10) + "." + std::to_string(o.capability % 10), number);
    CHECK_EQUAL(o.multiprocessors, multiprocessors);
  }
  CHECK_EQUAL(plain.multiprocessors, 132);
  CHECK_EQUAL(with("MULTIPROCESSORS", "8").multiprocessors, 8);
  CHECK_EQUAL(plain.ptxas, "ptxas");
  CHECK_EQUAL(plain.cache, "");
  CHECK_EQUAL(with("PTXAS", "none").ptxas, "none");
  CHECK_EQUAL(with("CACHE", "/a").cache, "/a");
  CHECK_EQUAL(with("CACHE", "none").cache, "");
  environment = {{"HOME", "/home/me"}};
  CHECK_EQUAL(Options::parse(get).cache, "/home/me/.cache/kib-emulator");
  environment = {{"HOME", "/home/me"}, {"XDG_CACHE_HOME", "/cache"}};
  CHECK_EQUAL(Options::parse(get).cache, "/cache/kib-emulator");
  CHECK_EQUAL(with("THREADS", "3").threads, 3);
  CHECK_EQUAL(plain.patience, 1000000000u);
  CHECK(with("BLOCKS", "ascending").ascending && !with("BLOCKS", "shuffled").ascending);
  CHECK_EQUAL(with("PATIENCE", "7").patience, 7u);
  CHECK_EQUAL(with("PTX", "/a:/b").ptx_path, "/a:/b");
  CHECK_EQUAL(with("COUNTERS", "-").counters, "-");
  CHECK(plain.lines.empty());
  CHECK_EQUAL(with("LINES", "ran.txt").lines, "ran.txt");
  CHECK_EQUAL(with("REPORT", "found.txt").report, "found.txt");

  CHECK(plain.taken == 0 && plain.full.empty());
  CHECK_EQUAL(with("TAKEN", "3M").taken, uint64_t{3} << 20);
  CHECK(with("FULL", "cudnnCreate,cudaSetDevice").full == (std::set<std::string>{"cudaSetDevice", "cudnnCreate"}));

  CHECK_EQUAL(plain.claimed("driver", 13000, {1000, 10, 0}), 13000);
  const Options claims = with("CLAIMS", "driver=12.8,cudnn=9.1.2,devices=0");
  CHECK_EQUAL(claims.claimed("driver", 13000, {1000, 10, 0}), 12080);
  CHECK_EQUAL(claims.claimed("cudnn", 91900, {10000, 100, 1}), 90102);
  CHECK_EQUAL(claims.claimed("devices", 1, {1, 0, 0}), 0);
  CHECK_EQUAL(claims.claimed("runtime", 13000, {1000, 10, 0}), 13000);

  CHECK_EQUAL(instruments("all"), "111111111111");
  CHECK_EQUAL(instruments("none"), "000000000000");
  CHECK_EQUAL(instruments("-races,-host"), "110111011111");
  CHECK_EQUAL(instruments("bounds,streams"), "100000010000");
  CHECK_EQUAL(instruments("-order"), "111111111110");
  CHECK_EQUAL(instruments("all,-leaks"), "111110111111");
  CHECK_EQUAL(instruments("-mixed,-float-atomics,-lanes"), "111111110001");

  CHECK_CONTAINS(refusal("SEED", "-1"), "KIB_EMULATOR_SEED is '-1'; set it to a whole number, or unset it");
  CHECK_CONTAINS(refusal("SEED", ""), "KIB_EMULATOR_SEED");
  CHECK_CONTAINS(refusal("SEED", "99999999999999999999"), "KIB_EMULATOR_SEED");
  for (const char* bad : {"1023K", "65G", "18446744073709551616", "1T", "", "G", "1.5G"}) {
    CHECK_CONTAINS(refusal("MEMORY", bad), "bytes from 1M to 64G");
  }
  CHECK_CONTAINS(refusal("TAKEN", "most"), "KIB_EMULATOR_TAKEN is 'most'; set it to bytes from 1M to 64G");
  for (const char* bad : {"9", "7.5", "9.0a", "11.0", ""}) {
    CHECK_CONTAINS(refusal("CAPABILITY", bad), "set it to 8.0, 8.6, 8.9, 9.0, 10.0 or 12.0");
  }
  for (const char* bad : {"0", "1025", "-1", "", "all"}) {
    CHECK_CONTAINS(refusal("MULTIPROCESSORS", bad),
                   std::string("KIB_EMULATOR_MULTIPROCESSORS is '") + bad +
                       "'; set it to a number of multiprocessors from 1 to 1024, or unset it");
  }
  for (const char* bad : {"driver", "driver=", "driver=a", "driver=1.2.3.4", "driver=12345", "none=1", "=1", ","}) {
    CHECK_CONTAINS(refusal("CLAIMS", bad), "set it to a comma-separated list as in driver=12.8,cudnn=9.1.0; names are");
  }
  CHECK_CONTAINS(refusal("BLOCKS", "descending"), "set it to shuffled or ascending");
  CHECK_CONTAINS(refusal("THREADS", "1025"), "KIB_EMULATOR_THREADS");
  for (const char* bad : {"0", "", "1e9", "-1"}) {
    CHECK_CONTAINS(refusal("PATIENCE", bad), "set it to a number of warp instructions, at least 1");
  }
  CHECK_CONTAINS(refusal("PTXAS", ""), "set it to a program's name or path, or none");
  CHECK_CONTAINS(refusal("CHECK", "race"), "KIB_EMULATOR_CHECK is 'race'");
  CHECK_CONTAINS(refusal("CHECK", ""), "bounds, uninitialised");
  return kib::test::result();
}
