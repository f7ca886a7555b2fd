# SPDX-License-Identifier: Apache-2.0
"""Types of arguments."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .files import Files

FilePath: TypeAlias = "str | os.PathLike[str]"
Folders: TypeAlias = "FilePath | Sequence[FilePath]"

CData: TypeAlias = Any  # a C value: a pointer, a struct, an array

# The value of a key of the configuration; arrays are lists, dates and decimals their texts.
Option: TypeAlias = (
    "bool | int | float | str | datetime.date | Decimal | np.generic | NDArray[Any] | os.PathLike[str] "
    "| Sequence[Option] | Mapping[str, Option] | None"
)

# Numbers of any dtype.
Array: TypeAlias = "NDArray[Any]"
Floats: TypeAlias = "NDArray[np.float32]"
Floats64: TypeAlias = "NDArray[np.float64]"


class HasStream(Protocol):
    """Arrow tables: pyarrow, polars, DuckDB, pandas from 2.2 on."""

    def __arrow_c_stream__(self) -> object: ...


class HasArray(Protocol):
    """Arrow columns."""

    def __arrow_c_array__(self) -> tuple[object, object]: ...


class HasNumPyArray(Protocol):
    """Series and the like."""

    def __array__(self) -> Array: ...


class Frame(Protocol):
    """A pandas frame, or one like it."""

    @property
    def columns(self) -> Iterable[Any]: ...

    def __getitem__(self, name: Any, /) -> Any: ...


# One column: an array, a Series, an Arrow array, a list. The values of a Mapping are columns too; their type is Any
# since a dict of different containers is a dict[str, object] to a type checker.
Column: TypeAlias = "Array | Sequence[Any] | HasNumPyArray | HasArray | HasStream"
Table: TypeAlias = "Mapping[str, Any] | Frame | HasStream | Array"

# docs/python.md, "Data": a table, a list of columns, or files.
Rows: TypeAlias = "Table | Sequence[Any] | FilePath | Files"
# A column, one for each task as a list or by the tasks' names, or a matrix [rows, tasks].
Labels: TypeAlias = "Column | Sequence[Column] | Mapping[str, Any] | Frame"
# The same, or names of columns of the rows.
Weights: TypeAlias = "Column | str | Sequence[Column | str | None] | Mapping[str, Any]"

ValidationData: TypeAlias = (
    "tuple[Rows, Labels | None] | tuple[Rows, Labels | None, Weights | None] | FilePath | Sequence[Any] | Files"
)


class NamedObject(Protocol):
    """A loss of plexus.losses, or a loss or metric object of Keras'."""

    @property
    def name(self) -> str: ...


class KerasObject(Protocol):
    """An optimizer or initializer of Keras'."""

    def get_config(self) -> dict[str, Any]: ...


class HasKeys(Protocol):
    """A Series, or another row by names."""

    def keys(self) -> Iterable[Any]: ...

    def __getitem__(self, name: Any, /) -> Any: ...


# The values of one row, in the order of the columns or by their names.
Row: TypeAlias = "Sequence[Any] | Mapping[str, Any] | HasKeys | Array | np.void"

_T = TypeVar("_T")
# One for all tasks, one per task, or some by the tasks' names.
PerTask: TypeAlias = "_T | Sequence[_T | None] | Mapping[str, _T] | None"

Loss: TypeAlias = "str | NamedObject"
Metric: TypeAlias = "str | NamedObject"
# Of all tasks, or of each as a list of lists or by the tasks' names.
Metrics: TypeAlias = "Metric | Sequence[Metric] | Sequence[Sequence[Metric]] | Mapping[str, Metric | Sequence[Metric]]"
