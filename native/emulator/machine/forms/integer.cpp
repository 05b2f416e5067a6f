// Integer arithmetic, logic, comparison and moves.
#include "machine/forms/lanes.h"
#include "machine/forms/level.h"

namespace kib::emulator::ptx {
namespace {

template <class T>
using Unsigned = std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>;
template <class T>
using Wide =
    std::conditional_t<sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>,
                       std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
                                          std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>>>;

template <class T>
T add(T a, T b) {
  return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
}
template <class T>
T sub(T a, T b) {
  return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
}
template <class T>
T mul_lo(T a, T b) {
  return static_cast<T>(static_cast<uint64_t>(static_cast<Unsigned<T>>(a)) * static_cast<Unsigned<T>>(b));
}
template <class T>
T mul_hi(T a, T b) {
  return static_cast<T>((Wide<T>{a} * Wide<T>{b}) >> (8 * sizeof(T)));
}
template <class T>
T mad_lo(T a, T b, T c) {
  return add(mul_lo(a, b), c);
}
template <class T>
T mad_hi(T a, T b, T c) {
  return add(mul_hi(a, b), c);
}
inline int32_t clamp32(int64_t v) {
  return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : static_cast<int32_t>(v);
}
inline int32_t add_sat(int32_t a, int32_t b) { return clamp32(int64_t{a} + b); }
inline int32_t sub_sat(int32_t a, int32_t b) { return clamp32(int64_t{a} - b); }
inline int32_t mad_hi_sat(int32_t a, int32_t b, int32_t c) { return clamp32(int64_t{mul_hi(a, b)} + c); }
// The hardware's quotient for a zero divisor is all ones; the remainder is the dividend.
template <class T>
T div(T a, T b) {
  if (b == 0) return static_cast<T>(~Unsigned<T>{0});
  if (std::is_signed_v<T> && b == static_cast<T>(-1)) return sub(T{0}, a);
  return static_cast<T>(a / b);
}
template <class T>
T rem(T a, T b) {
  if (b == 0) return a;
  if (std::is_signed_v<T> && b == static_cast<T>(-1)) return 0;
  return static_cast<T>(a % b);
}
template <class T>
T absolute(T a) {
  return a < 0 ? sub(T{0}, a) : a;
}
template <class T>
T negate(T a) {
  return sub(T{0}, a);
}
template <class T>
T minimum(T a, T b) {
  return b < a ? b : a;
}
template <class T>
T maximum(T a, T b) {
  return b > a ? b : a;
}
template <class T>
T minimum_relu(T a, T b) {
  return maximum(minimum(a, b), T{0});
}
template <class T>
T maximum_relu(T a, T b) {
  return maximum(maximum(a, b), T{0});
}
template <class T>
T bit_and(T a, T b) {
  return a & b;
}
template <class T>
T bit_or(T a, T b) {
  return a | b;
}
template <class T>
T bit_xor(T a, T b) {
  return a ^ b;
}
template <class T>
T bit_not(T a) {
  return static_cast<T>(~a);
}
template <class T>
T cnot(T a) {
  return a == 0 ? 1 : 0;
}
template <class T>
T sad(T a, T b, T c) {
  return add(c, a < b ? sub(b, a) : sub(a, b));
}

// Two 16-bit lanes of a word.
template <class T, T (*F)(T, T)>
uint32_t each(uint32_t a, uint32_t b) {
  const T lo = F(static_cast<T>(a), static_cast<T>(b)), hi = F(static_cast<T>(a >> 16), static_cast<T>(b >> 16));
  return static_cast<uint16_t>(lo) | uint32_t{static_cast<uint16_t>(hi)} << 16;
}

template <class T>
int32_t low24(T a) {
  return std::is_signed_v<T> ? static_cast<int32_t>(static_cast<uint32_t>(a) << 8) >> 8
                             : static_cast<int32_t>(a & 0xffffff);
}
template <class T>
uint64_t product24(T a, T b) {
  if (std::is_signed_v<T>) return static_cast<uint64_t>(int64_t{low24(a)} * low24(b));
  return uint64_t{static_cast<uint32_t>(low24(a))} * static_cast<uint32_t>(low24(b));
}
template <class T>
T mul24_lo(T a, T b) {
  return static_cast<T>(product24(a, b));
}
template <class T>
T mul24_hi(T a, T b) {
  return static_cast<T>(product24(a, b) >> 16);
}
template <class T>
T mad24_lo(T a, T b, T c) {
  return add(mul24_lo(a, b), c);
}
template <class T>
T mad24_hi(T a, T b, T c) {
  return add(mul24_hi(a, b), c);
}

// Shifts past the width give zeros, or signs.
template <class T>
T shift_left(T a, uint32_t n) {
  return n >= 8 * sizeof(T) ? T{0} : static_cast<T>(static_cast<Unsigned<T>>(a) << (n & (8 * sizeof(T) - 1)));
}
template <class T>
T shift_right(T a, uint32_t n) {
  const uint32_t last = 8 * sizeof(T) - 1;
  if (std::is_signed_v<T>) return static_cast<T>(a >> (n > last ? last : n));
  return n > last ? T{0} : static_cast<T>(a >> (n & last));
}

template <class T, T (*F)(T, uint32_t)>
void shift(const I& i, Lanes& w) {
  const T* a = w.at<T>(i.a);
  const uint32_t* b = w.at<uint32_t>(i.b);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) { return F(a[l], b[l]); });
}

