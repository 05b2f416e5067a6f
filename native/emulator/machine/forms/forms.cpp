#include "machine/forms/key.h"

namespace kib::emulator::ptx {

#define KIB_DECLARE(level)               \
  namespace level {                      \
  Form integer_form(const Key& key);     \
  Form real_form(const Key& key);        \
  Form half_form(const Key& key);        \
  Form convert_form(const Key& key);     \
  Form approximate_form(const Key& key); \
  }
KIB_DECLARE(baseline)
#if defined(KIB_LEVELS)
KIB_DECLARE(avx2)
#endif
#undef KIB_DECLARE

namespace {

Forms choose() {
#if defined(KIB_LEVELS)
  __builtin_cpu_init();
  const bool has_avx2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (has_avx2)
    return {"avx2", avx2::integer_form, avx2::real_form, avx2::half_form, avx2::convert_form, avx2::approximate_form};
#endif
  return {"baseline",          baseline::integer_form, baseline::real_form,
          baseline::half_form, baseline::convert_form, baseline::approximate_form};
}

}  // namespace

const Forms& forms() {
  static const Forms chosen = choose();
  return chosen;
}

}  // namespace kib::emulator::ptx
