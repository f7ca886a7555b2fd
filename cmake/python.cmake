# SPDX-License-Identifier: Apache-2.0
# The extension module plexus._native: the library's objects and the code that cffi generates from include/*.h, with
# Python's stable ABI, so that one file works with Python 3.10 and later.

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

# Its warnings are for cffi to fix.
set_source_files_properties(${native_source} PROPERTIES COMPILE_OPTIONS -w)
add_library(plexus_python MODULE ${native_source} $<TARGET_OBJECTS:plexus_objects>)
set_target_properties(plexus_python PROPERTIES OUTPUT_NAME _native PREFIX "" SUFFIX ".abi3.so")
target_compile_definitions(plexus_python PRIVATE _GNU_SOURCE Py_LIMITED_API=0x030A0000)
target_include_directories(plexus_python PRIVATE ${PROJECT_SOURCE_DIR}/include ${python_headers})
target_link_libraries(plexus_python PRIVATE plexus_flags) # hardening, threads
# Other libraries' symbols stay hidden, so that other modules of the process never see them.
target_link_options(plexus_python PRIVATE -Wl,--exclude-libs,ALL)

# The wheel's command, which goes unchanged into a package's scripts folder. The library is linked in, since the command
# cannot find the package from there. Python does the fetching: it has a network library and certificates.
plexus_add_command(plexus_python_command OFF)
target_sources(plexus_python_command PRIVATE $<TARGET_OBJECTS:plexus_objects>)
target_compile_definitions(plexus_python_command PRIVATE CLI_PYTHON=1)
set_target_properties(plexus_python_command PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/scripts)

# libarchive's shared library would bring a dozen others into the wheel, for formats that are not read here. If the
# system has the static library, it is linked with only the compression libraries that it needs. The command links all
# of them statically and needs no shared library; the module cannot, since they are not compiled for shared libraries.
find_library(ARCHIVE_STATIC libarchive.a)
set(shared "")
set(static "")
foreach(name lzma zstd lz4 bz2 z yaml jansson)
  find_library(SHARED_${name} ${name})
  find_library(STATIC_${name} lib${name}.a)
  list(APPEND shared ${SHARED_${name}})
  list(APPEND static ${STATIC_${name}})
endforeach()

function(link_others target libraries)
  target_link_options(${target} PRIVATE -Wl,--gc-sections -s)
  if(ARCHIVE_STATIC AND NOT libraries MATCHES "NOTFOUND")
    target_link_libraries(${target} PRIVATE ${ARCHIVE_STATIC} ${libraries}
      $<$<BOOL:${PLEXUS_WITH_PARQUET}>:carquet::carquet>)
  else()
    target_link_libraries(${target} PRIVATE plexus_internal)
  endif()
endfunction()
link_others(plexus_python "${shared}")
link_others(plexus_python_command "${static}")
target_include_directories(plexus_python_command PRIVATE ${JANSSON_INCLUDE_DIRS})

install(TARGETS plexus_python LIBRARY DESTINATION plexus COMPONENT python)
# Licences of other projects' code in the wheel, if the system has them (Debian's packages do).
foreach(package libarchive liblzma libzstd liblz4 libbz2 zlib1g libyaml libjansson librandom123)
  get_filename_component(terms /usr/share/doc/${package}-dev/copyright REALPATH)
  if(EXISTS ${terms})
    install(FILES ${terms} DESTINATION plexus/licences RENAME ${package}.txt COMPONENT python)
  endif()
endforeach()
install(FILES ${PROJECT_BINARY_DIR}/_native.pyi DESTINATION plexus COMPONENT python)
if(SKBUILD_SCRIPTS_DIR)
  install(TARGETS plexus_python_command RUNTIME DESTINATION ${SKBUILD_SCRIPTS_DIR} COMPONENT python)
endif()
