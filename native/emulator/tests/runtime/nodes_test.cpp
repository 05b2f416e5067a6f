// Graphs that a program builds and changes node by node; attributes of streams.
#include <cstdio>
#include <vector>

#include "check.h"
#include "cuda_calls.h"

extern "C" {
using NodeHandle = const void*;
int cudaGraphCreate(GraphHandle*, unsigned);
int cudaGraphAddEmptyNode(NodeHandle*, GraphHandle, const NodeHandle*, size_t);
int cudaGraphAddMemcpyNode1D(NodeHandle*, GraphHandle, const NodeHandle*, size_t, void*, const void*, size_t, int);
int cudaGraphAddMemsetNode(NodeHandle*, GraphHandle, const NodeHandle*, size_t, const void*);
int cudaGraphAddHostNode(NodeHandle*, GraphHandle, const NodeHandle*, size_t, const void*);
int cudaGraphMemsetNodeGetParams(NodeHandle, void*);
int cudaGraphMemsetNodeSetParams(NodeHandle, const void*);
int cudaGraphExecMemsetNodeSetParams(ExecHandle, NodeHandle, const void*);
int cudaGraphExecMemcpyNodeSetParams1D(ExecHandle, NodeHandle, void*, const void*, size_t, int);
int cudaGraphExecHostNodeSetParams(ExecHandle, NodeHandle, const void*);
int cudaGraphKernelNodeGetParams(NodeHandle, void*);
int cudaGraphAddKernelNode(NodeHandle*, GraphHandle, const NodeHandle*, size_t, const void*);
int cudaGraphAddDependencies(GraphHandle, const NodeHandle*, const NodeHandle*, const void*, size_t);
int cudaGraphRemoveDependencies(GraphHandle, const NodeHandle*, const NodeHandle*, const void*, size_t);
int cudaGraphGetEdges(GraphHandle, NodeHandle*, NodeHandle*, void*, size_t*);
int cudaGraphGetRootNodes(GraphHandle, NodeHandle*, size_t*);
int cudaGraphNodeGetDependencies(NodeHandle, NodeHandle*, void*, size_t*);
int cudaGraphNodeGetDependentNodes(NodeHandle, NodeHandle*, void*, size_t*);
int cudaGraphClone(GraphHandle*, GraphHandle);
int cudaGraphNodeFindInClone(NodeHandle*, NodeHandle, GraphHandle);
int cudaGraphDebugDotPrint(GraphHandle, const char*, unsigned);
int cudaGraphAddMemAllocNode(NodeHandle*, GraphHandle, const NodeHandle*, size_t, void*);
int cudaGraphAddMemFreeNode(NodeHandle*, GraphHandle, const NodeHandle*, size_t, void*);
int cudaGraphMemAllocNodeGetParams(NodeHandle, void*);
int cudaGraphMemFreeNodeGetParams(NodeHandle, void**);
int cudaStreamSetAttribute(StreamHandle, int, const void*);
int cudaStreamGetAttribute(StreamHandle, int, void*);
int cudaStreamCopyAttributes(StreamHandle, StreamHandle);
int cudaCtxResetPersistingL2Cache();
int cudaDeviceSetLimit(int, size_t);
}

using namespace kib::test;

