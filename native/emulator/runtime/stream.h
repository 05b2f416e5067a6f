// What the library stand-ins (cuBLAS, cuDNN) use of the runtime: they check a caller's stream, and enqueue their work
// on it. Work runs late, on the thread that synchronizes, in an order that the seed chooses and only events and
// synchronizations constrain; on a stream that is capturing, it becomes a node of the graph and runs at each launch of
// it.
#ifndef KIB_EMULATOR_STREAM_H
#define KIB_EMULATOR_STREAM_H
#include <functional>
#include <string>

namespace kib::emulator {

// Runs when the stream comes to it, perhaps more than once (graphs), perhaps never (after a fault). Arguments that the
// caller may change meanwhile are captured by value; device memory is read and written in here, through
// Memory::instance().view(). Returns a CUDA error code: 0, or kIllegalAddress where view() refused. Calls nothing of
// this header.
using Work = std::function<int()>;

constexpr int kSuccess = 0, kInvalidValue = 1, kIllegalAddress = 700, kInvalidHandle = 400;

// A cudaStream_t as the caller passed it: null, 1 (legacy) and 2 (per thread) are streams too. Returns 0; or
// kInvalidHandle for what is no stream or was destroyed, which is reported as kBadHandle under the name of `caller`.
int check_stream(const void* stream, const std::string& caller);

// Appends work to a stream, or to the graph that it captures. Returns 0 or the CUDA error that the call must return;
// what was wrong is reported under `name` ("cublasSgemm").
int enqueue(void* stream, const std::string& name, Work work);

// Runs what the stream has (and whatever else the seed chooses). Returns 0 or the CUDA error.
int synchronize(void* stream, const std::string& caller);

// For calls that CUDA forbids while any stream captures (those that allocate or synchronize): returns 0, or the CUDA
// error after a report kForbiddenInCapture; the capture is invalid then.
int check_no_capture(const std::string& caller);

// Whether the stream captures.
bool capturing(const void* stream);

}  // namespace kib::emulator
#endif
