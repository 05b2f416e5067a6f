#include "libraries/cublaslt/descriptors.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <set>

namespace kib::emulator::cublas::lt {
namespace {

// Descriptors that the library made; never freed, so that a use after their destruction is seen.
struct Made {
  std::mutex mutex;
  std::set<const void*> addresses;
};
Made& made() {
  static Made* instance = new Made;
  return *instance;
}

int no_place(const char* name) { return refuse(kInvalidValue, name, "the place for the descriptor is a null pointer"); }

template <class T>
int initialise(void* memory, size_t size, const char* name, const T& value) {
  if (memory == nullptr) return no_place(name);
  if (size < sizeof(T)) {
    return refuse(
        kInvalidValue, name,
        "the opaque structure has " + std::to_string(size) + " bytes, and needs " + std::to_string(T::kBytes));
  }
  std::memset(memory, 0, size);
  std::memcpy(memory, &value, sizeof(T));
  return kSuccess;
}

template <class T>
int create(void** descriptor, const char* name, const T& value) {
  if (descriptor == nullptr) return no_place(name);
  void* memory = std::calloc(1, T::kBytes);
  std::memcpy(memory, &value, sizeof(T));
  {
    std::lock_guard<std::mutex> lock(made().mutex);
    made().addresses.insert(memory);
  }
  *descriptor = memory;
  return kSuccess;
}

template <class T>
int destroy(void* descriptor, const char* name) {
  if (live<T>(descriptor, name) == nullptr) return kInvalidValue;
  std::lock_guard<std::mutex> lock(made().mutex);
  if (made().addresses.count(descriptor) == 0) {
    return refuse(kInvalidValue, name, "the descriptor lies in the caller's memory; only created ones are destroyed");
  }
  static_cast<T*>(descriptor)->mark = kDead;
  return kSuccess;
}

// An attribute: where it lies in the descriptor, and how many bytes it has.
struct Field {
  int attribute;
  size_t offset, bytes;
};

template <class T>
const Field* field(int attribute);

#define KIB_FIELD(STRUCT, ATTRIBUTE, MEMBER) \
  { ATTRIBUTE, offsetof(STRUCT, MEMBER), sizeof(STRUCT::MEMBER) }
constexpr Field kMatmulFields[] = {
    KIB_FIELD(MatmulDesc, 0, compute_type),
    KIB_FIELD(MatmulDesc, 1, scale_type),
    KIB_FIELD(MatmulDesc, 2, pointer_mode),
    KIB_FIELD(MatmulDesc, 3, transpose_a),
    KIB_FIELD(MatmulDesc, 4, transpose_b),
    KIB_FIELD(MatmulDesc, 5, transpose_c),
    KIB_FIELD(MatmulDesc, 6, fill_mode),
    KIB_FIELD(MatmulDesc, 7, epilogue),
    KIB_FIELD(MatmulDesc, 8, bias),
    KIB_FIELD(MatmulDesc, 10, bias_batch_stride),
    KIB_FIELD(MatmulDesc, 15, sm_count_target),
    KIB_FIELD(MatmulDesc, 26, bias_type),
};
constexpr Field kLayoutFields[] = {
    KIB_FIELD(MatrixLayout, 0, type),    KIB_FIELD(MatrixLayout, 1, order), KIB_FIELD(MatrixLayout, 2, rows),
    KIB_FIELD(MatrixLayout, 3, columns), KIB_FIELD(MatrixLayout, 4, ld),    KIB_FIELD(MatrixLayout, 5, batch),
    KIB_FIELD(MatrixLayout, 6, stride),
};
constexpr Field kPreferenceFields[] = {
    KIB_FIELD(Preference, 0, search_mode),    KIB_FIELD(Preference, 1, workspace_bytes),
    KIB_FIELD(Preference, 3, reduction_mask), KIB_FIELD(Preference, 5, alignment[0]),
    KIB_FIELD(Preference, 6, alignment[1]),   KIB_FIELD(Preference, 7, alignment[2]),
    KIB_FIELD(Preference, 8, alignment[3]),   KIB_FIELD(Preference, 9, waves),
};
#undef KIB_FIELD

template <>
const Field* field<MatmulDesc>(int attribute) {
  for (const Field& f : kMatmulFields) {
    if (f.attribute == attribute) return &f;
  }
  return nullptr;
}
template <>
const Field* field<MatrixLayout>(int attribute) {
  for (const Field& f : kLayoutFields) {
    if (f.attribute == attribute) return &f;
  }
  return nullptr;
}
template <>
const Field* field<Preference>(int attribute) {
  for (const Field& f : kPreferenceFields) {
    if (f.attribute == attribute) return &f;
  }
  return nullptr;
}

template <class T>
int set(void* descriptor, int attribute, const void* value, size_t size, const char* name) {
  if (live<T>(descriptor, name) == nullptr) return kInvalidValue;
  if (value == nullptr) return refuse(kInvalidValue, name, "the value is a null pointer");
  const Field* f = field<T>(attribute);
  if (f == nullptr) return unsupported(name, "attribute " + std::to_string(attribute) + " is not emulated");
  if (size != f->bytes) {
    return refuse(kInvalidValue, name,
                  "attribute " + std::to_string(attribute) + " has " + std::to_string(f->bytes) + " bytes, not " +
                      std::to_string(size));
  }
  std::memcpy(static_cast<char*>(descriptor) + f->offset, value, size);
  return kSuccess;
}

template <class T>
int get(const void* descriptor, int attribute, void* value, size_t size, size_t* written, const char* name) {
  if (live<T>(descriptor, name) == nullptr) return kInvalidValue;
  const Field* f = field<T>(attribute);
  if (f == nullptr) return unsupported(name, "attribute " + std::to_string(attribute) + " is not emulated");
  if (size == 0 && written == nullptr) return refuse(kInvalidValue, name, "size and place of the size are both zero");
  if (written != nullptr) *written = f->bytes;
  if (size == 0) return kSuccess;
  if (value == nullptr || size < f->bytes) return refuse(kInvalidValue, name, "the place for the value is too small");
  std::memcpy(value, static_cast<const char*>(descriptor) + f->offset, f->bytes);
  return kSuccess;
}

MatmulDesc matmul_desc(int compute_type, int scale_type) {
  MatmulDesc desc{};
  desc.mark = MatmulDesc::kMark;
  desc.compute_type = compute_type;
  desc.scale_type = scale_type;
  desc.fill_mode = 2;  // full
  desc.epilogue = kDefault;
  desc.bias_type = -1;  // D's
  return desc;
}

MatrixLayout layout(int type, uint64_t rows, uint64_t columns, int64_t ld) {
  MatrixLayout layout{};
  layout.mark = MatrixLayout::kMark;
  layout.type = type;
  layout.batch = 1;
  layout.rows = rows;
  layout.columns = columns;
  layout.ld = ld;
  return layout;
}

Preference preference() {
  Preference preference{};
  preference.mark = Preference::kMark;
  preference.reduction_mask = 7;
  std::fill(preference.alignment, preference.alignment + 4, 256u);
  return preference;
}

}  // namespace
}  // namespace kib::emulator::cublas::lt

