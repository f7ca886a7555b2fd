#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How work grows with the number of columns: tables of 5,000, 10,000 and 20,000 columns, and many tasks and experts.

usage: wide.py [OPTION]... COMMAND

Generates tables of one kind of columns (sparse: 50 categories each; dense: numbers) and networks of 2 to 200 tasks or
experts, and runs each verb of the command on them in a process of its own, the sizes in turn, --rounds times. A line of
JSON for each kind, size and verb has the least processor seconds and the resident memory; a last line of a kind has the
ratios of the largest size to the one before, which should be at most 2.2 where work is linear. With --package the
Python package does the same: a model from the configuration, one row through a predictor, and the model as ONNX.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

CASES = {"sparse": (5_000, 10_000, 20_000), "dense": (5_000, 10_000, 20_000), "tasks": (50, 100, 200),
         "experts": (50, 100, 200)}  # fmt: skip


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", metavar="COMMAND", help="the executable")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--package", action="store_true", help="also from Python, with this interpreter")
    return parser.parse_args()


# -- Tables and configurations -----------------------------------------------------------------------------------------


def write_rows(path, names, labels, words, rows):
    """A random byte a cell selects its word; labels hang on the first cells."""
    with open(path, "w") as file:
        file.write(",".join(names + labels) + "\n")
        for _ in range(rows):
            cells = random.randbytes(len(names))
            targets = [str(cells[i % len(cells)] >> i % 8 & 1) for i in range(len(labels))]
            file.write(",".join([words[cell] for cell in cells] + targets) + "\n")


def write_case(folder, case, size, rows):
    """The files of a case: its rows and its configuration."""
    n_columns = size if case in ("sparse", "dense") else 20
    n_tasks = size if case == "tasks" else 2
    n_experts = size if case == "experts" else 4
    is_sparse = case != "dense"
    names = [f"c{i}" for i in range(n_columns)]
    labels = [f"y{i}" for i in range(n_tasks)]
    words = [f"v{i % 50}" if is_sparse else str(i / 100) for i in range(256)]
    write_rows(os.path.join(folder, "rows.csv"), names, labels, words, rows)
    kind = {"kind": "sparse", "embedding_dim": 4} if is_sparse else {"kind": "dense", "scaling": "minmax"}
    config = {
        "data": {"train": ["rows.csv"]},
        "features": [{"names": names, **kind}],
        "tasks": [{"name": label} for label in labels],
        "model": {
            "name": "mmoe",
            "num_experts": n_experts,
            "expert_dnn_units": [16],
            "gate_dnn_units": [],
            "tower_dnn_units_lists": [[8]] * n_tasks,
        },
        "train": {"epochs": 2, "batch_size": 256},
    }
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file)


# -- Measuring ---------------------------------------------------------------------------------------------------------


def verbs(command, folder, threads):
    """Each measured verb and its arguments, in an order in which each finds what it reads."""
    config, model, rows = (os.path.join(folder, name) for name in ("config.json", "out/model.plexus", "rows.csv"))
    threads = ["--threads", str(threads)]
    return {
        "plan and load": [command, "describe", "--plan", config],
        "fit": [command, "fit", "--quiet", "--force", *threads, "--out", os.path.join(folder, "out"), config],
        "describe": [command, "describe", "--plan", model],
        "predict": [command, "predict", *threads, "--out", os.devnull, model, rows],
        "evaluate": [command, "evaluate", *threads, model, rows],
        "onnx": [command, "export", "--quiet", "--external-data", "--onnx", os.path.join(folder, "model.onnx"), model],
    }


PACKAGE = {
    "from_config": "plexus.Model.from_config(json.load(open(config)))",
    "predictor": "plexus.load_model(model).predictor(names)([value] * len(names))",
}


def package_verbs(folder, case):
    """The same for the Python package; each is a program of one line."""
    config, model = (os.path.join(folder, name) for name in ("config.json", "out/model.plexus"))
    value = "0.5" if case == "dense" else "'v1'"
    begin = (
        f"import json, plexus; config = {config!r}; model = {model!r}; value = {value}; "
        "names = json.load(open(config))['features'][0]['names']; "
    )
    return {name: [sys.executable, "-c", begin + program] for name, program in PACKAGE.items()}


def measure(arguments):
    """Processor seconds and resident MiB of a process."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(arguments)[:300]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure_case(options, case, work):
    sizes = CASES[case]
    found = {}
    for size in sizes:
        os.makedirs(os.path.join(work, f"{case}{size}"))
        write_case(os.path.join(work, f"{case}{size}"), case, size, options.rows)
    for _ in range(options.rounds):
        for size in sizes:
            folder = os.path.join(work, f"{case}{size}")
            commands = verbs(options.command, folder, options.threads)
            if options.package:
                commands |= package_verbs(folder, case)
            for verb, arguments in commands.items():
                found.setdefault((verb, size), []).append(measure(arguments))
    least = {key: [min(numbers) for numbers in zip(*values)] for key, values in found.items()}
    for (verb, size), (seconds, memory) in least.items():
        line = {"bench": "wide", "case": case, "size": size, "verb": verb, "rows": options.rows}
        print(json.dumps(line | {"seconds": round(seconds, 3), "mib": round(memory)}))
    ratios = {
        verb: [round(a / b, 2) for a, b in zip(least[verb, sizes[-1]], least[verb, sizes[-2]])]
        for verb in dict.fromkeys(verb for verb, _ in least)
    }
    print(json.dumps({"bench": "wide", "case": case, "sizes": sizes[-2:], "seconds and memory": ratios}), flush=True)


def main():
    options = parse()
    random.seed(1)
    for case in options.cases:
        with tempfile.TemporaryDirectory() as work:
            measure_case(options, case, work)


main()
