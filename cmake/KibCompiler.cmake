# What all C++ code of kib4j is compiled with: the language, and warnings. To be included before targets are added.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Off for those who only want it built: their compiler may warn of what ours does not know. Maven's builds turn it on.
option(KIB_WERROR "A warning is an error" OFF)
add_compile_options(-Wall -Wextra)
if(KIB_WERROR)
  add_compile_options(-Werror)
endif()
