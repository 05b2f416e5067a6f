// CUB and Thrust of the toolkit: their kernels, grids by occupancy, scans that look back.
#include <thrust/device_vector.h>
#include <thrust/sort.h>

#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_scan.cuh>

#include "../program.h"

// Calls f twice, as CUB wants it: for the size of its memory, and to work.
template <class F>
void with_memory(F f) {
  size_t bytes = 0;
  CUDA(f(nullptr, bytes));
  Device<char> memory(bytes + 1);
  CUDA(f(static_cast<void*>(memory.data()), bytes));
}

PROGRAM(device_reduce) {
  int n = 5000;
  std::vector<int> x = whole<int>(n, random, -99, 99);
  Device<int> input(x), sum(1);
  with_memory(
      [&](void* memory, size_t& bytes) { return cub::DeviceReduce::Sum(memory, bytes, input.data(), sum.data(), n); });
  equal("the sum", sum.get(), {std::accumulate(x.begin(), x.end(), 0)});
}

PROGRAM(device_scan) {
  int n = 5000;
  std::vector<int> x = whole<int>(n, random, -99, 99), wanted(n);
  std::partial_sum(x.begin(), x.end(), wanted.begin());
  Device<int> input(x), output(n);
  with_memory([&](void* memory, size_t& bytes) {
    return cub::DeviceScan::InclusiveSum(memory, bytes, input.data(), output.data(), n);
  });
  equal("sums", output.get(), wanted);
}

PROGRAM(device_radix_sort) {
  int n = 3000;
  std::vector<unsigned> x = whole<unsigned>(n, random, 0, 99999);
  Device<unsigned> input(x), output(n);
  with_memory([&](void* memory, size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(memory, bytes, input.data(), output.data(), n, 0, 17);
  });
  std::sort(x.begin(), x.end());
  equal("keys", output.get(), x);
}

PROGRAM(thrust_sort) {
  std::vector<int> x = whole<int>(2000, random, -9999, 9999), got(x.size());
  thrust::device_vector<int> data(x.begin(), x.end());
  thrust::sort(data.begin(), data.end(), thrust::greater<int>());
  thrust::copy(data.begin(), data.end(), got.begin());
  std::sort(x.rbegin(), x.rend());
  equal("elements", got, x);
}
