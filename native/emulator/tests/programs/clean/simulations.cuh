// Grids, bodies and random draws: neighbours in space, steps in time.
#include "../program.h"

constexpr int kTile = 8;

// Five points, a tile with its rim in shared memory, two buffers that change places.
__global__ void five_points(const int* x, int* y, int n) {
  __shared__ int tile[kTile + 2][kTile + 2];
  int tx = threadIdx.x + 1, ty = threadIdx.y + 1, c = blockIdx.x * kTile + tx - 1, r = blockIdx.y * kTile + ty - 1;
  auto at = [&](int row, int column) { return x[(row + n) % n * n + (column + n) % n]; };
  tile[ty][tx] = at(r, c);
  if (tx == 1) tile[ty][0] = at(r, c - 1);
  if (tx == kTile) tile[ty][kTile + 1] = at(r, c + 1);
  if (ty == 1) tile[0][tx] = at(r - 1, c);
  if (ty == kTile) tile[kTile + 1][tx] = at(r + 1, c);
  __syncthreads();
  y[r * n + c] = 2 * tile[ty][tx] + tile[ty - 1][tx] - tile[ty + 1][tx] + tile[ty][tx - 1] - tile[ty][tx + 1];
}
PROGRAM(stencil_on_a_torus) {
  int n = 4 * kTile;
  std::vector<int> x = whole<int>(n * n, random, -9, 9), y(n * n);
  Device<int> a(x), b(n * n);
  int *from = a, *to = b;
  for (int step = 0; step < 4; ++step) {
    five_points<<<dim3(n / kTile, n / kTile), dim3(kTile, kTile)>>>(from, to, n);
    std::swap(from, to);
    for (int i = 0; i < n * n; ++i) {
      int r = i / n * n, c = i % n, up = (r + n * n - n) % (n * n), down = (r + n) % (n * n);
      y[i] = 2 * x[i] + x[up + c] - x[down + c] + x[r + (c + n - 1) % n] - x[r + (c + 1) % n];
    }
    x.swap(y);
  }
  LAUNCHED();
  equal("a grid", a.get(), x);
}

// Seven points: planes go through registers, one after the other.
__global__ void seven_points(const int* x, int* y, int n, int depth) {
  __shared__ int plane[kTile + 2][kTile + 2];
  int tx = threadIdx.x, ty = threadIdx.y, c = blockIdx.x * kTile + tx, r = blockIdx.y * kTile + ty, size = n * n;
  bool inside = tx > 0 && ty > 0 && c < n - 1 && r < n - 1 && tx <= kTile && ty <= kTile;
  int below = 0, here = c < n && r < n ? x[r * n + c] : 0;
  for (int z = 0; z < depth; ++z) {
    int above = z + 1 < depth && c < n && r < n ? x[(z + 1) * size + r * n + c] : 0;
    plane[ty][tx] = here;
    __syncthreads();
    if (inside)
      y[z * size + r * n + c] =
          below + above + plane[ty - 1][tx] + plane[ty + 1][tx] + plane[ty][tx - 1] + plane[ty][tx + 1] - 6 * here;
    __syncthreads();
    below = here;
    here = above;
  }
}
PROGRAM(stencil_through_planes) {
  int n = 18, depth = 5, size = n * n;
  std::vector<int> x = whole<int>(depth * size, random, -99, 99), wanted(x.size());
  for (int z = 0; z < depth; ++z)
    for (int r = 1; r < n - 1; ++r)
      for (int c = 1; c < n - 1; ++c) {
        int i = z * size + r * n + c;
        wanted[i] = (z ? x[i - size] : 0) + (z + 1 < depth ? x[i + size] : 0) + x[i - n] + x[i + n] + x[i - 1] +
                    x[i + 1] - 6 * x[i];
      }
  Device<int> input(x), output(x.size());
  output.zero();
  seven_points<<<dim3(2, 2), dim3(kTile + 2, kTile + 2)>>>(input, output, n, depth);
  LAUNCHED();
  equal("a grid", output.get(), wanted);
}

