# SPDX-License-Identifier: Apache-2.0
# Benchmarks: one program a file bench/bench_*.c; they reach internal functions, as tests do.

file(GLOB PLEXUS_BENCH_FILES CONFIGURE_DEPENDS bench/bench_*.c)
foreach(file ${PLEXUS_BENCH_FILES})
  get_filename_component(name ${file} NAME_WE)
  add_executable(${name} ${file})
  target_link_libraries(${name} PRIVATE plexus_static plexus_internal)
endforeach()
