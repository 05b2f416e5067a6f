// Graphs: captured or built, launched again and again, changed between launches.
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

struct Streams {
  Streams() {
    for (cudaStream_t& s : all) CUDA(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking));
    for (cudaEvent_t& e : events) CUDA(cudaEventCreateWithFlags(&e, cudaEventDisableTiming));
    CUDA(cudaDeviceSynchronize());  // these streams do not wait for the default one's copies
  }
  ~Streams() {
    for (cudaStream_t s : all) cudaStreamDestroy(s);
    for (cudaEvent_t e : events) cudaEventDestroy(e);
  }
  void join(int event, int from, int to) {
    CUDA(cudaEventRecord(events[event], all[from]));
    CUDA(cudaStreamWaitEvent(all[to], events[event], 0));
  }
  cudaStream_t operator[](int k) const { return all[k]; }
  cudaStream_t all[3];
  cudaEvent_t events[4];
};

// A graph and what can be launched of it.
struct Graph {
  Graph() = default;
  ~Graph() {
    if (executable) cudaGraphExecDestroy(executable);
    if (graph) cudaGraphDestroy(graph);
  }
  Graph(const Graph&) = delete;
  template <class Work>
  Graph(cudaStream_t stream, Work work) {
    CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    work();
    CUDA(cudaStreamEndCapture(stream, &graph));
    instantiate();
  }
  void instantiate() { CUDA(cudaGraphInstantiate(&executable, graph, 0)); }
  void launch(cudaStream_t stream) const { CUDA(cudaGraphLaunch(executable, stream)); }
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
};
std::vector<int> mapped(std::vector<int> x, int factor, int offset) {
  for (int& v : x) v = v * factor + offset;
  return x;
}

PROGRAM(captured_fork_and_join) {
  std::vector<int> host = whole<int>(kElements, random, -99, 99);
  Device<int> x(host), a(kElements), b(kElements);
  Streams s;
  Graph graph(s[0], [&] {
    s.join(0, 0, 1);
    affine<<<kGrid, kBlock, 0, s[0]>>>(x, a, 2, 1);
    affine<<<kGrid, kBlock, 0, s[1]>>>(x, b, 3, 0);
    s.join(1, 1, 0);
    add<<<kGrid, kBlock, 0, s[0]>>>(a, b, x);
  });
  for (int round = 0; round < 3; ++round) {
    graph.launch(s[0]);
    host = mapped(host, 5, 1);
  }
  CUDA(cudaStreamSynchronize(s[0]));
  equal("the sum", x.get(), host);
}

// A step of training in a loop: copy in, compute, copy out; the host changes the pinned buffer between launches.
PROGRAM(replay_with_new_inputs) {
  int *in = nullptr, *out = nullptr;
  CUDA(cudaMallocHost(&in, kBytes));
  CUDA(cudaMallocHost(&out, kBytes));
  Device<int> x(kElements), sum(std::vector<int>(kElements, 0));
  Streams s;
  {
    Graph graph(s[0], [&] {
      CUDA(cudaMemcpyAsync(x, in, kBytes, cudaMemcpyHostToDevice, s[0]));
      add<<<kGrid, kBlock, 0, s[0]>>>(sum, x, sum);
      CUDA(cudaMemcpyAsync(out, sum, kBytes, cudaMemcpyDeviceToHost, s[0]));
    });
    std::vector<int> wanted(kElements);
    for (int round = 0; round < 4; ++round) {
      std::vector<int> host = whole<int>(kElements, random, -99, 99);
      std::copy(host.begin(), host.end(), in);
      graph.launch(s[0]);
      CUDA(cudaStreamSynchronize(s[0]));
      for (int i = 0; i < kElements; ++i) wanted[i] += host[i];
      equal<int>("the sum", {out, out + kElements}, wanted);
    }
  }
  CUDA(cudaFreeHost(in));
  CUDA(cudaFreeHost(out));
}

// One executable graph on two streams in turn: its launches follow each other, what is around them needs events.
PROGRAM(graph_on_two_streams) {
  std::vector<int> host = whole<int>(kElements, random, -99, 99);
  Device<int> x(host), y(kElements);
  Streams s;
  Graph graph(s[2], [&] {
    affine<<<kGrid, kBlock, 0, s[2]>>>(x, y, 1, 2);
    affine<<<kGrid, kBlock, 0, s[2]>>>(y, x, -1, 0);
  });
  for (int round = 0; round < 4; ++round) {
    graph.launch(s[round % 2]);
    s.join(round % 2, round % 2, 1 - round % 2);
    host = mapped(host, -1, -2);
  }
  CUDA(cudaDeviceSynchronize());
  equal("the result", x.get(), host);
}

