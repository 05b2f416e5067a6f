// Enqueued work as a graph of nodes, and the order they run in: late, on the thread that waits for one of them, chosen
// by the seed among those whose predecessors are done.
#ifndef KIB_EMULATOR_SCHEDULER_H
#define KIB_EMULATOR_SCHEDULER_H
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "machine/order.h"
#include "runtime/stream.h"

namespace kib::emulator {

struct Node;
using NodePtr = std::shared_ptr<Node>;
using Lock = std::unique_lock<std::mutex>;

struct Node {
  std::string name;
  Work work;
  uint64_t lane = 0;       // the stream, or the branch of a graph
  bool host = false;       // calls the program back; device work may run meanwhile
  bool host_sees = false;  // a host that calls nothing may wait for it
  uint64_t sequence = 0;   // of enqueueing
  unsigned waits = 0;      // predecessors that are not done
  bool done = false;
  TurnPtr turn;  // whom it comes after, also where those are done
  std::vector<NodePtr> next;
  // Of a kernel that lets the one behind it begin before it has ended: what that one comes after all the same.
  bool triggers = false;
  std::vector<NodePtr> before_next;
};

// Every member function is called with the device's mutex held by `lock`; it is released while work runs.
class Scheduler {
 public:
  Scheduler(std::mutex& mutex, uint64_t seed, bool late) : mutex_(mutex), state_(seed), late_(late) {}

  NodePtr add(Lock& lock, Node node, const std::vector<NodePtr>& predecessors);
  // The host waits: runs until the node is done (null: until all are). What is enqueued later comes after it.
  void wait(Lock& lock, const NodePtr& node);
  // The same, while the host knows nothing of it.
  void run_until(Lock& lock, const NodePtr& node);
  // What a query does: perhaps runs something.
  void poke(Lock& lock);
  bool idle() const { return pending_ == 0; }

  // The first fault of any work; nothing runs after it.
  int fault() const { return fault_; }
  const std::string& fault_name() const { return fault_name_; }
  void set_fault(int fault, const std::string& name);
  // Forgets all enqueued work and the fault, and starts the order anew.
  void reset(Lock& lock, uint64_t seed);
  // At the process's end: nothing runs any more.
  void stop() { dropping_ = true; }

  uint64_t random();
  // Whether the calling thread is inside a function that the program had enqueued.
  static bool in_callback();

 private:
  bool runnable(const Node& node) const { return node.host || !busy_; }
  size_t choose(const NodePtr& target);
  bool run_one(Lock& lock, const NodePtr& target);
  void finish(const NodePtr& node);
  void watch();

  std::mutex& mutex_;
  uint64_t state_;
  bool late_;
  std::vector<NodePtr> ready_;
  size_t pending_ = 0;
  size_t watched_for_ = 0;  // pending nodes that the host sees
  uint64_t sequence_ = 0;
  bool busy_ = false;  // device work is running
  unsigned running_ = 0;
  int fault_ = 0;
  std::string fault_name_;
  unsigned strategy_ = 0, turns_ = 0;
  uint64_t priorities_ = 0, lane_ = 0;
  std::condition_variable changed_, enqueued_;
  uint64_t activity_ = 0;  // grows with each call
  bool watched_ = false, dropping_ = false;
};

}  // namespace kib::emulator
#endif
