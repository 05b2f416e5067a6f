// Tiles of 64 x 64 entries of Gram matrices by blocks of 256 threads, 4 x 4 entries a thread.
#ifndef KIB_CUDA_GRAM_TILES_CUH
#define KIB_CUDA_GRAM_TILES_CUH
#include "gram_codes.cuh"

namespace kib::cuda {

constexpr int kTile = 64;           // samples on a side
constexpr int kTileThreads = 256;   // threads (tx, ty): columns 4 tx ..., rows 4 ty ...
constexpr int kDepth = 32;          // entries of codes at a time
constexpr int kRow = kTile + 4;     // of shared memory, so that no two rows of a warp's accesses meet in a bank
constexpr int64_t kBlockSum = 256;  // entries whose products are added before they join a sum

inline int64_t padded_width(int64_t width) { return divided_up(width, 8) * 8; }

// Codes of a batch as kernels take them. Rows of vc and c are padded with zeros to a multiple of 8 entries, so that
// they are read 16 bytes at a time.
struct Codes {
  int64_t batch, width, pitch;
  int kernel;
  Widths widths;
  double *mean, *norm, *scale;  // [B]; scale: what the kernel multiplies a code by
  float *c, *vc;                // [pitch], [B, pitch], over unit
  Units* units;                 // [1]

  static Codes take(Arena& arena, int64_t batch, int64_t width, int kernel, const kib_widths& widths) {
    int64_t pitch = padded_width(width);
    Codes codes{batch, width, pitch, kernel, Widths::of(widths), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
    codes.mean = arena.take<double>(batch);
    codes.norm = arena.take<double>(batch);
    codes.scale = arena.take<double>(batch);
    codes.c = arena.take<float>(pitch);
    codes.vc = arena.take<float>(batch * pitch);
    codes.units = arena.take<Units>(1);
    return codes;
  }
};

// Where a thread's 4 x 4 entries are: in the tile of rows (codes) j0 ... and columns i0 ... of a matrix of a batch.
struct Place {
  int64_t j0, i0;
  int tx, ty, rows, columns;  // rows and columns of the tile inside the matrix

  __device__ Place(int64_t first_row, int64_t first_column, int64_t batch)
      : j0(first_row),
        i0(first_column),
        tx(static_cast<int>(threadIdx.x % 16)),
        ty(static_cast<int>(threadIdx.x / 16)),
        rows(batch - j0 < kTile ? static_cast<int>(batch - j0) : kTile),
        columns(batch - i0 < kTile ? static_cast<int>(batch - i0) : kTile) {}

  __device__ int row(int r) const { return 4 * ty + r; }
  __device__ int column(int c) const { return 4 * tx + c; }
  __device__ bool inside(int r, int c) const { return row(r) < rows && column(c) < columns; }
  __device__ bool on_diagonal(int r, int c) const { return j0 == i0 && row(r) == column(c); }
};

struct TileMemory {
  float a[kDepth][kRow], b[kDepth][kRow];  // entries of 64 codes each, one code beside the other
  float p[2 * kTile];                      // of the codes of a, then of b
  int32_t labels[2 * kTile];               // likewise

