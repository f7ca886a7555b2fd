# SPDX-License-Identifier: Apache-2.0
"""Tables as Arrow C streams for the library, without copies if the layout allows it.

A table becomes columns, each a list of chunks (an Arrow array and its length). A batch ends where a chunk of any column
ends; batches are views of the chunks. Only the names of unused columns are kept.
"""

from __future__ import annotations

import errno
import weakref
from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypeGuard

import numpy as np

from ._arrow import Batches, Column, ForeignStream, Slices, array_of, bits_of, schema_of, validity
from ._columns import column_of, from_padded, from_ragged, from_sparse, from_sparse_frame, module_of
from ._library import ArgumentError, SchemaError
from ._native import ffi, lib
from ._types import Array, CData, HasStream, Rows

__all__ = [
    "Column",
    "ForeignStream",
    "Stream",
    "column_of",
    "columns_of",
    "from_padded",
    "from_ragged",
    "from_sparse",
    "from_sparse_frame",
    "is_stream",
]


def is_stream(table: Rows) -> TypeGuard[HasStream]:
    """Whether a table provides a stream that can be used. Columns of pandas, and of a polars frame with Python objects,
    are converted one by one instead."""
    if not hasattr(table, "__arrow_c_stream__") or module_of(table) == "pandas":
        return False
    return not _has_objects(table)


def _has_objects(table: Any) -> bool:
    return module_of(table) == "polars" and any(str(dtype) == "Object" for dtype in getattr(table, "dtypes", ()))


class _Unread(Column):
    """An unused column: all nulls."""

    def __init__(self) -> None:
        keep: list[Any] = []
        super().__init__(schema_of(b"n", keep), [], keep)

    def chunk(self, rows: int) -> CData:
        return array_of(rows, [], self.keep, rows)


def _named(names: Iterable[object], values: Iterable[Any], wanted: Collection[str] | None) -> dict[str, Any]:
    """Values by name; those that are not wanted (None: all are) become _Unread."""
    found: dict[str, Any] = {}
    for given, value in zip(names, values):
        name = str(given)
        is_read = wanted is None or name in wanted
        if is_read and name in found:
            raise SchemaError(f"column '{name}' appears twice; rename or drop one of them")
        found[name] = value if is_read else _Unread()
    return found


def _hidden_rows(batch: CData) -> Array | None:
    """Of a batch, which rows are not null; None: all."""
    if batch.null_count == 0 or batch.n_buffers < 1 or batch.buffers[0] == ffi.NULL:
        return None
    return bits_of(batch.buffers[0], batch.offset, batch.length)


def _with_nulls(array: CData, first: int, there: Array, keep: list[Any]) -> CData:
    """A view of `array` from row `first` on, in which rows that are not `there` are null."""
    n = len(there)
    if array.n_buffers and array.buffers[0] != ffi.NULL and array.null_count != 0:
        there = there & bits_of(array.buffers[0], array.offset + first, n)
    bits = validity(np.concatenate([np.ones(array.offset + first, bool), there]))
    if bits is None or not array.n_buffers:
        return array
    view, buffers = ffi.new("struct ArrowArray *", array[0]), ffi.new("void *[]", array.n_buffers)
    pointer = ffi.from_buffer(bits)
    buffers[0] = ffi.cast("void *", pointer)
    for i in range(1, array.n_buffers):
        buffers[i] = ffi.cast("void *", array.buffers[i])
    view.buffers, view.null_count = ffi.cast("const void **", buffers), -1
    keep += [view, buffers, pointer, bits]
    return view


def _columns_of_stream(table: HasStream, wanted: Collection[str] | None) -> dict[str, Column]:
    batches = Batches(table)
    if ffi.string(batches.schema.format) != b"+s":
        raise SchemaError("a table with named columns is needed, not a single column")
    schemas = [batches.schema.children[i] for i in range(batches.schema.n_children)]
    names = [ffi.string(one.name).decode() if one.name else "" for one in schemas]
    keep: list[Any] = [batches]
    hidden = [_hidden_rows(batch) for batch in batches.arrays]

    def column(index: int) -> Column:
        chunks = []
        for batch, there in zip(batches.arrays, hidden):
            child = batch.children[index]
            chunks.append(
                (child if there is None else _with_nulls(child, batch.offset, there, keep), batch.offset, batch.length)
            )
        return Column(schemas[index], chunks, keep)

    found = _named(names, range(len(names)), wanted)
    return {name: place if isinstance(place, Column) else column(place) for name, place in found.items()}


def columns_of(table: Any, wanted: Collection[str] | None = None) -> dict[str, Column]:
    """The columns of a dict, a pandas or polars frame, a pyarrow table, a DuckDB result, whatever has
    `__arrow_c_stream__`, or a structured NumPy array. `wanted`: those that are read; None: all."""
    if isinstance(table, dict):
        _check_columns(table, wanted)
        found = _named(table, table.values(), wanted)
    elif module_of(table) == "pandas" and hasattr(table, "columns") and hasattr(table, "iloc"):
        found = _named(table.columns, (table.iloc[:, i] for i in range(table.shape[1])), wanted)
    elif isinstance(table, np.ndarray) and table.dtype.names:
        found = _named(table.dtype.names, (table[name] for name in table.dtype.names), wanted)
    elif _has_objects(table):
        found = _named(table.columns, table.get_columns(), wanted)
    elif hasattr(table, "__arrow_c_stream__") and not _is_series(table):
        return _columns_of_stream(table, wanted)
    else:
        raise ArgumentError(
            f"a table is needed (a dict of arrays, a pandas or polars frame, a pyarrow table, anything with "
            f"__arrow_c_stream__), not {_described(table)}"
        )
    return {name: column_of(value, name) for name, value in found.items()}


