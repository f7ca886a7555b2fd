# SPDX-License-Identifier: Apache-2.0
"""One column of any type as Arrow data. Numbers are not copied; a value in an object array or a list is treated as in
an array of its type, so that it means the same in every container."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._arrow import FORMATS, Column, Slices, from_array_capsules, from_stream_of_one, plain_column
from ._library import SchemaError
from ._types import Array
from ._values import (
    Meaningless,
    is_list,
    is_missing,
    items_of,
    may_be_list,
    microseconds_of_day,
    nanoseconds_of,
    text_bytes,
    text_of,
)

_TIMES = {"s": b"tss:", "ms": b"tsm:", "us": b"tsu:", "ns": b"tsn:"}


def module_of(value: object) -> str:
    return type(value).__module__.partition(".")[0]


# -- Texts -------------------------------------------------------------------------------------------------------------


def _of_texts(parts: list[bytes], valid: Array | None) -> Column:
    offsets = np.zeros(len(parts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)), out=offsets[1:])
    return plain_column(b"U", [offsets, b"".join(parts) + b"\0" * 8], len(parts), valid)


def _from_texts(values: Sequence[Any], name: str) -> Column:
    """Values of any types as texts."""
    parts: list[bytes] = []
    valid = np.ones(len(values), bool)
    for i, value in enumerate(values):
        try:
            text = text_of(value)
            parts.append(b"" if text is None else text if isinstance(text, bytes) else str.encode(text))
        except UnicodeEncodeError:
            text_bytes_at(value, i, name)
        except Meaningless as wrong:
            raise SchemaError(f"row {i + 1}: column '{name}': {wrong}") from None
        valid[i] = text is not None
    return _of_texts(parts, valid)


def text_bytes_at(value: str, row: int, name: str) -> bytes:
    try:
        return text_bytes(value)
    except Meaningless as wrong:
        raise SchemaError(f"row {row + 1}: column '{name}': {wrong}") from None


# -- NumPy -------------------------------------------------------------------------------------------------------------


def from_numpy(values: Array, name: str, valid: Array | None = None) -> Column:
    """[rows], or [rows, k] for a feature of k numbers or a list of k items; `valid`: which are not missing, None:
    all."""
    if isinstance(values, np.ma.MaskedArray):
        hidden = np.ma.getmaskarray(values)
        valid = ~hidden if valid is None else valid & ~hidden
        values = values.data
    if values.ndim == 2:
        width = values.shape[1]
        items = from_numpy(np.ascontiguousarray(values).reshape(-1), name, None if valid is None else valid.reshape(-1))
        return items if width == 1 else plain_column(b"+w:%d" % width, [], len(values), children=[items])
    if values.ndim != 1:
        raise SchemaError(f"column '{name}' has the shape {values.shape}; give one value per row")
    kind = values.dtype.kind
    if kind == "O":
        return from_objects(_without(values.tolist(), valid), name)
    if kind in "UST":
        return _from_texts(_without(values.tolist(), valid), name)
    if kind == "M":
        return _from_times(values, name, valid)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if kind == "b":
        return plain_column(b"b", [np.packbits(values, bitorder="little")], len(values), valid)
    format_ = FORMATS.get(values.dtype.str[1:])
    if format_ is None:
        raise SchemaError(f"column '{name}' has the dtype {values.dtype}; {_remedy(values.dtype)}")
    return plain_column(format_, [np.ascontiguousarray(values).data], len(values), valid)


def _without(values: list[Any], valid: Array | None) -> list[Any]:
    return values if valid is None else [value if there else None for value, there in zip(values, valid)]


def _remedy(dtype: np.dtype[Any]) -> str:
    if dtype.kind == "m":
        return "convert it to numbers: column / np.timedelta64(1, 's')"
    if dtype.kind == "V":
        return "give its fields as separate columns"
    return "cast it to float64" if dtype.kind == "f" else "cast it to numbers or texts"


def _from_times(values: Array, name: str, valid: Array | None = None, zone: bytes = b"") -> Column:
    """Dates if the unit is a day or more, else times."""
    there = ~np.isnat(values)
    valid = there if valid is None else valid & there
    unit, count = np.datetime_data(values.dtype)
    if unit in ("Y", "M", "W", "D"):
        days = np.where(valid, values.astype("M8[D]").astype(np.int64), 0)
        return plain_column(b"tdD", [days.astype(np.int32)], len(values), valid)
    finer = {"h": "s", "m": "s", "generic": "s", "ps": "ns", "fs": "ns", "as": "ns"}.get(unit, unit)
    counts = values.astype(f"M8[{finer}]")
    if unit in ("ps", "fs", "as") and not (counts.astype(values.dtype) == values)[valid].all():
        raise SchemaError(f"column '{name}' has times finer than nanoseconds; cast it to datetime64[ns]")
    numbers = np.where(valid, counts.astype(np.int64), 0)
    return plain_column(_TIMES[finer] + zone, [np.ascontiguousarray(numbers)], len(values), valid)


# -- Objects and lists -------------------------------------------------------------------------------------------------


def from_objects(values: Sequence[Any], name: str) -> Column:
    """Python's values, some of which may be missing."""
    kinds = set(map(type, values))
    if kinds <= {str, bytes}:
        return _of_texts(
            [value if isinstance(value, bytes) else _utf8(value, i, name) for i, value in enumerate(values)], None
        )
    if any(is_list(value) for value in _one_a_kind(values, kinds)):
        return _from_lists(values, name)
    kinds = {kind for kind in kinds if not issubclass(kind, type(None)) and kind.__name__ not in ("NAType", "NaTType")}
    valid = None
    for is_one, make in _TYPED:
        if kinds and all(is_one(kind) for kind in kinds):
            valid = np.fromiter((not is_missing(value) for value in values), bool, len(values))
            column = make(values, valid, name)
            if column is not None:
                return column
            break
    if any(issubclass(kind, (float, np.floating, decimal.Decimal)) for kind in kinds):
        known = [value for value in values if not is_missing(value)]
        left = set(map(type, known))
        if left and left < kinds:  # only NaN and one type
            return from_objects([None if is_missing(value) else value for value in values], name)
    return _from_texts(values, name)


