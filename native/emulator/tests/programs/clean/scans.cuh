// Prefix sums and what is built on them: compaction, splitting, runs.
#include "../program.h"

constexpr int kBlock = 128, kWarps = kBlock / 32;
constexpr unsigned kAll = 0xffffffffu;

std::vector<int> inclusive(const std::vector<int>& x) {
  std::vector<int> y = x;
  for (size_t i = 1; i < y.size(); ++i) y[i] += y[i - 1];
  return y;
}

// Inclusive sums of a warp, and of a block of kBlock threads.
__device__ int warp_scan(int v) {
  for (int distance = 1; distance < 32; distance *= 2) {
    int before = __shfl_up_sync(kAll, v, distance);
    if (int(threadIdx.x % 32) >= distance) v += before;
  }
  return v;
}
__device__ int block_scan(int v, int& total) {
  __shared__ int part[kWarps];
  __syncthreads();
  v = warp_scan(v);
  if (threadIdx.x % 32 == 31) part[threadIdx.x / 32] = v;
  __syncthreads();
  total = 0;
  for (int w = 0; w < kWarps; ++w) {
    if (w == int(threadIdx.x / 32)) v += total;
    total += part[w];
  }
  return v;
}

// Exclusive sums of twice as many elements as threads: up the tree and down again (Blelloch, 1990), with a gap after
// each 32 words against bank conflicts.
__device__ int gap(int i) { return i + i / 32; }
__global__ void blelloch(const int* x, int* y) {
  __shared__ int tree[2 * kBlock + 2 * kBlock / 32];
  int t = threadIdx.x, base = blockIdx.x * 2 * kBlock;
  tree[gap(t)] = x[base + t];
  tree[gap(t + kBlock)] = x[base + t + kBlock];
  for (int stride = 1; stride < 2 * kBlock; stride *= 2) {
    __syncthreads();
    int right = (t + 1) * 2 * stride - 1;
    if (right < 2 * kBlock) tree[gap(right)] += tree[gap(right - stride)];
  }
  if (t == 0) tree[gap(2 * kBlock - 1)] = 0;
  for (int stride = kBlock; stride > 0; stride /= 2) {
    __syncthreads();
    int right = (t + 1) * 2 * stride - 1;
    if (right < 2 * kBlock) {
      int left = tree[gap(right - stride)];
      tree[gap(right - stride)] = tree[gap(right)];
      tree[gap(right)] += left;
    }
  }
  __syncthreads();
  y[base + t] = tree[gap(t)];
  y[base + t + kBlock] = tree[gap(t + kBlock)];
}
PROGRAM(blelloch_scan) {
  int n = 3 * 2 * kBlock;
  std::vector<int> x = whole<int>(n, random, -99, 99), wanted(n);
  for (int i = 0; i < n; ++i) wanted[i] = i % (2 * kBlock) ? wanted[i - 1] + x[i - 1] : 0;
  Device<int> input(x), output(n);
  blelloch<<<3, kBlock>>>(input, output);
  LAUNCHED();
  equal("exclusive sums", output.get(), wanted);
}

// Three launches: blocks, sums of blocks, and their addition.
__global__ void scan_blocks(const int* x, int* y, int* sums, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x, total, v = block_scan(i < n ? x[i] : 0, total);
  if (i < n) y[i] = v;
  if (sums && threadIdx.x == 0) sums[blockIdx.x] = total;
}
__global__ void add_sums(int* y, const int* sums, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (blockIdx.x > 0 && i < n) y[i] += sums[blockIdx.x - 1];
}
PROGRAM(scan_in_three_launches) {
  int n = 1900, blocks = (n + kBlock - 1) / kBlock;
  std::vector<int> x = whole<int>(n, random, -99, 99);
  Device<int> input(x), output(n), sums(blocks);
  scan_blocks<<<blocks, kBlock>>>(input, output, sums, n);
  LAUNCHED();
  scan_blocks<<<1, kBlock>>>(sums, sums, nullptr, blocks);
  LAUNCHED();
  add_sums<<<blocks, kBlock>>>(output, sums, n);
  LAUNCHED();
  equal("sums", output.get(), inclusive(x));
}

