// Nodes of graphs: added one by one, their parameters asked for and changed, in graphs and in executables.
#include <cstring>

#include "runtime/cudart.h"
#include "runtime/graphs.h"
#include "runtime/kernels.h"
#include "runtime/node_details.h"
#include "runtime/pools.h"

using namespace kib::emulator;

namespace {

struct KernelParameters {
  const void* function;
  Dim3 grid, block;
  unsigned shared;
  void **arguments, **extra;
};
static_assert(sizeof(KernelParameters) == 56, "the layout of CUDA 13");

struct FillParameters {
  void* to;
  size_t pitch;
  unsigned value, element;
  size_t width, height;  // elements of a row, rows
};

struct Pitched {
  void* pointer;
  size_t pitch, width, height;
};

struct CopyParameters {
  void* from_array;
  size_t from_position[3];
  Pitched from;
  void* to_array;
  size_t to_position[3];
  Pitched to;
  size_t width, height, depth;
  int kind;
};
static_assert(sizeof(CopyParameters) == 160, "the layout of CUDA 13");

int refuse(const char* name, const std::string& why, int error = cudaErrorInvalidValue) {
  report(Finding::kBadArgument, name, why);
  return error;
}

// From parameters as CUDA has them to work; each reports what is wrong.
int make(const char* name, const KernelParameters* p, bool cooperative, Dim3 cluster, Task* task) {
  if (p == nullptr || p->function == nullptr) return refuse(name, "the parameters or the function are null");
  if (p->extra != nullptr) {
    return refuse(name, "arguments in the extra form are not emulated; pass kernelParams", cudaErrorNotSupported);
  }
  Function* function = Kernels::instance().function(p->function, name);
  if (function == nullptr) return cudaErrorInvalidDeviceFunction;
  LaunchCall call;
  call.caller = name;
  call.grid = p->grid;
  call.block = p->block;
  call.shared = p->shared;
  call.arguments = p->arguments;
  call.cooperative = cooperative;
  call.cluster = cluster;
  return Kernels::instance().prepare(*function, call, task);
}

int make(const char* name, const FillParameters* p, Task* task) {
  if (p == nullptr) return refuse(name, "the parameters are null");
  Fill fill{name, p->to, static_cast<int>(p->value), p->width * p->element, p->height, p->pitch, p->element};
  return prepare(fill, task);
}

int make(const char* name, const CopyParameters* p, Task* task) {
  if (p == nullptr) return refuse(name, "the parameters are null");
  if (p->from_array != nullptr || p->to_array != nullptr || p->depth != 1) {
    return refuse(name, "copies of arrays and of more than one layer are not emulated", cudaErrorNotSupported);
  }
  const auto at = [](const Pitched& side, const size_t* position) {
    return static_cast<char*>(side.pointer) + position[1] * side.pitch + position[0];
  };
  if (p->from_position[2] != 0 || p->to_position[2] != 0) return refuse(name, "a position is behind the only layer");
  const Copy copy{
      name,   at(p->to, p->to_position), at(p->from, p->from_position), p->width, p->height, p->to.pitch, p->from.pitch,
      p->kind};
  return prepare(copy, task);
}

int make(const char* name, void* to, const void* from, size_t bytes, int kind, Task* task) {
  return prepare(Copy{name, to, from, bytes, 1, bytes, bytes, kind}, task);
}

struct HostParameters {
  void (*function)(void*);
  void* data;
};

int make(const char* name, const HostParameters* p, Task* task) {
  if (p == nullptr || p->function == nullptr) return refuse(name, "the parameters or the function are null");
  auto details = std::make_shared<NodeDetails>();
  details->value = HostDetails{p->function, p->data};
  const auto work = [host = *p] {
    host.function(host.data);
    return 0;
  };
  *task = {NodeKind::kHost, name, work, std::move(details)};
  return cudaSuccess;
}

template <class Make>
int add(const char* name, const void** node, void* graph_handle, const void* const* after, size_t count,
        Make make_task) {
  return call(name, [&](Device& device, Lock&) -> int {
    Graph* graph = device.graph(graph_handle, name);
    if (graph == nullptr) return cudaErrorInvalidValue;
    Task task;
    if (const int error = make_task(&task, *graph)) return error;
    return add_node(*graph, std::move(task), after, count, name, node);
  });
}

// With the details of a node that holds T.
template <class T, class Body>
int on_details(const char* name, const void* handle, const char* what, Body body) {
  return call(name, [&](Device& device, Lock&) -> int {
    GraphNode* node = device.graph_node(handle, name);
    if (node == nullptr) return cudaErrorInvalidValue;
    const T* value = node->task.details == nullptr ? nullptr : std::get_if<T>(&node->task.details->value);
    if (value == nullptr)
      return refuse(name, std::string("the node is no ") + what + " node whose parameters are known");
    return body(*node, *value);
  });
}

// Replaces the work of an executable's node that holds T.
template <class T, class Make>
int change(const char* name, void* exec_handle, const void* handle, const char* what, Make make_task) {
  return call(name, [&](Device& device, Lock&) -> int {
    GraphExec* exec = device.graph_exec(exec_handle, name);
    if (exec == nullptr) return cudaErrorInvalidValue;
    GraphNode* node = executable_node(*exec, handle, name);
    if (node == nullptr) return cudaErrorInvalidValue;
    const T* value = node->task.details == nullptr ? nullptr : std::get_if<T>(&node->task.details->value);
    if (value == nullptr)
      return refuse(name, std::string("the node is no ") + what + " node whose parameters are known");
    Task task;
    if (const int error = make_task(*value, &task)) return error;
    node->task = std::move(task);
    return cudaSuccess;
  });
}

}  // namespace

