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
/* Drops enqueued work, captures, findings and a fault, starts the order anew, and ends what kib_emulator_take() and
 * kib_emulator_let_find_no_memory() began; memory and handles stay. */
void kib_emulator_reset(uint64_t seed);

/* Bytes of device memory that are allocated. */
uint64_t kib_emulator_used_bytes(void);
/* From now on another process holds that much of the device's memory: KIB_EMULATOR_TAKEN. */
void kib_emulator_take(uint64_t bytes);
/* From now on these functions, their names between commas, fail as where no memory is left: KIB_EMULATOR_FULL. */
void kib_emulator_let_find_no_memory(const char* functions);
/* Reports what is allocated as leaks; returns how many findings that made. */
uint64_t kib_emulator_check_leaks(void);

/* Counters of each kernel as a Markdown table. Valid until the thread's next call. */
const char* kib_emulator_counters(void);
void kib_emulator_reset_counters(void);

/* How often the program called each of the runtime's functions since the process began or kib_emulator_reset_calls(),
 * and what its calls, the libraries' too, put on streams or into graphs that are captured: kernels by their names, all
 * else by the function. A graph's launch is a call, and puts nothing. Lines "NAME<tab>COUNT", by name; valid until the
 * thread's next call. Not counted are questions about properties, attributes, versions and the names of errors. */
const char* kib_emulator_calls(void);
const char* kib_emulator_work(void);
void kib_emulator_reset_calls(void);

/* An arena (one cudaMalloc that hands out its memory itself) tells here what it does, so that overruns, stale reads and
 * use after release inside it are findings. Each call takes effect in the order of the stream's work (a cudaStream_t,
 * null for the default stream); on a stream that captures it becomes a node of the graph and is done anew at each
 * launch. The calls return 0 or a CUDA error (1, invalid value: the reason is a finding).
 *
 * kib_emulator_carve: [address, address + bytes) of one allocation is from now on a part with that name; its bytes
 * count as never written. The address is a multiple of 16, and no live part is overlapped; a released one may be. Once
 * an allocation has a part, whoever touches it must stay inside one live part with each access, copy, fill, or
 * operand of a library call. What runs from a part into a neighbour without a gap cannot be told from an access to the
 * neighbour: leave 256 bytes between parts where kib_emulator_present() is there.
 * kib_emulator_release: the part that starts at the address is gone; what touches it later is a use after free.
 * kib_emulator_forget: the bytes, of one part, count as never written: what is read before it is written anew is stale.
 * Freeing the allocation ends its parts; parts are no leaks.
 *
 * For the order between streams all three write the bytes: a part must not be released, or its memory carved anew,
 * while another stream that was not waited for may still use it.
 *
 * Code that ships finds them by dlsym(), in the handle of libcudart.so.13 or of libcuda.so.1; NVIDIA's have no such
 * functions. */
int kib_emulator_present(void); /* 1 */
int kib_emulator_carve(const void* address, uint64_t bytes, const char* name, void* stream);
int kib_emulator_release(const void* address, void* stream);
int kib_emulator_forget(const void* address, uint64_t bytes, void* stream);

/* Names the build; all stand-ins of a process must be of one build. */
const char* kib_emulator_build(void);

#ifdef __cplusplus
}
#endif
#endif
