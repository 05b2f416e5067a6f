// What is reported when a program ends, or ends by a fault: exit_program leak|pinned|host|capture|pending|clean.
#include <cstdio>
#include <cstring>

#include "cuda_calls.h"

int main(int, char** arguments) {
  const char* planted = arguments[1];
  void *device = nullptr, *pinned = nullptr;
  StreamHandle stream = nullptr;
  int error = cudaMalloc(&device, 1000) | cudaMallocHost(&pinned, 64) | cudaStreamCreateWithFlags(&stream, 1);
  error |= cudaMemsetAsync(device, 0, 1000, stream);
  if (std::strcmp(planted, "host") == 0) std::printf("%d\n", static_cast<volatile int*>(device)[3]);
  if (std::strcmp(planted, "pending") != 0) error |= cudaStreamSynchronize(stream);
  if (std::strcmp(planted, "capture") == 0) error |= cudaStreamBeginCapture(stream, 0);
  if (std::strcmp(planted, "pinned") != 0) error |= cudaFreeHost(pinned);
  if (std::strcmp(planted, "leak") != 0) error |= cudaFree(device);
  error |= cudaStreamDestroy(stream);
  std::printf("%s\n", error == 0 ? "ended well" : "ended with an error");
  return error == 0 ? 0 : 1;
}
