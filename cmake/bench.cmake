# SPDX-License-Identifier: Apache-2.0
# Benchmarks: each bench/bench_*.c is a program, the other files are shared; they use internal functions, as tests do.

file(GLOB PLEXUS_BENCH_FILES CONFIGURE_DEPENDS bench/bench_*.c)
add_library(bench_shared OBJECT bench/peak.c bench/options.c bench/training.c bench/measure.c)
target_link_libraries(bench_shared PRIVATE plexus_internal)
foreach(file ${PLEXUS_BENCH_FILES})
  get_filename_component(name ${file} NAME_WE)
  add_executable(${name} ${file} $<TARGET_OBJECTS:bench_shared>)
  target_link_libraries(${name} PRIVATE plexus_static plexus_internal)
endforeach()
