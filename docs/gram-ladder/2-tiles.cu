// Second rung: blocks of 16 x 16 threads read what they share once, into shared memory: each number of global memory is
// read by 16 times fewer threads, 16 or 32 neighbours at a time.
#include "ladder.cuh"

constexpr int kSide = 16;

struct Tiles {
  float a[kSide][kSide + 1], b[kSide][kSide + 1];  // rows of 17: a column's numbers lie in 16 banks
};

// Block (j, i): 16 x 16 entries of K, from 16 entries at a time of 16 codes i and 16 codes j.
__global__ void gram(float* k, const float* v, int B, int G) {
  __shared__ Tiles tiles;
  int tx = threadIdx.x % kSide, ty = threadIdx.x / kSide;
  int i = blockIdx.y * kSide, j = blockIdx.x * kSide;
  float sum = 0;
  for (int g = 0; g < G; g += kSide) {
    tiles.a[ty][tx] = i + ty < B && g + tx < G ? v[(i + ty) * G + g + tx] : 0;
    tiles.b[ty][tx] = j + ty < B && g + tx < G ? v[(j + ty) * G + g + tx] : 0;
    __syncthreads();
    for (int e = 0; e < kSide; e++) sum += tiles.a[ty][e] * tiles.b[tx][e];
    __syncthreads();
  }
  if (i + ty < B && j + tx < B) k[(i + ty) * B + j + tx] = sum;
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

// Block (g, i): 16 x 16 entries of dV, from 16 samples j at a time.
__global__ void gradient(float* dv, const float* v, const float* k, const double* sums, int B, int G) {
  __shared__ Tiles tiles;
  int tx = threadIdx.x % kSide, ty = threadIdx.x / kSide;
  int i = blockIdx.y * kSide, g = blockIdx.x * kSide;
  float n = static_cast<float>(B) * B, mean = static_cast<float>(sums[0] / (static_cast<double>(B) * B)), sum = 0;
  for (int j = 0; j < B; j += kSide) {
    tiles.a[ty][tx] = i + ty < B && j + tx < B ? k[(i + ty) * B + j + tx] - mean : 0;
    tiles.b[ty][tx] = j + ty < B && g + tx < G ? v[(j + ty) * G + g + tx] : 0;
    __syncthreads();
    for (int e = 0; e < kSide; e++) sum += tiles.a[ty][e] * tiles.b[e][tx];
    __syncthreads();
  }
  if (i + ty < B && g + tx < G) dv[(i + ty) * G + g + tx] = 4 / n * sum;
}

void compute(float* dv, double* value, const float* v, int B, int G, float* k, double* sums) {
  int samples = (B + kSide - 1) / kSide, entries = (G + kSide - 1) / kSide;
  gram<<<dim3(samples, samples), kSide * kSide>>>(k, v, B, G);
  total<<<1, 256>>>(sums, value, k, B);
  gradient<<<dim3(entries, samples), kSide * kSide>>>(dv, v, k, sums, B, G);
}