KIB_EXPORT int cudaGraphAddKernelNode(const void** node, void* graph, const void* const* after, size_t count,
                                      const KernelParameters* p) {
  const char* name = "cudaGraphAddKernelNode";
  return add(name, node, graph, after, count, [&](Task* task, Graph&) {
    return make(name, p, false, {0, 0, 0}, task);
  });
}

KIB_EXPORT int cudaGraphAddMemsetNode(const void** node, void* graph, const void* const* after, size_t count,
                                      const FillParameters* p) {
  const char* name = "cudaGraphAddMemsetNode";
  return add(name, node, graph, after, count, [&](Task* task, Graph&) { return make(name, p, task); });
}

KIB_EXPORT int cudaGraphAddMemcpyNode(const void** node, void* graph, const void* const* after, size_t count,
                                      const CopyParameters* p) {
  const char* name = "cudaGraphAddMemcpyNode";
  return add(name, node, graph, after, count, [&](Task* task, Graph&) { return make(name, p, task); });
}

KIB_EXPORT int cudaGraphAddMemcpyNode1D(const void** node, void* graph, const void* const* after, size_t count,
                                        void* to, const void* from, size_t bytes, int kind) {
  const char* name = "cudaGraphAddMemcpyNode1D";
  return add(name, node, graph, after, count,
             [&](Task* task, Graph&) { return make(name, to, from, bytes, kind, task); });
}

KIB_EXPORT int cudaGraphAddHostNode(const void** node, void* graph, const void* const* after, size_t count,
                                    const HostParameters* p) {
  const char* name = "cudaGraphAddHostNode";
  return add(name, node, graph, after, count, [&](Task* task, Graph&) { return make(name, p, task); });
}

