# SPDX-License-Identifier: Apache-2.0
# The command: sees include/plexus.h and nothing else of the library.

file(GLOB PLEXUS_COMMAND_FILES CONFIGURE_DEPENDS cli/*.c)
if(NOT PLEXUS_FETCH)
  list(FILTER PLEXUS_COMMAND_FILES EXCLUDE REGEX "cli/(download|unpack)\\.c$")
endif()
add_executable(plexus_command ${PLEXUS_COMMAND_FILES})
target_compile_definitions(plexus_command PRIVATE CLI_BUILD_TYPE="${CMAKE_BUILD_TYPE}"
  CLI_FETCH=$<BOOL:${PLEXUS_FETCH}> CLI_PARQUET=$<BOOL:${PLEXUS_WITH_PARQUET}>)
target_link_libraries(plexus_command PRIVATE plexus plexus_flags PkgConfig::JANSSON PkgConfig::ARCHIVE
  $<$<BOOL:${PLEXUS_FETCH}>:PkgConfig::FETCH>)
file(RELATIVE_PATH library_from_command /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
set_target_properties(plexus_command PROPERTIES OUTPUT_NAME plexus INSTALL_RPATH "$ORIGIN/${library_from_command}")
