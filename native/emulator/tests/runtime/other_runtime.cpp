// A program that brings a CUDA runtime of its own.
#include <cstdio>

int main() {
  void* pointer = nullptr;
  const cudaError_t error = cudaMalloc(&pointer, 4);
  std::printf("%s\n", cudaGetErrorName(error));
  return error == cudaSuccess ? 0 : 1;
}
