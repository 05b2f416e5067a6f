// What the four programs of the ladder share: the problem, its answer by plain loops in double, and the comparison.
//
// Of codes V [B, G], with K = V V' and S = 2 (K - mean K) / B^2:
//   value = mean_ij (K_ij - mean K) K_ij      (pHSIC of the codes with themselves, linear kernel)
//   dV    = 2 S V                              [B, G]
// Each program defines compute, and is whole with this file: 1-loop.cu, 2-tiles.cu, 3-registers.cu, 4-fused.cu.
#ifndef KIB_GRAM_LADDER_CUH
#define KIB_GRAM_LADDER_CUH
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

inline void require(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  std::printf("%s: %s\n", call, cudaGetErrorString(error));
  std::exit(1);
}

// On the device: dv [B, G] and value [1] of v [B, G]; B is a multiple of 4 and at most 128, G one of 4. K has room for
// B x B numbers, and sums for 2 in double for each block that might want to keep some: at most 64 of them.
void compute(float* dv, double* value, const float* v, int B, int G, float* k, double* sums);

// The sum over a block of 256 threads, in thread 0, always added in the same order.
__device__ inline double sum_over_block(double x) {
  __shared__ double parts[256];
  parts[threadIdx.x] = x;
  __syncthreads();
  for (unsigned half = 128; half > 0; half /= 2) {
    if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    __syncthreads();
  }
  double sum = parts[0];
  __syncthreads();
  return sum;
}

// What the objective is of the sums over K and over its squares.
__host__ __device__ inline double value_of(double sum, double squares, int B) {
  double n = static_cast<double>(B) * B;
  return squares / n - sum / n * (sum / n);
}

inline bool agrees(const std::vector<double>& wanted, const std::vector<float>& actual, double tolerance) {
  double largest = 0, error = 0;
  for (size_t i = 0; i < wanted.size(); i++) {
    largest = std::fmax(largest, std::fabs(wanted[i]));
    double here = std::fabs(wanted[i] - static_cast<double>(actual[i]));
    error = here <= error || error != error ? error : here;  // NaN stays
  }
  std::printf("  largest error %.1e of the largest number\n", error / largest);
  return error <= tolerance * largest;
}

// Computes on both, and says whether they agree: sums of B products in single precision err by about sqrt(B) 2^-24.
inline bool try_size(int B, int G) {
  std::vector<float> v(static_cast<size_t>(B) * G), result(v.size());
  unsigned random = 20;
  for (float& x : v) {
    random = random * 1664525u + 1013904223u;
    x = static_cast<float>(random >> 8) * 0x1p-24f;
  }
  std::vector<double> k(static_cast<size_t>(B) * B), wanted(v.size());
  double sum = 0, squares = 0, value = 0, n = static_cast<double>(B) * B;
  for (int i = 0; i < B; i++)
    for (int j = 0; j < B; j++) {
      double& entry = k[static_cast<size_t>(i) * B + j];
      for (int g = 0; g < G; g++) entry += static_cast<double>(v[i * G + g]) * v[j * G + g];
      sum += entry;
      squares += entry * entry;
    }
  for (int i = 0; i < B; i++)
    for (int j = 0; j < B; j++)
      for (int g = 0; g < G; g++)
        wanted[i * G + g] += 2 * 2 / n * (k[static_cast<size_t>(i) * B + j] - sum / n) * v[j * G + g];

  float *device_v, *dv, *device_k;
  double *device_value, *sums;
  require(cudaMalloc(&device_v, 4 * v.size()), "cudaMalloc");
  require(cudaMalloc(&dv, 4 * v.size()), "cudaMalloc");
  require(cudaMalloc(&device_k, 4 * k.size()), "cudaMalloc");
  require(cudaMalloc(&device_value, 8), "cudaMalloc");
  require(cudaMalloc(&sums, 8 * 128), "cudaMalloc");
  require(cudaMemcpy(device_v, v.data(), 4 * v.size(), cudaMemcpyHostToDevice), "cudaMemcpy");
  compute(dv, device_value, device_v, B, G, device_k, sums);
  require(cudaGetLastError(), "a launch");
  require(cudaMemcpy(result.data(), dv, 4 * v.size(), cudaMemcpyDeviceToHost), "cudaMemcpy");
  require(cudaMemcpy(&value, device_value, 8, cudaMemcpyDeviceToHost), "cudaMemcpy");
  for (void* memory : {static_cast<void*>(device_v), static_cast<void*>(dv), static_cast<void*>(device_k),
                       static_cast<void*>(device_value), static_cast<void*>(sums)})
    require(cudaFree(memory), "cudaFree");

  double known = value_of(sum, squares, B);
  std::printf("B = %d, G = %d: value %.9g, wanted %.9g\n", B, G, value, known);
  bool right = agrees(wanted, result, 4 * std::sqrt(B) * 0x1p-24) && std::fabs(value - known) <= 1e-5 * known;
  if (!right) std::printf("  WRONG\n");
  return right;
}

// Without arguments: sizes with tails. With two: that size.
int main(int count, char** arguments) {
  if (count == 3) return try_size(std::atoi(arguments[1]), std::atoi(arguments[2])) ? 0 : 1;
  bool right = true;
  const int sizes[][2] = {{4, 4}, {20, 12}, {68, 36}, {128, 64}, {124, 100}};
  for (auto [B, G] : sizes) right = try_size(B, G) && right;
  return right ? 0 : 1;
}

#endif
