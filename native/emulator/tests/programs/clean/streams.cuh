// Work on several streams, and on the host beside them, in the orders that CUDA promises.
#include <atomic>
#include <thread>

#include "../program.h"

constexpr int kBlock = 64, kElements = 4 * kBlock, kGrid = kElements / kBlock;
constexpr size_t kBytes = kElements * sizeof(int);

__global__ void affine(const int* x, int* y, int factor, int offset) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  y[i] = x[i] * factor + offset;
}
__global__ void add(const int* a, const int* b, int* y) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  y[i] = a[i] + b[i];
}

struct Stream {
  explicit Stream(unsigned flags = cudaStreamNonBlocking) { CUDA(cudaStreamCreateWithFlags(&handle, flags)); }
  ~Stream() { cudaStreamDestroy(handle); }
  Stream(const Stream&) = delete;
  operator cudaStream_t() const { return handle; }
  cudaStream_t handle = nullptr;
};
struct Event {
  Event() { CUDA(cudaEventCreateWithFlags(&handle, cudaEventDisableTiming)); }
  ~Event() { cudaEventDestroy(handle); }
  Event(const Event&) = delete;
  operator cudaEvent_t() const { return handle; }
  // What `from` does up to now is before what `to` does from now.
  void join(cudaStream_t from, cudaStream_t to) {
    CUDA(cudaEventRecord(handle, from));
    CUDA(cudaStreamWaitEvent(to, handle, 0));
  }
  cudaEvent_t handle = nullptr;
};
struct Pinned {
  Pinned() { CUDA(cudaMallocHost(&data, kBytes)); }
  ~Pinned() { cudaFreeHost(data); }
  Pinned(const Pinned&) = delete;
  std::vector<int> get() const { return {data, data + kElements}; }
  int* data = nullptr;
};
std::vector<int> mapped(std::vector<int> x, int factor, int offset) {
  for (int& v : x) v = v * factor + offset;
  return x;
}
std::vector<int> summed(std::vector<int> x, const std::vector<int>& y) {
  for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  return x;
}
// An input that all streams may read.
struct Input {
  explicit Input(std::mt19937_64& random) : host(whole<int>(kElements, random, -99, 99)), device(host) {
    CUDA(cudaDeviceSynchronize());
  }
  std::vector<int> host;
  Device<int> device;
};

// One stream parts into three and they meet again.
PROGRAM(fork_and_join) {
  Input x(random);
  Device<int> a(kElements), b(kElements), c(kElements);
  Stream main, left, right;
  Event fork, l, r;
  affine<<<kGrid, kBlock, 0, main>>>(x.device, a, 2, 1);
  CUDA(cudaEventRecord(fork, main));
  CUDA(cudaStreamWaitEvent(left, fork, 0));
  CUDA(cudaStreamWaitEvent(right, fork, 0));
  affine<<<kGrid, kBlock, 0, left>>>(a, b, 3, 0);
  affine<<<kGrid, kBlock, 0, right>>>(a, c, 5, 7);
  l.join(left, main);
  r.join(right, main);
  add<<<kGrid, kBlock, 0, main>>>(b, c, a);
  CUDA(cudaStreamSynchronize(main));
  equal("the sum", a.get(), mapped(mapped(x.host, 2, 1), 8, 7));
}

// Batches through two pinned buffers: while one is computed, the next is filled and copied.
PROGRAM(pinned_double_buffers) {
  Pinned in[2], out[2];
  Device<int> x0(kElements), x1(kElements), y0(kElements), y1(kElements);
  int *x[2] = {x0, x1}, *y[2] = {y0, y1};
  Stream copy_in, compute, copy_out;
  Event ready[2], computed[2], emptied[2];
  std::vector<std::vector<int>> wanted, got;
  for (int batch = 0; batch < 6; ++batch) {
    int k = batch % 2;
    if (batch >= 2) {
      CUDA(cudaEventSynchronize(ready[k]));  // the host may write into its buffer again
      CUDA(cudaEventSynchronize(emptied[k]));
      got.push_back(out[k].get());
    }
    std::vector<int> host = whole<int>(kElements, random, -99, 99);
    wanted.push_back(mapped(host, 3, batch));
    std::copy(host.begin(), host.end(), in[k].data);
    if (batch >= 2) CUDA(cudaStreamWaitEvent(copy_in, computed[k], 0));
    CUDA(cudaMemcpyAsync(x[k], in[k].data, kBytes, cudaMemcpyHostToDevice, copy_in));
    ready[k].join(copy_in, compute);
    if (batch >= 2) CUDA(cudaStreamWaitEvent(compute, emptied[k], 0));
    affine<<<kGrid, kBlock, 0, compute>>>(x[k], y[k], 3, batch);
    computed[k].join(compute, copy_out);
    CUDA(cudaMemcpyAsync(out[k].data, y[k], kBytes, cudaMemcpyDeviceToHost, copy_out));
    CUDA(cudaEventRecord(emptied[k], copy_out));
  }
  CUDA(cudaDeviceSynchronize());
  for (int k : {0, 1}) got.push_back(out[k].get());
  for (int batch = 0; batch < 6; ++batch) equal("a batch", got[batch], wanted[batch]);
}

