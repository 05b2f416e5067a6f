// Kernels of arithmetic: each thread for itself, or one warp together.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "../program.h"

constexpr int kBlock = 128;
__device__ int index() { return blockIdx.x * blockDim.x + threadIdx.x; }

// Philox4x32-10 (Salmon et al., 2011).
__host__ __device__ void philox(unsigned counter[4], unsigned k0, unsigned k1) {
  for (int round = 0; round < 10; ++round) {
    unsigned long long a = 0xd2511f53ull * counter[0], b = 0xcd9e8d57ull * counter[2];
    unsigned x = unsigned(b >> 32) ^ counter[1] ^ k0, z = unsigned(a >> 32) ^ counter[3] ^ k1;
    counter[0] = x;
    counter[1] = unsigned(b);
    counter[2] = z;
    counter[3] = unsigned(a);
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
}
__global__ void draw(uint4* y, unsigned k0, unsigned k1) {
  unsigned counter[4] = {unsigned(index()), 7, 1, 0};
  philox(counter, k0, k1);
  y[index()] = make_uint4(counter[0], counter[1], counter[2], counter[3]);
}

PROGRAM(random_numbers) {
  unsigned known[4] = {0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu};
  philox(known, 0xffffffffu, 0xffffffffu);
  equal<unsigned>("the authors' known answer", {known, known + 4},
                  {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  int n = 4 * kBlock;
  unsigned k0 = unsigned(random()), k1 = unsigned(random());
  Device<uint4> output(n);
  draw<<<n / kBlock, kBlock>>>(output, k0, k1);
  LAUNCHED();
  std::vector<unsigned> got, wanted;
  for (uint4 v : output.get()) got.insert(got.end(), {v.x, v.y, v.z, v.w});
  for (int i = 0; i < n; ++i) {
    unsigned counter[4] = {unsigned(i), 7, 1, 0};
    philox(counter, k0, k1);
    wanted.insert(wanted.end(), counter, counter + 4);
  }
  equal("Philox", got, wanted);
}

// Steps of x -> x / 2 or 3 x + 1 until 1: every lane loops as often as it needs, with a way out in the middle.
__host__ __device__ int collatz(unsigned long long x) {
  int steps = 0;
  while (x != 1) {
    if (x % 2 == 0) {
      x /= 2;
    } else {
      if (x > 3000000000000ull) return -steps;
      x = 3 * x + 1;
    }
    ++steps;
  }
  return steps;
}
__global__ void collatz_steps(int* y) { y[index()] = collatz(index() + 1); }

// Branches within loops within branches, with continue and break.
__host__ __device__ unsigned wander(unsigned x) {
  unsigned sum = 0;
  for (unsigned i = 0; i < x % 17; ++i) {
    if (i % 3 == x % 3) continue;
    for (unsigned j = i; j < 9; ++j) {
      if ((i * j + x) % 11 == 5) break;
      switch ((x >> j) & 3) {
        case 0:
          sum += j;
          break;
        case 1:
          sum ^= i + 1;
          break;
        case 2:
          sum *= 3;
        default:
          sum += x;
      }
    }
  }
  return sum;
}
__global__ void wanderings(unsigned* y) { y[index()] = wander(index() * 2654435761u); }

PROGRAM(divergent_loops) {
  int n = 4 * kBlock;
  Device<int> steps(n);
  Device<unsigned> sums(n);
  collatz_steps<<<n / kBlock, kBlock>>>(steps);
  LAUNCHED();
  wanderings<<<n / kBlock, kBlock>>>(sums);
  LAUNCHED();
  std::vector<int> wanted(n);
  std::vector<unsigned> wandered(n);
  for (int i = 0; i < n; ++i) wanted[i] = collatz(i + 1), wandered[i] = wander(i * 2654435761u);
  equal("Collatz", steps.get(), wanted);
  equal("wanderings", sums.get(), wandered);
}

__host__ __device__ __noinline__ int ackermann(int m, int n) {
  return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}
struct Pair {
  double a;
  int b;
};
__host__ __device__ __noinline__ Pair turn(Pair p, int times) {
  if (times == 0) return p;
  return turn(Pair{p.b * 0.5, int(p.a) + times}, times - 1);
}
__host__ __device__ __noinline__ int twice(int x) { return 2 * x; }
__host__ __device__ __noinline__ int square(int x) { return x * x; }
__host__ __device__ __noinline__ int negate(int x) { return -x; }
__device__ int (*functions[3])(int) = {twice, square, negate};
__global__ void calls(int* y) {
  int i = index();
  Pair p = turn(Pair{double(i), i % 5}, i % 7);
  y[i] = ackermann(2, i % 4) + functions[i % 3](i) * 1000 + p.b + int(p.a * 4);
}

PROGRAM(recursion) {
  int n = kBlock;
  int (*host[3])(int) = {twice, square, negate};
  Device<int> output(n);
  calls<<<1, n>>>(output);
  LAUNCHED();
  std::vector<int> wanted(n);
  for (int i = 0; i < n; ++i) {
    Pair p = turn(Pair{double(i), i % 5}, i % 7);
    wanted[i] = ackermann(2, i % 4) + host[i % 3](i) * 1000 + p.b + int(p.a * 4);
  }
  equal("calls", output.get(), wanted);
}

using Long = long long;
using Unsigned = unsigned long long;
__device__ Unsigned mix(Long a, Long b) {
  Unsigned y = Unsigned(__mul64hi(a, b)) + __umul64hi(Unsigned(a), Unsigned(b));
  if (b != 0 && !(b == -1)) y ^= Unsigned(a / b) * 31 + Unsigned(a % b);
  if (b != 0) y += Unsigned(a) / Unsigned(b) ^ Unsigned(a) % Unsigned(b);
  y += __clzll(a) + 64 * __popcll(b) + 4096 * __ffsll(a);
  y ^= __brevll(Unsigned(a)) >> (b & 63);
  return y + Unsigned(a >> (b & 63)) * 7;
}
Unsigned mix_on_host(Long a, Long b) {
  Unsigned y = Unsigned((__int128)a * b >> 64) + Unsigned((unsigned __int128)Unsigned(a) * Unsigned(b) >> 64);
  if (b != 0 && !(b == -1)) y ^= Unsigned(a / b) * 31 + Unsigned(a % b);
  if (b != 0) y += Unsigned(a) / Unsigned(b) ^ Unsigned(a) % Unsigned(b);
  y += (a ? __builtin_clzll(a) : 64) + 64 * __builtin_popcountll(b) + 4096 * __builtin_ffsll(a);
  Unsigned reversed = 0;
  for (int i = 0; i < 64; ++i) reversed |= (Unsigned(a) >> i & 1) << (63 - i);
  y ^= reversed >> (b & 63);
  return y + Unsigned(a >> (b & 63)) * 7;
}
__global__ void mixed(const Long* a, const Long* b, Unsigned* y) { y[index()] = mix(a[index()], b[index()]); }

PROGRAM(integers) {
  int n = 4 * kBlock;
  std::vector<Long> a(n), b(n);
  std::vector<Unsigned> wanted(n);
  for (int i = 0; i < n; ++i) {
    a[i] = Long(random()) >> random() % 64;
    b[i] = i % 50 ? Long(random()) >> random() % 64 : i % 100 ? 0 : -1;
    wanted[i] = mix_on_host(a[i], b[i]);
  }
  Device<Long> left(a), right(b);
  Device<Unsigned> output(n);
  mixed<<<n / kBlock, kBlock>>>(left, right, output);
  LAUNCHED();
  equal("64-bit integers", output.get(), wanted);
}

// Functions that CUDA writes in software. y: 6 results of each x.
__global__ void double_functions(const double* x, double* y) {
  int i = index();
  double v = x[i];
  double results[] = {sqrt(fabs(v)), v / fma(v, v, 1.0), fma(v, v, -v), exp(v), log(fabs(v)), sin(v * 1000)};
  for (int k = 0; k < 6; ++k) y[6 * i + k] = results[k];
}
__global__ void float_functions(const float* x, float* y) {
  int i = index();
  float v = x[i];
  float results[] = {
      __fsqrt_rn(fabsf(v)), __fdiv_rn(v, fmaf(v, v, 1)), floorf(v) + rintf(v * 3), expf(v), logf(fabsf(v)), tanhf(v)};
  for (int k = 0; k < 6; ++k) y[6 * i + k] = results[k];
}

PROGRAM(functions_of_numbers) {
  int n = 2 * kBlock;
  std::vector<double> x = random_values<double>(n, random, -20, 20), exact, near;
  std::vector<float> z = random_values<float>(n, random, -20, 20), exact_z, near_z;
  for (int i = 0; i < n; ++i) {
    exact.insert(exact.end(),
                 {std::sqrt(std::abs(x[i])), x[i] / std::fma(x[i], x[i], 1.0), std::fma(x[i], x[i], -x[i])});
    near.insert(near.end(), {std::exp(x[i]), std::log(std::abs(x[i])), std::sin(x[i] * 1000)});
    exact_z.insert(exact_z.end(), {std::sqrt(std::abs(z[i])), z[i] / std::fma(z[i], z[i], 1.0f),
                                   std::floor(z[i]) + std::rint(z[i] * 3)});
    near_z.insert(near_z.end(), {std::exp(z[i]), std::log(std::abs(z[i])), std::tanh(z[i])});
  }
  Device<double> input(x), output(6 * n);
  Device<float> input_z(z), output_z(6 * n);
  double_functions<<<n / kBlock, kBlock>>>(input, output);
  LAUNCHED();
  float_functions<<<n / kBlock, kBlock>>>(input_z, output_z);
  LAUNCHED();
  std::vector<double> got[2], y = output.get();
  std::vector<float> got_z[2], y_z = output_z.get();
  for (int i = 0; i < 6 * n; ++i) got[i % 6 / 3].push_back(y[i]), got_z[i % 6 / 3].push_back(y_z[i]);
  equal("double arithmetic", got[0], exact);
  equal("float arithmetic", got_z[0], exact_z);
  equal("exp, log and sin of double", got[1], near, 1e-15);  // CUDA states up to 2 units in the last place
  equal("exp, log and tanh of float", got_z[1], near_z, 4e-7);
}

// Halves: the device's instructions beside doubles, rounded once.
template <class T>
struct HalfType;
template <>
struct HalfType<__half> {
  using Pair = __half2;
  static __host__ __device__ __half from(float x) { return __float2half_rn(x); }
  static __half from_double(double x) { return __double2half(x); }
  static __host__ __device__ float to(__half x) { return __half2float(x); }
  static __device__ Pair pair(__half a, __half b) { return __halves2half2(a, b); }
};
template <>
struct HalfType<__nv_bfloat16> {
  using Pair = __nv_bfloat162;
  static __host__ __device__ __nv_bfloat16 from(float x) { return __float2bfloat16_rn(x); }
  static __nv_bfloat16 from_double(double x) { return __double2bfloat16(x); }
  static __host__ __device__ float to(__nv_bfloat16 x) { return __bfloat162float(x); }
  static __device__ Pair pair(__nv_bfloat16 a, __nv_bfloat16 b) { return __halves2bfloat162(a, b); }
};

template <class T>
__global__ void half_arithmetic(const float* x, T* y) {
  using H = HalfType<T>;
  int i = index();
  T a = H::from(x[3 * i]), b = H::from(x[3 * i + 1]), c = H::from(x[3 * i + 2]);
  auto fused = __hfma2(H::pair(a, b), H::pair(b, c), H::pair(c, a));
  T results[] = {
      __hadd(a, b), __hsub(a, b), __hmul(a, b), __hfma(a, b, c),     __low2float(fused) > 0 ? a : b,
      __hneg(a),    __hmax(a, b), __hmin(a, b), __hlt(a, b) ? a : c, H::from(float(__float2int_rn(H::to(c)))),
      fused.x,      fused.y};
  for (int k = 0; k < 12; ++k) y[12 * i + k] = results[k];
}

template <class T>
void halves(const char* name, std::mt19937_64& random) {
  using H = HalfType<T>;
  int n = 2 * kBlock;
  std::vector<float> x = random_values<float>(3 * n, random, -4, 4);
  std::vector<T> wanted;
  for (int i = 0; i < n; ++i) {
    float a = H::to(H::from(x[3 * i])), b = H::to(H::from(x[3 * i + 1])), c = H::to(H::from(x[3 * i + 2]));
    auto round = [](double v) { return H::from_double(v); };  // of what a double holds exactly
    wanted.insert(wanted.end(),
                  {round(double(a) + b), round(double(a) - b), round(double(a) * b), round(double(a) * b + c),
                   a * double(b) + c > 0 ? H::from(a) : H::from(b), H::from(-a), H::from(std::fmax(a, b)),
                   H::from(std::fmin(a, b)), a < b ? H::from(a) : H::from(c), H::from(float(int(std::rint(c)))),
                   round(double(a) * b + c), round(double(b) * c + a)});
  }
  Device<float> input(x);
  Device<T> output(wanted.size());
  half_arithmetic<T><<<n / kBlock, kBlock>>>(input, output);
  LAUNCHED();
  std::vector<float> got;
  std::vector<float> values;
  for (T v : output.get()) got.push_back(H::to(v));
  for (T v : wanted) values.push_back(H::to(v));
  equal(name, got, values);
}

PROGRAM(half_precision) {
  halves<__half>("f16", random);
  halves<__nv_bfloat16>("bf16", random);
}

// What lanes tell each other, also while some are elsewhere.
__global__ void warp_primitives(const int* x, unsigned* y) {
  int i = index(), lane = threadIdx.x % 32, v = x[i];
  unsigned sum = __reduce_add_sync(0xffffffffu, unsigned(v)), ballot = __ballot_sync(0xffffffffu, v % 3 == 0);
  unsigned same = __match_any_sync(0xffffffffu, v % 5);
  int agree;
  unsigned all = __match_all_sync(0xffffffffu, v / 1000, &agree);
  unsigned other = 0;
  if (v % 2) {
    unsigned mask = __ballot_sync(__activemask(), true);
    other = __popc(mask) * 100 + unsigned(__shfl_sync(mask, v, __ffs(mask) - 1));
  } else if (lane > 20) {
    other = __activemask();
  }
  __syncwarp();
  unsigned up = unsigned(__shfl_up_sync(0xffffffffu, v, 3, 8)), across = unsigned(__shfl_xor_sync(0xffffffffu, v, 5));
  unsigned results[] = {
      sum,   ballot, same,   all,
      other, up,     across, unsigned(__any_sync(0xffffffffu, v == 7)) + 2 * __all_sync(0xffffffffu, v < 999)};
  for (int k = 0; k < 8; ++k) y[8 * i + k] = results[k];
}

PROGRAM(warps) {
  int n = 2 * kBlock;
  std::vector<int> x(n);
  for (int i = 0; i < n; ++i) x[i] = int(random() % (i / 32 % 2 ? 1000 : 1500));
  std::vector<unsigned> wanted;
  for (int i = 0; i < n; ++i) {
    const int* w = &x[i / 32 * 32];
    int lane = i % 32, first = -1;
    unsigned sum = 0, ballot = 0, same = 0, odd = 0, high = 0;
    bool agree = true, seven = false, small = true;
    for (int j = 0; j < 32; ++j) {
      sum += unsigned(w[j]);
      ballot |= unsigned(w[j] % 3 == 0) << j;
      same |= unsigned(w[j] % 5 == w[lane] % 5) << j;
      odd |= unsigned(w[j] % 2) << j;
      high |= unsigned(w[j] % 2 == 0 && j > 20) << j;
      agree &= w[j] / 1000 == w[0] / 1000;
      seven |= w[j] == 7;
      small &= w[j] < 999;
      if (first < 0 && w[j] % 2) first = j;
    }
    unsigned other = w[lane] % 2 ? unsigned(__builtin_popcount(odd)) * 100 + unsigned(w[first]) : lane > 20 ? high : 0;
    wanted.insert(wanted.end(),
                  {sum, ballot, same, agree ? ~0u : 0u, other, unsigned(lane % 8 >= 3 ? w[lane - 3] : w[lane]),
                   unsigned(w[lane ^ 5]), unsigned(seven) + 2 * unsigned(small)});
  }
  Device<int> input(x);
  Device<unsigned> output(wanted.size());
  warp_primitives<<<n / kBlock, kBlock>>>(input, output);
  LAUNCHED();
  equal("warps", output.get(), wanted);
}
