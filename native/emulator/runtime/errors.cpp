#include "runtime/errors.h"

namespace kib::emulator {

const char* error_name(int error) {
  switch (error) {
#define KIB_CUDA_ERROR(number, name, text) \
  case number:                             \
    return #name;
#include "runtime/errors.inc"
#undef KIB_CUDA_ERROR
    default:
      return "unrecognized error code";
  }
}

const char* error_text(int error) {
  switch (error) {
#define KIB_CUDA_ERROR(number, name, text) \
  case number:                             \
    return text;
#include "runtime/errors.inc"
#undef KIB_CUDA_ERROR
    default:
      return "unrecognized error code";
  }
}

}  // namespace kib::emulator
