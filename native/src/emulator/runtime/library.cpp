// libcudart.so.13 as it is loaded.
#define KIB_LIBRARY "libcudart.so.13"
#include "runtime/build_check.h"