// A producer and a consumer with a ring of three buffers; each waits for the other where the ring is full or empty.
PROGRAM(producer_and_consumer) {
  Input x(random);
  Device<int> ring(3 * kElements), sum(std::vector<int>(kElements, 0));
  CUDA(cudaDeviceSynchronize());
  Stream producer, consumer;
  Event full[3], empty[3];
  std::vector<int> wanted(kElements);
  for (int item = 0; item < 8; ++item) {
    int k = item % 3;
    int* slot = ring + k * kElements;
    if (item >= 3) CUDA(cudaStreamWaitEvent(producer, empty[k], 0));
    affine<<<kGrid, kBlock, 0, producer>>>(x.device, slot, item, 1);
    full[k].join(producer, consumer);
    add<<<kGrid, kBlock, 0, consumer>>>(sum, slot, sum);
    CUDA(cudaEventRecord(empty[k], consumer));
    wanted = summed(wanted, mapped(x.host, item, 1));
  }
  CUDA(cudaStreamSynchronize(consumer));
  equal("the sum", sum.get(), wanted);
}

// Streams of unlike priority each on their own memory.
PROGRAM(priorities) {
  Input x(random);
  int least = 0, greatest = 0;
  CUDA(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  cudaStream_t low, high;
  CUDA(cudaStreamCreateWithPriority(&low, cudaStreamNonBlocking, least));
  CUDA(cudaStreamCreateWithPriority(&high, cudaStreamNonBlocking, greatest));
  Device<int> a(kElements), b(kElements);
  for (int k = 1; k < 4; ++k) {
    affine<<<kGrid, kBlock, 0, low>>>(x.device, a, k, 0);
    affine<<<kGrid, kBlock, 0, high>>>(x.device, b, 0, k);
  }
  CUDA(cudaStreamSynchronize(low));
  CUDA(cudaStreamSynchronize(high));
  equal("the low one", a.get(), mapped(x.host, 3, 0));
  equal("the high one", b.get(), mapped(x.host, 0, 3));
  CUDA(cudaStreamDestroy(low));
  CUDA(cudaStreamDestroy(high));
}

// The legacy default stream waits for blocking streams, and they for it.
PROGRAM(legacy_default_stream) {
  Input x(random);
  Device<int> a(kElements), b(kElements), c(kElements);
  Stream one(cudaStreamDefault), two(cudaStreamDefault);
  affine<<<kGrid, kBlock, 0, one>>>(x.device, a, 2, 0);
  affine<<<kGrid, kBlock, 0, two>>>(x.device, b, 0, 5);
  add<<<kGrid, kBlock>>>(a, b, c);
  affine<<<kGrid, kBlock, 0, one>>>(c, a, 3, 0);
  affine<<<kGrid, kBlock, 0, two>>>(c, b, 1, 1);
  add<<<kGrid, kBlock, 0, cudaStreamLegacy>>>(a, b, c);
  equal("the sum", c.get(), mapped(mapped(x.host, 2, 5), 4, 1));
}

// The default stream of each host thread; each thread waits for its own.
PROGRAM(default_stream_of_each_thread) {
  Input x(random);
  Device<int> y(3 * kElements);
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int k = 0; k < 3; ++k)
    threads.emplace_back([&, k] {
      for (int step = 1; step < 4; ++step)
        affine<<<kGrid, kBlock, 0, cudaStreamPerThread>>>(x.device, y + k * kElements, step, k);
      failed += cudaStreamSynchronize(cudaStreamPerThread) != cudaSuccess;
    });
  for (std::thread& thread : threads) thread.join();
  if (failed) throw std::runtime_error("a thread's stream failed");
  std::vector<int> got = y.get();
  for (int k = 0; k < 3; ++k)
    equal("a thread's", {got.begin() + k * kElements, got.begin() + (k + 1) * kElements}, mapped(x.host, 3, k));
}

// The host's functions in the order of a stream: between copies, and over to another stream by an event.
struct Doubling {
  const int* from;
  int* to;
};
void CUDART_CB double_all(void* data) {
  auto* d = static_cast<Doubling*>(data);
  for (int i = 0; i < kElements; ++i) d->to[i] = 2 * d->from[i];
}
PROGRAM(host_functions) {
  Input x(random);
  Pinned down, up;
  Device<int> a(kElements), b(kElements);
  Stream one, two;
  Event done;
  Doubling doubling{down.data, up.data};
  affine<<<kGrid, kBlock, 0, one>>>(x.device, a, 1, 3);
  CUDA(cudaMemcpyAsync(down.data, a, kBytes, cudaMemcpyDeviceToHost, one));
  CUDA(cudaLaunchHostFunc(one, double_all, &doubling));
  done.join(one, two);
  CUDA(cudaMemcpyAsync(b, up.data, kBytes, cudaMemcpyHostToDevice, two));
  affine<<<kGrid, kBlock, 0, two>>>(b, b, 1, 1);
  CUDA(cudaStreamSynchronize(two));
  equal("the result", b.get(), mapped(x.host, 2, 7));
}