// Life on a torus, eight cells a byte apart: sums of neighbours, a thread a cell.
__global__ void life(const unsigned char* x, unsigned char* y, int n) {
  int c = blockIdx.x * 32 + threadIdx.x, r = blockIdx.y, sum = 0;
  if (c >= n) return;
  for (int k = 0; k < 9; ++k)
    if (k != 4) sum += x[(r + k / 3 + n - 1) % n * n + (c + k % 3 + n - 1) % n];
  y[r * n + c] = sum == 3 || (sum == 2 && x[r * n + c]);
}
PROGRAM(game_of_life) {
  int n = 40;
  std::vector<unsigned char> x = whole<unsigned char>(n * n, random, 0, 1), y(n * n);
  Device<unsigned char> a(x), b(n * n);
  unsigned char *from = a, *to = b;
  for (int step = 0; step < 4; ++step) {
    life<<<dim3(2, n), 32>>>(from, to, n);
    std::swap(from, to);
    for (int i = 0; i < n * n; ++i) {
      int sum = -x[i];
      for (int k = 0; k < 9; ++k) sum += x[(i / n + k / 3 + n - 1) % n * n + (i + k % 3 + n - 1) % n];
      y[i] = sum == 3 || (sum == 2 && x[i]);
    }
    x.swap(y);
  }
  LAUNCHED();
  equal("cells", a.get(), x);
}

// Bodies that pull each other: positions of a block's turn in shared memory.
__global__ void forces(const float4* bodies, float4* pull, int n) {
  __shared__ float4 turn[64];
  int i = blockIdx.x * 64 + threadIdx.x;
  float4 own = i < n ? bodies[i] : make_float4(0, 0, 0, 0), sum = make_float4(0, 0, 0, 0);
  for (int base = 0; base < n; base += 64) {
    int j = base + int(threadIdx.x);
    turn[threadIdx.x] = j < n ? bodies[j] : make_float4(0, 0, 0, 0);
    __syncthreads();
    for (int k = 0; k < 64; ++k) {
      float x = turn[k].x - own.x, y = turn[k].y - own.y, z = turn[k].z - own.z,
            square = fmaf(x, x, fmaf(y, y, fmaf(z, z, 0.01f))), scale = turn[k].w / (square * sqrtf(square));
      sum = make_float4(fmaf(x, scale, sum.x), fmaf(y, scale, sum.y), fmaf(z, scale, sum.z), 0);
    }
    __syncthreads();
  }
  if (i < n) pull[i] = sum;
}
PROGRAM(bodies) {
  int n = 90;
  std::vector<float> x = random_values<float>(4 * n, random, 0, 1), got;
  std::vector<double> wanted;
  for (int i = 0; i < n; ++i) {
    double sum[4] = {};
    for (int j = 0; j < n; ++j) {
      double d[3], square = 0.01;
      for (int k = 0; k < 3; ++k) d[k] = double(x[4 * j + k]) - x[4 * i + k], square += d[k] * d[k];
      for (int k = 0; k < 3; ++k) sum[k] += d[k] * x[4 * j + 3] / std::pow(square, 1.5);
    }
    wanted.insert(wanted.end(), sum, sum + 4);
  }
  Device<float> input(x), output(4 * n);
  forces<<<2, 64>>>(reinterpret_cast<const float4*>(input.data()), reinterpret_cast<float4*>(output.data()), n);
  LAUNCHED();
  near("forces", output.get(), wanted, 90 * 40 * 100 * 6e-8);  // 90 terms of less than 40, some 10 roundings each
}

// Steps until a point leaves, each lane its own number. The host's arithmetic is the same, fused where said.
__host__ __device__ int steps_to_leave(float cx, float cy) {
  float x = 0, y = 0;
  for (int k = 0; k < 60; ++k) {
    float next = fmaf(x, x, fmaf(-y, y, cx));
    y = fmaf(2 * x, y, cy);
    x = next;
    if (fmaf(x, x, y * y) > 4) return k;
  }
  return 60;
}
__global__ void mandelbrot(int* y, int n, float step) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n * n) y[i] = steps_to_leave(fmaf(float(i % n), step, -2), fmaf(float(i / n), step, -1.5f));
}
PROGRAM(points_that_leave) {
  int n = 30;
  float step = 0.1f;
  std::vector<int> wanted(n * n);
  for (int i = 0; i < n * n; ++i)
    wanted[i] = steps_to_leave(std::fma(float(i % n), step, -2), std::fma(float(i / n), step, -1.5f));
  Device<int> output(n * n);
  mandelbrot<<<8, 128>>>(output, n, step);
  LAUNCHED();
  equal("steps", output.get(), wanted);
}

