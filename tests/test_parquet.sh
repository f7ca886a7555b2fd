# SPDX-License-Identifier: Apache-2.0
# Parquet files and the same rows as CSV: the same models, byte for byte. tools/make_parquet_samples.py made
# tests/parquet. Also folders and patterns that name several files, of any format.
# shellcheck shell=sh
. tests/check.sh
samples=$root/tests/parquet

has_parquet() { "$PLEXUS" --version | grep -q '^parquet *yes'; }
needs_parquet() { has_parquet || skip "built without carquet"; }

# The configuration is part of a model file, so the rows are called "rows" in each format.
make_sample_config() {
    cat >s.yaml <<'YAML'
data: {train: [rows], validation_part: 60}
features:
  - {name: city, kind: sparse, embedding_dim: 4}
  - {name: code, kind: sparse, embedding_dim: 3}
  - {name: member, kind: sparse, embedding_dim: 2}
  - {name: price_text, column: price, kind: sparse, embedding_dim: 2}
  - {name: age, kind: dense}
  - {name: price, kind: dense, missing: -1}
  - {name: tags, kind: list, separator: '|', embedding_dim: 3}
  - {name: point, kind: dense, size: 2, separator: '|'}
tasks:
  - {name: click}
  - {name: spend, kind: regression}
model: {name: mmoe, num_experts: 2, tower_dnn_units_lists: [[4], [4]]}
train: {epochs: 2, batch_size: 32}
YAML
    cp "$samples/rows.csv" rows
    code 0 "$PLEXUS" fit s.yaml --out expected --quiet
    rm rows
}

# fit_rows: "rows" must give the same model as the CSV file.
fit_rows() {
    code 0 "$PLEXUS" fit s.yaml --out got --quiet "$@"
    same got/model.plexus expected/model.plexus
    rm -r got rows
}

# Writes rows FIRST to LAST, with a header, to FILE.
make_part() {
    head -n 1 "$samples/rows.csv" >"$3"
    tail -n +2 "$samples/rows.csv" | sed -n "$1,$2p" >>"$3"
}

test_same_models() {
    needs_parquet
    make_sample_config
    for kind in plain groups narrow dictionary lz4; do
        echo "$kind"
        cp "$samples/$kind.parquet" rows
        fit_rows
    done
}

test_parts() {
    needs_parquet
    make_sample_config
    mkdir rows
    cp "$samples/part-0.parquet" "$samples/part-1.parquet" "$samples/none.parquet" rows
    : >rows/_SUCCESS
    : >rows/.part-0.parquet.crc
    fit_rows
    # Each file's format is detected by itself.
    mkdir rows
    cp "$samples/part-0.parquet" rows
    make_part 121 300 rows/part-1
    fit_rows
}

test_folder_of_csv() {
    make_sample_config
    mkdir rows
    : >rows/_SUCCESS
    : >rows/.hidden
    make_part 1 100 rows/part-00
    make_part 101 110 rows/part-01
    make_part 111 300 rows/part-02
    gzip rows/part-01
    fit_rows
    make_part 1 200 a-2.csv
    make_part 201 300 a-3.csv
    mkdir a-4.csv
    sed "s/\[rows\]/['a-[1-9].*']/" s.yaml >p.yaml
    code 0 "$PLEXUS" fit p.yaml --out pattern --quiet
    # All except times and the configuration's file names.
    for run in pattern expected; do
        sed 's/"seconds":[^,]*,"rows_per_second":[^,]*,//' $run/metrics.jsonl >$run.log
        code 0 "$PLEXUS" predict $run/model.plexus "$samples/rows.csv" --out $run.csv
    done
    same pattern.log expected.log
    same pattern.csv expected.csv
    code 0 "$PLEXUS" predict expected/model.plexus 'a-?.csv' --out parts.csv
    same parts.csv expected.csv
}

# A header alone, an empty part and a README among the parts have no rows; a header alone scores to a header.
test_empty_parts() {
    make_sample_config
    mkdir rows
    make_part 1 300 rows/part-00
    make_part 1001 1001 rows/part-01
    : >rows/part-02
    echo 'What the columns mean.' >rows/README.md
    fit_rows
    make_part 1001 1001 head.csv
    code 0 "$PLEXUS" predict expected/model.plexus head.csv
    echo click,spend >line
    same out line
    mkdir rows
    cp head.csv rows/part-00
    : >rows/part-01
    code 0 "$PLEXUS" predict expected/model.plexus rows
    same out line
}

