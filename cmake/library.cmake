# SPDX-License-Identifier: Apache-2.0
# The library: objects compiled once, for the shared library, the static library and the tests' library.

file(GLOB PLEXUS_BASE CONFIGURE_DEPENDS src/base/*.c)
file(GLOB PLEXUS_KERNELS CONFIGURE_DEPENDS src/kernels/*.c)
file(GLOB PLEXUS_DATA CONFIGURE_DEPENDS src/rows/*.c src/files/*.c src/data/*.c)
file(GLOB PLEXUS_NETWORK CONFIGURE_DEPENDS src/tasks/*.c src/graph/*.c src/ops/*.c src/networks/*.c)
file(GLOB PLEXUS_UPPER CONFIGURE_DEPENDS src/train/*.c src/store/*.c src/config/*.c src/model/*.c src/api/*.c)
if(PLEXUS_CORE) # what trains on records in memory
  set(PLEXUS_DATA src/rows/records.c src/rows/rows_ahead.c)
  file(GLOB PLEXUS_UPPER CONFIGURE_DEPENDS src/train/*.c)
endif()

# Kernels: one source, compiled once for each CPU level. They are also built without contraction (below): a compiler may
# contract in one branch and not in another. A fused multiply-add is written as vf_fma.
set(kernel_flags -fno-math-errno -fno-trapping-math)
if(NOT PLEXUS_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug") # with sanitizers, -O3 takes minutes to compile
  list(PREPEND kernel_flags -O3)
endif()
set_source_files_properties(${PLEXUS_KERNELS} PROPERTIES COMPILE_OPTIONS "${kernel_flags}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(avx2_flags ${kernel_flags} -mavx2 -mfma)
  set(avx512_flags ${avx2_flags} -mavx512f -mavx512dq -mavx512bw -mavx512vl -mprefer-vector-width=512)
  set_source_files_properties(${PROJECT_SOURCE_DIR}/src/kernels/kernels_avx2.c PROPERTIES
    COMPILE_OPTIONS "${avx2_flags}")
  set_source_files_properties(${PROJECT_SOURCE_DIR}/src/kernels/kernels_avx512.c PROPERTIES
    COMPILE_OPTIONS "${avx512_flags}")
endif()

add_library(plexus_internal INTERFACE)
target_include_directories(plexus_internal INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(plexus_internal INTERFACE plexus_flags)
if(NOT PLEXUS_CORE)
  target_link_libraries(plexus_internal INTERFACE PkgConfig::YAML PkgConfig::JANSSON PkgConfig::ARCHIVE ZLIB::ZLIB)
endif()
if(PLEXUS_WITH_PARQUET)
  target_link_libraries(plexus_internal INTERFACE carquet::carquet)
  set_source_files_properties(src/files/parquet.c PROPERTIES COMPILE_DEFINITIONS PLX_WITH_PARQUET)
endif()

add_library(plexus_objects OBJECT ${PLEXUS_BASE} ${PLEXUS_KERNELS} ${PLEXUS_DATA} ${PLEXUS_NETWORK} ${PLEXUS_UPPER})
target_compile_definitions(plexus_objects PRIVATE PLX_BUILDING)
target_compile_options(plexus_objects PRIVATE -ffp-contract=off)
target_link_libraries(plexus_objects PRIVATE plexus_internal)

add_library(plexus SHARED $<TARGET_OBJECTS:plexus_objects>)
add_library(plexus_static STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:plexus_objects>)
# Before 1.0.0 a minor version may change the interface, so it is part of the SONAME.
set(soversion ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(soversion 0.${PROJECT_VERSION_MINOR})
endif()
set_target_properties(plexus PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${soversion})
set_target_properties(plexus_static PROPERTIES OUTPUT_NAME plexus EXPORT_NAME plexus_static)
target_link_libraries(plexus PRIVATE plexus_internal)
if(PLEXUS_WITH_PARQUET) # its names are not ours to hand on
  target_link_options(plexus PRIVATE -Wl,--exclude-libs,libcarquet.a)
endif()
if(NOT PLEXUS_SANITIZE) # whose runtime comes with the program
  target_link_options(plexus PRIVATE -Wl,--no-undefined)
endif()
foreach(target plexus plexus_static)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
if(PLEXUS_CORE) # is for tests and benchmarks alone
  set_target_properties(plexus PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
if(PLEXUS_STATIC)
  set_target_properties(plexus_static PROPERTIES EXCLUDE_FROM_ALL OFF)
endif()
