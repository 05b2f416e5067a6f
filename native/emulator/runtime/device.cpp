#include "runtime/device.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "machine/memory.h"
#include "machine/options.h"
#include "runtime/host_guard.h"
#include "runtime/pools.h"
#include "runtime/tally.h"

namespace kib::emulator {
namespace {

std::atomic<bool> created{false};

double now_milliseconds() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(since).count();
}

std::string text(const Stream& stream) {
  return stream.legacy ? "the default stream" : "stream " + std::to_string(stream.id);
}

std::string hex(const void* handle) {
  char text[32];
  std::snprintf(text, sizeof text, "%p", handle);
  return text;
}

template <class T>
T* live(const std::map<const void*, std::unique_ptr<T>>& all, const void* handle, const char* what,
        const std::string& caller) {
  const auto found = all.find(handle);
  if (found != all.end()) return found->second.get();
  report(Finding::kBadHandle, caller, hex(handle) + " is no " + what + ", or one that was destroyed");
  return nullptr;
}

// Destroyed graphs keep their addresses, so that their handles never name another.
template <class T>
int bury(std::map<const void*, std::unique_ptr<T>>* all, std::vector<std::unique_ptr<T>>* graves, const void* handle,
         const char* what, const std::string& caller) {
  T* dead = live(*all, handle, what, caller);
  if (dead == nullptr) return cudaErrorInvalidValue;
  dead->nodes.clear();
  dead->nodes.shrink_to_fit();
  auto entry = all->extract(handle);
  graves->push_back(std::move(entry.mapped()));
  return cudaSuccess;
}

}  // namespace

void report(Finding finding, const std::string& caller, const std::string& detail) {
  Report report;
  report.finding = finding;
  report.detail = caller + ": " + detail;
  Reports::instance().add(std::move(report));
}

Device& Device::instance() {
  static Device* device = new Device;  // outlives every destructor that may still use it
  return *device;
}

bool Device::exists() { return created; }

Device::Device() : seed_(Options::current().seed), scheduler_(mutex_, seed_, Options::current().streams) {
  legacy_ = create_stream(0, 0);
  legacy_->legacy = true;
  created = true;
}

Stream* Device::create_stream(unsigned flags, int priority) {
  auto stream = std::make_unique<Stream>();
  stream->id = streams_.size();
  stream->lane = lanes_++;
  stream->flags = flags;
  stream->blocking = (flags & 1) == 0;
  stream->priority = priority;
  stream_handles_.insert(stream.get());
  if (stream->blocking && !streams_.empty()) blocking_.push_back(stream.get());  // the first is the default stream
  streams_.push_back(std::move(stream));
  return streams_.back().get();
}

Event* Device::create_event(bool timing) {
  auto event = std::make_unique<Event>();
  event->timing = timing;
  event_handles_.insert(event.get());
  events_.push_back(std::move(event));
  return events_.back().get();
}

Stream* Device::stream(const void* handle, const std::string& caller) {
  const auto number = reinterpret_cast<uintptr_t>(handle);
  if (number <= 1) return legacy_;
  if (number == 2) {
    thread_local Stream* mine = nullptr;
    if (mine == nullptr) mine = create_stream(0, 0);
    return mine;
  }
  if (stream_handles_.count(handle) == 0) {
    report(Finding::kBadHandle, caller, hex(handle) + " is no stream; pass one that cudaStreamCreate returned");
    return nullptr;
  }
  auto* stream = const_cast<Stream*>(static_cast<const Stream*>(handle));
  if (!stream->destroyed) return stream;
  report(Finding::kBadHandle, caller, "stream " + std::to_string(stream->id) + " was destroyed");
  return nullptr;
}

Event* Device::event(const void* handle, const std::string& caller) {
  if (event_handles_.count(handle) == 0) {
    report(Finding::kBadHandle, caller, hex(handle) + " is no event; pass one that cudaEventCreate returned");
    return nullptr;
  }
  auto* event = const_cast<Event*>(static_cast<const Event*>(handle));
  if (!event->destroyed) return event;
  report(Finding::kBadHandle, caller, "event " + hex(handle) + " was destroyed");
  return nullptr;
}

Graph* Device::graph(const void* handle, const std::string& caller) { return live(graphs_, handle, "graph", caller); }

GraphNode* Device::graph_node(const void* handle, const std::string& caller, Graph** graph) {
  for (const auto& entry : graphs_) {
    for (GraphNode& node : entry.second->nodes) {
      if (&node != handle) continue;
      if (graph != nullptr) *graph = entry.second.get();
      return &node;
    }
  }
  report(Finding::kBadHandle, caller, hex(handle) + " is no node of a graph");
  return nullptr;
}

GraphExec* Device::graph_exec(const void* handle, const std::string& caller) {
  return live(execs_, handle, "executable graph", caller);
}

Graph* Device::add_graph(std::unique_ptr<Graph> graph) {
  Graph* handle = graph.get();
  graphs_[handle] = std::move(graph);
  return handle;
}