namespace {

struct FillParameters {
  void* to;
  size_t pitch;
  unsigned value, element;
  size_t width, height;
};

struct HostParameters {
  void (*function)(void*);
  void* data;
};

struct UpdateInfo {
  int result;
  NodeHandle node, from_node;
};

// A fill, a copy behind it, and a call of the host behind that, added in the opposite order.
struct Chain {
  GraphHandle graph = nullptr;
  NodeHandle fill = nullptr, copy = nullptr, host = nullptr;
  Buffer a{400}, b{400};
  Pinned result{400};
  int calls = 0;
  Chain() {
    CHECK_EQUAL(cudaGraphCreate(&graph, 0), 0);
    const HostParameters call{[](void* count) { ++*static_cast<int*>(count); }, &calls};
    CHECK_EQUAL(cudaGraphAddHostNode(&host, graph, nullptr, 0, &call), 0);
    CHECK_EQUAL(cudaGraphAddMemcpyNode1D(&copy, graph, nullptr, 0, result.ints(), a.get(), 400, kDeviceToHost), 0);
    const FillParameters fills{a.get(), 400, 0x01020304, 4, 100, 1};
    CHECK_EQUAL(cudaGraphAddMemsetNode(&fill, graph, nullptr, 0, &fills), 0);
    const NodeHandle from[] = {fill, copy}, to[] = {copy, host};
    CHECK_EQUAL(cudaGraphAddDependencies(graph, from, to, nullptr, 2), 0);
  }
  ~Chain() { CHECK_EQUAL(cudaGraphDestroy(graph), 0); }
};

void form() {
  Chain c;
  NodeHandle nodes[8], others[8];
  size_t count = 8;
  CHECK_EQUAL(cudaGraphGetNodes(c.graph, nodes, &count), 0);
  CHECK(count == 3 && nodes[0] == c.host && nodes[1] == c.copy && nodes[2] == c.fill && nodes[3] == nullptr);
  CHECK_EQUAL(cudaGraphGetRootNodes(c.graph, nullptr, &count), 0);
  CHECK_EQUAL(count, 1u);
  CHECK_EQUAL(cudaGraphGetRootNodes(c.graph, nodes, &count), 0);
  CHECK(nodes[0] == c.fill);
  count = 8;
  CHECK_EQUAL(cudaGraphGetEdges(c.graph, nodes, others, nullptr, &count), 0);
  CHECK(count == 2 && nodes[0] == c.copy && others[0] == c.host && nodes[1] == c.fill && others[1] == c.copy);
  count = 8;
  CHECK_EQUAL(cudaGraphNodeGetDependencies(c.copy, nodes, nullptr, &count), 0);
  CHECK(count == 1 && nodes[0] == c.fill);
  count = 8;
  CHECK_EQUAL(cudaGraphNodeGetDependentNodes(c.copy, nodes, nullptr, &count), 0);
  CHECK(count == 1 && nodes[0] == c.host);
  int kind = -1;
  CHECK_EQUAL(cudaGraphNodeGetType(c.fill, &kind), 0);
  CHECK_EQUAL(kind, 2);
  GraphHandle clone = nullptr;
  NodeHandle twin = nullptr;
  CHECK_EQUAL(cudaGraphClone(&clone, c.graph), 0);
  CHECK_EQUAL(cudaGraphNodeFindInClone(&twin, c.copy, clone), 0);
  count = 8;
  CHECK_EQUAL(cudaGraphGetNodes(clone, nodes, &count), 0);
  CHECK(count == 3 && nodes[1] == twin && twin != c.copy);
  CHECK_EQUAL(cudaGraphDestroy(clone), 0);
  const std::string path = "nodes_test.dot";
  CHECK_EQUAL(cudaGraphDebugDotPrint(c.graph, path.c_str(), 0), 0);
  char text[1000] = {};
  std::FILE* file = std::fopen(path.c_str(), "r");
  CHECK(file != nullptr && std::fread(text, 1, sizeof text - 1, file) > 0);
  if (file != nullptr) std::fclose(file);
  std::remove(path.c_str());
  CHECK_CONTAINS(text, "node_2 -> node_1;");
  CHECK_CONTAINS(text, "[label=\"2: cudaGraphAddMemsetNode\"]");
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
}

// Nodes run in the order of their dependencies, at any seed, with the parameters they were given last.
void parameters() {
  Chain c;
  StreamHandle stream;
  ExecHandle exec = nullptr;
  CHECK_EQUAL(cudaStreamCreateWithFlags(&stream, kNonBlocking), 0);
  CHECK_EQUAL(cudaGraphInstantiate(&exec, c.graph, 0), 0);
  const auto launch = [&] {
    CHECK_EQUAL(cudaGraphLaunch(exec, stream), 0);
    CHECK_EQUAL(cudaStreamSynchronize(stream), 0);
  };
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    kib_emulator_reset(seed);
    CHECK_EQUAL(cudaMemset(c.a.get(), 0, 400), 0);
    CHECK_EQUAL(cudaDeviceSynchronize(), 0);
    launch();
    CHECK(c.result.ints()[0] == 0x01020304 && c.result.ints()[99] == 0x01020304);
  }
  CHECK_EQUAL(c.calls, 20);
  FillParameters fill{};
  CHECK_EQUAL(cudaGraphMemsetNodeGetParams(c.fill, &fill), 0);
  CHECK(fill.to == c.a.get() && fill.value == 0x01020304 && fill.element == 4 && fill.width == 100 && fill.height == 1);
  fill.value = 7;
  fill.element = 2;
  fill.width = 200;
  CHECK_EQUAL(cudaGraphExecMemsetNodeSetParams(exec, c.fill, &fill), 0);
  fill.value = 9;  // the executable has a copy
  launch();
  CHECK_EQUAL(c.result.ints()[50], 0x00070007);
  fill.value = 8;
  CHECK_EQUAL(cudaGraphMemsetNodeSetParams(c.fill, &fill), 0);  // of the graph: the executable is as it was
  launch();
  CHECK_EQUAL(c.result.ints()[50], 0x00070007);
  UpdateInfo info{};
  CHECK_EQUAL(cudaGraphExecUpdate(exec, c.graph, &info), 0);
  CHECK_EQUAL(info.result, 0);
  launch();
  CHECK_EQUAL(c.result.ints()[50], 0x00080008);
  CHECK_EQUAL(cudaMemset(c.b.get(), 3, 400), 0);
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  CHECK_EQUAL(cudaGraphExecMemcpyNodeSetParams1D(exec, c.copy, c.result.ints() + 10, c.b.get(), 40, kDeviceToHost), 0);
  launch();
  CHECK(c.result.ints()[10] == 0x03030303 && c.result.ints()[19] == 0x03030303 && c.result.ints()[20] == 0x00080008);
  int others = 0;
  const HostParameters call{[](void* count) { ++*static_cast<int*>(count); }, &others};
  CHECK_EQUAL(cudaGraphExecHostNodeSetParams(exec, c.host, &call), 0);
  launch();
  CHECK_EQUAL(others, 1);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);

  // What an update may not change.
  NodeHandle added = nullptr;
  const NodeHandle from[] = {c.fill}, to[] = {c.copy};
  CHECK_EQUAL(cudaGraphRemoveDependencies(c.graph, from, to, nullptr, 1), 0);
  CHECK_EQUAL(cudaGraphExecUpdate(exec, c.graph, &info), 910);
  CHECK_EQUAL(info.result, 2);
  CHECK_EQUAL(cudaGraphAddDependencies(c.graph, from, to, nullptr, 1), 0);
  CHECK_EQUAL(cudaGraphExecUpdate(exec, c.graph, &info), 0);
  CHECK_EQUAL(cudaGraphAddEmptyNode(&added, c.graph, from, 1), 0);
  CHECK_EQUAL(cudaGraphExecUpdate(exec, c.graph, &info), 910);
  CHECK(info.result == 2 && info.node == nullptr);
  Chain d;
  CHECK_EQUAL(cudaGraphExecMemsetNodeSetParams(exec, d.fill, &fill), kInvalidValue);
  CHECK_CONTAINS(last_report(), "the node is none of the graph that the executable was made of");
  CHECK_EQUAL(cudaGraphExecDestroy(exec), 0);
  CHECK_EQUAL(cudaStreamDestroy(stream), 0);
  kib_emulator_reset(1);
}