template <bool right, bool wrap>
void funnel(const I& i, Lanes& w) {
  const uint32_t *a = w.at<uint32_t>(i.a), *b = w.at<uint32_t>(i.b), *c = w.at<uint32_t>(i.c);
  map(w.at<uint32_t>(i.d), w.mask, [=](uint32_t l) {
    const uint64_t both = uint64_t{b[l]} << 32 | a[l];
    const uint32_t n = wrap ? c[l] & 31 : (c[l] > 32 ? 32 : c[l]);
    return static_cast<uint32_t>(right ? both >> n : both >> (32 - n));
  });
}

template <class T>
void mul_wide(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  map(w.at<Wide<T>>(i.d), w.mask, [=](uint32_t l) { return static_cast<Wide<T>>(Wide<T>{a[l]} * b[l]); });
}

template <class T>
void mad_wide(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  const Wide<T>* c = w.at<Wide<T>>(i.c);
  map(w.at<Wide<T>>(i.d), w.mask, [=](uint32_t l) { return add<Wide<T>>(Wide<T>{a[l]} * b[l], c[l]); });
}

// Carries: i.f is the flag. What is added is a + b + flag, or a - b - flag.
template <class T, bool subtract, bool in, bool out>
void carrying(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  const uint32_t flag = in ? w.predicate(i.f) : 0;
  T* d = w.at<T>(i.d);
  uint32_t carries = 0;
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    T sum, sum2;
    const T one = (flag >> l) & 1;
    bool carry = subtract ? __builtin_sub_overflow(a[l], b[l], &sum) : __builtin_add_overflow(a[l], b[l], &sum);
    carry |= subtract ? __builtin_sub_overflow(sum, one, &sum2) : __builtin_add_overflow(sum, one, &sum2);
    d[l] = sum2;
    carries |= uint32_t{carry} << l;
  }
  if (out) w.set_predicate(i.f, carries);
}

// mad with carry: the product's half plus c plus the flag.
template <class T, bool high, bool in, bool out>
void mad_carrying(const I& i, Lanes& w) {
  using U = Unsigned<T>;
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b), *c = w.at<T>(i.c);
  const uint32_t flag = in ? w.predicate(i.f) : 0;
  T* d = w.at<T>(i.d);
  uint32_t carries = 0;
  for (uint32_t l = 0; l < 32; ++l) {
    if (((w.mask >> l) & 1) == 0) continue;
    const U product = static_cast<U>(high ? mul_hi(a[l], b[l]) : mul_lo(a[l], b[l]));
    U sum, sum2;
    bool carry = __builtin_add_overflow(product, static_cast<U>(c[l]), &sum);
    carry |= __builtin_add_overflow(sum, static_cast<U>((flag >> l) & 1), &sum2);
    d[l] = static_cast<T>(sum2);
    carries |= uint32_t{carry} << l;
  }
  if (out) w.set_predicate(i.f, carries);
}

inline uint32_t lop3_bits(uint32_t a, uint32_t b, uint32_t c, uint32_t table) {
  uint32_t d = 0;
  for (uint32_t n = 0; n < 8; ++n) {
    const uint32_t term = ((n & 4) != 0 ? a : ~a) & ((n & 2) != 0 ? b : ~b) & ((n & 1) != 0 ? c : ~c);
    d |= ((table >> n) & 1) != 0 ? term : 0;
  }
  return d;
}

