// The form of a graph: its nodes, what comes before what, copies and pictures of it.
#include <algorithm>
#include <cstdio>

#include "runtime/cudart.h"
#include "runtime/graphs.h"

using namespace kib::emulator;

namespace {

struct Edge {
  unsigned char from_port, to_port, type, reserved[5];
};
static_assert(sizeof(Edge) == 8, "the layout of CUDA 13");

int refuse(const char* name, const std::string& why, int error = cudaErrorInvalidValue) {
  report(Finding::kBadArgument, name, why);
  return error;
}

template <class Body>
int on_graph(const char* name, const void* handle, Body body) {
  return call(name, [&](Device& device, Lock&) -> int {
    Graph* graph = device.graph(handle, name);
    return graph == nullptr ? static_cast<int>(cudaErrorInvalidValue) : body(device, *graph);
  });
}

template <class Body>
int on_node(const char* name, const void* handle, Body body) {
  return call(name, [&](Device& device, Lock&) -> int {
    Graph* graph = nullptr;
    GraphNode* node = device.graph_node(handle, name, &graph);
    return node == nullptr ? static_cast<int>(cudaErrorInvalidValue) : body(*graph, *node);
  });
}

// As CUDA's functions give lists: all of it where there is room, its size alone where there is none.
int give(const char* name, const std::vector<const void*>& all, const void** to, Edge* edges, size_t* count) {
  if (count == nullptr) return refuse(name, "the count is null");
  if (to == nullptr) {
    *count = all.size();
    return cudaSuccess;
  }
  for (size_t i = 0; i < *count; ++i) to[i] = i < all.size() ? all[i] : nullptr;
  for (size_t i = 0; edges != nullptr && i < *count; ++i) edges[i] = {};
  *count = std::min(*count, all.size());
  return cudaSuccess;
}

// Of pairs of nodes and how they depend: only whole dependencies are emulated.
int ends(const char* name, const Graph& graph, const void* from, const void* to, const Edge* edge, size_t* before,
         size_t* behind) {
  *before = index_of(graph, from);
  *behind = index_of(graph, to);
  if (*before == graph.nodes.size() || *behind == graph.nodes.size()) {
    return refuse(name, "a dependency's end is no node of the graph");
  }
  if (*before == *behind) return refuse(name, "a node cannot depend on itself");
  if (edge != nullptr && (edge->from_port != 0 || edge->to_port != 0 || edge->type != 0)) {
    return refuse(name, "programmatic dependencies of graphs are not emulated", cudaErrorNotSupported);
  }
  return cudaSuccess;
}

struct Dependencies {
  const void *const *from, *const *to;
  const Edge* edges;
  size_t count;
};

// Calls `change(what the later node comes after, the earlier node)` for each of the dependencies.
template <class Change>
int each_dependency(const char* name, const void* handle, const Dependencies& d, Change change) {
  return on_graph(name, handle, [&](Device&, Graph& graph) -> int {
    if (d.count > 0 && (d.from == nullptr || d.to == nullptr)) return refuse(name, "a list is null");
    for (size_t i = 0; i < d.count; ++i) {
      size_t before = 0, behind = 0;
      const Edge* edge = d.edges == nullptr ? nullptr : &d.edges[i];
      if (const int error = ends(name, graph, d.from[i], d.to[i], edge, &before, &behind)) return error;
      if (const int error = change(graph.nodes[behind].after, before)) return error;
    }
    return cudaSuccess;
  });
}

}  // namespace

KIB_EXPORT int cudaGraphGetNodes(void* handle, const void** nodes, size_t* count) {
  return on_graph("cudaGraphGetNodes", handle, [&](Device&, Graph& graph) {
    std::vector<const void*> all;
    for (const GraphNode& node : graph.nodes) all.push_back(&node);
    return give("cudaGraphGetNodes", all, nodes, nullptr, count);
  });
}

KIB_EXPORT int cudaGraphGetRootNodes(void* handle, const void** nodes, size_t* count) {
  return on_graph("cudaGraphGetRootNodes", handle, [&](Device&, Graph& graph) {
    std::vector<const void*> all;
    for (const GraphNode& node : graph.nodes) {
      if (node.after.empty()) all.push_back(&node);
    }
    return give("cudaGraphGetRootNodes", all, nodes, nullptr, count);
  });
}

