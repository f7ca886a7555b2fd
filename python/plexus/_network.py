# SPDX-License-Identifier: Apache-2.0
"""A built network: the library's handle, its description and its file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ._config import Key, Parsed
from ._library import call, context, create, path_bytes, struct, taken_text, text
from ._native import ffi, lib
from ._schema import Schema
from ._transforms import refuse_transforms
from ._types import CData, FilePath
from .features import FeatureColumn

_DESCRIPTIONS = {
    "layers": lib.PLX_DESCRIPTION_LAYERS,
    "dot": lib.PLX_DESCRIPTION_DOT,
    "plan": lib.PLX_DESCRIPTION_PLAN,
}


def _load(path: FilePath, threads: int) -> CData:
    return create("plx_model", lib.plx_model_free, lib.plx_model_load, context(threads), path_bytes(path))


@contextmanager
def _temporary_file() -> Iterator[str]:
    import tempfile  # slow to import

    with tempfile.TemporaryDirectory() as folder:
        yield os.path.join(folder, "model.plexus")


class Network:
    """`handle` is a plx_model; `schema` describes its rows. The caller keeps other threads out."""

    def __init__(self, handle: CData, threads: int, schema: Schema):
        self.handle, self.threads, self.schema = handle, threads, schema

    @classmethod
    def create(cls, config: Parsed, data: CData | None, threads: int, schema: Schema) -> Network:
        """A network with start values, for the encoders of the data; None: for the declared vocabularies."""
        rows = ffi.NULL if data is None else data
        return cls(create("plx_model", lib.plx_model_free, lib.plx_model_create, config.handle, rows), threads, schema)

    @classmethod
    def load(cls, path: FilePath, threads: int, feature_columns: list[FeatureColumn] | None = None) -> Network:
        handle = _load(path, threads)
        config = Parsed(context(threads), lib.plx_model_config(handle), handle)
        return cls(handle, threads, Schema(config, feature_columns))

    @property
    def config(self) -> Parsed:
        return Parsed(context(self.threads), lib.plx_model_config(self.handle), self.handle)

    def set_training(self, key: str, value: Any) -> None:
        """Set a key of section `train`."""
        call(lib.plx_model_set, self.handle, f"train.{key}={json.dumps(value)}".encode())

    @property
    def weight_columns(self) -> dict[Key, str]:
        """The columns of weights that its rows have, by the keys of the configuration that name them."""
        config = self.config
        keys: list[Key] = [("data", "row_weight")]
        keys += [("tasks", name, "weight_column") for name in self.schema.task_names]
        return {key: name for key in keys if (name := config.value(*key))}

    # -- What it is ------------------------------------------------------------------------------------------------

    @property
    def n_outputs(self) -> int:
        return int(lib.plx_model_inspect(self.handle).n_outputs)

    @property
    def value_rule(self) -> int:
        """The rule by which values become texts."""
        return int(lib.plx_model_inspect(self.handle).value_rule)

    def outputs_of(self, task: int) -> slice:
        """The outputs of the task."""
        info = lib.plx_model_task(self.handle, task)
        return slice(info.first_output, info.first_output + info.n_outputs)

    def classes_of(self, task: int) -> list[str]:
        """The labels of a task with classes, in the order of its outputs; empty: it has none."""
        info = lib.plx_model_task(self.handle, task)
        return [text(info.classes[number]) for number in range(info.n_outputs)] if info.classes else []

    def description(self, form: str) -> str:
        if form not in _DESCRIPTIONS:
            raise ValueError(f"form '{form}' is unknown; there are {', '.join(_DESCRIPTIONS)}")
        return taken_text(context(self.threads), lib.plx_model_describe, self.handle, _DESCRIPTIONS[form])

    def layers(self) -> Iterator[tuple[str, int, int]]:
        """Names, groups and widths, in the order of the description."""
        place = 0
        while layer := lib.plx_model_layer(self.handle, place):
            yield text(layer.name), layer.groups, layer.width
            place += 1

    # -- Its file --------------------------------------------------------------------------------------------------

    def write(self, path: FilePath) -> None:
        call(lib.plx_model_save, self.handle, path_bytes(path))

    def __getstate__(self) -> dict[str, Any]:
        with _temporary_file() as path:
            self.write(path)
            with open(path, "rb") as file:
                return {"file": file.read(), "threads": self.threads, "schema": self.schema}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.threads, self.schema = state["threads"], state["schema"]
        with _temporary_file() as path:
            with open(path, "wb") as file:
                file.write(state["file"])
            self.handle = _load(path, self.threads)


def count_params(network: Network) -> int:
    """Return the number of trainable numbers."""
    return int(lib.plx_model_inspect(network.handle).n_parameters)


def save(network: Network, filepath: FilePath) -> None:
    """Write the model file, atomically: weights, vocabularies, configuration. `plexus predict` reads it, too.

    Parameters
    ----------
    filepath : path
        The file.

    Raises
    ------
    UnsupportedError
        If a feature has a transform_fn, which a file cannot contain.

    Examples
    --------
    >>> model.save("model.plexus")
    >>> plexus.load_model("model.plexus").task_names
    ['click', 'seconds']
    """
    refuse_transforms(network.schema.feature_columns, "a model file cannot contain its transform_fn")
    network.write(filepath)


def export_onnx(network: Network, filepath: FilePath, external_data: bool = False) -> None:
    """Write the model as ONNX, from raw cells to scores (docs/onnx.md), atomically.

    A feature with hashed ids takes ids; a RuntimeWarning says so.

    Parameters
    ----------
    filepath : path
        The file.
    external_data : bool
        Whether the parameters go into a second file next to it, as parameters of more than 2 GB must.

    Raises
    ------
    UnsupportedError
        If the model has something that ONNX cannot express.

    Examples
    --------
    >>> model.export_onnx("model.onnx")
    """
    refuse_transforms(network.schema.feature_columns, "ONNX cannot contain its transform_fn")
    options = struct("plx_onnx_options", external_data=external_data)
    call(lib.plx_model_export_onnx, network.handle, path_bytes(filepath), options, ffi.NULL)
