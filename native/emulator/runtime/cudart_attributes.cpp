// Attributes of streams and of kernel nodes, and the L2 cache: what a program says about them is checked and kept.
#include <cstring>
#include <map>

#include "runtime/attributes.h"
#include "runtime/cudart.h"
#include "runtime/kernels.h"
#include "runtime/node_details.h"

using namespace kib::emulator;

namespace {

using Attributes = std::map<int, AttributeValue>;

Attributes& of(const Stream& stream) {
  static std::map<const Stream*, Attributes> all;  // under the device's mutex; streams are never deleted
  return all[&stream];
}

int refuse(const char* name, const std::string& why, int error = cudaErrorInvalidValue) {
  report(Finding::kBadArgument, name, why);
  return error;
}

int integer(const AttributeValue& value) {
  int number;
  std::memcpy(&number, value.data(), sizeof number);
  return number;
}

AttributeValue value_of(int number) {
  AttributeValue value{};
  std::memcpy(value.data(), &number, sizeof number);
  return value;
}

// What a stream says where nothing was set.
int stream_default(const Stream& stream, int id) {
  return id == kSynchronizationPolicy ? 1 : id == kPriority ? stream.priority : 0;
}

bool is_stream_attribute(int id) {
  return id == kAccessPolicy || id == kSynchronizationPolicy || id == kPriority || id == kDomainMap || id == kDomain;
}

template <class Body>
int on_kernel_node(const char* name, const void* handle, Body body) {
  return call(name, [&](Device& device, Lock&) -> int {
    GraphNode* node = device.graph_node(handle, name);
    if (node == nullptr) return cudaErrorInvalidValue;
    const auto* details = node->task.details.get();
    const auto* kernel = details == nullptr ? nullptr : std::get_if<KernelDetails>(&details->value);
    if (kernel == nullptr) return refuse(name, "the node is no kernel node whose parameters are known");
    return body(*node, *kernel);
  });
}

// The node with one attribute more.
int set(const char* name, GraphNode& node, KernelDetails kernel, int id, const AttributeValue& value) {
  if (id == kAccessPolicy) {
    if (const int error = check_access_policy(value.data(), name)) return error;
  } else if (id == kCooperative) {
    Function* function = Kernels::instance().function(kernel.function, name);
    if (function == nullptr) return cudaErrorInvalidDeviceFunction;
    LaunchCall launch = kernel.call;
    launch.arguments = const_cast<void**>(kernel.arguments.data());
    launch.cooperative = integer(value) != 0;
    Task task;
    if (const int error = Kernels::instance().prepare(*function, launch, &task)) return error;
    kernel.call.cooperative = launch.cooperative;
    node.task = std::move(task);
  } else if (id != kPriority && id != kDomainMap && id != kDomain) {
    return refuse(name, "attribute " + std::to_string(id) + " of kernel nodes is not emulated", cudaErrorNotSupported);
  }
  kernel.attributes[id] = value;
  auto details = std::make_shared<NodeDetails>();
  details->value = std::move(kernel);
  node.task.details = std::move(details);
  return cudaSuccess;
}

}  // namespace

KIB_EXPORT int cudaStreamSetAttribute(void* handle, int id, const AttributeValue* value) {
  const char* name = "cudaStreamSetAttribute";
  return on_stream(name, handle, [&](Device&, Lock&, Stream& stream) -> int {
    if (value == nullptr) return refuse(name, "the value is null");
    if (!is_stream_attribute(id)) return refuse(name, "attribute " + std::to_string(id) + " is none of streams");
    if (id == kAccessPolicy) {
      if (const int error = check_access_policy(value->data(), name)) return error;
    }
    if (id == kSynchronizationPolicy && (integer(*value) < 1 || integer(*value) > 4)) {
      return refuse(name, "the synchronization policy " + std::to_string(integer(*value)) + " is none");
    }
    of(stream)[id] = *value;
    if (id == kPriority) stream.priority = integer(*value) > 0 ? 0 : integer(*value) < -5 ? -5 : integer(*value);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaStreamGetAttribute(void* handle, int id, AttributeValue* value) {
  const char* name = "cudaStreamGetAttribute";
  return on_stream(name, handle, [&](Device&, Lock&, Stream& stream) -> int {
    if (value == nullptr) return refuse(name, "the value is null");
    if (!is_stream_attribute(id)) return refuse(name, "attribute " + std::to_string(id) + " is none of streams");
    const auto set = of(stream).find(id);
    const bool own = set != of(stream).end() && id != kPriority;
    *value = own ? set->second : value_of(stream_default(stream, id));
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaStreamCopyAttributes(void* to_handle, void* from_handle) {
  const char* name = "cudaStreamCopyAttributes";
  return on_stream(name, to_handle, [&](Device& device, Lock&, Stream& to) -> int {
    const Stream* from = device.stream(from_handle, name);
    if (from == nullptr) return cudaErrorInvalidResourceHandle;
    of(to) = of(*from);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaCtxResetPersistingL2Cache() {
  return call("cudaCtxResetPersistingL2Cache", [](Device&, Lock&) -> int { return cudaSuccess; });
}

KIB_EXPORT int cudaGraphKernelNodeSetAttribute(const void* handle, int id, const AttributeValue* value) {
  const char* name = "cudaGraphKernelNodeSetAttribute";
  return on_kernel_node(name, handle, [&](GraphNode& node, const KernelDetails& kernel) -> int {
    return value == nullptr ? refuse(name, "the value is null") : set(name, node, kernel, id, *value);
  });
}

KIB_EXPORT int cudaGraphKernelNodeGetAttribute(const void* handle, int id, AttributeValue* value) {
  const char* name = "cudaGraphKernelNodeGetAttribute";
  return on_kernel_node(name, handle, [&](GraphNode&, const KernelDetails& kernel) -> int {
    if (value == nullptr) return refuse(name, "the value is null");
    const auto set = kernel.attributes.find(id);
    *value =
        set != kernel.attributes.end() ? set->second : value_of(id == kCooperative && kernel.call.cooperative ? 1 : 0);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphKernelNodeCopyAttributes(const void* to, const void* from) {
  const char* name = "cudaGraphKernelNodeCopyAttributes";
  Attributes attributes;
  if (const int error = on_kernel_node(name, from, [&](GraphNode&, const KernelDetails& kernel) -> int {
        attributes = kernel.attributes;
        return cudaSuccess;
      })) {
    return error;
  }
  for (const auto& [id, value] : attributes) {
    if (const int error = cudaGraphKernelNodeSetAttribute(to, id, &value)) return error;
  }
  return cudaSuccess;
}
