// cuBLAS's constants and what its functions share. Prototypes are those of cublas_v2.h, with int in place of enums.
#ifndef KIB_EMULATOR_CUBLAS_H
#define KIB_EMULATOR_CUBLAS_H
#include <string>

#include "libraries/handles.h"
#include "libraries/product.h"
#include "machine/options.h"
#include "runtime/stream.h"

namespace kib::emulator::cublas {

enum Status : int {
  kSuccess = 0,
  kNotInitialized = 1,
  kAllocFailed = 3,
  kInvalidValue = 7,
  kArchMismatch = 8,
  kMappingError = 11,
  kExecutionFailed = 13,
  kInternalError = 14,
  kNotSupported = 15,
  kLicenseError = 16,
};
const char* status_name(int status);
const char* status_text(int status);

enum DataType : int { kR32F = 0, kR64F = 1, kR16F = 2, kR16BF = 14 };
// False for a type that is none of the four.
bool element(int data_type, Element* element);

enum ComputeType : int {
  kCompute32F = 68,
  kCompute32FPedantic = 69,
  kCompute64F = 70,
  kCompute64FPedantic = 71,
  kCompute32FFast16F = 74,
  kCompute32FFast16BF = 75,
  kCompute32FFastTF32 = 77,
};
// What the compute type does to f32 operands; false where it is not emulated.
bool rounding(int compute_type, Rounding* rounding, bool* wide);

enum Operation : int { kN = 0, kT = 1, kC = 2 };
inline bool is_operation(int op) { return op >= kN && op <= kC; }
enum FillMode : int { kLower = 0, kUpper = 1 };
enum PointerMode : int { kHost = 0, kDevice = 1 };
enum MathMode : int { kDefaultMath = 0, kTensorOpMath = 1, kPedanticMath = 2, kTF32Math = 3, kMathMask = 0xF };

// The version that a library ("cublas", "cublaslt") says it is.
inline int version_of(const char* library) { return Options::current().claimed(library, 130000, {10000, 100, 1}); }

// A call that was refused: reports `what` and returns the status.
int refuse(int status, const std::string& caller, const std::string& what);
// What the emulated device cannot do, but NVIDIA's library can.
int unsupported(const std::string& caller, const std::string& what);
// A CUDA error as the status that cuBLAS makes of it.
int status_of(int cuda_error);

// A host or device scalar as the pointer mode says. Returns kSuccess, or refuses.
template <class T>
int factor(const void* pointer, int pointer_mode, const char* which, const std::string& caller, Factor<T>* out);

}  // namespace kib::emulator::cublas
#endif
