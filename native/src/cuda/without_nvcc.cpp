// The library where there was no compiler of kernels: what depends on it builds, and says that there are none.
#include "kib/convolution.h"
#include "kib/cuda.h"
#include "kib/library.h"

const char* kib_cuda_architectures(void) { return ""; }

kib_status kib_cuda_write_pattern(uint32_t*, int64_t, const kib_queue*) { return KIB_BAD_ARGUMENT; }
kib_status kib_cuda_forget(void*, int64_t, const kib_queue*) { return KIB_BAD_ARGUMENT; }
int kib_cuda_is_watched(void) { return 0; }
void kib_cuda_begin_range(const char*) {}
void kib_cuda_end_range(void) {}

kib_status kib_augmentation_padded_batch(void*, int32_t*, const void*, int, const int32_t*, const int32_t*, int64_t,
                                         int, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int, const double*,
                                         const double*, uint64_t, const int64_t*, void*, const kib_queue*) {
  return KIB_BAD_ARGUMENT;
}
kib_status kib_convolution_fit(void*, const void*, int, const kib_convolution_images*, const kib_convolution_images*,
                               int64_t, const kib_queue*) {
  return KIB_BAD_ARGUMENT;
}
kib_status kib_convolution_windows(void*, const void*, int, const kib_convolution_images*, int64_t, int64_t,
                                   const kib_queue*) {
  return KIB_BAD_ARGUMENT;
}
kib_status kib_convolution_add_bias(void*, const float*, int, int64_t, int64_t, const kib_queue*) {
  return KIB_BAD_ARGUMENT;
}

extern "C" const kib::Kernels* kib_kernels() { return nullptr; }
