// Which of x86-64's levels the processor has. Features by name: g++ knows the levels themselves only from version 12
// on.
#pragma once

#define KIB_PROCESSOR_HAS_V3                                                                             \
  (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&  \
   __builtin_cpu_supports("f16c") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("lzcnt") && \
   __builtin_cpu_supports("movbe"))

#define KIB_PROCESSOR_HAS_V4                                                                          \
  (KIB_PROCESSOR_HAS_V3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && \
   __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
