# SPDX-License-Identifier: Apache-2.0
"""The parameters of a network: views, copies, and files of weights."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._library import FormatError, call, text
from ._native import ffi, lib
from ._network import Network
from ._types import CData, FilePath, Floats


class _Numbers:
    """A parameter in the network's memory, of which NumPy makes a view. It keeps the network alive."""

    def __init__(self, handle: CData, index: int, shape: tuple[int, ...]):
        self._handle = handle
        values, strides = ffi.new("const float **"), lib.plx_model_parameter(handle, index).strides
        call(lib.plx_model_parameter_values, handle, index, values)
        size = np.dtype(np.float32).itemsize
        self.__array_interface__ = {
            "version": 3,
            "typestr": np.dtype(np.float32).str,
            "shape": shape,
            "strides": (strides[0] * size, strides[1] * size, size),
            "data": (int(ffi.cast("uintptr_t", values[0])), True),  # True: read-only
        }


def parameters(network: Network) -> dict[str, Floats]:
    """Return every parameter by its stable name, [groups, rows, columns].

    The arrays are read-only views of the network's own numbers: nothing is copied. They keep the network alive and
    follow training; `copy()` keeps the current values, `set_weights` changes them.

    Examples
    --------
    >>> model.parameters()["embedding/city/table"].shape
    (1, 3, 4)
    """
    found: dict[str, Floats] = {}
    handle = network.handle
    while parameter := lib.plx_model_parameter(handle, len(found)):
        found[text(parameter.name)] = np.asarray(_Numbers(handle, len(found), tuple(parameter.shape)))
    return found


def embeddings(network: Network) -> dict[str, Floats]:
    """Return the embedding tables by name, [rows, dim], as `parameters` does; row 0 is that of unknown categories."""
    return {
        name[len("embedding/") : -len("/table")]: values[0]
        for name, values in parameters(network).items()
        if name.startswith("embedding/") and name.endswith("/table")
    }


def get_weights(network: Network) -> list[Floats]:
    """Return copies of all parameters, [groups, rows, columns] each, in the order of `parameters`."""
    return [values.copy() for values in parameters(network).values()]


def set_weights(network: Network, weights: Sequence[ArrayLike]) -> None:
    """Set all parameters; none is changed if one does not fit.

    Parameters
    ----------
    weights : sequence of arrays
        One per parameter, in the order of `get_weights`.

    Raises
    ------
    ValueError
        If there are other numbers or shapes.

    Examples
    --------
    >>> model.set_weights([0.5 * values for values in model.get_weights()])
    """
    own = parameters(network)
    if len(weights) != len(own):
        raise ValueError(f"set_weights: {len(weights)} arrays are given for {len(own)} parameters, {', '.join(own)}")
    for (name, there), values in zip(own.items(), weights):
        if np.shape(values) != there.shape:
            raise ValueError(
                f"set_weights: parameter '{name}' has {there.size} numbers, {list(there.shape)}, not "
                f"{list(np.shape(values))}"
            )
    for index, values in enumerate(weights):
        values = np.ascontiguousarray(values, np.float32)
        pointer = ffi.cast("const float *", ffi.from_buffer(values))
        call(lib.plx_model_set_parameter, network.handle, index, pointer, values.size)


def save_weights(network: Network, filepath: FilePath) -> None:
    """Write only the weights, by their names in `parameters`, atomically.

    They fit a network of the same configuration and vocabularies; `save` writes everything that scoring needs.

    Parameters
    ----------
    filepath : path
        A NumPy archive (.npz), whatever its name.

    Examples
    --------
    >>> model.save_weights("weights.npz")
    >>> model.load_weights("weights.npz")
    """
    name = os.fsdecode(os.fspath(filepath))
    with open(name + ".new", "wb") as file:
        arrays: dict[str, Any] = dict(parameters(network))
        np.savez(file, **arrays)
    os.replace(name + ".new", name)


def load_weights(network: Network, filepath: FilePath) -> None:
    """Read what `save_weights` wrote, by the parameters' names.

    Parameters
    ----------
    filepath : path
        The file.

    Raises
    ------
    FormatError
        If it is not such a file.
    ValueError
        If its names or shapes are not those of the network.
    """
    import zipfile  # slow to import

    names = list(parameters(network))
    try:
        with np.load(filepath, allow_pickle=False) as file:
            values = dict(file)
    except (ValueError, EOFError, zipfile.BadZipFile) as failure:
        raise FormatError(f"{os.fsdecode(os.fspath(filepath))}: not a file of save_weights: {failure}") from None
    if set(values) != set(names):
        odd = sorted(set(values) ^ set(names))[0]
        raise ValueError(f"load_weights: parameter '{odd}' is only in {'the file' if odd in values else 'the network'}")
    set_weights(network, [values[name] for name in names])
