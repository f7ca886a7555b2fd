#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the command writes, and where: devices, pipes, links, closed streams, full disks, signals, two runs in one
# folder. The tests never write to the system's own device nodes, like /dev/null: they make their own.
. tests/check.sh

trained() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --quiet --set train.epochs=1
}

# through MAKE: runs "$@ PLACE" for each kind of place that is no regular file; the result must equal the file
# `expected`.
goes_through() {
    mkfifo fifo
    cat fifo >arrived &
    reader=$!
    code 0 "$@" fifo
    wait $reader
    [ -p fifo ] || fail "the pipe was replaced"
    same arrived expected
    printf 'old\n' >target
    chmod 640 target
    ln -s target link
    code 0 "$@" link
    [ -L link ] && [ "$(readlink link)" = target ] || fail "the link was replaced"
    same target expected
    [ "$(stat -c %a target)" = 640 ]
    if mknod -m 666 node c 1 3 2>/dev/null; then
        code 0 "$@" node
        [ -c node ] || fail "the device was replaced"
    fi
    rm -f fifo link node target arrived
    [ "$(echo ./*.tmp-*)" = './*.tmp-*' ] || fail "left: $(ls)"
}

test_predictions_go_through() {
    trained
    "$PLEXUS" predict run/model.plexus rows.csv >expected
    goes_through "$PLEXUS" predict run/model.plexus rows.csv --out
}

test_generated_data_passes() {
    "$PLEXUS" synth --rows 50 --dim 3 >expected
    goes_through "$PLEXUS" synth --rows 50 --dim 3 --out
    "$PLEXUS" synth --rows 50 --dim 3 --out s.csv --config expected
    goes_through "$PLEXUS" synth --rows 50 --dim 3 --out s.csv --config
}

# Each output file of a run may be a link, and config.yaml a pipe or a device.
test_files_of_a_run_go_through() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out whole --quiet
    mkdir run kept
    for name in config.yaml metrics.jsonl model.plexus checkpoint.plexus; do
        : >kept/$name
        ln -s ../kept/$name run/$name
    done
    rm run/checkpoint.plexus
    code 0 "$PLEXUS" fit small.yaml --out run --quiet --force
    for name in config.yaml metrics.jsonl model.plexus; do
        [ -L run/$name ] || fail "$name is no link any more"
        [ -s kept/$name ] || fail "$name was not written through"
    done
    same kept/model.plexus whole/model.plexus
    mkdir other
    mkfifo other/config.yaml
    cat other/config.yaml >arrived &
    reader=$!
    code 0 "$PLEXUS" fit small.yaml --out other --quiet
    wait $reader
    [ -p other/config.yaml ]
    same arrived whole/config.yaml
    mkdir third
    if mknod -m 666 third/config.yaml c 1 3 2>/dev/null; then
        code 0 "$PLEXUS" fit small.yaml --out third --quiet
        [ -c third/config.yaml ]
    fi
}

test_empty_paths_are_refused() {
    trained
    cp -r run before
    for option in --out --data --tensorboard --set --cpu --seed; do
        code 2 "$PLEXUS" fit small.yaml $option ''
        has err "$option requires" 'must not be empty'
        code 2 "$PLEXUS" fit small.yaml $option=
    done
    code 2 "$PLEXUS" fit ''
    has err 'argument 1 is empty'
    code 2 "$PLEXUS" predict run/model.plexus rows.csv --out ''
    code 2 "$PLEXUS" predict run/model.plexus ''
    code 2 "$PLEXUS" predict '' rows.csv
    code 2 "$PLEXUS" synth --rows 5 --out ''
    code 2 "$PLEXUS" synth --rows 5 --out s.csv --config ''
    code 2 "$PLEXUS" export run/model.plexus --onnx ''
    code 2 "$PLEXUS" fetch adult --dir ''
    diff -r run before
    [ ! -e plexus-out ]
}

# No file of the run may get a descriptor that the caller closed.
test_closed_streams() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out whole --set train.epochs=16
    "$PLEXUS" fit small.yaml --out run --set train.epochs=16 2>&-
    "$PLEXUS" fit small.yaml --out none --json --set train.epochs=16 <&- 2>&- >json
    for out in run none; do
        [ "$(grep -c '^{"epoch":[0-9]*,.*}$' $out/metrics.jsonl)" = 16 ] || fail "$(cat $out/metrics.jsonl)"
        [ "$(wc -l <$out/metrics.jsonl)" = 16 ]
        same $out/model.plexus whole/model.plexus
    done
    got=0
    "$PLEXUS" predict run/model.plexus rows.csv >&- 2>err || got=$?
    [ "$got" = 1 ] || fail "exit code $got"
    has err 'cannot write the results to stdout'
    "$PLEXUS" predict run/model.plexus rows.csv --out scores.csv <&- >&- 2>&-
    [ "$(wc -l <scores.csv)" = 601 ]
}

