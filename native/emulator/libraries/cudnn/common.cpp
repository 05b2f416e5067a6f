#include <algorithm>
#include <numeric>

#include "libraries/cudnn/cudnn.h"
#include "libraries/parallel.h"
#include "libraries/product.h"

namespace kib::emulator::cudnn {

int64_t Tensor::count() const {
  return std::accumulate(dim.begin(), dim.begin() + dims, int64_t{1}, std::multiplies<int64_t>());
}

bool Tensor::channels_last() const {
  return dims == 4 && stride[1] == 1 && stride[3] == dim[1] && stride[2] == dim[1] * dim[3] &&
         stride[0] == dim[1] * dim[2] * dim[3];
}

size_t Tensor::size_in_bytes() const {
  int64_t last = 0;
  for (int i = 0; i < dims; ++i) last += int64_t{dim[i] - 1} * stride[i];
  return static_cast<size_t>(last + 1) * bytes(type);
}

Tensor Filter::tensor() const {
  Tensor tensor;
  tensor.set = set;
  tensor.type = type;
  tensor.dims = dims;
  tensor.dim = dim;
  std::vector<int> order(static_cast<size_t>(dims));  // from the innermost
  for (int i = 0; i < dims; ++i) order[static_cast<size_t>(i)] = dims - 1 - i;
  if (format == kNHWC) {
    order.erase(order.begin() + (dims - 2));
    order.insert(order.begin(), 1);
  }
  int step = 1;
  for (const int i : order) {
    tensor.stride[static_cast<size_t>(i)] = step;
    step *= dim[static_cast<size_t>(i)];
  }
  return tensor;
}

bool element(int data_type, Element* element) {
  switch (data_type) {
    case kFloat:
      *element = Element::kF32;
      return true;
    case kDouble:
      *element = Element::kF64;
      return true;
    case kHalf:
      *element = Element::kF16;
      return true;
    case kBFloat16:
      *element = Element::kBF16;
      return true;
    default:
      return false;
  }
}

int data_type(Element element) {
  switch (element) {
    case Element::kF32:
      return kFloat;
    case Element::kF64:
      return kDouble;
    case Element::kF16:
      return kHalf;
    default:
      return kBFloat16;
  }
}

int refuse(const std::string& caller, const std::string& what) {
  kib_emulator_cudnn_keep_error((caller + ": " + what).c_str());
  report_call(Finding::kBadArgument, caller, what + "; the call returns CUDNN_STATUS_BAD_PARAM");
  return kBadParam;
}

int not_supported(const std::string& caller, const std::string& what) {
  kib_emulator_cudnn_keep_error((caller + ": " + what).c_str());
  return kNotSupported;
}

int unsupported(const std::string& caller, const std::string& what) {
  report_call(Finding::kUnsupported, caller, what + "; extend the emulator's libraries/cudnn, or do without");
  return not_supported(caller, what);
}

int status_of(int cuda_error) {
  if (cuda_error == emulator::kSuccess) return kSuccess;
  return cuda_error == kInvalidHandle || cuda_error == kInvalidValue ? kBadParam : kExecutionFailed;
}

template <class T>
bool scale(const void* pointer, const char* which, const char* caller, T* out) {
  if (pointer == nullptr) {
    refuse(caller, std::string(which) + " is a null pointer");
    return false;
  }
  if (Memory::instance().contains(reinterpret_cast<uint64_t>(pointer))) {
    refuse(caller, std::string(which) + " is a device pointer; cuDNN reads it on the host");
    return false;
  }
  std::memcpy(out, pointer, sizeof(T));
  return true;
}

bool check_data(const void* data, Element type, const char* which, const char* caller) {
  const uint64_t address = reinterpret_cast<uint64_t>(data);
  if (address != 0 && address % bytes(type) == 0) return true;
  refuse(caller, std::string(which) + (address == 0 ? " is a null pointer" : " is not aligned to its elements"));
  return false;
}

Argument argument(const char* what, const Tensor& tensor, const void* data) {
  const auto element = static_cast<int64_t>(bytes(tensor.type));
  Strided set{reinterpret_cast<uint64_t>(data), static_cast<uint64_t>(element), {}};
  for (size_t i = 0; i < static_cast<size_t>(tensor.dims); ++i) {
    set.dimensions.push_back({tensor.dim[i], tensor.stride[i] * element});
  }
  return {what, {set}};
}

namespace {

// A tensor as runs of contiguous elements: where each lies in memory and in the dense array, in elements.
struct Runs {
  std::vector<int64_t> inside;            // of a run's elements, in the dense array
  std::vector<int64_t> memory, position;  // of each run
};

Runs runs(const Tensor& tensor) {
  std::array<int64_t, kMaxDims> dense{};
  int64_t step = 1;
  for (int i = tensor.dims - 1; i >= 0; --i) {
    dense[static_cast<size_t>(i)] = step;
    step *= tensor.dim[static_cast<size_t>(i)];
  }
  std::vector<size_t> order;
  for (size_t i = 0; i < static_cast<size_t>(tensor.dims); ++i) {
    if (tensor.dim[i] > 1) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return tensor.stride[a] < tensor.stride[b]; });
  Runs result{{0}, {0}, {0}};
  for (const size_t i : order) {
    const bool joins = result.memory.size() == 1 && tensor.stride[i] == static_cast<int64_t>(result.inside.size());
    std::vector<int64_t>& positions = joins ? result.inside : result.position;
    const size_t length = positions.size();
    for (int64_t j = 1; j < tensor.dim[i]; ++j) {
      for (size_t at = 0; at < length; ++at) {
        positions.push_back(positions[at] + j * dense[i]);
        if (!joins) result.memory.push_back(result.memory[at] + j * tensor.stride[i]);
      }
    }
  }
  return result;
}

template <class Body>
bool each_run(const Tensor& tensor, const void* data, Memory::Access access, const std::string& caller, Body body) {
  const Runs all = runs(tensor);
  const size_t step = bytes(tensor.type), length = all.inside.size();
  for (size_t i = 0; i < all.memory.size(); ++i) {
    const uint64_t address = reinterpret_cast<uint64_t>(data) + static_cast<uint64_t>(all.memory[i]) * step;
    std::byte* at = Memory::instance().view(address, length * step, access, caller);
    if (at == nullptr) return false;
    for (size_t j = 0; j < length; ++j) body(at + j * step, static_cast<size_t>(all.position[i] + all.inside[j]));
  }
  return true;
}

}  // namespace

