#include "libraries/cublas/cublas.h"

namespace kib::emulator::cublas {

const char* status_name(int status) {
  switch (status) {
    case kSuccess:
      return "CUBLAS_STATUS_SUCCESS";
    case kNotInitialized:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case kAllocFailed:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case kInvalidValue:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case kArchMismatch:
      return "CUBLAS_STATUS_ARCH_MISMATCH";
    case kMappingError:
      return "CUBLAS_STATUS_MAPPING_ERROR";
    case kExecutionFailed:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case kInternalError:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
    case kNotSupported:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    case kLicenseError:
      return "CUBLAS_STATUS_LICENSE_ERROR";
    default:
      return "CUBLAS_STATUS_UNKNOWN";
  }
}

const char* status_text(int status) {
  switch (status) {
    case kSuccess:
      return "success";
    case kNotInitialized:
      return "the library was not initialized";
    case kAllocFailed:
      return "the resource allocation failed";
    case kInvalidValue:
      return "an unsupported value or parameter was passed to the function";
    case kArchMismatch:
      return "the function requires an architectural feature absent from the device";
    case kMappingError:
      return "an access to GPU memory space failed";
    case kExecutionFailed:
      return "the function failed to launch on the GPU";
    case kInternalError:
      return "an internal operation failed";
    case kNotSupported:
      return "the functionality requested is not supported";
    case kLicenseError:
      return "the functionality requested requires a license";
    default:
      return "unknown error";
  }
}

bool element(int data_type, Element* element) {
  switch (data_type) {
    case kR32F:
      *element = Element::kF32;
      return true;
    case kR64F:
      *element = Element::kF64;
      return true;
    case kR16F:
      *element = Element::kF16;
      return true;
    case kR16BF:
      *element = Element::kBF16;
      return true;
    default:
      return false;
  }
}

bool rounding(int compute_type, Rounding* rounding, bool* wide) {
  *rounding = Rounding::kNone;
  *wide = compute_type == kCompute64F || compute_type == kCompute64FPedantic;
  switch (compute_type) {
    case kCompute32FFastTF32:
      if (tf32_allowed()) *rounding = Rounding::kTF32;
      return true;
    case kCompute32FFast16F:
      *rounding = Rounding::kF16;
      return true;
    case kCompute32FFast16BF:
      *rounding = Rounding::kBF16;
      return true;
    default:
      return *wide || compute_type == kCompute32F || compute_type == kCompute32FPedantic;
  }
}

int refuse(int status, const std::string& caller, const std::string& what) {
  report_call(Finding::kBadArgument, caller, what + "; the call returns " + status_name(status));
  return status;
}

int unsupported(const std::string& caller, const std::string& what) {
  report_call(Finding::kUnsupported, caller, what + "; extend the emulator's libraries/cublas, or do without");
  return kNotSupported;
}

int status_of(int cuda_error) {
  if (cuda_error == emulator::kSuccess) return kSuccess;
  return cuda_error == kInvalidHandle || cuda_error == emulator::kInvalidValue ? kInvalidValue : kExecutionFailed;
}

template <class T>
int factor(const void* pointer, int pointer_mode, const char* which, const std::string& caller, Factor<T>* out) {
  const Element type = sizeof(T) == 8 ? Element::kF64 : Element::kF32;
  if (pointer == nullptr) return refuse(kInvalidValue, caller, std::string(which) + " is a null pointer");
  const uint64_t address = reinterpret_cast<uint64_t>(pointer);
  const bool on_device = Memory::instance().contains(address);
  if (pointer_mode == kDevice) {
    if (!on_device) {
      return refuse(kInvalidValue, caller,
                    std::string(which) + " is a host pointer, but the pointer mode is CUBLAS_POINTER_MODE_DEVICE");
    }
    *out = {T(0), address, type};
    return kSuccess;
  }
  if (on_device) {
    return refuse(kInvalidValue, caller,
                  std::string(which) + " is a device pointer, but the pointer mode is CUBLAS_POINTER_MODE_HOST");
  }
  out->address = 0;
  std::memcpy(&out->value, pointer, sizeof(T));
  return kSuccess;
}

template int factor(const void*, int, const char*, const std::string&, Factor<float>*);
template int factor(const void*, int, const char*, const std::string&, Factor<double>*);

}  // namespace kib::emulator::cublas
