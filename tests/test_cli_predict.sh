#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Scores and their rows: kept columns, and the lines of wrong rows.
. tests/check.sh

trained() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --quiet --set train.epochs=1 --set data.on_error=skip
}

# Rows with an id that no feature reads, and cells that must be quoted.
make_ids() {
    awk -F, -v OFS=, 'NR == 1 { print "id", "note", $0 }
        NR > 1 { print sprintf("%07d", NR), NR % 3 ? "plain" : "\"says \"\"a, b\"\"\"", $0 }' rows.csv >ids.csv
}

test_kept_columns() {
    trained
    make_ids
    code 0 "$PLEXUS" predict run/model.plexus rows.csv
    cp out scores
    code 0 "$PLEXUS" predict run/model.plexus ids.csv
    same out scores
    cut -d, -f1 ids.csv | paste -d, - scores >expected
    code 0 "$PLEXUS" predict run/model.plexus ids.csv --keep id
    same out expected
    # Columns that features and tasks read, in the requested order, as in the file.
    awk -F, -v OFS=, '{ print NR == 1 ? "y_kept" : $3, $1, $2 }' rows.csv | paste -d, - scores >expected
    for threads in 1 3; do
        code 0 "$PLEXUS" predict run/model.plexus rows.csv --keep y,colour,size --threads $threads
        same out expected
    done
    gzip -c rows.csv >rows.csv.gz
    code 0 "$PLEXUS" predict run/model.plexus rows.csv.gz --keep y,colour,size --out written
    same written expected
    code 0 "$PLEXUS" predict run/model.plexus rows.csv.gz --keep y --keep colour,size --out -
    cmp out written
    [ ! -e ./- ]
    code 0 "$PLEXUS" predict run/model.plexus - --keep y,colour,size <rows.csv
    same out expected
    # A reader of RFC 4180 finds the cells.
    code 0 "$PLEXUS" predict run/model.plexus ids.csv --keep note
    [ "$(sed -n 2p out | cut -d, -f1)" = plain ]
    [ "$(sed -n 3p out | cut -c-18)" = '"says ""a, b""",0.' ]
    code 1 "$PLEXUS" predict run/model.plexus ids.csv --keep ids
    has err "no column 'ids'" "did you mean 'id'"
    for names in id, ,id id,,note '"id' '"id"x' '""'; do
        code 2 "$PLEXUS" predict run/model.plexus ids.csv --keep "$names"
        has err '--keep takes column names'
    done
    sed '1s/note/id/' ids.csv >twice.csv
    code 1 "$PLEXUS" predict run/model.plexus twice.csv --keep id
    has err "column 'id' appears twice"
}

# Names with CSV's quotes, and a unique name for each column: labels, and a class with the name of a score column.
test_names_of_kept_columns() {
    trained
    awk -F, 'NR == 1 { print "\"a, b\",\"say \"\"x\"\"\",y_kept," $0 }
        NR > 1 { print NR ",q," NR % 7 "," $0 }' rows.csv >named.csv
    code 0 "$PLEXUS" predict run/model.plexus named.csv --keep '"a, b",z,"say ""x""","y"' --keep y_kept
    [ "$(head -n 1 out)" = '"a, b",z_kept,"say ""x""",y_kept,y_kept_kept,y,z' ] || fail "$(head -n 1 out)"
    [ "$(sed -n 2p out | cut -d, -f 1,3)" = 2,q ]
    code 0 "$PLEXUS" predict run/model.plexus named.csv --keep size,size
    [ "$(head -n 1 out)" = size,size_kept,y,z ]
}

# Opening a pipe waits for its writer, forever if there is none.
test_no_pipe_for_a_model() {
    trained
    mkfifo pipe
    for verb in predict evaluate; do
        code 1 "$PLEXUS" "$verb" pipe rows.csv
        has err 'pipe: is not a regular file'
    done
    code 1 "$PLEXUS" describe pipe
    has err 'pipe: is not a regular file'
    code 1 "$PLEXUS" fit small.yaml --out again --set features.colour.vocabulary_file=pipe
    has err 'pipe: is not a regular file'
}

