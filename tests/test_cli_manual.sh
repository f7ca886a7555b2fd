#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual's pages and the shells' completion, which the command generates from the help's tables.
. tests/check.sh

verbs="fit evaluate predict describe export fetch synth completion man"
options_of() { "$PLEXUS" "$1" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'; }

test_pages() {
    for verb in '' $verbs; do
        # shellcheck disable=SC2086 # no verb is no word
        code 0 "$PLEXUS" man $verb
        cp out page.1
        if command -v mandoc >/dev/null; then
            mandoc -T lint -W warning page.1 >out || fail "$verb: $(cat out)"
        fi
        if man --version 2>/dev/null | grep -q '^man '; then
            MANWIDTH=80 LC_ALL=C.UTF-8 man -l --warnings page.1 >shown 2>out || fail "$verb: $(cat out)"
            [ ! -s out ] || fail "$verb: $(cat out)"
            has shown "plexus${verb:+-$verb}" NAME SYNOPSIS
        fi
        for option in $([ -z "$verb" ] || options_of "$verb"); do
            grep -qF -- "\\fB\\-\\-$(echo "$option" | sed 's/-/\\-/g')\\fR" page.1 ||
                fail "plexus-$verb has no --$option"
        done
    done
    "$PLEXUS" man >page.1
    for verb in $verbs; do has page.1 ".BR plexus\\-$verb (1)"; done
    "$PLEXUS" man fit >page.1
    has page.1 'EXIT STATUS' 'EXAMPLES' 'plexus fit visits.yaml \-\-out visits'
    code 2 "$PLEXUS" man fitt
    has err "did you mean 'fit'"
}

# completes EXPECTED WORD...: bash's completions of the last word, sorted.
completes() {
    expected=$1
    shift
    # shellcheck disable=SC2016 # the script's own variables
    bash -c 'source ./complete.bash
        compopt() { :; }
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _plexus
        printf "%s\n" "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd " "' - "$@" >offered
    [ "$(cat offered)" = "$expected" ] || fail "$*: '$(cat offered)', not '$expected'"
}

test_bash() {
    command -v bash >/dev/null || skip "no bash"
    "$PLEXUS" completion bash >complete.bash
    bash -n complete.bash
    mkdir folder
    : >file
    completes 'evaluate export' plexus e
    completes fit plexus 'fi'
    completes '--version' plexus --v
    completes '--seed --set' plexus fit --se
    completes '--set' plexus fit c.yaml --out x --set
    completes '--keep' plexus predict --k
    completes 'avx2 avx512' plexus fit --cpu av
    completes folder plexus fit --out f
    completes 'file folder' plexus predict --out f
    completes 'file folder' plexus evaluate model f
    completes '' plexus fit --seed f
    completes 'adult' plexus fetch a
    completes 'bash' plexus completion b
    completes 'describe' plexus help d
    for verb in $verbs; do
        completes "$(options_of "$verb" | sed 's/^/--/' | LC_ALL=C sort | paste -sd ' ')" plexus "$verb" --
    done
}

test_zsh() {
    "$PLEXUS" completion zsh >_plexus
    [ "$(head -n 1 _plexus)" = '#compdef plexus' ]
    for verb in $verbs; do
        for option in $(options_of "$verb"); do has _plexus "--${option}["; done
    done
    command -v zsh >/dev/null || skip "no zsh"
    zsh -n _plexus
    # A mock of _arguments prints what zsh would get.
    cat >probe.zsh <<'ZSH'
compdef() { }
source ./_plexus
_arguments() { print -l -- "$@" }
_describe() { print -l -- ${(P)4} }
words=(plexus fit --o) CURRENT=3
_plexus
words=(plexus f) CURRENT=2
_plexus
ZSH
    zsh -f probe.zsh >out
    has out '--out[' ':DIR:_files -/' '*--set[' '(plain simd128 avx2 avx512)' '*:argument:_files' 'fit:train a model'
}

test_fish() {
    "$PLEXUS" completion fish >plexus.fish
    for verb in $verbs; do
        for option in $(options_of "$verb"); do
            has plexus.fish "complete -c plexus -n '__fish_seen_subcommand_from $verb' -l $option "
        done
    done
    command -v fish >/dev/null || skip "no fish"
    fish -n plexus.fish
    HOME=$PWD fish -c 'source plexus.fish; complete -C "plexus fi"; complete -C "plexus fit --se"' >offered
    has offered fit --seed --set
    not grep -- --out offered
}

test_unknown_shell() {
    code 2 "$PLEXUS" completion csh
    has err "'csh' is no shell" 'bash zsh fish'
}

run_tests "$@"
