# SPDX-License-Identifier: Apache-2.0
"""Writes docs/benchmarks.md from the collected results: one table a question, medians, spreads, ratios."""

import math
import os
import statistics

import chart
from contenders import CONTENDERS, PLEXUS

# A peer counts if its AUC is at most this far below plexus's; the margin is larger where AUC varies more between seeds.
AUC_MARGIN = 0.002
AUC_MARGINS = {("census", "esmm"): 0.005, ("adult", "esmm"): 0.04, ("large", "mmoe"): 0.05}
MODELS = {"shared_bottom": "Shared-Bottom", "esmm": "ESMM", "mmoe": "MMoE", "cgc": "CGC", "ple": "PLE"}
SHAPES = {"census": "Census-Income, group 1", "adult": "Adult", "large": "Large shapes"}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def number(value):
    """Three significant digits, never as a power of ten."""
    if value is None:
        return "–"
    if value >= 100 or value <= 0:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"


class Training:
    """All rounds of one shape at one number of threads."""

    def __init__(self, runs, shape, threads):
        self.shape = shape
        self.runs = [run for run in runs if run["shape"] == shape and run["threads"] == threads]

    def results(self, name, model):
        found = [run["results"].get(model) for run in self.runs if run["peer"] == name]
        return [result for result in found if result]

    def seconds(self, name, model):
        """Of every epoch after each run's first one."""
        good = [r["epoch_seconds"] for r in self.results(name, model) if "error" not in r]
        return [second for seconds in good for second in (seconds[1:] or seconds)]

    def error(self, name, model):
        results = self.results(name, model)
        return next((r["error"] for r in results if "error" in r), None) if results else None

    def auc(self, name, model):
        good = [r["auc"] for r in self.results(name, model) if "error" not in r]
        return [statistics.median(task) for task in zip(*good)] if good else None

    def shortfall(self, name, model):
        """How far the worse task's AUC lies below plexus', 0 within the margin or without plexus."""
        mine, ours = self.auc(name, model), self.auc("plexus", model)
        if not mine or not ours or name == "plexus":
            return 0
        worst = max(our - my for my, our in zip(mine, ours))
        return worst if not worst <= self.margin(model) else 0

    def margin(self, model):
        return AUC_MARGINS.get((self.shape, model), AUC_MARGIN)

    def median(self, name, model):
        seconds = self.seconds(name, model)
        return statistics.median(seconds) if seconds else None

    def best_expert(self, model, collapsed):
        """Seconds of the fastest expert whose AUC counts."""
        experts = [c.name for c in CONTENDERS if c.expert and (collapsed or not c.options)]
        counted = [self.median(name, model) for name in experts if not self.shortfall(name, model)]
        return min((seconds for seconds in counted if seconds), default=None)


class Notes:
    """Numbered remarks below a table."""

    def __init__(self):
        self.texts = []

    def mark(self, text):
        if text not in self.texts:
            self.texts.append(text)
        return f" [{self.texts.index(text) + 1}]"

    def __str__(self):
        return "".join(f"\n[{i + 1}] {text}\n" for i, text in enumerate(self.texts))


def cell(training, name, model, notes):
    seconds, error = training.seconds(name, model), training.error(name, model)
    if error and not seconds:
        return "failed" + notes.mark(f"{name}: {error}")
    if not seconds:
        return "–"
    text = f"{number(statistics.median(seconds))} ({number(min(seconds))}–{number(max(seconds))})"
    missed = training.shortfall(name, model)
    if missed:
        text += notes.mark(f"its AUC is more than {training.margin(model)} below plexus', so this time does not count")
    return text


def training_table(training, notes):
    models = [m for m in MODELS if any(training.results(c.name, m) for c in [*CONTENDERS, PLEXUS])]
    rows = []
    for contender in [*CONTENDERS, PLEXUS]:
        if any(training.results(contender.name, model) for model in models):
            rows.append([contender.title] + [cell(training, contender.name, model, notes) for model in models])
    rows += ratio_rows(training, models)
    return table(["seconds an epoch: median (least–most)"] + [MODELS[m] for m in models], rows)


def ratio_rows(training, models):
    rows = []
    ours = {model: training.median("plexus", model) for model in models}
    if not any(ours.values()):
        return rows
    references = [
        ("Keras program / plexus", [training.median("seed", m) for m in models]),
        ("best expert without collapse / plexus", [training.best_expert(m, False) for m in models]),
        ("best expert / plexus", [training.best_expert(m, True) for m in models]),
    ]
    for title, theirs in references:
        if not any(theirs):
            continue
        cells = [f"**{their / ours[m]:.1f}**" if their and ours[m] else "–" for m, their in zip(models, theirs)]
        rows.append([f"**{title}**"] + cells)
    return rows