void lop3(const I& i, Lanes& w) {
  const uint32_t *a = w.at<uint32_t>(i.a), *b = w.at<uint32_t>(i.b), *c = w.at<uint32_t>(i.c), table = i.x;
  map(w.at<uint32_t>(i.d), w.mask, [=](uint32_t l) { return lop3_bits(a[l], b[l], c[l], table); });
}

uint32_t permute_selectors(uint32_t mode, uint32_t c) {
  switch (mode) {
    case 1:  // f4e
      return 0x3210 + 0x1111 * (c & 3);
    case 2: {  // b4e
      uint32_t s = 0;
      for (uint32_t n = 0; n < 4; ++n) s |= (((c & 3) - n) & 7) << (4 * n);
      return s;
    }
    case 3:  // rc8
      return 0x1111 * (c & 3);
    case 4: {  // ecl
      uint32_t s = 0;
      for (uint32_t n = 0; n < 4; ++n) s |= (n > (c & 3) ? n : (c & 3)) << (4 * n);
      return s;
    }
    case 5: {  // ecr
      uint32_t s = 0;
      for (uint32_t n = 0; n < 4; ++n) s |= (n < (c & 3) ? n : (c & 3)) << (4 * n);
      return s;
    }
    case 6:  // rc16
      return (c & 1) != 0 ? 0x3232 : 0x1010;
    default:
      return c;
  }
}

void prmt(const I& i, Lanes& w) {
  const uint32_t *a = w.at<uint32_t>(i.a), *b = w.at<uint32_t>(i.b), *c = w.at<uint32_t>(i.c), mode = i.x;
  map(w.at<uint32_t>(i.d), w.mask, [=](uint32_t l) {
    const uint64_t both = uint64_t{b[l]} << 32 | a[l];
    const uint32_t selectors = permute_selectors(mode, c[l]);
    uint32_t d = 0;
    for (uint32_t n = 0; n < 4; ++n) {
      const uint32_t s = selectors >> (4 * n);
      uint32_t byte = static_cast<uint32_t>(both >> (8 * (s & 7))) & 0xff;
      if (mode == 0 && (s & 8) != 0) byte = (byte & 0x80) != 0 ? 0xff : 0;
      d |= byte << (8 * n);
    }
    return d;
  });
}

template <class T>
void bfe(const I& i, Lanes& w) {
  using U = Unsigned<T>;
  constexpr uint32_t bits = 8 * sizeof(T);
  const T* a = w.at<T>(i.a);
  const uint32_t *b = w.at<uint32_t>(i.b), *c = w.at<uint32_t>(i.c);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) -> T {
    const uint32_t at = b[l] & 0xff, length = c[l] & 0xff;
    if (length == 0) return 0;
    const uint32_t last = at + length - 1 < bits - 1 ? at + length - 1 : bits - 1;
    const bool sign = std::is_signed_v<T> && ((static_cast<U>(a[l]) >> last) & 1) != 0;
    U value = at < bits ? static_cast<U>(static_cast<U>(a[l]) >> at) : U{0};
    const uint32_t kept = at < bits ? (length < bits - at ? length : bits - at) : 0;
    const U mask = kept >= bits ? static_cast<U>(~U{0}) : static_cast<U>((U{1} << kept) - 1);
    value &= mask;
    if (sign) value |= static_cast<U>(~mask);
    return static_cast<T>(value);
  });
}

template <class T>
void bfi(const I& i, Lanes& w) {
  constexpr uint32_t bits = 8 * sizeof(T);
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  const uint32_t *c = w.at<uint32_t>(i.c), *e = w.at<uint32_t>(i.e);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) -> T {
    const uint32_t at = c[l] & 0xff, length = e[l] & 0xff;
    if (at >= bits || length == 0) return b[l];
    const T ones = length >= bits ? static_cast<T>(~T{0}) : static_cast<T>((T{1} << length) - 1);
    const T mask = static_cast<T>(ones << at);
    return static_cast<T>((b[l] & ~mask) | ((a[l] << at) & mask));
  });
}