# One line for each row, valid or not, so that lines can be joined to rows.
test_lines_of_wrong_rows() {
    trained
    make_ids
    awk 'NR == 2 || NR == 300 { sub(/,[rgb],[^,]*,/, ",r,tall,") } NR == 5 { print "too,few" } { print }
        END { print "too,few,again" }' ids.csv >wrong.csv
    code 0 "$PLEXUS" predict run/model.plexus wrong.csv --keep id
    has err '4 invalid rows skipped' 'wrong.csv:2:' 'wrong.csv:5: ' 'wrong.csv:301:' 'wrong.csv:603: '
    [ "$(wc -l <out)" = 603 ]
    [ "$(sed -n 2p out)" = 0000002,, ] && [ "$(sed -n 301p out)" = 0000300,, ]
    [ "$(sed -n 5p out)" = ,, ] && [ "$(sed -n 603p out)" = ,, ]
    [ "$(sed -n 303p out | cut -d, -f1)" = 0000302 ]
    grep -v ',,$' out >right
    code 0 "$PLEXUS" predict run/model.plexus ids.csv --keep id
    grep -v -e '^0000002,' -e '^0000300,' out | cmp - right
    code 0 "$PLEXUS" evaluate run/model.plexus wrong.csv --json
    has out '"rows":598'
}

# One column alone: many readers would skip an empty line.
test_wrong_row_of_one_score() {
    make_config
    sed -e '/name: z/d' -e '/units/d' -e 's/mmoe/single_task/' -e '/num_experts/d' small.yaml >one.yaml
    code 0 "$PLEXUS" fit one.yaml --out run --quiet --set train.epochs=1 --set data.on_error=skip
    printf 'colour,size\nr,1\nr,tall\nb,2\n' >wrong.csv
    code 0 "$PLEXUS" predict run/model.plexus wrong.csv
    [ "$(sed -n 3p out)" = '""' ] || fail "$(cat out)"
    printf 'colour,size\nr,tall\n' >wrong.csv
    code 0 "$PLEXUS" predict run/model.plexus wrong.csv
    printf 'y\n""\n' | cmp - out
}

# More rows than are read together; wrong ones at the borders between blocks.
test_many_rows() {
    trained
    for i in 1 2 3 4 5 6 7 8; do tail -n +2 rows.csv; done >some
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do cat some; done |
        awk -v OFS=, 'BEGIN { print "id,colour,size,y,z" } { print NR, $0 }
            NR % 65536 < 2 { print "wrong " NR, "r", "tall", "no", 0 }' >many.csv
    code 0 "$PLEXUS" predict run/model.plexus many.csv --keep id
    cut -d, -f1 many.csv >expected
    cut -d, -f1 out | cmp - expected
    [ "$(grep -c ',,$' out)" = 5 ] || fail "$(grep -c ',,$' out)"
    [ "$(grep -c '^wrong [0-9]*,,$' out)" = 5 ]
}

# Numbers from Parquet files are written as their shortest decimals, exact to the last digit of an id.
test_kept_columns_of_parquet() {
    "$PLEXUS" --version | grep -q '^parquet *yes' || skip "built without carquet"
    cp "$root/tests/parquet/rows.csv" rows
    cat >s.yaml <<'YAML'
data: {train: [rows]}
features: [{name: city, kind: sparse}, {name: age, kind: dense}]
tasks: [{name: click}, {name: spend, kind: regression}]
model: {name: mmoe, num_experts: 2, tower_dnn_units_lists: [[4], [4]]}
train: {epochs: 1, batch_size: 32}
YAML
    code 0 "$PLEXUS" fit s.yaml --out run --quiet
    code 0 "$PLEXUS" predict run/model.plexus rows --keep city,code,click
    cp out expected
    code 0 "$PLEXUS" predict run/model.plexus "$root/tests/parquet/plain.parquet" --keep city,code,click
    same out expected
    code 1 "$PLEXUS" predict run/model.plexus "$root/tests/parquet/plain.parquet" --keep none
    has err "no column 'none'"
}

run_tests "$@"
