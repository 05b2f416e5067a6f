// The library where there was no compiler of kernels: what depends on it builds, and says that there are none.
#include "kib/cuda.h"
#include "kib/library.h"

const char* kib_cuda_architectures(void) { return ""; }

kib_status kib_cuda_write_pattern(uint32_t*, int64_t, const kib_queue*) { return KIB_BAD_ARGUMENT; }
kib_status kib_cuda_forget(void*, int64_t, const kib_queue*) { return KIB_BAD_ARGUMENT; }
int kib_cuda_is_watched(void) { return 0; }
void kib_cuda_begin_range(const char*) {}
void kib_cuda_end_range(void) {}

kib_status kib_layout_pad_channels(void*, const void*, int, int64_t, int64_t, int64_t, const kib_queue*) {
  return KIB_BAD_ARGUMENT;
}
kib_status kib_layout_drop_channels(void*, const void*, int, int64_t, int64_t, int64_t, const kib_queue*) {
  return KIB_BAD_ARGUMENT;
}
kib_status kib_layout_border(void*, const void*, int, int64_t, int64_t, int64_t, int64_t, int64_t, const kib_queue*) {
  return KIB_BAD_ARGUMENT;
}

extern "C" const kib::Kernels* kib_kernels() { return nullptr; }
