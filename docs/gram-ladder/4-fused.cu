// Fourth rung: one launch of one block. K never leaves shared memory, whose 100 KB for B = 128 and G = 64 the kernel
// asks for; global memory sees V once and dV once.
#include "ladder.cuh"

// The next odd number of 16 bytes: eight lanes that read neighbouring rows meet in no bank.
__host__ __device__ int odd_row(int numbers) { return numbers % 8 == 0 ? numbers + 4 : numbers; }

// Threads take 4 x 4 entries of K: of the codes ti + r side and tj + c side, tj <= ti, so that lanes with neighbouring
// tj read neighbouring rows.
__device__ void multiply_codes(float* k, const float* v, int B, int G) {
  int side = B / 4, row = odd_row(G), k_row = odd_row(B);
  for (int pair = threadIdx.x; pair < side * (side + 1) / 2; pair += 256) {
    int ti = static_cast<int>((sqrtf(8 * static_cast<float>(pair) + 1) - 1) / 2);
    while (ti * (ti + 1) / 2 > pair) ti--;
    while ((ti + 1) * (ti + 2) / 2 <= pair) ti++;
    int tj = pair - ti * (ti + 1) / 2;
    float entries[4][4] = {};
    for (int g = 0; g < G; g += 4) {
      float4 a[4], b[4];
      for (int r = 0; r < 4; r++) {
        a[r] = *reinterpret_cast<const float4*>(v + (ti + r * side) * row + g);
        b[r] = *reinterpret_cast<const float4*>(v + (tj + r * side) * row + g);
      }
      for (int n = 0; n < 16; n++) {
        float4 x = a[n / 4], y = b[n % 4];
        entries[n / 4][n % 4] += x.x * y.x + x.y * y.y + x.z * y.z + x.w * y.w;
      }
    }
    for (int n = 0; n < 16; n++) {
      int i = ti + n / 4 * side, j = tj + n % 4 * side;
      k[i * k_row + j] = entries[n / 4][n % 4];
      if (ti != tj) k[j * k_row + i] = entries[n / 4][n % 4];
    }
  }
}

__global__ void __launch_bounds__(256) fused(float* dv, double* value, const float* v, int B, int G) {
  extern __shared__ float4 memory[];
  float *codes = reinterpret_cast<float*>(memory), *k = codes + B * odd_row(G);
  int row = odd_row(G), k_row = odd_row(B);
  for (int e = 4 * threadIdx.x; e < B * G; e += 4 * 256)
    *reinterpret_cast<float4*>(codes + e / G * row + e % G) = *reinterpret_cast<const float4*>(v + e);
  __syncthreads();
  multiply_codes(k, codes, B, G);
  __syncthreads();

  double sum = 0, squares = 0;
  for (int e = threadIdx.x; e < B * B; e += 256) {
    double entry = k[e / B * k_row + e % B];
    sum += entry;
    squares += entry * entry;
  }
  sum = sum_over_block(sum);
  squares = sum_over_block(squares);
  if (threadIdx.x == 0) value[0] = value_of(sum, squares, B);
  float n = static_cast<float>(B) * B, mean = static_cast<float>(sum / (static_cast<double>(B) * B));

  for (int tile = threadIdx.x; tile < B / 4 * (G / 4); tile += 256) {
    int i = tile / (G / 4) * 4, g = tile % (G / 4) * 4;
    float entries[4][4] = {};
    for (int j = 0; j < B; j++) {  // K = K': rows i ... i + 3 of column j
      float4 s = *reinterpret_cast<const float4*>(k + j * k_row + i);
      float4 x = *reinterpret_cast<const float4*>(codes + j * row + g);
      const float rows[4] = {s.x - mean, s.y - mean, s.z - mean, s.w - mean}, columns[4] = {x.x, x.y, x.z, x.w};
      for (int e = 0; e < 16; e++) entries[e / 4][e % 4] += rows[e / 4] * columns[e % 4];
    }
    for (int r = 0; r < 4; r++)
      *reinterpret_cast<float4*>(dv + (i + r) * G + g) =
          make_float4(4 / n * entries[r][0], 4 / n * entries[r][1], 4 / n * entries[r][2], 4 / n * entries[r][3]);
  }
}

void compute(float* dv, double* value, const float* v, int B, int G, float*, double*) {
  int bytes = 4 * B * (odd_row(G) + odd_row(B));
  require(cudaFuncSetAttribute(fused, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes), "cudaFuncSetAttribute");
  fused<<<1, 256, bytes>>>(dv, value, v, B, G);
}
