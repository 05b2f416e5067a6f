// The native methods of io.github.kib4j.cuda.Emulator. JNI passes numbers as C does, so that its header is not needed.
#include "kib/emulator.h"
#include "profiler.h"

#define KIB_JAVA(type, name) extern "C" type Java_io_github_kib4j_cuda_Emulator_##name

KIB_JAVA(int64_t, reportCount)(void*, void*) { return static_cast<int64_t>(kib_emulator_report_count()); }
KIB_JAVA(int64_t, report)(void*, void*, int64_t i) {
  return reinterpret_cast<int64_t>(kib_emulator_report(static_cast<uint64_t>(i)));
}
KIB_JAVA(int64_t, usedBytes)(void*, void*) { return static_cast<int64_t>(kib_emulator_used_bytes()); }
KIB_JAVA(int64_t, calls)(void*, void*) { return reinterpret_cast<int64_t>(kib_emulator_calls()); }
KIB_JAVA(int64_t, work)(void*, void*) { return reinterpret_cast<int64_t>(kib_emulator_work()); }
KIB_JAVA(void, resetCalls)(void*, void*) { kib_emulator_reset_calls(); }
KIB_JAVA(void, reset)(void*, void*, int64_t seed) { kib_emulator_reset(static_cast<uint64_t>(seed)); }
KIB_JAVA(void, take)(void*, void*, int64_t bytes) { kib_emulator_take(static_cast<uint64_t>(bytes)); }
KIB_JAVA(void, letFindNoMemory)(void*, void*, int64_t functions) {
  kib_emulator_let_find_no_memory(reinterpret_cast<const char*>(functions));
}
KIB_JAVA(void, clear)(void*, void*) { kib_emulator_clear(); }
KIB_JAVA(int64_t, rangeCount)(void*, void*) { return static_cast<int64_t>(ranges().size()); }
KIB_JAVA(int64_t, range)(void*, void*, int64_t i) {
  return reinterpret_cast<int64_t>(ranges()[static_cast<size_t>(i)].c_str());
}
KIB_JAVA(void, clearRanges)(void*, void*) { ranges().clear(); }
