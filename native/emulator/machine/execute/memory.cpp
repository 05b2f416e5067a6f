// ld and st.
#include <cstring>

#include "machine/execute/access.h"

namespace kib::emulator::ptx {
namespace {

// Elements of type E into registers of type R; sign-extended where E is signed.
template <class E, class R>
void to_register(R* d, std::byte* const* host, uint32_t at, uint32_t mask) {
  for (uint32_t l = 0; l < 32; ++l) {
    if (((mask >> l) & 1) == 0) continue;
    E value;
    std::memcpy(&value, host[l] + at, sizeof value);
    d[l] = static_cast<R>(value);
  }
}

template <class E>
void to_width(const Warp& w, Operand o, uint32_t width, std::byte* const* host, uint32_t at, uint32_t mask) {
  switch (width) {
    case 2:
      return to_register<E>(w.at<uint16_t>(o), host, at, mask);
    case 4:
      return to_register<E>(w.at<uint32_t>(o), host, at, mask);
    default:
      return to_register<E>(w.at<uint64_t>(o), host, at, mask);
  }
}

void to_registers(const Access& a, const Warp& w, std::byte* const* host, uint32_t mask) {
  const bool extends = is_signed(a.type);
  for (uint32_t n = 0; n < a.count; ++n) {
    const Operand o = a.registers[n];
    const uint32_t at = n * a.element, width = a.widths[n];
    switch (a.element) {
      case 1:
        extends ? to_width<int8_t>(w, o, width, host, at, mask) : to_width<uint8_t>(w, o, width, host, at, mask);
        break;
      case 2:
        extends ? to_width<int16_t>(w, o, width, host, at, mask) : to_width<uint16_t>(w, o, width, host, at, mask);
        break;
      case 4:
        extends ? to_width<int32_t>(w, o, width, host, at, mask) : to_width<uint32_t>(w, o, width, host, at, mask);
        break;
      default:
        to_width<uint64_t>(w, o, width, host, at, mask);
    }
  }
}

template <class E>
void from_register(const Warp& w, Operand o, uint32_t width, std::byte* to, uint32_t stride) {
  for (uint32_t l = 0; l < 32; ++l) {
    const E value = width == 2   ? static_cast<E>(w.at<uint16_t>(o)[l])
                    : width == 4 ? static_cast<E>(w.at<uint32_t>(o)[l])
                                 : static_cast<E>(w.at<uint64_t>(o)[l]);
    std::memcpy(to + size_t{l} * stride, &value, sizeof value);
  }
}

// What the lanes store, one behind the other.
void from_registers(const Access& a, const Warp& w, std::byte* to) {
  const uint32_t stride = uint32_t{a.element} * a.count;
  for (uint32_t n = 0; n < a.count; ++n) {
    std::byte* at = to + n * a.element;
    switch (a.element) {
      case 1:
        from_register<uint8_t>(w, a.registers[n], a.widths[n], at, stride);
        break;
      case 2:
        from_register<uint16_t>(w, a.registers[n], a.widths[n], at, stride);
        break;
      case 4:
        from_register<uint32_t>(w, a.registers[n], a.widths[n], at, stride);
        break;
      default:
        from_register<uint64_t>(w, a.registers[n], a.widths[n], at, stride);
    }
  }
}

void order_after(const Access& a, const Touch& t) {
  if (!a.strong || !t.warp.launch().options.races) return;
  for (uint32_t l = 0; l < 32; ++l) {
    if (((t.mask >> l) & 1) != 0) acquire(t.warp, known_as(t, l), a);
  }
}

void order_before(const Access& a, const Touch& t) {
  if (!a.strong || !t.warp.launch().options.races) return;
  for (uint32_t l = 0; l < 32; ++l) {
    if (((t.mask >> l) & 1) != 0) release(t.warp, known_as(t, l), a);
  }
}

// Whether a store changes memory that other threads see.
bool changes(const Touch& t) {
  if (t.space == Space::kLocal) return false;
  for (uint32_t l = 0; l < 32; ++l) {
    if (((t.mask >> l) & 1) != 0 && std::memcmp(t.host[l], t.data + size_t{l} * t.bytes, t.bytes) != 0) return true;
  }
  return false;
}

}  // namespace

void load(const Instruction& i, Warp& w) {
  const Access& a = w.launch().image->accesses[i.target];
  Touch t(w, a.space, uint32_t{a.element} * a.count, w.mask, false, true, a.strong, nullptr);
  t.access = &a;
  addresses(a, w, t.address);
  by_space(a.space, w.mask, t.address, [&](Space space, uint32_t mask) {
    t.space = space;
    t.mask = mask;
    if (w.launch().stopped() || !aim(t, a.space) || !reach(t)) return;
    if (t.contiguous && a.count == 1 && a.widths[0] == a.element) {
      std::memcpy(w.at<std::byte>(a.registers[0]), t.host[0], 32 * size_t{a.element});
    } else {
      to_registers(a, w, t.host, mask);
    }
    order_after(a, t);
  });
}

void store(const Instruction& i, Warp& w) {
  const Access& a = w.launch().image->accesses[i.target];
  alignas(64) std::byte data[32 * 32];
  Touch t(w, a.space, uint32_t{a.element} * a.count, w.mask, true, false, a.strong, data);
  t.access = &a;
  if (a.count == 1 && a.widths[0] == a.element) {
    t.data = w.at<std::byte>(a.registers[0]);
  } else {
    from_registers(a, w, data);
  }
  addresses(a, w, t.address);
  by_space(a.space, w.mask, t.address, [&](Space space, uint32_t mask) {
    t.space = space;
    t.mask = mask;
    if (w.launch().stopped() || !aim(t, a.space)) return;
    order_before(a, t);
    if (!reach(t)) return;
    if (!w.worker().progressed) w.worker().progressed = changes(t);
    if (t.contiguous) {
      std::memcpy(t.host[0], t.data, 32 * size_t{t.bytes});
      return;
    }
    for (uint32_t l = 0; l < 32; ++l) {
      if (((mask >> l) & 1) != 0) std::memcpy(t.host[l], t.data + size_t{l} * t.bytes, t.bytes);
    }
  });
}

void load_parameter(const Instruction& i, Warp& w) {
  const Access& a = w.launch().image->accesses[i.target];
  std::byte* host[32];
  for (std::byte*& h : host) h = const_cast<std::byte*>(w.launch().launch->parameters.data()) + a.offset;
  to_registers(a, w, host, w.mask);
}

void load_frame(const Instruction& i, Warp& w) {
  const Access& a = w.launch().image->accesses[i.target];
  std::byte* host[32];
  for (uint32_t l = 0; l < 32; ++l) host[l] = w.frame().parameters + size_t{l} * w.frame().stride + a.offset;
  to_registers(a, w, host, w.mask);
}

void store_frame(const Instruction& i, Warp& w) {
  const Access& a = w.launch().image->accesses[i.target];
  std::byte data[32 * 32];
  from_registers(a, w, data);
  const uint32_t bytes = uint32_t{a.element} * a.count;
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    std::memcpy(w.frame().parameters + size_t{l} * w.frame().stride + a.offset, data + size_t{l} * bytes, bytes);
  }
}

}  // namespace kib::emulator::ptx