namespace {

// Packed tensors are one run, and go image by image on the host's threads.
enum class Packing { kNone, kFirst, kLast };  // channels first, or last

Packing packing(const Tensor& tensor) {
  int64_t step = 1;
  bool dense = true;
  for (size_t i = static_cast<size_t>(tensor.dims); i-- > 0;) {
    dense = dense && (tensor.dim[i] == 1 || tensor.stride[i] == step);
    step *= tensor.dim[i];
  }
  return dense ? Packing::kFirst : tensor.channels_last() ? Packing::kLast : Packing::kNone;
}

// An image of a packed tensor: where it lies, in elements, its channels and its places.
struct Image {
  int64_t at, channels, places;
  int64_t count() const { return channels * places; }
};

template <class Body>
void each_image(const Tensor& tensor, Body body) {
  const int64_t images = tensor.dim[0], channels = tensor.dim[1], count = tensor.count() / images;
  const auto image = [&](int64_t n) { body(Image{n * count, channels, count / channels}); };
  constexpr int64_t kAlone = 1 << 17;  // elements that are not worth a second thread
  if (tensor.count() >= kAlone) return parallel(images, image);
  for (int64_t n = 0; n < images; ++n) image(n);
}

}  // namespace

template <class T>
bool read(const Tensor& tensor, const void* data, Rounding rounding, const std::string& caller, T* values) {
  const uint64_t address = reinterpret_cast<uint64_t>(data);
  if (const Packing packed = packing(tensor); packed != Packing::kNone) {
    const std::byte* all = Memory::instance().view(address, tensor.size_in_bytes(), Memory::Access::kRead, caller);
    if (all == nullptr) return false;
    each_image(tensor, [&](const Image& image) {
      const std::byte* from = all + static_cast<size_t>(image.at) * bytes(tensor.type);
      if (packed == Packing::kFirst) {
        return unpack(from, tensor.type, rounding, image.count(), values + image.at);
      }
      std::vector<T> last(static_cast<size_t>(image.count()));
      unpack(from, tensor.type, rounding, image.count(), last.data());
      transpose(image.places, image.channels, last.data(), values + image.at);
    });
    return true;
  }
  const bool round = rounding != Rounding::kNone && tensor.type == Element::kF32;
  return each_run(tensor, data, Memory::Access::kRead, caller, [&](const std::byte* from, size_t at) {
    const T value = load<T>(from, tensor.type);
    values[at] = round ? static_cast<T>(rounded(static_cast<float>(value), rounding)) : value;
  });
}

template <class T>
bool write(const Tensor& tensor, const void* data, const T* values, const std::string& caller) {
  const uint64_t address = reinterpret_cast<uint64_t>(data);
  if (const Packing packed = packing(tensor); packed != Packing::kNone) {
    std::byte* all = Memory::instance().view(address, tensor.size_in_bytes(), Memory::Access::kWrite, caller);
    if (all == nullptr) return false;
    each_image(tensor, [&](const Image& image) {
      std::byte* to = all + static_cast<size_t>(image.at) * bytes(tensor.type);
      if (packed == Packing::kFirst) return pack(to, tensor.type, image.count(), values + image.at);
      std::vector<T> last(static_cast<size_t>(image.count()));
      transpose(image.channels, image.places, values + image.at, last.data());
      pack(to, tensor.type, image.count(), last.data());
    });
    return true;
  }
  return each_run(tensor, data, Memory::Access::kWrite, caller,
                  [&](std::byte* to, size_t at) { store(to, tensor.type, values[at]); });
}

template <class T>
bool blend(const Tensor& tensor, const void* data, T alpha, T beta, std::vector<T>* values, const std::string& caller) {
  if (alpha != T(1)) {
    for (T& value : *values) value *= alpha;
  }
  if (beta != T(0)) {
    std::vector<T> before(values->size());
    if (!read(tensor, data, Rounding::kNone, caller, before.data())) return false;
    for (size_t i = 0; i < before.size(); ++i) (*values)[i] += beta * before[i];
  }
  return write(tensor, data, values->data(), caller);
}

#define KIB_INSTANTIATE(T)                                                          \
  template bool scale(const void*, const char*, const char*, T*);                   \
  template bool read(const Tensor&, const void*, Rounding, const std::string&, T*); \
  template bool write(const Tensor&, const void*, const T*, const std::string&);    \
  template bool blend(const Tensor&, const void*, T, T, std::vector<T>*, const std::string&);
KIB_INSTANTIATE(float)
KIB_INSTANTIATE(double)
#undef KIB_INSTANTIATE

}  // namespace kib::emulator::cudnn