# city comes from the folders' names, in which a blank is written as %20.
test_partitions() {
    needs_parquet
    make_sample_config
    mkdir -p day/city=New%20York day/city=x
    cp "$samples/plain.parquet" day/city=x/a.parquet
    code 0 "$PLEXUS" predict expected/model.plexus day --out own.csv # its own column goes before
    code 0 "$PLEXUS" predict expected/model.plexus "$samples/rows.csv" --out csv.csv
    same own.csv csv.csv
    sed 's/name: city,/name: town, column: place,/' s.yaml >p.yaml
    mkdir -p rows/place=New%20York rows/place=x
    cp "$samples/part-0.parquet" rows/place=New%20York/a.parquet
    cp "$samples/part-1.parquet" rows/place=x/b.parquet
    code 0 "$PLEXUS" fit p.yaml --out got --quiet
    code 0 "$PLEXUS" describe got/model.plexus
    code 0 "$PLEXUS" predict got/model.plexus rows --out all.csv
    { sed 's/$/,place/;q' "$samples/rows.csv"
        tail -n +2 "$samples/rows.csv" | sed '1,120s/$/,New York/;121,$s/$/,x/'; } >with.csv
    code 0 "$PLEXUS" predict got/model.plexus with.csv --out with.scores
    same all.csv with.scores
}

# Detecting a file's format must not consume bytes of a pipe.
test_named_pipe() {
    make_sample_config
    mkfifo rows
    cat "$samples/rows.csv" >rows &
    fit_rows
}

test_wrong_folders() {
    make_sample_config
    mkdir rows
    code 1 "$PLEXUS" fit s.yaml --out got
    has err rows 'the folder has no files'
    mkdir rows/inner
    make_part 1 300 rows/a.csv
    code 1 "$PLEXUS" fit s.yaml --out got
    has err rows/inner 'is a folder in a folder'
    sed "s/\[rows\]/['no*thing']/" s.yaml >p.yaml
    code 1 "$PLEXUS" fit p.yaml --out got
    has err 'no*thing: no such file'
}

test_scoring() {
    needs_parquet
    make_sample_config
    code 0 "$PLEXUS" predict expected/model.plexus "$samples/rows.csv" --out csv.csv
    code 0 "$PLEXUS" predict expected/model.plexus "$samples/groups.parquet" --out parquet.csv
    same csv.csv parquet.csv
    code 0 "$PLEXUS" predict expected/model.plexus "$samples"/part-?.parquet --out parts.csv
    same csv.csv parts.csv
    code 0 "$PLEXUS" evaluate expected/model.plexus "$samples/narrow.parquet" --json
    mv out narrow.json
    code 0 "$PLEXUS" evaluate expected/model.plexus "$samples/rows.csv" --json
    sed 's/"seconds.*//' out >csv.json
    sed 's/"seconds.*//' narrow.json >parquet.json
    same csv.json parquet.json
}

# Types that Parquet and CSV write differently: each as a category, decimals and booleans also as numbers.
test_types() {
    needs_parquet
    for file in typed typed-integer typed-int96; do
        echo "$file"
        {
            echo 'data: {train: [rows]}'
            echo 'features:'
            for name in small medium large whole day moment instant clock id tag half flag; do
                # Timestamps of 12 bytes have no zone.
                [ $file.$name = typed-int96.instant ] && continue
                echo "  - {name: $name, kind: sparse, embedding_dim: 2}"
            done
            for name in small medium large whole flag; do
                echo "  - {name: ${name}_number, column: $name, kind: dense, scaling: standard, missing: 0}"
            done
            echo 'tasks: [{name: click}]'
            echo 'model: {name: single_task, tower_dnn_units_lists: [[4]]}'
            echo 'train: {epochs: 1, batch_size: 50}'
        } >s.yaml
        cp "$samples/typed.csv" rows
        code 0 "$PLEXUS" fit s.yaml --out expected --quiet
        cp "$samples/$file.parquet" rows
        fit_rows
        rm -r expected
    done
}

