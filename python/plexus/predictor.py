# SPDX-License-Identifier: Apache-2.0
"""Scores one row per call, for serving, without new allocations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from . import _repr
from ._feature_columns import names_by_place
from ._library import ArgumentError, Failure, SchemaError, create
from ._native import ffi, lib
from ._network import Network
from ._readers import Reading, nearest
from ._transforms import refuse_transforms
from ._types import CData, Row
from ._values import Meaningless, is_list, items_of, number_of, text_bytes, text_of

_TEXTS_KEPT = 1 << 16
_LENGTH_KEPT = 256  # of texts that are cached for later rows
_EXACT = 10**15 - 1  # integers up to this have the same text as doubles


class _Row:
    """The cells of one row: each call has its own, so that threads may share the predictor."""

    __slots__ = ("columns", "numbers", "texts", "is_text", "scores", "failure", "known", "held", "_words")

    def __init__(self, names: list[CData], outputs: int):
        n = len(names)
        self.columns = ffi.new("plx_column[]", max(n, 1))
        self.numbers = ffi.new("double[]", max(n, 1))
        self.texts = ffi.new("char *[]", max(n, 1))
        self.scores = ffi.new("float[]", outputs)
        self.failure = Failure()
        self.is_text = [False] * n
        self.known: dict[str, CData] = {}  # texts of this row and of earlier ones
        self.held: list[CData] = [None] * n  # texts of this row only
        self._words = [ffi.cast("const char *const *", self.texts + i) for i in range(n)]
        for i, name in enumerate(names):
            self.columns[i].name = name
            self.columns[i].numbers = self.numbers + i

    def read_text(self, i: int) -> None:
        self.columns[i].texts = self._words[i]
        self.is_text[i] = True

    def read_number(self, i: int) -> None:
        self.columns[i].texts = ffi.NULL
        self.is_text[i] = False

    def keep(self, i: int, value: str) -> CData:
        """The text for C, which lives at least until the row is scored."""
        pointer = ffi.new("char[]", text_bytes(value))
        if len(value) <= _LENGTH_KEPT:
            self.known[value] = pointer
        self.held[i] = pointer
        return pointer

    def hold(self, i: int, value: str | bytes) -> None:
        self.held[i] = self.texts[i] = ffi.new("char[]", text_bytes(value))
        if not self.is_text[i]:
            self.read_text(i)


class Predictor:
    """A frozen copy of a model that scores one row per call; made by `Model.predictor`. Threads may share it.

    Attributes
    ----------
    columns : list of str
        The names of a row's values in their order.

    Examples
    --------
    >>> predictor = model.predictor()
    >>> click, seconds = predictor(["Rome", 31.0])
    >>> predictor({"age": 31.0, "city": "Rome"}) == (click, seconds)
    True
    """

    def __init__(self, network: Network, columns: Iterable[str]):
        self._handle = create("plx_predictor", lib.plx_predictor_free, lib.plx_predictor_create, network.handle)
        self.columns = list(columns)
        found = network.schema.read
        self._check(found)
        self._read = [i for i, name in enumerate(self.columns) if name in found and found[name].is_feature]
        self._read_names = [self.columns[i] for i in self._read]
        self._readings: list[Reading] = [found[name] for name in self._read_names]
        self._reads_all = len(self._read) == len(self.columns)
        self._n = len(self.columns)
        self._names = [ffi.new("char[]", text_bytes(name)) for name in self._read_names]
        self._outputs = network.n_outputs
        self._has_truths = network.value_rule > 0  # else they are 1 and 0
        # Calls pop one and append it again, which needs no lock.
        self._idle = [_Row(self._names, self._outputs)]

    def __repr__(self) -> str:
        return _repr.predictor_line(self)

    def _repr_html_(self) -> str:
        return _repr.predictor_table(self)

    def _check(self, found: dict[str, Reading]) -> None:
        given: set[str] = set()
        for name in self.columns:
            if name in given:
                raise ArgumentError(f"columns: '{name}' is given twice")
            given.add(name)
        for name, reading in found.items():
            if reading.is_feature and name not in given:
                raise SchemaError(
                    f"columns: there is no '{name}', which the model reads; {nearest(name, self.columns)}"
                )

    @property
    def unknown(self) -> int:
        """The number of cells so far, from all threads, that were not empty and held no known category, nor a list with
        one. If most do, rows are written in another way than for training (docs/data.md).
        """
        return lib.plx_predictor_unknown(self._handle)

    def __call__(self, row: Row) -> tuple[float, ...]:
        """Score a row, with the same bits as `Model.predict`.

        Parameters
        ----------
        row : list, tuple, dict or Series
            Values in the order of the columns, or by their names, of which there may be others: texts, numbers,
            booleans, dates, as a column of a table holds them, and None, NaN or NA if one is missing. A list is a list
            or tuple; 8-byte integers keep all their digits.

        Returns
        -------
        tuple of float
            One number for each task, for a multiclass task one for each class, side by side.

        Raises
        ------
        ArgumentError
            If a row has another length.
        SchemaError
            If a name is missing, a value has no meaning, or a cell is not a number.
        """
        values: Any = row
        kind = type(row)
        if kind is list or kind is tuple:
            if len(values) != self._n:
                raise ArgumentError(
                    f"the row has {len(values)} values for {self._n} columns: {', '.join(self.columns)}"
                )
            if not self._reads_all:
                values = [values[i] for i in self._read]
        else:
            values = self._values(row)
        try:
            state = self._idle.pop()
        except IndexError:  # all are in use
            state = _Row(self._names, self._outputs)
        try:
            texts, numbers, is_text, known = state.texts, state.numbers, state.is_text, state.known
            if len(known) >= _TEXTS_KEPT:
                known.clear()  # before the row, whose cells do not point into it yet
            for i, value in enumerate(values):
                kind = type(value)
                if kind is str:
                    pointer = known.get(value)
                    texts[i] = state.keep(i, value) if pointer is None else pointer
                    if not is_text[i]:
                        state.read_text(i)
                elif kind is float or (kind is int and -_EXACT <= value <= _EXACT):
                    numbers[i] = value
                    if is_text[i]:
                        state.read_number(i)
                else:
                    self._put(state, i, value)
            failure = state.failure
            failure.check(
                lib.plx_predictor_score(self._handle, state.columns, len(values), 1, state.scores, failure.pointer)
            )
            return tuple(state.scores)
        except Meaningless as wrong:
            raise SchemaError(f"column '{self._read_names[i]}': {wrong}") from None
        finally:
            self._idle.append(state)

    def _values(self, row: Any) -> list[Any]:
        """The values of a row that is not a list or tuple."""
        if type(row) is dict:
            try:
                return [row[name] for name in self._read_names]
            except KeyError:
                pass
        if isinstance(row, Mapping) or (hasattr(row, "keys") and hasattr(row, "__getitem__")):  # a Series
            return self._by_names(row)
        if names := getattr(getattr(row, "dtype", None), "names", None):  # a row of a structured array
            return self._by_names({name: row[name] for name in names})
        if isinstance(row, (str, bytes, set, frozenset)) or not hasattr(row, "__len__") or getattr(row, "ndim", 1) != 1:
            raise ArgumentError(
                f"a row is a list of {self._n} values or a dict by the columns' names, not {type(row).__name__}"
            )
        if len(row) != self._n:
            raise ArgumentError(f"the row has {len(row)} values for {self._n} columns: {', '.join(self.columns)}")
        values = list(row)
        return [values[i] for i in self._read]

    def _by_names(self, row: Any) -> list[Any]:
        keys: dict[str, Any] = {}
        for key in row.keys():
            if str(key) in keys and str(key) in self._read_names:
                raise SchemaError(f"the row has '{key}' twice")
            keys[str(key)] = key
        for name in self._read_names:
            if name not in keys:
                raise SchemaError(
                    f"the row has no '{name}', which the model reads; {nearest(name, keys)} (None marks a "
                    "missing value)"
                )
        return [row[keys[name]] for name in self._read_names]

    def _put(self, state: _Row, i: int, value: Any) -> None:
        """Store a value that is neither a text nor a plain number."""
        reading = self._readings[i]
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        if is_list(value):
            state.hold(i, self._cell_of(value, reading))
            return
        if self._has_truths and isinstance(value, (bool, np.bool_)) and reading.is_category:
            state.hold(i, "true" if value else "false")
            return
        cell = number_of(value) if reading.is_number or _is_double(value) else text_of(value)
        if isinstance(cell, float):
            state.numbers[i] = cell
            if state.is_text[i]:
                state.read_number(i)
        else:
            state.hold(i, cell or b"")

    @staticmethod
    def _cell_of(value: Any, reading: Reading) -> bytes:
        """A list as a cell of a file."""
        if reading.separator is None:
            raise Meaningless("contains a list, but no feature that reads it accepts lists")
        separator = reading.separator.encode()
        texts = [text_bytes(text_of(item) or b"") for item in items_of(value)]
        if any(separator in text for text in texts):
            raise Meaningless(f"an item of the list contains the separator '{reading.separator}': choose another")
        return separator.join(texts)


def _is_double(value: object) -> bool:
    """Whether the value as a double has the same text."""
    if isinstance(value, (float, bool, np.bool_)):
        return True
    if isinstance(value, np.floating):
        return float(value).is_integer() and abs(float(value)) <= _EXACT
    return isinstance(value, (int, np.integer)) and not isinstance(value, np.timedelta64) and abs(int(value)) <= _EXACT


def predictor(network: Network, columns: Iterable[str] | None = None) -> Predictor:
    """Make a frozen copy that scores one row per call, in microseconds. Threads may share it.

    Parameters
    ----------
    columns : iterable of str
        The names of a row's values in their order; by default those of `get_feature_names`. Required for a model that
        was not made from feature columns (by `from_config` or `load_model`).

    Examples
    --------
    >>> predictor = model.predictor()
    >>> len(predictor(["Rome", 31.0]))
    2
    """
    feature_columns = network.schema.feature_columns
    refuse_transforms(feature_columns, "a predictor does not have its transform_fn")
    if columns is None:
        if feature_columns is None:
            raise ValueError("give `columns`, the names of a row's values: the model was not made from feature columns")
        columns = names_by_place(feature_columns)
    return Predictor(network, columns)