KIB_EXPORT int cudaGraphGetEdges(void* handle, const void** from, const void** to, Edge* edges, size_t* count) {
  const char* name = "cudaGraphGetEdges";
  return on_graph(name, handle, [&](Device&, Graph& graph) -> int {
    if ((from == nullptr) != (to == nullptr)) return refuse(name, "one of the two lists is null");
    std::vector<const void*> first, second;
    for (const GraphNode& node : graph.nodes) {
      for (size_t before : node.after) {
        first.push_back(&graph.nodes[before]);
        second.push_back(&node);
      }
    }
    size_t room = count == nullptr ? 0 : *count;
    if (const int error = give(name, first, from, nullptr, count == nullptr ? nullptr : &room)) return error;
    return give(name, second, to, edges, count);
  });
}

KIB_EXPORT int cudaGraphNodeGetDependencies(const void* handle, const void** nodes, Edge* edges, size_t* count) {
  return on_node("cudaGraphNodeGetDependencies", handle, [&](Graph& graph, GraphNode& node) {
    std::vector<const void*> all;
    for (size_t before : node.after) all.push_back(&graph.nodes[before]);
    return give("cudaGraphNodeGetDependencies", all, nodes, edges, count);
  });
}

KIB_EXPORT int cudaGraphNodeGetDependentNodes(const void* handle, const void** nodes, Edge* edges, size_t* count) {
  return on_node("cudaGraphNodeGetDependentNodes", handle, [&](Graph& graph, GraphNode& node) {
    std::vector<const void*> all;
    const size_t index = index_of(graph, &node);
    for (const GraphNode& other : graph.nodes) {
      if (std::find(other.after.begin(), other.after.end(), index) != other.after.end()) all.push_back(&other);
    }
    return give("cudaGraphNodeGetDependentNodes", all, nodes, edges, count);
  });
}

KIB_EXPORT int cudaGraphAddDependencies(void* handle, const void* const* from, const void* const* to, const Edge* edges,
                                        size_t count) {
  const char* name = "cudaGraphAddDependencies";
  return each_dependency(name, handle, {from, to, edges, count}, [&](std::vector<size_t>& after, size_t before) -> int {
    if (std::find(after.begin(), after.end(), before) != after.end()) {
      return refuse(name, "the dependency is there already");
    }
    after.push_back(before);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphRemoveDependencies(void* handle, const void* const* from, const void* const* to,
                                           const Edge* edges, size_t count) {
  const char* name = "cudaGraphRemoveDependencies";
  return each_dependency(name, handle, {from, to, edges, count}, [&](std::vector<size_t>& after, size_t before) -> int {
    const auto found = std::find(after.begin(), after.end(), before);
    if (found == after.end()) return refuse(name, "the dependency does not exist");
    after.erase(found);
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphClone(void** clone, void* handle) {
  const char* name = "cudaGraphClone";
  return on_graph(name, handle, [&](Device& device, Graph& graph) -> int {
    if (clone == nullptr) return refuse(name, "the clone's address is null");
    auto copy = std::make_unique<Graph>();
    for (const GraphNode& node : graph.nodes) {
      if (node.task.kind == NodeKind::kAllocate || node.task.kind == NodeKind::kFree) {
        return refuse(name, "a graph that allocates or frees memory cannot be cloned", cudaErrorNotSupported);
      }
      copy->nodes.push_back(node);
      copy->originals.push_back(&node);
    }
    *clone = device.add_graph(std::move(copy));
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphNodeFindInClone(const void** node, const void* original, void* handle) {
  const char* name = "cudaGraphNodeFindInClone";
  return on_graph(name, handle, [&](Device&, Graph& graph) -> int {
    if (node == nullptr) return refuse(name, "the node's address is null");
    const auto found = std::find(graph.originals.begin(), graph.originals.end(), original);
    if (found == graph.originals.end()) return refuse(name, "the graph has no copy of the node");
    *node = &graph.nodes[static_cast<size_t>(found - graph.originals.begin())];
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaGraphDebugDotPrint(void* handle, const char* path, unsigned flags) {
  const char* name = "cudaGraphDebugDotPrint";
  return on_graph(name, handle, [&](Device&, Graph& graph) -> int {
    std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "w");
    if (file == nullptr)
      return refuse(name, std::string("cannot write to ") + (path == nullptr ? "null" : path), cudaErrorUnknown);
    const std::string text = dot(graph, flags);
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const bool closed = std::fclose(file) == 0;
    return written && closed ? cudaSuccess : refuse(name, std::string("cannot write to ") + path, cudaErrorUnknown);
  });
}
