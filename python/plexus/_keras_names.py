# SPDX-License-Identifier: Apache-2.0
"""Keras' names of losses and metrics, and values given for all tasks, as a list or by the tasks' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from ._config import Key
from ._metrics import takes_parameter
from ._types import Loss, Metric, Metrics, PerTask
from .losses import _LOSSES, _PARAMETERS

_T = TypeVar("_T")

# The kinds of tasks.
TASK_KINDS = list(dict.fromkeys(kind for kind, _ in _LOSSES.values()))

# Keras' metrics, by the library's names.
_METRICS = {
    "auc": "auc",
    "acc": "accuracy",
    "accuracy": "accuracy",
    "binary_accuracy": "accuracy",
    "categorical_accuracy": "accuracy",
    "binary_crossentropy": "logloss",
    "logloss": "logloss",
    "mse": "mse",
    "mean_squared_error": "mse",
    "mae": "mae",
    "mean_absolute_error": "mae",
    "rmse": "rmse",
    "root_mean_squared_error": "rmse",
    "pinball": "pinball",
    "mean_pinball_loss": "pinball",
    "r2": "r2",
    "pr_auc": "pr_auc",
    "group_auc": "group_auc",
    "ece": "ece",
    "normalized_entropy": "normalized_entropy",
    "calibration": "calibration",
}


# Keras' names of accuracy@K, whose K is 5 by default.
_TOP_K = ("top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy")


def _name_of(given: Loss | Metric) -> str:
    """A name, or that of a Keras object."""
    return given if isinstance(given, str) else str(getattr(given, "name", type(given).__name__))


def _argument(given: object, name: str) -> Any:
    """An argument that an object, ours or Keras', was made with; None: it is not known."""
    value = getattr(given, name, None)
    return cast(Any, given).get_config().get(name) if value is None and hasattr(given, "get_config") else value


def _metric_name(metric: Metric) -> str:
    """The library's name; one with a parameter, such as accuracy@3, keeps it."""
    given = _name_of(metric)
    name, at, parameter = given.lower().partition("@")
    if name in _TOP_K and not at:
        k = None if isinstance(metric, str) else _argument(metric, "k")
        return f"accuracy@{5 if k is None else k}"
    if name not in _METRICS:
        raise ValueError(f"metric '{given}' is unknown; there are {', '.join(sorted(_METRICS))}")
    if at and not takes_parameter(_METRICS[name]):
        raise ValueError(f"metric '{given}': {name} takes no parameter; write '{name}'")
    return _METRICS[name] + at + parameter


def per_task(value: PerTask[_T], names: Sequence[str], what: str) -> list[_T | None]:
    """One value for all tasks, a list or an array, or a dict by the tasks' names."""
    if isinstance(value, dict):
        unknown = set(value) - set(names)
        if unknown:
            raise ValueError(f"{what}: there is no task '{sorted(unknown)[0]}'; there are {', '.join(names)}")
        return [value.get(name) for name in names]
    if hasattr(value, "tolist"):  # a NumPy array, a Series
        value = cast(Any, value).tolist()
    if isinstance(value, (list, tuple)):
        if len(value) != len(names):
            raise ValueError(f"{what}: {len(value)} are given for {len(names)} tasks")
        return list(value)
    return [cast("_T | None", value)] * len(names)


def metrics_a_task(metrics: Metrics | None, task_names: Sequence[str]) -> list[list[str]]:
    """The metrics of each task, by the library's names."""
    if isinstance(metrics, Mapping):
        found: list[Any] = [metrics.get(name) or [] for name in task_names]
        return [[_metric_name(m) for m in (one if isinstance(one, (list, tuple)) else [one])] for one in found]
    given: list[Any] = [] if metrics is None else list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]
    if given and all(isinstance(one, (list, tuple)) for one in given):
        return [[_metric_name(m) for m in one or ()] for one in per_task(given, task_names, "metrics")]
    return [[_metric_name(m) for m in given] for _ in task_names]


def _loss_of(task: str, kind: str, loss: Loss) -> str | None:
    """The configuration's `loss` of a task by Keras' name; None: the kind's usual."""
    name = _name_of(loss)
    if name not in _LOSSES:
        raise ValueError(f"loss '{name}' is unknown; there are {', '.join(sorted(_LOSSES))}")
    for_kind, form = _LOSSES[name]
    if for_kind != kind:
        raise ValueError(f"loss '{name}' is for {for_kind} tasks; task '{task}' is {kind}")
    return form


def _parameter_of(form: str, loss: Loss) -> dict[str, float]:
    """The number that a loss object, ours or Keras', was made with, by the configuration's key."""
    if isinstance(loss, str) or form not in _PARAMETERS:
        return {}
    argument, key = _PARAMETERS[form]
    given = _argument(loss, argument)
    return {} if given is None else {key: float(given)}


def loss_changes(
    loss: PerTask[Loss], loss_weights: PerTask[float], names: Sequence[str], kinds: Sequence[str]
) -> dict[Key, Any]:
    """The configuration's keys for the losses of tasks and their weights."""
    losses, weights = per_task(cast(Any, loss), names, "loss"), per_task(loss_weights, names, "loss_weights")
    changes: dict[Key, Any] = {}
    for name, kind, one, weight in zip(names, kinds, losses, weights):
        form = None if one is None else _loss_of(name, kind, one)
        if one is not None and form is not None:
            changes["tasks", name, "loss"] = form
            changes.update({("tasks", name, key): value for key, value in _parameter_of(form, one).items()})
        if weight is not None:
            changes["tasks", name, "weight"] = float(weight)
    return changes
