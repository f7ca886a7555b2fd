# SPDX-License-Identifier: Apache-2.0
"""Whatever holds columns as an Arrow C stream for the library: nothing is copied where the layout allows.

A table becomes columns, each a list of chunks (an Arrow array and its length); batches are cut where any column has a
border, by views on the chunks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeGuard

import numpy as np

from ._library import ArgumentError, SchemaError
from ._native import ffi, lib
from ._types import Array, CData, Rows

_FORMATS = {
    "f8": b"g", "f4": b"f", "f2": b"e", "i8": b"l", "i4": b"i", "i2": b"s", "i1": b"c",
    "u8": b"L", "u4": b"I", "u2": b"S", "u1": b"C", "b1": b"C",
}  # fmt: skip


class HasStream(Protocol):
    def __arrow_c_stream__(self) -> object: ...


class HasArray(Protocol):
    def __arrow_c_array__(self) -> tuple[object, object]: ...


def _pointer(capsule: object, name: bytes, kind: str) -> CData:
    import ctypes

    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return ffi.cast(kind, get(capsule, name))


class Column:
    """Chunks of one name and type; `keep` holds whatever their memory belongs to."""

    def __init__(self, schema: CData, chunks: list[tuple[CData, int, int]], keep: Any):
        self.schema = schema  # struct ArrowSchema *
        self.chunks = chunks  # [(struct ArrowArray *, first row, rows)]
        self.keep = keep

    @property
    def rows(self) -> int:
        return sum(rows for _, _, rows in self.chunks)


def _schema(format_: bytes, keep: list[Any], dictionary: CData = None, children: Sequence[CData] = ()) -> CData:
    schema = ffi.new("struct ArrowSchema *")
    format_text, name = ffi.new("char[]", format_), ffi.new("char[]", b"")
    schema.format, schema.name, schema.flags = format_text, name, 2
    if dictionary is not None:
        schema.dictionary = dictionary
    if children:
        pointers = ffi.new("struct ArrowSchema *[]", list(children))
        schema.children, schema.n_children = pointers, len(children)
        keep.append(pointers)
    keep += [schema, format_text, name, *children]
    return schema


def _array(
    length: int, buffers: list[Any], keep: list[Any], nulls: int = 0, dictionary: CData = None,
    children: Sequence[CData] = (),
) -> CData:  # fmt: skip
    array = ffi.new("struct ArrowArray *")
    pointers = ffi.new("void *[]", [ffi.NULL if buffer is None else _address(buffer, keep) for buffer in buffers])
    array.length, array.null_count, array.n_buffers = length, nulls, len(buffers)
    array.buffers = ffi.cast("const void **", pointers)
    if dictionary is not None:
        array.dictionary = dictionary
    if children:
        children_pointers = ffi.new("struct ArrowArray *[]", list(children))
        array.children, array.n_children = children_pointers, len(children)
        keep.append(children_pointers)
    keep += [array, pointers, *children]
    return array


def _address(buffer: object, keep: list[Any]) -> CData:
    view = ffi.from_buffer(buffer)
    keep.append(view)
    return ffi.cast("void *", view)


def _from_texts(values: Sequence[Any], rows: int) -> Column:
    """Texts, bytes, numbers and missing values (None, NaN) in any mixture."""
    keep: list[Any] = []
    missing = np.fromiter((value is None or value != value for value in values), bool, rows)
    parts = [
        b"" if is_missing else value if isinstance(value, bytes) else str(value).encode()
        for value, is_missing in zip(values, missing)
    ]
    offsets = np.zeros(rows + 1, np.int64)
    np.cumsum(np.fromiter(map(len, parts), np.int64, rows), out=offsets[1:])
    data = b"".join(parts) + b"\0" * 8
    valid = np.packbits(~missing, bitorder="little") if missing.any() else None
    array = _array(rows, [valid, offsets, data], keep, nulls=-1 if valid is not None else 0)
    return Column(_schema(b"U", keep), [(array, 0, rows)], keep)


def from_ragged(items: Array, counts: Array, name: str) -> Column:
    """Lists: counts[i] items of row i, one row's behind the other's in `items`."""
    column = from_numpy(items, name)
    keep: list[Any] = [column]
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    array = _array(len(counts), [None, offsets], keep, children=[column.chunks[0][0]])
    return Column(_schema(b"+L", keep, children=[column.schema]), [(array, 0, len(counts))], keep)


def from_padded(values: Array, lengths: Array | None, name: str) -> tuple[Column, Array]:
    """Lists in a matrix [rows, width]: the first lengths[i] items of each row, or those that are not 0. The mask that
    was taken comes with it."""
    width = values.shape[1]
    taken = values != 0 if lengths is None else np.arange(width) < np.asarray(lengths).reshape(-1, 1)
    return from_ragged(values[taken], taken.sum(axis=1), name), taken


def _from_lists(values: Iterable[Any], name: str) -> Column:
    rows = [() if value is None else list(value) for value in values]
    items = [item for row in rows for item in row]
    has_texts = any(isinstance(item, (str, bytes)) or item is None for item in items)
    flat = np.array(items, object) if has_texts or not items else np.asarray(items)
    return from_ragged(flat, np.fromiter(map(len, rows), np.int64, len(rows)), name)


def _holds_lists(values: Iterable[Any]) -> bool:
    first = next((value for value in values if value is not None), None)
    return isinstance(first, (list, tuple, np.ndarray))


def from_numpy(values: Array, name: str) -> Column:
    """[rows], or [rows, k] for a feature of k numbers or a list of k items."""
    if isinstance(values, np.ma.MaskedArray):
        masked: Any = values.astype(object)
        values = masked.filled(None)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2:
        return _from_matrix(values, name)
    if values.ndim != 1:
        raise ArgumentError(f"column '{name}' has the shape {values.shape}; give one value a row")
    if values.dtype.kind == "O" and _holds_lists(values):
        return _from_lists(values, name)
    if values.dtype.kind in "OUSTV":
        return _from_texts(values.tolist(), len(values))
    code = values.dtype.str[1:]
    if code not in _FORMATS:
        raise SchemaError(f"column '{name}' has the dtype {values.dtype}; cast it to numbers or texts")
    values = np.ascontiguousarray(values, values.dtype.newbyteorder("="))
    keep: list[Any] = []
    buffer = values.view(np.uint8) if code == "b1" else values
    array = _array(len(values), [None, buffer.data], keep)
    return Column(_schema(_FORMATS[code], keep), [(array, 0, len(values))], keep)


def _from_matrix(values: Array, name: str) -> Column:
    rows, width = values.shape
    items = from_numpy(np.ascontiguousarray(values).reshape(-1), name)
    keep: list[Any] = [items]
    array = _array(rows, [None], keep, children=[items.chunks[0][0]])
    return Column(_schema(b"+w:%d" % width, keep, children=[items.schema]), [(array, 0, rows)], keep)


def _from_array_capsules(value: HasArray) -> Column:
    schema_capsule, array_capsule = value.__arrow_c_array__()
    schema = _pointer(schema_capsule, b"arrow_schema", "struct ArrowSchema *")
    array = _pointer(array_capsule, b"arrow_array", "struct ArrowArray *")
    return Column(schema, [(array, 0, array.length)], [schema_capsule, array_capsule])


def is_stream(table: Rows) -> TypeGuard[HasStream]:
    """Whether a table is no dict, array or pandas frame, whose columns become Arrow's one by one."""
    return hasattr(table, "__arrow_c_stream__") and type(table).__module__.split(".")[0] != "pandas"


