# SPDX-License-Identifier: Apache-2.0
"""Pictures with matplotlib: learning curves, gates, calibration, ROC. Each draws on `ax`, or on axes of its own, and
returns the axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._types import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .callbacks import History
    from .model import Model


def _axes(ax: Axes | None, **size: Any) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    made: Axes = plt.subplots(**size)[1]
    return made


def learning_curves(
    history: History | Mapping[str, list[float]], figures: Sequence[str] = ("loss",), ax: Axes | None = None
) -> Axes:
    """Figures of each epoch, training as a line, validation dashed. `history`: what fit returned, or its dict."""
    ax = _axes(ax)
    values = history if isinstance(history, Mapping) else history.history
    for figure in figures:
        if figure not in values:
            raise ValueError(f"there is no figure '{figure}'; there are {', '.join(values)}")
        epochs = np.arange(1, len(values[figure]) + 1)
        (line,) = ax.plot(epochs, values[figure], marker="o", markersize=3, label=figure)
        if "val_" + figure in values:
            ax.plot(epochs, values["val_" + figure], "--", color=line.get_color(), label="val_" + figure)
    ax.set_xlabel("epoch")
    ax.legend()
    return ax


def gate_use(model: Model, x: Rows, ax: Axes | None = None) -> Axes:
    """Mean weight of each expert at each gate, with its deviation over the rows (PLE paper, figure 8)."""
    gates = model.gates(x)
    if not gates:
        raise ValueError(f"a model of kind {model.name} has no gates")
    most = max(len(gate["mean"]) for gate in gates.values())
    ax = _axes(ax, figsize=(max(4.0, 0.5 * most * len(gates) + 1.5), 3.2))
    at = 0.0
    ticks: list[float] = []
    labels: list[str] = []
    for name, gate in gates.items():
        places = at + np.arange(len(gate["mean"]))
        ax.bar(places, gate["mean"], yerr=gate["deviation"], capsize=2, label=f"{name} (entropy {gate['entropy']:.2f})")
        ticks += list(places)
        labels += gate["experts"]
        at = places[-1] + 2.0
    ax.set_xticks(ticks, labels, rotation=90, fontsize=7)
    ax.set_ylabel("weight")
    ax.set_ylim(bottom=0)
    ax.legend(fontsize=7)
    return ax


def _known(given_y: ArrayLike, given_scores: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, scores = np.asarray(given_y, float).reshape(-1), np.asarray(given_scores, float).reshape(-1)
    if y.shape != scores.shape:
        raise ValueError(f"{len(y)} labels and {len(scores)} scores; give one score a label")
    known = ~np.isnan(y)
    return y[known], scores[known]


def calibration(
    y: ArrayLike, scores: ArrayLike, bins: int = 10, ax: Axes | None = None, label: str | None = None
) -> Axes:
    """Share of positives over mean score in bins of equal width; the diagonal is perfect."""
    y, scores = _known(y, scores)
    ax = _axes(ax, figsize=(4, 4))
    place = np.minimum((scores * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    filled = counts > 0
    mean = np.bincount(place, scores, bins)[filled] / counts[filled]
    share = np.bincount(place, y, bins)[filled] / counts[filled]
    ax.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    ax.plot(mean, share, marker="o", label=label)
    ax.set_xlabel("mean score")
    ax.set_ylabel("share of positives")
    if label:
        ax.legend()
    return ax


def roc(y: ArrayLike, scores: ArrayLike, ax: Axes | None = None, label: str | None = None) -> Axes:
    """True positive rate over false positive rate at every threshold."""
    y, scores = _known(y, scores)
    ax = _axes(ax, figsize=(4, 4))
    order = np.argsort(-scores, kind="stable")
    y, scores = y[order] > 0.5, scores[order]
    last = np.append(np.diff(scores) != 0, True)
    positives, negatives = np.cumsum(y)[last], np.cumsum(~y)[last]
    if positives[-1] == 0 or negatives[-1] == 0:
        raise ValueError("a ROC curve needs labels of both classes")
    x, height = np.append(0, negatives / negatives[-1]), np.append(0, positives / positives[-1])
    area = float(np.sum(np.diff(x) * (height[1:] + height[:-1]) / 2))
    ax.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    ax.plot(x, height, label=f"{label + ', ' if label else ''}AUC {area:.4f}")
    ax.set_xlabel("false positive rate")
    ax.set_ylabel("true positive rate")
    ax.legend()
    return ax
