// Bytes at a multiple of 64, zeros at first. Pages of large buffers exist when they are touched.
#ifndef KIB_EMULATOR_EXECUTE_BUFFER_H
#define KIB_EMULATOR_EXECUTE_BUFFER_H
#include <cstddef>

namespace kib::emulator::ptx {

class Buffer {
 public:
  explicit Buffer(size_t bytes);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  std::byte* data() const { return data_; }
  void clear();

 private:
  std::byte* data_;
  size_t bytes_;
};

}  // namespace kib::emulator::ptx
#endif
