// libcudnn_cnn.so.9: which algorithms there are, and the workspace that each needs.
#include <algorithm>

#include "libraries/cudnn/convolution.h"

namespace kib::emulator::cudnn {
namespace {

struct Performance {  // cudnnConvolutionFwdAlgoPerf_t and its kin
  int algorithm, status;
  float time;
  size_t memory;
  int determinism, math_type;
  int reserved[3];
};
static_assert(sizeof(Performance) == 48);

struct Descriptors {
  const void *x, *w, *convolution, *y;
};

int list(const char* name, void* handle, Direction direction, const Descriptors& d, int requested, int* returned,
         Performance* results, size_t room = SIZE_MAX) {
  Problem p;
  if (registry().handles.get(handle, name) == nullptr) return kBadParam;
  if (requested < 1 || returned == nullptr || results == nullptr) return refuse(name, "there is no place for a result");
  if (const int status = problem(name, direction, d.x, d.w, d.convolution, d.y, &p)) return status;
  std::vector<Algorithm> all = algorithms(p);
  for (Algorithm& algorithm : all) algorithm.supported = algorithm.supported && algorithm.workspace <= room;
  std::stable_partition(all.begin(), all.end(), [](const Algorithm& algorithm) { return algorithm.supported; });
  *returned = std::min(requested, static_cast<int>(all.size()));
  for (int i = 0; i < *returned; ++i) {
    const Algorithm& algorithm = all[static_cast<size_t>(i)];
    results[i] = {algorithm.id,
                  algorithm.supported ? kSuccess : kNotSupported,
                  algorithm.supported ? static_cast<float>(i + 1) : -1.0f,  // a rank: the emulator times nothing
                  algorithm.workspace,
                  algorithm.deterministic ? 1 : 0,
                  p.convolution.math,
                  {}};
  }
  return kSuccess;
}

// Memory that a search may use; null pointers where it brings its own.
struct Scratch {
  const void* output = nullptr;
  void* workspace = nullptr;
  size_t room = SIZE_MAX;
};

// Searching runs the algorithms, which cannot be captured and writes to the output and to the workspace.
int find(const char* name, void* handle, Direction direction, const Descriptors& d, int requested, int* returned,
         Performance* results, const Scratch& scratch = {}) {
  if (const int error = check_no_capture(name)) return status_of(error);
  if (const int status = list(name, handle, direction, d, requested, returned, results, scratch.room)) return status;
  if (scratch.output == nullptr) return kSuccess;
  const Handle* live = registry().handles.get(handle, name);
  Problem p;
  if (const int status = problem(name, direction, d.x, d.w, d.convolution, d.y, &p)) return status;
  const Tensor written = direction == Direction::kForward        ? p.y
                         : direction == Direction::kBackwardData ? p.x
                                                                 : p.w.tensor();
  const int error = enqueue(live->stream, name, [=, caller = std::string(name)]() {
    const auto address = reinterpret_cast<uint64_t>(scratch.workspace);
    const Argument output = argument("the output", written, scratch.output);
    const std::vector<double> nothing(static_cast<size_t>(written.count()), std::nan(""));
    if (address != 0) check_overlaps(caller, {output, {"the workspace", address, scratch.room}}, {});
    const bool done = (address == 0 || spoil(address, scratch.room, caller + ", the workspace")) &&
                      write(written, scratch.output, nothing.data(), caller + ", the output");
    return done ? emulator::kSuccess : kIllegalAddress;
  });
  return status_of(error != 0 ? error : synchronize(live->stream, name));
}

int workspace(const char* name, void* handle, Direction direction, const Descriptors& d, int algo, size_t* size) {
  Problem p;
  Algorithm algorithm;
  if (registry().handles.get(handle, name) == nullptr) return kBadParam;
  if (size == nullptr) return refuse(name, "the place for the size is a null pointer");
  if (const int status = problem(name, direction, d.x, d.w, d.convolution, d.y, &p)) return status;
  if (const int status = find_algorithm(name, p, algo, &algorithm)) return status;
  *size = algorithm.workspace;
  return kSuccess;
}

int count(const char* name, void* handle, int value, int* result) {
  if (registry().handles.get(handle, name) == nullptr) return kBadParam;
  if (result == nullptr) return refuse(name, "the place for the count is a null pointer");
  *result = value;
  return kSuccess;
}

}  // namespace
}  // namespace kib::emulator::cudnn

using namespace kib::emulator::cudnn;

