#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# This build and that of another compiler, $PLEXUS_OTHER, train the same model: all bytes of its file are equal.
. tests/check.sh

# with_model NAME HYPER-PARAMETERS: small.yaml with another network.
with_model() {
    sed '/^model:/,$d' small.yaml
    printf 'model: {name: %s, %s, dnn_use_bn: true, dnn_dropout: 0.2, l2_reg_dnn: 0.001}\ntrain:\n' "$1" "$2"
    sed '1,/^train:/d' small.yaml
}

# both LEVEL: the two compilers' models of three networks at a kernel level.
both() {
    [ -x "$PLEXUS_OTHER" ] || skip "no other build: $PLEXUS_OTHER"
    make_config
    with_model mmoe 'expert_dnn_units: [33, 16], dnn_activation: tanh' >mmoe.yaml
    with_model ple 'num_levels: 2, expert_dnn_units: [20]' >ple.yaml
    with_model esmm 'tower_dnn_units_lists: [[24, 9], [24]], dnn_activation: sigmoid' >esmm.yaml
    for model in mmoe ple esmm; do
        # Also if this machine does not have the level: both fall back to the same one.
        code 0 "$PLEXUS" fit $model.yaml --cpu "$1" --out one
        code 0 "$PLEXUS_OTHER" fit $model.yaml --cpu "$1" --out other
        same one/model.plexus other/model.plexus
    done
}

test_same_bits_plain() { both plain; }
test_same_bits_simd128() { both simd128; }
test_same_bits_avx2() { both avx2; }
test_same_bits_avx512() { both avx512; }

run_tests "$@"
