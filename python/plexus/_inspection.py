# SPDX-License-Identifier: Apache-2.0
"""Looking inside a network: outputs of layers, use of gates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ._library import call
from ._native import ffi, lib
from ._network import Network
from ._sources import dataset_of, source_of
from ._types import CData, Floats, Rows


def layers(network: Network) -> dict[str, tuple[int, int]]:
    """Return the layers by name, in the order of `describe`.

    Layers of a task begin with its name, click/tower/..., unless it could be taken for another part; parameters keep
    the names that they have in files, task0/tower/....

    Returns
    -------
    dict
        Groups and width of what each layer computes for a row.

    Examples
    --------
    >>> model.layers()["click/gate/softmax"]
    (1, 2)
    """
    return {name: (groups, width) for name, groups, width in network.layers()}


def describe(network: Network, form: str = "layers") -> str:
    """Describe the network as text.

    Parameters
    ----------
    form : str
        "layers" with shapes and parameters, "dot" for Graphviz, or "plan" as it executes.
    """
    return network.description(form)


def layer_output(network: Network, x: Rows, name: str) -> Floats:
    """Compute the output of a layer for each row.

    Parameters
    ----------
    x : dict, frame, table, list of arrays, or files
        Rows as `fit` takes them, without labels.
    name : str
        One of `layers`.

    Returns
    -------
    array
        [rows, groups, width].

    Raises
    ------
    ValueError
        If there is no such layer.
    UnsupportedError
        If scoring does not compute it (a loss).

    Examples
    --------
    >>> model.layer_output(rows, "click/gate/softmax").shape
    (100, 1, 2)
    """
    return _outputs(network, _dataset(network, x), [name])[name]


def _dataset(network: Network, x: Rows) -> CData:
    with source_of(network, x) as source:
        return dataset_of(network, source)


def _outputs(network: Network, dataset: CData, names: Iterable[str]) -> dict[str, Floats]:
    """The output [rows, groups, width] of each layer."""
    shapes = list(layers(network).values())
    places = {name: place for place, name in enumerate(layers(network))}
    found = {}
    for name in names:
        if name not in places:
            raise ValueError(f"there is no layer '{name}'; there are {', '.join(places)}")
        out = np.empty((lib.plx_dataset_report(dataset).rows, *shapes[places[name]]), np.float32)
        pointer = ffi.cast("float *", ffi.from_buffer(out))
        call(lib.plx_model_layer_output, network.handle, dataset, places[name], pointer)
        found[name] = out
    return found


def gates(network: Network, x: Rows) -> dict[str, dict[str, Any]]:
    """Measure how the gates mix the experts over rows (figure 8 of the PLE paper, Tang et al. 2020).

    Parameters
    ----------
    x : dict, frame, table, list of arrays, or files
        Rows as `fit` takes them, without labels.

    Returns
    -------
    dict
        For each gate by its name: `mean` and `deviation` of each expert's weight [experts]; `entropy`, the mean of
        `-sum(w * log(w))` over the rows, in nats; `experts`, their names.

    Examples
    --------
    >>> model.gates(rows)["click/gate"]["experts"]
    ['expert 0', 'expert 1']
    """
    names = [name for name in layers(network) if name.endswith("gate/softmax")]
    outputs = _outputs(network, _dataset(network, x), names)
    return {name[: -len("/softmax")]: _gate(network, name, outputs[name][:, 0, :]) for name in names}


def _gate(network: Network, name: str, given: Floats) -> dict[str, Any]:
    weights = given.astype(np.float64)
    logs = np.log(np.maximum(weights, 1e-300))
    return {
        "mean": weights.mean(axis=0),
        "deviation": weights.std(axis=0),
        "entropy": float(-(weights * logs).sum(axis=1).mean()),
        "experts": _experts(network, name, weights.shape[1]),
    }


def _experts(network: Network, gate: str, n: int) -> list[str]:
    """The experts that a gate sees, in its order: the task's own, then shared ones; the shared gate sees all."""
    scope = gate.split("/")[:-2]
    level, owner = "/".join(scope[:-1]), scope[-1] if scope else ""
    banks: dict[str, int] = {}
    for layer, (groups, _) in layers(network).items():
        parts = layer.split("/")
        if "experts" in parts and parts[-1] == "linear":
            where = parts[: parts.index("experts")]
            banks.setdefault("/".join(where), groups)
    seen = [
        (bank, groups)
        for bank, groups in banks.items()
        if not bank
        or bank.rsplit("/", 1)[0] == level
        and (owner == "shared" or bank.split("/")[-1] in (owner, "shared"))
    ]
    names = [f"{bank.split('/')[-1] or 'expert'} {i}" for bank, groups in seen for i in range(groups)]
    return names if len(names) == n else [f"expert {i}" for i in range(n)]