// The host asks until an event has happened.
PROGRAM(event_queries) {
  Input x(random);
  Device<int> y(kElements);
  Pinned host;
  Stream stream;
  Event done;
  affine<<<kGrid, kBlock, 0, stream>>>(x.device, y, 4, 4);
  CUDA(cudaMemcpyAsync(host.data, y, kBytes, cudaMemcpyDeviceToHost, stream));
  CUDA(cudaEventRecord(done, stream));
  cudaError_t state;
  while ((state = cudaEventQuery(done)) == cudaErrorNotReady) std::this_thread::yield();
  CUDA(state);
  equal("the result", host.get(), mapped(x.host, 4, 4));
}

// One event again and again: a wait means the record that was the last when it was asked for.
PROGRAM(one_event_many_times) {
  Input x(random);
  Device<int> a(kElements), b(kElements), c(kElements);
  Stream one, two;
  Event event;
  std::vector<int> wanted = x.host;
  CUDA(cudaMemcpyAsync(a, x.device, kBytes, cudaMemcpyDeviceToDevice, one));
  for (int step = 0; step < 5; ++step) {
    event.join(one, two);
    affine<<<kGrid, kBlock, 0, two>>>(a, b, 1, step);
    event.join(two, one);
    affine<<<kGrid, kBlock, 0, one>>>(b, a, -1, 2);
    wanted = mapped(wanted, -1, 2 - step);
  }
  CUDA(cudaStreamSynchronize(one));
  equal("the result", a.get(), wanted);
}

// A thread launches, another waits for the event and reads.
PROGRAM(event_between_threads) {
  Input x(random);
  Device<int> y(kElements);
  Pinned host;
  Stream stream;
  Event done;
  std::atomic<bool> recorded{false};
  std::thread other([&] {
    affine<<<kGrid, kBlock, 0, stream>>>(x.device, y, 7, 0);
    cudaMemcpyAsync(host.data, y, kBytes, cudaMemcpyDeviceToHost, stream);
    cudaEventRecord(done, stream);
    recorded = true;
  });
  while (!recorded) std::this_thread::yield();
  CUDA(cudaEventSynchronize(done));
  std::vector<int> got = host.get();
  other.join();
  equal("the result", got, mapped(x.host, 7, 0));
}

// Halves of one allocation on two streams; a fill and copies of rows among them.
PROGRAM(halves_of_one_allocation) {
  Input x(random);
  Device<int> y(kElements), z(kElements);
  CUDA(cudaDeviceSynchronize());
  Stream one, two;
  int half = kElements / 2;
  CUDA(cudaMemsetAsync(y, 0, kBytes / 2, one));
  CUDA(cudaMemcpy2DAsync(y + half, 16 * sizeof(int), x.device + half, 16 * sizeof(int), 16 * sizeof(int), half / 16,
                         cudaMemcpyDeviceToDevice, two));
  affine<<<kGrid / 2, kBlock, 0, one>>>(y, z, 1, 9);
  affine<<<kGrid / 2, kBlock, 0, two>>>(y + half, z + half, 2, 0);
  CUDA(cudaStreamSynchronize(one));
  CUDA(cudaStreamSynchronize(two));
  std::vector<int> wanted = mapped(x.host, 2, 0);
  std::fill(wanted.begin(), wanted.begin() + half, 9);
  equal("halves", z.get(), wanted);
}

// Both streams read what neither writes, and one scratch buffer goes from the one to the other and back.
PROGRAM(scratch_handed_over) {
  Input x(random);
  Device<int> scratch(kElements), a(kElements), b(kElements);
  Stream one, two;
  Event over;
  for (int round = 0; round < 3; ++round) {
    affine<<<kGrid, kBlock, 0, one>>>(x.device, scratch, 2, round);
    affine<<<kGrid, kBlock, 0, one>>>(scratch, a, 1, 0);
    over.join(one, two);
    affine<<<kGrid, kBlock, 0, two>>>(x.device, scratch, 3, round);
    affine<<<kGrid, kBlock, 0, two>>>(scratch, b, 1, 0);
    over.join(two, one);
  }
  CUDA(cudaDeviceSynchronize());
  equal("the first's", a.get(), mapped(x.host, 2, 2));
  equal("the second's", b.get(), mapped(x.host, 3, 2));
}

// Memory that is freed when the work on it is done, and allocated again by the next.
PROGRAM(memory_used_again) {
  Input x(random);
  Stream one, two;
  for (int round = 0; round < 4; ++round) {
    Device<int> y(kElements);
    cudaStream_t stream = round % 2 ? one : two;
    affine<<<kGrid, kBlock, 0, stream>>>(x.device, y, round, 1);
    CUDA(cudaStreamSynchronize(stream));
    equal("a round", y.get(), mapped(x.host, round, 1));
  }
}
