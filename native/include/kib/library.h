/* What a library of kernels gives to C++: it is the only function that two libraries' users need to find in each. */
#ifndef KIB_LIBRARY_H
#define KIB_LIBRARY_H
#include "kib/kernels.h"

/* The library's kernels; they live as long as it is loaded. */
extern "C" const kib::Kernels* kib_kernels();

#endif
