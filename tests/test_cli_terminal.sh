#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command's progress, on terminals (made by script) and elsewhere.
. tests/check.sh

test_progress_is_plain_off_terminals() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run
    not grep -q "$(printf '\033')" err
    not grep -q "$(printf '\r')" err
    [ "$(grep -c '^ *[1-5]/5 ' err)" = 5 ]
}

# on_terminal COMMAND: the file screen gets the output for a terminal 60 columns wide.
on_terminal() {
    script -qec true screen >/dev/null 2>&1 </dev/null || skip "no script, or no pseudo-terminal for it"
    script -qec "stty cols 60; $1" screen >/dev/null </dev/null || fail "$1: $(cat screen)"
}

test_progress_on_terminals() {
    make_config
    clear=$(printf '\033[K') green=$(printf '\033[32m')
    # Enough steps to redraw at least once between two epochs' ends.
    fit="'$PLEXUS' fit small.yaml --out run --set train.batch_size=1 --set train.epochs=3"
    TERM=xterm on_terminal "$fit"
    has screen "$clear" "$green" ' 3/3 ' 'step ' 'left'
    # A line that is redrawn never fills the terminal's width, or it would wrap.
    tr '\r' '\n' <screen | grep ' step ' | sed 's/.\[K.*//' | awk 'length($0) > 59 { exit 1 }'
    NO_COLOR=1 TERM=xterm on_terminal "$fit"
    has screen "$clear"
    not grep -qF "$green" screen
    TERM=dumb on_terminal "$fit"
    has screen ' 3/3 '
    not grep -qF "$clear" screen
}

# Training's lines on a terminal and elsewhere: a table of six tasks of every kind within 80 columns.
test_table_of_epochs() {
    make_config
    awk -F, -v OFS=, 'NR == 1 { print $0, "a_rather_long_name", "n2", "kind", "w" }
        NR > 1 { print $0, NR % 2, NR / 100, substr("abc", 1 + NR % 3, 1), 1e9 * NR }' rows.csv >six.csv
    printf '  - {name: %s}\n' a_rather_long_name 'n2, kind: regression' 'kind, kind: multiclass' \
        'w, kind: regression' >more
    sed -e 's/rows.csv/six.csv/' -e '/tower_dnn_units_lists/d' \
        -e '/name: z/r more' small.yaml >six.yaml
    code 0 "$PLEXUS" fit six.yaml --out run
    grep -A 8 AUC err >table
    awk 'length($0) > 80 { print "too long: " $0; exit 1 }' table
    [ "$(wc -l <table)" = 7 ] # the heading and five epochs
    awk 'NR == 1 { exit !($0 ~ /train +valid +AUC +AUC +AUC +MSE +acc[.] +MSE$/) }' table || fail "$(cat table)"
    awk 'NR == 2 { exit !($0 ~ /epoch +seconds +loss +loss +y +z +a_.*[.] +n2 +kind +w$/) }' table ||
        fail "$(cat table)"
    awk 'NR > 2 { exit !($1 == NR - 2 "/5" && (NF == 10 || $11 == "best")) }' table || fail "$(cat table)"
    TERM=xterm on_terminal "'$PLEXUS' fit six.yaml --out narrow" # 60 columns
    has screen 'z a_' ' ...'
    code 0 "$PLEXUS" fit small.yaml --out two --set train.schedule=cosine
    has err 'rows/s' 'rate' # there is room for more
    awk 'length($0) > 80 { print "too long: " $0; exit 1 }' err
    code 0 "$PLEXUS" fit small.yaml --out none --set data.validation_part=0
    has err 'train   loss   loss'
    not grep best err
}

test_progress_of_reading() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --quiet --set train.epochs=1
    make_rows 140000 >rows.csv
    TERM=xterm on_terminal "'$PLEXUS' fit small.yaml --out run2 --set train.epochs=1 --set train.batch_size=5000"
    has screen 'reading rows.csv' ' %' 'M rows'
    TERM=xterm on_terminal "'$PLEXUS' predict run/model.plexus rows.csv --out scores.csv"
    has screen 'reading rows.csv'
    TERM=xterm on_terminal "'$PLEXUS' evaluate run/model.plexus rows.csv"
    has screen 'reading rows.csv' AUC
    # Scores on the terminal are their own progress; nothing is drawn for programs or with --quiet.
    for fit in "predict run/model.plexus rows.csv" "evaluate run/model.plexus rows.csv --quiet"; do
        TERM=xterm on_terminal "'$PLEXUS' $fit"
        not grep -q 'reading rows.csv' screen
    done
    code 0 "$PLEXUS" evaluate run/model.plexus rows.csv
    [ ! -s err ]
}

run_tests "$@"