// A graph inside another, twice: a launch that is captured.
PROGRAM(child_graphs) {
  std::vector<int> host = whole<int>(kElements, random, -99, 99);
  Device<int> x(host);
  Streams s;
  Graph child(s[0], [&] { affine<<<kGrid, kBlock, 0, s[0]>>>(x, x, 2, 1); }), both(s[0], [&] {
    child.launch(s[0]);
    child.launch(s[0]);
  });
  both.launch(s[0]);
  CUDA(cudaStreamSynchronize(s[0]));
  equal("the result", x.get(), mapped(host, 4, 3));
}

// The same shape captured again with other numbers: the executable graph takes them over.
PROGRAM(updated_parameters) {
  std::vector<int> host = whole<int>(kElements, random, -99, 99);
  Device<int> x(host), y(kElements);
  Streams s;
  auto work = [&](int factor) {
    return [&, factor] {
      affine<<<kGrid, kBlock, 0, s[0]>>>(x, y, factor, 0);
      affine<<<kGrid, kBlock, 0, s[0]>>>(y, y, 1, factor);
    };
  };
  Graph graph(s[0], work(2));
  for (int factor = 2; factor < 6; ++factor) {
    if (factor > 2) {
      Graph next(s[0], work(factor));
      cudaGraphExecUpdateResultInfo result;
      CUDA(cudaGraphExecUpdate(graph.executable, next.graph, &result));
    }
    graph.launch(s[0]);
    CUDA(cudaStreamSynchronize(s[0]));
    equal("the result", y.get(), mapped(host, factor, factor));
  }
}

// A host's function as a node between two copies.
void CUDART_CB negate(void* data) {
  for (int i = 0; i < kElements; ++i) static_cast<int*>(data)[i] *= -1;
}
PROGRAM(host_node) {
  std::vector<int> host = whole<int>(kElements, random, -99, 99);
  int* pinned = nullptr;
  CUDA(cudaMallocHost(&pinned, kBytes));
  Device<int> x(host);
  Streams s;
  {
    Graph graph(s[0], [&] {
      CUDA(cudaMemcpyAsync(pinned, x, kBytes, cudaMemcpyDeviceToHost, s[0]));
      CUDA(cudaLaunchHostFunc(s[0], negate, pinned));
      CUDA(cudaMemcpyAsync(x, pinned, kBytes, cudaMemcpyHostToDevice, s[0]));
    });
    for (int round = 0; round < 3; ++round) graph.launch(s[0]);
    CUDA(cudaStreamSynchronize(s[0]));
  }
  equal("the result", x.get(), mapped(host, -1, 0));
  CUDA(cudaFreeHost(pinned));
}

// Graphs among plain launches and events of other streams.
PROGRAM(graph_among_launches) {
  std::vector<int> host = whole<int>(kElements, random, -99, 99);
  Device<int> x(host), y(kElements), z(kElements);
  Streams s;
  Graph graph(s[2], [&] { affine<<<kGrid, kBlock, 0, s[2]>>>(y, y, 3, 0); });
  affine<<<kGrid, kBlock, 0, s[0]>>>(x, y, 1, 1);
  s.join(0, 0, 1);
  graph.launch(s[1]);
  s.join(1, 1, 0);
  affine<<<kGrid, kBlock, 0, s[0]>>>(y, z, 1, 5);
  CUDA(cudaStreamSynchronize(s[0]));
  equal("the result", z.get(), mapped(host, 3, 8));
}

// Two graphs that touch nothing in common, at the same time.
PROGRAM(two_graphs_beside_each_other) {
  std::vector<int> host = whole<int>(kElements, random, -99, 99);
  Device<int> x(host), a(kElements), b(kElements);
  Streams s;
  Graph one(s[0], [&] { affine<<<kGrid, kBlock, 0, s[0]>>>(x, a, 2, 0); }),
      two(s[1], [&] { affine<<<kGrid, kBlock, 0, s[1]>>>(x, b, 0, 2); });
  for (int round = 0; round < 3; ++round) {
    one.launch(s[0]);
    two.launch(s[1]);
  }
  CUDA(cudaStreamSynchronize(s[0]));
  CUDA(cudaStreamSynchronize(s[1]));
  equal("the first's", a.get(), mapped(host, 2, 0));
  equal("the second's", b.get(), mapped(host, 0, 2));
}
