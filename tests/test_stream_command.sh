# SPDX-License-Identifier: Apache-2.0
# The command on more rows than its memory holds: the cache of encoded rows, the standard input, wrong rows.
# shellcheck shell=sh
. tests/check.sh

# 40000 rows in windows of one block.
make_large_config() {
    make_config
    make_rows 40000 >rows.csv
    sed -i 's/batch_size: 50/batch_size: 1000/' small.yaml
}

fit() { # OUT OPTION...
    out=$1
    shift
    code 0 "$PLEXUS" fit small.yaml --quiet --json --out "$out" "$@"
    "$PLEXUS" predict "$out/model.plexus" rows.csv >"$out.csv"
}

# The modification time of the cache's index; empty: there is none.
index_of() { stat -c '%i %y' "$1"/*/index 2>/dev/null || :; }

test_same_bits_where_all_fits() {
    make_large_config
    fit plain
    fit fits --set data.memory=1GiB
    same plain.csv fits.csv
    [ ! -e plexus-cache ] || fail "a cache is there, though nothing needs it"
    fit kept --set data.cache=cache
    same plain.csv kept.csv
    first=$(index_of cache)
    [ -n "$first" ] || fail "there is no index"
    fit found --set data.cache=cache
    same plain.csv found.csv
    [ "$(index_of cache)" = "$first" ] || fail "the cache was not taken"
    fit windows --set data.cache=cache --set data.memory=100KiB
    [ "$(index_of cache)" = "$first" ] || fail "the cache was not taken"
    not cmp -s plain.csv windows.csv
    fit again --set data.memory=100KiB
    same windows.csv again.csv
    [ -n "$(index_of plexus-cache)" ] || fail "there is no cache in the default place"
    fit threads --set data.memory=100KiB --threads 1
    same windows.csv threads.csv
}

test_changes_are_noticed() {
    make_large_config
    fit a --set data.cache=cache
    first=$(index_of cache)
    touch -d '2020-01-01' rows.csv
    fit b --set data.cache=cache
    [ "$(index_of cache)" != "$first" ] || fail "another time was not noticed"
    same a.csv b.csv
    first=$(index_of cache)
    sed -i 's/^r,/g,/' rows.csv
    touch -d '2020-01-01' rows.csv # the same size and time
    fit c --set data.cache=cache
    [ "$(index_of cache)" != "$first" ] || fail "other bytes were not noticed"
    [ "$(ls cache | wc -l)" = 1 ] || fail "a changed source leaves two caches"
    fit d --set data.cache=cache --set features.size.scaling=standard
    [ "$(ls cache | wc -l)" = 2 ] || fail "another encoding was not noticed"
    fit e --set features.size.scaling=standard
    same d.csv e.csv
}

test_damage_is_noticed() {
    make_large_config
    fit a --set data.memory=100KiB
    for name in index train.rows validation.rows; do
        for file in plexus-cache/*/"$name"; do
            size=$(stat -c %s "$file")
            first=$(index_of plexus-cache)
            truncate -s $((size / 2)) "$file"
            fit b --set data.memory=100KiB
            same a.csv b.csv
            [ "$(index_of plexus-cache)" != "$first" ] || fail "half of $name was taken"
            first=$(index_of plexus-cache)
            printf 'x' | dd of="$file" bs=1 seek=$((size * 9 / 10)) conv=notrunc 2>/dev/null
            fit b --set data.memory=100KiB
            same a.csv b.csv
            [ "$(index_of plexus-cache)" != "$first" ] || fail "an altered $name was taken"
        done
    done
}

