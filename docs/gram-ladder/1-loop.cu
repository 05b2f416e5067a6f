// First rung: the formulas as loops, a thread for each number that comes out. K goes through global memory.
#include "ladder.cuh"

// Thread (j, i): K_ij. The lanes of a warp read one number of code i together, but 32 codes j at 32 places.
__global__ void gram(float* k, const float* v, int B, int G) {
  int j = blockIdx.x * blockDim.x + threadIdx.x, i = blockIdx.y * blockDim.y + threadIdx.y;
  if (i >= B || j >= B) return;
  float sum = 0;
  for (int g = 0; g < G; g++) sum += v[i * G + g] * v[j * G + g];
  k[i * B + j] = sum;
}

// One block: the sums over K and its squares.
__global__ void total(double* sums, double* value, const float* k, int B) {
  double sum = 0, squares = 0;
  for (int e = threadIdx.x; e < B * B; e += 256) {
    double entry = k[e];
    sum += entry;
    squares += entry * entry;
  }
  sum = sum_over_block(sum);
  squares = sum_over_block(squares);
  if (threadIdx.x != 0) return;
  sums[0] = sum;
  value[0] = value_of(sum, squares, B);
}

// Thread (g, i): dV_ig.
__global__ void gradient(float* dv, const float* v, const float* k, const double* sums, int B, int G) {
  int g = blockIdx.x * blockDim.x + threadIdx.x, i = blockIdx.y * blockDim.y + threadIdx.y;
  if (i >= B || g >= G) return;
  float n = static_cast<float>(B) * B, mean = static_cast<float>(sums[0] / (static_cast<double>(B) * B)), sum = 0;
  for (int j = 0; j < B; j++) sum += (k[i * B + j] - mean) * v[j * G + g];
  dv[i * G + g] = 4 / n * sum;
}

void compute(float* dv, double* value, const float* v, int B, int G, float* k, double* sums) {
  dim3 threads(32, 8);
  gram<<<dim3((B + 31) / 32, (B + 7) / 8), threads>>>(k, v, B, G);
  total<<<1, 256>>>(sums, value, k, B);
  gradient<<<dim3((G + 31) / 32, (B + 7) / 8), threads>>>(dv, v, k, sums, B, G);
}
