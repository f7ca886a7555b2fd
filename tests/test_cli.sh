#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command as users run it: verbs, options, exit codes, files, streams. $PLEXUS is the program.
. tests/check.sh

test_help() {
    code 0 "$PLEXUS" --help
    has out fit evaluate predict describe export fetch synth completion man 'Exit codes: 0 success' 130 143
    [ ! -s err ]
    code 2 "$PLEXUS"
    has err 'usage: plexus'
    for verb in fit evaluate predict describe export fetch synth completion man; do
        code 0 "$PLEXUS" $verb --help
        has out "usage: plexus $verb"
        not grep ' $' out
        has out 'Examples:' "plexus $verb"
        cp out by_option
        code 0 "$PLEXUS" help $verb
        same out by_option
    done
}

test_version() {
    code 0 "$PLEXUS" --version
    has out 'plexus 0.' kernels fetch
    grep -Eq '^compiler   (gcc|clang) [0-9]+[.]' out || fail "$(cat out)"
    cp out by_option
    code 0 "$PLEXUS" -V
    same out by_option
    code 0 "$PLEXUS" version
    same out by_option
}

test_usage_errors() {
    code 2 "$PLEXUS" fitt
    has err "did you mean 'fit'?"
    code 2 "$PLEXUS" fit --thread 2 c.yaml
    has err "did you mean '--threads'?"
    code 2 "$PLEXUS" fit --threads two c.yaml
    has err '--threads takes a whole number'
    code 2 "$PLEXUS" fit --threads -1 c.yaml
    code 2 "$PLEXUS" fit --seed 9007199254740993 c.yaml
    has err 'from 0 to 9007199254740992,'
    code 2 "$PLEXUS" fit --json=yes c.yaml
    has err '--json takes no value'
    code 2 "$PLEXUS" fit c.yaml --out
    has err '--out requires DIR'
    code 2 "$PLEXUS" fit -x c.yaml
    code 2 "$PLEXUS" -v
    has err "'-v'" '--version'
    code 2 "$PLEXUS" fit
    has err 'too few arguments; usage: plexus fit [OPTION]... CONFIG'
    code 2 "$PLEXUS" fit a.yaml b.yaml
    has err "unexpected argument 'b.yaml'"
    code 2 "$PLEXUS" synth --correlation 1.5
    code 2 "$PLEXUS" synth --correlation nan
    code 2 "$PLEXUS" fetch adlut
    has err "did you mean 'adult'?" census-income
    code 2 "$PLEXUS" fetch
    has err --list
    make_config
    code 2 "$PLEXUS" fit small.yaml --cpu fastest
    code 2 "$PLEXUS" fit small.yaml --set train.epoch=3
    has err epochs
    [ ! -e plexus-out ]
}

test_fit_predict_evaluate() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run
    has out test validation y z AUC run/model.plexus
    has err ' 5/5 ' '400 training' mmoe 'seconds' 'train  valid    AUC    AUC'
    [ "$(wc -l <run/metrics.jsonl)" = 5 ]
    ls run >names
    printf 'config.yaml\nmetrics.jsonl\nmodel.plexus\n' >expected
    same names expected
    code 0 "$PLEXUS" predict run/model.plexus rows.csv
    [ "$(head -n 1 out)" = y,z ]
    [ "$(wc -l <out)" = 601 ]
    awk -F, 'NR > 1 && !($1 >= 0 && $1 <= 1 && $2 >= 0 && $2 <= 1) { exit 1 }' out
    cp out scores.csv
    code 0 "$PLEXUS" predict run/model.plexus rows.csv --out written.csv --threads 3
    [ ! -s out ]
    same written.csv scores.csv
    # Without labels the scores are the same.
    cut -d, -f1,2 rows.csv >features.csv
    code 0 "$PLEXUS" predict run/model.plexus features.csv
    same out scores.csv
    code 0 "$PLEXUS" predict run/model.plexus - <features.csv
    same out scores.csv
    gzip -c rows.csv | code 0 "$PLEXUS" evaluate run/model.plexus -
    not grep test out
    cp out metrics
    code 0 "$PLEXUS" evaluate run/model.plexus rows.csv
    same out metrics
    has out y z 600
    # The saved configuration trains the same model.
    code 0 "$PLEXUS" fit run/config.yaml --data . --out again --quiet
    [ ! -s err ]
    same run/model.plexus again/model.plexus
    code 0 "$PLEXUS" describe run/model.plexus
    has out experts
    code 0 "$PLEXUS" describe --dot small.yaml
    has out digraph
}

