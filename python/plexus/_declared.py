# SPDX-License-Identifier: Apache-2.0
"""A network with the declared sizes, for its summary before there are rows. It is built from generated rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ._config import Configuration, Parsed
from ._network import Network
from ._schema import Schema
from ._sources import training_rows
from ._types import Array
from .features import DatetimeFeat, Feature, FeatureColumn, VarLenSparseFeat, options_of, read_column, weights_of


def _texts(values: ArrayLike) -> Array:
    return np.asarray(values).astype(str).astype(object)


def _column(feature: FeatureColumn, rows: int) -> Array:
    options = options_of(feature)
    width = getattr(feature, "dimension", None) or options.get("size", 1)
    if width > 1:
        return np.zeros((rows, width), np.float32)
    size = getattr(getattr(feature, "sparsefeat", feature), "vocabulary_size", None) or 1
    ids = np.arange(rows) % size if not isinstance(feature, Feature) else np.arange(rows)
    if isinstance(feature, DatetimeFeat) or options.get("kind") == "datetime":
        return np.full(rows, "2000-01-01", object)
    is_list = isinstance(feature, VarLenSparseFeat) or options.get("kind") == "list"
    if not is_list:
        return ids
    pairs = options.get("weight_separator")
    return _texts([f"{one}{pairs}1" for one in ids]) if pairs else _texts(ids)


def _generated_rows(
    feature_columns: Sequence[FeatureColumn], task_names: Sequence[str], config: Parsed
) -> dict[str, Array]:
    """As many rows as the largest declared vocabulary, with every label."""
    value = config.value
    sizes = [getattr(getattr(one, "sparsefeat", one), "vocabulary_size", None) or 1 for one in feature_columns]
    rows = max([2, *sizes])
    columns: dict[str, Array] = {}
    for feature in feature_columns:
        columns[read_column(feature)] = _column(feature, rows)
        if weights := weights_of(feature):
            columns[weights] = _texts(np.ones(rows, int))
    for name in (value("data", "group"), value("data", "row_weight")):
        if name:
            columns[name] = np.ones(rows)
    for task in task_names:
        positive, negative = value("tasks", task, "positive"), value("tasks", task, "negative")
        labels = value("tasks", task, "classes") or [*(negative or ["0"])[:1], *(positive or ["1"])[:1]]
        columns[value("tasks", task, "column") or task] = np.array(labels, object)[np.arange(rows) % len(labels)]
        if where := value("tasks", task, "where"):
            columns.setdefault(where, np.array([value("tasks", task, "where_values")[0]] * rows, object))
        if weight := value("tasks", task, "weight_column"):
            columns[weight] = np.ones(rows)
    return columns


def declared_network(config: Configuration, schema: Schema, feature_columns: Sequence[FeatureColumn]) -> Network:
    """A network with as many categories as the features declare."""
    generated = _generated_rows(feature_columns, schema.task_names, config.parsed())
    rows = training_rows(schema, generated, None, None, None, 0.0, None)
    parsed = config.with_changes(rows.changes).parsed()
    return Network.create(parsed, rows.load(parsed, None), config.threads, schema)