class ForeignStream:
    """Somebody's stream as it is, read by the library batch by batch: `pointer` is valid as long as the object."""

    def __init__(self, source: HasStream):
        self._capsule = source.__arrow_c_stream__()
        self.pointer = _pointer(self._capsule, b"arrow_array_stream", "struct ArrowArrayStream *")


class _Batches:
    """All batches of somebody's stream; released with the object."""

    def __init__(self, source: HasStream):
        self.capsule = source.__arrow_c_stream__()
        stream = _pointer(self.capsule, b"arrow_array_stream", "struct ArrowArrayStream *")
        self.schema = ffi.new("struct ArrowSchema *")
        self.arrays: list[CData] = []
        self._check(stream, stream.get_schema(stream, self.schema))
        while True:
            array = ffi.new("struct ArrowArray *")
            self._check(stream, stream.get_next(stream, array))
            if array.release == ffi.NULL:
                break
            self.arrays.append(array)

    @staticmethod
    def _check(stream: CData, code: int) -> None:
        if code:
            why = stream.get_last_error(stream)
            raise SchemaError("the Arrow stream failed: " + (ffi.string(why).decode() if why else f"errno {code}"))

    def __del__(self) -> None:
        for released in [*getattr(self, "arrays", []), getattr(self, "schema", None)]:
            if released is not None and released.release != ffi.NULL:
                released.release(released)


def _from_pandas(series: Any, name: str) -> Column:
    if getattr(series.dtype, "kind", "O") in "fiub" and isinstance(series.dtype, np.dtype):
        return from_numpy(series.to_numpy(), name)
    if type(series.dtype).__name__ == "CategoricalDtype":
        categories = from_numpy(series.cat.categories.to_numpy(), name)
        codes = series.cat.codes.to_numpy()
        keep: list[Any] = [categories]
        missing = codes < 0
        valid = np.packbits(~missing, bitorder="little") if missing.any() else None
        array = _array(
            len(codes), [valid, np.ascontiguousarray(codes).data], keep,
            nulls=-1 if valid is not None else 0, dictionary=categories.chunks[0][0],
        )  # fmt: skip
        format_ = _FORMATS[codes.dtype.str[1:]]
        return Column(_schema(format_, keep, dictionary=categories.schema), [(array, 0, len(codes))], keep)
    try:
        if hasattr(series, "__arrow_c_stream__"):
            return _from_stream_of_one(series)
        if hasattr(frame := series.to_frame("values"), "__arrow_c_stream__"):  # pandas 2
            return _columns_of_frame(frame)["values"]
    except ImportError:  # pandas without pyarrow
        pass
    return from_numpy(series.to_numpy(dtype=object), name)


