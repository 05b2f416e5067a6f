// cublasLt's descriptors. They lie in memory of the library or of the caller (whose opaque structures have the sizes
// below), so each begins with a mark of what it is and whether it is alive.
#ifndef KIB_EMULATOR_CUBLASLT_DESCRIPTORS_H
#define KIB_EMULATOR_CUBLASLT_DESCRIPTORS_H
#include "libraries/cublas/cublas.h"

namespace kib::emulator::cublas::lt {

enum EpilogueKind : uint32_t {
  kDefault = 1,
  kRelu = 2,
  kBias = 4,
  kReluBias = 6,
  kBiasGradientA = 256,
  kBiasGradientB = 512,
};
enum Order : int { kColumnMajor = 0, kRowMajor = 1 };

constexpr uint64_t kDead = 0xDEADDE5C00000000;

struct MatmulDesc {
  static constexpr uint64_t kMark = 0x6B69620000000001;
  static constexpr size_t kBytes = 32 * 8;  // cublasLtMatmulDescOpaque_t
  static constexpr const char* kName = "cublasLtMatmulDesc_t";
  uint64_t mark;
  int32_t compute_type, scale_type, pointer_mode, transpose_a, transpose_b, transpose_c, fill_mode, sm_count_target;
  uint32_t epilogue;
  int32_t bias_type;
  uint64_t bias;
  int64_t bias_batch_stride;
};

struct MatrixLayout {
  static constexpr uint64_t kMark = 0x6B69620000000002;
  static constexpr size_t kBytes = 8 * 8;  // cublasLtMatrixLayoutOpaque_t
  static constexpr const char* kName = "cublasLtMatrixLayout_t";
  uint64_t mark;
  int32_t type, order, batch, reserved;
  uint64_t rows, columns;
  int64_t ld, stride;
};

struct Preference {
  static constexpr uint64_t kMark = 0x6B69620000000003;
  static constexpr size_t kBytes = 8 * 8;  // cublasLtMatmulPreferenceOpaque_t
  static constexpr const char* kName = "cublasLtMatmulPreference_t";
  uint64_t mark;
  uint64_t workspace_bytes;
  uint32_t search_mode, reduction_mask;
  uint32_t alignment[4];  // of A, B, C, D
  float waves;
  uint32_t reserved;
};

struct Algorithm {  // cublasLtMatmulAlgo_t
  static constexpr uint64_t kMark = 0x6B69620000000004;
  uint64_t mark;
  uint64_t workspace_bytes;
  uint32_t alignment[4];  // of A, B, C, D, as the preference promised it
  uint64_t reserved[4];
};

struct HeuristicResult {  // cublasLtMatmulHeuristicResult_t
  Algorithm algorithm;
  size_t workspace_bytes;
  int state;
  float waves;
  int reserved[4];
};

static_assert(sizeof(MatmulDesc) <= MatmulDesc::kBytes && sizeof(MatrixLayout) <= MatrixLayout::kBytes &&
              sizeof(Preference) <= Preference::kBytes && sizeof(Algorithm) == 64 && sizeof(HeuristicResult) == 96);

// The live descriptor behind a pointer, or null after a report.
template <class T>
const T* live(const void* descriptor, const char* caller) {
  const T* found = static_cast<const T*>(descriptor);
  if (found != nullptr && found->mark == T::kMark) return found;
  const std::string fault = found == nullptr       ? "a null "
                            : found->mark == kDead ? "a destroyed "
                                                   : "a pointer that is no ";
  report_call(Finding::kBadHandle, caller,
              "was passed " + fault + T::kName + "; pass one that was created and not " + "destroyed");
  return nullptr;
}

}  // namespace kib::emulator::cublas::lt
#endif
