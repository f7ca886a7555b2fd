# SPDX-License-Identifier: Apache-2.0
# The scripts' harness, read with `.`; like tests/check.h. A test is a function test_x of the script. `run_tests "$@"`
# at the script's end calls each in its own scratch folder, under set -e, prints "ok test_x", "FAILED test_x" or
# "skipped test_x", and ends the script. With an argument it runs only the tests whose name contains it.
# shellcheck shell=sh

root=$(pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
failed=0

# The real data: $PLEXUS_DATA, else ../shared/data next to the checkout.
real_data=${PLEXUS_DATA:-$root/../shared/data}

fail() { echo "  $*"; exit 1; }
skip() { echo "  skipped: $*"; exit 77; }

run() {
    mkdir -p "$scratch/$1"
    (cd "$scratch/$1" || exit 1; set -eu; "$1") >"$scratch/$1.log" 2>&1
    case $? in
    0) echo "ok $1" ;;
    77) tail -n 1 "$scratch/$1.log"; echo "skipped $1" ;;
    *) sed 's/^/  /' "$scratch/$1.log"; echo "FAILED $1"; failed=1 ;;
    esac
}

# A small classification set: y depends on colour and size, z on size. Rows: $1.
make_rows() {
    awk -v rows="$1" 'BEGIN {
        srand(7)
        print "colour,size,y,z"
        for (i = 0; i < rows; i++) {
            colour = int(3 * rand())
            size = int(100 * rand()) / 10
            y = rand() < (colour == 0 ? 0.9 : 0.2)
            z = rand() < size / 10
            print substr("rgb", colour + 1, 1) "," size "," (y ? "yes" : "no") "," z
        }
    }'
}

make_config() {
    make_rows 600 >rows.csv
    cat >small.yaml <<'YAML'
data:
  train: [rows.csv]
  validation_part: 100
  test_part: 100
features:
  - {name: colour, kind: sparse, embedding_dim: 4}
  - {name: size, kind: dense}
tasks:
  - {name: y, positive: ['yes']}
  - {name: z}
model:
  name: mmoe
  num_experts: 2
  expert_dnn_units: [8]
  tower_dnn_units_lists: [[4], [4]]
train:
  epochs: 5
  batch_size: 50
  learning_rate: 0.02
YAML
}

# runs_until TEXT COMMAND...: starts it and waits until err contains TEXT; $child is its process.
runs_until() {
    text=$1 tries=0
    shift
    : >out >err # a run before this one may have said the same
    "$@" >out 2>err &
    child=$!
    until grep -qF "$text" err; do
        tries=$((tries + 1))
        kill -0 $child 2>/dev/null || fail "ended before '$text': $(cat err)"
        [ $tries -lt 3000 ] || { kill -9 $child; fail "no '$text' in 300 seconds: $(cat err)"; }
        sleep 0.1
    done
}

run_tests() {
    for name in $(sed -n 's/^\(test_[a-z0-9_]*\)() {.*/\1/p' "$0"); do
        case $name in *"${1:-}"*) run "$name" ;; esac
    done
    exit $failed
}

# code EXPECTED COMMAND...: checks its exit code; its output goes to the files out and err.
code() {
    expected=$1
    shift
    got=0
    "$@" >out 2>err || got=$?
    [ "$got" = "$expected" ] || {
        echo "  exit code $got, not $expected: $*"
        sed 's/^/    /' out err
        exit 1
    }
}

# has FILE TEXT...: the file contains each text.
has() {
    file=$1
    shift
    for text in "$@"; do
        grep -qF -e "$text" "$file" || {
            echo "  '$text' is not in $file:"
            sed 's/^/    /' "$file"
            exit 1
        }
    done
}


# set -e ignores a command after "!".
not() { if "$@"; then fail "should not succeed: $*"; fi; }
same() { cmp -s "$1" "$2" || fail "$1 and $2 differ"; }
