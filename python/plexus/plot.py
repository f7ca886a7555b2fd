# SPDX-License-Identifier: Apache-2.0
"""Plots with matplotlib: learning curves, gates, calibration, ROC.

Each function draws on `ax`, or on new axes, and returns the axes; if it is called again with the same axes it adds to
them, in the next colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._metrics import is_larger_better
from ._types import Array, Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._callback import History
    from .model import Model

# Okabe and Ito's colours, which people with colour blindness can distinguish; the last is for shared experts.
_COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"]
_COMMON = "#999999"
_MARK = "plexus"  # the group id of the lines that take a colour


def _axes(given: Axes | None, **size: Any) -> Axes:
    import matplotlib.pyplot as plt

    ax: Axes = plt.subplots(**size, layout="constrained")[1] if given is None else given
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    return ax


def _drawn(ax: Axes) -> int:
    """The number of coloured lines on the axes."""
    return sum(line.get_gid() == _MARK for line in ax.lines)


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def learning_curves(
    history: History | Mapping[str, list[float]],
    metrics: str | Sequence[str] = ("loss",),
    ax: Axes | None = None,
    label: str | None = None,
) -> Axes:
    """Plot losses or metrics of each epoch: training as a line, validation dashed, with a ring at the best validation
    epoch.

    Parameters
    ----------
    history : History or dict
        What `fit` returned, or its dict.
    metrics : str or sequence of str
        Names in History. One that begins with `val_` is a line, without that of training.
    ax : matplotlib axes
        None: new ones.
    label : str
        Prefix of the names, to distinguish several models.

    Examples
    --------
    >>> ax = plexus.plot.learning_curves(model.fit(rows, labels, epochs=3, verbose=0), "loss")
    >>> ax.get_ylabel()
    'loss'
    """
    from matplotlib.ticker import MaxNLocator

    values = history if isinstance(history, Mapping) else history.history
    metrics = [metrics] if isinstance(metrics, str) else list(metrics)
    for metric in metrics:
        if metric not in values:
            raise ValueError(f"there is no metric '{metric}'; there are {', '.join(values)}")
    ax = _axes(ax, figsize=(5.5, 3.6))
    before = f"{label} " if label else ""
    for metric in metrics:
        colour = _colour(_drawn(ax))
        epochs = np.arange(1, len(values[metric]) + 1)
        style = "-" if len(epochs) > 1 else "o"
        valid = metric if metric.startswith("val_") else "val_" + metric
        name = label if label and metrics == [valid] else before + metric  # the axis has the name of the metric
        ax.plot(epochs, values[metric], style, color=colour, label=name, gid=_MARK)
        if valid in values:
            if valid != metric:
                style = "--" if len(epochs) > 1 else "s"
                ax.plot(epochs, values[valid], style, color=colour, label=before + valid)
            best = int(np.argmax(values[valid]) if is_larger_better(metric) else np.argmin(values[valid]))
            ax.scatter(best + 1, values[valid][best], 40, "white", edgecolors=colour, linewidths=1.5, zorder=3)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    last = max(np.max(line.get_xdata()) for line in ax.lines)
    ax.set_xlim(0.5, last + max(0.5, 0.03 * last))  # there is no epoch 0
    ax.grid(color="0.9")
    ax.set_xlabel("epoch")
    if len(metrics) == 1:
        ax.set_ylabel(metrics[0])
    ax.legend(frameon=False, fontsize="small")
    return ax


def _titles(gates: Iterable[str]) -> dict[str, str]:
    """For level0/click/gate: the level, if there are several, and the name of the task."""
    parts = {gate: ([""] + gate.split("/")[:-1])[-2:] for gate in gates}
    has_levels = len({level for level, _ in parts.values()}) > 1
    return {
        gate: (f"level {int(level.removeprefix('level')) + 1}\n" if has_levels else "") + owner
        for gate, (level, owner) in parts.items()
    }


def gate_use(model: Model, x: Rows, ax: Axes | None = None) -> Axes:
    """Plot how each gate mixes its experts (figure 8 of the PLE paper).

    Bars are mean weights, lines on them one standard deviation up and down, in the colour of the task that owns the
    expert, grey if it is shared; dotted, equal weights. Below each gate, the entropy of its weights as a fraction of
    its maximum.

    Parameters
    ----------
    model : Model
        One with gates.
    x : dict, frame, table, list of arrays, or files
        Rows as `fit` takes them, without labels.
    ax : matplotlib axes
        None: new ones.

    Examples
    --------
    >>> ax = plexus.plot.gate_use(model, rows)
    """
    gates = model.gates(x)
    if not gates:
        raise ValueError(f"a model of kind {model.name} has no gates")
    n_bars = sum(len(gate["mean"]) for gate in gates.values())
    ax = _axes(ax, figsize=(min(9.0, max(4.5, 0.21 * (n_bars + 1.5 * len(gates)) + 1.0)), 3.6))
    colours = {name: _colour(task) for task, name in enumerate(model.task_names)}
    colours |= {f"task{task}": _colour(task) for task in range(len(model.task_names))}
    titles = _titles(gates)
    owners: set[str] = set()
    ticks: list[float] = []
    labels: list[str] = []
    for name, gate in gates.items():
        first = ticks[-1] + 2.5 if ticks else 0.0
        experts = [expert.rsplit(" ", 1) for expert in gate["experts"]]
        places = _draw_gate(ax, first, gate, [colours.get(owner, _COMMON) for owner, _ in experts], titles[name])
        owners.update(owner for owner, _ in experts)
        ticks += list(places)
        labels += [str(int(number) + 1) for _, number in experts]
    ax.set_xticks(ticks, labels, fontsize="x-small")
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-1, ticks[-1] + 1)
    ax.set_ylim(bottom=0)
    ax.grid(axis="y", color="0.9")
    ax.set_ylabel("weight of the expert")
    if len(owners) > 1:
        _add_owners(ax, owners, colours)
    return ax


def _draw_gate(ax: Axes, first: float, gate: Mapping[str, Any], colours: list[str], title: str) -> Array:
    """Draw bars from `first` on, and the text below; returns their places."""
    mean, deviation = gate["mean"], gate["deviation"]
    n = len(mean)
    places = first + np.arange(n)
    down = np.minimum(mean, deviation)  # no weight is negative
    ax.bar(places, mean, 0.85, yerr=[down, deviation], color=colours, error_kw={"elinewidth": 1, "ecolor": "0.25"})
    ax.hlines(1 / n, places[0] - 0.5, places[-1] + 0.5, colors="0.25", linestyles="dotted", linewidth=1)
    share = gate["entropy"] / np.log(n) if n > 1 else 0.0
    ax.annotate(
        f"{title}\nentropy {share:.0%}",
        (places.mean(), 0),
        (0, -20),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize="small",
    )
    return places


def _add_owners(ax: Axes, owners: set[str], colours: Mapping[str, str]) -> None:
    """Add the legend above: the colours of the experts."""
    from matplotlib.patches import Patch

    patches = [Patch(color=colour, label=f"experts of {owner}") for owner, colour in colours.items() if owner in owners]
    patches += [Patch(color=_COMMON, label="shared experts")] if owners - set(colours) else []
    ax.legend(
        handles=patches,
        frameon=False,
        fontsize="small",
        ncols=len(patches),
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
    )


def _known(given_y: ArrayLike, given_scores: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, scores = np.asarray(given_y, float).reshape(-1), np.asarray(given_scores, float).reshape(-1)
    if y.shape != scores.shape:
        raise ValueError(f"{len(y)} labels and {len(scores)} scores; give one score per label")
    known = ~np.isnan(y)
    return y[known], scores[known]


def _unit_square(ax: Axes) -> int:
    """Draw axes from 0 to 1 with their diagonal; returns the number of the next line."""
    number = _drawn(ax)
    if number == 0:
        ax.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="dotted")
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(-0.02, 1.02)
        ax.set_aspect("equal")
        ax.grid(color="0.9")
    return number


def calibration(
    y: ArrayLike, scores: ArrayLike, bins: int = 10, ax: Axes | None = None, label: str | None = None
) -> Axes:
    """Plot the share of positives over the mean score in bins of equal width.

    The lines are the bounds within which chance alone would leave 95 % of such shares; the diagonal is perfect.

    Parameters
    ----------
    y : array
        Labels 0 and 1; NaN: none.
    scores : array
        Probabilities.
    bins : int
        Their number.
    ax : matplotlib axes
        None: new ones.
    label : str
        Of the legend.

    Examples
    --------
    >>> ax = plexus.plot.calibration(labels["click"], model.predict(rows)[0])
    """
    y, scores = _known(y, scores)
    ax = _axes(ax, figsize=(4.2, 4.2))
    place = np.minimum((scores * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    filled = counts > 0
    mean = np.bincount(place, scores, bins)[filled] / counts[filled]
    share = np.bincount(place, y, bins)[filled] / counts[filled]
    low, high = _interval(share, counts[filled])
    colour = _colour(_unit_square(ax))
    ax.vlines(mean, low, high, colors=colour, linewidth=1)
    ax.plot(mean, share, marker="o", markersize=4, color=colour, label=label, gid=_MARK)
    ax.set_xlabel("mean score")
    ax.set_ylabel("share of positives")
    if label:
        ax.legend(frameon=False, fontsize="small", loc="upper left")
    return ax


def _interval(
    share: NDArray[np.float64], n: NDArray[np.int_], z: float = 1.96
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's interval (1927) of a share that n rows gave."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return middle - half, middle + half


def roc(y: ArrayLike, scores: ArrayLike, ax: Axes | None = None, label: str | None = None) -> Axes:
    """Plot the true positive rate over the false positive rate at every threshold.

    Parameters
    ----------
    y : array
        Labels 0 and 1; NaN: none.
    scores : array
        Probabilities.
    ax : matplotlib axes
        None: new ones.
    label : str
        Of the legend, which has the AUC.

    Examples
    --------
    >>> ax = plexus.plot.roc(labels["click"], model.predict(rows)[0])
    """
    y, scores = _known(y, scores)
    order = np.argsort(-scores, kind="stable")
    y, scores = y[order] > 0.5, scores[order]
    last = np.append(np.diff(scores) != 0, True)
    positives, negatives = np.cumsum(y)[last], np.cumsum(~y)[last]
    if len(y) == 0 or positives[-1] == 0 or negatives[-1] == 0:
        raise ValueError("a ROC curve needs labels of both classes")
    ax = _axes(ax, figsize=(4.2, 4.2))
    x, height = np.append(0, negatives / negatives[-1]), np.append(0, positives / positives[-1])
    area = float(np.sum(np.diff(x) * (height[1:] + height[:-1]) / 2))
    colour = _colour(_unit_square(ax))
    ax.plot(x, height, color=colour, label=f"{label + ', ' if label else ''}AUC {area:.4f}", gid=_MARK)
    ax.set_xlabel("false positive rate")
    ax.set_ylabel("true positive rate")
    ax.legend(frameon=False, fontsize="small", loc="lower right")
    return ax
