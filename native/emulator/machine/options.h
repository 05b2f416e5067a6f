// The environment variables of the emulated device, read once for each process.
#ifndef KIB_EMULATOR_OPTIONS_H
#define KIB_EMULATOR_OPTIONS_H
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace kib::emulator {

struct Options {
  uint64_t seed = 1;          // KIB_EMULATOR_SEED: order of streams and blocks
  bool bounds = true;         // KIB_EMULATOR_CHECK: comma-separated list of
  bool uninitialised = true;  //   bounds, uninitialised, races, mixed, float-atomics, alignment, barriers, leaks, host,
                              //   order, streams, lanes;
  bool races = true;          //   "all" (the default) or "none"; "-races" takes one away from all
  bool mixed = true;          // plain reads of what others change atomically; a part of races
  bool float_atomics = true;
  bool alignment = true;
  bool barriers = true;
  bool leaks = true;
  bool host = true;                     // device memory is unreadable to the host
  bool order = true;                    // launches and copies that nothing orders
  bool streams = true;                  // streams run late and in an adversarial order
  bool lanes = true;                    // lanes that parted do not meet again by themselves
  uint64_t memory = uint64_t{2} << 30;  // KIB_EMULATOR_MEMORY: bytes, or with suffix K, M, G
  uint64_t taken = 0;                   // KIB_EMULATOR_TAKEN: bytes of the memory that another process holds
  std::set<std::string> full;           // KIB_EMULATOR_FULL: functions, between commas, that find no memory
  int capability = 90;                  // KIB_EMULATOR_CAPABILITY: 8.0, 8.6, 8.9, 9.0, 10.0, 12.0
  int multiprocessors = 0;              // KIB_EMULATOR_MULTIPROCESSORS: default those of the capability's card
  std::string counters;                 // KIB_EMULATOR_COUNTERS: file of the table of counters; "-" is standard error
  std::string lines;                    // KIB_EMULATOR_LINES: file to which the lines that ran are added, or "-"
  std::string report;                   // KIB_EMULATOR_REPORT
  std::string ptx_path;                 // KIB_EMULATOR_PTX: folders, separated by colons, searched for .ptx files
  std::string ptxas = "ptxas";          // KIB_EMULATOR_PTXAS: the program, or "none"
  std::string cache;                    // KIB_EMULATOR_CACHE: folder of what ptxas said; empty: none
  int threads = 0;                      // KIB_EMULATOR_THREADS: host threads that run blocks; 0: one for each core
  bool ascending = false;               // KIB_EMULATOR_BLOCKS: blocks start by their numbers, not in the seed's order
  // KIB_EMULATOR_PATIENCE: warp instructions that a launch may run while no thread ends and nothing in shared or global
  // memory changes
  uint64_t patience = 1000000000;

  // KIB_EMULATOR_CLAIMS: versions and counts that the libraries tell instead of the true ones
  std::map<std::string, std::array<int, 3>> claims;

  // Returns what is claimed under a name, its parts each times its weight; the truth where nothing is claimed.
  int claimed(const std::string& name, int truth, const std::array<int, 3>& weights) const;

  static const Options& current();
  // Parses an environment; throws std::invalid_argument with a sentence for a value that is none.
  static Options parse(const char* (*get)(const char* name));
};

}  // namespace kib::emulator
#endif
