// PTX's types and state spaces.
#ifndef KIB_EMULATOR_PTX_TYPES_H
#define KIB_EMULATOR_PTX_TYPES_H
#include <cstdint>
#include <string_view>

namespace kib::emulator::ptx {

enum class Type : uint8_t {
  kNone,
  kPred,
  kB8,
  kB16,
  kB32,
  kB64,
  kB128,
  kU8,
  kU16,
  kU32,
  kU64,
  kS8,
  kS16,
  kS32,
  kS64,
  kF16,
  kF16x2,
  kBf16,
  kBf16x2,
  kF32,
  kF32x2,
  kF64,
  kTf32,
  kU16x2,
  kS16x2,
};

enum class Space : uint8_t { kGeneric, kGlobal, kShared, kLocal, kConst, kParam, kCluster };

// The type that a modifier without its dot names, kNone where it names none.
Type type_named(std::string_view name);
uint32_t bytes_of(Type type);
inline bool is_signed(Type t) { return (t >= Type::kS8 && t <= Type::kS64) || t == Type::kS16x2; }
inline bool is_integer(Type t) { return t >= Type::kB8 && t <= Type::kS64; }

// Where the windows of shared, local and parameter memory lie among generic addresses.
constexpr uint64_t kSharedWindow = uint64_t{0x10} << 40;
constexpr uint64_t kLocalWindow = uint64_t{0x11} << 40;
constexpr uint64_t kParamWindow = uint64_t{0x12} << 40;
constexpr uint64_t kWindowBytes = uint64_t{1} << 32;
// Where shared memory of the blocks of a cluster lies in its window: a block's own from 0 on, and that of the block of
// a rank from (rank + 1) << kClusterShift on.
constexpr uint32_t kClusterShift = 24, kRanks = 255;
constexpr uint32_t kMostInCluster = 16;  // blocks

// Where shared variables lie: those of the module, those of the kernel, the dynamic ones. Between the last two, far
// from both (static ones are at most 48 KB), what the system reserves for each block.
constexpr uint32_t kKernelShared = 128 << 10, kDynamicShared = 256 << 10;
constexpr uint32_t kReservedShared = 208 << 10, kReservedBytes = 1 << 10;
// Its second part is for the groups of more than a warp of cooperative groups; who uses the first is not known.
constexpr uint32_t kReservedParts[] = {kReservedShared, kReservedShared + 512};
// Blocks get shared memory in units of this.
constexpr uint32_t kSharedUnit = 128;

// What a pointer to function number `index` holds.
constexpr uint64_t kFunctionWindow = uint64_t{0x13} << 40;

inline Space space_of(uint64_t generic) {
  if (generic - kSharedWindow < kWindowBytes) return Space::kShared;
  if (generic - kLocalWindow < kWindowBytes) return Space::kLocal;
  if (generic - kParamWindow < kWindowBytes) return Space::kParam;
  return Space::kGlobal;
}

}  // namespace kib::emulator::ptx
#endif
