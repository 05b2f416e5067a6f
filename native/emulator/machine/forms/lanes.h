// Loops over a warp's lanes. Included by the forms alone, which are compiled once for each processor level: everything
// here is in an unnamed namespace, so that no level's code is linked into another's.
#ifndef KIB_EMULATOR_FORMS_LANES_H
#define KIB_EMULATOR_FORMS_LANES_H
#include <cstdint>
#include <cstring>

#include "machine/forms/key.h"

#define KIB_LANES_LOOP _Pragma("GCC ivdep") for (uint32_t l = 0; l < 32; ++l)

namespace kib::emulator::ptx {
namespace {

using I = Instruction;

template <class To, class From>
inline To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  __builtin_memcpy(&to, &from, sizeof to);
  return to;
}

// d[l] = f(l) for the active lanes. Inactive lanes are computed and thrown away: f must not trap.
template <class T, class F>
inline __attribute__((always_inline)) void map(T* d, uint32_t mask, F f) {
  if (mask == ~uint32_t{0}) {
    KIB_LANES_LOOP d[l] = f(l);
  } else {
    KIB_LANES_LOOP {
      const T value = f(l);
      d[l] = ((mask >> l) & 1) != 0 ? value : d[l];
    }
  }
}

// The bits f(l), for set_predicate().
template <class F>
inline __attribute__((always_inline)) uint32_t gather_bits(F f) {
  alignas(64) uint32_t bit[32];
  KIB_LANES_LOOP bit[l] = f(l) ? uint32_t{1} << l : 0;
  uint32_t all = 0;
  for (uint32_t l = 0; l < 32; ++l) all |= bit[l];
  return all;
}

template <class T, T (*F)(T)>
void unary(const I& i, Lanes& w) {
  const T* a = w.at<T>(i.a);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) { return F(a[l]); });
}

template <class T, T (*F)(T, T)>
void binary(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) { return F(a[l], b[l]); });
}

template <class T, T (*F)(T, T, T)>
void ternary(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b), *c = w.at<T>(i.c);
  map(w.at<T>(i.d), w.mask, [=](uint32_t l) { return F(a[l], b[l], c[l]); });
}

inline uint32_t combined(const I& i, const Lanes& w, Combine how, uint32_t bits) {
  switch (how) {
    case Combine::kAnd:
      return bits & w.predicate(i.c);
    case Combine::kOr:
      return bits | w.predicate(i.c);
    case Combine::kXor:
      return bits ^ w.predicate(i.c);
    default:
      return bits;
  }
}

// setp p|q: q is the comparison's opposite, combined likewise. x: Combine.
inline void set_both(const I& i, const Lanes& w, uint32_t bits, uint32_t opposite) {
  const Combine how = static_cast<Combine>(i.x);
  const uint32_t p = combined(i, w, how, bits), q = combined(i, w, how, opposite);
  w.set_predicate(i.d, p);
  if (i.e != kNoOperand) w.set_predicate(i.e, q);
}

template <class T, bool (*F)(T, T)>
void set_predicates(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  const uint32_t bits = gather_bits([=](uint32_t l) { return F(a[l], b[l]); });
  set_both(i, w, bits, ~bits);
}

// set d, a, b: all ones, or 1.0 where D is a float's bits (One).
template <class D, class T, bool (*F)(T, T), D one>
void set_value(const I& i, Lanes& w) {
  const T *a = w.at<T>(i.a), *b = w.at<T>(i.b);
  uint32_t bits = gather_bits([=](uint32_t l) { return F(a[l], b[l]); });
  if (i.c != kNoOperand) bits = combined(i, w, static_cast<Combine>(i.x), bits);
  map(w.at<D>(i.d), w.mask, [=](uint32_t l) { return ((bits >> l) & 1) != 0 ? one : D{0}; });
}

}  // namespace
}  // namespace kib::emulator::ptx
#endif
