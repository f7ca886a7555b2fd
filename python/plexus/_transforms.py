# SPDX-License-Identifier: Apache-2.0
"""DenseFeat's transform_fn: a Python function of the numbers of a column, which the library never sees. It works where
rows pass through Python; model files, ONNX, predictors and rows in files would not have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arrow import FORMATS, Column, bits_of
from ._columns import from_numpy
from ._feature_columns import columns_read, read_column
from ._library import SchemaError, UnsupportedError
from ._native import ffi
from ._types import CData, Floats64
from .features import DenseFeat, FeatureColumn

_NUMBERS = {form: dtype for dtype, form in FORMATS.items()}
_OFFSETS = {b"u": "i4", b"U": "i8"}


def transformed_features(feature_columns: Sequence[FeatureColumn] | None) -> list[DenseFeat]:
    return [one for one in feature_columns or () if isinstance(one, DenseFeat) and one.transform_fn is not None]


def check_transforms(feature_columns: Sequence[FeatureColumn]) -> None:
    """Raise ValueError if other features read the column of a feature with a transform_fn."""
    for feature in transformed_features(feature_columns):
        column = read_column(feature)
        if not callable(feature.transform_fn):
            raise ValueError(f"feature '{feature.name}': transform_fn is {feature.transform_fn!r}; give a function")
        for other in feature_columns:
            if other is not feature and column in columns_read(other):
                raise ValueError(
                    f"feature '{feature.name}': transform_fn would change column '{column}' for feature "
                    f"'{other.name}', too; give the transformed numbers as a column of their own"
                )


def refuse_transforms(feature_columns: Sequence[FeatureColumn] | None, what: str) -> None:
    """Raise UnsupportedError if a feature has a function; `what` says why it cannot."""
    for feature in transformed_features(feature_columns):
        raise UnsupportedError(
            f"feature '{feature.name}': {what}, a Python function. Use scaling or transform=\"log1p\", which are part "
            "of the model, or transform the column yourself before fit and leave transform_fn out"
        )


def with_transforms(feature_columns: Sequence[FeatureColumn] | None, columns: dict[str, Column]) -> dict[str, Column]:
    """The columns, those of features with a transform_fn transformed."""
    found = transformed_features(feature_columns)
    columns = dict(columns) if found else columns
    for feature in found:
        name = read_column(feature)
        if name in columns:  # else the library reports that it is missing
            columns[name] = from_numpy(_call(feature, _numbers(columns[name], name)), name)
    return columns


def _call(feature: DenseFeat, numbers: Floats64) -> Floats64:
    """The transformed numbers; functions get [rows, dimension], as in DeepCTR."""
    assert feature.transform_fn is not None
    made = np.asarray(feature.transform_fn(numbers), np.float64)
    if made.size != numbers.size:
        raise ValueError(
            f"feature '{feature.name}': transform_fn returned an array {list(made.shape)} for one "
            f"{list(numbers.shape)}; it must return a number for each"
        )
    return made.reshape(numbers.shape)


def _numbers(column: Column, name: str) -> Floats64:
    """Numbers [rows, width]; NaN if one is missing."""
    parts = [_of_chunk(column.schema, array, first, rows, name) for array, first, rows in column.chunks]
    return np.concatenate(parts) if parts else np.empty((0, 1))


def _of_chunk(schema: CData, array: CData, first: int, rows: int, name: str) -> Floats64:
    form = ffi.string(schema.format)
    begin = array.offset + first
    if form.startswith(b"+w:"):
        width = int(form[3:])
        items = _of_chunk(schema.children[0], array.children[0], begin * width, rows * width, name)
        return items.reshape(rows, width)
    if form == b"n":
        return np.full((rows, 1), np.nan)
    if schema.dictionary != ffi.NULL or form not in {*_NUMBERS, *_OFFSETS, b"b"}:
        raise SchemaError(f"column '{name}': transform_fn takes numbers; give the column as numbers")
    if form == b"b":
        values = bits_of(array.buffers[1], begin, rows).astype(np.float64)
    elif form in _OFFSETS:
        values = _of_texts(array, _OFFSETS[form], begin, rows, name)
    else:
        values = _buffer(array, 1, np.dtype(_NUMBERS[form]), begin, rows).astype(np.float64)
    if array.null_count != 0 and array.buffers[0] != ffi.NULL:
        values[~bits_of(array.buffers[0], begin, rows)] = np.nan
    return values.reshape(rows, 1)


def _buffer(array: CData, index: int, dtype: np.dtype[Any], begin: int, n: int) -> np.ndarray[Any, Any]:
    if n == 0:
        return np.empty(0, dtype)
    whole = ffi.buffer(ffi.cast("char *", array.buffers[index]), (begin + n) * dtype.itemsize)
    return np.frombuffer(whole, dtype)[begin:]


def _of_texts(array: CData, offsets_type: str, begin: int, rows: int, name: str) -> Floats64:
    offsets = _buffer(array, 1, np.dtype(offsets_type), begin, rows + 1)
    data = bytes(ffi.buffer(ffi.cast("char *", array.buffers[2]), int(offsets[-1]))) if rows else b""
    values = np.full(rows, np.nan)
    for row in range(rows):
        cell = data[offsets[row] : offsets[row + 1]].strip()
        try:
            values[row] = float(cell) if cell else np.nan
        except ValueError:
            shown = cell.decode("utf-8", "replace")
            raise SchemaError(f"row {row + 1}: '{shown}' is not a number; column '{name}' has a transform_fn") from None
    return values
