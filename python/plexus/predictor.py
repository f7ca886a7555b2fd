# SPDX-License-Identifier: Apache-2.0
"""One row a call, for serving: nothing is allocated that was not there before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ._library import Failure, create
from ._native import ffi, lib
from ._types import CData

if TYPE_CHECKING:
    from ._network import Network

_TEXTS_KEPT = 1 << 16


class Predictor:
    """A frozen copy of a model: `predictor(row)` scores one row.

    columns: the names of a row's values in their order.

    Not to be called from several threads at once: take one a thread.
    """

    def __init__(self, model: Network, columns: Iterable[str]):
        self._handle = create("plx_predictor", lib.plx_predictor_free, lib.plx_predictor_create, model._built())
        self.columns = list(columns)
        n = len(self.columns)
        self._columns = ffi.new("plx_column[]", max(n, 1))
        self._names = [ffi.new("char[]", name.encode()) for name in self.columns]
        self._numbers = ffi.new("double[]", max(n, 1))
        self._texts = ffi.new("char *[]", max(n, 1))
        self._nothing = ffi.new("char[]", b"")
        self._places = []
        for i, name in enumerate(self._names):
            self._columns[i].name = name
            number = self._numbers + i
            words = ffi.cast("const char *const *", self._texts + i)
            self._places.append((self._columns + i, number, words))
        outputs = lib.plx_model_n_outputs(model._handle)
        self._scores = ffi.new("float[]", outputs)
        self._failure = Failure()
        self._known: dict[str, CData] = {}

    def _text(self, value: str) -> CData:
        known = self._known.get(value)
        if known is None:
            if len(self._known) >= _TEXTS_KEPT:
                self._known.clear()
            known = self._known[value] = ffi.new("char[]", value.encode())
        return known

    def __call__(self, row: Sequence[object] | Mapping[str, object]) -> tuple[float, ...]:
        """One number a task, of a multiclass task one a class, side by side: the same bits as Model.predict.

        row: texts, numbers and None (missing) in the order of the columns, or a dict by their names.

        Raises ValueError for a row of another length, SchemaError for a cell that is no number.
        """
        if isinstance(row, Mapping):
            row = [row.get(name) for name in self.columns]
        if len(row) != len(self.columns):
            raise ValueError(f"the row has {len(row)} values for {len(self.columns)} columns")
        texts, numbers = self._texts, self._numbers
        for i, value in enumerate(row):
            column, number, words = self._places[i]
            if isinstance(value, str) or value is None:
                texts[i] = self._nothing if value is None else self._text(value)
                column.texts = words
            else:
                numbers[i] = value
                column.texts = ffi.NULL
                column.numbers = number
        failure = self._failure
        failure.check(
            lib.plx_predictor_score(self._handle, self._columns, len(row), 1, self._scores, failure.pointer)
        )
        return tuple(self._scores)
