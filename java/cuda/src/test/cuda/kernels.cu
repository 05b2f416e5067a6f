// Kernels of the JUnit tests, with launchers that a Java class declares as native methods.

// y[i] += a x[i].
extern "C" __global__ void scale_add(float* y, const float* x, float a, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] += a * x[i];
}

// sums[block] = the sum of the block's 256 elements.
extern "C" __global__ void block_sums(float* sums, const float* x, int n) {
  __shared__ float part[256];
  const int i = blockIdx.x * 256 + threadIdx.x;
  part[threadIdx.x] = i < n ? x[i] : 0.0f;
  __syncthreads();
  for (int half = 128; half > 0; half /= 2) {
    if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) sums[blockIdx.x] = part[0];
}

// A bug: the last thread writes one element too far.
extern "C" __global__ void one_too_far(float* y, int n) {
  const int i = threadIdx.x;
  if (i < n) y[i + 1] = i;  // the planted line
}

// What a self-test asks for: out[i] = 2654435761 (i + 1). Kinds: 0 does, 1 writes nothing, 2 writes the last number
// wrongly, 3 writes far beyond.
extern "C" __global__ void pattern(unsigned* out, long long n, int kind) {
  const long long i = blockIdx.x * static_cast<long long>(blockDim.x) + threadIdx.x;
  if (i >= n || kind == 1) return;
  out[kind == 3 ? i + (1ll << 40) : i] = 2654435761u * static_cast<unsigned>(i + 1) + (kind == 2 && i == n - 1);
}

extern "C" int Java_io_github_kib4j_cuda_PlantedKernels_pattern(void*, void*, long long out, long long n,
                                                                long long stream, int kind) {
  pattern<<<static_cast<unsigned>((n + 255) / 256), 256, 0, reinterpret_cast<cudaStream_t>(stream)>>>(
      reinterpret_cast<unsigned*>(out), n, kind);
  return cudaGetLastError();
}

extern "C" int Java_io_github_kib4j_cuda_KernelsTest_blockSums(void*, void*, long long sums, long long x, int n,
                                                               long long stream) {
  block_sums<<<(n + 255) / 256, 256, 0, reinterpret_cast<cudaStream_t>(stream)>>>(reinterpret_cast<float*>(sums),
                                                                                  reinterpret_cast<const float*>(x), n);
  return cudaGetLastError();
}

// The function that cudaLaunchKernel takes for a kernel: 0 scale_add, 1 one_too_far.
extern "C" long long Java_io_github_kib4j_cuda_KernelsTest_kernel(void*, void*, int which) {
  return which == 0 ? reinterpret_cast<long long>(&scale_add) : reinterpret_cast<long long>(&one_too_far);
}
