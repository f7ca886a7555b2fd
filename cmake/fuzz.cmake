# SPDX-License-Identifier: Apache-2.0
# libFuzzer targets: one for each fuzz/fuzz_*.c, with clang only.

if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "PLEXUS_FUZZ needs clang: cmake --preset fuzz")
endif()
file(GLOB PLEXUS_FUZZ_FILES CONFIGURE_DEPENDS fuzz/fuzz_*.c)
# The library, too, needs coverage instrumentation for the fuzzer.
target_compile_options(plexus_objects PRIVATE -fsanitize=fuzzer-no-link)
foreach(file ${PLEXUS_FUZZ_FILES})
  get_filename_component(name ${file} NAME_WE)
  add_executable(${name} ${file})
  target_link_libraries(${name} PRIVATE plexus_static plexus_internal)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endforeach()
