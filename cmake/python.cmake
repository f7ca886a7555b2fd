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
target_link_libraries(plexus_python PRIVATE plexus_flags) # hardening, threads
# What is not ours stays inside, so that other modules of the process never see it.
target_link_options(plexus_python PRIVATE -Wl,--exclude-libs,ALL)

# The command of the wheel, which a package's scripts folder takes as it is: with the library in it, since nothing tells
# from there where the package lies. Fetching is left to Python, which brings a network library and its certificates.
plexus_add_command(plexus_python_command OFF)
target_sources(plexus_python_command PRIVATE $<TARGET_OBJECTS:plexus_objects>)
target_compile_definitions(plexus_python_command PRIVATE CLI_PYTHON=1)
set_target_properties(plexus_python_command PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/scripts)

# libarchive's shared library would bring a dozen others into the wheel, for formats that are not read here: where the
# system has the static one, it is linked with what it needs of compression alone. The command takes the static ones of
# all, and so needs none beside it; in the module they cannot be, since they are not compiled for shared libraries.
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
# The terms of what the wheel holds of others, where the system has them (Debian's packages do).
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