  // The same memory for 64 rows of 64 numbers.
  __device__ float (*rows())[kRow] { return reinterpret_cast<float(*)[kRow]>(&a[0][0]); }
};

// Entries k0 ... k0 + 31 of the codes first ... to to[entry][code], 0 past the end. Two neighbouring lanes read 32
// bytes of a code, the next two those of the next code: whole sectors are read, and no two lanes write to one bank.
__device__ inline void load_transposed(float (&to)[kDepth][kRow], const Codes& x, int64_t first, int64_t k0,
                                       int64_t end) {
  unsigned lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  int code = static_cast<int>(warp % 4 * 16 + lane / 2);
#pragma unroll
  for (int part = 0; part < 2; part++) {
    int k = static_cast<int>(warp / 4 * 16 + part * 8 + lane % 2 * 4);
    float4 v = make_float4(0, 0, 0, 0);
    if (first + code < x.batch && k0 + k < end)
      v = *reinterpret_cast<const float4*>(x.vc + (first + code) * x.pitch + k0 + k);
    to[k][code] = v.x;
    to[k + 1][code] = v.y;
    to[k + 2][code] = v.z;
    to[k + 3][code] = v.w;
  }
}

// sums[r][c] += products a[k][4 ty + r] b[k][4 tx + c], or squared differences, over k < depth, a multiple of 8.
template <bool Distance>
__device__ void add_products(float (&sums)[4][4], const float (*a)[kRow], const float (*b)[kRow], int depth) {
  unsigned tx = threadIdx.x % 16, ty = threadIdx.x / 16;
#pragma unroll 4
  for (int k = 0; k < depth; k++) {
    float4 left = *reinterpret_cast<const float4*>(&a[k][4 * ty]);
    float4 right = *reinterpret_cast<const float4*>(&b[k][4 * tx]);
    const float rows[4] = {left.x, left.y, left.z, left.w}, columns[4] = {right.x, right.y, right.z, right.w};
#pragma unroll
    for (int r = 0; r < 4; r++) {
#pragma unroll
      for (int c = 0; c < 4; c++) {
        float factor = Distance ? rows[r] - columns[c] : rows[r];
        sums[r][c] = fmaf(factor, Distance ? factor : columns[c], sums[r][c]);
      }
    }
  }
}

// k[r][c]: products (or squared distances) of the place's codes over their entries begin ... end, a multiple of 8;
// memory.p: sums of products of codes with themselves (cosine) or with c (linear), added in the same order, so that a
// code's distance from itself comes out as 0. Sums over 256 entries, added up one after the other.
template <bool Distance>
__device__ void raw_tile(float (&k)[4][4], TileMemory& memory, const Codes& x, const Place& at, int64_t begin,
                         int64_t end) {
  float all_p = 0;
#pragma unroll
  for (int e = 0; e < 16; e++) k[e / 4][e % 4] = 0;
  for (int64_t block = begin; block < end; block += kBlockSum) {
    float sums[4][4] = {}, p = 0;
    int64_t block_end = block + kBlockSum < end ? block + kBlockSum : end;
    for (int64_t k0 = block; k0 < block_end; k0 += kDepth) {
      int depth = block_end - k0 < kDepth ? static_cast<int>(block_end - k0) : kDepth;
      load_transposed(memory.a, x, at.j0, k0, block_end);
      load_transposed(memory.b, x, at.i0, k0, block_end);
      __syncthreads();
      add_products<Distance>(sums, memory.a, memory.b, depth);
      if (!Distance && threadIdx.x < 2 * kTile) {
        const float* code = threadIdx.x < kTile ? &memory.a[0][threadIdx.x] : &memory.b[0][threadIdx.x - kTile];
        if (x.kernel == KIB_COSINE) {
#pragma unroll 8
          for (int e = 0; e < depth; e++) p = fmaf(code[e * kRow], code[e * kRow], p);
        } else {
          const float* c = x.c + k0;
#pragma unroll 8
          for (int e = 0; e < depth; e++) p = fmaf(code[e * kRow], c[e], p);
        }
      }
      __syncthreads();
    }
    all_p += p;
#pragma unroll
    for (int e = 0; e < 16; e++) k[e / 4][e % 4] += sums[e / 4][e % 4];
  }
  if (!Distance && threadIdx.x < 2 * kTile) memory.p[threadIdx.x] = all_p;
}

// Makes of sums with themselves or with c, in memory.p, what entries gain: p, or kDead. All threads call it.
__device__ inline void finish_p(TileMemory& memory, const Codes& x, const Place& at, bool phsic) {
  if (threadIdx.x < 2 * kTile) {
    int64_t code = threadIdx.x < kTile ? at.j0 + threadIdx.x : at.i0 + threadIdx.x - kTile;
    float p = memory.p[threadIdx.x];
    if (x.kernel == KIB_COSINE)
      p = code < x.batch && x.norm[code] == 0 ? kDead : -0.5f * p;
    else
      p = phsic ? p : 0;
    memory.p[threadIdx.x] = p;
  }
  __syncthreads();
}

// Makes of raw sums the entries of the Gram matrix less a constant, over its unit. memory.p is as finish_p leaves it.
__device__ inline void finish_entries(float (&k)[4][4], const TileMemory& memory, const Codes& x, const Place& at) {
  if (x.kernel == KIB_GAUSSIAN) {
    const Units units = *x.units;
#pragma unroll
    for (int e = 0; e < 16; e++)
      k[e / 4][e % 4] = at.on_diagonal(e / 4, e % 4) ? 0 : units.gaussian(k[e / 4][e % 4], x.widths);
    return;
  }
  bool cosine = x.kernel == KIB_COSINE;
#pragma unroll
  for (int e = 0; e < 16; e++) {
    float p_row = memory.p[at.row(e / 4)], p_column = memory.p[kTile + at.column(e % 4)];
    bool dead = cosine && (p_row == kDead || p_column == kDead);
    k[e / 4][e % 4] = dead ? -1 : k[e / 4][e % 4] + (p_row + p_column);
  }
}

// k[r][c]: what finish_entries makes the place's entries of the Gram matrix of.
__device__ inline void unfinished_tile(float (&k)[4][4], TileMemory& memory, const Codes& x, const Place& at,
                                       bool phsic) {
  if (x.kernel == KIB_GAUSSIAN) return raw_tile<true>(k, memory, x, at, 0, x.pitch);
  raw_tile<false>(k, memory, x, at, 0, x.pitch);
  __syncthreads();
  finish_p(memory, x, at, phsic);
}

// k[r][c]: the place's entries of the Gram matrix, less a constant.
__device__ inline void gram_tile(float (&k)[4][4], TileMemory& memory, const Codes& x, const Place& at, bool phsic) {
  unfinished_tile(k, memory, x, at, phsic);
  finish_entries(k, memory, x, at);
  __syncthreads();
}

}  // namespace kib::cuda
#endif
