# SPDX-License-Identifier: Apache-2.0
"""The library's metrics: those of a kind of tasks, and those of `compile`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from ._library import text
from ._native import ffi, lib
from ._types import CData


def new_metrics(n_tasks: int) -> CData:
    """An array for the metrics of tasks."""
    return ffi.new("plx_metrics[]", n_tasks)


def _number(metric: str) -> int:
    return lib.plx_metric_find(metric.encode())


def _listed() -> Iterator[tuple[str, CData]]:
    """The library's list of metrics, with their names, in the order of their indexes."""
    for number in count():
        info = lib.plx_metric_at(number)
        if info == ffi.NULL:
            return
        yield text(info.name), info


def _value(metrics: CData, task: int, number: int) -> float:
    return lib.plx_metrics_value(ffi.addressof(metrics, task), number)


def _applies(metric: str, labels: int) -> bool:
    """Whether tasks with such labels have the metric."""
    name, at, _ = metric.partition("@")
    info = lib.plx_metric_at(_number(name))
    return bool((info.parameter_labels if at else info.labels) >> labels & 1)


def takes_parameter(metric: str) -> bool:
    """Whether NAME@PARAMETER is a metric, by its name without the parameter."""
    return bool(lib.plx_metric_at(_number(metric)).parameter != ffi.NULL)


def is_larger_better(monitor: str, mode: str = "auto") -> bool:
    """Whether larger values of a name in History are better: a loss, or a task's name and a metric."""
    if mode not in ("auto", "min", "max"):
        raise ValueError(f"mode '{mode}' is unknown; there are auto, min and max")
    if mode != "auto":
        return mode == "max"
    plain = monitor.rpartition("@")[0]  # without the parameter, if it has one
    return any(
        one.direction > 0 and (monitor.endswith(name) or (one.parameter != ffi.NULL and plain.endswith(name)))
        for name, one in _listed()
    )


def all_metrics(metrics: CData, task_names: Sequence[str]) -> dict[str, float]:
    """Every metric that is defined for the rows, by task and the library's name."""
    found: dict[str, float] = {}
    for task, name in enumerate(task_names):
        for number, (metric, _) in enumerate(_listed()):
            value = _value(metrics, task, number)
            if value == value:
                found[f"{name}_{metric}"] = value
    return found


class CompiledMetrics:
    """The metrics of each task, by the library's names: `plain` count each row once, `weighted` its weight."""

    def __init__(
        self,
        task_names: Sequence[str],
        task_labels: Sequence[int],
        plain: Sequence[Sequence[str]] = (),
        weighted: Sequence[Sequence[str]] = (),
    ):
        self._tasks = list(zip(task_names, task_labels))
        none: list[list[str]] = [[] for _ in self._tasks]
        self._plain, self._weighted = list(plain) or none, list(weighted) or none
        self.has_plain, self.has_weighted = any(self._plain), any(self._weighted)
        self.has_groups = any("group_auc" in metrics for metrics in self._plain)
        named = [metric for metrics in [*self._plain, *self._weighted] for metric in metrics]
        self._chosen = list(dict.fromkeys(metric for metric in named if "@" in metric))

    def choose(self, members: CData) -> list[CData]:
        """Set the metrics with a parameter in plx_evaluation or plx_train_hooks; returns what must live as long."""
        texts = [ffi.new("char[]", metric.encode()) for metric in self._chosen]
        names = ffi.new("char *[]", texts)
        members.metrics, members.n_metrics = names, len(texts)
        return [names, *texts]

    def _number(self, metric: str) -> int:
        """The index of a value in plx_metrics."""
        return lib.PLX_METRICS_CHOSEN + self._chosen.index(metric) if "@" in metric else _number(metric)

    def names(self, weighted: bool, prefix: str = "") -> dict[str, tuple[int, str]]:
        """Keras' names, with task and metric; a weighted metric is named so if there is an unweighted one, too."""
        found: dict[str, tuple[int, str]] = {}
        for task, (name, labels) in enumerate(self._tasks):
            for metric in (self._weighted if weighted else self._plain)[task]:
                if _applies(metric, labels):
                    both = "weighted_" if weighted and metric in self._plain[task] else ""
                    found[f"{prefix}{name}_{both}{metric}"] = (task, metric)
        return found

    def named(self, metrics: CData, weighted: bool, prefix: str = "") -> dict[str, float]:
        """The values by Keras' names."""
        names = self.names(weighted, prefix)
        return {name: _value(metrics, task, self._number(metric)) for name, (task, metric) in names.items()}