# The order of two --set does not matter if one is valid only with the other; the last one of a key wins.
test_order_of_sets() {
    make_config
    files='--set data.test=[rows.csv]' none='--set data.test_part=0'
    for sets in "$files $none" "$none $files"; do
        # shellcheck disable=SC2086 # options
        code 0 "$PLEXUS" fit small.yaml --out run --force --quiet $sets --set train.epochs=3 --set train.epochs=2
        has run/config.yaml 'test: [rows.csv]' 'test_part: 0' 'epochs: 2'
    done
    code 2 "$PLEXUS" fit small.yaml --out bad --set data.test=[rows.csv] --set train.epochs=0 --set train.seed=3
    has err "'test_part'" 'give one or the other'
    not grep epochs err
}

# describes TASK TASK PART PART: layers of tasks of these names, and what replaces the tasks in layers' names.
describes() {
    cat >names.yaml <<YAML
data: {train: [rows.csv]}
features: [{kind: sparse, name: colour}]
tasks: [{name: '$1', column: y, positive: ['yes'], negative: ['no']}, {name: '$2', column: z}]
model: {name: ple, tower_dnn_units_lists: [[2], [2]], expert_dnn_units: [2]}
train: {epochs: 1}
YAML
    code 0 "$PLEXUS" describe names.yaml
    has out "level0/$3/gate/softmax" "level1/$4/experts/dense0/linear" level0/shared/gate "$3/tower/dense0/relu"
    [ "$(grep -c "^level0/$3/gate/softmax " out)" = 1 ] || fail "level0/$3/gate/softmax is not there once"
    code 0 "$PLEXUS" describe --plan names.yaml
    has out "backward  $4/logit/linear" "for level0/$3/experts/dense0/linear, level0/$4/experts/dense0/linear"
    code 0 "$PLEXUS" describe --dot names.yaml
    has out "label=\"$4\"" "label=\"$3/gate/softmax"
}

# Layers have the tasks' names, unless a name could be read as another part.
test_layers_by_tasks_names() {
    make_rows 200 >rows.csv
    describes click buy click buy
    describes 'watch time' shared 'watch time' task1
    describes a/b experts task0 task1
    describes task1 task0 task0 task1
    describes task1x colour task1x task1
}

test_export() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --quiet --set train.epochs=1
    code 0 "$PLEXUS" export run/model.plexus --onnx m.onnx
    has err 'wrote m.onnx: 2 inputs, 2 outputs'
    code 0 "$PLEXUS" export run/model.plexus --onnx quiet.onnx --quiet
    [ ! -s err ]
    same m.onnx quiet.onnx
    code 0 "$PLEXUS" export run/model.plexus --onnx apart.onnx --external-data
    [ -s apart.onnx.data ]
    code 2 "$PLEXUS" export run/model.plexus
    has err 'give --onnx FILE'
    code 1 "$PLEXUS" export small.yaml --onnx no.onnx
    has err 'small.yaml: is not a model file'
    code 1 "$PLEXUS" export run/model.plexus --onnx none/m.onnx
    has err none/m.onnx
    code 0 "$PLEXUS" fit small.yaml --out hashed --quiet --set 'features.colour.hash_buckets=8' --set train.epochs=1
    code 0 "$PLEXUS" export hashed/model.plexus --onnx hashed.onnx
    has err "'colour' takes ids, input 'colour:ids': 1 + xxh64(text of 'colour') mod 8"
    [ ! -e no.onnx ]
}

test_default_out() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --quiet --set train.epochs=1
    [ -s plexus-out/small/model.plexus ]
}

test_json() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --json --seed 5
    tail -n 1 out >object
    has object '"model":"run/model.plexus"' '"epochs":5' '"best_epoch":' '"seconds":{' '"load":' '"train":' '"total":' \
        '"rows_per_second":' '"test":{"y":{' '"validation":{"y":{' '"auc":' '"logloss":'
    has run/config.yaml 'seed: 5'
    code 0 "$PLEXUS" evaluate run/model.plexus rows.csv --json
    has out '"test":{"y":{"rows":600' '"auc":'
    # One class only: no metric, and the reason.
    awk -F, 'NR == 1 || $3 == "yes"' rows.csv >one.csv
    code 0 "$PLEXUS" evaluate run/model.plexus one.csv --json
    has out '"auc":null'
    code 0 "$PLEXUS" evaluate run/model.plexus one.csv
    has out undefined 'all labels are positive'
}

