// Capture of streams into graphs, and the launch of graphs.
#include <algorithm>
#include <utility>

#include "runtime/device.h"
#include "runtime/host_guard.h"

namespace kib::emulator {
namespace {

thread_local int thread_mode = 0;  // cudaStreamCaptureModeGlobal

constexpr int kGlobal = 0, kRelaxed = 2;

// Whether every node of the graph is `last` or comes before it.
bool joined(const Graph& graph, const std::vector<size_t>& last) {
  std::vector<bool> seen(graph.nodes.size());
  for (size_t node : last) seen[node] = true;
  for (size_t node = graph.nodes.size(); node-- > 0;) {  // a node's predecessors have smaller indices
    if (!seen[node]) return false;
    for (size_t before : graph.nodes[node].after) seen[before] = true;
  }
  return true;
}

}  // namespace

int Device::swap_capture_mode(int mode) { return std::exchange(thread_mode, mode); }

int Device::forbid(Capture& capture, int error, const std::string& caller, const std::string& why) {
  report(Finding::kForbiddenInCapture, caller,
         why + " (capture of stream " + std::to_string(capture.origin->id) + "); the capture is invalid, " +
             error_name(error));
  capture.valid = false;
  return error;
}

int Device::check_no_capture(const std::string& caller) {
  if (thread_mode == kRelaxed) return cudaSuccess;
  for (const CapturePtr& capture : captures_) {
    const bool mine = capture->thread == std::this_thread::get_id();
    const bool forbidden = mine ? capture->mode != kRelaxed : thread_mode == kGlobal && capture->mode == kGlobal;
    if (forbidden) {
      return forbid(*capture, cudaErrorStreamCaptureUnsupported, caller,
                    "may allocate or synchronize, which a capture cannot record; call it before the capture begins");
    }
  }
  return cudaSuccess;
}

int Device::check_no_implicit_capture(const std::string& caller) {
  if (captures_.empty()) return cudaSuccess;
  for (const auto& stream : streams_) {
    if (stream->capture == nullptr || !stream->blocking) continue;
    return forbid(*stream->capture, cudaErrorStreamCaptureImplicit, caller,
                  "the default stream would have to wait for a stream that captures; name a stream, or create that one "
                  "with cudaStreamNonBlocking");
  }
  return cudaSuccess;
}

int Device::begin_capture(Stream& stream, int mode, const std::string& caller) {
  if (mode < kGlobal || mode > kRelaxed) return cudaErrorInvalidValue;
  if (stream.legacy) {
    report(Finding::kForbiddenInCapture, caller, "the default stream cannot be captured; create a stream");
    return cudaErrorStreamCaptureUnsupported;
  }
  if (stream.capture != nullptr) {
    report(Finding::kForbiddenInCapture, caller, "stream " + std::to_string(stream.id) + " captures already");
    return cudaErrorIllegalState;
  }
  auto capture = std::make_shared<Capture>();
  capture->id = ++captures_begun_;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->origin = &stream;
  capture->graph = std::make_unique<Graph>();
  captures_.push_back(capture);
  stream.capture = std::move(capture);
  stream.captured.clear();
  return cudaSuccess;
}

int Device::end_capture(Stream& stream, Graph** graph, const std::string& caller) {
  *graph = nullptr;
  const CapturePtr capture = stream.capture;
  if (capture == nullptr) {
    report(Finding::kForbiddenInCapture, caller, "stream " + std::to_string(stream.id) + " does not capture");
    return cudaErrorIllegalState;
  }
  if (capture->mode != kRelaxed && capture->thread != std::this_thread::get_id()) {
    report(Finding::kForbiddenInCapture, caller, "another thread began the capture, and not in the relaxed mode");
    return cudaErrorStreamCaptureWrongThread;
  }
  if (capture->origin != &stream) {
    return forbid(*capture, cudaErrorStreamCaptureUnmatched, caller,
                  "ends on stream " + std::to_string(stream.id) + ", which only joined the capture");
  }
  int error = capture->valid ? cudaSuccess : cudaErrorStreamCaptureInvalidated;
  if (error == cudaSuccess && !joined(*capture->graph, stream.captured)) {
    error = forbid(*capture, cudaErrorStreamCaptureUnjoined, caller,
                   "a stream that joined the capture has work that the first stream does not wait for; record an event "
                   "there and wait for it");
  }
  if (error == cudaSuccess) *graph = add_graph(std::move(capture->graph));
  capture->graph = nullptr;
  for (const auto& other : streams_) {
    if (other->capture != capture) continue;
    other->capture = nullptr;
    other->captured.clear();
  }
  captures_.erase(std::find(captures_.begin(), captures_.end(), capture));
  return error;
}

int Device::destroy(Stream& stream) {
  if (stream.capture != nullptr) {
    const CapturePtr capture = stream.capture;
    forbid(*capture, cudaErrorStreamCaptureInvalidated, "cudaStreamDestroy", "destroys a stream that captures");
    if (capture->origin == &stream) captures_.erase(std::find(captures_.begin(), captures_.end(), capture));
    for (const auto& other : streams_) {
      if (other->capture == capture && (capture->origin == &stream || other.get() == &stream)) other->capture = nullptr;
    }
  }
  stream.destroyed = true;
  return cudaSuccess;
}

int Device::launch(Lock& lock, GraphExec& exec, Stream& stream, const std::string& caller) {
  if (stream.capture != nullptr) {  // the graph's nodes become the captured graph's
    if (!stream.capture->valid) return cudaErrorStreamCaptureInvalidated;
    auto& nodes = stream.capture->graph->nodes;
    const size_t first = nodes.size();
    for (const GraphNode& node : exec.nodes) {
      nodes.push_back(node);
      for (size_t& before : nodes.back().after) before += first;
      if (node.after.empty()) nodes.back().after = stream.captured;
    }
    nodes.push_back({{NodeKind::kEmpty, caller, nullptr}, stream.captured});
    for (size_t i = first; i + 1 < nodes.size(); ++i) nodes.back().after.push_back(i);
    stream.captured = {nodes.size() - 1};
    return cudaSuccess;
  }
  if (stream.legacy) {
    if (const int error = check_no_implicit_capture(caller)) return error;
  }
  std::vector<NodePtr> start = before(stream), added;
  if (exec.last != nullptr) start.push_back(exec.last);
  const std::string where = "the graph launched on " +
                            (stream.legacy ? std::string("the default stream") : "stream " + std::to_string(stream.id));
  std::vector<bool> continued(exec.nodes.size());
  for (const GraphNode& from : exec.nodes) {
    // The first node behind another continues its branch.
    const bool branches = from.after.empty() || continued[from.after[0]];
    const uint64_t lane = branches ? scheduler_.random() : added[from.after[0]]->lane;
    if (!branches) continued[from.after[0]] = true;
    std::vector<NodePtr> predecessors = from.after.empty() ? start : std::vector<NodePtr>();
    for (size_t before : from.after) predecessors.push_back(added[before]);
    added.push_back(add(lock, from.task, lane, where, std::move(predecessors)));
  }
  added.insert(added.end(), start.begin(), start.end());
  Node end;
  end.name = caller;
  end.lane = stream.lane;
  end.turn = turn(lock, {NodeKind::kEmpty, caller, nullptr, nullptr, false}, where, added);
  const NodePtr last = scheduler_.add(lock, std::move(end), added);
  extend(stream, last);
  exec.last = last;
  return cudaSuccess;
}

}  // namespace kib::emulator
