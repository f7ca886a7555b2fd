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

# Every function with NULL and 0 for all arguments: a status is PLX_ERR_ARGUMENT, anything else NULL, 0 or false; of the
# functions that need no handle, only the text of a status is not.
test_null_arguments() {
    instrumented && skip "an instrumented build"
    machine() { readelf -h "$1" | grep 'Machine:'; }
    [ "$(machine "$PLEXUS_LIBRARY")" = "$(machine "$(command -v sh)")" ] || skip "a library for another machine"
    cat "$root/include/plexus.h" "$root/include/plexus_base.h" | tr '\n' ' ' | tr ';{' '\n\n' |
        sed -n 's/.*PLX_API *\([^(]*[ *]\)\(plx_[a-z_0-9]*\)(\(.*\)).*/\1|\2|\3/p' | awk -F'|' '
        BEGIN { print "#include <stdio.h>\n#include \"plexus.h\"\nint main(void) {" }
        $2 ~ /^plx_(version|status_text|metric_at)$/ { next }
        {
            n = split($3, unused, ",")
            call = $2 "("
            for (i = 1; i <= n && $3 != "void"; i++) call = call (i > 1 ? ", 0" : "0")
            expected = $1 ~ /plx_status $/ ? "PLX_ERR_ARGUMENT" : $2 == "plx_metric_find" ? "-1" : "0"
            if ($1 ~ /^void $/) print call ");"
            else if ($2 == "plx_metrics_value") print "if (!(" call ") != 0)) puts(\"" $2 "\");"
            else print "if (" call ") != " expected ") puts(\"" $2 "\");"
        }
        END { print "return 0; }" }' >nulls.c
    [ "$(grep -c 'plx_' nulls.c)" -gt 45 ]
    "${CC:-cc}" -w -I"$root/include" nulls.c -o nulls "$PLEXUS_LIBRARY" "-Wl,-rpath,$(dirname "$PLEXUS_LIBRARY")"
    code 0 ./nulls
    [ ! -s out ]
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
