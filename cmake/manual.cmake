# SPDX-License-Identifier: Apache-2.0
# Run by the build: cmake -DCOMMAND=... -DOUT=... -P manual.cmake. The command writes its manual and the shells'
# completion scripts; the verbs come from its first page.

function(write_output file)
  execute_process(COMMAND ${COMMAND} ${ARGN} OUTPUT_FILE ${OUT}/${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(MAKE_DIRECTORY ${OUT}/man1 ${OUT}/completion)
write_output(man1/plexus.1 man)
file(STRINGS ${OUT}/man1/plexus.1 pages REGEX "^\\.BR plexus")
foreach(page ${pages})
  string(REGEX REPLACE "^\\.BR plexus[\\]-([a-z]+) .*" "\\1" verb "${page}")
  write_output(man1/plexus-${verb}.1 man ${verb})
endforeach()
write_output(completion/plexus completion bash)
write_output(completion/_plexus completion zsh)
write_output(completion/plexus.fish completion fish)
