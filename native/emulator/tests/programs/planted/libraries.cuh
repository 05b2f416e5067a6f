// Calls of cuBLAS beside kernels: results over operands, one workspace on two streams.
#include <dlfcn.h>

#include "planted.h"

// The functions as they are found without cuBLAS's headers, which nvcc does not bring.
struct Blas {
  Blas() {
    library = dlopen("libcublas.so.13", RTLD_NOW);
    if (!library) throw std::runtime_error("no libcublas.so.13");
    if (call<int(void**)>("cublasCreate_v2")(&handle)) throw std::runtime_error("no handle");
  }
  ~Blas() { call<int(void*)>("cublasDestroy_v2")(handle); }
  template <class F>
  F* call(const char* name) {
    return reinterpret_cast<F*>(dlsym(library, name));
  }
  void on(cudaStream_t stream) { call<int(void*, cudaStream_t)>("cublasSetStream_v2")(handle, stream); }
  void workspace(void* memory, size_t bytes) {
    call<int(void*, void*, size_t)>("cublasSetWorkspace_v2")(handle, memory, bytes);
  }
  // c = a b of n x n, column by column.
  void multiply(const float* a, const float* b, float* c, int n) {
    const float one = 1, zero = 0;
    call<int(void*, int, int, int, int, int, const float*, const float*, int, const float*, int, const float*, float*,
             int)>("cublasSgemm_v2")(handle, 0, 0, n, n, n, &one, a, n, b, n, &zero, c, n);
  }
  void *library, *handle;
};
__global__ void fill(float* x, float value) { x[blockIdx.x * kBlock + threadIdx.x] = value; }

// EXPECT result_over_operand: overlapping arguments.*cublasSgemm
PLANTED(result_over_operand) {
  int n = 16;
  Device<float> a(std::vector<float>(n * n, 1.0f)), b(std::vector<float>(2 * n * n, 1.0f));
  Blas blas;
  blas.multiply(a, b, repaired ? b + n * n : b + n, n);
  finish();
}

// EXPECT product_too_early: unordered access
PLANTED(product_too_early) {
  int n = 16;
  Device<float> a(std::vector<float>(n * n, 2.0f)), b(std::vector<float>(n * n, 1.0f)), c(n * n);
  cudaStream_t one, two;
  CUDA(cudaStreamCreateWithFlags(&one, cudaStreamNonBlocking));
  CUDA(cudaStreamCreateWithFlags(&two, cudaStreamNonBlocking));
  {
    Blas blas;
    CUDA(cudaDeviceSynchronize());
    fill<<<n * n / kBlock, kBlock, 0, one>>>(a, 1.0f);
    if (repaired) CUDA(cudaStreamSynchronize(one));
    blas.on(two);
    blas.multiply(a, b, c, n);
    finish();
  }
  CUDA(cudaStreamDestroy(one));
  CUDA(cudaStreamDestroy(two));
}

// EXPECT one_workspace: unordered access
PLANTED(one_workspace) {
  int n = 16;
  Device<float> a(std::vector<float>(n * n, 1.0f)), c(n * n), d(n * n), memory(1 << 16);
  cudaStream_t streams[2];
  for (cudaStream_t& s : streams) CUDA(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking));
  {
    Blas one, two;
    CUDA(cudaDeviceSynchronize());
    one.on(streams[0]);  // which forgets the workspace
    two.on(streams[1]);
    one.workspace(memory, 1 << 16);
    two.workspace(repaired ? memory + (1 << 15) : memory.data(), 1 << 16);
    one.multiply(a, a, c, n);
    two.multiply(a, a, d, n);
    finish();
  }
  for (cudaStream_t s : streams) CUDA(cudaStreamDestroy(s));
}