template <class T>
uint32_t leading_zeros(T a) {
  return a == 0 ? 8 * sizeof(T)
                : static_cast<uint32_t>(sizeof(T) == 4 ? __builtin_clz(static_cast<uint32_t>(a)) : __builtin_clzll(a));
}

template <class T, bool shift_amount>
void bfind(const I& i, Lanes& w) {
  using U = Unsigned<T>;
  const T* a = w.at<T>(i.a);
  map(w.at<uint32_t>(i.d), w.mask, [=](uint32_t l) -> uint32_t {
    const U value = static_cast<U>(std::is_signed_v<T> && a[l] < 0 ? ~a[l] : a[l]);
    if (value == 0) return ~uint32_t{0};
    const uint32_t zeros = leading_zeros(value);
    return shift_amount ? zeros : 8 * sizeof(T) - 1 - zeros;
  });
}

template <class T, uint32_t (*F)(T)>
void count(const I& i, Lanes& w) {
  const T* a = w.at<T>(i.a);
  map(w.at<uint32_t>(i.d), w.mask, [=](uint32_t l) { return F(a[l]); });
}
template <class T>
uint32_t popc(T a) {
  return static_cast<uint32_t>(__builtin_popcountll(a));
}

template <class T>
T brev(T a) {
  T d = 0;
  for (uint32_t n = 0; n < 8 * sizeof(T); ++n) d = static_cast<T>(d << 1 | ((a >> n) & 1));
  return d;
}

template <bool is_signed, bool wrap>
void szext(const I& i, Lanes& w) {
  const uint32_t *a = w.at<uint32_t>(i.a), *b = w.at<uint32_t>(i.b);
  map(w.at<uint32_t>(i.d), w.mask, [=](uint32_t l) -> uint32_t {
    const uint32_t n = wrap ? b[l] & 31 : b[l];
    if (n >= 32) return a[l];
    if (n == 0) return 0;
    const uint32_t up = a[l] << (32 - n);
    return is_signed ? static_cast<uint32_t>(static_cast<int32_t>(up) >> (32 - n)) : up >> (32 - n);
  });
}

template <bool wrap>
void bmsk(const I& i, Lanes& w) {
  const uint32_t *a = w.at<uint32_t>(i.a), *b = w.at<uint32_t>(i.b);
  map(w.at<uint32_t>(i.d), w.mask, [=](uint32_t l) -> uint32_t {
    const uint32_t at = wrap ? a[l] & 31 : a[l], n = wrap ? b[l] & 31 : b[l];
    if (at >= 32) return 0;
    const uint32_t ones = n >= 32 ? ~uint32_t{0} : (uint32_t{1} << n) - 1;
    return ones << at;
  });
}

// fns: the n-th set bit from a base.
void fns(const I& i, Lanes& w) {
  const uint32_t *a = w.at<uint32_t>(i.a), *b = w.at<uint32_t>(i.b);
  const int32_t* c = w.at<int32_t>(i.c);
  map(w.at<uint32_t>(i.d), w.mask, [=](uint32_t l) -> uint32_t {
    int32_t at = static_cast<int32_t>(b[l]);
    if (c[l] == 0) return (a[l] >> (b[l] & 31)) & 1 ? b[l] : ~uint32_t{0};
    const int32_t step = c[l] < 0 ? -1 : 1;
    int32_t left = c[l] < 0 ? -c[l] : c[l];
    for (; at >= 0 && at < 32; at += step) {
      if (((a[l] >> at) & 1) != 0 && --left == 0) return static_cast<uint32_t>(at);
    }
    return ~uint32_t{0};
  });
}

template <bool a_signed, bool b_signed>
void dp4a(const I& i, Lanes& w) {
  const uint32_t *a = w.at<uint32_t>(i.a), *b = w.at<uint32_t>(i.b), *c = w.at<uint32_t>(i.c);
  map(w.at<uint32_t>(i.d), w.mask, [=](uint32_t l) {
    uint32_t d = c[l];
    for (uint32_t n = 0; n < 32; n += 8) {
      const int32_t x = a_signed ? static_cast<int8_t>(a[l] >> n) : static_cast<uint8_t>(a[l] >> n);
      const int32_t y = b_signed ? static_cast<int8_t>(b[l] >> n) : static_cast<uint8_t>(b[l] >> n);
      d += static_cast<uint32_t>(x * y);
    }
    return d;
  });
}