def auc_table(training):
    models = [m for m in MODELS if training.auc("plexus", m) or any(training.auc(c.name, m) for c in CONTENDERS)]
    rows = []
    for contender in [*CONTENDERS, PLEXUS]:
        scores = [training.auc(contender.name, model) for model in models]
        if any(scores):
            rows.append([contender.title] + [" / ".join(f"{a:.4f}" for a in auc) if auc else "–" for auc in scores])
    return table(["test AUC, both tasks"] + [MODELS[m] for m in models], rows)


def scaling_line(runs, shape):
    one, two = Training(runs, shape, 1), Training(runs, shape, 2)
    ratios = []
    for model, title in MODELS.items():
        slow, fast = one.median("plexus", model), two.median("plexus", model)
        if slow and fast:
            ratios.append(f"{title} {slow / fast:.2f}")
    return f"Speed of plexus on two threads, divided by its speed on one: {', '.join(ratios)}.\n" if ratios else ""


def training_part(record):
    shape, text = record["shape"], ""
    for threads in record["threads"]:
        training, notes = Training(record["runs"], shape, threads), Notes()
        text += f"\n**{threads} thread{'s' if threads > 1 else ''}**\n\n{training_table(training, notes)}{notes}"
    return (
        text
        + "\n"
        + scaling_line(record["runs"], shape)
        + "\n"
        + auc_table(Training(record["runs"], shape, max(record["threads"])))
    )


def serving_part(record):
    notes, rows = Notes(), []
    for contender in [*CONTENDERS, PLEXUS]:
        entries = [e for e in record["entries"] if e["peer"] == contender.name]
        if not entries:
            continue
        cells = [contender.title]
        for threads in (1, 2):
            rates = [e["predict"] for e in entries if e["threads"] == threads and "predict" in e]
            cells.append(number(max(rates) / 1e6) if rates else "–")
        waits = [e["latency"] for e in entries if "latency" in e]
        cells += [number(waits[0]["median_us"]), number(waits[0]["p99_us"])] if waits else ["–", "–"]
        errors = [e["error"] for e in entries if "error" in e]
        if errors:
            cells[0] += notes.mark(f"{contender.name}: {errors[0]}")
        rows.append(cells)
    head = [
        "MMoE on Census-Income",
        "million rows/s, 1 thread",
        "2 threads",
        "one row: median µs",
        "99th percentile µs",
    ]
    text = table(head, rows) + str(notes)
    raw = record.get("raw")
    if raw:
        text += "\nFrom a raw CSV file to scores, plexus reaches " + ", ".join(
            f"{number(rate / 1e6)} million rows/s on {threads} thread{'s' if threads > 1 else ''}"
            for threads, rate in sorted((int(t), r) for t, r in raw.items())
        )
        text += ".\n"
    return text


def load_part(record):
    rows = []
    for contender in [*CONTENDERS, PLEXUS]:
        entries = [e for e in record["entries"] if e["peer"] == contender.name]
        good = [e for e in entries if "error" not in e]
        if not entries:
            continue
        if not good:
            rows.append([f"{contender.title}: failed ({entries[0]['error']})", "–", "–", "–"])
            continue
        middle = [statistics.median(e[key] for e in good) for key in ("first_epoch_after", "memory_mb", "installed_mb")]
        size = number(middle[2]) + (f" ({number(good[0]['with_libraries_mb'])})" if contender is PLEXUS else "")
        rows.append([contender.title, number(middle[0]), number(middle[1]), size])
    head = [
        "MMoE on Census-Income",
        "start to end of first epoch, s",
        "largest resident memory, MB",
        "installed size, MB",
    ]
    return table(head, rows)


METHOD = """\
## How it was measured

`bench/compare` writes this page. Every program runs in a process of its own. Plexus and the peers take turns, round by
round, on the same machine, pinned to as many processors as the table has threads. All peers read one prepared file with
the rows that plexus encodes from the raw rows. Columns, categories, scaling, split, sizes, batch size, learning rate,
Adam and the number of epochs are the same, and the rows are shuffled before every epoch.

A cell is the median over all epochs except the first of each run, with minimum and maximum in brackets. Validation is
not included. Each program is tested with the weights of its best validation loss. A peer with a test AUC more than
0.002 below that of plexus does not count: it may be fast because it computes something else. The margin is wider where
AUC varies more between seeds: 0.005 for ESMM on Census-Income, 0.04 for ESMM on Adult, 0.05 on the generated rows.

- **Keras program**: the program of the published experiments, reimplemented from its formulae with DeepCTR's layers.
- **DeepCTR, DeepCTR-Torch, torch-rechub**: the libraries, used as their documentation shows.
- **expert PyTorch, expert JAX**: the best program that we could write in each framework. All layers that read the
  features are one matrix product, and all embedding tables are one table. The rows are in memory as small integers, and
  the whole step or epoch, Adam included, is compiled.
- **first layer collapsed**: the same program, but the embedding tables are multiplied with the first layer once per
  step, as in plexus. The comments at the top of the files in `bench/peers/` describe the programs.
"""


