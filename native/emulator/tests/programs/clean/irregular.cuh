// Graphs, sparse matrices, locks, lists and tables: work whose shape the data decide.
#include "../program.h"

constexpr int kBlock = 64;
constexpr unsigned kAll = 0xffffffffu;

struct Sparse {  // rows of a matrix, or the neighbours of a graph's nodes
  std::vector<int> begin{0}, column, value;
};
Sparse sparse(int rows, int columns, int most, std::mt19937_64& random) {
  Sparse s;
  for (int r = 0; r < rows; ++r) {
    for (int k = int(random() % unsigned(most + 1)); k > 0; --k) {
      s.column.push_back(int(random() % unsigned(columns)));
      s.value.push_back(int(random() % 19) - 9);
    }
    s.begin.push_back(int(s.column.size()));
  }
  s.column.push_back(0), s.value.push_back(0);  // never empty
  return s;
}

// A sparse matrix times a vector: a thread a row, and a warp a row.
__global__ void thread_a_row(const int* begin, const int* column, const int* value, const int* x, int* y, int rows) {
  int r = blockIdx.x * kBlock + threadIdx.x, sum = 0;
  if (r >= rows) return;
  for (int i = begin[r]; i < begin[r + 1]; ++i) sum += value[i] * x[column[i]];
  y[r] = sum;
}
__global__ void warp_a_row(const int* begin, const int* column, const int* value, const int* x, int* y, int rows) {
  int r = blockIdx.x * (kBlock / 32) + threadIdx.x / 32, sum = 0;
  if (r >= rows) return;
  for (int i = begin[r] + int(threadIdx.x % 32); i < begin[r + 1]; i += 32) sum += value[i] * x[column[i]];
  sum = __reduce_add_sync(kAll, sum);
  if (threadIdx.x % 32 == 0) y[r] = sum;
}
PROGRAM(sparse_times_vector) {
  int rows = 90, columns = 70;
  Sparse s = sparse(rows, columns, 50, random);
  std::vector<int> x = whole<int>(columns, random, -9, 9), wanted(rows);
  for (int r = 0; r < rows; ++r)
    for (int i = s.begin[r]; i < s.begin[r + 1]; ++i) wanted[r] += s.value[i] * x[s.column[i]];
  Device<int> begin(s.begin), column(s.column), value(s.value), vector(x), y(rows), z(rows);
  thread_a_row<<<2, kBlock>>>(begin, column, value, vector, y, rows);
  warp_a_row<<<45, kBlock>>>(begin, column, value, vector, z, rows);
  LAUNCHED();
  equal("by threads", y.get(), wanted);
  equal("by warps", z.get(), wanted);
}

// Breadth first, a launch a level: who first reaches a node by compare-and-swap appends it to the next frontier.
__global__ void expand(const int* begin, const int* neighbour, int* level, const int* frontier, int size, int* next,
                       int* count, int depth) {
  int k = blockIdx.x * kBlock + threadIdx.x;
  if (k >= size) return;
  for (int i = begin[frontier[k]]; i < begin[frontier[k] + 1]; ++i)
    if (atomicCAS(&level[neighbour[i]], -1, depth) == -1) next[atomicAdd(count, 1)] = neighbour[i];
}
PROGRAM(breadth_first_search) {
  int nodes = 150;
  Sparse s = sparse(nodes, nodes, 5, random);
  std::vector<int> wanted(nodes, -1), queue{0};
  wanted[0] = 0;
  for (size_t q = 0; q < queue.size(); ++q)
    for (int i = s.begin[queue[q]]; i < s.begin[queue[q] + 1]; ++i)
      if (wanted[s.column[i]] < 0) wanted[s.column[i]] = wanted[queue[q]] + 1, queue.push_back(s.column[i]);
  Device<int> begin(s.begin), neighbour(s.column), level(std::vector<int>(nodes, -1)), a(nodes), b(nodes), count(1);
  CUDA(cudaMemset(level, 0, sizeof(int)));
  CUDA(cudaMemset(a, 0, sizeof(int)));
  int *frontier = a, *next = b;
  for (int size = 1, depth = 1; size > 0; ++depth) {
    count.zero();
    expand<<<(size + kBlock - 1) / kBlock, kBlock>>>(begin, neighbour, level, frontier, size, next, count, depth);
    LAUNCHED();
    size = count.get()[0];
    std::swap(frontier, next);
  }
  equal("levels", level.get(), wanted);
}

