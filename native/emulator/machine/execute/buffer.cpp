#include "machine/execute/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace kib::emulator::ptx {
namespace {

constexpr size_t kMapped = 1 << 18;  // from this size on

}  // namespace

Buffer::Buffer(size_t bytes) : bytes_((std::max<size_t>(bytes, 64) + 63) / 64 * 64) {
  if (bytes_ >= kMapped) {
    void* p = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<std::byte*>(p);
  } else {
    data_ = static_cast<std::byte*>(std::aligned_alloc(64, bytes_));
    if (data_ == nullptr) throw std::bad_alloc();
    std::memset(data_, 0, bytes_);
  }
}

Buffer::~Buffer() {
  if (bytes_ >= kMapped) {
    ::munmap(data_, bytes_);
  } else {
    std::free(data_);
  }
}

void Buffer::clear() {
  if (bytes_ >= kMapped) {
    ::madvise(data_, bytes_, MADV_DONTNEED);
  } else {
    std::memset(data_, 0, bytes_);
  }
}

}  // namespace kib::emulator::ptx