KIB_EXPORT int cudaGraphAddEmptyNode(const void** node, void* graph, const void* const* after, size_t count) {
  return add("cudaGraphAddEmptyNode", node, graph, after, count, [](Task* task, Graph&) -> int {
    *task = {NodeKind::kEmpty, "empty", nullptr};
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphKernelNodeGetParams(const void* handle, KernelParameters* p) {
  const char* name = "cudaGraphKernelNodeGetParams";
  return on_details<KernelDetails>(name, handle, "kernel", [&](GraphNode&, const KernelDetails& kernel) -> int {
    if (p == nullptr) return refuse(name, "the parameters are null");
    *p = {kernel.function,
          kernel.call.grid,
          kernel.call.block,
          static_cast<unsigned>(kernel.call.shared),
          const_cast<void**>(kernel.arguments.data()),
          nullptr};
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphKernelNodeSetParams(const void* handle, const KernelParameters* p) {
  const char* name = "cudaGraphKernelNodeSetParams";
  return on_details<KernelDetails>(name, handle, "kernel", [&](GraphNode& node, const KernelDetails& kernel) -> int {
    Task task;
    if (const int error = make(name, p, kernel.call.cooperative, kernel.call.cluster, &task)) return error;
    node.task = std::move(task);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphExecKernelNodeSetParams(void* exec, const void* node, const KernelParameters* p) {
  const char* name = "cudaGraphExecKernelNodeSetParams";
  return change<KernelDetails>(name, exec, node, "kernel", [&](const KernelDetails& kernel, Task* task) {
    return make(name, p, kernel.call.cooperative, kernel.call.cluster, task);
  });
}

KIB_EXPORT int cudaGraphMemsetNodeGetParams(const void* handle, FillParameters* p) {
  const char* name = "cudaGraphMemsetNodeGetParams";
  return on_details<Fill>(name, handle, "fill", [&](GraphNode&, const Fill& fill) -> int {
    if (p == nullptr) return refuse(name, "the parameters are null");
    *p = {fill.to, fill.pitch, static_cast<unsigned>(fill.value), fill.element, fill.width / fill.element, fill.height};
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphMemsetNodeSetParams(const void* handle, const FillParameters* p) {
  const char* name = "cudaGraphMemsetNodeSetParams";
  return on_details<Fill>(name, handle, "fill", [&](GraphNode& node, const Fill&) -> int {
    Task task;
    if (const int error = make(name, p, &task)) return error;
    node.task = std::move(task);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphExecMemsetNodeSetParams(void* exec, const void* node, const FillParameters* p) {
  const char* name = "cudaGraphExecMemsetNodeSetParams";
  return change<Fill>(name, exec, node, "fill", [&](const Fill& fill, Task* task) -> int {
    if (p != nullptr && (fill.height > 1 || p->height > 1) &&
        (p->height != fill.height || p->width * p->element != fill.width)) {
      return refuse(name, "a fill of rows keeps its size in an executable; instantiate the graph anew");
    }
    return make(name, p, task);
  });
}

KIB_EXPORT int cudaGraphMemcpyNodeSetParams1D(const void* handle, void* to, const void* from, size_t bytes, int kind) {
  const char* name = "cudaGraphMemcpyNodeSetParams1D";
  return on_details<Copy>(name, handle, "copy", [&](GraphNode& node, const Copy&) -> int {
    Task task;
    if (const int error = make(name, to, from, bytes, kind, &task)) return error;
    node.task = std::move(task);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphExecMemcpyNodeSetParams1D(void* exec, const void* node, void* to, const void* from,
                                                  size_t bytes, int kind) {
  const char* name = "cudaGraphExecMemcpyNodeSetParams1D";
  return change<Copy>(name, exec, node, "copy", [&](const Copy& copy, Task* task) -> int {
    if (copy.height != 1) return refuse(name, "the node copies rows; instantiate the graph anew");
    return make(name, to, from, bytes, kind, task);
  });
}

KIB_EXPORT int cudaGraphHostNodeGetParams(const void* handle, HostParameters* p) {
  const char* name = "cudaGraphHostNodeGetParams";
  return on_details<HostDetails>(name, handle, "host", [&](GraphNode&, const HostDetails& host) -> int {
    if (p == nullptr) return refuse(name, "the parameters are null");
    *p = {host.function, host.data};
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphHostNodeSetParams(const void* handle, const HostParameters* p) {
  const char* name = "cudaGraphHostNodeSetParams";
  return on_details<HostDetails>(name, handle, "host", [&](GraphNode& node, const HostDetails&) -> int {
    Task task;
    if (const int error = make(name, p, &task)) return error;
    node.task = std::move(task);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphExecHostNodeSetParams(void* exec, const void* node, const HostParameters* p) {
  const char* name = "cudaGraphExecHostNodeSetParams";
  return change<HostDetails>(name, exec, node, "host",
                             [&](const HostDetails&, Task* task) { return make(name, p, task); });
}
