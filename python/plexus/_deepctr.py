# SPDX-License-Identifier: Apache-2.0
"""DeepCTR 0.9.4's names of the models' arguments, and its defaults, which apply if one of its names is used."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._library import ArgumentError

# DeepCTR's names and this package's. DeepCTR has one tower for all tasks, this package one per task.
SPELLINGS = {
    "bottom_dnn_hidden_units": "bottom_dnn_units",
    "expert_dnn_hidden_units": "expert_dnn_units",
    "gate_dnn_hidden_units": "gate_dnn_units",
    "tower_dnn_hidden_units": "tower_dnn_units_lists",
    "shared_expert_num": "num_experts_shared",
    "specific_expert_num": "num_experts_specific",
}

_TASK_TYPES, _TASK_NAMES = ("binary", "binary"), ("ctr", "ctcvr")


def tasks(
    num_tasks: int | None, task_types: Sequence[str] | None, task_names: Sequence[str] | None
) -> tuple[list[str], list[str], int]:
    """Types and names as lists, and their number. For two tasks without num_tasks, missing types and names are
    DeepCTR's defaults."""
    if num_tasks is None and len(task_names or _TASK_NAMES) == 2:
        task_types = _TASK_TYPES if task_types is None else task_types
    if num_tasks is None and len(task_types or ()) == 2:
        task_names = _TASK_NAMES if task_names is None else task_names
    types, names = list(task_types or ()), list(task_names or ())
    return types, names, len(types) if num_tasks is None else num_tasks


def _tower(units: object, n_tasks: int) -> list[list[int]]:
    sizes: list[Any] = list(units) if isinstance(units, Iterable) and not isinstance(units, str) else [units]
    if not all(isinstance(one, numbers.Integral) for one in sizes):
        raise ArgumentError(
            f"tower_dnn_hidden_units is {units!r}; give the units of the hidden layers of all towers, "
            "[64, 32], or tower_dnn_units_lists with one such list per task"
        )
    return [[int(one) for one in sizes]] * n_tasks


def hyper_parameters(
    given: dict[str, Any], options: dict[str, Any], n_tasks: int, defaults: Mapping[str, tuple[Any, Any]]
) -> dict[str, Any]:
    """The arguments by this package's names. Those by DeepCTR's names are taken out of `options`; None is replaced by
    the default of this package or of DeepCTR. `defaults`: both, by this package's names."""
    values = dict(given)
    used = [name for name, ours in SPELLINGS.items() if name in options and ours in defaults]
    for name in used:
        ours, value = SPELLINGS[name], options.pop(name)
        if given[ours] is not None:
            raise ArgumentError(f"{name} is DeepCTR's name of {ours}, and both are given: give one of them")
        values[ours] = _tower(value, n_tasks) if ours == "tower_dnn_units_lists" else value
    for name, (own, theirs) in defaults.items():
        if values[name] is None:
            default = theirs if used else own
            values[name] = _tower(default, n_tasks) if name == "tower_dnn_units_lists" else default
    return {name: _as_list(value) for name, value in values.items()}


def _as_list(value: Any) -> Any:
    """Tuples as lists, for JSON."""
    return [_as_list(one) for one in value] if isinstance(value, (list, tuple)) else value