template <bool a_signed, bool b_signed, bool high>
void dp2a(const I& i, Lanes& w) {
  const uint32_t *a = w.at<uint32_t>(i.a), *b = w.at<uint32_t>(i.b), *c = w.at<uint32_t>(i.c);
  map(w.at<uint32_t>(i.d), w.mask, [=](uint32_t l) {
    uint32_t d = c[l];
    for (uint32_t n = 0; n < 2; ++n) {
      const uint32_t byte = (high ? 2 : 0) + n;
      const int32_t x = a_signed ? static_cast<int16_t>(a[l] >> (16 * n)) : static_cast<uint16_t>(a[l] >> (16 * n));
      const int32_t y = b_signed ? static_cast<int8_t>(b[l] >> (8 * byte)) : static_cast<uint8_t>(b[l] >> (8 * byte));
      d += static_cast<uint32_t>(x) * static_cast<uint32_t>(y);
    }
    return d;
  });
}

template <class T>
void selp(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  const uint32_t p = w.predicate(i.c);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) { return ((p >> l) & 1) != 0 ? a[l] : b[l]; });
}

// With .ftz a negative subnormal is -0, which is not below 0.
template <class T, bool real, bool ftz>
void slct(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  const uint32_t* c = w.at<uint32_t>(i.c);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) {
    const bool first =
        real ? bits_as<float>(ftz && (c[l] & 0x7f800000) == 0 ? 0 : c[l]) >= 0.0f : static_cast<int32_t>(c[l]) >= 0;
    return first ? a[l] : b[l];
  });
}

template <class T>
void move(const I& i, Lanes& w) {
  const T* a = w.at<T>(i.a);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) { return a[l]; });
}
void move_predicate(const I& i, Lanes& w) { w.set_predicate(i.d, w.predicate(i.a)); }
void and_predicate(const I& i, Lanes& w) { w.set_predicate(i.d, w.predicate(i.a) & w.predicate(i.b)); }
void or_predicate(const I& i, Lanes& w) { w.set_predicate(i.d, w.predicate(i.a) | w.predicate(i.b)); }
void xor_predicate(const I& i, Lanes& w) { w.set_predicate(i.d, w.predicate(i.a) ^ w.predicate(i.b)); }
void not_predicate(const I& i, Lanes& w) { w.set_predicate(i.d, ~w.predicate(i.a)); }

template <class Whole, class Half>
void pack2(const I& i, Lanes& w) {
  const Half *a = w.at<Half>(i.a), *b = w.at<Half>(i.b);
  map(w.at<Whole>(i.d), w.mask,
      [=](uint32_t l) { return static_cast<Whole>(Whole{b[l]} << (8 * sizeof(Half)) | a[l]); });
}
void pack4(const I& i, Lanes& w) {
  const uint16_t *a = w.at<uint16_t>(i.a), *b = w.at<uint16_t>(i.b), *c = w.at<uint16_t>(i.c), *e = w.at<uint16_t>(i.e);
  map(w.at<uint64_t>(i.d), w.mask,
      [=](uint32_t l) { return uint64_t{e[l]} << 48 | uint64_t{c[l]} << 32 | uint64_t{b[l]} << 16 | a[l]; });
}
template <class Whole, class Half>
void unpack2(const I& i, Lanes& w) {
  alignas(64) Whole copy[32];
  __builtin_memcpy(copy, w.at<Whole>(i.a), sizeof copy);
  map(w.at<Half>(i.d), w.mask, [&](uint32_t l) { return static_cast<Half>(copy[l]); });
  map(w.at<Half>(i.e), w.mask, [&](uint32_t l) { return static_cast<Half>(copy[l] >> (8 * sizeof(Half))); });
}
void unpack4(const I& i, Lanes& w) {
  alignas(64) uint64_t copy[32];
  __builtin_memcpy(copy, w.at<uint64_t>(i.a), sizeof copy);
  map(w.at<uint16_t>(i.d), w.mask, [&](uint32_t l) { return static_cast<uint16_t>(copy[l]); });
  map(w.at<uint16_t>(i.e), w.mask, [&](uint32_t l) { return static_cast<uint16_t>(copy[l] >> 16); });
  map(w.at<uint16_t>(i.b), w.mask, [&](uint32_t l) { return static_cast<uint16_t>(copy[l] >> 32); });
  map(w.at<uint16_t>(i.c), w.mask, [&](uint32_t l) { return static_cast<uint16_t>(copy[l] >> 48); });
}

