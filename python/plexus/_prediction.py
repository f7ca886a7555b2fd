# SPDX-License-Identifier: Apache-2.0
"""Scores of rows by a network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._library import ArgumentError, call, keep_failure, text, warn_of_rows
from ._native import ffi, lib
from ._network import Network
from ._sources import Source, dataset_of, source_of
from ._types import CData, Floats, Rows
from .files import c_paths


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


def scores_of_dataset(network: Network, dataset: CData) -> Floats:
    """Scores [rows, outputs]."""
    scores = np.empty((lib.plx_dataset_rows(dataset), network.n_outputs), np.float32)
    call(lib.plx_model_predict, network.handle, dataset, ffi.cast("float *", ffi.from_buffer(scores)))
    return scores


def _gathered(network: Network, predict: Callable[[CData, CData], None]) -> Floats:
    """The scores that a function of the library passes to a callback; `predict` calls it with callback and user
    data."""
    gathered = _Scores(network.n_outputs)
    handle = ffi.new_handle(gathered)
    try:
        predict(lib.plexus_scores, handle)
    except ArgumentError:
        if gathered.failure is not None:
            raise gathered.failure from None
        raise
    return gathered.all()


def _scores_of_files(network: Network, paths: list[str]) -> Floats:
    (names, keep), report = c_paths(paths), ffi.new("plx_files_report *")

    def predict(take: CData, user: CData) -> None:
        call(lib.plx_model_predict_files, network.handle, names, len(keep), take, user, report)

    scores = _gathered(network, predict)
    warn_of_rows(report.wrong_rows, lambda: text(report.wrong_row[0]))
    return scores


def _scores_of_stream(network: Network, source: Source) -> Floats:
    stream = source.stream
    assert stream is not None
    if source.is_in_memory:
        return scores_of_dataset(network, dataset_of(network, source))
    # All rows at once would need more memory than the table.
    return _gathered(
        network, lambda take, user: call(lib.plx_model_predict_arrow, network.handle, stream.pointer, take, user)
    )


def predict(network: Network, x: Rows) -> list[Floats]:
    """Scores [rows, outputs of the task], one array per task."""
    with source_of(network, x) as source:
        if source.paths is not None:
            scores = _scores_of_files(network, source.paths)
        else:
            scores = _scores_of_stream(network, source)
    return [scores[:, network.outputs_of(task)] for task in range(len(network.schema.task_names))]