void refused() {
  Chain c;
  NodeHandle node = nullptr;
  ExecHandle exec = nullptr;
  const NodeHandle first[] = {c.fill, c.fill}, last[] = {c.host};
  FillParameters fill{c.a.get(), 400, 1, 3, 100, 1};
  CHECK_EQUAL(cudaGraphAddMemsetNode(&node, c.graph, nullptr, 0, &fill), kInvalidValue);
  CHECK_CONTAINS(last_report(), "cudaGraphAddMemsetNode: elements have 1, 2 or 4 bytes");
  fill.element = 4;
  fill.width = 101;
  CHECK_EQUAL(cudaGraphAddMemsetNode(&node, c.graph, nullptr, 0, &fill), kInvalidValue);
  CHECK_CONTAINS(last_report(), "out of bounds: cudaGraphAddMemsetNode: 404 bytes");
  CHECK_EQUAL(cudaGraphAddEmptyNode(&node, c.graph, first, 2), kInvalidValue);
  CHECK_CONTAINS(last_report(), "dependency 2 is given twice");
  const NodeHandle none[] = {&fill};
  CHECK_EQUAL(cudaGraphAddEmptyNode(&node, c.graph, none, 1), kInvalidValue);
  CHECK_CONTAINS(last_report(), "dependency 1 is no node of the graph");
  CHECK_EQUAL(cudaGraphAddDependencies(c.graph, first, first, nullptr, 1), kInvalidValue);
  CHECK_CONTAINS(last_report(), "a node cannot depend on itself");
  CHECK_EQUAL(cudaGraphKernelNodeGetParams(c.fill, &fill), kInvalidValue);
  CHECK_CONTAINS(last_report(), "the node is no kernel node");
  const struct {
    const void* function;
    unsigned sizes[7];
    void **arguments, **extra;
  } kernel{&fill, {1, 1, 1, 1, 1, 1, 0}, nullptr, nullptr};
  CHECK_EQUAL(cudaGraphAddKernelNode(&node, c.graph, nullptr, 0, &kernel), 98);
  CHECK_CONTAINS(last_report(), "the function is no kernel");
  CHECK_EQUAL(cudaGraphAddDependencies(c.graph, last, first, nullptr, 1), 0);
  CHECK_EQUAL(cudaGraphInstantiate(&exec, c.graph, 0), kInvalidValue);
  CHECK_CONTAINS(last_report(), "the graph's dependencies form a circle; take one of them away");
  CHECK_EQUAL(cudaGraphInstantiate(&exec, c.graph, 4), 801);
  kib_emulator_reset(1);
}

