// The emulated device's state: streams, events, captures, graphs and the work that is enqueued. There is one for each
// process, in libcuda.so.1; the functions of libcudart.so.13 are thin covers of it.
#ifndef KIB_EMULATOR_DEVICE_H
#define KIB_EMULATOR_DEVICE_H
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "machine/report.h"
#include "runtime/errors.h"
#include "runtime/scheduler.h"

namespace kib::emulator {

// cudaGraphNodeType
enum class NodeKind : int { kKernel = 0, kMemcpy = 1, kMemset = 2, kHost = 3, kEmpty = 5, kAllocate = 10, kFree = 11 };

struct NodeDetails;

// What is enqueued: a call's work, or a graph's node.
struct Task {
  NodeKind kind = NodeKind::kKernel;
  std::string name;
  Work work;
  std::shared_ptr<const NodeDetails> details = nullptr;  // null for what the program cannot ask about
  bool touches = true;                                   // device memory
  bool host_sees = false;                                // a copy to memory that the host may watch without a call
  // Of a launch by programmaticStreamSerialization: its part that needs not wait for the launch before.
  Work ahead = nullptr;
  bool triggers = false;     // a kernel that lets the launch behind it begin before it has ended,
  bool waits_first = false;  // but not before those that it comes after have
};

struct GraphNode {
  Task task;
  std::vector<size_t> after;  // indices of the nodes that it depends on
};

// A cudaGraph_t. A node's address is its cudaGraphNode_t.
struct Graph {
  std::deque<GraphNode> nodes;
  std::vector<const GraphNode*> originals;  // of a clone's nodes
};

// A cudaGraphExec_t: its nodes stand behind those that they depend on.
struct GraphExec {
  std::deque<GraphNode> nodes;
  std::vector<const GraphNode*> origins;  // the graph's nodes, by which the program names those of the executable
  bool frees = false;  // before a launch what is still allocated from the last one (AutoFreeOnLaunch)
  NodePtr last;        // of its last launch: launches of one executable graph do not overlap
};

struct Stream;

// Between cudaStreamBeginCapture and cudaStreamEndCapture.
struct Capture {
  uint64_t id = 0;
  int mode = 0;  // cudaStreamCaptureMode
  std::thread::id thread;
  Stream* origin = nullptr;
  std::unique_ptr<Graph> graph;
  bool valid = true;
};
using CapturePtr = std::shared_ptr<Capture>;

// A cudaStream_t; the object is never deleted, so that a use after cudaStreamDestroy is seen.
struct Stream {
  uint64_t id = 0, lane = 0;
  bool legacy = false;   // the default stream, which blocking streams are ordered with
  bool blocking = true;  // not cudaStreamNonBlocking
  bool destroyed = false;
  unsigned flags = 0;
  int priority = 0;
  NodePtr tail;                // also where it is done: new work comes after it
  std::vector<NodePtr> waits;  // of cudaStreamWaitEvent, for the next work
  CapturePtr capture;
  std::vector<size_t> captured;  // the captured nodes that the next one comes after
};

// A cudaEvent_t; never deleted either.
struct Event {
  bool timing = true, destroyed = false, recorded = false;
  NodePtr node;  // null where never recorded
  std::shared_ptr<double> milliseconds;
  CapturePtr capture;
  std::vector<size_t> captured;
};

class Device {
 public:
  static Device& instance();
  static bool exists();  // whether the process has used the device

  std::mutex& mutex() { return mutex_; }
  Scheduler& scheduler() { return scheduler_; }
  uint64_t seed() const { return seed_; }

  // The stream of a handle, null after a report. The calling thread's own stream for handle 2.
  Stream* stream(const void* handle, const std::string& caller);
  Event* event(const void* handle, const std::string& caller);
  Graph* graph(const void* handle, const std::string& caller);
  GraphNode* graph_node(const void* handle, const std::string& caller, Graph** graph = nullptr);
  GraphExec* graph_exec(const void* handle, const std::string& caller);

  Stream* create_stream(unsigned flags, int priority);
  int destroy(Stream& stream);  // its enqueued work still runs
  Event* create_event(bool timing);
  Graph* add_graph(std::unique_ptr<Graph> graph);
  GraphExec* add_exec(std::unique_ptr<GraphExec> exec);
  int destroy_graph(const void* handle, const std::string& caller);
  int destroy_exec(const void* handle, const std::string& caller);

  // Enqueues on the stream, or adds to the graph that it captures. `done` gets the node where work was enqueued.
  int enqueue(Lock& lock, Stream& stream, Task task, NodePtr* done = nullptr);
  int synchronize(Lock& lock, Stream& stream, const std::string& caller);
  int query(Lock& lock, Stream& stream, const std::string& caller);
  int synchronize_all(Lock& lock, const std::string& caller);

  int record(Lock& lock, Event& event, Stream& stream);
  int wait(Stream& stream, Event& event, const std::string& caller);

  int begin_capture(Stream& stream, int mode, const std::string& caller);
  int end_capture(Stream& stream, Graph** graph, const std::string& caller);
  int launch(Lock& lock, GraphExec& exec, Stream& stream, const std::string& caller);
  // For calls that CUDA forbids while a capture may see them: allocations, synchronizing copies.
  int check_no_capture(const std::string& caller);
  // For calls that use the default stream in the order of the blocking ones.
  int check_no_implicit_capture(const std::string& caller);
  int forbid(Capture& capture, int error, const std::string& caller, const std::string& why);
  int swap_capture_mode(int mode);  // of the calling thread; returns the one before

  // Drops all streams' work, faults and captures; live handles stay. A seed for the order from here on.
  void reset(Lock& lock, uint64_t seed);

 private:
  Device();
  std::vector<NodePtr> before(Stream& stream);
  TurnPtr turn(Lock& lock, const Task& task, std::string where, const std::vector<NodePtr>& after);
  void extend(Stream& stream, const NodePtr& node);
  NodePtr add(Lock& lock, const Task& task, uint64_t lane, const std::string& where, std::vector<NodePtr> predecessors);

  std::mutex mutex_;
  uint64_t seed_;
  Scheduler scheduler_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<Stream*> blocking_;  // those that the default stream waits for
  std::vector<std::unique_ptr<Event>> events_;
  std::set<const void*> stream_handles_, event_handles_;
  std::map<const void*, std::unique_ptr<Graph>> graphs_;
  std::map<const void*, std::unique_ptr<GraphExec>> execs_;
  std::vector<std::unique_ptr<Graph>> graveyard_;  // destroyed graphs keep their addresses
  std::vector<std::unique_ptr<GraphExec>> exec_graveyard_;
  std::vector<CapturePtr> captures_;
  Stream* legacy_;
  uint64_t captures_begun_ = 0;
  uint64_t lanes_ = 0;  // of streams since the order was started anew, so that a seed's order repeats
};

void report(Finding finding, const std::string& caller, const std::string& detail);

}  // namespace kib::emulator
#endif
