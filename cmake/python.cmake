# SPDX-License-Identifier: Apache-2.0
# The extension module plexus._native: the library's objects and what cffi writes over include/*.h, by Python's stable
# interface, so that one file serves Python 3.10 and all later ones.

find_package(Python 3.10 REQUIRED COMPONENTS Interpreter)
execute_process(COMMAND ${Python_EXECUTABLE} -c "import sysconfig; print(sysconfig.get_paths()['include'])"
  OUTPUT_VARIABLE python_headers OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(NOT EXISTS ${python_headers}/Python.h)
  message(FATAL_ERROR "Python's headers are not in ${python_headers}: install them (Debian: python3-dev)")
endif()
file(GLOB public_headers CONFIGURE_DEPENDS include/*.h)
set(native_source ${PROJECT_BINARY_DIR}/native.c)
add_custom_command(OUTPUT ${native_source}
  COMMAND ${Python_EXECUTABLE} ${PROJECT_SOURCE_DIR}/python/native.py ${PROJECT_SOURCE_DIR}/include
    ${CMAKE_C_COMPILER} ${native_source}
  DEPENDS python/native.py ${public_headers} VERBATIM)

# Its warnings are cffi's to mend.
set_source_files_properties(${native_source} PROPERTIES COMPILE_OPTIONS -w)
add_library(plexus_python MODULE ${native_source} $<TARGET_OBJECTS:plexus_objects>)
set_target_properties(plexus_python PROPERTIES OUTPUT_NAME _native PREFIX "" SUFFIX ".abi3.so")
target_compile_definitions(plexus_python PRIVATE _GNU_SOURCE Py_LIMITED_API=0x030A0000)
target_include_directories(plexus_python PRIVATE ${PROJECT_SOURCE_DIR}/include ${python_headers})
target_link_libraries(plexus_python PRIVATE Threads::Threads m)
# What is not ours stays inside, so that other modules of the process never see it.
target_link_options(plexus_python PRIVATE -Wl,--exclude-libs,ALL -Wl,--gc-sections -s)

# libarchive's shared library would bring a dozen others into the wheel, for formats that are not read here: where the
# system has the static one, what it needs of compression is linked alone.
find_library(ARCHIVE_STATIC libarchive.a)
set(compressions "")
foreach(name lzma zstd lz4 bz2 z)
  find_library(COMPRESSION_${name} ${name})
  list(APPEND compressions ${COMPRESSION_${name}})
endforeach()
if(ARCHIVE_STATIC AND NOT compressions MATCHES "NOTFOUND")
  target_link_libraries(plexus_python PRIVATE ${ARCHIVE_STATIC} ${compressions} PkgConfig::YAML PkgConfig::JANSSON)
else()
  target_link_libraries(plexus_python PRIVATE plexus_internal)
endif()

install(TARGETS plexus_python LIBRARY DESTINATION plexus COMPONENT python)
