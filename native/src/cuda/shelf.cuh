// A thread's own numbers in shared memory.
#ifndef KIB_CUDA_SHELF_CUH
#define KIB_CUDA_SHELF_CUH
#include "numbers.cuh"

namespace kib::cuda {

// Slots of V numbers of type Kept, which only the thread that filled them reads: so no barriers, and no bank conflicts,
// since piece i of all threads' slots lies side by side.
template <class Kept, int V>
class Shelf {
 public:
  __device__ explicit Shelf(void* memory)
      : mine_(static_cast<char*>(memory) + threadIdx.x * kPiece), stride_(blockDim.x * kPiece) {}

  __device__ void put(int slot, const float (&x)[V]) const {
    if constexpr (V == 1) {
      store(reinterpret_cast<Kept*>(piece(slot)), x[0]);
    } else if constexpr (sizeof(Kept) == 2) {
      *reinterpret_cast<uint4*>(piece(slot)) =
          make_uint4(pair(x[0], x[1]), pair(x[2], x[3]), pair(x[4], x[5]), pair(x[6], x[7]));
    } else {
#pragma unroll
      for (int i = 0; i < V / 4; i++)
        *reinterpret_cast<float4*>(piece(slot * (V / 4) + i)) =
            make_float4(x[4 * i], x[4 * i + 1], x[4 * i + 2], x[4 * i + 3]);
    }
  }

  __device__ void get(int slot, float (&x)[V]) const {
    if constexpr (V == 1) {
      x[0] = load(*reinterpret_cast<const Kept*>(piece(slot)));
    } else if constexpr (sizeof(Kept) == 2) {
      load_wide(x, reinterpret_cast<const Kept*>(piece(slot)));
    } else {
#pragma unroll
      for (int i = 0; i < V / 4; i++) {
        float4 part = *reinterpret_cast<const float4*>(piece(slot * (V / 4) + i));
        x[4 * i] = part.x, x[4 * i + 1] = part.y, x[4 * i + 2] = part.z, x[4 * i + 3] = part.w;
      }
    }
  }

  // Begins to copy V numbers of global memory, 16 bytes, into a slot. Before arrived() they are not there.
  __device__ void fetch(int slot, const Kept* source) const {
    static_assert(V * sizeof(Kept) == 16, "one piece");
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;"
                 :
                 : "r"(static_cast<uint32_t>(__cvta_generic_to_shared(piece(slot)))), "l"(source)
                 : "memory");
  }
  __device__ static void arrived() { asm volatile("cp.async.wait_all;" ::: "memory"); }

 private:
  static constexpr unsigned kBytes = V * sizeof(Kept), kPiece = kBytes < 16 ? kBytes : 16;

  __device__ char* piece(int i) const { return mine_ + static_cast<unsigned>(i) * stride_; }

  char* mine_;
  unsigned stride_;
};

}  // namespace kib::cuda
#endif