// Points in a quarter of a circle: whole numbers, so that the count is exact.
__host__ __device__ unsigned next_of(unsigned& state) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}
__host__ __device__ int draws_inside(unsigned state, int draws) {
  int inside = 0;
  for (int k = 0; k < draws; ++k) {
    unsigned x = next_of(state) >> 17, y = next_of(state) >> 17;
    inside += x * x + y * y < (1u << 30);
  }
  return inside;
}
__global__ void throw_darts(int* inside, unsigned seed, int draws) {
  int own = draws_inside(seed + blockIdx.x * blockDim.x + threadIdx.x, draws);
  own = __reduce_add_sync(0xffffffffu, own);
  if (threadIdx.x % 32 == 0) atomicAdd(inside, own);
}
PROGRAM(darts) {
  unsigned seed = unsigned(random()) | 1u << 20;
  int wanted = 0;
  for (unsigned i = 0; i < 256; ++i) wanted += draws_inside(seed + i, 20);
  Device<int> inside(1);
  inside.zero();
  throw_darts<<<4, 64>>>(inside, seed, 20);
  LAUNCHED();
  equal("hits", inside.get(), {wanted});
}

// A word's places in a text; all places of a warp by one vote.
__constant__ char word[4];
__global__ void places_of_word(const char* text, unsigned* found, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  bool here = i + 3 < n;
  for (int k = 0; here && k < 4; ++k) here = text[i + k] == word[k];
  unsigned vote = __ballot_sync(0xffffffffu, here);
  if (threadIdx.x % 32 == 0) found[i / 32] = vote;
}
PROGRAM(words_in_a_text) {
  int n = 500;
  std::vector<char> text = whole<char>(n, random, 'a', 'b');
  std::vector<unsigned> wanted(16);
  for (int i = 0; i + 3 < n; ++i) wanted[i / 32] |= unsigned(std::memcmp(&text[i], "abba", 4) == 0) << (i % 32);
  CUDA(cudaMemcpyToSymbol(word, "abba", 4));
  Device<char> input(text);
  Device<unsigned> found(16);
  places_of_word<<<4, 128>>>(input, found, n);
  LAUNCHED();
  equal("places", found.get(), wanted);
}

// A colour image to grey, rows a pitch apart, by bytes and words.
__global__ void grey(const uchar4* x, size_t pitch, unsigned char* y, int w, int h) {
  int c = blockIdx.x * 16 + threadIdx.x, r = blockIdx.y * 4 + threadIdx.y;
  if (c >= w || r >= h) return;
  uchar4 v = *reinterpret_cast<const uchar4*>(reinterpret_cast<const char*>(x) + r * pitch + c * sizeof(uchar4));
  y[r * w + c] = (unsigned char)((v.x * 77 + v.y * 150 + v.z * 29) >> 8);
}
PROGRAM(image_with_a_pitch) {
  int w = 37, h = 21;
  std::vector<uchar4> x(w * h);
  std::vector<unsigned char> wanted;
  for (uchar4& v : x) {
    v = make_uchar4(random() % 256, random() % 256, random() % 256, 255);
    wanted.push_back((unsigned char)((v.x * 77 + v.y * 150 + v.z * 29) >> 8));
  }
  uchar4* image = nullptr;
  size_t pitch = 0, row = w * sizeof(uchar4);
  CUDA(cudaMallocPitch(&image, &pitch, row, h));
  CUDA(cudaMemcpy2D(image, pitch, x.data(), row, row, h, cudaMemcpyHostToDevice));
  Device<unsigned char> output(w * h);
  grey<<<dim3(3, 6), dim3(16, 4)>>>(image, pitch, output, w, h);
  LAUNCHED();
  equal("grey", output.get(), wanted);
  CUDA(cudaFree(image));
}