test_killed_while_caching() {
    make_large_config
    make_rows 150000 >rows.csv
    fit whole --set data.memory=200KiB
    rm -r plexus-cache
    start=$(date +%s%N)
    fit run --set data.memory=200KiB
    milliseconds=$((($(date +%s%N) - start) / 1000000))
    awk -v most="$milliseconds" 'BEGIN {
        srand(5)
        for (i = 0; i < 15; i++) printf "%.4f\n", rand() * most / 2000
    }' >moments
    while read -r moment; do
        rm -rf plexus-cache
        "$PLEXUS" fit small.yaml --quiet --out killed --set data.memory=200KiB >/dev/null 2>&1 &
        child=$!
        sleep "$moment"
        kill -9 $child 2>/dev/null || :
        wait $child 2>/dev/null || :
        fit run --set data.memory=200KiB
        same whole.csv run.csv
        left=$(cd plexus-cache/* && echo *)
        [ "$left" = "index lock test.rows train.rows validation.rows" ] || fail "more is left: $left"
    done <moments
}

# The fit determines what -1 means; the cache and the model store it.
test_minus_one_for_no_label() {
    make_large_config
    sed -i "s/{name: z}/{name: z, positive: ['1']}/" small.yaml
    awk -F, -v OFS=, 'NR > 1 && $3 == "no" { $4 = "" } { print }' rows.csv >masked.csv
    awk -F, -v OFS=, 'NR > 1 && $4 == "" { $4 = NR % 2 ? "-1" : "-1.0" } { print }' masked.csv >rows.csv
    fit gaps --set 'data.train=["masked.csv"]'
    for run in made found; do
        code 0 "$PLEXUS" fit small.yaml --out $run --set data.cache=cache
        warnings=$(grep -c "task 'z' (column 'z'): -1 in labels of 0 and 1 is read as no label" err || :)
        [ "$warnings" = 1 ] || fail "$run: $warnings warnings"
        "$PLEXUS" predict $run/model.plexus rows.csv >scores
        same gaps.csv scores
    done
    for rows in masked rows; do
        code 0 "$PLEXUS" evaluate found/model.plexus $rows.csv
        cp out metrics.$rows
    done
    same metrics.masked metrics.rows
    fit other --set data.cache=cache --set 'tasks.z.negative=["0", "-1"]'
    not cmp -s gaps.csv other.csv
}

test_standard_input() {
    make_large_config
    fit plain
    code 0 "$PLEXUS" fit small.yaml --quiet --out a --set 'data.train=["-"]' <rows.csv
    code 0 "$PLEXUS" predict a/model.plexus rows.csv
    same out plain.csv
    cat rows.csv | "$PLEXUS" fit small.yaml --quiet --out b --set 'data.train=["-"]' --set data.memory=100KiB >/dev/null
    [ ! -e plexus-cache ] || fail "rows of the standard input are kept"
    fit windows --set data.memory=100KiB
    code 0 "$PLEXUS" predict b/model.plexus rows.csv
    same out windows.csv
    cat rows.csv | "$PLEXUS" predict plain/model.plexus - >out
    same out plain.csv
    code 0 "$PLEXUS" evaluate plain/model.plexus rows.csv
    cp out by_name
    cat rows.csv | "$PLEXUS" evaluate plain/model.plexus - >out
    same out by_name
    code 2 "$PLEXUS" fit small.yaml --quiet --set 'data.train=["-"]' --set 'data.test=["-"]'
    has err 'can be read only once'
}

test_zst() {
    command -v zstd >/dev/null || skip "no zstd"
    make_large_config
    fit plain
    zstd -q rows.csv
    mv rows.csv plain_rows.csv
    code 0 "$PLEXUS" fit small.yaml --quiet --out a --set data.memory=100KiB
    code 0 "$PLEXUS" predict plain/model.plexus rows.csv.zst
    same out plain.csv
    code 0 "$PLEXUS" evaluate plain/model.plexus rows.csv.zst
    "$PLEXUS" predict plain/model.plexus - <rows.csv.zst >out
    same out plain.csv
}

test_wrong_rows() {
    make_large_config
    fit plain
    awk 'NR % 5000 == 2 { print "q,not a number,yes,1" }
         NR % 7000 == 5 { print "too few" }
         { print }' rows.csv >wrong.csv
    code 1 "$PLEXUS" fit small.yaml --quiet --set 'data.train=[wrong.csv]'
    has err 'wrong.csv:2:3: '
    code 0 "$PLEXUS" fit small.yaml --quiet --json --out a --set 'data.train=[wrong.csv]' --set data.on_error=skip
    has out '"skipped":{"rows":14,"first":[{"row":1,"column":"size","message":"./wrong.csv:2:3: ' \
        '{"row":5,"column":null,"message":"./wrong.csv:6: '
    has err '14 invalid rows skipped' 'wrong.csv:2:3: ' 'and 4 more'
    code 0 "$PLEXUS" predict a/model.plexus rows.csv
    same out plain.csv
    code 0 "$PLEXUS" predict a/model.plexus wrong.csv
    [ "$(wc -l <out)" = "$(wc -l <wrong.csv)" ]
    [ "$(sed -n 2p out)" = , ]
    [ "$(grep -c '^,$' out)" = 14 ]
    grep -v '^,$' out | cmp - plain.csv
    has err '14 invalid rows skipped'
    code 0 "$PLEXUS" evaluate a/model.plexus wrong.csv --json
    has out '"rows":40000' '"skipped":{"rows":14,'
    code 1 "$PLEXUS" fit small.yaml --quiet --set 'data.train=[wrong.csv]' --set data.on_error=skip \
        --set data.max_errors=13
    has err 'more than data.max_errors = 13 wrong rows'
    for time in new old; do # from the cache, too
        code 0 "$PLEXUS" fit small.yaml --quiet --json --out b --set 'data.train=[wrong.csv]' \
            --set data.on_error=skip --set data.cache=cache
        has out '"skipped":{"rows":14,"first":['
        cp out "$time"
    done
}

# A class that is missing in the training rows: found in a second pass, with the same memory limit.
test_unknown_classes() {
    awk 'BEGIN { print "a,x,y"; for (i = 0; i < 60000; i++) print "t" i % 50 "," i % 7 "," i % 3 }' >train.csv
    awk 'BEGIN { print "a,x,y"
                 for (i = 0; i < 20000; i++)
                     print "t" i % 50 "," (i == 9 ? "oops" : i % 7) "," (i == 15000 ? 7 : i % 3) }' >valid.csv
    cat >many.yaml <<'END'
data: {train: [train.csv], validation: [valid.csv], on_error: skip}
features: [{kind: sparse, name: a}, {kind: dense, name: x}]
tasks: [{name: y, kind: multiclass}]
model: {name: single_task}
train: {epochs: 1, batch_size: 4096}
END
    for memory in 0 1MiB; do
        code 0 "$PLEXUS" fit many.yaml --quiet --json --out "of$memory" --set "data.memory=$memory"
        has out '"skipped":{"rows":2,'
        has err 'valid.csv:11:' "valid.csv:15002:6: '7' is not a label of task 'y'"
    done
    code 1 "$PLEXUS" fit many.yaml --quiet --out b --set data.memory=1MiB --set data.on_error=stop
    has err 'valid.csv:11:'
    sed -i '11s/oops/1/' valid.csv
    code 1 "$PLEXUS" fit many.yaml --quiet --out b --set data.memory=1MiB --set data.on_error=stop
    has err "valid.csv:15002:6: '7' is not a label of task 'y'"
}

# Raw columns in files, of which a process may open few: as many columns as the count tables have.
test_many_columns() {
    awk 'BEGIN {
        for (i = 0; i < 4200; i++) printf "c%d,", i
        print "y"
        for (row = 0; row < 300; row++) {
            for (i = 0; i < 4200; i++) printf "%d,", (row * 7 + i) % 5
            print row % 2
        }
    }' >rows.csv
    awk 'BEGIN {
        print "data: {train: [rows.csv]}\nfeatures:"
        for (i = 0; i < 4200; i++) printf "  - {name: c%d, kind: sparse, embedding_dim: 2}\n", i
        print "tasks: [{name: y}]\nmodel: {name: single_task, tower_dnn_units_lists: [[]]}"
        print "train: {epochs: 1, batch_size: 100}"
    }' >small.yaml
    ulimit -n 100
    fit plain
    fit files --set data.memory=8MiB
    same plain.csv files.csv
}

run_tests "$@"
