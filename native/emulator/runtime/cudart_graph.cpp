// Capture of streams, graphs.
#include "runtime/cudart.h"
#include "runtime/graphs.h"
#include "runtime/pools.h"

using namespace kib::emulator;

namespace {

constexpr unsigned long long kFreeOnLaunch = 1, kDeviceLaunch = 4;  // cudaGraphInstantiateFlags

template <class Body>
int on_graph(const char* name, const void* handle, Body body) {
  return call(name, [&](Device& device, Lock&) -> int {
    Graph* graph = device.graph(handle, name);
    return graph == nullptr ? static_cast<int>(cudaErrorInvalidValue) : body(device, *graph);
  });
}

int status(const Stream& stream) { return stream.capture == nullptr ? 0 : stream.capture->valid ? 1 : 2; }

int instantiate(const char* name, void** handle, const void* graph_handle, unsigned long long flags) {
  return on_graph(name, graph_handle, [&](Device& device, Graph& graph) -> int {
    if (handle == nullptr || flags > 15) return cudaErrorInvalidValue;
    if ((flags & kDeviceLaunch) != 0) {
      report(Finding::kUnsupported, name,
             "graphs are not launched by kernels here; pass no cudaGraphInstantiateFlagDeviceLaunch");
      return cudaErrorNotSupported;
    }
    auto exec = std::make_unique<GraphExec>();
    if (const int error = make_executable(graph, exec.get(), name)) return error;
    exec->frees = (flags & kFreeOnLaunch) != 0;
    if (const int error = Pools::instance().instantiate(*exec, name)) return error;
    *handle = device.add_exec(std::move(exec));
    return cudaSuccess;
  });
}

}  // namespace

KIB_EXPORT int cudaStreamBeginCapture(void* handle, int mode) {
  return on_stream("cudaStreamBeginCapture", handle, [&](Device& device, Lock&, Stream& stream) {
    return device.begin_capture(stream, mode, "cudaStreamBeginCapture");
  });
}

KIB_EXPORT int cudaStreamEndCapture(void* handle, void** graph_handle) {
  return on_stream("cudaStreamEndCapture", handle, [&](Device& device, Lock&, Stream& stream) -> int {
    if (graph_handle == nullptr) return cudaErrorInvalidValue;
    Graph* graph = nullptr;
    const int error = device.end_capture(stream, &graph, "cudaStreamEndCapture");
    *graph_handle = graph;
    return error;
  });
}

