# SPDX-License-Identifier: Apache-2.0
"""A built network: its handle, its weights, its text, its file."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._config import value_of
from ._library import FormatError, Lock, call, context, create, path_bytes, taken_text, text
from ._native import ffi, lib
from ._readers import Reading
from ._schema import Inputs
from ._streams import Stream
from ._transforms import refuse_transforms
from ._types import CData, FilePath, Floats, Rows
from .features import FeatureColumn
from .files import Files, c_paths, found, parquet_of, parquet_stream, plain


class _Numbers:
    """A parameter where it lies: what NumPy makes a view of. It holds the network, and is the view's base."""

    def __init__(self, handle: CData, index: int, shape: tuple[int, ...]):
        self._handle = handle
        values, strides = ffi.new("const float **"), ffi.new("int64_t[2]")
        call(lib.plx_model_parameter_values, handle, index, values, strides)
        size = np.dtype(np.float32).itemsize
        self.__array_interface__ = {
            "version": 3,
            "typestr": np.dtype(np.float32).str,
            "shape": shape,
            "strides": (strides[0] * size, strides[1] * size, size),
            "data": (int(ffi.cast("uintptr_t", values[0])), True),  # True: nobody writes through it
        }


class Network:
    """What holds a network once it is built; `_handle` is None before."""

    _in_training = False  # a fit has not returned

    def __init__(
        self,
        handle: CData,
        threads: int,
        feature_columns: list[FeatureColumn] | None,
        task_names: list[str],
        label_columns: list[str],
        read: dict[str, Reading],
    ):
        self._context = context(threads)
        self._threads = threads
        self._locks = Lock()
        self._handle = handle
        self._inputs = Inputs(feature_columns, task_names, label_columns, read)
        self.task_names = task_names
        self.feature_columns = feature_columns

    @property
    def _lock(self) -> AbstractContextManager[bool]:
        """For `with`: one thread at a time works with the network; calls may be nested."""
        return self._locks.here

    def _built(self) -> CData:
        if self._handle is None:
            raise RuntimeError("the network is built by the first fit: call fit, or load a model")
        return self._handle

    def _dataset(self, pointer: CData, with_labels: bool) -> CData:
        return create(
            "plx_dataset", lib.plx_dataset_free, lib.plx_dataset_from_arrow, self._built(), pointer, with_labels
        )

    def _value(self, *key: str) -> Any:
        """The value of a key of the built network's configuration."""
        return value_of(self._context, lib.plx_model_config(self._built()), *key)

    def _resolved(self, files: Files) -> tuple[list[str], list[str] | None]:
        """The paths of files to score, and those of them that Python must read as Parquet."""
        self._inputs.refuse_files()
        paths = [path for name in files.paths for path in found(name, files.folders)] if files.folders else files.paths
        return paths, parquet_of(paths, [], self._value("data", "format"))

    def _rows(self, x: Rows) -> CData:
        """Rows to score, encoded: a table's, or those of files."""
        files = plain(x, "x")
        if files is None:
            stream = self._inputs.foreign(x) or Stream(self._inputs.features(x))
            return self._dataset(stream.pointer, False)
        paths, parquet = self._resolved(files)
        if parquet is not None:
            with parquet_stream(parquet) as foreign:
                return self._dataset(foreign.pointer, False)
        names, keep = c_paths(paths)
        return create("plx_dataset", lib.plx_dataset_free, lib.plx_dataset_read, self._built(), names, len(keep), False)

    def describe(self, form: str = "layers") -> str:
        """The network as text: `layers` with shapes and parameters, `dot` for Graphviz, `plan` as it executes."""
        forms = {
            "layers": lib.PLX_DESCRIPTION_LAYERS,
            "dot": lib.PLX_DESCRIPTION_DOT,
            "plan": lib.PLX_DESCRIPTION_PLAN,
        }
        if form not in forms:
            raise ValueError(f"form '{form}' is none of {', '.join(forms)}")
        return taken_text(self._context, lib.plx_model_describe, self._built(), forms[form])

    def count_params(self) -> int:
        """How many numbers training moves."""
        return lib.plx_model_n_parameters(self._built())

    def parameters(self) -> dict[str, Floats]:
        """Every parameter by its stable name, [groups, rows, columns]: read-only views of the network's own numbers.

        They keep the network alive and follow training; `copy()` keeps what they hold now, `set_weights` changes them.
        """
        found: dict[str, Floats] = {}
        name, shape = ffi.new("const char **"), ffi.new("int64_t[3]")
        while lib.plx_model_parameter(self._built(), len(found), name, shape, ffi.NULL, ffi.NULL) == lib.PLX_OK:
            found[text(name[0])] = np.asarray(_Numbers(self._handle, len(found), tuple(shape)))
        return found

    def get_weights(self) -> list[Floats]:
        """Copies of all parameters, [groups, rows, columns] each, in the order of `parameters`."""
        return [values.copy() for values in self.parameters().values()]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Takes what get_weights gave: all of them, in its order; ValueError for other numbers or shapes."""
        with self._lock:
            self._set_weights(list(weights), self.parameters())

    def _set_weights(self, weights: list[ArrayLike], own: dict[str, Floats]) -> None:
        if len(weights) != len(own):
            raise ValueError(
                f"set_weights: {len(weights)} arrays are given for {len(own)} parameters, {', '.join(own)}"
            )
        for (name, there), values in zip(own.items(), weights):
            if np.shape(values) != there.shape:
                raise ValueError(
                    f"set_weights: parameter '{name}' has {there.size} numbers, {list(there.shape)}, not those of "
                    f"{list(np.shape(values))}"
                )
        for index, values in enumerate(weights):
            values = np.ascontiguousarray(values, np.float32)
            pointer = ffi.cast("const float *", ffi.from_buffer(values))
            call(lib.plx_model_set_parameter, self._built(), index, pointer, values.size)

    def save(self, filepath: FilePath) -> None:
        """Writes the model file, atomically: weights, vocabularies, configuration; `plexus predict` reads it, too."""
        refuse_transforms(self.feature_columns, "a model file cannot hold its transform_fn")
        self._write(filepath)

    def _write(self, filepath: FilePath) -> None:
        call(lib.plx_model_save, self._built(), path_bytes(filepath))

    def save_weights(self, filepath: FilePath) -> None:
        """Writes the weights alone, by their names in `parameters`, atomically, as an archive of NumPy's (.npz by any
        name). They fit a network of the same configuration and vocabularies; `save` writes all that scoring needs."""
        path = os.fsdecode(os.fspath(filepath))
        with open(path + ".new", "wb") as file:
            arrays: dict[str, Any] = dict(self.parameters())
            np.savez(file, **arrays)
        os.replace(path + ".new", path)

    def load_weights(self, filepath: FilePath) -> None:
        """Takes what save_weights wrote, by the parameters' names; FormatError for another file, ValueError where names
        or shapes are others than the network's."""
        names = list(self.parameters())
        try:
            with np.load(filepath, allow_pickle=False) as file:
                values = dict(file)
        except (ValueError, EOFError, zipfile.BadZipFile) as failure:
            raise FormatError(f"{os.fsdecode(os.fspath(filepath))}: no weights of save_weights: {failure}") from None
        if set(values) != set(names):
            odd = sorted(set(values) ^ set(names))[0]
            raise ValueError(
                f"load_weights: parameter '{odd}' is in {'the file' if odd in values else 'the network'} alone"
            )
        self.set_weights([values[name] for name in names])

    def export_onnx(self, filepath: FilePath, external_data: bool = False) -> None:
        """Writes the model as ONNX, from raw cells to scores (docs/onnx.md), atomically.

        `external_data` puts the parameters into a second file beside it, as those of more than 2 GB must be. A feature
        with hashed ids takes ids, of which a RuntimeWarning tells; UnsupportedError: what ONNX cannot express."""
        refuse_transforms(self.feature_columns, "ONNX cannot hold its transform_fn")
        options = ffi.new("plx_onnx_options *", {"external_data": external_data})
        call(lib.plx_model_export_onnx, self._built(), path_bytes(filepath), options, ffi.NULL)

    def __getstate__(self) -> dict[str, Any]:
        own = ("_context", "_locks", "_handle", "_in_training")
        state = {key: value for key, value in self.__dict__.items() if key not in own}
        state["_file"] = self._bytes() if self._handle is not None else None
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        file = state.pop("_file")
        self.__dict__.update(state)
        self._context, self._locks = context(self._threads), Lock()
        self._handle = None if file is None else _handle_of_bytes(self._context, file)

    def _bytes(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.plexus")
            self._write(path)
            with open(path, "rb") as file:
                return file.read()


def _handle_of_bytes(context_handle: CData, file: bytes) -> CData:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.plexus")
        with open(path, "wb") as out:
            out.write(file)
        return create("plx_model", lib.plx_model_free, lib.plx_model_load, context_handle, path_bytes(path))