def _is_series(table: object) -> bool:
    return module_of(table) in ("pandas", "polars") and not hasattr(table, "columns") and hasattr(table, "to_frame")


def _described(table: object) -> str:
    kind = type(table).__name__
    if isinstance(table, (list, tuple)) and table and isinstance(table[0], dict):
        return f"a {kind} of records; pandas.DataFrame(records) is one, and model.predictor() takes one record"
    if _is_series(table):
        return f"a {kind}; series.to_frame() is one, and of a row series.to_frame().T"
    return f"a {kind} of {type(table[0]).__name__}" if isinstance(table, (list, tuple)) and table else kind


def _check_columns(table: dict[Any, Any], wanted: Collection[str] | None) -> None:
    """Raise ArgumentError if a column is a single value."""
    for name, value in table.items():
        if (wanted is None or str(name) in wanted) and (
            value is None or isinstance(value, (str, bytes, int, float, np.generic)) or isinstance(value, dict)
        ):
            raise ArgumentError(
                f"column '{name}' has the shape (): it is a single value, a {type(value).__name__}; a table has a "
                "column of values for each name, and model.predictor() scores one row"
            )


# The maximum number of cells in a batch of columns that are made batch by batch, and the minimum number of rows.
_MOST_CELLS, _LEAST_ROWS = 1 << 21, 256


@ffi.def_extern()
def plexus_batch(user: CData, out: CData) -> int:
    try:
        stream: Stream = ffi.from_handle(user)()
        stream.put_next(out)
        return 0
    except MemoryError:
        return errno.ENOMEM
    except BaseException:
        return errno.EIO


class Stream:
    """Columns as one stream of batches: `pointer` is valid as long as the object."""

    def __init__(self, columns: dict[str, Column]):
        read = {name: column for name, column in columns.items() if not isinstance(column, _Unread)}
        self.rows = next((column.rows for column in read.values()), 0)
        for name, column in read.items():
            if column.rows != self.rows:
                first = next(iter(read))
                raise ArgumentError(
                    f"column '{name}' has {column.rows} rows, column '{first}' {self.rows}; all must have the same "
                    "number"
                )
        self._keep: list[Any] = [columns]
        self._table = ffi.new("plexus_table *")
        schemas = [self._named(name, column.schema) for name, column in columns.items()]
        struct = schema_of(b"+s", self._keep, children=schemas)
        self._table.schema = struct[0]
        bounds = self._bounds(read.values())
        views = [self._views(column, bounds, self._keep) for column in columns.values()]
        self._next = ([end - begin, *(next(one) for one in views)] for begin, end in zip(bounds[:-1], bounds[1:]))
        self._table.n = len(bounds) - 1
        self.is_lazy = any(isinstance(column, Slices) for column in read.values())
        if self.is_lazy:
            self._handle = ffi.new_handle(weakref.ref(self))
            self._table.user = self._handle
        else:
            batches = ffi.new("struct ArrowArray[]", max(1, len(bounds) - 1))
            for index, (rows, *children) in enumerate(self._next):
                batches[index] = array_of(rows, [None], self._keep, children=children)[0]
            self._table.batches = batches
            self._keep.append(batches)
        self.pointer = ffi.new("struct ArrowArrayStream *")
        lib.plexus_table_stream(self._table, self.pointer)

    def put_next(self, out: CData) -> None:
        """Put out the next batch, which is valid until the following one."""
        rows, *children = next(self._next)
        self._last: list[Any] = []
        out[0] = array_of(rows, [None], self._last, children=children)[0]

    def _named(self, name: str, schema: CData) -> CData:
        copy, text = ffi.new("struct ArrowSchema *", schema[0]), ffi.new("char[]", name.encode())
        copy.name = text
        self._keep += [copy, text]
        return copy

    @staticmethod
    def _bounds(columns: Collection[Column]) -> list[int]:
        bounds = {0}
        slices = [column for column in columns if isinstance(column, Slices)]
        if slices:
            step = max(_LEAST_ROWS, _MOST_CELLS // len(slices))
            bounds.update(range(0, slices[0].rows, step))
            bounds.add(slices[0].rows)
        for column in columns:
            at = 0
            for _, _, rows in column.chunks:
                at += rows
                bounds.add(at)
        return sorted(bounds)

    @staticmethod
    def _views(column: Column, bounds: list[int], keep: list[Any]) -> Iterator[CData]:
        """The column's part of each batch, in one pass over its chunks."""
        chunks = iter(column.chunks)
        end_of_chunk, at, first = 0, 0, 0
        array: CData = None
        for begin, end in zip(bounds[:-1], bounds[1:]):
            if isinstance(column, _Unread):
                yield column.chunk(end - begin)
                continue
            if isinstance(column, Slices):
                part = column.make(begin, end)
                yield part.chunks[0][0]
                continue
            while end_of_chunk <= begin:
                at = end_of_chunk
                array, first, rows = next(chunks)
                end_of_chunk += rows
            view = ffi.new("struct ArrowArray *", array[0])
            view.offset += first + begin - at
            view.length = end - begin
            view.null_count = 0 if array.null_count == 0 else -1
            keep.append(view)
            yield view
