# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` installs: command, library, headers, and the files by which other builds find them.

include(CMakePackageConfigHelpers)

install(TARGETS plexus EXPORT plexus_targets)
if(PLEXUS_COMMAND)
  install(TARGETS plexus_command)
  if(TARGET plexus_manual)
    install(DIRECTORY ${PROJECT_BINARY_DIR}/manual/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
    set(completion ${PROJECT_BINARY_DIR}/manual/completion)
    install(FILES ${completion}/plexus DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(FILES ${completion}/_plexus DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
    install(FILES ${completion}/plexus.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
  endif()
endif()
if(PLEXUS_STATIC)
  install(TARGETS plexus_static ARCHIVE)
endif()
install(FILES include/plexus.h include/plexus_base.h include/plexus_arrow.h TYPE INCLUDE)

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/plexus)
install(EXPORT plexus_targets NAMESPACE plexus:: FILE plexusTargets.cmake DESTINATION ${config_folder})
configure_package_config_file(cmake/plexusConfig.cmake.in plexusConfig.cmake INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(plexusConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/plexusConfig.cmake ${PROJECT_BINARY_DIR}/plexusConfigVersion.cmake
  DESTINATION ${config_folder})

# The prefix in plexus.pc is relative to the file, so that an installed tree may be moved.
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" prefix_from_pc "${prefix_from_pc}")
configure_file(cmake/plexus.pc.in plexus.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/plexus.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