# A reader that closes the pipe ends the program with SIGPIPE and no message, as it ends others.
test_closed_pipe() {
    trained
    for i in 1 2 3 4 5 6 7 8; do cat rows.csv; done | grep -v colour | cat rows.csv - >many.csv
    for verb in "synth --rows 20000 --dim 10" "predict run/model.plexus many.csv many.csv many.csv"; do
        # shellcheck disable=SC2086
        { "$PLEXUS" $verb || echo $? >pipe_code; } 2>err | head -n 1 >/dev/null
        [ "$(cat pipe_code)" = 141 ] || fail "$verb: $(cat pipe_code)"
        [ ! -s err ] || fail "$(cat err)"
    done
    # Training continues if the reader of its messages has closed the pipe.
    { "$PLEXUS" fit small.yaml --out quiet 2>&1 >/dev/null; echo $? >fit_code; } | head -n 1 >/dev/null
    [ "$(cat fit_code)" = 0 ]
    [ "$(wc -l <quiet/metrics.jsonl)" = 5 ]
}

test_second_run_in_a_folder() {
    make_config
    runs_until ' 1/100000' "$PLEXUS" fit small.yaml --out run --set train.epochs=100000
    mv err first_err
    code 1 "$PLEXUS" fit small.yaml --out run
    has err 'run: another run is writing there'
    not grep 'training' err
    code 1 "$PLEXUS" fit small.yaml --out ./run/ --resume
    code 1 "$PLEXUS" fit small.yaml --out run --force
    kill -TERM $child
    wait $child || :
    epochs=$(wc -l <run/metrics.jsonl)
    seq "$epochs" >expected
    sed 's/{"epoch":\([0-9]*\),.*/\1/' run/metrics.jsonl >numbers
    same numbers expected
    code 0 "$PLEXUS" fit small.yaml --out run --quiet
}

test_finished_run_moves() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --seed 1 --quiet
    cp -r run first
    code 0 "$PLEXUS" fit small.yaml --out run --seed 2
    [ "$(grep -c 'run/previous' err)" = 1 ]
    has err 'run has a finished run, which moves to run/previous' --force
    diff -r run/previous first
    cp -r run second
    rm -r second/previous
    # Only one previous run is kept.
    code 0 "$PLEXUS" fit small.yaml --out run --seed 3 --quiet
    [ ! -s err ]
    diff -r run/previous second
    code 0 "$PLEXUS" fit small.yaml --out run --seed 4 --force
    not grep previous err
    diff -r run/previous second
    ls run >names
    printf 'config.yaml\nmetrics.jsonl\nmodel.plexus\nprevious\n' >expected
    same names expected
    has run/config.yaml 'seed: 4'
}

# The new model is never in a folder with the old configuration.
test_failure_puts_the_run_back() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --seed 1 --quiet
    cp -r run before
    code 1 "$PLEXUS" fit small.yaml --out run --set data.train='[none.csv]'
    diff -r run before
    got=0
    (ulimit -f 4; "$PLEXUS" fit small.yaml --out run --quiet --seed 8 --set train.checkpoint_epochs=0) 2>err || got=$?
    [ "$got" = 1 ] || fail "exit code $got"
    has err run/model.plexus 'ulimit -f'
    diff -r run before
    code 0 "$PLEXUS" evaluate run/model.plexus rows.csv
    # A full disk is reported once, however many checkpoints it prevents; the metrics are still printed.
    got=0
    (ulimit -f 4; "$PLEXUS" fit small.yaml --out run --seed 8 --set train.epochs=20) >out 2>err || got=$?
    [ "$got" = 1 ]
    [ "$(grep -c 'no checkpoint' err)" = 1 ] || fail "$(cat err)"
    has out test AUC 'best '
    not grep saved out
    diff -r run before
    mkdir -p taken/config.yaml
    code 1 "$PLEXUS" fit small.yaml --out taken
    has err 'taken/config.yaml is a folder'
    not grep seconds err
}

# Missing labels of test rows are found at scoring, after the model is saved.
test_saves_before_it_scores() {
    make_config
    printf 'colour,size,y,z\nr,1,,\nb,2,,\n' >unlabelled.csv
    sed 's/test_part: 100/test: [unlabelled.csv]/' small.yaml >c.yaml
    code 1 "$PLEXUS" fit c.yaml --out run
    has err 'have no labels'
    code 0 "$PLEXUS" predict run/model.plexus rows.csv
}