def _from_stream_of_one(value: HasStream) -> Column:
    batches = _Batches(value)
    return Column(batches.schema, [(array, 0, array.length) for array in batches.arrays], [batches])


def column_of(value: object, name: str) -> Column:
    """One column, of whatever type."""
    if isinstance(value, Column):
        return value
    if isinstance(value, np.ndarray):
        return from_numpy(value, name)
    if type(value).__module__.split(".")[0] == "pandas":
        return _from_pandas(value, name)
    if hasattr(value, "__arrow_c_array__"):
        return _from_array_capsules(value)
    if hasattr(value, "__arrow_c_stream__"):
        return _from_stream_of_one(value)
    if isinstance(value, (list, tuple)) and _holds_lists(value):
        return _from_lists(value, name)
    if isinstance(value, (list, tuple)) and any(isinstance(item, (str, bytes)) or item is None for item in value):
        return _from_texts(value, len(value))
    return from_numpy(np.asarray(value), name)


def _columns_of_frame(frame: HasStream) -> dict[str, Column]:
    batches = _Batches(frame)
    if ffi.string(batches.schema.format) != b"+s":
        raise SchemaError("a table with named columns is needed, not a single column")
    columns = {}
    for index in range(batches.schema.n_children):
        child = batches.schema.children[index]
        name = ffi.string(child.name).decode() if child.name else ""
        chunks = [(batch.children[index], batch.offset, batch.length) for batch in batches.arrays]
        columns[name] = Column(child, chunks, [batches])
    return columns


def columns_of(table: Rows) -> dict[str, Column]:
    """The columns of a dict, a pandas or polars frame, a pyarrow table, a DuckDB result, whatever has
    `__arrow_c_stream__`, or a structured NumPy array."""
    if isinstance(table, dict):
        return {str(name): column_of(value, str(name)) for name, value in table.items()}
    if type(table).__module__.split(".")[0] == "pandas" and hasattr(table, "columns"):
        frame: Any = table
        return {str(name): _from_pandas(frame[name], str(name)) for name in frame.columns}
    if isinstance(table, np.ndarray) and table.dtype.names:
        return {name: from_numpy(table[name], name) for name in table.dtype.names}
    if hasattr(table, "__arrow_c_stream__"):
        return _columns_of_frame(table)
    raise ArgumentError(
        f"a table is needed (a dict of arrays, a pandas or polars frame, a pyarrow table, anything with "
        f"__arrow_c_stream__), not {type(table).__name__}"
    )


class Stream:
    """Columns as one stream of batches: `pointer` is valid as long as the object."""

    def __init__(self, columns: dict[str, Column]):
        lengths = {name: column.rows for name, column in columns.items()}
        self.rows = next(iter(lengths.values()), 0)
        for name, rows in lengths.items():
            if rows != self.rows:
                first = next(iter(lengths))
                raise ArgumentError(
                    f"column '{name}' has {rows} rows, column '{first}' {self.rows}; all must have as many"
                )
        self._keep: list[Any] = [columns]
        self._table = ffi.new("plexus_table *")
        schemas = [self._named(name, column.schema) for name, column in columns.items()]
        struct = _schema(b"+s", self._keep, children=schemas)
        self._table.schema = struct[0]
        bounds = self._bounds(columns.values())
        batches = ffi.new("struct ArrowArray[]", max(1, len(bounds) - 1))
        for index, (begin, end) in enumerate(zip(bounds[:-1], bounds[1:])):
            views = [self._view(column, begin, end) for column in columns.values()]
            batches[index] = _array(end - begin, [None], self._keep, children=views)[0]
        self._table.batches, self._table.n = batches, len(bounds) - 1
        self._keep.append(batches)
        self.pointer = ffi.new("struct ArrowArrayStream *")
        lib.plexus_table_stream(self._table, self.pointer)

    def _named(self, name: str, schema: CData) -> CData:
        copy, text = ffi.new("struct ArrowSchema *", schema[0]), ffi.new("char[]", name.encode())
        copy.name = text
        self._keep += [copy, text]
        return copy

    @staticmethod
    def _bounds(columns: Iterable[Column]) -> list[int]:
        bounds = {0}
        for column in columns:
            at = 0
            for _, _, rows in column.chunks:
                at += rows
                bounds.add(at)
        return sorted(bounds)

    def _view(self, column: Column, begin: int, end: int) -> CData:
        at = 0
        for array, first, rows in column.chunks:
            if begin < at + rows:
                view = ffi.new("struct ArrowArray *", array[0])
                view.offset += first + begin - at
                view.length = end - begin
                view.null_count = 0 if array.null_count == 0 else -1
                self._keep.append(view)
                return view
            at += rows
        raise AssertionError("a batch lies outside its column")
