// Why a function computes nothing.
#ifndef KIB_SRC_STATUS_H
#define KIB_SRC_STATUS_H
#include "kib/status.h"

namespace kib {

// Keeps the text for kib_last_error, and returns the status. The format is that of printf.
__attribute__((visibility("hidden"), format(printf, 2, 3))) kib_status refuse(kib_status status, const char* format,
                                                                              ...);

}  // namespace kib
#endif
