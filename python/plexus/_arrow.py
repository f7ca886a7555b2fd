# SPDX-License-Identifier: Apache-2.0
"""Arrow's structs from NumPy's buffers, and from objects that provide Arrow data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._library import SchemaError
from ._native import ffi
from ._types import Array, CData, HasArray, HasStream

# Arrow's formats of numbers, by NumPy's dtypes.
FORMATS = {
    "f8": b"g",
    "f4": b"f",
    "f2": b"e",
    "i8": b"l",
    "i4": b"i",
    "i2": b"s",
    "i1": b"c",
    "u8": b"L",
    "u4": b"I",
    "u2": b"S",
    "u1": b"C",
}


def pointer_of(capsule: object, name: bytes, kind: str) -> CData:
    import ctypes

    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return ffi.cast(kind, get(capsule, name))


class Column:
    """Chunks of one name and type; `keep` references the owners of their memory."""

    def __init__(self, schema: CData, chunks: list[tuple[CData, int, int]], keep: Any):
        self.schema = schema  # struct ArrowSchema *
        self.chunks = chunks  # [(struct ArrowArray *, first row, rows)]
        self.keep = keep

    @property
    def rows(self) -> int:
        return sum(rows for _, _, rows in self.chunks)


class Slices(Column):
    """A column that is made batch by batch: `make(begin, end)` returns those rows as a column of one chunk."""

    def __init__(self, rows: int, make: Callable[[int, int], Column]):
        empty = make(0, 0)
        super().__init__(empty.schema, [], empty)
        self._rows, self.make = rows, make

    @property
    def rows(self) -> int:
        return self._rows


def schema_of(format_: bytes, keep: list[Any], dictionary: CData = None, children: Sequence[CData] = ()) -> CData:
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


def array_of(
    length: int,
    buffers: list[Any],
    keep: list[Any],
    nulls: int = 0,
    dictionary: CData = None,
    children: Sequence[CData] = (),
) -> CData:
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


def validity(valid: Array | None) -> Array | None:
    """Arrow's bits of a mask; None: all are valid."""
    return None if valid is None or valid.all() else np.packbits(valid, bitorder="little")


def bits_of(buffer: CData, first: int, n: int) -> Array:
    """The bits of a buffer from `first` on, as booleans."""
    if n == 0:  # there may be no buffer
        return np.zeros(0, bool)
    data = np.frombuffer(ffi.buffer(ffi.cast("char *", buffer), (first + n + 7) // 8), np.uint8)
    return np.unpackbits(data, bitorder="little")[first : first + n].astype(bool)


def plain_column(
    format_: bytes,
    buffers: list[Any],
    rows: int,
    valid: Array | None = None,
    children: Sequence[Column] = (),
    dictionary: Column | None = None,
) -> Column:
    """A column of one chunk; `buffers` are those after the validity bits."""
    keep: list[Any] = [*children, dictionary]
    bits = validity(valid)
    schema = schema_of(
        format_, keep, None if dictionary is None else dictionary.schema, [one.schema for one in children]
    )
    array = array_of(
        rows,
        [bits, *buffers],
        keep,
        0 if bits is None else -1,
        None if dictionary is None else dictionary.chunks[0][0],
        [one.chunks[0][0] for one in children],
    )
    return Column(schema, [(array, 0, rows)], keep)


def from_array_capsules(value: HasArray) -> Column:
    schema_capsule, array_capsule = value.__arrow_c_array__()
    schema = pointer_of(schema_capsule, b"arrow_schema", "struct ArrowSchema *")
    array = pointer_of(array_capsule, b"arrow_array", "struct ArrowArray *")
    return Column(schema, [(array, 0, array.length)], [schema_capsule, array_capsule])


class ForeignStream:
    """A stream of another package, read by the library batch by batch. `pointer` is valid as long as the object."""

    def __init__(self, source: HasStream):
        self._capsule = source.__arrow_c_stream__()
        self.pointer = pointer_of(self._capsule, b"arrow_array_stream", "struct ArrowArrayStream *")


class Batches:
    """All batches of a stream; released with the object."""

    def __init__(self, source: HasStream):
        self.capsule = source.__arrow_c_stream__()
        stream = pointer_of(self.capsule, b"arrow_array_stream", "struct ArrowArrayStream *")
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


def from_stream_of_one(value: HasStream) -> Column:
    batches = Batches(value)
    return Column(batches.schema, [(array, 0, array.length) for array in batches.arrays], [batches])
