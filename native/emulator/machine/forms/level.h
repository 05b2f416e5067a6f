// The forms of one processor level; KIB_LEVEL is its name.
#ifndef KIB_EMULATOR_FORMS_LEVEL_H
#define KIB_EMULATOR_FORMS_LEVEL_H
#include <type_traits>

#include "machine/forms/key.h"

#ifndef KIB_LEVEL
#define KIB_LEVEL baseline
#endif

namespace kib::emulator::ptx::KIB_LEVEL {

Form integer_form(const Key& key);
Form real_form(const Key& key);
Form half_form(const Key& key);
Form convert_form(const Key& key);
Form approximate_form(const Key& key);

}  // namespace kib::emulator::ptx::KIB_LEVEL
#endif
