# SPDX-License-Identifier: Apache-2.0
"""How models, histories and predictors are shown: a line, and in notebooks a small table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._callback import History
    from .model import Model
    from .predictor import Predictor

_MOST = 8  # names, metrics or epochs that are shown


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST]) + (", ..." if len(names) > _MOST else "")


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    from html import escape  # slow to import, and only needed in notebooks

    titles = "".join(f"<th>{escape(one)}</th>" for one in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _title(model: Model) -> str:
    """The name of the function that makes such models."""
    from .models import NETWORKS

    maker = NETWORKS.get(model.name)
    return model.name if maker is None else maker.__name__


def _tasks(model: Model) -> str:
    kinds = model._definition.schema.task_kinds
    return _some([f"{name} ({kind})" for name, kind in zip(model.task_names, kinds)])


def _features(model: Model) -> list[str]:
    """The columns that features read."""
    return [name for name, reading in model._definition.schema.read.items() if reading.is_feature]


def _state(model: Model) -> str:
    if model._definition.network is None:
        return "not built: the first fit builds it"
    return _count(model.count_params(), "parameter")


def model_line(model: Model) -> str:
    tasks = _tasks(model)
    features = _count(len(_features(model)), "column")
    return f"<plexus {_title(model)}: {tasks}; {features}; {_state(model)}>"


def model_table(model: Model) -> str:
    names = _features(model)
    rows = [
        (
            "tasks",
            _tasks(model),
        ),
        ("columns", f"{len(names)}: {_some(names)}"),
        ("state", _state(model)),
    ]
    return _table(f"plexus {_title(model)}", ("", ""), rows)


def _chosen(logs: Mapping[str, Sequence[float]]) -> list[str]:
    """The total losses, then metrics, of validation if there are some."""
    first = [name for name in ("loss", "val_loss") if name in logs]
    others = [name for name in logs if name not in first and not name.endswith("_loss")]
    valid = [name for name in others if name.startswith("val_")]
    return (first + (valid or others))[:_MOST]


def history_line(history: History) -> str:
    last = {name: values[-1] for name, values in history.history.items() if values}
    values = "".join(f", {name} {last[name]:.4g}" for name in _chosen(history.history) if name in last)
    return f"<plexus History: {_count(len(history.epoch), 'epoch')}{values}>"


def history_table(history: History) -> str:
    names = _chosen(history.history)
    rows = [
        (str(epoch + 1), *(f"{history.history[name][i]:.4g}" for name in names))
        for i, epoch in enumerate(history.epoch)
        if all(i < len(history.history[name]) for name in names)
    ]
    left = len(rows) - _MOST
    shown = rows if left <= 0 else [*rows[:1], ("...", *("" for _ in names)), *rows[1 - _MOST :]]
    return _table(f"History of {_count(len(history.epoch), 'epoch')}", ("epoch", *names), shown)


def predictor_line(predictor: Predictor) -> str:
    columns = list(predictor.columns)
    return f"<plexus Predictor of {_count(len(columns), 'column')}: {_some(columns)}>"


def predictor_table(predictor: Predictor) -> str:
    rows = [(str(place), name) for place, name in enumerate(predictor.columns)]
    return _table("plexus Predictor: the values of a row", ("place", "column"), rows)