using namespace kib::emulator::cublas::lt;

extern "C" {

int cublasLtMatmulDescCreate(void** desc, int compute_type, int scale_type) {
  return create(desc, "cublasLtMatmulDescCreate", matmul_desc(compute_type, scale_type));
}
int cublasLtMatmulDescInit_internal(void* desc, size_t size, int compute_type, int scale_type) {
  return initialise(desc, size, "cublasLtMatmulDescInit", matmul_desc(compute_type, scale_type));
}
int cublasLtMatmulDescDestroy(void* desc) { return destroy<MatmulDesc>(desc, "cublasLtMatmulDescDestroy"); }
int cublasLtMatmulDescSetAttribute(void* desc, int attribute, const void* value, size_t size) {
  return set<MatmulDesc>(desc, attribute, value, size, "cublasLtMatmulDescSetAttribute");
}
int cublasLtMatmulDescGetAttribute(const void* desc, int attribute, void* value, size_t size, size_t* written) {
  return get<MatmulDesc>(desc, attribute, value, size, written, "cublasLtMatmulDescGetAttribute");
}

int cublasLtMatrixLayoutCreate(void** desc, int type, uint64_t rows, uint64_t columns, int64_t ld) {
  return create(desc, "cublasLtMatrixLayoutCreate", layout(type, rows, columns, ld));
}
int cublasLtMatrixLayoutInit_internal(void* desc, size_t size, int type, uint64_t rows, uint64_t columns, int64_t ld) {
  return initialise(desc, size, "cublasLtMatrixLayoutInit", layout(type, rows, columns, ld));
}
int cublasLtMatrixLayoutDestroy(void* desc) { return destroy<MatrixLayout>(desc, "cublasLtMatrixLayoutDestroy"); }
int cublasLtMatrixLayoutSetAttribute(void* desc, int attribute, const void* value, size_t size) {
  return set<MatrixLayout>(desc, attribute, value, size, "cublasLtMatrixLayoutSetAttribute");
}
int cublasLtMatrixLayoutGetAttribute(const void* desc, int attribute, void* value, size_t size, size_t* written) {
  return get<MatrixLayout>(desc, attribute, value, size, written, "cublasLtMatrixLayoutGetAttribute");
}

int cublasLtMatmulPreferenceCreate(void** desc) { return create(desc, "cublasLtMatmulPreferenceCreate", preference()); }
int cublasLtMatmulPreferenceInit_internal(void* desc, size_t size) {
  return initialise(desc, size, "cublasLtMatmulPreferenceInit", preference());
}
int cublasLtMatmulPreferenceDestroy(void* desc) { return destroy<Preference>(desc, "cublasLtMatmulPreferenceDestroy"); }
int cublasLtMatmulPreferenceSetAttribute(void* desc, int attribute, const void* value, size_t size) {
  return set<Preference>(desc, attribute, value, size, "cublasLtMatmulPreferenceSetAttribute");
}
int cublasLtMatmulPreferenceGetAttribute(const void* desc, int attribute, void* value, size_t size, size_t* written) {
  return get<Preference>(desc, attribute, value, size, written, "cublasLtMatmulPreferenceGetAttribute");
}

}  // extern "C"
