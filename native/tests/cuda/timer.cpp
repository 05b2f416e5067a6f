#include "timer.h"

#include <algorithm>
#include <cstdio>

namespace test {
namespace {

constexpr int kBlocks = 9;

cudaStream_t stream() { return static_cast<cudaStream_t>(device()->stream); }

}  // namespace

Timer::Timer(bool small) : small_(small) {
  int index = 0, processors = 0, kilohertz = 0;
  require(cudaGetDevice(&index), "cudaGetDevice");
  require(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, index), "cudaDeviceGetAttribute");
  require(cudaDeviceGetAttribute(&kilohertz, cudaDevAttrClockRate, index), "cudaDeviceGetAttribute");
  operations_per_second_ = 2.0 * 128 * processors * kilohertz * 1e3;  // fused multiply-adds of 128 lanes
  size_t bytes = small ? 1 << 12 : size_t{1} << 30;
  Array<char> from(bytes), to(bytes);
  require(cudaMemsetAsync(from.data(), 0, bytes, stream()), "cudaMemsetAsync");
  auto copy = [&] {
    require(cudaMemcpyAsync(to.data(), from.data(), bytes, cudaMemcpyDeviceToDevice, stream()), "cudaMemcpyAsync");
    return KIB_OK;
  };
  block(2, copy);
  int calls = small ? 1 : 10;
  bytes_per_second_ =
      2.0 * static_cast<double>(bytes) * calls / (static_cast<double>(block(calls, copy)) * 1e-3 + 1e-12);
  std::printf("copies move %.2f TB/s; %d multiprocessors at %.2f GHz, %.1f TFLOP/s in single precision\n",
              bytes_per_second_ * 1e-12, processors, kilohertz * 1e-6, operations_per_second_ * 1e-12);
}

float Timer::block(int calls, const std::function<kib_status()>& call) const {
  cudaEvent_t begin, end;
  require(cudaEventCreate(&begin), "cudaEventCreate");
  require(cudaEventCreate(&end), "cudaEventCreate");
  require(cudaEventRecord(begin, stream()), "cudaEventRecord");
  for (int i = 0; i < calls; i++) ok(call(), "a timed call");
  require(cudaEventRecord(end, stream()), "cudaEventRecord");
  require(cudaEventSynchronize(end), "cudaEventSynchronize");
  float milliseconds = 0;
  require(cudaEventElapsedTime(&milliseconds, begin, end), "cudaEventElapsedTime");
  require(cudaEventDestroy(begin), "cudaEventDestroy");
  require(cudaEventDestroy(end), "cudaEventDestroy");
  return milliseconds;
}

void Timer::time(const std::string& name, const std::string& shape, Need need,
                 const std::function<kib_status()>& call) {
  Timed timed{name, shape, need};
  double once = static_cast<double>(block(1, call));
  once = std::min(once, static_cast<double>(block(1, call)));
  int calls = small_ ? 1 : std::clamp(static_cast<int>(2 / (once + 1e-4)), 1, 200);  // about 2 ms a block
  std::vector<double> blocks;
  for (int i = 0; i < (small_ ? 1 : kBlocks); i++)
    blocks.push_back(static_cast<double>(block(calls, call)) * 1e3 / calls);
  std::sort(blocks.begin(), blocks.end());
  timed.microseconds = blocks[blocks.size() / 2];
  timed.spread = (blocks.back() - blocks.front()) / (timed.microseconds + 1e-12);
  timed.bound = 1e6 * std::max(need.bytes / bytes_per_second_, need.operations / operations_per_second_);
  double seconds = timed.microseconds * 1e-6 + 1e-15;
  std::printf("%-34s %-34s %10.2f us (spread %4.1f %%) %8.1f GB/s %8.2f TFLOP/s, bound %8.2f us: %5.1f %%\n",
              name.c_str(), shape.c_str(), timed.microseconds, 100 * timed.spread, need.bytes / seconds * 1e-9,
              need.operations / seconds * 1e-12, timed.bound, 100 * timed.bound / (timed.microseconds + 1e-12));
  timed_.push_back(timed);
}

bool Timer::write(const char* file) const {
  std::FILE* out = std::fopen(file, "w");
  if (out == nullptr) return false;
  std::fprintf(out, "{\"copy_tb_per_s\": %.4f, \"rows\": [", bytes_per_second_ * 1e-12);
  for (const Timed& t : timed_) {
    double seconds = t.microseconds * 1e-6 + 1e-15;
    std::fprintf(out,
                 "%s\n {\"kernel\": \"%s\", \"shape\": \"%s\", \"us\": %.3f, \"spread\": %.4f, \"bytes\": %.0f, "
                 "\"flop\": %.0f, \"gb_per_s\": %.2f, \"tflop_per_s\": %.4f, \"bound_us\": %.3f}",
                 &t == timed_.data() ? "" : ",", t.name.c_str(), t.shape.c_str(), t.microseconds, t.spread,
                 t.need.bytes, t.need.operations, t.need.bytes / seconds * 1e-9, t.need.operations / seconds * 1e-12,
                 t.bound);
  }
  std::fprintf(out, "\n]}\n");
  bool written = std::ferror(out) == 0;
  return std::fclose(out) == 0 && written;
}

}  // namespace test