# interrupted SIGNAL CODE OPTION...: a long run that gets the signal after its third epoch.
interrupted() {
    signal=$1 expected=$2
    shift 2
    rm -rf run
    runs_until ' 3/100000' "$PLEXUS" fit small.yaml --out run --set train.epochs=100000 "$@"
    kill -"$signal" $child
    got=0
    wait $child || got=$?
    [ "$got" = "$expected" ] || fail "exit code $got: $(cat err)"
    has err 'interrupted; keeping the model of epoch'
    [ -s run/model.plexus ] && [ -s run/metrics.jsonl ] && [ -s run/config.yaml ] && [ -s run/checkpoint.plexus ]
}

test_signals_save_and_say_so() {
    make_config
    interrupted INT 130
    has out 'saved run/model.plexus'
    interrupted TERM 143 --json
    has out '"cancelled":true' '"model":"run/model.plexus"' '"auc"'
    [ "$(wc -l <out)" = 1 ]
    code 0 "$PLEXUS" predict run/model.plexus rows.csv
}

# While rows are read there is nothing to save, and no file stays; a second signal ends what the first did not.
test_signals_at_other_times() {
    make_config
    trained
    sed 's/rows.csv/"-"/' small.yaml >pipe.yaml
    mkfifo rows
    "$PLEXUS" fit pipe.yaml --out a/b/c <rows >out 2>err &
    child=$!
    exec 3>rows
    until [ -d a/b/c ]; do sleep 0.1; done
    kill -TERM $child
    got=0
    wait $child || got=$?
    exec 3>&-
    [ "$got" = 143 ] || fail "exit code $got"
    [ ! -e a ] || fail "left: $(find a)"
    "$PLEXUS" predict run/model.plexus - --out scores.csv <rows &
    child=$!
    exec 3>rows
    until [ "$(echo scores.csv.tmp-*)" != 'scores.csv.tmp-*' ]; do sleep 0.1; done
    kill -TERM $child
    got=0
    wait $child || got=$?
    exec 3>&-
    [ "$got" = 143 ] || fail "exit code $got"
    [ "$(echo scores.csv*)" = 'scores.csv*' ] || fail "left: $(ls)"
    # A pipe as config.yaml without a reader blocks the run after the first signal.
    mkdir slow
    mkfifo slow/config.yaml
    runs_until ' 3/100000' "$PLEXUS" fit small.yaml --out slow --set train.epochs=100000
    kill -INT $child
    until grep -q interrupted err; do sleep 0.1; done
    sleep 0.2
    kill -TERM $child
    got=0
    wait $child || got=$?
    [ "$got" = 143 ] || fail "exit code $got"
}

# A loss that diverges after some epochs: the best epoch's model is kept, with its log.
test_loss_that_runs_away_keeps_the_best_epoch() {
    code 0 "$PLEXUS" synth --rows 500 --dim 4 --out s.csv --config s.yaml
    # The warm-up raises the rate until the loss diverges; the rate at which it does so depends on the processor.
    for rate in 3 10 30 100 300; do
        got=0
        "$PLEXUS" fit s.yaml --out run --json --set train.epochs=40 --set train.optimizer=sgd --set train.patience=0 \
            --set train.learning_rate=$rate --set train.warmup_steps=100 >out 2>err || got=$?
        [ "$got" = 1 ] && [ -e run/model.plexus ] && break
        rm -rf run
    done
    [ "$got" = 1 ]
    has err 'not finite' 'keeping the model of epoch'
    has out '"error":"epoch ' '"cancelled":false' '"model":"run/model.plexus"'
    ls run >names
    printf 'config.yaml\nmetrics.jsonl\nmodel.plexus\n' >expected
    same names expected
    [ "$(wc -l <run/metrics.jsonl)" -ge 1 ]
    code 0 "$PLEXUS" predict run/model.plexus s.csv
    not grep -i nan out
}

# The lock shows whether a process is writing, not a process id, which may belong to another machine.
test_half_written_files_of_dead_runs_go() {
    make_config
    mkdir run
    for name in model.plexus.tmp-1-0 checkpoint.plexus.tmp-999999-3 config.yaml.tmp-$$-0; do : >run/$name; done
    : >run/model.plexus.tmp-mine
    code 0 "$PLEXUS" fit small.yaml --out run --quiet
    ls run >names
    printf 'config.yaml\nmetrics.jsonl\nmodel.plexus\nmodel.plexus.tmp-mine\n' >expected
    same names expected
}