// Components by the least number that reaches a node: union and find with compare-and-swap, all reads atomic.
__device__ int root_of(int* parent, int i) {
  for (int p; (p = atomicAdd(&parent[i], 0)) != i; i = p) {
  }
  return i;
}
__global__ void unite(const int* from, const int* to, int* parent, int edges) {
  int e = blockIdx.x * kBlock + threadIdx.x;
  if (e >= edges) return;
  int a = from[e], b = to[e];
  for (;;) {
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a == b) return;
    if (a < b) {
      int c = a;
      a = b;
      b = c;
    }
    if (atomicCAS(&parent[a], a, b) == a) return;
  }
}
__global__ void flatten(int* parent, int* root, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) root[i] = root_of(parent, i);
}
PROGRAM(union_and_find) {
  int nodes = 120, edges = 90;
  std::vector<int> from = whole<int>(edges, random, 0, nodes - 1), to = whole<int>(edges, random, 0, nodes - 1),
                   least(nodes);
  for (int i = 0; i < nodes; ++i) least[i] = i;
  std::vector<int> start = least;
  for (bool changed = true; changed;) {
    changed = false;
    for (int e = 0; e < edges; ++e) {
      int& a = least[from[e]];
      int& b = least[to[e]];
      changed |= a != b;
      a = b = std::min(a, b);
    }
  }
  Device<int> tails(from), heads(to), parent(start), root(nodes);
  unite<<<2, kBlock>>>(tails, heads, parent, edges);
  flatten<<<2, kBlock>>>(parent, root, nodes);
  LAUNCHED();
  equal("components", root.get(), least);
}

// A spin lock: one thread a block, a fence after taking it and before giving it back.
__global__ void locked(int* lock, int* sum, int* squares, int rounds) {
  if (threadIdx.x != 0) return;
  for (int r = 0; r < rounds; ++r) {
    while (atomicCAS(lock, 0, 1) != 0) {
    }
    __threadfence();
    *sum += int(blockIdx.x);
    *squares += int(blockIdx.x * blockIdx.x);
    __threadfence();
    atomicExch(lock, 0);
  }
}
PROGRAM(spin_lock) {
  int blocks = 12, rounds = 5, sum = 0, squares = 0;
  for (int b = 0; b < blocks; ++b) sum += rounds * b, squares += rounds * b * b;
  Device<int> lock(1), a(1), b(1);
  for (Device<int>* d : {&lock, &a, &b}) d->zero();
  locked<<<blocks, 32>>>(lock, a, b, rounds);
  LAUNCHED();
  equal("the sum", a.get(), {sum});
  equal("squares", b.get(), {squares});
}

// All threads of a warp want the same lock: each tries, works and gives it back in one round of the loop.
__global__ void locked_by_each(int* lock, int* sum) {
  for (bool done = false; !done;) {
    if (atomicCAS(lock, 0, 1) == 0) {
      __threadfence();
      *sum += int(threadIdx.x);
      __threadfence();
      atomicExch(lock, 0);
      done = true;
    }
  }
}
PROGRAM(spin_lock_of_each_thread) {
  Device<int> lock(1), sum(1);
  lock.zero();
  sum.zero();
  locked_by_each<<<3, kBlock>>>(lock, sum);
  LAUNCHED();
  equal("the sum", sum.get(), {3 * kBlock * (kBlock - 1) / 2});
}

// Elements pushed onto lists, one list a class: the head by exchange.
__global__ void push(const int* kind, int* head, int* next, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) next[i] = atomicExch(&head[kind[i]], i);
}
__global__ void walk(const int* head, const int* next, int* sums) {
  int sum = 0;
  for (int i = head[threadIdx.x]; i >= 0; i = next[i]) sum += i;
  sums[threadIdx.x] = sum;
}
PROGRAM(linked_lists) {
  int n = 200, kinds = 7;
  std::vector<int> kind = whole<int>(n, random, 0, kinds - 1), wanted(kinds);
  for (int i = 0; i < n; ++i) wanted[kind[i]] += i;
  Device<int> classes(kind), head(std::vector<int>(kinds, -1)), next(n), sums(kinds);
  push<<<4, kBlock>>>(classes, head, next, n);
  walk<<<1, kinds>>>(head, next, sums);
  LAUNCHED();
  equal("sums of lists", sums.get(), wanted);
}

// A hash table with open addressing: keys by compare-and-swap, counts by addition.
__device__ unsigned slot_of(unsigned key) { return key * 2654435761u >> 24; }  // of 256
__global__ void insert(const unsigned* x, unsigned* keys, unsigned* counts, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i >= n) return;
  for (unsigned slot = slot_of(x[i]);; slot = (slot + 1) % 256) {
    unsigned old = atomicCAS(&keys[slot], 0u, x[i]);
    if (old != 0 && old != x[i]) continue;
    atomicAdd(&counts[slot], 1u);
    return;
  }
}
__global__ void find(const unsigned* x, const unsigned* keys, const unsigned* counts, unsigned* y, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i >= n) return;
  unsigned slot = slot_of(x[i]);
  while (keys[slot] != x[i]) slot = (slot + 1) % 256;
  y[i] = counts[slot];
}
PROGRAM(hash_table) {
  int n = 300;
  std::vector<unsigned> x = whole<unsigned>(n, random, 1, 150), wanted;
  for (unsigned v : x) wanted.push_back(unsigned(std::count(x.begin(), x.end(), v)));
  Device<unsigned> input(x), keys(256), counts(256), output(n);
  keys.zero();
  counts.zero();
  insert<<<5, kBlock>>>(input, keys, counts, n);
  find<<<5, kBlock>>>(input, keys, counts, output, n);
  LAUNCHED();
  equal("counts", output.get(), wanted);
}

