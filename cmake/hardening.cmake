# SPDX-License-Identifier: Apache-2.0
# Optimised builds are hardened: a buffer overflow that escaped the checks ends the process. Sanitizer builds need none
# of it, and _FORTIFY_SOURCE needs optimisation. tools/check_hardening checks the result.

option(PLEXUS_HARDENING "stack protector, fortified C library calls, control-flow protection, full RELRO" ON)
if(NOT PLEXUS_HARDENING OR PLEXUS_SANITIZE OR NOT CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$")
  return()
endif()

include(CheckCCompilerFlag)
set(hardening -fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND hardening -fcf-protection)
  # The linker drops the mark if a start-up file of the C library (Debian's crti.o) has none, though all our code has
  # landing pads. Linux enforces only shadow stacks, which that file supports.
  target_link_options(plexus_flags INTERFACE -Wl,-z,ibt -Wl,-z,shstk)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  list(APPEND hardening -mbranch-protection=standard)
endif()
foreach(flag ${hardening})
  string(MAKE_C_IDENTIFIER "PLEXUS_HAS${flag}" has)
  check_c_compiler_flag(${flag} ${has})
  if(${has})
    target_compile_options(plexus_flags INTERFACE ${flag})
  endif()
endforeach()
# A distribution's compiler may define it already, at another level.
target_compile_options(plexus_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
target_link_options(plexus_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")
