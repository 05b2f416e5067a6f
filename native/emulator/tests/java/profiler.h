// What a profiler is told by NVTX while this library is loaded.
#ifndef KIB_EMULATOR_TESTS_PROFILER_H
#define KIB_EMULATOR_TESTS_PROFILER_H
#include <string>
#include <vector>

// Each range that began, by its name, and an empty one for each end.
std::vector<std::string>& ranges();

#endif