test_seeds_and_threads() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out a --seed 3 --threads 1 --quiet
    code 0 "$PLEXUS" fit small.yaml --out b --seed 3 --threads 3 --quiet
    code 0 "$PLEXUS" fit small.yaml --out c --seed 4 --quiet
    same a/model.plexus b/model.plexus
    not cmp -s a/model.plexus c/model.plexus
    code 0 "$PLEXUS" fit small.yaml --out d --seed 3 --cpu plain --quiet
}

# --data, then the folder of the configuration, then the cache.
test_where_data_lies() {
    make_config
    mkdir -p given conf cache/plexus
    mv small.yaml conf/
    mv rows.csv cache/plexus/
    XDG_CACHE_HOME=$PWD/cache code 0 "$PLEXUS" fit conf/small.yaml --out cached --quiet
    XDG_CACHE_HOME=/nowhere code 1 "$PLEXUS" fit conf/small.yaml --out lost --quiet
    has err rows.csv
    [ ! -e lost ]
    XDG_CACHE_HOME=$PWD/cache code 1 "$PLEXUS" fit conf/small.yaml --data gvien --out lost --quiet
    has err '--data gvien: there is no such folder'
    make_rows 300 >conf/rows.csv
    XDG_CACHE_HOME=$PWD/cache code 0 "$PLEXUS" fit conf/small.yaml --out beside
    has err '100 training'
    make_rows 400 >given/rows.csv
    code 0 "$PLEXUS" fit conf/small.yaml --data given --out from_given
    has err '200 training'
}

test_bad_files() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --quiet
    cp -r run before
    code 1 "$PLEXUS" fit missing.yaml --out run
    has err missing.yaml
    : >empty.yaml
    code 1 "$PLEXUS" fit empty.yaml --out run
    sed 's/kind: dense/kind: dence/' small.yaml >kind.yaml
    code 1 "$PLEXUS" fit kind.yaml --out run
    has err kind.yaml:7: "dense"
    sed 's/^model:/modle:/' small.yaml >key.yaml
    code 1 "$PLEXUS" fit key.yaml --out run
    has err "did you mean 'model'"
    cp rows.csv kept
    awk 'NR == 20 { sub(/^[^,]*,[^,]*/, "r,tall") } { print }' kept >rows.csv
    code 1 "$PLEXUS" fit small.yaml --out run
    has err rows.csv:20: tall size
    awk 'NR == 20 { $0 = $0 ",9" } { print }' kept >rows.csv
    code 1 "$PLEXUS" fit small.yaml --out run
    has err rows.csv:20:
    : >rows.csv
    code 1 "$PLEXUS" fit small.yaml --out run
    has err rows.csv
    cp kept rows.csv
    diff -r run before
    code 1 "$PLEXUS" predict rows.csv rows.csv
    has err rows.csv
    head -c 300 run/model.plexus >cut.plexus
    code 1 "$PLEXUS" predict cut.plexus rows.csv
    has err cut.plexus
    code 1 "$PLEXUS" predict run/model.plexus none.csv
    has err none.csv
    code 1 "$PLEXUS" evaluate run/model.plexus small.yaml
}

# A diverging loss ends training; the earlier model stays.
test_diverging_loss() {
    code 0 "$PLEXUS" synth --rows 500 --dim 4 --out s.csv --config s.yaml
    code 0 "$PLEXUS" fit s.yaml --out run --quiet --set train.epochs=1
    cp -r run before
    code 1 "$PLEXUS" fit s.yaml --out run --set train.optimizer=sgd --set train.learning_rate=1000
    has err finite
    diff -r run before
    # A folder that existed stays; one that was made for the run does not.
    mkdir empty
    for out in empty empty/a/b c//d/; do
        code 1 "$PLEXUS" fit s.yaml --out $out --set train.optimizer=sgd --set train.learning_rate=1000
    done
    [ -d empty ] && [ -z "$(ls empty)" ] && [ ! -e c ]
}

test_places_that_cannot_be_written() {
    make_config
    : >file
    code 1 "$PLEXUS" fit small.yaml --out file/run
    has err "file is a file, not a folder"
    code 1 "$PLEXUS" fit small.yaml --out /proc/plexus
    has err /proc/plexus
    code 0 "$PLEXUS" fit small.yaml --out run --quiet
    code 1 "$PLEXUS" predict run/model.plexus rows.csv --out nowhere/scores.csv
    has err nowhere/scores.csv
    code 1 "$PLEXUS" synth --rows 10 --out nowhere/synth.csv
}

