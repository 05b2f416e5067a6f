// The text of the calling thread's last failure.
#include "status.h"

#include <cstdarg>
#include <cstdio>

namespace kib {
namespace {

thread_local char text[256] = "";

}  // namespace

kib_status refuse(kib_status status, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return status;
}

}  // namespace kib

extern "C" const char* kib_last_error(void) { return kib::text; }