// Blocks that fetch their next piece of work from a counter.
__global__ void workers(const int* steps, int* y, int* next, int n) {
  __shared__ int piece;
  for (;;) {
    __syncthreads();
    if (threadIdx.x == 0) piece = atomicAdd(next, 1);
    __syncthreads();
    if (piece >= n) return;
    int sum = 0;
    for (int k = threadIdx.x; k < steps[piece]; k += 32) sum += k * k;
    sum = __reduce_add_sync(kAll, sum);
    if (threadIdx.x == 0) y[piece] = sum;
  }
}
PROGRAM(work_queue) {
  int n = 25;
  std::vector<int> steps = whole<int>(n, random, 0, 100), wanted(n);
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < steps[i]; ++k) wanted[i] += k * k;
  Device<int> input(steps), output(n), next(1);
  next.zero();
  workers<<<4, 32>>>(input, output, next, n);
  LAUNCHED();
  equal("pieces", output.get(), wanted);
}

// The greatest float by compare-and-swap; the first value is read by an atomic, too.
__global__ void greatest(const float* x, unsigned* most, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i >= n) return;
  unsigned old = atomicOr(most, 0u), seen;
  do {
    seen = old;
    if (__uint_as_float(seen) >= x[i]) return;
    old = atomicCAS(most, seen, __float_as_uint(x[i]));
  } while (old != seen);
}
PROGRAM(greatest_float_by_swaps) {
  std::vector<float> x = random_values<float>(300, random, 0, 1);
  Device<float> input(x);
  Device<unsigned> most(1);
  most.zero();
  greatest<<<5, kBlock>>>(input, most, 300);
  LAUNCHED();
  float wanted = *std::max_element(x.begin(), x.end()), got;
  CUDA(cudaMemcpy(&got, most, sizeof got, cudaMemcpyDeviceToHost));
  equal<float>("the greatest", {got}, {wanted});
}

// Shortest ways between all pairs (Floyd and Warshall), a launch a node in between.
__global__ void through(int* d, int k, int n) {
  int i = blockIdx.x, j = threadIdx.x, way = d[i * n + k] + d[k * n + j];
  if (i != k && j != k && way < d[i * n + j]) d[i * n + j] = way;
}
PROGRAM(shortest_ways) {
  int n = 24;
  std::vector<int> d = whole<int>(n * n, random, 1, 200);
  for (int i = 0; i < n; ++i) d[i * n + i] = 0;
  Device<int> data(d);
  for (int k = 0; k < n; ++k) through<<<n, n>>>(data, k, n);
  LAUNCHED();
  for (int k = 0; k < n; ++k)
    for (int i = 0; i < n * n; ++i) d[i] = std::min(d[i], d[i / n * n + k] + d[k * n + i % n]);
  equal("lengths", data.get(), d);
}

// How far two words are apart: a diagonal after the other, three of them in shared memory.
__global__ void distance(const char* a, const char* b, int* y, int n) {
  __shared__ int d[3][kBlock + 1];
  int t = threadIdx.x;
  for (int sum = 0; sum <= 2 * n; ++sum) {
    int j = sum - t, *now = d[sum % 3], *last = d[(sum + 2) % 3], *before = d[(sum + 1) % 3];
    if (t <= n && j >= 0 && j <= n)
      now[t] = t == 0 ? j : j == 0 ? t : min(min(last[t], last[t - 1]) + 1, before[t - 1] + (a[t - 1] != b[j - 1]));
    __syncthreads();
  }
  if (t == n) *y = d[2 * n % 3][n];
}
PROGRAM(edit_distance) {
  int n = 40;
  std::vector<char> a = whole<char>(n, random, 'a', 'd'), b = whole<char>(n, random, 'a', 'd');
  std::vector<int> row(n + 1);
  for (int j = 0; j <= n; ++j) row[j] = j;
  for (int i = 1; i <= n; ++i)
    for (int j = 1, corner = std::exchange(row[0], i); j <= n; ++j) {
      int change = corner + (a[i - 1] != b[j - 1]);
      corner = std::exchange(row[j], std::min(std::min(row[j], row[j - 1]) + 1, change));
    }
  Device<char> left(a), right(b);
  Device<int> output(1);
  distance<<<1, kBlock>>>(left, right, output, n);
  LAUNCHED();
  equal("the distance", output.get(), {row[n]});
}
