#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The public headers, each alone, compiled in the languages that users write.
. tests/check.sh

# compile COMPILER LANGUAGE OPTION...
compile() {
    compiler=$1 language=$2
    shift 2
    for header in plexus.h plexus_base.h; do
        printf '#include <%s>\n#include <%s>\nint main(void) { return plx_status_text(PLX_OK) == 0; }\n' \
            $header $header | "$compiler" -x "$language" "$@" -Wall -Wextra -Wpedantic -Werror -I"$root/include" \
            -fsyntax-only -
    done
}

test_c99() { compile "${CC:-cc}" c -std=c99; }
test_c17() { compile "${CC:-cc}" c -std=c17 -Wstrict-prototypes -Wshadow -Wundef; }
test_cpp() {
    command -v g++ >/dev/null || skip "no C++ compiler"
    compile g++ c++ -std=c++11
    compile g++ c++ -std=c++20 -Wshadow
}

run_tests "$@"