// One pass with decoupled look-back (Merrill and Garland, 2016). A block takes its part by a ticket, so that those
// before it have begun. State and sum are one 64-bit word: nothing, own sum, sum of all up to here.
using Word = unsigned long long;
__global__ void look_back(const int* x, int* y, Word* states, unsigned* ticket, int n) {
  __shared__ int part, before;
  if (threadIdx.x == 0) part = ticket ? int(atomicAdd(ticket, 1u)) : int(blockIdx.x);
  __syncthreads();
  int i = part * kBlock + threadIdx.x, total, v = block_scan(i < n ? x[i] : 0, total);
  if (threadIdx.x == 0) {
    int sum = 0;
    if (part > 0) {
      atomicExch(&states[part], Word(1) << 32 | unsigned(total));
      for (int p = part - 1;;) {
        Word state = atomicAdd(&states[p], Word(0));
        if (state >> 32 == 0) continue;
        sum += int(unsigned(state));
        if (state >> 32 == 2) break;
        --p;
      }
    }
    atomicExch(&states[part], Word(2) << 32 | unsigned(sum + total));
    before = sum;
  }
  __syncthreads();
  if (i < n) y[i] = before + v;
}
PROGRAM(look_back_by_ticket) {
  int n = 1500, blocks = (n + kBlock - 1) / kBlock;
  std::vector<int> x = whole<int>(n, random, -99, 99);
  Device<int> input(x), output(n);
  Device<Word> states(blocks);
  Device<unsigned> ticket(1);
  states.zero();
  ticket.zero();
  look_back<<<blocks, kBlock>>>(input, output, states, ticket, n);
  LAUNCHED();
  equal("sums", output.get(), inclusive(x));
}

// The same by the block's index: right where all blocks are resident at once.
PROGRAM(look_back_by_block) {
  int n = 1500, blocks = (n + kBlock - 1) / kBlock;
  std::vector<int> x = whole<int>(n, random, -99, 99);
  Device<int> input(x), output(n);
  Device<Word> states(blocks);
  states.zero();
  look_back<<<blocks, kBlock>>>(input, output, states, nullptr, n);
  LAUNCHED();
  equal("sums", output.get(), inclusive(x));
}

// A chain of blocks: each waits for the flag of the one before, whose sum stands behind a fence.
__global__ void chain(const int* x, int* y, int* sums, volatile int* flags, unsigned* ticket, int n) {
  __shared__ int part, before;
  if (threadIdx.x == 0) part = int(atomicAdd(ticket, 1u));
  __syncthreads();
  int i = part * kBlock + threadIdx.x, total, v = block_scan(i < n ? x[i] : 0, total);
  if (threadIdx.x == 0) {
    int sum = 0;
    if (part > 0) {
      while (flags[part - 1] == 0) {
      }
      __threadfence();
      sum = sums[part - 1];
    }
    sums[part] = sum + total;
    __threadfence();
    flags[part] = 1;
    before = sum;
  }
  __syncthreads();
  if (i < n) y[i] = before + v;
}
PROGRAM(chained_scan) {
  int n = 1100, blocks = (n + kBlock - 1) / kBlock;
  std::vector<int> x = whole<int>(n, random, -99, 99);
  Device<int> input(x), output(n), sums(blocks), flags(blocks);
  Device<unsigned> ticket(1);
  flags.zero();
  ticket.zero();
  chain<<<blocks, kBlock>>>(input, output, sums, flags, ticket, n);
  LAUNCHED();
  equal("sums", output.get(), inclusive(x));
}

// The places of those that stay: by votes within a warp, and one addition a warp (order free); and by sums (in order).
__global__ void keep_by_votes(const int* x, int* y, int* count, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x, lane = threadIdx.x % 32, base = 0;
  bool keep = i < n && x[i] > 0;
  unsigned kept = __ballot_sync(kAll, keep);
  if (lane == 0) base = atomicAdd(count, __popc(kept));
  base = __shfl_sync(kAll, base, 0);
  if (keep) y[base + __popc(kept & ((1u << lane) - 1))] = x[i];
}
PROGRAM(compaction_by_votes) {
  int n = 777;
  std::vector<int> x = whole<int>(n, random, -99, 99), wanted;
  for (int v : x)
    if (v > 0) wanted.push_back(v);
  Device<int> input(x), output(n), count(1);
  count.zero();
  keep_by_votes<<<(n + kBlock - 1) / kBlock, kBlock>>>(input, output, count, n);
  LAUNCHED();
  equal<int>("the count", count.get(), {int(wanted.size())});
  std::vector<int> got(wanted.size());
  CUDA(cudaMemcpy(got.data(), output, got.size() * sizeof(int), cudaMemcpyDeviceToHost));
  std::sort(got.begin(), got.end());
  std::sort(wanted.begin(), wanted.end());
  equal("those kept", got, wanted);
}
__global__ void flag_positive(const int* x, int* flags, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n) flags[i] = x[i] > 0;
}
__global__ void scatter_flagged(const int* x, const int* places, int* y, int n) {
  int i = blockIdx.x * kBlock + threadIdx.x;
  if (i < n && x[i] > 0) y[places[i] - 1] = x[i];
}
PROGRAM(compaction_by_sums) {
  int n = 800, blocks = (n + kBlock - 1) / kBlock;
  std::vector<int> x = whole<int>(n, random, -99, 99), wanted;
  for (int v : x)
    if (v > 0) wanted.push_back(v);
  Device<int> input(x), flags(n), sums(blocks), output(wanted.size());
  flag_positive<<<blocks, kBlock>>>(input, flags, n);
  scan_blocks<<<blocks, kBlock>>>(flags, flags, sums, n);
  scan_blocks<<<1, kBlock>>>(sums, sums, nullptr, blocks);
  add_sums<<<blocks, kBlock>>>(flags, sums, n);
  scatter_flagged<<<blocks, kBlock>>>(input, flags, output, n);
  LAUNCHED();
  equal("those kept", output.get(), wanted);
}

