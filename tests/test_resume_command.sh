# SPDX-License-Identifier: Apache-2.0
# The command killed at random moments, 50 times: --resume continues, and ends with the files of the run that was never
# killed, byte for byte (except times in metrics.jsonl).
# shellcheck shell=sh
. tests/check.sh

make_long_config() {
    make_config
    make_rows 20000 >rows.csv
    sed -i -e 's/epochs: 5/epochs: 40/' -e 's/dim: 4/dim: 64/' -e 's/batch_size: 50/batch_size: 60/' small.yaml
    printf '  checkpoint_steps: 331\n  checkpoint_epochs: 1\n' >>small.yaml
}

timeless() { sed 's/"seconds":[^,]*,"rows_per_second":[^,]*,//' "$1"; }

# $1 and whole/ are the same.
is_same_run() {
    same "$1/model.plexus" whole/model.plexus
    same "$1/config.yaml" whole/config.yaml
    timeless "$1/metrics.jsonl" >log
    timeless whole/metrics.jsonl >whole_log
    same log whole_log
    [ "$(cd "$1" && echo *)" = "config.yaml metrics.jsonl model.plexus" ] || fail "more is left: $(ls "$1")"
}

# Kills the process when it begins to write a checkpoint, or after about 2 seconds of polling.
kill_while_writing() {
    polls=0
    while [ $polls -lt 20000 ]; do
        for file in run/checkpoint.plexus.tmp-"$1"-*; do
            [ -e "$file" ] && polls=20000
        done
        polls=$((polls + 1))
    done
    kill -9 "$1" 2>/dev/null || :
}

# Kills the run of small.yaml $1 times and compares the result with the run that was never killed.
kill_and_compare() {
    code 0 "$PLEXUS" fit small.yaml --out whole --quiet --threads 1
    rm -rf cache
    start=$(date +%s%N)
    code 0 "$PLEXUS" fit small.yaml --out run --quiet --threads 1
    is_same_run run
    milliseconds=$((($(date +%s%N) - start) / 1000000))
    # Each moment is up to a third of the whole run.
    awk -v most="$milliseconds" 'BEGIN {
        srand(11)
        for (i = 0; i < 200; i++) printf "%.4f\n", rand() * most / 3000
    }' >moments
    rm -rf run cache
    kills=0 runs=0 half_written=0
    while read -r moment; do
        "$PLEXUS" fit small.yaml --out run --quiet --threads 1 --resume >out 2>err &
        child=$!
        if [ $((kills % 5)) = 4 ]; then
            kill_while_writing $child
        else
            sleep "$moment"
            kill -9 $child 2>/dev/null || :
        fi
        got=0
        wait $child 2>/dev/null || got=$?
        case $got in
        137)
            kills=$((kills + 1))
            # Killed at its exit: the run had ended.
            if [ -e run/model.plexus ] && [ ! -e run/checkpoint.plexus ]; then
                is_same_run run
                rm -rf run cache
            fi
            ;;
        0) is_same_run run && rm -rf run cache && runs=$((runs + 1)) ;;
        *) fail "exit code $got: $(cat err)" ;;
        esac
        for file in run/checkpoint.plexus.tmp-*; do [ -e "$file" ] && half_written=$((half_written + 1)); done
        [ $kills -lt "$1" ] || break
    done <moments
    resumes=$([ -e run/checkpoint.plexus ] && echo 'resuming from' || echo 'starting from the beginning')
    code 0 "$PLEXUS" fit small.yaml --out run --threads 2 --resume
    has err "$resumes"
    is_same_run run
    echo "killed $kills times, $half_written with a checkpoint half written; $runs runs ended in between"
    [ $kills = "$1" ]
}

test_killed_at_random_moments() {
    make_long_config
    kill_and_compare 50
}

# Rows in a cache, of which training shuffles some at a time; kills also come while the cache is written.
test_killed_with_rows_in_a_file() {
    make_long_config
    sed -i 's/^data:/data:\n  memory: 64KiB\n  cache: cache/' small.yaml
    kill_and_compare 15
    [ -d cache ]
}

test_an_interrupted_run_resumes() {
    make_long_config
    code 0 "$PLEXUS" fit small.yaml --out whole --quiet
    runs_until ' 3/40 ' "$PLEXUS" fit small.yaml --out run
    kill -TERM $child
    got=0
    wait $child || got=$?
    [ "$got" = 143 ] || fail "exit code $got"
    [ -s run/model.plexus ] && [ -s run/metrics.jsonl ] && [ -s run/checkpoint.plexus ] || fail "$(ls run)"
    # A refused resume leaves the folder unchanged.
    cp -r run before
    code 1 "$PLEXUS" fit small.yaml --out run --resume --set train.seed=2
    has err run/checkpoint.plexus "'seed: 1' there, 'seed: 2' now"
    diff -r run before
    code 0 "$PLEXUS" fit small.yaml --out run --resume
    is_same_run run
}

test_starts_again() {
    make_long_config
    code 0 "$PLEXUS" fit small.yaml --out whole --resume --set train.epochs=2
    has err 'there is no whole/checkpoint.plexus: starting from the beginning'
    : >whole/checkpoint.plexus
    code 0 "$PLEXUS" fit small.yaml --out whole --set train.epochs=2
    has err '--resume would resume from whole/checkpoint.plexus'
    [ ! -e whole/checkpoint.plexus ]
    : >whole/checkpoint.plexus
    code 1 "$PLEXUS" fit small.yaml --out whole --set train.epochs=2 --resume
    has err whole/checkpoint.plexus
}

run_tests "$@"
