/* What a test asks the emulated CUDA device; exported by its libcuda.so.1. All functions may be called at any time. */
#ifndef KIB_EMULATOR_H
#define KIB_EMULATOR_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Findings of the instruments since the process began or kib_emulator_clear(). */
uint64_t kib_emulator_report_count(void);
/* The sentence of finding i, and its kind ("out of bounds"); null past the last. Valid until the thread's next call. */
const char* kib_emulator_report(uint64_t i);
const char* kib_emulator_report_kind(uint64_t i);
void kib_emulator_clear(void);

/* The seed of the order in which streams run: KIB_EMULATOR_SEED, or what kib_emulator_reset() was given. */
uint64_t kib_emulator_seed(void);
/* Drops enqueued work, captures, findings and a fault, and starts the order anew; memory and handles stay. */
void kib_emulator_reset(uint64_t seed);

/* Bytes of device memory that are allocated. */
uint64_t kib_emulator_used_bytes(void);
/* Reports what is allocated as leaks; returns how many findings that made. */
uint64_t kib_emulator_check_leaks(void);

/* Counters of each kernel as a Markdown table. Valid until the thread's next call. */
const char* kib_emulator_counters(void);
void kib_emulator_reset_counters(void);

/* Names the build; all stand-ins of a process must be of one build. */
const char* kib_emulator_build(void);

#ifdef __cplusplus
}
#endif
#endif