GraphExec* Device::add_exec(std::unique_ptr<GraphExec> exec) {
  GraphExec* handle = exec.get();
  execs_[handle] = std::move(exec);
  return handle;
}

int Device::destroy_graph(const void* handle, const std::string& caller) {
  return bury(&graphs_, &graveyard_, handle, "graph", caller);
}

int Device::destroy_exec(const void* handle, const std::string& caller) {
  Pools::instance().forget(handle);
  return bury(&execs_, &exec_graveyard_, handle, "executable graph", caller);
}

// What new work of a stream comes after.
std::vector<NodePtr> Device::before(Stream& stream) {
  std::vector<NodePtr> nodes;
  const auto take = [&](Stream& from) {
    if (from.tail != nullptr) nodes.push_back(from.tail);
    nodes.insert(nodes.end(), from.waits.begin(), from.waits.end());
  };
  take(stream);
  if (stream.legacy) {
    for (Stream* other : blocking_) take(*other);
    // The default stream's own work stands for that of destroyed streams from now on.
    const auto over = [&](const Stream* other) {
      if (!other->destroyed || (other->tail != nullptr && !other->tail->done)) return false;
      if (other->tail != nullptr) stream.waits.push_back(other->tail);
      return true;
    };
    blocking_.erase(std::remove_if(blocking_.begin(), blocking_.end(), over), blocking_.end());
  } else if (stream.blocking) {
    take(*legacy_);
  }
  return nodes;
}

// Its place in the order; numbers begin again when they are used up.
TurnPtr Device::turn(Lock& lock, const Task& task, std::string where, const std::vector<NodePtr>& after) {
  Order& order = Order::instance();
  if (order.exhausted()) {
    scheduler_.run_until(lock, nullptr);
    order.start_anew();
    Memory::instance().order().clear_all();
  }
  std::vector<TurnPtr> turns;
  for (const NodePtr& node : after) turns.push_back(node->turn);
  const bool touches = task.touches && task.work && task.kind != NodeKind::kHost && Options::current().order;
  return order.begin(task.name, std::move(where), turns, touches);
}

void Device::extend(Stream& stream, const NodePtr& node) {
  stream.tail = node;
  stream.waits.clear();
}

// Enqueues a task; one that may begin ahead of the kernel that it comes after, and of nothing else, as two nodes.
NodePtr Device::add(Lock& lock, const Task& task, uint64_t lane, const std::string& where,
                    std::vector<NodePtr> predecessors) {
  Node node;
  node.name = task.name;
  node.work = task.work;
  node.lane = lane;
  node.host = task.kind == NodeKind::kHost;
  node.host_sees = node.host || task.host_sees;
  node.triggers = task.triggers;
  if (task.triggers) node.before_next = predecessors;
  NodePtr kernel;  // the only one that it still waits for
  size_t pending = 0;
  for (const NodePtr& before : predecessors) {
    if (before->done) continue;
    ++pending;
    kernel = before;
  }
  if (task.ahead && pending == 1 && kernel->triggers) {
    std::vector<NodePtr> early = kernel->before_next;
    Node ahead;
    ahead.name = task.name;
    ahead.work = task.ahead;
    ahead.lane = scheduler_.random();
    ahead.turn = turn(lock, task, where + " ahead of the kernel before, until cudaGridDependencySynchronize()", early);
    early.push_back(scheduler_.add(lock, std::move(ahead), early));
    predecessors.push_back(early.back());
    // Where it triggers before it waits itself, the one behind it comes after what this part comes after.
    if (task.triggers && !task.waits_first) node.before_next = std::move(early);
  }
  node.turn = turn(lock, task, where, predecessors);
  const NodePtr added = scheduler_.add(lock, std::move(node), predecessors);
  HostGuard::instance().watch(task, added);
  return added;
}

int Device::enqueue(Lock& lock, Stream& stream, Task task, NodePtr* done) {
  Tally::work().add(task.name);
  if (stream.capture != nullptr) {
    Capture& capture = *stream.capture;
    if (!capture.valid) return cudaErrorStreamCaptureInvalidated;
    capture.graph->nodes.push_back({std::move(task), stream.captured});
    stream.captured = {capture.graph->nodes.size() - 1};
    return cudaSuccess;
  }
  if (stream.legacy) {
    if (const int error = check_no_implicit_capture(task.name)) return error;
  }
  const NodePtr added = add(lock, task, stream.lane, text(stream), before(stream));
  extend(stream, added);
  if (done != nullptr) *done = added;
  return cudaSuccess;
}

int Device::synchronize(Lock& lock, Stream& stream, const std::string& caller) {
  if (stream.capture != nullptr) {
    return forbid(*stream.capture, cudaErrorStreamCaptureUnsupported, caller, "waits for a stream that captures");
  }
  if (stream.legacy) {
    if (const int error = check_no_implicit_capture(caller)) return error;
  }
  for (const NodePtr& node : before(stream)) scheduler_.wait(lock, node);
  Pools::instance().settle(&stream);
  Pools::instance().give_back();
  return scheduler_.fault();
}

