# SPDX-License-Identifier: Apache-2.0
# The command: includes include/plexus.h and no other header of the library.

# An executable named plexus, in a folder that its target chooses; `fetches`: with libcurl and OpenSSL.
function(plexus_add_command target fetches)
  file(GLOB files CONFIGURE_DEPENDS cli/*.c)
  if(NOT fetches)
    list(FILTER files EXCLUDE REGEX "cli/(download|unpack)\\.c$")
  endif()
  add_executable(${target} ${files})
  target_compile_definitions(${target} PRIVATE CLI_BUILD_TYPE="${CMAKE_BUILD_TYPE}"
    CLI_FETCH=$<BOOL:${fetches}>)
  target_link_libraries(${target} PRIVATE plexus_flags $<$<BOOL:${fetches}>:PkgConfig::FETCH>)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME plexus)
endfunction()

if(PLEXUS_COMMAND)
  plexus_add_command(plexus_command ${PLEXUS_FETCH})
  target_link_libraries(plexus_command PRIVATE plexus PkgConfig::JANSSON PkgConfig::ARCHIVE)
  file(RELATIVE_PATH library_from_command /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(plexus_command PROPERTIES INSTALL_RPATH "$ORIGIN/${library_from_command}")
  if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
    set(manual ${PROJECT_BINARY_DIR}/manual)
    add_custom_command(OUTPUT ${manual}/completion/plexus.fish
      COMMAND ${CMAKE_COMMAND} "-DCOMMAND=${CMAKE_CROSSCOMPILING_EMULATOR};$<TARGET_FILE:plexus_command>"
        -DOUT=${manual} -P ${PROJECT_SOURCE_DIR}/cmake/manual.cmake
      DEPENDS plexus_command cmake/manual.cmake VERBATIM)
    add_custom_target(plexus_manual ALL DEPENDS ${manual}/completion/plexus.fish)
  endif()
endif()
