#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program in docs/format.md, which does not use plexus, gives plexus's scores. $PYTHON: one with NumPy and PyYAML.
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

# The page's tables of examples are right: fits on their first column, and compares.
cat >"$scratch/examples.py" <<'PY'
import csv, json, math, os, shutil, subprocess, sys

page = open(sys.argv[1]).read()
space = {"sys": type("none", (), {"argv": ["", "", "{}"]})}
program = page.split("```python")[1].split("```")[0]
exec(program[:program.index("print(score(")], space)

def rows_of(heading):
    table = page[page.index(heading):].split("\n\n")[0].split("\n")[2:]
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in table]

def fit(numbers, feature):
    with open("x.csv", "w") as file:
        file.write("x,y,z\n" + "".join(f"{x},{i % 2},{i // 2 % 2}\n" for i, x in enumerate(numbers.split())))
    shutil.rmtree("out", ignore_errors=True)
    config = {"data": {"train": ["x.csv"]}, "features": [{"name": "x", **feature}],
              "tasks": [{"name": "y"}, {"name": "z"}],
              "model": {"name": "shared_bottom", "bottom_dnn_units": [], "tower_dnn_units_lists": [[], []]},
              "train": {"epochs": 1, "optimizer": "sgd", "learning_rate": 1e-300}}
    json.dump(config, open("x.yaml", "w"))
    subprocess.run([os.environ["PLEXUS"], "fit", "x.yaml", "--out", "out", "--quiet"], check=True)
    return space["read"]("out/model.plexus")[1]

def scaled(numbers, transform, number):
    tensors = fit(numbers, {"kind": "dense", "scaling": "quantile", "transform": transform})
    open("one.csv", "w").write(f"x\n{number}\n")
    subprocess.run([os.environ["PLEXUS"], "predict", "out/model.plexus", "one.csv", "--out", "one.out"], check=True)
    score = float(list(csv.DictReader(open("one.out")))[0]["y"])
    kernel, bias = (float(tensors["task0/logit/" + name].reshape(-1)[0]) for name in ("kernel", "bias"))
    return (math.log(score / (1 - score)) - bias) / kernel

for numbers, transform, number, share in rows_of("| training rows | transform |"):
    got = scaled(numbers, transform, number)
    assert abs(got - float(share)) < 2e-5, (numbers, number, share, got)
for numbers, quantiles, borders in rows_of("| training rows | quantiles |"):
    tensors = fit(numbers, {"kind": "buckets", "quantiles": int(quantiles), "embedding_dim": 1})
    assert tensors["buckets/x/borders"].tolist() == [float(border) for border in borders.split()], (numbers, tensors)
print(len(rows_of("| training rows | transform |")), len(rows_of("| training rows | quantiles |")))
PY

test_examples_of_the_page() {
    "$python" -c 'import numpy, yaml' 2>/dev/null || skip 'no Python with NumPy and PyYAML'
    PLEXUS=$PLEXUS "$python" "$scratch/examples.py" "$root/docs/format.md" >counts
    grep -qx '8 3' counts
}

# Empty items and empty weights are dropped separately; then there are as many items as weights.
test_weights_of_items() {
    cat >lists.yaml <<'YAML'
data: {train: [lists.csv]}
features:
  - {name: l, kind: list, embedding_dim: 2, combiner: mean, weight_column: w}
tasks: [{name: y}, {name: z}]
model: {name: shared_bottom, bottom_dnn_units: [2]}
train: {epochs: 1}
YAML
    printf 'l,w,y,z\nsofa|bed,1|3,0,1\nbed,2,1,0\n' >lists.csv
    code 0 "$PLEXUS" fit lists.yaml --out run --quiet
    printf 'l,w\nsofa|bed,1|3\nsofa||bed,1|3\nsofa||bed,1||3\nsofa|bed,3|1\n' >new.csv
    code 0 "$PLEXUS" predict run/model.plexus new.csv --out scores.csv
    [ "$(sed -n 2,4p scores.csv | sort -u | wc -l)" = 1 ] || fail "an empty item has a weight: $(cat scores.csv)"
    [ "$(sort -u scores.csv | wc -l)" = 3 ] || fail "weights do not count: $(cat scores.csv)"
    printf 'l,w\nsofa||bed,1|2|3\n' >new.csv
    code 1 "$PLEXUS" predict run/model.plexus new.csv
    grep -q "has 2 items, and 3 weights" err
    printf 'l,y,z\nsofa:1|bed:3,0,1\nbed:2,1,0\n' >lists.csv
    sed -i "s/weight_column: w/weight_separator: ':'/" lists.yaml
    code 0 "$PLEXUS" fit lists.yaml --out cells --quiet
    printf 'l\nsofa:1|bed\n' >new.csv
    code 1 "$PLEXUS" predict cells/model.plexus new.csv
    grep -q "'bed' has no weight after a ':'" err
}

run_tests "$@"
