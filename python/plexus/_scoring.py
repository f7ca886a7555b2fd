# SPDX-License-Identifier: Apache-2.0
"""Predictions and figures of a network, on tables and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

from ._config import Key
from ._inspection import Inside
from ._keras_names import has_kind
from ._library import ArgumentError, call, keep_failure, text, warn
from ._native import ffi, lib
from ._streams import Stream
from ._transforms import refuse_transforms
from ._types import CData, Floats, Rows, Values
from .features import names_by_place
from .files import Files, c_paths, parquet_stream, plain
from .predictor import Predictor


class _Scores:
    """Gathers the scores of rows as they are read."""

    def __init__(self, outputs: int):
        self.outputs = outputs
        self.chunks: list[Floats] = []
        self.failure: BaseException | None = None

    def take(self, scores: CData, rows: int) -> bool:
        try:
            chunk = np.frombuffer(ffi.buffer(scores, rows * self.outputs * 4), np.float32)
            self.chunks.append(chunk.reshape(rows, self.outputs).copy())
            return True
        except BaseException as failure:
            self.failure = failure
            return False

    def all(self) -> Floats:
        return np.concatenate(self.chunks) if self.chunks else np.empty((0, self.outputs), np.float32)


@ffi.def_extern(onerror=keep_failure)
def plexus_scores(user: CData, scores: CData, rows: int) -> bool:
    gathered: _Scores = ffi.from_handle(user)
    return gathered.take(scores, rows)


def _tell_wrong_rows(report: CData) -> None:
    if report.wrong_rows:
        first = ffi.string(report.wrong_row[0]).decode()
        warn(f"{report.wrong_rows} rows that cannot be read are left out; the first: {first}")


_Measure: TypeAlias = "Callable[[bool], CData]"  # figures of rows; True: by their weights


class Scoring(Inside):
    """predict and evaluate."""

    # Of each task: figures where each row counts once, and where it counts its weight.
    _metrics: list[list[str]]
    _weighted_metrics: list[list[str]]
    _test: CData = None  # the data whose test rows the configuration names

    def predict(self, x: Rows, batch_size: int | None = None, verbose: int | str = "auto") -> Floats | list[Floats]:
        """Scores: a list of arrays [rows, 1], one a task ([rows, classes] of a multiclass task), of probabilities, or
        of values in the unit of a regression's labels. With one task the array alone.

        x: rows as `fit` takes them, without labels; files may be of any size.
        batch_size, verbose: taken for Keras' sake; they change nothing.

        Raises SchemaError for a column that is missing or a cell that is no number, with the column, row and remedy.
        """
        with self._lock:
            files, foreign = plain(x, "x"), self._inputs.foreign(x)
            if files is not None:
                scores = self._scores_of_files(files)
            elif foreign is not None:
                scores = self._gathered(lib.plx_model_predict_arrow, foreign.pointer)
            else:
                scores = self._scores_of_table(x)
        first = ffi.new("int *")
        arrays = []
        for task in range(len(self.task_names)):
            n = lib.plx_model_task_outputs(self._handle, task, first)
            arrays.append(scores[:, first[0] : first[0] + n])
        return arrays if len(arrays) > 1 else arrays[0]

    def _scores(self, dataset: CData) -> Floats:
        rows, outputs = lib.plx_dataset_rows(dataset), lib.plx_model_n_outputs(self._handle)
        scores = np.empty((rows, outputs), np.float32)
        call(lib.plx_model_predict, self._handle, dataset, ffi.cast("float *", ffi.from_buffer(scores)))
        return scores

    def _scores_of_table(self, x: Rows) -> Floats:
        stream = Stream(self._inputs.features(x))
        if stream.is_lazy:  # all rows at once would be larger than the table
            return self._gathered(lib.plx_model_predict_arrow, stream.pointer)
        return self._scores(self._dataset(stream.pointer, False))

    def _scores_of_files(self, files: Files) -> Floats:
        paths, parquet = self._resolved(files)
        if parquet is not None:
            with parquet_stream(parquet) as foreign:
                return self._gathered(lib.plx_model_predict_arrow, foreign.pointer)
        (names, keep), report = c_paths(paths), ffi.new("plx_files_report *")
        scores = self._gathered(lib.plx_model_predict_files, names, len(keep), after=[report])
        _tell_wrong_rows(report)
        return scores

    def _gathered(self, function: Any, *source: Any, after: Iterable[CData] = ()) -> Floats:
        """The scores that a function hands out, some rows at a time, which takes `after` behind its taker."""
        gathered = _Scores(lib.plx_model_n_outputs(self._built()))
        handle = ffi.new_handle(gathered)
        try:
            call(function, self._handle, *source, lib.plexus_scores, handle, *after)
        except ArgumentError:
            if gathered.failure is not None:
                raise gathered.failure from None
            raise
        return gathered.all()

    def predictor(self, columns: Iterable[str] | None = None) -> Predictor:
        """A frozen copy that scores one row a call, in microseconds.

        columns: the names of a row's values in their order; None: those of get_feature_names. A model that was not made
            of feature columns (by from_config or load_model) must be told. Threads may share the predictor.
        """
        refuse_transforms(self.feature_columns, "a predictor is without its transform_fn")
        if columns is None:
            if self.feature_columns is None:
                raise ValueError(
                    "give `columns`, the names of a row's values: the model was not made of feature columns"
                )
            columns = names_by_place(self.feature_columns)
        return Predictor(self, columns)

    def evaluate(
        self,
        x: Rows = None,
        y: Values = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Values = None,
        return_dict: bool = False,
    ) -> dict[str, float] | list[float]:
        """The compiled metrics of each task; a list in the order of `metrics_names`, or a dict. Without compiled
        metrics, every figure that has a meaning (docs/metrics.md), as a dict.

        x: rows as `fit` takes them; files may be of any size. None: the test rows that the configuration of from_config
            names.
        y: labels as `fit` takes them; None where x holds them.
        batch_size, verbose: taken for Keras' sake; they change nothing.
        sample_weight: as `fit` takes it, for weighted_metrics, and for all figures where none are compiled; metrics
            count each row once. With files: the names of the columns of weights that the network was built with, and
            class_weight counts as in training.
        return_dict: figures by their names, as History has them.

        Raises SchemaError for rows that do not fit the model, ValueError for weights that no figure would count.
        """
        compiled = any(self._metrics) or any(self._weighted_metrics)
        if sample_weight is not None and compiled and not any(self._weighted_metrics):
            raise ValueError(
                "sample_weight: the compiled metrics count each row once; compile(weighted_metrics=[...]) names those "
                "that count weights"
            )
        with self._lock:
            self._built()
            measure = self._measurer(x, y, sample_weight)
            if not compiled:
                return self._all_figures(measure(sample_weight is not None))
            named = self._named(measure(False), "") if any(self._metrics) else {}
            if any(self._weighted_metrics):
                named.update(self._named(measure(True), "", True))
        return named if return_dict else list(named.values())

    def _measurer(self, x: Rows, y: Values, sample_weight: Values) -> _Measure:
        """What measures the rows: called with True, by their weights."""
        files = None if x is None else plain(x, "x")
        if files is None and x is not None:
            return self._table_measurer(x, y, sample_weight)
        if y is not None:
            raise ValueError("y: the rows are in files, whose columns of the tasks' names hold the labels; leave y out")
        if sample_weight is not None:
            self._check_named_weights(sample_weight)
        if files is not None:
            return self._files_measurer(files)
        if self._test is None:
            raise ValueError("evaluate: give x; the rows of fit had no test part")
        return self._part_measurer(self._test, lib.PLX_PART_TEST)

    def _measure(self, function: Callable[..., int], *arguments: object) -> CData:
        """Calls a function whose arguments behind the network and these receive figures, and the message."""
        metrics = ffi.new("plx_metrics[]", len(self.task_names))
        call(function, self._handle, *arguments, metrics)
        return metrics

    def _part_measurer(self, data: CData, part: int) -> _Measure:
        def measure(weighted: bool) -> CData:
            if weighted:
                return self._measure(lib.plx_model_evaluate_weighted, data, part, ffi.NULL)
            return self._measure(lib.plx_model_evaluate, data, part)

        return measure

    def _table_measurer(self, x: Rows, y: Values, sample_weight: Values) -> _Measure:
        expected = self._expected()
        foreign = self._inputs.foreign(x, y, sample_weight, expected)
        if foreign is not None:  # which can be read once
            once = self._measure(lib.plx_model_evaluate_arrow, foreign.pointer)
            return lambda weighted: once
        stream, _ = self._inputs.stream(x, y, expected=expected)
        dataset = self._dataset(stream.pointer, True)
        if sample_weight is None:
            return lambda weighted: self._measure(lib.plx_model_evaluate_dataset, dataset)
        weights = self._inputs.weights_of_rows(sample_weight, x, lib.plx_dataset_rows(dataset))

        def measure(weighted: bool) -> CData:
            if not weighted:
                return self._measure(lib.plx_model_evaluate_dataset, dataset)
            pointer = ffi.cast("const double *", ffi.from_buffer(weights))
            return self._measure(lib.plx_model_evaluate_dataset_weighted, dataset, pointer)

        return measure

    def _files_measurer(self, files: Files) -> _Measure:
        paths, parquet = self._resolved(files)
        if parquet is not None:

            def measure_parquet(weighted: bool) -> CData:
                function = lib.plx_model_evaluate_arrow_weighted if weighted else lib.plx_model_evaluate_arrow
                with parquet_stream(parquet) as foreign:
                    return self._measure(function, foreign.pointer)

            return measure_parquet
        names, keep = c_paths(paths)

        def measure(weighted: bool) -> CData:
            report = ffi.new("plx_files_report *")
            metrics = ffi.new("plx_metrics[]", len(self.task_names))
            function = lib.plx_model_evaluate_files_weighted if weighted else lib.plx_model_evaluate_files
            call(function, self._handle, names, len(keep), metrics, report)
            _tell_wrong_rows(report)
            return metrics

        return measure

    def _check_named_weights(self, sample_weight: Values) -> None:
        expected = self._expected() or {}
        given = self._inputs.weights(sample_weight)
        if any(not isinstance(name, str) for name in given.values()):
            raise ValueError("sample_weight: the rows are in files; give the name of the column that holds the weights")
        if given != expected:
            raise ValueError(
                f"sample_weight: the network reads weights from {', '.join(expected.values()) or 'no column'}, as the "
                "first fit said; give the same"
            )

    def _expected(self) -> dict[Key, str] | None:
        """The columns of weights that the built network's rows have."""
        if self._handle is None:
            return None
        keys: list[Key] = [("data", "row_weight"), *(("tasks", name, "weight_column") for name in self.task_names)]
        return {key: name for key in keys if (name := self._value(*key))}

    # -- Names of figures --------------------------------------------------------------------------------------------

    def _names(self, kind_of: Callable[[int], int], prefix: str, weighted: bool) -> dict[str, tuple[int, str]]:
        """Keras' names of the compiled figures, with task and figure; one that is there once already is weighted."""
        found = {}
        for task, name in enumerate(self.task_names):
            for figure in (self._weighted_metrics if weighted else self._metrics)[task]:
                if has_kind(figure, kind_of(task)):
                    again = "weighted_" if weighted and figure in self._metrics[task] else ""
                    found[f"{prefix}{name}_{again}{figure}"] = (task, figure)
        return found

    def _named(self, metrics: CData, prefix: str, weighted: bool = False) -> dict[str, float]:
        names = self._names(lambda task: metrics[task].kind, prefix, weighted)
        return {name: getattr(metrics[task], figure) for name, (task, figure) in names.items()}

    def _all_figures(self, metrics: CData) -> dict[str, float]:
        figures = {}
        for task, name in enumerate(self.task_names):
            for number in range(lib.plx_metric_count()):
                value = lib.plx_metrics_value(ffi.addressof(metrics, task), number)
                if value == value:
                    figures[f"{name}_{text(lib.plx_metric_at(number).name)}"] = value
        return figures

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` gives, in its order."""

        def kind_of(task: int) -> int:
            return lib.plx_model_task_kind(self._built(), task)

        return [*self._names(kind_of, "", False), *self._names(kind_of, "", True)]
