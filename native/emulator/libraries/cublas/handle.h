// A cublasHandle_t.
#ifndef KIB_EMULATOR_CUBLAS_HANDLE_H
#define KIB_EMULATOR_CUBLAS_HANDLE_H
#include "libraries/cublas/cublas.h"
#include "libraries/overlap.h"

namespace kib::emulator::cublas {

struct Handle {
  void* stream = nullptr;
  uint64_t workspace = 0, workspace_bytes = 0;  // the caller's
  int pointer_mode = kHost;
  int math_mode = kDefaultMath;
  int atomics_mode = 0;
  int sm_count_target = 0;
};

Handles<Handle>& handles();

// What an enqueued call needs of its handle, as it was at the call.
struct Call {
  std::string name;
  Handle handle;

  // Reports results that overlap operands, one another, or the caller's workspace; to be called by the enqueued work.
  void check_overlaps(std::vector<Argument> results, const std::vector<Argument>& operands) const {
    if (handle.workspace != 0) results.emplace_back("the workspace", handle.workspace, handle.workspace_bytes);
    emulator::check_overlaps(name, results, operands);
  }
  // Enqueues body, which returns false where a view was refused, on the handle's stream. The caller's workspace is
  // spoiled around it.
  template <class Body>
  int enqueue(Body body) const {
    const Call call = *this;
    return status_of(emulator::enqueue(handle.stream, name, [call, body]() {
      return call.spoil_workspace() && body() && call.spoil_workspace() ? emulator::kSuccess : kIllegalAddress;
    }));
  }
  // The same, and waits for it: for results that go to the host.
  template <class Body>
  int complete(Body body) const {
    if (const int error = check_no_capture(name)) return status_of(error);
    if (const int status = enqueue(body)) return status;
    return status_of(synchronize(handle.stream, name));
  }

 private:
  bool spoil_workspace() const {
    return handle.workspace == 0 || spoil(handle.workspace, handle.workspace_bytes, name + ", the workspace");
  }
};

// The call of a live handle; kNotInitialized after a report.
int begin(const void* handle, const char* name, Call* call);

}  // namespace kib::emulator::cublas
#endif
