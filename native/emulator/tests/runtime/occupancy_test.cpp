// Occupancy of all six capabilities: rows worked out by hand, and against NVIDIA's own cuda_occupancy.h where CUDA is
// installed: occupancy_test [SEED].
#include "runtime/occupancy.h"

#include <cstdlib>
#include <random>

#include "check.h"
#include "machine/card.h"

#ifdef KIB_CUDA_OCCUPANCY
#include <cuda_occupancy.h>
#endif

using namespace kib::emulator;

namespace {

Limits of(int capability) { return limits_of(card_of(capability)); }

int blocks(int capability, KernelResources kernel, uint32_t threads, size_t dynamic = 0) {
  return occupancy_of(of(capability), kernel, threads, dynamic).blocks;
}

KernelResources taking(uint32_t registers, uint32_t shared = 0, uint32_t barriers = 0) {
  return {registers, barriers, shared, 0};
}

void by_hand() {
  // 80 registers of 32 threads are 2560; a partition's 16384 hold 6 warps, so four 24: 3 blocks of 8 warps.
  CHECK_EQUAL(blocks(90, taking(80), 256), 3);
  CHECK_EQUAL(blocks(90, taking(16), 256), 8);  // 2048 threads
  CHECK_EQUAL(blocks(86, taking(16), 256), 6);  // 1536
  CHECK_EQUAL(blocks(86, taking(16), 32), 16);  // blocks
  CHECK_EQUAL(blocks(89, taking(16), 32), 24);
  CHECK_EQUAL(blocks(120, taking(16), 1024), 1);
  CHECK_EQUAL(blocks(80, taking(16), 64), 32);
  CHECK_EQUAL(blocks(90, taking(64), 1024), 1);
  CHECK_EQUAL(blocks(90, taking(65), 1024), 0);  // 72 x 1024
  CHECK_EQUAL(blocks(90, taking(128), 512), 1);
  CHECK_EQUAL(blocks(90, taking(255), 33), 4);  // of two warps each, two in each of four partitions
  CHECK_EQUAL(blocks(90, taking(16), 128, 227 << 10), 1);
  CHECK_EQUAL(blocks(90, taking(16), 128, (227 << 10) + 1), 0);
  CHECK_EQUAL(blocks(90, taking(16), 128, 113 << 10), 2);  // with the reserved kilobyte 114
  CHECK_EQUAL(blocks(80, taking(16), 128, 113 << 10), 1);
  for (int capability : {86, 89, 120}) CHECK_EQUAL(blocks(capability, taking(16), 128, 100 << 10), 0);
  CHECK_EQUAL(blocks(120, taking(16, 0, 2), 64), 12);  // 24 barriers
  CHECK_EQUAL(blocks(86, taking(16, 0, 16), 64), 16);
  CHECK_EQUAL(blocks(90, taking(16, 0, 16), 64), 4);
  CHECK_EQUAL(occupancy_of(of(90), taking(80), 256, 0).bound, std::string("registers"));
  CHECK_EQUAL(occupancy_of(of(90), taking(16), 128, 100 << 10).bound, std::string("shared memory"));
  CHECK_EQUAL(blocks(90, taking(16), 1025), 0);

  CHECK_EQUAL(registers_of_block(128, 1024), 131072u);
  CHECK_EQUAL(registers_of_block(80, 800), 28u * 2560);
  CHECK_EQUAL(most_threads(of(90), 80, 1024), 768u);
  CHECK_EQUAL(most_threads(of(90), 128, 1024), 512u);
  CHECK_EQUAL(most_threads(of(90), 128, 256), 256u);
  CHECK_EQUAL(most_threads(of(90), 32, 1024), 1024u);
  CHECK_EQUAL(most_threads(of(90), 255, 1024), 256u);

  CHECK_EQUAL(dynamic_shared_for(of(90), taking(16), 1), size_t{227} << 10);
  CHECK_EQUAL(dynamic_shared_for(of(90), taking(16), 2), size_t{113} << 10);
  CHECK_EQUAL(dynamic_shared_for(of(90), taking(16, 1000), 2), (size_t{113} << 10) - 1000);
  CHECK_EQUAL(dynamic_shared_for(of(86), taking(16, 48 << 10), 3), size_t{0});
}

#ifdef KIB_CUDA_OCCUPANCY
int by_nvidia(const Limits& l, const KernelResources& kernel, int threads, size_t dynamic) {
  cudaOccDeviceProp device;
  device.computeMajor = l.major;
  device.computeMinor = l.minor;
  device.maxThreadsPerBlock = l.threads_block;
  device.maxThreadsPerMultiprocessor = l.threads_multiprocessor;
  device.regsPerBlock = device.regsPerMultiprocessor = l.registers;
  device.warpSize = 32;
  device.sharedMemPerBlock = static_cast<size_t>(l.shared_block);
  device.sharedMemPerMultiprocessor = static_cast<size_t>(l.shared_multiprocessor);
  device.numSms = l.multiprocessors;
  device.sharedMemPerBlockOptin = static_cast<size_t>(l.shared_optin);
  device.reservedSharedMemPerBlock = static_cast<size_t>(l.shared_reserved);
  cudaOccFuncAttributes function;
  function.maxThreadsPerBlock = l.threads_block;
  function.numRegs = static_cast<int>(kernel.registers);
  function.sharedSizeBytes = kernel.shared;
  function.partitionedGCConfig = PARTITIONED_GC_OFF;
  function.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
  function.maxDynamicSharedSizeBytes = dynamic;
  function.numBlockBarriers = static_cast<int>(kernel.barriers);
  cudaOccDeviceState state;
  cudaOccResult result;
  const cudaOccError error =
      cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &function, &state, threads, dynamic);
  return error == CUDA_OCC_SUCCESS ? result.activeBlocksPerMultiprocessor : -static_cast<int>(error);
}

void against_nvidia(uint64_t seed) {
  std::mt19937_64 random(seed);
  int compared = 0, different = 0;
  for (const Card& card : kCards) {
    const Limits l = limits_of(card);
    for (int i = 0; i < 20000; ++i) {
      const auto below = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
      const KernelResources kernel = taking(1 + below(255), below(2) * below(48 << 10), below(17));
      const uint32_t threads = 1 + below(1024);
      const size_t dynamic = below(2) * below(static_cast<uint32_t>(l.shared_optin) - kernel.shared + 2048);
      const int got = occupancy_of(l, kernel, threads, dynamic).blocks;
      const int wanted = by_nvidia(l, kernel, static_cast<int>(threads), dynamic);
      ++compared;
      if (got == wanted || ++different > 5) continue;
      std::fprintf(stderr, "%d: %u threads, %u registers, %u barriers, %u + %zu shared: %d blocks, NVIDIA says %d\n",
                   card.capability, threads, kernel.registers, kernel.barriers, kernel.shared, dynamic, got, wanted);
    }
  }
  std::printf("%d launches as cuda_occupancy.h has them, %d different\n", compared, different);
  CHECK_EQUAL(different, 0);
}
#endif

}  // namespace

int main(int count, char** arguments) {
  by_hand();
#ifdef KIB_CUDA_OCCUPANCY
  const uint64_t seed = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : std::random_device{}();
  std::printf("occupancy_test %llu\n", static_cast<unsigned long long>(seed));
  against_nvidia(seed);
#else
  static_cast<void>(count + arguments[0][0]);
  std::printf("cuda_occupancy.h is not installed: by hand only\n");
#endif
  return kib::test::result();
}
