# Code that is compiled once for each instruction set, in a namespace of its own (KIB_LEVEL), and chosen at run time.
set(KIB_FLAGS_v3 -march=x86-64-v3)
set(KIB_FLAGS_v4 -march=x86-64-v4 -mprefer-vector-width=512)

# The levels of kernels for the processors that are compiled for: the lowest first.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(KIB_LEVELS v3 v4)
else()
  set(KIB_LEVELS portable)
endif()

# kib_for_level(TARGET NAMESPACE OPTIONS...): compiles a target's sources in the namespace of a level.
function(kib_for_level target namespace)
  target_compile_definitions(${target} PRIVATE KIB_LEVEL=${namespace})
  target_compile_options(${target} PRIVATE ${ARGN})
endfunction()
