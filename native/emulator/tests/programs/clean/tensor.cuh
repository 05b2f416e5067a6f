// Products of matrices by tensor cores: tiles in shared memory, ldmatrix, mma.sync.
#include <cuda_bf16.h>

#include "../program.h"

constexpr int kTile = 32, kPadded = kTile + 8;  // rows of 80 bytes: eight of them meet in no bank

__device__ unsigned shared_address(const void* p) { return unsigned(__cvta_generic_to_shared(p)); }

// c = a b for a of m x k, b of k x n, all multiples of 32. A block of two warps makes 32 x 32 of c, a warp 16 rows.
__global__ void tensor_product(const __nv_bfloat16* a, const __nv_bfloat16* b, float* c, int n, int k) {
  __shared__ __align__(16) __nv_bfloat16 left[kTile][kPadded], right[kTile][kPadded];
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, row = blockIdx.y * kTile, column = blockIdx.x * kTile;
  float sums[4][4] = {};
  for (int from = 0; from < k; from += kTile) {
    for (int i = threadIdx.x; i < kTile * kTile; i += blockDim.x) {
      left[i / kTile][i % kTile] = a[(row + i / kTile) * k + from + i % kTile];
      right[i / kTile][i % kTile] = b[(from + i / kTile) * n + column + i % kTile];
    }
    __syncthreads();
    for (int depth = 0; depth < kTile; depth += 16) {
      unsigned x[4], y[2];
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                   : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                   : "r"(shared_address(&left[16 * warp + lane % 16][depth + lane / 16 * 8])));
      for (int j = 0; j < 4; ++j) {
        asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
                     : "=r"(y[0]), "=r"(y[1])
                     : "r"(shared_address(&right[depth + lane % 16][8 * j])));
        asm volatile(
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(sums[j][0]), "+f"(sums[j][1]), "+f"(sums[j][2]), "+f"(sums[j][3])
            : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
      }
    }
    __syncthreads();
  }
  for (int j = 0; j < 4; ++j)
    for (int i = 0; i < 4; ++i)
      c[(row + 16 * warp + lane / 4 + i / 2 * 8) * n + column + 8 * j + lane % 4 * 2 + i % 2] = sums[j][i];
}

PROGRAM(tensor_cores) {
  int m = 64, n = 96, k = 64;
  std::vector<__nv_bfloat16> a(m * k), b(k * n);
  for (auto* matrix : {&a, &b})
    for (__nv_bfloat16& value : *matrix) value = __float2bfloat16(float(int(random() % 2001) - 1000) / 777);
  Device<__nv_bfloat16> left(a), right(b);
  Device<float> output(m * n);
  tensor_product<<<dim3(n / kTile, m / kTile), 64>>>(left, right, output, n, k);
  LAUNCHED();
  std::vector<float> c = output.get();
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      double sum = 0, size = 0;
      for (int l = 0; l < k; ++l) {
        double term = double(__bfloat162float(a[i * k + l])) * __bfloat162float(b[l * n + j]);
        sum += term;
        size += std::abs(term);
      }
      // k additions, each off by half a unit of at most `size`.
      if (std::abs(c[i * n + j] - sum) > k * size * std::ldexp(1.0, -24))
        throw std::runtime_error("element " + std::to_string(i) + "," + std::to_string(j) + " is " +
                                 std::to_string(c[i * n + j]) + ", not " + std::to_string(sum));
    }
}
