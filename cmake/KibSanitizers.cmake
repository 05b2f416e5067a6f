# The address and the undefined behaviour sanitizer, where the compiler has them: KIB_SANITIZERS.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_FLAGS -fsanitize=address,undefined)
check_cxx_source_compiles("int main() { return 0; }" KIB_SANITIZERS)
unset(CMAKE_REQUIRED_FLAGS)

# kib_sanitize(TARGET): a finding ends its program with a failure. Nothing where the compiler has no sanitizers.
function(kib_sanitize target)
  if(NOT KIB_SANITIZERS)
    return()
  endif()
  target_compile_options(${target} PRIVATE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL OBJECT_LIBRARY)
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  endif()
endfunction()