struct AllocationParameters {
  int allocation = 1, handles = 0, location = 1, device = 0;
  void* security = nullptr;
  size_t most = 0;
  char rest[56] = {};
  void* access = nullptr;
  size_t access_count = 0, bytes = 0;
  void* pointer = nullptr;
};

void memory_nodes() {
  GraphHandle graph = nullptr;
  ExecHandle exec = nullptr;
  NodeHandle allocation = nullptr, fill = nullptr, copy = nullptr, release = nullptr;
  Pinned result(400);
  AllocationParameters memory, got;
  memory.bytes = 400;
  CHECK_EQUAL(cudaGraphCreate(&graph, 0), 0);
  CHECK_EQUAL(cudaGraphAddMemAllocNode(&allocation, graph, nullptr, 0, &memory), 0);
  const FillParameters fills{memory.pointer, 400, 3, 4, 100, 1};
  CHECK_EQUAL(cudaGraphAddMemsetNode(&fill, graph, &allocation, 1, &fills), 0);
  CHECK_EQUAL(cudaGraphAddMemcpyNode1D(&copy, graph, &fill, 1, result.ints(), memory.pointer, 400, kDeviceToHost), 0);
  CHECK_EQUAL(cudaGraphAddMemFreeNode(&release, graph, &copy, 1, memory.pointer), 0);
  void* freed = nullptr;
  CHECK_EQUAL(cudaGraphMemAllocNodeGetParams(allocation, &got), 0);
  CHECK(got.bytes == 400 && got.pointer == memory.pointer && got.location == 1);
  CHECK_EQUAL(cudaGraphMemFreeNodeGetParams(release, &freed), 0);
  CHECK(freed == memory.pointer);
  CHECK_EQUAL(cudaGraphInstantiate(&exec, graph, 0), 0);
  for (int launch = 0; launch < 2; ++launch) CHECK_EQUAL(cudaGraphLaunch(exec, nullptr), 0);
  CHECK_EQUAL(cudaDeviceSynchronize(), 0);
  CHECK_EQUAL(result.ints()[99], 3);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  GraphHandle clone = nullptr;
  CHECK_EQUAL(cudaGraphClone(&clone, graph), 801);
  CHECK_CONTAINS(last_report(), "cannot be cloned");
  CHECK_EQUAL(cudaGraphMemFreeNodeGetParams(allocation, &freed), kInvalidValue);
  CHECK_EQUAL(cudaGraphExecDestroy(exec), 0);
  CHECK_EQUAL(cudaGraphDestroy(graph), 0);
  CHECK_EQUAL(kib_emulator_used_bytes(), 0u);
  kib_emulator_reset(1);
}