KIB_EXPORT int cudaStreamIsCapturing(void* handle, int* capture_status) {
  return on_stream("cudaStreamIsCapturing", handle, [&](Device& device, Lock&, Stream& stream) -> int {
    if (capture_status == nullptr) return cudaErrorInvalidValue;
    if (stream.legacy) {
      if (const int error = device.check_no_implicit_capture("cudaStreamIsCapturing")) return error;
    }
    *capture_status = status(stream);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaStreamGetCaptureInfo(void* handle, int* capture_status, unsigned long long* id, void** graph,
                                        const void*** dependencies, const void** edges, size_t* count) {
  return on_stream("cudaStreamGetCaptureInfo", handle, [&](Device&, Lock&, Stream& stream) -> int {
    if (capture_status == nullptr) return cudaErrorInvalidValue;
    *capture_status = status(stream);
    if (*capture_status != 1) return cudaSuccess;
    thread_local std::vector<const void*> nodes;  // lives until the thread's next call
    nodes.clear();
    for (size_t node : stream.captured) nodes.push_back(&stream.capture->graph->nodes[node]);
    if (id != nullptr) *id = stream.capture->id;
    if (graph != nullptr) *graph = stream.capture->graph.get();
    if (dependencies != nullptr) *dependencies = nodes.data();
    if (edges != nullptr) *edges = nullptr;
    if (count != nullptr) *count = nodes.size();
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaThreadExchangeStreamCaptureMode(int* mode) {
  return call("cudaThreadExchangeStreamCaptureMode", [&](Device& device, Lock&) -> int {
    if (mode == nullptr || *mode < 0 || *mode > 2) return cudaErrorInvalidValue;
    *mode = device.swap_capture_mode(*mode);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphCreate(void** handle, unsigned flags) {
  return call("cudaGraphCreate", [&](Device& device, Lock&) -> int {
    if (handle == nullptr || flags != 0) return cudaErrorInvalidValue;
    *handle = device.add_graph(std::make_unique<Graph>());
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphDestroy(void* handle) {
  return call("cudaGraphDestroy", [&](Device& d, Lock&) { return d.destroy_graph(handle, "cudaGraphDestroy"); });
}

KIB_EXPORT int cudaGraphNodeGetType(const void* node, int* kind) {
  return call("cudaGraphNodeGetType", [&](Device& device, Lock&) -> int {
    if (kind == nullptr) return cudaErrorInvalidValue;
    const GraphNode* found = device.graph_node(node, "cudaGraphNodeGetType");
    if (found == nullptr) return cudaErrorInvalidValue;
    *kind = static_cast<int>(found->task.kind);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphInstantiate(void** exec, void* graph, unsigned long long flags) {
  return instantiate("cudaGraphInstantiate", exec, graph, flags);
}

KIB_EXPORT int cudaGraphInstantiateWithFlags(void** exec, void* graph, unsigned long long flags) {
  return instantiate("cudaGraphInstantiateWithFlags", exec, graph, flags);
}

struct InstantiateParameters {
  unsigned long long flags;
  void* upload_stream;
  const void* error_node;
  int result;  // 0: instantiated, 1: not
};

KIB_EXPORT int cudaGraphInstantiateWithParams(void** exec, void* graph, InstantiateParameters* parameters) {
  if (parameters == nullptr) return remember(cudaErrorInvalidValue);
  const int error = instantiate("cudaGraphInstantiateWithParams", exec, graph, parameters->flags);
  parameters->error_node = nullptr;
  parameters->result = error != cudaSuccess;
  return error;
}

KIB_EXPORT int cudaGraphUpload(void* exec, void* handle) {
  return on_stream("cudaGraphUpload", handle, [&](Device& device, Lock&, Stream&) -> int {
    return device.graph_exec(exec, "cudaGraphUpload") != nullptr ? cudaSuccess : cudaErrorInvalidValue;
  });
}

KIB_EXPORT int cudaGraphLaunch(void* exec_handle, void* handle) {
  return on_stream("cudaGraphLaunch", handle, [&](Device& device, Lock& lock, Stream& stream) -> int {
    GraphExec* exec = device.graph_exec(exec_handle, "cudaGraphLaunch");
    if (exec == nullptr) return cudaErrorInvalidValue;
    if (const int error = Pools::instance().launch(device, lock, *exec, stream, "cudaGraphLaunch")) return error;
    return device.launch(lock, *exec, stream, "cudaGraphLaunch");
  });
}

KIB_EXPORT int cudaGraphExecUpdate(void* exec_handle, void* graph_handle, UpdateInfo* info) {
  return on_graph("cudaGraphExecUpdate", graph_handle, [&](Device& device, Graph& graph) -> int {
    GraphExec* exec = device.graph_exec(exec_handle, "cudaGraphExecUpdate");
    if (exec == nullptr) return cudaErrorInvalidValue;
    const UpdateInfo result = update(*exec, graph, "cudaGraphExecUpdate");
    if (info != nullptr) *info = result;
    return result.result == 0 ? cudaSuccess : cudaErrorGraphExecUpdateFailure;
  });
}

KIB_EXPORT int cudaGraphExecDestroy(void* handle) {
  return call("cudaGraphExecDestroy", [&](Device& d, Lock&) { return d.destroy_exec(handle, "cudaGraphExecDestroy"); });
}
