#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program in docs/format.md, which knows nothing of plexus, scores like it. $PYTHON: one that has NumPy and PyYAML.
. tests/check.sh

python=${PYTHON:-python3}

test_scoring_by_the_page() {
    "$python" -c 'import numpy, yaml' 2>/dev/null || skip 'no Python with NumPy and PyYAML'
    make_config
    code 0 "$PLEXUS" fit small.yaml --out run --set model.gate_dnn_units=[3] --set model.dnn_use_bn=true \
        --set model.dnn_activation=tanh
    printf 'colour,size\nr,2.5\nmauve,9.1\n' >two.csv
    code 0 "$PLEXUS" predict run/model.plexus two.csv --out scores.csv
    awk '/^```python/ {p = 1; next} /^```/ {p = 0} p' "$root/docs/format.md" >score.py
    for row in '{"colour": "r", "size": 2.5}' '{"colour": "mauve", "size": 9.1}'; do
        "$python" score.py run/model.plexus "$row" >>by_hand
    done
    "$python" - <<'PY'
import re
ours = [float(n) for line in open("scores.csv").read().split("\n")[1:] for n in line.split(",") if n]
theirs = [float(n) for n in re.findall(r"0\.\d+(?:e-\d+)?", open("by_hand").read())]
assert len(ours) == len(theirs) == 4, (ours, theirs)
assert max(abs(a - b) for a, b in zip(ours, theirs)) < 1e-5, (ours, theirs)
PY
}

run_tests "$@"