template <class T>
bool eq(T a, T b) {
  return a == b;
}
template <class T>
bool ne(T a, T b) {
  return a != b;
}
template <class T>
bool lt(T a, T b) {
  return a < b;
}
template <class T>
bool le(T a, T b) {
  return a <= b;
}
template <class T>
bool gt(T a, T b) {
  return a > b;
}
template <class T>
bool ge(T a, T b) {
  return a >= b;
}

template <class T>
Form setp(const Key& k) {
  switch (k.compare) {
    case Compare::kEq:
      return set_predicates<T, eq<T>>;
    case Compare::kNe:
      return set_predicates<T, ne<T>>;
    case Compare::kLt:
      return set_predicates<T, lt<T>>;
    case Compare::kLe:
      return set_predicates<T, le<T>>;
    case Compare::kGt:
      return set_predicates<T, gt<T>>;
    case Compare::kGe:
      return set_predicates<T, ge<T>>;
    default:
      return nullptr;
  }
}

template <class T, uint32_t one>
Form set(const Key& k) {
  switch (k.compare) {
    case Compare::kEq:
      return set_value<uint32_t, T, eq<T>, one>;
    case Compare::kNe:
      return set_value<uint32_t, T, ne<T>, one>;
    case Compare::kLt:
      return set_value<uint32_t, T, lt<T>, one>;
    case Compare::kLe:
      return set_value<uint32_t, T, le<T>, one>;
    case Compare::kGt:
      return set_value<uint32_t, T, gt<T>, one>;
    case Compare::kGe:
      return set_value<uint32_t, T, ge<T>, one>;
    default:
      return nullptr;
  }
}

template <class T>
Form multiply(const Key& k) {
  if (k.part == Part::kLo) return binary<T, mul_lo<T>>;
  if (k.part == Part::kHi) return binary<T, mul_hi<T>>;
  if constexpr (sizeof(T) < 8) return k.part == Part::kWide ? mul_wide<T> : nullptr;
  return nullptr;
}

template <class T>
Form multiply_add(const Key& k) {
  if (k.sat) {
    if constexpr (std::is_same_v<T, int32_t>) return k.part == Part::kHi ? ternary<T, mad_hi_sat> : nullptr;
    return nullptr;
  }
  const bool in = k.op == Op::kMadc, out = k.carry_out;
  if (in || out) {
    if constexpr (sizeof(T) >= 4) {
      if (k.part == Part::kLo)
        return in ? (out ? mad_carrying<T, false, true, true> : mad_carrying<T, false, true, false>)
                  : mad_carrying<T, false, false, true>;
      if (k.part == Part::kHi)
        return in ? (out ? mad_carrying<T, true, true, true> : mad_carrying<T, true, true, false>)
                  : mad_carrying<T, true, false, true>;
    }
    return nullptr;
  }
  if (k.part == Part::kLo) return ternary<T, mad_lo<T>>;
  if (k.part == Part::kHi) return ternary<T, mad_hi<T>>;
  if constexpr (sizeof(T) < 8) return k.part == Part::kWide ? mad_wide<T> : nullptr;
  return nullptr;
}

// Additions that read or write the carry flag; signed and unsigned are alike.
template <class T>
Form carry_form(const Key& k) {
  using U = Unsigned<T>;
  if constexpr (sizeof(T) < 4) {
    return nullptr;
  } else {
    switch (k.op) {
      case Op::kAdd:
        return carrying<U, false, false, true>;
      case Op::kSub:
        return carrying<U, true, false, true>;
      case Op::kAddc:
        return k.carry_out ? carrying<U, false, true, true> : carrying<U, false, true, false>;
      default:
        return k.carry_out ? carrying<U, true, true, true> : carrying<U, true, true, false>;
    }
  }
}

