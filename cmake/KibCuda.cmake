# nvcc, where there is one: NVCC. What it makes is run on the emulated device, or given to a GPU.
find_program(NVCC nvcc)
set(KIB_NO_NVCC "nvcc is not on the PATH (install CUDA 13)")
# Without nvcc what needs it is skipped, as one test that says so: kib_skip_without_nvcc(NAME).
function(kib_skip_without_nvcc name)
  add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo "skipped: ${KIB_NO_NVCC}")
  set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: nvcc")
endfunction()

# kib_nvcc(OUTPUT SOURCE OPTIONS... DEPENDS FILES...): makes the file OUTPUT, with the runtime as a shared library (the
# emulated device stands in for it) and with source lines.
function(kib_nvcc output source)
  cmake_parse_arguments(PARSE_ARGV 2 has "" "" "OPTIONS;DEPENDS")
  get_filename_component(folder ${output} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${output}
    COMMAND ${NVCC} -std=c++17 -cudart shared -lineinfo ${has_OPTIONS} -o ${output} ${source}
    DEPENDS ${source} ${has_DEPENDS} VERBATIM)
endfunction()

# kib_ptxas(OUTPUT SOURCE OPTIONS... DEPENDS FILES...): the file OUTPUT, NAME.ptxas, with what ptxas says of the source's
# kernels for the OPTIONS' -arch=sm_XY: the emulated device takes their registers from it where it lies beside the library.
function(kib_ptxas output source)
  cmake_parse_arguments(PARSE_ARGV 2 has "" "" "OPTIONS;DEPENDS")
  get_filename_component(folder ${output} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${output}
    COMMAND sh -c "\"$@\" 2>\"$0\" || { cat \"$0\"; rm \"$0\"; exit 1; }" ${output}
      ${NVCC} -std=c++17 -cubin -Xptxas -v ${has_OPTIONS} --output-file ${output}.cubin ${source}
    BYPRODUCTS ${output}.cubin DEPENDS ${source} ${has_DEPENDS} VERBATIM)
endfunction()

# What is shipped: machine code for these cards, and for later ones the PTX of compute_80. With an empty list the PTX alone,
# which is compiled in a fifth of the time and is what the emulated device runs.
set(KIB_CUDA_ARCHITECTURES 80 90a 100 120 CACHE STRING "Architectures that the CUDA kernels are compiled for")
# nvcc 13 makes one PTX for all cards before compute_100, and another for all from there on, where no source asks which
# card it is compiled for: each is made once.
set(KIB_CUDA_CODE_80 compute_80)
set(KIB_CUDA_CODE_100)
set(KIB_CUDA_NAMES "compute_80")
foreach(architecture IN LISTS KIB_CUDA_ARCHITECTURES)
  if(architecture MATCHES "^[0-9][0-9][a-z]?$")
    list(APPEND KIB_CUDA_CODE_80 sm_${architecture})
  else()
    list(APPEND KIB_CUDA_CODE_100 sm_${architecture})
  endif()
  string(APPEND KIB_CUDA_NAMES " sm_${architecture}")
endforeach()
set(KIB_CUDA_GENCODE)
foreach(ptx 80 100)
  if(KIB_CUDA_CODE_${ptx})
    list(JOIN KIB_CUDA_CODE_${ptx} "," code)
    list(APPEND KIB_CUDA_GENCODE -gencode "arch=compute_${ptx},code=[${code}]")
  endif()
endforeach()

# kib_for_any_card(FILES...): an error where a file asks for which card it is compiled.
function(kib_for_any_card)
  foreach(file ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(STRINGS ${file} asks REGEX "__CUDA_ARCH")
    if(asks)
      message(FATAL_ERROR "${file} asks for the card's architecture, but one PTX is made for several cards "
        "(cmake/KibCuda.cmake): let each architecture have PTX of its own there, or do not ask")
    endif()
  endforeach()
endfunction()

# kib_cuda_object(OUTPUT SOURCE OPTIONS...): the object file OUTPUT of a kernel file, and beside it OUTPUT.ptxas, with what
# ptxas says of its kernels. A kernel that spills registers is an error.
function(kib_cuda_object output source)
  get_filename_component(folder ${output} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  set(warnings -Xcompiler -fPIC,-Wall,-Wextra)
  if(KIB_WERROR)
    list(APPEND warnings -Werror all-warnings -Xcompiler -Werror)
  endif()
  add_custom_command(OUTPUT ${output} ${output}.ptxas
    COMMAND sh ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/compile-kernels.sh ${output}.ptxas
      ${NVCC} -std=c++17 -O3 -lineinfo --compress-mode=size -Xptxas -v ${warnings} ${KIB_CUDA_GENCODE} ${ARGN} -MD -MF ${output}.d -c
      -o ${output} ${source}
    DEPENDS ${source} DEPFILE ${output}.d VERBATIM)
endfunction()
