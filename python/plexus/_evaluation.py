# SPDX-License-Identifier: Apache-2.0
"""Metrics of rows by a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ._library import call, struct, text, warn_of_rows
from ._metrics import CompiledMetrics, all_metrics, new_metrics
from ._native import ffi, lib
from ._network import Network
from ._sources import Source, dataset_of, lent, source_of_files
from ._types import CData, Labels, Rows, Weights
from .files import Files, plain

Measure: TypeAlias = "Callable[[bool], CData]"  # metrics of rows; True: by their weights


def _measure(network: Network, chosen: CompiledMetrics, **rows: object) -> CData:
    """Metrics of rows, which are given as the members of plx_evaluation."""
    metrics, report = new_metrics(len(network.schema.task_names)), struct("plx_read_report")
    wanted = struct("plx_evaluation", **rows)
    keep = chosen.choose(wanted)
    call(lib.plx_model_evaluate, network.handle, wanted, metrics, report)
    del keep
    warn_of_rows(report.wrong_rows, lambda: text(report.wrong_row[0].message))
    return metrics


def _measure_source(network: Network, chosen: CompiledMetrics, source: Source, weighted: bool = False) -> CData:
    with lent(source) as given:
        return _measure(network, chosen, source=given, loss_weights=weighted)


def measure_of_part(network: Network, chosen: CompiledMetrics, data: CData, part: int) -> Measure:
    """Metrics of a part of training data."""
    return lambda weighted: _measure(network, chosen, data=data, part=part, loss_weights=weighted)


def _measure_of_table(
    network: Network, chosen: CompiledMetrics, x: Rows, y: Labels | None, sample_weight: Weights | None
) -> Measure:
    schema, expected = network.schema, network.weight_columns
    foreign = schema.foreign(x, y, sample_weight, expected)
    if foreign is not None:  # which can be read once
        once = _measure_source(network, chosen, Source(stream=foreign))
        return lambda weighted: once
    stream, _ = schema.stream(x, y, expected=expected)
    dataset = dataset_of(network, Source(stream=stream), True)
    if sample_weight is None:
        return lambda weighted: _measure(network, chosen, dataset=dataset)
    weights = schema.weights_of_rows(sample_weight, x, lib.plx_dataset_report(dataset).rows)

    def measure(weighted: bool) -> CData:
        if not weighted:
            return _measure(network, chosen, dataset=dataset)
        return _measure(network, chosen, dataset=dataset, weights=ffi.cast("const double *", ffi.from_buffer(weights)))

    return measure


def _measure_of_files(network: Network, chosen: CompiledMetrics, files: Files) -> Measure:
    def measure(weighted: bool) -> CData:
        with source_of_files(network, files) as source:
            return _measure_source(network, chosen, source, weighted)

    return measure


def _check_named_weights(network: Network, sample_weight: Weights | None) -> None:
    expected = network.weight_columns
    given = network.schema.weights(sample_weight)
    if any(not isinstance(name, str) for name in given.values()):
        raise ValueError("sample_weight: the rows are in files; give the name of the column that holds the weights")
    if given != expected:
        raise ValueError(
            f"sample_weight: the network reads weights from {', '.join(expected.values()) or 'no column'}, as the "
            "first fit set; give the same columns"
        )


def measure_of(
    network: Network,
    chosen: CompiledMetrics,
    x: Rows | None,
    y: Labels | None,
    sample_weight: Weights | None,
    test: CData,
) -> Measure:
    """Metrics of any rows, with those that are `chosen`; `test`: the data whose test rows are measured if x is None."""
    files = None if x is None else plain(x, "x")
    if files is None and x is not None:
        return _measure_of_table(network, chosen, x, y, sample_weight)
    if y is not None:
        raise ValueError("y: the rows are in files, whose columns of the tasks' names hold the labels; leave y out")
    if sample_weight is not None:
        _check_named_weights(network, sample_weight)
    if files is not None:
        return _measure_of_files(network, chosen, files)
    if test is None:
        raise ValueError("evaluate: give x; the rows of fit had no test part")
    return measure_of_part(network, chosen, test, lib.PLX_PART_TEST)


def evaluate(network: Network, metrics: CompiledMetrics, measure: Measure, weighted: bool) -> dict[str, float]:
    """The compiled metrics by name; if there are none, all that are defined, with weights if `weighted`."""
    if not metrics.has_plain and not metrics.has_weighted:
        return all_metrics(measure(weighted), network.schema.task_names)
    named = metrics.named(measure(False), False) if metrics.has_plain else {}
    if metrics.has_weighted:
        named.update(metrics.named(measure(True), True))
    return named
