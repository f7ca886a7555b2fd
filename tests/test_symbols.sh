#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The built library's symbols: only plx_ names are exported, there is no global state, and nothing banned is linked.
. tests/check.sh

# Sanitizers and coverage add symbols and state.
instrumented() { nm "$PLEXUS_ARCHIVE" 2>/dev/null | grep -qE '__(asan|tsan|gcov)_'; }

# What gcc's libgcov adds to a library that is built with --coverage.
gcov_symbols='__gcov_error_file __gcov_kvp_dynamic_pool __gcov_kvp_dynamic_pool_index __gcov_kvp_dynamic_pool_size
    __gcov_master __gcov_var mangle_path'

exported_symbols() {
    nm -D --defined-only "$PLEXUS_LIBRARY" | awk '{ print $3 }' >all
    if grep -qx __gcov_master all; then
        # shellcheck disable=SC2086 # a list of words
        printf '%s\n' $gcov_symbols | grep -vxFf - all
    else
        cat all
    fi
}

test_exports() {
    exported_symbols >exported
    [ -s exported ]
    grep -q '^plx_model_train' exported
    not grep -vE '^plx_' exported
}

# Exactly the functions of plexus.h are exported.
test_exports_are_the_header() {
    exported_symbols | sed 's/@.*//' | sort -u >exported
    cat "$root/include/plexus.h" "$root/include/plexus_base.h" | tr '\n' ' ' | tr ';{' '\n\n' |
        sed -n 's/.*PLX_API[^(]*[ *]\(plx_[a-z_0-9]*\)(.*/\1/p' | sort -u >declared
    diff declared exported
}

test_no_mutable_globals() {
    instrumented && skip "an instrumented build"
    # The section distinguishes a constant table with addresses (.data.rel.ro) from a variable.
    nm -f sysv "$PLEXUS_ARCHIVE" | awk -F'|' '{ gsub(/ /, "", $1); gsub(/ /, "", $7) }
        $7 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $7 !~ /^\.data\.rel\.ro/ { print $1, $7 }
        $7 == "*COM*" { print $1, $7 }' >variables
    not grep . variables
}

test_library_needs_little() {
    instrumented && skip "an instrumented build"
    nm -D --undefined-only "$PLEXUS_LIBRARY" | awk '{ sub(/@.*/, "", $2); print $2 }' >needed
    not grep -xE 'exit|_exit|abort|getenv|secure_getenv|printf|puts|putchar|stdout|stderr|system|signal|s?rand' needed
}

run_tests "$@"