int Device::query(Lock& lock, Stream& stream, const std::string& caller) {
  if (stream.capture != nullptr) {
    return forbid(*stream.capture, cudaErrorStreamCaptureUnsupported, caller, "asks about a stream that captures");
  }
  if (stream.legacy) {
    if (const int error = check_no_implicit_capture(caller)) return error;
  }
  scheduler_.poke(lock);
  if (scheduler_.fault() != 0) return scheduler_.fault();
  const std::vector<NodePtr> nodes = before(stream);
  for (const NodePtr& node : nodes) {
    if (!node->done) return cudaErrorNotReady;
  }
  for (const NodePtr& node : nodes) scheduler_.wait(lock, node);
  return cudaSuccess;
}

int Device::synchronize_all(Lock& lock, const std::string& caller) {
  if (!captures_.empty()) {
    return forbid(*captures_.back(), cudaErrorStreamCaptureUnsupported, caller,
                  "waits for all streams, and one captures");
  }
  scheduler_.wait(lock, nullptr);
  Pools::instance().settle(nullptr);
  Pools::instance().give_back();
  return scheduler_.fault();
}

int Device::record(Lock& lock, Event& event, Stream& stream) {
  if (stream.capture != nullptr) {
    if (!stream.capture->valid) return cudaErrorStreamCaptureInvalidated;
    event.capture = stream.capture;
    event.captured = stream.captured;
    event.node = nullptr;
    return cudaSuccess;
  }
  auto stamp = std::make_shared<double>(0);
  NodePtr node;
  Task task{NodeKind::kEmpty, "cudaEventRecord",
            [stamp] {
              *stamp = now_milliseconds();
              return 0;
            },
            nullptr, false};
  if (const int error = enqueue(lock, stream, std::move(task), &node)) return error;
  event.node = std::move(node);
  event.milliseconds = std::move(stamp);
  event.capture = nullptr;
  event.captured.clear();
  return cudaSuccess;
}

int Device::wait(Stream& stream, Event& event, const std::string& caller) {
  if (event.capture != nullptr) {
    Capture& capture = *event.capture;
    if (!capture.valid) return cudaErrorStreamCaptureInvalidated;
    if (capture.graph == nullptr) {
      report(Finding::kBadHandle, caller, "the event was last recorded in a capture that has ended; record it anew");
      return cudaErrorCapturedEvent;
    }
    if (stream.legacy) {
      return forbid(capture, cudaErrorStreamCaptureImplicit, caller, "the default stream cannot join a capture");
    }
    if (stream.capture == nullptr) {
      stream.capture = event.capture;
      stream.captured = event.captured;
    } else if (stream.capture != event.capture) {
      forbid(*stream.capture, cudaErrorStreamCaptureMerge, caller, "joins two captures");
      capture.valid = false;
      return cudaErrorStreamCaptureMerge;
    }
    for (size_t node : event.captured) {
      auto& nodes = stream.captured;
      if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
    }
    return cudaSuccess;
  }
  if (stream.capture != nullptr) {
    return forbid(*stream.capture, cudaErrorStreamCaptureIsolation, caller,
                  "a captured stream cannot wait for an event that was recorded outside the capture");
  }
  if (event.node != nullptr) stream.waits.push_back(event.node);
  return cudaSuccess;
}

void Device::reset(Lock& lock, uint64_t seed) {
  for (const CapturePtr& capture : captures_) capture->graph = nullptr;
  captures_.clear();
  for (const auto& stream : streams_) {
    stream->capture = nullptr;
    stream->captured.clear();
    stream->waits.clear();
  }
  scheduler_.reset(lock, seed);
  Pools::instance().reset();
  HostGuard::instance().reset();
  lanes_ = 0;
  seed_ = seed;
  Reports::instance().set_seed(seed);
}

// The interface for the library stand-ins.

int check_stream(const void* stream, const std::string& caller) {
  Device& device = Device::instance();
  Lock lock(device.mutex());
  return device.stream(stream, caller) != nullptr ? kSuccess : kInvalidHandle;
}

int enqueue(void* handle, const std::string& name, Work work) {
  Device& device = Device::instance();
  Lock lock(device.mutex());
  if (const int fault = device.scheduler().fault()) return fault;
  Stream* stream = device.stream(handle, name);
  if (stream == nullptr) return kInvalidHandle;
  return device.enqueue(lock, *stream, {NodeKind::kKernel, name, std::move(work)});
}

int synchronize(void* handle, const std::string& caller) {
  Device& device = Device::instance();
  Lock lock(device.mutex());
  if (const int fault = device.scheduler().fault()) return fault;
  Stream* stream = device.stream(handle, caller);
  return stream == nullptr ? kInvalidHandle : device.synchronize(lock, *stream, caller);
}

int check_no_capture(const std::string& caller) {
  Device& device = Device::instance();
  Lock lock(device.mutex());
  return device.check_no_capture(caller);
}

bool capturing(const void* handle) {
  Device& device = Device::instance();
  Lock lock(device.mutex());
  const Stream* stream = device.stream(handle, "cudaStreamIsCapturing");
  return stream != nullptr && stream->capture != nullptr;
}

}  // namespace kib::emulator
