// Third rung: a thread computes 4 x 4 numbers that stay in its registers, so that two reads of 16 bytes from shared
// memory feed 16 multiplications, not 1; of K, which is symmetric, only tiles on and above the diagonal are computed,
// and each block adds up its own.
#include "ladder.cuh"

constexpr int kTile = 64, kDepth = 32;  // numbers on a side of a tile, and terms of their sums at a time
constexpr int kRow = kTile + 4;         // of shared memory: rows of 16-byte reads that fall on other banks

struct Tiles {
  float a[kDepth][kRow], b[kDepth][kRow];
};

// to[e][s] = entry g + e of code first + s, for 32 entries of 64 codes: two neighbouring lanes read 32 bytes of a code,
// the next two those of the next code, so that whole sectors are read and no two lanes write to one bank.
__device__ void load_codes(float (&to)[kDepth][kRow], const float* v, int first, int g, int B, int G) {
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32, code = warp % 4 * 16 + lane / 2;
  for (int part = 0; part < 2; part++) {
    int e = warp / 4 * 16 + part * 8 + lane % 2 * 4;
    bool inside = first + code < B && g + e < G;
    float4 x = inside ? *reinterpret_cast<const float4*>(v + (first + code) * G + g + e) : make_float4(0, 0, 0, 0);
    to[e][code] = x.x, to[e + 1][code] = x.y, to[e + 2][code] = x.z, to[e + 3][code] = x.w;
  }
}

// sums[r][c] += sum_e a[e][4 ty + r] b[e][4 tx + c].
__device__ void multiply(float (&sums)[4][4], const Tiles& tiles) {
  int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
#pragma unroll 4
  for (int e = 0; e < kDepth; e++) {
    float4 row = *reinterpret_cast<const float4*>(&tiles.a[e][4 * ty]);
    float4 column = *reinterpret_cast<const float4*>(&tiles.b[e][4 * tx]);
    const float rows[4] = {row.x, row.y, row.z, row.w}, columns[4] = {column.x, column.y, column.z, column.w};
    for (int n = 0; n < 16; n++) sums[n / 4][n % 4] += rows[n / 4] * columns[n % 4];
  }
}

// Block (j, i), i <= j: 64 x 64 entries of K and their mirror image; sums: over them and their squares.
__global__ void __launch_bounds__(256) gram(float* k, double* sums, const float* v, int B, int G) {
  __shared__ Tiles tiles;
  int tx = threadIdx.x % 16, ty = threadIdx.x / 16, i0 = blockIdx.y * kTile, j0 = blockIdx.x * kTile;
  int block = blockIdx.y * gridDim.x + blockIdx.x;
  float entries[4][4] = {};
  for (int g = 0; g < G && i0 <= j0; g += kDepth) {
    load_codes(tiles.a, v, i0, g, B, G);
    load_codes(tiles.b, v, j0, g, B, G);
    __syncthreads();
    multiply(entries, tiles);
    __syncthreads();
  }
  double sum = 0, squares = 0;
  for (int n = 0; n < 16; n++) {
    int i = i0 + 4 * ty + n / 4, j = j0 + 4 * tx + n % 4;
    double entry = entries[n / 4][n % 4], times = i0 == j0 ? 1 : 2;
    if (i >= B || j >= B || i0 > j0) continue;
    sum += times * entry;
    squares += times * entry * entry;
  }
  for (int n = 0; n < 4; n++) {  // row n of a thread's numbers, and column n, as a row of the mirror image
    int i = i0 + 4 * ty, j = j0 + 4 * tx;
    if (i >= B || j >= B || i0 > j0) continue;
    const float* row = entries[n];
    *reinterpret_cast<float4*>(k + (i + n) * B + j) = make_float4(row[0], row[1], row[2], row[3]);
    if (i0 != j0)
      *reinterpret_cast<float4*>(k + (j + n) * B + i) =
          make_float4(entries[0][n], entries[1][n], entries[2][n], entries[3][n]);
  }
  sum = sum_over_block(sum);
  squares = sum_over_block(squares);
  if (threadIdx.x == 0) sums[2 * block] = sum, sums[2 * block + 1] = squares;
}

// Block (g, i): 64 x 64 entries of dV, from 32 samples j at a time. K = K' gives columns of K as rows.
__global__ void __launch_bounds__(256)
    gradient(float* dv, double* value, const float* v, const float* k, const double* sums, int blocks, int B, int G) {
  __shared__ Tiles tiles;
  int tx = threadIdx.x % 16, ty = threadIdx.x / 16, i0 = blockIdx.y * kTile, g0 = blockIdx.x * kTile;
  double sum = 0, squares = 0;
  for (int b = 0; b < blocks; b++) sum += sums[2 * b], squares += sums[2 * b + 1];
  if (blockIdx.x + blockIdx.y + threadIdx.x == 0) value[0] = value_of(sum, squares, B);
  float n = static_cast<float>(B) * B, mean = static_cast<float>(sum / (static_cast<double>(B) * B));
  float entries[4][4] = {};
  for (int j0 = 0; j0 < B; j0 += kDepth) {
    for (int e = threadIdx.x; e < kDepth * kTile / 4; e += 256) {
      int j = j0 + e / 16, column = e % 16 * 4;
      float4 s = make_float4(0, 0, 0, 0), x = s;
      if (j < B && i0 + column < B) s = *reinterpret_cast<const float4*>(k + j * B + i0 + column);
      if (j < B && g0 + column < G) x = *reinterpret_cast<const float4*>(v + j * G + g0 + column);
      s = make_float4(s.x - mean, s.y - mean, s.z - mean, s.w - mean);
      *reinterpret_cast<float4*>(&tiles.a[e / 16][column]) = s;
      *reinterpret_cast<float4*>(&tiles.b[e / 16][column]) = x;
    }
    __syncthreads();
    multiply(entries, tiles);
    __syncthreads();
  }
  for (int r = 0; r < 4; r++) {
    int i = i0 + 4 * ty + r, g = g0 + 4 * tx;
    const float* row = entries[r];
    if (i < B && g < G)
      *reinterpret_cast<float4*>(dv + i * G + g) =
          make_float4(4 / n * row[0], 4 / n * row[1], 4 / n * row[2], 4 / n * row[3]);
  }
}

void compute(float* dv, double* value, const float* v, int B, int G, float* k, double* sums) {
  int samples = (B + kTile - 1) / kTile, entries = (G + kTile - 1) / kTile;
  gram<<<dim3(samples, samples), 256>>>(k, sums, v, B, G);
  gradient<<<dim3(entries, samples), 256>>>(dv, value, v, k, sums, samples * samples, B, G);
}
