#include "runtime/graphs.h"

#include <algorithm>
#include <set>

#include "runtime/node_details.h"

namespace kib::emulator {
namespace {

int refuse(const std::string& caller, const std::string& why) {
  report(Finding::kBadArgument, caller, why);
  return cudaErrorInvalidValue;
}

// The nodes' indices, each behind those of what it depends on and else as they were added; fewer where there is a
// circle.
std::vector<size_t> in_order(const Graph& graph) {
  std::vector<size_t> waits(graph.nodes.size()), order;
  std::vector<std::vector<size_t>> next(graph.nodes.size());
  std::set<size_t> ready;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    waits[i] = graph.nodes[i].after.size();
    if (waits[i] == 0) ready.insert(i);
    for (size_t before : graph.nodes[i].after) next[before].push_back(i);
  }
  while (!ready.empty()) {
    const size_t first = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(first);
    for (size_t behind : next[first]) {
      if (--waits[behind] == 0) ready.insert(behind);
    }
  }
  return order;
}

bool memory_node(const GraphNode& node) {
  return node.task.kind == NodeKind::kAllocate || node.task.kind == NodeKind::kFree;
}

// What may not change of a node's parameters.
bool changes_too_much(const GraphNode& from, const GraphNode& to) {
  if (from.task.details == nullptr || to.task.details == nullptr) return false;
  const auto* k = std::get_if<KernelDetails>(&from.task.details->value);
  const auto* l = std::get_if<KernelDetails>(&to.task.details->value);
  if (k != nullptr && l != nullptr) {
    const Dim3 &c = k->call.cluster, &d = l->call.cluster;
    return k->call.cooperative != l->call.cooperative || c.x != d.x || c.y != d.y || c.z != d.z;
  }
  const auto* f = std::get_if<Fill>(&from.task.details->value);
  const auto* g = std::get_if<Fill>(&to.task.details->value);
  if (f != nullptr && g != nullptr) {
    return (f->height > 1 || g->height > 1) && (f->height != g->height || f->width != g->width);
  }
  return false;
}

}  // namespace

size_t index_of(const Graph& graph, const void* node) {
  size_t i = 0;
  while (i < graph.nodes.size() && &graph.nodes[i] != node) ++i;
  return i;
}

int add_node(Graph& graph, Task task, const void* const* after, size_t count, const std::string& caller,
             const void** node) {
  if (node == nullptr || (after == nullptr && count > 0)) return refuse(caller, "an address is null");
  GraphNode added{std::move(task), {}};
  for (size_t i = 0; i < count; ++i) {
    const size_t before = index_of(graph, after[i]);
    if (before == graph.nodes.size()) {
      return refuse(caller, "dependency " + std::to_string(i + 1) + " is no node of the graph");
    }
    if (std::find(added.after.begin(), added.after.end(), before) != added.after.end()) {
      return refuse(caller, "dependency " + std::to_string(i + 1) + " is given twice");
    }
    added.after.push_back(before);
  }
  graph.nodes.push_back(std::move(added));
  *node = &graph.nodes.back();
  return cudaSuccess;
}

int make_executable(const Graph& graph, GraphExec* exec, const std::string& caller) {
  const std::vector<size_t> order = in_order(graph);
  if (order.size() < graph.nodes.size()) {
    return refuse(caller, "the graph's dependencies form a circle; take one of them away");
  }
  std::vector<size_t> place(order.size());
  for (size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  for (size_t index : order) {
    exec->nodes.push_back(graph.nodes[index]);
    exec->origins.push_back(&graph.nodes[index]);
    for (size_t& before : exec->nodes.back().after) before = place[before];
  }
  return cudaSuccess;
}

GraphNode* executable_node(GraphExec& exec, const void* node, const std::string& caller) {
  const auto found = std::find(exec.origins.begin(), exec.origins.end(), node);
  if (found != exec.origins.end()) return &exec.nodes[static_cast<size_t>(found - exec.origins.begin())];
  refuse(caller, "the node is none of the graph that the executable was made of");
  return nullptr;
}

UpdateInfo update(GraphExec& exec, const Graph& graph, const std::string& caller) {
  GraphExec other;
  if (make_executable(graph, &other, caller) != cudaSuccess) return {1, nullptr, nullptr};
  if (other.nodes.size() != exec.nodes.size()) return {2, nullptr, nullptr};
  for (size_t i = 0; i < exec.nodes.size(); ++i) {
    const std::vector<size_t>&from = exec.nodes[i].after, &to = other.nodes[i].after;
    if (from == to) continue;
    const auto differs = std::mismatch(from.begin(), from.end(), to.begin(), to.end()).second;
    return {2, other.origins[i], from.size() == to.size() ? other.origins[*differs] : nullptr};
  }
  for (size_t i = 0; i < exec.nodes.size(); ++i) {
    const GraphNode &from = exec.nodes[i], &to = other.nodes[i];
    if (from.task.kind != to.task.kind) return {3, other.origins[i], nullptr};
    if (memory_node(from)) return {6, other.origins[i], nullptr};
    if (changes_too_much(from, to)) return {5, other.origins[i], nullptr};
  }
  exec.nodes = std::move(other.nodes);
  return {0, nullptr, nullptr};
}

std::string dot(const Graph& graph, unsigned) {
  std::string text = "digraph graph_ {\n";
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode& node = graph.nodes[i];
    std::string label = node.task.name;
    for (size_t at = 0; (at = label.find_first_of("\"\\", at)) != label.npos; at += 2) label.insert(at, "\\");
    text += "  node_" + std::to_string(i) + " [label=\"" + std::to_string(i) + ": " + label + "\"];\n";
    for (size_t before : node.after)
      text += "  node_" + std::to_string(before) + " -> node_" + std::to_string(i) + ";\n";
  }
  return text + "}\n";
}

}  // namespace kib::emulator
