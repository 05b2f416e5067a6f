// Pieces of a workspace.
#ifndef KIB_CPU_ARENA_H
#define KIB_CPU_ARENA_H
#include "level.h"

namespace kib::KIB_LEVEL {

inline int64_t padded(int64_t bytes) { return (bytes + 63) / 64 * 64; }

// Hands out pieces of a workspace.
class Arena {
 public:
  explicit Arena(void* memory) : next_(static_cast<char*>(memory)) {}
  template <class Number>
  Number* take(int64_t count) {
    Number* piece = reinterpret_cast<Number*>(next_);
    next_ += padded(count * static_cast<int64_t>(sizeof(Number)));
    return piece;
  }

 private:
  char* next_;
};

}  // namespace kib::KIB_LEVEL
#endif