test_disk_space_is_checked_first() {
    make_config
    mkdir small
    mount -t tmpfs -o size=24k none small 2>/dev/null || skip "no file system of a chosen size"
    got=0
    "$PLEXUS" fit small.yaml --out small/run --set features.colour.embedding_dim=4096 >out 2>err || got=$?
    umount small
    [ "$got" = 1 ]
    has err 'MB of disk' 'choose another --out'
    not grep epoch err
}

# fit_small KILOBYTES: fit big.yaml into a file system of this size; its exit code to $got.
fit_small() {
    mount -t tmpfs -o "size=${1}k" none small 2>/dev/null || skip "no file system of a chosen size"
    got=0
    "$PLEXUS" fit big.yaml --out small/run >out 2>err || got=$?
    ls small/run >names 2>/dev/null || : >names
    umount small
}

# The texts of a vocabulary count; a checkpoint does not reduce the space for the model of a finished run.
test_disk_space_with_texts_and_checkpoints() {
    mkdir small
    awk 'BEGIN {
        for (i = 0; i < 200; i++) text = text "x"
        print "name,y"
        for (i = 0; i < 2000; i++) print text i "," i % 3 % 2
    }' >rows.csv
    cat >big.yaml <<'YAML'
data: {train: [rows.csv], validation_part: 0.1, fit_on: all}
features: [{kind: sparse, name: name, embedding_dim: 4}]
tasks: [{name: y}]
model: {name: single_task}
train: {epochs: 2}
YAML
    code 0 "$PLEXUS" fit big.yaml --out run --quiet # its model has some 500 KB, a checkpoint some 150 KB
    bytes=$(wc -c <run/model.plexus)
    fit_small $((bytes / 1024 - 40))
    [ "$got" = 1 ]
    has err small/run 'the model needs more than the' 'choose another --out'
    not grep epoch err
    [ ! -s names ]
    fit_small $((bytes / 1024 + 60))
    [ "$got" = 0 ] || fail "$(cat err)"
    has err 'some may not be kept'
    printf 'config.yaml\nmetrics.jsonl\nmodel.plexus\n' >expected
    same names expected
    sed -i 's/epochs: 2/epochs: 2, checkpoint_epochs: 0/' big.yaml
    fit_small $((bytes / 1024 + 60))
    [ "$got" = 0 ]
    not grep 'may not be kept' err
    # A checkpoint was written before, where the model goes.
    sed -i 's/epochs: 2, checkpoint_epochs: 0/epochs: 2/; s/embedding_dim: 4/embedding_dim: 60/' big.yaml
    code 0 "$PLEXUS" fit big.yaml --out big --quiet
    fit_small $(($(wc -c <big/model.plexus) / 1024 + 1600))
    [ "$got" = 0 ] || fail "$(cat err)"
    same names expected
}

# The config.yaml of a run finds its data from any folder, and trains the same model.
test_config_of_a_run_works_where_it_lies() {
    mkdir -p conf elsewhere
    cd conf
    make_config
    cd ..
    code 0 "$PLEXUS" fit conf/small.yaml --out elsewhere/run --quiet
    has elsewhere/run/config.yaml "#   $(cd conf && pwd -P)"
    cd elsewhere
    code 0 "$PLEXUS" fit run/config.yaml --out again --quiet
    same run/model.plexus again/model.plexus
    same run/config.yaml again/config.yaml
    code 0 "$PLEXUS" describe again/config.yaml
    code 0 "$PLEXUS" fit run/config.yaml --out run --quiet
    same run/model.plexus again/model.plexus
    # Rows next to it come first.
    head -n 400 ../conf/rows.csv >again/rows.csv
    code 0 "$PLEXUS" fit again/config.yaml --out third
    has err '199 training'
}

test_configuration_from_stdin() {
    make_config
    code 0 "$PLEXUS" fit - --quiet <small.yaml
    code 0 "$PLEXUS" fit small.yaml --quiet
    same plexus-out/stdin/model.plexus plexus-out/small/model.plexus
    cat small.yaml | code 0 "$PLEXUS" fit - --out run --quiet
    same run/model.plexus plexus-out/small/model.plexus
    sed 's/^model:/modle:/' small.yaml | code 1 "$PLEXUS" fit - --out other
    has err "did you mean 'model'"
    [ ! -e other ]
    code 0 "$PLEXUS" describe - <small.yaml
    has out experts
}

run_tests "$@"
