// Graphs that a program builds node by node, and the executables made of them.
#ifndef KIB_EMULATOR_GRAPHS_H
#define KIB_EMULATOR_GRAPHS_H
#include <string>
#include <vector>

#include "runtime/device.h"

namespace kib::emulator {

// The index of a node in its graph; the graph's size for what is no node of it.
size_t index_of(const Graph& graph, const void* node);

// Adds a node behind others. Reports what is wrong.
int add_node(Graph& graph, Task task, const void* const* after, size_t count, const std::string& caller,
             const void** node);

// Fills an executable with the graph's nodes, each behind those that it depends on. Reports a circle.
int make_executable(const Graph& graph, GraphExec* exec, const std::string& caller);

// The executable's copy of a node, by the node's handle; null after a report.
GraphNode* executable_node(GraphExec& exec, const void* node, const std::string& caller);

// cudaGraphExecUpdateResultInfo, and the results that occur here.
struct UpdateInfo {
  int result;  // 0: updated, 1: error, 2: other topology, 3: other kind of node, 5: other parameters, 6: not supported
  const void *node, *from_node;
};

// Takes the parameters of a graph's nodes over, where the graph is of the executable's form.
UpdateInfo update(GraphExec& exec, const Graph& graph, const std::string& caller);

std::string dot(const Graph& graph, unsigned flags);

}  // namespace kib::emulator
#endif