extern "C" {

int cudnnGetConvolutionForwardAlgorithmMaxCount(void* handle, int* result) {
  return count("cudnnGetConvolutionForwardAlgorithmMaxCount", handle, 8, result);
}
int cudnnGetConvolutionBackwardDataAlgorithmMaxCount(void* handle, int* result) {
  return count("cudnnGetConvolutionBackwardDataAlgorithmMaxCount", handle, 6, result);
}
int cudnnGetConvolutionBackwardFilterAlgorithmMaxCount(void* handle, int* result) {
  return count("cudnnGetConvolutionBackwardFilterAlgorithmMaxCount", handle, 7, result);
}

int cudnnGetConvolutionForwardAlgorithm_v7(void* handle, const void* x, const void* w, const void* convolution,
                                           const void* y, int requested, int* returned, Performance* results) {
  return list("cudnnGetConvolutionForwardAlgorithm_v7", handle, Direction::kForward, {x, w, convolution, y}, requested,
              returned, results);
}
int cudnnGetConvolutionBackwardDataAlgorithm_v7(void* handle, const void* w, const void* dy, const void* convolution,
                                                const void* dx, int requested, int* returned, Performance* results) {
  return list("cudnnGetConvolutionBackwardDataAlgorithm_v7", handle, Direction::kBackwardData, {dx, w, convolution, dy},
              requested, returned, results);
}
int cudnnGetConvolutionBackwardFilterAlgorithm_v7(void* handle, const void* x, const void* dy, const void* convolution,
                                                  const void* dw, int requested, int* returned, Performance* results) {
  return list("cudnnGetConvolutionBackwardFilterAlgorithm_v7", handle, Direction::kBackwardFilter,
              {x, dw, convolution, dy}, requested, returned, results);
}

int cudnnFindConvolutionForwardAlgorithm(void* handle, const void* x, const void* w, const void* convolution,
                                         const void* y, int requested, int* returned, Performance* results) {
  return find("cudnnFindConvolutionForwardAlgorithm", handle, Direction::kForward, {x, w, convolution, y}, requested,
              returned, results);
}
int cudnnFindConvolutionBackwardDataAlgorithm(void* handle, const void* w, const void* dy, const void* convolution,
                                              const void* dx, int requested, int* returned, Performance* results) {
  return find("cudnnFindConvolutionBackwardDataAlgorithm", handle, Direction::kBackwardData, {dx, w, convolution, dy},
              requested, returned, results);
}
int cudnnFindConvolutionBackwardFilterAlgorithm(void* handle, const void* x, const void* dy, const void* convolution,
                                                const void* dw, int requested, int* returned, Performance* results) {
  return find("cudnnFindConvolutionBackwardFilterAlgorithm", handle, Direction::kBackwardFilter,
              {x, dw, convolution, dy}, requested, returned, results);
}

int cudnnFindConvolutionForwardAlgorithmEx(void* handle, const void* x_desc, const void*, const void* w_desc,
                                           const void*, const void* convolution, const void* y_desc, void* y,
                                           int requested, int* returned, Performance* results, void* workspace,
                                           size_t room) {
  return find("cudnnFindConvolutionForwardAlgorithmEx", handle, Direction::kForward,
              {x_desc, w_desc, convolution, y_desc}, requested, returned, results, {y, workspace, room});
}
int cudnnFindConvolutionBackwardDataAlgorithmEx(void* handle, const void* w_desc, const void*, const void* dy_desc,
                                                const void*, const void* convolution, const void* dx_desc, void* dx,
                                                int requested, int* returned, Performance* results, void* workspace,
                                                size_t room) {
  return find("cudnnFindConvolutionBackwardDataAlgorithmEx", handle, Direction::kBackwardData,
              {dx_desc, w_desc, convolution, dy_desc}, requested, returned, results, {dx, workspace, room});
}
int cudnnFindConvolutionBackwardFilterAlgorithmEx(void* handle, const void* x_desc, const void*, const void* dy_desc,
                                                  const void*, const void* convolution, const void* dw_desc, void* dw,
                                                  int requested, int* returned, Performance* results, void* workspace,
                                                  size_t room) {
  return find("cudnnFindConvolutionBackwardFilterAlgorithmEx", handle, Direction::kBackwardFilter,
              {x_desc, dw_desc, convolution, dy_desc}, requested, returned, results, {dw, workspace, room});
}

int cudnnGetConvolutionForwardWorkspaceSize(void* handle, const void* x, const void* w, const void* convolution,
                                            const void* y, int algo, size_t* size) {
  return workspace("cudnnGetConvolutionForwardWorkspaceSize", handle, Direction::kForward, {x, w, convolution, y}, algo,
                   size);
}
int cudnnGetConvolutionBackwardDataWorkspaceSize(void* handle, const void* w, const void* dy, const void* convolution,
                                                 const void* dx, int algo, size_t* size) {
  return workspace("cudnnGetConvolutionBackwardDataWorkspaceSize", handle, Direction::kBackwardData,
                   {dx, w, convolution, dy}, algo, size);
}
int cudnnGetConvolutionBackwardFilterWorkspaceSize(void* handle, const void* x, const void* dy, const void* convolution,
                                                   const void* dw, int algo, size_t* size) {
  return workspace("cudnnGetConvolutionBackwardFilterWorkspaceSize", handle, Direction::kBackwardFilter,
                   {x, dw, convolution, dy}, algo, size);
}

}  // extern "C"
