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
