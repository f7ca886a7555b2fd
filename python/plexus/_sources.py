# SPDX-License-Identifier: Apache-2.0
"""What `fit` trains on: tables in memory, or files. `changes` are the keys of the configuration that tell of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from ._config import Key, value_of
from ._library import UnsupportedError, create, text, warn
from ._native import ffi, lib
from ._schema import Inputs
from ._streams import ForeignStream, Stream
from ._types import CData, Rows, Values
from .files import Files, c_paths, files_of, parquet_of, parquet_stream


def _share(validation_split: float) -> float:
    if not 0 <= validation_split < 1:
        raise ValueError(f"validation_split is {validation_split}; take 0 to below 1")
    return validation_split


def _from_streams(config: CData, model: CData, train: CData, validation: CData) -> CData:
    return create(
        "plx_data",
        lib.plx_data_free,
        lib.plx_data_from_arrow,
        config,
        ffi.NULL if model is None else model,
        train,
        ffi.NULL if validation is None else validation,
        ffi.NULL,
    )


class Tables:
    """Rows in memory."""

    def __init__(
        self,
        inputs: Inputs,
        x: Rows,
        y: Values,
        sample_weight: Values,
        validation_data: object,
        validation_split: float,
        expected: dict[Key, str] | None,
    ):
        # How many rows validation_split means is known when all are there.
        foreign = None if _share(validation_split) else inputs.foreign(x, y, sample_weight, expected)
        self.train: Stream | ForeignStream
        self.validation: Stream | ForeignStream | None = None
        names: dict[Key, str] = {}
        part = 0
        if foreign is not None:
            self.train = foreign
        else:
            self.train, names = inputs.stream(x, y, sample_weight, expected=expected)
        if validation_data is not None:
            if not isinstance(validation_data, (list, tuple)) or len(validation_data) not in (2, 3):
                raise ValueError("validation_data must be (x, y) or (x, y, sample_weight)")
            if files_of(validation_data[0]) is not None:
                raise ValueError("validation_data is in files, and x is a table; give both in the same way")
            weights = {**(expected or {}), **names}
            x, y, *rest = validation_data
            given = (x, y, rest[0] if rest else None)
            self.validation = inputs.foreign(*given, expected=weights)
            if self.validation is None:
                self.validation, _ = inputs.stream(*given, what="validation_data", expected=weights)
        elif isinstance(self.train, Stream) and validation_split:
            # As many rows as Keras takes: it keeps floor(rows * (1 - split)).
            part = self.train.rows - int(self.train.rows * (1 - validation_split))
        self.changes: dict[Key, Any] = {
            ("data", "train"): [],
            ("data", "validation"): [],
            ("data", "test"): [],
            ("data", "test_part"): 0,
            ("data", "validation_part"): part,
            **(names if expected is None else {}),
        }

    def load(self, context: CData, config: CData, model: CData) -> CData:
        """The data; `model`: whose encoders encode it, None: encoders are fitted."""
        validation = None if self.validation is None else self.validation.pointer
        return _from_streams(config, model, self.train.pointer, validation)


class FileRows:
    """Rows in files. `train` None: those that the configuration names."""

    def __init__(
        self,
        train: Files | None,
        validation: Files | None = None,
        folders: Sequence[str] = (),
        changes: Mapping[Key, Any] | None = None,
    ):
        self.folders = list(folders)
        self.changes: dict[Key, Any] = dict(changes or {})
        if train is not None:
            self.folders = [*train.folders, *(validation.folders if validation else []), *self.folders]
            self.changes.update(
                {
                    ("data", "train"): train.paths,
                    ("data", "validation"): validation.paths if validation else [],
                    ("data", "test"): [],
                    ("data", "test_part"): 0,
                    **{("data", key): value for key, value in train.options.items()},
                }
            )

    def load(self, context: CData, config: CData, model: CData) -> CData:
        """As of Tables."""
        lists = [value_of(context, config, "data", part) for part in ("train", "validation", "test")]
        format_ = value_of(context, config, "data", "format")
        found = [parquet_of(paths, self.folders, format_) if paths else [] for paths in lists]
        parquet = [paths for paths in found if paths is not None]
        if len(parquet) == len(found):
            return self._through_python(context, config, model, parquet)
        folders, keep = c_paths(self.folders)
        if model is None:
            data = create("plx_data", lib.plx_data_free, lib.plx_data_load, config, folders, len(self.folders))
        else:
            data = create(
                "plx_data", lib.plx_data_free, lib.plx_data_load_for, config, model, folders, len(self.folders)
            )
        del keep
        _tell_wrong_rows(data)
        return data

    @staticmethod
    def _through_python(context: CData, config: CData, model: CData, parquet: list[list[str]]) -> CData:
        for key in ("memory", "cache"):
            if value_of(context, config, "data", key):
                raise UnsupportedError(
                    f"data.{key}: this build of the library reads Parquet through Python and holds all encoded rows in "
                    "memory; write the rows as CSV, or build plexus with PLEXUS_WITH_PARQUET=ON"
                )
        with ExitStack() as files:
            streams = [files.enter_context(parquet_stream(paths)) if paths else None for paths in parquet]
            return create(
                "plx_data",
                lib.plx_data_free,
                lib.plx_data_from_arrow,
                config,
                ffi.NULL if model is None else model,
                *(ffi.NULL if stream is None else stream.pointer for stream in streams),
            )


def _tell_wrong_rows(data: CData) -> None:
    if n := lib.plx_data_wrong_rows(data):
        first = text(lib.plx_data_wrong_row(data, 0))
        warn(f"{n} rows that cannot be read are left out; the first: {first}")


def _names_of(inputs: Inputs, sample_weight: Values) -> dict[Key, str]:
    given = inputs.weights(sample_weight)
    names = {key: name for key, name in given.items() if isinstance(name, str)}
    if len(names) < len(given):
        raise ValueError("sample_weight: x is in files; give the name of the column that holds the weights")
    return names


def _validation_files(validation_data: object, train: Files) -> Files | None:
    if validation_data is None:
        return None
    files = files_of(validation_data)
    if files is None and isinstance(validation_data, (list, tuple)) and validation_data:
        if any(one is not None for one in validation_data[1:]):
            raise ValueError("validation_data: files hold their labels and weights; give the paths alone")
        files = files_of(validation_data[0])
    if files is None:
        raise ValueError("validation_data is a table, and x is in files; give both in the same way")
    if files.options and files.options != train.options:
        raise ValueError("validation_data: its files are read by the options of x's; leave its own out")
    return files


def training_rows(
    inputs: Inputs,
    x: Rows,
    y: Values,
    sample_weight: Values,
    validation_data: object,
    validation_split: float,
    expected: dict[Key, str] | None,
) -> Tables | FileRows:
    """Tables or FileRows. `expected`: the columns of weights of a network that is built."""
    files = files_of(x)
    if files is None:
        return Tables(inputs, x, y, sample_weight, validation_data, validation_split, expected)
    inputs.refuse_files()
    if y is not None:
        raise ValueError("y: x is in files, whose columns of the tasks' names hold the labels; leave y out")
    names = _names_of(inputs, sample_weight)
    if expected is not None and names.items() - expected.items():
        raise ValueError(
            f"sample_weight: the network reads weights from {', '.join(expected.values()) or 'no column'}; give "
            "the same"
        )
    validation = _validation_files(validation_data, files)
    part = 0 if validation is not None else _share(validation_split)
    changes = {("data", "validation_part"): part, **({} if expected is not None else names)}
    return FileRows(files, validation, changes=changes)
