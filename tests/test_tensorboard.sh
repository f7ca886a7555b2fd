# SPDX-License-Identifier: Apache-2.0
# TensorBoard itself reads training's event files. Its package comes from $PLEXUS_TENSORBOARD (a Python that has it),
# else from the machine's Python, else from an environment in build/, if it can be fetched.
# shellcheck shell=sh
. tests/check.sh

has_package() { "$1" -c 'import tensorboard.backend.event_processing.event_accumulator' >/dev/null 2>&1; }

# Prints the Python to use, or nothing.
find_python() {
    environment=$root/build/env-tensorboard
    for python in "${PLEXUS_TENSORBOARD:-}" python3 "$environment/bin/python"; do
        if [ -n "$python" ] && has_package "$python"; then
            echo "$python"
            return
        fi
    done
    if python3 -m venv "$environment" >/dev/null 2>&1 &&
        timeout 300 "$environment/bin/pip" install -q --retries 0 --timeout 20 tensorboard setuptools \
            >/dev/null 2>&1 && has_package "$environment/bin/python"; then
        echo "$environment/bin/python"
    else
        rm -rf "$environment"
    fi
}

test_tensorboard_reads_the_curves() {
    python=$(find_python)
    [ -n "$python" ] || skip "there is no tensorboard package and none can be fetched"
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --tensorboard board --quiet --set train.monitor=y.auc
    "$python" - <<'PYTHON'
import json
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

epochs = [json.loads(line) for line in open("run/metrics.jsonl")]
assert len(epochs) == 5


def check(run, tag, wanted):
    reader = EventAccumulator(f"board/{run}")
    reader.Reload()
    found = [(event.step, event.value) for event in reader.Scalars(tag)]
    assert [step for step, _ in found] == [1, 2, 3, 4, 5], found
    for (_, value), expected in zip(found, wanted):
        assert abs(value - expected) <= 1e-6 * max(1, abs(expected)), (run, tag, value, expected)


def tags(run):
    reader = EventAccumulator(f"board/{run}")
    reader.Reload()
    return set(reader.Tags()["scalars"])


check("train", "loss", [epoch["loss"] for epoch in epochs])
check("train", "y/loss", [epoch["tasks"]["y"]["loss"] for epoch in epochs])
check("validation", "loss", [epoch["validation"]["loss"] for epoch in epochs])
check("validation", "monitored", [epoch["validation"]["monitored"] for epoch in epochs])
for task in "y", "z":
    for metric in epochs[0]["validation"]["tasks"][task]:
        if metric not in ("rows", "positives"):
            wanted = [epoch["validation"]["tasks"][task][metric] for epoch in epochs]
            check("validation", f"{task}/{metric}", wanted)
assert tags("train") == {"loss", "y/loss", "z/loss", "rows_per_second"}, tags("train")
assert {"y/auc", "z/pr_auc", "z/ece"} <= tags("validation")
assert {f"gates/{task}/gate/expert{expert}" for task in ("y", "z") for expert in (0, 1)} <= tags("validation")
runs = EventMultiplexer().AddRunsFromDirectory("board").Reload().Runs()
assert set(runs) == {"train", "validation"}, runs
PYTHON
}

# A second run in the same folder gets its own file, and both stay complete.
test_two_runs_share_a_folder() {
    make_config
    code 0 "$PLEXUS" fit small.yaml --out one --tensorboard board --quiet
    code 0 "$PLEXUS" fit small.yaml --out two --tensorboard board --quiet
    [ "$(find board -name 'events.out.tfevents.*' | wc -l)" = 4 ]
}

run_tests "$@"