// What exists for every integer type, by signedness.
template <class T>
Form typed(const Key& k) {
  switch (k.op) {
    case Op::kAdd:
      if (k.carry_out) return carry_form<T>(k);
      if (k.sat) {
        if constexpr (std::is_same_v<T, int32_t>) return binary<T, add_sat>;
        return nullptr;
      }
      return binary<T, add<T>>;
    case Op::kSub:
      if (k.carry_out) return carry_form<T>(k);
      if (k.sat) {
        if constexpr (std::is_same_v<T, int32_t>) return binary<T, sub_sat>;
        return nullptr;
      }
      return binary<T, sub<T>>;
    case Op::kAddc:
    case Op::kSubc:
      return carry_form<T>(k);
    case Op::kMul:
      return multiply<T>(k);
    case Op::kMad:
    case Op::kMadc:
      return multiply_add<T>(k);
    case Op::kDiv:
      return binary<T, div<T>>;
    case Op::kRem:
      return binary<T, rem<T>>;
    case Op::kMin:
      return k.relu ? binary<T, minimum_relu<T>> : binary<T, minimum<T>>;
    case Op::kMax:
      return k.relu ? binary<T, maximum_relu<T>> : binary<T, maximum<T>>;
    case Op::kAbs:
      return std::is_signed_v<T> ? unary<T, absolute<T>> : nullptr;
    case Op::kNeg:
      return std::is_signed_v<T> ? unary<T, negate<T>> : nullptr;
    case Op::kSad:
      return ternary<T, sad<T>>;
    case Op::kShl:
      return shift<T, shift_left<T>>;
    case Op::kShr:
      return shift<T, shift_right<T>>;
    case Op::kSetp:
      return setp<T>(k);
    default:
      return nullptr;
  }
}

// What exists in 32 and 64 bits.
template <class T>
Form wider(const Key& k) {
  switch (k.op) {
    case Op::kBfe:
      return bfe<T>;
    case Op::kBfind:
      return k.shift_amount ? bfind<T, true> : bfind<T, false>;
    default:
      return typed<T>(k);
  }
}

template <class T>
Form only32(const Key& k) {
  constexpr bool with_sign = std::is_signed_v<T>;
  switch (k.op) {
    case Op::kMul24:
      return k.part == Part::kHi ? binary<T, mul24_hi<T>> : binary<T, mul24_lo<T>>;
    case Op::kMad24:
      return k.part == Part::kHi ? ternary<T, mad24_hi<T>> : ternary<T, mad24_lo<T>>;
    case Op::kSzext:
      return k.wrap ? szext<with_sign, true> : szext<with_sign, false>;
    case Op::kDp4a:
      return (ptx::is_signed)(k.source) ? dp4a<with_sign, true> : dp4a<with_sign, false>;
    case Op::kDp2a:
      if (k.part == Part::kHi)
        return (ptx::is_signed)(k.source) ? dp2a<with_sign, true, true> : dp2a<with_sign, false, true>;
      return (ptx::is_signed)(k.source) ? dp2a<with_sign, true, false> : dp2a<with_sign, false, false>;
    default:
      return wider<T>(k);
  }
}

// Without signedness: .b types, and what does not depend on it.
template <class U>
Form untyped(const Key& k) {
  switch (k.op) {
    case Op::kMov:
      return move<U>;
    case Op::kAnd:
      return binary<U, bit_and<U>>;
    case Op::kOr:
      return binary<U, bit_or<U>>;
    case Op::kXor:
      return binary<U, bit_xor<U>>;
    case Op::kNot:
      return unary<U, bit_not<U>>;
    case Op::kCnot:
      return unary<U, cnot<U>>;
    case Op::kSelp:
      return selp<U>;
    case Op::kSlct:
      if (k.source == Type::kF32) return k.ftz ? slct<U, true, true> : slct<U, true, false>;
      return k.source == Type::kS32 ? slct<U, false, false> : nullptr;
    default:
      return nullptr;
  }
}

template <class U>
Form untyped_wider(const Key& k) {
  switch (k.op) {
    case Op::kPopc:
      return count<U, popc<U>>;
    case Op::kClz:
      return count<U, leading_zeros<U>>;
    case Op::kBrev:
      return unary<U, brev<U>>;
    case Op::kBfi:
      return bfi<U>;
    default:
      return nullptr;
  }
}

Form words(const Key& k) {
  switch (k.op) {
    case Op::kShfL:
      return k.wrap ? funnel<false, true> : funnel<false, false>;
    case Op::kShfR:
      return k.wrap ? funnel<true, true> : funnel<true, false>;
    case Op::kLop3:
      return lop3;
    case Op::kPrmt:
      return prmt;
    case Op::kBmsk:
      return k.wrap ? bmsk<true> : bmsk<false>;
    case Op::kFns:
      return fns;
    case Op::kPack2:
      return pack2<uint32_t, uint16_t>;
    case Op::kUnpack2:
      return unpack2<uint32_t, uint16_t>;
    default:
      return nullptr;
  }
}

