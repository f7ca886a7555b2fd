# SPDX-License-Identifier: Apache-2.0
"""Scores of rows by a network."""

from __future__ import annotations

import numpy as np

from ._library import ArgumentError, call, keep_failure, struct, text, warn_of_rows
from ._native import ffi, lib
from ._network import Network
from ._sources import Source, dataset_of, lent, source_of
from ._types import CData, Floats, Rows


class _Scores:
    """Gathers the scores of rows as they are read."""

    def __init__(self, outputs: int):
        self.outputs = outputs
        self.chunks: list[Floats] = []
        self.failure: BaseException | None = None

    def take(self, rows: CData) -> bool:
        try:
            chunk = np.frombuffer(ffi.buffer(rows.scores, rows.rows * self.outputs * 4), np.float32)
            self.chunks.append(chunk.reshape(rows.rows, self.outputs).copy())
            return True
        except BaseException as failure:
            self.failure = failure
            return False

    def all(self) -> Floats:
        return np.concatenate(self.chunks) if self.chunks else np.empty((0, self.outputs), np.float32)


@ffi.def_extern(onerror=keep_failure)
def plexus_scores(user: CData, rows: CData) -> bool:
    gathered: _Scores = ffi.from_handle(user)
    return gathered.take(rows)


def scores_of_dataset(network: Network, dataset: CData) -> Floats:
    """Scores [rows, outputs]."""
    scores = np.empty((lib.plx_dataset_report(dataset).rows, network.n_outputs), np.float32)
    wanted = struct("plx_prediction", dataset=dataset, scores=ffi.cast("float *", ffi.from_buffer(scores)))
    call(lib.plx_model_predict, network.handle, wanted, ffi.NULL)
    return scores


def _gathered(network: Network, source: Source) -> Floats:
    """The scores of a source, which the library hands out some rows at a time."""
    gathered, report = _Scores(network.n_outputs), struct("plx_read_report")
    handle = ffi.new_handle(gathered)
    with lent(source) as given:
        wanted = struct("plx_prediction", source=given, take=lib.plexus_scores, user=handle)
        try:
            call(lib.plx_model_predict, network.handle, wanted, report)
        except ArgumentError:
            if gathered.failure is not None:
                raise gathered.failure from None
            raise
    warn_of_rows(report.wrong_rows, lambda: text(report.wrong_row[0].message))
    return gathered.all()


def predict(network: Network, x: Rows) -> list[Floats]:
    """Scores [rows, outputs of the task], one array per task."""
    with source_of(network, x) as source:
        if source.paths is None and source.is_in_memory:
            scores = scores_of_dataset(network, dataset_of(network, source))
        else:  # all rows at once would need more memory than the table
            scores = _gathered(network, source)
    return [scores[:, network.outputs_of(task)] for task in range(len(network.schema.task_names))]
