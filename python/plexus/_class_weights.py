# SPDX-License-Identifier: Apache-2.0
"""fit's class_weight, for all tasks, as a list or by the tasks' names, as the tasks' `class_weights`. The library
checks the labels once it has the rows; here a label becomes its text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ._config import Key
from ._keras_names import per_task
from ._native import lib
from ._values import Meaningless, text_of

# A weight by label; "balanced": by the number of rows of each label.
_OfTask: TypeAlias = "Mapping[Any, float] | str | None"
ClassWeights: TypeAlias = "_OfTask | Sequence[_OfTask] | Mapping[str, _OfTask]"


def _are_by_task(class_weight: Mapping[Any, Any]) -> bool:
    """Whether a dict has an entry per task instead of a number per label."""
    nested = [isinstance(value, Mapping) or value is None or isinstance(value, str) for value in class_weight.values()]
    if any(nested) and not all(nested):
        raise ValueError("class_weight: numbers by label and dicts by task are mixed; give each task a dict")
    return any(nested)


def _by_text(weights: Mapping[Any, Any], task: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for label, weight in weights.items():
        try:
            key = text_of(label)
        except Meaningless as failure:
            raise ValueError(f"class_weight of task '{task}': {failure}") from None
        if key is None:
            raise ValueError(
                f"class_weight of task '{task}': {label!r} is not a label: rows without a label do not count"
            )
        key = key.decode("utf-8", "replace") if isinstance(key, bytes) else key
        if key in found:
            raise ValueError(f"class_weight of task '{task}': label '{key}' is given twice, as text and as number")
        try:
            found[key] = float(weight)
        except (TypeError, ValueError):
            raise ValueError(
                f"class_weight of task '{task}': the weight of '{key}' is {weight!r}, not a number"
            ) from None
    return found


def class_weights(class_weight: ClassWeights, names: Sequence[str], labels: Sequence[int]) -> dict[Key, Any]:
    """The configuration's keys. ValueError if a task cannot have the weights."""
    if class_weight is None:
        return {}
    is_for_all = isinstance(class_weight, str) or isinstance(class_weight, Mapping) and not _are_by_task(class_weight)
    given: Any = class_weight
    if is_for_all:
        each: list[Any] = [None if form == lib.PLX_LABELS_ARE_NUMBERS else class_weight for form in labels]
        if not any(one is not None for one in each):
            raise ValueError("class_weight: there is no task with classes; give sample_weight")
    else:
        each = per_task(given, names, "class_weight")
    changes: dict[Key, Any] = {}
    for name, form, weights in zip(names, labels, each):
        if weights is None:
            continue
        if form == lib.PLX_LABELS_ARE_NUMBERS:
            raise ValueError(f"class_weight: task '{name}' has numbers as labels, no classes; give sample_weight")
        if isinstance(weights, str):
            if weights != "balanced":
                raise ValueError(
                    f"class_weight of task '{name}': '{weights}' is not valid; give a dict by label, or 'balanced'"
                )
            changes["tasks", name, "class_weights"] = weights
        elif isinstance(weights, Mapping):
            if weights:
                changes["tasks", name, "class_weights"] = _by_text(weights, name)
        else:
            raise ValueError(f"class_weight of task '{name}' is {weights!r}; give a dict by label, or 'balanced'")
    return changes