Form doubles(const Key& k) {
  switch (k.op) {
    case Op::kPack2:
      return pack2<uint64_t, uint32_t>;
    case Op::kPack4:
      return pack4;
    case Op::kUnpack2:
      return unpack2<uint64_t, uint32_t>;
    case Op::kUnpack4:
      return unpack4;
    default:
      return nullptr;
  }
}

Form predicates(const Key& k) {
  switch (k.op) {
    case Op::kMov:
      return move_predicate;
    case Op::kAnd:
      return and_predicate;
    case Op::kOr:
      return or_predicate;
    case Op::kXor:
      return xor_predicate;
    case Op::kNot:
      return not_predicate;
    default:
      return nullptr;
  }
}

template <class T>
Form pairs(const Key& k) {
  switch (k.op) {
    case Op::kAdd:
      return binary<uint32_t, each<T, add<T>>>;
    case Op::kMin:
      return k.relu ? binary<uint32_t, each<T, minimum_relu<T>>> : binary<uint32_t, each<T, minimum<T>>>;
    case Op::kMax:
      return k.relu ? binary<uint32_t, each<T, maximum_relu<T>>> : binary<uint32_t, each<T, maximum<T>>>;
    default:
      return nullptr;
  }
}

Form set_form(const Key& k) {
  const bool real = k.type == Type::kF32;
  switch (k.source) {
    case Type::kU32:
    case Type::kB32:
      return real ? set<uint32_t, 0x3f800000>(k) : set<uint32_t, 0xffffffff>(k);
    case Type::kS32:
      return real ? set<int32_t, 0x3f800000>(k) : set<int32_t, 0xffffffff>(k);
    case Type::kU64:
    case Type::kB64:
      return real ? set<uint64_t, 0x3f800000>(k) : set<uint64_t, 0xffffffff>(k);
    case Type::kS64:
      return real ? set<int64_t, 0x3f800000>(k) : set<int64_t, 0xffffffff>(k);
    case Type::kU16:
    case Type::kB16:
      return real ? set<uint16_t, 0x3f800000>(k) : set<uint16_t, 0xffffffff>(k);
    case Type::kS16:
      return real ? set<int16_t, 0x3f800000>(k) : set<int16_t, 0xffffffff>(k);
    default:
      return nullptr;
  }
}

}  // namespace

namespace KIB_LEVEL {

Form integer_form(const Key& k) {
  if (k.op == Op::kSet) return set_form(k);
  if (k.type == Type::kPred) return predicates(k);
  Form form = nullptr;
  switch (bytes_of(k.type)) {
    case 2:
      form = untyped<uint16_t>(k);
      break;
    case 4:
      form = untyped<uint32_t>(k);
      if (form == nullptr) form = untyped_wider<uint32_t>(k);
      if (form == nullptr) form = words(k);
      break;
    case 8:
      form = untyped<uint64_t>(k);
      if (form == nullptr) form = untyped_wider<uint64_t>(k);
      if (form == nullptr) form = doubles(k);
      break;
    default:
      break;
  }
  if (form != nullptr) return form;
  const bool bits = k.type == Type::kB16 || k.type == Type::kB32 || k.type == Type::kB64;
  const bool of_bits = k.op == Op::kShl || k.op == Op::kShr || k.op == Op::kSetp;
  if (bits && !of_bits) return nullptr;
  switch (k.type) {
    case Type::kU16:
    case Type::kB16:
      return typed<uint16_t>(k);
    case Type::kS16:
      return typed<int16_t>(k);
    case Type::kU32:
    case Type::kB32:
      return only32<uint32_t>(k);
    case Type::kS32:
      return only32<int32_t>(k);
    case Type::kU64:
    case Type::kB64:
      return wider<uint64_t>(k);
    case Type::kS64:
      return wider<int64_t>(k);
    case Type::kU16x2:
      return pairs<uint16_t>(k);
    case Type::kS16x2:
      return pairs<int16_t>(k);
    default:
      return nullptr;
  }
}

}  // namespace KIB_LEVEL
}  // namespace kib::emulator::ptx