struct Window {
  void* base;
  size_t bytes;
  float ratio;
  int hit, miss;
  char rest[32];
};

void attributes() {
  StreamHandle stream, other;
  CHECK_EQUAL(cudaStreamCreateWithPriority(&stream, kNonBlocking, -3), 0);
  CHECK_EQUAL(cudaStreamCreateWithFlags(&other, kNonBlocking), 0);
  Buffer a(4096);
  Window window{a.get(), 4096, 0.5f, 2, 1, {}}, got{};
  CHECK_EQUAL(cudaStreamSetAttribute(stream, 1, &window), 0);
  CHECK_EQUAL(cudaStreamGetAttribute(stream, 1, &got), 0);
  CHECK(got.base == a.get() && got.bytes == 4096 && got.ratio == 0.5f && got.hit == 2 && got.miss == 1);
  int value[16] = {};
  CHECK_EQUAL(cudaStreamGetAttribute(stream, 8, value), 0);
  CHECK_EQUAL(value[0], -3);
  CHECK_EQUAL(cudaStreamGetAttribute(stream, 3, value), 0);
  CHECK_EQUAL(value[0], 1);
  value[0] = 4;
  CHECK_EQUAL(cudaStreamSetAttribute(stream, 3, value), 0);
  CHECK_EQUAL(cudaStreamCopyAttributes(other, stream), 0);
  CHECK_EQUAL(cudaStreamGetAttribute(other, 3, value), 0);
  CHECK_EQUAL(value[0], 4);
  int most = 0;
  CHECK_EQUAL(cudaDeviceGetAttribute(&most, 108, 0), 0);
  CHECK(most > 0);
  CHECK_EQUAL(cudaDeviceSetLimit(6, static_cast<size_t>(most)), 0);
  CHECK_EQUAL(cudaCtxResetPersistingL2Cache(), 0);
  CHECK_EQUAL(kib_emulator_report_count(), 0u);
  CHECK_EQUAL(cudaDeviceSetLimit(6, static_cast<size_t>(most) + 1), kInvalidValue);
  CHECK_CONTAINS(last_report(), "bytes of L2 for persisting accesses are more than the device's");
  CHECK_EQUAL(cudaDeviceGetAttribute(&most, 109, 0), 0);
  window.bytes = static_cast<size_t>(most) + 1;
  CHECK_EQUAL(cudaStreamSetAttribute(stream, 1, &window), kInvalidValue);
  CHECK_CONTAINS(last_report(), "more than the device's");
  window.bytes = 4097;
  CHECK_EQUAL(cudaStreamSetAttribute(stream, 1, &window), kInvalidValue);
  CHECK_CONTAINS(last_report(), "not all in one allocation");
  window.bytes = 4096;
  window.ratio = 1.5f;
  CHECK_EQUAL(cudaStreamSetAttribute(stream, 1, &window), kInvalidValue);
  CHECK_CONTAINS(last_report(), "the hit ratio is 1.5");
  window.ratio = 1;
  window.miss = 2;
  CHECK_EQUAL(cudaStreamSetAttribute(stream, 1, &window), kInvalidValue);
  CHECK_CONTAINS(last_report(), "missProp is persisting");
  CHECK_EQUAL(cudaStreamSetAttribute(stream, 5, value), kInvalidValue);
  CHECK_CONTAINS(last_report(), "attribute 5 is none of streams");
  CHECK_EQUAL(cudaStreamDestroy(stream), 0);
  CHECK_EQUAL(cudaStreamDestroy(other), 0);
  kib_emulator_reset(1);
}

}  // namespace

int main() {
  form();
  parameters();
  refused();
  memory_nodes();
  attributes();
  return result();
}