def _one_a_kind(values: Sequence[Any], kinds: set[type]) -> list[Any]:
    """One value of each type that may be a list."""
    wanted = {kind for kind in kinds if may_be_list(kind)}
    found: dict[type, Any] = {}
    for value in values if wanted else ():
        if type(value) in wanted and not (isinstance(value, np.ndarray) and value.ndim == 0):
            found.setdefault(type(value), value)
            if len(found) == len(wanted):
                break
    return list(found.values())


def _utf8(value: str, row: int, name: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        return text_bytes_at(value, row, name)


def _filled(values: Sequence[Any], valid: Array, nothing: object) -> list[Any]:
    return [value if there else nothing for value, there in zip(values, valid)]


def _truths(values: Sequence[Any], valid: Array, name: str) -> Column | None:
    return from_numpy(np.array(_filled(values, valid, False), bool), name, valid)


def _integers(values: Sequence[Any], valid: Array, name: str) -> Column | None:
    filled = [int(value) for value in _filled(values, valid, 0)]
    least, greatest = min(filled, default=0), max(filled, default=0)
    if -(2**63) <= least and greatest < 2**63:
        return from_numpy(np.array(filled, np.int64), name, valid)
    return from_numpy(np.array(filled, np.uint64), name, valid) if 0 <= least and greatest < 2**64 else None


def _floats(dtype: Any) -> Callable[[Sequence[Any], Array, str], Column | None]:
    def make(values: Sequence[Any], valid: Array, name: str) -> Column | None:
        return from_numpy(np.array(_filled(values, valid, np.nan), dtype), name, valid)

    return make


def _dates(values: Sequence[Any], valid: Array, name: str) -> Column | None:
    return _from_times(np.array(_filled(values, valid, None), "M8[D]"), name, valid)


def _times_of_day(values: Sequence[Any], valid: Array, name: str) -> Column | None:
    counts = [microseconds_of_day(value) if there else 0 for value, there in zip(values, valid)]
    return plain_column(b"ttu", [np.array(counts, np.int64)], len(values), valid)


def _instants(values: Sequence[Any], valid: Array, name: str) -> Column | None:
    """Times of one kind: all in UTC, or all without a zone."""
    known = [value for value, there in zip(values, valid) if there]
    aware = {getattr(value, "tzinfo", None) is not None for value in known}
    if len(aware) > 1:
        return None
    zone = b"UTC" if aware == {True} else b""
    plain = [_without_zone(value) if there else None for value, there in zip(values, valid)]
    units = {value.dtype if isinstance(value, np.datetime64) else None for value in known}
    if len(units) == 1 and None not in units:
        return _from_times(np.array([np.datetime64("NaT") if value is None else value for value in plain]), name, valid)
    if units == {None} and not any(getattr(value, "nanosecond", 0) for value in known):
        return _from_times(np.array(plain, "M8[us]"), name, valid, zone)
    # NumPy's own array of several units would wrap what is beyond the finest one's range.
    found = [0 if value is None else nanoseconds_of(value) for value in plain]
    counts = [count for count in found if count is not None]
    if len(counts) < len(found):
        raise SchemaError(f"column '{name}' has times finer than nanoseconds; cast it to datetime64[ns]")
    if any(not -(2**63) < count < 2**63 for count in counts):
        return None
    return plain_column(_TIMES["ns"] + zone, [np.array(counts, np.int64)], len(values), valid)


def _without_zone(value: Any) -> Any:
    if getattr(value, "tzinfo", None) is None:
        return value
    return value.astimezone(dt.timezone.utc).replace(tzinfo=None)


def _is(*kinds: type, but: tuple[type, ...] = ()) -> Callable[[type], bool]:
    return lambda kind: issubclass(kind, kinds) and not issubclass(kind, but)


# Which types become which columns; all others become texts.
_TYPED: list[tuple[Callable[[type], bool], Callable[[Sequence[Any], Array, str], Column | None]]] = [
    (_is(bool, np.bool_), _truths),
    (_is(int, np.integer, but=(bool, np.timedelta64)), _integers),
    (_is(float, np.float64), _floats(np.float64)),
    (_is(np.float32), _floats(np.float32)),
    (_is(np.float16), _floats(np.float16)),
    (_is(dt.date, but=(dt.datetime,)), _dates),
    (_is(dt.date, dt.datetime, np.datetime64), _instants),
    (_is(dt.time), _times_of_day),
]


def from_ragged(items: Array | Column, counts: Array, name: str, valid: Array | None = None) -> Column:
    """Lists: row i has counts[i] items; `items` has those of all rows in order."""
    column = items if isinstance(items, Column) else from_numpy(items, name)
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return plain_column(b"+L", [offsets], len(counts), valid, [column])


def from_padded(values: Array, lengths: Array | None, name: str) -> tuple[Column, Array]:
    """Lists in a matrix [rows, width]: the first lengths[i] items of row i, or those that are neither 0 nor missing.
    The mask of these items is returned, too."""
    width = values.shape[1]
    plain = values.data if isinstance(values, np.ma.MaskedArray) else values
    if lengths is not None:
        taken = np.arange(width) < np.asarray(lengths).reshape(-1, 1)
    elif plain.dtype.kind in "OUST":
        padding = ("0", "", b"0", b"", 0)
        flat = [not is_missing(one) and one not in padding for one in plain.reshape(-1).tolist()]
        taken = np.array(flat, bool).reshape(plain.shape)
    else:
        taken = plain != 0
    if isinstance(values, np.ma.MaskedArray):
        taken = taken & ~np.ma.getmaskarray(values)
    return from_ragged(plain[taken], taken.sum(axis=1), name), taken


def from_sparse(matrix: Any, name: str, weights: str | None) -> dict[str, Column]:
    """A sparse matrix [rows, items] as lists of column indices, and its values as lists under `weights`."""
    rows = matrix.tocsr()
    if not rows.has_canonical_format:
        rows = rows.copy() if rows is matrix else rows
        rows.sum_duplicates()
    there = rows.data != 0
    counts = np.diff(np.concatenate([[0], np.cumsum(there)])[rows.indptr])
    return _items_and_weights(rows.indices[there], rows.data[there], counts, name, weights)


def _items_and_weights(items: Array, values: Array, counts: Array, name: str, weights: str | None) -> dict[str, Column]:
    found = {name: from_ragged(items, counts, name)}
    if weights is not None:
        found[weights] = from_ragged(values, counts, weights)
    elif not (values == 1).all():
        raise SchemaError(
            f"column '{name}' is a sparse matrix with values other than 1, which are weights of the list's items; "
            "give the feature a column for them (weight_name, weight_column)"
        )
    return found


def from_sparse_frame(frame: Any, name: str, weights: str | None) -> dict[str, Column]:
    """The same for a pandas frame of sparse columns."""
    parts = [frame.iloc[:, i].array for i in range(frame.shape[1])]
    for part in parts:
        if part.dtype.fill_value == part.dtype.fill_value and part.dtype.fill_value != 0:
            raise SchemaError(
                f"column '{name}' is a frame filled with {part.dtype.fill_value}; a list needs one of 0 or NaN"
            )
    rows = np.concatenate([part.sp_index.indices for part in parts])
    items = np.repeat(np.arange(len(parts)), [part.sp_index.npoints for part in parts])
    values = np.concatenate([part.sp_values for part in parts])
    there = (values != 0) & ~np.isnan(values)
    order = np.argsort(rows[there], kind="stable")
    counts = np.bincount(rows[there], minlength=len(frame))
    return _items_and_weights(items[there][order], values[there][order], counts, name, weights)


def _from_lists(values: Sequence[Any], name: str) -> Column:
    valid = np.ones(len(values), bool)
    rows: list[Any] = []
    for i, value in enumerate(values):
        if is_list(value):
            rows.append(value if isinstance(value, np.ndarray) else items_of(value))
        elif is_missing(value):
            rows.append(())
            valid[i] = False
        else:
            raise SchemaError(
                f"row {i + 1}: column '{name}' contains {value!r} among lists; make it a list: [{value!r}]"
            )
    counts = np.fromiter(map(len, rows), np.int64, len(rows))
    arrays = [row for row in rows if len(row)]
    if arrays and all(isinstance(row, np.ndarray) and row.dtype == arrays[0].dtype and row.ndim == 1 for row in arrays):
        items = from_numpy((np.ma if _has_masks(arrays) else np).concatenate(arrays), name)
    else:
        items = from_objects([item for row in rows for item in (row.tolist() if _is_objects(row) else row)], name)
    return from_ragged(items, counts, name, valid)


def _has_masks(arrays: list[Any]) -> bool:
    return any(isinstance(one, np.ma.MaskedArray) for one in arrays)


def _is_objects(row: Any) -> bool:
    return isinstance(row, np.ndarray) and row.dtype.kind in "O"


# -- pandas, polars, Arrow ---------------------------------------------------------------------------------------------


def _from_pandas(value: Any, name: str) -> Column:
    """A Series, an Index, an extension array, or a frame as a matrix."""
    if hasattr(value, "columns"):
        if value.shape[1] == 1:
            return _from_pandas(value.iloc[:, 0], name)
        return from_numpy(value.to_numpy(), name)
    dtype = value.dtype
    array = getattr(value, "array", value)
    if isinstance(dtype, np.dtype):
        return from_numpy(np.asarray(value), name)
    kind = type(dtype).__name__
    if kind == "CategoricalDtype":
        codes = np.asarray(array.codes)
        categories = column_of(dtype.categories, name)
        format_ = FORMATS[codes.dtype.str[1:]]
        return plain_column(format_, [np.ascontiguousarray(codes).data], len(codes), codes >= 0, dictionary=categories)
    if kind == "SparseDtype":
        return _from_sparse_array(array, name)
    if kind == "DatetimeTZDtype":
        return _from_times(np.asarray(array, f"M8[{dtype.unit}]"), name, zone=b"UTC")
    if hasattr(dtype, "numpy_dtype") and hasattr(array, "isna") and kind not in ("ArrowDtype", "StringDtype"):
        valid = ~np.asarray(array.isna())
        return from_numpy(array.to_numpy(dtype=dtype.numpy_dtype, na_value=0), name, valid)
    if kind in ("ArrowDtype", "StringDtype"):
        try:
            return _through_arrow(array)
        except ImportError:  # pandas without pyarrow
            pass
    return from_objects(list(array), name)


def _from_sparse_array(array: Any, name: str) -> Column:
    """Made dense one batch at a time, if that does not change its type."""
    if array.dtype.subtype.kind not in "fiub":
        return from_numpy(np.asarray(array), name)

    def dense(begin: int, end: int) -> Column:
        numbers: Array = np.asarray(array[begin:end])  # may have the fill value's type
        return from_numpy(numbers.astype(array.dtype.subtype, copy=False), name)

    return Slices(len(array), dense)


def _through_arrow(array: Any) -> Column:
    import pyarrow

    made = pyarrow.array(array, from_pandas=True)
    return from_stream_of_one(made) if hasattr(made, "__arrow_c_stream__") else from_array_capsules(made)


def column_of(value: Any, name: str) -> Column:
    """One column of any type. SchemaError with the column and the remedy."""
    if isinstance(value, Column):
        return value
    if isinstance(value, np.ndarray):
        return from_numpy(value, name)
    if isinstance(value, (list, tuple)):
        return from_objects(value, name)
    if module_of(value) == "pandas" and hasattr(value, "dtype") or hasattr(value, "iloc"):
        return _from_pandas(value, name)
    if module_of(value) == "polars" and str(getattr(value, "dtype", "")) == "Object":
        return from_objects(value.to_list(), name)
    if hasattr(value, "__arrow_c_array__"):
        return from_array_capsules(value)
    if hasattr(value, "__arrow_c_stream__"):
        return from_stream_of_one(value)
    return from_numpy(np.asarray(value), name)
