#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Python package and the command on the same rows: one JSON object a line.

usage: python_package.py [OPTION]... COMMAND

Each measurement of training is a process of its own, and the ways take turns, round by round:

  command   `plexus fit` on a CSV file, without progress
  package   Model.fit on arrays in memory (Quick Start), or on the files of the configuration (Census-Income)
  metrics   the same with metrics of the training rows, which Keras' users ask for and the command does not make

`train` is the training alone, `whole` from rows (a file, or arrays) to the trained network, `process` all of it:
interpreter, imports, and for the command evaluation and saving; `processors` the same in processor seconds, which
others on the machine disturb less. Then the import beside NumPy, and one row a call: from Python, and what of that the
library takes.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

QUICK_START_ROWS = 200_000
TASKS = ["task 1", "task 2"]


def find_data():
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "plexus")
    return next((d for d in ("../shared/data", cache) if os.path.exists(os.path.join(d, "census-income"))), "")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", metavar="COMMAND", help="the executable to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=QUICK_START_ROWS, help="of the Quick Start")
    parser.add_argument("--threads", type=int, default=0, help="0: one a processor")
    parser.add_argument("--data", default=find_data(), help="folder with census-income/")
    parser.add_argument("--work", default="", help=argparse.SUPPRESS)
    parser.add_argument("--way", default="", help=argparse.SUPPRESS)  # what a separate process does
    return parser.parse_args()


# -- The two cases -----------------------------------------------------------------------------------------------------


def quick_start_rows(rows):
    """Eight categories, three of them texts, eight numbers; a click and an amount that hang on some of them."""
    import numpy as np

    random = np.random.default_rng(1)
    table = {}
    for i, size in enumerate((2, 7, 30, 100, 500, 2_000, 10_000, 30_000)):
        ids = np.minimum(random.zipf(1.3, rows), size) - 1
        table[f"c{i}"] = np.array([f"v{k}" for k in range(size)], object)[ids] if i < 3 else ids
    for i in range(8):
        table[f"d{i}"] = random.normal(size=rows)
    score = 0.7 * table["d0"] - 0.5 * table["d1"] + 0.8 * (table["c3"] % 3 == 0) - 0.6 * (table["c0"] == "v1")
    click = (random.random(rows) < 1 / (1 + np.exp(0.5 - score))).astype(np.int64)
    return table, [click, score + 0.3 * random.normal(size=rows)]


def feature_columns(table):
    from plexus import DenseFeat, SparseFeat

    return [SparseFeat(name) if name[0] == "c" else DenseFeat(name) for name in table]


def quick_start_model(table, threads):
    from plexus import PLE

    return PLE(
        feature_columns(table),
        num_tasks=2,
        task_types=["binary", "regression"],
        task_names=TASKS,
        num_levels=2,
        num_experts_specific=8,
        num_experts_shared=4,
        expert_dnn_units=[64, 64],
        gate_dnn_units=[16, 16],
        tower_dnn_units_lists=[[32, 32], [32, 32]],
        threads=threads,
    )


def small_model(table):
    """Of the size of experiments/census-group1/mmoe.yaml."""
    from plexus import MMOE

    return MMOE(
        feature_columns(table),
        num_tasks=2,
        task_types=["binary", "regression"],
        task_names=TASKS,
        num_experts=8,
        expert_dnn_units=[16],
        gate_dnn_units=[],
        tower_dnn_units_lists=[[8], [8]],
    )


def write_csv(path, table, targets):
    columns = {**table, **dict(zip(TASKS, targets))}
    with open(path, "w") as file:
        file.write(",".join(columns) + "\n")
        for row in zip(*(values.tolist() for values in columns.values())):
            file.write(",".join(map(str, row)) + "\n")


def prepare(work, rows):
    """The rows as arrays and as CSV, and the configuration that the package itself writes for them."""
    import numpy as np

    table, targets = quick_start_rows(rows)
    np.savez(os.path.join(work, "rows.npz"), *targets, **table)
    write_csv(os.path.join(work, "rows.csv"), table, targets)
    part, labels = {name: values[:1000] for name, values in table.items()}, [target[:1000] for target in targets]
    models = {"quick start": quick_start_model(table, 0), "small MMoE": small_model(table)}
    for name, model in models.items():
        model.compile("adam", loss=["binary_crossentropy", "mean_squared_error"])
        model.fit(part, labels, batch_size=256, epochs=1, verbose=0)
        one_row(name, model, part)
    config = models["quick start"].config.replace("train: []", "train: [rows.csv]")
    with open(os.path.join(work, "quick_start.yaml"), "w") as file:
        file.write(config.replace("epochs: 1\n", "epochs: 5\n"))