# Dates and times as numbers: days, and seconds since 1970 in any unit; bytes that are no text.
test_times_as_numbers() {
    needs_parquet
    for file in typed typed-integer typed-int96; do
        echo "$file"
        cat >s.yaml <<'YAML'
data: {train: [rows]}
features:
  - {name: day, kind: dense, missing: 19700}
  - {name: moment, kind: dense, missing: 1.7e9}
  - {name: clock, kind: dense, missing: 0}
tasks: [{name: click}]
model: {name: single_task, tower_dnn_units_lists: [[]]}
train: {epochs: 1, batch_size: 50}
YAML
        cp "$samples/$file.parquet" rows
        code 0 "$PLEXUS" fit s.yaml --out "$file" --quiet
    done
    same typed/model.plexus typed-integer/model.plexus
    same typed/model.plexus typed-int96/model.plexus
    # The first day of the 300 rows is 2023-12-28, 19719 days after 1970.
    awk -F, 'NR == 1 { print "day,moment,clock,click" }
        NR > 1 {
            split($5, d, "-"); split(substr($6, 12), t, ":")
            days = $5 == "" ? 19700 : 19719 + (d[1] == 2023 ? d[3] - 28 : 3 + d[3])
            clock = t[1] * 3600 + t[2] * 60 + t[3]
            printf "%d,%.2f,%.2f,%d\n", days, $6 == "" ? 1.7e9 : days * 86400 + clock, clock, $13
        }' "$samples/typed.csv" >rows
    code 0 "$PLEXUS" fit s.yaml --out numbers --quiet
    same typed/model.plexus numbers/model.plexus
    code 1 "$PLEXUS" fit s.yaml --out got --set "data.train=['$samples/typed.csv']"
    has err 'is a date and not a number'
}

# Parquet has no type for durations; the Arrow schema in the footer names them.
test_durations() {
    needs_parquet
    cp "$samples/durations.parquet" rows
    for name in number s ms us ns list; do
        cat >s.yaml <<YAML
data: {train: [rows]}
features: [{name: $name, kind: dense}]
tasks: [{name: click}]
model: {name: single_task}
train: {epochs: 1}
YAML
        if [ $name = number ]; then
            code 0 "$PLEXUS" fit s.yaml --out got --quiet
            continue
        fi
        [ $name = list ] && sed -i 's/dense/list/' s.yaml
        code 1 "$PLEXUS" fit s.yaml --out got
        has err rows "column '$name': durations" 'cast the column to numbers'
    done
}

test_many_columns() {
    needs_parquet
    for name in wide wide-list; do
        cp "$samples/$name.parquet" rows
        printf '%s\n' 'data: {train: [rows]}' 'features: [{name: c1, kind: dense}]' 'tasks: [{name: click}]' \
            'model: {name: single_task}' >s.yaml
        code 1 "$PLEXUS" fit s.yaml --out got
        has err 'has 1102 columns, and the maximum for Parquet is 1024' 'pyarrow or polars'
    done
}

test_wrong_files() {
    needs_parquet
    make_sample_config
    for bytes in 3 4 8 900 7000; do
        head -c $bytes "$samples/dictionary.parquet" >rows
        code 1 "$PLEXUS" fit s.yaml --out got
        has err rows
    done
    # One byte of a page, which the checksum covers.
    cp "$samples/lz4.parquet" rows
    printf '\377\377\377\377' | dd of=rows bs=1 seek=2000 conv=notrunc 2>dd_log
    code 1 "$PLEXUS" fit s.yaml --out got
    has err rows 'damaged'
    cp "$samples/plain.parquet" rows
    sed 's/name: age,/name: aged,/' s.yaml >column.yaml
    code 1 "$PLEXUS" fit column.yaml --out got
    has err rows "no column 'aged'; did you mean 'age'?"
    sed 's/kind: list, separator: .|.,/kind: sparse,/' s.yaml >lists.yaml
    code 1 "$PLEXUS" fit lists.yaml --out got
    has err rows "column 'tags' holds lists"
    sed 's/name: age,/name: city_number, column: city,/' s.yaml >number.yaml
    code 1 "$PLEXUS" fit number.yaml --out got
    has err "rows, row 1: 'Rome' is not a number"
    cp "$samples/rows.csv" rows
    code 1 "$PLEXUS" fit s.yaml --out got --set data.format=parquet
    has err rows 'Parquet'
    code 1 "$PLEXUS" fit s.yaml --out got --set data.format=parquet --set 'data.train=["-"]'
    has err 'standard input'
}

test_a_build_without() {
    has_parquet && skip "built with carquet"
    make_sample_config
    cp "$samples/plain.parquet" rows
    code 1 "$PLEXUS" fit s.yaml --out got
    has err rows 'is a Parquet file' PLEXUS_WITH_PARQUET carquet
}

run_tests "$@"