// Sums that begin anew at each head: pairs of (head seen, sum).
__global__ void segmented(const int* x, const int* heads, int* y) {
  __shared__ int sum[2][kBlock], seen[2][kBlock];
  int t = threadIdx.x, i = blockIdx.x * kBlock + t, from = 0;
  sum[0][t] = x[i];
  seen[0][t] = heads[i] || t == 0;
  __syncthreads();
  for (int distance = 1; distance < kBlock; distance *= 2, from ^= 1) {
    bool add = t >= distance && !seen[from][t];
    sum[from ^ 1][t] = sum[from][t] + (add ? sum[from][t - distance] : 0);
    seen[from ^ 1][t] = seen[from][t] || (t >= distance && seen[from][t - distance]);
    __syncthreads();
  }
  y[i] = sum[from][t];
}
PROGRAM(segmented_scan) {
  int n = 4 * kBlock;
  std::vector<int> x = whole<int>(n, random, -99, 99), heads(n), wanted = x;
  for (int i = 0; i < n; ++i) {
    heads[i] = random() % 10 == 0;
    if (!heads[i] && i % kBlock) wanted[i] += wanted[i - 1];
  }
  Device<int> input(x), begins(heads), output(n);
  segmented<<<4, kBlock>>>(input, begins, output);
  LAUNCHED();
  equal("sums of segments", output.get(), wanted);
}

// The greatest so far, by a warp over a row with a carry.
__global__ void running(const int* x, int* y, int n) {
  int carry = INT32_MIN;
  for (int base = 0; base < n; base += 32) {
    int i = base + int(threadIdx.x), v = i < n ? x[blockIdx.x * n + i] : INT32_MIN;
    for (int distance = 1; distance < 32; distance *= 2) {
      int before = __shfl_up_sync(kAll, v, distance);
      if (int(threadIdx.x) >= distance) v = max(v, before);
    }
    v = max(v, carry);
    if (i < n) y[blockIdx.x * n + i] = v;
    carry = __shfl_sync(kAll, v, 31);
  }
}
PROGRAM(running_maximum) {
  int rows = 5, n = 100;
  std::vector<int> x = whole<int>(rows * n, random, -9999, 9999), wanted = x;
  for (int i = 0; i < rows * n; ++i)
    if (i % n) wanted[i] = std::max(wanted[i], wanted[i - 1]);
  Device<int> input(x), output(rows * n);
  running<<<rows, 32>>>(input, output, n);
  LAUNCHED();
  equal("maxima", output.get(), wanted);
}

// Runs of equal elements: values and lengths; each head's place by the block's sums.
__global__ void run_lengths(const int* x, int* values, int* lengths, int* count) {
  __shared__ int begins[kBlock + 1];
  int t = threadIdx.x, total, head = t == 0 || x[t] != x[t - 1], place = block_scan(head, total) - 1;
  if (head) begins[place] = t;
  if (t == 0) begins[total] = kBlock, *count = total;
  __syncthreads();
  if (head) values[place] = x[t], lengths[place] = begins[place + 1] - t;
}
PROGRAM(run_length_encoding) {
  std::vector<int> x = whole<int>(kBlock, random, 0, 2), runs, lengths;
  for (int v : x) {
    if (runs.empty() || runs.back() != v) runs.push_back(v), lengths.push_back(0);
    ++lengths.back();
  }
  Device<int> input(x), values(runs.size()), counts(runs.size()), count(1);
  run_lengths<<<1, kBlock>>>(input, values, counts, count);
  LAUNCHED();
  equal<int>("the count", count.get(), {int(runs.size())});
  equal("values", values.get(), runs);
  equal("lengths", counts.get(), lengths);
}