def one_row(name, model, table):
    """The time of one call, the median over blocks of them."""
    from plexus._native import lib

    predictor = model.predictor()
    rows = [list(row) for row in zip(*(values[:256].tolist() for values in table.values()))]
    predictor(rows[0])
    state = predictor._idle[0]  # the one that holds that row

    def library(row):
        lib.plx_predictor_score(predictor._handle, state.columns, len(row), 1, state.scores, state.failure.pointer)

    def microseconds(score):
        blocks = []
        for _ in range(200):
            start = time.perf_counter()
            for row in rows:
                score(row)
            blocks.append((time.perf_counter() - start) / len(rows))
        return statistics.median(blocks) * 1e6

    report(what="one row", model=name, columns=len(table), call=microseconds(predictor), library=microseconds(library))


# -- In a separate process: the package --------------------------------------------------------------------------------


def clock():
    """A callback that takes the time from the training's begin to its end."""
    from plexus.callbacks import Callback

    class Clock(Callback):
        def on_train_begin(self, logs=None):
            self.start = time.perf_counter()

        def on_train_end(self, logs=None):
            self.seconds = time.perf_counter() - self.start

    return Clock()


def train_here(options):
    """Runs `--way CASE:metrics|plain` and prints its seconds."""
    case, metrics = options.way.split(":")
    from plexus import Model

    watch = clock()
    if case == "quick start":
        import numpy as np

        with np.load(os.path.join(options.work, "rows.npz"), allow_pickle=True) as file:
            arrays = {name: file[name] for name in file.files}
        targets = [arrays.pop("arr_0"), arrays.pop("arr_1")]
        start = time.perf_counter()
        model = quick_start_model(arrays, options.threads)
        model.compile(
            "adam",
            loss=["binary_crossentropy", "mean_squared_error"],
            metrics=["AUC", "mae"] if metrics == "metrics" else None,
        )
        model.fit(arrays, targets, batch_size=256, epochs=5, verbose=0, callbacks=[watch])
    else:
        start = time.perf_counter()
        model = Model.from_config(
            "experiments/census-group1/mmoe.yaml", folders=[options.data], threads=options.threads
        )
        if metrics == "metrics":
            model.compile(metrics=["AUC"])
        model.fit(epochs=5, verbose=0, callbacks=[watch])
    print(json.dumps({"train": watch.seconds, "whole": time.perf_counter() - start}))


# -- The ways in turn --------------------------------------------------------------------------------------------------


def report(**facts):
    print(json.dumps(facts), flush=True)


def used():
    """Processor seconds of the processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def timed(arguments):
    """What the process prints, and its seconds by the clock and of processors."""
    start, start_used = time.perf_counter(), used()
    out = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out), {"process": time.perf_counter() - start, "processors": used() - start_used}


def by_command(options, case, config):
    arguments = [options.command, "fit", config, "--quiet", "--json", "--out", os.path.join(options.work, "out")]
    arguments += ["--threads", str(options.threads)] if options.threads else []
    if case != "quick start":
        arguments += ["--data", options.data, "--set", "train.epochs=5", "--set", "train.patience=0"]
    report, process = timed(arguments)
    seconds = report["seconds"]
    return {"train": seconds["train"], "whole": seconds["load"] + seconds["train"], **process}


def by_package(options, case, metrics):
    seconds, process = timed(
        [
            sys.executable,
            __file__,
            options.command,
            "--way",
            f"{case}:{metrics}",
            "--work",
            options.work,
            "--data",
            options.data,
            "--threads",
            str(options.threads),
        ]
    )
    return {**seconds, **process}


def compare(options, case, config):
    ways = {
        "command": lambda: by_command(options, case, config),
        "package": lambda: by_package(options, case, "plain"),
        "metrics": lambda: by_package(options, case, "metrics"),
    }
    found = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way, measure in ways.items():
            found[way].append(measure())
    medians = {
        way: {part: statistics.median(one[part] for one in each) for part in each[0]} for way, each in found.items()
    }
    for way, seconds in medians.items():
        bounds = {part: [min(o[part] for o in found[way]), max(o[part] for o in found[way])] for part in seconds}
        ratios = {part: seconds[part] / medians["command"][part] for part in seconds}
        report(case=case, way=way, rounds=options.rounds, seconds=seconds, bounds=bounds, to_command=ratios)


def imports(rounds):
    """Importing plexus where NumPy is there already, and NumPy itself; fresh processes, compiled modules on disk."""
    code = (
        "import time; a = time.perf_counter(); import numpy; b = time.perf_counter(); import plexus; "
        "c = time.perf_counter(); print([b - a, c - b])"
    )
    times = [timed([sys.executable, "-c", code])[0] for _ in range(rounds)]
    numpy, plexus = (statistics.median(column) * 1e3 for column in zip(*times[1:]))  # the first one may compile
    report(what="import", rounds=rounds - 1, numpy_milliseconds=numpy, plexus_milliseconds=plexus)


def main():
    options = parse()
    if options.way:
        return train_here(options)
    imports(31)
    with tempfile.TemporaryDirectory() as work:
        options.work = work
        prepare(work, options.rows)
        compare(options, "quick start", os.path.join(work, "quick_start.yaml"))
        if os.path.exists(os.path.join(options.data, "census-income")):
            compare(options, "census MMoE", "experiments/census-group1/mmoe.yaml")


main()
