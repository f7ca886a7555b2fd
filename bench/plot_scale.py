# SPDX-License-Identifier: Apache-2.0
"""Draws the curves of bench_scale, and writes the page that shows them.

    python plot_scale.py LINES.jsonl... DOCS

DOCS/growth/CURVE.svg and DOCS/growth.md are written whole. Where a point was measured several times, its quietest
measurement counts: the least of the medians.
"""

import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams.update(
    {
        "svg.hashsalt": "plexus",
        "svg.fonttype": "none",
        "font.size": 10,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#dddddd",
        "grid.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)
from matplotlib import pyplot, ticker  # noqa: E402 (the backend is chosen first)

BOUND = 1.15  # a step of a curve may grow by this factor more than its cause
# What varies: its name on the axis, and the largest factor by which the time should grow between two values.
CURVES = {
    "rows": ("rows", lambda a, b: b / a, "in proportion"),
    "experts": ("experts of 16", lambda a, b: b / a, "in proportion"),
    "tasks": ("tasks", lambda a, b: b / a, "in proportion"),
    "vocabulary": ("categories of one feature", lambda a, b: b / a, "in proportion"),
    "batch": ("rows a batch", lambda a, b: 1.0, "constant: the rows are the same"),
    "threads": ("threads", lambda a, b: 1.0, "constant: the work is the same"),
}


def read(paths):
    machine, points = {}, {}
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if record["bench"] == "machine":
                    machine = record
                elif record["bench"] == "scale":
                    of_curve = points.setdefault(record["curve"], {})
                    known = of_curve.get(record["value"])
                    if known is None or record["seconds"]["median"] < known["seconds"]["median"]:
                        of_curve[record["value"]] = record
    return machine, {curve: [of[v] for v in sorted(of)] for curve, of in points.items() if curve in CURVES}


def steps(curve, points):
    """The relative growth of each point but the first."""
    cause = CURVES[curve][1]
    return [
        b["seconds"]["median"] / a["seconds"]["median"] / cause(a["value"], b["value"])
        for a, b in zip(points, points[1:])
    ]


def draw(curve, points, path):
    label, cause, name = CURVES[curve]
    values = [p["value"] for p in points]
    seconds = [p["seconds"]["median"] for p in points]
    guide = [seconds[-1] / cause(v, values[-1]) for v in values]
    figure, axes = pyplot.subplots(figsize=(5.2, 3.4))
    axes.plot(values, guide, color="#999999", linestyle="--", linewidth=1, label=name)
    axes.plot(values, seconds, color="#1f5fa8", marker="o", markersize=4, linewidth=1.5, label="measured")
    for i, ratio in enumerate(steps(curve, points)):
        if ratio > BOUND:
            axes.plot(values[i : i + 2], seconds[i : i + 2], color="#c0392b", linewidth=2.5)
    axes.set_xscale("log", base=2 if curve in ("experts", "tasks", "batch", "threads") else 10)
    axes.set_yscale("log")
    if curve in ("experts", "tasks", "batch", "threads"):
        axes.set_xticks(values, [str(v) for v in values], rotation=45 if curve == "batch" else 0)
        axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.set_ylim(min(seconds) / 2, max(seconds) * 2)
    axes.set_xlabel(label)
    axes.set_ylabel("seconds an epoch")
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def table(curve, points):
    lines = [
        f"| {CURVES[curve][0]} | seconds an epoch | spread | ns a row | relative growth |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for point, ratio in zip(points, [None] + steps(curve, points)):
        s = point["seconds"]
        spread = f"{s['min']:.4g} to {s['max']:.4g}" if point["epochs"] > 1 else "one epoch"
        if point["share"] < 1:
            spread = f"from {100 * point['share']:.0f} % of an epoch"
        growth = "" if ratio is None else f"**{ratio:.2f}**" if ratio > BOUND else f"{ratio:.2f}"
        lines.append(f"| {point['value']:,} | {s['median']:.4g} | {spread} | {point['ns_per_row']:,.0f} | {growth} |")
    return lines


def verdict(curves):
    found = [
        f"- {CURVES[curve][0]}, {a['value']:,} to {b['value']:,}: {ratio:.2f}"
        for curve, points in curves.items()
        for a, b, ratio in zip(points, points[1:], steps(curve, points))
        if ratio > BOUND
    ]
    if not found:
        return [
            f"In no step of a curve does the time grow faster than the size by more than {100 * BOUND - 100:.0f} %."
        ]
    return [
        f"Steps whose time grows faster than the size by more than {100 * BOUND - 100:.0f} % (red in the charts):",
        "",
        *found,
    ]


def page(machine, curves):
    lines = [
        "# Growth",
        "",
        "This page shows how the time of a training epoch grows if one size grows and all others stay the same. The",
        "base shape is MMoE on 200,000 generated rows: 8 experts of 16, 2 tasks with towers of 8, 10 categorical",
        "features with 100 skewed categories and embeddings of 4, 5 dense features, Adam, batches of 1,024, one",
        "thread. Times are medians of the measured epochs, shuffle included; slow points are extrapolated from part",
        "of an epoch. `./dev bench scale` writes this page, and bench/bench_scale.c describes the measurement.",
        "",
        f"{machine.get('cpu', 'unknown processor')}, {machine.get('processors', '?')} processors, "
        f"kernels {machine.get('level', '?')}, gcc {machine.get('compiler', '?')}.",
        "",
        "*Relative growth* compares a line with the line above: it is the factor by which the time grew, divided by",
        "the factor by which the size grew. Larger batches and more threads add no work, so there it is only the",
        "factor of the time.",
        "",
        *verdict(curves),
        "",
    ]
    for curve, points in curves.items():
        label = CURVES[curve][0]
        lines += [
            f"## {label[0].upper()}{label[1:]}",
            "",
            f"![seconds an epoch over {label}](growth/{curve}.svg)",
            "",
            *table(curve, points),
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    machine, curves = read(sys.argv[1:-1])
    docs = sys.argv[-1]
    os.makedirs(os.path.join(docs, "growth"), exist_ok=True)
    for curve, points in curves.items():
        draw(curve, points, os.path.join(docs, "growth", curve + ".svg"))
    with open(os.path.join(docs, "growth.md"), "w", encoding="utf-8") as out:
        out.write(page(machine, curves))


if __name__ == "__main__":
    main()
