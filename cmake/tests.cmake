# SPDX-License-Identifier: Apache-2.0
# Tests: each tests/test_*.c is a program, each tests/test_*.sh a script, each fuzz/fuzz_*.c replays its corpus.

file(GLOB PLEXUS_TEST_FILES CONFIGURE_DEPENDS tests/test_*.c)
file(GLOB PLEXUS_DOUBLE_TEST_FILES CONFIGURE_DEPENDS tests/test_*_double.c)
file(GLOB PLEXUS_TEST_SCRIPTS CONFIGURE_DEPENDS tests/test_*.sh)
file(GLOB PLEXUS_REPLAY_FILES CONFIGURE_DEPENDS fuzz/fuzz_*.c)
list(REMOVE_ITEM PLEXUS_TEST_FILES ${PLEXUS_DOUBLE_TEST_FILES} "")
if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang") # compares with the usual build
  list(FILTER PLEXUS_TEST_SCRIPTS EXCLUDE REGEX "/test_compilers\\.sh$")
endif()
if(PLEXUS_CORE)
  list(FILTER PLEXUS_TEST_FILES INCLUDE REGEX
    "/test_(base|base_io|golden|identities|kernels[a-z_]*|metric|optimizer|plan|train)\\.c$")
endif()

function(plexus_test file)
  get_filename_component(name ${file} NAME_WE)
  add_executable(${name} ${file})
  target_link_libraries(${name} PRIVATE ${ARGN})
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
    target_compile_options(${name} PRIVATE -fno-tree-vectorize) # GCC 12 breaks down over fmax in a loop
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()

foreach(file ${PLEXUS_TEST_FILES})
  plexus_test(${file} plexus_static plexus_internal)
endforeach()

set(PLEXUS_KERNEL_TESTS ${PLEXUS_TEST_FILES})
list(FILTER PLEXUS_KERNEL_TESTS INCLUDE REGEX "test_kernels")
list(TRANSFORM PLEXUS_KERNEL_TESTS REPLACE ".*/(.*)\\.c$" "\\1")
add_custom_target(kernel_tests DEPENDS ${PLEXUS_KERNEL_TESTS})

# The lower levels, each as the highest available: ctest -L simd128, ctest -L avx2.
find_program(PLEXUS_EMULATOR qemu-x86_64)
if(PLEXUS_EMULATOR AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND CMAKE_BUILD_TYPE STREQUAL "Release")
  set(processor_simd128 max,-avx,-avx2,-fma)
  set(processor_avx2 max,-avx512f)
  foreach(level simd128 avx2)
    foreach(name ${PLEXUS_KERNEL_TESTS} test_golden test_optimizer)
      add_test(NAME ${level}_${name} COMMAND ${PLEXUS_EMULATOR} -cpu ${processor_${level}} $<TARGET_FILE:${name}>)
      set_tests_properties(${level}_${name} PROPERTIES LABELS "emulated;${level}")
    endforeach()
  endforeach()
endif()

# Graph, ops, models and plain kernels built a second time, in double, to compare gradients with finite differences.
add_library(plexus_double STATIC EXCLUDE_FROM_ALL ${PLEXUS_BASE} src/rows/records.c src/kernels/kernels_plain.c
  src/kernels/kernels.c ${PLEXUS_NETWORK})
target_compile_definitions(plexus_double PUBLIC PLX_DOUBLE)
target_link_libraries(plexus_double PUBLIC plexus_internal)
foreach(file ${PLEXUS_DOUBLE_TEST_FILES})
  plexus_test(${file} plexus_double)
endforeach()

# Replays the corpora without a fuzzing engine, with every compiler and sanitizer.
if(NOT PLEXUS_FUZZ AND NOT PLEXUS_CORE)
  foreach(file ${PLEXUS_REPLAY_FILES})
    get_filename_component(name ${file} NAME_WE)
    string(REPLACE fuzz_ "" target ${name})
    add_executable(replay_${target} ${file} fuzz/regression_driver.c)
    target_link_libraries(replay_${target} PRIVATE plexus_static plexus_internal)
    add_test(NAME replay_${target} COMMAND replay_${target} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${target})
  endforeach()
endif()

# Scripts find the build's outputs through environment variables.
if(PLEXUS_COMMAND)
  foreach(file ${PLEXUS_TEST_SCRIPTS})
    get_filename_component(name ${file} NAME_WE)
    add_test(NAME ${name} COMMAND sh ${file} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_property(TEST ${name} PROPERTY ENVIRONMENT PLEXUS=$<TARGET_FILE:plexus_command>
      PLEXUS_BUILD=${PROJECT_BINARY_DIR} PLEXUS_LIBRARY=$<TARGET_FILE:plexus>
      PLEXUS_ARCHIVE=$<TARGET_FILE:plexus_static> PLEXUS_OTHER=${PROJECT_SOURCE_DIR}/build/plexus
      CC=${CMAKE_C_COMPILER})
  endforeach()
endif()
add_test(NAME check_layers COMMAND sh ${PROJECT_SOURCE_DIR}/tools/check_layers WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