# /dev/full accepts nothing, like a full disk.
test_full_disk() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --quiet
    got=0
    "$PLEXUS" predict run/model.plexus rows.csv >/dev/full 2>err || got=$?
    [ "$got" = 1 ]
    has err 'cannot write'
    got=0
    "$PLEXUS" --help >/dev/full 2>err || got=$?
    [ "$got" = 1 ]
    # A limit on the file's size simulates a disk that fills up in the middle.
    printf 'old\n' >scores.csv
    got=0
    (ulimit -f 4; "$PLEXUS" predict run/model.plexus rows.csv --out scores.csv) 2>err || got=$?
    [ "$got" = 1 ]
    [ "$(cat scores.csv)" = old ]
    [ "$(echo scores.csv*)" = scores.csv ]
    cp -r run before
    got=0
    (ulimit -f 4; "$PLEXUS" fit small.yaml --out run --quiet --seed 8) 2>err || got=$?
    [ "$got" = 1 ]
    has err run/model.plexus
    diff -r run before
}

# One column for each class, a name that must be quoted, a missing label, and a label that is no class.
test_classes() {
    make_config
    awk -F, -v OFS=, 'NR > 1 { $5 = NR % 9 ? substr("abc", 1 + int($2 / 4), 1) : "" } NR == 1 { $5 = "kind" } 1' \
        rows.csv | sed 's/,c$/,"c, d"/' >more.csv
    sed -e 's/rows.csv/more.csv/' -e '/tower_dnn_units_lists/d' \
        -e 's/^model:/  - {name: kind, kind: multiclass, where: z, where_values: ["1"]}\nmodel:/' \
        small.yaml >classes.yaml
    code 0 "$PLEXUS" fit classes.yaml --out run
    code 0 "$PLEXUS" predict run/model.plexus more.csv
    [ "$(head -n 1 out)" = 'y,z,kind:a,kind:b,"kind:c, d"' ] || fail "$(head -n 1 out)"
    awk -F, 'NR > 1 && ($3 + $4 + $5 < 0.9999 || $3 + $4 + $5 > 1.0001) { exit 1 }' out
    code 0 "$PLEXUS" evaluate run/model.plexus more.csv --json
    has out '"kind"' logloss
    printf 'colour,size,y,z,kind\nr,1,yes,1,e\n' >wrong.csv
    code 1 "$PLEXUS" evaluate run/model.plexus wrong.csv
    has err "wrong.csv:2:11: 'e' is not a label of task 'kind'"
}

pearson() {
    awk -F, 'NR > 1 { a = $(NF - 1); b = $NF; n++; sa += a; sb += b; saa += a * a; sbb += b * b; sab += a * b }
        END { printf "%.6f", (sab - sa * sb / n) / sqrt((saa - sa * sa / n) * (sbb - sb * sb / n)) }' "$1"
}

test_synth() {
    previous=-1
    for p in 0 0.3 0.6 0.9 1; do
        code 0 "$PLEXUS" synth --rows 4000 --dim 8 --correlation $p --seed 2 --out data.csv
        r=$(pearson data.csv)
        awk -v a="$previous" -v b="$r" 'BEGIN { exit !(b > a) }' || fail "correlation $r at $p, $previous before"
        previous=$r
    done
    awk -v r="$previous" 'BEGIN { exit !(r > 0.9 && r < 1) }' || fail "same weights give $previous"
    # Without sines and noise the labels' correlation is p, within sampling error (4 / sqrt(rows)).
    code 0 "$PLEXUS" synth --rows 4000 --dim 8 --correlation 0.6 --sines 0 --noise 0 --out linear.csv
    r=$(pearson linear.csv)
    awk -v r="$r" 'BEGIN { exit !(r > 0.54 && r < 0.66) }' || fail "linear correlation $r at 0.6"
    # The seed determines the rows.
    code 0 "$PLEXUS" synth --rows 50 --dim 3 --seed 9
    cp out first
    [ "$(head -n 1 first)" = x1,x2,x3,y1,y2 ]
    code 0 "$PLEXUS" synth --rows 50 --dim 3 --seed 9 --out second
    same first second
    code 0 "$PLEXUS" synth --rows 50 --dim 3 --seed 10
    not cmp -s out first
    code 2 "$PLEXUS" synth --config synth.yaml
}