def fastest(training, model, names):
    counted = [training.median(name, model) for name in names if not training.shortfall(name, model)]
    return min((seconds for seconds in counted if seconds), default=None)


def bars_of(training, model):
    """[(title, seconds)], slowest first: each library, the best expert, plexus."""
    libraries = [c for c in CONTENDERS if not c.expert]
    bars = [(c.title, fastest(training, model, [c.name])) for c in libraries]
    experts = [c for c in CONTENDERS if c.expert]
    best = min(experts, key=lambda c: fastest(training, model, [c.name]) or math.inf)
    bars.append((f"best of four hand-written: {best.title}", fastest(training, model, [best.name])))
    bars = sorted((bar for bar in bars if bar[1]), key=lambda bar: -bar[1])
    return bars + [("plexus", training.median("plexus", model))]


def span(ratios):
    low, high = min(ratios), max(ratios)
    return f"{low:.0f} to {high:.0f}" if low >= 10 else f"{low:.1f} to {high:.1f}"


def answer(results, folder):
    """What the page says first, with its chart."""
    record = results.get("train")
    if not record:
        return "# Benchmarks\n"
    threads = max(record["threads"])
    training = Training(record["runs"], record["shape"], threads)
    ours = {m: training.median("plexus", m) for m in MODELS}
    models = [m for m in MODELS if ours[m]]
    keras = [training.median("seed", m) / ours[m] for m in models if training.median("seed", m)]
    plain = [training.best_expert(m, False) / ours[m] for m in models if training.best_expert(m, False)]
    best = [training.best_expert(m, True) / ours[m] for m in models if training.best_expert(m, True)]
    text = "# Benchmarks\n\n"
    if keras:
        text += (
            f"On Census-Income, with {threads} threads, plexus trains the five networks {span(keras)} times as fast "
        )
        text += "as the Keras program of the published experiments, with the same AUC. "
    if best:
        text += f"Plexus is {span(plain)} times as fast as the best PyTorch or JAX program that we could write, and "
        text += (
            f"{span(best)} times as fast if that program also collapses the first layer, as plexus does (see below).\n"
        )
    if "mmoe" in models:
        chart.write(
            os.path.join(folder, "benchmarks.svg"),
            f"MMoE on Census-Income, {threads} threads: seconds an epoch",
            [(title, seconds, number(seconds)) for title, seconds in bars_of(training, "mmoe")],
        )
        text += "\n![Seconds an epoch of MMoE on Census-Income, plexus and its peers](benchmarks.svg)\n"
    return text


PARTS = {
    "train": (
        "## Training: Census-Income, group 1",
        "Embedding 4, batch 1,024, Adam 0.01; 199,523 rows an epoch.",
        training_part,
    ),
    "adult": (
        "## Training: Adult",
        "Embedding 16, batch 256, Adam 0.001, larger nets; 32,561 rows an epoch.",
        training_part,
    ),
    "large": (
        "## Training: large shapes",
        "Embedding 16, experts [256, 128], towers [64], batch 4,096, 24 generated features with 10 to 10,000 "
        "categories, 32,768 rows an epoch. `./dev bench large` prints which share of the machine's peak plexus reaches. "
        "The collapsed programs are not run here: at this width their products are larger than the caches.",
        training_part,
    ),
    "serve": (
        "## Prediction",
        "Rows per second are measured from encoded rows in memory, with the best of three batch sizes for each program. "
        "One row goes through the ordinary call of each: `predict` of Keras and DeepCTR-Torch, `trainer.predict` of "
        "torch-rechub, the compiled forward pass of the hand-written programs (from encoded rows), and "
        "`plx_predictor_score` of plexus (from raw texts).",
        serving_part,
    ),
    "load": (
        "## Start, memory, size",
        "The time is from the start of the process to the end of the first epoch. Plexus reads the raw compressed "
        "files; the others start from the prepared arrays, and their compiled code is cached. The installed size does "
        "not include Python itself. The size in brackets includes all shared libraries that plexus needs.",
        load_part,
    ),
}


def write(results, path):
    text = answer(results, os.path.dirname(path) or ".")
    for part, (title, words, body) in PARTS.items():
        if part in results:
            record = results[part]
            text += f"\n{title}\n\n{words}\n\nMeasured {record['when']}; {record['how']}.\n\n{body(record)}"
    text += "\n" + METHOD + "\n## Machine and versions\n\n"
    for name, value in results["machine"].items():
        text += f"- {name}: {value}\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
