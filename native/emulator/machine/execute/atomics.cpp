// atom and red, on memory that other host threads may change at the same time.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "machine/execute/access.h"
#include "machine/execute/half_values.h"

namespace kib::emulator::ptx {
namespace {

template <class T>
T combined(AtomicOp op, T old, T a, T b) {
  switch (op) {
    case AtomicOp::kAdd:
      return static_cast<T>(static_cast<std::make_unsigned_t<T>>(old) + static_cast<std::make_unsigned_t<T>>(a));
    case AtomicOp::kAnd:
      return old & a;
    case AtomicOp::kOr:
      return old | a;
    case AtomicOp::kXor:
      return old ^ a;
    case AtomicOp::kMin:
      return std::min(old, a);
    case AtomicOp::kMax:
      return std::max(old, a);
    case AtomicOp::kInc:
      return old >= a ? T{0} : static_cast<T>(old + 1);
    case AtomicOp::kDec:
      return old == 0 || old > a ? a : static_cast<T>(old - 1);
    case AtomicOp::kExch:
      return a;
    default:
      return old == a ? b : old;
  }
}

template <class Bits, class F>
Bits change(std::byte* where, F next) {
  Bits* p = reinterpret_cast<Bits*>(where);
  Bits old = __atomic_load_n(p, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(p, &old, next(old), true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
  }
  return old;
}

float canonical(float v) { return v != v ? bits_as<float>(uint32_t{0x7fffffff}) : v; }

template <class Bits, class T>
uint64_t integer(std::byte* where, AtomicOp op, uint64_t a, uint64_t b) {
  return change<Bits>(where, [=](Bits old) {
    return static_cast<Bits>(combined<T>(op, static_cast<T>(old), static_cast<T>(a), static_cast<T>(b)));
  });
}

uint64_t one(Type type, AtomicOp op, std::byte* where, uint64_t a, uint64_t b) {
  switch (type) {
    case Type::kF32:
      return change<uint32_t>(where, [=](uint32_t old) {
        return bits_as<uint32_t>(canonical(bits_as<float>(old) + bits_as<float>(static_cast<uint32_t>(a))));
      });
    case Type::kF64:
      return change<uint64_t>(
          where, [=](uint64_t old) { return bits_as<uint64_t>(bits_as<double>(old) + bits_as<double>(a)); });
    case Type::kF16:
    case Type::kBf16:
      return change<uint16_t>(where,
                              [=](uint16_t old) { return half_combined(type, op, old, static_cast<uint16_t>(a)); });
    case Type::kF16x2:
    case Type::kBf16x2: {
      const Type half = type == Type::kF16x2 ? Type::kF16 : Type::kBf16;
      return change<uint32_t>(where, [=](uint32_t old) {
        const uint32_t low = half_combined(half, op, static_cast<uint16_t>(old), static_cast<uint16_t>(a));
        const uint32_t high = half_combined(half, op, static_cast<uint16_t>(old >> 16), static_cast<uint16_t>(a >> 16));
        return high << 16 | low;
      });
    }
    case Type::kB16:
      return integer<uint16_t, uint16_t>(where, op, a, b);
    case Type::kS32:
      return integer<uint32_t, int32_t>(where, op, a, b);
    case Type::kS64:
      return integer<uint64_t, int64_t>(where, op, a, b);
    case Type::kU64:
    case Type::kB64:
      return integer<uint64_t, uint64_t>(where, op, a, b);
    default:
      return integer<uint32_t, uint32_t>(where, op, a, b);
  }
}

uint64_t read(const Warp& w, Operand o, uint32_t bytes, uint32_t l) {
  if (o == kNoOperand) return 0;
  return bytes == 2 ? w.at<uint16_t>(o)[l] : bytes == 4 ? w.at<uint32_t>(o)[l] : w.at<uint64_t>(o)[l];
}

bool is_float(Type type) {
  return type == Type::kF32 || type == Type::kF64 || type == Type::kF16 || type == Type::kF16x2 ||
         type == Type::kBf16 || type == Type::kBf16x2;
}

// Sums of rounded numbers depend on their order, which is another one in each run on a GPU.
void check_float(Touch& t) {
  t.warp.report(Finding::kFloatAtomic, static_cast<uint32_t>(__builtin_ctz(t.mask)), 0,
                "adds floating-point numbers atomically: a GPU adds them in another order in each run, and the sum has "
                "other bits; add them in a fixed order (a tree, or a second kernel over partial sums) or add integers, "
                "or set KIB_EMULATOR_CHECK=all,-float-atomics",
                true);
}

}  // namespace

void atomic(const Instruction& i, Warp& w) {
  const Access& a = w.launch().image->accesses[i.target];
  const AtomicOp op = static_cast<AtomicOp>(i.x);
  const bool races = w.launch().options.races;
  const bool adds_floats = op == AtomicOp::kAdd && is_float(a.type);
  Touch t(w, a.space, a.element, w.mask, true, true, true, nullptr);
  t.access = &a;
  addresses(a, w, t.address);
  by_space(a.space, w.mask, t.address, [&](Space space, uint32_t mask) {
    t.space = space;
    t.mask = mask;
    if (w.launch().stopped() || !aim(t, a.space)) return;
    if (races) {
      for (uint32_t l = 0; l < 32; ++l) {
        if (((mask >> l) & 1) != 0) release(w, known_as(t, l), a);
      }
    }
    if (!reach(t)) return;
    w.worker().traffic.atomics += static_cast<uint32_t>(__builtin_popcount(mask));
    if (adds_floats && w.launch().options.float_atomics) check_float(t);
    // Lanes take their turns in an order of the seed's.
    const uint32_t turn = w.random() & 31;
    for (uint32_t n = 0; n < 32; ++n) {
      const uint32_t l = n ^ turn;
      if (((mask >> l) & 1) == 0) continue;
      const uint64_t old = one(a.type, op, t.host[l], read(w, i.a, a.element, l), read(w, i.b, a.element, l));
      w.worker().progressed |= std::memcmp(t.host[l], &old, a.element) != 0;
      if (races) acquire(w, known_as(t, l), a);
      if (i.d == kNoOperand) continue;
      if (a.element == 2) {
        w.at<uint16_t>(i.d)[l] = static_cast<uint16_t>(old);
      } else if (a.element == 4) {
        w.at<uint32_t>(i.d)[l] = static_cast<uint32_t>(old);
      } else {
        w.at<uint64_t>(i.d)[l] = old;
      }
    }
  });
}

}  // namespace kib::emulator::ptx
