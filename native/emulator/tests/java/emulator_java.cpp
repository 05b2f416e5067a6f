// The native methods of io.github.kib4j.cuda.Emulator. JNI passes numbers as C does, so that its header is not needed.
#include "kib/emulator.h"

#define KIB_JAVA(type, name) extern "C" type Java_io_github_kib4j_cuda_Emulator_##name

KIB_JAVA(int64_t, reportCount)(void*, void*) { return static_cast<int64_t>(kib_emulator_report_count()); }
KIB_JAVA(int64_t, report)(void*, void*, int64_t i) {
  return reinterpret_cast<int64_t>(kib_emulator_report(static_cast<uint64_t>(i)));
}
KIB_JAVA(int64_t, usedBytes)(void*, void*) { return static_cast<int64_t>(kib_emulator_used_bytes()); }
KIB_JAVA(void, reset)(void*, void*, int64_t seed) { kib_emulator_reset(static_cast<uint64_t>(seed)); }
KIB_JAVA(void, take)(void*, void*, int64_t bytes) { kib_emulator_take(static_cast<uint64_t>(bytes)); }
KIB_JAVA(void, letFindNoMemory)(void*, void*, int64_t functions) {
  kib_emulator_let_find_no_memory(reinterpret_cast<const char*>(functions));
}
KIB_JAVA(void, clear)(void*, void*) { kib_emulator_clear(); }
