# SPDX-License-Identifier: Apache-2.0
# Metrics in the command's output: the table and its width, colours, JSON, metrics.jsonl, values of train.monitor.
# shellcheck shell=sh
. tests/check.sh

# Nine tasks of both kinds that read the same two columns.
make_many_tasks() {
    make_config
    awk '/^tasks:/ {
        print
        for (i = 1; i <= 6; i++) print "  - {name: task_" i ", column: y, positive: [\"yes\"]}"
        print "  - {name: number, column: z, kind: regression}"
        print "  - {name: a_name_of_some_length, column: z, kind: regression}"
        print "  - {name: \303\251tude, column: z}"
        skip = 1; next }
        /^model:/ { skip = 0 }
        skip || /tower_dnn/ { next }
        { print }' small.yaml >many.yaml
}

test_table() {
    make_many_tasks
    code 0 "$PLEXUS" fit many.yaml --out run --quiet --set train.epochs=2
    awk 'length($0) > 80 { print "  too long: " $0; bad = 1 } END { exit bad }' out
    has out 'PR-AUC' 'norm. entropy' 'pred/observed' 'R2' 'a_name_of_some_length'
    [ "$(grep -c '^validation ' out)" = 2 ] || fail "nine tasks take two tables of a part"
    code 0 "$PLEXUS" evaluate run/model.plexus rows.csv
    awk 'length($0) > 80 { bad = 1 } END { exit bad }' out
    # Columns of a task with a two-byte letter end where the others end.
    LC_ALL=C awk '/^task .*tude/ { width = length($0) - 1 } /^AUC/ && width { exit length($0) != width }' out
}

test_json_and_log_have_every_metric() {
    make_many_tasks
    code 0 "$PLEXUS" fit many.yaml --out run --quiet --json --set train.epochs=2
    for name in auc pr_auc logloss normalized_entropy ece calibration accuracy mae mse rmse r2; do
        has out "\"$name\":"
        has run/metrics.jsonl "\"$name\":"
    done
    not grep -q group_auc out run/metrics.jsonl
    not grep -q monitored run/metrics.jsonl
}

# The output on a terminal, through script(1).
on_terminal() { TERM=xterm script -qec "$1" /dev/null </dev/null >shown 2>&1; }

test_colours() {
    command -v script >/dev/null || skip "there is no script(1)"
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --quiet
    on_terminal "'$PLEXUS' evaluate run/model.plexus rows.csv"
    has shown "$(printf '\033[1m')"
    on_terminal "NO_COLOR=1 '$PLEXUS' evaluate run/model.plexus rows.csv"
    not grep -q "$(printf '\033')" shown
    code 0 "$PLEXUS" evaluate run/model.plexus rows.csv
    not grep -q "$(printf '\033')" out
}

test_monitor() {
    make_config
    code 2 "$PLEXUS" fit small.yaml --set train.monitor=y.acu
    has err "task 'y' has no metric 'acu' to monitor; did you mean 'y.auc'"
    code 2 "$PLEXUS" fit small.yaml --set train.monitor=x.auc
    has err "monitor 'x.auc'"
    code 0 "$PLEXUS" fit small.yaml --out run --set "train.monitor='0.5*y.auc + 0.5*z.auc'" --set train.patience=2
    has err ' monitor rows/s'
    has run/metrics.jsonl '"monitored":'
    has run/config.yaml 'monitor: "0.5*y.auc + 0.5*z.auc"'
    code 0 "$PLEXUS" fit small.yaml --out run --set train.monitor=y.auc --set data.validation_part=0
    has err 'train.monitor has no effect without validation rows'
}

# metrics FILE: the metrics in --json, without counts, which are those of all rows.
metrics() { sed 's/.*"test"://; s/"rows":[0-9]*,//g; s/"positives":[0-9]*,//g' "$1"; }

# A weight of 0 is like leaving the row out, and a weight of 2 like repeating it.
test_weighted() {
    make_config
    awk -F, -v OFS=, 'NR == 1 { print $0, "w"; next } { print $0, NR % 3 }' rows.csv >weighted.csv
    awk -F, 'NR == 1 { print; next } { for (i = 0; i < $NF; i++) print }' weighted.csv >repeated.csv
    sed 's/rows.csv/weighted.csv/' small.yaml >weighted.yaml
    code 0 "$PLEXUS" fit weighted.yaml --out run --quiet --set data.row_weight=w
    code 0 "$PLEXUS" evaluate run/model.plexus weighted.csv --json --weighted
    metrics out >weighted.json
    code 0 "$PLEXUS" evaluate run/model.plexus repeated.csv --json
    metrics out >repeated.json
    code 0 "$PLEXUS" evaluate run/model.plexus weighted.csv --json
    metrics out >once.json
    not cmp -s weighted.json once.json
    # Ten digits: the order of the sums differs.
    for run in weighted repeated; do
        grep -o '[a-z_0-9]*":[0-9.e-]*' $run.json | sed 's/\(\.[0-9]\{10\}\)[0-9]*/\1/' >$run.txt
    done
    has weighted.txt auc logloss ece
    same weighted.txt repeated.txt
}

run_tests "$@"
