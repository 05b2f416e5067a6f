// What the planted bugs share. A theme's file is included by planted.cu and read by planted.sh; the emulator's README
// tells how to add a bug.
#ifndef KIB_EMULATOR_TESTS_PLANTED_H
#define KIB_EMULATOR_TESTS_PLANTED_H
#include "../program.h"

constexpr int kBlock = 64;

struct Bug {
  const char* name;
  void (*run)(bool repaired);
};
inline std::vector<Bug>& bugs() {
  static std::vector<Bug> all;
  return all;
}
struct Planted {
  Planted(const char* name, void (*run)(bool)) { bugs().push_back({name, run}); }
};

// PLANTED(name) { ... }: runs the bug, or its twin where `repaired` is true.
#define PLANTED(name)                              \
  void run_##name(bool repaired);                  \
  const Planted planted_##name{#name, run_##name}; \
  void run_##name([[maybe_unused]] bool repaired)

// Waits for the device. An error is what some bugs give on a GPU, too; the report is what is tested.
inline void finish() { cudaDeviceSynchronize(); }

// Unless the result is right, the program ends with the status that planted.sh takes for the report `wrong result`.
// Last in a run, so that nothing is left unfreed.
struct WrongResult {};
inline void correct(bool result) {
  if (!result) throw WrongResult();
}
#endif
