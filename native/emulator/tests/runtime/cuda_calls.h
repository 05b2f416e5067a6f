// CUDA's functions as these tests call them, declared here so that they build where CUDA is not installed.
#ifndef KIB_EMULATOR_TESTS_CUDA_CALLS_H
#define KIB_EMULATOR_TESTS_CUDA_CALLS_H
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kib/emulator.h"

extern "C" {
using StreamHandle = struct StreamTag*;
using EventHandle = struct EventTag*;
using GraphHandle = struct GraphTag*;
using ExecHandle = struct ExecTag*;
int cudaMalloc(void**, size_t);
int cudaMallocPitch(void**, size_t*, size_t, size_t);
int cudaMallocManaged(void**, size_t, unsigned);
int cudaFree(void*);
int cudaMallocAsync(void**, size_t, StreamHandle);
int cudaFreeAsync(void*, StreamHandle);
int cudaMallocHost(void**, size_t);
int cudaFreeHost(void*);
int cudaHostRegister(void*, size_t, unsigned);
int cudaHostUnregister(void*);
int cudaMemcpy(void*, const void*, size_t, int);
int cudaMemcpyAsync(void*, const void*, size_t, int, StreamHandle);
int cudaMemcpy2D(void*, size_t, const void*, size_t, size_t, size_t, int);
int cudaMemset(void*, int, size_t);
int cudaMemsetAsync(void*, int, size_t, StreamHandle);
int cudaMemset2D(void*, size_t, int, size_t, size_t);
int cudaMemGetInfo(size_t*, size_t*);
int cudaPointerGetAttributes(void*, const void*);
int cudaStreamCreate(StreamHandle*);
int cudaStreamCreateWithFlags(StreamHandle*, unsigned);
int cudaStreamCreateWithPriority(StreamHandle*, unsigned, int);
int cudaStreamGetPriority(StreamHandle, int*);
int cudaStreamDestroy(StreamHandle);
int cudaStreamSynchronize(StreamHandle);
int cudaStreamQuery(StreamHandle);
int cudaStreamWaitEvent(StreamHandle, EventHandle, unsigned);
int cudaLaunchHostFunc(StreamHandle, void (*)(void*), void*);
int cudaStreamAddCallback(StreamHandle, void (*)(StreamHandle, int, void*), void*, unsigned);
int cudaEventCreate(EventHandle*);
int cudaEventCreateWithFlags(EventHandle*, unsigned);
int cudaEventRecord(EventHandle, StreamHandle);
int cudaEventSynchronize(EventHandle);
int cudaEventQuery(EventHandle);
int cudaEventElapsedTime(float*, EventHandle, EventHandle);
int cudaEventDestroy(EventHandle);
int cudaStreamBeginCapture(StreamHandle, int);
int cudaStreamEndCapture(StreamHandle, GraphHandle*);
int cudaStreamIsCapturing(StreamHandle, int*);
int cudaStreamGetCaptureInfo(StreamHandle, int*, unsigned long long*, GraphHandle*, const void***, const void**,
                             size_t*);
int cudaThreadExchangeStreamCaptureMode(int*);
int cudaGraphInstantiate(ExecHandle*, GraphHandle, unsigned long long);
int cudaGraphLaunch(ExecHandle, StreamHandle);
int cudaGraphExecUpdate(ExecHandle, GraphHandle, void*);
int cudaGraphGetNodes(GraphHandle, const void**, size_t*);
int cudaGraphNodeGetType(const void*, int*);
int cudaGraphAddChildGraphNode(const void**, GraphHandle, const void*, size_t, GraphHandle);
int cudaGraphDestroy(GraphHandle);
int cudaGraphExecDestroy(ExecHandle);
int cudaGetDeviceCount(int*);
int cudaSetDevice(int);
int cudaGetDeviceProperties(void*, int);
int cudaDeviceGetAttribute(int*, int, int);
int cudaDeviceSynchronize();
int cudaDeviceReset();
int cudaGetLastError();
int cudaPeekAtLastError();
const char* cudaGetErrorName(int);
const char* cudaGetErrorString(int);
}

namespace kib::test {

constexpr int kHostToDevice = 1, kDeviceToHost = 2, kDeviceToDevice = 3, kDefault = 4;
constexpr int kNotReady = 600, kInvalidValue = 1, kInvalidHandle = 400;
constexpr unsigned kNonBlocking = 1;

inline std::string last_report() {
  const uint64_t count = kib_emulator_report_count();
  return count == 0 ? "nothing" : kib_emulator_report(count - 1);
}

// How many findings are of a kind.
inline int found(const std::string& kind) {
  int count = 0;
  for (uint64_t i = 0; i < kib_emulator_report_count(); ++i) count += kib_emulator_report_kind(i) == kind;
  return count;
}

// Device memory for a test's duration.
class Buffer {
 public:
  explicit Buffer(size_t bytes) { cudaMalloc(&pointer_, bytes); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { cudaFree(pointer_); }
  char* get() const { return static_cast<char*>(pointer_); }

 private:
  void* pointer_ = nullptr;
};

// Two streams and an event for a test's duration.
struct Streams {
  StreamHandle a = nullptr, b = nullptr;
  EventHandle event = nullptr;
  explicit Streams(unsigned flags = kNonBlocking) {
    cudaStreamCreateWithFlags(&a, flags);
    cudaStreamCreateWithFlags(&b, flags);
    cudaEventCreateWithFlags(&event, 2);
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;
  ~Streams() {
    cudaStreamDestroy(a);
    cudaStreamDestroy(b);
    cudaEventDestroy(event);
  }
};

// Pinned host memory for a test's duration.
class Pinned {
 public:
  explicit Pinned(size_t bytes) { cudaMallocHost(&pointer_, bytes); }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned() { cudaFreeHost(pointer_); }
  int* ints() const { return static_cast<int*>(pointer_); }

 private:
  void* pointer_ = nullptr;
};

}  // namespace kib::test
#endif
