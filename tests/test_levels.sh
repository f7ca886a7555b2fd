#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Instructions of newer x86 processors occur only in the kernels of their level, and the program runs on older
# processors, which are emulated. If this fails, a build runs on its builder's machine and crashes on others.
. tests/check.sh

emulator=qemu-x86_64
old=max,-avx,-avx2,-fma # all that the emulator knows but these: SSE4.2
new=max                 # AVX2 and FMA; the emulator has no AVX-512

is_x86() { [ "$(uname -m)" = x86_64 ]; }
instrumented() { nm "$PLEXUS_ARCHIVE" 2>/dev/null | grep -qE '__(asan|tsan|gcov)_'; }

# The members of the archive with a vector instruction: AVX by its v, AVX-512 by its registers.
test_wide_code_is_where_it_belongs() {
    is_x86 || skip 'not an x86 processor'
    objdump -d --no-show-raw-insn "$PLEXUS_ARCHIVE" | awk '
        / file format / { member = $1; sub(/\.c\.o:$/, "", member); next }
        !/^ / { next }
        $2 ~ /^v/ { avx[member] = 1 }
        /%zmm|%k[0-7]/ { avx512[member] = 1 }
        END {
            for (member in avx) print "avx", member
            for (member in avx512) print "avx512", member
        }' | sort >found
    printf '%s\n' 'avx kernels_avx2' 'avx kernels_avx512' 'avx512 kernels_avx512' >expected
    diff expected found
}

test_old_processors_get_their_level() {
    is_x86 || skip 'not an x86 processor'
    command -v $emulator >/dev/null || skip "no $emulator"
    instrumented && skip 'an instrumented build'
    # First a check that this emulator stops at an instruction that its processor does not have.
    echo 'int main(void) { __asm__ volatile("vaddpd %%ymm0, %%ymm0, %%ymm0" ::: "xmm0"); return 0; }' >wide.c
    "$CC" wide.c -o wide
    $emulator -cpu $new ./wide
    not $emulator -cpu $old ./wide
    code 0 $emulator -cpu $old "$PLEXUS" --version
    has out 'simd128 kernels'
    code 0 $emulator -cpu $new "$PLEXUS" --version
    has out 'avx2 kernels'
    # A whole run: read, train, save, score.
    make_config
    code 0 $emulator -cpu $old "$PLEXUS" fit small.yaml --out run --threads 2
    code 0 $emulator -cpu $old "$PLEXUS" predict run/model.plexus rows.csv --out scores.csv
    [ "$(wc -l <scores.csv)" = 601 ]
}

run_tests "$@"
