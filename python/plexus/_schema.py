# SPDX-License-Identifier: Apache-2.0
"""The columns of a model, and what `fit`, `evaluate` and `predict` take as these columns: features, labels, weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ._config import Key, Parsed
from ._feature_columns import names_by_place, read_column
from ._keras_names import per_task
from ._library import ArgumentError, SchemaError
from ._readers import readings
from ._streams import (
    Column,
    ForeignStream,
    Stream,
    column_of,
    columns_of,
    from_padded,
    from_ragged,
    from_sparse,
    from_sparse_frame,
    is_stream,
)
from ._transforms import refuse_transforms, transformed_features, with_transforms
from ._types import Floats64, Labels, Rows, Weights
from .features import FeatureColumn, VarLenSparseFeat


class Schema:
    """The rows of a model: its tasks, and all columns that its configuration reads. `feature_columns` is None if it was
    not made from feature columns."""

    def __init__(self, config: Parsed, feature_columns: list[FeatureColumn] | None = None):
        self.feature_columns = feature_columns
        self.task_names = config.task_names
        self.task_kinds: list[str] = [config.value("tasks", name, "kind") for name in self.task_names]
        self.task_labels = config.task_labels
        # One per task, usually of the same name.
        self.label_columns: list[str] = [config.value("tasks", name, "column") or name for name in self.task_names]
        self.read = readings(config.handle)

    def features(self, x: Rows, also: Collection[str] = ()) -> dict[str, Column]:
        """Columns of x; `also`: the names of other columns that are needed, such as weights."""
        by_place = isinstance(x, (list, tuple)) or isinstance(x, np.ndarray) and x.dtype.names is None
        if self.feature_columns is not None and by_place and not _are_records(x):
            names = names_by_place(self.feature_columns)
            if isinstance(x, (list, tuple)):
                if len(x) != len(names):
                    raise ArgumentError(
                        f"x has {len(x)} arrays for {len(names)} features: {', '.join(names)}; a list needs an array "
                        "per feature, a frame has rows, and model.predictor() scores one row"
                    )
                x = dict(zip(names, x))
            elif isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype.names is None:
                if x.shape[1] != len(names):
                    raise ArgumentError(f"x has {x.shape[1]} columns for {len(names)} features: {', '.join(names)}")
                x = {name: x[:, index] for index, name in enumerate(names)}
        columns = columns_of(self._unpadded(self._unmatrixed(x)) if isinstance(x, dict) else x, {*self.read, *also})
        return with_transforms(self.feature_columns, columns)

    def _unmatrixed(self, x: dict[str, Any]) -> dict[str, Any]:
        """SciPy's sparse matrices and frames of sparse columns as lists: the index of a column is the item, the value
        its weight."""
        sparse = [
            name for name in self.read if hasattr(x.get(name), "tocsr") or self._is_sparse_frame(x.get(name), name)
        ]
        for name in sparse:
            reading = self.read[name]
            if not reading.is_list:
                raise SchemaError(
                    f"column '{name}' is a sparse matrix, but no feature that reads it accepts lists; give "
                    "matrix.toarray(), or declare a list"
                )
            convert = from_sparse if hasattr(x[name], "tocsr") else from_sparse_frame
            x = {**x, **convert(x[name], name, reading.weights if reading.weights not in x else None)}
        return x

    def _is_sparse_frame(self, value: Any, name: str) -> bool:
        return self.read[name].is_list and hasattr(value, "sparse") and hasattr(value, "columns")

    def _unpadded(self, x: dict[str, Any]) -> dict[str, Any]:
        """DeepCTR's matrices of padded lists as lists: up to length_name, or the items that are not 0."""
        lists = [one for one in self.feature_columns or () if isinstance(one, VarLenSparseFeat)]
        given = {feature.name: x.get(read_column(feature)) for feature in lists}
        if not any(isinstance(values, np.ndarray) and values.ndim == 2 for values in given.values()):
            return x
        x = dict(x)
        for feature in lists:
            values = given[feature.name]
            if not isinstance(values, np.ndarray) or values.ndim != 2:
                continue
            lengths = x.get(feature.length_name) if feature.length_name else None
            x[read_column(feature)], taken = from_padded(values, lengths, read_column(feature))
            if feature.weight_name:
                weights = np.asarray(x[feature.weight_name]).reshape(values.shape)
                x[feature.weight_name] = from_ragged(weights[taken], taken.sum(axis=1), feature.weight_name)
        return x

    def refuse_files(self) -> None:
        """Raise UnsupportedError if a feature has a Python function, since rows of files do not pass through Python."""
        refuse_transforms(self.feature_columns, "the library reads files without its transform_fn")

    def labels(self, y: Any, columns: dict[str, Column], what: str) -> dict[str, Column]:
        """Label columns by their names."""
        if y is None:
            missing = [name for name in self.label_columns if name not in columns]
            if missing:
                raise ArgumentError(f"{what}: y is not given, and x has no column '{missing[0]}' of that task")
            return {}
        if len(set(self.label_columns)) < len(self.label_columns):
            raise ArgumentError(f"{what}: several tasks read the same column of labels; put it into x and leave y out")
        if isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] == len(self.task_names):
            y = [y[:, task] for task in range(len(self.task_names))]
        if isinstance(y, dict) or hasattr(y, "columns") or getattr(getattr(y, "dtype", None), "names", None):
            labels = columns_of(y, self.task_names)
            missing = [name for name in self.task_names if name not in labels]
            if missing:
                raise ArgumentError(f"{what}: y has no column '{missing[0]}' of that task; it has {', '.join(labels)}")
            return {column: labels[name] for column, name in zip(self.label_columns, self.task_names)}
        if len(self.task_names) == 1 and not (isinstance(y, (list, tuple)) and len(y) == 1 and np.ndim(y[0]) > 0):
            y = [y]
        if not isinstance(y, (list, tuple)) or len(y) != len(self.task_names):
            raise ArgumentError(
                f"{what}: y must be a list of {len(self.task_names)} arrays, one per task "
                f"({', '.join(self.task_names)})"
                f"{f', not {len(y)}' if isinstance(y, (list, tuple)) else ''}"
            )
        return {column: column_of(values, column) for column, values in zip(self.label_columns, y)}

    def foreign(
        self,
        x: Rows,
        y: Labels | None = None,
        sample_weight: Weights | None = None,
        expected: dict[Key, str] | None = None,
    ) -> ForeignStream | None:
        """A table that the library can read directly, batch by batch: it provides a stream and contains all columns."""
        is_whole = (
            y is None and sample_weight is None and not expected and not transformed_features(self.feature_columns)
        )
        return ForeignStream(x) if is_whole and is_stream(x) else None

    def stream(
        self,
        x: Rows,
        y: Labels | None,
        sample_weight: Weights | None = None,
        what: str = "x",
        expected: dict[Key, str] | None = None,
    ) -> tuple[Stream, dict[Key, str]]:
        """Features, labels and weights as one table, and the keys of the configuration that name the weights' columns.
        `expected`: those of a built network; if one of its columns is not given, it is all ones."""
        names = {} if expected is None else dict(expected)
        given = self.weights(sample_weight, what)
        also = [*names.values(), *(name for name in given.values() if isinstance(name, str))]
        columns = self.features(x, also)
        columns.update(self.labels(y, columns, what))
        for key, weights in given.items():
            if expected is not None and key not in expected:
                raise ArgumentError(
                    f"{what}: the network was built without such a sample_weight; give one, for example ones, to the "
                    "first fit"
                )
            if isinstance(weights, str):
                if weights not in columns:
                    raise ArgumentError(f"{what}: there is no column '{weights}', which sample_weight names")
                if names.setdefault(key, weights) != weights:
                    columns[names[key]] = columns[weights]
            else:
                name = names.setdefault(key, "sample_weight:rows" if key[0] == "data" else f"sample_weight:{key[1]}")
                columns[name] = column_of(weights, name)
        rows = max((column.rows for column in columns.values()), default=0)
        for name in names.values():
            if name not in columns:
                columns[name] = column_of(np.ones(rows), name)
        try:
            return Stream(columns), names
        except ArgumentError as failure:
            if what == "x":
                raise
            raise ArgumentError(f"{what}: {failure}") from None

    def weights(self, sample_weight: Weights | None, what: str = "x") -> dict[Key, Floats64 | str]:
        """Weights, or the name of their column, by the key of the configuration for such a column: of all tasks, or of
        one task."""
        if sample_weight is None:
            return {}
        several = isinstance(sample_weight, (list, tuple)) and len(self.task_names) > 1
        if not several and not isinstance(sample_weight, dict):
            return {("data", "row_weight"): _numbers_or_name(sample_weight, what)}
        each = per_task(sample_weight, self.task_names, f"{what}: sample_weight")
        return {
            ("tasks", name, "weight_column"): _numbers_or_name(weights, what)
            for name, weights in zip(self.task_names, each)
            if weights is not None
        }

    def weights_of_rows(self, sample_weight: Weights | None, x: Rows, rows: int) -> Floats64:
        """Weights [rows, tasks]; 1 if none are given."""
        out = np.ones((rows, len(self.task_names)))
        for key, weights in self.weights(sample_weight).items():
            if isinstance(weights, str):
                weights = _numbers(_column(x, weights), "x")
            if np.shape(weights) != (rows,):
                raise ArgumentError(
                    f"sample_weight has the shape {np.shape(weights)} for {rows} rows; give one number per row"
                )
            task = slice(None) if key[0] == "data" else self.task_names.index(key[1])
            out[:, task] *= weights.reshape(-1, 1) if key[0] == "data" else weights
        return out


def _are_records(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and len(x) > 0 and isinstance(x[0], Mapping)


def _column(x: Any, name: str) -> object:
    try:
        return x[name]
    except (KeyError, IndexError, TypeError, ValueError):
        raise ArgumentError(f"x: there is no column '{name}', which sample_weight names") from None


def _numbers_or_name(weights: object, what: str) -> Floats64 | str:
    return weights if isinstance(weights, str) else _numbers(weights, what)


def _numbers(weights: Any, what: str) -> Floats64:
    """Weights [rows]; NaN if one is missing."""
    if isinstance(weights, np.ma.MaskedArray):
        masked: Any = weights.astype(np.float64)
        weights = masked.filled(np.nan)
    try:
        numbers = np.asarray(weights, np.float64)
        return numbers[:, 0] if numbers.ndim == 2 and numbers.shape[1] == 1 else numbers
    except (TypeError, ValueError) as failure:
        raise ArgumentError(f"{what}: sample_weight contains a value that is not a number: {failure}") from None