test_synth_config_trains() {
    mkdir -p data conf
    code 0 "$PLEXUS" synth --rows 3000 --dim 5 --seed 1 --out data/s.csv --config data/s.yaml
    code 0 "$PLEXUS" fit data/s.yaml --out run --json --set train.epochs=8
    # A constant prediction has the variance as its error, above 1: the model must explain most of it.
    sed 's/.*"test":{"y1":{[^}]*"mse":\([0-9.e-]*\).*/\1/' out >mse
    awk '{ exit !($1 > 0 && $1 < 0.5) }' mse || fail "mean squared error $(cat mse)"
    has err 'MSE'
    code 0 "$PLEXUS" synth --rows 3000 --dim 5 --seed 1 --out data/s.csv --config conf/s.yaml
    code 0 "$PLEXUS" fit conf/s.yaml --out run2 --quiet --set train.epochs=1
    has out '1 epoch, best 1'
}

can_fetch() { "$PLEXUS" --version | grep -q '^fetch *yes' || skip "built without fetch"; }

test_fetch_list() {
    code 0 "$PLEXUS" fetch --list
    has out '"adult":{' '"census-income.data":{' '"bytes":3974305' '"sha256":"' '"address":"https://'
}

test_fetch_from_folder() {
    can_fetch
    [ -f "$real_data/adult/adult.data.gz" ] || skip "no real data"
    mkdir -p plain
    gzip -dc "$real_data/adult/adult.data.gz" >plain/adult.data
    cp "$real_data/adult/adult.test.gz" plain/
    code 0 "$PLEXUS" fetch adult --from plain --dir got
    gzip -dc got/adult/adult.data.gz | cmp - plain/adult.data
    ls got/adult >names
    printf 'adult.data.gz\nadult.test.gz\n' >expected
    same names expected
    XDG_CACHE_HOME=$PWD/cache code 0 "$PLEXUS" fetch adult --from plain
    same cache/plexus/adult/adult.data.gz got/adult/adult.data.gz
    code 0 "$PLEXUS" fetch adult --dir got --from nowhere
    has out already
    # One changed byte is an error, and the old file stays.
    sed '5s/Private/privatE/' plain/adult.data >changed
    mkdir -p altered
    mv changed altered/adult.data
    cp plain/adult.test.gz altered/
    code 1 "$PLEXUS" fetch adult --from altered --dir other
    has err SHA-256 adult.data
    [ ! -e other ]
    code 1 "$PLEXUS" fetch adult --from empty_folder --dir other
    has err adult.zip
}

# The publishers' own containers: a zip, and for the census a tar.gz inside a zip.
test_fetch_from_archive() {
    can_fetch
    [ -f "$real_data/adult/adult.data.gz" ] || skip "no real data"
    command -v python3 >/dev/null || skip "no python3 to make a zip"
    mkdir -p archives inner
    for part in data test; do gzip -dc "$real_data/adult/adult.$part.gz" >inner/adult.$part; done
    (cd inner && python3 -m zipfile -c ../archives/adult.zip adult.data adult.test)
    code 0 "$PLEXUS" fetch adult --from archives --dir got
    gzip -dc got/adult/adult.test.gz | cmp - inner/adult.test
    (cd inner && tar czf ../inner.tar.gz adult.data adult.test)
    python3 -m zipfile -c archives/adult.zip inner.tar.gz
    code 0 "$PLEXUS" fetch adult --from archives --dir nested
    same nested/adult/adult.data.gz got/adult/adult.data.gz
    head -c 100000 archives/adult.zip >archives/cut && mv archives/cut archives/adult.zip
    code 1 "$PLEXUS" fetch adult --from archives --dir cut
}

test_fetch_without_network() {
    can_fetch
    https_proxy=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 code 1 "$PLEXUS" fetch adult --dir got
    has err 'Without a network' '--from'
    [ ! -e got ]
}

test_experiments_are_valid() {
    [ -f "$real_data/adult/adult.data.gz" ] || skip "no real data"
    for model in single_task shared_bottom esmm mmoe cgc ple; do
        code 0 "$PLEXUS" describe "$root/experiments/adult/$model.yaml" --data "$real_data"
    done
}

test_experiments_census_are_valid() {
    [ -f "$real_data/census-income/census-income.data.gz" ] || skip "no real data"
    for group in 1 2; do
        for model in mmoe views; do
            code 0 "$PLEXUS" fit "$root/experiments/census-group$group/$model.yaml" --data "$real_data" \
                --out run$group --set train.epochs=1 --json
            has err '199523 training, 49881 validation and 49881 test'
        done
    done
}

run_tests "$@"
